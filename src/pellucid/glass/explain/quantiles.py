"""Ordered quantiles: each one a step further from the middle than the one before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pellucid.glass.explain.choose import Described, felt, left
from pellucid.glass.explain.equation import Block, Equation, Given, View, symbol, total
from pellucid.glass.explain.mixing import lines, where
from pellucid.glass.explain.record import LayerRecord

Shown = tuple[
    str, tuple[int, ...], list[int], str
]  # heading, indices of the axes before, places in the row, what is left

_STEP = "(max(x, 0) + log1p(exp(-abs(x))))"


def reach(count: int) -> np.ndarray:
    """How output j depends on the step i, (count, count): 1 and -1 from the step outwards, the middle one in all."""
    middle, j, i = (count - 1) // 2, *np.indices((count, count))
    return ((i > middle) & (j >= i)) * 1.0 - ((i < middle) & (j <= i)) + (i == middle)


def forward(record: LayerRecord, view: View) -> Described:
    """Each quantile from the one beside it, nearer the middle."""
    made = []
    for heading, line, places, rest in _targets(record, view):
        equations = []
        for at, side in zip(places, _sides(record, places), strict=True):
            given: dict[str, tuple[str, float]] = {"x": _at(record.inputs, "inputs", (*line, at), record.rows)}
            if side:
                given["o"] = _at(record.output, "output", (*line, at - side), record.rows)
            terms = ("o", _STEP if side > 0 else f"-{_STEP}") if side else ("x",)
            name, value = _at(record.output, "output", (*line, at), record.rows)
            equations.append(Equation(name, terms, given, value))
        made.append(Block(heading, tuple(equations), after=rest))
    formula = "output[k] = output[k-1] + softplus(inputs[k]) above the middle, output[k+1] - softplus(inputs[k]) below"
    return made, formula, ["softplus(x) = log(1 + exp(x)) is never below 0, so that no quantile crosses another."]


def backward(record: LayerRecord, view: View) -> Described:
    """A step is in its own quantile and in those further out; the middle one in all."""
    assert record.doutput is not None and record.dinputs is not None
    count, made = record.facts["per_target"], []
    for heading, line, places, rest in _targets(record, view):
        equations = []
        for at, side in zip(places, _sides(record, places), strict=True):
            index, first = (*line, at), at - at % count
            inside = [first + j for j in np.flatnonzero(reach(count)[:, at % count])]
            doutput = record.doutput[line][inside]
            shared: dict[str, tuple[str, float]] = {}
            if side:
                slope = symbol("slope", index, record.rows), float(record.facts["slope"][index])
                given: Given = {"x": _at(record.inputs, "inputs", index, record.rows)}
                equations.append(Equation(slope[0], ("1 / (1 + exp(-x))",), given, slope[1]))
                shared["s"] = slope

            def of(k: int, line: tuple[int, ...] = line, inside: list[Any] = inside) -> str:
                return symbol("doutput", (*line, inside[k]), record.rows)

            name, value = _at(record.dinputs, "dinputs", index, record.rows)
            form = {1: "s*a", 0: "a", -1: "-s*a"}[side]
            equations.append(total(name, [(of, doutput)], value, view, "quantiles", form=form, shared=shared))
        made.append(Block(heading, tuple(equations), after=rest))
    formula = "dinputs[k] = slope[k] * (doutput[k] + those further out), with a minus below the middle"
    return made, formula, ["The slope of softplus is 1 / (1 + exp(-inputs[k])); the middle quantile has none."]


def _at(array: np.ndarray, name: str, index: tuple[int, ...], rows: int) -> tuple[str, float]:
    return symbol(name, index, rows), float(array[index])


def _sides(record: LayerRecord, places: list[int]) -> list[int]:
    """1 above the middle, -1 below it, 0 for the middle itself."""
    count = record.facts["per_target"]
    return [int(np.sign(at % count - (count - 1) // 2)) for at in places]


def _targets(record: LayerRecord, view: View) -> Iterator[Shown]:
    """The targets shown, of the rows shown, and which of their quantiles."""
    count, sizes = record.facts["per_target"], felt(record)
    for line in lines(record, view):
        rows = sizes[line].reshape(-1, count)
        shown = view.pick(rows.sum(axis=1))
        for number, target in enumerate(shown):
            places = view.pick(rows[target])
            rest = left(len(places), count, "quantiles")
            if number == len(shown) - 1:
                rest = " ".join(filter(None, (rest, left(len(shown), len(rows), "targets"))))
            heading = ", ".join(filter(None, (where(record, line), f"target {target}" if len(rows) > 1 else "")))
            yield heading, line, [target * count + k for k in places], rest
