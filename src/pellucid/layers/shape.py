"""Layers that change the shape only."""

from __future__ import annotations

from math import prod

from pellucid.arrays import Array
from pellucid.errors import DataError, InputError
from pellucid.layer import Layer


class Reshape(Layer):
    """Every sample in another shape; the values and their order stay.

    **Forward**  ``(B, ...) -> (B, *shape)``

    **Backward**  Nothing was computed, so the gradient goes back to where its value came from: ``dinputs`` is
    ``doutput`` in the shape of the inputs.

    Parameter: `shape` of one sample, a tuple.

    Source: none needed.

    >>> import numpy as np
    >>> Reshape((2, 2)).forward(np.arange(8).reshape(2, 4)).shape
    (2, 2, 2)
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        if not isinstance(shape, (tuple, list)) or not all(type(n) is int and n > 0 for n in shape):
            raise InputError(
                f"Reshape({shape!r}): expected the shape of one sample, without the batch, as a tuple of whole numbers of "
                "at least 1, such as Reshape((28, 28))."
            )
        self.shape = tuple(shape)

    def forward(self, inputs: Array) -> Array:
        if prod(inputs.shape[1:]) != prod(self.shape):
            raise DataError(
                f"Reshape({self.shape}) got samples of shape {tuple(inputs.shape[1:])}: {prod(inputs.shape[1:])} values, "
                f"expected {prod(self.shape)}."
            )
        self.inputs = inputs
        self.output = inputs.reshape(inputs.shape[0], *self.shape)
        return self.output

    def backward(self, doutput: Array) -> Array:
        self.doutput = doutput
        self.dinputs = doutput.reshape(self.inputs.shape)
        return self.dinputs


class Flatten(Layer):
    """Every sample as one row: images to what a dense layer takes.

    **Forward**  ``(B, ...) -> (B, product of the rest)``

    **Backward**  ``dinputs`` is ``doutput`` in the shape of the inputs.

    Source: none needed.

    >>> import numpy as np
    >>> Flatten().forward(np.zeros((5, 8, 8))).shape
    (5, 64)
    """

    def forward(self, inputs: Array) -> Array:
        self.inputs = inputs
        self.output = inputs.reshape(inputs.shape[0], prod(inputs.shape[1:]))
        return self.output

    def backward(self, doutput: Array) -> Array:
        self.doutput = doutput
        self.dinputs = doutput.reshape(self.inputs.shape)
        return self.dinputs
