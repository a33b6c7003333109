"""Training runs that went well, by figures on rows they never saw: what `diagnose` must say nothing about."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import pellucid
from pellucid.layers import ELU, GELU, BatchNorm, Dense, Dropout, LeakyReLU, ReLU, Sigmoid, SiLU, Softmax, Tanh
from pellucid.losses import BinaryCrossEntropy, CategoricalCrossEntropy, Huber, MeanSquaredError
from pellucid.optimizers import SGD, Adam, AdamW, RMSprop

# The figure that a good network reaches on new rows: accuracy of classes, R2 of numbers.
BARS = {
    "spiral": 0.80, "moons": 0.95, "circles": 0.95, "xor": 0.85, "blobs": 0.93, "vertical": 0.85, "sine": 0.97,
    "plane": 0.95, "waves": 0.88, "digits": 0.93,
}  # fmt: skip
NUMBERS = ("sine", "plane", "waves")


@dataclass
class Run:
    """A run to be: `fit` trains it with findings and returns the history."""

    name: str
    seed: int
    model: pellucid.Model
    train: tuple[np.ndarray, np.ndarray]
    held_out: tuple[np.ndarray, np.ndarray]
    options: dict[str, Any]
    bar: float

    def fit(self, **more: Any) -> pellucid.History:
        return self.model.fit(*self.train, **{**self.options, **more})

    def score(self) -> float:
        """What it reaches on new rows."""
        figures = self.model.evaluate(*self.held_out)
        return figures["accuracy"] if "accuracy" in figures else figures["r2"]


def relu(n, width, out):
    return [Dense(n, width, "he_normal"), ReLU(), Dense(width, out)]


def two(kind):
    return lambda n, width, out: [Dense(n, width), kind(), Dense(width, width), kind(), Dense(width, out)]


def deep(n, width, out):
    inner = [layer for _ in range(3) for layer in (Dense(width, width, "he_normal"), ReLU())]
    return [Dense(n, width, "he_normal"), ReLU(), *inner, Dense(width, out)]


def normed(n, width, out):
    return [Dense(n, width), BatchNorm(width), ReLU(), Dense(width, width), BatchNorm(width), ReLU(), Dense(width, out)]


def dropped(n, width, out):
    return [Dense(n, 2 * width), ReLU(), Dropout(0.1), Dense(2 * width, width), ReLU(), Dense(width, out)]


def penalised(n, width, out):
    return [Dense(n, width, weight_l2=1e-3), ReLU(), Dense(width, out, weight_l2=1e-3)]


BODIES = {
    "relu": (relu, lambda: Adam(0.02)),
    "relu, sgd": (two(ReLU), lambda: SGD(0.1, momentum=0.9)),
    "tanh": (two(Tanh), lambda: Adam(0.01)),
    "elu": (two(ELU), lambda: RMSprop(0.01)),
    "leaky": (two(LeakyReLU), lambda: AdamW(0.01)),
    "gelu": (two(GELU), lambda: Adam(0.01)),
    "silu": (two(SiLU), lambda: Adam(0.01)),
    "sigmoid": (two(Sigmoid), lambda: Adam(0.03)),
    "deep": (deep, lambda: Adam(0.005)),
    "normed": (normed, lambda: Adam(0.01)),
    "penalised": (penalised, lambda: Adam(0.01)),
    "dropped": (dropped, lambda: Adam(0.01)),
}


def rows(data: str, seed: int) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """(training rows, rows held out) of a set of pellucid."""
    if data == "digits":
        X, y = pellucid.datasets.digits()
        order = np.random.default_rng(seed).permutation(len(X))
        return (X[order[:1400]], y[order[:1400]]), (X[order[1400:]], y[order[1400:]])
    n = 600 if data in ("spiral", "waves") else 300
    noise = 0.05 if data == "sine" else None
    return pellucid.datasets.make(data, n, seed, noise), pellucid.datasets.make(data, n, seed + 1000, noise)


def run(data: str, body: str, seed: int) -> Run:
    """One run: data, layers and optimiser by name."""
    train, held_out = rows(data, seed)
    make, optimizer = BODIES[body]
    inputs, layers, metrics = train[0].shape[1], [], ("accuracy",)
    if data in NUMBERS:
        loss: Any = Huber() if seed % 3 == 2 else MeanSquaredError()
        layers, metrics = make(inputs, 32, 1), ("r2",)
    elif data in ("moons", "circles", "xor") and seed % 2:
        layers, loss = [*make(inputs, 16, 1), Sigmoid()], BinaryCrossEntropy()
        train, held_out = (train[0], train[1][:, None]), (held_out[0], held_out[1][:, None])
    else:
        layers, loss = [*make(inputs, 32, int(train[1].max()) + 1), Softmax()], CategoricalCrossEntropy()
    model = pellucid.Model(*layers, loss=loss, optimizer=optimizer(), metrics=metrics, seed=seed)
    hard = {"spiral": 200, "waves": 100, "sine": 150, "digits": 12}
    options: dict[str, Any] = {"epochs": hard.get(data, 60), "batch_size": 32, "engine": "numpy"}
    if seed % 3 == 0:
        options["validation_data"] = held_out
    elif seed % 3 == 1:
        options["validation_fraction"] = 0.2
    return Run(f"{data}, {body}", seed, model, train, held_out, options, BARS[data])


def healthy(seeds: Any = (0, 1)) -> Iterator[Run]:
    """Every set with every kind of network."""
    for seed, data, body in itertools.product(seeds, BARS, BODIES):
        yield run(data, body, seed)
