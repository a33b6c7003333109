"""A regression as a picture: the surface over two inputs in colours, or the curve over one."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.glass import sketch
from pellucid.glass.axes import Scale, frame, label, label_room, limits
from pellucid.glass.colours import SERIES, UNKNOWN, diverging, hexadecimal, rgb, sequential
from pellucid.glass.contour import zero_lines
from pellucid.glass.field import Field
from pellucid.glass.svg import document, fit, image, line_path, marker, tag, text

_DARK_INK = "#1B1F24"  # around points and along borders on the map, which is the same on dark pages
_CURVE: dict[str, Any] = {"fill": "none", "stroke": SERIES[1], "stroke_width": 2.4}


def value_colours(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Colours (..., 3) uint8 of values on a scale from `low` to `high`: diverging where 0 lies inside, else cividis."""
    if low < 0.0 < high:
        return diverging(values / max(-low, high))
    return sequential((values - low) / (high - low))


def value_limits(field: Field) -> tuple[float, float]:
    """The range of the colour scale: all predicted and all true values; even on both sides of 0 where it holds 0."""
    low, high = limits(np.concatenate([field.outputs.ravel(), field.y]), pad=0.0)
    if low < 0.0 < high:
        return -max(-low, high), max(-low, high)
    return low, high


def draw_surface(field: Field, shown: np.ndarray, inputs: list[str], output: str, title: str) -> str:
    """The values over two inputs as a map, the points in the colour of their own value."""
    x, y = sketch.scales(field)
    low, high = value_limits(field)
    values = field.outputs[..., 0]
    palette = np.concatenate([value_colours(np.linspace(low, high, sketch.LAST), low, high), [rgb(UNKNOWN)]])
    lines = zero_lines(values) if low < 0.0 < high else []
    body = [sketch.heading(title), sketch.cell_map(value_shades(values, low, high), palette, x, y)]
    body += [sketch.borders(lines, values.shape, x, y, _DARK_INK)]
    body += [*frame(x, y, inputs[0], inputs[1], grid=False), sketch.box(x, y)]
    body += _value_points(field, shown, low, high, x, y)
    body += _colour_bar(palette[: sketch.LAST], low, high, output, x.end + 26)
    rows = sketch.kind_rows(field, always=True) + ([sketch.border_row(f"{output} = 0")] if lines else [])
    rows += sketch.unknown_row(not np.isfinite(values).all(), UNKNOWN)
    body += sketch.legend(rows, x.end + 26, sketch.TOP + 250)
    return document(sketch.WIDTH, sketch.HEIGHT, title, _value_words(field, inputs, output, len(shown)), body)


def value_shades(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """The palette's place of every cell, (cells up, cells across) uint8."""
    finite = np.isfinite(values)
    share = (np.where(finite, values, low) - low) / (high - low)
    return np.where(finite, np.rint(share * (sketch.LAST - 1)), sketch.LAST).astype(np.uint8)


def _value_points(field: Field, shown: np.ndarray, low: float, high: float, x: Scale, y: Scale) -> list[str]:
    """Points in the colour of their own value, in 32 steps; those of the test data as rings of that colour.

    Each has a dark and a white edge, one of which shows on any colour of the map.
    """
    radius = sketch.radius(len(shown))
    shown = shown[np.isfinite(field.y[shown])]
    step = np.clip(((field.y[shown] - low) / (high - low) * 32).astype(int), 0, 31)
    parts = []
    for number in np.unique(step):
        colour = hexadecimal(value_colours(np.array(low + (number + 0.5) / 32 * (high - low)), low, high))
        for test in (False, True):
            chosen = shown[(step == number) & (field.test[shown] == test)]
            path = "".join(marker("circle", a, b, radius + 0.4) for a, b in sketch.pixels(field, chosen, x, y))
            if path and test:
                parts.append(tag("path", d=path, fill="none", stroke="#FFFFFF", stroke_width=6.2))
                parts.append(tag("path", d=path, fill="#FFFFFF", stroke=_DARK_INK, stroke_width=4))
                parts.append(tag("path", d=path, fill="none", stroke=colour, stroke_width=2.2))
            elif path:
                parts.append(tag("path", d=path, fill="none", stroke="#FFFFFF", stroke_width=3.2))
                parts.append(tag("path", d=path, fill=colour, stroke=_DARK_INK, stroke_width=1))
    return parts


def _colour_bar(palette: np.ndarray, low: float, high: float, output: str, left: float) -> list[str]:
    scale = Scale(low, high, sketch.TOP + 220, sketch.TOP + 24)
    strip = np.arange(len(palette), dtype=np.uint8)[::-1, None]
    parts = [text(left, sketch.TOP + 10, fit(output, sketch.RIGHT - 32, 12), 12, "soft")]
    parts.append(image(strip, palette, left, scale.end, 16, scale.start - scale.end))
    parts.append(tag("rect", x=left, y=scale.end, width=16, height=scale.start - scale.end, fill="none", stroke="axis"))
    ticks = scale.ticks(5)
    for tick, shown in zip(ticks, scale.labels(ticks), strict=True):
        at = float(scale(tick))
        parts.append(tag("line", x1=left + 16, y1=at, x2=left + 20, y2=at, stroke="axis"))
        parts.append(text(left + 24, at + 4, shown, 11, "soft"))
    return parts


def _value_words(field: Field, inputs: list[str], output: str, shown: int) -> str:
    values = field.outputs[np.isfinite(field.outputs)]
    sentences = [f"Predicted {output} over {sketch.ranges(field, inputs)}."]
    if len(values):
        sentences.append(f"It goes from {label(float(values.min()))} to {label(float(values.max()))}.")
    if len(values) < field.outputs.size:
        sentences.append(f"In {1 - len(values) / field.outputs.size:.0%} of the area the network returns no number.")
    return " ".join([*sentences, *_error_words(field), *sketch.thinned(field, shown)])


def _error_words(field: Field) -> list[str]:
    """How far the points lie from what is predicted for them."""
    words = []
    for test, name in ((False, "training"), (True, "test")):
        mine = (field.test == test) & np.isfinite(field.y) & np.isfinite(field.found)
        if mine.any():
            error = float(np.sqrt(np.mean((field.found[mine] - field.y[mine]) ** 2)))
            words.append(f"{int(mine.sum())} {name} points, {label(error)} off (root of the mean square).")
    return words


# -- one input ---------------------------------------------------------------------------------------------------------


def draw_curve(field: Field, shown: np.ndarray, name: str, output: str, title: str) -> str:
    """The predicted values over one input as a curve, the points where they are."""
    values = field.outputs[:, 0]
    low, high = limits(np.concatenate([values, field.y]))
    (x_low, x_high), cells = field.limits[0], len(values)
    x = Scale(x_low, x_high, label_room(low, high) + 42, sketch.WIDTH - sketch.RIGHT)
    y = Scale(low, high, sketch.BOTTOM, sketch.TOP)
    body = [sketch.heading(title), *frame(x, y, name, output)]
    radius, shown = sketch.radius(len(shown)), shown[np.isfinite(field.y[shown])]
    for test in (False, True):
        mine = shown[field.test[shown] == test]
        places = zip(x(field.x[mine, 0]), y(field.y[mine]), strict=True)
        path = "".join(marker("circle", float(a), float(b), radius) for a, b in places)
        look: dict[str, Any] = (
            {"fill": "panel", "stroke": SERIES[0], "stroke_width": 1.6} if test else {"fill": SERIES[0]}
        )
        body += [tag("path", d=path, **look)] if path else []
    places = x(x_low + (np.arange(cells) + 0.5) * (x_high - x_low) / cells)
    line = "".join(line_path(part) for part in runs(np.c_[places, y(values)]))
    body.append(tag("path", d=line, **_CURVE) if line else "")
    rows = [*_curve_points(field), (tag("line", x1=-7, y1=0, x2=7, y2=0, **_CURVE), f"predicted {output}")]
    body += sketch.legend(rows, x.end + 22)
    words = [f"Fitted curve over {sketch.ranges(field, [name])}.", *_error_words(field)]
    if not np.isfinite(values).all():
        words.append("Where the network returns no number the curve has a gap.")
    return document(sketch.WIDTH, sketch.HEIGHT, title, " ".join([*words, *sketch.thinned(field, len(shown))]), body)


def runs(points: np.ndarray) -> list[np.ndarray]:
    """The stretches of `points` (n, 2) between those that are no numbers."""
    present = np.isfinite(points).all(axis=1)
    cuts = np.flatnonzero(np.diff(present)) + 1
    return [part for part in np.split(points, cuts) if len(part) > 1 and np.isfinite(part[0]).all()]


def _curve_points(field: Field) -> list[sketch.Row]:
    filled = tag("path", d=marker("circle", 0, 0, 4.5), fill=SERIES[0])
    hollow = tag("path", d=marker("circle", 0, 0, 4.5), fill="panel", stroke=SERIES[0], stroke_width=1.6)
    both = [(filled, "training point")] if not field.test.all() else []
    return both + ([(hollow, "test point")] if field.test.any() else [])
