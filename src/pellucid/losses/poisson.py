"""The loss of counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.errors import DataError
from pellucid.losses.base import Loss, check_targets, sample_axes


class Poisson(Loss):
    """Half the Poisson deviance: the network's output z is the logarithm of the expected count.

    **Forward**  With ``m = exp(z)``: ``loss = mean over outputs of m - t * z + t * log(t) - t``; ``t * log(t)`` is 0 at 0.
    The first two terms are minus the logarithm of the chance of t, but for a constant; the others make the loss 0 where m
    is t.

    **Backward**  ``d loss / d z = (m - t) / M``, M outputs a sample: the error of the expected count.

    outputs, targets: (B, M), targets at least 0. End the network with `Dense`; ``numpy.exp(model.predict(X))`` are counts.

    Source: McCullagh and Nelder, *Generalized Linear Models* (1989), section 2.3.

    >>> import numpy as np
    >>> Poisson().forward(np.log(np.array([[2.0], [2.0]])), np.array([[2.0], [0.0]]))
    array([0., 2.])
    """

    metric: str | None = None  # the outputs are logarithms, the targets are not
    instead = {
        "Softmax": "for classes use CategoricalCrossEntropy(); for counts end with Dense.",
        "Softplus": "it makes counts of the outputs, but this loss takes their logarithms. End with Dense.",
        "Sigmoid": "it keeps the outputs, logarithms of counts, between 0 and 1. End with Dense.",
    }

    def forward(self, outputs: Array, targets: Array) -> Array:
        xp = outputs.__array_namespace__()
        check_targets(self, outputs, targets)
        self.outputs, self.targets = outputs, targets
        self.expected = xp.exp(outputs)
        entropy = targets * xp.log(xp.maximum(targets, 1e-30))  # 0 for a count of 0
        return (self.expected - targets * outputs + entropy - targets).mean(axis=sample_axes(outputs))

    def backward(self) -> Array:
        self.doutputs = (self.expected - self.targets) / (self.outputs.size // self.outputs.shape[0])
        return self.doutputs

    def as_targets(self, targets: Any, n_outputs: int, dtype: Any) -> np.ndarray:
        array = super().as_targets(targets, n_outputs, dtype)
        if array.size and array.min() < 0:
            raise DataError(
                f"y goes down to {array.min()}, but counts are at least 0. For any number use MeanSquaredError()."
            )
        return array
