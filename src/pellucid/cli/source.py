"""DATA on the command line: the name of a data set, or a file of arrays."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click
import numpy as np

from pellucid import datasets
from pellucid.errors import DataError

TABLES = (".csv", ".tsv", ".parquet", ".xlsx", ".txt")

Reading = dict[str, Any]  # how a table is read: separator, decimal, encoding, header (None where found out), na


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that reads a table."""
    for option in (
        click.option("--na", multiple=True, metavar="TOKEN", help="A text in a table that means a missing value."),
        click.option("--header/--no-header", default=None, help="Whether a table's first line holds names."),
        click.option("--encoding", help="Of a table's file. Default: UTF-8, or else cp1252."),
        click.option("--decimal", type=click.Choice([".", ","]), help="Of a table's numbers. Default: found out."),
        click.option("--separator", help="Of a table's columns, such as ';' or tab. Default: found out."),
    ):
        command = option(command)
    return command


def is_table(data: str) -> bool:
    """Whether a file's name says that it holds a table."""
    return data.lower().removesuffix(".gz").endswith(TABLES)


@dataclass
class Source:
    """Arrays and where they came from."""

    name: str
    X: np.ndarray
    y: np.ndarray
    origin: str  # one sentence: drawn with which seed, or read from which file
    digest: str = ""  # SHA-256 of a file
    fixed: bool = True  # False: drawn from a generator, so that another seed gives rows never seen


def load(
    data: str, target: str | None = None, rows: int | None = None, seed: int = 0, noise: float | None = None
) -> Source:
    """The `Source` that `data` names. Usage errors for what is not there, DataError for what cannot be used."""
    if data in datasets.BY_NAME:
        return _draw(data, rows, seed, noise)
    for given, option in ((rows, "-n"), (noise, "--noise")):
        if given is not None:
            raise click.UsageError(f"{option} is for data sets that are drawn; {data} is not one of them.")
    if is_table(data):
        raise DataError(
            f"{data} holds a table, but arrays (.npz, .npy, idx) are needed here, as the network was trained on arrays."
        )
    if not os.path.exists(data):
        raise click.UsageError(f"{data!r} is neither a file nor a data set. Data sets: {', '.join(datasets.BY_NAME)}.")
    X, y = datasets.read(data, target)
    return Source(stem(data), X, y, f"read from {data}", digest(data))


def _draw(name: str, rows: int | None, seed: int, noise: float | None) -> Source:
    X, y = datasets.make(name, rows, seed, noise)
    fixed = name == "digits" or (name == "sine" and not noise)
    origin = (
        "part of pellucid" if name == "digits" else "the same for every seed" if fixed else f"drawn with seed {seed}"
    )
    return Source(name, X, y, origin, fixed=fixed)


def usual_rows(data: str, rows: int | None) -> int | None:
    """Rows to draw where nobody says: enough to judge on, since drawing costs nothing."""
    return 3000 if rows is None and data in datasets.BY_NAME and data != "digits" else rows


def inputs(
    data: str, target: str | None, rows: int | None, seed: int, noise: float | None, width: int | None
) -> np.ndarray:
    """The inputs alone, (rows, ...), from data that may lack the answers. `width`: how many features are expected."""
    lower = data.lower()
    if data in datasets.BY_NAME or target is not None or lower.endswith(TABLES) or not os.path.exists(data):
        return load(data, target, usual_rows(data, rows), seed, noise).X
    with open(data, "rb") as file:
        start = file.read(6)
    if start[:2] == b"PK":
        held = datasets.read_npz(data)
        named = [name for name in INPUT_NAMES if name in held]
        if len(held) == 1 or named:
            return held[named[0]] if named else next(iter(held.values()))
    elif start == b"\x93NUMPY":
        array = datasets.read_npy(data)
        if array.ndim != 2 or width is None or array.shape[1] != width + 1:
            return array
    elif start[:2] in (b"\x1f\x8b", b"\0\0"):
        return datasets.read_idx(data)
    return load(data).X


INPUT_NAMES = ("X", "x", "X_test", "x_test", "test_images", "images", "data", "features", "inputs", "arr_0")


def stem(path: str) -> str:
    """The name of a file without folder and endings."""
    name = os.path.basename(path)
    for suffix in (".gz", ".npz", ".npy", ".idx", ".safetensors", ".csv", ".tsv", ".txt"):
        name = name.removesuffix(suffix)
    return name or "data"


def digest(path: str) -> str:
    """The SHA-256 of a file, read in pieces; empty for a folder or what is no ordinary file."""
    if not os.path.isfile(path):
        return ""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def existing_model(path: str) -> str:
    """`path`, if a file is there."""
    if not os.path.exists(path):
        raise click.UsageError(f"There is no model file {path!r}. Write one with: pellucid train DATA -o {path}")
    return path


def writable(path: str) -> str:
    """`path`, if a file can be written there; found out by writing, since permissions alone do not tell."""
    import tempfile

    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path):
        raise click.UsageError(f"{path} is a folder; name a file in it.")
    if not os.path.isdir(folder):
        raise click.UsageError(
            f"{path} cannot be written: there is no folder {folder}. Make it first: mkdir -p {folder}"
        )
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"0")
    except OSError as error:
        raise click.UsageError(f"{path} cannot be written: {error.strerror}. Choose another folder.") from None
    return path
