"""Writing SVG by hand: elements, text that fits, scales with round ticks, markers, small PNG images.

A picture brings its own panel, so that it can be read on any page, and a style for dark pages. It needs no script, no
font file and no `id`, so that any number of pictures can stand in one HTML document.
"""

from __future__ import annotations

import base64
import html
import math
import re
import struct
import unicodedata
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from pellucid.glass.colours import DARK, LIGHT

# XML 1.0, section 2.2: no other control characters, no lone surrogates, no U+FFFE and U+FFFF.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escape(text: Any) -> str:
    """`text` made safe between tags and inside quotes; characters that XML forbids become U+FFFD."""
    return html.escape(_NOT_XML.sub("\ufffd", str(text)), quote=True)


def number(value: float) -> str:
    """A coordinate, to a hundredth of a pixel."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def tag(name: str, content: str = "", **attributes: Any) -> str:
    """An element. `stroke_width=1` becomes ``stroke-width="1"``; None leaves an attribute out; `content` is markup.

    `fill` and `stroke` also take a role ("ink", "soft", "grid", "axis", "panel"), which has a form for dark pages.
    """
    classes = [f"{key[0]}-{attributes[key]}" for key in ("fill", "stroke") if attributes.get(key) in LIGHT]
    if classes:
        attributes["class_"] = " ".join(classes)
    parts = [name]
    for key, value in attributes.items():
        if value is None:
            continue
        if key in ("fill", "stroke"):
            value = LIGHT.get(value, value)
        shown = number(value) if isinstance(value, (int, float)) else escape(value)
        parts.append(f'{key.rstrip("_").replace("_", "-")}="{shown}"')
    return f"<{' '.join(parts)}>{content}</{name}>" if content else f"<{' '.join(parts)}/>"


def text(x: float, y: float, content: Any, size: float = 12, fill: str = "ink", **attributes: Any) -> str:
    """A line of text with its baseline at `y`; `anchor` is "start" (default), "middle" or "end"."""
    anchor = attributes.pop("anchor", None)
    return tag("text", escape(content), x=x, y=y, font_size=size, fill=fill, text_anchor=anchor, **attributes)


_WIDTHS = {**dict.fromkeys("iljI.,:;'|! ", 0.36), **dict.fromkeys("tfr()[]-", 0.46), **dict.fromkeys("mMW@%…", 1.0)}


def width_of(content: str, size: float = 12) -> float:
    """About how wide `content` is: on the safe side for any sans-serif face, since no font is asked."""
    ems = 0.0
    for character in content:
        if unicodedata.east_asian_width(character) in "WF":
            ems += 1.0
        else:
            ems += _WIDTHS.get(character, 0.78 if character.isupper() or character in "w&+=<>~" else 0.64)
    return ems * size


def fit(content: str, width: float, size: float = 12) -> str:
    """`content`, cut with an ellipsis where it is wider than `width`."""
    content = " ".join(str(content).split())
    if width_of(content, size) <= width:
        return content
    while content and width_of(content + "…", size) > width:
        content = content[:-1]
    return content.rstrip() + "…"


def document(width: float, height: float, title: str, description: str, body: Iterable[str]) -> str:
    """A whole picture: panel, `title` and `description` for those who listen, `body`, a style for dark pages."""
    dark = "".join(
        f".pellucid .f-{role}{{fill:{value}}}.pellucid .s-{role}{{stroke:{value}}}" for role, value in DARK.items()
    )
    style = f".pellucid{{max-width:100%;height:auto}}@media screen and (prefers-color-scheme:dark){{{dark}}}"
    parts = [
        tag("title", escape(title)),
        tag("desc", escape(description)),
        tag("style", style),
        tag("rect", x=0.5, y=0.5, width=width - 1, height=height - 1, rx=6, fill="panel", stroke="grid"),
        *body,
    ]
    return tag(
        "svg",
        "\n" + "\n".join(part for part in parts if part) + "\n",
        xmlns="http://www.w3.org/2000/svg",
        class_="pellucid",
        role="img",
        width=width,
        height=height,
        viewBox=f"0 0 {number(width)} {number(height)}",
        font_family="system-ui, 'Helvetica Neue', Arial, sans-serif",
    )


def html_table(caption: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The table behind a chart: first column as row headers."""
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    lines = [
        f'<table class="pellucid-table"><caption>{escape(caption)}</caption>',
        f"<thead><tr>{top}</tr></thead><tbody>",
    ]
    for first, *others in rows:
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in others)
        lines.append(f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>')
    return "\n".join([*lines, "</tbody></table>"])


# -- markers -------------------------------------------------------------------------------------------------------

_SHAPES = {
    "square": [(-0.89, -0.89), (0.89, -0.89), (0.89, 0.89), (-0.89, 0.89)],
    "triangle": [(0, -1.3), (1.17, 0.78), (-1.17, 0.78)],
    "wedge": [(0, 1.3), (1.17, -0.78), (-1.17, -0.78)],
    "diamond": [(0, -1.3), (1.25, 0), (0, 1.3), (-1.25, 0)],
    "plus": [(x, y) for a, b in ((0.42, 1.2),) for x, y in (
        (-a, -b), (a, -b), (a, -a), (b, -a), (b, a), (a, a), (a, b), (-a, b), (-a, a), (-b, a), (-b, -a), (-a, -a))],
    "star": [
        (r * math.sin(math.pi * i / 5), -r * math.cos(math.pi * i / 5)) for i in range(10) for r in (0.6 if i % 2 else 1.4,)
    ],
}  # fmt: skip
_SHAPES["cross"] = [((x - y) * math.sqrt(0.5), (x + y) * math.sqrt(0.5)) for x, y in _SHAPES["plus"]]


def outline(shape: str, radius: float) -> np.ndarray | None:
    """The corners (n, 2) of a marker of about the area of a circle of `radius`; None for the circle."""
    return None if shape == "circle" else np.array(_SHAPES[shape]) * radius


def marker(shape: str, x: float, y: float, radius: float) -> str:
    """Path data of one marker; many of one look join to one path."""
    corners = outline(shape, radius)
    if corners is None:
        r, across = number(radius), number(2 * radius)
        return f"M{number(x - radius)} {number(y)}a{r} {r} 0 1 0 {across} 0a{r} {r} 0 1 0-{across} 0z"
    steps = np.diff(corners, axis=0)
    moves = " ".join(f"{number(dx)} {number(dy)}" for dx, dy in steps)
    return f"M{number(x + corners[0, 0])} {number(y + corners[0, 1])}l{moves}z"


def line_path(points: Any) -> str:
    """Path data through `points` (n, 2)."""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


# -- images --------------------------------------------------------------------------------------------------------


def png(indices: np.ndarray, palette: np.ndarray) -> bytes:
    """A PNG file: `indices` (height, width) uint8, the top row first, into `palette` (up to 256, 3 or 4) uint8.

    A fourth channel is opacity. Source: W3C, *Portable Network Graphics*, sections 11.2.2 to 11.2.5 and 11.3.2.1 (IHDR,
    PLTE, IDAT, IEND, tRNS), colour type 3.
    """
    height, width = indices.shape
    rows = np.zeros((height, width + 1), np.uint8)  # each row begins with its filter: 0, none
    rows[:, 1:] = indices
    colours = np.asarray(palette, dtype=np.uint8)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)), (b"PLTE", colours[:, :3].tobytes())]
    if colours.shape[1] == 4:
        chunks.append((b"tRNS", colours[:, 3].tobytes()))
    chunks += [(b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b"")]
    packed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def image(
    indices: np.ndarray, palette: np.ndarray, x: float, y: float, width: float, height: float, crisp: bool = False
) -> str:
    """An image element that holds its own PNG, stretched over the rectangle; `crisp`: with its pixels as squares."""
    uri = "data:image/png;base64," + base64.b64encode(png(indices, palette)).decode()
    way = "pixelated" if crisp else None
    return tag(
        "image", x=x, y=y, width=width, height=height, preserveAspectRatio="none", image_rendering=way, href=uri
    )  # fmt: skip
