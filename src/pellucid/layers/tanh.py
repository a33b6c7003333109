"""The hyperbolic tangent."""

from __future__ import annotations

from pellucid.arrays import Array
from pellucid.layer import Layer


class Tanh(Layer):
    """Hyperbolic tangent: a sigmoid from -1 to 1, centred on 0.

    **Forward**  ``t = (exp(x) - exp(-x)) / (exp(x) + exp(-x))``

    **Backward**  By the quotient rule ``dt/dx = 1 - t**2``: ``dinputs = doutput * (1 - t**2)``.

    inputs, output: any shape.

    Source: LeCun et al., *Efficient BackProp* (1998), section 4.4.

    >>> import numpy as np
    >>> tanh = Tanh()
    >>> tanh.forward(np.array([[0.0, 1000.0]])), tanh.backward(np.ones((1, 2)))
    (array([[0., 1.]]), array([[1., 0.]]))
    """

    def forward(self, inputs: Array) -> Array:
        xp = inputs.__array_namespace__()
        self.inputs = inputs
        self.output = xp.tanh(inputs)
        return self.output

    def backward(self, doutput: Array) -> Array:
        self.doutput = doutput
        self.dinputs = doutput * (1.0 - self.output * self.output)
        return self.dinputs
