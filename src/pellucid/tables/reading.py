"""A table from whatever holds one: a text file, a data frame, columns, records."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.tables import objects
from pellucid.tables.frames import from_frame
from pellucid.tables.table import Table
from pellucid.tables.text import TextTable

_SEPARATORS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "space": " "}  # as a shell lets one type them


def read(
    data: Any,
    *,
    separator: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    header: bool | None = None,
) -> Table:
    """The `Table` that `data` holds.

    ==========================================  =============================================================================
    data                                        becomes
    ==========================================  =============================================================================
    path of .csv, .tsv, .txt, or gzip of them   columns of text, as they stand in the file
    pandas, polars or pyarrow frame             typed columns; text stays text; an index is left out (extra "tabular")
    dict of name -> values, list of dicts       typed where all values are numbers, or true and false, or dates; else text
    structured NumPy array                      the same, a column for each field
    `Table`                                     itself
    ==========================================  =============================================================================

    What the last four say (`separator` such as ";", `decimal` "." or ",", `encoding` such as "cp1252", `header`: whether
    the first line holds names) is found out where it is None; `Table.notices` tells what was not as usual.
    A file that is damaged, foreign or no text is a `FileError`; rows that cannot be told apart are a `DataError` naming the
    line; a frame without narwhals installed is a `MissingExtraError`.

    >>> table = read({"age": [31, 47, None], "city": ["Bern", "Basel", None]})
    >>> next(table.chunks()).columns
    {'age': array([31., 47., nan]), 'city': ['Bern', 'Basel', None]}
    """
    if isinstance(data, (str, os.PathLike)):
        return TextTable(_path(data), _separator(separator), _decimal(decimal), encoding, header)
    given = {"separator": separator, "decimal": decimal, "encoding": encoding, "header": header}
    for name, value in given.items():
        if value is not None:
            raise InputError(f"{name}={value!r} is for text files; a {type(data).__name__} has its columns already.")
    if isinstance(data, Table):
        return data
    if isinstance(data, Mapping):
        return objects.from_columns(data)
    if isinstance(data, np.ndarray):
        return objects.from_array(data)
    if isinstance(data, (list, tuple)):
        return objects.from_records(data)
    return from_frame(data)


def _path(data: Any) -> str:
    path = os.fspath(data)
    if not isinstance(path, str):
        raise InputError(f"{data!r} is a path of bytes; expected one of text, such as 'people.csv'.")
    if "\n" in path:
        raise InputError(
            "a text with line ends is no path; expected the name of a file, such as 'people.csv'. Write it to a file first."
        )
    return path


def _separator(given: str | None) -> str | None:
    if given is None:
        return None
    found = _SEPARATORS.get(given, given) if isinstance(given, str) else ""
    if len(found) != 1 or found in '"\r\n\0' or found.isalnum():
        raise InputError(f"separator={given!r}: expected one sign, such as ',' or ';' or '|', or 'tab'.")
    return found


def _decimal(given: str | None) -> str | None:
    if given not in (None, ".", ","):
        raise InputError(f"decimal={given!r}: expected '.' or ','.")
    return given
