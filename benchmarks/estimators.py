"""pellucid's MLPClassifier and MLPRegressor beside scikit-learn's: score, time to fit, time to predict one row.

Run it as `python benchmarks/estimators.py [--quick]`. Both live in one process and take turns, pair by pair: the same rows,
the same random state, first the one, then the other, and the other way round in the next pair. A ratio is taken within a
pair. Both train with the defaults, in the dtype of the data (float64), so that both do the same arithmetic: the scores are
there to show that they do.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from typing import Any

import numpy as np
from turns import duration
from verdict import Goal, table

GOAL_FIT, GOAL_SMALL_BATCHES, GOAL_ROW = 2.0, 5.0, 8.0
SMALL = 32  # rows a step where batches are small


def tables(quick: bool) -> dict[str, dict[str, Any]]:
    """Name -> rows, targets, the estimators' settings, and how many pairs are fitted."""
    from sklearn import datasets

    found: dict[str, dict[str, Any]] = {}
    pairs = 2 if quick else 10
    for name in ("iris", "wine", "breast_cancer", "digits", "diabetes", "linnerud"):
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        found[name] = {"X": X, "y": y, "settings": {}, "pairs": pairs}
        if name in ("wine", "digits"):
            found[f"{name}, batches of {SMALL}"] = {"X": X, "y": y, "settings": {"batch_size": SMALL}, "pairs": pairs}
    for rows in (1_000, 10_000) if quick else (1_000, 10_000, 100_000, 1_000_000):
        X, y = datasets.make_classification(rows, 20, n_informative=10, n_classes=3, random_state=0)
        epochs = max(2, min(200, 2_000_000 // rows))
        settings = {"max_iter": 5 if quick else epochs}
        made = {"X": X, "y": y, "settings": settings, "pairs": min(pairs, max(2, 1_000_000 // rows))}
        found[f"made, {rows:,} rows"] = made
        if rows == 10_000:
            found[f"made, {rows:,} rows, batches of {SMALL}"] = made | {"settings": settings | {"batch_size": SMALL}}
    return found


def kinds(y: np.ndarray) -> tuple[Any, Any]:
    """(scikit-learn's estimator, ours) for targets of this kind."""
    from sklearn import neural_network

    from pellucid import estimators

    name = "MLPClassifier" if y.ndim == 1 and y.dtype.kind in "iu" else "MLPRegressor"
    return getattr(neural_network, name), getattr(estimators, name)


def one_pair(task: dict[str, Any], seed: int) -> dict[str, tuple[float, float]]:
    """(scikit-learn's, ours) of every figure, on one split of the rows."""
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    X, X_new, y, y_new = train_test_split(task["X"], task["y"], test_size=0.25, random_state=seed)
    scaler = StandardScaler().fit(X)
    X, X_new = scaler.transform(X), scaler.transform(X_new)
    if y.dtype.kind == "f":
        y_scaler = StandardScaler().fit(y.reshape(len(y), -1))
        y, y_new = (y_scaler.transform(part.reshape(len(part), -1)).reshape(part.shape) for part in (y, y_new))
    made = [kind(random_state=seed, **task["settings"]) for kind in kinds(y)]
    seconds = [0.0, 0.0]
    for place in (0, 1) if seed % 2 == 0 else (1, 0):
        start = time.perf_counter()
        made[place].fit(X, y)
        seconds[place] = time.perf_counter() - start
    scores = [estimator.score(X_new, y_new) for estimator in made]
    return {"seconds": tuple(seconds), "score": tuple(scores), "row": one_row(made, X_new[:1], seed)}


def one_row(made: list[Any], row: np.ndarray, seed: int, count: int = 100) -> tuple[float, float]:
    """Seconds that `predict` of one row takes, (scikit-learn's, ours): the best of five turns."""
    best = [float("inf")] * 2
    for turn in range(5):
        for place in (0, 1) if (seed + turn) % 2 == 0 else (1, 0):
            predict = made[place].predict
            start = time.perf_counter()
            for _ in range(count):
                predict(row)
            best[place] = min(best[place], (time.perf_counter() - start) / count)
    return best[0], best[1]


def measure(quick: bool = False) -> dict[str, Any]:
    """Every table, pair by pair."""
    outcome: dict[str, Any] = {}
    try:
        import sklearn
    except ImportError:
        return {"absent": "scikit-learn: not installed"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, task in tables(quick).items():
            one_pair(task | {"settings": task["settings"] | {"max_iter": 2}}, 0)  # warm: imports, caches, threads
            pairs = [one_pair(task, seed) for seed in range(task["pairs"])]
            figures = {figure: [list(pair[figure]) for pair in pairs] for figure in ("seconds", "score", "row")}
            outcome[name] = figures | {"small": task["settings"].get("batch_size", 200) <= SMALL}
            print(f"  {name}: done", file=sys.stderr)
    return {"tables": outcome, "version": sklearn.__version__}


def ratios(pairs: list[list[float]]) -> list[float]:
    """Scikit-learn's over ours, of every pair."""
    return [theirs / ours for theirs, ours in pairs]


def goals(result: dict[str, Any]) -> list[Goal]:
    """Each promise beside its figure."""
    found = []
    for name, figures in result.get("tables", {}).items():
        of_fit = ratios(figures["seconds"])
        note = f"pairs from {min(of_fit):.2f} to {max(of_fit):.2f}"
        goal = GOAL_SMALL_BATCHES if figures["small"] else GOAL_FIT
        found.append(
            Goal(f"fit, {name}: times scikit-learn's speed", statistics.median(of_fit), goal, "at least", note)
        )
        of_row = ratios(figures["row"])
        note = f"pairs from {min(of_row):.1f} to {max(of_row):.1f}"
        what = f"predict one row, {name}: times scikit-learn's speed"
        found.append(Goal(what, statistics.median(of_row), GOAL_ROW, "at least", note))
        behind, error = lost(figures["score"])
        what, note = f"score, {name}: behind scikit-learn's", "goal: one standard error over the splits"
        found.append(Goal(what, behind, error, "at most", note))
    return found


def lost(scores: list[list[float]]) -> tuple[float, float]:
    """(by how much our mean score is lower, one standard error of theirs)."""
    theirs, ours = zip(*scores, strict=True)
    error = statistics.stdev(theirs) / len(theirs) ** 0.5 if len(theirs) > 1 else 0.0
    return max(0.0, statistics.fmean(theirs) - statistics.fmean(ours)), error + 1e-12


def report(result: dict[str, Any]) -> str:
    """The tables, in Markdown."""
    if "tables" not in result:
        return f"Absent: {result['absent']}.\n"
    rows = []
    for name, figures in result["tables"].items():
        theirs, ours = (list(column) for column in zip(*figures["seconds"], strict=True))
        score = [
            f"{statistics.fmean(column):.4f} +- {spread(column):.4f}" for column in zip(*figures["score"], strict=True)
        ]
        row = [statistics.median(column) for column in zip(*figures["row"], strict=True)]
        rows.append([
            name, duration(statistics.median(theirs)), duration(statistics.median(ours)),
            f"{statistics.median(ratios(figures['seconds'])):.2f}", *score, duration(row[0]), duration(row[1]),
            f"{statistics.median(ratios(figures['row'])):.1f}",
        ])  # fmt: skip
    columns = ["table", "fit, theirs", "ours", "ratio", "score, theirs", "ours", "one row, theirs", "ours", "ratio"]
    text = f"Beside scikit-learn {result['version']}; scores are means over splits and their spread (standard deviation).\n\n"
    return text + table(columns, rows)


def spread(values: Any) -> float:
    """Standard deviation; 0 of a single value."""
    return statistics.stdev(values) if len(values) > 1 else 0.0


if __name__ == "__main__":
    outcome = measure("--quick" in sys.argv)
    print(report(outcome))
    print("\n".join(str(goal) for goal in goals(outcome)))
