"""The origin of a NaN as a sentence, and as the attributes of an error."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.arrays import as_inputs
from pellucid.errors import NonFiniteError
from pellucid.glass.nonfinite import replay
from pellucid.glass.nonfinite.cause import Cause, cause
from pellucid.glass.nonfinite.operations import show
from pellucid.glass.nonfinite.replay import Failure, Run, TooLong
from pellucid.glass.nonfinite.watched import Event, Place, Watch
from pellucid.layer import Layer
from pellucid.layers import Sequential
from pellucid.losses import Loss
from pellucid.network import Values, apart, own_arrays, working_copy

SHOWN = 6  # rows and values that a sentence names


@dataclass
class Origin:
    """Where the first value that is not finite came from; a NonFiniteError has the same attributes.

    `layer` and `path`: what ran, such as "Dense(2, 64)" and "0"; `operation`: "exp", "matmul", ..., "" where the value
    came in from outside; `phase`: "input", "parameters", "forward", "loss", "backward", "update" or "validation"; `rows`
    of X; `values`: the entries responsible, in words; `text`: all of it as a sentence.
    """

    layer: str
    path: str
    operation: str
    phase: str
    rows: list[int]
    values: list[str]
    text: str
    line: str = ""
    cause: str = ""
    advice: str = field(default="", repr=False)

    def __str__(self) -> str:
        return " ".join(part for part in (self.text, self.advice) if part)


def error(run: Run, loss: float, learning_rate: float) -> NonFiniteError:
    """The error for a run whose epoch after `run.epoch` was not finite: replayed, explained, never another error."""
    failure, event, why, note = None, None, None, ""
    try:
        with np.errstate(all="ignore"):
            failure = replay.find(run)
            if failure is not None:
                event = replay.watch(run, failure)
            if failure is not None and event is not None:
                why = cause(run, failure, event)
    except TooLong as stop:
        epoch, number = stop.args
        note = (
            f" Running it again on NumPy came as far as epoch {epoch + 1}, step {number + 1}, in {replay.SECONDS:.0f} s and "
            "was given up."
        )
    except KeyboardInterrupt:
        note = " Running it again on NumPy was interrupted."
    except Exception as problem:  # the breakdown must be told, whatever a layer does while it is watched
        note = f" Running it again on NumPy did not succeed ({type(problem).__name__}: {problem})."
    if failure is None or event is None or why is None:
        return _unexplained(run, loss, learning_rate, failure, note)
    return _explained(run, loss, failure, event, why)


def _opening(run: Run, loss: float, failure: Failure | None) -> str:
    """Where it happened."""
    if failure is None or failure.epoch != run.epoch:
        return f"Training broke down in epoch {run.epoch + 1}: the loss was {show(loss)}."
    many = "" if run.streamed else f" of {run.data.steps}"
    at = f", step {failure.number + 1}{many}" if run.streamed or run.data.steps > 1 else ""
    was = (
        f"the loss was {show(failure.loss)}" if not np.isfinite(failure.loss) else "a parameter became infinite or NaN"
    )
    return f"Training broke down in epoch {run.epoch + 1}{at}: {was}."


def _closing(run: Run) -> str:
    return f"The network has its values from the end of epoch {run.epoch} back." if run.epoch else (
        "The network has its first values back."
    )  # fmt: skip


def _elsewhere(run: Run, failure: Failure) -> str:
    """Honest words where the replay did not break down in the same epoch."""
    if failure.epoch == run.epoch:
        return ""
    why = "whose rounding differs" if run.engine != "numpy" else "one value at a time"
    return (
        f" Run again on NumPy, {why}, that epoch stayed finite, and it came in epoch {failure.epoch + 1}, step "
        f"{failure.number + 1}; there:"
    )


def _explained(run: Run, loss: float, failure: Failure, event: Event, why: Cause) -> NonFiniteError:
    origin = _origin(event, why)
    if run.streamed:  # a batch that was handed over knows its own rows only
        origin.text = origin.text.replace("of X: ", "of the batch: ")
    message = f"{_opening(run, loss, failure)}{_elsewhere(run, failure)} {origin.text} {origin.advice} {_closing(run)}"
    told = {**vars(origin)}
    told.pop("text")
    return NonFiniteError(message, epoch=failure.epoch + 1, step=failure.number + 1, **told)


def _origin(event: Event, why: Cause | None) -> Origin:
    place, told = event.place, event.told
    values = list(dict.fromkeys([*told.values, *(why.values if why else ())]))
    part = place.layer if place.layer is not None else place.part
    return Origin(
        layer=repr(part) if part is not None else "",
        path=place.path, operation=event.operation, phase=place.phase, rows=told.rows, values=values,
        text=_sentence(event, values), line=event.line, cause=why.name if why else "", advice=why.advice if why else "",
    )  # fmt: skip


def _sentence(event: Event, values: list[str]) -> str:
    """First of all: what, where, by which numbers, in which rows."""
    told, rows = event.told, event.told.rows
    first = f"First of all, {_where(event.place)}, "
    if told.kind == "given":
        first += f"{told.text} came in."
    elif told.kind == "unseen":
        first += "a value that is not finite was made of finite ones, in an operation that could not be watched."
    else:
        first += told.text + (f" ({event.line})." if event.line else ".")
    unsaid = [value for value in values if value not in told.text]
    if unsaid:
        first += f" Responsible: {'; '.join(unsaid[:SHOWN])}."
    if rows and event.place.phase not in ("update", "parameters"):
        named = ", ".join(map(str, rows[:SHOWN])) + (f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else "")
        first += f" Row{'s' if len(rows) > 1 else ''} of X: {named}."
    return first


def _where(place: Place) -> str:
    of_layer = f"layer {place.path}, {place.part!r}" if isinstance(place.part, Layer) else ""
    if place.phase == "input":
        return "before the first layer"
    if place.phase == "parameters":
        return f"in {of_layer}, before anything was computed"
    if place.phase == "update":
        of = f" of the {place.param} of layer {place.path}" if place.param else ""
        return f"in the update{of} by {place.part!r}"
    if of_layer:
        return {"forward": f"in the forward pass, {of_layer}", "loss": f"in the penalty of {of_layer}"}.get(
            place.phase, f"in the backward pass, {of_layer}"
        )
    name = f" {place.part!r}" if place.part is not None else ""
    return f"in the gradient of the loss{name}" if place.phase == "backward" else f"in the loss{name}"


def _unexplained(run: Run, loss: float, rate: float, failure: Failure | None, note: str) -> NonFiniteError:
    """What is known where the replay does not show it."""
    if not note and failure is None:
        note = (
            f" Run again on NumPy, {replay.EPOCHS} epochs from the last good one stayed finite: it hangs on rounding."
        )
    largest = max((float(np.abs(value).max()) for value in run.values.values() if value.size), default=0.0)
    message = (
        f"{_opening(run, loss, failure)}{note} The largest parameter at the end of epoch {run.epoch} was "
        f"{show(largest)}. Usual causes: a learning rate that is "
        f"too high (it was {show(rate)}; try a tenth), inputs that are not scaled, or no limit on the gradient (try "
        f"clip_norm=1.0 in the optimiser). {_closing(run)}"
    )
    step = None if failure is None else failure.number + 1
    return NonFiniteError(message, epoch=run.epoch + 1, step=step)


def trace(model: Any, X: Any, y: Any = None) -> Origin | None:
    """Where the first NaN or infinity in what `model` returns for the rows of `X` (and in its loss, with `y`) comes from.

    As in prediction: no dropout, running statistics. None where everything is finite. Nothing of `model` is changed.
    """
    x = as_inputs(X, model.dtype, finite=False)
    targets = None if y is None else model._targets(y, x)
    return _trace(model.network, None if y is None else model.loss, x, targets, np.arange(len(x)))


def validation(model: Any, values: Values, given: tuple[np.ndarray, Any, np.ndarray | None], epoch: int) -> str:
    """The sentence for a validation loss that is not finite while training is. `given`: its x, y, rows of X or None."""
    x, y, rows = given
    network = apart(model.network, values)
    try:
        origin = _trace(network, model.loss, x, y, np.arange(len(x)) if rows is None else rows)
    except Exception:  # whatever a layer does while it is watched, training goes on
        origin = None
    told = "" if origin is None else origin.text
    if rows is None:
        told = told.replace("of X: ", "of the validation X: ").replace(" X[", " validation X[")
    return (
        f"The validation loss of epoch {epoch} is not a finite number, while training is. Training goes on, and early "
        f"stopping passes over such epochs. {told}"
    ).rstrip()


def _trace(network: Sequential, loss: Loss | None, x: np.ndarray, y: Any, rows: np.ndarray) -> Origin | None:
    eye, network = Watch(rows), working_copy(apart(network), training=False)
    loss = None if loss is None else own_arrays(loss.run_copy())
    replay.observe(network, loss, eye)
    for path, layer in network.walk():
        for name, value in layer.values().items():
            with eye.at(Place("parameters", path, layer, name)):
                setattr(layer, name, eye.take(value, name, "parameters"))
    with np.errstate(all="ignore"):
        with eye.at(Place("input", "", None)):
            seen = eye.take(x, "X", "input", per_row=True)
        result = eye.settle(network.forward(seen))
        if loss is not None and eye.origin(result) is None:
            with eye.at(Place("loss", "loss", loss)):
                result = eye.settle(loss.forward(result, y).mean())
    event = eye.origin(result)
    return None if event is None else _origin(event, None)
