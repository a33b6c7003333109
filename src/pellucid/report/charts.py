"""The report's own charts: values with their intervals, predicted against true values, residuals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pellucid.glass.axes import Scale, frame, label_room, limits
from pellucid.glass.colours import SERIES, style
from pellucid.glass.svg import document, fit, marker, number, tag, text, width_of

WIDTH = 640
Span = tuple[str, float, float | None, float | None]  # name, value, low, high


def heading(title: str, width: float = WIDTH) -> str:
    """A picture's title line."""
    return text(20, 30, fit(title, width - 40, 17), 15, font_weight=600)


def intervals(
    rows: Sequence[Span], title: str, x_label: str, shown: Callable[[float], str], unit: float = 1.0, zero: bool = False
) -> str:
    """A marker with its interval a row. `shown(value)`: as text; the axis counts in `value * unit`.

    `zero`: 0 is marked and all rows look alike; otherwise the first has a look of its own.
    """
    names = [fit(name, 190, 12) for name, *_ in rows]
    values = [shown(value) for _, value, *_ in rows]
    left = max(width_of(name) for name in names) + 34
    right = WIDTH - max(width_of(value) for value in values) - 34
    flat = [edge * unit for _, *edges in rows for edge in edges if edge is not None] + ([0.0] if zero else [])
    top, pitch = 56, 28
    bottom = top + pitch * len(rows)
    x = Scale(*limits(flat), left, right)
    body = [heading(title), *_across(x, bottom, top, x_label)]
    if zero:
        at = float(x(0.0))
        body.append(tag("line", x1=at, y1=top, x2=at, y2=bottom, stroke="ink", stroke_dasharray="2 3"))
    for place, (_, value, low, high) in enumerate(rows):
        y = top + pitch * (place + 0.5)
        colour, _, shape = style(0 if zero else min(place, 1))
        body.append(text(left - 14, y + 4, names[place], 12, anchor="end", font_weight=None if place or zero else 600))
        if low is not None and high is not None:
            ends = [float(x(low * unit)), float(x(high * unit))]
            bars = f"M{number(ends[0])} {number(y)}H{number(ends[1])}" + "".join(
                f"M{number(end)} {number(y - 5)}v10" for end in ends
            )
            body.append(tag("path", d=bars, stroke=colour, stroke_width=2, fill="none"))
        body.append(
            tag("path", d=marker(shape, float(x(value * unit)), y, 5), fill=colour, stroke="panel", stroke_width=1)
        )
        body.append(text(right + 20, y + 4, values[place], 12))
    told = "; ".join(
        f"{name} {shown(value)}" + ("" if low is None or high is None else f" ({shown(low)} to {shown(high)})")
        for name, value, low, high in rows
    )
    return document(WIDTH, bottom + 48, title, f"{x_label}. {told}.", body)


def _across(x: Scale, bottom: float, top: float, x_label: str) -> list[str]:
    """Lines and labels of a scale along the lower edge."""
    ticks = x.ticks(max(2, int((x.end - x.start) / 90)))
    parts = [tag("line", x1=x.start, y1=bottom, x2=x.end, y2=bottom, stroke="axis")]
    for tick, words in zip(ticks, x.labels(ticks), strict=True):
        at = float(x(tick))
        parts.append(tag("line", x1=at, y1=top, x2=at, y2=bottom + 4, stroke="grid"))
        parts.append(text(at, bottom + 17, words, 11, "soft", anchor="middle"))
    return [*parts, text((x.start + x.end) / 2, bottom + 36, x_label, 12, "soft", anchor="middle")]


def against(true: np.ndarray, predicted: np.ndarray, title: str, name: str) -> str:
    """Predicted against true values, with the line on which a prediction is right."""
    low, high = limits(np.concatenate([true, predicted]))
    left = label_room(low, high) + 42
    x, y = Scale(low, high, left, WIDTH - 24), Scale(low, high, 400, 52)
    body = [heading(title), *frame(x, y, fit(f"true {name}", 400), fit(f"predicted {name}", 300))]
    ends = [float(v) for v in (x(low), y(low), x(high), y(high))]
    body.append(_dots(x(true), y(predicted)))
    body.append(
        tag("line", x1=ends[0], y1=ends[1], x2=ends[2], y2=ends[3], stroke="ink", stroke_width=1.5, stroke_dasharray="6 4")
    )  # fmt: skip
    words = "dashed: predicted = true"
    body.append(text(x.end - 4, y.start - 10, words, 12, "soft", anchor="end"))
    error = predicted - true
    told = (
        f"{len(true):,} rows; true values from {true.min():.4g} to {true.max():.4g}; predictions are off by "
        f"{np.abs(error).mean():.4g} on average, half of them by less than {np.quantile(np.abs(error), 0.5):.4g}."
    )
    return document(WIDTH, 446, title, told, body)


def _dots(x: np.ndarray, y: np.ndarray) -> str:
    """Many round points as one path of lines without length, a tenth of the text that circles take."""
    path = "".join(f"M{number(a)} {number(b)}h0" for a, b in zip(x.tolist(), y.tolist(), strict=True))
    look: dict[str, Any] = {"stroke_width": 5, "stroke_linecap": "round"}
    return tag("path", d=path, stroke=SERIES[0], fill="none", **look)


def bins(error: np.ndarray, most: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """(counts, edges) of a histogram of about the root of their number of parts."""
    count = max(5, min(most, round(math.sqrt(len(error)))))
    low, high = limits(error, pad=0.0)
    return np.histogram(error, count, (low, high))


def residuals(error: np.ndarray, title: str, name: str) -> str:
    """How far the predictions are off: a histogram of predicted minus true, 0 marked."""
    counts, edges = bins(error)
    low, high = float(min(edges[0], 0.0)), float(max(edges[-1], 0.0))
    most = float(counts.max()) * 1.05
    left = label_room(0, most) + 42
    x, y = Scale(low, high, left, WIDTH - 24), Scale(0, most, 240, 52)
    body = [heading(title), *frame(x, y, fit(f"predicted minus true {name}", 400), "rows")]
    places = x(edges).tolist()
    path = "".join(
        f"M{number(a + 0.5)} {number(y.start)}V{number(float(y(n)))}H{number(b - 0.5)}V{number(y.start)}z"
        for a, b, n in zip(places[:-1], places[1:], counts.tolist(), strict=True)
        if n
    )
    body.append(tag("path", d=path, fill=SERIES[0]))
    at = float(x(0.0))
    body.append(tag("line", x1=at, y1=y.end, x2=at, y2=y.start, stroke="ink", stroke_width=1.5, stroke_dasharray="6 4"))
    told = (
        f"{len(error):,} rows; from {error.min():.4g} to {error.max():.4g}, mean {error.mean():.4g}, "
        f"{int((error > 0).sum()):,} predictions too high and {int((error < 0).sum()):,} too low."
    )
    return document(WIDTH, 286, title, told, body)


def confusion(labels: Sequence[str], counts: np.ndarray, title: str) -> str:
    """How often each true class (row) got each predicted class (column). Darker is a larger share of the row."""
    wide = max(46.0, min(96.0, 420.0 / len(labels)))
    names = [fit(label, 120, 12) for label in labels]
    left = max(width_of(name) for name in names) + 62
    width = max(left + wide * len(labels) + 30, 300.0)
    top, tall = 82, 34
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    body = [heading(title, width), text(left, 54, "predicted", 12, "soft")]
    middle = top + tall * len(labels) / 2
    body.append(text(18, middle, "true", 12, "soft", anchor="middle", transform=f"rotate(-90 18 {middle:.1f})"))
    for row, name in enumerate(names):
        y = top + tall * row
        body.append(text(left - 10, y + tall / 2 + 4, name, 12, anchor="end"))
        body.append(text(left + wide * (row + 0.5), 74, fit(name, wide - 6, 12), 12, anchor="middle"))
        for column in range(len(labels)):
            body += _cell(left + wide * column, y, wide, tall, int(counts[row, column]), float(shares[row, column]),
                          row == column)  # fmt: skip
    right = int(np.trace(counts))
    told = f"{right:,} of {int(counts.sum()):,} rows are on the diagonal: right. Rows: true classes; columns: predicted ones."
    return document(width, top + tall * len(labels) + 20, title, told, body)


def _cell(x: float, y: float, wide: float, tall: float, count: int, part: float, right: bool) -> list[str]:
    """One count: its share of the row as opacity, a frame where the prediction is right."""
    # At most 0.55 opaque, so that ink stays over 4.5:1 on the mixed colour on light and on dark panels.
    parts = [tag("rect", x=x + 1, y=y + 1, width=wide - 2, height=tall - 2, fill=SERIES[0], fill_opacity=0.5 * part)]
    frame_: dict[str, Any] = {"stroke": "ink" if right else "grid", "stroke_width": 1.6 if right else 1}
    parts.append(tag("rect", x=x + 1, y=y + 1, width=wide - 2, height=tall - 2, fill="none", **frame_))
    parts.append(text(x + wide / 2, y + tall / 2 + 4, fit(f"{count:,}", wide - 6, 12), 12, anchor="middle"))
    return parts
