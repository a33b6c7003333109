"""The idx files of MNIST and its relatives, packed with gzip or not.

Two zero bytes, a code for the type, the number of axes, their lengths as big-endian words, the numbers.

Source: LeCun, Cortes and Burges, *The MNIST database*, "The IDX file format"; RFC 1952 (gzip).
"""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np

from pellucid.datasets.opened import DEFLATE_LIMIT, MAX_BYTES, byte_count, filled, opened
from pellucid.errors import FileError, PellucidError

GZIP = b"\x1f\x8b"
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: str | os.PathLike[str], max_bytes: int = MAX_BYTES) -> np.ndarray:
    """The array of an idx file, gzip or not: images uint8 (rows, height, width), labels uint8 (rows,).

    A file that is truncated, damaged or of another kind is a `FileError`.
    """
    with opened(path) as (file, size):
        packed = file.read(2) == GZIP
        file.seek(0)
        try:
            return _unpacked(file, size, max_bytes) if packed else _array(file, size, False, max_bytes)
        except PellucidError as error:
            raise type(error)(f"{path}: {error}") from None


def _unpacked(file: Any, size: int, max_bytes: int) -> np.ndarray:
    import gzip
    import zlib

    try:
        with gzip.GzipFile(fileobj=file) as stream:
            return _array(stream, size * DEFLATE_LIMIT, True, max_bytes)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileError(f"its gzip packing is damaged or truncated ({error}).") from None


def _array(stream: Any, most: int, packed: bool, max_bytes: int) -> np.ndarray:
    """The array of an idx stream of at most `most` bytes; exactly as many where it is not packed."""
    start = stream.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _TYPES or not start[3]:
        raise FileError("it is not an idx file: those begin with two zero bytes, a type and the number of axes.")
    axes = start[3]
    words = stream.read(4 * axes)
    if len(words) < 4 * axes:
        raise FileError("it is truncated inside its header.")
    shape = tuple(int(n) for n in np.frombuffer(words, ">u4"))
    dtype = np.dtype(_TYPES[start[2]])
    count = byte_count(shape, dtype.itemsize, max_bytes)
    there = most - 4 - 4 * axes
    if count > there or (count < there and not packed):
        raise FileError(
            f"it is truncated or damaged: its array of shape {shape} takes {count} bytes, but "
            + (f"the packed file can hold no more than {there}." if packed else f"{there} follow.")
        )
    array = filled(stream, shape, dtype)
    if stream.read(1):  # reading to the end is also what compares gzip's checksum
        raise FileError("bytes lie behind its end.")
    return array


def labels_beside(path: str | os.PathLike[str]) -> list[str]:
    """The names under which the labels of an images file may lie: "train-labels-idx1-ubyte.gz" and the like."""
    folder, name = os.path.split(os.fspath(path))
    base = name.removesuffix(".gz")
    other = re.sub(r"idx\d", "idx1", base.replace("images", "labels"))
    if "images" not in base:
        return []
    packed, plain = os.path.join(folder, other + ".gz"), os.path.join(folder, other)
    return [packed, plain] if name.endswith(".gz") else [plain, packed]
