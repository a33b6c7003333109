"""Training and validation curves: an SVG picture, the table behind it, and a line of blocks for the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.glass.axes import Scale, frame, label, label_room, limits, spread
from pellucid.glass.colours import style
from pellucid.glass.svg import document, fit, html_table, line_path, marker, tag, text, width_of

BLOCKS = "▁▂▃▄▅▆▇█"
Series = Mapping[str, Sequence[float]]
Mark = tuple[int, str]

_WIDTH, _HEIGHT = 680, 380
_POINTS = 300  # a curve 450 pixels wide shows no more


def draw(
    series: Series,
    title: str,
    y_label: str,
    x_label: str = "epoch",
    mark: Mark | None = None,
    log: bool = False,
) -> str:
    """One curve a series as an SVG picture; the first value of each belongs to epoch 1.

    `series`: values by name, NaN and infinity (with `log` also 0 and less) being gaps. `mark`: (epoch, label), such as
    the best one. `log`: a logarithmic vertical axis. InputError where there is no series, no value, or no such epoch.
    """
    arrays = checked(series, mark)
    shown = {name: _gaps(values, log) for name, values in arrays.items()}
    low, high = limits(np.concatenate(list(shown.values())), log)
    tails = [f"{name} {_last(values)}" for name, values in arrays.items()]
    right = min(max(width_of(tail) for tail in tails), 170) + 34
    left = label_room(low, high, log) + (38 if y_label else 20)
    length = max(len(values) for values in arrays.values())
    first, last = (1.0, float(length)) if length > 1 else (0.5, 1.5)
    x = Scale(first, last, left, _WIDTH - right)
    y = Scale(low, high, _HEIGHT - 54, 66, log)
    body = [text(20, 30, fit(title, _WIDTH - 40, 17), 15, font_weight=600), *frame(x, y, x_label, y_label, whole=True)]
    if mark is not None:
        body += _mark(mark, shown, x, y)
    for index, values in enumerate(shown.values()):
        body += _curve(values, index, x, y, len(shown))
    body += _labels(shown, tails, x, y, right - 34)
    if not any(np.isfinite(values).any() for values in shown.values()):
        body.append(
            text((x.start + x.end) / 2, (y.start + y.end) / 2, "no finite value to draw", 13, "soft", anchor="middle")
        )
    return document(_WIDTH, _HEIGHT, title, _description(arrays, shown, x_label, mark, log), body)


def table(
    series: Series,
    caption: str = "",
    x_label: str = "epoch",
    mark: Mark | None = None,
    form: str = "html",
    limit: int = 40,
) -> str:
    """The numbers behind the curves, as "html" or "text": first, last, marked and evenly chosen epochs, up to `limit`."""
    arrays = checked(series, mark)
    if form not in ("html", "text"):
        raise InputError(f"form={form!r}: expected 'html' or 'text'.")
    length = max(len(values) for values in arrays.values())
    chosen = set(np.unique(np.linspace(1, length, min(length, max(2, limit))).round().astype(int)).tolist())
    if mark is not None:
        chosen.add(mark[0])
    head = [x_label, *arrays]
    rows = []
    for epoch in sorted(chosen):
        name = f"{epoch} ({mark[1]})" if mark is not None and epoch == mark[0] else str(epoch)
        rows.append([name, *(f"{v[epoch - 1]:.6g}" if epoch <= len(v) else "" for v in arrays.values())])
    if len(chosen) < length:
        caption = f"{caption} ({len(chosen)} of {length} {x_label}s)".strip()
    if form == "html":
        return html_table(caption, head, rows)
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in [head, *rows]]
    return "\n".join([caption, *lines] if caption else lines)


def sparkline(values: Sequence[float], width: int = 40) -> str:
    """The whole course of `values` in up to `width` block characters, lowest ▁ to highest █; a dot where no number is.

    A longer list is shown by the mean of each part. Equal values are drawn as ▄, in the middle.
    """
    array = np.asarray(values, dtype=float).ravel()
    parts = np.array_split(array, min(len(array), width)) if len(array) else []
    means = [float(np.mean(part[np.isfinite(part)])) if np.isfinite(part).any() else math.nan for part in parts]
    finite = [mean for mean in means if math.isfinite(mean)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)

    def block(mean: float) -> str:
        if not math.isfinite(mean):
            return "·"
        return BLOCKS[min(7, int((mean - low) / (high - low) * 8))] if high > low else "▄"

    return "".join(block(mean) for mean in means)


def thin(values: np.ndarray, limit: int = _POINTS) -> np.ndarray:
    """Indices of about `limit` values that draw the same curve: of every part the least, the largest and one gap."""
    if len(values) <= limit:
        return np.arange(len(values))
    kept = {0, len(values) - 1}
    for part in np.array_split(np.arange(len(values)), limit // 2):
        finite = part[np.isfinite(values[part])]
        if len(finite) < len(part):
            kept.add(int(part[~np.isfinite(values[part])][0]))
        if len(finite):
            kept |= {int(finite[values[finite].argmin()]), int(finite[values[finite].argmax()])}
    return np.array(sorted(kept))


def checked(series: Series, mark: Mark | None) -> dict[str, np.ndarray]:
    """The values by name as arrays, once there is something to draw and the mark lies on it."""
    arrays = {str(name): np.asarray(values, dtype=float).ravel() for name, values in series.items()}
    if not any(len(values) for values in arrays.values()):
        raise InputError(
            f"series={dict(series)!r}: expected at least one list of values, such as {{'training': history['loss']}}."
        )
    length = max(len(values) for values in arrays.values())
    if mark is not None and not 1 <= mark[0] <= length:
        raise InputError(f"mark={mark!r}: expected an epoch from 1 to {length} and its label, such as (1, 'best').")
    return arrays


def _gaps(values: np.ndarray, log: bool) -> np.ndarray:
    """`values` with NaN wherever nothing can be drawn."""
    return np.where(np.isfinite(values) & ((values > 0) | (not log)), values, np.nan)


def _last(values: np.ndarray) -> str:
    return f"{values[-1]:.4g}" if len(values) else ""


def _runs(indices: np.ndarray, values: np.ndarray) -> list[np.ndarray]:
    """The stretches of `indices` between gaps."""
    present = np.isfinite(values[indices])
    cuts = np.flatnonzero(np.diff(present.astype(int))) + 1
    return [run for run in np.split(indices, cuts) if len(run) and np.isfinite(values[run[0]])]


def _curve(values: np.ndarray, index: int, x: Scale, y: Scale, count: int) -> list[str]:
    """The line of one series with its markers: some along it, staggered between series, and one on a lonely value."""
    colour, dash, shape = style(index)
    runs = _runs(thin(values), values)
    path = "".join(line_path(zip(x(run + 1), y(values[run]), strict=True)) for run in runs if len(run) > 1)
    parts = []
    if path:
        look: dict[str, Any] = {"stroke_width": 2, "stroke_dasharray": dash or None, "stroke_linejoin": "round"}
        parts.append(tag("path", d=path, fill="none", stroke=colour, **look))
    marked = {int(run[0]) for run in runs if len(run) == 1}
    drawn = np.flatnonzero(np.isfinite(values))
    if len(drawn):
        every = max(1, len(drawn) // 7)
        marked |= set(drawn[(every * index) // max(count, 1) :: every].tolist()) | {int(drawn[-1])}
    shapes = "".join(marker(shape, float(x(i + 1)), float(y(values[i])), 3.6) for i in sorted(marked))
    return [*parts, tag("path", d=shapes, fill=colour, stroke="panel", stroke_width=0.8)] if shapes else parts


def _mark(mark: Mark, shown: dict[str, np.ndarray], x: Scale, y: Scale) -> list[str]:
    """The marked epoch: a line through the picture, its name above, a ring on the curve it was chosen by."""
    epoch, name = mark
    at = float(x(epoch))
    words = fit(f"{name}: {epoch}" if name else str(epoch), 200, 11)
    half = width_of(words, 11) / 2
    middle = min(max(at, x.start + half), x.end - half)
    parts = [
        tag("line", x1=at, y1=y.end - 8, x2=at, y2=y.start, stroke="soft", stroke_dasharray="3 3"),
        text(middle, y.end - 12, words, 11, anchor="middle"),
    ]
    chosen = shown.get("validation", list(shown.values())[-1])
    if epoch <= len(chosen) and math.isfinite(chosen[epoch - 1]):
        ring: dict[str, Any] = {"r": 7, "fill": "none", "stroke": "ink", "stroke_width": 1.5}
        parts.append(tag("circle", cx=at, cy=float(y(chosen[epoch - 1])), **ring))
    return parts


def _labels(shown: dict[str, np.ndarray], tails: list[str], x: Scale, y: Scale, room: float) -> list[str]:
    """Each curve's name and last value at its end, in ink (a colour would be too pale for text), with a line to it."""
    ends = []
    for values in shown.values():
        drawn = np.flatnonzero(np.isfinite(values))
        ends.append((float(x(drawn[-1] + 1)), float(y(values[drawn[-1]]))) if len(drawn) else (x.end, y.start))
    parts = []
    for index, at in enumerate(spread([end[1] for end in ends], 17, y.end + 4, y.start - 2)):
        colour, _, shape = style(index)
        start = x.end + 16
        corner = line_path([(ends[index][0] + 5, ends[index][1]), (start - 4, at)])
        parts.append(tag("path", d=corner, fill="none", stroke="axis", stroke_width=0.8))
        parts.append(tag("path", d=marker(shape, start + 1, at, 3.6), fill=colour))
        parts.append(text(start + 9, at + 4, fit(tails[index], room, 12), 12))
    return parts


def _description(
    arrays: dict[str, np.ndarray], shown: dict[str, np.ndarray], x_label: str, mark: Mark | None, log: bool
) -> str:
    """The picture in words."""
    sentences = []
    for name, values in shown.items():
        finite = values[np.isfinite(values)]
        if not len(finite):
            sentences.append(f"{name}: nothing to draw.")
            continue
        least = int(np.nanargmin(values)) + 1
        sentences.append(
            f"{name}: {len(arrays[name])} {x_label}s from {label(finite[0])} to {label(finite[-1])}, "
            f"least {label(float(finite.min()))} at {x_label} {least}."
        )
        if len(finite) < len(values):
            why = "not finite or not above 0" if log else "not finite"
            sentences.append(f"{len(values) - len(finite)} of its values are {why} and left out.")
    if mark is not None:
        sentences.append(f"Marked: {x_label} {mark[0]}, {mark[1]}.")
    return " ".join(sentences)
