"""Names on the command line and what they stand for: layers, losses, optimisers, schedules, and a network of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pellucid import layers, losses, optimizers, schedules
from pellucid.errors import InputError
from pellucid.layer import Layer
from pellucid.layers import BatchNorm, Dense, Dropout, Flatten

ACTIVATIONS: dict[str, type[Layer]] = {
    "step": layers.Step, "linear": layers.Linear, "sigmoid": layers.Sigmoid, "tanh": layers.Tanh,
    "relu": layers.ReLU, "leaky_relu": layers.LeakyReLU, "elu": layers.ELU, "selu": layers.SELU,
    "gelu": layers.GELU, "silu": layers.SiLU, "mish": layers.Mish, "softplus": layers.Softplus,
    "hard_sigmoid": layers.HardSigmoid,
}  # fmt: skip

# How the weights before an activation are drawn, so that a signal keeps its size: see pellucid.initializers.
_INITIALIZERS = {"selu": "lecun_normal"} | dict.fromkeys(
    ("relu", "leaky_relu", "elu", "gelu", "silu", "mish"), "he_normal"
)

LOSSES: dict[str, type[losses.Loss]] = {
    "categorical_cross_entropy": losses.CategoricalCrossEntropy,
    "binary_cross_entropy": losses.BinaryCrossEntropy,
    "mean_squared_error": losses.MeanSquaredError,
    "mean_absolute_error": losses.MeanAbsoluteError,
    "huber": losses.Huber,
}
OF_CLASSES = ("categorical_cross_entropy", "binary_cross_entropy")

# The optimiser and the learning rate that usually works with it.
OPTIMIZERS: dict[str, tuple[Callable[[Any], optimizers.Optimizer], float]] = {
    "adam": (lambda rate: optimizers.Adam(rate), 0.005),
    "adamw": (lambda rate: optimizers.AdamW(rate), 0.005),
    "rmsprop": (lambda rate: optimizers.RMSprop(rate), 0.002),
    "adagrad": (lambda rate: optimizers.AdaGrad(rate), 0.05),
    "momentum": (lambda rate: optimizers.SGD(rate, momentum=0.9), 0.05),
    "sgd": (lambda rate: optimizers.SGD(rate), 0.2),
}

# (learning rate, steps of the whole run) -> schedule
SCHEDULES: dict[str, Callable[[float, int], Any]] = {
    "constant": lambda rate, steps: rate,
    "cosine": lambda rate, steps: schedules.Cosine(rate, max(steps, 1)),
    "one_cycle": lambda rate, steps: schedules.OneCycle(rate, max(steps, 1)),
    "step": lambda rate, steps: schedules.StepDecay(rate, max(steps // 4, 1)),
    "exponential": lambda rate, steps: schedules.Exponential(rate, 0.01 ** (1 / max(steps, 1))),
    "inverse_time": lambda rate, steps: schedules.InverseTime(rate, 9 / max(steps, 1)),
    "warm_up": lambda rate, steps: schedules.WarmUp(rate, max(steps // 20, 1)),
    "plateau": lambda rate, steps: schedules.Plateau(rate),
}


def widths(text: str) -> tuple[int, ...]:
    """The neurons of the hidden layers: "64,32" is (64, 32); "none" is no hidden layer."""
    if text.strip().lower() in ("none", "0", ""):
        return ()
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError:
        numbers = (0,)
    if min(numbers) < 1:
        raise InputError(f"--layers {text}: expected whole numbers of at least 1, such as 64,32, or none.")
    return numbers


def network(
    n_inputs: int,
    n_outputs: int,
    hidden: tuple[int, ...],
    activation: str,
    dropout: float,
    batch_norm: bool,
    last: str | None,
    flatten: bool,
) -> list[Layer]:
    """The layers of a network: dense, norm, activation, dropout for each hidden one, then the outputs."""
    chain: list[Layer] = [Flatten()] if flatten else []
    initializer = _INITIALIZERS.get(activation, "glorot_uniform")
    for neurons in hidden:
        chain.append(Dense(n_inputs, neurons, initializer=initializer))
        chain += [BatchNorm(neurons)] if batch_norm else []
        chain.append(ACTIVATIONS[activation]())
        chain += [Dropout(dropout)] if dropout else []
        n_inputs = neurons
    chain.append(Dense(n_inputs, n_outputs))
    if last is not None:
        chain.append(getattr(layers, last)())
    return chain
