"""Columns that know the answer.

A leak is a column that will not be there, or not yet, when the model is used: the target under another name, in another
unit, or written down after the fact. From the table alone one can only see that a column tells too much:

* **equal** to the target, or **one-to-one** with its classes, in every row: always said.
* **correlated** above 0.999 with a numeric target, or in the same order as it in nearly every row: said unless it is the
  only column, from which the target may well follow.
* **alone at 0.99** (mean recall or R2 on rows not fitted on): said only where the other columns together do clearly worse.
  Flowers whose petals part them perfectly are an easy table, not a leak: there the other columns know nearly as much.

`benchmarks/tables_found.py` counts what these rules find and what they say of clean tables. They cannot tell a leak from a
clean table in which one column alone decides and all others are noise; the warning asks, and nothing is left out by itself.
"""

from __future__ import annotations

import numpy as np

from pellucid.options import option
from pellucid.randomness import permutation
from pellucid.tables.alone import Feature, alone, together
from pellucid.tables.plan import Warn
from pellucid.tables.wording import shown

CORRELATED = 0.999
SAME_ORDER = 0.9999  # correlation of the ranks
ALONE = 0.99
WORSE = 0.02  # what the other columns miss where one column at 0.99 is no easy table,
TIMES = 3.0  # and how many times more than that one column misses
ROWS = 5  # and how many rows more, so that no single row decides
LEAST = 20  # rows below which nothing is said
MOST = 20_000  # rows that are looked at
MOST_TOGETHER = 2_000
VALUES = 4_000_000  # of all columns that are looked at


def leaks(features: list[Feature], y: np.ndarray, classes: int, target: str) -> list[Warn]:
    """One warning for every column that tells too much about `y`: class numbers, or float64 where `classes` is 0."""
    if len(y) < LEAST or not features or len(np.unique(y)) < 2:
        return []
    rows = _some(len(y), min(MOST, max(MOST_TOGETHER, VALUES // len(features))))
    features, y = [feature.part(rows) for feature in features], y[rows]
    found = {}
    for feature in features:
        if why := _same(feature, y, classes, len(features) > 1):
            found[feature.name] = why
    rest = [feature for feature in features if feature.name not in found]
    found |= _tell(rest, y, classes)
    return [_warn(name, why, target) for name, why in found.items()]


def _some(rows: int, most: int) -> np.ndarray:
    """Rows in an order that does not depend on theirs, the same each time."""
    return permutation(0, 0, rows)[:most]


def _warn(name: str, why: str, target: str) -> Warn:
    flag = option("drop", [name])
    text = f"{shown(name)} {why} {shown(target)}. Is it known when a prediction is made? {flag} leaves it out."
    return Warn("leakage", name, text, flag)


def _same(feature: Feature, y: np.ndarray, classes: int, others: bool) -> str:
    """What makes the column the target itself, or ""."""
    if classes:
        return "stands one-to-one for the classes of" if _one_to_one(feature, y) else ""
    if feature.words:
        return (
            "stands one-to-one for the values of" if _one_to_one(feature, y) and len(np.unique(y)) * 2 <= len(y) else ""
        )
    known = ~np.isnan(feature.values)
    if known.sum() < LEAST:
        return ""
    x, values = feature.values[known], y[known]
    if np.array_equal(x, values):
        return "is equal in every row to"
    if others and _correlation(x, values) > CORRELATED:
        return f"is correlated above {CORRELATED} with"
    few = len(np.unique(x)) * 2 < len(x) or len(np.unique(values)) * 2 < len(values)  # with ties an order says less
    if others and not few and _correlation(_ranks(x), _ranks(values)) > SAME_ORDER:
        return "puts the rows in the same order as"
    return ""


def _one_to_one(feature: Feature, y: np.ndarray) -> bool:
    """Whether each value goes with one value of `y` and the other way round."""
    x = np.unique(feature.values, return_inverse=True, equal_nan=True)[1].ravel()
    target = np.unique(y, return_inverse=True)[1].ravel()
    pairs = len(np.unique(x * (int(target.max()) + 1) + target))
    return pairs == int(x.max()) + 1 == int(target.max()) + 1


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    x, y = x - x.mean(), y - y.mean()
    x, y = x / (np.abs(x).max() or 1.0), y / (np.abs(y).max() or 1.0)  # squares of large numbers overflow
    size = float(np.sqrt((x**2).sum() * (y**2).sum()))
    return abs(float((x * y).sum())) / size if size > 0 else 0.0


def _ranks(values: np.ndarray) -> np.ndarray:
    """The place of each value, the middle one for equal values."""
    ordered = np.sort(values)
    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / 2.0


def _tell(features: list[Feature], y: np.ndarray, classes: int) -> dict[str, str]:
    """Columns that score 0.99 alone, where the other columns together do clearly worse."""
    if len(features) < 2:
        return {}
    alone_at = {feature.name: alone(feature, y, classes) for feature in features}
    suspects = [name for name, value in alone_at.items() if value >= ALONE]
    rest = [feature for feature in features if alone_at[feature.name] < ALONE]
    if not suspects or not rest:
        return {}
    least = np.arange(min(len(y), MOST_TOGETHER))
    missed = 1.0 - together([feature.part(least) for feature in rest], y[least], classes)
    found = {}
    for name in suspects:
        own = 1.0 - alone_at[name]
        if missed >= WORSE and missed >= TIMES * own and (missed - own) * len(y) >= ROWS:
            what = "mean recall" if classes else "R2"
            found[name] = (
                f"alone scores {alone_at[name]:.3f} ({what}, all others together {max(1.0 - missed, 0.0):.2f}) for"
            )
    return found
