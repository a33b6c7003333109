"""The network with its weights as one SVG picture, and the table behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.glass.chain import Column, columns
from pellucid.glass.colours import SERIES
from pellucid.glass.svg import document, fit, html_table, number, tag, text, width_of

SHOWN = 10  # units of a column that are drawn one by one; of more, some at both ends
ENDS = 4
MOST = 10  # columns; of more, the first and the last
LEVELS = 8  # steps of a line's width
PITCH, RADIUS, LINES = 27.0, 8.0, 5
_LABEL = 11
NEGATIVE, POSITIVE = SERIES[0], SERIES[1]
DASH = "5 3"


def draw(
    model: Any,
    inputs: Sequence[Any] | None = None,
    outputs: Sequence[Any] | None = None,
    title: str = "Network",
) -> str:
    """The units of `model` (or of a layer) in columns, joined by their weights.

    A line is as wide as its weight is large, measured by the largest of its layer: vermillion and solid where it is
    positive, blue and dashed where it is negative. Of wide layers only units at both ends are drawn, with the number of
    the rest between them. `inputs`, `outputs`: names. InputError where their number is not that of the units.
    """
    chain = columns(getattr(model, "network", model))
    names = _names(inputs, chain[0], "inputs"), _names(outputs, chain[-1], "outputs")
    shown, gap = _chosen(chain)
    left, right = (max([width_of(name, _LABEL) for name in own], default=0.0) + 14 if own else 0 for own in names)
    steps = len(shown) - 1 + (gap is not None)
    pitch = max(118.0, min(180.0, (680.0 - 120 - left - right) / max(steps, 1)))
    width = max(680.0, steps * pitch + left + right + 150)
    lines = max(min(len(column.labels), LINES) for column in chain)
    top = 52 + 15 * lines
    tall = PITCH * (max(_rows(column) for column in chain) - 1)
    start = left + (width - left - right - steps * pitch) / 2
    x = [start + pitch * (place + (gap is not None and place >= gap)) for place in range(len(shown))]
    height = top + tall + 122
    body = [text(20, 30, fit(title, width - 40, 17), 15, font_weight=600)]
    places = [_places(chain[index], top, tall) for index in shown]
    for place, index in enumerate(shown):
        column = chain[index]
        if place and (gap is None or place != gap):
            body += _joined(column, places[place - 1], places[place], x[place - 1], x[place])
    body += _skips(chain, shown, x, places)
    for place, index in enumerate(shown):
        body += _column(chain[index], places[place], x[place], pitch, top, tall)
    body += _named(names[0], places[0], x[0] - RADIUS - 6, "end")
    body += _named(names[1], places[-1], x[-1] + RADIUS + 6, None)
    if gap is not None:
        more = len(chain) - len(shown)
        at = (x[gap - 1] + x[gap]) / 2
        body.append(text(at, top + tall / 2 + 4, f"… {more} more", 12, "soft", anchor="middle"))
    body += _key(chain, width, height)
    return document(width, height, title, describe(chain), body)


def describe(chain: Sequence[Column]) -> str:
    """The network in words."""
    parts = [f"{_count(chain[0])} inputs" if chain[0].units else "inputs"]
    parts += [f"layer {column.path}, {column.labels[0]}: {_facts(column)}" for column in chain[1:]]
    return f"A network of {len(chain) - 1} columns of units. {'; '.join(parts)}."


def table(model: Any, caption: str = "Layers and their weights") -> str:
    """The figures behind the drawing as an HTML table."""
    chain = columns(getattr(model, "network", model))
    rows = []
    for column in chain:
        weights = column.weights
        span = ("", "", "") if weights is None else _span(weights)
        name = " ".join(part for part in (column.path, ", ".join(column.labels)) if part)
        rows.append((name, _count(column), f"{column.parameters:,}" if column.parameters else "", *span))
    head = ("layer", "units", "parameters", "least weight", "greatest weight", "mean size")
    return html_table(caption, head, rows)


def _span(weights: np.ndarray) -> tuple[str, str, str]:
    finite = weights[np.isfinite(weights)]
    if not finite.size:
        return ("no number",) * 3
    with np.errstate(over="ignore"):
        mean = np.abs(finite).mean(dtype=np.float64)
    return f"{finite.min():.4g}", f"{finite.max():.4g}", f"{mean:.4g}"


def _count(column: Column) -> str:
    return "?" if column.units is None else f"{column.units:,}"


def _facts(column: Column) -> str:
    parts = [f"{_count(column)} units"] if column.units is not None else []
    parts += [f"{column.parameters:,} parameters"] if column.parameters else []
    if column.weights is not None:
        least, greatest, _ = _span(column.weights)
        parts.append(f"weights from {least} to {greatest}")
    return ", ".join(parts) or "no parameters"


def _names(given: Sequence[Any] | None, column: Column, what: str) -> list[str]:
    if given is None:
        return []
    names = [fit(str(name), 140, _LABEL) for name in given]
    if isinstance(given, str) or (column.units is not None and len(names) != column.units):
        raise InputError(f"{what}={given!r}: expected a list with one name for each of the {_count(column)} {what}.")
    return names


def _chosen(chain: Sequence[Column]) -> tuple[list[int], int | None]:
    """The numbers of the columns that are drawn, and the place in that list before which some are left out."""
    if len(chain) <= MOST:
        return list(range(len(chain))), None
    half = MOST // 2
    return [*range(half), *range(len(chain) - half + 1, len(chain))], half


def _rows(column: Column) -> int:
    """How many rows a column takes."""
    return 3 if column.units is None else column.units if column.units <= SHOWN else 2 * ENDS + 1


def _places(column: Column, top: float, tall: float) -> dict[int, float]:
    """The height of every unit that is drawn, by its number; of a column without known units, of its middle."""
    if column.units is None:
        return {}
    rows = _rows(column)
    begin = top + (tall - PITCH * (rows - 1)) / 2
    if column.units <= SHOWN:
        return {unit: begin + PITCH * unit for unit in range(column.units)}
    ends = {unit: begin + PITCH * unit for unit in range(ENDS)}
    last = {column.units - ENDS + unit: begin + PITCH * (ENDS + 1 + unit) for unit in range(ENDS)}
    return ends | last


def _joined(column: Column, before: dict[int, float], here: dict[int, float], x0: float, x1: float) -> list[str]:
    """The weights between two columns, the small ones first; plain lines where there are none."""
    start, end = x0 + RADIUS, x1 - RADIUS
    if column.weights is None or not before or not here:
        middle = [min(place.values(), default=0) + max(place.values(), default=0) for place in (before, here)]
        y0, y1 = (value / 2 if value else (middle[1 - i] / 2) for i, value in enumerate(middle))
        return [tag("line", x1=start, y1=y0, x2=end, y2=y1, stroke="axis", stroke_width=1)]
    most = largest(column.weights)
    paths: dict[tuple[int, str], list[str]] = {}
    for i, y0 in before.items():
        for o, y1 in here.items():
            kind = level(float(column.weights[i, o]), most)
            paths.setdefault(kind, []).append(f"M{number(start)} {number(y0)}L{number(end)} {number(y1)}")
    return [
        tag("path", d="".join(paths[kind]), fill="none", **look(*kind))
        for kind in sorted(paths, key=lambda kind: kind[0])
    ]


def largest(weights: np.ndarray) -> float:
    """The size of the largest finite weight, 0 where there is none."""
    finite = weights[np.isfinite(weights)]
    return float(np.abs(finite).max()) if finite.size else 0.0


def level(weight: float, most: float) -> tuple[int, str]:
    """(step of the width, "positive", "negative" or "no number") of a weight where the largest has size `most`."""
    if not np.isfinite(weight):
        return LEVELS, "no number"
    return int(np.ceil(abs(weight) / most * LEVELS)) if most else 0, "negative" if weight < 0 else "positive"


def look(step: int, kind: str) -> dict[str, Any]:
    """How a line of that step is drawn."""
    if kind == "no number":
        return {"stroke": "ink", "stroke_width": 2, "stroke_dasharray": "1 4"}
    negative = kind == "negative"
    wide = round(0.3 + 3.2 * step / LEVELS, 2)
    return {
        "stroke": NEGATIVE if negative else POSITIVE,
        "stroke_width": wide,
        "stroke_dasharray": DASH if negative else None,
    }


def _column(column: Column, places: dict[int, float], x: float, pitch: float, top: float, tall: float) -> list[str]:
    """The units, what makes them above, how many they are below."""
    parts = []
    if places:
        round_: dict[str, Any] = {"fill": "panel", "stroke": "ink", "stroke_width": 1.4}
        parts += [tag("circle", cx=x, cy=y, r=RADIUS, **round_) for y in places.values()]
        if column.units is not None and column.units > SHOWN:
            middle = top + tall / 2
            words = f"… {column.units - 2 * ENDS:,} more"
            half = width_of(words, 11) / 2 + 2
            parts.append(tag("rect", x=x - half, y=middle - 9, width=2 * half, height=18, fill="panel"))
            parts.append(text(x, middle + 4, words, 11, "soft", anchor="middle"))
    else:
        middle = top + tall / 2
        parts.append(
            tag(
                "rect", x=x - 14, y=middle - 28, width=28, height=56, rx=5, fill="panel", stroke="ink", stroke_width=1.4
            )
        )
    labels = column.labels if len(column.labels) <= LINES else [*column.labels[: LINES - 1], "…"]
    for line, words in enumerate(labels):
        y = top - 20 - 15 * (len(labels) - 1 - line)
        parts.append(text(x, y, fit(words, pitch - 10, _LABEL), _LABEL, anchor="middle"))
    below = [f"{_count(column)} unit{'' if column.units == 1 else 's'}"] if column.units is not None else []
    below += [f"{column.parameters:,} parameters"] if column.parameters else []
    if column.weights is not None:
        below.append(f"weights to ±{largest(column.weights):.3g}")
    for line, words in enumerate(below):
        parts.append(text(x, top + tall + 32 + 15 * line, words, _LABEL, "soft", anchor="middle"))
    return parts


def _named(names: list[str], places: dict[int, float], x: float, anchor: str | None) -> list[str]:
    return [text(x, y + 4, names[unit], _LABEL, anchor=anchor) for unit, y in places.items() if unit < len(names)]


def _skips(chain: Sequence[Column], shown: list[int], x: list[float], places: list[dict[int, float]]) -> list[str]:
    """The short cuts of residual layers, below the units they pass by."""
    parts = []
    for place, index in enumerate(shown):
        start = chain[index].skip
        if start is None or start not in shown:
            continue
        first = shown.index(start)
        ends = [max(places[i].values(), default=0.0) for i in (first, place)]
        low = max(max(places[i].values(), default=0.0) for i in range(first, place + 1)) + 17
        middle = (x[first] + x[place]) / 2
        path = (
            f"M{number(x[first])} {number(ends[0] + RADIUS)}C{number(x[first])} {number(low)} {number(x[first])} "
            f"{number(low)} {number(middle)} {number(low)}S{number(x[place])} {number(low)} {number(x[place])} "
            f"{number(ends[1] + RADIUS)}"
        )
        parts.append(tag("path", d=path, fill="none", stroke="soft", stroke_width=1.6))
    return parts


def _key(chain: Sequence[Column], width: float, height: float) -> list[str]:
    """What the lines mean."""
    if all(column.weights is None for column in chain):
        return []
    y, parts, left = height - 22, [], 20.0
    rows = [("positive", "positive weight"), ("negative", "negative weight")]
    if any(column.weights is not None and not np.isfinite(column.weights).all() for column in chain):
        rows.append(("no number", "NaN"))
    for kind, words in rows:
        parts.append(tag("line", x1=left, y1=y - 4, x2=left + 30, y2=y - 4, **look(LEVELS, kind)))
        parts.append(text(left + 36, y, words, 12))
        left += 36 + width_of(words) + 12
    parts.append(text(left, y, fit("width: its size in its layer", width - 20 - left), 12, "soft"))
    return parts
