"""A layer that takes every value by itself: its formula, its slope, and their numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from pellucid.glass.explain.arithmetic import evaluate, names_in
from pellucid.glass.explain.choose import Described, entries, left_units, rename
from pellucid.glass.explain.equation import Block, Equation, View, symbol
from pellucid.glass.explain.forms import Piece, piece_for
from pellucid.glass.explain.record import LayerRecord


def _pieces(record: LayerRecord) -> tuple[Piece, ...]:
    return tuple(
        Piece(piece["output"], piece["slope"], piece["when"], tuple(piece["where"].items()))
        for piece in record.facts.get("pieces", ())
    )


def _formulas(record: LayerRecord, what: str) -> str:
    """The pieces' formulas, each with its condition, then what they use."""
    pieces = _pieces(record)
    if len({getattr(piece, what) for piece in pieces}) == 1:
        lines = [f"{what} = {getattr(pieces[0], what)}"]
    else:
        lines = [
            f"{what} = {getattr(piece, what)}  {f'if {piece.when}' if piece.when else 'otherwise'}" for piece in pieces
        ]
    where: dict[str, str] = {}
    for piece in pieces:
        for name, formula in piece.where:
            if name in _needed(piece, getattr(piece, what)):
                where.setdefault(name, formula)
    return ",  ".join([*lines, *(f"{name} = {formula}" for name, formula in where.items())])


def _piece_equations(record: LayerRecord, index: tuple[int, ...], what: str) -> list[Equation]:
    x = float(record.inputs[index])
    at = symbol("", index, record.rows)
    piece = piece_for(_pieces(record), x)
    given = {"x": (f"inputs{at}", x), "y": (f"output{at}", float(record.output[index]))}
    for name, value in record.facts["constants"].items():
        array = isinstance(value, np.ndarray)
        given[name] = (f"{name}{at}" if array else name, float(value[index] if array else value))
    made = []
    needed = _needed(piece, piece.output)
    if what == "slope":
        needed = _needed(piece, piece.slope) - needed
    for name, formula in piece.where:
        value = evaluate(formula, {key: number for key, (_, number) in given.items()}).value
        used = {key: about for key, about in given.items() if key in names_in(formula)}
        if name in needed:
            made.append(Equation(f"{name}{at}", (formula,), used, value))
        given[name] = (f"{name}{at}", value)
    formula = getattr(piece, what)
    value = float(record.output[index] if what == "output" else record.facts["slope"][index])
    used = {key: about for key, about in given.items() if key in names_in(formula)}
    note = f"because {rename(piece.when, x=f'inputs{at}')}" if piece.when else ""
    return [
        *made,
        Equation(f"{'output' if what == 'output' else 'slope'}{at}", (formula,), used, value, note, record.slack),
    ]


def _needed(piece: Piece, formula: str) -> set[str]:
    """Which of a piece's own names a formula needs, and what these need in turn."""
    needed = set(names_in(formula))
    for name, of in reversed(piece.where):
        if name in needed:
            needed |= names_in(of)
    return needed & {name for name, _ in piece.where}


def forward(record: LayerRecord, view: View) -> Described:
    """The function, at every input shown."""
    shown = entries(record, view)
    rest = left_units(record, view)
    words = _noise(record)
    if not record.facts.get("pieces"):
        lines = tuple(
            (symbol("output", index, record.rows), (float(record.inputs[index]), float(record.output[index])))
            for index in shown
        )
        columns = ("", "inputs", "output")
        return (
            [Block("", style="values", columns=columns, rows=lines, after=rest)],
            f"output = {record.name}(inputs)",
            words,
        )
    equations = [each for index in shown for each in _piece_equations(record, index, "output")]
    block = Block("", tuple(equations), "compact", after="" if view.short else rest)
    return [block], rename(_formulas(record, "output"), x="inputs"), words


def _noise(record: LayerRecord) -> list[str]:
    if record.name == "Dropout" and "mask" in record.facts.get("constants", {}):
        return [
            "As in training: the mask of epoch 0, step 0, is 0 where a value is dropped, 1 / (1 - rate) where kept."
        ]
    if record.name == "GaussianNoise" and "noise" in record.facts.get("constants", {}):
        return ["As in training: the noise is that of epoch 0, step 0."]
    if record.name in ("Dropout", "GaussianNoise"):
        return ["As in prediction: the values pass as they are."] if not record.layer.training else []
    return []


def backward(record: LayerRecord, view: View) -> Described:
    """The slope at every input shown, times what arrives."""
    assert record.doutput is not None and record.dinputs is not None
    shown = entries(record, view)
    rest = left_units(record, view)
    made, words = [], []
    slopes: list[Equation] = []
    if record.facts.get("pieces"):
        slopes = [each for index in shown for each in _piece_equations(record, index, "slope")]
        made.append(Block("the slope at each input", tuple(slopes), "compact"))
    else:
        words.append("Its formula is not known here; the slopes are what its own backward gives for a doutput of 1.")
    equations = []
    for index in shown:
        at = symbol("", index, record.rows)
        given = {
            "g": (f"doutput{at}", float(record.doutput[index])),
            "s": (f"slope{at}", float(record.facts["slope"][index])),
        }
        equations.append(Equation(f"dinputs{at}", ("g*s",), given, float(record.dinputs[index]), slack=record.slack))
    if view.short:
        made = [Block("", tuple(_paired(slopes, equations)), "compact")]
    else:
        columns = ("", "doutput", "slope", "dinputs")
        made.append(Block("the chain rule", tuple(equations), "table", columns=columns, signs=("*",), after=rest))
    formula = "dinputs = doutput * slope"
    if record.facts.get("pieces"):
        formula += "    " + rename(_formulas(record, "slope"), x="inputs", y="output")
    return made, formula, words


def _paired(slopes: list[Equation], products: list[Equation]) -> Iterator[Equation]:
    """Each slope before its product; one that is a plain number, such as a ReLU's, only as the reason in the product."""
    if len(slopes) != len(products):
        yield from (*slopes, *products)
        return
    for slope, product in zip(slopes, products, strict=True):
        if slope.given:
            yield slope
        yield product if slope.given else dataclasses.replace(product, note=slope.note)
