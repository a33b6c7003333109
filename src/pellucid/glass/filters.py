"""The weights of a first layer as images: what each unit looks for, as one SVG picture."""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.glass.colours import UNKNOWN, diverging, rgb
from pellucid.glass.svg import document, fit, html_table, image, tag, text
from pellucid.layer import Layer

MOST = 48  # filters; of more, the first
_SIDE, _GAP, _LEFT, _ACROSS = 72, 14, 20, 8
_LAST = 255  # the palette's place for "no number"


def draw(
    model: Any,
    shape: tuple[int, int] | None = None,
    title: str = "What the units of the first layer look for",
    order: str = "as they are",
) -> str:
    """The weights from the inputs to each unit of the first Dense layer of `model`, as small images.

    `shape` of an image (height, width), such as (8, 8) for digits; None where the inputs make a square. Vermillion is
    positive: the unit grows with that input; blue is negative. The colours of all images are measured by the largest
    weight of all. `order`: "as they are", or "largest" for those with the largest weights first. InputError where there
    is no such layer, or the shape does not fit.
    """
    weights, path = _first(model)
    size = _shape(shape, len(weights))
    numbers = _order(weights, order)
    shown = numbers[:MOST]
    most = _most(weights)
    across = min(_ACROSS, max(len(shown), 4))
    tall = _SIDE * min(max(size[0] / size[1], 0.25), 2.0)
    width = 2 * _LEFT + across * (_SIDE + _GAP) - _GAP
    body = [text(_LEFT, 30, fit(title, width - 2 * _LEFT, 17), 15, font_weight=600)]
    palette = _palette()
    for place, unit in enumerate(shown):
        x, y = _LEFT + place % across * (_SIDE + _GAP), 48 + place // across * (tall + 30)
        body.append(image(shades(weights[:, unit].reshape(size), most), palette, x, y, _SIDE, tall, crisp=True))
        body.append(tag("rect", x=x, y=y, width=_SIDE, height=tall, fill="none", stroke="axis"))
        body.append(text(x + _SIDE / 2, y + tall + 15, f"unit {unit}", 11, "soft", anchor="middle"))
    bottom = 48 + -(-len(shown) // across) * (tall + 30)
    body += _bar(most, bottom + 12, width)
    if len(numbers) > len(shown):
        words = f"{len(numbers) - len(shown):,} more units are not drawn"
        body.append(text(_LEFT, bottom + 58, words, 12, "soft"))
        bottom += 22
    told = (
        f"{len(shown)} of {weights.shape[1]} units of layer {path}, {size[0]} by {size[1]} weights each, "
        f"from {-most:.3g} (blue) over 0 (white) to {most:.3g} (vermillion)."
    )
    return document(width, bottom + 52, title, told, body)


def table(model: Any, caption: str = "Units of the first layer") -> str:
    """Behind the pictures: each unit's least and greatest weight and where they are, as an HTML table."""
    weights, _ = _first(model)
    rows = []
    for unit in range(weights.shape[1]):
        column = weights[:, unit]
        low, high = int(np.argmin(column)), int(np.argmax(column))
        rows.append((f"unit {unit}", f"{column[low]:.4g}", low, f"{column[high]:.4g}", high))
    return html_table(caption, ("unit", "least", "at input", "greatest", "at input"), rows)


def shades(weights: np.ndarray, most: float) -> np.ndarray:
    """Places in the palette, uint8: 0 at -most, 127 at 0, 254 at most."""
    scaled = np.nan_to_num(weights.astype(float) / (most or 1.0), posinf=1.0, neginf=-1.0)
    places = np.rint((np.clip(scaled, -1.0, 1.0) + 1.0) * 127.0)
    return np.where(np.isnan(weights), _LAST, places).astype(np.uint8)


def _palette() -> np.ndarray:
    palette = np.zeros((256, 3), np.uint8)
    palette[:255] = diverging(np.linspace(-1.0, 1.0, 255))
    palette[_LAST] = rgb(UNKNOWN)
    return palette


def _first(model: Any) -> tuple[np.ndarray, str]:
    network: Layer = getattr(model, "network", model)
    for path, layer in network.walk():
        weights: Any = getattr(layer, "weights", None)
        if isinstance(weights, np.ndarray) and weights.ndim == 2:
            return weights, path or "0"
        if layer.params:
            break
    raise InputError(f"{network!r} does not begin with a Dense layer, whose weights could be shown as images.")


def _shape(shape: Any, count: int) -> tuple[int, int]:
    if shape is None:
        side = isqrt(count)
        if side * side == count:
            return side, side
        raise InputError(f"The {count} inputs make no square: write shape=(height, width), such as shape=(1, {count}).")
    try:
        height, width = (int(side) for side in shape)
    except (TypeError, ValueError):
        height = width = 0
    if height < 1 or width < 1 or height * width != count:
        raise InputError(f"shape={shape!r} does not hold the {count} inputs: expected (height, width), such as (8, 8).")
    return height, width


def _order(weights: np.ndarray, order: str) -> list[int]:
    if order == "as they are":
        return list(range(weights.shape[1]))
    if order != "largest":
        raise InputError(f"order={order!r}: expected 'as they are' or 'largest'.")
    sizes = np.nan_to_num(np.abs(weights.astype(float)), nan=0.0).sum(axis=0)
    return [int(unit) for unit in np.argsort(-sizes, kind="stable")]


def _most(weights: np.ndarray) -> float:
    finite = np.abs(weights[np.isfinite(weights)])
    return float(finite.max()) if finite.size else 0.0


def _bar(most: float, y: float, width: float) -> list[str]:
    """The colours and their numbers."""
    long = min(240.0, width - 2 * _LEFT - 60)
    left = _LEFT + 30
    strip = np.arange(255, dtype=np.uint8)[None, :]
    parts = [
        image(strip, _palette(), left, y, long, 10),
        tag("rect", x=left, y=y, width=long, height=10, fill="none", stroke="axis"),
    ]
    for share, words in ((0.0, f"{-most:.3g}"), (0.5, "0"), (1.0, f"{most:.3g}")):
        parts.append(text(left + share * long, y + 24, words, 11, "soft", anchor="middle"))
    return parts
