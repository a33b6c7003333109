"""Arrays that stay in their file: rows of a memory-mapped array, read when they are asked for.

A `Mapped` has what training asks of an array: its length, slices, `take`. What comes out is an ordinary array of the
network's dtype; the file keeps its own (uint8 pictures take a quarter of the room). Nothing here reads the whole of it:
checks go through in blocks, and pages that were read are handed back to the system now and then.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pellucid.arrays import as_array, as_dtype, as_inputs, check_rows, refuse_nonfinite

SMALL = 64 << 20  # bytes, as the network takes them: so much is read into memory, which is faster
BLOCK = 8 << 20  # bytes of a block of rows
BLOCK_ROWS = 4096  # and how many rows it has at most: their outputs may be wider than they are
PAGES = 64 << 10  # bytes that the system maps around a row that is read
RESIDENT = 64 << 20  # bytes of the file that may stay mapped in


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
        self.ndim, self.whole = array.ndim, array
        self.size, self.itemsize = int(np.prod(self.shape)), self.dtype.itemsize
        self.nbytes = self.size * self.dtype.itemsize
        # What is written to a private copy ("c") would be lost with its page.
        self.root = None if array.mode == "c" else _root(array)
        self.row_bytes = array.dtype.itemsize * int(np.prod(array.shape[1:]))
        self.touched, self.in_order = 0, array.flags.c_contiguous and array.flags.aligned

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        """An array of the rows of a slice, a mask or an array of numbers, or one row."""
        if isinstance(rows, slice) and self.chosen is None:
            part = self.array[rows]
            with np.errstate(over="ignore"):
                part = part.astype(self.dtype)  # always a copy: what is handed out does not hang on the file
            self._touch(len(part) * self.row_bytes)
            return part
        if isinstance(rows, (int, np.integer)):
            return self.take(np.array([rows]))[0]
        numbers = np.arange(len(self))[rows]
        return self.take(numbers)

    def take(self, rows: np.ndarray, axis: int = 0) -> np.ndarray:
        """The rows with these numbers, in this order; read in the order of the file. `axis`: as NumPy has it, only 0."""
        numbers = rows if self.chosen is None else self.chosen[rows]
        order = np.argsort(numbers, kind="stable")
        out = np.empty((len(numbers), *self.shape[1:]), self.dtype)
        with np.errstate(over="ignore"):
            out[order] = self._read(numbers[order])
        self._touch(len(numbers) * max(self.row_bytes, PAGES))
        return out

    def _read(self, numbers: np.ndarray) -> np.ndarray:
        # `take` is faster, but would first copy the whole of an array that does not lie in order
        return self.array.take(numbers, axis=0) if self.in_order else self.array[numbers]

    def only(self, rows: np.ndarray) -> Mapped:
        """The rows with these numbers, still in their file."""
        return Mapped(self.whole, self.dtype, rows if self.chosen is None else self.chosen[rows])

    def blocks(self, raw: bool = False) -> Iterator[np.ndarray]:
        """All rows in order, block by block; `raw`: as they stand in the file, to be looked at only."""
        count = max(1, min(BLOCK_ROWS, BLOCK // max(1, self.row_bytes)))
        for start in range(0, len(self), count):
            rows = slice(start, start + count)
            if raw and self.chosen is None:
                yield self.array[rows]
                self._touch(min(count, len(self) - start) * self.row_bytes)
            else:
                yield self[rows] if self.chosen is None else self.take(np.arange(len(self))[rows])

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

    def _touch(self, count: int) -> None:
        """Take down that `count` bytes more are mapped in; hand them all back when they get many."""
        self.touched += count
        if self.touched > RESIDENT:
            self.touched = 0
            if self.root is not None and hasattr(mmap, "MADV_DONTNEED"):
                self.root.madvise(mmap.MADV_DONTNEED)  # they stay in the system's cache as long as there is room


def _root(array: Any) -> mmap.mmap | None:
    """The mapping that an array looks into, through whatever views."""
    while isinstance(array, np.ndarray):
        array = array.base
    return array if isinstance(array, mmap.mmap) else None
