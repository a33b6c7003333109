"""Rows of numbers as CSV that reads back to the same numbers, or as arrays."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import click
import numpy as np

from pellucid.errors import InputError
from pellucid.exchange.atomic import write_atomic

_PIECE = 10_000  # rows turned into text at once


def csv(head: Sequence[str], columns: Sequence[np.ndarray]) -> Iterator[str]:
    """The text in pieces. `columns`: arrays (rows, k), each written in the fewest digits that its own dtype reads back."""
    yield ",".join(head) + "\n"
    for at in range(0, len(columns[0]), _PIECE):
        parts = [column[at : at + _PIECE].astype(str) for column in columns]
        yield "".join(",".join(row) + "\n" for row in np.concatenate(parts, axis=1).tolist())


def write(head: Sequence[str], columns: Sequence[np.ndarray], path: str | None) -> None:
    """To a .csv or .npy file, whole or not at all, or as CSV to standard output."""
    if path is None:
        for piece in csv(head, columns):
            click.echo(piece, nl=False)
    elif path.endswith(".npy"):
        buffer = io.BytesIO()
        np.save(buffer, columns[0] if len(columns) == 1 else np.concatenate(columns, axis=1), allow_pickle=False)
        write_atomic(path, buffer.getvalue())
    elif path.endswith(".csv"):
        write_atomic(path, "".join(csv(head, columns)).encode())
    else:
        raise InputError(f"-o {path}: expected a name that ends in .csv or .npy.")


def write_npz(path: str, **arrays: np.ndarray) -> None:
    """Arrays by name in one .npz file, whole or not at all."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    write_atomic(path, buffer.getvalue())
