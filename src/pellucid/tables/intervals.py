"""How far a figure might be from what more rows would say: 95 % intervals, of figures and of differences between them.

By the bootstrap (Efron, 1979): the rows judged on are drawn anew, with replacement, 1000 times; the middle 95 % of what
the figure was then are its interval. Contenders are compared on the same draws, so that what is hard for both does not
hide which is better. Two intervals are taken from formulas instead, because resampling says nothing about what is rare:
a share (Wilson, 1927), and the difference of two shares on the same rows (Bonett and Price, 2012).
"""

from __future__ import annotations

import math

import numpy as np

from pellucid.randomness import generator
from pellucid.tables.scores import Scoring

DRAWS = 1000
GROUPS = 5  # fewer than this say nothing about how different groups are: no interval
BLOCKS = 4096  # more rows than this are summed in so many blocks, drawn whole: the spread of a sum stays what it is
Z = 1.959964  # the middle 95 % of a normal distribution
WORD = 17  # of the generator of "split": nothing else draws with it

Interval = tuple[float, float]


class Resampling:
    """Weighted sums over resampled rows. `clusters` (rows,): rows that belong together, such as one group's, are drawn
    together, since their errors are alike.
    """

    def __init__(self, rows: int, seed: int = 0, clusters: np.ndarray | None = None, draws: int = DRAWS) -> None:
        rng = generator(seed, "split", WORD)
        self.clustered = clusters is not None
        block = np.arange(rows) if clusters is None else np.unique(clusters, return_inverse=True)[1].ravel()
        count = int(block.max(initial=-1)) + 1
        self.enough = clusters is None or count >= GROUPS
        if count > BLOCKS:
            block, count = rng.permutation(count)[block] % BLOCKS, BLOCKS
        self.block, self.count = block, count
        drawn = rng.integers(count, size=(draws, count)) if count else np.zeros((draws, 0), np.int64)
        self.weights = np.stack([np.bincount(row, minlength=count) for row in drawn]).astype(np.float64)

    def sums(self, statistics: np.ndarray) -> np.ndarray:
        """Statistics (rows, numbers) summed over each resample: (draws, numbers)."""
        if self.count == len(statistics) and not self.clustered:
            return np.asarray(self.weights @ statistics)
        blocks = np.zeros((self.count, statistics.shape[1]))
        np.add.at(blocks, self.block, statistics)
        return np.asarray(self.weights @ blocks)


def middle(values: np.ndarray) -> Interval:
    """The middle 95 % of what resampling gave; (NaN, NaN) where it gave nothing finite."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return math.nan, math.nan
    low, high = np.quantile(finite, (0.025, 0.975))
    return float(low), float(high)


def of_share(share: float, rows: int) -> Interval:
    """Where a share counted on so many rows lies with 95 % certainty. Wilson (1927)."""
    if not rows:
        return 0.0, 1.0
    middle = (share + Z * Z / (2 * rows)) / (1 + Z * Z / rows)
    half = Z * math.sqrt(share * (1 - share) / rows + Z * Z / (4 * rows * rows)) / (1 + Z * Z / rows)
    return max(0.0, middle - half), min(1.0, middle + half)


def of_paired_shares(first: np.ndarray, second: np.ndarray) -> Interval:
    """Of the share of `first` less that of `second`, bool (rows,) about the same rows. Bonett and Price (2012)."""
    rows = len(first)
    more, less = (int((first & ~second).sum()) + 1) / (rows + 2), (int((second & ~first).sum()) + 1) / (rows + 2)
    half = Z * math.sqrt((more + less - (more - less) ** 2) / (rows + 2))
    return max(-1.0, more - less - half), min(1.0, more - less + half)


def of_figures(scoring: Scoring, statistics: np.ndarray, again: Resampling) -> dict[str, dict[str, float]]:
    """{figure: {"value", "low", "high"}} of one contender."""
    values, drawn = scoring.figures(statistics.sum(axis=0)), scoring.figures(again.sums(statistics))
    result = {}
    for name, value in values.items():
        low, high = middle(drawn[name])
        if name == "accuracy" and scoring.task == "classification" and not again.clustered:
            low, high = of_share(float(value), len(statistics))
        low, high = (low, high) if again.enough else (math.nan, math.nan)
        result[name] = {"value": float(value), "low": low, "high": high}
    return result


def of_difference(
    scoring: Scoring, own: np.ndarray, other: np.ndarray, again: Resampling
) -> dict[str, float]:  # fmt: skip
    """{"value", "low", "high"} of the main figure of statistics `own` less that of `other`, about the same rows."""
    main = scoring.main
    value = scoring.figures(own.sum(axis=0))[main] - scoring.figures(other.sum(axis=0))[main]
    low, high = middle(scoring.figures(again.sums(own))[main] - scoring.figures(again.sums(other))[main])
    if main == "accuracy" and scoring.task == "classification" and not again.clustered:
        right = slice(2, 2 + scoring.classes)
        low, high = of_paired_shares(own[:, right].sum(axis=1) > 0, other[:, right].sum(axis=1) > 0)
    low, high = (low, high) if again.enough else (math.nan, math.nan)
    return {"value": float(value), "low": low, "high": high}
