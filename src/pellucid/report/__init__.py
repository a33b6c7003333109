"""The report on a model: one HTML file that needs nothing else, for whoever has to decide whether to use it.

It is a pure function of the model file: the same file gives the same bytes.
"""

from __future__ import annotations

import os
from typing import Any

from pellucid.errors import InputError
from pellucid.exchange.atomic import write_atomic
from pellucid.model import Model

__all__ = ["html", "write"]


def html(model: Any, *, rows: bool = True) -> str:
    """The report on `model`, a `TableModel` or a `Model`, as one HTML page.

    `rows`: whether rows of the data may be shown (the ones that the network is most wrong about). A model that was
    trained on arrays has no record of its data; then the page shows what the model holds. FileError where the record is
    not one that pellucid writes.
    """
    from pellucid.report import page

    inner = getattr(model, "model", model)
    if not isinstance(inner, Model):
        raise InputError(f"{type(model).__name__} is no model: report.html(pellucid.load('people.safetensors')).")
    return page.render(inner, _record(model, inner), _inputs(model, inner), rows)


def write(model: Any, path: str | os.PathLike[str], *, rows: bool = True) -> None:
    """Write the report of `html` to `path`, whole or not at all. FileError where it cannot be written."""
    write_atomic(path, html(model, rows=rows).encode())


def _record(model: Any, inner: Model) -> Any:
    """The record as it stands in the model, unchecked; None where there is none."""
    if model is not inner:
        return getattr(model, "record", None) or None
    return inner.table.get("record") if isinstance(inner.table, dict) else None


def _inputs(model: Any, inner: Model) -> list[str] | None:
    """The names of the network's inputs, where it has an encoder of columns."""
    encoder = getattr(model, "encoder", None)
    if encoder is None and isinstance(inner.table, dict) and inner.table.get("encoder") is not None:
        from pellucid.tables.encoder import Encoder

        encoder = Encoder.from_json(inner.table["encoder"])
    from pellucid.report.record import line

    names = getattr(encoder, "features", None)
    return [line(str(name), "an input") for name in names] if names else None
