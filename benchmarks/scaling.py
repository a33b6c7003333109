"""How the cost of a training step grows with batch, width, depth and number of rows, as tables and SVG charts.

Run it as `python benchmarks/scaling.py [--quick]`: charts go to benchmarks/results/.
"""

from __future__ import annotations

import json
import statistics
import sys
from typing import Any

import chart
from turns import duration, take_turns
from verdict import table

CONTENDERS = ["pellucid", "pellucid, jax", "PyTorch", "matrix products"]
TITLES = {
    "batch": "2-64-64-3: cost of a step by batch",
    "width": "64-w-w-10, batch 128: cost of a step by width w",
    "depth": "64-64-...-10, batch 64: cost of a step by hidden layers",
    "rows": "2-64-3, batch 32: cost of a step by number of rows",
}


def sweeps(quick: bool = False) -> dict[str, dict[int, dict[str, Any]]]:
    """Name of the axis -> its value -> the network; four batches an epoch, at least 256 rows, where rows do not vary."""

    def work(dims: list[int], batch: int, rows: int = 0) -> dict[str, Any]:
        return {"dims": dims, "batch": batch, "rows": rows or max(256, 4 * batch)}

    found = {
        "batch": {batch: work([2, 64, 64, 3], batch) for batch in (1, 4, 16, 64, 256, 1024)},
        "width": {width: work([64, width, width, 10], 128) for width in (8, 32, 128, 512, 2048)},
        "depth": {depth: work([64] + [64] * depth + [10], 64) for depth in (1, 2, 4, 8, 16)},
        "rows": {rows: work([2, 64, 3], 32, rows) for rows in (256, 1024, 4096, 16384, 65536)},
    }
    return {axis: dict(list(points.items())[::4]) for axis, points in found.items()} if quick else found


def measure(quick: bool = False) -> dict[str, Any]:
    """Every point of all sweeps, contenders in turns within each point; a network that lies on two axes once."""
    rounds, seconds = (1, 0.02) if quick else (5, 0.15)
    measured: dict[str, Any] = {}
    outcome: dict[str, Any] = {}
    for axis, points in sweeps(quick).items():
        outcome[axis] = {}
        for value, spec in points.items():
            key = json.dumps(spec)
            if key not in measured:
                measured[key] = take_turns("training_contenders", CONTENDERS, spec, rounds, seconds)
            outcome[axis][str(value)] = measured[key]
        print(f"  by {axis}: done", file=sys.stderr)
    return {"rounds": rounds, "sweeps": outcome}


def _lines(points: dict[str, Any]) -> dict[str, list[tuple[float, float]]]:
    """Contender -> (value, median seconds a step), where it took part."""
    return {
        name: [(float(v), statistics.median(w["seconds"][name])) for v, w in points.items() if name in w["seconds"]]
        for name in CONTENDERS
        if any(name in work["seconds"] for work in points.values())
    }


def charts(result: dict[str, Any]) -> dict[str, str]:
    """Name -> SVG text."""
    return {
        f"by-{axis}": chart.loglog(TITLES[axis], axis, "microseconds a step", _lines(points), y_scale=1e6)
        for axis, points in result["sweeps"].items()
    }


def goals(result: dict[str, Any]) -> list[Any]:
    """Nothing is promised here: the lines are for reading."""
    return []


def report(result: dict[str, Any]) -> str:
    """The tables, in Markdown."""
    text, absent = "", set()
    for axis, points in result["sweeps"].items():
        lines = _lines(points)
        rows = []
        for value, work in points.items():
            times = [duration(statistics.median(work["seconds"][n])) if n in work["seconds"] else "-" for n in lines]
            rows.append([value, *times])
            absent |= {f"{name}: {reason}" for name, reason in work["absent"].items()}
        text += f"{TITLES[axis]}\n\n{table([axis, *lines], rows)}\n"
    return text + "".join(f"Absent: {reason}.\n" for reason in sorted(absent))


if __name__ == "__main__":
    outcome = measure("--quick" in sys.argv)
    print(report(outcome))
    print("\n".join(str(path) for path in chart.save(charts(outcome), "scaling").values()))
