"""The step function."""

from __future__ import annotations

from pellucid.arrays import Array
from pellucid.errors import InputError
from pellucid.layer import Layer


class Step(Layer):
    """Step (Heaviside) function: 1 above 0, otherwise 0.

    **Forward**  ``output = 1 if x > 0 else 0``

    **Backward**  The slope is 0 everywhere but at the jump, so nothing reaches the layers before: a network of steps
    cannot learn by gradients. That is ``gradient="zero"``, the truth. Two named substitutes make it trainable:

    * ``gradient="straight_through"``: pretend the layer was the identity, ``dinputs = doutput``;
    * ``gradient="clipped"``: the same, but only where ``abs(x) <= 1``.

    inputs, output: any shape.

    Source: McCulloch and Pitts (1943); the substitutes: Bengio, Leonard and Courville, *Estimating or Propagating
    Gradients Through Stochastic Neurons* (2013), section 4; Hubara et al. (2016), section 2.3.

    >>> import numpy as np
    >>> Step().forward(np.array([[-2.0, 0.0, 0.5]]))
    array([[0., 0., 1.]])
    """

    def __init__(self, gradient: str = "zero") -> None:
        if gradient not in ("zero", "straight_through", "clipped"):
            raise InputError(f"Step(gradient={gradient!r}): write 'zero', 'straight_through' or 'clipped'.")
        self.gradient = gradient

    @property
    def substitute_gradient(self) -> bool:
        return self.gradient != "zero"

    def forward(self, inputs: Array) -> Array:
        self.inputs = inputs
        self.output = (inputs > 0).astype(inputs.dtype)
        return self.output

    def backward(self, doutput: Array) -> Array:
        self.doutput = doutput
        if self.gradient == "zero":
            self.dinputs = doutput * 0
        elif self.gradient == "straight_through":
            self.dinputs = doutput
        else:
            self.dinputs = doutput * (abs(self.inputs) <= 1)
        return self.dinputs
