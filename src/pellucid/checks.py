"""What is handed to training, checked before it begins: a mistake gets its sentence now, not after an hour."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from pellucid.arrays import Array, as_array, as_dtype, check_finite
from pellucid.errors import ContractError, DataError, InputError
from pellucid.layer import Layer
from pellucid.layers import Sequential
from pellucid.losses import Loss
from pellucid.network import apart, own_arrays, working_copy
from pellucid.optimizers import Optimizer
from pellucid.randomness import Draws


def check_epochs(epochs: Any) -> int:
    """A number of epochs."""
    if isinstance(epochs, bool) or not isinstance(epochs, (int, np.integer)) or epochs < 0:
        raise InputError(f"epochs={epochs!r}: expected a whole number of at least 0.")
    return int(epochs)


def check_callbacks(callbacks: Any) -> Sequence[Callable[..., Any]]:
    """Functions (model, row); a single one may come without its brackets."""
    given = (callbacks,) if callable(callbacks) else tuple(callbacks) if isinstance(callbacks, Iterable) else (None,)
    if not all(callable(callback) for callback in given):
        raise InputError(f"callbacks={callbacks!r}: expected functions (model, row), as in callbacks=[show].")
    return given


def check_batch(batch_size: Any, rows: int | None = None) -> int:
    """A number of rows to take at a time, of `rows` that there are."""
    if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
        raise InputError(
            f"batch_size={batch_size!r}: expected a whole number of at least 1, or None for all rows at once."
        )
    if rows is not None and batch_size > rows:
        raise InputError(f"batch_size={batch_size}, but there are only {rows} rows to train on; write batch_size=None.")
    return int(batch_size)


def check_weights(given: Any, rows: int, dtype: Any) -> np.ndarray | None:
    """Weights of `rows` samples, (rows,), or None."""
    if given is None:
        return None
    array = as_array(given, "sample_weight")
    check_finite(array, "sample_weight")
    weights = as_dtype(array, dtype, "sample_weight")
    if weights.shape != (rows,):
        raise DataError(
            f"sample_weight has shape {weights.shape}: expected one number for each of the {rows} rows, ({rows},)."
        )
    if weights.min() < 0 or weights.sum() == 0:
        seen = "only zeros" if weights.max() == 0 else f"{weights.min():g}"
        raise DataError(f"sample_weight holds {seen}: expected numbers of at least 0, not all of them 0.")
    return weights


def check_fraction(fraction: Any, rows: int) -> int:
    """How many of `rows` a fraction sets aside."""
    number = isinstance(fraction, (int, float, np.floating)) and not isinstance(fraction, bool)
    count = round(rows * fraction) if number and math.isfinite(fraction) else 0
    if not number or not 0.0 <= fraction < 1.0 or (fraction and not 0 < count < rows):
        raise InputError(f"validation_fraction={fraction!r} of {rows} rows leaves nothing on one side; try 0.2.")
    return count


def check_optimizer(optimizer: Optimizer) -> None:
    """An optimiser of the user's whose constructor left something out."""
    name = type(optimizer).__name__
    if any(not hasattr(optimizer, setting) for setting in ("learning_rate", "clip_value", "clip_norm")):
        raise ContractError(f"{name}.__init__ has not called its base: write super().__init__(learning_rate) there.")
    try:
        optimizer.config()
    except AttributeError as error:
        raise ContractError(
            f"{name}.__init__ takes {error.name!r} but does not keep it: write self.{error.name} = {error.name} there."
        ) from None


def is_ours(part: Any) -> bool:
    """Whether a layer or loss is pellucid's, and not the user's own."""
    return type(part).__module__.partition(".")[0] == "pellucid"


def doubt(network: Sequential, loss: Loss) -> str:
    """What does not fit between a loss and the last layer, with the pair that fits; nothing about a user's own layer."""
    last: Layer = network
    while isinstance(last, Sequential) and last.layers:
        last = last.layers[-1]
    return loss.doubt(last) if is_ours(last) else ""


def try_own_parts(network: Sequential, loss: Loss, x: np.ndarray, y: np.ndarray) -> None:
    """One pass over two rows where a layer or the loss is the user's own: what it forgot gets a sentence.

    x, y: as the network and the loss take them. Nothing of either is changed.
    """
    if is_ours(loss) and all(is_ours(layer) for _, layer in network.walk()):
        return
    run, loss = working_copy(apart(network), training=True, draws=Draws(0)), own_arrays(loss.run_copy())
    try:
        with np.errstate(all="ignore"):
            taken, outputs = _forward(run.layers, _locked(x[:2]))
            gradient = _loss(loss, outputs, _locked(y[:2]))
            for layer, inputs in zip(reversed(run.layers), reversed(taken), strict=True):
                gradient = _locked(_backward(layer, gradient, inputs))
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        raise ContractError(
            f"{_writer(error)} writes into an array that it was given, which belongs to somebody else. "
            "Make a new one: x = x * 2 instead of x *= 2, numpy.where(...) instead of x[mask] = 0."
        ) from error
    for _, layer in run.walk():
        for name in layer.params:
            _check_gradient(layer, name)


def _writer(error: ValueError) -> str:
    """The method of a layer or loss that an error comes from, with its line."""
    found, trace = "A layer or loss of yours", error.__traceback__
    while trace is not None:
        frame, owner = trace.tb_frame, trace.tb_frame.f_locals.get("self")
        if isinstance(owner, (Layer, Loss)):
            place = f"line {trace.tb_lineno} of {frame.f_code.co_filename}"
            found = f"{type(owner).__name__}.{frame.f_code.co_name}, {place},"
        trace = trace.tb_next
    return found


def _locked(array: Array) -> Array:
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view


def _forward(layers: Iterable[Layer], x: Array) -> tuple[list[Array], Array]:
    taken = []
    for layer in layers:
        taken.append(x)
        x = _locked(layer.forward(x))
    return taken, x


def _loss(loss: Loss, outputs: Array, targets: Array) -> Array:
    name, rows = type(loss).__name__, len(outputs)
    losses = loss.forward(outputs, targets)
    if np.shape(losses) != (rows,):
        raise ContractError(
            f"{name}.forward returned {_seen(losses)} for {rows} rows: expected one loss for each, ({rows},). The mean "
            "over the rows is taken later: write .mean(axis=1), not .mean()."
        )
    gradient = loss.backward()
    if np.shape(gradient) != outputs.shape:
        raise ContractError(
            f"{name}.backward returned {_seen(gradient)}: expected a gradient for each output, {outputs.shape}. End with "
            "return self.doutputs."
        )
    return _locked(gradient)


def _backward(layer: Layer, doutput: Array, inputs: Array) -> Array:
    gradient = layer.backward(doutput)
    if np.shape(gradient) != inputs.shape:
        raise ContractError(
            f"{type(layer).__name__}.backward returned {_seen(gradient)}: expected a gradient for each input, "
            f"{inputs.shape}. End with return self.dinputs."
        )
    return gradient


def _check_gradient(layer: Layer, name: str) -> None:
    value: Any = getattr(layer, name)
    gradient: Any = getattr(layer, "d" + name, None)
    if np.shape(gradient) != value.shape:
        raise ContractError(
            f"{type(layer).__name__} trains {name!r} of shape {value.shape}, but after backward self.d{name} is "
            f"{_seen(gradient)}. Write self.d{name} = ... in backward, in the shape of self.{name}."
        )


def _seen(value: Any) -> str:
    return "nothing" if value is None else f"shape {np.shape(value)}"
