"""The solvers "adam" and "sgd": epochs of an engine, judged by scikit-learn's rules for when to stop.

The engines are those of `pellucid.Model.fit`. What is different here is around them: which rows a step takes, what the
learning rate of an epoch is, and when it is enough.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from pellucid import engines
from pellucid.engines.work import Engine, EpochResult, Work
from pellucid.estimators.rows import Rows, SparseRows
from pellucid.network import Values
from pellucid.optimizers import SGD, Adam, Optimizer
from pellucid.step import evaluate_losses

AHEAD = 1024  # steps


class PlainEpsilonAdam(Adam):
    """Adam with epsilon added to the root as it is, and not to the root made larger by the bias correction."""

    def rates(self, learning_rate: Any, step: Any) -> tuple[Any, ...]:
        t = step + 1.0
        root = (1.0 - self.beta_2) ** 0.5
        rate = learning_rate * (1.0 - self.beta_2**t) ** 0.5 / (1.0 - self.beta_1**t)
        return rate * (1.0 - self.beta_1) / root, self.epsilon / root + 0.0 * t


class Moves:
    """The optimiser of a perceptron between two trainings: its settings, its running sums, how far it has come."""

    def __init__(self, owner: Any) -> None:
        self.schedule, self.power_t = owner.learning_rate, owner.power_t
        self.learning_rate_init = self.learning_rate = float(owner.learning_rate_init)
        self.updates, self.epochs, self.slots = 0, 0, {}  # type: int, int, dict[str, np.ndarray]
        self.optimizer: Optimizer
        if owner.solver == "adam":
            self.schedule = "constant"
            self.optimizer = PlainEpsilonAdam(1.0, owner.beta_1, owner.beta_2, owner.epsilon)
        else:
            self.optimizer = SGD(1.0, nesterov=bool(owner.nesterovs_momentum))
            self.optimizer.momentum = float(owner.momentum)  # scikit-learn lets it be 1

    def rates(self, epochs: int, steps: int, rows: int, seen: int) -> np.ndarray:
        """The optimiser's numbers for the next `epochs` of `steps` updates on `rows` each, after `seen` rows in all."""
        by_epoch = np.full(epochs, self.learning_rate)
        if self.schedule == "invscaling":
            by_epoch[1:] = self.after(seen + rows * np.arange(1.0, epochs))
        numbers = self.updates + np.arange(float(epochs * steps))
        columns = np.broadcast_arrays(*self.optimizer.rates(np.repeat(by_epoch, steps), numbers))
        return np.stack(columns, axis=-1).reshape(epochs, steps, -1)

    def after(self, seen: Any) -> Any:
        """The learning rate after an epoch, where it depends on the rows seen."""
        return self.learning_rate_init / (seen + 1.0) ** self.power_t

    def take_in(self, steps: int, seen: int) -> None:
        """An epoch is over."""
        self.updates, self.epochs = self.updates + steps, self.epochs + 1
        if self.schedule == "invscaling":
            self.learning_rate = float(self.after(seen))

    def give_up(self, message: str, verbose: Any) -> bool:
        """Nothing improves: whether to stop, or to go on with a fifth of the learning rate."""
        end = " Stopping."
        if self.schedule == "adaptive":
            end = " Learning rate too small. Stopping."
            if self.learning_rate > 1e-6:
                self.learning_rate /= 5.0
                end = f" Setting learning rate to {self.learning_rate:f}"
        if verbose:
            print(message + end)
        return not end.startswith(" Setting")


@dataclass
class Judged:
    """The rows that training is judged by: `score` is a function of the outputs for them."""

    x: Any
    y: np.ndarray
    weights: np.ndarray | None
    score: Callable[[np.ndarray], float]


@dataclass
class Run:
    """One training: what it trains, on what, and who it is for."""

    owner: Any  # the estimator, whose figures are kept as they come
    network: Any
    loss: Any
    data: Rows
    judged: Judged | None
    stops_by_score: bool
    put: Callable[[Values], dict[str, Any]]  # the owner's attributes that a network's values are
    best: dict[str, Any] = field(default_factory=dict)
    values: Values = field(default_factory=dict)  # the last ones that are numbers

    def train(self, epochs: int, only_one: bool) -> None:
        """Up to `epochs` epochs; `only_one` is a step of somebody else's training, and never said to be too short."""
        owner, moves = self.owner, self.owner._optimizer
        work = Work(self.network, self.loss, moves.optimizer, self.data, moves.slots)
        work.valid_x = None if self.judged is None else self.judged.x
        if isinstance(self.data.x, SparseRows):
            engine, _ = engines.make("numpy", epochs, work)
            owner.engine_reason_ = "X is sparse, which the compiled engine does not take"
        else:
            engine, owner.engine_reason_ = engines.make(owner.engine, epochs, work)
        owner.engine_ = engine.name
        owner.n_iter_, snapshot = 0, engine.start()
        try:
            ignored = np.errstate(over="ignore", invalid="ignore", divide="ignore")
            with ignored, engines.calm(work, engine.name):
                for result in self._epochs(engine, epochs):
                    before, snapshot = snapshot, result.snapshot
                    if not result.finite and not _all_finite(engine.values(result.snapshot)):
                        snapshot = before
                        self._diverged(result.loss)
                        break
                    if self._finish(engine, result) or only_one:
                        break
                else:
                    self._too_short()
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=6)
        moves.slots = engine.slots(snapshot)
        self.values = engine.values(snapshot)

    def _epochs(self, engine: Engine, epochs: int) -> Iterator[EpochResult]:
        """The results of all epochs. The optimiser's numbers are made for many steps at once, and anew where they change."""
        moves, steps, done = self.owner._optimizer, self.data.steps, 0
        rates, at, rate = np.empty((0, 0, 0)), 0, 0.0
        while done < epochs:
            count = 1 if moves.schedule == "adaptive" else engine.at_once(epochs - done)
            if at + count > len(rates) or (moves.schedule == "adaptive" and rate != moves.learning_rate):
                many = max(count, min(epochs - done, AHEAD // steps))
                rates, at, rate = moves.rates(many, steps, self.data.rows, self.owner.t_), 0, moves.learning_rate
            yield from engine.run(moves.epochs, rates[at : at + count])
            at, done = at + count, done + count

    def _finish(self, engine: Engine, result: EpochResult) -> bool:
        """Take in an epoch; whether it is the last one."""
        owner, moves = self.owner, self.owner._optimizer
        owner.n_iter_ += 1
        owner.loss_ = result.loss
        owner.t_ += self.data.rows
        owner.loss_curve_.append(owner.loss_)
        if owner.verbose:
            print(f"Iteration {owner.n_iter_}, loss = {owner.loss_:.8f}")
        if self.judged is not None:
            self._judge(self.judged, result)
        if self._better() and self.stops_by_score:
            self.best = self.put(engine.values(result.snapshot))
        moves.take_in(self.data.steps, owner.t_)
        stop = self._enough()
        if owner._callback is not None:
            stop |= owner._callback.epoch(lambda: self.put(engine.values(result.snapshot)))
        return stop

    def _judge(self, judged: Judged, result: EpochResult) -> None:
        owner, score, loss = self.owner, float("nan"), float("nan")
        if result.valid_outputs is not None and np.isfinite(result.valid_outputs).all():
            score = float(judged.score(result.valid_outputs))
            loss = float(evaluate_losses(self.loss, result.valid_outputs, judged.y, judged.weights))
        owner.validation_scores_.append(score)
        owner.validation_loss_curve_.append(loss)
        if owner.verbose:
            print(f"Validation score: {score:f}")

    def _better(self) -> bool:
        """Count the epochs that were no better by `tol`; whether this one is the best so far."""
        owner = self.owner
        if self.stops_by_score:
            now, best = owner.validation_scores_[-1], owner.best_validation_score_
            better, no_better = now > best, now < best + owner.tol
        else:
            now, best = owner.loss_curve_[-1], owner.best_loss_
            better, no_better = now < best, now > best - owner.tol
        owner._no_improvement_count = owner._no_improvement_count + 1 if no_better else 0
        if better and self.stops_by_score:
            owner.best_validation_score_ = now
        elif better:
            owner.best_loss_ = now
        return bool(better)

    def _enough(self) -> bool:
        owner = self.owner
        if owner._no_improvement_count <= owner.n_iter_no_change:
            return False
        what = "Validation score" if self.stops_by_score else "Training loss"
        message = f"{what} did not improve more than tol={owner.tol:f} for {owner.n_iter_no_change} consecutive epochs."
        if owner._optimizer.give_up(message, owner.verbose):
            return True
        owner._no_improvement_count = 0
        return False

    def _too_short(self) -> None:
        """All epochs are over and nobody said stop."""
        warnings.warn(
            f"Stochastic Optimizer: Maximum iterations ({self.owner.max_iter}) reached and the optimization hasn't "
            "converged yet.",
            ConvergenceWarning,
            stacklevel=7,
        )

    def _diverged(self, loss: float) -> None:
        """The weights are no numbers any more, and no further epoch can change that."""
        owner = self.owner
        if not self.stops_by_score:
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
                f"preprocessed. (In epoch {owner.n_iter_ + 1}, at a loss of {loss:g}. Scale the columns of X, for example "
                "with StandardScaler(), or lower learning_rate_init.)"
            )
        owner.n_iter_ += 1
        owner.loss_curve_.append(loss)
        owner.validation_scores_.append(float("nan"))
        owner.validation_loss_curve_.append(float("nan"))
        warnings.warn(
            f"The weights were no finite numbers after epoch {owner.n_iter_}: training stops, and the best weights before "
            "are kept. Lower learning_rate_init.",
            ConvergenceWarning,
            stacklevel=7,
        )


def _all_finite(values: Values) -> bool:
    return all(bool(np.isfinite(value).all()) for value in values.values())
