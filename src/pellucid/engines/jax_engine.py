"""The JAX engine: the lines of the layers, compiled. The only module that imports jax.

A chunk of epochs is one program, so that small networks do not pay for a call a step; the next chunk's shuffles are made
while one runs, and its results are taken in while the next one runs. Every epoch's values come back with the chunk, so
that early stopping, callbacks and Ctrl-C see whole epochs, as on NumPy. Learning rates go in as numbers: a schedule
never compiles anew.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import jax
import jax.experimental
import jax.extend
import numpy as np

from pellucid.engines import compile_cache, key, repeats
from pellucid.engines.program import Carry, Data, Packing, Program
from pellucid.engines.trouble import explained
from pellucid.engines.work import EpochResult, Work
from pellucid.errors import InputError
from pellucid.network import copied, get_values
from pellucid.randomness import words
from pellucid.schedules import Schedule

CHUNK_SECONDS = 0.2  # how long a chunk may take: Ctrl-C and the progress line wait that long
CHUNK_BYTES = 16 << 20  # and how much room its results may take
AHEAD = 64  # chunks that are asked for at once, so that one runs while the results of another are taken in
KEPT = 64  # compiled programs

jax.tree_util.register_dataclass(Carry, [field.name for field in fields(Carry)], [])
jax.tree_util.register_dataclass(Data, [field.name for field in fields(Data)], [])

_programs: OrderedDict[Any, Any] = OrderedDict()
_lock = threading.Lock()
_process: list[int] = []  # the process that trained with JAX first
_jax: Any = jax  # without the gaps in its type annotations
_enable_x64 = _jax.enable_x64 if hasattr(jax, "enable_x64") else _jax.experimental.enable_x64


@dataclass
class Standing:
    """A snapshot: a carry, or number `index` of the carries stacked in one."""

    carry: Carry
    index: Any = None

    def arrays(self, part: dict[str, Any]) -> dict[str, np.ndarray]:
        """Fresh, writable NumPy arrays of a part of the carry."""
        return {name: np.array(value if self.index is None else value[self.index]) for name, value in part.items()}


class JaxEngine:
    """Trains with a compiled program, on the device that JAX chooses."""

    name = "jax"

    def __init__(self, work: Work) -> None:
        self.work, self.compile_seconds = work, 0.0
        self._hold()
        self.epochs = _chunk(work)
        self.program: Any = None
        self.saved: list[Carry] = []
        self.orders: dict[int, Any] = {}
        with explained(work), own_ways(self.precise):
            self.carry = _to_device(self.begin.carry)
            data = work.data
            labels = data.y.astype(np.int32) if data.y.dtype.kind in "iu" else data.y
            seed = tuple(words(data.seed))
            self.data = _to_device(Data(data.x, labels, data.weights, work.valid_x, seed))
            (self.device,) = self.data.x.devices()

    def _hold(self) -> None:
        """What is known before anything is on the device: where training starts, and how its arrays are packed."""
        network, slots = self.work.network, self.work.slots
        values = copied(get_values(network, "params"))
        named = {
            slot: {name: slots.get(f"{slot}/{name}", np.zeros_like(value)) for name, value in values.items()}
            for slot in self.work.optimizer.slots
        }
        self.keys, self.packing = list(values), Packing(values)
        packed = {slot: self.packing.pack(arrays) for slot, arrays in named.items()}
        self.begin = Standing(Carry(self.packing.pack(values), packed, copied(get_values(network, "state"))))
        self.dtype = next(iter(values.values())).dtype if values else self.work.data.x.dtype
        self.precise = bool(self.dtype == np.float64)

    def at_once(self, epochs: int) -> int:
        """Several chunks, so that the device never waits for the host."""
        return min(epochs, AHEAD * self.epochs if self.epochs > 1 else 1)

    def start(self) -> Standing:
        """See `Engine`."""
        return self.begin

    def values(self, snapshot: Standing) -> dict[str, np.ndarray]:
        """See `Engine`."""
        values = self.packing.unpack(snapshot.arrays(snapshot.carry.values))
        return {key: np.asarray(values[key], order="C") for key in self.keys} | snapshot.arrays(snapshot.carry.state)

    def slots(self, snapshot: Standing) -> dict[str, np.ndarray]:
        """See `Engine`."""
        named = {slot: self.packing.unpack(snapshot.arrays(arrays)) for slot, arrays in snapshot.carry.slots.items()}
        return {f"{slot}/{key}": np.asarray(one, order="C") for slot, all in named.items() for key, one in all.items()}

    def run(self, epoch: int, rates: np.ndarray) -> Iterator[EpochResult]:
        """See `Engine`. While a chunk's results are taken in, the next chunk runs."""
        waiting = None
        for at in range(0, len(rates), self.epochs):
            sent = self._send(epoch + at, rates[at : at + self.epochs])
            if waiting is not None:
                yield from self._results(*waiting)
            waiting = sent
            if self.epochs == 1:  # the carry is the snapshot, which the next chunk takes over
                yield from self._results(*waiting)
                waiting = None
        if waiting is not None:
            yield from self._results(*waiting)

    def prepare(self) -> None:
        """Compile now: what cannot be compiled, or finds no memory, says so before anything is trained."""
        numbers = len(self.work.optimizer.rates(0.0, 0.0))
        with explained(self.work), own_ways(self.precise):
            self._program(self._arguments(0, np.zeros((0, self.work.data.steps, numbers))))

    def _arguments(self, epoch: int, rates: np.ndarray) -> tuple[Any, ...]:
        """What the program is called with for `len(rates)` epochs."""
        count, data = len(rates), self.work.data
        room = np.zeros((self.epochs, *rates.shape[1:]), self.dtype)
        room[:count] = rates
        orders = None
        if data.ordered:
            orders = np.zeros((self.epochs, data.rows), np.int32)
            for number in range(count):
                orders[number] = self._order(epoch + number)
        return (self.carry, self.data, np.uint32(epoch), np.int32(count), orders, room)

    def _send(self, epoch: int, rates: np.ndarray) -> tuple[int, int, Any]:
        """Start a chunk of `len(rates)` epochs; (first epoch, how many, what will be there when it is done)."""
        count, data, arguments = len(rates), self.work.data, self._arguments(epoch, rates)
        with explained(self.work), own_ways(self.precise):
            self.carry, results = self._program(arguments)(*arguments)
        if self.epochs == 1 and data.ordered:
            self.orders = {epoch: self.orders[epoch], epoch + 1: data.order(epoch + 1)}  # while this one runs
        return epoch, count, results

    def _order(self, epoch: int) -> Any:
        if epoch not in self.orders:
            self.orders[epoch] = self.work.data.order(epoch)
        return self.orders[epoch]

    def _results(self, epoch: int, count: int, results: dict[str, Any]) -> Iterator[EpochResult]:
        with explained(self.work), own_ways(self.precise):
            _jax.block_until_ready(results)  # Ctrl-C interrupts this at once
            carry = self._kept() if self.epochs == 1 else jax.tree.map(np.asarray, results.pop("carry"))
            host: dict[str, Any] = {
                name: None if array is None else np.asarray(array) for name, array in results.items()
            }
        data = self.work.data
        outputs, valid = host["outputs"], host.get("valid_outputs")
        for number in range(count):
            order = self.orders.pop(epoch + number, None)
            result = EpochResult(self.work.mean_loss(host["losses"][number], order), bool(host["finite"][number]), None)
            result.snapshot = Standing(carry, None if self.epochs == 1 else number)
            if outputs is not None:
                result.outputs, result.targets = outputs[number], data.y if order is None else data.y[order]
            if valid is not None:
                result.valid_outputs = valid[number]
            yield result

    def _kept(self) -> Carry:
        """The carry on the host, in memory of the run's own, since the next chunk takes over the device's.

        Two such memories take turns, so that Ctrl-C in the middle of a copy leaves the epoch before whole.
        """
        if not self.saved:
            self.saved = [jax.tree.map(lambda array: np.empty(array.shape, array.dtype), self.carry) for _ in range(2)]
        jax.tree.map(lambda into, array: np.copyto(into, np.asarray(array)), self.saved[0], self.carry)
        self.saved.reverse()
        return self.saved[1]

    def _program(self, arguments: tuple[Any, ...]) -> Any:
        """The compiled program for this network and arrays of these shapes: made now, or before.

        One for the whole run: what is set meanwhile counts from the next run on, as on NumPy.
        """
        if self.program is None:
            work = self.work
            described = (
                key.of_layer(work.network), key.of_settings(work.loss), key.of_settings(work.optimizer, ("learning_rate",)),
                work.data.batch_size, work.data.ordered, work.keep_outputs, self.epochs, self.precise, self.device,
                jax.tree.structure(arguments), tuple((leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(arguments)),
            )  # fmt: skip

            def make() -> Callable[..., Any]:
                program = Program(jax, work, self.epochs, self.device.platform)
                repeats.check(program, self.carry, self.data, arguments[-1][0, 0])
                return program.run

            self.program, seconds = compiled_once(described, make, arguments)
            self.compile_seconds += seconds
        return self.program


def compiled_once(described: Any, make: Callable[[], Any], arguments: tuple[Any, ...]) -> tuple[Any, float]:
    """(the compiled program that `described` describes, seconds spent on it now); `make` gives the function to compile."""
    described = (described, _jax.config.jax_default_matmul_precision)
    with _lock:
        if described in _programs:
            _programs.move_to_end(described)
            return _programs[described], 0.0
    begin = time.perf_counter()
    compiled = compile_cache.compiled(jax, jax.jit(make(), donate_argnums=0).lower(*arguments))
    with _lock:
        _programs[described] = compiled
        while len(_programs) > KEPT:
            _programs.popitem(last=False)
    return compiled, time.perf_counter() - begin


@contextlib.contextmanager
def own_ways(precise: bool) -> Iterator[None]:
    """JAX as the engine needs it, in this thread and here alone, whatever the user has set for their own programs."""
    _refuse_fork()
    with (
        _enable_x64(precise), jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"),
        jax.transfer_guard("allow"), jax.debug_nans(False), jax.debug_infs(False), jax.disable_jit(False),
    ):  # fmt: skip
        yield


def _refuse_fork() -> None:
    """JAX's threads do not come along into a forked process: the first program there would wait for ever."""
    if not _process:
        _process.append(os.getpid())
    elif _process[0] != os.getpid():
        raise InputError(
            "This process was forked from one that has trained with JAX, and JAX cannot go on in a copy. Start it afresh: "
            "multiprocessing.get_context('spawn'). Or train here without JAX: fit(..., engine='numpy')."
        )


def devices() -> list[str]:
    """The devices that JAX has found, such as "cpu:0" or "cuda:0 (NVIDIA H100)"."""
    found = []
    for device in jax.devices():
        kind = "" if device.device_kind == device.platform else f" ({device.device_kind})"
        found.append(f"{device.platform}:{device.id}{kind}")
    return found


def _to_device(tree: Any) -> Any:
    """Copies of all arrays for the device. JAX may go on reading what it is given, so it never gets ours."""
    return jax.tree.map(lambda array: jax.device_put(np.array(array)), tree)


def _chunk(work: Work, members: int = 1) -> int:
    """How many epochs a chunk has: a power of 4 that fits the limits, from a rough guess of a step's cost."""
    schedule = work.optimizer.schedule
    if isinstance(schedule, Schedule) and schedule.state():
        return 1  # the next epoch's rates depend on how this one went
    data, values = work.data, get_values(work.network, "params")
    size = sum(value.size for value in values.values())
    step_seconds = 6e-6 + 6.0 * data.batch_size * size / 120e9
    width = (1, *(list(values.values())[-1].shape if values else ()))[-1]  # of the outputs, as the last biases have it
    outputs = (data.rows if work.keep_outputs else 0) + (0 if work.valid_x is None else len(work.valid_x))
    entries = size * (1 + len(work.optimizer.slots)) + outputs * width + 2 * data.steps
    held = entries * max((value.itemsize for value in values.values()), default=4) + 4 * data.rows * data.ordered
    fit = min(CHUNK_SECONDS / (step_seconds * data.steps), CHUNK_BYTES / held) / members
    return next((4**power for power in (4, 3, 2, 1) if 4**power <= fit), 1)
