"""How the cost of a training step grows with the batch and with the width, as tables and SVG charts.

Run it as `python benchmarks/scaling.py [--quick]`: charts go to benchmarks/results/.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from typing import Any

from chart import loglog
from turns import duration, take_turns
from verdict import table

CONTENDERS = ["pellucid", "pellucid, jax", "PyTorch", "matrix products"]
BATCHES, WIDTHS = [1, 4, 16, 64, 256, 1024], [8, 32, 128, 512, 2048]
RESULTS = Path(__file__).resolve().parent / "results"


def _sweeps() -> dict[str, dict[int, dict[str, Any]]]:
    """Name of the axis -> its value -> the network; four batches an epoch, at least 256 rows."""

    def work(dims: list[int], batch: int) -> dict[str, Any]:
        return {"dims": dims, "batch": batch, "rows": max(256, 4 * batch)}

    return {
        "batch": {batch: work([2, 64, 64, 3], batch) for batch in BATCHES},
        "width": {width: work([64, width, width, 10], 128) for width in WIDTHS},
    }


TITLES = {"batch": "2-64-64-3: cost of a step by batch", "width": "64-w-w-10, batch 128: cost of a step by width w"}


def measure(quick: bool = False) -> dict[str, Any]:
    """Every point of both sweeps, contenders in turns within each point."""
    rounds, seconds = (1, 0.05) if quick else (5, 0.2)
    sweeps: dict[str, Any] = {}
    for axis, points in _sweeps().items():
        sweeps[axis] = {
            str(value): take_turns("training_contenders", CONTENDERS, spec, rounds, seconds)
            for value, spec in points.items()
        }
        print(f"  by {axis}: done", file=sys.stderr)
    return {"rounds": rounds, "sweeps": sweeps}


def _lines(points: dict[str, Any]) -> dict[str, list[tuple[float, float]]]:
    """Contender -> (value, median seconds a step), where it took part."""
    return {
        name: [(float(v), statistics.median(w["seconds"][name])) for v, w in points.items() if name in w["seconds"]]
        for name in CONTENDERS
        if any(name in work["seconds"] for work in points.values())
    }


def charts(result: dict[str, Any]) -> dict[str, str]:
    """Axis -> SVG text."""
    return {
        axis: loglog(TITLES[axis], axis, "microseconds a step", _lines(points), y_scale=1e6)
        for axis, points in result["sweeps"].items()
    }


def report(result: dict[str, Any]) -> str:
    """The tables, in Markdown."""
    text = ""
    for axis, points in result["sweeps"].items():
        lines = _lines(points)
        rows = []
        for value, work in points.items():
            times = [duration(statistics.median(work["seconds"][n])) if n in work["seconds"] else "-" for n in lines]
            rows.append([value, *times])
        text += f"{TITLES[axis]}\n\n{table([axis, *lines], rows)}\n"
    return text


def save_charts(result: dict[str, Any], stem: str) -> list[Path]:
    """Write results/STEM-by-AXIS.svg and return the paths."""
    RESULTS.mkdir(exist_ok=True)
    paths = []
    for axis, svg in charts(result).items():
        paths.append(RESULTS / f"{stem}-by-{axis}.svg")
        paths[-1].write_text(svg)
    return paths


if __name__ == "__main__":
    outcome = measure("--quick" in sys.argv)
    print(report(outcome))
    print("\n".join(str(path) for path in save_charts(outcome, "scaling")))
