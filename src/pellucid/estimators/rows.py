"""The rows of a run: in scikit-learn's order of shuffles, and out of a sparse matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from pellucid.engines import Batches

THIN = 0.1  # share of entries that are not 0: up to it, the products of a sparse matrix take less time than full ones


@dataclass
class Rows(Batches):
    """`Batches` whose epochs are shuffled as scikit-learn shuffles them: each the last one's order, shuffled again.

    The same `random_state` then visits the same rows in the same steps, and a training here follows one there to the last
    digits. Epochs must be asked for one after the other, as engines do.
    """

    random: Any = None  # numpy.random.RandomState

    def __post_init__(self) -> None:
        self.last, self.now = -1, np.arange(self.rows)

    def order(self, epoch: int) -> np.ndarray | None:
        """The rows of an epoch in the order they are visited; None where that is as they lie."""
        if not self.ordered:
            return None
        if epoch != self.last:
            shuffled = np.arange(self.rows)
            self.random.shuffle(shuffled)
            self.last, self.now = epoch, self.now[shuffled]
        return self.now


class SparseRows:
    """A sparse matrix that gives an engine the rows of a step, as a network takes them."""

    def __init__(self, matrix: Any) -> None:
        self.matrix, self.shape, self.dtype, self.ndim = matrix, matrix.shape, matrix.dtype, 2

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, rows: Any) -> Any:
        return thin_or_full(self.matrix[rows])

    def take(self, rows: np.ndarray, axis: int = 0) -> Any:
        """The rows of these numbers."""
        return self[rows]


def thin_or_full(rows: Any) -> Any:
    """Rows as a network takes them: a thin sparse matrix as it is, as `Dense` needs products only; the rest as an array."""
    if not sparse.issparse(rows) or rows.nnz <= THIN * rows.shape[0] * rows.shape[1]:
        return rows
    return rows.toarray()
