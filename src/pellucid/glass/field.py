"""What a network says all over its one or two inputs, and about the points that it is shown with.

The same for every picture of it, SVG or matplotlib: where a point lies, what it should be, what the network makes of it,
and the outputs on a grid of cells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.errors import DataError, InputError
from pellucid.glass.axes import limits

Predict = Callable[[Any], Any]


@dataclass(frozen=True)
class Field:
    """One or two inputs, n points, and a grid of cells with M outputs each."""

    x: np.ndarray  # (n, inputs)
    y: np.ndarray  # (n,): labels, or the values of a regression
    test: np.ndarray  # (n,): whether a point was kept out of training
    found: np.ndarray  # (n,): the network's label (-1: no number) or value
    classes: int  # 0: a regression
    limits: tuple[tuple[float, float], ...]  # what the grid covers, for each input
    outputs: np.ndarray  # (cells up, cells across, M) or, for one input, (cells, M); the lowest row first

    @property
    def wrong(self) -> np.ndarray:
        """Which points the network puts into another class than their own, (n,)."""
        return (self.found != self.y) if self.classes else np.zeros(len(self.y), bool)


def survey(predict: Predict, X: Any, y: Any, test: Any = None, cells: int = 128, task: str | None = None) -> Field:
    """Ask `predict` (X (n, inputs) -> outputs (n, M) or (n,)) about every point and every cell.

    `test`: a pair (X_test, y_test) of points kept out of training. `task`: "classes" or "regression"; None tells them
    apart: several outputs, or targets that are all 0 or 1, mean classes.
    """
    if isinstance(cells, bool) or not isinstance(cells, (int, np.integer)) or not 2 <= cells <= 1000:
        raise InputError(f"cells={cells!r}: expected how many cells the grid has on each side, from 2 to 1000.")
    if task not in (None, "classes", "regression"):
        raise InputError(f"task={task!r}: expected 'classes', 'regression' or None.")
    x, targets = _points(X, y, "")
    held = np.zeros(len(x), bool)
    if test is not None:
        try:
            test_x, test_y = test
        except (TypeError, ValueError):
            raise InputError("test: expected a pair, test=(X_test, y_test).") from None
        more_x, more_y = _points(test_x, test_y, "test ")
        if more_x.shape[1:] != x.shape[1:] or more_y.shape[1:] != targets.shape[1:]:
            raise DataError(f"X has shape {x.shape}, test X {more_x.shape}: give both the same columns.")
        x, targets = np.concatenate([x, more_x]), np.concatenate([targets, more_y])
        held = np.concatenate([held, np.ones(len(more_x), bool)])
    placed = np.isfinite(x).all(axis=1)
    if not placed.any():
        raise DataError("X has no row without NaN or infinity: there is nothing to place.")
    x, targets, held = x[placed], targets[placed], held[placed]
    said = outputs_of(predict, x)
    labels = _labels(targets, said.shape[-1], task)
    values = _one_column(targets, said.shape[-1]) if labels is None else labels
    found = said[:, 0] if labels is None else decided(said)
    ranges = tuple(limits(x[:, column], pad=0.06) for column in range(x.shape[1]))
    across = [_centres(low, high, cells) for low, high in ranges]
    grid = np.stack(np.meshgrid(*across), axis=-1).astype(x.dtype)
    outputs = outputs_of(predict, grid.reshape(-1, x.shape[1]))
    classes = 0 if labels is None else max(said.shape[-1], 2)
    return Field(x, values, held, found, classes, ranges, outputs.reshape(*grid.shape[:-1], -1))


def outputs_of(predict: Predict, x: np.ndarray) -> np.ndarray:
    """What `predict` returns for `x`, as float64 (rows, M)."""
    outputs = np.asarray(predict(x))
    if outputs.ndim == 1:
        outputs = outputs[:, None]
    if outputs.ndim != 2 or len(outputs) != len(x) or not outputs.shape[1] or outputs.dtype.kind not in "fiub":
        raise InputError(
            f"predict returned shape {outputs.shape} of dtype {outputs.dtype} for {len(x)} rows; expected one row of "
            "numbers for each, such as model.predict gives."
        )
    return outputs.astype(np.float64)


def decided(outputs: np.ndarray) -> np.ndarray:
    """The class of each row of outputs (..., M): the largest, or whether a single one is above 0.5; -1: no number."""
    labels = outputs.argmax(axis=-1) if outputs.shape[-1] > 1 else (outputs[..., 0] > 0.5).astype(np.int64)
    return np.where(np.isnan(outputs).any(axis=-1), -1, labels)


def certainty(outputs: np.ndarray) -> np.ndarray:
    """From 0 (all classes alike) to 1 (one for certain), for outputs (..., M) that are probabilities; otherwise 1."""
    with np.errstate(invalid="ignore"):
        if outputs.shape[-1] == 1:
            share = np.abs(outputs[..., 0] - 0.5) * 2.0
            inside = (outputs >= 0.0) & (outputs <= 1.0)
        else:
            even = 1.0 / outputs.shape[-1]
            share = (outputs.max(axis=-1) - even) / (1.0 - even)
            inside = (outputs >= 0.0) & (np.abs(outputs.sum(axis=-1, keepdims=True) - 1.0) < 1e-3)
    probabilities = bool((inside | np.isnan(outputs)).all())
    return np.clip(np.nan_to_num(share), 0.0, 1.0) if probabilities else np.ones(outputs.shape[:-1])


def margins(outputs: np.ndarray) -> list[np.ndarray]:
    """Functions on the grid that are 0 exactly along the borders between classes."""
    count = outputs.shape[-1]
    if count == 1:
        return [outputs[..., 0] - 0.5]
    with np.errstate(invalid="ignore"):  # infinity less infinity is no border
        others = [np.delete(outputs, number, axis=-1).max(axis=-1) for number in range(count - 1)]
        return [outputs[..., number] - other for number, other in enumerate(others)]  # the last has a border with these


def checked_names(names: Sequence[Any] | None, classes: int) -> list[str]:
    """The classes' names as text."""
    if names is None:
        return [f"class {number}" for number in range(classes)]
    if isinstance(names, str) or len(names) != classes:
        raise InputError(f"names={names!r}: expected one name for each of the {classes} classes.")
    return [str(name) for name in names]


def _points(X: Any, y: Any, which: str) -> tuple[np.ndarray, np.ndarray]:
    x, targets = np.asarray(X), np.asarray(y)
    if x.ndim == 1:
        x = x[:, None]
    if x.ndim != 2 or x.shape[1] not in (1, 2) or x.dtype.kind not in "fiub" or not len(x):
        raise DataError(
            f"{which}X has shape {x.shape}: a picture of the regions needs one or two inputs, (rows, 2). For a network "
            "of more inputs choose two and fix the others: predict=lambda two: model.predict(fill_in(two))."
        )
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    if targets.ndim not in (1, 2) or len(targets) != len(x) or targets.dtype.kind not in "fiub":
        raise DataError(f"{which}X has {len(x)} rows and {which}y has shape {targets.shape}: give one target a row.")
    return x if x.dtype.kind == "f" else x.astype(np.float32), targets


def _labels(y: np.ndarray, count: int, task: str | None) -> np.ndarray | None:
    """Targets as labels int64 (n,), or None where they are the values of a regression."""
    binary = bool(((y == 0) | (y == 1)).all())
    if y.ndim == 2:
        if task == "regression" or y.shape[1] != count or not binary or not (y.sum(axis=1) == 1).all():
            return None
        return y.argmax(axis=1)
    if task == "regression" or (task is None and count == 1 and not binary):
        return None
    classes = max(count, 2)
    if not (np.isfinite(y).all() and (y == np.rint(y)).all() and y.min() >= 0 and y.max() < classes):
        raise DataError(
            f"y goes from {y.min()} to {y.max()}, but the network returns {count} output(s) a row: labels are whole "
            f"numbers from 0 to {classes - 1}."
        )
    return y.astype(np.int64)


def _one_column(y: np.ndarray, count: int) -> np.ndarray:
    if y.ndim != 1 or count != 1:
        raise DataError(
            f"y has shape {y.shape} and the network returns {count} values a row: a picture shows one of them. "
            "Choose it: draw(lambda x: model.predict(x)[:, 0], X, y[:, 0])."
        )
    return y.astype(np.float64)


def _centres(low: float, high: float, cells: int) -> np.ndarray:
    """The middles of `cells` equal parts from `low` to `high`."""
    return low + (np.arange(cells) + 0.5) * ((high - low) / cells)
