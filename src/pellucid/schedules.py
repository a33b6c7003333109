"""The learning rate as a function of the step.

A schedule is called with the number of updates already made (a whole number or an array of them, 0 for the first) and
returns the learning rate, computed on the host in float64. So a changing rate never recompiles a program, and a
resumed run finds the same rates again. `Plateau` alone looks at the losses, once an epoch.

A user's own schedule is any function of the step: ``Adam(learning_rate=lambda step: 0.1 / (1 + step))``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.arrays import check_count, check_number
from pellucid.errors import InputError

Steps = Any  # an int or an array of ints


class Schedule:
    """Base: settings are kept under their names, so that repr, equality and the model file follow from them."""

    def __call__(self, step: Steps) -> Any:
        """The learning rate after `step` updates."""
        raise InputError(f"{type(self).__name__} does not define __call__(step); return the learning rate there.")

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return {name: value.item() if isinstance(value, np.generic) else value for name, value in own.items()}

    def state(self) -> dict[str, float]:
        """What the schedule has learned from the losses so far; empty for pure functions of the step."""
        return {}

    def restore(self, state: dict[str, float]) -> None:
        """Take back a `state()`."""

    def restart(self) -> None:
        """Forget what was learned from the losses."""

    def watch(self, loss: float) -> None:
        """Told the epoch's (validation) loss after every epoch."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Schedule) and self.config() == other.config()

    def __hash__(self) -> int:
        return hash((type(self), tuple(self.config().items())))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.config().items())})"


class Constant(Schedule):
    """Always `learning_rate`."""

    def __init__(self, learning_rate: float) -> None:
        check_number("Constant: learning_rate", learning_rate, 0.0)
        self.learning_rate = learning_rate

    def __call__(self, step: Steps) -> Any:
        return self.learning_rate + 0.0 * step


class InverseTime(Schedule):
    """learning_rate / (1 + decay * step): the `decay` of the book, chapter 10."""

    def __init__(self, learning_rate: float, decay: float) -> None:
        check_number("InverseTime: learning_rate", learning_rate, 0.0)
        check_number("InverseTime: decay", decay, 0.0)
        self.learning_rate, self.decay = learning_rate, decay

    def __call__(self, step: Steps) -> Any:
        return self.learning_rate / (1.0 + self.decay * step)


class StepDecay(Schedule):
    """Multiplied by `factor` after every `every` steps."""

    def __init__(self, learning_rate: float, every: int, factor: float = 0.5) -> None:
        check_number("StepDecay: learning_rate", learning_rate, 0.0)
        check_count("StepDecay: every", every, "StepDecay(0.01, every=1000)")
        check_number("StepDecay: factor", factor, 0.0)
        self.learning_rate, self.every, self.factor = learning_rate, every, factor

    def __call__(self, step: Steps) -> Any:
        return self.learning_rate * self.factor ** (step // self.every * 1.0)


class Exponential(Schedule):
    """learning_rate * factor ** step."""

    def __init__(self, learning_rate: float, factor: float = 0.999) -> None:
        check_number("Exponential: learning_rate", learning_rate, 0.0)
        check_number("Exponential: factor", factor, 0.0)
        self.learning_rate, self.factor = learning_rate, factor

    def __call__(self, step: Steps) -> Any:
        return self.learning_rate * self.factor ** (step * 1.0)


def _between(start: float, end: float, share: Any) -> Any:
    """Half a cosine from `start` (share 0) to `end` (share 1)."""
    return end + (start - end) * (1.0 + np.cos(np.pi * np.clip(share, 0.0, 1.0))) / 2.0


class Cosine(Schedule):
    """Half a cosine from `learning_rate` down to `final` over `steps`. Loshchilov and Hutter (2017), no restarts."""

    def __init__(self, learning_rate: float, steps: int, final: float = 0.0) -> None:
        check_number("Cosine: learning_rate", learning_rate, 0.0)
        check_count("Cosine: steps", steps, "Cosine(0.01, steps=1000)")
        check_number("Cosine: final", final, 0.0)
        self.learning_rate, self.steps, self.final = learning_rate, steps, final

    def __call__(self, step: Steps) -> Any:
        return _between(self.learning_rate, self.final, step / self.steps)


class OneCycle(Schedule):
    """Up from peak/25 to `peak` over the first `warm` of the steps, then down to peak/10000. Smith and Topin (2018)."""

    def __init__(self, peak: float, steps: int, warm: float = 0.3) -> None:
        check_number("OneCycle: peak", peak, 0.0)
        check_count("OneCycle: steps", steps, "OneCycle(0.01, steps=1000)")
        check_number("OneCycle: warm, the share of the steps that goes up,", warm, 0.0, 1.0)
        self.peak, self.steps, self.warm = peak, steps, warm

    def __call__(self, step: Steps) -> Any:
        turn = max(self.warm * self.steps, 1.0)
        up = _between(self.peak / 25.0, self.peak, step / turn)
        down = _between(self.peak, self.peak / 1e4, (step - turn) / max(self.steps - turn, 1.0))
        return np.where(step < turn, up, down)


class WarmUp(Schedule):
    """From almost nothing up in a straight line over `steps`, then `then`, a number or another schedule."""

    def __init__(self, then: float | Schedule, steps: int) -> None:
        check_count("WarmUp: steps", steps, "WarmUp(0.01, steps=100)", low=0)
        as_schedule(then)
        self.then, self.steps = then, steps

    def __call__(self, step: Steps) -> Any:
        after = np.maximum(step - self.steps, 0)
        rate = self.then(after) if callable(self.then) else self.then
        return rate * np.minimum((step + 1.0) / (self.steps + 1.0), 1.0)

    def state(self) -> dict[str, float]:
        return self.then.state() if isinstance(self.then, Schedule) else {}

    def restore(self, state: dict[str, float]) -> None:
        if isinstance(self.then, Schedule):
            self.then.restore(state)

    def restart(self) -> None:
        if isinstance(self.then, Schedule):
            self.then.restart()

    def watch(self, loss: float) -> None:
        if isinstance(self.then, Schedule):
            self.then.watch(loss)


class Plateau(Schedule):
    """Multiplied by `factor` when the watched loss has not improved for `patience` epochs.

    The loss is the validation loss where there is one, the training loss otherwise. An improvement is anything below
    ``best - threshold * abs(best)``.
    """

    def __init__(
        self,
        learning_rate: float,
        factor: float = 0.5,
        patience: int = 10,
        threshold: float = 1e-4,
        lowest: float = 0.0,
    ) -> None:
        check_number("Plateau: learning_rate", learning_rate, 0.0)
        check_number("Plateau: factor", factor, 0.0, 1.0, ends="()")
        check_count("Plateau: patience", patience, "Plateau(0.01, patience=10)", low=0)
        check_number("Plateau: threshold", threshold, 0.0, 1.0)
        check_number("Plateau: lowest", lowest, 0.0)
        self.learning_rate, self.factor, self.patience = learning_rate, factor, patience
        self.threshold, self.lowest = threshold, lowest
        self.restart()

    def restart(self) -> None:
        self._best, self._waited, self._cuts = float("inf"), 0, 0

    def __call__(self, step: Steps) -> Any:
        return max(self.learning_rate * self.factor**self._cuts, self.lowest) + 0.0 * step

    def watch(self, loss: float) -> None:
        if loss < self._best - (self.threshold * abs(self._best) if np.isfinite(self._best) else 0.0):
            self._best, self._waited = loss, 0
        else:
            self._waited += 1
            if self._waited > self.patience:
                self._cuts, self._waited = self._cuts + 1, 0

    def state(self) -> dict[str, float]:
        return {"best": self._best, "waited": self._waited, "cuts": self._cuts}

    def restore(self, state: dict[str, float]) -> None:
        for name in ("best", "waited", "cuts"):
            if not isinstance(state.get(name), (int, float)):
                raise InputError(f"{self!r} cannot go on from {state!r}: expected its best, waited and cuts.")
        self._best, self._waited, self._cuts = float(state["best"]), int(state["waited"]), int(state["cuts"])


BY_NAME = {
    made.__name__: made for made in (Constant, InverseTime, StepDecay, Exponential, Cosine, OneCycle, WarmUp, Plateau)
}


def as_schedule(given: Any) -> Callable[[Steps], Any]:
    """A schedule from a number, a schedule or any function of the step."""
    if isinstance(given, bool) or not (callable(given) or isinstance(given, (int, float, np.floating))):
        raise InputError(
            f"learning_rate={given!r}: expected a positive number or a schedule such as Cosine(0.01, 1000)."
        )
    if callable(given):
        return given
    if not 0.0 <= float(given) < float("inf"):
        raise InputError(f"learning_rate={given!r}: expected a finite number of at least 0, for example 0.001.")
    return Constant(float(given))
