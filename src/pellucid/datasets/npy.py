"""NumPy's own files, .npy and .npz, read without trusting them.

A file of 128 bytes can declare an array of 4 TiB, and one of 1 MB can unpack to 1 GB. So what is declared is compared
with what is there before any memory is taken, and nothing that a file holds is ever run (no pickle, no evaluation).

Source: *NumPy Enhancement Proposal 1*, format versions 1.0 to 3.0; PKWARE, *APPNOTE.TXT*.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.datasets.opened import DEFLATE_LIMIT, MAX_BYTES, byte_count, filled, opened
from pellucid.errors import DataError, FileError, PellucidError

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

MAGIC = b"\x93NUMPY"
_HEADER_LIMIT = 10_000  # as NumPy's own reader
_FIELD = re.compile(
    r"""(['"])(?P<name>descr|fortran_order|shape)\1:"""
    r"""(?:(['"])(?P<descr>[<>|=]?[A-Za-z?][0-9A-Za-z\[\]]{0,20})\3|(?P<order>True|False)|\((?P<shape>[0-9,]*)\)),?"""
)


def read_npy(path: str | os.PathLike[str], max_bytes: int = MAX_BYTES) -> np.ndarray:
    """The array of numbers of a .npy file, of the shape and dtype it was saved with.

    A file that is truncated, damaged or of another kind is a `FileError`; an array of objects or text a `DataError`.
    """
    with opened(path) as (file, size):
        try:
            return array_from(file, size, max_bytes)
        except PellucidError as error:
            raise type(error)(f"{path}: {error}") from None


def read_npz(
    path: str | os.PathLike[str], names: list[str] | None = None, max_bytes: int = MAX_BYTES
) -> dict[str, np.ndarray]:
    """The arrays of a .npz file by name; only those of `names`, if given. `max_bytes` limits all of them together.

    A file that is truncated, damaged or of another kind is a `FileError`; an array of objects or text a `DataError`.
    """
    with opened(path) as (file, size):
        try:
            return _from_zip(file, size, names, max_bytes)
        except PellucidError as error:
            raise type(error)(f"{path}: {error}") from None


def names_in(path: str | os.PathLike[str]) -> list[str]:
    """The names of the arrays of a .npz file, in its order."""
    with opened(path) as (file, size):
        try:
            with _archive(file) as archive:
                return list(_members(archive, size))
        except PellucidError as error:
            raise type(error)(f"{path}: {error}") from None


def array_from(stream: Any, size: int, max_bytes: int) -> np.ndarray:
    """The array in the .npy bytes of `stream`, which has `size` bytes and not one more."""
    dtype, shape, fortran, length = _header(stream)
    count = byte_count(shape, dtype.itemsize, max_bytes)
    if count != size - length:
        missing = f"only {size - length} are there" if count > size - length else f"{size - length} follow"
        raise FileError(f"it is truncated or damaged: its array of shape {shape} takes {count} bytes, but {missing}.")
    array = filled(stream, shape[::-1] if fortran else shape, dtype)
    return array.T if fortran else array


def _header(stream: Any) -> tuple[np.dtype, tuple[int, ...], bool, int]:
    """(dtype, shape, whether the first axis runs fastest, length) of the header of .npy bytes."""
    start = stream.read(8)
    if len(start) < 8 or start[:6] != MAGIC:
        raise FileError("it is not a .npy file, or cut off at its beginning. Write one with numpy.save.")
    if start[6] not in (1, 2, 3):
        raise FileError(f"it is a .npy file of version {start[6]}, which is not known; expected 1, 2 or 3.")
    width = 2 if start[6] == 1 else 4
    field = stream.read(width)
    length = int.from_bytes(field, "little")
    if len(field) < width or length > _HEADER_LIMIT:
        raise FileError(f"its header claims to have {length} bytes; expected at most {_HEADER_LIMIT}.")
    text = stream.read(length)
    if len(text) < length:
        raise FileError("it is truncated inside its header.")
    return (*_parsed(text.decode("latin-1")), 8 + width + length)


def _parsed(text: str) -> tuple[np.dtype, tuple[int, ...], bool]:
    """The three fields of a header. It has the form of a Python dictionary, and is not evaluated."""
    text = "".join(text.split())
    found: dict[str, str | None] = {}
    at = 1
    while match := _FIELD.match(text, at):
        name = match["name"]
        if name in found:
            raise FileError(f"its header names {name!r} twice.")
        found[name] = match[{"descr": "descr", "fortran_order": "order", "shape": "shape"}[name]]
        at = match.end()
    if re.search(r"""['"]descr['"]:\[""", text):
        raise DataError("it holds records with named fields, expected plain numbers. Save one array a field.")
    if text[:1] != "{" or text[at:] != "}" or len(found) != 3:
        raise FileError("its header is damaged, or not that of a .npy file.")
    descr, order, shape = found["descr"], found["fortran_order"], found["shape"]
    if descr is None or order is None or shape is None or not re.fullmatch(r"(?:\d{1,19},)*(?:\d{1,19})?", shape):
        raise FileError("its header is damaged: a field has a value of the wrong kind.")
    return _dtype(descr), tuple(int(n) for n in shape.split(",") if n), order == "True"


def _dtype(descr: str) -> np.dtype:
    kind = descr.lstrip("<>|=")[0]
    if kind == "O":
        raise DataError(
            "it holds Python objects, which are never read because reading them can run code. Save numbers: "
            "numpy.save(path, numpy.asarray(rows, float))."
        )
    if kind in "USa":
        raise DataError("it holds text. Encode it as numbers: labels = numpy.unique(text, return_inverse=True)[1].")
    if not re.fullmatch(r"[<>|=]?(?:b1|[iu][1248]|f[248]|\?)", descr):
        raise DataError(
            f"it holds values of dtype {descr!r}; expected numbers: bool, int, uint or float of 2 to 8 bytes."
        )
    return np.dtype(descr)


def _archive(file: Any) -> ZipFile:
    import zipfile

    try:
        return zipfile.ZipFile(file)
    except Exception as error:  # a reader of damaged archives raises whatever its fields lead it to
        raise FileError(
            f"it is not a .npz file, or damaged or truncated ({error}). Write it again: numpy.savez."
        ) from None


def _members(archive: ZipFile, size: int) -> dict[str, ZipInfo]:
    """What the archive declares, by array name, compared with the `size` that the file really has."""
    members: dict[str, ZipInfo] = {}
    for info in archive.infolist():
        name = info.filename.removesuffix(".npy")
        if name in members:
            raise FileError(f"it holds the name {name[:60]!r} twice.")
        if info.compress_type not in (0, 8) or info.flag_bits & 1:
            raise FileError(f"array {name[:60]!r} is encrypted or packed in a way that numpy.savez does not use.")
        packed = info.compress_size
        if packed > size or info.file_size > (packed if info.compress_type == 0 else packed * DEFLATE_LIMIT):
            raise FileError(f"array {name[:60]!r} declares {info.file_size:,} bytes, which cannot come from this file.")
        members[name] = info
    return members


def _from_zip(file: Any, size: int, names: list[str] | None, max_bytes: int) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    with _archive(file) as archive:
        members = _members(archive, size)
        wanted = list(members) if names is None else names
        left = max_bytes
        for name in wanted:
            if name not in members:
                raise DataError(f"it has no array {name!r}; it holds {', '.join(map(repr, members)) or 'none'}.")
            left -= members[name].file_size
            if left < 0:
                total = sum(members[other].file_size for other in wanted if other in members)
                raise FileError(
                    f"its arrays unpack to {total:,} bytes, more than the {max_bytes:,} that are allowed. "
                    f"If they are meant to be so large, write max_bytes={total}."
                )
            arrays[name] = _member(archive, members[name], max_bytes)
    return arrays


def _member(archive: ZipFile, info: ZipInfo, max_bytes: int) -> np.ndarray:
    name = info.filename.removesuffix(".npy")[:60]
    try:
        with archive.open(info) as stream:
            array = array_from(stream, info.file_size, max_bytes)
            if stream.read(1):  # reading to the end is also what compares the checksum
                raise FileError("bytes lie behind its end.")
            return array
    except PellucidError as error:
        raise type(error)(f"array {name!r}: {error}") from None
    except MemoryError:
        raise
    except Exception as error:  # zlib, zipfile and struct each have their own for a damaged stream
        raise FileError(f"array {name!r} is damaged or truncated ({error}).") from None
