"""A function drawn in the terminal with braille dots: each character holds two by four of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # Unicode 15, block 2800, by row and column


def plot(values: Sequence[float] | np.ndarray, width: int, height: int, low: float, high: float) -> list[str]:
    """`height` lines of `width` characters with the curve through `values`, spread over the width, `low` at the bottom.

    What lies outside `low` to `high` is cut off. The line of 0 is drawn with sparse dots where it lies inside.
    """
    columns, rows = 2 * width, 4 * height
    dots = np.zeros((rows, columns), bool)
    at = np.interp(np.linspace(0, len(values) - 1, columns), np.arange(len(values)), np.asarray(values, dtype=float))
    places = np.rint((high - at) / (high - low) * (rows - 1)).astype(int)
    zero = round(high / (high - low) * (rows - 1))
    if 0 <= zero < rows:
        dots[zero, ::4] = True
    for column, place in enumerate(places):
        before = places[column - 1] if column else place
        turn = 1 if place >= before else -1
        for row in range(int(before), int(place) + turn, turn):  # a steep piece is a stroke, not scattered dots
            if 0 <= row < rows and (row != before or before == place):
                dots[row, column] = True
    return [
        "".join(
            chr(0x2800 + int((_DOTS * dots[4 * r : 4 * r + 4, 2 * c : 2 * c + 2]).sum())) for c in range(width)
        ).rstrip("\u2800")
        for r in range(height)
    ]
