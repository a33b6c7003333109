"""Activation functions and their derivatives, drawn from the layers themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid import layers as every_layer
from pellucid.errors import InputError
from pellucid.glass.axes import Scale, label, limits
from pellucid.glass.colours import style
from pellucid.glass.svg import document, fit, html_table, line_path, tag, text
from pellucid.layer import Layer

NAMES = ("Step", "Linear", "Sigmoid", "Tanh", "ReLU", "LeakyReLU", "ELU", "SELU", "Softplus", "SiLU", "Mish", "GELU",
         "HardSigmoid")  # fmt: skip
_SIDE = 400  # intervals over the range of x; even, so that 0 is one of its points
_WIDE, _HIGH, _LEFT, _GAP = 206, 176, 20, 14


def draw(
    activations: Sequence[str | Layer] | None = None, span: float = 5.0, title: str = "Activation functions"
) -> str:
    """The value (solid) and derivative (dashed) of activation functions from -span to span, side by side, as SVG.

    `activations`: names of layers, such as "ReLU" or "leaky_relu", or layers, such as ``ELU(alpha=0.5)``; None draws
    all that pellucid has. The curves are what `forward` and `backward` return. InputError for what is no activation.
    """
    given = NAMES if activations is None else activations
    chosen = [named(given)] if isinstance(given, (str, Layer)) else [named(one) for one in given]
    if not chosen:
        raise InputError("activations is empty: write the names of some, such as ['Sigmoid', 'ReLU'].")
    if not isinstance(span, (int, float)) or isinstance(span, bool) or not 0.0 < span < 1e6:
        raise InputError(f"span={span!r}: expected how far to go from 0 on both sides, such as 5.0.")
    x = np.linspace(-span, span, _SIDE + 1)
    across = min(4, max(2, len(chosen)))
    width = 2 * _LEFT + across * (_WIDE + _GAP) - _GAP
    body = [text(_LEFT, 30, fit(title, width - 2 * _LEFT, 17), 15, font_weight=600), *_key()]
    words = [f"{title} from {label(-span)} to {label(span)}."]
    for place, layer in enumerate(chosen):
        value, slope = curves_of(layer, x)
        left, top = _LEFT + place % across * (_WIDE + _GAP), 68 + place // across * (_HIGH + 26)
        body += _panel(repr(layer).removesuffix("()"), x, value, slope, left, top)
        words.append(f"{repr(layer).removesuffix('()')}: value {_range(value)}, derivative {_range(slope)}.")
    height = 68 + -(-len(chosen) // across) * (_HIGH + 26)
    return document(width, height, title, " ".join(words), body)


def table(activation: str | Layer, span: float = 5.0, caption: str = "") -> str:
    """The numbers behind the curves of one activation function, at eleven places from -span to span, as an HTML table."""
    layer = named(activation)
    x = np.linspace(-span, span, 11)
    value, slope = curves_of(layer, x)
    rows = [(label(float(a)), f"{b:.6g}", f"{c:.6g}") for a, b, c in zip(x, value, slope, strict=True)]
    return html_table(caption or repr(layer), ("input", "value", "derivative"), rows)


def named(activation: Any) -> Layer:
    """The layer that a name stands for, written in any way: "ReLU", "relu", "leaky_relu", "hard sigmoid"."""
    if isinstance(activation, Layer):
        return activation
    known = {name.lower(): name for name in NAMES}
    key = "".join(character for character in str(activation).lower() if character.isalnum())
    if key in known:
        layer: Layer = getattr(every_layer, known[key])()
        return layer
    import difflib

    near = difflib.get_close_matches(key, list(known), n=1)
    hint = f"; did you mean {known[near[0]]!r}?" if near else "."
    raise InputError(f"There is no activation {activation!r}{hint} Write one of {', '.join(NAMES)}, or a layer.")


def curves_of(layer: Layer, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(value, derivative) of an activation layer at `x` (n,), from its own `forward` and `backward`."""
    run = layer.run_copy()
    try:
        value = np.asarray(run.forward(x[:, None]))
        slope = np.asarray(run.backward(np.ones_like(x[:, None])))
        again = np.asarray(layer.run_copy().forward(x[:1, None]))
    except Exception as error:  # whatever a layer raises that wants other shapes
        raise InputError(f"{layer!r} is not an activation function: it cannot take one column ({error}).") from None
    if layer.params or value.shape != (len(x), 1) or slope.shape != (len(x), 1) or not np.array_equal(again, value[:1]):
        raise InputError(f"{layer!r} is not an activation function: its outputs are not each of one input alone.")
    return value[:, 0], slope[:, 0]


def _key() -> list[str]:
    parts = []
    for place, words in enumerate(("value", "derivative")):
        left = _LEFT + place * 90
        parts.append(tag("line", x1=left, y1=48, x2=left + 26, y2=48, **_look(place)))
        parts.append(text(left + 32, 52, words, 12))
    return parts


def _look(place: int) -> dict[str, Any]:
    colour, dash, _ = style(place)
    return {"stroke": colour, "stroke_width": 2, "stroke_dasharray": dash or None}


def _panel(name: str, x: np.ndarray, value: np.ndarray, slope: np.ndarray, left: float, top: float) -> list[str]:
    """One function: its frame, the lines through 0, the numbers at the edges, both curves."""
    low, high = limits(np.concatenate([value, slope, [0.0]]), pad=0.08)
    across, up = Scale(x[0], x[-1], left + 34, left + _WIDE), Scale(low, high, top + _HIGH - 18, top + 22)
    parts = [text(left + 34, top + 12, fit(name, _WIDE - 34, 13.5), 12, font_weight=600)]
    for tick, shown in zip(up.ticks(3), up.labels(up.ticks(3)), strict=True):
        at = float(up(tick))
        parts.append(tag("line", x1=across.start, y1=at, x2=across.end, y2=at, stroke="axis" if tick == 0 else "grid"))
        parts.append(text(across.start - 6, at + 4, shown, 11, "soft", anchor="end"))
    for tick in (float(x[0]), 0.0, float(x[-1])):
        at = float(across(tick))
        parts.append(tag("line", x1=at, y1=up.end, x2=at, y2=up.start, stroke="axis" if tick == 0 else "grid"))
        anchor = "end" if tick == x[-1] else "middle"
        parts.append(text(at, up.start + 15, label(tick), 11, "soft", anchor=anchor))
    for place, curve in enumerate((value, slope)):
        path = "".join(line_path(np.c_[across(x[part]), up(curve[part])]) for part in _pieces(curve, high - low))
        parts.append(tag("path", d=path, fill="none", stroke_linejoin="round", **_look(place)))
    return parts


def _pieces(curve: np.ndarray, span: float) -> list[np.ndarray]:
    """The indices of `curve` in pieces, broken where it jumps and where it is no number."""
    with np.errstate(invalid="ignore"):
        steps = np.abs(np.diff(curve))
    cuts = np.flatnonzero(~(steps <= 0.05 * span)) + 1
    return [part for part in np.split(np.arange(len(curve)), cuts) if len(part) > 1 and np.isfinite(curve[part]).all()]


def _range(values: np.ndarray) -> str:
    return f"{label(float(np.round(values.min(), 3)))} to {label(float(np.round(values.max(), 3)))}"
