"""The book's losses: its names and signatures over pellucid's losses.

What they have in common, and what differs from the book:

* `regularization_loss(layer)` (chapters 14 to 17) and `regularization_loss()` (18 to 22) both work, and `calculate` needs
  no `new_pass()` before it.
* Targets are checked: 1-D `y` against outputs of shape (n, 1), labels out of range and the like end with a sentence. The
  book's code broadcasts the first to (n, n), and counts labels of -1 from the end.
* One-hot labels of dtype uint8 are numbers like others (there, `-y_true` wraps to 255).
* The gradient of Loss_MeanAbsoluteError has the right sign: the book's points uphill.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from pellucid import losses
from pellucid.arrays import as_array
from pellucid.errors import DataError, InputError
from pellucid.layers import Dense
from pellucid.nnfs.exact import plain_of
from pellucid.nnfs.layers import Activation_Softmax

LEAST = 1e-7  # the book's limit: probabilities lie between it and 1 - LEAST where a logarithm is taken


class Loss:
    """Base of the book's losses. A loss of your own has `forward(y_pred, y_true)` and `backward(dvalues, y_true)`."""

    trainable_layers: Sequence[Any] = ()
    accumulated_sum: Any = 0
    accumulated_count: int = 0

    def forward(self, y_pred: Any, y_true: Any) -> np.ndarray:
        """One loss a sample."""
        raise InputError(f"{type(self).__name__} has no forward(self, y_pred, y_true). It returns one loss a sample.")

    def backward(self, dvalues: Any, y_true: Any) -> Any:
        """Keeps `dinputs`, the gradient of the mean loss for the outputs `dvalues`."""
        raise InputError(f"{type(self).__name__} has no backward(self, dvalues, y_true). It sets self.dinputs.")

    def regularization_loss(self, layer: Any = None) -> Any:
        """The penalties of `layer`, or of all remembered layers."""
        return sum(_penalty(each) for each in (self.trainable_layers if layer is None else (layer,)))

    def remember_trainable_layers(self, trainable_layers: Sequence[Any]) -> None:
        """The layers whose penalties count."""
        self.trainable_layers = trainable_layers

    def calculate(self, output: Any, y: Any, *, include_regularization: bool = False) -> Any:
        """The mean loss of `output` for the targets `y`; with `include_regularization` also the penalties."""
        sample_losses = self.forward(as_array(output, "output"), as_array(y, "y"))
        data_loss = np.mean(sample_losses)
        self.accumulated_sum = self.accumulated_sum + np.sum(sample_losses)
        self.accumulated_count += len(sample_losses)
        return (data_loss, self.regularization_loss()) if include_regularization else data_loss

    def calculate_accumulated(self, *, include_regularization: bool = False) -> Any:
        """The mean loss of all samples since `new_pass()`."""
        if not self.accumulated_count:
            raise InputError("Nothing was accumulated since new_pass(): call calculate(output, y) first.")
        data_loss = self.accumulated_sum / self.accumulated_count
        return (data_loss, self.regularization_loss()) if include_regularization else data_loss

    def new_pass(self) -> None:
        """Forget what was accumulated."""
        self.accumulated_sum, self.accumulated_count = 0, 0


def _penalty(layer: Any) -> Any:
    """A layer's penalties; a user's own layer may carry the book's attributes alone."""
    if hasattr(layer, "penalty"):
        return layer.penalty()
    strengths = {
        f"{of}_{kind}": getattr(layer, f"{of}_regularizer_{kind}", 0)
        for of in ("weight", "bias")
        for kind in ("l1", "l2")
    }
    carrier = object.__new__(Dense)
    vars(carrier).update(strengths, weights=np.asarray(layer.weights), biases=np.asarray(layer.biases))
    return carrier.penalty()


class _OverPellucid(Loss):
    """A loss of the book with a loss of pellucid behind it."""

    kind: ClassVar[type[losses.Loss]]
    clip_forward: ClassVar[bool] = False
    clip_backward: ClassVar[bool] = False

    def __init__(self) -> None:
        self.rule = self.kind()

    def forward(self, y_pred: Any, y_true: Any) -> np.ndarray:
        outputs, targets = self._checked(y_pred, y_true)
        result: np.ndarray = self.rule.forward(_clipped(outputs) if self.clip_forward else outputs, targets)
        return result

    def backward(self, dvalues: Any, y_true: Any) -> np.ndarray:
        outputs, targets = self._checked(dvalues, y_true)
        self.rule.forward(_clipped(outputs) if self.clip_backward else outputs, targets)
        self.dinputs: np.ndarray = self.rule.backward() / len(outputs)
        return self.dinputs

    def _checked(self, outputs: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        return checked(self.rule, outputs, y)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def checked(rule: losses.Loss, outputs: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Outputs (B, K) and the targets that fit them, or a sentence."""
    outputs, y = plain_of(as_array(outputs, "output")), as_array(y, "y")
    if outputs.dtype.kind != "f":
        outputs = outputs.astype(np.float64)
    if outputs.ndim < 2:
        raise DataError(f"The output has shape {outputs.shape}: one axis. Expected (rows, outputs).")
    if y.ndim == 0 or len(y) != len(outputs):
        raise DataError(f"The output has {len(outputs)} rows and y has shape {y.shape}: give one target a row.")
    return outputs, rule.as_targets(y, outputs.shape[-1], outputs.dtype)


def _clipped(outputs: np.ndarray) -> np.ndarray:
    return np.clip(outputs, LEAST, 1 - LEAST)


class Loss_CategoricalCrossentropy(_OverPellucid):
    """Categorical cross-entropy of probabilities (B, K) and labels (B,) or one-hot rows (B, K).

    Probabilities count as 1e-7 at least and 1 - 1e-7 at most, as in the book. What differs: a probability of exactly 0
    has the gradient 0, where the book divides by it and gets NaN.
    """

    kind = losses.CategoricalCrossEntropy
    clip_forward = True


class Loss_BinaryCrossentropy(_OverPellucid):
    """Binary cross-entropy of probabilities (B, M) and targets (B, M) from 0 to 1, clipped to 1e-7 and 1 - 1e-7."""

    kind = losses.BinaryCrossEntropy
    clip_forward = clip_backward = True


class Loss_MeanSquaredError(_OverPellucid):
    """Mean squared error of outputs (B, M) and targets (B, M)."""

    kind = losses.MeanSquaredError


class Loss_MeanAbsoluteError(_OverPellucid):
    """Mean absolute error of outputs (B, M) and targets (B, M). What differs: the sign of the gradient, wrong in the book."""

    kind = losses.MeanAbsoluteError


class Activation_Softmax_Loss_CategoricalCrossentropy:
    """Softmax and categorical cross-entropy together, with their simple gradient, that of `SoftmaxCrossEntropy`.

    As in chapters 9 to 17 it has `forward(inputs, y_true)`, `activation`, `loss` and `output`; as in 18 to 22 it serves with
    `backward(dvalues, y_true)` alone. What differs: rows of targets that are no one-hot rows count as they are.
    """

    def __init__(self) -> None:
        self.activation = Activation_Softmax()
        self.loss = Loss_CategoricalCrossentropy()

    def forward(self, inputs: Any, y_true: Any) -> Any:
        """The mean loss; the probabilities are kept as `output`."""
        self.output = self.activation.forward(inputs)
        return self.loss.calculate(self.output, y_true)

    def backward(self, dvalues: Any, y_true: Any) -> np.ndarray:
        """`dvalues`: the probabilities (B, K). Keeps and returns `dinputs`, the gradient for the scores."""
        pair = losses.SoftmaxCrossEntropy()
        pair.probabilities, targets = checked(pair, dvalues, y_true)
        pair.targets = pair.target_rows(pair.probabilities, targets)
        self.dinputs: np.ndarray = pair.backward() / len(targets)
        return self.dinputs
