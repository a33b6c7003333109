"""Data sets to learn on."""

from __future__ import annotations

from typing import Any

import numpy as np


def _normal(rng: Any, size: tuple[int, ...]) -> np.ndarray:
    """Standard normal draws from a Generator, a RandomState or a seed; a RandomState gives the book's own draws."""
    if isinstance(rng, np.random.RandomState):
        return rng.randn(*size)
    return np.random.default_rng(rng).standard_normal(size)


def spiral(samples: int = 100, classes: int = 3, noise: float = 0.2, rng: Any = 0) -> tuple[np.ndarray, np.ndarray]:
    """Arms of a spiral: X (samples * classes, 2) float32, labels int64."""
    rng = rng if isinstance(rng, np.random.RandomState) else np.random.default_rng(rng)
    parts = []
    for number in range(classes):
        radius = np.linspace(0.0, 1.0, samples)
        angle = np.linspace(number * 4, (number + 1) * 4, samples) + _normal(rng, (samples,)) * noise
        parts.append(np.c_[radius * np.sin(angle * 2.5), radius * np.cos(angle * 2.5)])
    return np.concatenate(parts).astype(np.float32), np.repeat(np.arange(classes), samples)


def vertical(samples: int = 100, classes: int = 3, rng: Any = 0) -> tuple[np.ndarray, np.ndarray]:
    """Vertical clouds side by side: X (samples * classes, 2) float32, labels int64."""
    rng = rng if isinstance(rng, np.random.RandomState) else np.random.default_rng(rng)
    parts = []
    for number in range(classes):
        across = _normal(rng, (samples,)) * 0.1 + number / 3
        parts.append(np.c_[across, _normal(rng, (samples,)) * 0.1 + 0.5])
    return np.concatenate(parts).astype(np.float32), np.repeat(np.arange(classes), samples)
