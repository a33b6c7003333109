"""Batches that somebody hands over one after the other: an iterable in place of arrays.

How many there are is known when an epoch is over, so an engine asks for the optimiser's numbers step by step. The next
batch is made and checked on a thread of its own while a step runs: three are held at most, and the first of all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import numpy as np

from pellucid.engines.work import Batches, weighted
from pellucid.errors import DataError
from pellucid.losses import Loss

Batch = tuple[np.ndarray, np.ndarray, np.ndarray | None]  # x, y, weights


class Stream(Batches):
    """The batches of a run, in the order of their iterable. x, y, weights are the first one's, as an example.

    `begin`: gives the iterator of an epoch, by its number; `check`: (what it gave, number of the batch, epoch) -> the
    checked batch; `numbered`: whether `begin` looks at the epoch; `expected`: batches an epoch, as far as is known.
    """

    GUESS = 1000  # batches an epoch, where nobody knows: engine="auto" goes by it

    def __init__(
        self, begin: Callable[[int], Iterator[Any]], check: Callable[[Any, int, int], Batch], seed: int, epoch: int,
        numbered: bool = False, expected: int | None = None,
    ) -> None:  # fmt: skip
        self.begin, self.check, self.numbered = begin, check, numbered
        iterator = begin(epoch)
        self.begun: tuple[int, Batch, Iterator[Any]] | None = epoch, self._first(iterator, epoch), iterator
        super().__init__(*self.begun[1], batch_size=len(self.begun[1][0]), seed=seed, shuffle=False)
        self.guessed = expected is None
        self.counted = (expected or self.GUESS) * len(self.x), expected or self.GUESS

    @property
    def rows(self) -> int:
        """How many rows the last whole epoch had; before the first, a guess."""
        return self.counted[0]

    @property
    def steps(self) -> int:
        """How many batches the last whole epoch had; before the first, a guess."""
        return self.counted[1]

    def epoch(self, epoch: int) -> Generator[Batch, None, None]:
        """The checked batches of an epoch, each made while the one before is used."""
        rows = steps = 0
        with contextlib.closing(_ahead(self._checked(epoch))) as batches:
            for batch in batches:
                yield batch
                rows, steps = rows + len(batch[0]), steps + 1
        self.counted, self.guessed = (rows, steps), False

    def _checked(self, epoch: int) -> Generator[Batch, None, None]:
        begun, self.begun = self.begun, None
        if begun is not None and (begun[0] == epoch or not self.numbered):
            _, first, iterator = begun
            del begun
        else:
            iterator = self.begin(epoch)
            first = self._first(iterator, epoch)
        try:
            yield first
            del first  # or it would be held all epoch long
            for number, given in enumerate(iterator, 2):
                yield self.check(given, number, epoch)
        finally:
            if hasattr(iterator, "close"):
                iterator.close()

    def _first(self, iterator: Iterator[Any], epoch: int) -> Batch:
        for given in iterator:
            return self.check(given, 1, epoch)
        raise DataError(
            f"Epoch {epoch + 1} had no batch: the iterable was at its end at once. A generator can be gone through only "
            "once: give fit the function that makes it, without calling it, as in fit(make_batches, epochs=10)."
        )


def counted(loss: Loss, y: np.ndarray, weights: np.ndarray | None) -> float:
    """What the rows of a batch count together: one each, or what they weigh of themselves and of their class."""
    of_class = loss.weights(y)
    if of_class is not None:
        weights = of_class if weights is None else weights * of_class
    return float(len(y)) if weights is None else float(np.add.reduceat(weights, [0], dtype=float)[0])


def mean_loss(losses: Any, counts: Sequence[float]) -> float:
    """The mean over an epoch's rows of the batches' mean `losses`, each as its rows count; as `Work.mean_loss` has it."""
    return float(weighted(np.asarray(losses)[None], np.asarray(counts))[0])


def _ahead(batches: Generator[Batch, None, None]) -> Generator[Batch, None, None]:
    """The same batches, the next of them made on a thread while one is used. Its errors come out here."""
    from concurrent.futures import ThreadPoolExecutor  # training on arrays need not wait for it

    pool = ThreadPoolExecutor(1, "pellucid-batches")
    try:
        following = pool.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = pool.submit(next, batches, None)
            yield batch
    finally:
        pool.submit(batches.close)
        pool.shutdown(wait=False)  # whoever makes a batch for an hour is not waited for
