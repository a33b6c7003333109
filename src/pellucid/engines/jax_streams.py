"""The JAX engine for data that does not lie on the device: files larger than memory, and batches one after the other.

An epoch is a row of programs: some steps each, then one for what the epoch's end wants to know. While one runs, the host
gathers the rows of the next and sends them; no more than two are ever on the device. Which rows, which masks and which
rates a step gets is as in memory, and so are the bits that come out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from pellucid.arrays import Array
from pellucid.engines import key, repeats
from pellucid.engines.jax_engine import JaxEngine, Standing, _jax, _to_device, compiled_once, own_ways
from pellucid.engines.program import Carry, Data, Program
from pellucid.engines.streams import Stream, counted, mean_loss
from pellucid.engines.trouble import explained
from pellucid.engines.work import EpochResult, Work
from pellucid.mapped import Mapped
from pellucid.network import get_values, set_values, working_copy
from pellucid.randomness import words

PIECE_BYTES = 16 << 20  # of rows that are sent at once
PIECE_SECONDS = 0.05  # how long a piece may take, by a rough guess: Ctrl-C waits that long


@dataclass
class Piece:
    """Some steps of an epoch: x (steps, B, ...), y, weights likewise or None; `count` of them count, from step `first`."""

    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None
    first: int
    count: int


class PieceProgram(Program):
    """What is compiled: some steps, an epoch's end, and a look at some validation rows."""

    def steps(self, carry: Carry, data: Data, epoch: Array, first: Array, count: Array, rates: Array) -> Any:
        """(carry, (losses, outputs)) of `count` steps from number `first` on; of the data, x, y, weights are a piece's."""
        jnp, room = self.jax.numpy, len(rates)

        def one(number: Array, carry: Carry) -> Any:
            part = Data(
                data.x[number], data.y[number], None if data.weights is None else data.weights[number], None, data.seed
            )
            return self.step(carry, slice(None), part, epoch, first + number.astype(np.uint32), rates[number])

        if room == 1:
            carry, results = one(jnp.int32(0), carry)
            return carry, self.jax.tree.map(lambda leaf: leaf[None], results)
        shapes = self.jax.eval_shape(lambda start: one(jnp.int32(0), start)[1], carry)
        results = self.jax.tree.map(lambda leaf: jnp.zeros((room, *leaf.shape), leaf.dtype), shapes)

        def body(number: Array, everything: Any) -> Any:
            carry, results = everything
            carry, result = one(number, carry)
            return carry, self.jax.tree.map(lambda all, leaf: all.at[number].set(leaf), results, result)

        return self.jax.lax.fori_loop(0, count, body, (carry, results))

    def end(self, carry: Carry) -> Any:
        """(carry, whether all of it are numbers)."""
        return carry, self._finite(carry)

    def judge(self, carry: Carry, x: Array) -> Any:
        """(carry, outputs) of the network as it is, for rows that it is judged by."""
        judged = working_copy(self.network, training=False)
        set_values(judged, {**self.packing.unpack(carry.values), **carry.state})
        return carry, judged.forward(x)


class JaxStreamEngine(JaxEngine):
    """Trains with compiled programs on rows that come piece by piece."""

    def __init__(self, work: Work) -> None:
        self.work, self.compile_seconds, self.epochs = work, 0.0, 1
        self._hold()
        self.saved: list[Carry] = []
        self.programs: dict[Any, Any] = {}
        self.piece = steps_at_once(work)
        with explained(work), own_ways(self.precise):
            self.carry = _to_device(self.begin.carry)
            self.seed = _to_device(tuple(words(work.data.seed)))
            (self.device,) = self.seed[0].devices()
            in_memory = isinstance(work.valid_x, np.ndarray)
            self.valid_x = _to_device(work.valid_x) if in_memory else work.valid_x

    def at_once(self, epochs: int) -> int:
        """One: an epoch of so many rows is long enough."""
        return 1

    def prepare(self) -> None:
        """Compile the programs of an epoch now."""
        data, numbers = self.work.data, len(self.work.optimizer.rates(0.0, 0.0))
        whole, rest = divmod(len(data.x), data.batch_size)
        with explained(self.work), own_ways(self.precise):
            for steps, rows in ((self.piece, data.batch_size if whole else 0), (1, rest)):
                if rows:
                    self._steps(self._described(steps, rows, numbers))
            self._run("end")

    def _described(self, steps: int, rows: int, numbers: int) -> tuple[Any, ...]:
        """The arguments of `steps` steps of so many rows, without what is in them."""
        data = self.work.data

        def of(array: Any) -> Any:
            dtype = np.int32 if array.dtype.kind in "iu" else array.dtype
            return _jax.ShapeDtypeStruct((steps, rows, *array.shape[1:]), dtype)

        piece = Data(of(data.x), of(data.y), None if data.weights is None else of(data.weights), None, self.seed)
        rates = np.zeros((steps, numbers), self.dtype)
        return (self.carry, piece, np.uint32(0), np.uint32(0), np.int32(0), rates)

    def run(self, epoch: int, rates: Any) -> Iterator[EpochResult]:
        """See `Engine`."""
        for number, of_epoch in enumerate(rates):
            yield self._epoch(epoch + number, of_epoch)

    def _epoch(self, epoch: int, rates: Any) -> EpochResult:
        data = self.work.data
        order = data.order(epoch)
        waiting, taken, counts, targets = None, _Taken(None if isinstance(data, Stream) else data.rows), [], []
        with explained(self.work), own_ways(self.precise), contextlib.closing(self._pieces(epoch, order)) as pieces:
            for piece in pieces:
                sent = self._start(piece, epoch, rates)
                if isinstance(data, Stream):
                    weights = None if piece.weights is None else piece.weights[0]
                    counts.append(counted(self.work.loss, piece.y[0], weights))
                    if self.work.keep_outputs:
                        targets.append(piece.y[0])
                if waiting is not None:
                    taken.take(*waiting)  # the piece before: this one runs already
                waiting = sent, piece.count
            assert waiting is not None
            taken.take(*waiting)
            finite = bool(self._run("end"))
            valid = self._judged()
            kept = self._kept()
        losses = np.concatenate(taken.losses).astype(float)
        loss = mean_loss(losses, counts) if counts else self.work.mean_loss(losses, order)
        result = EpochResult(loss, finite and bool(np.isfinite(losses).all()), Standing(kept), valid_outputs=valid)
        if self.work.keep_outputs:
            result.outputs = np.concatenate(taken.outputs) if taken.room is None else taken.room
            result.targets = np.concatenate(targets) if targets else data.y if order is None else data.y[order]
        return result

    def _pieces(self, epoch: int, order: np.ndarray | None) -> Generator[Piece, None, None]:
        """The rows of an epoch, gathered on the host piece by piece."""
        data = self.work.data
        if isinstance(data, Stream):
            with contextlib.closing(data.epoch(epoch)) as batches:
                for number, (x, y, weights) in enumerate(batches):
                    yield Piece(x[None], y[None], None if weights is None else weights[None], number, 1)
            return
        size = data.batch_size
        whole, rest = divmod(data.rows, size)

        def piece(first: int, count: int, size: int, room: int) -> Piece:
            at = first * data.batch_size
            rows: Any = slice(at, at + count * size) if order is None else order[at : at + count * size]
            weights = None if data.weights is None else _stacked(data.weights[rows], room, size)
            return Piece(_stacked(data.x[rows], room, size), _stacked(data.y[rows], room, size), weights, first, count)

        for first in range(0, whole, self.piece):
            yield piece(first, min(self.piece, whole - first), size, self.piece)
        if rest:
            yield piece(whole, 1, rest, 1)

    def _start(self, piece: Piece, epoch: int, rates: Any) -> Any:
        """Start a piece; what will be there when it is done."""
        room = np.zeros((len(piece.x), len(rates[piece.first])), self.dtype)
        for number in range(piece.count):
            room[number] = rates[piece.first + number]
        y = piece.y.astype(np.int32) if piece.y.dtype.kind in "iu" else piece.y
        # Nobody writes into these arrays again, so the device may read them where they lie.
        data = jax.device_put(Data(piece.x, y, piece.weights, None, self.seed))
        arguments = (self.carry, data, np.uint32(epoch), np.uint32(piece.first), np.int32(piece.count), room)
        self.carry, results = self._steps(arguments)(*arguments)
        return results

    def _steps(self, arguments: tuple[Any, ...]) -> Any:
        data = arguments[1]
        first = Data(_first(data.x), _first(data.y), _first(data.weights), None, self.seed)
        return self._compiled(
            "steps", arguments, lambda program: repeats.check(program, self.carry, first, arguments[-1][0])
        )

    def _run(self, name: str, *arguments: Any) -> np.ndarray:
        """What a program gives that leaves the carry as it is."""
        self.carry, result = self._compiled(name, (self.carry, *arguments))(self.carry, *arguments)
        return np.asarray(result)

    def _judged(self) -> np.ndarray | None:
        if self.valid_x is None:
            return None
        if isinstance(self.valid_x, Mapped):
            return self.valid_x.through(lambda block: self._run("judge", block))
        return self._run("judge", self.valid_x)

    def _compiled(self, name: str, arguments: tuple[Any, ...], check: Callable[[Any], None] | None = None) -> Any:
        """The compiled program of that name for arguments of these shapes: made now, or before."""
        leaves, structure = jax.tree.flatten(arguments)
        called = name, structure, tuple((leaf.shape, leaf.dtype) for leaf in leaves)
        if called not in self.programs:
            work = self.work
            described = (
                key.of_layer(work.network), key.of_settings(work.loss), key.of_settings(work.optimizer, ("learning_rate",)),
                work.keep_outputs, self.precise, self.device, called,
            )  # fmt: skip

            def make() -> Callable[..., Any]:
                program = PieceProgram(jax, work, 1, self.device.platform)
                if check is not None:
                    check(program)
                made: Callable[..., Any] = getattr(program, name)
                return made

            self.programs[called], seconds = compiled_once(described, make, arguments)
            self.compile_seconds += seconds
        return self.programs[called]


def steps_at_once(work: Work) -> int:
    """How many steps a piece has: as many as its limits allow; one where batches come one by one."""
    data = work.data
    if isinstance(data, Stream):
        return 1
    size = sum(value.size for value in get_values(work.network, "params").values())
    seconds = 6e-6 + 6.0 * data.batch_size * size / 60e9
    held = data.batch_size * data.x.itemsize * int(np.prod(data.x.shape[1:]))
    return max(1, min(data.rows // data.batch_size, int(PIECE_SECONDS / seconds), PIECE_BYTES // max(1, held)))


class _Taken:
    """Losses and outputs of an epoch's pieces on the host; the outputs in one array where their `rows` are known."""

    def __init__(self, rows: int | None) -> None:
        self.rows, self.at = rows, 0
        self.losses: list[np.ndarray] = []
        self.outputs: list[np.ndarray] = []
        self.room: np.ndarray | None = None

    def take(self, sent: Any, count: int) -> None:
        """Wait for a piece of which `count` steps count, and take it in."""
        losses, outputs = _jax.block_until_ready(sent)  # Ctrl-C interrupts this at once
        self.losses.append(np.array(losses)[:count])
        if outputs is None:
            return
        rows = np.asarray(outputs)[:count].reshape(-1, *outputs.shape[2:])
        if self.rows is None:
            self.outputs.append(rows)
            return
        if self.room is None:
            self.room = np.empty((self.rows, *rows.shape[1:]), rows.dtype)
        self.room[self.at : self.at + len(rows)] = rows
        self.at += len(rows)


def _stacked(rows: np.ndarray, steps: int, size: int) -> np.ndarray:
    """(steps * size, ...) rows as (steps, size, ...), with room left where there are fewer."""
    if len(rows) < steps * size:
        rows = np.concatenate([rows, np.zeros((steps * size - len(rows), *rows.shape[1:]), rows.dtype)])
    return rows.reshape(steps, size, *rows.shape[1:])


def _first(part: Any) -> Any:
    return None if part is None else _jax.ShapeDtypeStruct(part.shape[1:], part.dtype)
