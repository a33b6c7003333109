"""Figures that say how good a network's outputs are: plain functions of (outputs, targets).

`outputs` (B, K) are what the network returned; `targets` are labels (B,), one-hot rows (B, K), or numbers (B, M). A single
output (B, 1) with targets of 0 and 1 counts as yes above 0.5. A metric of your own is any function of the same two.

The mean over classes ("macro") counts every class alike, and only those that occur among the targets or the outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.errors import DataError, InputError


def labels_of(values: Any, other: Any = None) -> np.ndarray:
    """Class numbers (B,) from labels (B,), rows of probabilities or one-hot rows (B, K), or one column (B, 1)."""
    array = np.asarray(values)
    if array.ndim == 1:
        return array.astype(np.int64)
    if array.ndim != 2:
        raise DataError(
            f"A metric of classes got shape {array.shape}. Expected labels (rows,) or rows (rows, classes)."
        )
    return array.argmax(axis=1) if array.shape[1] > 1 else (array[:, 0] > 0.5).astype(np.int64)


def _pair(outputs: Any, targets: Any) -> tuple[np.ndarray, np.ndarray]:
    predicted, true = labels_of(outputs), labels_of(targets)
    if len(predicted) != len(true) or not len(true):
        raise DataError(
            f"outputs have {len(predicted)} rows and targets {len(true)}: give one target a row, at least one."
        )
    return predicted, true


def accuracy(outputs: Any, targets: Any) -> float:
    """Share of the rows whose class is right, 0 to 1. For several yes/no outputs (B, M): share of right answers."""
    outputs, targets = np.asarray(outputs), np.asarray(targets)
    if outputs.ndim == 2 and outputs.shape == targets.shape and not _distributions(targets):
        return binary_accuracy(outputs, targets)
    predicted, true = _pair(outputs, targets)
    return float((predicted == true).mean())


def binary_accuracy(outputs: Any, targets: Any) -> float:
    """Share of right answers where every output (B, M) is a question of its own, yes above 0.5."""
    outputs, targets = np.asarray(outputs), np.asarray(targets)
    if outputs.shape == (*targets.shape, 1):  # labels 0 and 1 for a single output
        targets = targets[..., None]
    if outputs.shape != targets.shape or not outputs.size:
        raise DataError(f"outputs have shape {outputs.shape}, targets {targets.shape}: expected the same, not empty.")
    return float(((outputs > 0.5) == (targets > 0.5)).mean())


def _distributions(targets: np.ndarray) -> bool:
    """Whether every row is one-hot, or probabilities that add up to 1 (to float32's rounding)."""
    return targets.shape[1] > 1 and bool((abs(targets.sum(axis=1) - 1.0) < 1e-4).all())


def top_k_accuracy(outputs: Any, targets: Any, k: int = 5) -> float:
    """Share of the rows whose class is among the k largest outputs."""
    scores, true = np.asarray(outputs), labels_of(targets)
    if scores.ndim != 2 or not 1 <= k <= scores.shape[1]:
        raise DataError(
            f"top_k_accuracy with k={k} got outputs of shape {scores.shape}: expected (rows, at least k). For a metric of "
            "another k: def top_2(outputs, targets): return pellucid.metrics.top_k_accuracy(outputs, targets, k=2)"
        )
    best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    return float((best == true[:, None]).any(axis=1).mean())


def confusion_matrix(outputs: Any, targets: Any, classes: int | None = None) -> np.ndarray:
    """Counts, int64 (classes, classes): row = true class, column = class the network chose."""
    predicted, true = _pair(outputs, targets)
    shape = np.shape(outputs)
    least = int(max(predicted.max(), true.max())) + 1
    count = classes if classes is not None else max(least, shape[1] if len(shape) == 2 else 2, 2)
    if min(predicted.min(), true.min()) < 0 or count < least:
        raise DataError(
            f"confusion_matrix of {count} classes got labels from {min(predicted.min(), true.min())} to {least - 1}: "
            "expected labels from 0 to classes - 1."
        )
    return np.bincount(true * count + predicted, minlength=count * count).reshape(count, count)


def _average(counts: np.ndarray, numerator: np.ndarray, denominator: np.ndarray, average: str | None) -> Any:
    if average not in ("macro", None):
        raise InputError(
            f"average={average!r}: write 'macro' for the mean over classes, or None for one figure a class."
        )
    figures = np.divide(numerator, denominator, out=np.zeros(len(numerator)), where=denominator != 0)
    occurs = counts.sum(axis=0) + counts.sum(axis=1) > 0  # a class that nobody has and nobody was given says nothing
    return figures if average is None else float(figures[occurs].mean())


def precision(outputs: Any, targets: Any, average: str | None = "macro") -> Any:
    """Of the rows given to a class, the share that belongs there; the mean over classes, or per class with None."""
    counts = confusion_matrix(outputs, targets)
    return _average(counts, np.diag(counts), counts.sum(axis=0), average)


def recall(outputs: Any, targets: Any, average: str | None = "macro") -> Any:
    """Of the rows of a class, the share that was found; the mean over classes, or per class with None."""
    counts = confusion_matrix(outputs, targets)
    return _average(counts, np.diag(counts), counts.sum(axis=1), average)


def f1(outputs: Any, targets: Any, average: str | None = "macro") -> Any:
    """Harmonic mean of precision and recall; the mean over classes, or per class with None."""
    counts = confusion_matrix(outputs, targets)
    return _average(counts, 2 * np.diag(counts), counts.sum(axis=0) + counts.sum(axis=1), average)


def _errors(outputs: Any, targets: Any) -> np.ndarray:
    outputs, targets = np.asarray(outputs, np.float64), np.asarray(targets, np.float64)
    if outputs.shape != targets.shape or not outputs.size:
        raise DataError(f"outputs have shape {outputs.shape}, targets {targets.shape}: expected the same, not empty.")
    return outputs - targets


def r2(outputs: Any, targets: Any) -> float:
    """1 - squared error / squared deviation from the mean: 1 is perfect, 0 no better than the mean."""
    error, targets = _errors(outputs, targets), np.asarray(targets, np.float64)
    spread = ((targets - targets.mean(axis=0)) ** 2).sum()
    return float(1.0 - (error * error).sum() / spread) if spread else float((error == 0).all())


def rmse(outputs: Any, targets: Any) -> float:
    """Root of the mean squared error, in the unit of the targets."""
    error = _errors(outputs, targets)
    return float(np.sqrt((error * error).mean()))


def mae(outputs: Any, targets: Any) -> float:
    """Mean absolute error, in the unit of the targets."""
    return float(abs(_errors(outputs, targets)).mean())


def pinball(outputs: Any, targets: Any, levels: tuple[float, ...] = (0.05, 0.5, 0.95)) -> float:
    """Mean pinball loss of quantiles (B, M * levels), in the unit of the targets (B, M) or (B,).

    An output of level q costs q for each unit that it lies below the target, 1 - q for each unit above.
    """
    outputs, targets = _quantiles(outputs, targets)
    if outputs.shape[2] != len(levels):
        raise DataError(
            f"pinball of {len(levels)} levels got {outputs.shape[2]} output(s) a target: give the levels that the "
            "outputs have, as in pinball(outputs, targets, levels=(0.1, 0.9))."
        )
    error, level = outputs - targets, np.asarray(levels, np.float64)
    return float(np.maximum((1.0 - level) * error, -level * error).mean())


def coverage(outputs: Any, targets: Any) -> float:
    """Share of the targets (B, M) or (B,) between the first and the last of their quantiles (B, M * levels), 0 to 1.

    For levels 0.05 to 0.95 it should be near 0.9. Of a single quantile: the share of the targets that it is not below.
    """
    outputs, targets = _quantiles(outputs, targets)
    low, high, true = outputs[..., 0], outputs[..., -1], targets[..., 0]
    inside = true <= high if outputs.shape[2] == 1 else (low <= true) & (true <= high)
    return float(inside.mean())


def _quantiles(outputs: Any, targets: Any) -> tuple[np.ndarray, np.ndarray]:
    """Outputs (B, M, levels) and targets (B, M, 1)."""
    outputs, targets = np.asarray(outputs, np.float64), np.asarray(targets, np.float64)
    columns = targets[:, None] if targets.ndim == 1 else targets
    fits = outputs.ndim == 2 == columns.ndim and len(outputs) == len(columns) and columns.size > 0
    if not fits or not outputs.shape[1] or outputs.shape[1] % columns.shape[1]:
        raise DataError(
            f"outputs have shape {outputs.shape}, targets {targets.shape}: expected the quantiles of each target side by "
            "side, (rows, targets * levels), and targets (rows, targets) or (rows,), at least one row."
        )
    return outputs.reshape(*columns.shape, -1), columns[..., None]


by_name: dict[str, Callable[..., Any]] = {
    metric.__name__: metric
    for metric in (accuracy, binary_accuracy, top_k_accuracy, precision, recall, f1, r2, rmse, mae, pinball, coverage)
}
