"""What an epoch is, when to stop, what to remember."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.engines.numpy_engine import Batches, NumpyEngine
from pellucid.errors import InputError, NonFiniteError
from pellucid.optimizers import Optimizer
from pellucid.schedules import Schedule
from pellucid.training.history import History, Row
from pellucid.training.progress import Progress

Arrays = dict[str, np.ndarray]
Judge = Callable[[Arrays], Row]  # figures on the validation data of a network with these values


class EarlyStopping:
    """Stop when the validation loss has not improved for `patience` epochs; the best network is what remains.

    `min_delta`: an improvement smaller than this does not count.
    """

    def __init__(self, patience: int = 10, min_delta: float = 0.0) -> None:
        if patience < 1:
            raise InputError(f"EarlyStopping(patience={patience!r}): expected at least 1 epoch.")
        self.patience, self.min_delta = patience, min_delta

    def __repr__(self) -> str:
        return f"EarlyStopping(patience={self.patience}, min_delta={self.min_delta})"


@dataclass
class TrainingState:
    """Everything that a run needs to go on where it stopped: this, and nothing else, is in a checkpoint."""

    epoch: int = 0  # epochs finished
    step: int = 0  # updates made
    slots: Arrays = field(default_factory=dict)
    schedule: dict[str, float] = field(default_factory=dict)
    best_loss: float = float("inf")
    best_values: Arrays = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)


@dataclass
class Plan:
    """What the caller of `fit` decided."""

    data: Batches
    until: int  # the number of the last epoch
    metrics: dict[str, Callable[[Any, Any], float]]
    judge: Judge | None
    early_stopping: EarlyStopping | None
    callbacks: Sequence[Callable[[Any, Row], Any]]
    write_back: Callable[[Arrays], None]
    save: Callable[[TrainingState, Arrays], None] | None
    model: Any
    progress: Progress


def run(plan: Plan, engine: NumpyEngine, optimizer: Optimizer, state: TrainingState) -> History:
    """Train until the plan, a callback, early stopping or Ctrl-C says stop. `state` is kept up to date."""
    history, started = History(), time.perf_counter()
    history.epochs, history.engine = list(state.rows), engine.name
    schedule = optimizer.schedule
    if isinstance(schedule, Schedule) and state.schedule:
        schedule.restore(state.schedule)
    good = engine.values()
    try:
        history.stopped = "finished"
        while state.epoch < plan.until:
            row, good = _epoch(plan, engine, optimizer, schedule, state, good)
            history.epochs.append(row)
            reason = _after_epoch(plan, engine, state, row, good)
            if reason:
                history.stopped = reason
                break
    except KeyboardInterrupt:
        history.stopped = "interrupted"
        engine.restore(good)
    if state.best_values and (plan.early_stopping or history.stopped == "interrupted"):
        good = state.best_values
        plan.write_back({key: value.copy() for key, value in good.items()})
    else:
        plan.write_back(good)
    history.best_epoch = _best_epoch(history)
    state.slots = engine.slots()
    state.rows = list(history.epochs)
    history.seconds = time.perf_counter() - started
    plan.progress.close(history.last, history.stopped)
    return history


def _epoch(
    plan: Plan, engine: NumpyEngine, optimizer: Optimizer, schedule: Any, state: TrainingState, good: Arrays
) -> tuple[Row, Arrays]:
    """One epoch: its row of figures, and the values after it."""
    steps = state.step + np.arange(plan.data.steps, dtype=float)
    learning_rates = np.broadcast_to(np.asarray(_rates_of(schedule, steps), float), steps.shape)
    columns = np.broadcast_arrays(*optimizer.rates(learning_rates, steps), steps)[:-1]
    rates = list(zip(*(column.tolist() for column in columns), strict=True))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        result = engine.run_epoch(plan.data, state.epoch, rates, keep_outputs=bool(plan.metrics))
    values = engine.values()
    if not (np.isfinite(result.loss) and engine.finite()):
        engine.restore(good)
        plan.write_back(good)
        raise NonFiniteError(
            f"Training broke down in epoch {state.epoch + 1}: the loss was {result.loss}. The network has its values "
            f"from the end of epoch {state.epoch} back. Usual causes: a learning rate that is too high (it was "
            f"{learning_rates[-1]:.3g}; try a tenth), inputs that are not scaled, or no limit on the gradient "
            "(try clip_norm=1.0 in the optimiser)."
        )
    state.epoch += 1
    state.step += plan.data.steps
    plan.write_back(values)
    row: Row = {"epoch": state.epoch, "loss": result.loss, "learning_rate": float(learning_rates[-1])}
    for name, metric in plan.metrics.items():
        row[name] = float(metric(result.outputs, result.targets))
    if plan.judge is not None:
        row.update(plan.judge(values))
    if isinstance(schedule, Schedule):
        schedule.watch(row.get("val_loss", row["loss"]))
        state.schedule = schedule.state()
    return row, values


def _rates_of(schedule: Any, steps: np.ndarray) -> Any:
    """Learning rates for `steps`; a user's function may know single numbers only."""
    if isinstance(schedule, Schedule):
        return schedule(steps)
    return [float(schedule(int(step))) for step in steps]


def _after_epoch(plan: Plan, engine: NumpyEngine, state: TrainingState, row: Row, values: Arrays) -> str:
    """Remember the best, save, call back; the reason to stop, or nothing."""
    stopping, loss = plan.early_stopping, row.get("val_loss")
    state.rows.append(row)
    if loss is not None and loss < state.best_loss - (stopping.min_delta if stopping else 0.0):
        state.best_loss = loss
        state.best_values = {key: value.copy() for key, value in values.items()}
    plan.progress.update(row)
    reason = ""
    for callback in plan.callbacks:
        if callback(plan.model, row) is True:
            reason = f"stopped by {getattr(callback, '__name__', 'a callback')}"
    if stopping and state.epoch - _best_so_far(state) >= stopping.patience:
        reason = f"no better validation loss for {stopping.patience} epochs"
    if plan.save is not None:
        state.slots = engine.slots()
        plan.save(state, values)
    return reason


def _best_so_far(state: TrainingState) -> int:
    return next((int(row["epoch"]) for row in reversed(state.rows) if row.get("val_loss") == state.best_loss), 0)


def _best_epoch(history: History) -> int | None:
    if not history.epochs or "val_loss" not in history.last:
        return None
    return int(min(history.epochs, key=lambda row: row.get("val_loss", float("inf")))["epoch"])
