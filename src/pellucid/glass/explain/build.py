"""From a model and a few samples to the record of one pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.arrays import as_array, as_inputs
from pellucid.checks import is_ours, try_own_parts
from pellucid.errors import InputError
from pellucid.glass.explain import checks, passing, update
from pellucid.glass.explain.loss import LossRecord
from pellucid.glass.explain.record import LayerRecord, Record
from pellucid.losses import CategoricalCrossEntropy, Loss
from pellucid.network import apart, own_arrays
from pellucid.randomness import Draws
from pellucid.step import Pass

MOST_ROWS = 64


def make(model: Any, x: Any, y: Any, with_update: bool, training: bool) -> Record:
    """The pass that an explanation is written from. `y` None: the prediction alone."""
    inputs, targets = _samples(model, x, y)
    values = model.values()
    if targets is None:
        passed = passing.run(model.network, values, None, inputs, None, False, model.seed)
        return Record(False, model.dtype.name, inputs, passed.outputs, passed.layers)
    try_own_parts(model.network, model.loss, inputs, targets)
    passed = passing.run(model.network, values, model.loss, inputs, targets, training, model.seed)
    loss = _loss_record(model.loss, passed, targets)
    if passed.layers[-1].fused and passed.layers[-1].dinputs is None:
        passed.layers[-1].dinputs = loss.doutputs
    made = Record(training, model.dtype.name, inputs, passed.outputs, passed.layers, loss)
    made.agreement = _agreement(model, values, made, targets)
    if with_update:
        made.update = update.make(model.optimizer, model._standing(), values, made.gradients())
    return made


def _samples(model: Any, x: Any, y: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """A few rows in float64 (of values that the model's dtype has) and targets; a sample alone becomes one row."""
    array = as_array(x, "x")
    answer = None if y is None else as_array(y, "y")
    if array.ndim == 1 or (answer is not None and answer.ndim == 0):
        array, answer = array[None], None if answer is None else answer[None]
        if answer is not None and answer.ndim == 1 and not isinstance(model.loss, CategoricalCrossEntropy):
            answer = answer[None]
    inputs = as_inputs(array, model.dtype, "x")
    if len(inputs) > MOST_ROWS:
        raise InputError(
            f"explain got {len(inputs)} samples: expected one or a few, at most {MOST_ROWS}, such as explain(X[:3], y[:3])."
        )
    if answer is None:
        return inputs.astype(np.float64), None
    if model.loss is None:
        raise InputError(
            "This model has no loss, so y explains nothing: write explain(x), or give Model(..., loss=...)."
        )
    targets = model._targets(answer, inputs)
    return inputs.astype(np.float64), targets if targets.dtype.kind in "iu" else targets.astype(np.float64)


def _loss_record(given: Loss, passed: passing.Passed, targets: np.ndarray) -> LossRecord:
    loss: Any = passed.loss
    taken = passed.layers[-1].inputs if passed.layers[-1].fused else passed.layers[-1].output
    again = loss.run_copy()
    losses = np.asarray(again.forward(taken, targets), np.float64)
    slopes = np.asarray(again.backward(), np.float64)
    weights = loss.weights(targets)
    share = np.full(len(losses), 1.0 / len(losses))
    if weights is not None:
        share = weights.astype(np.float64) / (weights.astype(np.float64).sum() + 1e-30)
    rows = np.asarray(getattr(again, "targets", targets), np.float64)
    return LossRecord(
        again,
        repr(given),
        type(passed.layers[-1].layer).__name__ if passed.layers[-1].fused else "",
        taken,
        rows,
        losses,
        share,
        slopes,
        slopes * share.reshape(-1, *[1] * (slopes.ndim - 1)),
        passed.value,
        {path: value for path, value in _penalties(passed.layers) if value},
    )


def _penalties(layers: tuple[LayerRecord, ...]) -> list[tuple[str, float]]:
    """(path, penalty) of every layer; a composite of one's own may have a penalty over its layers'."""
    found = []
    for layer in layers:
        if layer.rule in ("chain", "residual"):
            found.extend(_penalties(layer.layers))
        else:
            found.append((layer.path, float(layer.layer.penalty())))
    return found


def _agreement(model: Any, values: dict[str, Any], made: Record, targets: np.ndarray) -> dict[str, float]:
    """How far the multiplied-out factors are from the library's own gradients, in float64 and as training has them."""
    assert made.loss is not None
    found = checks.multiplied_out(made.layers, made.loss.doutputs)
    own = all(is_ours(layer.layer) for layer in made.walk()) and is_ours(made.loss.loss)
    where = {
        f"{layer.path}.{name}": f"Look at the backward of layer {layer.path}, {layer.layer!r}, or a layer behind it: what it "
        "returns has to be proportional to its doutput."
        for layer in made.walk()
        for name in layer.layer.params
    }
    double = _gradients(model, passing.double(values), made.inputs, targets, made.training)
    worst = checks.compare(found, double, 1e-9 if own else 1e-4, where)
    agreement = {"float64": worst}
    if model.dtype != np.float64:
        single = targets if targets.dtype.kind in "iu" else targets.astype(model.dtype)
        trained = _gradients(model, values, made.inputs.astype(model.dtype), single, made.training)
        agreement[model.dtype.name] = _apart(double, trained)
    return agreement


def _apart(double: dict[str, np.ndarray], trained: dict[str, np.ndarray]) -> float:
    """The largest difference, relative to the largest gradient."""
    largest = max((float(np.abs(value).max(initial=0.0)) for value in double.values()), default=0.0)
    apart = max((float(np.abs(double[key] - trained[key]).max(initial=0.0)) for key in double), default=0.0)
    return apart / largest if largest else 0.0


def _gradients(model: Any, values: dict[str, Any], x: Any, y: Any, training: bool) -> dict[str, np.ndarray]:
    """What one step of training has as gradients for these samples."""
    step = Pass(apart(model.network, values), own_arrays(model.loss.run_copy()), Draws(model.seed))
    for _, layer in step.network.walk():
        layer.training = training
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        step.run(x, y)
    return {key: np.asarray(gradient) for key, gradient in step.gradients().items()}
