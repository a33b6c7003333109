"""What can be had without a network: the contenders that it has to beat.

The most frequent class or the mean; a linear model; gradient-boosted trees, where scikit-learn is installed. The first
two are a few lines of NumPy, so that they are the same everywhere. Answers and truth are shaped as in `scores`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from pellucid.randomness import generator

FREQUENT, MEAN, MEDIAN = "the most frequent class", "the mean", "the median"
EACH = "the most frequent answers"
CONSTANT = (FREQUENT, MEAN, MEDIAN, EACH)  # the same answer for every row
LINEAR, TREES = "a linear model", "gradient-boosted trees"
ENOUGH, CELLS = 100_000, 10**8  # rows, and rows x features x classes, that determine a linear model
WIDE = 2000  # with more features, it would take longer than it is worth
TREE_CELLS = 2 * 10**7  # rows x features that trees grow on: more take minutes, and copies of them gigabytes
STEPS = 300
ALONE = 20_000  # rows of trees that one thread grows
MISSING = (
    "Gradient-boosted trees, the baseline that is hardest to beat on tables, need scikit-learn, which is not installed: "
    'pip install "pellucid[tabular]"'
)


class Baselines:
    """Baselines for a task of scores.Scoring: `fit_predict` gives their answers, `note` what could not be had.

    `classes`: of a classification. `balanced`: every class counts alike. `median`: the middle is asked for, not the mean.
    """

    def __init__(
        self,
        task: str,
        classes: int = 0,
        balanced: bool = False,
        median: bool = False,
        seed: int = 0,
        trees: bool = True,
    ) -> None:
        self.task, self.classes, self.balanced, self.median, self.seed = task, classes, balanced, median, seed
        self.note = "" if not trees or _trees_there() else MISSING
        self.trees = trees and not self.note

    def fit_predict(self, X: np.ndarray, truth: np.ndarray, X_new: np.ndarray) -> dict[str, np.ndarray]:
        """{name: answers for the rows X_new} of baselines that learned from X (rows, features) and their truth."""
        return dict(self.one_by_one(X, truth, X_new))

    def one_by_one(self, X: np.ndarray, truth: np.ndarray, X_new: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """The same, (name, answers) as soon as each has learned, the quickest first."""
        yield self._constant(truth, len(X_new))
        if X.shape[1] and X.shape[1] <= WIDE:
            yield LINEAR, self._linear(X, truth, X_new)
            if self.trees:
                with _threads(len(X)):
                    answers = self._trees(X, truth, X_new)
                yield TREES, answers

    def weights(self, labels: np.ndarray) -> np.ndarray:
        """What each row counts, mean 1: rare classes more where they are balanced."""
        if not self.balanced:
            return np.ones(len(labels))
        counts = np.bincount(labels, minlength=self.classes)
        return (len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1)))[labels]

    def _constant(self, truth: np.ndarray, rows: int) -> tuple[str, np.ndarray]:
        if self.task == "classification":
            shares = np.bincount(truth, self.weights(truth), self.classes) / len(truth)
            if self.balanced:  # all alike but for rounding: the most frequent one is still the answer
                shares[np.bincount(truth, minlength=self.classes).argmax()] += 1e-6
            return FREQUENT, np.tile(shares / shares.sum(), (rows, 1))
        if self.task == "multilabel":
            return EACH, np.tile(truth.mean(axis=0), (rows, 1))
        return (MEDIAN, np.tile(np.median(truth, axis=0), (rows, 1))) if self.median else (
            MEAN, np.tile(truth.mean(axis=0), (rows, 1))
        )  # fmt: skip

    def _linear(self, X: np.ndarray, truth: np.ndarray, X_new: np.ndarray) -> np.ndarray:
        cells = X.size * max(self.classes, 1)
        some = slice(None, None, max(-(-len(X) // ENOUGH), -(-cells // CELLS)))
        Z, Z_new, truth = X[some].astype(np.float64), X_new.astype(np.float64), truth[some]
        mean, std = Z.mean(axis=0), Z.std(axis=0)
        std = np.where(std > 1e-9 * (abs(mean) + 1e-30), std, 1.0)
        for each in (Z, Z_new):  # in place: of many rows, each copy is hundreds of megabytes
            each -= mean
            each /= std
        if self.task == "regression":
            return ridge(Z, truth, Z_new)
        if self.task == "classification":
            return logistic(Z, np.eye(self.classes)[truth], Z_new, self.weights(truth))
        columns = [logistic(Z, np.eye(2)[answers.astype(int)], Z_new)[:, 1] for answers in truth.T]
        return np.column_stack(columns)

    def said(self, rows: int, features: int) -> list[str]:
        """What is to be said of these baselines, learning from so many rows of so many features."""
        every = _every(rows * features)
        if every == 1 or not self.trees or features > WIDE:
            return [self.note] if self.note else []
        return [
            f"The gradient-boosted trees learned from one row in {every}: a table of this size would take them minutes."
        ]

    def _trees(self, X: np.ndarray, truth: np.ndarray, X_new: np.ndarray) -> np.ndarray:
        some = slice(None, None, _every(X.size))
        X, truth = X[some], truth[some]
        if self.task == "classification":
            return self._classifier(X, truth, X_new, self.classes)
        if self.task == "multilabel":
            return np.column_stack([self._classifier(X, y.astype(int), X_new, 2)[:, 1] for y in truth.T])
        from sklearn.ensemble import HistGradientBoostingRegressor

        loss = "absolute_error" if self.median else "squared_error"
        columns = [HistGradientBoostingRegressor(loss=loss, random_state=self._state).fit(X, y) for y in truth.T]
        return np.column_stack([model.predict(X_new) for model in columns])

    def _classifier(self, X: np.ndarray, labels: np.ndarray, X_new: np.ndarray, classes: int) -> np.ndarray:
        from sklearn.ensemble import HistGradientBoostingClassifier

        there, counts = np.unique(labels, return_counts=True)
        answers = np.zeros((len(X_new), classes))
        if len(there) < 2:  # one class alone needs no trees
            answers[:, there] = 1.0
            return answers
        # Rows to stop by are set aside of each class, which one row cannot be.
        options: dict[str, Any] = {} if counts.min() > 1 else {"early_stopping": False}
        weight = "balanced" if self.balanced and self.task == "classification" else None
        model = HistGradientBoostingClassifier(random_state=self._state, class_weight=weight, **options)
        answers[:, there] = model.fit(X, labels).predict_proba(X_new)
        return answers

    @property
    def _state(self) -> int:
        return self.seed & 0xFFFFFFFF  # scikit-learn takes 32 bits


def _every(cells: int) -> int:
    """Of so many cells, one row in how many do trees grow on?"""
    return max(1, -(-cells // TREE_CELLS))


def _trees_there() -> bool:
    from importlib.util import find_spec

    return find_spec("sklearn") is not None


def _threads(rows: int) -> AbstractContextManager[Any]:
    """Few rows take longer to be dealt out among threads than to be learned from by one."""
    if rows > ALONE:
        return nullcontext()
    from threadpoolctl import threadpool_limits

    made: AbstractContextManager[Any] = threadpool_limits(1, "openmp")
    return made


def ridge(X: np.ndarray, y: np.ndarray, X_new: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """Least squares and `strength` times the squared weights: X standardised (n, d), y (n, t); predictions for X_new."""
    centre = y.mean(axis=0)
    if X.shape[1] <= len(X):
        weights = np.linalg.solve(X.T @ X + strength * np.eye(X.shape[1]), X.T @ (y - centre))
    else:  # the same weights by way of the smaller matrix
        weights = X.T @ np.linalg.solve(X @ X.T + strength * np.eye(len(X)), y - centre)
    return X_new @ weights + centre


def logistic(
    X: np.ndarray, targets: np.ndarray, X_new: np.ndarray, weights: np.ndarray | None = None, strength: float = 1.0
) -> np.ndarray:
    """Probabilities for X_new of a logistic regression with `strength` / 2 times the squared weights (C = 1 / strength).
    Of two classes, whose weights are each other's opposites, the squares of their difference count.

    X standardised (n, d), targets one-hot (n, k), weights (n,). Accelerated gradient steps with restarts: Nesterov
    (1983), O'Donoghue and Candes (2015).
    """
    X = np.column_stack([X, np.ones(len(X))])
    share = (np.ones(len(X)) if weights is None else weights)[:, None] / len(X)
    decay = np.full((X.shape[1], 1), strength * (2.0 if targets.shape[1] == 2 else 1.0) / len(X))
    decay[-1] = 0.0  # the intercept is free
    rate = 1.0 / (0.5 * _largest(X, share[:, 0]) + decay[0, 0])
    W = ahead = np.zeros((X.shape[1], targets.shape[1]))
    momentum = 1.0
    for _ in range(STEPS):
        errors = _softmax(X @ ahead)
        errors -= targets
        errors *= share
        gradient = X.T @ errors + decay * ahead
        new = ahead - rate * gradient
        if float((gradient * (new - W)).sum()) > 0:  # uphill: start anew from here
            momentum = 1.0
        following = (1.0 + np.sqrt(1.0 + 4.0 * momentum * momentum)) / 2.0
        ahead = new + (momentum - 1.0) / following * (new - W)
        W, momentum = new, following
        if abs(gradient).max() < 1e-5:
            break
    return _softmax(X_new @ W[:-1] + W[-1])


def _softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities (rows, classes) in place of the logits: with many classes, hundreds of such arrays are the whole work."""
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits


def _largest(X: np.ndarray, share: np.ndarray) -> float:
    """The largest eigenvalue of X.T @ diag(share) @ X, by power iteration, and a little more."""
    vector: np.ndarray = generator(0, "noise").normal(size=(X.shape[1],))
    value = 1.0
    for _ in range(30):
        vector = X.T @ (share * (X @ vector))
        value = float(np.linalg.norm(vector))
        vector /= value or 1.0
    return 1.05 * value
