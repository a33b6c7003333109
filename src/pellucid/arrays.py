"""The border: what a user hands over becomes a checked array here, and nowhere deeper.

Inside pellucid a layer asks its array for its library (``x.__array_namespace__()``), so the same lines run
on NumPy arrays and on JAX tracers.
"""

from __future__ import annotations

from math import inf, isfinite
from typing import Any, NoReturn

import numpy as np

from pellucid.errors import DataError, InputError

Array = Any  # a NumPy array, a JAX array or a JAX tracer: anything with __array_namespace__

_LARGEST = float(np.finfo(np.float64).max)


def as_array(values: Any, name: str = "X", dtype: Any = None) -> np.ndarray:
    """`values` (array, list, tuple, number) as a numeric NumPy array; a sentence when that cannot be.

    Pandas and polars frames come through their own ``__array__``. Objects, text and hidden values are refused.
    """
    if values is None:
        raise DataError(f"{name} is None: expected a table of numbers.")
    if hasattr(values, "toarray") and not isinstance(values, np.ndarray):
        raise DataError(f"{name} is a sparse matrix, expected a full one. Write {name}.toarray().")
    if hasattr(values, "filled") and np.any(values.mask):
        raise DataError(f"{name} has masked values, which would be read as if they were not. Write {name}.filled(0).")
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise DataError(
            f"{name} is not a table of numbers: its rows have different lengths ({error}). "
            "Give every row the same number of values."
        ) from None
    if array.dtype.kind == "O":
        array = _from_objects(array, name)
    if array.dtype.kind not in "fiub":
        hint = _HINTS.get(array.dtype.kind, "Encode it as numbers first.").format(name=name)
        raise DataError(f"{name} has dtype {array.dtype}, expected numbers. {hint}")
    return array if dtype is None else array.astype(dtype, copy=False)


_HINTS = {
    "U": "For classes write: names, {name} = numpy.unique({name}, return_inverse=True).",
    "c": "Give real and imaginary part as two features: numpy.hstack([{name}.real, {name}.imag]).",
    "M": "Give the time since a day of your choice, in days for example.",
    "m": "Give it in a unit of your choice: {name} / numpy.timedelta64(1, 'D').",
}


def _from_objects(array: np.ndarray, name: str) -> np.ndarray:
    """An array of Python objects as float64. Text that happens to look like a number is still text."""
    try:
        if any(isinstance(value, (str, bytes)) for value in array.flat):
            raise TypeError("text")
        with np.errstate(over="ignore"):
            return array.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        if array.size and all(isinstance(value, str) for value in array.flat):  # a column of words out of a data frame
            raise DataError(f"{name} holds text, expected numbers. {_HINTS['U'].format(name=name)}") from None
        raise DataError(
            f"{name} holds Python objects, expected numbers. Convert it first, for example np.asarray({name}, float)."
        ) from None


def as_dtype(array: np.ndarray, dtype: Any, name: str) -> np.ndarray:
    """A finite `array` in another float type; a sentence where a value is too large for it."""
    if array.dtype == dtype:
        return array
    with np.errstate(over="ignore"):
        cast = array.astype(dtype)
    if array.dtype.itemsize > cast.dtype.itemsize and not np.isfinite(cast).all():
        raise DataError(
            f"{name} holds {np.abs(array).max():.3g}, more than {cast.dtype} can ({np.finfo(dtype).max:.3g}). "
            "Use smaller units, or pellucid.Model(..., dtype='float64')."
        )
    return cast


def check_finite(array: np.ndarray, name: str) -> None:
    """Refuse NaN and infinity, naming the first place."""
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return
    where = np.argwhere(~np.isfinite(array))
    first = tuple(int(i) for i in where[0])
    refuse_nonfinite(name, len(where), first, array[first])


def refuse_nonfinite(name: str, count: int, first: tuple[int, ...], value: Any) -> NoReturn:
    """The error for `count` values that are not finite, the first of them, `value`, at index `first`."""
    raise DataError(
        f"{name} holds {count} value(s) that are NaN or infinite, the first at index {list(first)} "
        f"({value}). Drop those rows, or fill them: {name} = numpy.nan_to_num({name})."
    )


def check_rows(array: np.ndarray, name: str) -> None:
    """Refuse what has no axis besides the rows, or no rows."""
    if array.ndim == 1:
        raise DataError(
            f"{name} has shape {array.shape}: one axis. Expected (rows, features). "
            f"For one row write {name}[None, :], for one feature {name}[:, None]."
        )
    if array.ndim == 0:
        raise DataError(f"{name} is a single value, {array}: expected a table of numbers, (rows, features).")
    if array.size == 0:
        what = "one row" if len(array) == 0 else "one feature"
        raise DataError(f"{name} is empty: its shape is {array.shape}. Expected at least {what}.")


def as_inputs(values: Any, dtype: Any, name: str = "X", finite: bool = True) -> np.ndarray:
    """Inputs of a network: at least two axes, at least one row, finite, of the network's `dtype`."""
    array = as_array(values, name)
    check_rows(array, name)
    if not finite:
        with np.errstate(over="ignore"):
            return array.astype(dtype, copy=False)
    check_finite(array, name)
    return np.ascontiguousarray(as_dtype(array, dtype, name))  # rows that lie apart give other roundings


def check_number(what: str, value: Any, low: float = -inf, high: float = inf, ends: str = "[]") -> None:
    """Refuse a setting that is no finite number from `low` to `high`; `ends` as in mathematics: "(]" leaves `low` out.

    `what` names it as it is written: ``"Dropout: rate"``.
    """
    number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if number and abs(value) <= _LARGEST:
        above = value > low if ends[0] == "(" else value >= low
        below = value < high if ends[1] == ")" else value <= high
        if above and below:
            return
    wanted = [f"{'above' if ends[0] == '(' else 'at least'} {low:g}"] if low > -inf else []
    wanted += [f"{'below' if ends[1] == ')' else 'at most'} {high:g}"] if high < inf else []
    raise InputError(f"{what}={value!r}: expected a finite number{' ' * bool(wanted)}{' and '.join(wanted)}.")


def check_count(what: str, value: Any, example: str, low: int = 1) -> None:
    """Refuse a setting that is no whole number of at least `low`; `example` is how to write it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < low:
        raise InputError(f"{what}={value!r}: expected a whole number of at least {low}, as in {example}.")


def one_hot(labels: Array, classes: int, dtype: Any) -> Array:
    """Integer labels (B,) as rows with a single 1: (B, classes). Works on tracers."""
    xp = labels.__array_namespace__()
    return (labels[:, None] == xp.arange(classes)).astype(dtype)


def as_json(value: Any, null: bool = True) -> Any:
    """Only what JSON knows. Numbers that it has no word for become None, or stay as they are without `null`."""
    if isinstance(value, dict):
        return {str(key): as_json(item, null) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item, null) for item in value]
    if hasattr(value, "tolist"):
        return as_json(value.tolist(), null)
    return None if null and isinstance(value, float) and not isfinite(value) else value
