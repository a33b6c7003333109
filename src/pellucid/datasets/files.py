"""X and y from a file of arrays: .npz, .npy or idx, told apart by their first bytes."""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np

from pellucid.datasets.idx import GZIP, labels_beside, read_idx
from pellucid.datasets.npy import MAGIC, names_in, read_npy, read_npz
from pellucid.datasets.opened import MAX_BYTES, opened
from pellucid.errors import DataError, FileError

# Names under which a .npz file holds X and y, in the order in which they are looked for.
PAIRS = (
    ("X", "y"), ("x", "y"), ("X_train", "y_train"), ("x_train", "y_train"), ("images", "labels"), ("data", "target"),
    ("data", "labels"), ("features", "labels"), ("inputs", "targets"), ("train_images", "train_labels"),
    ("X_test", "y_test"), ("x_test", "y_test"), ("test_images", "test_labels"), ("arr_0", "arr_1"),
)  # fmt: skip
_TABLES = (".csv", ".tsv", ".txt", ".tab", ".dat", ".xls", ".xlsx", ".parquet", ".json")

Target = str | int | os.PathLike[str] | None


def read(
    path: str | os.PathLike[str], target: Target = None, max_bytes: int = MAX_BYTES
) -> tuple[np.ndarray, np.ndarray]:
    """(X, y) of a file of arrays; X as it is stored, of any number of axes.

    ========  ===============================================  ========================================================
    file      X and y are                                      `target`
    ========  ===============================================  ========================================================
    .npz      the arrays X and y, x_train and y_train,         the name of y; X is its partner or the only other array
              images and labels, data and target ...
    .npy      the columns of a table, y being the last         the number of y's column, or the .npy file that holds y
    idx       the images, and the labels file beside it        the labels file
    ========  ===============================================  ========================================================

    Whole numbers, one a row, come back as labels: y int64 (rows,). Other targets keep their dtype: (rows, 1) or (rows, M).
    Nothing is scaled: images of 0 to 255 want ``X / 255``. No more than `max_bytes` of memory is taken for an array.
    A file that is damaged or foreign is a `FileError`; arrays that do not go together are a `DataError`.
    """
    kind = _kind(path)
    if kind == "npz":
        X, y = _from_npz(path, target, max_bytes)
    elif kind == "npy":
        X, y = _from_npy(path, target, max_bytes)
    else:
        X, y = _from_idx(path, target, max_bytes)
    return _pair(path, X, y)


def _kind(path: Any) -> str:
    """What the first bytes of the file say that it is: "npz", "npy" or "idx"."""
    with opened(path) as (file, _):
        start = file.read(6)
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    if start[:2] == b"PK" and suffix not in _TABLES:  # an .xlsx file is an archive, too
        return "npz"
    if start == MAGIC:
        return "npy"
    if start[:2] == GZIP or (start[:2] == b"\0\0" and len(start) == 6):
        return "idx"
    if suffix in _TABLES:
        raise DataError(
            f"{path} is a {suffix} file, which this version does not read. Convert it to arrays, for example: "
            "table = numpy.genfromtxt(path, delimiter=',', skip_header=1); "
            "numpy.savez('data.npz', X=table[:, :-1], y=table[:, -1])."
        )
    raise FileError(
        f"{path} is not a file that pellucid reads, or it is damaged: expected .npz, .npy or idx (gzip or not). "
        "Write one with numpy.savez('data.npz', X=X, y=y). A table is read where its name ends in .csv, .tsv or .txt."
    )


def _from_npz(path: Any, target: Target, max_bytes: int) -> tuple[np.ndarray, np.ndarray]:
    held = names_in(path)
    shown = ", ".join(map(repr, held)) or "nothing"
    if target is None:
        pair = next((pair for pair in PAIRS if set(pair) <= set(held)), None)
        if pair is None:
            raise DataError(
                f"{path} holds {shown}: which of them is y? Write target='name' (--target name), or save the arrays as X and y: "
                "numpy.savez('data.npz', X=X, y=y)."
            )
    else:
        if target not in held:
            raise DataError(f"{path} holds no array {target!r}; it holds {shown}. Write target= one of these names.")
        pair = (_partner(str(target), held, path), str(target))
    arrays = read_npz(path, list(pair), max_bytes)
    return arrays[pair[0]], arrays[pair[1]]


def _partner(target: str, held: list[str], path: Any) -> str:
    """The name of X for this y: its usual partner, or X itself, or the only other array."""
    others = [name for name in held if name != target]
    usual = [first for first, second in PAIRS if second == target and first in others]
    found = usual or [name for name in ("X", "x") if name in others] or (others if len(others) == 1 else [])
    if not found:
        raise DataError(
            f"{path} holds {', '.join(map(repr, held))}: which of them is X for y = {target!r}? Save it as 'X'."
        )
    return found[0]


def _from_npy(path: Any, target: Target, max_bytes: int) -> tuple[np.ndarray, np.ndarray]:
    table = read_npy(path, max_bytes)
    column = _column(target)
    if column is None:
        y = read_npy(os.fspath(target), max_bytes)  # type: ignore[arg-type]
        return table, y
    if table.ndim != 2 or table.shape[1] < 2:
        raise DataError(
            f"{path} has shape {table.shape}; expected a table of two columns or more, of which one is y. "
            "Where y is a file of its own, write target='y.npy'."
        )
    if not -table.shape[1] <= column < table.shape[1]:
        raise DataError(f"{path} has no column {column}; it has {table.shape[1]}, counted from 0, the last being -1.")
    return np.delete(table, column, axis=1), table[:, column]


def _column(target: Target) -> int | None:
    """The number of a column, from a number or its text; None for anything else, which is then a path."""
    if target is None:
        return -1
    if isinstance(target, (int, np.integer)) and not isinstance(target, bool):
        return int(target)
    if isinstance(target, str) and re.fullmatch(r"[+-]?[0-9]{1,9}", target):
        return int(target)
    return None


def _from_idx(path: Any, target: Target, max_bytes: int) -> tuple[np.ndarray, np.ndarray]:
    images = read_idx(path, max_bytes)
    if images.ndim == 1 and target is None:
        raise DataError(f"{path} holds one number a row: labels, it seems. Give the images file, target=this one.")
    if target is not None:
        return images, read_idx(target, max_bytes)  # type: ignore[arg-type]
    names = labels_beside(path)
    for name in names:
        if os.path.exists(name):
            return images, read_idx(name, max_bytes)
    looked = f"Looked for {' and '.join(names)}. " if names else ""
    raise DataError(f"{path} holds images without labels. {looked}Write target='the labels file'.")


def _pair(path: Any, X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """X and y, known to go together; y as the losses take it."""
    if X.ndim == 0 or y.ndim == 0 or len(X) != len(y) or not len(X):
        raise DataError(
            f"{path}: X has shape {X.shape} and y has shape {y.shape}. Expected one target for each row of X."
        )
    if X.ndim == 1:
        X = X[:, None]
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim > 1:
        return X, y
    if y.dtype.kind in "iub" or _whole(y):
        if y.dtype == np.uint64 and y.max() >= 2**63:
            raise DataError(f"{path}: y goes up to {y.max()}, too large for a label. Write it as a float.")
        return X, y.astype(np.int64)
    return X, y[:, None]


def _whole(values: np.ndarray) -> bool:
    """Whether all of these floats are whole numbers that an int64 holds."""
    return bool(np.isfinite(values).all() and (np.abs(values) < 2.0**53).all() and (values == np.rint(values)).all())
