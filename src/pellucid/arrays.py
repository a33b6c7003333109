"""The border: what a user hands over becomes a checked array here, and nowhere deeper.

Inside pellucid a layer asks its array for its library (``x.__array_namespace__()``), so the same lines run
on NumPy arrays and on JAX tracers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.errors import DataError

Array = Any  # a NumPy array, a JAX array or a JAX tracer: anything with __array_namespace__


def as_array(values: Any, name: str = "X", dtype: Any = None) -> np.ndarray:
    """`values` (array, list, tuple, number) as a numeric NumPy array; a sentence when that cannot be.

    Pandas and polars frames come through their own ``__array__``. Objects and text are refused.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise DataError(
            f"{name} is not a table of numbers: its rows have different lengths ({error}). "
            "Give every row the same number of values."
        ) from None
    if array.dtype.kind == "O":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise DataError(
                f"{name} holds Python objects, expected numbers. Convert it first, for example np.asarray({name}, float)."
            ) from None
    if array.dtype.kind not in "fiub":
        raise DataError(f"{name} has dtype {array.dtype}, expected numbers. Encode text and dates as numbers first.")
    return array if dtype is None else array.astype(dtype, copy=False)


def check_finite(array: np.ndarray, name: str) -> None:
    """Refuse NaN and infinity, naming the first place."""
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return
    where = np.argwhere(~np.isfinite(array))
    first = tuple(int(i) for i in where[0])
    raise DataError(
        f"{name} holds {len(where)} value(s) that are NaN or infinite, the first at index {list(first)} "
        f"({array[first]}). Drop those rows, or fill them: {name} = numpy.nan_to_num({name})."
    )


def as_inputs(values: Any, dtype: Any, name: str = "X", finite: bool = True) -> np.ndarray:
    """Inputs of a network: at least two axes, at least one row, finite, of the network's `dtype`."""
    array = as_array(values, name)
    if array.ndim == 1:
        raise DataError(
            f"{name} has shape {array.shape}: one axis. Expected (rows, features). "
            f"For one row write {name}[None, :], for one feature {name}[:, None]."
        )
    if array.ndim == 0 or len(array) == 0:
        raise DataError(f"{name} is empty: its shape is {array.shape}. Expected at least one row.")
    if finite:
        check_finite(array, name)
    if array.dtype != dtype:
        with np.errstate(over="ignore"):
            array = array.astype(dtype)
        if finite:
            check_finite(array, f"{name} as {np.dtype(dtype)}")
    return array


def one_hot(labels: Array, classes: int, dtype: Any) -> Array:
    """Integer labels (B,) as rows with a single 1: (B, classes). Works on tracers."""
    xp = labels.__array_namespace__()
    return (labels[:, None] == xp.arange(classes)).astype(dtype)
