"""The book's data sets under the book's names, drawn from NumPy's global generator as there.

What differs from the book's package: coordinates have at most float32's digits, as they have there under `init()`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.datasets import sine, spiral, vertical
from pellucid.nnfs.patches import float_dtype


class _Global(np.random.RandomState):
    """Draws of NumPy's global generator, of the dtype that `init()` chose."""

    def standard_normal(self, size: Any = None) -> Any:
        return np.random.standard_normal(size).astype(float_dtype())


def spiral_data(samples: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Arms of a spiral: X (samples * classes, 2), labels uint8 (samples * classes,); samples * classes draws."""
    X, y = spiral(samples, classes, rng=_Global(0))
    return X.astype(float_dtype()), y.astype(np.uint8)


def vertical_data(samples: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Clouds side by side: X (samples * classes, 2), labels uint8 (samples * classes,); two draws a point."""
    X, y = vertical(samples, classes, rng=_Global(0))
    return X.astype(float_dtype()), y.astype(np.uint8)


def sine_data(samples: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """One turn of a sine: X (samples, 1) from 0 to 1, y = sin(2 pi X) (samples, 1). Nothing is drawn."""
    X, y = sine(samples)
    return X.astype(float_dtype()), y.astype(float_dtype())
