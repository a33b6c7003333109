"""Columns from Python's and NumPy's own values: numbers, true and false, dates, or text, decided once for a whole column."""

from __future__ import annotations

import datetime
import numbers
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from pellucid.errors import DataError, InputError
from pellucid.tables.table import Table, Values

_EXACT = 2**53  # whole numbers beyond it are not all float64s; such ones are numbers of something: they stay text
_TEXT = (str, bytes, datetime.time)
_NAMED_TEXT = ("Period", "Interval", "UUID")  # types of other libraries whose str() says all
_MISSING = ("NoneType", "NAType", "NaTType")


def from_columns(data: Mapping[Any, Any]) -> Table:
    """A table from a dict: name -> values."""
    if not data:
        raise DataError("a dict without columns: expected names and their values, such as {'age': [31, 47]}.")
    held = {name: _sequence(str(name), values) for name, values in data.items()}
    first, count = next((str(name), len(values)) for name, values in held.items())
    for name, values in held.items():
        if len(values) != count:
            raise DataError(
                f"column {name!r} has {len(values)} values and {first!r} has {count}. Expected equally many."
            )
    return _table(held, count, "columns in memory", {n: "category" for n, v in data.items() if categorical(v)})


def from_records(data: Sequence[Any]) -> Table:
    """A table from a list of dicts; what a dict does not name is missing there."""
    for at, record in enumerate(data):
        if not isinstance(record, Mapping):
            raise InputError(
                f"item {at} of the list is a {type(record).__name__}; expected a dict for each row, such as {{'age': 31}}. "
                "Columns go into one dict: {'age': [31, 47]}."
            )
    names = dict.fromkeys(name for record in data for name in record)
    held = {name: [record.get(name) for record in data] for name in names}
    return _table(held, len(data), "records in memory", {})


def from_array(data: np.ndarray) -> Table:
    """A table from a structured array, a column for each field."""
    if data.dtype.names is None or data.ndim != 1:
        raise InputError(
            f"an array of shape {data.shape} and dtype {data.dtype} has no column names. "
            "Give a dict such as {'x1': X[:, 0], 'y': y}, or train on arrays: Model.fit(X, y)."
        )
    held = {name: _sequence(name, data[name]) for name in data.dtype.names}
    return _table(held, len(data), "an array", {})


def _table(held: Mapping[Any, Any], count: int, origin: str, kinds: dict[Any, str]) -> Table:
    if not count:
        raise DataError(f"{origin}: no rows. Expected one value a column at least.")
    columns: dict[str, Values] = {}
    for name, values in held.items():
        if str(name) in columns:
            raise DataError(f"two columns are called {str(name)!r}. Give each its own name.")
        columns[str(name)] = convert(values, form(values, str(name)), str(name))
    table = Table(columns, origin)
    table.kinds = {str(name): kind for name, kind in kinds.items()}
    return table


def categorical(values: Any) -> bool:
    """Whether the values' own type says that they are categories."""
    return str(getattr(values, "dtype", "")).lower().startswith(("category", "categorical", "enum"))


def _sequence(name: str, values: Any) -> Any:
    """A column's values as an array or a list."""
    if isinstance(values, np.ma.MaskedArray):
        values = values.tolist()  # None where masked
    if isinstance(values, (str, bytes, Mapping, set, frozenset)) or not hasattr(values, "__len__"):
        raise DataError(
            f"column {name!r} is a {type(values).__name__}; expected a list or an array with one value a row."
        )
    if isinstance(values, (list, tuple)):
        return values
    array = np.asarray(values)
    if array.ndim != 1:
        raise DataError(f"column {name!r} has shape {array.shape}; expected one value a row, shape ({len(values)},).")
    return array


def form(values: Any, name: str) -> str:
    """What a column (a sequence or an array) is as a whole: "number", "boolean", "date" or "text"."""
    kind = values.dtype.kind if isinstance(values, np.ndarray) else "O"
    if kind in "iu":
        return "text" if len(values) and max(abs(int(values.min())), abs(int(values.max()))) > _EXACT else "number"
    if kind in "fmbMUS":
        return {"f": "number", "m": "number", "b": "boolean", "M": "date"}.get(kind, "text")
    if kind not in "OT":
        raise DataError(
            f"column {name!r} has dtype {values.dtype}, which is no column of numbers, dates or text. Leave it out."
        )
    kinds = {}
    for one in set(map(type, values)):
        kinds[one] = _kind(one)
        if kinds[one] == "":
            at = next(at for at, value in enumerate(values) if type(value) is one)
            raise DataError(
                f"column {name!r} holds a {one.__name__} in row {at}; expected numbers, true and false, dates or text. "
                "Make it one of these, or leave the column out."
            )
    return _common(values, kinds)


def _common(values: Any, kinds: dict[type, str]) -> str:
    found = set(kinds.values()) - {"missing"}
    floats = [one for one, kind in kinds.items() if kind == "number" and issubclass(one, (float, np.floating))]
    if "number" in found and len(found) > 1 and all(kinds[type(v)] != "number" or v != v for v in values):
        found.discard("number")  # NaN alone: a missing value among text or dates
        floats = []
        kinds = {**kinds, float: "missing"}
    if not found:
        return "number"
    if found <= {"number", "boolean"} and "number" in found:
        whole = [one for one, kind in kinds.items() if kind == "number" and one not in floats]
        big = any(issubclass(one, numbers.Integral) for one in whole) and any(
            isinstance(value, numbers.Integral) and abs(int(value)) > _EXACT for value in values
        )
        return "text" if big else "number"
    if found == {"boolean"}:
        return "text" if "missing" in kinds.values() else "boolean"
    return "date" if found == {"date"} else "number" if found == {"duration"} else "text"


def _kind(one: type) -> str:
    """What a value of this type is: "" for what no column may hold."""
    if one.__name__ in _MISSING:
        return "missing"
    if issubclass(one, (bool, np.bool_)):
        return "boolean"
    if issubclass(one, (datetime.timedelta, np.timedelta64)):  # before numbers: NumPy's is registered as one
        return "duration"
    if issubclass(one, (numbers.Real, Decimal)):
        return "number"
    if issubclass(one, (datetime.date, np.datetime64)):
        return "date"
    return "text" if issubclass(one, _TEXT) or one.__name__ in _NAMED_TEXT else ""


def convert(values: Any, form: str, name: str) -> Values:
    """Some of a column's values, or all, in the form that `form` found for the whole."""
    plain = isinstance(values, np.ndarray) and values.dtype.kind not in "OT"
    if form == "boolean":
        return np.array(values, bool)
    if form == "date":
        return values.astype("datetime64[us]") if plain else np.array(list(map(_date, values)), "datetime64[us]")
    if form == "number":
        if plain:
            return values / np.timedelta64(1, "s") if values.dtype.kind == "m" else values.astype(np.float64)
        try:
            return np.array(list(map(_number, values)), np.float64)
        except (OverflowError, ValueError, ArithmeticError):
            raise DataError(
                f"column {name!r} holds a number that no float64 holds. Make it text, or leave it out."
            ) from None
    if plain and values.dtype.kind == "U":
        return values.tolist()
    return list(map(_text, values))


def _absent(value: Any) -> bool:
    return type(value).__name__ in _MISSING or (isinstance(value, (float, np.floating)) and value != value)


def _number(value: Any) -> float:
    if type(value).__name__ in _MISSING:
        return np.nan
    if isinstance(value, (datetime.timedelta, np.timedelta64)):
        return float(np.timedelta64(value) / np.timedelta64(1, "s"))
    return float(value)


def _date(value: Any) -> np.datetime64:
    if _absent(value):
        return np.datetime64("NaT", "us")
    if getattr(value, "tzinfo", None) is not None:
        value = value.astimezone(datetime.UTC).replace(tzinfo=None)
    return np.datetime64(value, "us")


def _text(value: Any) -> str | None:
    if type(value) is str:
        return value
    if _absent(value):
        return None
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
