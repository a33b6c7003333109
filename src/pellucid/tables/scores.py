"""The figures of a contender on rows that it has not seen, made so that they can be taken of resampled rows as well.

Every figure is a function of sums over the rows. So a contender's answers become one small vector a row (`statistics`),
and its figures follow from any weighted sum of those (`figures`): of all rows, of one fold's, or of a resample's.

Answers and truth, here and in the rest of `tables`, are float64 and int64 arrays of these shapes:

==============  ==========================================  ===============================
task            answers                                     truth
==============  ==========================================  ===============================
classification  probabilities (rows, classes)               class numbers (rows,)
multilabel      probability of yes (rows, targets)          0 or 1 (rows, targets)
regression      numbers in the table's unit (rows, targets) the same
==============  ==========================================  ===============================
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LEAST = 1e-12  # the probability that counts for one below it, as in the losses


class Scoring:
    """What is measured for a task. `names`: of the targets. `main`: the figure that decides; more is better for it."""

    def __init__(self, task: str, names: Sequence[str] = ("y",), classes: int = 0, balanced: bool = False) -> None:
        self.task, self.names, self.classes = task, list(names), classes
        self.main = "r2" if task == "regression" else "balanced_accuracy" if balanced else "accuracy"
        if task == "multilabel":
            self.main = "accuracy"

    def statistics(self, answers: np.ndarray, truth: np.ndarray) -> np.ndarray:
        """Float64 (rows, numbers): what the figures are sums of."""
        return {"classification": self._of_classes, "multilabel": self._of_labels, "regression": self._of_numbers}[
            self.task
        ](np.asarray(answers, np.float64), np.asarray(truth))

    def figures(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """Every figure from sums of statistics (..., numbers): arrays (...)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return {"classification": self._classes, "multilabel": self._labels, "regression": self._numbers}[
                self.task
            ](np.asarray(sums, np.float64))

    def of(self, answers: np.ndarray, truth: np.ndarray) -> dict[str, float]:
        """The figures on all rows."""
        return {k: float(v) for k, v in self.figures(self.statistics(answers, truth).sum(axis=0)).items()}

    def losses(self, answers: np.ndarray, truth: np.ndarray) -> np.ndarray:
        """How wrong each row is, float64 (rows,): log loss, or squared error in units of each target's spread."""
        answers = np.asarray(answers, np.float64)
        if self.task == "classification":
            return -np.log(np.maximum(answers[np.arange(len(truth)), truth], LEAST))
        if self.task == "multilabel":
            return _log_loss(answers, truth)
        spread = truth.std(axis=0)
        return (((answers - truth) / np.where(spread > 0, spread, 1.0)) ** 2).mean(axis=1)

    # -- classes -----------------------------------------------------------------------------------------------------

    def _of_classes(self, answers: np.ndarray, truth: np.ndarray) -> np.ndarray:
        one, rows = np.eye(self.classes), np.arange(len(truth))
        predicted = one[answers.argmax(axis=1)]
        true = one[truth]
        loss = -np.log(np.maximum(answers[rows, truth], LEAST))
        return np.column_stack([np.ones(len(truth)), loss, predicted * true, predicted, true])

    def _classes(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        rows, loss = sums[..., 0], sums[..., 1]
        right, predicted, true = np.split(sums[..., 2:], 3, axis=-1)
        figures = {
            "accuracy": right.sum(axis=-1) / rows,
            "balanced_accuracy": _mean(right / true, true > 0),
            "f1": _mean(2 * right / (predicted + true), predicted + true > 0),
            "log_loss": loss / rows,
        }
        return {self.main: figures.pop(self.main), **figures}

    # -- yes or no, several times ------------------------------------------------------------------------------------

    def _of_labels(self, answers: np.ndarray, truth: np.ndarray) -> np.ndarray:
        predicted, true = (answers > 0.5).astype(float), truth.astype(float)
        same = predicted == true
        loss = _log_loss(answers, true)
        return np.column_stack(
            [np.ones(len(true)), same.mean(axis=1), same.all(axis=1), loss, predicted * true, predicted, true]
        )

    def _labels(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        rows = sums[..., 0]
        right, predicted, true = np.split(sums[..., 4:], 3, axis=-1)
        f1 = _mean(2 * right / (predicted + true), predicted + true > 0)
        return {
            "accuracy": sums[..., 1] / rows, "all_right": sums[..., 2] / rows, "f1": f1, "log_loss": sums[..., 3] / rows,
        }  # fmt: skip

    # -- numbers -----------------------------------------------------------------------------------------------------

    def _of_numbers(self, answers: np.ndarray, truth: np.ndarray) -> np.ndarray:
        error = answers - truth
        about = truth - truth.mean(axis=0)  # the digits that count are not lost to a large mean
        return np.column_stack([np.ones(len(truth)), error**2, abs(error), about, about**2])

    def _numbers(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        rows = sums[..., :1]
        squared, absolute, about, about_squared = np.split(sums[..., 1:], 4, axis=-1)
        spread = about_squared - about**2 / rows
        r2 = np.where(spread > 1e-12 * about_squared, 1.0 - squared / spread, (squared == 0).astype(float))
        rmse, mae = np.sqrt(squared / rows), absolute / rows
        if len(self.names) == 1:
            return {"r2": r2[..., 0], "rmse": rmse[..., 0], "mae": mae[..., 0]}
        each = {"r2": r2, "rmse": rmse, "mae": mae}
        return {"r2": r2.mean(axis=-1)} | {
            f"{figure} of {name}": values[..., k]
            for k, name in enumerate(self.names)
            for figure, values in each.items()
        }


def _log_loss(answers: np.ndarray, truth: np.ndarray) -> np.ndarray:
    right = np.where(truth > 0.5, answers, 1.0 - answers)
    return -np.log(np.maximum(right, LEAST)).mean(axis=1)


def _mean(values: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Mean over the last axis of those values that are there; 0 where none is."""
    return np.where(there, values, 0.0).sum(axis=-1) / np.maximum(there.sum(axis=-1), 1)
