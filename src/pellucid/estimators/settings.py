"""What the estimators' parameters may be, and the layers that they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval, Options, StrOptions

from pellucid import layers
from pellucid.errors import InputError
from pellucid.layer import Layer
from pellucid.network import named

STOCHASTIC = ("sgd", "adam")
# scikit-learn's four names, and every other activation of pellucid under its own.
ACTIVATIONS: dict[str, type[Layer]] = {
    "identity": layers.Linear,
    "logistic": layers.Sigmoid,
    "tanh": layers.Tanh,
    "relu": layers.ReLU,
    "leaky_relu": layers.LeakyReLU,
    "elu": layers.ELU,
    "selu": layers.SELU,
    "gelu": layers.GELU,
    "silu": layers.SiLU,
    "mish": layers.Mish,
    "softplus": layers.Softplus,
    "hard_sigmoid": layers.HardSigmoid,
    "softmax": layers.Softmax,
    "step": layers.Step,
}

SHARE = Interval(Real, 0, 1, closed="left")
CONSTRAINTS: dict[str, Any] = {
    "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left"), None],
    "activation": [StrOptions(set(ACTIVATIONS)), list, tuple, Layer],
    "solver": [StrOptions({"lbfgs", "sgd", "adam"})],
    "alpha": [Interval(Real, 0, None, closed="left")],
    "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"})],
    "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
    "power_t": [Interval(Real, 0, None, closed="left")],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [SHARE],
    "beta_1": [SHARE],
    "beta_2": [SHARE],
    "epsilon": [Interval(Real, 0, None, closed="neither")],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
    "max_fun": [Interval(Integral, 1, None, closed="left")],
    "dropout": [SHARE, "array-like"],
    "batch_norm": ["boolean"],
    "engine": [StrOptions({"auto", "numpy", "jax"})],
}


def hidden_sizes(given: Any) -> list[int]:
    """The numbers of units of the hidden layers, as a list; none at all for () or None."""
    sizes = [] if given is None else list(given) if hasattr(given, "__iter__") else [given]
    if np.any(np.array(sizes) <= 0):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
    return sizes


def activation_of(name: Any) -> Layer:
    """A fresh activation layer by its name, or a copy of the layer that is given."""
    if isinstance(name, Layer):
        if list(named(name)):
            raise InputError(
                f"activation={name!r} has parameters or state of its own, for which an estimator has no place. Train it in "
                "a pellucid.Model."
            )
        return name.run_copy()
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise InputError(
            f"activation={name!r} is not known: write one of {', '.join(ACTIVATIONS)}, or a layer such as LeakyReLU(0.1)."
        )
    return ACTIVATIONS[name]()


def one_each(name: str, given: Any, count: int) -> list[Any]:
    """A setting of every hidden layer: `given` for all of them, or one of a list for each."""
    if not isinstance(given, (list, tuple, np.ndarray)):
        return [given] * count
    if len(given) != count:
        raise InputError(
            f"{name}={given!r} has {len(given)} entries, but there are {count} hidden layers: give one for each, or a "
            "single one for all."
        )
    return list(given)


def glorot_bound(activation: Any, fan_in: int, fan_out: int) -> float:
    """First weights and biases lie within +- this. Glorot and Bengio (2010), and a third of the variance for logistic."""
    logistic = activation == "logistic" or type(activation) is layers.Sigmoid
    return float(np.sqrt((2.0 if logistic else 6.0) / (fan_in + fan_out)))


class SharedPenaltyDense(layers.Dense):
    """A dense layer whose penalty is divided by the rows of each step, which are fewer in an epoch's last one."""

    rows: int  # of a whole step, which has ...
    whole: float  # ... this strength

    def backward(self, doutput: Any) -> Any:
        self.weight_l2 = self.whole * (self.rows / doutput.shape[0])
        return super().backward(doutput)


def dense(weights: np.ndarray, biases: np.ndarray, l2: float = 0.0, rows: int = 0) -> layers.Dense:
    """A dense layer that has these very arrays as its parameters; `l2` is for steps of `rows` rows, or for all if 0."""
    inputs, units = weights.shape
    made = (SharedPenaltyDense if rows else layers.Dense)(inputs, units, initializer="zeros", weight_l2=l2)
    if isinstance(made, SharedPenaltyDense):
        made.rows, made.whole = rows, l2
    made.weights, made.biases = weights, biases
    return made


def hidden_layers(activation: Any, units: int, norm: dict[str, np.ndarray] | None, dropout: float) -> list[Layer]:
    """What follows a hidden dense layer: batch normalisation, the activation, dropout, each where wanted."""
    made: list[Layer] = []
    if norm is not None:
        made.append(layers.BatchNorm(units))
        vars(made[-1]).update(norm)
    if isinstance(activation, Layer) or activation != "identity":
        made.append(activation_of(activation))
    if dropout:
        made.append(layers.Dropout(float(dropout)))
    return made


def network(
    coefs: Sequence[np.ndarray], intercepts: Sequence[np.ndarray], norms: Sequence[Any], activations: Sequence[Any],
    dropouts: Iterable[float], last: Layer | None, l2: float = 0.0, rows: int = 0,
) -> layers.Sequential:  # fmt: skip
    """The chain of a perceptron; its layers hold the given arrays themselves."""
    made: list[Layer] = []
    for weights, biases, norm, activation, dropout in zip(
        coefs, intercepts, norms, activations, dropouts, strict=False
    ):
        made += [dense(weights, biases, l2, rows), *hidden_layers(activation, weights.shape[1], norm, dropout)]
    made.append(dense(coefs[-1], intercepts[-1], l2, rows))
    return layers.Sequential(*made, *([] if last is None else [last]))
