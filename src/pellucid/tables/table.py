"""A table: named columns, gone through in chunks of rows as often as one likes."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.errors import InputError

# A column of text, None where a frame holds nothing; or typed: float64 (NaN is missing), bool, datetime64[us] (NaT is missing).
Values = list[str | None] | np.ndarray

CELLS = 1_500_000  # values in one chunk at most: 50,000 rows of 30 columns, and fewer rows where there are more columns


@dataclass
class Chunk:
    """Some rows that follow each other.

    `first` is the number of its first row, from 0; blank lines are no rows. `lines` (int64) holds the line of the file,
    from 1, on which each row begins; None where the table is no file. `columns` has the values under the column's names.
    """

    first: int
    lines: np.ndarray | None
    columns: dict[str, Values]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def part(self, start: int, stop: int) -> Chunk:
        """The rows from `start` up to `stop`, counted in this chunk."""
        lines = None if self.lines is None else self.lines[start:stop]
        return Chunk(self.first + start, lines, {name: values[start:stop] for name, values in self.columns.items()})


class Table:
    """Named columns, gone through in chunks as often as one likes; this one holds its columns in memory.

    `origin` says where they came from, for a title; `digest` is the SHA-256 of the file, "" where there is none;
    `notices` are sentences on what was found out about it (encoding, separator, names given to columns); `decimal` is
    the sign between the whole number and its fraction, "." or ",", and `decimal_shown` whether anything in it says so;
    `kinds` holds what a frame's own type says of a column and its values do not: {"zip": "category"}.
    """

    def __init__(
        self, columns: dict[str, Values], origin: str = "memory", lines: np.ndarray | None = None, decimal: str = "."
    ) -> None:
        self.names = list(columns)
        self.origin = origin
        self.digest = ""
        self.notices: list[str] = []
        self.decimal, self.decimal_shown = decimal, False
        self.kinds: dict[str, str] = {}
        self._held = Chunk(0, lines, columns)

    def chunks(self, rows: int = 50_000) -> Iterator[Chunk]:
        """All rows in order, `rows` at a time or fewer; every call starts from the first."""
        step = steps(rows, len(self.names))
        for start in range(0, len(self), step):
            yield self._held.part(start, start + step)

    def __len__(self) -> int:
        return len(self._held)

    def take(self, rows: Iterable[int]) -> Table:
        """The rows with these numbers (from 0, any order, repeats allowed) as a table in memory."""
        wanted = np.array([operator.index(row) for row in rows], np.int64)
        if len(wanted) and (wanted.min() < 0 or wanted.max() >= len(self)):
            raise InputError(
                f"there is no row {wanted[(wanted < 0) | (wanted >= len(self))][0]}: rows go from 0 to {len(self) - 1}."
            )
        found: dict[str, list[Any]] = {name: [None] * len(wanted) for name in self.names}
        typed: dict[str, np.ndarray] = {}
        order = np.argsort(wanted, kind="stable")
        lines: np.ndarray | None = None
        ranked = wanted[order]
        for chunk in self.chunks():
            low, high = np.searchsorted(ranked, [chunk.first, chunk.first + len(chunk)])
            here, places = ranked[low:high] - chunk.first, order[low:high]
            for name, values in chunk.columns.items():
                if isinstance(values, np.ndarray):
                    typed.setdefault(name, np.empty(len(wanted), values.dtype))[places] = values[here]
                else:
                    for place, row in zip(places.tolist(), here.tolist(), strict=True):
                        found[name][place] = values[row]
            if chunk.lines is not None:
                lines = np.empty(len(wanted), np.int64) if lines is None else lines
                lines[places] = chunk.lines[here]
        part = Table({name: typed.get(name, found[name]) for name in self.names}, self.origin, lines, self.decimal)
        part.digest, part.notices, part.kinds = self.digest, list(self.notices), dict(self.kinds)
        part.decimal_shown = self.decimal_shown
        return part

    def __repr__(self) -> str:
        return f"<table of {len(self.names)} columns from {self.origin}>"


def steps(rows: int, columns: int) -> int:
    """How many rows a chunk of `columns` columns takes, where `rows` were asked for."""
    if isinstance(rows, bool) or not isinstance(rows, (int, np.integer)) or rows < 1:
        raise InputError(f"rows={rows!r}: expected how many rows a chunk holds at most, a whole number from 1.")
    return min(int(rows), max(1, CELLS // max(columns, 1)))
