"""The figure of the README, docs/speed.svg, from the results of a run: times as fast as PyTorch, on four networks.

Run it as `python benchmarks/figure.py RESULTS.json [FIGURE.svg]`.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

from turns import median_ratio

from pellucid.glass.axes import Scale, label
from pellucid.glass.colours import SERIES
from pellucid.glass.svg import document, fit, tag, text, width_of

FIGURE = Path(__file__).resolve().parent.parent / "docs" / "speed.svg"
# A bar's name and the contender's, each with a colour; a bar also has its name beside it.
BARS = {
    "JAX engine": ("pellucid, jax", SERIES[0]),
    "NumPy engine": ("pellucid", SERIES[1]),
    "PyTorch compiled": ("PyTorch compiled", SERIES[2]),
    "scikit-learn": ("scikit-learn", SERIES[3]),
}
WIDTH, LEFT, RIGHT, TOP = 720, 150, 70, 72
BAR, GAP, HEAD, BETWEEN, FOOT = 15, 4, 22, 16, 62
TITLE = "A training step: times as fast as PyTorch"


def ratios(results: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Network -> bar -> times as fast as PyTorch (eager), the median of the rounds' ratios; what is absent is left out."""
    found = {}
    for network, work in results["One training step"]["networks"].items():
        seconds = work["seconds"]
        if "PyTorch" not in seconds:
            raise SystemExit(f"{network}: these results have no PyTorch in them to compare with.")
        found[network] = {
            bar: median_ratio(seconds["PyTorch"], seconds[name]) for bar, (name, _) in BARS.items() if name in seconds
        }
    return found


def draw(results: dict[str, Any]) -> str:
    """SVG text."""
    found, where = ratios(results), results["machine"]
    values = [value for bars in found.values() for value in bars.values()]
    ends = min(0.5, *values) / 1.7, max(2.0, *values) * 1.1
    across = Scale(*ends, LEFT, WIDTH - RIGHT, log=True)
    group = HEAD + len(BARS) * (BAR + GAP)
    bottom = TOP + len(found) * (group + BETWEEN)
    body = [text(20, 30, TITLE, size=16, font_weight=600), *_grid(across, *ends, bottom)]
    for number, (network, bars) in enumerate(found.items()):
        top = TOP + number * (group + BETWEEN)
        body.append(text(20, top + 14, network, size=13, font_weight=600))
        for place, bar in enumerate(BARS):
            body += _bar(bar, bars.get(bar), top + HEAD + place * (BAR + GAP), across)
    versions = where["versions"]
    made = (
        f"{where['date']}, {where['cpu']}, {where['cores']} cores; PyTorch {versions['torch']}, JAX {versions['jax']}"
    )
    how = "Adam, float32, medians; one scale step is a factor. Repeat it: make bench"
    if results["quick"]:
        how = "A QUICK RUN, not for quoting. " + how
    body += [text(20, bottom + 38, fit(made, WIDTH - 40, 12), fill="soft"), text(20, bottom + 54, how, fill="soft")]
    spoken = "; ".join(f"{net}: " + ", ".join(f"{b} {v:.2g}" for b, v in bars.items()) for net, bars in found.items())
    return document(
        WIDTH, bottom + FOOT + 6, TITLE, f"Bars on a logarithmic scale, PyTorch = 1. {spoken}. {made}.", body
    )


def _grid(across: Scale, low: float, high: float, bottom: float) -> list[str]:
    """Upright lines at 1, 2, 5 times the powers of ten; PyTorch's, at 1, is the strong one."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    parts = []
    for tick in (m * 10.0**power for power in powers for m in (1, 2, 5)):
        if low <= tick <= high and tick != 1:
            x = float(across(tick))
            parts.append(tag("path", d=f"M{x:.1f} {TOP - 4}V{bottom}", stroke="grid"))
            parts.append(text(x, bottom + 16, label(tick), anchor="middle", fill="soft"))
    x = float(across(1))
    parts.append(tag("path", d=f"M{x:.1f} {TOP - 8}V{bottom}", stroke="ink", stroke_width=1.5))
    parts.append(text(x, TOP - 14, "PyTorch = 1", anchor="middle"))
    return [*parts, text(x, bottom + 16, "1", anchor="middle")]


def _bar(name: str, value: float | None, top: float, across: Scale) -> list[str]:
    """From PyTorch's line to the right where it is faster, to the left where it is slower; its figure at its end."""
    base = top + BAR - 3
    parts = [text(LEFT - 10, base, name, anchor="end")]
    one = float(across(1))
    if value is None:
        return [*parts, text(one + 6, base, "not measured", fill="soft")]
    end, shown = (
        float(across(value)),
        f"{value:.0f}×" if value >= 9.95 else f"{value:.1f}×" if value >= 0.995 else f"{value:.2f}×",
    )
    low, high = min(one, end), max(one, end)
    parts.append(tag("rect", x=low, y=top, width=max(high - low, 1.5), height=BAR, rx=2, fill=BARS[name][1]))
    if value >= 1:
        return [*parts, text(high + 6, base, shown)]
    return [*parts, text(max(low - 6, LEFT + width_of(shown)), base, shown, anchor="end")]


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit("Which results? python benchmarks/figure.py benchmarks/results/DATE-CPU.json [FIGURE.svg]")
    target = Path(sys.argv[2]) if len(sys.argv) == 3 else FIGURE
    target.write_text(draw(json.loads(Path(sys.argv[1]).read_text())) + "\n")
    print(f"Written: {target}")
