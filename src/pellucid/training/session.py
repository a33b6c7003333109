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
from pellucid.checks import check_callbacks, check_epochs, doubt, try_own_parts
from pellucid.errors import InputError
from pellucid.mapped import Mapped
from pellucid.schedules import Schedule
from pellucid.step import evaluate_losses
from pellucid.training.fit import Plan, Trainer
from pellucid.training.history import History
from pellucid.training.material import Pair, check_repeats, gives_batches, of_arrays, of_batches
from pellucid.training.progress import Progress, somebody_looks
from pellucid.training.state import EarlyStopping, TrainingState

if TYPE_CHECKING:
    from pellucid.model import Model

LOOKED_AT = 1024  # rows of a file that findings are looked for in


def fit(model: Model, *data: Any, **settings: Any) -> History:
    """See `Model.fit`. A model is trained by one thread at a time."""
    with model._lock:
        if model._busy:
            raise InputError("This model is being trained already. Wait for it, or train a copy: copy.deepcopy(model).")
        model._busy = True
    try:
        return _fit(model, *data, **settings)
    finally:
        model._busy = False


def _fit(
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
    engines.check_name(engine)
    loss = model._needs_loss()
    if gives_batches(X, y):
        given = of_batches(model, X, sample_weight, validation_data, validation_fraction, batch_size)
    else:
        given = of_arrays(model, X, y, sample_weight, validation_data, validation_fraction, batch_size, shuffle)
    data, validation, aside = given
    try_own_parts(model.network, loss, data.x, data.y)
    _warn(doubt(model.network, loss))
    _warn_about_scale(X, data.x)
    epochs, callbacks = check_epochs(epochs), check_callbacks(callbacks)
    stopping = _stopping(early_stopping, validation is not None)
    save = None if checkpoint is None else model._saver(checkpoint)
    state, conditions = _begin(model, checkpoint, resume), _conditions(data)
    chosen = _as_before(state.run, conditions, engine) if resume else engine
    until = epochs if resume else state.epoch + epochs
    check_repeats(X, until - state.epoch)
    seen = progress if progress is not None else somebody_looks(sys.stderr)
    plan = Plan(
        data=data,
        until=until,
        metrics=model.metrics,
        judge=None if validation is None else _judge(model, validation[1]),
        validation=None if validation is None or isinstance(validation[0], Mapped) else (*validation, aside),
        early_stopping=stopping,
        callbacks=callbacks,
        write_back=model._write_back,
        save=save,
        model=model,
        progress=Progress(until, seen),
        findings=_watch(model, data, validation, stopping) if findings else None,
    )
    valid_x = None if validation is None else validation[0]
    work = engines.Work(model.network, loss, model.optimizer, plan.data, state.slots, bool(model.metrics), valid_x)
    made, reason = engines.make(chosen, until - state.epoch, work)
    state.run = {**conditions, "engine": made.name}
    with engines.calm(work, made.name):
        history = _train(model, Trainer(plan, made, model.optimizer, state))
    history.engine_reason = reason if chosen == engine else "the run that goes on was trained with it"
    return history


def _watch(model: Model, data: engines.Batches, valid: Pair | None, stopping: EarlyStopping | None) -> Any:
    from pellucid.glass.diagnose import Material, Watch
    from pellucid.glass.diagnose.look import choose

    stream = isinstance(data, engines.Stream)
    x, y, weights = data.x, data.y, data.weights
    if isinstance(x, Mapped):  # some of the rows, in memory
        chosen = choose(model.seed, len(x), LOOKED_AT)
        x, y, weights = x[chosen], y[chosen], None if weights is None else weights[chosen]
    if valid is not None and isinstance(valid[0], Mapped):
        chosen = choose(model.seed, len(valid[0]), LOOKED_AT)
        valid = valid[0][chosen], valid[1][chosen]
    material = Material(x, y, weights, valid, data.batch_size, data.shuffle or stream)
    before = len(model._state.rows)
    watch = Watch(
        model.network, model._needs_loss(), model.optimizer, material, model.seed, before, stopping is not None
    )
    if stream:
        watch.of_data = []  # one batch says little about all of them
    return watch


def _begin(model: Model, checkpoint: Any, resume: bool) -> TrainingState:
    """Where training starts from."""
    if resume:
        model._resume(checkpoint)
    else:  # what was best in an earlier training, perhaps on other data, is not the best of this one
        model._state.best_loss, model._state.best_values = float("inf"), {}
    schedule = model.optimizer.schedule
    if isinstance(schedule, Schedule) and not model._state.schedule:
        schedule.restart()  # it may have watched another model
    return model._state


def _conditions(data: engines.Batches) -> dict[str, Any]:
    """What an epoch's result depends on, of the data: a resumed run must find it as it was."""
    stream = isinstance(data, engines.Stream)
    return {
        "rows": None if stream else data.rows,
        "batch_size": None if stream else data.batch_size,
        "shuffle": data.ordered,
    }


def _as_before(before: dict[str, Any], now: dict[str, Any], engine: str) -> str:
    """The engine to go on with, the earlier run's unless another is asked for; refused where the data do not fit it."""
    for name, value in now.items():
        if name in before and before[name] != value:
            raise InputError(
                f"The checkpoint is of a run with {name}={before[name]}, this one has {name}={value}: it would not go on as "
                "if never stopped. Give fit the same data and settings, or start anew with another checkpoint file."
            )
    earlier = before.get("engine", "")
    if not earlier or engine == earlier or (engine == "auto" and earlier in engines.available()):
        return earlier or engine
    warnings.warn(
        f"The checkpoint was written by the {earlier} engine: training goes on, but not bit for bit as it would have there.",
        stacklevel=5,
    )
    return engine


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
        warnings.warn(sentence, stacklevel=5)


def _warn_about_scale(X: Any, x: Any = None) -> None:
    given = x.blocks(raw=True) if isinstance(x, Mapped) else (X,)
    if isinstance(X, np.ndarray) and X.dtype == np.uint8 and X.size and any(block.max() > 1 for block in given):
        write = "give fit batches of x / 255" if isinstance(x, Mapped) else "write X / 255"
        warnings.warn(
            f"X holds whole numbers up to 255, as images do. Networks learn better from small numbers: {write}.",
            stacklevel=5,
        )
