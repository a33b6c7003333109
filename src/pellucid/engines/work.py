"""What every engine is given and gives back: batches in, one result an epoch out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from pellucid.layers import Sequential
from pellucid.losses import Loss
from pellucid.optimizers import Optimizer
from pellucid.randomness import permutation


@dataclass
class Batches:
    """What a run trains on: arrays of n rows, how many a step takes, and the seed that orders them.

    `of_user`: which rows of the user's X these are, (n,); None where they are all of them.
    """

    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None
    batch_size: int
    seed: int
    shuffle: bool = True
    of_user: np.ndarray | None = None

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.x)

    @property
    def steps(self) -> int:
        """How many steps an epoch has; the last may be a short one."""
        return -(-self.rows // self.batch_size)

    @property
    def ordered(self) -> bool:
        """Whether an epoch has an order of its own: the mean over all rows at once does not depend on one."""
        return self.shuffle and self.batch_size < self.rows

    def order(self, epoch: int) -> np.ndarray | None:
        """The rows of an epoch in the order they are visited; None where that is as they lie."""
        return permutation(self.seed, epoch, self.rows) if self.ordered else None


@dataclass
class Work:
    """What an engine is made for.

    `slots`: the optimiser's, of an earlier run, by "slot/key"; empty to start at 0. `keep_outputs`: whether an epoch's
    result holds the outputs of its passes. `valid_x`: rows whose outputs are wanted at every epoch's end, or None.
    """

    network: Sequential
    loss: Loss
    optimizer: Optimizer
    data: Batches
    slots: dict[str, np.ndarray] = field(default_factory=dict)
    keep_outputs: bool = False
    valid_x: np.ndarray | None = None

    @cached_property
    def row_weights(self) -> np.ndarray | None:
        """What each row counts, of itself and of its class, (n,); None where all count the same."""
        of_class = None if self.data.y is None else self.loss.weights(self.data.y)
        if of_class is None or self.data.weights is None:
            return self.data.weights if of_class is None else of_class
        return self.data.weights * of_class

    def mean_loss(self, losses: Any, order: np.ndarray | None) -> float:
        """The mean over an epoch's rows, visited in `order`, of the steps' mean `losses`: each as its rows count."""
        weights = self.row_weights
        if weights is not None:
            weights = weights[None] if order is None else weights[order][None]
        return float(self.mean_losses(np.asarray(losses)[None], weights)[0])

    def mean_losses(self, losses: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
        """`mean_loss` of every epoch, (epochs,). losses: (epochs, steps); weights: (epochs, rows) as visited, or None."""
        sizes = self._sizes
        if weights is not None:
            starts = np.arange(0, self.data.rows, self.data.batch_size)
            sizes = np.add.reduceat(weights, starts, axis=1, dtype=float)
        return weighted(losses, sizes)

    @cached_property
    def _sizes(self) -> np.ndarray:
        """How many rows each step of an epoch has."""
        return np.diff(np.arange(0, self.data.rows, self.data.batch_size), append=self.data.rows).astype(float)


def weighted(losses: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The mean of each row of `losses`, (epochs, steps), each entry as its `sizes` say: the same, or (epochs, steps)."""
    if losses.shape[1] == 1:
        return losses[:, 0]
    means: np.ndarray = (losses * sizes).sum(axis=1) / np.maximum(sizes.sum(axis=-1), 1e-30)
    return means


@dataclass
class EpochResult:
    """What an epoch gave.

    `loss`: mean over its rows, penalties included; `finite`: whether loss and parameters are numbers; `snapshot`: where
    training stands at its end, for the engine's `values` and `slots`; `outputs` and `targets` of its passes and
    `valid_outputs`, those of the validation rows at its end, where asked for.
    """

    loss: float
    finite: bool
    snapshot: Any
    outputs: np.ndarray | None = None
    targets: np.ndarray | None = None
    valid_outputs: np.ndarray | None = None


class Engine(Protocol):
    """What training asks of an engine. It holds the parameters of a run; the user's network gets fresh copies."""

    name: str

    def at_once(self, epochs: int) -> int:
        """How many of the next `epochs` it would like to be asked for in one `run`."""
        ...

    def run(self, epoch: int, rates: np.ndarray) -> Iterator[EpochResult]:
        """The epochs from number `epoch` (0 for the first) on; `rates` (epochs, steps, numbers) are the optimiser's."""
        ...

    def start(self) -> Any:
        """The snapshot before the first epoch."""
        ...

    def values(self, snapshot: Any) -> dict[str, np.ndarray]:
        """Every parameter and state array of a snapshot by key, fresh and writable."""
        ...

    def slots(self, snapshot: Any) -> dict[str, np.ndarray]:
        """The optimiser's slots of a snapshot by "slot/key", fresh."""
        ...
