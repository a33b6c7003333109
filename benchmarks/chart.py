"""A line chart on two logarithmic axes, as SVG; the numbers themselves always stand in a table beside it."""

from __future__ import annotations

import math
from pathlib import Path

from pellucid.glass.axes import Scale, label, log_ticks
from pellucid.glass.colours import style
from pellucid.glass.svg import document, line_path, marker, tag, text, width_of

RESULTS = Path(__file__).resolve().parent / "results"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 680, 420, 72, 168, 48, 54
Line = list[tuple[float, float]]


def loglog(
    title: str, x_name: str, y_name: str, lines: dict[str, Line], y_scale: float = 1.0,
    marks: dict[str, float] | None = None,
) -> str:  # fmt: skip
    """SVG text. lines: name -> points (x, y), all positive; y is multiplied by `y_scale` before drawing.

    Each point gets a marker and its x a tick, unless there are `marks` (name -> x, drawn as upright lines): then the
    lines are curves, and the ticks are powers of ten.
    """
    drawn = {name: [(x, y * y_scale) for x, y in line] for name, line in lines.items()}
    xs, ys = sorted({x for line in drawn.values() for x, _ in line}), [y for line in drawn.values() for _, y in line]
    top = TOP + 16 * len(marks or {})
    low, high = 10.0 ** math.floor(math.log10(min(ys))), 10.0 ** math.ceil(math.log10(max(ys)))
    across = Scale(xs[0], xs[-1], LEFT, WIDTH - RIGHT, log=True)
    up = Scale(low, high, HEIGHT - BOTTOM, top, log=True)
    body = _frame(x_name, y_name, log_ticks(xs[0], xs[-1]) if marks else xs, across, up)
    body.insert(0, text(LEFT, 28, title, size=15, font_weight=600))
    marked = sorted((marks or {}).items(), key=lambda item: -item[1])  # so that no name is crossed by another's line
    for number, (name, x) in enumerate(marked):
        body += _mark(name, float(across(x)), TOP + 16 * number)
    taken: list[float] = []
    for number, (name, line) in enumerate(drawn.items()):
        places = [(float(across(x)), float(up(y))) for x, y in line]
        body += _line(name, places, style(number), taken, dotted=not marks)
    description = f"{y_name} against {x_name}, for {', '.join(lines)}; the numbers stand in the table beside it."
    return document(WIDTH, HEIGHT, title, description, body) + "\n"


def _frame(x_name: str, y_name: str, xs: list[float], across: Scale, up: Scale) -> list[str]:
    bottom = HEIGHT - BOTTOM
    parts = [text(float(across(x)), bottom + 18, label(x), anchor="middle", fill="soft") for x in xs]
    for y in log_ticks(up.low, up.high):
        height = float(up(y))
        parts.append(tag("path", d=f"M{LEFT} {height:.1f}H{WIDTH - RIGHT}", stroke="grid"))
        parts.append(text(LEFT - 8, height + 4, label(y), anchor="end", fill="soft"))
    parts.append(text(WIDTH - RIGHT, HEIGHT - 14, x_name, anchor="end"))
    middle = (up.start + up.end) / 2
    return [*parts, text(0, 0, y_name, anchor="middle", transform=f"translate(20 {middle:.0f}) rotate(-90)")]


def _mark(name: str, x: float, height: float) -> list[str]:
    """An upright line with its name at its top, to the left where there is room."""
    anchor, gap = ("end", -5) if x - width_of(name) > LEFT / 2 else ("start", 5)
    path = f"M{x:.1f} {height - 8:.1f}V{HEIGHT - BOTTOM}"
    return [
        tag("path", d=path, stroke="axis", stroke_width=1.5, stroke_dasharray="3 3"),
        text(x + gap, height + 2, name, anchor=anchor),
    ]


def _line(name: str, places: Line, look: tuple[str, str, str], taken: list[float], dotted: bool) -> list[str]:
    """One line, and at its end its marker and name, moved where another name already stands."""
    colour, dash, shape = look
    parts = [
        tag("path", d=line_path(places), fill="none", stroke=colour, stroke_width=2, stroke_dasharray=dash or None)
    ]
    parts += [tag("path", d=marker(shape, x, y, 4), fill=colour) for x, y in (places if dotted else places[-1:])]
    height = places[-1][1]
    while any(abs(height - other) < 16 for other in taken):
        height += 3
    taken.append(height)
    parts.append(tag("path", d=marker(shape, WIDTH - RIGHT + 18, height, 4), fill=colour))
    return [*parts, text(WIDTH - RIGHT + 28, height + 4, name)]


def save(charts: dict[str, str], stem: str) -> dict[str, Path]:
    """Write results/STEM-NAME.svg for every chart; name -> path."""
    RESULTS.mkdir(exist_ok=True)
    paths = {name: RESULTS / f"{stem}-{name}.svg" for name in charts}
    for name, path in paths.items():
        path.write_text(charts[name])
    return paths
