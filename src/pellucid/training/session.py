"""What `Model.fit` does: everything is checked, then an engine is chosen and trains.

Only `fit` brings this file in, so that `import pellucid` does not wait for it.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import engines
from pellucid.arrays import as_inputs
from pellucid.checks import (
    check_batch,
    check_callbacks,
    check_epochs,
    check_fraction,
    check_weights,
    doubt,
    try_own_parts,
)
from pellucid.errors import DataError, InputError
from pellucid.randomness import generator
from pellucid.schedules import Schedule
from pellucid.step import evaluate_losses
from pellucid.training.fit import Plan, Trainer
from pellucid.training.history import History
from pellucid.training.progress import Progress, somebody_looks
from pellucid.training.state import EarlyStopping, TrainingState

if TYPE_CHECKING:
    from pellucid.model import Model

Pair = tuple[np.ndarray, np.ndarray]


def fit(
    model: Model,
    X: Any,
    y: Any,
    *,
    epochs: Any,
    batch_size: Any,
    validation_data: Any,
    validation_fraction: Any,
    sample_weight: Any,
    early_stopping: Any,
    callbacks: Any,
    shuffle: bool,
    checkpoint: Any,
    resume: bool,
    engine: str,
    progress: bool | None,
    findings: bool,
) -> History:
    """See `Model.fit`."""
    engines.check_name(engine)
    loss = model._needs_loss()
    x = as_inputs(X, model.dtype)
    targets = model._targets(y, x)
    weights = check_weights(sample_weight, len(x), model.dtype)
    x, targets, weights, validation, (kept, aside) = _split(model, x, targets, weights, validation_data, validation_fraction)
    try_own_parts(model.network, loss, x, targets)
    _warn(doubt(model.network, loss))
    _warn_about_scale(X)
    size = len(x) if batch_size is None else check_batch(batch_size, len(x))
    epochs, callbacks = check_epochs(epochs), check_callbacks(callbacks)
    stopping = _stopping(early_stopping, validation is not None)
    save = None if checkpoint is None else model._saver(checkpoint)
    state = _begin(model, checkpoint, resume)
    until = epochs if resume else state.epoch + epochs
    seen = progress if progress is not None else somebody_looks(sys.stderr)
    plan = Plan(
        data=engines.Batches(x, targets, weights, size, model.seed, shuffle, kept),
        until=until,
        metrics=model.metrics,
        judge=None if validation is None else _judge(model, validation[1]),
        validation=None if validation is None else (*validation, aside),
        early_stopping=stopping,
        callbacks=callbacks,
        write_back=model._write_back,
        save=save,
        model=model,
        progress=Progress(until, seen),
        findings=_watch(model, x, targets, weights, validation, size, shuffle, stopping) if findings else None,
    )
    valid_x = None if validation is None else validation[0]
    work = engines.Work(model.network, loss, model.optimizer, plan.data, state.slots, bool(model.metrics), valid_x)
    made, reason = engines.make(engine, epochs, work)
    history = _train(model, Trainer(plan, made, model.optimizer, state))
    history.engine_reason = reason
    return history


def _watch(
    model: Model, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None, valid: Pair | None, size: int, shuffle: bool,
    stopping: EarlyStopping | None,
) -> Any:  # fmt: skip
    from pellucid.glass.diagnose import Material, Watch

    material = Material(x, y, weights, valid, size, shuffle)
    before = len(model._state.rows)
    return Watch(model.network, model._needs_loss(), model.optimizer, material, model.seed, before, stopping is not None)


def _begin(model: Model, checkpoint: Any, resume: bool) -> TrainingState:
    """Where training starts from."""
    if model._running is not None:
        raise InputError("This model is being trained already. Wait for it, or train a copy: copy.deepcopy(model).")
    if resume:
        model._resume(checkpoint)
    else:  # what was best in an earlier training, perhaps on other data, is not the best of this one
        model._state.best_loss, model._state.best_values = float("inf"), {}
    schedule = model.optimizer.schedule
    if isinstance(schedule, Schedule) and not model._state.schedule:
        schedule.restart()  # it may have watched another model
    return model._state


def _train(model: Model, trainer: Trainer) -> History:
    model._running = threading.get_ident(), trainer
    try:
        model.history = trainer.run()
    except BaseException:  # the figures up to there are not lost
        model.history = History()
        model.history.epochs, model.history.engine = list(trainer.state.rows), trainer.engine.name
        raise
    finally:
        model._running = None
    return model.history


def _judge(model: Model, targets: np.ndarray) -> Callable[[np.ndarray], dict[str, float]]:
    loss = model._needs_loss()

    def judge(outputs: np.ndarray) -> dict[str, float]:
        row = {"val_loss": float(evaluate_losses(loss, outputs, targets))}
        return row | {f"val_{name}": float(metric(outputs, targets)) for name, metric in model.metrics.items()}

    return judge


def _split(
    model: Model, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None, given: Any, fraction: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, Pair | None, tuple[Any, Any]]:
    """(x, y, weights) to train on, the pair to judge by or None, which rows were kept and which set aside (None: all, none)."""
    if given is not None:
        try:
            valid_x, valid_y = given
        except (TypeError, ValueError):
            raise InputError("validation_data: expected a pair, validation_data=(X_valid, y_valid).") from None
        if fraction:
            raise InputError("Both validation_data and validation_fraction are given: leave one of them out.")
        try:
            inputs = as_inputs(valid_x, model.dtype)
            return x, y, weights, (inputs, model._targets(valid_y, inputs)), (None, None)
        except DataError as error:
            raise DataError(f"validation_data: {error}") from None
    count = check_fraction(fraction, len(x))
    if not count:
        return x, y, weights, None, (None, None)
    order = generator(model.seed, "split").permutation(len(x))
    aside, kept = order[:count], order[count:]
    own = None if weights is None else weights[kept]
    return x[kept], y[kept], own, (x[aside], y[aside]), (kept, aside)


def _stopping(given: Any, validated: bool) -> EarlyStopping | None:
    if given is None:
        return None
    whole = isinstance(given, (int, np.integer)) and not isinstance(given, bool)
    stopping = EarlyStopping(int(given)) if whole else given
    if not isinstance(stopping, EarlyStopping):
        raise InputError(f"early_stopping={given!r}: expected a number of epochs, or EarlyStopping(patience=10).")
    if not validated:
        raise InputError("early_stopping watches the validation loss: give validation_data=(X, y) or a fraction.")
    return stopping


def _warn(sentence: str) -> None:
    if sentence:
        warnings.warn(sentence, stacklevel=4)


def _warn_about_scale(X: Any) -> None:
    if isinstance(X, np.ndarray) and X.dtype == np.uint8 and X.size and X.max() > 1:
        warnings.warn(
            "X holds whole numbers up to 255, as images do. Networks learn better from small numbers: write X / 255.",
            stacklevel=4,
        )
