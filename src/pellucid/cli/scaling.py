"""Inputs and targets of a size that networks learn well, and the network changed so that it takes them as they were.

A network that was trained on ``(x - shift) / scale`` does the same to ``x`` itself when its first layer's weights are
divided by `scale` and its biases lowered by what the shift added: ``((x - m) / s) @ W + b = x @ (W / s) + b - (m / s) @ W``.
So a model file needs no note of how its data was prepared: it takes the rows as they are in the file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pellucid.layers import Dense, Sequential


@dataclass
class Scaling:
    """``(values - shift) / scale``, feature by feature, with one sentence that says so. Empty words: nothing is done."""

    shift: np.ndarray
    scale: np.ndarray
    words: str = ""

    def apply(self, values: np.ndarray) -> np.ndarray:
        """The values as the network is trained on them, in the shape of `values`: float64 where anything is done."""
        if not self.words:
            return values
        return (np.asarray(values, np.float64) - self.shift) / self.scale


def of_inputs(X: np.ndarray, choice: str) -> Scaling:
    """What to do to the inputs of a network: X (rows, ...) are the rows to train on. `choice`: "auto" or "none"."""
    shape = X.shape[1:]
    if choice == "auto" and X.dtype == np.uint8 and X.max() > 1:
        return Scaling(np.zeros(shape), np.full(shape, 255.0), "divided by 255, being images")
    return _standard(X, choice)


def of_targets(y: np.ndarray, choice: str) -> Scaling:
    """What to do to the numbers that a network shall predict, (rows, outputs)."""
    return _standard(y, choice)


def _standard(values: np.ndarray, choice: str) -> Scaling:
    """Mean 0 and standard deviation 1 of every feature, where any goes beyond +-4 or moves within less than 0.05."""
    shape = values.shape[1:]
    nothing = Scaling(np.zeros(shape), np.ones(shape))
    if choice == "none":
        return nothing
    mean, std = values.mean(axis=0, dtype=np.float64), values.std(axis=0, dtype=np.float64)
    moving = std > 1e-9 * (np.abs(mean) + 1e-30)  # a constant feature has no spread to divide by
    width = np.ptp(values.astype(np.float64), axis=0)
    small_enough = np.abs(values).max(initial=0.0) <= 4.0 and not (moving & (width < 0.05)).any()
    if small_enough or not np.isfinite(std).all():
        return nothing
    return Scaling(mean, np.where(moving, std, 1.0), "each brought to mean 0 and spread 1 (of the training rows)")


def fold_into(network: Sequential, inputs: Scaling, targets: Scaling) -> None:
    """Change the first and the last dense layer so that the network takes and gives unscaled numbers."""
    dense = [layer for layer in network.layers if isinstance(layer, Dense)]
    first, last = dense[0], dense[-1]
    if inputs.words:
        kind = first.weights.dtype
        shift, scale = inputs.shift.ravel(), inputs.scale.ravel()
        weights = first.weights.astype(np.float64) / scale[:, None]
        first.biases = (first.biases - shift @ weights).astype(kind)
        first.weights = weights.astype(kind)
    if targets.words:
        kind = last.weights.dtype
        last.weights = (last.weights * targets.scale).astype(kind)
        last.biases = (last.biases * targets.scale + targets.shift).astype(kind)


def loses_digits(inputs: Scaling, dtype: str) -> bool:
    """Whether features lie so far from 0, for their spread, that float32 cannot hold the scaled ones' digits."""
    return dtype == "float32" and bool((np.abs(inputs.shift) > 1000.0 * inputs.scale).any())
