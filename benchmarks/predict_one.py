"""What it costs to ask a 2-64-3 network about a single row, in pellucid and in its peers.

Run it as `python benchmarks/predict_one.py [--quick]`.
"""

from __future__ import annotations

import statistics
import sys
from typing import Any

from turns import duration, median_ratio, take_turns
from verdict import Goal, table

CONTENDERS = ["pellucid", "PyTorch", "scikit-learn", "plain NumPy"]
GOAL_MICROSECONDS = 15.0
NUMPY_THEN = 12.0  # microseconds of plain NumPy on the machine that the goal was set on


def measure(quick: bool = False) -> dict[str, Any]:
    """All contenders in turns."""
    rounds, seconds = (5, 0.05) if quick else (25, 0.1)
    return take_turns("prediction_contenders", CONTENDERS, {}, rounds, seconds)


def goals(result: dict[str, Any]) -> list[Goal]:
    """The goal in microseconds, and the same goal freed from the machine's speed."""
    seconds = result["seconds"]
    if "pellucid" not in seconds:
        return []
    best = min(seconds["pellucid"]) * 1e6
    ratio = median_ratio(seconds["pellucid"], seconds["plain NumPy"])
    return [
        Goal(
            "one row, 2-64-3: microseconds", statistics.median(seconds["pellucid"]) * 1e6, GOAL_MICROSECONDS,
            "at most", f"best round {best:.1f}",
        ),
        Goal(
            "one row, 2-64-3: times plain NumPy's time", ratio, GOAL_MICROSECONDS / NUMPY_THEN,
            "at most", "the same goal on a machine of any speed",
        ),
    ]  # fmt: skip


def report(result: dict[str, Any]) -> str:
    """The table, in Markdown."""
    seconds = result["seconds"]
    rows = []
    for name in [name for name in CONTENDERS if name in seconds]:
        ratio = f"{median_ratio(seconds['PyTorch'], seconds[name]):.2f}" if "PyTorch" in seconds else "-"
        rows.append([name, duration(statistics.median(seconds[name])), duration(min(seconds[name])), ratio])
    text = table(["contender", "median", "best round", "times as fast as PyTorch"], rows)
    return text + "".join(f"\nAbsent: {name}: {reason}.\n" for name, reason in result["absent"].items())


if __name__ == "__main__":
    outcome = measure("--quick" in sys.argv)
    print(report(outcome))
    print("\n".join(str(goal) for goal in goals(outcome)))
