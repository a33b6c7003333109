"""A line chart on two logarithmic axes, as SVG; the numbers themselves always stand in a table beside it."""

from __future__ import annotations

import html
import math

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 400, 70, 150, 40, 50
# Colours that stay apart for every kind of colour vision; never colour alone, so each has its dash and marker.
STYLES = [
    ("#0072B2", "", "circle"),
    ("#D55E00", "7 4", "square"),
    ("#009E73", "2 3", "diamond"),
    ("#CC79A7", "9 3 2 3", "cross"),
    ("#595959", "4 4", "circle"),
]


def loglog(
    title: str, x_name: str, y_name: str, lines: dict[str, list[tuple[float, float]]], y_scale: float = 1.0
) -> str:
    """SVG text. lines: name -> points (x, y), all positive; y is multiplied by `y_scale` before drawing."""
    points = [(x, y * y_scale) for line in lines.values() for x, y in line]
    xs, ys = sorted({x for x, _ in points}), [y for _, y in points]
    x_low, x_high = math.log10(xs[0]), math.log10(xs[-1])
    y_low, y_high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - x_low) / ((x_high - x_low) or 1)
        up = (math.log10(y) - y_low) / ((y_high - y_low) or 1)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    summary = f"{title}: {y_name} against {x_name}, for {', '.join(lines)}"
    font, label = 'font-family="sans-serif" font-size="13"', f'role="img" aria-label="{html.escape(summary)}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {font} {label}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" font-size="15">{html.escape(title)}</text>',
    ]
    for x in xs:
        across, bottom = place(x, 10**y_low)
        parts.append(f'<text x="{across:.1f}" y="{bottom + 18:.1f}" text-anchor="middle">{x:g}</text>')
    for power in range(y_low, y_high + 1):
        left, height = place(xs[0], 10**power)
        parts.append(f'<path d="M{left} {height:.1f}H{WIDTH - RIGHT}" stroke="#d9d9d9"/>')
        parts.append(f'<text x="{left - 8}" y="{height + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 10}">{html.escape(x_name)}</text>')
    parts.append(f'<text transform="translate(16 {HEIGHT / 2 + 60:.0f}) rotate(-90)">{html.escape(y_name)}</text>')
    taken: list[float] = []
    for (name, line), style in zip(lines.items(), STYLES, strict=False):
        parts += _line(name, [place(x, y * y_scale) for x, y in line], style, taken)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _line(name: str, places: list[tuple[float, float]], style: tuple[str, str, str], taken: list[float]) -> list[str]:
    """One line with its markers, and its name at its end, moved where another name already stands."""
    colour, dash, marker = style
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    parts = [f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>']
    parts += [_marker(x, y, colour, marker) for x, y in places]
    height = places[-1][1]
    while any(abs(height - other) < 15 for other in taken):
        height += 3
    taken.append(height)
    parts.append(f'<text x="{WIDTH - RIGHT + 12}" y="{height + 4:.1f}" fill="{colour}">{html.escape(name)}</text>')
    return parts


def _marker(x: float, y: float, colour: str, kind: str) -> str:
    shapes = {
        "circle": f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>',
        "square": f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="{colour}"/>',
        "diamond": f'<path d="M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z" fill="{colour}"/>',
        "cross": f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8" stroke="{colour}" stroke-width="2"/>',
    }
    return shapes[kind]
