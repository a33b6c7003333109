"""From the columns of a table to the numbers that a network takes, as a list of records that JSON can hold."""

from __future__ import annotations

from typing import Any

import numpy as np

NUMBERS = ("standard", "smooth", "log", "normal")  # what may be done to a number; tables/records.py says what each is


class Encoder:
    """Columns to features: fitted on the training rows, applied to any table with the same columns.

    `records`: one dict a column. `features`: the name of each input of the network. `column_of`: the number (in
    `columns`) of the column that each feature came from. `columns`: the names of the columns that are used.
    """

    records: list[dict[str, Any]]
    known: list[str]  # every column of the table it was fitted on, so that those unused are no surprise
    features: list[str]
    columns: list[str]
    column_of: list[int]

    @classmethod
    def fit(
        cls, plan: Any, typed: Any, rows: np.ndarray | None = None, *, numbers: str = "smooth",
        max_categories: int = 50, rare: int | None = None,
    ) -> Encoder:  # fmt: skip
        """Learn from the training `rows` (their numbers; None for all) of `typed`. `numbers`: one of NUMBERS."""
        raise NotImplementedError

    def transform(self, data: Any, notices: list[str] | None = None) -> np.ndarray:
        """Features, float32 (rows, features), all finite, of a `Typed` or of anything that `tables.read` takes."""
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """Everything, as plain JSON."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, content: Any) -> Encoder:
        """The inverse of `to_json`; what is not its work is a `FileError`."""
        raise NotImplementedError
