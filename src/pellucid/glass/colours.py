"""Colours, dashes and markers of every drawing, and the measure that says whether they can be told apart.

Never colour alone: series `i` has a colour, a dash and a marker of its own. The first two colours stay distinct in all
three simulations of colour blindness, and every one is over 3:1 against both papers (WCAG 2.2, success criterion 1.4.11).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.errors import InputError

SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#8A6D00", "#7A68D8", "#7A7A7A", "#C23B55")
DASHES = ("", "7 4", "2 3", "9 3 2 3", "12 4", "4 2", "1 4", "9 3 2 3 2 3")
MARKERS = ("circle", "square", "triangle", "diamond", "wedge", "plus", "star", "cross")

# What a drawing's own panel is made of, on light and on dark pages. Text is `ink` or `soft`, over 4.5:1 on `panel`.
LIGHT = {"panel": "#FFFFFF", "ink": "#1B1F24", "soft": "#57606A", "grid": "#DDE2E7", "axis": "#818B95"}
DARK = {"panel": "#14181D", "ink": "#E6EDF3", "soft": "#A3ADB8", "grid": "#30373F", "axis": "#707A85"}

NEUTRAL = "#F7F7F7"
UNKNOWN = "#9A9A9A"  # where a network returns no number

# Nine stops of cividis: lightness grows evenly, for every kind of colour vision.
# Source: Nunez, Anderton and Renslow, PLOS ONE 13(7) e0199239 (2018).
CIVIDIS = ("#00204C", "#00336E", "#31446B", "#555B6C", "#727274", "#908B78", "#B1A570", "#D3C164", "#FFE945")


def rgb(colour: str) -> np.ndarray:
    """The three channels of "#RRGGBB" as uint8 (3,)."""
    digits = colour.removeprefix("#")
    try:
        channels = bytes.fromhex(digits)
    except ValueError:
        channels = b""
    if len(channels) != 3:
        raise InputError(f"{colour!r} is not a colour: expected six hexadecimal digits such as '#0072B2'.")
    return np.frombuffer(channels, np.uint8)


def hexadecimal(channels: Any) -> str:
    """The colour of three channels of 0 to 255 as "#RRGGBB"."""
    return "#" + "".join(f"{round(float(channel)):02X}" for channel in channels)


def mix(first: str, second: str, share: float) -> str:
    """`first` with a `share` (0 to 1) of `second` in it."""
    return hexadecimal(rgb(first) * (1.0 - share) + rgb(second) * share)


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1. Source: WCAG 2.2, definition of relative luminance."""
    channels = rgb(colour) / 255.0
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours, 1 to 21: text wants 4.5, graphics 3."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _between(stops: tuple[str, ...], place: Any) -> np.ndarray:
    """Linear interpolation between the colours of `stops`; `place` (...) from 0 to 1, result (..., 3) uint8."""
    at = np.clip(np.asarray(place, dtype=float), 0.0, 1.0) * (len(stops) - 1)
    table = np.array([rgb(stop) for stop in stops], dtype=float)
    channels = [np.interp(at, np.arange(len(stops)), table[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)


def diverging(values: Any) -> np.ndarray:
    """Blue at -1, near white at 0, vermillion at 1; beyond stays at the ends. `values` (...) to uint8 (..., 3)."""
    return _between((SERIES[0], NEUTRAL, SERIES[1]), (np.asarray(values, dtype=float) + 1.0) / 2.0)


def sequential(values: Any) -> np.ndarray:
    """Cividis, dark at 0 and yellow at 1. `values` (...) to uint8 (..., 3)."""
    return _between(CIVIDIS, values)


def style(number: int) -> tuple[str, str, str]:
    """Colour, dash and marker of series `number`. From the ninth on, colours come again with other markers."""
    turn = number // len(SERIES)
    return (
        SERIES[number % len(SERIES)],
        DASHES[(number + turn) % len(DASHES)],
        MARKERS[(number + turn) % len(MARKERS)],
    )
