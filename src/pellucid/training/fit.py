"""What an epoch is, when to stop, what to remember."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.engines.streams import Stream
from pellucid.engines.work import Batches, Engine, EpochResult
from pellucid.network import get_values
from pellucid.optimizers import Optimizer
from pellucid.schedules import Schedule
from pellucid.training.history import History
from pellucid.training.progress import Progress
from pellucid.training.state import Arrays, EarlyStopping, Row, TrainingState

Judge = Callable[[np.ndarray], Row]  # figures of the outputs for the validation rows


@dataclass
class Plan:
    """What the caller of `fit` decided."""

    data: Batches
    until: int  # the number of the last epoch
    metrics: dict[str, Callable[[Any, Any], float]]
    judge: Judge | None
    validation: tuple[np.ndarray, np.ndarray, np.ndarray | None] | None  # x, y, the rows of the user's X if it has them
    early_stopping: EarlyStopping | None
    callbacks: Sequence[Callable[[Any, Row], Any]]
    write_back: Callable[[Arrays], None]
    save: Callable[[TrainingState, Arrays], None] | None
    model: Any
    progress: Progress
    findings: Any = None  # who looks for what goes wrong: glass.diagnose.Watch


class RatesAhead:
    """The optimiser's numbers for every step, computed for many steps ahead at once."""

    AHEAD = 1024

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer, self.schedule = optimizer, optimizer.schedule
        self.watches = isinstance(self.schedule, Schedule) and bool(self.schedule.state())
        self.forget()

    def forget(self) -> None:
        """Compute afresh: the schedule has changed its mind."""
        self.start = 0
        self.rates = np.empty((0, 0))
        self.learning_rates = np.empty(0)

    def take(self, step: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The numbers of `count` updates from number `step` on, (count, numbers), and their learning rates, (count,)."""
        at = step - self.start
        if at < 0 or at + count > len(self.rates):
            self.start, at = step, 0
            steps = step + np.arange(count if self.watches else max(count, self.AHEAD), dtype=float)
            if isinstance(self.schedule, Schedule):
                learning_rates = np.broadcast_to(self.schedule(steps), steps.shape)
            else:  # a user's function may know single numbers only
                learning_rates = np.array([float(self.schedule(int(number))) for number in steps])
            columns = np.broadcast_arrays(*self.optimizer.rates(learning_rates, steps), steps)[:-1]
            self.rates, self.learning_rates = np.stack(columns, axis=-1), learning_rates
        return self.rates[at : at + count], self.learning_rates[at : at + count]


class StepByStep:
    """The optimiser's numbers for each step of an epoch that nobody has counted; with `part` 1 the learning rates."""

    def __init__(self, rates: RatesAhead, first: int, part: int) -> None:
        self.rates, self.first, self.part = rates, first, part

    def __getitem__(self, number: int) -> np.ndarray:
        return self.rates.take(self.first + number, 1)[self.part][0]

    def epoch(self) -> list[StepByStep]:
        """As an engine is given it: a sequence of epochs."""
        return [self]


class Trainer:
    """One run of training: a plan, an engine, and where it stands."""

    WRITE_EVERY = 0.05  # seconds between two looks that another thread gets at the network while it trains, ...
    WRITE_SHARE = 0.02  # ... and the share of the time that giving them may cost where the network is large

    def __init__(self, plan: Plan, engine: Engine, optimizer: Optimizer, state: TrainingState) -> None:
        self.plan, self.engine, self.state = plan, engine, state
        if isinstance(optimizer.schedule, Schedule) and state.schedule:
            optimizer.schedule.restore(state.schedule)
        self.rates = RatesAhead(optimizer)
        self.good = engine.start()
        self.begun = get_values(plan.model.network, "params"), state.slots, state.epoch, state.step
        self.next_write, self.doubted = 0.0, False
        self.best_epoch = next(
            (int(r["epoch"]) for r in reversed(state.rows) if r.get("val_loss") == state.best_loss), 0
        )

    def run(self) -> History:
        """Train until the plan, a callback, early stopping or Ctrl-C says stop."""
        started, stopped = time.perf_counter(), "ended by an error"
        try:
            stopped = self._train() or "finished"
            if self.plan.findings is not None:
                self.plan.progress.note(
                    self.plan.findings.end(self.state.rows, self.state.step, self._values, self._slots)
                )
        except KeyboardInterrupt:
            stopped = "interrupted"
        finally:  # whatever happened, model and optimiser stand where the last whole epoch left them
            self.close(stopped)
        return self.history(stopped, time.perf_counter() - started)

    def _train(self) -> str:
        """Epoch after epoch; the reason to stop before the last, or nothing."""
        plan, state = self.plan, self.state
        if self.best_epoch and self._patience_lost():  # a run that was over is resumed
            return self._patience_lost()
        while state.epoch < plan.until:
            rates, learning_rates = self.ask(self.engine.at_once(plan.until - state.epoch))
            reason = self.take_in(self.engine.run(state.epoch, rates), learning_rates)
            if reason:
                return reason
        return ""

    def ask(self, count: int) -> tuple[Any, Any]:
        """The optimiser's numbers for the next `count` epochs, (epochs, steps, numbers), and each step's learning rate.

        Of one epoch only where the schedule wants to see first how it goes.
        """
        if isinstance(self.plan.data, Stream):  # how many steps there will be is known afterwards
            return StepByStep(self.rates, self.state.step, 0).epoch(), StepByStep(self.rates, self.state.step, 1)
        count, steps = 1 if self.rates.watches else count, self.plan.data.steps
        rates, learning_rates = self.rates.take(self.state.step, count * steps)
        return rates.reshape(count, steps, -1), learning_rates

    def take_in(self, results: Iterable[EpochResult], learning_rates: Any) -> str:
        """Take in the epochs that `ask` was for, as they come; the reason to stop after one of them, or nothing."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for number, result in enumerate(results):
                last = (number + 1) * self.plan.data.steps - 1
                reason = self._finish(result, float(learning_rates[last]))
                if reason:
                    return reason
        return ""

    def close(self, stopped: str) -> None:
        """Hand over where training stands: the values of the last whole epoch, or the best ones where they are kept."""
        plan, state = self.plan, self.state
        plan.write_back(self.engine.values(self.good))
        state.slots = self.engine.slots(self.good)
        plan.progress.close(state.rows[-1] if state.rows else {}, stopped)
        if state.best_values and stopped != "ended by an error" and (plan.early_stopping or stopped == "interrupted"):
            plan.write_back({key: value.copy() for key, value in state.best_values.items()})

    def history(self, stopped: str, seconds: float) -> History:
        """The figures of all epochs so far."""
        history = History()
        history.epochs, history.best_epoch = list(self.state.rows), self.best_epoch or None
        history.engine, history.stopped, history.seconds = self.engine.name, stopped, seconds
        history.findings = [] if self.plan.findings is None else self.plan.findings.so_far()
        return history

    def _finish(self, result: EpochResult, learning_rate: float) -> str:
        """Take in one epoch; the reason to stop after it, or nothing."""
        plan, state = self.plan, self.state
        if not result.finite:
            self._give_up(result.loss, learning_rate)
        row: Row = {"epoch": state.epoch + 1, "loss": result.loss, "learning_rate": learning_rate}
        for name, metric in plan.metrics.items():
            row[name] = float(metric(result.outputs, result.targets))
        if plan.judge is not None and result.valid_outputs is not None:
            row.update(plan.judge(result.valid_outputs))
            if not np.isfinite(row["val_loss"]):
                self._doubt_validation(self.engine.values(result.snapshot), state.epoch + 1)
        steps = plan.data.steps
        # From here on the epoch counts. Whatever takes time or may be interrupted lies before or behind these lines, none of
        # which calls a function of Python's: Ctrl-C is raised where one begins.
        self.good = result.snapshot
        state.epoch += 1
        state.step += steps
        state.rows.append(row)
        self._watch(row)
        self._remember_best(row)
        return self._after(row)

    def _give_up(self, loss: float, learning_rate: float) -> None:
        from pellucid.glass import nonfinite  # only a run that breaks down waits for it

        plan, state, model = self.plan, self.state, self.plan.model
        values, slots = self.engine.values(self.good), self.engine.slots(self.good)
        run = nonfinite.Run(
            model.network, model.loss, self.rates.optimizer, plan.data, values, slots, state.epoch, state.step,
            self.rates.take, self.begun, self.engine.name,
        )  # fmt: skip
        raise nonfinite.error(run, loss, learning_rate)

    def _doubt_validation(self, values: Arrays, epoch: int) -> None:
        """Say once in a run where a validation loss that is no finite number comes from."""
        if self.doubted or self.plan.validation is None:
            return
        from pellucid.glass import nonfinite

        self.doubted = True
        warnings.warn(nonfinite.validation(self.plan.model, values, self.plan.validation, epoch), stacklevel=7)

    def _after(self, row: Row) -> str:
        """Show, call back, save; the reason to stop, or nothing."""
        plan, state = self.plan, self.state
        values = self.engine.values(self.good) if plan.save is not None or plan.callbacks else None
        start = time.perf_counter()
        if plan.callbacks or start > self.next_write:
            plan.write_back(values if values is not None else self.engine.values(self.good))
            end = time.perf_counter()
            self.next_write = end + max(self.WRITE_EVERY, (end - start) / self.WRITE_SHARE)
        plan.progress.update(row)
        if plan.findings is not None:
            plan.progress.note(plan.findings.after(state.rows, state.step, self._values, self._slots))
        reason = self._reason_to_stop(row)
        if plan.save is not None and values is not None:
            state.slots = self.engine.slots(self.good)
            plan.save(state, values)
        return reason

    def _values(self) -> Arrays:
        return self.engine.values(self.good)

    def _slots(self) -> Arrays:
        return self.engine.slots(self.good)

    def _remember_best(self, row: Row) -> None:
        stopping, state = self.plan.early_stopping, self.state
        if row.get("val_loss", float("inf")) < state.best_loss - (stopping.min_delta if stopping else 0.0):
            state.best_loss, state.best_values = row["val_loss"], self.engine.values(self.good)
            self.best_epoch = state.epoch

    def _watch(self, row: Row) -> None:
        schedule = self.rates.schedule
        if isinstance(schedule, Schedule):
            schedule.watch(row.get("val_loss", row["loss"]))
            seen = schedule.state()
            if seen != self.state.schedule:  # it may want another rate from now on
                self.rates.forget()
            self.state.schedule = seen

    def _reason_to_stop(self, row: Row) -> str:
        for callback in self.plan.callbacks:
            answer = callback(self.plan.model, row)
            if isinstance(answer, (bool, np.bool_)) and answer:
                return f"stopped by {getattr(callback, '__name__', 'a callback')}"
        return self._patience_lost()

    def _patience_lost(self) -> str:
        stopping = self.plan.early_stopping
        if stopping and self.state.epoch - self.best_epoch >= stopping.patience:
            return f"no better validation loss for {stopping.patience} epochs"
        return ""
