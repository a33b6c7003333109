"""Sigmoid and its piecewise linear stand-in."""

from __future__ import annotations

from pellucid.arrays import Array
from pellucid.functions import sigmoid
from pellucid.layer import Layer


class Sigmoid(Layer):
    """Sigmoid: any number to one between 0 and 1, smoothly.

    **Forward**  ``s = 1 / (1 + exp(-x))``

    **Backward**  With ``u = 1 + exp(-x)``, ``s = 1/u`` and ``ds/dx = exp(-x) / u**2 = (1/u) * ((u - 1)/u)``, so

        ds/dx = s * (1 - s)        dinputs = doutput * s * (1 - s)

    which is at most 1/4: through many sigmoids a gradient vanishes.

    inputs, output: any shape.

    Source: *Neural Networks from Scratch in Python* (2020), chapter 16.

    >>> import numpy as np
    >>> Sigmoid().forward(np.array([[-1000.0, 0.0, 1000.0]]))
    array([[0. , 0.5, 1. ]])
    """

    def forward(self, inputs: Array) -> Array:
        self.inputs = inputs
        self.output = sigmoid(inputs)
        return self.output

    def backward(self, doutput: Array) -> Array:
        self.doutput = doutput
        self.dinputs = doutput * self.output * (1.0 - self.output)
        return self.dinputs


class HardSigmoid(Layer):
    """Hard sigmoid: three straight lines in the shape of a sigmoid, with no exponential to compute.

    **Forward**  ``output = min(max(x / 6 + 1/2, 0), 1)``

    **Backward**  ``dinputs = doutput / 6`` where ``-3 < x < 3``, otherwise 0.

    inputs, output: any shape.

    Source: Howard et al., *Searching for MobileNetV3* (2019), section 5.2.

    >>> import numpy as np
    >>> HardSigmoid().forward(np.array([[-4.0, 0.0, 1.5, 4.0]]))
    array([[0.  , 0.5 , 0.75, 1.  ]])
    """

    def forward(self, inputs: Array) -> Array:
        xp = inputs.__array_namespace__()
        self.inputs = inputs
        self.output = xp.clip(inputs / 6.0 + 0.5, 0.0, 1.0)
        return self.output

    def backward(self, doutput: Array) -> Array:
        self.doutput = doutput
        self.dinputs = doutput * (abs(self.inputs) < 3.0) / 6.0
        return self.dinputs
