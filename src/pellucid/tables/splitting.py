"""Which rows are learned from, which stop the training, and which judge: pure functions of the seed.

At random, of each class alike, by group (no group on both sides), by time (the latest rows judge), or k times (folds).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pellucid.errors import DataError, InputError
from pellucid.options import option
from pellucid.randomness import check_seed, generator

TEST, VALIDATION, FOLDS = 1, 2, 3  # what a draw is for: the generator's word
Aside = Callable[[np.ndarray, float, int], np.ndarray]  # (rows, share, word) -> those of the rows that go aside


@dataclass
class Split:
    """Row numbers, int64 and sorted, no row in two of them. `method`: "random", "stratified", "group" or "time".

    `why`: a sentence that says how the rows were divided.
    """

    method: str
    seed: int
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    why: str

    def summary(self) -> dict[str, object]:
        """What the record keeps of it."""
        counts = {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}
        return {"method": self.method, "seed": self.seed, **counts, "why": self.why}


class Divider:
    """How rows are divided; `labels`, `groups` or `times` (rows,) say what must be kept in mind, in this order of need:
    times, groups, labels. Missing times are NaN; such rows are left out, since nobody knows on which side they belong.
    """

    def __init__(
        self, rows: int, seed: int = 0, labels: np.ndarray | None = None, groups: np.ndarray | None = None,
        times: np.ndarray | None = None,
    ) -> None:  # fmt: skip
        if groups is not None and times is not None:
            raise InputError(
                f"Rows are divided by group or by time, not both: give {option('group')} or {option('time')} alone."
            )
        self.seed, self.rows = check_seed(seed), np.arange(rows)
        self.labels, self.groups, self.times = labels, groups, times
        self.method, self.why = "random", "rows chosen at random"
        self._aside: Aside = self._random
        if times is not None:
            self.method, self._aside = "time", self._latest
            self.rows = np.flatnonzero(~np.isnan(times))
            out = rows - len(self.rows)
            left = f"; {out:,} rows without a time are left out" if out else ""
            self.why = f"the latest rows judge, the latest of the others stop the training{left}"
        elif groups is not None:
            self.method, self._aside, self.why = "group", self._grouped, "every group lies on one side alone"
        elif labels is not None:
            self.method, self._aside, self.why = "stratified", self._stratified, "of each class the same share"

    def split(self, test: float = 0.2, validation: float = 0.2) -> Split:
        """Shares of the rows to judge on, and of the rest to stop by; 0 for none."""
        rest, judged = self._take(self.rows, test, TEST)
        train, valid = self._take(rest, validation, VALIDATION)
        return Split(self.method, self.seed, train, valid, judged, self.why)

    def folds(self, count: int, validation: float = 0.2) -> list[Split]:
        """As many splits as `count` says, so that every row judges once (by time: every row but the earliest block).

        By time, fold number i learns from the first i blocks and is judged on the next: the future is never learned from.
        """
        if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 2:
            raise InputError(f"{option('folds', count)}: expected a whole number of at least 2, such as 5.")
        numbers = self._fold_numbers(count)
        splits = []
        for fold in range(1 if self.method == "time" else 0, count + 1 if self.method == "time" else count):
            test = self.rows[numbers == fold]
            rest = self.rows[numbers < fold if self.method == "time" else numbers != fold]
            train, valid = self._take(rest, validation, VALIDATION)
            splits.append(Split(self.method, self.seed, train, valid, test, f"{count} folds; {self.why}"))
        return splits

    # -- one side and the other --------------------------------------------------------------------------------------

    def _take(self, rows: np.ndarray, share: float, word: int) -> tuple[np.ndarray, np.ndarray]:
        if not 0.0 <= share < 1.0:
            raise InputError(f"A share of {share} of the rows cannot be set aside: expected at least 0 and below 1.")
        if not share:
            return rows, rows[:0]
        aside = np.sort(self._aside(rows, share, word)) if len(rows) > 1 else rows
        rest = np.setdiff1d(rows, aside, assume_unique=True)
        if not len(aside) or not len(rest):
            raise DataError(self._too_few(len(rows), f"to set {share:.0%} of them aside"))
        return rest, aside

    def _too_few(self, rows: int, what: str) -> str:
        of = {"group": "in too few groups", "time": "at too few different times"}.get(self.method, "too few")
        return f"{rows} rows are {of} {what}. Give more rows, or another share: {option('test', 0)} sets none aside."

    def _random(self, rows: np.ndarray, share: float, word: int) -> np.ndarray:
        return _some(rows[generator(self.seed, "split", word).permutation(len(rows))], share)

    def _stratified(self, rows: np.ndarray, share: float, word: int) -> np.ndarray:
        """The share of each class alike: of two rows of a class one, of a single one none. Of single ones alone: any."""
        assert self.labels is not None
        order = rows[generator(self.seed, "split", word).permutation(len(rows))]
        labels = self.labels[order]
        aside = np.concatenate([_some(order[labels == label], share) for label in np.unique(labels)])
        return aside if len(aside) else _some(order, share)

    def _grouped(self, rows: np.ndarray, share: float, word: int) -> np.ndarray:
        """Groups in the seed's order, each taken where that brings the count nearer to the share; one at least."""
        assert self.groups is not None
        _, group, sizes = np.unique(self.groups[rows], return_inverse=True, return_counts=True)
        order = generator(self.seed, "split", word).permutation(len(sizes))
        want, have, taken = share * len(rows), 0, []
        for number in order:
            if abs(have + sizes[number] - want) < abs(have - want):
                taken.append(number)
                have += sizes[number]
        if not taken and len(sizes) > 1:
            taken.append(int(np.argmin(sizes)))
        return rows[np.isin(group, taken)]

    def _latest(self, rows: np.ndarray, share: float, word: int) -> np.ndarray:
        """The latest rows; rows of one time stay together, so that the others are all strictly earlier."""
        assert self.times is not None
        times = self.times[rows]
        want = min(max(round(share * len(rows)), 1), len(rows) - 1)
        edges = np.unique(times)[1:]  # the first time that goes aside may be any but the earliest
        if not len(edges):
            return rows[:0]
        later = len(rows) - np.searchsorted(np.sort(times), edges)
        return rows[times >= edges[np.argmin(np.abs(later - want))]]

    # -- folds -------------------------------------------------------------------------------------------------------

    def _fold_numbers(self, count: int) -> np.ndarray:
        """The fold of each of `self.rows`; by time, blocks from 0 (which never judges) to `count`."""
        rows = self.rows
        if self.method == "time":
            return self._blocks(count + 1)
        if self.method == "group":
            return self._group_folds(count)
        if len(rows) < count:
            raise DataError(f"{len(rows)} rows are too few for {count} folds. Write fewer folds, or give more rows.")
        order = generator(self.seed, "split", FOLDS).permutation(len(rows))
        if self.labels is not None:  # class after class, so that dealing gives every fold its share of each
            order = order[np.argsort(self.labels[rows][order], kind="stable")]
        numbers = np.empty(len(rows), np.int64)
        numbers[order] = np.arange(len(rows)) % count
        return numbers

    def _blocks(self, count: int) -> np.ndarray:
        assert self.times is not None
        times, position = np.unique(self.times[self.rows], return_inverse=True)
        if len(times) < count:
            raise DataError(
                f"{len(times)} different times are too few for {count - 1} folds, each judged on later rows. "
                "Write fewer folds."
            )
        before = np.searchsorted(np.sort(self.times[self.rows]), times)
        block = before * count // len(self.rows)
        if len(np.unique(block)) < count:  # many rows of one time: as many times in each block
            block = np.arange(len(times)) * count // len(times)
        return block[position]

    def _group_folds(self, count: int) -> np.ndarray:
        """The largest groups first, each to the fold that has the fewest rows."""
        assert self.groups is not None
        _, group, sizes = np.unique(self.groups[self.rows], return_inverse=True, return_counts=True)
        if len(sizes) < count:
            raise DataError(f"{len(sizes)} groups are too few for {count} folds. Write fewer folds.")
        order = generator(self.seed, "split", FOLDS).permutation(len(sizes))
        order = order[np.argsort(-sizes[order], kind="stable")]
        held, fold = np.zeros(count, np.int64), np.empty(len(sizes), np.int64)
        for number in order:
            fold[number] = int(held.argmin())
            held[fold[number]] += sizes[number]
        return fold[group]


def _some(rows: np.ndarray, share: float) -> np.ndarray:
    return rows[: min(max(round(share * len(rows)), 1), len(rows) - 1)]
