"""A dense layer: every product, every sum, every weight's gradient."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from pellucid.glass.explain.choose import Blocks, Described, left, rows, units
from pellucid.glass.explain.equation import Block, Equation, View, symbol, total
from pellucid.glass.explain.record import LayerRecord


def forward(record: LayerRecord, view: View) -> Described:
    """Every unit: its products, their sum."""
    layer: Any = record.layer
    made = []
    shown, samples = units(record, view), rows(record, view)
    for o in shown:
        equations = [
            total(
                symbol("output", (b, o), record.rows),
                [
                    (lambda i, b=b: symbol("inputs", (b, i), record.rows), record.inputs[b]),  # type: ignore[misc]
                    (lambda i, o=o: f"weights[{i},{o}]", layer.weights[:, o]),  # type: ignore[misc]
                ],
                record.output[b, o],
                view,
                "inputs",
                [("bias", {"bias": (f"biases[{o}]", float(layer.biases[o]))})],
            )
            for b in samples
        ]
        made.append(Block(f"unit {o}", tuple(equations)))
    if view.short:
        made = [Block("", tuple(equation for block in made for equation in block.equations))]
    made = _sayleft(made, left(len(shown), record.output.shape[1], "units"))
    return made, "output = inputs @ weights + biases", []


def _sayleft(made: Blocks, words: str) -> Blocks:
    return [*made, Block("", after=words)] if words else made


def backward(record: LayerRecord, view: View) -> Described:
    """Every weight's gradient, and that of every input."""
    made: Blocks = []
    shown = units(record, view)
    weights, biases = [_dweights(record, o, view) for o in shown], [_dbias(record, o, view) for o in shown]
    if view.short:
        made = [_in_one(weights), _in_one(biases)]
    else:
        made = [block for pair in zip(weights, biases, strict=True) for block in pair]
    made = _sayleft(made, left(len(shown), record.output.shape[1], "units"))
    made.extend(_dense_dinputs(record, view))
    formula = "dweights = inputs.T @ doutput    dbiases = doutput.sum(axis=0)"
    if not record.first:
        formula += "    dinputs = doutput @ weights.T"
    words = "net is this layer's output"
    if record.after:
        words += ", out that of the activation behind it" if view.short else f", out that of layer {record.after.path}"
    if _one_product(record):
        made.insert(0, Block("", after=f"{words}.", level=3))
    return made, formula, []


def _in_one(blocks: Blocks) -> Block:
    """The equations of several units' blocks in one."""
    equations = tuple(equation for block in blocks for equation in block.equations)
    return dataclasses.replace(blocks[0], title="", equations=equations)


def _one_product(record: LayerRecord) -> bool:
    """Whether a weight's gradient is a single product: one sample, and no penalty."""
    return record.rows == 1 and not (record.facts["l1"]["weights"] or record.facts["l2"]["weights"])


def _penalty(record: LayerRecord, name: str, index: tuple[int, ...]) -> list[tuple[str, dict[str, tuple[str, float]]]]:
    """The terms that regularisation adds to one entry's gradient."""
    value = float(getattr(record.layer, name)[index])
    label = symbol(name, (0, *index))
    l1, l2 = record.facts["l1"][name], record.facts["l2"][name]
    kind = "weight" if name == "weights" else "bias"
    made: list[tuple[str, dict[str, tuple[str, float]]]] = []
    if l2:
        made.append(("2*l2*v", {"l2": (f"{kind}_l2", l2), "v": (label, value)}))
    if l1:
        made.append(("l1*sign(v)", {"l1": (f"{kind}_l1", l1), "v": (label, value)}))
    return made


def _chain(record: LayerRecord, o: int, b: int) -> list[tuple[str, str, float]]:
    """(heading, symbol, number) of the factors up to the unit's output: with an activation behind it, two."""
    assert record.doutput is not None
    after = record.after
    if after is None or after.doutput is None:
        return [("dloss/dnet", symbol("doutput", (b, o), record.rows), float(record.doutput[b, o]))]
    at = symbol("", (b, o), record.rows)
    return [
        ("dloss/dout", f"doutput{at} of {after.path}", float(after.doutput[b, o])),
        ("dout/dnet", f"slope{at} of {after.path}", float(after.facts["slope"][b, o])),
    ]


def _dweights(record: LayerRecord, o: int, view: View) -> Block:
    assert record.doutput is not None
    sizes = np.abs(record.inputs).sum(axis=0)
    shown = view.pick(sizes)
    rest = left(len(shown), len(sizes), f"weights of unit {o}")
    heading = f"unit {o}: the gradient of its weights"
    if _one_product(record):
        chain = _chain(record, o, 0)
        names = [f"f{number}" for number in range(len(chain))]
        equations = []
        for i in shown:
            given = {n: (label, number) for n, (_, label, number) in zip(names, chain, strict=True)}
            given["x"] = (symbol("inputs", (0, i)), float(record.inputs[0, i]))
            value = float(record.gradients["weights"][i, o])
            slack = record.after.slack if record.after else record.slack
            equations.append(Equation(f"dweights[{i},{o}]", ("*".join([*names, "x"]),), given, value, slack=slack))
        columns = ("", *(head for head, _, _ in chain), "dnet/dw", "dloss/dw")
        signs = ("*",) * len(chain)
        return Block(heading, tuple(equations), "table", columns=columns, signs=signs, after=rest, level=3)
    equations = [
        total(
            f"dweights[{i},{o}]",
            [
                (lambda b: symbol("doutput", (b, o), record.rows), record.doutput[:, o]),
                (lambda b, i=i: symbol("inputs", (b, i), record.rows), record.inputs[:, i]),  # type: ignore[misc]
            ],
            record.gradients["weights"][i, o],
            view,
            "samples",
            _penalty(record, "weights", (i, o)),
        )
        for i in shown
    ]
    return Block(heading, tuple(equations), after=rest, level=3)


def _dbias(record: LayerRecord, o: int, view: View) -> Block:
    assert record.doutput is not None
    equation = total(
        f"dbiases[{o}]",
        [(lambda b: symbol("doutput", (b, o), record.rows), record.doutput[:, o])],
        record.gradients["biases"][o],
        view,
        "samples",
        _penalty(record, "biases", (o,)),
    )
    return Block(f"unit {o}: the gradient of its bias", (equation,), level=3)


def _dense_dinputs(record: LayerRecord, view: View) -> Blocks:
    if record.first or record.doutput is None or record.dinputs is None:
        return []
    layer: Any = record.layer
    felt_by = record if record.before is None else record.before  # behind a slope of 0 nothing is felt
    sizes = np.abs(felt_by.dinputs if felt_by.dinputs is not None else record.dinputs)
    shown = view.pick((sizes if np.any(sizes) else np.abs(record.dinputs)).sum(axis=0))
    equations = [
        total(
            symbol("dinputs", (b, i), record.rows),
            [
                (lambda o, b=b: symbol("doutput", (b, o), record.rows), record.doutput[b]),  # type: ignore[misc]
                (lambda o, i=i: f"weights[{i},{o}]", layer.weights[i]),  # type: ignore[misc]
            ],
            record.dinputs[b, i],
            view,
            "units",
        )
        for i in shown
        for b in rows(record, view)
    ]
    return [
        Block(
            "" if view.short else "the gradient of its inputs",
            tuple(equations),
            after=left(len(shown), record.dinputs.shape[1], "inputs"),
        )
    ]
