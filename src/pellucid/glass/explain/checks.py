"""What an explanation has to prove of itself before it is shown.

Two things. Its factors, multiplied out from the loss to the first layer without any layer's backward, are the library's
own gradients. And each line that is printed follows from the figures printed in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.errors import ExplanationError
from pellucid.glass.explain.equation import Equation, check
from pellucid.glass.explain.quantiles import reach
from pellucid.glass.explain.record import LayerRecord

Gradients = dict[str, np.ndarray]


def multiplied_out(layers: tuple[LayerRecord, ...], doutput: np.ndarray) -> Gradients:
    """Every parameter's gradient, by key, from the recorded factors alone."""
    found: Gradients = {}
    _through(layers, doutput, found)
    return found


def _through(layers: tuple[LayerRecord, ...], gradient: np.ndarray, found: Gradients) -> np.ndarray:
    for record in reversed(layers):
        if not record.fused:
            gradient = _back(record, gradient, found)
    return gradient


def _back(record: LayerRecord, g: np.ndarray, found: Gradients) -> np.ndarray:
    facts = record.facts
    if record.rule == "chain":
        return _through(record.layers, g, found)
    if record.rule == "residual":
        return g + _through(record.layers, g, found)
    if record.rule == "reshape":
        return g.reshape(record.inputs.shape)
    if record.rule == "elementwise":
        return g * facts["slope"]
    if record.rule == "softmax":
        return record.output * (g - (g * record.output).sum(axis=-1, keepdims=True))
    if record.rule == "dense":
        return _dense(record, g, found)
    if record.rule == "quantiles":
        reached = reach(facts["per_target"])
        return (g.reshape(-1, len(reached)) @ reached).reshape(g.shape) * facts["slope"]
    if record.rule == "general":
        return _general(record, g, found)
    return _norm(record, g, found)


def _dense(record: LayerRecord, g: np.ndarray, found: Gradients) -> np.ndarray:
    layer: Any = record.layer
    for name, gradient in (("weights", record.inputs.T @ g), ("biases", g.sum(axis=0))):
        value, l1, l2 = getattr(layer, name), record.facts["l1"][name], record.facts["l2"][name]
        found[f"{record.path}.{name}"] = gradient + 2.0 * l2 * value + l1 * np.sign(value)
    return g @ layer.weights.T


def _norm(record: LayerRecord, g: np.ndarray, found: Gradients) -> np.ndarray:
    layer: Any = record.layer
    over = tuple(range(g.ndim - 1))
    hat, inverse = record.facts["normalized"], record.facts["inverse_std"]
    found[f"{record.path}.gamma"] = (g * hat).sum(axis=over)
    found[f"{record.path}.beta"] = g.sum(axis=over)
    scaled = layer.gamma * g
    if record.rule == "batchnorm" and not record.facts["of_batch"]:
        return inverse * scaled
    axes = -1 if record.rule == "layernorm" else over
    means = scaled.mean(axis=axes, keepdims=True), (scaled * hat).mean(axis=axes, keepdims=True)
    return inverse * (scaled - means[0] - hat * means[1])


def _general(record: LayerRecord, g: np.ndarray, found: Gradients) -> np.ndarray:
    facts = record.facts["sensitivity"]
    asked = g.reshape(-1)[facts["outputs"]]
    for name, factors in facts["parameters"].items():
        gradient = np.tensordot(asked, factors, 1) + facts["rest"][name] + facts["alone"][name]
        found[f"{record.path}.{name}"] = gradient
    return np.tensordot(asked, facts["inputs"], 1) + facts["rest"]["inputs"] + facts["alone"]["inputs"]


def compare(found: Gradients, library: Gradients, exactness: float, where: dict[str, str]) -> float:
    """The largest difference, relative to the largest gradient; ExplanationError where a gradient is not the library's.

    `exactness`: relative to the largest entry of the same parameter. `where`: by key, what to say of it. A gradient that
    is 0 but for rounding, as that of a bias before a batch normalisation, is as exact as the numbers it is the rest of.
    """
    largest = max((_size(own) for own in library.values()), default=0.0)
    worst = 0.0
    for key, own in library.items():
        apart = _size(found[key] - own)
        if not apart <= exactness * _size(own) + 1e-12 * largest:
            raise ExplanationError(
                f"The factors of {key} multiply out to another gradient than training's: they are {apart:.3g} apart. "
                f"{where.get(key, '')}"
            )
        worst = max(worst, apart)
    return worst / largest if largest else 0.0


def _size(array: np.ndarray) -> float:
    return float(np.abs(array).max(initial=0.0))


@dataclass(frozen=True)
class Verdict:
    """What the check of the printed lines found."""

    lines: int
    sums: int
    apart: float  # the largest difference between printed terms and printed result
    digits: int

    def __str__(self) -> str:
        if not self.lines:
            return "No line with figures is shown at this depth."
        return (
            f"{self.lines} printed lines recomputed from their printed figures, {self.sums} of them sums: each gives the "
            f"printed result to within the rounding of its figures ({self.digits} decimals, or as many digits for very "
            f"small and large numbers; the largest difference is {self.apart:.1g})."
        )

    def in_short(self) -> str:
        """The same in a line."""
        if not self.lines:
            return str(self)
        return f"{self.lines} lines, {self.sums} of them sums, recomputed from their printed figures: all add up."


def verify(equations: Iterable[Equation], digits: int) -> Verdict:
    """Recompute every line; ExplanationError for the first that does not add up."""
    lines = sums = 0
    worst = 0.0
    for equation in equations:
        wrong, apart = check(equation, digits)
        if wrong:
            raise ExplanationError(f"A line of this explanation does not add up: {wrong}.")
        lines += 1
        sums += len(equation.terms) > 1
        worst = max(worst, apart if math.isfinite(apart) else 0.0)
    return Verdict(lines, sums, worst, digits)
