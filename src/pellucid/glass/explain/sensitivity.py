"""What a layer does with a gradient, asked of the layer itself: its backward, one output at a time.

By the chain rule ``dinputs = sum_k doutput[k] * (d output[k] / d inputs)``, and a backward pass with 1 at output k and 0
elsewhere *is* ``d output[k] / d inputs``. So the factors of any layer can be had without knowing its formula, and have to
multiply out to what its backward gave for the real gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.layer import Layer

MOST = 64  # outputs asked for one at a time; the rest together


def unit_slopes(layer: Layer, output: np.ndarray, dinputs_shape: tuple[int, ...]) -> np.ndarray | None:
    """The derivative of every entry where `layer` takes each by itself, found out by trial; None where it does not."""
    if layer.params or layer.layers or output.shape != dinputs_shape:
        return None
    ones, _, _ = _answer(layer, np.ones_like(output))
    probe = np.cos(np.arange(1.0, output.size + 1.0)).reshape(output.shape)  # every entry another one
    found, _, _ = _answer(layer, probe)
    if found.shape != output.shape or not np.allclose(found, probe * ones, rtol=1e-6, atol=1e-12):
        return None
    for k in np.linspace(0, output.size - 1, min(output.size, 8)).astype(int):  # one at a time moves nothing else
        single = np.zeros(output.size)
        single[k] = 1.0
        alone, _, _ = _answer(layer, single.reshape(output.shape))
        alone = alone.reshape(-1)
        if abs(np.delete(alone, k)).max(initial=0.0) > 1e-9 * max(1.0, abs(alone[k])):
            return None
    return ones


def sensitivity(layer: Layer, doutput: np.ndarray) -> dict[str, Any]:
    """The factors of a general layer.

    ``outputs``: the entries of the flat output asked for alone, those with the largest gradient; ``inputs``: for each of
    them the derivative for every input, (outputs, *inputs.shape); ``parameters``: the same by parameter (one inside
    under its path), (outputs, *shape); ``alone``: each parameter's gradient where no gradient arrives: the penalty's;
    ``rest``: what all the other outputs give together, by "inputs" and parameter.
    """
    flat = doutput.reshape(-1)
    asked = np.sort(np.argsort(-np.abs(flat), kind="stable")[:MOST])
    none, alone, _ = _answer(layer, np.zeros_like(doutput))
    inputs, parameters = [], []
    for k in asked:
        single = np.zeros_like(flat)
        single[k] = 1.0
        back, gradients, _ = _answer(layer, single.reshape(doutput.shape))
        inputs.append(back - none)
        parameters.append({name: gradients[name] - alone[name] for name in alone})
    others = flat.copy()
    others[asked] = 0.0
    back, gradients, _ = _answer(layer, others.reshape(doutput.shape))
    return {
        "outputs": asked,
        "inputs": np.array(inputs),
        "parameters": {name: np.array([each[name] for each in parameters]) for name in alone},
        "alone": {"inputs": none, **alone},
        "rest": {"inputs": back - none, **{name: gradients[name] - alone[name] for name in alone}},
        "left": int(flat.size - len(asked)),
    }


def _answer(layer: Layer, doutput: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray], Layer]:
    """(dinputs, the gradient of every parameter in it by path and name) of one backward pass on a copy."""
    run = layer.run_copy()
    dinputs = np.array(run.backward(doutput))
    gradients = {
        f"{path}.{name}" if path else name: np.array(getattr(inner, "d" + name))
        for path, inner in run.walk()
        for name in inner.params
    }
    return dinputs, gradients, run
