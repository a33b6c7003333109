"""One pass of a network over a few samples, every number of it written down.

The pass is the library's own (`pellucid.step.Pass`), run in float64 on copies. What each layer takes and returns is noted
as it goes in and out, so that a layer which keeps nothing for itself can be explained as well.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid import layers as kinds
from pellucid.errors import NonFiniteError
from pellucid.functions import sigmoid
from pellucid.glass.explain import forms
from pellucid.glass.explain.record import LayerRecord
from pellucid.glass.explain.sensitivity import sensitivity, unit_slopes
from pellucid.layer import Layer
from pellucid.losses import Loss
from pellucid.network import apart, own_arrays, working_copy
from pellucid.randomness import Draws
from pellucid.step import Pass

_RULES: dict[type[Layer], str] = {
    kinds.Dense: "dense",
    kinds.Flatten: "reshape",
    kinds.Reshape: "reshape",
    kinds.Softmax: "softmax",
    kinds.LayerNorm: "layernorm",
    kinds.BatchNorm: "batchnorm",
    kinds.OrderedQuantiles: "quantiles",
    kinds.Sequential: "chain",
    kinds.Residual: "residual",
}


@dataclass
class Seen:
    """What one layer took and returned, forward and backward."""

    inputs: Any = None
    output: Any = None
    doutput: Any = None
    dinputs: Any = None


def _watch(layer: Layer, seen: Seen) -> None:
    """Note what goes in and out of a run copy."""
    forward, backward = layer.forward, layer.backward

    def noting_forward(inputs: Any) -> Any:
        seen.inputs, seen.output = inputs, _array(forward(inputs))  # float64, whatever a layer of one's own returns
        return seen.output

    def noting_backward(doutput: Any) -> Any:
        seen.doutput, seen.dinputs = doutput, _array(backward(doutput))
        return seen.dinputs

    layer.forward = noting_forward  # type: ignore[method-assign]
    layer.backward = noting_backward  # type: ignore[method-assign]


def _unwatch(network: Layer) -> None:
    for _, layer in network.walk():
        for name in ("forward", "backward"):
            vars(layer).pop(name, None)


def double(values: dict[str, Any]) -> dict[str, Any]:
    """Copies in float64."""
    return {key: np.array(value, np.float64) for key, value in values.items()}


@dataclass
class Passed:
    """A pass that is over: the layers as records, and what its loss is."""

    layers: tuple[LayerRecord, ...]
    outputs: np.ndarray
    loss: Loss | None = None  # the run copy, the pair where last layer and loss are one
    value: float = 0.0  # penalties included
    penalty: float = 0.0


def run(network: Any, values: dict[str, Any], loss: Loss | None, x: Any, y: Any, training: bool, seed: int) -> Passed:
    """Forward, and with a `loss` backward: `x` (B, ...) in float64, `y` as the loss takes it, masks as in step 0."""
    draws, network = Draws(seed), apart(network, double(values))
    step = None if loss is None else Pass(network, own_arrays(loss.run_copy()), draws)
    body: Any = working_copy(network, training, draws) if step is None else step.network
    for _, layer in body.walk():
        layer.training, layer.needs_dinputs = training, True
    if step is not None and step.fused:
        step.body = kinds.Sequential(*body.layers[:-1])
    seen = {path: Seen() for path, _ in body.walk() if path}
    for path, layer in body.walk():
        if path:
            _watch(layer, seen[path])
    try:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            outputs, value = _go(step, body, x, y)
    finally:
        _unwatch(body)
    if step is None:
        records = _records(body, seen, False)
        _check_finite(records, value)
        return Passed(records, outputs)
    if step.fused:
        pair: Any = step.loss
        last = seen[str(len(body.layers) - 1)]
        last.inputs = pair.outputs
        last.output = body.layers[-1].run_copy().forward(pair.outputs)
        last.dinputs = seen[str(len(body.layers) - 2)].doutput if len(body.layers) > 1 else None
    records = _records(body, seen, True)
    if step.fused:
        records[-1].fused = True
    _check_finite(records, value)
    penalty = float(step.body.penalty()) if step.penalized else 0.0
    return Passed(records, outputs, step.loss, value, penalty)


def _go(step: Pass | None, body: Any, x: Any, y: Any) -> tuple[np.ndarray, float]:
    if step is None:
        return np.asarray(body.forward(x)), 0.0
    value = float(step.run(x, y))
    return np.asarray(step.outputs() if step.fused else step.body.output), value


def _records(body: Any, seen: dict[str, Seen], backward: bool) -> tuple[LayerRecord, ...]:
    records = tuple(_record(str(number), layer, seen, backward) for number, layer in enumerate(body.layers))
    _link(records)
    first = records
    while first:
        first[0].first = True
        first = first[0].layers if first[0].rule == "chain" else ()
    return records


def _record(path: str, layer: Layer, seen: dict[str, Seen], backward: bool) -> LayerRecord:
    noted = seen[path]
    inner = tuple(
        _record(f"{path}.{number}", child, seen, backward)
        for number, child in enumerate(layer.layers)
        if seen[f"{path}.{number}"].output is not None
    )
    record = LayerRecord(
        path, layer, _RULES.get(type(layer), ""), _array(noted.inputs), _array(noted.output), layers=inner
    )
    if backward and noted.doutput is not None:
        record.doutput, record.dinputs = _array(noted.doutput), _array(noted.dinputs)
        record.gradients = {name: _array(getattr(layer, "d" + name)) for name in layer.params}
    elif noted.dinputs is not None:
        record.dinputs = _array(noted.dinputs)
    if not record.rule:
        _find_rule(record)
    if record.rule in _FACTS:
        _FACTS[record.rule](record)
    return record


def _array(value: Any) -> Any:
    """A copy in float64: a layer that writes into arrays of its own changes no number that is written down."""
    return None if value is None else np.array(value, np.float64)


def _find_rule(record: LayerRecord) -> None:
    """For a layer without a rule of its own: elementwise where formulas are known or its backward says so."""
    layer, backward = record.layer, record.doutput is not None
    formulas, slope = forms.known(layer, record.inputs), None
    if formulas is not None:
        pieces, constants = formulas
        record.facts = {"pieces": [piece.as_dict() for piece in pieces], "constants": constants}
        slope = layer.run_copy().backward(np.ones_like(record.output)) if backward else None
    elif backward:
        slope = unit_slopes(layer, record.output, record.inputs.shape)
    record.rule = "elementwise" if formulas is not None or slope is not None else "general"
    if slope is not None:
        record.facts["slope"] = np.array(slope)
    elif record.rule == "general" and record.doutput is not None:
        record.facts["sensitivity"] = sensitivity(layer, record.doutput)


def _dense(record: LayerRecord) -> None:
    layer: Any = record.layer
    record.facts = {
        "l1": {"weights": layer.weight_l1, "biases": layer.bias_l1},
        "l2": {"weights": layer.weight_l2, "biases": layer.bias_l2},
    }


def _layernorm(record: LayerRecord) -> None:
    layer: Any = record.layer
    mean = record.inputs.mean(axis=-1, keepdims=True)
    variance = ((record.inputs - mean) ** 2).mean(axis=-1, keepdims=True)
    record.facts = {"mean": mean, "variance": variance, "epsilon": layer.epsilon}
    record.facts |= {"inverse_std": np.asarray(layer.inverse_std), "normalized": np.asarray(layer.normalized)}


def _batchnorm(record: LayerRecord) -> None:
    layer: Any = record.layer
    if layer.of_batch:
        mean, variance = record.inputs.mean(axis=layer.over), record.inputs.var(axis=layer.over)
    else:
        mean, variance = layer.running_mean, layer.running_variance
    record.facts = {"of_batch": bool(layer.of_batch), "mean": mean, "variance": variance, "epsilon": layer.epsilon}
    record.facts |= {"inverse_std": np.asarray(layer.inverse_std), "normalized": np.asarray(layer.normalized)}


def _quantiles(record: LayerRecord) -> None:
    layer: Any = record.layer
    place = np.arange(record.inputs.shape[-1]) % layer.per_target
    slope = np.where(place == (layer.per_target - 1) // 2, 1.0, sigmoid(record.inputs))
    record.facts = {"per_target": layer.per_target, "slope": slope}


_FACTS: dict[str, Callable[[LayerRecord], None]] = {
    "dense": _dense,
    "layernorm": _layernorm,
    "batchnorm": _batchnorm,
    "quantiles": _quantiles,
}


def _link(records: tuple[LayerRecord, ...]) -> None:
    """Tell each layer of a chain which elementwise layer takes its output: their factors are printed side by side."""
    for record in records:
        if record.rule in ("chain", "residual"):  # what another composite does with its layers' outputs is not known
            _link(record.layers)
    for record, after in itertools.pairwise(records):
        if after.rule == "elementwise" and after.doutput is not None:
            record.after = after
        if record.rule == "elementwise":
            after.before = record


def _check_finite(records: tuple[LayerRecord, ...], value: float) -> None:
    """Refuse what cannot add up, naming the first place on the way forward, then on the way back."""
    for what, order in (("output", records), ("dinputs", records[::-1])):
        for record in order:
            array = getattr(record, what)
            if array is not None and not np.isfinite(array).all():
                raise NonFiniteError(
                    f"Layer {record.path}, {record.layer!r}: its {what} holds NaN or infinity for these samples, and "
                    "nothing adds up with those. Usual causes: a learning rate that was too high, inputs not scaled."
                )
        if not np.isfinite(value):
            raise NonFiniteError(
                f"The loss of these samples is {value}: nothing adds up with that. Look at the targets."
            )
