"""The contract of an optimiser.

`update(param, grad, slots, rates)` works entry by entry and returns the new parameter and its new slots (running sums,
one array each in the parameter's shape). So an engine may call it on a single weight matrix or on a slice of one long
buffer that holds them all. Parameter and slots belong to the run, so an update may be written with ``param -= ...``:
NumPy then writes in place, which halves the time, and JAX, whose arrays never change, makes a new array of the very same
line. The gradient belongs to the layer and is never written into. `rates(learning_rate, step)` are the numbers that
change from step to step; they are computed on the host in float64, so that a schedule never recompiles a program.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from pellucid.arrays import Array, check_number
from pellucid.errors import ContractError
from pellucid.schedules import as_schedule


class Optimizer:
    """Base of every optimiser. `learning_rate`: a number or a schedule; `clip_value`, `clip_norm`: limits or None."""

    slots: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, learning_rate: Any = 0.001, clip_value: float | None = None, clip_norm: float | None = None
    ) -> None:
        as_schedule(learning_rate)
        for name, limit in (("clip_value", clip_value), ("clip_norm", clip_norm)):
            if limit is not None:
                check_number(f"{type(self).__name__}: {name}", limit, 0.0, ends="(]")
        self.learning_rate = learning_rate if callable(learning_rate) else float(learning_rate)
        self.clip_value = None if clip_value is None else float(clip_value)
        self.clip_norm = None if clip_norm is None else float(clip_norm)

    def rates(self, learning_rate: Any, step: Any) -> tuple[Any, ...]:
        """What `update` needs beside the arrays; `step` counts the updates already made, from 0."""
        return (learning_rate,)

    def update(
        self, param: Array, grad: Array, slots: tuple[Array, ...], rates: tuple[Any, ...]
    ) -> tuple[Array, tuple[Array, ...]]:
        """The parameter after one step, and its slots, which start at 0. What was given may be written into (not grad)."""
        raise ContractError(f"{type(self).__name__} has no update(self, param, grad, slots, rates).")

    @property
    def schedule(self) -> Callable[[Any], Any]:
        """The learning rate as a function of the step."""
        return as_schedule(self.learning_rate)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments by name."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def __repr__(self) -> str:
        parameters = inspect.signature(type(self)).parameters
        changed = [f"{k}={v!r}" for k, v in self.config().items() if v != parameters[k].default]
        return f"{type(self).__name__}({', '.join(changed)})"


def clip_by_value(grad: Array, limit: float) -> Array:
    """Every entry limited to +-limit."""
    return grad.__array_namespace__().clip(grad, -limit, limit)


def norm_factor(square_sum: Any, limit: float) -> Any:
    """What to multiply all gradients with so that their joint length is at most `limit`. Pascanu et al. (2013)."""
    # A number that NumPy 2.0 has summed up does not know its library yet.
    xp = square_sum.__array_namespace__() if hasattr(square_sum, "__array_namespace__") else np
    return limit / xp.maximum(square_sum**0.5, limit)
