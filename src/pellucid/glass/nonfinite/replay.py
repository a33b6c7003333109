"""Training once more on NumPy, from the last good values, to the step that fails; and that step under watch."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.glass.nonfinite.watched import Event, Place, Watch
from pellucid.layers import Sequential
from pellucid.losses import Loss
from pellucid.network import Values, copied, get_values, set_values
from pellucid.optimizers import Optimizer
from pellucid.randomness import Draws
from pellucid.step import Pass, update

SECONDS = 60.0  # how long a replay may take
EPOCHS = 20  # how many it goes on for where the other engine's rounding led elsewhere

Rates = Callable[[int, int], tuple[np.ndarray, np.ndarray]]


@dataclass
class Run:
    """What a training run is made of, and where it last stood well.

    `data`: the batches of the run (x, y, weights, batch_size, order, of_user); `values`: parameters and state by key;
    `slots` by "slot/key"; `epoch` and `step` finished; `rates(step, count)`: the optimiser's numbers and the learning
    rates; `begun`: parameters, slots, epoch and step with which this call of `fit` began.
    """

    network: Sequential
    loss: Loss
    optimizer: Optimizer
    data: Any
    values: dict[str, np.ndarray]
    slots: dict[str, np.ndarray]
    epoch: int
    step: int
    rates: Rates
    begun: tuple[Values, Values, int, int] = field(default_factory=lambda: ({}, {}, 0, 0))
    engine: str = "numpy"

    @property
    def streamed(self) -> bool:
        """Whether the batches come from an iterable, epoch by epoch, and not from arrays."""
        return hasattr(self.data, "epoch")

    def of_user(self, rows: np.ndarray) -> np.ndarray:
        """The rows of the user's X that `rows` of the data are; of batches that are handed over, their own rows."""
        given = getattr(self.data, "of_user", None)
        return rows if given is None else np.asarray(given)[rows]

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch as training sees them; the seed makes the same ones again."""
        if self.streamed:
            for x, y, weights in self.data.epoch(epoch):
                yield Batch(np.arange(len(x)), x, y, weights)
            return
        data, order = self.data, self.data.order(epoch)
        for start in range(0, len(data.x), data.batch_size):
            at: Any = slice(start, start + data.batch_size)
            rows = np.arange(len(data.x))[at] if order is None else order[at]
            where = at if order is None else rows
            weights = None if data.weights is None else data.weights[where]
            yield Batch(self.of_user(rows), data.x[where], data.y[where], weights)


@dataclass
class Batch:
    """What a step is given; `rows` in the numbering of the user."""

    rows: np.ndarray
    x: Array
    y: Array
    weights: Array | None


@dataclass
class Failure:
    """The step that fails on `batch`. Epoch and step count from 0; `before`: values and slots before it."""

    epoch: int
    number: int
    step: int
    loss: float
    before: tuple[Values, Values]
    batch: Batch


class TooLong(Exception):
    """The replay has used up its time; `args`: the epoch and step it came to."""


class Stepper:
    """Steps of training on NumPy, in the words of `pellucid.step`, as the engines run them."""

    def __init__(self, run: Run, values: Values, slots: Values) -> None:
        self.run, self.draws = run, Draws(run.data.seed)
        self.one = Pass(run.network, run.loss, self.draws)
        self.values = copied({key: values[key] for key in get_values(self.one.network, "params")})
        self.state = copied({key: values[key] for key in get_values(self.one.network, "state")})
        self.slots = copied(slots)
        for name in run.optimizer.slots:
            for key, value in self.values.items():
                self.slots.setdefault(f"{name}/{key}", np.zeros_like(value))

    def step(self, batch: Batch, epoch: int, number: int, rates: Iterable[float]) -> float:
        """One step; the loss."""
        self.draws.moment.epoch, self.draws.moment.step = epoch, number
        set_values(self.one.network, {**self.values, **self.state})
        loss = float(self.one.run(batch.x, batch.y, batch.weights))
        gradients = self.one.gradients()
        self.state = get_values(self.one.network, "state")
        self.values, self.slots = updated(self.run.optimizer, self.values, gradients, self.slots, rates)
        return loss

    def finite(self) -> bool:
        """Whether parameters, slots and state are all numbers. (One that is not makes the sum not finite either.)"""
        lasting = (*self.values.values(), *self.slots.values(), *self.state.values())
        return all(np.isfinite(value.sum()) or np.isfinite(value).all() for value in lasting)


def updated(optimizer: Optimizer, values: Values, gradients: Values, slots: Values, rates: Iterable[float]) -> Any:
    """(values, slots) after the optimiser's step; slots by "slot/key"."""
    nested = {name: {key: slots[f"{name}/{key}"] for key in values} for name in optimizer.slots}
    values, nested = update(optimizer, values, gradients, nested, tuple(rates))
    return values, {f"{name}/{key}": value for name, own in nested.items() for key, value in own.items()}


def find(run: Run, seconds: float = SECONDS, epochs: int = EPOCHS) -> Failure | None:
    """The first step that fails, from the last good values on; None where none does. `TooLong` after `seconds`."""
    stop, step = time.monotonic() + seconds, run.step
    stepper = Stepper(run, run.values, run.slots)
    for epoch in range(run.epoch, run.epoch + epochs):
        for number, batch in enumerate(run.batches(epoch)):
            (rates,), _ = run.rates(step, 1)
            before = copied({**stepper.values, **stepper.state}), copied(stepper.slots)
            loss = stepper.step(batch, epoch, number, rates.tolist())
            if not (np.isfinite(loss) and stepper.finite()):
                return Failure(epoch, number, step, loss, before, batch)
            if time.monotonic() > stop:
                raise TooLong(epoch, number)
            step += 1
    return None


def watch(run: Run, failure: Failure) -> Event | None:
    """Where the loss or the parameters of the failing step come from; None where watching found nothing."""
    batch, eye = failure.batch, Watch(failure.batch.rows)
    values, slots = failure.before
    one = Pass(run.network, run.loss, Draws(run.data.seed, failure.epoch, failure.number))
    observe(one.network, one.loss, eye)
    params = get_values(one.network, "params")
    seen = {}
    for key, value in copied(values).items():
        path, _, name = key.rpartition(".")
        with eye.at(Place("parameters", path, _part(one.network, path), name)):
            seen[key] = eye.take(value, name, "parameters")
    set_values(one.network, seen)
    with eye.at(Place("input", "", None)):
        x = eye.take(np.array(batch.x), "X", "input", per_row=True)
    with eye.at(Place("loss", "loss", one.loss)):
        y = eye.take(np.array(batch.y), "y", "loss", per_row=True)
        weights = eye.take(batch.weights, "sample_weight", "loss", per_row=True)
        loss = one.run(x, y, weights)
    event = eye.origin(loss)
    if event is not None:
        return event
    gradients = one.gradients()
    (rates,), _ = run.rates(failure.step, 1)
    learnt = {key: seen[key] for key in params}
    new = _watched_update(run.optimizer, one.network, learnt, gradients, copied(slots), rates.tolist(), eye)
    lasting = (*get_values(one.network, "state").values(), *new.values())
    found = [event for event in map(eye.origin, lasting) if event is not None]
    return min(found, key=lambda event: event.number) if found else None


def _watched_update(
    optimizer: Optimizer, network: Sequential, values: Values, gradients: Values, slots: Values, rates: Any, eye: Watch
) -> Values:
    """The new values and slots; every array knows what it is called."""
    keys: dict[int, str] = {}
    for key, value in values.items():
        keys[id(value)] = key
    seen_slots = {}
    for name, slot in slots.items():
        key = name.partition("/")[2]
        with eye.at(_update_place(network, key, optimizer)):
            seen_slots[name] = eye.take(slot, f"{name.partition('/')[0]} of {key.rpartition('.')[2]}", "update")
    for key, gradient in gradients.items():
        with eye.at(_update_place(network, key, optimizer)):
            gradients[key] = eye.take(gradient, f"d{key.rpartition('.')[2]}")
    own = copy.copy(optimizer)
    plain = optimizer.update

    def told(param: Array, *rest: Any) -> Any:
        with eye.at(_update_place(network, keys.get(id(param), ""), optimizer)):
            return plain(param, *rest)

    own.update = told  # type: ignore[method-assign,assignment]
    with eye.at(Place("update", "", optimizer)):
        numbers = [eye.take(np.float64(rate), "learning rate", "update") for rate in rates if not np.isfinite(rate)]
        if numbers:  # nothing that is done with it can be finite
            return dict.fromkeys(values, numbers[0])
        new, new_slots = updated(own, values, gradients, seen_slots, rates)
    return {key: eye.settle(value) for key, value in {**new, **new_slots}.items()}


def _update_place(network: Sequential, key: str, optimizer: Optimizer) -> Place:
    path, _, name = key.rpartition(".")
    return Place("update", path, optimizer, name, _part(network, path))


def _part(network: Sequential, path: str) -> Any:
    return next((layer for at, layer in network.walk() if at == path), None)


def observe(network: Sequential, loss: Loss | None, eye: Watch) -> None:
    """Let every layer of a working copy, and the loss, say where they are and hand on watched arrays."""
    for path, layer in network.walk():
        if path:
            layer.forward = _observed(layer.forward, Place("forward", path, layer), eye)  # type: ignore[method-assign]
            layer.backward = _observed(layer.backward, Place("backward", path, layer), eye)  # type: ignore[method-assign]
            layer.penalty = _observed(layer.penalty, Place("loss", path, layer), eye)  # type: ignore[method-assign]
    if loss is not None:
        loss.forward = _observed(loss.forward, Place("loss", "loss", loss), eye)  # type: ignore[method-assign]
        loss.backward = _observed(loss.backward, Place("backward", "loss", loss), eye)  # type: ignore[method-assign]


def _observed(method: Callable[..., Any], place: Place, eye: Watch) -> Callable[..., Any]:
    of_loss = isinstance(place.part, Loss)
    names = ("outputs", "targets") if of_loss else ("inputs" if place.phase == "forward" else "doutput",)

    def run(*given: Any) -> Any:
        seen = [eye.take(value) for value in given]
        with eye.at(place, **dict(zip(names, seen, strict=False))):
            result = eye.settle(method(*seen))
            if place.phase == "backward":
                for name in getattr(place.part, "params", ()):
                    setattr(place.part, f"d{name}", eye.settle(getattr(place.part, f"d{name}", None)))
            return result

    return run
