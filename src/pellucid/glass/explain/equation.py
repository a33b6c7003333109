"""What an explanation is made of: equations whose every figure is known, in blocks, in sections.

An `Equation` is its terms, each an expression over named numbers. From this one form come the line in symbols, the line
with numbers, the line of products, the LaTeX, and the check that the printed figures give the printed result.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pellucid.glass.explain.arithmetic import Rounded, evaluate, figure, printed, to_the_last_bit

Given = Mapping[str, tuple[str, float]]  # by the name in a term: (symbol, number)

_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


@dataclass(frozen=True)
class Equation:
    """``name = term + term + ... = value``."""

    name: str
    terms: tuple[str, ...]
    given: Given
    value: float
    note: str = ""  # what there is to say: "because inputs[0] > 0"
    slack: float = 1e-12  # relative error of the exact arithmetic; more where somebody else's code has computed

    def numbers(self) -> dict[str, float]:
        """Every number by its name in the terms."""
        return {name: number for name, (_, number) in self.given.items()}

    def parts(self) -> list[float]:
        """What each term comes to."""
        numbers = self.numbers()
        return [evaluate(term, numbers).value for term in self.terms]

    @property
    def of_products(self) -> bool:
        """Whether a line with every term worked out has something to say."""
        return len(self.terms) > 1 and any(term not in self.given for term in self.terms)

    def in_symbols(self) -> list[str]:
        """Each term in symbols."""
        return [_put(term, lambda name: self.given[name][0], self.given) for term in self.terms]

    def in_numbers(self, digits: int) -> list[str]:
        """Each term with its numbers; a number below 0 stands in brackets unless nothing else does."""
        return [self._with_numbers(term, digits) for term in self.terms]

    def rows(self, digits: int, symbols: bool) -> list[list[str]]:
        """The terms of every line after the name: in symbols if asked for, with numbers, as products, the result."""
        made = [self.in_symbols()] if symbols else []
        made.append(self.in_numbers(digits))
        if self.of_products:
            made.append([figure(part, digits) for part in self.parts()])
        made.append([figure(self.value, digits)])
        return [row for number, row in enumerate(made) if number == 0 or row != made[number - 1]]

    def _with_numbers(self, term: str, digits: int) -> str:
        if term in self.given:
            return figure(self.given[term][1], digits)
        return _put(term, lambda name: figure(self.given[name][1], digits), self.given)


def _put(term: str, what: Callable[[str], str], given: Given) -> str:
    """`term` with each name that is given replaced."""

    def replaced(match: re.Match[str]) -> str:
        name = match.group()
        if name not in given:
            return name
        text = what(name)
        alone = term[: match.start()].endswith("(") and term[match.end() :].startswith(")")
        return f"({text})" if text.startswith("-") and not alone else text

    return _NAME.sub(replaced, term)


def check(equation: Equation, digits: int) -> tuple[str, float]:
    """(what is wrong, or nothing; how far the printed figures are from the printed result).

    Three things have to hold: the exact numbers give the exact result; each printed product follows from its printed
    factors; and the printed terms add up to the printed result, each to within the rounding of the figures.
    """
    numbers = equation.numbers()
    given = {name: to_the_last_bit(number) for name, number in numbers.items()}
    exact = evaluate(" + ".join(f"({term})" for term in equation.terms), given)
    parts = equation.parts() if len(equation.terms) > 1 else [exact.value]
    slack = exact.error + equation.slack * (abs(exact.value) + sum(abs(part) for part in parts))
    if not abs(exact.value - equation.value) <= slack:
        return f"{equation.name} = {equation.value!r}, but its terms give {exact.value!r}", np.inf
    shown = {name: printed(number, digits) for name, number in numbers.items()}
    worked = [(term, printed(part, digits)) for term, part in zip(equation.terms, parts, strict=True)]
    if equation.of_products:
        for term, part in worked:
            found = evaluate(term, shown)
            if not abs(found.value - part.value) <= found.error + part.error + slack:
                return f"{equation.name}: {term} is printed as {part.value!r}, its figures give {found.value!r}", np.inf
        total = sum((part for _, part in worked), Rounded(0.0))
    else:
        total = evaluate(" + ".join(f"({term})" for term in equation.terms), shown)
    result = printed(equation.value, digits)
    apart = abs(total.value - result.value)
    if not apart <= total.error + result.error + slack:
        return f"{equation.name} is printed as {result.value!r}, its terms give {total.value!r}", apart
    return "", apart


# -- blocks and sections -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """Some equations that belong together, such as one unit's.

    `style`: "lines", each in symbols, with numbers, as products, and its result; "compact", with numbers and result, the
    symbols being `formula`; "table", one a row under `columns`; "values", plain `rows` of figures under `columns`.
    `level`: from which depth on it is shown, 2 for units, 3 for every weight.
    """

    title: str
    equations: tuple[Equation, ...] = ()
    style: str = "lines"
    formula: str = ""
    columns: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()  # what stands between the figures of a table's row: ("*",) for a product of two
    rows: tuple[tuple[str, tuple[float, ...]], ...] = ()
    after: str = ""  # what is left out, in words
    level: int = 2


@dataclass
class Section:
    """A layer's part of a pass, the loss, or an update: a title, sentences, blocks, and sections inside it."""

    title: str
    formula: str = ""
    words: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)

    def equations(self, depth: int) -> Iterable[Equation]:
        """Every equation that is shown down to `depth`."""
        for block in self.blocks:
            if block.level <= depth:
                yield from block.equations
        for section in self.sections:
            yield from section.equations(depth)


# -- what to show ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class View:
    """How much is shown: `units` of a layer and terms of a sum; `depth` 1 layers, 2 units, 3 every weight; `digits`.

    `short`: set close, one table where there would be several, and no sum of fewer than two terms. `layers`: the paths of
    the only layers shown; of all where there are none.
    """

    units: int = 4
    depth: int = 3
    digits: int = 9
    short: bool = False
    layers: tuple[str, ...] = ()

    def pick(self, sizes: np.ndarray) -> list[int]:
        """The indices of the largest of `sizes` (n,), in order; all of them where no more than one would be left out."""
        return _largest(sizes, self.units)

    def pick_terms(self, sizes: np.ndarray) -> list[int]:
        """The same of the terms of a sum."""
        return _largest(sizes, max(self.units, 2) if self.short else self.units)


def _largest(sizes: np.ndarray, most: int) -> list[int]:
    flat = np.asarray(sizes).reshape(-1)
    if len(flat) <= most + 1:
        return list(range(len(flat)))
    return sorted(np.argsort(-flat, kind="stable")[:most].tolist())


def added(terms: Sequence[str]) -> list[str]:
    """Terms with what stands between them: "a", "+ b", "- c"."""
    return [terms[0], *(f"- {term[1:]}" if term.startswith("-") else f"+ {term}" for term in terms[1:])]


def symbol(name: str, index: Sequence[int], rows: int = 1) -> str:
    """``output[0]`` for one sample, ``output[2,0]`` (sample 2) for several. `index`: (row, ...)."""
    shown = tuple(index)[1:] if rows == 1 else tuple(index)
    return f"{name}[{','.join(str(int(i)) for i in shown)}]" if shown else name


def total(
    name: str,
    factors: Sequence[tuple[Callable[[int], str], np.ndarray]],
    value: float,
    view: View,
    others: str,
    extra: Sequence[tuple[str, Given]] = (),
    form: str = "",
    shared: Given | None = None,
    slack: float = 1e-12,
) -> Equation:
    """``name = sum_i factor(i) * factor(i) + extra``: the largest terms, and the rest of them together.

    `factors`: (symbol of entry i, numbers (n,)) of each factor. `others`: what the entries are, as in "54 inputs".
    `extra`: further terms with what they are about. `form`: the term where it is no product, over the factors "a", "b",
    "c" and what is `shared` by all.
    """
    names = "abc"[: len(factors)]
    form = form or "*".join(names)
    common = dict(shared or {})
    numbers = {n: np.asarray(values, float) for n, (_, values) in zip(names, factors, strict=True)}
    worth = _worth(form, numbers, {key: number for key, (_, number) in common.items()})
    shown = view.pick_terms(np.abs(worth))
    terms: list[str] = []
    given = common
    for place, i in enumerate(shown):
        given |= {f"{n}{place}": (of(i), float(numbers[n][i])) for n, (of, _) in zip(names, factors, strict=True)}
        terms.append(re.sub(rf"(?<![\w.])([{names}])(?!\w)", rf"\g<1>{place}", form))
    left = len(worth) - len(shown)
    if left:
        given["rest"] = (f"(the other {left} {others} together)", float(np.delete(worth, shown).sum()))
        terms.append("rest")
    for term, about in extra:
        terms.append(term)
        given |= about
    return Equation(name, tuple(terms), given, float(value), slack=slack)


def _worth(form: str, numbers: Mapping[str, np.ndarray], shared: Mapping[str, float]) -> np.ndarray:
    """Every term of a sum."""
    if re.fullmatch(r"[abc](\*[abc])*", form):
        return np.prod(list(numbers.values()), axis=0)
    columns = zip(*numbers.values(), strict=True)
    return np.array([evaluate(form, {**shared, **dict(zip(numbers, column, strict=True))}).value for column in columns])
