"""Faults put into training runs on purpose: what `diagnose` must find, several settings of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import pellucid
from pellucid import datasets, initializers
from pellucid.layers import Dense, HardSigmoid, ReLU, Sigmoid, Softmax, Step, Tanh
from pellucid.losses import BinaryCrossEntropy, CategoricalCrossEntropy, MeanAbsoluteError, MeanSquaredError
from pellucid.optimizers import SGD, Adam


@dataclass
class Fault:
    """A run with one fault. `fit` trains it and returns the history."""

    finding: str
    setting: str
    seed: int
    model: pellucid.Model
    data: tuple[np.ndarray, np.ndarray]
    options: dict[str, Any] = field(default_factory=dict)

    def fit(self, **more: Any) -> pellucid.History:
        options = {"epochs": 30, "batch_size": 32, "engine": "numpy", **self.options, **more}
        return self.model.fit(*self.data, **options)


Made = tuple[list[Any], Any, Any, tuple[np.ndarray, np.ndarray], dict[str, Any]]
FAULTS: dict[tuple[str, str], Callable[[int], Made]] = {}


def fault(finding: str, setting: str) -> Callable[[Callable[[int], Made]], Callable[[int], Made]]:
    """Keep a function of the seed that makes (layers, loss, optimiser, data, options of fit)."""

    def keep(make: Callable[[int], Made]) -> Callable[[int], Made]:
        FAULTS[finding, setting] = make
        return make

    return keep


def planted(seeds: Any = (0, 1, 2), names: Any = None) -> Iterator[Fault]:
    """Every fault with every setting."""
    for (finding, setting), make in FAULTS.items():
        for seed in seeds if names is None or finding in names else ():
            layers, loss, optimizer, data, options = make(seed)
            model = pellucid.Model(*layers, loss=loss, optimizer=optimizer, seed=seed)
            yield Fault(finding, setting, seed, model, data, options)


def classes(n: int, width: int, out: int, **options: Any) -> list[Any]:
    return [Dense(n, width, **options), ReLU(), Dense(width, out, **options), Softmax()]


def numbers(n: int, width: int = 16) -> list[Any]:
    return [Dense(n, width), ReLU(), Dense(width, 1)]


def shifted(seed: int, shift: float = 100.0) -> tuple[np.ndarray, np.ndarray]:
    """A linear regression whose three inputs lie around `shift` with a spread of 1."""
    rng = np.random.default_rng(seed)
    X = rng.normal(shift, 1.0, (300, 3))
    return X, (X - shift) @ np.array([[1.0], [2.0], [-1.0]]) + rng.normal(0.0, 0.1, (300, 1))


CE, MSE = CategoricalCrossEntropy, MeanSquaredError


# -- units ---------------------------------------------------------------------------------------------------------


@fault("dead-units", "inputs around 100, SGD")
def _(seed):
    return numbers(3, 8), MSE(), SGD(0.01), shifted(seed), {}


@fault("dead-units", "inputs around 20, SGD with momentum")
def _(seed):
    return numbers(3, 8), MSE(), SGD(0.01, momentum=0.9), shifted(seed, 20.0), {}


@fault("dead-units", "biases of -20")
def _(seed):
    layers = classes(2, 16, 3)
    layers[0].biases = np.full(16, -20.0, np.float32)
    return layers, CE(), Adam(0.01), datasets.blobs(rng=seed), {}


@fault("saturated-units", "tanh behind weights of size 30")
def _(seed):
    layers = [Dense(2, 16, initializers.normal(30.0)), Tanh(), Dense(16, 2), Softmax()]
    return layers, CE(), Adam(0.01), datasets.moons(rng=seed), {}


@fault("saturated-units", "sigmoid behind pixels from 0 to 255")
def _(seed):
    X, y = datasets.digits()
    return [Dense(64, 32), Sigmoid(), Dense(32, 10), Softmax()], CE(), Adam(0.01), (X * 255, y), {"epochs": 5}


@fault("saturated-units", "wrong answers on a hard sigmoid's flat ends")
def _(seed):
    X, y = datasets.circles(rng=seed)
    layers = [Dense(2, 16), ReLU(), Dense(16, 1), HardSigmoid()]
    layers[2].biases = np.full(1, 20.0, np.float32)
    return layers, MSE(), SGD(0.05), (X, y[:, None]), {}


@fault("symmetric-weights", "zeros")
def _(seed):
    return classes(2, 16, 3, initializer="zeros"), CE(), Adam(0.01), datasets.blobs(rng=seed), {}


@fault("symmetric-weights", "one constant")
def _(seed):
    same = initializers.constant(0.3)
    layers = [Dense(2, 16, same), Tanh(), Dense(16, 16, same), Tanh(), Dense(16, 2, same), Softmax()]
    return layers, CE(), SGD(0.1), datasets.moons(rng=seed), {}


# -- gradients and updates -----------------------------------------------------------------------------------------


@fault("vanishing-gradients", "seven layers of sigmoids")
def _(seed):
    inner = [layer for _ in range(6) for layer in (Dense(16, 16), Sigmoid())]
    return [Dense(2, 16), Sigmoid(), *inner, Dense(16, 3), Softmax()], CE(), SGD(0.1), datasets.spiral(rng=seed), {}


@fault("vanishing-gradients", "weights of size 0.01")
def _(seed):
    small = initializers.normal(0.01)
    inner = [layer for _ in range(4) for layer in (Dense(32, 32, small), Tanh())]
    return (
        [Dense(2, 32, small), Tanh(), *inner, Dense(32, 2, small), Softmax()],
        CE(),
        Adam(0.0001),
        datasets.moons(rng=seed),
        {},
    )


@fault("exploding-gradients", "weights of size 1 in six layers of 64")
def _(seed):
    large = initializers.normal(1.0)
    inner = [layer for _ in range(5) for layer in (Dense(64, 64, large), ReLU())]
    return (
        [Dense(2, 64, large), ReLU(), *inner, Dense(64, 3), Softmax()],
        CE(),
        Adam(0.0001),
        datasets.spiral(rng=seed),
        {},
    )


@fault("exploding-gradients", "weights of size 0.5 in eight layers of 64")
def _(seed):
    large = initializers.normal(0.5)
    inner = [layer for _ in range(7) for layer in (Dense(64, 64, large), ReLU())]
    return [Dense(2, 64, large), ReLU(), *inner, Dense(64, 1)], MSE(), Adam(0.0001), datasets.waves(rng=seed), {}


@fault("no-gradient", "steps between the layers")
def _(seed):
    layers = [Dense(2, 16), Step(), Dense(16, 16), ReLU(), Dense(16, 3), Softmax()]
    return layers, CE(), Adam(0.01), datasets.spiral(rng=seed), {}


@fault("no-gradient", "a step at the end")
def _(seed):
    X, y = datasets.xor(rng=seed)
    return [Dense(2, 8), Tanh(), Dense(8, 1), Step()], MSE(), Adam(0.01), (X, y[:, None]), {}


@fault("large-updates", "Adam(1.0)")
def _(seed):
    layers = [Dense(2, 32), Tanh(), Dense(32, 3), Softmax()]
    return layers, CE(), Adam(1.0), datasets.spiral(rng=seed), {"epochs": 3}


@fault("large-updates", "SGD(30)")
def _(seed):
    return [Dense(2, 16), Tanh(), Dense(16, 2), Softmax()], CE(), SGD(30.0), datasets.moons(rng=seed), {"epochs": 5}


@fault("small-updates", "SGD(1e-9)")
def _(seed):
    return classes(2, 16, 3), CE(), SGD(1e-9), datasets.blobs(rng=seed), {}


@fault("small-updates", "Adam(1e-10)")
def _(seed):
    return numbers(2), MSE(), Adam(1e-10), datasets.waves(rng=seed), {}


# -- rates and fit -------------------------------------------------------------------------------------------------


@fault("dead-units", "Adam(1.0)")
def _(seed):
    return classes(2, 32, 3), CE(), Adam(1.0), datasets.spiral(rng=seed), {}


@fault("learning-rate-high", "Adam(0.5)")
def _(seed):
    layers = [Dense(2, 32), Tanh(), Dense(32, 3), Softmax()]
    return layers, CE(), Adam(0.5), datasets.spiral(rng=seed), {}


@fault("learning-rate-high", "SGD(10)")
def _(seed):
    layers = [Dense(2, 32), Tanh(), Dense(32, 3), Softmax()]
    return layers, CE(), SGD(10.0), datasets.spiral(rng=seed), {}


@fault("learning-rate-high", "SGD(0.4) on numbers")
def _(seed):
    layers = [Dense(2, 32), Tanh(), Dense(32, 1)]
    return layers, MSE(), SGD(0.4), datasets.waves(rng=seed), {}


@fault("learning-rate-low", "SGD(0.0001)")
def _(seed):
    return classes(2, 32, 3), CE(), SGD(0.0001), datasets.blobs(rng=seed), {}


@fault("learning-rate-low", "Adam(1e-6)")
def _(seed):
    X, y = datasets.digits()
    return classes(64, 32, 10), CE(), Adam(1e-6), (X, y), {"epochs": 10}


@fault("learning-rate-low", "SGD(0.00001) on numbers")
def _(seed):
    return numbers(2), MSE(), SGD(0.00001), datasets.plane(rng=seed), {}


@fault("strong-penalty", "weight_l2=1")
def _(seed):
    layers = [Dense(2, 32, weight_l2=1.0), ReLU(), Dense(32, 3, weight_l2=1.0), Softmax()]
    return layers, CE(), Adam(0.001), datasets.spiral(rng=seed), {"epochs": 5}


@fault("strong-penalty", "weight_l1=0.05")
def _(seed):
    X, y = datasets.sine(samples=300)
    layers = [Dense(1, 32, weight_l1=0.05), Tanh(), Dense(32, 1, weight_l1=0.05)]
    return layers, MSE(), Adam(0.003), (X, y), {"epochs": 15}


@fault("overfitting", "40 rows with random labels")
def _(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(80, 4)), rng.integers(0, 2, 80)
    options = {"epochs": 200, "validation_data": (X[40:], y[40:])}
    return classes(4, 64, 2), CE(), Adam(0.01), (X[:40], y[:40]), options


@fault("overfitting", "60 points of a spiral, three wide layers")
def _(seed):
    layers = [Dense(2, 128), ReLU(), Dense(128, 128), ReLU(), *classes(128, 128, 3)]
    options = {"epochs": 200, "validation_data": datasets.spiral(100, rng=seed + 100)}
    return layers, CE(), Adam(0.005), datasets.spiral(20, rng=seed), options


@fault("overfitting", "25 noisy numbers")
def _(seed):
    X, y = datasets.plane(25, noise=0.5, rng=seed)
    layers = [Dense(2, 128), ReLU(), Dense(128, 128), ReLU(), Dense(128, 1)]
    options = {"epochs": 300, "batch_size": 25, "validation_data": datasets.plane(200, noise=0.5, rng=seed + 100)}
    return layers, MSE(), Adam(0.005), (X, y), options


@fault("constant-predictions", "inputs of size 0.00001")
def _(seed):
    X, y = datasets.moons(rng=seed)
    return [Dense(2, 16), Tanh(), Dense(16, 2), Softmax()], CE(), SGD(0.1), (X * 1e-5, y), {}


@fault("constant-predictions", "numbers behind a penalty")
def _(seed):
    X, y = datasets.waves(rng=seed)
    layers = [Dense(2, 16, weight_l2=0.3), Tanh(), Dense(16, 1, weight_l2=0.3)]
    return layers, MSE(), Adam(0.01), (X, y), {"epochs": 60}


@fault("underfitting", "one layer on xor")
def _(seed):
    return [Dense(2, 2), Softmax()], CE(), Adam(0.01), datasets.xor(400, rng=seed), {"epochs": 60}


@fault("underfitting", "one layer on the square of a number")
def _(seed):
    X, _ = datasets.waves(rng=seed)
    return [Dense(2, 1)], MSE(), Adam(0.01), (X, X[:, :1] ** 2 * 2 + 0.2 * X[:, 1:]), {"epochs": 60}


@fault("underfitting", "labels out of step with their rows")
def _(seed):
    X, y = datasets.blobs(300, rng=seed)
    y = np.random.default_rng(seed).permutation(y)
    return classes(2, 8, 3), CE(), Adam(0.01), (X, y), {"epochs": 40}


# -- data ----------------------------------------------------------------------------------------------------------


@fault("class-imbalance", "1% of overlapping clouds")
def _(seed):
    rng = np.random.default_rng(seed)
    y = (np.arange(1000) < 10).astype(np.int64)
    return classes(2, 16, 2), CE(), Adam(0.01), (rng.normal(size=(1000, 2)) + 0.7 * y[:, None], y), {}


@fault("class-imbalance", "yes in 2% of the rows")
def _(seed):
    rng = np.random.default_rng(seed)
    y = (np.arange(1000) < 20).astype(np.int64)
    X = rng.normal(size=(1000, 3)) + 0.5 * y[:, None]
    return [Dense(3, 16), ReLU(), Dense(16, 1), Sigmoid()], BinaryCrossEntropy(), Adam(0.01), (X, y[:, None]), {}


@fault("duplicated-rows", "rows repeated before the split")
def _(seed):
    X, y = datasets.moons(100, rng=seed)
    rows = np.random.default_rng(seed).integers(0, 100, 400)
    return classes(2, 16, 2), CE(), Adam(0.01), (X[rows], y[rows]), {"validation_fraction": 0.25}


@fault("duplicated-rows", "validation rows left among the others")
def _(seed):
    X, y = datasets.digits()
    part = np.random.default_rng(seed).choice(len(X), 300, replace=False)
    return classes(64, 32, 10), CE(), Adam(0.01), (X, y), {"epochs": 5, "validation_data": (X[part], y[part])}


@fault("constant-inputs", "a column of zeros")
def _(seed):
    X, y = datasets.moons(rng=seed)
    return classes(3, 16, 2), CE(), Adam(0.01), (np.c_[X, np.zeros(len(X))], y), {}


@fault("constant-inputs", "three columns with a default")
def _(seed):
    X, y = datasets.plane(rng=seed)
    return numbers(5), MSE(), Adam(0.01), (np.c_[X, np.full((len(X), 3), -1.0)], y), {}


@fault("constant-inputs", "an image of which half is missing")
def _(seed):
    X, y = datasets.digits()
    X[:, 24:] = 0
    return classes(64, 32, 10), CE(), Adam(0.01), (X, y), {"epochs": 5}


@fault("sorted-batches", "classes one after the other")
def _(seed):
    return classes(2, 16, 3), CE(), Adam(0.01), datasets.blobs(rng=seed), {"shuffle": False}


@fault("sorted-batches", "numbers in order")
def _(seed):
    X, y = datasets.plane(rng=seed)
    order = y[:, 0].argsort()
    return numbers(2), MSE(), SGD(0.05), (X[order], y[order]), {"shuffle": False, "batch_size": 10}


@fault("unscaled-inputs", "inputs around 1000")
def _(seed):
    return numbers(3), MSE(), Adam(0.01), shifted(seed, 1000.0), {}


@fault("unscaled-inputs", "pixels from 0 to 255")
def _(seed):
    X, y = datasets.digits()
    return classes(64, 32, 10), CE(), Adam(0.01), (np.round(X * 255), y), {"epochs": 5}


@fault("unscaled-inputs", "one column in other units")
def _(seed):
    X, y = datasets.waves(rng=seed)
    return numbers(2), MSE(), Adam(0.01), (X * [1.0, 3000.0], y), {}


@fault("unscaled-inputs", "one column that is not heard")
def _(seed):
    X, y = datasets.moons(rng=seed)
    return classes(3, 16, 2), CE(), Adam(0.01), (np.c_[X, X[:, 0] * 1e-5], y), {}


@fault("unscaled-targets", "prices")
def _(seed):
    X, y = datasets.plane(rng=seed)
    return numbers(2), MSE(), Adam(0.01), (X, 200_000 + 50_000 * y), {}


@fault("unscaled-targets", "fractions of a millimetre in metres")
def _(seed):
    X, y = datasets.waves(rng=seed)
    return numbers(2), MeanAbsoluteError(), Adam(0.01), (X, y * 1e-4), {}


@fault("targets-out-of-range", "numbers below 0 behind a sigmoid")
def _(seed):
    return [*numbers(2), Sigmoid()], MSE(), Adam(0.01), datasets.waves(rng=seed), {}


@fault("targets-out-of-range", "numbers up to 5 behind a tanh")
def _(seed):
    X, y = datasets.sine(rng=seed)
    return [*numbers(1), Tanh()], MSE(), Adam(0.01), (X, 5 * y), {}


@fault("targets-out-of-range", "numbers below 0 behind a ReLU")
def _(seed):
    return [*numbers(2), ReLU()], MeanAbsoluteError(), Adam(0.01), datasets.waves(rng=seed), {}


@fault("loss-mismatch", "cross-entropy without softmax")
def _(seed):
    return classes(2, 16, 3)[:-1], CE(), Adam(0.001), datasets.blobs(rng=seed), {}


@fault("loss-mismatch", "squared error behind softmax")
def _(seed):
    X, y = datasets.blobs(rng=seed)
    return classes(2, 16, 3), MSE(), Adam(0.01), (X, np.eye(3)[y]), {}


@fault("loss-mismatch", "binary cross-entropy behind a ReLU")
def _(seed):
    X, y = datasets.moons(rng=seed)
    return [Dense(2, 16), ReLU(), Dense(16, 1), ReLU()], BinaryCrossEntropy(), Adam(0.01), (X, y[:, None]), {}
