"""Data sets to learn on."""

from __future__ import annotations

import os
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


def sine(samples: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """One turn of a sine: X (samples, 1) from 0 to 1, y = sin(2 pi X) (samples, 1), both float32."""
    x = np.arange(samples).reshape(-1, 1) / samples
    return x.astype(np.float32), np.sin(2 * np.pi * x).astype(np.float32)


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Real handwritten digits, 8 x 8 pixels: X (1797, 64) float32 from 0 to 1, labels int64 (1797,).

    Source: Alpaydin and Kaynak (1998), UCI Machine Learning Repository, CC BY 4.0 (licence beside the data).
    """
    path = os.path.join(os.path.dirname(__file__), "digits_data", "digits.npz")
    with np.load(path, allow_pickle=False) as file:
        images, labels = file["images"], file["labels"]
    return images.reshape(-1, 64).astype(np.float32) / 16, labels.astype(np.int64)


def split(
    X: np.ndarray, y: np.ndarray, fraction: float = 0.2, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(X_train, y_train, X_test, y_test): `fraction` of the rows of each class set aside, by the seed alone."""
    order = np.random.default_rng(seed).permutation(len(X))
    test = np.concatenate(
        [order[y[order] == label][: round(fraction * int((y == label).sum()))] for label in np.unique(y)]
    )
    train = np.setdiff1d(order, test)
    return X[train], y[train], X[test], y[test]


def spiral_ceiling(classes: int = 3, noise: float = 0.2, draws: int = 200_000) -> tuple[float, np.ndarray]:
    """The best accuracy that any classifier can reach on new points of the spiral: (overall, by class).

    The angle's noise makes the arms overlap. A point at radius r of class c has angle ``2.5 * (4 * (c + r) + noise * n)``,
    n standard normal; the best guess is the class whose density at the point's angle (modulo a full turn) is largest.
    Counted over `draws` points a class from the generator itself.
    """
    rng, hits = np.random.default_rng(0), np.zeros(classes)
    for number in range(classes):
        radius = rng.random(draws)
        angle = 2.5 * (4 * (number + radius) + noise * rng.standard_normal(draws))
        density = [_wrapped_density(angle - 10 * (other + radius), 2.5 * noise) for other in range(classes)]
        hits[number] = (np.argmax(density, axis=0) == number).mean()
    return float(hits.mean()), hits


def _wrapped_density(offset: np.ndarray, std: float) -> np.ndarray:
    """Density of a normal angle at `offset` from its mean, on the circle (up to a factor)."""
    return sum(
        np.exp(-(((offset + np.pi) % (2 * np.pi) - np.pi + 2 * np.pi * k) ** 2) / (2 * std**2)) for k in (-1, 0, 1)
    )
