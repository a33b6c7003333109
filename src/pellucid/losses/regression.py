"""Losses of regressions: mean squared, mean absolute, Huber."""

from __future__ import annotations

from pellucid.arrays import Array, check_number
from pellucid.losses.base import Loss, check_targets, sample_axes


class MeanSquaredError(Loss):
    """Mean squared error over the outputs of a sample.

    **Forward**  ``loss = mean over outputs of (output - target)**2``

    **Backward**  ``d loss / d output = 2 * (output - target) / M``, M outputs a sample. (With two outputs this is the
    "half squared error" of many textbooks.)

    outputs, targets: (B, M).

    Source: *Neural Networks from Scratch in Python* (2020), chapter 17.

    >>> import numpy as np
    >>> MeanSquaredError().forward(np.array([[1.0, 2.0]]), np.array([[0.0, 4.0]]))
    array([2.5])
    """

    metric = "rmse"
    instead = {"Softmax": "for classes use CategoricalCrossEntropy(), which learns faster; for numbers end with Dense."}

    def forward(self, outputs: Array, targets: Array) -> Array:
        check_targets(self, outputs, targets)
        self.outputs, self.targets = outputs, targets
        self.error = outputs - targets
        return (self.error * self.error).mean(axis=sample_axes(outputs))

    def backward(self) -> Array:
        self.doutputs = self.error * (2.0 / (self.error.size // self.error.shape[0]))
        return self.doutputs


class MeanAbsoluteError(Loss):
    """Mean absolute error over the outputs of a sample: outliers pull no harder than anybody else.

    **Forward**  ``loss = mean over outputs of abs(output - target)``

    **Backward**  ``d loss / d output = sign(output - target) / M``; 0 where they are equal.

    outputs, targets: (B, M).

    Source: *Neural Networks from Scratch in Python* (2020), chapter 17 (whose code has the sign of the gradient wrong).

    >>> import numpy as np
    >>> MeanAbsoluteError().forward(np.array([[1.0, 2.0]]), np.array([[0.0, 4.0]]))
    array([1.5])
    """

    metric = "mae"
    instead = {"Softmax": "for classes use CategoricalCrossEntropy(), which learns faster; for numbers end with Dense."}

    def forward(self, outputs: Array, targets: Array) -> Array:
        check_targets(self, outputs, targets)
        self.outputs, self.targets = outputs, targets
        self.error = outputs - targets
        return abs(self.error).mean(axis=sample_axes(outputs))

    def backward(self) -> Array:
        xp = self.error.__array_namespace__()
        self.doutputs = xp.sign(self.error) / (self.error.size // self.error.shape[0])
        return self.doutputs


class Huber(Loss):
    """Huber loss: squared for small errors, absolute for large ones.

    **Forward**  With ``e = output - target``: ``e**2 / 2`` where ``abs(e) <= delta``, otherwise
    ``delta * (abs(e) - delta / 2)``; the mean over the outputs.

    **Backward**  ``d loss / d output = clip(e, -delta, delta) / M``: the two pieces meet with the same slope.

    outputs, targets: (B, M). Parameter: `delta`, above 0, in the unit of the targets.

    Source: Huber, *Robust Estimation of a Location Parameter* (1964).

    >>> import numpy as np
    >>> Huber(1.0).forward(np.array([[0.5], [3.0]]), np.zeros((2, 1)))
    array([0.125, 2.5  ])
    """

    metric = "mae"
    instead = {"Softmax": "for classes use CategoricalCrossEntropy(), which learns faster; for numbers end with Dense."}

    def __init__(self, delta: float = 1.0) -> None:
        check_number("Huber: delta", delta, 0.0, ends="(]")
        self.delta = float(delta)

    def forward(self, outputs: Array, targets: Array) -> Array:
        xp = outputs.__array_namespace__()
        check_targets(self, outputs, targets)
        self.outputs, self.targets = outputs, targets
        self.error = outputs - targets
        size = abs(self.error)
        near = xp.minimum(size, self.delta)  # squared up to delta, a straight line beyond
        return (near * near * 0.5 + self.delta * (size - near)).mean(axis=sample_axes(outputs))

    def backward(self) -> Array:
        xp = self.error.__array_namespace__()
        self.doutputs = xp.clip(self.error, -self.delta, self.delta) / (self.error.size // self.error.shape[0])
        return self.doutputs
