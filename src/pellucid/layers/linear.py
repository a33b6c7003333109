"""The linear (identity) activation."""

from __future__ import annotations

from pellucid.arrays import Array
from pellucid.layer import Layer


class Linear(Layer):
    """Linear activation: the input as it is, for the output of a regression.

    **Forward**  ``output = x``

    **Backward**  The slope is 1: ``dinputs = doutput``. A chain of dense layers with linear activations is one dense
    layer, which is why the hidden layers of a network need another one.

    inputs, output: any shape.

    Source: *Neural Networks from Scratch in Python* (2020), chapter 17.

    >>> import numpy as np
    >>> Linear().forward(np.array([[-2.0, 3.0]]))
    array([[-2.,  3.]])
    """

    def forward(self, inputs: Array) -> Array:
        self.inputs = inputs
        self.output = inputs
        return self.output

    def backward(self, doutput: Array) -> Array:
        self.doutput = doutput
        self.dinputs = doutput
        return self.dinputs
