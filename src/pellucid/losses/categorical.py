"""Categorical cross-entropy, alone and together with softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.arrays import Array, as_array, as_dtype, check_finite, check_number, one_hot
from pellucid.errors import DataError, InputError
from pellucid.functions import row_max, row_sum
from pellucid.layer import Layer
from pellucid.layers import Softmax
from pellucid.losses.base import Loss, check_targets


class CategoricalCrossEntropy(Loss):
    """Categorical cross-entropy: minus the log of the probability given to the right class.

    **Forward**  ``loss = -sum_k t[k] * log(p[k])``, t being the target row: 1 at the class, 0 elsewhere. With label
    smoothing s, ``t' = (1 - s) * t + s / K``.

    **Backward**  ``d loss / d p[k] = -t[k] / p[k]``

    Probabilities below 1e-12 count as 1e-12, where the loss is flat. Directly behind `Softmax` none of this is needed:
    the pair is trained through `SoftmaxCrossEntropy`.

    ==========  =======================  ====================================================
    outputs     (B, K)                   probabilities
    targets     (B,) or (B, K)           whole-number labels 0..K-1, or rows that add up to 1
    ==========  =======================  ====================================================

    Parameters: `class_weights`, a tuple of K numbers: each sample counts as much as its class says, and the mean is
    divided by the sum of the weights; `label_smoothing` from 0 to below 1.

    Source: *Neural Networks from Scratch in Python* (2020), chapters 5 and 9; smoothing: Szegedy et al. (2016), 7.

    >>> import numpy as np
    >>> CategoricalCrossEntropy().forward(np.array([[0.7, 0.1, 0.2]]), np.array([0])).round(6)
    array([0.356675])
    """

    metric = "accuracy"
    fits: tuple[str, ...] = ("Softmax",)
    least = 1e-12

    def __init__(self, class_weights: tuple[float, ...] | None = None, label_smoothing: float = 0.0) -> None:
        check_number("label_smoothing", label_smoothing, 0.0, 1.0, ends="[)")
        if class_weights is not None:
            if not isinstance(class_weights, (tuple, list, np.ndarray)) or not len(class_weights):
                raise InputError(
                    f"class_weights={class_weights!r}: expected one number for each class, in the order of the classes, "
                    "as in (1.0, 5.0)."
                )
            for weight in class_weights:
                check_number("class_weights: a weight", weight, 0.0)
            class_weights = tuple(float(weight) for weight in class_weights)
        self.class_weights, self.label_smoothing = class_weights, float(label_smoothing)

    def forward(self, outputs: Array, targets: Array) -> Array:
        xp = outputs.__array_namespace__()
        self.outputs, self.targets = outputs, self.target_rows(outputs, targets)
        return -(self.targets * xp.log(xp.maximum(outputs, self.least))).sum(axis=-1)

    def backward(self) -> Array:
        xp = self.outputs.__array_namespace__()
        inverse = (self.outputs > self.least) / xp.maximum(self.outputs, self.least)
        self.doutputs = -(self.targets * inverse)  # -targets would wrap around where they are unsigned integers
        return self.doutputs

    def target_rows(self, outputs: Array, targets: Array) -> Array:
        """Targets as rows (B, K), smoothed."""
        classes = outputs.shape[-1]
        if targets.ndim == 1 and targets.shape[0] == outputs.shape[0]:
            rows = one_hot(targets, classes, outputs.dtype)
        else:
            check_targets(self, outputs, targets)
            rows = targets
        if self.label_smoothing:
            rows = (1.0 - self.label_smoothing) * rows + self.label_smoothing / classes
        return rows

    def fused_with(self, last: Layer) -> Loss | None:
        if type(last) is Softmax and type(self) is CategoricalCrossEntropy:
            return SoftmaxCrossEntropy(self.class_weights, self.label_smoothing)
        return None

    def weights(self, targets: Array) -> Array | None:
        if self.class_weights is None:
            return None
        labels = targets if targets.ndim == 1 else targets.argmax(axis=-1)
        rows = one_hot(labels, len(self.class_weights), np.float32)
        return (rows * np.array(self.class_weights)).sum(axis=-1)

    def as_targets(self, targets: Any, n_outputs: int, dtype: Any) -> np.ndarray:
        array = as_array(targets, "y")
        check_finite(array, "y")
        if self.class_weights is not None and len(self.class_weights) != n_outputs:
            raise InputError(
                f"class_weights has {len(self.class_weights)} numbers, but the network returns {n_outputs} classes."
            )
        if n_outputs == 1:
            raise InputError(
                "The network returns one value a row, the probability of one single class, which is always 1. For two "
                "classes end with Dense(..., 2), Softmax(), or with Dense(..., 1), Sigmoid() and BinaryCrossEntropy()."
            )
        if array.ndim == 2 and array.shape[1] == n_outputs:
            return _distributions(array, dtype)
        if array.ndim != 1:
            raise DataError(
                f"y has shape {array.shape}. Expected labels (rows,) from 0 to {n_outputs - 1}, or one-hot rows "
                f"(rows, {n_outputs})." + (" Write y.ravel()." if array.ndim == 2 and array.shape[1] == 1 else "")
            )
        return _labels(array, n_outputs)


def _labels(array: np.ndarray, classes: int) -> np.ndarray:
    if array.dtype.kind == "f" and not np.array_equal(np.trunc(array), array):
        raise DataError("y holds fractions, expected class labels. For a regression use MeanSquaredError().")
    low = 0 if array.dtype.kind == "u" else -1
    labels = (array if array.dtype.itemsize < 4 else array.clip(low, 2**31 - 1)).astype(
        np.int64
    )  # nothing wraps around
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        wrong = int(np.argmax((labels < 0) | (labels >= classes)))
        hint = " Labels start at 0: write y - 1." if labels.min() == 1 and labels.max() == classes else ""
        raise DataError(
            f"y[{wrong}] is {array[wrong]:g}, but the network returns {classes} classes, so labels go from 0 to "
            f"{classes - 1}.{hint}"
        )
    return labels


def _distributions(array: np.ndarray, dtype: Any) -> np.ndarray:
    rows = as_dtype(array, dtype, "y")
    if rows.size and (rows.min() < 0 or abs(rows.sum(axis=1) - 1).max() > 1e-4):
        wrong = int(np.argmax((rows.min(axis=1) < 0) | (abs(rows.sum(axis=1) - 1) > 1e-4)))
        raise DataError(
            f"y[{wrong}] = {array[wrong]} is not a one-hot row: its values must be at least 0 and sum to 1."
        )
    return rows


class SoftmaxCrossEntropy(CategoricalCrossEntropy):
    """Softmax and categorical cross-entropy as one function of the scores (logits) z.

    **Forward**  With ``p = exp(z) / S``, ``S = sum_j exp(z[j])``: ``-sum_k t[k] * log(p[k]) = log(S) - sum_k t[k] * z[k]``
    because the t add up to 1. No probability is ever divided by, so nothing has to be clipped.

    **Backward**  ``d log(S) / d z[k] = exp(z[k]) / S = p[k]``, so ``d loss / d z = p - t``.

    logits: (B, K); targets as in `CategoricalCrossEntropy`. `probabilities` (B, K) stays on the loss.

    Source: *Neural Networks from Scratch in Python* (2020), chapter 9.

    >>> import numpy as np
    >>> loss = SoftmaxCrossEntropy()
    >>> loss.forward(np.array([[1000.0, 0.0]]), np.array([1])), loss.backward()
    (array([1000.]), array([[ 1., -1.]]))
    """

    fits = ()
    instead = {
        "Softmax": "it holds softmax itself. Use CategoricalCrossEntropy(), which trains through the same formula."
    }

    def forward(self, outputs: Array, targets: Array) -> Array:
        xp = outputs.__array_namespace__()
        self.outputs, self.targets = outputs, self.target_rows(outputs, targets)
        shifted = outputs - row_max(outputs)
        exponentials = xp.exp(shifted)
        total = row_sum(exponentials)
        self.probabilities = exponentials / total
        return xp.log(total[..., 0]) - xp.vecdot(self.targets, shifted)

    def backward(self) -> Array:
        self.doutputs = self.probabilities - self.targets
        return self.doutputs
