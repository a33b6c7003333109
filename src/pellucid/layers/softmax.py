"""Softmax."""

from __future__ import annotations

from pellucid.arrays import Array
from pellucid.functions import softmax
from pellucid.layer import Layer


class Softmax(Layer):
    """Softmax: scores of several classes to probabilities that add up to 1.

    **Forward**  ``p[k] = exp(x[k] - max(x)) / sum_j exp(x[j] - max(x))`` (taking the largest off changes nothing and
    keeps exp from overflowing)

    **Backward**  Every score moves every probability: ``dp[k]/dx[j] = p[k] * ((k == j) - p[j])``. Summed over k,

        dinputs[j] = sum_k doutput[k] * p[k] * ((k == j) - p[j])
                   = p[j] * (doutput[j] - sum_k doutput[k] * p[k])

    so the Jacobian never has to be written out. In front of categorical cross-entropy, the pair's gradient
    ``p - targets`` is used instead (see `pellucid.losses`).

    inputs, output: (..., K), K classes on the last axis.

    Source: *Neural Networks from Scratch in Python* (2020), chapters 4 and 9.

    >>> import numpy as np
    >>> Softmax().forward(np.array([[1.0, 2.0, 3.0]])).round(4)
    array([[0.09  , 0.2447, 0.6652]])
    """

    def forward(self, inputs: Array) -> Array:
        self.inputs = inputs
        self.output = softmax(inputs)
        return self.output

    def backward(self, doutput: Array) -> Array:
        self.doutput = doutput
        weighted = (doutput * self.output).sum(axis=-1, keepdims=True)
        self.dinputs = self.output * (doutput - weighted)
        return self.dinputs
