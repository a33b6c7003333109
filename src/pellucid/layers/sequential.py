"""Layers of layers: the chain and the chain with a short cut."""

from __future__ import annotations

from pellucid.arrays import Array
from pellucid.errors import DataError
from pellucid.layer import Layer


class Sequential(Layer):
    """Layers one after the other: each takes what the one before returns.

    **Forward**  ``x -> layers[0] -> layers[1] -> ... -> output``

    **Backward**  The chain rule, read from the end: each layer turns the gradient of its output into that of its
    input, which is the gradient of the output of the layer before.

    inputs: what the first layer takes; output: what the last one returns.

    Source: *Neural Networks from Scratch in Python* (2020), chapter 9.

    >>> import numpy as np
    >>> from pellucid.layers import Linear, ReLU
    >>> Sequential(Linear(), ReLU()).forward(np.array([[-1.0, 2.0]]))
    array([[0., 2.]])
    """

    def __init__(self, *layers: Layer) -> None:
        self.layers = layers

    def forward(self, inputs: Array) -> Array:
        x = inputs
        for layer in self.layers:
            x = layer.forward(x)
        self.inputs, self.output = inputs, x
        return x

    def backward(self, doutput: Array) -> Array:
        gradient = doutput
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        self.doutput, self.dinputs = doutput, gradient
        return gradient


class Residual(Layer):
    """A chain with a short cut around it: the layers learn what to add to their input.

    **Forward**  ``output = inputs + f(inputs)``, f being the layers one after the other

    **Backward**  A sum hands its gradient to both sides: ``dinputs = doutput + (doutput through f, backward)``. The
    first term reaches the layers before undiminished, however deep the network is.

    inputs, output: the same shape; f must keep it.

    Source: He et al., *Deep Residual Learning for Image Recognition* (2016), section 3.2.

    >>> import numpy as np
    >>> from pellucid.layers import ReLU
    >>> Residual(ReLU()).forward(np.array([[-1.0, 2.0]]))
    array([[-1.,  4.]])
    """

    def __init__(self, *layers: Layer) -> None:
        self.layers = layers

    def forward(self, inputs: Array) -> Array:
        x = inputs
        for layer in self.layers:
            x = layer.forward(x)
        if x.shape != inputs.shape:
            raise DataError(
                f"{self!r} adds its input of shape {tuple(inputs.shape)} to its layers' output of shape "
                f"{tuple(x.shape)}. The layers inside must return the shape that they take."
            )
        self.inputs, self.output = inputs, inputs + x
        return self.output

    def backward(self, doutput: Array) -> Array:
        gradient = doutput
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        self.doutput, self.dinputs = doutput, doutput + gradient
        return self.dinputs
