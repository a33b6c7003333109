"""What one training step costs, in pellucid and in its peers: Adam, float32, reshuffled mini-batches.

Run it as `python benchmarks/training_step.py [--quick]`.
"""

from __future__ import annotations

import statistics
import sys
from typing import Any

from turns import duration, median_ratio, spread, take_turns
from verdict import Goal, table

# rows: enough batches an epoch for the shuffle to weigh what it weighs in real use, few enough to stay in memory
NETWORKS: dict[str, dict[str, Any]] = {
    "4-16-3, batch 32": {"dims": [4, 16, 3], "batch": 32, "rows": 320},
    "2-64-3, batch 300": {"dims": [2, 64, 3], "batch": 300, "rows": 3000},
    "784-128-128-10, batch 128": {"dims": [784, 128, 128, 10], "batch": 128, "rows": 6400},
    "1024-2048-2048-1000, batch 256": {"dims": [1024, 2048, 2048, 1000], "batch": 256, "rows": 4096},
}
CONTENDERS = [
    "pellucid", "pellucid, jax", "JAX by hand", "PyTorch", "PyTorch compiled", "scikit-learn", "book's shape",
    "matrix products",
]  # fmt: skip
# times faster than PyTorch: the NumPy engine, the JAX engine
GOALS = dict(zip(NETWORKS, [(3.5, 20.0), (2.7, 8.0), (1.2, 2.0), (1.0, 1.5)], strict=True))
GOAL_BY_HAND = 1.10  # times the hand-written loop's time


def measure(quick: bool = False) -> dict[str, Any]:
    """All networks, one after the other; within each, all contenders in turns."""
    rounds, seconds = (3, 0.1) if quick else (9, 0.5)
    networks: dict[str, Any] = {}
    for name, spec in NETWORKS.items():
        networks[name] = take_turns("training_contenders", CONTENDERS, spec, rounds, seconds)
        print(f"  {name}: done", file=sys.stderr)
    return {"rounds": rounds, "networks": networks}


def goals(result: dict[str, Any]) -> list[Goal]:
    """Each promise beside its figure: the engines against PyTorch, the compiled one against the loop written by hand."""
    found = []
    for network, work in result["networks"].items():
        seconds = work["seconds"]
        for contender, goal in zip(("pellucid", "pellucid, jax"), GOALS[network], strict=True):
            if contender in seconds and "PyTorch" in seconds:
                figure = median_ratio(seconds["PyTorch"], seconds[contender])
                low, high = spread(seconds["PyTorch"], seconds[contender])
                note = f"rounds from {low:.2f} to {high:.2f}"
                found.append(Goal(f"{contender}, {network}: times PyTorch's speed", figure, goal, "at least", note))
        if "pellucid, jax" in seconds and "JAX by hand" in seconds:
            figure = median_ratio(seconds["pellucid, jax"], seconds["JAX by hand"])
            low, high = spread(seconds["pellucid, jax"], seconds["JAX by hand"])
            what, note = f"pellucid, jax, {network}: times JAX by hand's time", f"rounds from {low:.2f} to {high:.2f}"
            found.append(Goal(what, figure, GOAL_BY_HAND, "at most", note))
    return found


def report(result: dict[str, Any]) -> str:
    """The tables, in Markdown."""
    present = [name for name in CONTENDERS if any(name in w["seconds"] for w in result["networks"].values())]
    times, ratios = [], []
    for network, work in result["networks"].items():
        seconds = work["seconds"]
        times.append([network] + [duration(statistics.median(seconds[n])) if n in seconds else "-" for n in present])
        ratios.append([network] + [_against(seconds, name) for name in present])
    text = "Time of one step, median of the rounds:\n\n" + table(["network", *present], times)
    text += "\nTimes as fast as PyTorch, median of the ratios of each round:\n\n" + table(["network", *present], ratios)
    reasons = {f"{n}: {r}" for work in result["networks"].values() for n, r in work["absent"].items()}
    return text + "".join(f"\nAbsent: {reason}.\n" for reason in sorted(reasons))


def _against(seconds: dict[str, list[float]], name: str) -> str:
    if name not in seconds or "PyTorch" not in seconds:
        return "-"
    return f"{median_ratio(seconds['PyTorch'], seconds[name]):.2f}"


if __name__ == "__main__":
    outcome = measure("--quick" in sys.argv)
    print(report(outcome))
    print("\n".join(str(goal) for goal in goals(outcome)))
