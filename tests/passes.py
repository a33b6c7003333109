"""How the checks of layers run them: passes over a row's layer, and all that a pass gives back, by name."""

from typing import Any

import numpy as np

from cases import LayerCase, doutput, inputs, prepared
from pellucid.layer import Layer

Results = dict[str, np.ndarray]


def values(layer: Layer, kind: str) -> Results:
    """The arrays of the layer and everything inside it that `kind`, "params" or "state", names."""
    return {f"{path}.{name}": getattr(inner, name) for path, inner in layer.walk() for name in getattr(inner, kind)}


def put_state(layer: Layer, state: Results) -> None:
    for path, inner in layer.walk():
        for name in inner.state:
            setattr(inner, name, state[f"{path}.{name}"])


def set_mode(layer: Layer, training: bool) -> None:
    for _, inner in layer.walk():
        inner.training = training


def one_pass(layer: Layer, x: np.ndarray, dy: np.ndarray) -> Results:
    """Everything that a forward and a backward pass give back, by name."""
    results = {"output": layer.forward(x), "dinputs": layer.backward(dy)}
    for path, inner in layer.walk():
        results |= {f"{path}.d{name}": getattr(inner, "d" + name) for name in inner.params}
    return results | values(layer, "state")


def setting(case: LayerCase, dtype: Any = np.float64) -> tuple[Layer, np.ndarray, np.ndarray]:
    """(layer, inputs, doutput) of a row; the layer has not run yet."""
    x = inputs(case, dtype)
    shape = prepared(case, dtype).forward(x).shape
    return prepared(case, dtype), x, doutput(case, shape, dtype)


def assert_same(given: Results, expected: Results, rtol: float = 0.0) -> None:
    assert given.keys() == expected.keys(), f"{sorted(given)}, expected {sorted(expected)}"
    for name, array in expected.items():
        scale = float(np.abs(array).max(initial=0.0))
        np.testing.assert_allclose(given[name], array, rtol=rtol, atol=rtol * scale, err_msg=name)


def same_attributes(thing: Any, before: dict[str, Any]) -> bool:
    """Whether `thing` has the very objects as attributes that it had before."""
    now = {**vars(thing)}
    return now.keys() == before.keys() and all(now[name] is value for name, value in before.items())
