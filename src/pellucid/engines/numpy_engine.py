"""The NumPy engine: one working copy for the whole run, all parameters in one flat buffer.

A working copy dropped after every step would double the time (page faults). The optimiser's update, which is entry by
entry, runs over slices of the buffer that stay in the processor's cache; small parameters share a slice, so that a
network of six arrays does not pay for six updates. The buffer belongs to the run; the user's network gets fresh copies.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.engines.work import EpochResult, Work
from pellucid.mapped import Mapped
from pellucid.network import get_values, named, set_values, working_copy
from pellucid.optimizers.base import clip_by_value, norm_factor
from pellucid.randomness import Draws
from pellucid.step import Pass

SLICE = 32_768  # entries: 128 KiB of float32, so that parameter, gradient and slots fit the second-level cache
Rates = tuple[float, ...]  # the optimiser's numbers for one step
Views = tuple[np.ndarray, tuple[np.ndarray, ...]]  # a slice of the parameters, and of each slot


@dataclass
class Snapshot:
    """Where training stood at the end of an epoch: parameters and slots as one array, and the state arrays in order."""

    lasting: np.ndarray
    state: list[np.ndarray]


class NumpyEngine:
    """Trains with NumPy."""

    name = "numpy"

    def __init__(self, work: Work) -> None:
        self.work, self.data = work, work.data
        self.optimizer = copy.copy(work.optimizer)  # with the settings that it has now
        self.keep_outputs, self.valid_x = work.keep_outputs, work.valid_x
        self.draws = Draws(work.data.seed)
        self.step = Pass(work.network, work.loss, self.draws)
        self._lay_out(work.slots)
        self.judged = working_copy(self.step.network, training=False)  # its parameters are the run's own
        self.saved = self.lasting.copy()

    def _lay_out(self, slots: dict[str, np.ndarray]) -> None:
        """One flat buffer a role (parameter, gradient, each slot), and the slices that the update walks over."""
        places = list(named(self.step.network, "params"))
        self.state = list(named(self.step.network, "state"))
        for _, layer, name in self.state:  # the run's own: a layer of the user's may change them in place
            setattr(layer, name, np.array(getattr(layer, name)))
        sizes = [getattr(layer, name).size for _, layer, name in places]
        ends = np.cumsum(sizes, dtype=int)
        size, dtype = int(ends[-1]) if places else 0, getattr(places[0][1], places[0][2]).dtype if places else "f4"
        self.lasting = np.zeros((1 + len(self.optimizer.slots), size), dtype)  # parameters, then each slot
        self.flat, self.slot_flats = self.lasting[0], list(self.lasting[1:])
        self.gradient = np.zeros(size, dtype)
        self.places = []
        for (key, layer, name), end, length in zip(places, ends, sizes, strict=True):
            span, value = slice(int(end) - length, int(end)), getattr(layer, name)
            self.flat[span] = value.reshape(-1)
            setattr(layer, name, self.flat[span].reshape(value.shape))
            for slot, flat in zip(self.optimizer.slots, self.slot_flats, strict=True):
                if f"{slot}/{key}" in slots:
                    flat[span] = slots[f"{slot}/{key}"].reshape(-1)
            self.places.append((key, layer, "d" + name, span, value.shape))
        self._plan(size)

    def _plan(self, size: int) -> None:
        """Small parameters are gathered into the gradient buffer; a large one's gradient is read where it lies."""
        runs: list[tuple[int, int]] = []
        self.small, self.large, start = [], [], 0
        for _, layer, name, span, _ in self.places:
            if span.stop - span.start >= SLICE:
                runs.append((start, span.start))
                self.large.append((layer, name, [self._views(a, min(a + SLICE, span.stop)) for a in _starts(span)]))
                start = span.stop
            else:
                self.small.append((layer, name, self.gradient[span]))
        runs.append((start, size))
        self.grouped = [
            (self.gradient[a : min(a + SLICE, end)], self._views(a, min(a + SLICE, end)))
            for begin, end in runs
            for a in range(begin, end, SLICE)
        ]

    def _views(self, start: int, stop: int) -> Views:
        return self.flat[start:stop], tuple(flat[start:stop] for flat in self.slot_flats)

    def at_once(self, epochs: int) -> int:
        """One: nothing is gained by looking less often."""
        return 1

    def run(self, epoch: int, rates: np.ndarray) -> Iterator[EpochResult]:
        """See `Engine`.

        A snapshot is the run's own arrays while its figures are taken. When training goes on, it becomes a copy, in
        memory that the next snapshot takes over: so the one before is whole until this one has been taken in.
        """
        for number, steps in enumerate(rates):
            result = self._epoch(epoch + number, steps)
            live = result.snapshot
            if result.finite and self.valid_x is not None:
                set_values(self.judged, get_values(self.step.network, "state"))
                x, forward = self.valid_x, self.judged.forward
                result.valid_outputs = x.through(forward) if isinstance(x, Mapped) else forward(x)
            yield result
            np.copyto(self.saved, self.lasting)
            live.lasting = self.saved

    def _epoch(self, epoch: int, rates: np.ndarray) -> EpochResult:
        data, losses, kept = self.data, [], None
        order, size = data.order(epoch), data.batch_size
        for number, step_rates in enumerate(map(tuple, rates.tolist())):
            at = slice(number * size, min((number + 1) * size, data.rows))
            if order is None:
                x, y, weights = data.x[at], data.y[at], None if data.weights is None else data.weights[at]
            else:
                rows = order[at]
                x, y = data.x.take(rows, axis=0), data.y.take(rows, axis=0)  # twice as fast as data.x[rows]
                weights = None if data.weights is None else data.weights[rows]
            self.draws.moment.epoch, self.draws.moment.step = epoch, number
            losses.append(float(self.step.run(x, y, weights)))
            if self.keep_outputs:
                outputs = self.step.outputs()
                if kept is None:
                    kept = np.empty((data.rows, *outputs.shape[1:]), outputs.dtype)
                kept[at] = outputs
            self._update(step_rates)
        loss = self.work.mean_loss(losses, order)
        targets = None if kept is None else data.y if order is None else data.y[order]
        return EpochResult(loss, self._finite(loss), Snapshot(self.lasting, self._state()), kept, targets)

    def _finite(self, loss: float) -> bool:
        """Whether loss, parameters, slots and state are all numbers: one that is not makes the sum not finite either."""
        if not (np.isfinite(self.lasting.sum()) or np.isfinite(self.lasting).all()):  # a sum can overflow by itself
            return False
        return bool(np.isfinite(loss)) and all(bool(np.isfinite(state).all()) for state in self._state())

    def _update(self, rates: Rates) -> None:
        for layer, name, flat in self.small:
            flat[:] = getattr(layer, name).reshape(-1)
        factor = self._norm_factor() if self.optimizer.clip_norm is not None else None
        for gradient, views in self._pieces():
            self._apply(gradient, views, rates, factor)

    def _pieces(self) -> Iterator[tuple[np.ndarray, Views]]:
        """Every slice: its gradient, and its views of the parameters and the slots."""
        yield from self.grouped
        for layer, name, pieces in self.large:
            gradient, start = getattr(layer, name).reshape(-1), 0
            for views in pieces:
                stop = start + len(views[0])
                yield gradient[start:stop], views
                start = stop

    def _apply(self, gradient: np.ndarray, views: Views, rates: Rates, factor: Any) -> None:
        param, slots = views
        if self.optimizer.clip_value is not None:
            gradient = clip_by_value(gradient, self.optimizer.clip_value)
        if factor is not None:
            gradient = gradient * factor
        new, new_slots = self.optimizer.update(param, gradient, slots, rates)
        if new is param and all(map(operator.is_, new_slots, slots)):
            return  # everything was written in place
        # An optimiser of the user's may hand back one array in another's place: none is written over before it is read.
        kept = [np.array(value) for value in (new, *new_slots)]
        for place, value in zip((param, *slots), kept, strict=True):
            place[:] = value

    def _norm_factor(self) -> Any:
        gradients = [getattr(layer, name) for _, layer, name, _, _ in self.places]
        if self.optimizer.clip_value is not None:
            gradients = [clip_by_value(gradient, self.optimizer.clip_value) for gradient in gradients]
        square_sum = sum((gradient * gradient).sum() for gradient in gradients)
        return norm_factor(np.asarray(square_sum, self.flat.dtype), self.optimizer.clip_norm)  # type: ignore[arg-type]

    def _state(self) -> list[np.ndarray]:
        """Copies: what a snapshot holds stays as it is where a layer of the user's changes its state in place."""
        return [np.array(getattr(layer, name)) for _, layer, name in self.state]

    def start(self) -> Snapshot:
        """See `Engine`."""
        return Snapshot(self.saved, self._state())

    def values(self, snapshot: Snapshot) -> dict[str, np.ndarray]:
        """See `Engine`."""
        flat = snapshot.lasting[0].copy()
        fresh = {key: flat[span].reshape(shape) for key, _, _, span, shape in self.places}
        state = {key: np.array(value) for (key, _, _), value in zip(self.state, snapshot.state, strict=True)}
        return {**fresh, **state}

    def slots(self, snapshot: Snapshot) -> dict[str, np.ndarray]:
        """See `Engine`."""
        return {
            f"{slot}/{key}": flat[span].reshape(shape).copy()
            for slot, flat in zip(self.optimizer.slots, snapshot.lasting[1:], strict=True)
            for key, _, _, span, shape in self.places
        }


def _starts(span: slice) -> range:
    return range(span.start, span.stop, SLICE)
