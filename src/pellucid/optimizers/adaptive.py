"""Optimisers with a step size of their own for every parameter: AdaGrad and RMSprop."""

from __future__ import annotations

from typing import Any

from pellucid.arrays import Array, check_number
from pellucid.optimizers.base import Optimizer


class AdaGrad(Optimizer):
    """AdaGrad: the more a parameter has moved, the smaller its steps.

    **Update**  ``cache = cache + g**2``, ``w = w - rate * g / (sqrt(cache) + epsilon)``

    Source: Duchi, Hazan and Singer (2011), equation 1; the book, chapter 10.

    >>> import numpy as np
    >>> AdaGrad(1.0).update(np.array([1.0]), np.array([2.0]), (np.array([0.0]),), (1.0,))[0].round(6)
    array([0.])
    """

    slots = ("cache",)

    def __init__(
        self,
        learning_rate: Any = 0.01,
        epsilon: float = 1e-7,
        clip_value: float | None = None,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, clip_value, clip_norm)
        check_number("AdaGrad: epsilon", epsilon, 0.0, ends="(]")
        self.epsilon = float(epsilon)

    def update(
        self, param: Array, grad: Array, slots: tuple[Array, ...], rates: tuple[Any, ...]
    ) -> tuple[Array, tuple[Array, ...]]:
        xp = param.__array_namespace__()
        (cache,) = slots
        cache += grad * grad
        param -= rates[0] * grad / (xp.sqrt(cache) + self.epsilon)
        return param, (cache,)


class RMSprop(Optimizer):
    """RMSprop: AdaGrad that forgets, by a running average of the squared gradient.

    **Update**  ``cache = rho * cache + (1 - rho) * g**2``, ``w = w - rate * g / (sqrt(cache) + epsilon)``

    Source: Hinton, *Neural Networks for Machine Learning* (2012), lecture 6e; the book, chapter 10.

    >>> import numpy as np
    >>> RMSprop(0.1).update(np.array([1.0]), np.array([2.0]), (np.array([0.0]),), (0.1,))[0].round(4)
    array([0.6838])
    """

    slots = ("cache",)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        epsilon: float = 1e-7,
        clip_value: float | None = None,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, clip_value, clip_norm)
        check_number("RMSprop: rho", rho, 0.0, 1.0, ends="[)")
        check_number("RMSprop: epsilon", epsilon, 0.0, ends="(]")
        self.rho, self.epsilon = float(rho), float(epsilon)

    def update(
        self, param: Array, grad: Array, slots: tuple[Array, ...], rates: tuple[Any, ...]
    ) -> tuple[Array, tuple[Array, ...]]:
        xp = param.__array_namespace__()
        (cache,) = slots
        cache *= self.rho
        cache += (1.0 - self.rho) * (grad * grad)
        param -= rates[0] * grad / (xp.sqrt(cache) + self.epsilon)
        return param, (cache,)
