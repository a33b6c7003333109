"""Arrays that stay in their file: rows of a memory-mapped array, read when they are asked for.

A `Mapped` has what training asks of an array: its length, slices, `take`. What comes out is an ordinary array of the
network's dtype; the file keeps its own (uint8 pictures take a quarter of the room). Nothing here reads the whole of it,
and checks go through in blocks.

Rows are read from the file itself where that can be done, not through the mapping: touching one row of a mapping may map
two megabytes in (Linux 6.18), so that a process would seem to hold all of the file after a few batches, and a disk that
fails or a file cut short would be a signal, which ends the process, instead of an error.
"""

from __future__ import annotations

import itertools
import mmap
import os
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pellucid.arrays import as_array, as_dtype, as_inputs, check_rows, refuse_nonfinite
from pellucid.errors import FileError

SMALL = 64 << 20  # bytes, as the network takes them: so much is read into memory, which is faster
BLOCK = 8 << 20  # bytes of a block of rows
BLOCK_ROWS = 4096  # and how many rows it has at most: their outputs may be wider than they are
COMPARED = 8  # rows that must be the same in the mapping and in the file of its name


def is_mapped(values: Any) -> bool:
    """Whether `values` is an array in a file that NumPy has mapped into memory."""
    return isinstance(values, np.memmap) and _root(values) is not None


def as_rows(values: Any, dtype: Any, name: str = "X", finite: bool = True) -> Any:
    """As `arrays.as_inputs`, but a memory-mapped array that is large stays in its file: a `Mapped`."""
    if isinstance(values, Mapped):
        return values
    if not is_mapped(values) or values.size * np.dtype(dtype).itemsize <= SMALL:
        return as_inputs(values, dtype, name, finite)
    check_rows(as_array(values, name), name)
    mapped = Mapped(values, dtype)
    if finite:
        mapped.check(name)
    return mapped


class Mapped:
    """Rows of a memory-mapped array as arrays of `dtype`. `chosen`: the numbers of the rows that count, None for all."""

    def __init__(self, array: np.memmap, dtype: Any, chosen: np.ndarray | None = None) -> None:
        self.array, self.chosen, self.dtype = array.view(np.ndarray), chosen, np.dtype(dtype)
        self.shape = (len(array) if chosen is None else len(chosen), *array.shape[1:])
        self.ndim, self.whole = array.ndim, array  # `array` without NumPy's extras for mappings
        self.size, self.itemsize = int(np.prod(self.shape)), self.dtype.itemsize
        self.nbytes = self.size * self.dtype.itemsize
        self.row_bytes = array.dtype.itemsize * int(np.prod(array.shape[1:]))
        self.file = _file_of(array)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        """An array of the rows of a slice, a mask or an array of numbers, or one row."""
        if isinstance(rows, (int, np.integer)):
            return self.take(np.array([range(len(self))[rows]]))[0]
        if isinstance(rows, slice):
            return self.take(np.arange(*rows.indices(len(self))))
        numbers = np.flatnonzero(rows) if np.asarray(rows).dtype == bool else np.asarray(rows, int)
        if numbers.size and not -len(self) <= numbers.min() <= numbers.max() < len(self):
            raise IndexError(f"row {numbers.max()} of {len(self)}")
        return self.take(numbers % len(self))

    def take(self, rows: np.ndarray, axis: int = 0) -> np.ndarray:
        """The rows with these numbers, in this order; read in the order of the file. `axis`: as NumPy has it, only 0."""
        numbers = rows if self.chosen is None else self.chosen[rows]
        order = np.argsort(numbers, kind="stable")
        read = self._read(numbers[order])
        with np.errstate(over="ignore"):
            if (order[1:] > order[:-1]).all():
                return read.astype(self.dtype, copy=False)
            out = np.empty((len(numbers), *self.shape[1:]), self.dtype)
            out[order] = read
        return out

    def _read(self, numbers: np.ndarray) -> np.ndarray:
        """Rows of the file, in its order and dtype, in memory."""
        if self.file is None:
            return self.array[numbers]
        return self.file.read(numbers, np.empty((len(numbers), *self.shape[1:]), self.array.dtype))

    def only(self, rows: np.ndarray) -> Mapped:
        """The rows with these numbers, still in their file."""
        return Mapped(self.whole, self.dtype, rows if self.chosen is None else self.chosen[rows])

    def blocks(self, raw: bool = False) -> Iterator[np.ndarray]:
        """All rows in order, block by block; `raw`: in the dtype of the file."""
        count = max(1, min(BLOCK_ROWS, BLOCK // max(1, self.row_bytes)))
        for start in range(0, len(self), count):
            rows = np.arange(start, min(start + count, len(self)))
            yield self._read(rows if self.chosen is None else self.chosen[rows]) if raw else self.take(rows)

    def through(self, forward: Callable[[Any], Any]) -> np.ndarray:
        """What `forward` returns for all rows, from block after block, (rows, outputs)."""
        outputs = None
        at = 0
        for block in self.blocks():
            part = np.asarray(forward(block))
            if outputs is None:
                outputs = np.empty((len(self), *part.shape[1:]), part.dtype)
            outputs[at : at + len(part)] = part
            at += len(part)
        assert outputs is not None
        return outputs

    def check(self, name: str) -> None:
        """Refuse NaN, infinity and what is too large for the dtype, with the sentences of an array in memory."""
        if self.array.dtype.kind != "f":
            return
        bad, first, too_large, start = 0, None, None, 0
        most = float(np.finfo(self.dtype).max)
        for block in self.blocks(raw=True):
            size = max(float(block.max()), -float(block.min())) if block.size else 0.0
            if not np.isfinite(size):  # NaN and infinity come out of either
                where = np.argwhere(~np.isfinite(block))
                bad += len(where)
                if first is None:
                    place = tuple(int(i) for i in where[0])
                    first = (start + place[0], *place[1:]), block[place]
            elif size > most:
                too_large = block.copy()
            start += len(block)
        if first is not None:
            refuse_nonfinite(name, bad, *first)
        if too_large is not None:
            as_dtype(too_large, self.dtype, name)  # says so


class _File:
    """The file behind a mapping: rows of `length` bytes, row 0 at byte `start`, `stride` bytes from row to row."""

    def __init__(self, path: str, start: int, stride: int, length: int) -> None:
        self.path, self.start, self.stride, self.length = path, start, stride, length
        self.handle = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self.handle)

    def read(self, numbers: np.ndarray, out: np.ndarray) -> np.ndarray:
        """`out`, filled with the rows of these numbers, which go upwards; neighbours are read at once."""
        view = out.reshape(-1).view(np.uint8).data
        apart = 1 if self.stride == self.length else 0  # from one number to the next, where they can be read at once
        ends = np.flatnonzero(np.diff(numbers) != apart) + 1 if apart else np.arange(1, len(numbers))
        begins = np.concatenate([[0], ends, [len(numbers)]]).tolist()
        places = (self.start + numbers * self.stride).tolist()
        for begin, end in itertools.pairwise(begins):
            part, place = view[begin * self.length : end * self.length], places[begin] if begin < end else 0
            while len(part):
                count = os.preadv(self.handle, [part], place)
                if not count:
                    raise FileError(f"{self.path} has become shorter while it was read.")
                part, place = part[count:], place + count
        return out


def _file_of(array: np.memmap) -> _File | None:
    """How to read the rows of a mapping from its file; None where only the mapping itself is sure to be right."""
    root, path = _root(array), getattr(array, "filename", None)
    in_order = array[:1].flags.c_contiguous and (len(array) < 2 or array.strides[0] >= 0) and array[:1].nbytes > 0
    if array.mode == "c" or root is None or path is None or not in_order or not hasattr(os, "preadv"):
        return None  # what is written to a private copy ("c") is in memory alone
    began = array.offset - array.offset % mmap.ALLOCATIONGRANULARITY  # of the mapping, in the file
    start = began + array.ctypes.data - np.frombuffer(root, np.uint8).ctypes.data
    length = array[:1].nbytes
    try:
        file = _File(os.fspath(path), start, array.strides[0], length)
        some = np.unique(np.linspace(0, len(array) - 1, COMPARED).astype(int))
        same = file.read(some, np.empty((len(some), *array.shape[1:]), array.dtype)).tobytes() == array[some].tobytes()
    except OSError:
        return None
    return file if same else None  # the file of that name is another one by now


def _root(array: Any) -> mmap.mmap | None:
    """The mapping that an array looks into, through whatever views."""
    while isinstance(array, np.ndarray):
        array = array.base
    return array if isinstance(array, mmap.mmap) else None
