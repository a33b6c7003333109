"""What holds for a whole network: its values, its working copies, its checks, its summary."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.errors import ContractError, DataError
from pellucid.layer import Layer, check_contract
from pellucid.layers import Sequential
from pellucid.randomness import Draws, generator

Values = dict[str, Array]


def build(layers: Iterable[Any], seed: int, dtype: Any) -> Sequential:
    """The chain of `layers`, checked, with initial weights that depend on (seed, layer) and values of `dtype`.

    A layer whose weights were changed after it was made (set by hand, trained, loaded) keeps them.
    """
    layers = tuple(layers)
    if not layers:
        raise ContractError(
            "A network needs at least one layer: pellucid.Model(Dense(2, 64), ReLU(), Dense(64, 3), ...)."
        )
    network = Sequential(*layers)
    _check_all(network)
    _refuse_shared(network)
    for number, (_, layer) in enumerate(network.walk()):
        if layer.params and _as_drawn(layer):
            layer.initialize(generator(seed, "weights", number))
        for name, value in layer.values().items():
            setattr(layer, name, np.asarray(value, dtype))
    return network


def _check_all(layer: Any) -> None:
    check_contract(layer)
    for child in layer.layers:
        _check_all(child)


def _refuse_shared(network: Layer) -> None:
    seen: dict[int, str] = {}
    for path, layer in network.walk():
        if id(layer) in seen:
            raise ContractError(
                f"The same {type(layer).__name__} object is used twice, as layer {seen[id(layer)]} and as layer {path}. "
                f"Its gradient would be silently wrong. Make a second one: {layer!r}."
            )
        seen[id(layer)] = path


def _as_drawn(layer: Layer) -> bool:
    """Whether a layer's own parameters are still the ones that its constructor drew."""
    fresh = layer.run_copy()
    fresh.initialize(generator(0, "weights"))
    return all(np.array_equal(getattr(layer, name), getattr(fresh, name)) for name in layer.params)


def named(network: Layer, kind: str = "both") -> Iterator[tuple[str, Layer, str]]:
    """(key, layer, name) of every parameter, state or both, in order; keys are such as "0.weights"."""
    for path, layer in network.walk():
        names = layer.params if kind == "params" else layer.state if kind == "state" else (*layer.params, *layer.state)
        for name in names:
            yield f"{path}.{name}" if path else name, layer, name


def get_values(network: Layer, kind: str = "both") -> Values:
    """Every parameter and state array of the network by its key. The arrays themselves, not copies."""
    return {key: getattr(layer, name) for key, layer, name in named(network, kind)}


def set_values(network: Layer, values: Values) -> None:
    """Put the arrays of `values` on the layers they are named for."""
    for key, layer, name in named(network):
        if key in values:
            setattr(layer, name, values[key])


def copied(values: Values) -> dict[str, np.ndarray]:
    """Fresh, writable NumPy arrays."""
    return {key: np.array(value) for key, value in values.items()}


def working_copy(network: Layer, training: bool, draws: Draws | None = None) -> Any:
    """A run copy of the whole network, told whether it trains and where its random bits come from."""
    run = network.run_copy()
    for number, (_, layer) in enumerate(run.walk()):
        layer.training = training
        if draws is not None:
            layer.draws = draws.of(number)
    return run


def apart(network: Layer, values: Values | None = None) -> Any:
    """A run copy, with `values` where given, that shares no array with `network` or with them: for who only looks.

    A layer of the user's may change its state in place (``self.steps += 1``); on such a copy it changes nobody else's.
    """
    run = network.run_copy()
    set_values(run, values or {})
    for _, layer in run.walk():
        own_arrays(layer)
    return run


def own_arrays(part: Any) -> Any:
    """The run copy of a layer or a loss, now with arrays of its own."""
    for name, value in list(vars(part).items()):
        setattr(part, name, _own(value))
    return part


def _own(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) is tuple:
        return tuple(map(_own, value))
    if isinstance(value, (dict, list, set, bytearray, np.random.Generator)):  # the first four are against the contract
        return copy.deepcopy(value)
    return value


def count_outputs(network: Layer, inputs: np.ndarray) -> int:
    """How many values the network returns for a row; a layer's complaint about its shapes comes with its place."""
    x = inputs[:1]
    run = working_copy(apart(network), training=False)
    for number, layer in enumerate(run.layers):
        try:
            with np.errstate(all="ignore"):  # only shapes matter here
                x = layer.forward(x)
        except DataError as error:
            raise DataError(f"Layer {number}: {error}") from None
        except ValueError as error:
            raise DataError(f"Layer {number}, {layer!r}, cannot take shape {tuple(x.shape)}: {error}") from None
        if x is None:
            raise ContractError(
                f"Layer {number}, {type(layer).__name__}: forward returned nothing. End with return self.output."
            )
    return int(x.shape[-1])


def shapes(network: Layer, inputs: np.ndarray) -> list[tuple[str, Layer, tuple[int, ...]]]:
    """(path, layer, shape of one sample's output) of every layer, from a pass over `inputs`."""
    run = working_copy(apart(network), training=False)
    run.forward(inputs)
    return [(path, layer, tuple(layer.output.shape[1:])) for path, layer in run.walk() if path]


def summary(network: Layer) -> str:
    """The layers and their numbers of parameters, as text."""
    rows = [("layer", "", "parameters")]
    total = 0
    for path, layer in network.walk():
        own = sum(int(getattr(layer, name).size) for name in layer.params)
        total += own
        if path:
            rows.append((path, "  " * path.count(".") + repr(layer), f"{own:,}" if own else ""))
    rows.append(("", "total", f"{total:,}"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}".rstrip() for a, b, c in rows)
