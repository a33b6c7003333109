"""`check_gradients`: choose what to feed, run everything, put the answers together."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from pellucid.arrays import as_array, check_count
from pellucid.errors import ContractError, InputError
from pellucid.glass.gradients import loss_manners, manners, trials
from pellucid.glass.gradients.differences import scale_of
from pellucid.glass.gradients.examining import Options, examine, told
from pellucid.glass.gradients.judging import rounded
from pellucid.glass.gradients.parts import find_the_part
from pellucid.glass.gradients.report import GradientReport
from pellucid.glass.gradients.subjects import LayerSubject, LossSubject, StepSubject, own_copy, set_mode
from pellucid.layer import Layer
from pellucid.layers import Sequential
from pellucid.losses import Loss
from pellucid.network import named, own_arrays

ROWS = 32  # rows of the user's data that are looked at; gradients are the same for more


def check_gradients(
    thing: Any,
    inputs: Any = None,
    targets: Any = None,
    *,
    sample_weight: Any = None,
    training: bool | None = None,
    exact: bool = False,
    entries: int = 200,
    rng: Any = 0,
) -> GradientReport:
    """Compare every gradient that a backward pass gives with central differences of its forward, in float64.

    `thing`: a layer, a loss or a model. `inputs`: what the layer or model takes, (B, ...), of a loss the outputs; `targets`
    as the loss takes them. Without them, random ones of a shape that fits. `sample_weight`: (B,), of a model's rows.
    `training`: True or False for one mode alone; both unless given. `exact`: at exactly these parameters and inputs;
    otherwise parameters are moved a little, so that none is 0 or 1 by chance, and points on a kink are moved away.
    `entries`: how many of an array are compared one by one; a larger array's others are compared together.
    `rng`: a seed or a NumPy generator. Nothing of `thing` is changed.

    >>> from pellucid.layers import Dense
    >>> class Forgetful(Dense):
    ...     def backward(self, doutput):
    ...         dinputs = super().backward(doutput)
    ...         self.dbiases = doutput.mean(axis=0)
    ...         return dinputs
    >>> report = check_gradients(Forgetful(5, 3))
    >>> [(name, one.status, one.kind) for name, one in report.parameters.items()]
    [('inputs', 'ok', ''), ('weights', 'ok', ''), ('biases', 'wrong', 'a mean for a sum')]
    """
    check_count("entries", entries, "entries=200")
    rng = np.random.default_rng(rng)
    if isinstance(thing, type):
        raise InputError(f"{thing.__name__} is a class. Make one of it: check_gradients({thing.__name__}(...)).")
    options = Options(rng, entries, exact, (False, True) if training is None else (bool(training),))
    if isinstance(thing, Loss):
        return _check_loss(thing, inputs, targets, options)
    if isinstance(thing, Layer):
        if targets is not None:
            raise InputError(
                "A layer has no targets: check_gradients(layer, inputs). With a loss, make them a pellucid.Model."
            )
        return _check_layer(thing, inputs, options)
    if isinstance(getattr(thing, "network", None), Sequential):
        return _check_model(thing, inputs, targets, sample_weight, options)
    raise ContractError(
        f"{thing!r} is no layer, no loss and no model. Expected one such as Dense(2, 3), MeanSquaredError() or a "
        "pellucid.Model."
    )


# -- layers ------------------------------------------------------------------------------------------------------------


def _check_layer(layer: Layer, inputs: Any, options: Options) -> GradientReport:
    report = GradientReport(repr(layer))
    report.findings += manners.contract(layer)
    layer = _at_a_general_point(layer, options)
    x = trials.inputs_for(layer, options.rng) if inputs is None else _data(inputs, "inputs")
    output = _first_output(own_copy(layer), x)
    _move_state(layer, x, options)
    dy = trials.doutput_for(output, options.rng)
    subjects = [LayerSubject(layer, x, dy, mode) for mode in options.modes]
    if len(subjects) == 2 and _no_difference(*subjects):
        subjects.pop()
    for subject in subjects:
        examine(report, subject, options)
    if isinstance(layer, Sequential) and report.wrong:
        find_the_part(report, layer, x, options, subjects[-1].training, None)
    _say_points(report, x, subjects, "inputs" if inputs is not None else "random inputs")
    return report


def _at_a_general_point(layer: Layer, options: Options) -> Layer:
    """A copy with parameters a little further on: at gamma = 1 or a bias of 0 too many wrong formulas are right."""
    twin = own_copy(layer)
    for _, inner, name in named(twin, "params"):
        array = np.asarray(getattr(inner, name))
        if array.dtype.kind != "f":
            continue
        if not options.exact:
            near = array * options.rng.uniform(0.7, 1.3, array.shape)
            far = scale_of(array) * options.rng.uniform(0.1, 0.4, array.shape)
            array = np.where(array != 0, near, far * options.rng.choice([-1.0, 1.0], array.shape))
        setattr(inner, name, rounded(array))
    return twin


def _move_state(layer: Layer, x: np.ndarray, options: Options) -> None:
    """State as a few training passes leave it: running figures that are 0 or 1 hide mistakes, too."""
    if options.exact or not any(inner.state for _, inner in layer.walk()):
        return
    twin = own_copy(layer)
    set_mode(twin, True)
    for times in (1.0, 0.5, 0.8):
        twin.forward(x * times if x.dtype.kind == "f" else x)
    for (_, inner), (_, after) in zip(layer.walk(), twin.walk(), strict=True):
        for name in inner.state:
            setattr(inner, name, getattr(after, name))


def _first_output(layer: Layer, x: np.ndarray) -> np.ndarray:
    output = layer.forward(x)
    if output is None:
        raise ContractError(f"{type(layer).__name__}.forward returned nothing. End with return self.output.")
    if np.ndim(output) == 0:
        raise ContractError(
            f"{type(layer).__name__}.forward returned a single number, expected an array of one row a sample."
        )
    return np.asarray(output)


def _no_difference(predicting: LayerSubject | StepSubject, training: LayerSubject | StepSubject) -> bool:
    """Whether training and prediction compute the very same, forward and backward."""
    values = predicting.values()
    if not np.array_equal(predicting.terms(values), training.terms(values), equal_nan=True):
        return False
    try:
        one, other = predicting.by_hand(values), training.by_hand(values)
    except Exception:  # said where each is examined
        return False
    return all(manners.close(one[key], other[key], 0.0) for key in values)


# -- losses ------------------------------------------------------------------------------------------------------------


def _check_loss(loss: Loss, outputs: Any, targets: Any, options: Options) -> GradientReport:
    report, loss = GradientReport(repr(loss)), own_arrays(loss.run_copy())
    if (outputs is None) != (targets is None):
        raise InputError(
            "A loss needs both or neither: check_gradients(loss, outputs, targets), or check_gradients(loss)."
        )
    if outputs is None:
        cases = trials.cases_for(loss, options.rng)
    else:
        given, wanted = as_array(outputs, "outputs"), as_array(targets, "targets")
        if given.ndim == 0 or wanted.ndim == 0 or len(given) != len(wanted):
            raise InputError(f"outputs have shape {given.shape} and targets {wanted.shape}: give one target a row.")
        cases = [("outputs and targets", _data(outputs, "outputs").astype(np.float64), wanted[_chosen(given)])]
    for what, x, y in cases:
        losses = loss.run_copy().forward(x, y)
        if np.shape(losses) != (len(x),):
            raise ContractError(
                f"{type(loss).__name__}.forward returned shape {np.shape(losses)} for {len(x)} rows, expected one loss for "
                f"each, ({len(x)},): write .mean(axis=1), not .mean()."
            )
        subject = LossSubject(loss, x, y, options.rng.uniform(0.5, 1.5, len(x)))
        examine(report, subject, options)
        if x.ndim == 2:
            report.findings += told(report, partial(loss_manners.pair, loss, options.rng, y, x.shape[1]))
        report.points.append(f"{what}, shapes {x.shape} and {y.shape}")
    return report


# -- models ------------------------------------------------------------------------------------------------------------


def _check_model(model: Any, X: Any, y: Any, sample_weight: Any, options: Options) -> GradientReport:
    network: Sequential = model.network
    if X is None and not (y is None and sample_weight is None):
        raise InputError("y or sample_weight is given without X: write model.check_gradients(X, y), or leave out all.")
    if model.loss is None:
        if y is not None:
            raise InputError("This model has no loss: pellucid.Model(..., loss=MeanSquaredError()).")
        return _check_layer(network, X, options)
    report, loss = GradientReport(f"{network!r} with {model.loss!r}"), own_arrays(model.loss.run_copy())
    report.findings += manners.contract(network)
    moved = _at_a_general_point(network, options)
    x = trials.inputs_for(moved, options.rng) if X is None else _data(X, "X")
    _move_state(moved, x, options)
    outputs = np.asarray(own_copy(moved).forward(x), np.float64)
    if y is None:
        targets = trials.targets_for(loss, outputs, options.rng)
    else:
        targets = loss.as_targets(_beside(X, y, "y"), outputs.shape[-1], np.float64)
    weights = None if sample_weight is None else _beside(X, sample_weight, "sample_weight").astype(np.float64)
    subjects = [StepSubject(moved, loss, x, targets, weights, mode) for mode in sorted(options.modes)[::-1]]
    if len(subjects) == 2 and _no_difference(subjects[0], subjects[1]):
        subjects.pop()
    for subject in subjects:
        examine(report, subject, options)
    find_the_part(report, moved, x, options, subjects[0].training, (loss, targets))
    _say_points(report, x, subjects, "data" if X is not None else "random data")
    return report


# -- what is given -----------------------------------------------------------------------------------------------------


def _data(given: Any, name: str) -> np.ndarray:
    """The user's array in float64 (whole numbers as they are), its first rows and some from all over."""
    array = as_array(given, name)
    if array.ndim == 0 or len(array) == 0:
        raise InputError(f"{name} has shape {array.shape}: expected at least one row, (rows, ...).")
    array = array[_chosen(array)]
    return rounded(array.astype(np.float64)) if array.dtype.kind == "f" else array


def _beside(X: Any, given: Any, name: str) -> np.ndarray:
    """What belongs to the rows of X that are looked at."""
    rows, array = as_array(X, "X"), as_array(given, name)
    if array.ndim == 0 or len(array) != len(rows):
        raise InputError(f"X has {len(rows)} rows and {name} has {len(np.atleast_1d(array))}: give one a row.")
    return array[_chosen(rows)]


def _chosen(array: np.ndarray) -> np.ndarray:
    """The numbers of the rows that are looked at: all, or `ROWS` of them, evenly spread."""
    return np.unique(np.linspace(0, len(array) - 1, min(ROWS, len(array))).round().astype(np.int64))


def _say_points(report: GradientReport, x: np.ndarray, subjects: list[Any], what: str) -> None:
    modes = [("training" if one.training else "prediction") for one in subjects]
    both = "training and prediction (the same)" if len(modes) == 1 else " and ".join(modes)
    report.points.append(f"{what} of shape {x.shape}, in {both}")
