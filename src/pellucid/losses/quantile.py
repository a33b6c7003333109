"""The loss of quantiles: a network that says where the target lies with which chance, instead of one number."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.arrays import Array, as_array, check_number
from pellucid.errors import DataError, InputError
from pellucid.layer import Layer
from pellucid.layers import OrderedQuantiles
from pellucid.losses.base import Loss


class Quantile(Loss):
    """Pinball loss: each output learns the number that its level's share of the targets lies below.

    **Forward**  With ``e = output - target`` and the output's level q: ``(1 - q) * e`` where e is above 0, otherwise
    ``-q * e``; that is ``max((1 - q) * e, -q * e)``. The mean over the outputs.

    **Backward**  ``d loss / d output = (1 - q) / M`` where the output lies above the target, ``-q / M`` where it lies
    below, 0 where they are equal; M outputs a sample.

    Why that finds the quantile: if a share F of the targets lies below an output, the mean slope is
    ``F * (1 - q) - (1 - F) * q = F - q``, which is 0 where F is q. At q = 0.5 the loss is half the absolute error.

    =======  =================================  ==================================================================
    outputs  (B, targets * levels)              the levels of the first target, then those of the second, ...
    targets  (B, targets), or (B,) for one
    =======  =================================  ==================================================================

    Parameter: `levels`, each above 0 and below 1, ascending. The defaults are the ends of an interval that holds 90 %
    of the targets, and the median. Nothing in the loss keeps the outputs of a row in their order: end the network with
    `OrderedQuantiles`, whose outputs cannot cross.

    Source: Koenker and Bassett, *Regression Quantiles* (1978), section 3.

    >>> import numpy as np
    >>> loss = Quantile((0.1, 0.9))
    >>> loss.forward(np.array([[1.0, 4.0]]), np.array([3.0])).round(6), loss.backward()
    (array([0.15]), array([[-0.05,  0.05]]))
    """

    metric = "coverage"
    instead = {
        "Softmax": "for classes use CategoricalCrossEntropy(); for the quantiles of a number end with Dense(..., levels) "
        "and OrderedQuantiles()."
    }

    def __init__(self, levels: tuple[float, ...] = (0.05, 0.5, 0.95)) -> None:
        if not isinstance(levels, (tuple, list, np.ndarray)) or not len(levels):
            raise InputError(f"Quantile: levels={levels!r}: expected a tuple of numbers, as in (0.05, 0.5, 0.95).")
        for level in levels:
            check_number("Quantile: levels: a level", level, 0.0, 1.0, ends="()")
        self.levels = tuple(float(level) for level in levels)
        if any(low >= high for low, high in zip(self.levels, self.levels[1:], strict=False)):
            raise InputError(
                f"Quantile: levels={self.levels!r}: expected ascending levels, each once. "
                f"Write {tuple(sorted(set(self.levels)))}."
            )

    def forward(self, outputs: Array, targets: Array) -> Array:
        xp = outputs.__array_namespace__()
        self.outputs, self.targets = outputs, self.target_rows(outputs, targets)
        self.error = outputs - self.targets
        level = self.level_of(outputs)
        return xp.maximum((1.0 - level) * self.error, -level * self.error).mean(axis=-1)

    def backward(self) -> Array:
        level, error = self.level_of(self.error), self.error
        self.doutputs = ((1.0 - level) * (error > 0) - level * (error < 0)) / error.shape[-1]
        return self.doutputs

    def level_of(self, outputs: Array) -> Array:
        """The level of each output, (targets * levels,)."""
        targets = outputs.shape[-1] // len(self.levels)
        return outputs.__array_namespace__().asarray(self.levels * targets, dtype=outputs.dtype)

    def target_rows(self, outputs: Array, targets: Array) -> Array:
        """Each target as often as it has levels: in the outputs' shape, (B, targets * levels)."""
        columns = targets[:, None] if targets.ndim == 1 else targets
        count = len(self.levels)
        if columns.ndim != 2 or outputs.shape != (columns.shape[0], columns.shape[1] * count):
            raise DataError(
                f"{self!r} got outputs of shape {tuple(outputs.shape)} and targets of shape {tuple(targets.shape)}. "
                f"For targets (rows, n) it expects outputs (rows, n * {count}), one for each of the {count} level(s)."
            )
        return outputs.__array_namespace__().repeat(columns, count, axis=1)

    def doubt(self, last: Layer) -> str:
        if isinstance(last, OrderedQuantiles) and last.per_target != len(self.levels):
            return (
                f"{self!r} has {len(self.levels)} level(s), but the last layer, {last!r}, orders {last.per_target} at a "
                f"time: write OrderedQuantiles({len(self.levels)})."
            )
        return super().doubt(last)

    def as_targets(self, targets: Any, n_outputs: int, dtype: Any) -> np.ndarray:
        array, count = as_array(targets, "y"), len(self.levels)
        if n_outputs % count:
            raise InputError(
                f"The network returns {n_outputs} value(s) a row, which {count} levels do not divide: end it with "
                f"Dense(..., {count}) for one target, Dense(..., {2 * count}) for two."
            )
        if array.ndim == 1 and n_outputs == count:
            array = array[:, None]
        if array.ndim != 2 or array.shape[1] != n_outputs // count:
            raise DataError(
                f"y has shape {array.shape}, but the network returns {n_outputs} value(s) a row, {count} level(s) of "
                f"{n_outputs // count} target(s): expected y of shape (rows, {n_outputs // count})."
            )
        return super().as_targets(array, n_outputs // count, dtype)
