"""Outputs in ascending order: quantiles that cannot cross."""

from __future__ import annotations

from pellucid.arrays import Array, check_count
from pellucid.errors import DataError
from pellucid.functions import sigmoid, softplus
from pellucid.layer import Layer


class OrderedQuantiles(Layer):
    """The quantiles of a target in ascending order, from numbers in any: the last layer in front of `Quantile`.

    **Forward**  Of the K numbers x of a target, the middle one (number ``m = (K - 1) // 2``) is its quantile as it is.
    The others are steps away from it, made positive by ``softplus(x) = log(1 + exp(x))``, and add up:

        output[k] = x[m] + softplus(x[m+1]) + ... + softplus(x[k])        for k above m
        output[k] = x[m] - softplus(x[k]) - ... - softplus(x[m-1])        for k below m

    **Backward**  x[m] is in every output; a step in those from it outwards, downwards with a minus. The slope of
    softplus is the sigmoid:

        dinputs[m] = sum of doutput[j] over all j
        dinputs[i] = sigmoid(x[i]) * (doutput[i] + ... + doutput[K-1])    for i above m
        dinputs[i] = -sigmoid(x[i]) * (doutput[0] + ... + doutput[i])     for i below m

    No step is below 0 and sums are taken one after the other, so the order holds to the last bit. Steps too small for
    the precision are 0: quantiles may meet, and never cross.

    inputs, output: (..., targets * K), the K numbers of the first target first. Parameter: `per_target`, the K: as many
    as the loss has levels.

    Source: Park et al., *Learning Quantile Functions without Quantile Crossing for Distribution-free Time Series
    Forecasting* (2022), which adds positive steps to the lowest; from the middle, the median is one number by itself.

    >>> import numpy as np
    >>> OrderedQuantiles(3).forward(np.array([[0.0, 5.0, 1.0]])).round(4)
    array([[4.3069, 5.    , 6.3133]])
    """

    def __init__(self, per_target: int = 3) -> None:
        check_count("OrderedQuantiles: per_target", per_target, "OrderedQuantiles(3)")
        self.per_target = int(per_target)

    def forward(self, inputs: Array) -> Array:
        xp = inputs.__array_namespace__()
        self.inputs = inputs
        x, m = self._by_target(inputs), (self.per_target - 1) // 2  # (..., targets, K)
        middle, steps = x[..., m : m + 1], softplus(x)
        below = middle - steps[..., :m][..., ::-1].cumsum(axis=-1)[..., ::-1]
        above = xp.concat([middle, steps[..., m + 1 :]], axis=-1).cumsum(axis=-1)
        self.output = xp.concat([below, above], axis=-1).reshape(inputs.shape)
        return self.output

    def backward(self, doutput: Array) -> Array:
        xp = doutput.__array_namespace__()
        self.doutput = doutput
        dy, m = self._by_target(doutput), (self.per_target - 1) // 2
        slope = sigmoid(self._by_target(self.inputs))
        below = -slope[..., :m] * dy[..., :m].cumsum(axis=-1)
        above = slope[..., m + 1 :] * dy[..., m + 1 :][..., ::-1].cumsum(axis=-1)[..., ::-1]
        dinputs = xp.concat([below, dy.sum(axis=-1, keepdims=True), above], axis=-1)
        self.dinputs = dinputs.reshape(doutput.shape)
        return self.dinputs

    def _by_target(self, array: Array) -> Array:
        """(..., targets * K) -> (..., targets, K)."""
        width, count = array.shape[-1] if array.ndim else 0, self.per_target
        if array.ndim < 2 or width % count:
            raise DataError(
                f"{self!r} got inputs of shape {tuple(array.shape)}, expected (rows, ..., targets * {count}). "
                f"Write Dense(..., {count}) before it for one target, Dense(..., {2 * count}) for two."
            )
        return array.reshape(*array.shape[:-1], width // count, count)
