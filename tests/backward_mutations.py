"""Mutants of the layers: the source of a `backward` with one character, operator, name or number changed at random.

A mutant counts if it still runs, gives arrays of the same shapes, and gives another gradient than the original.
"""

import importlib
import inspect
import io
import random
import textwrap
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from cases import LAYERS, LayerCase, prepared
from passes import one_pass, setting
from pellucid.layer import Layer

CASES = [case for case in LAYERS if case.differentiable]
OPERATORS = ("+", "-", "*", "/", "@", ">", "<", ">=", "<=", "**")
CHARACTERS = "0123456789+-*/@<>.=xyabdgT()[]~, "
CHANGED = 1e-6  # of the largest entry: less is rounding


@dataclass(frozen=True)
class Mutant:
    """One layer with a changed backward."""

    case: LayerCase
    source: str
    kind: type[Layer]

    def __str__(self) -> str:
        before = original(self.case).splitlines()
        lines = [f"-{a}\n+{b}" for a, b in zip(before, self.source.splitlines(), strict=False) if a != b]
        return f"{self.case.name}\n" + "\n".join(lines)

    def make(self) -> Layer:
        layer = self.case.make()
        layer.__class__ = self.kind
        return layer


def original(case: LayerCase) -> str:
    return textwrap.dedent(inspect.getsource(type(case.make()).backward))


def mutants(count: int, seed: int) -> Iterator[Mutant]:
    """`count` different mutants that count, drawn from all layers alike."""
    rng, seen = random.Random(seed), set()
    while len(seen) < count:
        case = rng.choice(CASES)
        source = original(case)
        changed = rng.choice((by_character, by_token))(source, rng)
        if changed == source or (case.name, changed) in seen:
            continue
        kind = compiled(case, changed)
        if kind is None:
            continue
        mutant = Mutant(case, changed, kind)
        if changes_a_gradient(mutant):
            seen.add((case.name, changed))
            yield mutant


def by_character(source: str, rng: random.Random) -> str:
    """One character of the body replaced, left out or added."""
    place = rng.randrange(source.index("\n"), len(source))
    new = rng.choice(CHARACTERS)
    return source[:place] + rng.choice((new, "", new + source[place])) + source[place + 1 :]


def by_token(source: str, rng: random.Random) -> str:
    """One operator, number or name replaced by another of its sort."""
    tokens = [
        token
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.start[0] > 1
        and (token.string in OPERATORS or (token.type in (tokenize.NUMBER, tokenize.NAME) and token.string != "self"))
    ]
    token = rng.choice(tokens)
    if token.string in OPERATORS:
        new = rng.choice(OPERATORS)
    elif token.type == tokenize.NUMBER:
        new = rng.choice(("0", "1", "2", "-1", "0.5", token.string + "1", token.string[:-1] or "3"))
    else:
        new = rng.choice(
            [other.string for other in tokens if other.type == tokenize.NAME] + ["output", "inputs", "doutput"]
        )
    lines = source.splitlines(keepends=True)
    line = lines[token.start[0] - 1]
    lines[token.start[0] - 1] = line[: token.start[1]] + new + line[token.end[1] :]
    return "".join(lines)


def compiled(case: LayerCase, source: str) -> type[Layer] | None:
    """A subclass with that backward, in the layer's own module; None where it is no Python."""
    base = type(case.make())
    names: dict[str, Any] = dict(vars(importlib.import_module(base.__module__)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(source, "<mutant>", "exec"), names)
    except (SyntaxError, ValueError, NameError, TypeError):
        return None
    backward = names.get("backward")
    return type(base.__name__, (base,), {"backward": backward, "__module__": base.__module__}) if backward else None


def changes_a_gradient(mutant: Mutant) -> bool:
    """At the row's own point, which the product's checker does not know."""
    layer, x, dy = setting(mutant.case)
    layer.__class__ = mutant.kind
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            given = one_pass(layer, x, dy)
    except Exception:  # it does not run
        return False
    expected = one_pass(prepared(mutant.case), x, dy)
    if any(getattr(given[key], "shape", None) != array.shape for key, array in expected.items()):
        return False
    largest = max(float(np.abs(array).max(initial=0.0)) for array in expected.values())
    return any(not np.abs(given[key] - array).max(initial=0.0) <= CHANGED * largest for key, array in expected.items())
