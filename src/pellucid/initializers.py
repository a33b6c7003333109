"""How the first weights are drawn.

An initializer is a function `(rng, shape) -> float64 array`. `shape` is (inputs, outputs) for a dense layer. Those that
scale by the number of inputs (fan in) and outputs (fan out) keep the variance of a signal about equal from
layer to layer: Glorot for sigmoid and tanh, He for ReLU, LeCun for SELU.

Sources: Glorot and Bengio (2010); He et al. (2015), section 2.2; LeCun et al. (1998), section 4.6; Saxe et al. (2014).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.arrays import check_number
from pellucid.errors import InputError

# A string inside, so that importing pellucid does not load numpy.random, which takes longer than all of pellucid.
Initializer = Callable[["np.random.Generator", tuple[int, ...]], np.ndarray]


class _Named:
    """An initializer with settings: shows itself as the call that makes it, and equals another of the same settings."""

    def __init__(self, name: str, draw: Initializer, **settings: float) -> None:
        for key, value in settings.items():
            check_number(f"{name}: {key}", value)
        self.name, self.draw, self.settings = name, draw, settings

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return self.draw(rng, shape)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{key}={value!r}' for key, value in self.settings.items())})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Named) and (self.name, self.settings) == (other.name, other.settings)

    def __hash__(self) -> int:
        return hash((self.name, tuple(self.settings.items())))

    def __reduce__(self) -> Any:
        return BY_NAME[self.name], tuple(self.settings.values())


def _fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan in, fan out) of a weight of `shape`: the last axis counts outputs, the others inputs."""
    return int(np.prod(shape[:-1])) if len(shape) > 1 else shape[0], shape[-1]


def zeros() -> Initializer:
    """Every entry 0: right for biases, wrong for weights (all neurons would stay equal)."""
    return _Named("zeros", lambda rng, shape: np.zeros(shape))


def constant(value: float = 0.0) -> Initializer:
    """Every entry `value`."""
    return _Named("constant", lambda rng, shape: np.full(shape, float(value)), value=value)


def normal(std: float = 0.01, mean: float = 0.0) -> Initializer:
    """Normal draws; the book's layers use std 0.01."""
    return _Named("normal", lambda rng, shape: mean + std * rng.standard_normal(shape), std=std, mean=mean)


def uniform(low: float = -0.05, high: float = 0.05) -> Initializer:
    """Uniform draws in [low, high)."""
    return _Named("uniform", lambda rng, shape: rng.uniform(low, high, shape), low=low, high=high)


def _scaled_uniform(variance: Callable[[int, int], float]) -> Initializer:
    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        limit = np.sqrt(3.0 * variance(*_fans(shape)))  # a uniform draw in +-limit has variance limit**2 / 3
        return rng.uniform(-limit, limit, shape)

    return draw


def _scaled_normal(variance: Callable[[int, int], float]) -> Initializer:
    return lambda rng, shape: np.sqrt(variance(*_fans(shape))) * rng.standard_normal(shape)


def glorot_uniform() -> Initializer:
    """Uniform with variance 2 / (fan in + fan out). The default of `Dense`."""
    return _Named("glorot_uniform", _scaled_uniform(lambda fan_in, fan_out: 2.0 / (fan_in + fan_out)))


def glorot_normal() -> Initializer:
    """Normal with variance 2 / (fan in + fan out)."""
    return _Named("glorot_normal", _scaled_normal(lambda fan_in, fan_out: 2.0 / (fan_in + fan_out)))


def he_uniform() -> Initializer:
    """Uniform with variance 2 / fan in: half of a ReLU's outputs are 0, twice the variance makes up for it."""
    return _Named("he_uniform", _scaled_uniform(lambda fan_in, fan_out: 2.0 / fan_in))


def he_normal() -> Initializer:
    """Normal with variance 2 / fan in."""
    return _Named("he_normal", _scaled_normal(lambda fan_in, fan_out: 2.0 / fan_in))


def lecun_uniform() -> Initializer:
    """Uniform with variance 1 / fan in."""
    return _Named("lecun_uniform", _scaled_uniform(lambda fan_in, fan_out: 1.0 / fan_in))


def lecun_normal() -> Initializer:
    """Normal with variance 1 / fan in; what SELU was derived for."""
    return _Named("lecun_normal", _scaled_normal(lambda fan_in, fan_out: 1.0 / fan_in))


def _orthogonal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    rows, columns = _fans(shape)
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))  # without the signs of r the draw would not be uniform over the orthogonal matrices
    return (q if rows >= columns else q.T).reshape(shape)


def orthogonal(gain: float = 1.0) -> Initializer:
    """A random matrix with orthonormal rows or columns, times `gain`: keeps lengths exactly."""
    return _Named("orthogonal", lambda rng, shape: gain * _orthogonal(rng, shape), gain=gain)


BY_NAME: dict[str, Callable[..., Initializer]] = {
    made.__name__: made
    for made in (
        zeros, constant, normal, uniform, glorot_uniform, glorot_normal,
        he_uniform, he_normal, lecun_uniform, lecun_normal, orthogonal,
    )
}  # fmt: skip


def get(given: Any) -> Initializer:
    """An initializer from its name ("he_normal"), its maker's result (`normal(0.1)`) or a user's own function."""
    if isinstance(given, str) and given in BY_NAME:
        return BY_NAME[given]()
    if callable(given):
        return given
    raise InputError(
        f"initializer={given!r} is not known. Write one of {', '.join(BY_NAME)}, "
        "or a function of (rng, shape) that returns an array."
    )
