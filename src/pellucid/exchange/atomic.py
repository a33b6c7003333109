"""Files that are there whole or not at all, whatever happens while they are written.

The new content goes to a temporary file in the same folder, is forced to the disk, takes the old one's name in one step,
and the folder is forced to the disk, too. After a crash at any point either the old or the new file is there.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from typing import Any

from pellucid.errors import FileError
from pellucid.exchange import container

Path = str | os.PathLike[str]


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` to `path`. When this returns, it is on the disk; when it raises, the old file is untouched."""
    check_ordinary(path)
    try:
        _write(path, data)
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError):  # a zero byte in the name
            raise FileError(f"{os.fspath(path)!r} cannot be the name of a file: {error}.") from None
        raise FileError(
            f"{path} could not be written: {error.strerror}. An earlier file there is untouched. Choose another folder, "
            "or make room on the disk."
        ) from error


def _write(path: Path, data: bytes) -> None:
    folder, name = os.path.split(os.path.abspath(path))
    temporary = os.path.join(folder, _temporary(name))
    number = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(number, view) :]
            os.fsync(number)
        finally:
            os.close(number)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def check_ordinary(path: Path) -> None:
    """Refuse what is there and is no file: taking the name of a device such as /dev/null would be its end."""
    if os.path.isdir(path):
        raise FileError(f"{path} is a folder. Name a file in it.")
    if os.path.exists(path) and not os.path.isfile(path):
        raise FileError(
            f"{path} is a device or a pipe, where nothing can be written whole or not at all. Name an ordinary file."
        )


def _temporary(name: str) -> str:
    return f".{name}.{secrets.token_hex(6)}.tmp"


def remove_leftovers(path: Path) -> None:
    """Remove the temporary files of writers of `path` that were killed. For who knows that no other writer is alive."""
    folder, name = os.path.split(os.path.abspath(path))
    ours = re.compile(rf"\.{re.escape(name)}(\.\d+)?\.[0-9a-f]{{12}}\.tmp")
    with contextlib.suppress(OSError):
        for other in os.listdir(folder):
            if ours.fullmatch(other):
                os.unlink(os.path.join(folder, other))


def _sync_folder(folder: str) -> None:
    """Force the new name itself to the disk. Where a folder cannot be (Windows, some network disks), nothing is lost."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def write_generations(path: Path, data: bytes, keep: int = 2) -> None:
    """As `write_atomic`, with the file before kept as PATH.1 and so on. PATH itself is there at every moment."""
    path = os.fspath(path)
    check_ordinary(path)
    try:
        for number in range(keep - 1, 0, -1):
            older = path if number == 1 else f"{path}.{number - 1}"
            if os.path.exists(older):
                _second_name(older, f"{path}.{number}")
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(
            f"{path}: the checkpoint before could not be kept: {error.strerror}. It is untouched."
        ) from error
    write_atomic(path, data)


def _second_name(path: str, other: str) -> None:
    """Make `other` a second name of the file at `path`, in one step; a copy of it where the disk knows no second names."""
    folder, name = os.path.split(os.path.abspath(other))
    temporary = os.path.join(folder, _temporary(name))
    try:
        os.link(path, temporary)
    except OSError:
        with open(path, "rb") as file:
            write_atomic(other, file.read())
        return
    try:
        os.replace(temporary, other)
    finally:  # renaming one of two names of the same file onto the other does nothing
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def read_newest(path: Path, keep: int = 2) -> tuple[Any, Any, list[tuple[str, str]]]:
    """(arrays, metadata, skipped) of the newest generation that is whole; (None, None, skipped) where none is."""
    skipped: list[tuple[str, str]] = []
    for name in [os.fspath(path), *(f"{os.fspath(path)}.{number}" for number in range(1, keep))]:
        try:
            arrays, metadata = container.read(name)
            return arrays, metadata, skipped
        except FileError as error:
            skipped.append((name, str(error)))
    return None, None, skipped
