"""An optimiser's step in short: one entry worked out in full, and what it does to those that matter most, in one table."""

from __future__ import annotations

import numpy as np

from pellucid.glass.explain.choose import left
from pellucid.glass.explain.equation import Block, Equation, Section, View, symbol
from pellucid.glass.explain.update import UpdateRecord, begun, entry


def describe(record: UpdateRecord, view: View) -> Section:
    """The largest gradient's entry in full, where that takes more than one line; then the table."""
    made, lines, factor = begun(record, short=True)
    parameters = record.shown(view)
    shown = {key: _indices(parameter.gradient, view) for key, parameter in parameters.items()}
    largest = max(shown, key=lambda key: float(np.abs(parameters[key].gradient).max(initial=0.0)))
    gradient = parameters[largest].gradient
    place = tuple(int(i) for i in np.unravel_index(int(np.argmax(np.abs(gradient))), gradient.shape))
    equations = entry(record, parameters[largest], largest, place, lines, factor)
    if len(equations) > 1:
        path, _, name = largest.rpartition(".")
        title = f"{symbol(name, (0, *place))} of layer {path}, whose gradient is the largest"
        made.blocks.append(Block(title, tuple(equations), "compact", level=3))
    rows = [_change(record, key, index) for key, indices in shown.items() for index in indices]
    rest = left(len(rows), sum(parameter.old.size for parameter in parameters.values()), "parameters")
    columns = ("", "gradient", "old", "change", "new")
    made.blocks.append(Block("", tuple(rows), "table", columns=columns, signs=("", "+"), after=rest, level=3))
    return made


def _indices(gradient: np.ndarray, view: View) -> list[tuple[int, ...]]:
    return [tuple(int(i) for i in np.unravel_index(k, gradient.shape)) for k in view.pick(np.abs(gradient))]


def _change(record: UpdateRecord, key: str, index: tuple[int, ...]) -> Equation:
    parameter = record.parameters[key]
    path, _, name = key.rpartition(".")
    at = symbol(name, (0, *index))
    old, new = float(parameter.old[index]), float(parameter.new[index])
    given = {
        "g": (f"d{at}", float(parameter.gradient[index])),
        "w": (at, old),
        "change": ("change", new - old),
    }
    return Equation(f"layer {path}: {at}", ("w", "change"), given, new)
