"""What each column is worth to the network: how much worse it is when the column's values are dealt out anew.

Breiman, *Random Forests* (2001), section 10. All features of a column move together. It says what this network leans on,
not what causes what; of two columns that say the same, each may look dispensable.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pellucid.randomness import generator
from pellucid.tables import intervals
from pellucid.tables.fitting import AT_ONCE, Fit
from pellucid.tables.intervals import Resampling
from pellucid.tables.scores import Scoring

ROWS = 2000  # that are looked at, at most
TIMES = 5  # each column is dealt out; once where there are many columns
MANY = 100
WORD = 18  # of the generator of "split"


def importance(
    done: Fit, scoring: Scoring, truth: np.ndarray, seed: int, clusters: np.ndarray | None = None
) -> list[dict[str, Any]]:
    """[{"column", "drop", "low", "high"}], the largest first: how far the main figure falls, with its 95 % interval.

    truth: of the rows judged; `clusters`: which of them belong together, as in `Resampling`. Ends of intervals come from
    the same resamples of rows for every column.
    """
    _, x, _ = done.judged
    some = np.arange(len(x))[:: -(-len(x) // ROWS)]
    x, truth = np.array(x[some]), truth[some]
    again = Resampling(len(some), seed, None if clusters is None else clusters[some])
    rng = generator(seed, "split", WORD)
    whole = _statistics(done, scoring, x, truth)
    times = TIMES if len(done.encoder.columns) <= MANY else 1
    result = []
    for number, column in enumerate(done.encoder.columns):
        moved = np.flatnonzero(np.asarray(done.encoder.column_of) == number)
        total = np.zeros_like(whole)
        for _ in range(times):
            mixed = x.copy()
            mixed[:, moved] = x[rng.permutation(len(x))][:, moved]
            total += _statistics(done, scoring, mixed, truth)
        drop = (
            scoring.figures(whole.sum(axis=0))[scoring.main] - scoring.figures(total.sum(axis=0) / times)[scoring.main]
        )
        fallen = (
            scoring.figures(again.sums(whole))[scoring.main] - scoring.figures(again.sums(total / times))[scoring.main]
        )
        low, high = intervals.middle(fallen) if again.enough else (math.nan, math.nan)
        result.append({"column": column, "drop": float(drop), "low": low, "high": high})
    return sorted(result, key=lambda entry: -entry["drop"])


def _statistics(done: Fit, scoring: Scoring, x: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return scoring.statistics(done.target.answers(done.model.predict(x, AT_ONCE)), truth)
