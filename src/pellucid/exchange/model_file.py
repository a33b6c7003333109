"""The model file: one .safetensors file with the arrays, and the network as known names with numbers.

Nothing in a file is ever run. The network is a list of layer names of this library (or of classes that the reader hands
over) with numbers and text as arguments; an unknown name is an error, and there is no laxer reader to fall back to.
Arrays have the names and shapes of PyTorch (``0.weight`` is (out, in)), so that other tools find what they expect.
A checkpoint is the same file with the optimiser's slots, the epoch and the best values so far.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid import __version__, initializers, layers, losses, optimizers, schedules
from pellucid.errors import FileError, InputError, PellucidError
from pellucid.exchange import atomic, container
from pellucid.layer import Layer
from pellucid.model import Model
from pellucid.network import get_values, named
from pellucid.training import History, TrainingState

Path = str | os.PathLike[str]

_TORCH_NAMES = {
    "weights": "weight", "biases": "bias", "gamma": "weight", "beta": "bias", "running_variance": "running_var",
}  # fmt: skip
_LAYERS = {name: getattr(layers, name) for name in layers.__all__ if name != "Layer"}
_LOSSES = {name: getattr(losses, name) for name in losses.__all__ if name != "Loss"}
_OPTIMIZERS = {name: getattr(optimizers, name) for name in optimizers.__all__ if name != "Optimizer"}
_MAKERS: dict[str, dict[str, Any]] = {
    "layer": _LAYERS, "loss": _LOSSES, "optimizer": _OPTIMIZERS, "schedule": dict(schedules.BY_NAME),
    "initializer": dict(initializers.BY_NAME),
}  # fmt: skip


# -- objects as known names with numbers -------------------------------------------------------------------------------


def describe(thing: Any) -> Any:
    """A layer, loss, optimiser, schedule, initializer or plain value as JSON: names, numbers, text and lists."""
    if isinstance(thing, Layer):
        return {"layer": type(thing).__name__, "arguments": describe(thing.config())}
    for kind, base in (("loss", losses.Loss), ("optimizer", optimizers.Optimizer), ("schedule", schedules.Schedule)):
        if isinstance(thing, base):
            return {kind: type(thing).__name__, "arguments": describe(thing.config())}
    if getattr(thing, "name", None) in initializers.BY_NAME:
        return {"initializer": thing.name, "arguments": describe(thing.settings)}
    if isinstance(thing, dict):
        return {key: describe(value) for key, value in thing.items()}
    if isinstance(thing, (tuple, list)):
        return [describe(value) for value in thing]
    if isinstance(thing, np.generic):
        thing = thing.item()
    if thing is None or isinstance(thing, (bool, int, float, str)):
        return thing
    raise InputError(
        f"{thing!r} cannot be saved: a model file holds numbers, text, and pellucid's own layers, losses, optimisers, "
        "schedules and initializers. Replace your function by a named one, or save model.values() yourself."
    )


def rebuild(text: Any, makers: dict[str, dict[str, Any]]) -> Any:
    """The inverse of `describe`, from known names only."""
    if isinstance(text, list):
        return tuple(rebuild(value, makers) for value in text)
    if not isinstance(text, dict):
        return text
    kinds = [kind for kind in makers if kind in text]
    if len(kinds) != 1 or set(text) != {kinds[0], "arguments"} or not isinstance(text["arguments"], dict):
        raise FileError(f"The file describes something that is not known: {str(text)[:80]}")
    kind, name = kinds[0], text[kinds[0]]
    if not isinstance(name, str) or name not in makers[kind]:
        raise FileError(
            f"The file holds the {kind} {str(name)[:60]!r}, which this version of pellucid ({__version__}) does not know. "
            + (
                f"If it is a class of yours, write pellucid.load(path, custom=[{str(name)[:60]}])."
                if kind == "layer"
                else ""
            )
        )
    arguments = {key: rebuild(value, makers) for key, value in text["arguments"].items()}
    children = arguments.pop("layers", ())
    try:
        return makers[kind][name](*children, **arguments)
    except PellucidError:
        raise
    except (TypeError, ValueError, AttributeError, ArithmeticError, LookupError) as error:
        raise FileError(f"The file's arguments do not fit {name}: {str(error)[:120]}") from None


def _limit(text: Any, depth: int = 0) -> None:
    """Refuse a description that would allocate before its arrays are looked at."""
    if depth > 50:
        raise FileError("The file nests layers more than 50 deep.")
    if isinstance(text, (dict, list)):
        for value in text.values() if isinstance(text, dict) else text:
            _limit(value, depth + 1)


# -- saving ------------------------------------------------------------------------------------------------------------


def _arrays(network: Layer, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The values under PyTorch's names and in its shapes."""
    return {new: (values[key].T if turned else values[key]) for key, new, turned in _renamed(network)}


def _renamed(network: Layer) -> list[tuple[str, str, bool]]:
    """(key here, key in the file, whether transposed) of every value. Layers of the user keep their own names."""
    result = []
    for key, layer, name in named(network):
        known = _LAYERS.get(type(layer).__name__) is type(layer)
        new = _TORCH_NAMES.get(name, name) if known else name
        result.append((key, key[: len(key) - len(name)] + new, known and name == "weights"))
    return result


def _metadata(model: Model, history: list[dict[str, float]]) -> dict[str, Any]:
    metrics = [name for name in model.metrics if name in _metric_names()]
    return {
        "version": __version__,
        "network": [describe(layer) for layer in model.layers],
        "loss": describe(model.loss),
        "optimizer": describe(model.optimizer),
        "metrics": metrics,
        "seed": model.seed,
        "dtype": model.dtype.name,
        "history": history,
    }


def _metric_names() -> Any:
    from pellucid import metrics

    return metrics.by_name


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":"), allow_nan=True)


def save(model: Model, path: Path) -> None:
    """Write `model` to `path`, whole or not at all. An earlier file stays until the new one is on the disk."""
    content = _metadata(model, model.history.epochs if model.history else [])
    arrays = _arrays(model.network, get_values(model.network))
    atomic.write_atomic(path, container.encode(arrays, {"model": _text(content)}))


def save_checkpoint(model: Model, path: Path, state: TrainingState, values: dict[str, np.ndarray]) -> None:
    """Write what training needs to go on; the checkpoint before is kept beside it as PATH.1."""
    content = _metadata(model, state.rows)
    progress = {"epoch": state.epoch, "step": state.step, "schedule": state.schedule, "best_loss": state.best_loss}
    arrays = _arrays(model.network, values)
    arrays |= (
        {f"best/{key}": value for key, value in _arrays(model.network, state.best_values).items()}
        if state.best_values
        else {}
    )
    arrays |= {f"slots/{key}": value for key, value in state.slots.items()}
    metadata = {"model": _text(content), "progress": _text(progress)}
    atomic.write_generations(path, container.encode(arrays, metadata))


# -- loading -----------------------------------------------------------------------------------------------------------


def load(path: Path, custom: Sequence[type[Layer]] = ()) -> Model:
    """The model in a file that `Model.save` or a checkpoint wrote.

    `custom`: your own layer classes that the file may name. Anything unknown, damaged or foreign is a `FileError`.
    """
    arrays, metadata = container.read(path)
    content = _content(metadata, "model", path)
    makers = {**_MAKERS, "layer": {**_LAYERS, **{kind.__name__: kind for kind in custom}}}
    try:
        _check_sizes(content["network"], arrays)
        model = Model(
            *rebuild(content["network"], makers),
            loss=rebuild(content["loss"], makers),
            optimizer=rebuild(content["optimizer"], makers),
            metrics=content["metrics"],
            seed=content["seed"],
            dtype=content["dtype"],
        )
        rows = content["history"]
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise FileError("The history in the file is not a list of rows.")
    except FileError as error:
        raise FileError(f"{path}: {error}") from None
    except (PellucidError, KeyError, TypeError, ValueError, AttributeError, RecursionError, MemoryError) as error:
        raise FileError(f"{path} does not describe a network that pellucid can build: {str(error)[:160]}") from None
    unused = {name for name in arrays if not name.startswith(("best/", "slots/"))} - {
        new for _, new, _ in _renamed(model.network)
    }
    if unused:
        raise FileError(f"{path} holds arrays that belong to no layer: {', '.join(sorted(unused))[:100]}.")
    model._write_back(_values(model, arrays, path))
    if rows:
        model.history = History()
        model.history.epochs = rows
    return model


def _check_sizes(description: Any, arrays: dict[str, np.ndarray]) -> None:
    """Refuse a description that asks for more numbers than the file's arrays hold, before anything is allocated."""
    _limit(description)
    held = sum(array.size for array in arrays.values())

    def asked(text: Any) -> int:
        if isinstance(text, list):
            return sum(asked(value) for value in text)
        if not isinstance(text, dict):
            return 0
        if isinstance(text.get("layer"), str) and isinstance(text.get("arguments"), dict):
            sizes = [v for k, v in text["arguments"].items() if k.startswith("n_") and type(v) is int and v > 0]
            product = 1
            for size in sizes:
                product *= size
            return (product if sizes else 0) + asked(text["arguments"].get("layers", []))
        return 0

    if asked(description) > held:
        raise FileError("The file describes a larger network than the arrays it holds.")


def _content(metadata: dict[str, str], name: str, path: Path) -> dict[str, Any]:
    if name not in metadata:
        raise FileError(f"{path} is a safetensors file, but holds no {name!r}: it was not written by pellucid.")
    try:
        content = json.loads(metadata[name])
    except (ValueError, RecursionError):
        raise FileError(f"{path}: its {name!r} text is not JSON; the file is damaged.") from None
    if not isinstance(content, dict):
        raise FileError(f"{path}: its {name!r} text is not an object; the file is damaged.")
    return content


def _values(model: Model, arrays: dict[str, np.ndarray], path: Path, prefix: str = "") -> dict[str, np.ndarray]:
    """The network's values out of the file's arrays, every one of them there and of the right shape."""
    found = {}
    own = get_values(model.network)
    for key, new, turned in _renamed(model.network):
        array = arrays.get(prefix + new)
        expected = own[key].T.shape if turned else own[key].shape
        if array is None or array.shape != expected or array.dtype != model.dtype:
            given = "missing" if array is None else f"{array.dtype} {array.shape}"
            raise FileError(f"{path}: array {prefix + new!r} is {given}, expected {model.dtype} {expected}.")
        found[key] = np.array(array.T if turned else array, order="C")
    return found


def load_checkpoint(model: Model, path: Path) -> tuple[TrainingState | None, dict[str, np.ndarray]]:
    """(training state, values) of the newest whole checkpoint at `path`; (None, {}) where there is none yet."""
    if not os.path.exists(path) and not os.path.exists(f"{os.fspath(path)}.1"):
        return None, {}
    arrays, metadata, skipped = atomic.read_newest(path)
    if arrays is None or metadata is None:
        raise FileError(f"No checkpoint at {path} can be read: {'; '.join(f'{name}: {why}' for name, why in skipped)}")
    content, progress = _content(metadata, "model", path), _content(metadata, "progress", path)
    expected = _metadata(model, [])
    for name in ("network", "loss", "optimizer", "seed", "dtype"):
        if content.get(name) != expected[name]:
            raise FileError(
                f"{path} was written by another {name}: {str(content.get(name))[:100]} there, {str(expected[name])[:100]} "
                "here. Resume with the same settings, or give checkpoint= another file."
            )
    try:
        state = TrainingState(
            epoch=int(progress["epoch"]), step=int(progress["step"]), schedule=dict(progress["schedule"]),
            best_loss=float(progress["best_loss"]), rows=list(content["history"]),
            slots={key[len("slots/"):]: array for key, array in arrays.items() if key.startswith("slots/")},
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise FileError(f"{path} is not a whole checkpoint: {error}") from None
    if any(key.startswith("best/") for key in arrays):
        state.best_values = _values(model, arrays, path, "best/")
    return state, _values(model, arrays, path)
