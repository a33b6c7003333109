"""Intervals that hold what they say: made wider by what the validation rows show to be missing.

A network's quantiles fit the rows that it learned from a little too closely, so fewer of the others lie between them.
Romano, Patterson and Candes, *Conformalized Quantile Regression* (2019): on rows that were not learned from, measure how
far each lies outside its interval (inside: below 0); both ends move out by the quantile of that. The rows here are those
that stopped the training, which chose the network by all its quantiles together, not by these ends. Of several targets
each has its own rows outside, and its own widening: every interval by itself holds its share of the rows, not all at once.
"""

from __future__ import annotations

import math

import numpy as np

from pellucid.layers import Dense, Sequential
from pellucid.model import Model


def missing(ends: np.ndarray, y: np.ndarray, share: float) -> float:
    """How far both ends must move out so that `share` of other rows lies between them; at least 0.

    ends: low and high (rows, 2); y: (rows,). Of n rows the number ceil((n + 1) * share) in order, the largest at most.
    """
    outside = np.sort(np.maximum(ends[:, 0] - y, y - ends[:, 1]))
    place = min(math.ceil((len(y) + 1) * share), len(y)) - 1
    return max(float(outside[place]), 0.0)


def widen(model: Model, x: np.ndarray, y: np.ndarray, share: float) -> np.ndarray:
    """Put a last layer behind the network that moves each target's outermost outputs out; how far, float64 (targets,).

    x, y: the validation rows as the network takes them, y (rows,) or (rows, targets). The layer is a `Dense` that hands
    every output on and adds to it, so that the model file needs nothing new. With it, the optimiser begins anew.
    """
    truth = np.asarray(y, np.float64).reshape(len(y), -1)
    outputs = model.predict(x, 4096).astype(np.float64)
    quantiles = outputs.reshape(*truth.shape, -1)  # (rows, targets, levels)
    by = np.array([missing(quantiles[:, k, [0, -1]], truth[:, k], share) for k in range(truth.shape[1])])
    if by.any():
        count = outputs.shape[1]
        last = Dense(count, count)
        last.weights = np.eye(count, dtype=model.dtype)
        biases = np.zeros(quantiles.shape[1:], model.dtype)
        biases[:, 0], biases[:, -1] = -by, by
        last.biases = biases.reshape(-1)
        model.network = Sequential(*model.network.layers, last)
        model.optimizer = model.optimizer
    return by
