"""Softmax, whose every output depends on every input of its row."""

from __future__ import annotations

import numpy as np

from pellucid.glass.explain.arithmetic import figure
from pellucid.glass.explain.choose import Described, felt, left
from pellucid.glass.explain.equation import Block, Equation, Given, View, symbol, total
from pellucid.glass.explain.record import LayerRecord


def lines(record: LayerRecord, view: View) -> list[tuple[int, ...]]:
    """The rows shown, as indices of all axes but the last."""
    sizes = felt(record).sum(axis=-1)
    return [tuple(int(i) for i in np.unravel_index(k, sizes.shape)) for k in view.pick(sizes)]


def where(record: LayerRecord, line: tuple[int, ...]) -> str:
    """A heading for a row, where there are several."""
    if record.rows == 1:
        return symbol("row", line) if len(line) > 1 else ""
    return f"sample {','.join(map(str, line))}"


def shifted_sum(name: str, inputs: np.ndarray, line: tuple[int, ...], rows: int, view: View) -> tuple[Equation, Given]:
    """``S = sum_k exp(inputs[k] - m)`` of one row, m its largest input; and what S and m are, for later formulas."""
    m = float(inputs.max())
    value = float(np.exp(inputs - m).sum())
    about: Given = {"m": ("m", m), "S": ("S", value)}
    equation = total(
        "S",
        [(lambda k: symbol(name, (*line, k), rows), inputs)],
        value,
        view,
        "classes",
        form="exp(a - m)",
        shared={"m": about["m"]},
    )
    return equation, about


def forward(record: LayerRecord, view: View) -> Described:
    """Probabilities from scores."""
    made = []
    for line in lines(record, view):
        inputs, output = record.inputs[line], record.output[line]
        equation, about = shifted_sum("inputs", inputs, line, record.rows, view)
        shown = view.pick(output if record.dinputs is None else np.abs(record.dinputs[line]))  # the loss asks for these
        equations = [equation]
        for k in shown:
            given = {**about, "x": (symbol("inputs", (*line, k), record.rows), float(inputs[k]))}
            name = symbol("output", (*line, k), record.rows)
            equations.append(Equation(name, ("exp(x - m) / S",), given, float(output[k])))
        others = figure(float(np.delete(output, shown).sum()), view.digits)
        rest = left(len(shown), len(output), f"classes (together {others})")
        made.append(Block(where(record, line), tuple(equations), after=rest))
    return made, "output[k] = exp(inputs[k] - m) / S,  S = sum_k exp(inputs[k] - m),  m = max(inputs)", []


def backward(record: LayerRecord, view: View) -> Described:
    """Every score moves every probability."""
    assert record.doutput is not None and record.dinputs is not None
    made = []
    for line in lines(record, view):
        doutput, output = record.doutput[line], record.output[line]
        weighted = float((doutput * output).sum())
        equations = [
            total(
                "W",
                [
                    (lambda k, line=line: symbol("doutput", (*line, k), record.rows), doutput),  # type: ignore[misc]
                    (lambda k, line=line: symbol("output", (*line, k), record.rows), output),  # type: ignore[misc]
                ],
                weighted,
                view,
                "classes",
            )
        ]
        shown = view.pick(np.abs(record.dinputs[line]))
        for j in shown:
            given = {
                "p": (symbol("output", (*line, j), record.rows), float(output[j])),
                "d": (symbol("doutput", (*line, j), record.rows), float(doutput[j])),
                "W": ("W", weighted),
            }
            name, value = symbol("dinputs", (*line, j), record.rows), float(record.dinputs[(*line, j)])
            equations.append(Equation(name, ("p*(d - W)",), given, value))
        made.append(Block(where(record, line), tuple(equations), after=left(len(shown), len(output), "classes")))
    return made, "dinputs[j] = output[j] * (doutput[j] - W),  W = sum_k doutput[k] * output[k]", []
