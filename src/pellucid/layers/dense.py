"""The fully connected layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid import initializers
from pellucid.arrays import Array, check_count, check_number
from pellucid.errors import ContractError, DataError
from pellucid.layer import Layer
from pellucid.randomness import generator


class Dense(Layer):
    """Fully connected layer: every neuron sees every input.

    **Forward**  ``output = inputs @ weights + biases``

    **Backward**  One weight ``w[i, o]`` touches ``output[b, o]`` of every sample b, by ``inputs[b, i]``. Summed over the
    batch, by the chain rule,

        dweights[i, o] = sum_b inputs[b, i] * doutput[b, o]     dweights = inputs.T @ doutput
        dbiases[o]     = sum_b doutput[b, o]                    (a bias is a weight whose input is 1)
        dinputs[b, i]  = sum_o doutput[b, o] * weights[i, o]    dinputs  = doutput @ weights.T

    A penalty ``l2 * sum(w**2) + l1 * sum(abs(w))`` adds ``2 * l2 * w + l1 * sign(w)`` to the gradient.

    ============  ======  =========================
    inputs        (B, I)  B samples, I inputs
    weights       (I, O)  O neurons
    biases        (O,)
    output        (B, O)
    ============  ======  =========================

    Parameters: `n_inputs` I, `n_neurons` O; `initializer` of the weights, a name or a function (biases start at 0);
    `weight_l1`, `weight_l2`, `bias_l1`, `bias_l2`: strengths of the penalties, 0 for none.

    Source: H. Kinsley and D. Kukiela, *Neural Networks from Scratch in Python* (2020), chapters 3, 9 and 14.

    >>> import numpy as np
    >>> dense = Dense(2, 1)
    >>> dense.weights = np.array([[2.0], [3.0]])
    >>> dense.forward(np.array([[1.0, 10.0]])), dense.backward(np.array([[1.0]]))
    (array([[32.]]), array([[2., 3.]]))
    """

    params = ("weights", "biases")

    def __init__(
        self,
        n_inputs: int,
        n_neurons: int,
        initializer: Any = "glorot_uniform",
        weight_l1: float = 0.0,
        weight_l2: float = 0.0,
        bias_l1: float = 0.0,
        bias_l2: float = 0.0,
    ) -> None:
        check_count("Dense: n_inputs", n_inputs, "Dense(2, 3)")
        check_count("Dense: n_neurons", n_neurons, "Dense(2, 3)")
        strengths = {"weight_l1": weight_l1, "weight_l2": weight_l2, "bias_l1": bias_l1, "bias_l2": bias_l2}
        for name, strength in strengths.items():
            check_number(f"Dense: {name}", strength, low=0.0)
        self.n_inputs, self.n_neurons = int(n_inputs), int(n_neurons)
        self.initializer = initializer
        self.weight_l1, self.weight_l2 = float(weight_l1), float(weight_l2)
        self.bias_l1, self.bias_l2 = float(bias_l1), float(bias_l2)
        self.initialize(generator(0, "weights"))

    def initialize(self, rng: np.random.Generator) -> None:
        draw = initializers.get(self.initializer)
        with np.errstate(over="ignore"):
            weights = np.asarray(draw(rng, (self.n_inputs, self.n_neurons)), np.float32)
        if weights.shape != (self.n_inputs, self.n_neurons):
            raise ContractError(
                f"initializer={self.initializer!r} returned shape {weights.shape} for {self!r}: expected the shape that it "
                f"was given, {(self.n_inputs, self.n_neurons)}."
            )
        if not np.isfinite(weights).all():
            raise ContractError(
                f"initializer={self.initializer!r} drew weights for {self!r} that are no finite float32."
            )
        self.weights = weights
        self.biases = np.zeros(self.n_neurons, np.float32)

    def forward(self, inputs: Array) -> Array:
        if inputs.ndim != 2 or inputs.shape[-1] != self.n_inputs:
            raise DataError(self._misfit(tuple(inputs.shape)))
        self.inputs = inputs
        self.output = inputs @ self.weights + self.biases  # (B, O)
        return self.output

    def backward(self, doutput: Array) -> Array:
        self.doutput = doutput
        self.dweights = self.inputs.T @ doutput  # (I, O)
        self.dbiases = doutput.sum(axis=0)  # (O,)
        if self.weight_l1 or self.weight_l2:
            self.dweights = self.dweights + _penalty_gradient(self.weights, self.weight_l1, self.weight_l2)
        if self.bias_l1 or self.bias_l2:
            self.dbiases = self.dbiases + _penalty_gradient(self.biases, self.bias_l1, self.bias_l2)
        if self.needs_dinputs:
            self.dinputs = doutput @ self.weights.T  # (B, I)
            return self.dinputs
        return None

    def _misfit(self, shape: tuple[int, ...]) -> str:
        if len(shape) == 2:
            return (
                f"{self!r} got inputs of shape {shape}: {shape[1]} values a row, expected {self.n_inputs}. "
                f"Write Dense({shape[1]}, {self.n_neurons}) or change what comes before."
            )
        hint = "For a single row write inputs[None, :]." if len(shape) == 1 else "Write Flatten() before it."
        return f"{self!r} got inputs of shape {shape}, expected (rows, {self.n_inputs}). {hint}"

    def penalty(self) -> Any:
        return _penalty(self.weights, self.weight_l1, self.weight_l2) + _penalty(
            self.biases, self.bias_l1, self.bias_l2
        )


def _penalty(values: Array, l1: float, l2: float) -> Any:
    """`l1` and `l2` are plain numbers; what is 0 is not computed: in a small network it would be a tenth of a step."""
    total = l2 * (values * values).sum() if l2 else 0.0
    return total + l1 * abs(values).sum() if l1 else total


def _penalty_gradient(values: Array, l1: float, l2: float) -> Array:
    slope = 2.0 * l2 * values
    return slope + l1 * values.__array_namespace__().sign(values) if l1 else slope
