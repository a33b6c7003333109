"""The formulas of the layers that take every value by itself, as they are printed, worked out and checked.

A formula is an expression of Python over ``x`` (the input), ``y`` (the output), the layer's settings by name, and what
`where` defines. Where a layer's formula depends on its input, each `Piece` says for which. The mathematics stands in the
layers' own docstrings; the layers' own code gives the numbers, and every explanation compares the two.

A layer of your own:

>>> from pellucid.glass import explain
>>> from pellucid import Layer
>>> class Square(Layer): ...
>>> explain.register(Square, Piece("x**2", "2 * x"))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid import layers as kinds
from pellucid.errors import InputError
from pellucid.glass.explain.arithmetic import holds
from pellucid.layer import Layer


@dataclass(frozen=True)
class Piece:
    """`output` and `slope` where `when` holds; `where`: names used in both, each with its own formula, in order."""

    output: str
    slope: str
    when: str = ""
    where: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For the JSON."""
        return {"when": self.when, "where": dict(self.where), "output": self.output, "slope": self.slope}


_NOTHING, _SAME = Piece("0", "0"), Piece("x", "1")
_POSITIVE = Piece("x", "1", "x > 0")
_SIGMOID, _GATE = "1 / (1 + exp(-x))", ("s", "1 / (1 + exp(-x))")

_STEPS = {
    "zero": (Piece("1", "0", "x > 0"), _NOTHING),
    "straight_through": (Piece("1", "1", "x > 0"), Piece("0", "1")),
    "clipped": (
        Piece("1", "0", "x > 1"),
        Piece("1", "1", "0 < x <= 1"),
        Piece("0", "1", "-1 <= x <= 0"),
        Piece("0", "0"),
    ),
}

_FORMS: dict[type[Layer], tuple[Piece, ...]] = {
    kinds.Linear: (_SAME,),
    kinds.ReLU: (_POSITIVE, _NOTHING),
    kinds.LeakyReLU: (_POSITIVE, Piece("slope * x", "slope")),
    kinds.Sigmoid: (Piece(_SIGMOID, "y * (1 - y)"),),
    kinds.HardSigmoid: (
        Piece("x / 6 + 1 / 2", "1 / 6", "-3 < x < 3"),
        Piece("1", "0", "x >= 3"),
        _NOTHING,
    ),
    kinds.Tanh: (Piece("tanh(x)", "1 - y**2"),),
    kinds.ELU: (_POSITIVE, Piece("alpha * (exp(x) - 1)", "y + alpha")),
    kinds.SELU: (
        Piece("scale * x", "scale", "x > 0"),
        Piece("scale * alpha * (exp(x) - 1)", "y + scale * alpha"),
    ),
    kinds.Softplus: (
        Piece("x + log1p(exp(-x))", _SIGMOID, "x > 0"),
        Piece("log1p(exp(x))", "exp(x) / (1 + exp(x))"),
    ),
    kinds.SiLU: (Piece("x * s", "s + y * (1 - s)", where=(_GATE,)),),
    kinds.Mish: (
        Piece(
            "x * t",
            "t + x * (1 - t**2) * s",
            "x > 0",
            (_GATE, ("t", "tanh(x + log1p(exp(-x)))")),
        ),
        Piece("x * t", "t + x * (1 - t**2) * s", where=(_GATE, ("t", "tanh(log1p(exp(x)))"))),
    ),
    kinds.GELU: (
        Piece("x", "1", "x > 20"),
        Piece("0", "0", "x < -20"),
        Piece(
            "x / 2 * (1 + t)",
            "(1 + t) / 2 + x / 2 * (1 - t**2) * d",
            where=(
                ("u", "sqrt(2 / pi) * (x + 0.044715 * x**3)"),
                ("t", "tanh(u)"),
                ("d", "sqrt(2 / pi) * (1 + 3 * 0.044715 * x**2)"),
            ),
        ),
    ),
}
_CONSTANTS: dict[type[Layer], Callable[[Any], dict[str, float]]] = {
    kinds.SELU: lambda layer: {"scale": layer.scale, "alpha": layer.alpha},
}


def register(kind: type[Layer], *pieces: Piece) -> None:
    """Say by which formulas an elementwise layer of your own computes: explanations then print and check them.

    Of several pieces the first whose `when` holds is used; the last should have none.
    """
    if not isinstance(kind, type) or not issubclass(kind, Layer):
        raise InputError(
            f"register({kind!r}): expected a class of layers, as in register(Square, Piece('x**2', '2 * x'))."
        )
    if not pieces or not all(isinstance(piece, Piece) for piece in pieces):
        raise InputError(f"register({kind.__name__}, ...): expected formulas, as in Piece('x**2', '2 * x').")
    _FORMS[kind] = pieces


def known(layer: Layer, inputs: np.ndarray) -> tuple[tuple[Piece, ...], dict[str, Any]] | None:
    """(formulas, the numbers they need beside x and y) of an elementwise layer, or None where none are known."""
    kind = type(layer)
    if isinstance(layer, kinds.Dropout) and kind is kinds.Dropout:
        mask = layer.mask
        return ((Piece("x * mask", "mask"),), {"mask": mask}) if mask is not None else ((_SAME,), {})
    if isinstance(layer, kinds.GaussianNoise) and kind is kinds.GaussianNoise:
        if not (layer.training and layer.std):
            return (_SAME,), {}
        return (Piece("x + std * noise", "1"),), {"std": layer.std, "noise": layer.draws.normal(inputs)}
    if isinstance(layer, kinds.Step) and kind is kinds.Step:
        return _STEPS[layer.gradient], {}
    if kind not in _FORMS:
        return None
    settings = {name: value for name, value in layer.config().items() if isinstance(value, (int, float))}
    return _FORMS[kind], settings | _CONSTANTS.get(kind, lambda _: {})(layer)


def piece_for(pieces: tuple[Piece, ...], x: float) -> Piece:
    """The first piece whose condition holds."""
    for piece in pieces:
        if holds(piece.when, {"x": x}):
            return piece
    raise InputError(f"No piece of the registered formulas is for x = {x!r}: leave `when` out of the last one.")
