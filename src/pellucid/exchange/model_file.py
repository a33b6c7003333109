"""The model file: one .safetensors file with the arrays, and the network as known names with numbers.

Arrays have the names and shapes of PyTorch (``0.weight`` is (out, in)), so that other tools find what they expect.
A checkpoint is the same file with the optimiser's slots, the epoch and the best values so far.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid import __version__
from pellucid.errors import FileError, InputError, PellucidError
from pellucid.exchange import atomic, container
from pellucid.exchange.description import (
    KNOWN,
    OWN,
    Makers,
    check_description,
    describe,
    is_known,
    look_up,
    makers_with,
    rebuild_one,
)  # fmt: skip
from pellucid.layer import Layer
from pellucid.model import Model
from pellucid.network import get_values, named
from pellucid.schedules import Schedule
from pellucid.training.history import History
from pellucid.training.state import TrainingState

Path = str | os.PathLike[str]

_TORCH_NAMES = {
    "weights": "weight", "biases": "bias", "gamma": "weight", "beta": "bias", "running_variance": "running_var",
}  # fmt: skip
_UNFIT = (
    PellucidError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError, MemoryError,
)  # fmt: skip
_EXTRAS = ("best/", "slots/")  # how the names of a checkpoint's other arrays begin


# -- saving ------------------------------------------------------------------------------------------------------------


def save(model: Model, path: Path) -> None:
    """Write `model` to `path`, whole or not at all. An earlier file stays until the new one is on the disk."""
    arrays = _arrays(model.network, model.values())
    rows = list(model._state.rows)  # so far, where a callback saves; the user's own to change afterwards
    if model.history is not None and model._running is None:
        rows = model.history.epochs
    content = _metadata(model, rows)
    atomic.write_atomic(path, container.encode(arrays, {"model": _text(content), **_table(model)}))


def check_can_save(model: Model, path: Path) -> None:
    """Say now what would stop the first checkpoint after an hour of training."""
    _metadata(model, [])
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path) or not os.access(folder, os.W_OK):
        why = (
            "is a folder" if os.path.isdir(path) else f"cannot be written: {folder} is no folder that may be written to"
        )
        raise FileError(f"checkpoint={os.fspath(path)!r} {why}. Name a file, as in checkpoint='run.safetensors'.")


def save_checkpoint(model: Model, path: Path, state: TrainingState, values: dict[str, np.ndarray]) -> None:
    """Write what training needs to go on; the checkpoint before is kept beside it as PATH.1."""
    content = _metadata(model, state.rows)
    progress = {"epoch": state.epoch, "step": state.step, "schedule": state.schedule, "best_loss": state.best_loss}
    arrays = _arrays(model.network, values)
    if state.best_values:
        arrays |= {f"best/{key}": value for key, value in _arrays(model.network, state.best_values).items()}
    arrays |= {f"slots/{key}": value for key, value in state.slots.items()}
    metadata = {"model": _text(content), "progress": _text(progress), **_table(model)}
    atomic.write_generations(path, container.encode(arrays, metadata))


def _arrays(network: Layer, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The values under PyTorch's names and in its shapes."""
    return {new: (values[key].T if turned else values[key]) for key, new, turned in _renamed(network)}


def _renamed(network: Layer) -> list[tuple[str, str, bool]]:
    """(key here, key in the file, whether transposed) of every value. Layers of the user keep their own names."""
    result = []
    for key, layer, name in named(network):
        known = is_known("layer", layer)
        new = _TORCH_NAMES.get(name, name) if known else name
        result.append((key, key[: len(key) - len(name)] + new, known and name == "weights"))
    return result


def _metadata(model: Model, history: list[dict[str, float]]) -> dict[str, Any]:
    return {
        "version": __version__,
        "network": [describe(layer) for layer in model.layers],
        "loss": describe(model.loss),
        "optimizer": describe(model.optimizer),
        "metrics": [
            name if name in KNOWN["metric"] and metric in KNOWN["metric"].values() else OWN + name
            for name, metric in model.metrics.items()
        ],
        "seed": model.seed,
        "dtype": model.dtype.name,
        "history": _figures(history),
    }


def _figures(rows: list[dict[str, float]]) -> list[dict[str, float]]:
    """The rows as plain numbers. A callback may have put figures of its own there."""
    for row in rows:
        for name, value in row.items():
            if not isinstance(value, (int, float, np.number, np.bool_)):
                raise InputError(
                    f"The row of epoch {row.get('epoch')} has {name}={value!r}: a history holds numbers only."
                )
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    return int(value) if isinstance(value, bool) else value


def _table(model: Model) -> dict[str, str]:
    """The columns that the inputs come from, for the metadata, where the network was trained on a table."""
    if model.table is None:
        return {}
    try:
        return {"table": json.dumps(model.table, separators=(",", ":"), allow_nan=False)}
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"model.table cannot be saved: {error}. It holds plain JSON only, as pellucid.tables writes it."
        ) from None


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":"), allow_nan=True)


# -- loading -----------------------------------------------------------------------------------------------------------


def load(path: Path, custom: Sequence[Any] = ()) -> Model:
    """The model in a file that `Model.save` or a checkpoint wrote; from a checkpoint, training goes on where it was.

    `custom`: your own classes (layers, losses, optimisers, schedules) and metric functions that the file may name.
    Anything unknown, damaged or foreign is a `FileError`. Nothing in the file is ever run.
    """
    makers = makers_with(custom)
    arrays, metadata = container.read(path)
    try:
        content = _content(metadata, "model")
        model = _build(content, arrays, makers)
        values = _values(model, arrays)
        model.table = _content(metadata, "table") if "table" in metadata else None
        state = TrainingState(rows=_rows(content))
        if state.rows:
            state.epoch = int(state.rows[-1]["epoch"])
        if "progress" in metadata:
            state = _state(model, content, _content(metadata, "progress"), arrays)
    except FileError as error:
        raise FileError(f"{path}: {error}") from None
    except _UNFIT as error:
        raise FileError(f"{path} does not describe a network that pellucid can build: {str(error)[:160]}") from None
    model._write_back(values)
    model._state = state
    if state.rows:
        model.history = History()
        model.history.epochs = list(state.rows)
    return model


def _content(metadata: dict[str, str], name: str) -> dict[str, Any]:
    if name not in metadata:
        raise FileError(f"it holds no {name!r}: it was not written by pellucid, or is no checkpoint.")
    return container.parse(metadata[name])


def _build(content: dict[str, Any], arrays: dict[str, np.ndarray], makers: Makers) -> Model:
    """The model that a file describes, with the values that its layers draw."""
    check_description(content, sum(array.size for name, array in arrays.items() if not name.startswith(_EXTRAS)))
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
    unused = {name for name in arrays if not name.startswith(_EXTRAS)} - {new for _, new, _ in _renamed(model.network)}
    if unused:
        raise FileError(f"it holds arrays that belong to no layer: {', '.join(sorted(unused))[:100]}.")
    return model


def _values(model: Model, arrays: dict[str, np.ndarray], prefix: str = "") -> dict[str, np.ndarray]:
    """The network's values out of the file's arrays, every one of them there and of the right shape."""
    found = {}
    own = get_values(model.network)
    for key, new, turned in _renamed(model.network):
        array = _array(arrays, prefix + new, own[key].T if turned else own[key])
        found[key] = np.array(array.T if turned else array, order="C")
    return found


def _array(arrays: dict[str, np.ndarray], name: str, like: np.ndarray) -> np.ndarray:
    array = arrays.get(name)
    if array is None or array.shape != like.shape or array.dtype != like.dtype:
        given = "missing" if array is None else f"{array.dtype} {array.shape}"
        raise FileError(f"array {name!r} is {given}, expected {like.dtype} {like.shape}.")
    return array


def _rows(content: dict[str, Any]) -> list[dict[str, float]]:
    rows = content.get("history")
    if not isinstance(rows, list):
        raise FileError("its history is not a list of rows.")
    for row in rows:
        numbers = isinstance(row, dict) and all(type(value) in (int, float) for value in row.values())
        if not numbers or type(row.get("epoch")) is not int or not 0 < row["epoch"] < 2**53:
            raise FileError(f"a row of its history is not a row of figures: {str(row)[:80]}")
    return list(rows)


def _state(
    model: Model, content: dict[str, Any], progress: dict[str, Any], arrays: dict[str, np.ndarray]
) -> TrainingState:
    """Where training stood, every field of it checked against `model`."""
    whole: dict[str, Any] = {name: progress.get(name) for name in ("epoch", "step")}
    if any(type(number) is not int or not 0 <= number < 2**53 for number in whole.values()):
        raise FileError(f"its progress is not that of a run: {str(whole)[:80]}")
    schedule: Any = progress.get("schedule")
    best_loss: Any = progress.get("best_loss")
    if not isinstance(schedule, dict) or type(best_loss) not in (int, float):
        raise FileError("its progress names no schedule or no best loss.")
    own = get_values(model.network, "params")
    slots = {
        f"{slot}/{key}": _array(arrays, f"slots/{slot}/{key}", value)
        for slot in model.optimizer.slots
        for key, value in own.items()
    }
    best = _values(model, arrays, "best/") if any(name.startswith("best/") for name in arrays) else {}
    known = {f"slots/{key}" for key in slots} | {f"best/{new}" for _, new, _ in _renamed(model.network) if best}
    unused = {name for name in arrays if name.startswith(_EXTRAS)} - known
    if unused:
        raise FileError(f"it holds arrays that belong to no part of a run: {', '.join(sorted(unused))[:100]}.")
    if schedule and isinstance(model.optimizer.schedule, Schedule):
        try:
            model.optimizer.schedule.restore(schedule)
        except _UNFIT as error:
            raise FileError(f"its schedule cannot go on: {str(error)[:120]}") from None
    return TrainingState(
        epoch=whole["epoch"], step=whole["step"], slots=slots, schedule=schedule, best_loss=float(best_loss),
        best_values=best, rows=_rows(content),
    )  # fmt: skip


def load_checkpoint(model: Model, path: Path) -> tuple[TrainingState | None, dict[str, np.ndarray]]:
    """(training state, values) of the newest whole checkpoint at `path`; (None, {}) where there is none yet."""
    atomic.remove_leftovers(path)
    if not os.path.exists(path) and not os.path.exists(f"{os.fspath(path)}.1"):
        return None, {}
    arrays, metadata, skipped = atomic.read_newest(path)
    if arrays is None or metadata is None:
        raise FileError(f"No checkpoint at {path} can be read: {' '.join(why for _, why in skipped)}")
    for _, why in skipped:
        warnings.warn(f"A checkpoint cannot be read, training goes on from an older one. {why}", stacklevel=4)
    try:
        content, progress = _content(metadata, "model"), _content(metadata, "progress")
        expected = json.loads(_text(_metadata(model, [])))
        for name in ("network", "loss", "optimizer", "seed", "dtype"):
            if content.get(name) != expected[name]:
                raise FileError(
                    f"it was written by another {name}: {str(content.get(name))[:100]} there, {str(expected[name])[:100]} "
                    "here. Resume with the same settings, or give checkpoint= another file."
                )
        if content.get("version") != __version__:
            warnings.warn(
                f"{path} was written by pellucid {str(content.get('version'))[:20]}, this is {__version__}: training goes on, "
                "but perhaps not bit for bit as it would have there.",
                stacklevel=4,
            )
        values = _values(model, arrays)
        return _state(model, content, progress, arrays), values
    except FileError as error:
        raise FileError(f"{path}: {error}") from None
