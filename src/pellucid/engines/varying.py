"""Settings that differ between networks of one compiled program: numbers that enter it as arguments.

A layer reads ``self.weight_l2`` in arithmetic and asks ``if self.weight_l2``. While a program for many networks is
traced, such a setting is a `Varies`: it counts as what all its values are, greater than zero, and joins in arithmetic.
Whatever else would need its value (a comparison, ``int()``) raises, and those networks get programs of their own.

It pays: a program takes half a second and more to compile, and only networks that share one sit on the same bench.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

from pellucid.engines.work import Work


class Varies:
    """A positive number of which only a stand-in for every network's value is known."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __jax_array__(self) -> Any:
        return self.value

    def __bool__(self) -> bool:
        return True

    def __add__(self, other: Any) -> Any:
        return self.value + other

    def __radd__(self, other: Any) -> Any:
        return other + self.value

    def __sub__(self, other: Any) -> Any:
        return self.value - other

    def __rsub__(self, other: Any) -> Any:
        return other - self.value

    def __mul__(self, other: Any) -> Any:
        return self.value * other

    def __rmul__(self, other: Any) -> Any:
        return other * self.value

    def __truediv__(self, other: Any) -> Any:
        return self.value / other

    def __rtruediv__(self, other: Any) -> Any:
        return other / self.value

    def __pow__(self, other: Any) -> Any:
        return self.value**other

    def __neg__(self) -> Any:
        return -self.value

    def _unknown(self, *_: Any) -> Any:
        raise TypeError("This setting differs between the networks of one program: its value is not known here.")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _unknown
    __hash__ = None  # type: ignore[assignment]
    __int__ = __float__ = __index__ = __round__ = _unknown


@dataclass(frozen=True)
class Place:
    """Where a setting stands: `owner` is "optimizer", "loss" or a layer's path such as "2.0"."""

    owner: str
    name: str

    def read(self, owner: Any) -> Any:
        """Its value in a work or a model."""
        if self.owner in ("optimizer", "loss"):
            return getattr(getattr(owner, self.owner), self.name)
        return getattr(dict(owner.network.walk())[self.owner], self.name)


def with_values(work: Work, values: dict[Place, Any]) -> Work:
    """`work` with other settings at these places, on copies."""
    network: Any = work.network.run_copy()
    changed = replace(work, network=network, loss=work.loss.run_copy(), optimizer=copy.copy(work.optimizer))
    layers = dict(changed.network.walk())
    for place, value in values.items():
        owner = getattr(changed, place.owner) if place.owner in ("optimizer", "loss") else layers[place.owner]
        setattr(owner, place.name, value)
    return changed
