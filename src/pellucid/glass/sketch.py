"""What the pictures of a network over its inputs have in common: the map, its frame, borders, points and legend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.glass.axes import Scale, label, label_room
from pellucid.glass.field import Field
from pellucid.glass.svg import fit, image, line_path, marker, number, tag, text

WIDTH, HEIGHT, TOP, BOTTOM = 680, 500, 48, 446
RIGHT = 178  # the room beside the map
LAST = 255  # the palette's place for "no number"

Row = tuple[str, str]  # a small mark drawn about (0, 0), or nothing, and its words


def input_names(field: Field, inputs: Sequence[Any] | None) -> list[str]:
    """The names of the inputs as text."""
    count = field.x.shape[1]
    names = ["input 1", "input 2"][:count] if inputs is None else [str(name) for name in inputs]
    if isinstance(inputs, str) or len(names) != count:
        raise InputError(f"inputs={inputs!r}: expected a list with one name for each of the {count} column(s) of X.")
    return names


def scales(field: Field) -> tuple[Scale, Scale]:
    """From the two inputs to pixels."""
    (x_low, x_high), (y_low, y_high) = field.limits
    left = label_room(y_low, y_high) + 42
    return Scale(x_low, x_high, left, WIDTH - RIGHT), Scale(y_low, y_high, BOTTOM, TOP)


def heading(title: str) -> str:
    """The picture's title line."""
    return text(20, 30, fit(title, WIDTH - 40, 17), 15, font_weight=600)


def cell_map(shades: np.ndarray, palette: np.ndarray, x: Scale, y: Scale) -> str:
    """The image of the grid's cells, (cells up, cells across) places in the palette, lowest row first."""
    return image(shades[::-1], palette, x.start, y.end, x.end - x.start, y.start - y.end)


def box(x: Scale, y: Scale) -> str:
    """The edge of the map."""
    return tag("rect", x=x.start, y=y.end, width=x.end - x.start, height=y.start - y.end, fill="none", stroke="axis")


def borders(lines: list[np.ndarray], shape: tuple[int, ...], x: Scale, y: Scale, stroke: str = "ink") -> str:
    """Lines in units of cells, counted from the middle of the lowest left one, as one path."""
    size = np.array([(x.end - x.start) / shape[1], (y.end - y.start) / shape[0]])
    paths = [line_path((line + 0.5) * size + (x.start, y.start)) for line in lines]
    look: dict[str, Any] = {"stroke": stroke, "stroke_width": 1.6, "stroke_linejoin": "round"}
    return tag("path", d="".join(paths), fill="none", **look) if paths else ""


def chosen(count: int, limit: int) -> np.ndarray:
    """The rows of up to `limit` of `count` points, evenly taken."""
    return np.unique(np.linspace(0, count - 1, min(count, max(1, limit))).round().astype(int))


def radius(count: int) -> float:
    """How large a point is drawn where there are `count`."""
    return 4.2 if count <= 150 else 3.4 if count <= 600 else 2.6


def pixels(field: Field, rows: np.ndarray, x: Scale, y: Scale) -> list[list[float]]:
    """Where the points of `rows` lie on the picture."""
    places: list[list[float]] = np.c_[x(field.x[rows, 0]), y(field.x[rows, 1])].tolist()
    return places


def legend(rows: Iterable[Row], left: float, top: float = TOP + 8) -> list[str]:
    """The marks with their words, one below the other."""
    parts = []
    for place, (mark, words) in enumerate(rows):
        at = top + place * 21
        if mark:
            parts.append(tag("g", mark, transform=f"translate({number(left + 6)} {number(at)})"))
        start = left + (20 if mark else 0)
        parts.append(text(start, at + 4, fit(words, WIDTH - 12 - start, 12), 12))
    return parts


def border_row(words: str) -> Row:
    """The legend's row for the lines."""
    return tag("line", x1=-6, y1=0, x2=6, y2=0, stroke="ink", stroke_width=1.6), words


def kind_rows(field: Field, always: bool = False) -> list[Row]:
    """The legend's rows for training and test points, where there are both (or `always`)."""
    kinds = [(False, "training point"), (True, "test point")]
    if not always and not field.test.any():
        return []
    rows = []
    for test, words in kinds:
        if (field.test == test).any():
            look: dict[str, Any] = {"fill": "none", "stroke_width": 1.6} if test else {"fill": "soft"}
            rows.append((tag("path", d=marker("circle", 0, 0, 4.5), stroke="soft", **look), words))
    return rows


def unknown_row(there: bool, colour: str) -> list[Row]:
    """The legend's row for where the network returns no number."""
    swatch = tag("rect", x=-6, y=-6, width=12, height=12, fill=colour, stroke="axis")
    return [(swatch, "no number (NaN)")] if there else []


def ranges(field: Field, inputs: list[str]) -> str:
    """What the picture covers, in words."""
    parts = [
        f"{name} from {label(low)} to {label(high)}" for name, (low, high) in zip(inputs, field.limits, strict=True)
    ]
    return " and ".join(parts)


def thinned(field: Field, shown: int) -> list[str]:
    """A sentence where not all points are drawn."""
    return [f"{shown} of {len(field.x)} points are drawn."] if shown < len(field.x) else []
