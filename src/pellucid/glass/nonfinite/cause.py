"""Why values stopped being finite, and what to try.

What comes from outside (inputs, targets, weights as they were given, the learning rate) is compared with what networks
are used to, in powers of ten; the farthest off is the cause. Where nothing is, weights that grew are the learning
rate's doing, and the rest is the doing of the layer or loss whose operation it was.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.checks import is_ours
from pellucid.glass.nonfinite.operations import show
from pellucid.glass.nonfinite.replay import Failure, Run, Stepper
from pellucid.glass.nonfinite.watched import Event
from pellucid.layer import Layer
from pellucid.network import copied

USUAL = {"input": 10.0, "targets": 10.0, "weights": 3.0, "learning rate": 0.03}
FAR = 2.0  # powers of ten above the usual
GREW = 1.0  # powers of ten that a parameter grew
LOOK_BACK = 1000  # steps whose learning rates are looked at
TRY_STEPS, TRY_SECONDS = 50, 5.0  # how far, and for how long, other learning rates are tried

_INSTEAD = {
    "exponential": "Keep what goes in small: take the row's largest value off first (as Softmax does), or limit it with "
    "xp.minimum(x, 80.0). pellucid.functions has sigmoid, softplus and softmax that cannot overflow.",
    "logarithm": "Keep what goes in above 0: xp.log(xp.maximum(x, 1e-12)).",
    "division": "Keep what it divides by away from 0: add a small number such as 1e-7 to it, or use xp.where.",
    "domain": "Keep what goes in inside the function's range: xp.maximum(x, 0.0), or xp.clip.",
    "unseen": "Check that it returns finite values for finite ones; layer.forward and layer.backward can be called alone.",
}  # fmt: skip


@dataclass
class Cause:
    """`name`: "input", "targets", "sample weights", "weights", "learning rate", "layer", "loss" or "update"."""

    name: str
    advice: str
    values: list[str] = field(default_factory=list)  # besides those of the operation


def cause(run: Run, failure: Failure, event: Event) -> Cause:
    """Why `event` came about."""
    given = _given(run, event)
    if given is not None:
        return given
    far, rate = _far(run, failure, event)
    grown = _growth(run, failure)
    worst = max(far, key=lambda name: far[name])
    own = event.told.kind not in ("overflow", "exponential")
    if own or (far[worst] < FAR and grown[0] < GREW):
        return _operation(run, event)
    if far[worst] < FAR or worst == "learning rate":
        if event.told.kind == "exponential" and far[worst] < FAR and grown[0] < 3 * GREW:
            return _operation(run, event)
        return _learning_rate(run, failure, rate, grown[1])
    if worst == "weights":
        return _weights(run)
    return _data(run, failure, worst)


def _given(run: Run, event: Event) -> Cause | None:
    """The cause where a value came in broken."""
    if event.told.kind != "given":
        return None
    phase, who = event.place.phase, event.place.path
    if phase == "input":
        return Cause("input", "X was finite when fit began, so something wrote into it since: a callback or another thread. "
                     "Give fit a copy, X.copy(), or look for the line that writes.")  # fmt: skip
    if phase == "parameters":
        return Cause("weights", f"Give layer {who} finite values, or make the model anew.")
    if phase == "loss":
        name, cause_name = ("y", "targets") if event.told.text.startswith("y") else ("sample_weight", "sample weights")
        return Cause(cause_name, f"{name} was finite when fit began, so something wrote into it since. Give fit a copy, "
                     f"{name}.copy().")  # fmt: skip
    if event.told.text.startswith("learning rate"):
        return Cause("learning rate", f"The schedule gave it: {run.optimizer.learning_rate!r}. Limit what it returns.")
    return Cause("update", "The optimiser's running sum overflowed before. Scale inputs and targets, limit the gradient "
                 f"with {type(run.optimizer).__name__}(clip_norm=1.0), or take {_wider(run)}.")  # fmt: skip


def _wider(run: Run) -> str:
    dtype = next((value.dtype for value in run.values.values()), np.dtype("float64"))
    return "pellucid.Model(..., dtype='float64')" if dtype == np.float32 else "smaller units"


def _size(values: Any) -> float:
    array = np.abs(np.asarray(values, dtype=float))
    array = array[np.isfinite(array)]
    return float(array.max()) if array.size else 0.0


def _far(run: Run, failure: Failure, event: Event) -> tuple[dict[str, float], float]:
    """By how many powers of ten each thing from outside is above the usual; and the largest learning rate so far."""
    batch = failure.batch
    mine = np.isin(batch.rows, event.told.rows) if event.told.rows else np.ones(len(batch.rows), bool)
    _, x, y = _looked_at(run, failure)
    back = max(run.begun[3], failure.step - LOOK_BACK)
    _, rates = run.rates(back, failure.step + 1 - back)
    sizes = {
        "input": max(_size(batch.x[mine]), _size(x) if failure.step > run.begun[3] else 0.0),
        "targets": _size(y) if batch.y.dtype.kind == "f" else 0.0,
        "weights": max((_size(value) for value in run.begun[0].values()), default=0.0),
        "learning rate": _size(rates),
    }
    return {name: np.log10(max(size, 1e-30) / USUAL[name]) for name, size in sizes.items()}, sizes["learning rate"]


def _looked_at(run: Run, failure: Failure) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(rows of the user, x, y) of all data that are in memory; otherwise of the batch."""
    if run.streamed or not isinstance(run.data.x, np.ndarray):
        return failure.batch.rows, failure.batch.x, failure.batch.y
    return run.of_user(np.arange(len(run.data.x))), run.data.x, run.data.y


def _growth(run: Run, failure: Failure) -> tuple[float, str]:
    """By how many powers of ten the parameters have grown since `fit` began, the most of any; and that one's entry."""
    most, entry = 0.0, ""
    for key, began in run.begun[0].items():
        now = failure.before[0][key]
        if not now.size or not np.isfinite(now).all():
            continue
        grown = float(np.log10(max(_size(now), 1e-30) / max(_size(began), 0.1)))
        if grown > most:
            place = np.unravel_index(int(np.abs(now).argmax()), now.shape)
            path, _, name = key.rpartition(".")
            at = ", ".join(str(int(i)) for i in place)
            entry = f"{name}[{at}] of layer {path} = {show(now[place])}, which began as {show(began[place])}"
            most = grown
    return most, entry


def _operation(run: Run, event: Event) -> Cause:
    """The layer, loss or optimiser does it by itself."""
    part, kind = event.place.part, event.told.kind
    if event.place.phase == "update":
        name = type(run.optimizer).__name__
        if kind == "division":
            return Cause("update", f"{name} divides by a running sum that is 0 where the gradient was 0, and its epsilon is "
                         f"too small for {_dtype(run)}: take {name}(epsilon=1e-7).")  # fmt: skip
        return Cause("update", f"Scale inputs and targets, limit the gradient with {name}(clip_norm=1.0), or take "
                     f"{_wider(run)}.")  # fmt: skip
    name = "layer" if isinstance(part, Layer) else "loss"
    if kind == "overflow":
        return Cause(name, f"The numbers outgrow {_dtype(run)}: scale what goes in, or take {_wider(run)}.")
    advice = _INSTEAD[kind]
    if name == "loss" and kind == "logarithm":
        advice += " The losses of pellucid do that, or are trained together with the last layer."
    if not is_ours(part) and kind in _INSTEAD:
        advice = f"{type(part).__name__} is your own. {advice}"
    return Cause(name, advice)


def _dtype(run: Run) -> str:
    return str(next((value.dtype for value in run.values.values()), "float32"))


def _weights(run: Run) -> Cause:
    key, value = max(run.begun[0].items(), key=lambda item: _size(item[1]))
    place = np.unravel_index(int(np.abs(value).argmax()), value.shape)
    path, _, name = key.rpartition(".")
    at = ", ".join(str(int(i)) for i in place)
    entry = f"{name}[{at}] of layer {path} = {show(value[place])}"
    return Cause("weights", "It was so large before training began. Weights begin well below 1: leave them to the layer's "
                 "initializer ('glorot_uniform'), or give it a smaller std.", [entry])  # fmt: skip


def _data(run: Run, failure: Failure, name: str) -> Cause:
    """Inputs or targets out of all proportion: the entry farthest off."""
    rows, x, y = _looked_at(run, failure)
    array, letter = (x, "X") if name == "input" else (y, "y")
    place = tuple(int(i) for i in np.unravel_index(int(np.argmax(np.abs(array))), array.shape))
    shown = ", ".join(map(str, (int(rows[place[0]]), *place[1:])))
    entry = f"{letter}[{shown}] = {show(array[place])}"
    middle = show(float(np.median(np.abs(array))))
    where = f"{letter} = ({letter} - {letter}.mean(axis=0)) / {letter}.std(axis=0)"
    return Cause(name, f"The middle size of {letter}'s values is {middle}. Repair or drop that row if it is a slip; if it "
                 f"is not, scale: {where}.", [entry])  # fmt: skip


def _learning_rate(run: Run, failure: Failure, rate: float, entry: str) -> Cause:
    """Too high: with which one the first steps stay finite."""
    back = max(run.begun[3], failure.step - LOOK_BACK)
    _, rates = run.rates(back, failure.step + 1 - back)
    values = [entry] if entry else []
    jump = int(np.argmax(np.abs(rates) >= rate))
    if jump and rate > 100 * np.abs(rates[:jump]).max():
        before = show(rates[jump - 1])
        return Cause(
            "learning rate",
            f"The learning rate is too high: the schedule jumps from {before} to {show(rate)} at step {back + jump + 1} of "
            f"the run. Keep it near {before}, with which training went well.",
            values,
        )
    parts = [f"The learning rate is too high: it was {show(rate)}"]
    found = suggested(run, failure, rate)
    if found is None:
        parts.append("Try a tenth of it, or less")
    else:
        better, steps, first, last = found
        tenth = "a tenth, " if abs(better / rate - 0.1) < 1e-9 else ""
        parts.append(
            f"Try {tenth}{show(better)}: with it the first {steps} steps of fit stay finite (loss {show(first)} to "
            f"{show(last)})"
        )
    if any(_size(run.values[key]) > 100 * max(_size(began), 0.1) for key, began in run.begun[0].items()):
        parts.append("The values that it has back have grown already: make the model anew")
    advice = ". ".join(parts) + ". Scaled inputs and clip_norm=1.0 in the optimiser help, too."
    return Cause("learning rate", advice, values)


def suggested(run: Run, failure: Failure, rate: float) -> tuple[float, int, float, float] | None:
    """(rate, steps, first loss, last loss) of the highest tenth, hundredth, ... that stays finite and does not climb.

    The optimiser's learning rates are held below it, over up to `TRY_STEPS` steps from the beginning of `fit`.
    """
    if not run.begun[0] or not rate or run.streamed:
        return None
    stop, first = time.monotonic() + TRY_SECONDS, run.begun[2]
    count = min(TRY_STEPS, max(failure.step + 1 - run.begun[3], 10))
    every = ((epoch, *item) for epoch in itertools.count(first) for item in enumerate(run.batches(epoch)))
    steps = list(itertools.islice(every, count))
    for power in range(1, 41):
        limit = rate * 10.0**-power
        losses = _losses(run, steps, limit, stop)
        if losses is None:
            return None
        if losses and losses[-1] <= losses[0] * 1.0001:
            return limit, len(losses), losses[0], losses[-1]
    return None


def _losses(run: Run, steps: list[Any], limit: float, stop: float) -> list[float] | None:
    """The losses of the first steps with learning rates up to `limit`; empty where they break down, None if too long."""
    values, slots, _, first = run.begun
    state = {key: value for key, value in run.values.items() if key not in values}
    stepper, losses = Stepper(run, copied({**state, **values}), slots), []
    with np.errstate(all="ignore"):
        for at, (epoch, number, batch) in enumerate(steps):
            _, given = run.rates(first + at, 1)
            learning_rate = float(np.clip(given[0], -limit, limit))
            rates = [float(value) for value in run.optimizer.rates(learning_rate, float(first + at))]
            losses.append(stepper.step(batch, epoch, number, rates))
            if not (np.isfinite(losses[-1]) and stepper.finite()):
                return []
            if time.monotonic() > stop:
                return None
    # With several batches an epoch, one batch's loss says little: compare the first part with the last.
    part = max(1, min(run.data.steps, len(steps) // 3))
    return [float(np.mean(losses[:part])), *losses[1:-1], float(np.mean(losses[-part:]))]
