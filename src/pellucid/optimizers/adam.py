"""Adam and AdamW."""

from __future__ import annotations

from typing import Any

from pellucid.arrays import Array, check_number
from pellucid.optimizers.base import Optimizer


class Adam(Optimizer):
    """Adam: momentum, and a step size of its own for every parameter.

    **Update**  ``m = beta_1 * m + (1 - beta_1) * g``, ``c = beta_2 * c + (1 - beta_2) * g**2``; both start at 0, so
    after t updates they are too small by ``1 - beta**t``, which is divided out:

        w = w - rate * (m / (1 - beta_1**t)) / (sqrt(c / (1 - beta_2**t)) + epsilon)

    The slots here are the plain sums M and C of ``m = (1 - beta_1) * M`` and ``c = (1 - beta_2) * C``, which saves two
    products an entry; all constant factors meet in the two numbers of `rates`. With
    ``s = sqrt((1 - beta_2) / (1 - beta_2**t))`` the second root is ``s * sqrt(C)``, and dividing above and below by s,

        w = w - (rate * (1 - beta_1) / (1 - beta_1**t) / s) * M / (sqrt(C) + epsilon / s)

    Source: Kingma and Ba, *Adam* (2015), algorithm 1; the book, chapter 10.

    >>> import numpy as np
    >>> adam = Adam(0.1)
    >>> adam.update(np.ones(1), np.array([2.0]), (np.zeros(1), np.zeros(1)), adam.rates(0.1, 0))[0].round(6)
    array([0.9])
    """

    slots = ("momentum", "cache")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        clip_value: float | None = None,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, clip_value, clip_norm)
        check_number("Adam: beta_1", beta_1, 0.0, 1.0, ends="[)")
        check_number("Adam: beta_2", beta_2, 0.0, 1.0, ends="[)")
        check_number("Adam: epsilon", epsilon, 0.0, ends="(]")
        self.beta_1, self.beta_2, self.epsilon = float(beta_1), float(beta_2), float(epsilon)

    def rates(self, learning_rate: Any, step: Any) -> tuple[Any, ...]:
        t = step + 1.0
        s = ((1.0 - self.beta_2) / (1.0 - self.beta_2**t)) ** 0.5
        return learning_rate * (1.0 - self.beta_1) / (1.0 - self.beta_1**t) / s, self.epsilon / s

    def update(
        self, param: Array, grad: Array, slots: tuple[Array, ...], rates: tuple[Any, ...]
    ) -> tuple[Array, tuple[Array, ...]]:
        xp = param.__array_namespace__()
        momentum, cache = slots
        rate, epsilon = rates
        momentum *= self.beta_1
        momentum += grad
        cache *= self.beta_2
        cache += grad * grad
        param -= rate * momentum / (xp.sqrt(cache) + epsilon)
        return param, (momentum, cache)


class AdamW(Adam):
    """Adam with the weight decay taken out of the gradient: ``w = (1 - learning_rate * weight_decay) * w``, then Adam.

    Source: Loshchilov and Hutter, *Decoupled Weight Decay Regularization* (2019), algorithm 2.

    >>> import numpy as np
    >>> adam = AdamW(0.1, weight_decay=0.5)
    >>> adam.update(np.ones(1), np.array([2.0]), (np.zeros(1), np.zeros(1)), adam.rates(0.1, 0))[0].round(6)
    array([0.85])
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        weight_decay: float = 0.01,
        clip_value: float | None = None,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, clip_value, clip_norm)
        check_number("AdamW: weight_decay", weight_decay, 0.0)
        self.weight_decay = float(weight_decay)

    def rates(self, learning_rate: Any, step: Any) -> tuple[Any, ...]:
        return (*super().rates(learning_rate, step), 1.0 - learning_rate * self.weight_decay)

    def update(
        self, param: Array, grad: Array, slots: tuple[Array, ...], rates: tuple[Any, ...]
    ) -> tuple[Array, tuple[Array, ...]]:
        param *= rates[2]
        return super().update(param, grad, slots, rates[:2])
