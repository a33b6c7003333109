"""Batch and layer normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.arrays import Array, check_count, check_number
from pellucid.errors import DataError
from pellucid.layer import Layer


class BatchNorm(Layer):
    """Batch normalisation: every feature gets mean 0 and variance 1 over the batch, then a scale and a shift.

    **Forward**  ``xhat = (x - mean) / sqrt(var + epsilon)``, ``output = gamma * xhat + beta``. In training, mean and
    var are the batch's own, and the running ones follow them; in prediction the running ones are used.

    **Backward**  Let s = 1/sqrt(var + epsilon), g = gamma * doutput, N the rows averaged over. The batch's mean and
    variance depend on every row, which adds two terms to ``g * s``: through the mean ``-s * mean(g)``, through the
    variance ``-s * xhat * mean(g * xhat)``. So

        dinputs = s * (g - mean(g) - xhat * mean(g * xhat))
                = gamma * s * (doutput - dbeta / N - xhat * dgamma / N)
        dgamma  = sum(doutput * xhat)        dbeta = sum(doutput)

    With the running statistics (prediction) the two terms are absent: ``dinputs = gamma * s * doutput``.

    =====================================  =========  ==========================================
    inputs, output                         (..., F)   all axes but the last are averaged over
    gamma, beta, running_mean, _variance   (F,)
    =====================================  =========  ==========================================

    Parameters: `n_features` F; `momentum`, the share that the running statistics keep at every step; `epsilon`, above 0.
    Every variance divides by N (PyTorch's running one by N - 1, and its momentum is one minus this one).

    Source: Ioffe and Szegedy, *Batch Normalization* (2015), section 3.

    >>> import numpy as np
    >>> norm = BatchNorm(1)
    >>> norm.training = True
    >>> norm.forward(np.array([[1.0], [3.0]])).round(3)
    array([[-1.],
           [ 1.]])
    """

    params = ("gamma", "beta")
    state = ("running_mean", "running_variance")

    def __init__(self, n_features: int, momentum: float = 0.9, epsilon: float = 1e-5) -> None:
        _check("BatchNorm", n_features, epsilon)
        check_number("BatchNorm: momentum", momentum, 0.0, 1.0, ends="[)")
        self.n_features, self.momentum, self.epsilon = int(n_features), float(momentum), float(epsilon)
        self.gamma, self.beta = np.ones(n_features, np.float32), np.zeros(n_features, np.float32)
        self.running_mean = np.zeros(n_features, np.float32)
        self.running_variance = np.ones(n_features, np.float32)

    def forward(self, inputs: Array) -> Array:
        xp = inputs.__array_namespace__()
        _check_features(self, inputs)
        self.inputs = inputs
        self.over = tuple(range(inputs.ndim - 1))
        self.of_batch = self.training  # backward must know which statistics this pass used
        if self.training:
            mean, variance = inputs.mean(axis=self.over), inputs.var(axis=self.over)
            if inputs.size > self.n_features:  # a single row has no variance, and says nothing about that of others
                keep = self.momentum
                self.running_mean = keep * self.running_mean + (1.0 - keep) * mean
                self.running_variance = keep * self.running_variance + (1.0 - keep) * variance
        else:
            mean, variance = self.running_mean, self.running_variance
        self.inverse_std = 1.0 / xp.sqrt(variance + self.epsilon)
        self.normalized = (inputs - mean) * self.inverse_std
        self.output = self.gamma * self.normalized + self.beta
        return self.output

    def backward(self, doutput: Array) -> Array:
        self.doutput = doutput
        self.dgamma = (doutput * self.normalized).sum(axis=self.over)
        self.dbeta = doutput.sum(axis=self.over)
        centred = doutput
        if self.of_batch:
            rows = doutput.size // self.n_features
            centred = doutput - self.dbeta / rows - self.normalized * (self.dgamma / rows)
        self.dinputs = self.gamma * self.inverse_std * centred
        return self.dinputs


class LayerNorm(Layer):
    """Layer normalisation: every row gets mean 0 and variance 1 over its own features, then a scale and a shift.

    **Forward**  ``xhat = (x - mean) / sqrt(var + epsilon)`` over the last axis, ``output = gamma * xhat + beta``

    **Backward**  As in batch normalisation, but averaged over a row's F features, and gamma differs among them: with
    ``g = gamma * doutput``,

        dinputs = (g - mean(g) - xhat * mean(g * xhat)) / sqrt(var + epsilon)
        dgamma  = sum(doutput * xhat)        dbeta = sum(doutput)        (over all axes but the last)

    inputs, output: (..., F); gamma, beta: (F,). The same in training and prediction, for any batch size.

    Source: Ba, Kiros and Hinton, *Layer Normalization* (2016), section 3.

    >>> import numpy as np
    >>> LayerNorm(2).forward(np.array([[1.0, 3.0]])).round(3)
    array([[-1.,  1.]])
    """

    params = ("gamma", "beta")

    def __init__(self, n_features: int, epsilon: float = 1e-5) -> None:
        _check("LayerNorm", n_features, epsilon)
        self.n_features, self.epsilon = int(n_features), float(epsilon)
        self.gamma, self.beta = np.ones(n_features, np.float32), np.zeros(n_features, np.float32)

    def forward(self, inputs: Array) -> Array:
        xp = inputs.__array_namespace__()
        _check_features(self, inputs)
        self.inputs = inputs
        centred = inputs - inputs.mean(axis=-1, keepdims=True)
        variance = (centred * centred).mean(axis=-1, keepdims=True)
        self.inverse_std = 1.0 / xp.sqrt(variance + self.epsilon)
        self.normalized = centred * self.inverse_std
        self.output = self.gamma * self.normalized + self.beta
        return self.output

    def backward(self, doutput: Array) -> Array:
        over = tuple(range(doutput.ndim - 1))
        self.doutput = doutput
        self.dgamma = (doutput * self.normalized).sum(axis=over)
        self.dbeta = doutput.sum(axis=over)
        g = self.gamma * doutput
        along = (g * self.normalized).mean(axis=-1, keepdims=True)
        self.dinputs = self.inverse_std * (g - g.mean(axis=-1, keepdims=True) - self.normalized * along)
        return self.dinputs


def _check(name: str, n_features: Any, epsilon: float) -> None:
    check_count(f"{name}: n_features", n_features, f"{name}(64)")
    check_number(f"{name}: epsilon", epsilon, 0.0, ends="(]")


def _check_features(layer: BatchNorm | LayerNorm, inputs: Array) -> None:
    """One feature would silently stretch over any number of columns."""
    if inputs.ndim < 2 or inputs.shape[-1] != layer.n_features:
        raise DataError(
            f"{layer!r} got inputs of shape {tuple(inputs.shape)}, expected (rows, ..., {layer.n_features}). "
            f"Write {type(layer).__name__}({inputs.shape[-1] if inputs.ndim else 1}) or change what comes before."
        )
