"""Layers of layers, and layers that only change the shape."""

from __future__ import annotations

from typing import Any

from pellucid.glass.explain.choose import Blocks, Described, entries
from pellucid.glass.explain.equation import Block, Equation, View, symbol
from pellucid.glass.explain.record import LayerRecord


def chain_forward(record: LayerRecord, view: View) -> Described:
    """Layer after layer."""
    return [], "output = the layers one after the other (inputs)", []


def chain_backward(record: LayerRecord, view: View) -> Described:
    """Layer after layer, from the end."""
    return [], "dinputs = doutput through the layers, the last one first", []


def reshape_forward(record: LayerRecord, view: View) -> Described:
    """Nothing is computed."""
    return [], "output = inputs.reshape(...)", ["The same values in the same order: nothing is computed."]


def reshape_backward(record: LayerRecord, view: View) -> Described:
    """Nothing is computed."""
    return [], "dinputs = doutput.reshape(inputs.shape)", ["The same values in the same order: nothing is computed."]


def _added(record: LayerRecord, view: View, result: str, first: str, second: str, value: Any, a: Any, b: Any) -> Blocks:
    equations = []
    for index in entries(record, view):
        at = symbol("", index, record.rows)
        given = {"a": (f"{first}{at}", float(a[index])), "b": (f"{second}{at}", float(b[index]))}
        equations.append(Equation(f"{result}{at}", ("a", "b"), given, float(value[index])))
    return [Block("", tuple(equations), "compact")]


def residual_forward(record: LayerRecord, view: View) -> Described:
    """What the layers say is added to what they are given."""
    last = record.layers[-1].output if record.layers else record.inputs
    made = _added(record, view, "output", "inputs", "inner", record.output, record.inputs, last)
    return made, "output = inputs + inner,  inner = its layers one after the other", []


def residual_backward(record: LayerRecord, view: View) -> Described:
    """A sum hands its gradient to both sides."""
    first = record.layers[0].dinputs if record.layers else record.doutput
    made = _added(record, view, "dinputs", "doutput", "inner", record.dinputs, record.doutput, first)
    return made, "dinputs = doutput + inner,  inner = doutput through its layers", []
