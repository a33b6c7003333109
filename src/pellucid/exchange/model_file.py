"""The model file: one .safetensors file with the arrays, and the network as known names with numbers.

Arrays have the names and shapes of PyTorch (``0.weight`` is (out, in)), so that other tools find what they expect.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.errors import FileError
from pellucid.exchange import atomic, container
from pellucid.exchange.checkpoint import state_of
from pellucid.exchange.contents import (
    EXTRAS,
    UNFIT,
    Path,
    arrays_of,
    content_of,
    metadata_of,
    renamed,
    rows_of,
    table_of,
    text,
    values_of,
)  # fmt: skip
from pellucid.exchange.description import KNOWN, Makers, check_description, look_up, makers_with, rebuild_one
from pellucid.model import Model
from pellucid.training.history import History
from pellucid.training.state import TrainingState


def save(model: Model, path: Path, also: dict[str, str] | None = None) -> None:
    """Write `model`, and texts of the caller's `also`, to `path`, whole or not at all; an earlier file stays until then."""
    arrays = arrays_of(model.network, model.values())
    rows = list(model._state.rows)  # so far, where a callback saves; the user's own to change afterwards
    if model.history is not None and model._running is None:
        rows = model.history.epochs
    content = metadata_of(model, rows)
    atomic.write_atomic(path, container.encode(arrays, {"model": text(content), **table_of(model), **(also or {})}))


def load(path: Path, custom: Sequence[Any] = ()) -> Model:
    """The model in a file that `Model.save` or a checkpoint wrote; from a checkpoint, training goes on where it was.

    `custom`: your own classes (layers, losses, optimisers, schedules) and metric functions that the file may name.
    Anything unknown, damaged or foreign is a `FileError`. Nothing in the file is ever run.
    """
    makers = makers_with(custom)
    arrays, metadata = container.read(path)
    try:
        content = content_of(metadata, "model")
        model = _build(content, arrays, makers)
        values = values_of(model, arrays)
        model.table = content_of(metadata, "table") if "table" in metadata else None
        state = TrainingState(rows=rows_of(content))
        if state.rows:
            state.epoch = int(state.rows[-1]["epoch"])
        if "progress" in metadata:
            state = state_of(model, content, content_of(metadata, "progress"), arrays)
    except FileError as error:
        raise FileError(f"{path}: {error}") from None
    except UNFIT as error:
        raise FileError(f"{path} does not describe a network that pellucid can build: {str(error)[:160]}") from None
    model._write_back(values)
    model._state = state
    if state.rows:
        model.history = History()
        model.history.epochs = list(state.rows)
    return model


def _build(content: dict[str, Any], arrays: dict[str, np.ndarray], makers: Makers) -> Model:
    """The model that a file describes, with the values that its layers draw."""
    check_description(content, sum(array.size for name, array in arrays.items() if not name.startswith(EXTRAS)))
    network, loss, metrics = content["network"], content["loss"], content["metrics"]
    if not isinstance(network, list) or not isinstance(metrics, list) or content["dtype"] not in ("float32", "float64"):
        raise FileError("its network, metrics or dtype are not what a model file holds.")
    model = Model(
        *[rebuild_one(layer, makers, "layer") for layer in network],
        loss=None if loss is None else rebuild_one(loss, makers, "loss"),
        optimizer=rebuild_one(content["optimizer"], makers, "optimizer"),
        # By name where it is one of ours: what "accuracy" counts depends on the loss.
        metrics=[name if name in KNOWN["metric"] else look_up("metric", name, makers) for name in metrics],
        seed=content["seed"],
        dtype=content["dtype"],
    )
    unused = {name for name in arrays if not name.startswith(EXTRAS)} - {new for _, new, _ in renamed(model.network)}
    if unused:
        raise FileError(f"it holds arrays that belong to no layer: {', '.join(sorted(unused))[:100]}.")
    return model
