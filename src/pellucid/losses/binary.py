"""Binary cross-entropy, alone and together with the sigmoid."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.errors import DataError
from pellucid.functions import sigmoid, softplus
from pellucid.layer import Layer
from pellucid.layers import Sigmoid
from pellucid.losses.base import Loss, check_targets, sample_axes


class BinaryCrossEntropy(Loss):
    """Binary cross-entropy: each output is the probability of its own yes.

    **Forward**  ``loss = mean over outputs of -(t * log(p) + (1 - t) * log(1 - p))``

    **Backward**  ``d loss / d p = ((1 - t) / (1 - p) - t / p) / M``, M outputs a sample

    Probabilities closer than 1e-12 to 0 or 1 count as 1e-12, where the loss is flat. Directly behind `Sigmoid` none of
    this is needed: the pair is trained through `SigmoidCrossEntropy`.

    outputs, targets: (B, M), targets from 0 to 1.

    Source: *Neural Networks from Scratch in Python* (2020), chapter 16.

    >>> import numpy as np
    >>> BinaryCrossEntropy().forward(np.array([[0.8]]), np.array([[1.0]])).round(6)
    array([0.223144])
    """

    metric: str | None = "accuracy"
    fits: tuple[str, ...] = ("Sigmoid", "HardSigmoid")
    least = 1e-12

    def forward(self, outputs: Array, targets: Array) -> Array:
        xp = outputs.__array_namespace__()
        check_targets(self, outputs, targets)
        self.outputs, self.targets = outputs, targets
        yes = xp.log(xp.maximum(outputs, self.least))
        no = xp.log(xp.maximum(1.0 - outputs, self.least))
        return -(targets * yes + (1.0 - targets) * no).mean(axis=sample_axes(outputs))

    def backward(self) -> Array:
        xp = self.outputs.__array_namespace__()
        p, t, q = self.outputs, self.targets, 1.0 - self.outputs
        yes = t * (p > self.least) / xp.maximum(p, self.least)
        no = (1.0 - t) * (q > self.least) / xp.maximum(q, self.least)
        self.doutputs = (no - yes) / (p.size // p.shape[0])
        return self.doutputs

    def fused_with(self, last: Layer) -> Loss | None:
        return SigmoidCrossEntropy() if type(last) is Sigmoid and type(self) is BinaryCrossEntropy else None

    def as_targets(self, targets: Any, n_outputs: int, dtype: Any) -> np.ndarray:
        array = super().as_targets(targets, n_outputs, dtype)
        if array.size and (array.min() < 0 or array.max() > 1):
            raise DataError(
                f"y goes from {array.min()} to {array.max()}, but binary cross-entropy needs targets from 0 to 1. "
                "For more than two classes end with Softmax() and use CategoricalCrossEntropy()."
            )
        return array


class SigmoidCrossEntropy(BinaryCrossEntropy):
    """Sigmoid and binary cross-entropy as one function of the scores (logits) z.

    **Forward**  With ``p = sigmoid(z)``: ``-log(p) = softplus(-z) = softplus(z) - z`` and ``-log(1 - p) = softplus(z)``,
    so ``-(t * log(p) + (1 - t) * log(1 - p)) = softplus(z) - t * z``. Finite for every finite z.

    **Backward**  The slope of softplus is the sigmoid: ``d loss / d z = (p - t) / M``.

    logits, targets: (B, M). `probabilities` (B, M) stays on the loss.

    Source: *Neural Networks from Scratch in Python* (2020), chapter 16.

    >>> import numpy as np
    >>> loss = SigmoidCrossEntropy()
    >>> loss.forward(np.array([[-1000.0]]), np.array([[1.0]])), loss.backward()
    (array([1000.]), array([[-1.]]))
    """

    metric = None  # accuracy counts probabilities above 0.5, and these outputs are scores
    fits = ()
    instead = {
        "Sigmoid": "it holds the sigmoid itself. Use BinaryCrossEntropy(), which trains through the same formula."
    }

    def forward(self, outputs: Array, targets: Array) -> Array:
        check_targets(self, outputs, targets)
        self.outputs, self.targets = outputs, targets
        return (softplus(outputs) - targets * outputs).mean(axis=sample_axes(outputs))

    def backward(self) -> Array:
        self.probabilities = sigmoid(self.outputs)
        self.doutputs = (self.probabilities - self.targets) / (self.outputs.size // self.outputs.shape[0])
        return self.doutputs
