"""The text of a file in pieces of whole lines: unpacked, decoded, its line ends made one, never more than a piece in memory.

Source: RFC 1952 (gzip); the Unicode Standard, section 23.8 (byte order marks).
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from pellucid.datasets.opened import opened
from pellucid.errors import DataError, FileError, InputError
from pellucid.options import option

PIECE = 1 << 20  # bytes read at once
LONGEST = 1 << 22  # characters of a line, and of a field

_GZIP = b"\x1f\x8b"
_MARKS = (  # longer ones first: the mark of UTF-16 begins that of UTF-32
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_SHEET = "Save the sheet as CSV in the program that wrote it (File, Save as, CSV UTF-8), and give that file."
_UNPACK = "Unpack it, and give the .csv file in it."
_GIVE = "Give a table as CSV."
_FOREIGN = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", _SHEET),
    (b"PAR1", "a Parquet file", "In Python: pandas.read_parquet(path).to_csv('table.csv', index=False)."),
    (b"ARROW1", "an Arrow file", "In Python: pandas.read_feather(path).to_csv('table.csv', index=False)."),
    (b"\x89HDF", "an HDF5 file", "In Python: pandas.read_hdf(path).to_csv('table.csv', index=False)."),
    (b"SQLite format 3", "an SQLite database", "Write one of its tables as CSV: sqlite3 -header -csv FILE 'select * from t'."),
    (b"\x93NUMPY", "a NumPy array", "Give it under a name that ends in .npy."),
    (b"7z\xbc\xaf'\x1c", "a 7z archive", _UNPACK), (b"BZh", "packed with bzip2", _UNPACK),
    (b"\xfd7zXZ", "packed with xz", _UNPACK), (b"\x28\xb5\x2f\xfd", "packed with zstd", _UNPACK),
    (_GZIP, "packed with gzip twice", _UNPACK), (b"%PDF", "a PDF", _GIVE),
    (b"\x89PNG", "a picture", _GIVE), (b"\xff\xd8\xff", "a picture", _GIVE),
)  # fmt: skip


@dataclass
class Survey:
    """What one pass over a file found: its SHA-256 as it lies on disk, its encoding, its first piece, and notices."""

    encoding: str
    digest: str
    stamp: tuple[int, ...]  # size and time: a file that changes between two passes is noticed
    start: str  # the first piece of text
    whole: bool  # whether that is all of it
    notices: list[str] = field(default_factory=list)


class _Watched(io.RawIOBase):
    """A file whose bytes go through SHA-256 while they are read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        self.hash.update(data)
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def unpacked(path: Any) -> Iterator[tuple[BinaryIO, tuple[int, ...], _Watched]]:
    """(the bytes of the table, the file's stamp, what hashes it): through gzip where its content says so."""
    if isinstance(path, (str, os.PathLike)) and os.path.isdir(path):
        raise FileError(f"{path} is a folder; give one file in it, such as {os.path.join(path, 'table.csv')}.")
    with opened(path) as (file, _):
        status = os.fstat(file.fileno())
        watched = _Watched(file)
        buffered = io.BufferedReader(watched, PIECE)
        packed = buffered.peek(2)[:2] == _GZIP
        stream: Any = gzip.GzipFile(fileobj=buffered) if packed else buffered
        try:
            yield stream, (status.st_size, status.st_mtime_ns), watched
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FileError(
                f"{path}: its gzip packing is damaged or cut off ({error}). Fetch or pack it again."
            ) from None


def pieces(stream: BinaryIO, path: Any, encoding: str) -> Iterator[str]:
    r"""The text in pieces that end with a line; \r\n and \r are read as \n. A DataError names the line that cannot be."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)("strict"), translate=True)
    rest, line, last, letters = "", 1, False, False
    while not last:
        data = stream.read(PIECE)
        last = not data
        try:
            text = rest + decoder.decode(data, final=last)
        except UnicodeDecodeError as error:
            known = error.object[: error.start].decode(encoding, "ignore").replace("\r\n", "\n").replace("\r", "\n")
            letters = letters or not (rest + known).isascii()
            raise _Undecoded(path, line + known.count("\n"), error.object[error.start], encoding, letters) from None
        except UnicodeError as error:
            raise DataError(f"{path} cannot be read as {encoding}: {error}.") from None
        end = len(text) if last else text.rfind("\n") + 1
        whole, rest = text[:end], text[end:]
        if line == 1:
            whole = whole.removeprefix("\ufeff")  # a mark that the encoding named by the user left in the text
        letters = letters or not whole.isascii()
        if "\0" in whole:
            at = line + whole[: whole.index("\0")].count("\n")
            raise DataError(f"{path}, line {at} holds a zero byte: this is no text file, or a damaged one.")
        if len(rest) > LONGEST:
            raise DataError(
                f"{path}, line {line + whole.count(chr(10))} is longer than {LONGEST:,} characters. "
                "Expected a table with one row a line."
            )
        line += whole.count("\n")
        if whole:
            yield whole


class _Undecoded(DataError):
    """A byte that the encoding does not know. `letters`: whether letters beyond ASCII that it does know came before."""

    def __init__(self, path: Any, line: int, byte: int, encoding: str, letters: bool) -> None:
        self.line, self.byte, self.letters = line, byte, letters
        mixed = ", though other letters before it are" if letters and encoding == "utf-8" else ""
        super().__init__(
            f"{path}, line {line}: the byte 0x{byte:02X} is no text in {encoding}{mixed}. "
            f"Say how the file was written, such as {option('encoding', 'cp1252')}, or save it as UTF-8."
        )


def survey(path: Any, encoding: str | None) -> Survey:
    """Everything that one pass can find out. Refuses what is no text, with a sentence on how to make a table of it."""
    with unpacked(path) as (stream, _, _):
        start = stream.read(4096)
    _refuse(path, start)
    if encoding is not None:
        return _pass(path, _known(encoding))
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
    if marked is None:
        _refuse_unmarked(path, start)
    try:
        return _pass(path, marked or "utf-8")
    except _Undecoded as error:
        if marked is not None or error.letters:
            raise
        found = _pass(path, "cp1252")
        found.notices.append(
            f"Line {error.line} is not UTF-8 (byte 0x{error.byte:02X}): the file was read as Windows-1252. "
            f"Say {option('encoding', ...)} if letters look wrong."
        )
        return found


def _pass(path: Any, encoding: str) -> Survey:
    with unpacked(path) as (stream, stamp, watched):
        text = pieces(stream, path, encoding)
        first, count = next(text, ""), 1
        for _ in text:
            count += 1
        while watched.read(PIECE):  # bytes after the end of a gzip member belong to the file, too
            pass
        return Survey(encoding, watched.hash.hexdigest(), stamp, first, count == 1)


def _known(encoding: str) -> str:
    try:
        bytes(4).decode(encoding)  # four zero bytes are text in every encoding of text
        codecs.getincrementaldecoder(encoding)
    except (LookupError, UnicodeError, ValueError, TypeError):
        raise InputError(
            f"encoding={encoding!r} is not known. Usual ones: 'utf-8', 'cp1252', 'latin-1', 'utf-16'."
        ) from None
    return "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding


def _refuse(path: Any, start: bytes) -> None:
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        if any(name in start for name in (b"[Content_Types].xml", b"xl/", b"_rels/", b"opendocument")):
            raise FileError(f"{path} is a spreadsheet (.xlsx or .ods), not text. {_SHEET}")
        raise FileError(f"{path} is a zip archive. {_UNPACK}")
    for mark, what, advice in _FOREIGN:
        if start.startswith(mark):
            raise FileError(f"{path} is {what}, not a table of text. {advice}")
    if start[257:262] == b"ustar":
        raise FileError(f"{path} is a tar archive. {_UNPACK}")
    head = start.removeprefix(codecs.BOM_UTF8).lstrip()[:15].lower()
    if head.startswith((b'{"', b"{\n", b"{\r", b"[{", b"[[", b"[\n", b"[\r")):
        raise FileError(
            f"{path} is JSON, not a table of text. In Python: tables.read(json.load(file)), for a list of records."
        )
    if head.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise FileError(
            f"{path} is a web page or XML, not a table of text; was a download refused? Give the .csv file."
        )


def _refuse_unmarked(path: Any, start: bytes) -> None:
    controls = sum(start.count(byte) for byte in range(32) if byte not in b"\0\t\n\r\f\v\x1a\x1b")
    if controls > max(8, 0.02 * len(start)):
        raise FileError(f"{path} is no text: {controls} of its first {len(start)} bytes are control signs. {_GIVE}")
    if b"\0" not in start:
        return
    even, odd = start[::2].count(0), start[1::2].count(0)
    for zeros, others, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros > 0.3 * len(start) / 2 and others < 0.05 * len(start) / 2:
            raise DataError(f"{path} looks like UTF-16 without its mark. Say {option('encoding', name)}.")
    line = 1 + start[: start.index(0)].count(b"\n")
    raise FileError(f"{path}, line {line} holds a zero byte: this is no text file, or a damaged one. {_GIVE}")
