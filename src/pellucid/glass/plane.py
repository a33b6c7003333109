"""The plane as each layer of a two-input network bends it: a grid carried through the layers, as one SVG picture."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from pellucid.errors import DataError, InputError
from pellucid.glass.axes import Scale, label, limits
from pellucid.glass.colours import style
from pellucid.glass.svg import document, fit, html_table, line_path, marker, number, tag, text
from pellucid.layer import Layer
from pellucid.network import apart, working_copy

LINES, FINE = 13, 8  # grid lines each way, and pieces between two crossings
MOST = 12  # panels
POINTS = 300
_WIDE, _LEFT, _GAP, _ACROSS = 206, 20, 14, 3


@dataclass
class Stage:
    """What became of the grid and the points behind one layer.

    `grid` (lines, points a line, 2), the first half of the lines upright; `points` (n, 2); `units` of the layer; `kept`:
    the share of the variance that two directions show, 1.0 where there are no more than two units; `unit`: whether the
    layer has a single one, drawn over the second input.
    """

    name: str
    grid: np.ndarray
    points: np.ndarray
    units: int
    kept: float = 1.0


def draw(model: Any, X: Any = None, y: Any = None, title: str = "The plane, layer by layer") -> str:
    """The grid of the plane of the inputs, and the points `X` (n, 2) with their classes `y`, behind every layer.

    A layer of two units is drawn as it is; one of more is seen along the two directions in which grid and points spread
    most (their principal components; the share that they show is printed); one of a single unit over the second input.
    Where two classes can be parted by a straight line in the last panel, a Dense layer can part them.

    InputError for a network that does not have two inputs. Source: C. Olah, *Neural Networks, Manifolds, and Topology*
    (2014).
    """
    points, classes = _points(X, y)
    stages = carried(model, points)
    shown = stages if len(stages) <= MOST else [*stages[: MOST - 1], stages[-1]]
    across = min(_ACROSS, len(shown))
    width = 2 * _LEFT + max(across, 2) * (_WIDE + _GAP) - _GAP
    key = [] if not len(points) or y is None else _key(classes, width)
    top = 74 if key else 50
    body = [text(_LEFT, 30, fit(title, width - 2 * _LEFT, 17), 15, font_weight=600), *key]
    words = []
    for place, stage in enumerate(shown):
        left, high = _LEFT + place % across * (_WIDE + _GAP), top + place // across * (_WIDE + 48)
        body += _panel(stage, classes, left, high)
        words.append(f"{stage.name}: {_told(stage)}.")
    height = top + -(-len(shown) // across) * (_WIDE + 48)
    if len(shown) < len(stages):
        body.append(text(_LEFT, height + 4, f"{len(stages) - MOST} layers before the last are not drawn", 12, "soft"))
        height += 18
    return document(width, height, title, " ".join(words), body)


def table(model: Any, X: Any = None, y: Any = None, caption: str = "The plane, layer by layer") -> str:
    """Behind the panels: each layer's units, the share that is seen, how far grid and points reach, as an HTML table."""
    rows = []
    for stage in carried(model, _points(X, y)[0]):
        low, high = _extent(stage)
        rows.append((stage.name, stage.units, f"{stage.kept:.0%}", f"{low[0]:.4g} to {high[0]:.4g}",
                     f"{low[1]:.4g} to {high[1]:.4g}"))  # fmt: skip
    return html_table(caption, ("layer", "units", "share seen", "across", "up"), rows)


def carried(model: Any, points: np.ndarray, span: float | None = None) -> list[Stage]:
    """The plane itself, and what is left of it behind every layer; `span`: how far the grid goes from its middle."""
    network: Layer = getattr(model, "network", model)
    run = working_copy(apart(network), training=False)
    ranges = [limits(points[:, axis], pad=0.08) if len(points) else (-1.0, 1.0) for axis in range(2)]
    if span is not None:
        ranges = [(-span, span)] * 2
    grid = _grid(*ranges)
    x = np.concatenate([grid.reshape(-1, 2), points]).astype(getattr(model, "dtype", np.float64))
    stages = [Stage("inputs", *_split(x, grid.shape), 2)]
    try:
        with np.errstate(all="ignore"):
            for number_, layer in enumerate(getattr(run, "layers", ()) or (run,)):
                x = layer.forward(x)
                flat = np.asarray(x, float).reshape(len(x), -1)
                seen, kept = _seen(flat, stages[0], grid.shape)
                name = f"{number_} {layer!r}"
                stages.append(Stage(name, *_split(seen, grid.shape), flat.shape[1], kept))
    except (DataError, ValueError) as error:
        raise InputError(f"A picture of the plane needs a network of two inputs: {error}") from None
    return stages


def _grid(across: tuple[float, float], up: tuple[float, float]) -> np.ndarray:
    """(lines, points a line, 2): upright lines first, then level ones."""
    fine = (LINES - 1) * FINE + 1
    parts = []
    for axis, (own, other) in enumerate(((across, up), (up, across))):
        lines = np.empty((LINES, fine, 2))
        lines[:, :, axis] = np.linspace(*own, LINES)[:, None]
        lines[:, :, 1 - axis] = np.linspace(*other, fine)
        parts.append(lines)
    return np.concatenate(parts)


def _split(flat: np.ndarray, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    count = shape[0] * shape[1]
    return np.asarray(flat[:count], float).reshape(*shape[:2], 2), np.asarray(flat[count:], float)


def _seen(flat: np.ndarray, plane: Stage, shape: tuple[int, ...]) -> tuple[np.ndarray, float]:
    """Two columns to draw of a layer's outputs (n, units), and the share of their variance that these show."""
    if flat.shape[1] == 2:
        return flat, 1.0
    if flat.shape[1] == 1:
        second = np.concatenate([plane.grid.reshape(-1, 2)[:, 1], plane.points[:, 1] if len(plane.points) else []])
        return np.stack([flat[:, 0], second], axis=1), 1.0
    finite = np.isfinite(flat).all(axis=1)
    if not finite.any():
        return np.full((len(flat), 2), np.nan), 0.0
    centred = flat - flat[finite].mean(axis=0)
    _, sizes, directions = np.linalg.svd(centred[finite], full_matrices=False)
    turned = directions[:2] * np.sign(directions[:2][np.arange(2), np.abs(directions[:2]).argmax(axis=1)])[:, None]
    total = float((sizes**2).sum())
    return centred @ turned.T, float((sizes[:2] ** 2).sum() / total) if total else 1.0


def _points(X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    if X is None:
        return np.empty((0, 2)), np.empty(0, int)
    points = np.asarray(X, float)
    if points.ndim != 2 or points.shape[1] != 2:
        raise InputError(f"X has shape {points.shape}: a picture of the plane needs two columns.")
    classes = np.zeros(len(points), int) if y is None else np.asarray(y)
    if classes.ndim == 2:
        classes = classes.argmax(axis=1) if classes.shape[1] > 1 else classes[:, 0] > 0.5
    if len(classes) != len(points):
        raise InputError(f"X has {len(points)} rows and y has {len(classes)}: give one class a row.")
    chosen = np.unique(np.linspace(0, len(points) - 1, min(len(points), POINTS)).round().astype(int))
    return points[chosen], np.unique(classes, return_inverse=True)[1].ravel()[chosen]


def _extent(stage: Stage) -> tuple[np.ndarray, np.ndarray]:
    places = np.concatenate([stage.grid.reshape(-1, 2), stage.points.reshape(-1, 2)])
    places = places[np.isfinite(places).all(axis=1)]
    return (places.min(axis=0), places.max(axis=0)) if len(places) else (np.zeros(2), np.zeros(2))


def _told(stage: Stage) -> str:
    low, high = _extent(stage)
    share = f", {stage.kept:.0%} of it seen" if stage.units > 2 else ""
    ends = [f"{label(float(f'{a:.3g}'))} to {label(float(f'{b:.3g}'))}" for a, b in zip(low, high, strict=True)]
    return f"{stage.units} unit{'' if stage.units == 1 else 's'}{share}, across from {ends[0]}, up from {ends[1]}"


def _panel(stage: Stage, classes: np.ndarray, left: float, top: float) -> list[str]:
    """One layer: its name, the bent grid, the points in their classes' shapes, how far it reaches."""
    low, high = _extent(stage)
    middle, half = (low + high) / 2, max(float((high - low).max()) / 2 * 1.06, 1e-9)
    if stage.units == 1:  # two quantities that have nothing to do with each other: each has a scale of its own
        halves = np.maximum((high - low) / 2 * 1.06, 1e-9)
    else:
        halves = np.array([half, half])
    x = Scale(middle[0] - halves[0], middle[0] + halves[0], left, left + _WIDE)
    y = Scale(middle[1] - halves[1], middle[1] + halves[1], top + 22 + _WIDE, top + 22)
    parts = [text(left, top + 14, fit(stage.name, _WIDE, 13), 12, font_weight=600)]
    parts.append(tag("rect", x=left, y=top + 22, width=_WIDE, height=_WIDE, fill="none", stroke="grid"))
    for first, look in ((0, "axis"), (LINES, "soft")):
        path = "".join(_line(line, x, y) for line in stage.grid[first : first + LINES])
        if path:
            parts.append(tag("path", d=path, fill="none", stroke=look, stroke_width=0.9))
    for group in np.unique(classes):
        colour, _, shape = style(int(group))
        own = stage.points[classes == group]
        own = own[np.isfinite(own).all(axis=1)]
        path = "".join(marker(shape, float(x(a)), float(y(b)), 2.8) for a, b in own)
        if path:
            parts.append(tag("path", d=path, fill=colour, stroke="panel", stroke_width=0.5))
    if not np.isfinite(stage.grid).any():
        parts.append(text(left + _WIDE / 2, top + 22 + _WIDE / 2, "no finite number", 12, "soft", anchor="middle"))
    parts.append(text(left, top + 37 + _WIDE, fit(_below(stage, low, high), _WIDE, 11), 11, "soft"))
    return parts


def _below(stage: Stage, low: np.ndarray, high: np.ndarray) -> str:
    if stage.units > 2:
        return f"{stage.units} units, {stage.kept:.0%} seen"
    reach = f"{float(f'{low[0]:.2g}'):g} to {float(f'{high[0]:.2g}'):g}"
    return f"1 unit, {reach}, over input 2" if stage.units == 1 else f"2 units, across {reach}"


def _line(places: np.ndarray, x: Scale, y: Scale) -> str:
    """Path data of one grid line; corners that lie on a straight line are left out."""
    finite = np.isfinite(places).all(axis=1)
    if not finite.all() or len(places) < 2:
        places = places[finite]
    if len(places) < 2:
        return ""
    pixels = np.stack([x(places[:, 0]), y(places[:, 1])], axis=1)
    kept = [pixels[0]]
    for here, after in pairwise(pixels[1:]):
        one, other = here - kept[-1], after - here
        if abs(one[0] * other[1] - one[1] * other[0]) > 0.15 or float(one @ other) < 0:
            kept.append(here)
    return line_path([*kept, pixels[-1]])


def _key(classes: np.ndarray, width: float) -> list[str]:
    parts, left = [], float(_LEFT)
    for group in np.unique(classes).tolist():
        colour, _, shape = style(int(group))
        words = f"class {group}"
        if left + 90 > width:
            break
        look: dict[str, Any] = {"transform": f"translate({number(left + 6)} 52)"}
        parts.append(tag("g", tag("path", d=marker(shape, 0, 0, 4.5), fill=colour), **look))
        parts.append(text(left + 16, 56, words, 12))
        left += 90
    return parts
