"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from pellucid.arrays import Array, check_number
from pellucid.optimizers.base import Optimizer


class SGD(Optimizer):
    """Stochastic gradient descent: a step against the gradient, with momentum if wanted.

    **Update**  without momentum ``w = w - rate * g``; with it ``v = momentum * v - rate * g`` and ``w = w + v``;
    Nesterov's form looks one step ahead: ``w = w + momentum * v - rate * g`` with the new v.

    Source: Polyak (1964); Sutskever et al. (2013), section 2; the book, chapter 10.

    >>> import numpy as np
    >>> SGD(0.5).update(np.array([1.0]), np.array([0.2]), (), (0.5,))
    (array([0.9]), ())
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        clip_value: float | None = None,
        clip_norm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, clip_value, clip_norm)
        check_number("SGD: momentum", momentum, 0.0, 1.0, ends="[)")
        self.momentum, self.nesterov = float(momentum), nesterov

    @property
    def slots(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("velocity",) if self.momentum else ()

    def update(
        self, param: Array, grad: Array, slots: tuple[Array, ...], rates: tuple[Any, ...]
    ) -> tuple[Array, tuple[Array, ...]]:
        (rate,) = rates
        step = rate * grad
        if not self.momentum:
            param -= step
            return param, ()
        (velocity,) = slots
        velocity *= self.momentum
        velocity -= step
        if self.nesterov:
            param -= step
            param += self.momentum * velocity
        else:
            param += velocity
        return param, (velocity,)
