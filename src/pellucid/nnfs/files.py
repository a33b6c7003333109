"""Files of the book's models: pellucid's container, in place of pickle.

`pickle.load` runs whatever a file says. Here a file holds arrays and known names with numbers; an unknown name is an error.
The optimiser's running averages are not kept: to go on exactly where training stopped, use `pellucid.Model` and its
checkpoints.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from pellucid.errors import FileError, InputError, PellucidError
from pellucid.exchange import atomic, container
from pellucid.nnfs import accuracy, layers, losses, optimizers


def _named(module: Any, prefix: tuple[str, ...]) -> dict[str, Any]:
    return {name: made for name, made in vars(module).items() if name.startswith(prefix) and isinstance(made, type)}


_MAKERS: dict[str, dict[str, Any]] = {
    "layer": _named(layers, ("Layer_", "Activation_")),
    "loss": _named(losses, ("Loss_",)),
    "optimizer": _named(optimizers, ("Optimizer_",)),
    "accuracy": _named(accuracy, ("Accuracy_",)),
}


def _describe(kind: str, thing: Any) -> Any:
    if thing is None:
        return None
    name = type(thing).__name__
    if _MAKERS[kind].get(name) is not type(thing):
        raise InputError(
            f"{name} is a class of your own, and a file holds none of your code. Keep the weights with "
            "model.save_parameters(path), build the model in your script again, and call load_parameters(path)."
        )
    arguments = thing.config() if hasattr(thing, "config") else {}
    return {kind: name, "arguments": {key: _plain(value) for key, value in arguments.items()}}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _rebuild(kind: str, text: Any) -> Any:
    """The inverse of `_describe`: a known name with numbers and text, nothing else."""
    if text is None:
        return None
    name, arguments = text[kind], text["arguments"]
    if name not in _MAKERS[kind] or set(text) != {kind, "arguments"}:
        raise FileError(f"the file holds the {kind} {str(name)[:60]!r}, which is not known.")
    if not all(isinstance(value, (bool, int, float, str)) for value in arguments.values()):
        raise FileError(f"the arguments of {name} are not numbers.")
    return _MAKERS[kind][name](**arguments)


def _arrays(parameters: list[Any]) -> dict[str, np.ndarray]:
    return {
        f"{number}.{name}": np.asarray(array)
        for number, pair in enumerate(parameters)
        for name, array in zip(("weights", "biases"), pair, strict=True)
    }


def save_parameters(parameters: list[Any], path: Any) -> None:
    """Write pairs (weights, biases) to `path`, whole or not at all."""
    atomic.write_atomic(
        path, container.encode(_arrays(parameters), {"nnfs": json.dumps({"parameters": len(parameters)})})
    )


def load_parameters(path: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """The pairs in a file that `save_parameters` or `save` wrote."""
    return _pairs(*_read(path), path)


def save(model: Any, path: Any) -> None:
    """Write a whole model to `path`."""
    parameters = model.get_parameters()
    content = {
        "parameters": len(parameters),
        "layers": [_describe("layer", layer) for layer in model.layers],
        "loss": _describe("loss", model.loss),
        "optimizer": _describe("optimizer", model.optimizer),
        "accuracy": _describe("accuracy", model.accuracy),
        "precision": _plain(getattr(model.accuracy, "precision", None)),
    }
    atomic.write_atomic(path, container.encode(_arrays(parameters), {"nnfs": json.dumps(content)}))


def load(model: Any, path: Any) -> Any:
    """Fill the empty `model` from the file at `path`, and finalize it."""
    arrays, content = _read(path)
    drawing = np.random.get_state()  # layers draw weights when they are made; that must not move the user's draws on
    try:
        pairs = _pairs(arrays, content, path)
        described = list(content["layers"])
        _check_sizes(described, pairs)
        for text in described:
            model.add(_rebuild("layer", text))
        model.set(**{kind: _rebuild(kind, content[kind]) for kind in ("loss", "optimizer", "accuracy")})
        if content["precision"] is not None:
            model.accuracy.precision = float(content["precision"])
        model.finalize()
        for layer, (weights, biases) in zip(model.trainable_layers, pairs, strict=True):
            layer.weights, layer.biases = layer.weights.astype(weights.dtype), layer.biases.astype(biases.dtype)
        model.set_parameters(pairs)
    except FileError as error:
        raise FileError(f"{path}: {error}") from None
    except (PellucidError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise FileError(f"{path} does not describe a model of the book's kind: {str(error)[:160]}") from None
    finally:
        np.random.set_state(drawing)
    return model


def _check_sizes(described: list[Any], pairs: list[Any]) -> None:
    """Refuse a description that asks for other sizes than the file's arrays have, before anything is allocated."""
    dense = [text["arguments"] for text in described if text["layer"] == "Layer_Dense"]
    asked = [(arguments["n_inputs"], arguments["n_neurons"]) for arguments in dense]
    if asked != [weights.shape for weights, _ in pairs]:
        raise FileError("its layers do not have the sizes of its arrays.")


def _read(path: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    try:
        arrays, metadata = container.read(path)
    except FileError as error:
        if _looks_pickled(path):
            raise FileError(
                f"{path} is a pickle, which runs whatever its writer wants when it is loaded, so pellucid does not. If it is "
                "your own, unpickle it yourself, hand the arrays to model.set_parameters([(weights, biases), ...]), and save."
            ) from None
        raise error
    try:
        content = json.loads(metadata["nnfs"])
        assert isinstance(content, dict)
    except (KeyError, ValueError, RecursionError, AssertionError):
        raise FileError(f"{path} was not written by a model of pellucid.nnfs; pellucid.load reads others.") from None
    return arrays, content


def _pairs(arrays: dict[str, np.ndarray], content: dict[str, Any], path: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    count = len(arrays) // 2
    names = {f"{number}.{name}" for number in range(count) for name in ("weights", "biases")}
    if set(arrays) != names or content.get("parameters") != count:
        raise FileError(f"{path}: its arrays are not pairs of weights and biases.")
    return [(arrays[f"{number}.weights"], arrays[f"{number}.biases"]) for number in range(count)]


def _looks_pickled(path: Any) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(1) == b"\x80"
    except OSError:
        return False
