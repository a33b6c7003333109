"""What stands in a model file, and what is taken back from one: arrays by PyTorch's names, everything else as JSON."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from pellucid import __version__
from pellucid.errors import FileError, InputError, PellucidError
from pellucid.exchange import container
from pellucid.exchange.description import KNOWN, OWN, describe, is_known
from pellucid.layer import Layer
from pellucid.model import Model
from pellucid.network import get_values, named

Path = str | os.PathLike[str]

_TORCH_NAMES = {
    "weights": "weight", "biases": "bias", "gamma": "weight", "beta": "bias", "running_variance": "running_var",
}  # fmt: skip
UNFIT = (
    PellucidError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError, MemoryError,
)  # fmt: skip
EXTRAS = ("best/", "slots/")  # how the names of a checkpoint's other arrays begin


def arrays_of(network: Layer, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The values under PyTorch's names and in its shapes."""
    return {new: (values[key].T if turned else values[key]) for key, new, turned in renamed(network)}


def renamed(network: Layer) -> list[tuple[str, str, bool]]:
    """(key here, key in the file, whether transposed) of every value. Layers of the user keep their own names."""
    result = []
    for key, layer, name in named(network):
        known = is_known("layer", layer)
        new = _TORCH_NAMES.get(name, name) if known else name
        result.append((key, key[: len(key) - len(name)] + new, known and name == "weights"))
    return result


def metadata_of(model: Model, history: list[dict[str, float]]) -> dict[str, Any]:
    """Everything about `model` but its arrays, as JSON knows it."""
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


def table_of(model: Model) -> dict[str, str]:
    """The columns that the inputs come from, for the metadata, where the network was trained on a table."""
    if model.table is None:
        return {}
    try:
        return {"table": json.dumps(model.table, separators=(",", ":"), allow_nan=False)}
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"model.table cannot be saved: {error}. It holds plain JSON only, as pellucid.tables writes it."
        ) from None


def text(content: dict[str, Any]) -> str:
    """`content` as JSON, as short as it goes."""
    return json.dumps(content, separators=(",", ":"), allow_nan=True)


def content_of(metadata: dict[str, str], name: str) -> dict[str, Any]:
    """The part of the metadata called `name`, parsed."""
    if name not in metadata:
        raise FileError(f"it holds no {name!r}: it was not written by pellucid, or is no checkpoint.")
    return container.parse(metadata[name])


def values_of(model: Model, arrays: dict[str, np.ndarray], prefix: str = "") -> dict[str, np.ndarray]:
    """The network's values out of the file's arrays, every one of them there and of the right shape."""
    found = {}
    own = get_values(model.network)
    for key, new, turned in renamed(model.network):
        array = array_of(arrays, prefix + new, own[key].T if turned else own[key])
        found[key] = np.array(array.T if turned else array, order="C")
    return found


def array_of(arrays: dict[str, np.ndarray], name: str, like: np.ndarray) -> np.ndarray:
    """The array called `name`, of the shape and dtype of `like`."""
    array = arrays.get(name)
    if array is None or array.shape != like.shape or array.dtype != like.dtype:
        given = "missing" if array is None else f"{array.dtype} {array.shape}"
        raise FileError(f"array {name!r} is {given}, expected {like.dtype} {like.shape}.")
    return array


def is_figure(value: Any) -> bool:
    """Whether `value` is a number that a float can hold; JSON knows whole numbers without end."""
    return type(value) is float or (type(value) is int and abs(value) <= 2**1023)


def rows_of(content: dict[str, Any]) -> list[dict[str, float]]:
    """The history in a file, every row of it figures."""
    rows = content.get("history")
    if not isinstance(rows, list):
        raise FileError("its history is not a list of rows.")
    for row in rows:
        numbers = isinstance(row, dict) and all(map(is_figure, row.values()))
        if not numbers or type(row.get("epoch")) is not int or not 0 < row["epoch"] < 2**53:
            raise FileError(f"a row of its history is not a row of figures: {str(row)[:80]}")
    return list(rows)
