"""Data sets drawn from a formula: the same arguments give the same points, another `rng` other points of the same kind.

Every function takes `rng` as a seed, a `numpy.random.Generator` or a `numpy.random.RandomState`, and `noise` as a standard
deviation. X comes as float32 (rows, features); labels as int64 (rows,); values of a regression as float32 (rows, 1).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pellucid.errors import InputError

Data = tuple[np.ndarray, np.ndarray]


def spiral(samples: int = 100, classes: int = 3, noise: float = 0.2, rng: Any = 0) -> Data:
    """Arms of a spiral, `samples` points an arm; `noise` turns each point about the centre.

    X (samples * classes, 2), labels. From a RandomState these are the draws of the book's package.

    Source: Karpathy, *CS231n*, neural networks case study; *Neural Networks from Scratch in Python* (2020), chapter 3.

    >>> X, y = spiral(samples=100, classes=3)
    >>> X.shape, X.dtype.name, y.shape, y.dtype.name
    ((300, 2), 'float32', (300,), 'int64')
    """
    rng = _started(rng, samples, noise, classes)
    parts = []
    for number in range(classes):
        radius = np.linspace(0.0, 1.0, samples)
        angle = np.linspace(number * 4, (number + 1) * 4, samples) + rng.standard_normal(samples) * noise
        parts.append(np.c_[radius * np.sin(angle * 2.5), radius * np.cos(angle * 2.5)])
    return np.concatenate(parts).astype(np.float32), np.repeat(np.arange(classes), samples)


def vertical(samples: int = 100, classes: int = 3, noise: float = 0.1, rng: Any = 0) -> Data:
    """Round clouds side by side, `samples` points a cloud.

    X (samples * classes, 2), labels. From a RandomState these are the draws of the book's package.

    Source: *Neural Networks from Scratch in Python* (2020), chapter 6.
    """
    rng = _started(rng, samples, noise, classes)
    parts = []
    for number in range(classes):
        across = rng.standard_normal(samples) * noise + number / 3
        parts.append(np.c_[across, rng.standard_normal(samples) * noise + 0.5])
    return np.concatenate(parts).astype(np.float32), np.repeat(np.arange(classes), samples)


def sine(samples: int = 1000, noise: float = 0.0, rng: Any = 0) -> Data:
    """One turn of a sine at `samples` places in all, evenly from 0 to below 1; `noise` is added to y.

    X (samples, 1), y = sin(2 pi X) (samples, 1). Without noise these are the values of the book's package.

    Source: *Neural Networks from Scratch in Python* (2020), chapter 17.
    """
    rng = _started(rng, samples, noise)
    x = np.arange(samples).reshape(-1, 1) / samples
    return _regression(x, np.sin(2 * np.pi * x), noise, rng)


def moons(samples: int = 200, noise: float = 0.1, rng: Any = 0) -> Data:
    """Two half moons that reach into each other, `samples` points in all.

    X (samples, 2), labels 0 (upper) and 1 (lower).
    """
    rng = _started(rng, samples, noise)
    labels = _halves(samples)
    angle = rng.uniform(0.0, math.pi, samples)
    places: np.ndarray = np.c_[np.cos(angle), np.sin(angle)]
    places[labels == 1] = (1.0, 0.5) - places[labels == 1]
    return _jittered(places, noise, rng), labels


def circles(samples: int = 200, noise: float = 0.1, factor: float = 0.5, rng: Any = 0) -> Data:
    """A ring around a ring, `samples` points in all; the inner one has `factor` times the radius of the outer, 1.

    X (samples, 2), labels 0 (outer) and 1 (inner).
    """
    rng = _started(rng, samples, noise)
    if not 0.0 < factor < 1.0:
        raise InputError(f"factor={factor!r}: expected a number between 0 and 1, such as 0.5.")
    labels = _halves(samples)
    angle = rng.uniform(0.0, 2.0 * math.pi, samples)
    radius = np.where(labels == 0, 1.0, factor)
    return _jittered(np.c_[radius * np.cos(angle), radius * np.sin(angle)], noise, rng), labels


def xor(samples: int = 200, noise: float = 0.1, rng: Any = 0) -> Data:
    """The exclusive or: points of the square from -1 to 1, labelled by whether their signs differ; `samples` in all.

    X (samples, 2), labels 0 (same sign) and 1 (different). The label is that of the place before the noise. No straight
    line separates them, which is why one layer cannot learn it.

    Source: Minsky and Papert, *Perceptrons* (1969).
    """
    rng = _started(rng, samples, noise)
    places = rng.uniform(-1.0, 1.0, (samples, 2))
    labels = ((places[:, 0] > 0) != (places[:, 1] > 0)).astype(np.int64)
    return _jittered(places, noise, rng), labels


def blobs(samples: int = 100, classes: int = 3, noise: float = 0.4, rng: Any = 0) -> Data:
    """Round clouds with their centres evenly on a circle of radius 1, `samples` points a cloud.

    X (samples * classes, 2), labels. The centres depend on `classes` alone, so that another `rng` draws test data.
    """
    rng = _started(rng, samples, noise, classes)
    labels = np.repeat(np.arange(classes), samples)
    angle = math.pi / 2 + 2.0 * math.pi * labels / classes
    return _jittered(np.c_[np.cos(angle), np.sin(angle)], noise, rng), labels


def plane(samples: int = 200, noise: float = 0.05, rng: Any = 0) -> Data:
    """A regression that one linear layer solves: `samples` points in all of the square from -1 to 1.

    X (samples, 2), y = 0.6 X0 - 0.4 X1 + 0.1 (samples, 1), with `noise` added.
    """
    rng = _started(rng, samples, noise)
    x = rng.uniform(-1.0, 1.0, (samples, 2))
    return _regression(x, x @ np.array([[0.6], [-0.4]]) + 0.1, noise, rng)


def waves(samples: int = 400, noise: float = 0.05, rng: Any = 0) -> Data:
    """A regression over two inputs with hills and valleys: `samples` points in all of the square from -1 to 1.

    X (samples, 2), y = sin(pi X0) cos(pi X1) (samples, 1), with `noise` added.
    """
    rng = _started(rng, samples, noise)
    x = rng.uniform(-1.0, 1.0, (samples, 2))
    return _regression(x, np.sin(np.pi * x[:, :1]) * np.cos(np.pi * x[:, 1:]), noise, rng)


def _started(rng: Any, samples: Any, noise: Any, classes: Any = 1) -> Any:
    """The generator that `rng` stands for, once the other arguments are known to make sense."""
    for name, value in (("samples", samples), ("classes", classes)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise InputError(f"{name}={value!r}: expected a whole number of at least 1.")
    if isinstance(noise, bool) or not isinstance(noise, (int, float, np.number)) or not 0.0 <= noise < math.inf:
        raise InputError(f"noise={noise!r}: expected a standard deviation of at least 0, such as 0.1.")
    if isinstance(rng, np.random.RandomState):  # its draws are the book's
        return rng
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise InputError(
            f"rng={rng!r}: expected a seed such as 0, numpy.random.default_rng(0) or numpy.random.RandomState(0)."
        ) from None


def _halves(samples: int) -> np.ndarray:
    return np.repeat(np.arange(2), [samples - samples // 2, samples // 2])


def _jittered(places: np.ndarray, noise: float, rng: Any) -> np.ndarray:
    moved: np.ndarray = places + rng.standard_normal(places.shape) * noise
    return moved.astype(np.float32)


def _regression(x: np.ndarray, values: np.ndarray, noise: float, rng: Any) -> Data:
    if noise:
        values = values + rng.standard_normal(values.shape) * noise
    return x.astype(np.float32), values.astype(np.float32)
