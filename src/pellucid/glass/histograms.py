"""Where the weights of each layer lie: one histogram an array, as one SVG picture, and the table behind them."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.glass.axes import Scale, label
from pellucid.glass.colours import SERIES
from pellucid.glass.svg import document, fit, html_table, number, tag, text
from pellucid.layer import Layer
from pellucid.network import named

BINS, MOST = 30, 24
_WIDE, _HIGH, _LEFT, _GAP = 206, 140, 20, 14


def draw(model: Any, title: str = "Weights by layer") -> str:
    """A histogram of every parameter array of `model` (or of a layer), each over its own range; a line marks 0.

    Bars are counts of values in `BINS` equal parts from the least to the greatest. Values that are no finite number are
    left out and counted. Of more than `MOST` arrays the first are drawn. InputError where there is none.
    """
    arrays = _arrays(model)
    shown = arrays[:MOST]
    across = min(3, len(shown)) if len(shown) < 7 else 4
    width = max(2 * _LEFT + across * (_WIDE + _GAP) - _GAP, 300)
    body = [text(_LEFT, 30, fit(title, width - 2 * _LEFT, 17), 15, font_weight=600)]
    words = []
    for place, (name, values) in enumerate(shown):
        left, top = _LEFT + place % across * (_WIDE + _GAP), 50 + place // across * (_HIGH + 22)
        body += _panel(name, values, left, top)
        words.append(f"{name}: {_told(values)}.")
    height = 40 + -(-len(shown) // across) * (_HIGH + 22)
    if len(arrays) > MOST:
        body.append(text(_LEFT, height + 4, f"{len(arrays) - MOST} more arrays are not drawn", 12, "soft"))
        height += 22
    return document(width, height, title, " ".join(words), body)


def table(model: Any, caption: str = "Weights by layer") -> str:
    """The figures behind the histograms as an HTML table."""
    rows = []
    for name, values in _arrays(model):
        finite = values[np.isfinite(values)]
        spread = [f"{v:.4g}" for v in _figures(finite)] if finite.size else [""] * 4
        rows.append((name, f"{values.size:,}", *spread, f"{values.size - finite.size:,}"))
    head = ("array", "values", "least", "greatest", "mean", "standard deviation", "not finite")
    return html_table(caption, head, rows)


def counts(values: np.ndarray) -> tuple[np.ndarray, float, float]:
    """(counts of the bins, least, greatest) of the finite values; one bin in the middle where all are equal."""
    finite = values[np.isfinite(values)].astype(float)
    if not finite.size:
        return np.zeros(BINS, int), 0.0, 0.0
    low, high = float(finite.min()), float(finite.max())
    size = max(-low, high) or 1.0  # the largest; in its unit, no difference is too large or too small to be divided
    finite, first, last = finite / size, low / size, high / size
    ends = (first, last) if last - first > 1e-12 else (first - 0.5, last + 0.5)
    return np.histogram(finite, BINS, ends)[0], low, high


def _figures(finite: np.ndarray) -> tuple[float, float, float, float]:
    exact = finite.astype(float)
    with np.errstate(over="ignore", invalid="ignore"):
        return float(exact.min()), float(exact.max()), float(exact.mean()), float(exact.std())


def _arrays(model: Any) -> list[tuple[str, np.ndarray]]:
    network: Layer = getattr(model, "network", model)
    found = []
    for key, layer, name in named(network, "params"):
        path = key.rpartition(".")[0]
        title = f"{path} {type(layer).__name__} {name}".strip()
        found.append((title, np.asarray(getattr(layer, name)).ravel()))
    if not found:
        raise InputError(f"{network!r} has no parameters to draw.")
    return found


def _told(values: np.ndarray) -> str:
    """One array in words."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return f"{values.size:,} values, none of them a finite number"
    low, high, mean, std = _figures(finite)
    lost = f", {values.size - finite.size:,} not finite" if finite.size < values.size else ""
    return f"{values.size:,} values from {label(low)} to {label(high)}, mean {mean:.3g}, deviation {std:.3g}{lost}"


def _panel(name: str, values: np.ndarray, left: float, top: float) -> list[str]:
    """One histogram: its name, its bars, the least and greatest value, where 0 is."""
    bars, low, high = counts(values)
    bottom, most = top + _HIGH - 30, max(int(bars.max()), 1)
    ends = (low, high) if high > low else (low - 0.5, low + 0.5)
    x, y = Scale(*ends, left, left + _WIDE), Scale(0, most, bottom, top + 34)
    parts = [
        text(left, top + 12, fit(name, _WIDE, 13.5), 12, font_weight=600),
        text(left, top + 27, _small(values), 11, "soft"),
    ]
    wide = _WIDE / BINS
    path = "".join(
        f"M{number(left + i * wide + 0.5)} {number(bottom)}V{number(float(y(count)))}h{number(wide - 1)}V{number(bottom)}z"
        for i, count in enumerate(bars.tolist())
        if count
    )
    if path:
        parts.append(tag("path", d=path, fill=SERIES[0]))
    parts.append(tag("line", x1=left, y1=bottom, x2=left + _WIDE, y2=bottom, stroke="axis"))
    if not bars.any():
        return [*parts, text(left, bottom - 20, "no finite number", 11, "soft")]
    parts.append(text(left, bottom + 15, label(_round(low)), 11, "soft"))
    if high > low:
        parts.append(text(left + _WIDE, bottom + 15, label(_round(high)), 11, "soft", anchor="end"))
    if low <= 0 <= high and high > low:
        at = float(x(0.0))
        parts.append(tag("line", x1=at, y1=top + 34, x2=at, y2=bottom + 4, stroke="ink", stroke_dasharray="2 3"))
        if left + 62 < at < left + _WIDE - 62:
            parts.append(text(at, bottom + 15, "0", 11, "soft", anchor="middle"))
    return parts


def _small(values: np.ndarray) -> str:
    finite = values[np.isfinite(values)]
    lost = values.size - finite.size
    if not finite.size:
        return f"{values.size:,} values"
    words = f"{values.size:,} values, deviation {_figures(finite)[3]:.2g}"
    return fit(words + (f", {lost:,} NaN" if lost else ""), _WIDE, 11)


def _round(value: float) -> float:
    return float(f"{value:.3g}")
