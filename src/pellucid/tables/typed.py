"""The columns of a table as numbers and codes, as a plan says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.tables.plan import Plan


@dataclass
class Typed:
    """Typed columns.

    `numbers`: float64 (rows,), NaN where missing; booleans are 0 and 1, dates seconds since 1970 in UTC.
    `categories`: (codes int32 (rows,), -1 where missing; vocabulary, sorted). `lines`: int64 (rows,), where each row
    begins in the file; None for a frame. `strays`: tokens of this table that were taken for missing, {column: [(line,
    text), ...]}, and `unread` how many there are.
    """

    numbers: dict[str, np.ndarray] = field(default_factory=dict)
    categories: dict[str, tuple[np.ndarray, list[str]]] = field(default_factory=dict)
    rows: int = 0
    lines: np.ndarray | None = None
    strays: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)

    def take(self, rows: np.ndarray) -> Typed:
        """Some rows, in that order."""
        raise NotImplementedError


def typed(table: Any, plan: Plan, *, columns: Iterable[str] | None = None, strict: bool = True) -> Typed:
    """The columns named (without names: inputs, group, time, and the targets that are there), one pass.

    A column where 5 % or more of the values cannot be read is a `DataError` that names line and column; below that they
    are missing and listed in `strays`. `strict=False` takes all of them for missing.
    """
    raise NotImplementedError
