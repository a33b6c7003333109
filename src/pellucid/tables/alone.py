"""How well one column alone, or several together, tell the target: small models that fit in a page, scored on rows they
were not fitted on.

They are for suspicion, not for prediction: whether a column knows the answer (`tables.leakage`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEAVES = 2  # intervals a class, at most, into which a number is cut
GROUPS = 100  # of rows through whose means a curve goes
NEIGHBOURS = 5
WIDTH = 20  # categories of a column that get a feature of their own where several columns are looked at together


@dataclass
class Feature:
    """One column: float64 with NaN, or codes int64 from 0 where `words` (a value that is missing is a code of its own)."""

    name: str
    values: np.ndarray
    words: bool

    def part(self, rows: np.ndarray) -> Feature:
        """Some rows."""
        return Feature(self.name, self.values[rows], self.words)


def alone(feature: Feature, y: np.ndarray, classes: int) -> float:
    """Mean recall of classes, or R2 where `classes` is 0, of one column; either half of the rows judges the other."""
    half = len(y) // 2
    first, second = np.arange(half), np.arange(half, len(y))
    guess = np.empty(len(y), y.dtype)
    for fit, judge in ((first, second), (second, first)):
        x, new = feature.values[fit], feature.values[judge]
        if feature.words:
            guess[judge] = _by_code(x, y[fit], new, classes)
        elif classes:
            guess[judge] = _by_cuts(x, y[fit], new, classes)
        else:
            guess[judge] = _by_curve(x, y[fit], new)
    return score(guess, y, classes)


def together(features: list[Feature], y: np.ndarray, classes: int) -> float:
    """The better score of a linear model and of the nearest neighbours over several columns."""
    if not features:
        return 0.0
    X = np.concatenate([_scaled(feature) for feature in features], axis=1)
    Y = np.eye(classes)[y] if classes else y[:, None]
    half = len(y) // 2
    first, second = np.arange(half), np.arange(half, len(y))
    linear, near = np.empty_like(Y), np.empty_like(Y)
    for fit, judge in ((first, second), (second, first)):
        Z = np.concatenate([X[fit], np.ones((len(fit), 1))], axis=1)
        weights = np.linalg.solve(Z.T @ Z + 1e-3 * len(fit) * np.eye(Z.shape[1]), Z.T @ Y[fit])
        linear[judge] = X[judge] @ weights[:-1] + weights[-1]
        distance = (X[fit] ** 2).sum(axis=1)[None] - 2.0 * X[judge] @ X[fit].T
        nearest = np.argpartition(distance, min(NEIGHBOURS, len(fit)) - 1, axis=1)[:, :NEIGHBOURS]
        near[judge] = Y[fit][nearest].mean(axis=1)
    if classes:
        return max(score(outputs.argmax(axis=1), y, classes) for outputs in (linear, near))
    return max(score(outputs[:, 0], y, 0) for outputs in (linear, near))


def score(guess: np.ndarray, y: np.ndarray, classes: int) -> float:
    """Mean recall of the classes that are there, or R2."""
    if classes:
        rows = np.bincount(y, minlength=classes)
        hits = np.bincount(y[guess == y], minlength=classes)
        return float((hits[rows > 0] / rows[rows > 0]).mean())
    spread = float(((y - y.mean()) ** 2).sum())
    return 1.0 - float(((y - guess) ** 2).sum()) / spread if spread > 0 else 0.0


def _by_code(x: np.ndarray, y: np.ndarray, new: np.ndarray, classes: int) -> np.ndarray:
    """The commonest class, or the mean, of each category; of all rows for a category that is new."""
    codes = int(max(x.max(), new.max())) + 1
    if classes:
        counts = np.zeros((codes, classes), np.int64)
        np.add.at(counts, (x, y), 1)
        most = np.where(counts.sum(axis=1) > 0, counts.argmax(axis=1), np.bincount(y).argmax())
        return most[new]
    rows = np.bincount(x, minlength=codes)
    mean = np.where(rows > 0, np.bincount(x, y, codes) / np.maximum(rows, 1), y.mean())
    return mean[new]


def _below(x: np.ndarray, new: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Missing numbers as one value below all others."""
    known = x[~np.isnan(x)]
    low = (known.min() - max(1.0, float(np.ptp(known)))) if len(known) else 0.0
    return np.nan_to_num(x, nan=low), np.nan_to_num(new, nan=low)


def _by_cuts(x: np.ndarray, y: np.ndarray, new: np.ndarray, classes: int) -> np.ndarray:
    """The commonest class between cuts that part the classes best (Gini), the best cut first: a tree over one number."""
    x, new = _below(x, new)
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    total = np.zeros((len(y) + 1, classes), np.int32)  # rows of each class before each place
    np.cumsum(np.eye(classes, dtype=np.int32)[y], axis=0, out=total[1:])
    parts = {0: (len(y), *_best_cut(x, total, 0, len(y)))}
    while len(parts) < LEAVES * min(classes, 20):
        start, (stop, gain, place) = max(parts.items(), key=lambda part: part[1][1])
        if gain <= 1e-9:
            break
        parts[start] = (place, *_best_cut(x, total, start, place))
        parts[place] = (stop, *_best_cut(x, total, place, stop))
    starts = np.array(sorted(parts))
    most = np.array([(total[parts[start][0]] - total[start]).argmax() for start in starts])
    cuts = (x[starts[1:]] + x[starts[1:] - 1]) / 2.0
    return most[np.searchsorted(cuts, new, side="left")]


def _best_cut(x: np.ndarray, total: np.ndarray, start: int, stop: int) -> tuple[float, int]:
    """(what the best cut of the rows from `start` to `stop` gains, its place)."""
    places = start + 1 + np.flatnonzero(x[start + 1 : stop] != x[start : stop - 1])
    if not len(places):
        return 0.0, start
    left, whole = (total[places] - total[start]).astype(np.float64), (total[stop] - total[start]).astype(np.float64)
    right = whole - left
    gains = (left**2).sum(axis=1) / (places - start) + (right**2).sum(axis=1) / (stop - places)
    best = int(gains.argmax())
    return float(gains[best] - (whole**2).sum() / (stop - start)), int(places[best])


def _by_curve(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """A line through the means of each value, or of groups of neighbouring rows; missing numbers have a mean of their own."""
    none = np.isnan(x)
    if (~none).sum() < 4:
        return np.full(len(new), y.mean())
    known, values = x[~none], y[~none]
    points, group = np.unique(known, return_inverse=True)
    if len(points) > GROUPS:
        group = np.argsort(np.argsort(known, kind="stable"), kind="stable") * min(GROUPS, len(known) // 5) // len(known)
    rows = np.bincount(group)
    points, means = np.bincount(group, known) / rows, np.bincount(group, values) / rows
    guess = np.interp(np.nan_to_num(new), points, means)
    return np.where(np.isnan(new), y[none].mean() if none.any() else y.mean(), guess)


def _scaled(feature: Feature) -> np.ndarray:
    """Columns of mean 0 and standard deviation 1: the number and whether it is missing, or the commonest categories."""
    if feature.words:
        common = np.argsort(-np.bincount(feature.values), kind="stable")[:WIDTH]
        columns = (feature.values[:, None] == common).astype(np.float64)
    else:
        none = np.isnan(feature.values)
        middle = float(np.median(feature.values[~none])) if not none.all() else 0.0
        columns = np.stack([np.where(none, middle, feature.values), none], axis=1)
    columns = columns - columns.mean(axis=0)
    spread = columns.std(axis=0)
    return columns[:, spread > 0] / spread[spread > 0]
