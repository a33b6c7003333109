"""Arrays and text in one file of the safetensors format, read with every field checked.

Eight bytes with the length of the header, the header as JSON (name -> dtype, shape, place; ``__metadata__``: text), the
arrays' bytes. The metadata holds a SHA-256 over the whole file with the digest's own place zeroed. The bytes are laid out
here rather than by the safetensors library because the digest must be inside, and because a reader of files from
anywhere has to refuse what that library lets pass (a name twice, NaN). What is written, the library reads.

Source: the safetensors format, version 0.4 and later.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import stat
from typing import Any

import numpy as np

from pellucid.errors import FileError

_DTYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "I32": "<i4", "U32": "<u4", "U8": "|u1", "BOOL": "|b1"}
_CODES = {np.dtype(text): code for code, text in _DTYPES.items()}
_NAME = re.compile(r"[A-Za-z0-9_.\-/]{1,200}")
_BLANK = "0" * 64
_HEADER_LIMIT = 100_000_000  # the safetensors library's own


def encode(arrays: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
    """The bytes of a file that holds `arrays` by name and `metadata`, text by name."""
    header: dict[str, Any] = {}
    blobs, at = [], 0
    for name in sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name)):  # keeps every array aligned
        array = arrays[name]
        if not _NAME.fullmatch(name) or array.dtype not in _CODES:
            raise FileError(
                f"Array {name!r} of dtype {array.dtype} cannot be saved; expected one of {', '.join(_DTYPES)}."
            )
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise FileError(
                f"Array {name!r} holds NaN or infinity, which no model file may hold. Train with a smaller learning rate, "
                "or look for the cause: pellucid.Model.diagnose."
            )
        header[name] = {
            "dtype": _CODES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [at, at + array.nbytes],
        }
        at += array.nbytes
        blobs.append(array.tobytes())
    header["__metadata__"] = {"format": "pellucid", **metadata, "sha256": _BLANK}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > _HEADER_LIMIT:
        raise FileError(
            f"The text to be saved beside the arrays has {len(text):,} bytes, more than the {_HEADER_LIMIT:,} that can be "
            "read back. A history of a million epochs is the usual cause: model.history.epochs = model.history.epochs[::100]."
        )
    head = len(text).to_bytes(8, "little") + text
    digest = hashlib.sha256(head)
    for blob in blobs:
        digest.update(blob)
    place = head.rindex(b'"sha256":"' + _BLANK.encode()) + len(b'"sha256":"')
    return b"".join([head[:place], digest.hexdigest().encode(), head[place + 64 :], *blobs])


def read(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(arrays, metadata) of the file at `path`; anything that is not whole and pellucid's own is a `FileError`."""
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))  # a pipe hangs
        try:
            status = os.fstat(number)
            if not stat.S_ISREG(status.st_mode):
                raise FileError(f"{path} is not an ordinary file.")
            with os.fdopen(number, "rb", closefd=False) as file:
                data = file.read(status.st_size)  # read allocates what it is asked for, not what is there
        finally:
            os.close(number)
    except FileError:
        raise
    except MemoryError:
        raise FileError(f"{path} is too large for this machine's memory.") from None
    except (OSError, ValueError) as error:
        raise FileError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    try:
        return decode(data)
    except FileError as error:
        raise FileError(f"{path}: {error}") from None


def decode(data: bytes, finite: bool = True) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The inverse of `encode`. `finite`: refuse NaN and infinity."""
    if len(data) < 8:
        raise FileError(f"it has {len(data)} bytes, too few for a model file.")
    length = int.from_bytes(data[:8], "little")
    if length > min(_HEADER_LIMIT, len(data) - 8):
        raise FileError("it is truncated, or not a safetensors file: its header does not fit into it.")
    header = parse(data[8 : 8 + length])
    metadata = header.pop("__metadata__", None)
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise FileError("it has no metadata: a safetensors file of another program, not written by pellucid.")
    if metadata.get("format") != "pellucid":
        raise FileError("it is a safetensors file of another program, not written by pellucid.")
    _check_digest(data, 8 + length, metadata.pop("sha256", ""))
    body = memoryview(data)[8 + length :]
    arrays, at = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: _start(item[0], item[1])):
        arrays[name], at = _array(name, entry, body, at)
        if finite and arrays[name].dtype.kind == "f" and not np.isfinite(arrays[name]).all():
            raise FileError(f"array {name!r} holds NaN or infinity.")
    if at != len(body):
        raise FileError(f"{len(body) - at} bytes lie behind its last array.")
    return arrays, metadata


def parse(text: str | bytes) -> dict[str, Any]:
    """The JSON object in `text`; a name twice, anything else than an object, or no JSON at all is a `FileError`."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise FileError("a name stands twice in its text.")
        return found

    try:
        content = json.loads(text if isinstance(text, str) else text.decode(), object_pairs_hook=unique)
    except FileError:
        raise
    except (ValueError, RecursionError):
        raise FileError("its header is not JSON: it is damaged, or not a safetensors file.") from None
    if not isinstance(content, dict):
        raise FileError("its text is not a JSON object.")
    return content


def _check_digest(data: bytes, end: int, digest: str) -> None:
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise FileError("its metadata holds no sha256.")
    mark = b'"sha256":"' + digest.encode()
    if data.count(mark, 0, end) != 1:
        raise FileError("its sha256 is not where it belongs.")
    place = data.index(mark) + len(b'"sha256":"')
    found = hashlib.sha256(data[:place] + _BLANK.encode())
    found.update(memoryview(data)[place + 64 :])
    if found.hexdigest() != digest:
        raise FileError("it is damaged: its bytes do not give the sha256 that it names.")


def _start(name: str, entry: Any) -> tuple[int, int]:
    offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
    if not (isinstance(offsets, list) and len(offsets) == 2 and all(type(value) is int for value in offsets)):
        raise FileError(f"array {name[:60]!r} has no place.")
    return offsets[0], offsets[1]


def _array(name: str, entry: dict[str, Any], body: memoryview, at: int) -> tuple[np.ndarray, int]:
    """An array that lies exactly at `at`, and where it ends. Sizes are compared before anything is allocated."""
    code, shape, (start, stop) = str(entry.get("dtype")), entry.get("shape"), entry["data_offsets"]
    if not _NAME.fullmatch(name) or set(entry) != {"dtype", "shape", "data_offsets"} or code not in _DTYPES:
        raise FileError(f"array {name[:60]!r} has a name, dtype or field that is not known.")
    if not isinstance(shape, list) or len(shape) > 8 or not all(type(n) is int and 0 <= n < 2**31 for n in shape):
        raise FileError(f"array {name!r} has an impossible shape.")
    dtype = np.dtype(_DTYPES[code])
    if start != at or stop > len(body) or stop - start != math.prod(shape) * dtype.itemsize:
        raise FileError(f"array {name!r} of shape {shape} does not fill the place that it names.")
    if dtype == np.bool_ and np.frombuffer(body[start:stop], np.uint8).max(initial=0) > 1:
        raise FileError(f"array {name!r} holds a byte that is neither true nor false.")
    return np.frombuffer(body[start:stop], dtype).reshape(shape).copy(), stop
