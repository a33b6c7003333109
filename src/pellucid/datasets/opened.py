"""What all file readers share: an ordinary file, opened; an array filled from it, once its size is known to be true."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np

from pellucid.errors import FileError, InputError

MAX_BYTES = 1 << 30
DEFLATE_LIMIT = 1032  # RFC 1951: a byte of deflate unpacks to no more than 1032 (a match of 258 bytes in 2 bits)

_AXES, _LONGEST = 8, 2**31


@contextmanager
def opened(path: Any) -> Iterator[tuple[BinaryIO, int]]:
    """(file, its size) of an ordinary file; whatever goes wrong while it is read is a `FileError` with the path."""
    if not isinstance(path, (str, os.PathLike)):
        raise InputError(f"path={path!r}: expected the name of a file, such as 'data.npz'.")
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(number, "rb") as file:  # not blocking, since a pipe without a writer would hang us
            status = os.fstat(number)
            if not stat.S_ISREG(status.st_mode):
                raise FileError(f"{path} is not an ordinary file.")
            yield file, status.st_size
    except FileNotFoundError:
        raise FileError(f"{path} does not exist; the current folder is {os.getcwd()}.") from None
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{path} cannot be read: {error.strerror or error}.") from None
    except ValueError as error:
        if "null byte" in str(error) or "null character" in str(error):
            raise FileError(f"{path!r} is not the name of a file: it holds a zero byte.") from None
        raise


def byte_count(shape: tuple[int, ...], itemsize: int, max_bytes: int) -> int:
    """How many bytes an array declared like this takes, as a Python integer that cannot overflow."""
    if len(shape) > _AXES or not all(0 <= n < _LONGEST for n in shape):
        raise FileError(f"an array declares the impossible shape {_short(shape)}.")
    count = itemsize
    for n in shape:
        count *= n
    if count > max_bytes:
        raise FileError(
            f"an array of shape {_short(shape)} takes {count:,} bytes, more than the {max_bytes:,} that are allowed. "
            f"If it is meant to be so large, write max_bytes={count}."
        )
    return count


def filled(stream: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """The array of `shape` whose bytes come next in `stream`, in the machine's own byte order. Sizes were checked."""
    array = np.empty(shape, dtype)
    if array.size:
        view, at = array.reshape(-1).view(np.uint8).data, 0
        while at < len(view):
            count = stream.readinto(view[at : at + (1 << 20)])
            if not count:
                raise FileError(f"it is truncated: {len(view) - at} bytes of an array are missing.")
            at += count
    if dtype == np.bool_ and array.size and array.view(np.uint8).max() > 1:
        raise FileError("an array of true and false holds a byte that is neither.")
    return array.astype(dtype.newbyteorder("="), copy=False)


def _short(shape: tuple[int, ...]) -> str:
    text = f"({', '.join(map(str, shape[:9]))}{', ...' if len(shape) > 9 else ''})"
    return text if len(text) < 120 else text[:120] + "..."
