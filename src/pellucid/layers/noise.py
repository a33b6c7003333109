"""Noise in training: dropout and Gaussian noise."""

from __future__ import annotations

from pellucid.arrays import Array, check_number
from pellucid.layer import Layer


class Dropout(Layer):
    """Dropout: in training each value is set to 0 with probability `rate`, so that no unit can be relied on.

    **Forward**  training: ``output = inputs * mask``, ``mask = 1 / (1 - rate)`` where kept, 0 where dropped. The
    division keeps the expected value, so that prediction, ``output = inputs``, needs no change.

    **Backward**  The mask is a constant factor: ``dinputs = doutput * mask``.

    inputs, output, mask: any shape. `rate` is the share dropped, from 0 up to (not including) 1. The mask is a pure
    function of (seed, epoch, step, layer), bit for bit the same on every engine.

    Source: Srivastava et al., *Dropout* (2014), section 10 (the inverted form); the book, chapter 15.

    >>> import numpy as np
    >>> dropout = Dropout(0.5)
    >>> dropout.forward(np.ones((1, 4)))  # predicting
    array([[1., 1., 1., 1.]])
    >>> dropout.training = True
    >>> dropout.forward(np.ones((1, 4)))
    array([[0., 2., 0., 2.]])
    """

    def __init__(self, rate: float) -> None:
        check_number("Dropout: the share that is dropped, rate", rate, 0.0, 1.0, ends="[)")
        self.rate = float(rate)

    def forward(self, inputs: Array) -> Array:
        self.inputs = inputs
        if self.training and self.rate > 0.0:
            self.mask = self.draws.keep(inputs, self.rate).astype(inputs.dtype) / (1.0 - self.rate)
            self.output = inputs * self.mask
        else:
            self.mask = None
            self.output = inputs
        return self.output

    def backward(self, doutput: Array) -> Array:
        self.doutput = doutput
        self.dinputs = doutput if self.mask is None else doutput * self.mask
        return self.dinputs


class GaussianNoise(Layer):
    """Gaussian noise: in training a normal draw of standard deviation `std` is added to each value.

    **Forward**  training: ``output = inputs + std * n``; predicting: ``output = inputs``

    **Backward**  What is added does not depend on the inputs: ``dinputs = doutput``.

    inputs, output: any shape.

    Source: Bishop, *Training with Noise is Equivalent to Tikhonov Regularization* (1995).

    >>> import numpy as np
    >>> GaussianNoise(0.1).forward(np.ones((1, 2)))  # predicting
    array([[1., 1.]])
    """

    def __init__(self, std: float) -> None:
        check_number("GaussianNoise: the standard deviation, std", std, 0.0)
        self.std = float(std)

    def forward(self, inputs: Array) -> Array:
        self.inputs = inputs
        self.output = inputs + self.std * self.draws.normal(inputs) if self.training and self.std else inputs
        return self.output

    def backward(self, doutput: Array) -> Array:
        self.doutput = doutput
        self.dinputs = doutput
        return self.dinputs
