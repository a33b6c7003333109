"""Classes or numbers? What the targets say, and why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pellucid.errors import DataError
from pellucid.tables.splitting import Divider

FEW = 10  # whole numbers with no more different values than this are classes, even where they are floats
MANY = 1000  # more classes than this are hardly meant


@dataclass
class Task:
    """What the network shall learn. `y`: labels int64 (rows,) or numbers float64 (rows, outputs)."""

    kind: str  # "classification" or "regression"
    y: np.ndarray
    classes: int
    why: str


def choose(y: np.ndarray, wish: str = "auto") -> Task:
    """The task that the targets ask for; `wish`: "auto", "classification" or "regression"."""
    y = np.asarray(y)
    if y.dtype.kind not in "biuf":
        raise DataError(
            f"The targets are {y.dtype.name} values; expected numbers. Number the classes from 0: "
            "numpy.unique(y, return_inverse=True)[1]."
        )
    if y.ndim not in (1, 2) or not y.size:
        raise DataError(f"The targets have shape {y.shape}; expected one (rows,) or one row of numbers a row of X.")
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise DataError(f"The targets hold {int((~np.isfinite(y)).sum())} values that are NaN or infinite.")
    if y.ndim == 2 and y.shape[1] > 1:
        return _rows(y, wish)
    flat = y.ravel()
    kind, why = _of_values(flat) if wish == "auto" else (wish, "as --task says")
    return _classes(flat, why) if kind == "classification" else _numbers(y.reshape(len(y), -1), why)


def _rows(y: np.ndarray, wish: str) -> Task:
    one_hot = bool(np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all())
    if wish == "classification" and not one_hot:
        raise DataError(f"The targets have shape {y.shape} and are not one-hot rows; expected one label a row.")
    if one_hot and wish != "regression":
        return Task("classification", y.argmax(axis=1), y.shape[1], f"the targets are one-hot rows of {y.shape[1]}")
    return _numbers(y, f"the targets are {y.shape[1]} numbers a row")


def _of_values(y: np.ndarray) -> tuple[str, str]:
    whole = y.dtype.kind != "f" or bool((y == np.rint(y)).all())
    different = len(np.unique(y))
    if not whole:
        return "regression", "the targets hold fractions"
    if y.min() < 0:
        return "regression", "the targets hold negative numbers"
    if different <= FEW:
        return "classification", f"the targets are {different} different whole numbers"
    if y.dtype.kind != "f" and different <= min(MANY, len(y) // 5):
        return "classification", f"the targets are whole numbers, only {different} different ones in {len(y)} rows"
    return "regression", f"the targets are whole numbers with {different} different values in {len(y)} rows"


def _classes(y: np.ndarray, why: str) -> Task:
    labels = y.astype(np.int64)
    if y.dtype.kind == "f" and not np.array_equal(labels, y):
        raise DataError("The targets hold fractions, which are no classes. Write --task regression.")
    if labels.min() < 0 or labels.max() >= MANY:
        raise DataError(
            f"The class labels go from {labels.min()} to {labels.max()}; expected 0 up to the number of classes minus 1. "
            "Number them anew: numpy.unique(y, return_inverse=True)[1]."
        )
    if len(np.unique(labels)) < 2:
        raise DataError(f"Every row has the same class, {labels[0]}: there is nothing to learn.")
    return Task("classification", labels, int(labels.max()) + 1, why)


def _numbers(y: np.ndarray, why: str) -> Task:
    return Task("regression", y.astype(np.float64), 0, why)


def divider(task: Task, seed: int) -> Divider:
    """What sets rows aside: of each class alike, a pure function of the seed."""
    return Divider(len(task.y), seed, task.y if task.kind == "classification" else None)
