"""The exponential linear unit and its self-normalising form."""

from __future__ import annotations

from pellucid.arrays import Array, check_number
from pellucid.layer import Layer


class ELU(Layer):
    """Exponential linear unit: linear above 0, bending smoothly to -alpha below.

    **Forward**  ``output = x if x > 0 else alpha * (exp(x) - 1)``

    **Backward**  Below 0 the slope is ``alpha * exp(x) = output + alpha``: ``dinputs = doutput`` where ``x > 0``,
    otherwise ``doutput * (output + alpha)``.

    inputs, output: any shape. Parameter: `alpha`, above 0.

    Source: Clevert, Unterthiner and Hochreiter, *Fast and Accurate Deep Network Learning by ELUs* (2016), section 3.

    >>> import numpy as np
    >>> ELU().forward(np.array([[-1000.0, 0.0, 2.0]]))
    array([[-1.,  0.,  2.]])
    """

    def __init__(self, alpha: float = 1.0) -> None:
        check_number("ELU: alpha", alpha, 0.0, ends="(]")
        self.alpha = float(alpha)

    def forward(self, inputs: Array) -> Array:
        xp = inputs.__array_namespace__()
        self.inputs = inputs
        self.below = self.alpha * xp.expm1(xp.minimum(inputs, 0))  # exp of positive numbers is never taken; 0 above 0
        self.output = xp.maximum(inputs, 0) + self.below
        return self.output

    def backward(self, doutput: Array) -> Array:
        self.doutput = doutput
        above = (self.inputs > 0).astype(doutput.dtype)
        self.dinputs = doutput * (above + (1.0 - above) * (self.below + self.alpha))
        return self.dinputs


class SELU(Layer):
    """Scaled ELU: the two constants for which mean 0 and variance 1 are a fixed point from layer to layer.

    **Forward**  ``output = scale * (x if x > 0 else alpha * (exp(x) - 1))``

    **Backward**  ``dinputs = doutput * scale`` where ``x > 0``, otherwise ``doutput * (output + scale * alpha)``.

    inputs, output: any shape. Draw the weights with ``initializer="lecun_normal"``.

    Source: Klambauer et al., *Self-Normalizing Neural Networks* (2017), equation 2; constants from its appendix.

    >>> import numpy as np
    >>> SELU().forward(np.array([[-1.0, 1.0]])).round(4)
    array([[-1.1113,  1.0507]])
    """

    scale = 1.0507009873554805
    alpha = 1.6732632423543772

    def forward(self, inputs: Array) -> Array:
        xp = inputs.__array_namespace__()
        self.inputs = inputs
        self.below = self.alpha * xp.expm1(xp.minimum(inputs, 0))
        self.output = self.scale * (xp.maximum(inputs, 0) + self.below)
        return self.output

    def backward(self, doutput: Array) -> Array:
        self.doutput = doutput
        above = (self.inputs > 0).astype(doutput.dtype)
        self.dinputs = doutput * (self.scale * (above + (1.0 - above) * (self.below + self.alpha)))
        return self.dinputs
