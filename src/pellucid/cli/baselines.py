"""What can be had without a network: the figures that it has to beat."""

from __future__ import annotations

import math

import numpy as np

from pellucid import metrics
from pellucid.cli.task import Task

Scores = dict[str, dict[str, float]]
WIDE = 2000  # with more features than this a least-squares fit takes longer than it is worth
ENOUGH = 20_000  # rows that determine one


def figures(task: Task, outputs: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Accuracy and macro F1 of classes; R2, RMSE and MAE of numbers."""
    if task.kind == "classification":
        return {"accuracy": metrics.accuracy(outputs, y), "f1": metrics.f1(outputs, y)}
    return {"r2": metrics.r2(outputs, y), "rmse": metrics.rmse(outputs, y), "mae": metrics.mae(outputs, y)}


def judge(task: Task, X: np.ndarray, train: np.ndarray, test: np.ndarray) -> Scores:
    """The baselines' figures on the rows `test`, fitted on the rows `train`; X (rows, ...)."""
    y, y_test = task.y[train], task.y[test]
    if task.kind == "classification":
        targets = np.eye(task.classes)[y]
        most = int(np.bincount(y).argmax())
        name, guess = f"always class {most}, the most frequent", np.eye(task.classes)[np.full(len(test), most)]
    else:
        targets = y
        name, guess = "always the mean", np.repeat(y.mean(axis=0, keepdims=True), len(test), axis=0)
    scores = {name: figures(task, guess, y_test)}
    if math.prod(X.shape[1:]) <= WIDE:
        some = slice(None, None, -(-len(train) // ENOUGH))
        scores["a linear model"] = figures(task, _linear(X[train[some]], targets[some], X[test]), y_test)
    return scores


def _linear(X: np.ndarray, targets: np.ndarray, X_new: np.ndarray) -> np.ndarray:
    """Least squares with an intercept, and just enough ridge to be solvable; features brought to one scale first."""
    X, X_new = (values.reshape(len(values), -1).astype(np.float64) for values in (X, X_new))
    mean, std = X.mean(axis=0), X.std(axis=0)
    std = np.where(std > 0, std, 1.0)
    Z, centre = (X - mean) / std, targets.mean(axis=0)
    matrix = Z.T @ Z + 1e-6 * len(X) * np.eye(Z.shape[1])
    return (X_new - mean) / std @ np.linalg.solve(matrix, Z.T @ (targets - centre)) + centre


def interval(share: float, rows: int) -> tuple[float, float]:
    """Where a share counted on so many rows lies with 95 % certainty. Wilson (1927)."""
    if not rows:
        return 0.0, 1.0
    z = 1.959964
    middle = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows)) / (1 + z * z / rows)
    return middle - half, middle + half
