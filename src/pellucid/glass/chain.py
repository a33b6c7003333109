"""A network as what a drawing shows: columns of units, with the weights that lead to each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.layer import Layer
from pellucid.layers import Residual, Sequential


@dataclass
class Column:
    """Units side by side.

    `units`: how many, None where only data would tell; `labels`: the layers that make them; `path` of the first of
    those; `weights` (I, O) and `biases` (O,) that lead here from the column before; `parameters` of all its layers;
    `skip`: the number of the column whose values are added to these.
    """

    units: int | None
    labels: list[str] = field(default_factory=list)
    path: str = ""
    weights: np.ndarray | None = None
    biases: np.ndarray | None = None
    parameters: int = 0
    skip: int | None = None


def columns(network: Layer) -> list[Column]:
    """The columns of a network, its inputs first."""
    found = [Column(_first_units(network), ["inputs"])]
    _extend(found, network.layers if isinstance(network, Sequential) else (network,), "")
    return found


def _first_units(layer: Layer) -> int | None:
    """How many inputs a network takes, where its first layer that knows says so."""
    for _, one in layer.walk():
        if one.layers:
            continue
        for name in ("n_inputs", "n_features"):
            if isinstance(getattr(one, name, None), int):
                return int(getattr(one, name))
        if one.params or type(one).__name__ in ("Flatten", "Reshape"):
            return None
    return None


def _extend(found: list[Column], layers: Iterable[Layer], path: str) -> None:
    for number, layer in enumerate(layers):
        here = f"{path}.{number}" if path else str(number)
        if type(layer) is Sequential:
            _extend(found, layer.layers, here)
        elif type(layer) is Residual:
            start = len(found) - 1
            _extend(found, layer.layers, here)
            if len(found) - 1 > start:
                found[-1].skip = start
            found[-1].labels.append("+ short cut")
        else:
            _add(found, layer, here)


def _add(found: list[Column], layer: Layer, path: str) -> None:
    """One layer that has no layers of its own to show: a new column, or a line more over the last one."""
    weights, count = _matrix(layer), _parameters(layer)
    if weights is not None:
        if found[-1].units is None and len(found) == 1:
            found[0].units = weights.shape[0]
        elif found[-1].units != weights.shape[0]:
            found.append(Column(weights.shape[0], ["values"], path))
        biases = getattr(layer, "biases", None)
        kept = biases if isinstance(biases, np.ndarray) and biases.shape == weights.shape[1:] else None
        found.append(Column(weights.shape[1], [repr(layer)], path, weights, kept, count))
    elif any(np.ndim(getattr(layer, name)) > 1 for name in layer.params) or layer.layers:
        found.append(Column(None, [repr(layer)], path, parameters=count))
    else:
        found[-1].labels.append(repr(layer))
        found[-1].parameters += count


def _matrix(layer: Layer) -> np.ndarray | None:
    """A layer's weights where they lead from every input to every unit."""
    weights: Any = getattr(layer, "weights", None)
    if "weights" not in layer.params or not isinstance(weights, np.ndarray) or weights.ndim != 2:
        return None
    return weights if weights.shape == (getattr(layer, "n_inputs", None), getattr(layer, "n_neurons", None)) else None


def _parameters(layer: Layer) -> int:
    return sum(int(getattr(one, name).size) for _, one in layer.walk() for name in one.params)
