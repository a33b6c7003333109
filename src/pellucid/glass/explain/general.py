"""A layer without a description of its own: what its forward and backward gave, and the factors behind it."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.glass.explain.choose import Described, entries, left, left_units
from pellucid.glass.explain.equation import Block, Equation, View, symbol, total
from pellucid.glass.explain.record import LayerRecord


def forward(record: LayerRecord, view: View) -> Described:
    """Inputs and outputs."""
    rows = tuple(
        (symbol("output", index, record.rows), (float(record.output[index]),)) for index in entries(record, view)
    )
    shown = view.pick(np.abs(record.inputs))
    given = tuple(
        (symbol("inputs", index, record.rows), (float(record.inputs[index]),))
        for index in (tuple(int(i) for i in np.unravel_index(k, record.inputs.shape)) for k in shown)
    )
    return (
        [
            Block("takes", style="values", columns=("", "number"), rows=given,
                  after=left(len(shown), record.inputs.size, "inputs")),
            Block("returns", style="values", columns=("", "number"), rows=rows, after=left_units(record, view)),
        ],
        f"output = {record.name}.forward(inputs)",
        [],
    )  # fmt: skip


def backward(record: LayerRecord, view: View) -> Described:
    """Every gradient as the sum over the outputs of ``doutput * (d output / d what it is for)``."""
    assert record.doutput is not None and record.dinputs is not None
    made = []
    parameters = record.facts["sensitivity"]["parameters"]
    for name in parameters:
        value = _parameter_gradient(record, name)
        made.append(_block(record, name, value, view, 3))
    made.append(_block(record, "inputs", record.dinputs, view, 2))
    words = [
        "Its formula is not known here. Its own backward, given 1 at one output and 0 at all others, says how that output "
        "depends on each input and parameter; by the chain rule these factors add up to its gradients."
    ]
    return made, f"dinputs = {record.name}.backward(doutput)", words


def _parameter_gradient(record: LayerRecord, name: str) -> np.ndarray:
    """The gradient of the layer's own parameter, or of one inside it, by path and name."""
    path, _, own = name.rpartition(".")
    holder = record
    for number in path.split(".") if path else ():
        holder = next(layer for layer in holder.layers if layer.path.rpartition(".")[2] == number)
    return holder.gradients[own]


def _block(record: LayerRecord, name: str, gradient: np.ndarray, view: View, level: int) -> Block:
    facts = record.facts["sensitivity"]
    factors = facts["inputs"] if name == "inputs" else facts["parameters"][name]
    rows = record.rows if name == "inputs" else 1
    shown = view.pick(np.abs(gradient))
    equations = [
        _entry(record, name, tuple(int(i) for i in np.unravel_index(k, gradient.shape)), factors, gradient, view, rows)
        for k in shown
    ]
    what = "inputs" if name == "inputs" else "entries"
    title = f"the gradient of {'its inputs' if name == 'inputs' else name}"
    return Block(title, tuple(equations), after=left(len(shown), gradient.size, what), level=level)


def _entry(
    record: LayerRecord, name: str, index: tuple[int, ...], factors: Any, gradient: np.ndarray, view: View, rows: int
) -> Equation:
    assert record.doutput is not None
    facts = record.facts["sensitivity"]
    label = symbol(name, index, rows) if name == "inputs" else symbol(name, (0, *index))
    at = [tuple(int(i) for i in np.unravel_index(k, record.output.shape)) for k in facts["outputs"]]
    column = factors[(slice(None), *index)]
    doutput = record.doutput.reshape(-1)[facts["outputs"]]

    def slope(k: int) -> str:
        return f"(d {symbol('output', at[k], record.rows)}/d {label})"

    extra = []
    rest, alone = float(facts["rest"][name][index]), float(facts["alone"][name][index])
    if facts["left"]:
        extra.append(("further", {"further": (f"(through the other {facts['left']} outputs)", rest)}))
    if alone:
        extra.append(("alone", {"alone": ("(what the layer adds by itself)", alone)}))
    pair = [(lambda k: symbol("doutput", at[k], record.rows), doutput), (slope, column)]
    return total(f"d{label}", pair, gradient[index], view, "outputs", extra, slack=record.slack)
