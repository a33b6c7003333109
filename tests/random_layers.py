"""Layers, losses and whole networks of random configuration, shape, size and precision: every one of them is right."""

from typing import Any

import numpy as np

import pellucid
from pellucid import layers, losses
from pellucid.layer import Layer

ELEMENTWISE = (
    "ELU", "GELU", "SELU", "HardSigmoid", "LeakyReLU", "Linear", "Mish", "ReLU", "Sigmoid", "SiLU", "Softplus", "Tanh",
)  # fmt: skip


def shape(rng: np.random.Generator, width: int | None = None) -> tuple[int, ...]:
    """Two to four axes, the batch first."""
    inner = tuple(int(n) for n in rng.integers(1, 4, rng.integers(0, 3)))
    return (int(rng.integers(1, 7)), *inner, int(rng.integers(1, 7)) if width is None else width)


def layer(rng: np.random.Generator, width: int, deep: int = 1) -> tuple[Layer, int]:
    """(a layer for rows of `width`, the width it returns)."""
    n = int(rng.integers(1, 6))
    strength = lambda: float(rng.choice([0.0, 0.01, 0.3]))  # noqa: E731
    kinds: dict[str, Any] = {
        "dense": lambda: (layers.Dense(width, n, rng.choice(["he_normal", "glorot_uniform"]), strength(), strength(),
                                       strength(), strength()), n),
        "elementwise": lambda: (getattr(layers, rng.choice(ELEMENTWISE))(), width),
        "leaky": lambda: (layers.LeakyReLU(float(rng.uniform(-0.5, 0.9))), width),
        "elu": lambda: (layers.ELU(float(rng.uniform(0.1, 3.0))), width),
        "softmax": lambda: (layers.Softmax(), width),
        "step": lambda: (layers.Step(), width),
        "substitute": lambda: (layers.Step(rng.choice(["straight_through", "clipped"])), width),
        "dropout": lambda: (layers.Dropout(float(rng.uniform(0.0, 0.8))), width),
        "noise": lambda: (layers.GaussianNoise(float(rng.uniform(0.0, 0.5))), width),
        "batch norm": lambda: (layers.BatchNorm(width, float(rng.uniform(0, 0.99)), float(rng.choice([1e-5, 1e-2]))), width),
        "layer norm": lambda: (layers.LayerNorm(width, float(rng.choice([1e-5, 1e-2]))), width),
        "quantiles": lambda: (layers.OrderedQuantiles(width), width),
        "flatten": lambda: (layers.Flatten(), width),
        "reshape": lambda: (layers.Reshape((width,)), width),
    }  # fmt: skip
    if deep:
        kinds["chain"] = lambda: chain(rng, width, deep - 1)
        kinds["residual"] = lambda: (_residual(rng, width, deep - 1), width)
    made, out = kinds[rng.choice(list(kinds))]()
    return made, out


def chain(rng: np.random.Generator, width: int, deep: int = 1) -> tuple[layers.Sequential, int]:
    parts = []
    for _ in range(rng.integers(1, 5)):
        part, width = layer(rng, width, deep)
        parts.append(part)
    return layers.Sequential(*parts), width


def _residual(rng: np.random.Generator, width: int, deep: int) -> Layer:
    inner, out = chain(rng, width, deep)
    return layers.Residual(inner) if out == width else layers.Residual(inner, layers.Dense(out, width))


def case(rng: np.random.Generator) -> tuple[Any, tuple[Any, ...]]:
    """(thing, arguments of check_gradients after it)."""
    kind = rng.choice(["layer", "layer", "layer", "loss", "model"])
    width = int(rng.integers(1, 7))
    size = float(rng.choice([1e-3, 0.1, 1.0, 3.0, 30.0]))
    if kind == "loss":
        return _loss(rng, size)
    if kind == "model":
        network, out = chain(rng, width)
        rows = int(rng.integers(2, 12))
        model = pellucid.Model(network, loss=losses.MeanSquaredError(), dtype=rng.choice(["float32", "float64"]))
        return model, (size * rng.standard_normal((rows, width)), rng.standard_normal((rows, out)))
    made, _ = layer(rng, width)
    flat = any(isinstance(inner, (layers.Dense, layers.Flatten, layers.Reshape)) for _, inner in made.walk())
    given = (int(rng.integers(1, 8)), width) if flat else shape(rng, width)
    if rng.uniform() < 0.3:
        return made, ()
    return made, (np.asarray(size * rng.standard_normal(given), rng.choice(["float32", "float64"])),)


def _loss(rng: np.random.Generator, size: float) -> tuple[Any, tuple[Any, ...]]:
    rows, width = int(rng.integers(1, 9)), int(rng.integers(2, 6))
    numbers, labels = size * rng.standard_normal((rows, width)), rng.integers(0, width, rows)
    scores = rng.uniform(0.02, 1.0, (rows, width))
    weights = tuple(rng.uniform(0.1, 3.0, width).tolist())
    smoothing = float(rng.choice([0.0, 0.1]))
    choices: list[tuple[Any, Any, Any]] = [
        (losses.MeanSquaredError(), numbers, rng.standard_normal((rows, width))),
        (losses.MeanAbsoluteError(), numbers, rng.standard_normal((rows, width))),
        (losses.Huber(float(rng.uniform(0.1, 3.0))), numbers, rng.standard_normal((rows, width))),
        (losses.CategoricalCrossEntropy(weights, smoothing), scores / scores.sum(axis=1, keepdims=True), labels),
        (losses.SoftmaxCrossEntropy(None, smoothing), numbers, np.eye(width)[labels]),
        (losses.BinaryCrossEntropy(), scores * 0.95, rng.integers(0, 2, (rows, width)).astype(float)),
        (losses.SigmoidCrossEntropy(), numbers, rng.uniform(size=(rows, width))),
        (losses.Poisson(), rng.standard_normal((rows, width)), rng.poisson(2.0, (rows, width)).astype(float)),
        (losses.Quantile(tuple(np.linspace(0.05, 0.9, width).tolist())), numbers, rng.standard_normal((rows, 1))),
    ]
    loss, outputs, targets = choices[rng.integers(len(choices))]
    return loss, (outputs, targets)
