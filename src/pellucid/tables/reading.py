"""A table from whatever holds one: a text file, a data frame, columns, records."""

from __future__ import annotations

from typing import Any

from pellucid.errors import InputError
from pellucid.tables.table import Table


def read(
    data: Any,
    *,
    separator: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    header: bool | None = None,
) -> Table:
    """The `Table` that `data` holds (stub, being filled)."""
    raise InputError(f"{type(data).__name__} is not read yet.")
