"""The book's optimisers: its names, defaults and three calls over pellucid's updates.

What they keep for a layer lies on the layer under the book's names (`weight_momentums`, `weight_cache` ...), to look at.
What differs: it belongs to the optimiser that made it, so that another optimiser starts afresh (the book's Adam after
RMSprop ends in an AttributeError, after SGD it takes the velocity for its own average). Weights and biases become new
arrays; one that you kept is not changed behind your back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid import optimizers
from pellucid.errors import InputError
from pellucid.schedules import InverseTime

_NAMES = {"weights": "weight", "biases": "bias"}
_SLOTS = {"velocity": "momentums", "momentum": "momentums", "cache": "cache"}


class BookOptimizer(optimizers.Optimizer):
    """What the book's names add to an optimiser of pellucid."""

    scales: tuple[float, ...] = ()  # what the book's slots are in units of pellucid's, where they differ

    def _begin(self, learning_rate: float, decay: float) -> None:
        if not isinstance(learning_rate, (int, float, np.number)):
            raise InputError(
                f"learning_rate={learning_rate!r}: expected a number. Schedules are for pellucid.optimizers."
            )
        if not decay >= 0:
            raise InputError(f"decay={decay!r}: expected a number of at least 0, such as 5e-7.")
        self.decay, self.current_learning_rate, self.iterations = decay, learning_rate, 0
        self.mark = object()  # what it keeps on layers is known by this; copies of both belong together again

    @property
    def schedule(self) -> InverseTime:
        """The learning rate as a function of the updates made: `learning_rate / (1 + decay * iterations)`."""
        return InverseTime(self.learning_rate, self.decay)

    def pre_update_params(self) -> None:
        """Call once before the updates of a step: the learning rate decays."""
        if self.decay:
            self.current_learning_rate = self.schedule(self.iterations)

    def update_params(self, layer: Any) -> None:
        """Move the weights and biases of `layer` against `dweights` and `dbiases`."""
        rates = self.rates(self.current_learning_rate, self.iterations)
        mine = getattr(layer, "moved_by", None) is self.mark
        for name, short in _NAMES.items():
            value = getattr(layer, name)
            gradient = np.asarray(getattr(layer, f"d{name}")).astype(value.dtype, copy=False)
            places = [f"{short}_{_SLOTS[slot]}" for slot in self.slots]
            sums = [f"{place}_sum" if self.scales else place for place in places]
            slots = tuple(_slot(layer, place, value) if mine else np.zeros_like(value) for place in sums)
            new, slots = self.update(value.copy(), gradient, slots, rates)
            setattr(layer, name, new)
            for place, slot in zip(sums, slots, strict=True):
                setattr(layer, place, slot)
            for place, slot, scale in zip(places, slots, self.scales, strict=False):
                setattr(layer, place, slot * scale)
        layer.moved_by = self.mark

    def post_update_params(self) -> None:
        """Call once after the updates of a step."""
        self.iterations += 1


def _slot(layer: Any, place: str, value: np.ndarray) -> np.ndarray:
    """What lies on the layer; zeros where nothing does, or where the parameter has another shape by now."""
    kept: np.ndarray | None = getattr(layer, place, None)
    return kept if kept is not None and kept.shape == value.shape else np.zeros_like(value)


class Optimizer_SGD(BookOptimizer, optimizers.SGD):
    """Gradient descent, with momentum if wanted: `pellucid.optimizers.SGD`."""

    def __init__(self, learning_rate: float = 1.0, decay: float = 0.0, momentum: float = 0.0) -> None:
        super().__init__(learning_rate, momentum)
        self._begin(learning_rate, decay)


class Optimizer_Adagrad(BookOptimizer, optimizers.AdaGrad):
    """AdaGrad: `pellucid.optimizers.AdaGrad`."""

    def __init__(self, learning_rate: float = 1.0, decay: float = 0.0, epsilon: float = 1e-7) -> None:
        super().__init__(learning_rate, epsilon)
        self._begin(learning_rate, decay)


class Optimizer_RMSprop(BookOptimizer, optimizers.RMSprop):
    """RMSprop: `pellucid.optimizers.RMSprop`."""

    def __init__(
        self, learning_rate: float = 0.001, decay: float = 0.0, epsilon: float = 1e-7, rho: float = 0.9
    ) -> None:
        super().__init__(learning_rate, rho, epsilon)
        self._begin(learning_rate, decay)


class Optimizer_Adam(BookOptimizer, optimizers.Adam):
    """Adam: `pellucid.optimizers.Adam`."""

    def __init__(
        self,
        learning_rate: float = 0.001,
        decay: float = 0.0,
        epsilon: float = 1e-7,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon)
        self._begin(learning_rate, decay)
        self.scales = (1.0 - beta_1, 1.0 - beta_2)  # the book's averages hold this factor, pellucid's plain sums do not
