"""The book's accuracies.

What differs from the book: predictions and targets must have the same shape (there, (n, 1) against (n,) is compared as
(n, n)), and every comparison counts once, so that the accumulated accuracy of several outputs cannot pass 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.arrays import as_array
from pellucid.errors import DataError, InputError


class Accuracy:
    """Base. An accuracy of your own has `compare(predictions, y)`, which returns an array of true and false."""

    accumulated_sum: Any = 0
    accumulated_count: int = 0

    def init(self, y: Any) -> None:
        """Told the targets before training starts."""

    def compare(self, predictions: Any, y: Any) -> Any:
        """True where a prediction counts as right."""
        raise InputError(f"{type(self).__name__} has no compare(self, predictions, y).")

    def calculate(self, predictions: Any, y: Any) -> Any:
        """The share of right predictions, 0 to 1."""
        comparisons = np.asarray(self.compare(as_array(predictions, "predictions"), as_array(y, "y")))
        self.accumulated_sum = self.accumulated_sum + np.sum(comparisons)
        self.accumulated_count += comparisons.size
        return np.mean(comparisons)

    def calculate_accumulated(self) -> Any:
        """The share of all predictions since `new_pass()`."""
        if not self.accumulated_count:
            raise InputError("Nothing was accumulated since new_pass(): call calculate(predictions, y) first.")
        return self.accumulated_sum / self.accumulated_count

    def new_pass(self) -> None:
        """Forget what was accumulated."""
        self.accumulated_sum, self.accumulated_count = 0, 0

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {}


class Accuracy_Categorical(Accuracy):
    """The share of right classes. `binary=True`: predictions and `y` are yes and no, one column an output."""

    def __init__(self, *, binary: bool = False) -> None:
        self.binary = binary

    def compare(self, predictions: Any, y: Any) -> Any:
        if not self.binary and y.ndim == 2 and predictions.ndim == 1:
            y = y.argmax(axis=1)
        _same_shape(predictions, y, "Accuracy_Categorical(binary=True)" if self.binary else "Accuracy_Categorical()")
        return predictions == y

    def config(self) -> dict[str, Any]:
        return {"binary": self.binary}


class Accuracy_Regression(Accuracy):
    """The share of predictions closer to their target than `precision`, a 250th of the targets' standard deviation."""

    precision: Any = None

    def init(self, y: Any, reinit: bool = False) -> None:
        """Take `precision` from the targets; a second time only with `reinit`."""
        if self.precision is None or reinit:
            self.precision = np.std(as_array(y, "y")) / 250

    def compare(self, predictions: Any, y: Any) -> Any:
        if self.precision is None:
            raise InputError(
                "Accuracy_Regression does not know its precision yet: call accuracy.init(y) first, or train."
            )
        _same_shape(predictions, y, "Accuracy_Regression()")
        return np.abs(predictions - y) < self.precision


def _same_shape(predictions: Any, y: Any, who: str) -> None:
    if predictions.shape != y.shape:
        hint = " Write y.reshape(-1, 1)." if y.ndim == 1 and predictions.ndim == 2 and predictions.shape[1] == 1 else ""
        raise DataError(f"{who} got predictions of shape {predictions.shape} and y of shape {y.shape}.{hint}")
