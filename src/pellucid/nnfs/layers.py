"""The book's layers and activations: its names and signatures over pellucid's layers.

What they have in common, and what differs from the book:

* `forward(inputs)` and `forward(inputs, training)` both work: the first is that of chapters 3 to 17, the second that of
  18 to 22. Lists are accepted. The result is returned, and kept as `output`, too.
* `backward(dvalues)` returns `dinputs`, and keeps it.
* Every layer has `predictions(outputs)`, so that a model may end with any of them (the book's Layer_Dense has none).
* What an optimiser keeps for a layer is dropped when another optimiser takes over.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from pellucid import initializers, layers
from pellucid.arrays import Array
from pellucid.errors import DataError
from pellucid.layer import Layer
from pellucid.nnfs.exact import array_of, run
from pellucid.nnfs.patches import float_dtype

KEPT_BY_OPTIMIZERS = ("weight_momentums", "bias_momentums", "weight_cache", "bias_cache", "moved_by")


def _neighbour(name: str) -> Any:
    """A link to the layer before or behind. It is weak: a layer that is copied or moved takes no network with it."""

    def read(layer: Any) -> Any:
        link = vars(layer).get(name)
        return None if link is None else link()

    def write(layer: Any, other: Any) -> None:
        vars(layer)[name] = None if other is None else weakref.ref(other)

    return property(read, write)


class BookLayer(Layer):
    """What the book's names add to a layer of pellucid."""

    prev, next = _neighbour("prev"), _neighbour("next")  # what `Model.finalize` sets, to look at

    def forward(self, inputs: Any, training: bool = False) -> Array:
        return run(self, super().forward, array_of(inputs, "inputs"))

    def backward(self, dvalues: Any) -> Array:
        return run(self, super().backward, array_of(dvalues, "dvalues"))

    def predictions(self, outputs: Any) -> Array:
        """What the outputs say: here, the outputs themselves."""
        return outputs

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: vars(self)[name] for name in KEPT_BY_OPTIMIZERS if name in vars(self)}
        return {**super().__getstate__(), **kept}


def _regularizer(kind: str) -> Any:
    """A penalty's strength under pellucid's name, kept under the book's."""

    def read(layer: Any) -> Any:
        return vars(layer)[kind]

    def write(layer: Any, value: Any) -> None:
        vars(layer)[kind] = value

    return property(read, write)


class Layer_Dense(BookLayer, layers.Dense):
    """Fully connected layer: `output = inputs @ weights + biases`; the mathematics is that of `pellucid.layers.Dense`.

    weights (I, O) are ``0.01 * randn`` from NumPy's global generator, biases (1, O) are 0, as in the book; of the
    dtype that `init()` chose, float64 without it.

    What differs: the slope of an L1 penalty at exactly 0 is 0 (the book takes +1, which pushes a weight that is where
    the penalty wants it). The number of inputs is checked.
    """

    weight_l1 = _regularizer("weight_regularizer_l1")
    weight_l2 = _regularizer("weight_regularizer_l2")
    bias_l1 = _regularizer("bias_regularizer_l1")
    bias_l2 = _regularizer("bias_regularizer_l2")

    def __init__(
        self,
        n_inputs: int,
        n_neurons: int,
        weight_regularizer_l1: float = 0,
        weight_regularizer_l2: float = 0,
        bias_regularizer_l1: float = 0,
        bias_regularizer_l2: float = 0,
    ) -> None:
        super().__init__(
            n_inputs,
            n_neurons,
            initializers.normal(0.01),
            weight_regularizer_l1,
            weight_regularizer_l2,
            bias_regularizer_l1,
            bias_regularizer_l2,
        )
        self.weight_regularizer_l1, self.weight_regularizer_l2 = weight_regularizer_l1, weight_regularizer_l2
        self.bias_regularizer_l1, self.bias_regularizer_l2 = bias_regularizer_l1, bias_regularizer_l2
        # Rounded before it is scaled: that is what 0.01 * np.random.randn(...) does under the book's init().
        self.weights: np.ndarray = 0.01 * np.random.standard_normal((n_inputs, n_neurons)).astype(float_dtype())
        self.biases: np.ndarray = self.biases.astype(float_dtype())

    def initialize(self, rng: np.random.Generator) -> None:
        super().initialize(rng)
        self.biases = self.biases.reshape(1, -1)

    def forward(self, inputs: Any, training: bool = False) -> Array:
        x = array_of(inputs, "inputs")
        return super().forward(x if getattr(x.dtype, "kind", "f") == "f" else x.astype(self.weights.dtype), training)

    def backward(self, dvalues: Any) -> Array:
        dinputs = super().backward(dvalues)
        self.dbiases = self.dbiases.reshape(self.biases.shape)
        return dinputs

    def get_parameters(self) -> tuple[Array, Array]:
        """(weights, biases)."""
        return self.weights, self.biases

    def set_parameters(self, weights: Any, biases: Any) -> None:
        """Take over weights (I, O) and biases (1, O)."""
        taken = {}
        for name, given in (("weights", weights), ("biases", biases)):
            own, array = getattr(self, name), array_of(given, name)
            if array.shape != own.shape:
                raise DataError(f"{self!r} has {name} of shape {own.shape}, but was given {array.shape}.")
            taken[name] = array.astype(own.dtype)
        self.weights, self.biases = taken["weights"], taken["biases"]


class _GlobalDraws:
    """Dropout's random bits, drawn from NumPy's global generator as the book does."""

    def keep(self, like: Array, rate: float) -> np.ndarray:
        """True with probability 1 - rate, in the shape of `like`."""
        return np.random.binomial(1, 1.0 - rate, size=like.shape).astype(bool)


class Layer_Dropout:
    """Dropout: each value is 0 with probability `rate`; the mathematics is that of `pellucid.layers.Dropout`.

    `forward(inputs)` drops, as in chapter 15; `forward(inputs, training=False)` does not. Because of that default it is
    not a layer that `pellucid.Model` takes: write `pellucid.layers.Dropout(rate)` there.

    What differs: `rate` is the share that is dropped (the book's attribute holds 1 - rate); a rate of 1 is refused
    (there: 0 / 0); `backward` after a pass that dropped nothing passes everything (there: the mask of an earlier pass).
    """

    def __init__(self, rate: float) -> None:
        self.rule = layers.Dropout(rate)
        self.rule.draws = _GlobalDraws()  # type: ignore[assignment]

    @property
    def rate(self) -> float:
        """The share dropped."""
        return self.rule.rate

    def forward(self, inputs: Any, training: bool = True) -> Array:
        """The values that are left, divided by 1 - rate; all of them as they are where nothing is trained."""
        self.inputs = array_of(inputs, "inputs")
        self.rule.training = training
        self.output = self.rule.forward(self.inputs if self.inputs.dtype.kind == "f" else self.inputs.astype(float))
        self.binary_mask = self.rule.mask
        return self.output

    def backward(self, dvalues: Any) -> Array:
        """The gradient where values were kept."""
        self.dinputs = self.rule.backward(array_of(dvalues, "dvalues"))
        return self.dinputs

    def predictions(self, outputs: Any) -> Array:
        """The outputs themselves."""
        return outputs

    def config(self) -> dict[str, Any]:
        """The constructor's argument."""
        return {"rate": self.rate}

    def __repr__(self) -> str:
        return f"Layer_Dropout({self.rate!r})"


class Layer_Input(BookLayer, layers.Linear):
    """What stands in front of a model's first layer: its `output` is the data."""


class Activation_ReLU(BookLayer, layers.ReLU):
    """Rectified linear unit: `max(x, 0)`."""


class Activation_Softmax(BookLayer, layers.Softmax):
    """Softmax. Its backward is `pellucid.layers.Softmax`'s: the book's Jacobian, multiplied out instead of looped over."""

    def predictions(self, outputs: Any) -> Array:
        return outputs.argmax(axis=1)


class Activation_Sigmoid(BookLayer, layers.Sigmoid):
    """Sigmoid. Very negative inputs give 0 without the book's warning of an overflow."""

    def predictions(self, outputs: Any) -> Array:
        return (outputs > 0.5) * 1


class Activation_Linear(BookLayer, layers.Linear):
    """Linear activation: the input as it is."""


class Activation_Tanh(BookLayer, layers.Tanh):
    """Hyperbolic tangent. Not in the book."""


class Activation_Step(BookLayer, layers.Step):
    """Step function: 1 above 0, otherwise 0. Not in the book's code: with it no network learns by gradients."""
