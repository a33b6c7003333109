"""Many networks of one shape in one compiled program: the engine's own program, mapped over the networks.

A small network's step is a chain of small operations, and most of its time goes into getting from one to the next.
Mapped over a bench of networks, each operation does the work of all of them. How many fit a bench: as many as keep the
widest layer's values within the processor's first caches; more of them on a bench made each slower again when measured.
Benches run in threads of the caller's, one a core; what Python has to do for them it does in one thread, since two that
draw shuffles take turns at the interpreter's lock while a core stands still. Who sits on the seat beside it changes
nothing for a network.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import jax
import numpy as np

from pellucid.engines import key, repeats
from pellucid.engines.jax_engine import JaxEngine, Standing, _chunk, _jax, _to_device, compiled_once, own_ways
from pellucid.engines.program import Data, Program
from pellucid.engines.trouble import explained
from pellucid.engines.varying import Place, Varies, with_values
from pellucid.engines.work import Batches, EpochResult, Work
from pellucid.randomness import words

CACHE = 128 << 10  # bytes of the widest layer's values, of all networks on a bench
ON_A_DEVICE = 1024  # networks on a bench where a device has no such cache but many lanes
Ask = tuple[int, np.ndarray]  # the epoch to begin with, and the optimiser's numbers (epochs, steps, numbers)


class Share(Batches):
    """The rows that one network trains on: all of the common `whole`, or those that its seed has `kept`.

    What the program needs is `whole` and `kept`; the rows themselves are taken out only when somebody asks for them.
    """

    def __init__(self, whole: Batches, seed: int, kept: np.ndarray | None) -> None:
        self.whole, self.of_user, self.seed = whole, kept, seed
        self.batch_size, self.shuffle = whole.batch_size, whole.shuffle

    def _of(self, array: Any) -> Any:
        return array if array is None or self.of_user is None else array[self.of_user]

    x = property(lambda self: self._of(self.whole.x))
    y = property(lambda self: self._of(self.whole.y))
    weights = property(lambda self: self._of(self.whole.weights))

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.whole.x) if self.of_user is None else len(self.of_user)

    def order_of_whole(self, epoch: int) -> np.ndarray:
        """The rows of an epoch in the order they are visited, as numbers of rows of `whole`."""
        order: Any = self.order(epoch)
        return order if self.of_user is None else self.of_user[order]


class Member(JaxEngine):
    """One network of many as its trainer sees it: where it stands. The bench that it sits on does the work.

    `share`: the rows that it trains on, also `work.data`; `aside`: the rows of the common data to judge by, where they
    are its own.
    """

    def __init__(self, work: Work, share: Share, aside: np.ndarray | None = None) -> None:
        self.work, self.share, self.aside = work, share, aside
        self.seed = tuple(words(work.data.seed))
        self._hold()

    @cached_property
    def weights_of_whole(self) -> np.ndarray | None:
        """What each row of the common data counts: a network's order names rows of those."""
        return replace(self.work, data=self.share.whole).row_weights


class Family:
    """`count` networks that one program trains, `one` of them as their example.

    They differ in values, seeds and learning rates, and in the settings at `places`.
    """

    def __init__(self, one: Member, count: int, places: Sequence[Place], cores: int, epochs: int) -> None:
        self.example, self.work, self.places = one, one.work, tuple(places)
        self.precise, self.dtype, self.split = one.precise, one.dtype, one.aside is not None
        whole = one.share.whole
        self.seats = _seats(self.work, whole.x[0].size, count, cores)
        self.compiled: Any = None
        halved = max(1, self.seats // 2)  # a network's step takes about half as long on a bench as alone
        self.epochs = min(_chunk(self.work, halved), 4 ** math.ceil(math.log(max(epochs, 1), 4)))
        labels = whole.y.astype(np.int32) if whole.y.dtype.kind in "iu" else whole.y
        with explained(self.work), own_ways(self.precise):
            self.shared = _to_device(
                Data(whole.x, labels, whole.weights, None if self.split else self.work.valid_x, ())
            )

    def program(self, arguments: tuple[Any, ...]) -> Any:
        """The compiled program for a bench: made now, or before. Arguments have the same shapes for all benches."""
        if self.compiled is None:
            self.compiled = self._compiled(arguments)
        return self.compiled

    def _compiled(self, arguments: tuple[Any, ...]) -> Any:
        described = (
            "many", stencil(self.work, self.places), self.places, self.epochs, self.precise, self.work.keep_outputs,
            jax.default_backend(), jax.tree.structure(arguments),
            tuple((leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(arguments)),
        )  # fmt: skip

        def make() -> Any:
            example = replace(self.shared, seed=self.example.seed)
            repeats.check(
                Program(jax, self.work, self.epochs), self.example.begin.carry, example, arguments[1]["rates"][0, 0, 0]
            )
            return jax.vmap(self._one, in_axes=(0, 0, None, None))

        return compiled_once(described, make, arguments)[0]

    def _one(self, carry: Any, own: dict[str, Any], shared: Data, count: Any) -> Any:
        """What is mapped: `count` epochs of one network. Traced, not run."""
        work = with_values(self.work, dict(zip(self.places, map(Varies, own["varying"]), strict=True)))
        data = replace(shared, seed=own["seed"])
        if self.split:
            data.valid_x = shared.x[own["aside"]]
            if not work.data.ordered:
                weights = None if shared.weights is None else shared.weights[own["kept"]]
                data = replace(data, x=shared.x[own["kept"]], y=shared.y[own["kept"]], weights=weights)
        return Program(jax, work, self.epochs).run(carry, data, own["first"], count, own["orders"], own["rates"])


class Bench:
    """Seats for networks of one family, trained side by side."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self.sitting: list[Member | None] = [None] * family.seats
        self.arrived: list[int] = []
        self.carry: Any = None
        self.fixed: dict[str, Any] = {}
        self.orders: np.ndarray | None = None

    def seat(self, number: int, member: Member) -> None:
        """Let a network take a seat, whether or not another one sat there."""
        self.sitting[number] = member
        self.arrived.append(number)
        self.fixed = {}

    def prepare(self) -> None:
        """Compile now: what cannot be compiled says so before anything is trained."""
        family = self.family
        with explained(family.work), own_ways(family.precise):
            family.program(self.asked([None] * family.seats))

    def asked(self, asks: Sequence[Ask | None]) -> tuple[Any, ...]:
        """What `run` is to be given so that every seat's network trains for its epochs (None: nobody sits there)."""
        with explained(self.family.work), own_ways(self.family.precise):
            self._settle()
            return self._arguments(asks)

    def run(self, arguments: tuple[Any, ...]) -> dict[str, Any]:
        """Train every seat's network as it was asked; the results of all, on the host."""
        family = self.family
        with explained(family.work), own_ways(family.precise):
            self.carry, results = family.program(arguments)(*arguments)
            _jax.block_until_ready(results)
            if family.epochs == 1:  # the carry itself is the snapshot; the next run takes its memory over
                results["carry"] = jax.tree.map(lambda array: np.array(array)[:, None], self.carry)
            return {name: jax.tree.map(np.asarray, result) for name, result in results.items()}

    def _settle(self) -> None:
        """Put the networks that have arrived onto the device. An empty seat goes through the motions of another's."""
        somebody = next(member for member in self.sitting if member is not None)
        if self.carry is None:
            stacked = jax.tree.map(
                lambda *arrays: np.stack(arrays), *((m or somebody).begin.carry for m in self.sitting)
            )
            self.carry = _to_device(stacked)
        elif self.arrived:  # by way of the host: an operation on the device for each costs more than its first epochs
            stacked = jax.tree.map(np.array, self.carry)
            for number in self.arrived:
                begin = self.sitting[number].begin.carry  # type: ignore[union-attr]
                jax.tree.map(lambda all, one, at=number: np.copyto(all[at], one), stacked, begin)
            self.carry = _to_device(stacked)
        self.arrived = []
        if not self.fixed:
            self.fixed = self._fixed([member or somebody for member in self.sitting])

    def _fixed(self, members: list[Member]) -> dict[str, Any]:
        """What belongs to each seat and stays as long as its network sits there."""
        family = self.family
        aside: list[Any] = [member.aside for member in members]
        kept: list[Any] = [member.share.of_user for member in members]
        return {
            "seed": tuple(np.stack(parts) for parts in zip(*(member.seed for member in members), strict=True)),
            "varying": [
                np.array([place.read(member.work) for member in members], family.dtype) for place in family.places
            ],
            "aside": np.stack(aside).astype(np.int32) if family.split else None,
            "kept": np.stack(kept).astype(np.int32) if family.split and not family.work.data.ordered else None,
        }

    def _arguments(self, asks: Sequence[Ask | None]) -> tuple[Any, ...]:
        """What the program is called with. Each seat's first epoch is its own; the longest ask says how many epochs."""
        family, data = self.family, self.family.work.data
        numbers = len(family.work.optimizer.rates(0.0, 0.0))
        first = np.zeros(family.seats, np.uint32)
        rates = np.zeros((family.seats, family.epochs, data.steps, numbers), family.dtype)
        orders: Any = np.zeros((family.seats, family.epochs, data.rows), np.int32) if data.ordered else None
        known: dict[tuple[int, int], np.ndarray] = {}  # networks that differ in settings alone go through the same rows
        for number, ask in enumerate(asks):
            member = self.sitting[number]
            if ask is None or member is None:
                continue
            first[number], count = ask[0], len(ask[1])
            rates[number, :count] = ask[1]
            for epoch in range(count) if orders is not None else ():
                order = member.share.seed, ask[0] + epoch
                if order not in known:
                    known[order] = member.share.order_of_whole(ask[0] + epoch)
                orders[number, epoch] = known[order]
        count, self.orders = max((len(ask[1]) for ask in asks if ask is not None), default=0), orders
        return (
            self.carry,
            {**self.fixed, "first": first, "orders": orders, "rates": rates},
            family.shared,
            np.int32(count),
        )

    def results(self, host: dict[str, Any], number: int, count: int) -> list[EpochResult]:
        """The first `count` epochs of one seat out of what `run` gave."""
        member: Any = self.sitting[number]
        losses = member.work.mean_losses(host["losses"][number, :count], self._weights(number, count)).tolist()
        finite, outputs, valid = host["finite"][number].tolist(), host["outputs"], host.get("valid_outputs")
        return [
            EpochResult(
                losses[epoch], finite[epoch], Standing(host["carry"], (number, epoch)),
                outputs=None if outputs is None else outputs[number, epoch],
                targets=None if outputs is None else self._targets(number, epoch),
                valid_outputs=None if valid is None else valid[number, epoch],
            )
            for epoch in range(count)
        ]  # fmt: skip

    def _weights(self, number: int, count: int) -> np.ndarray | None:
        """What the rows of one seat's epochs count, in the order of its passes, or None where all count the same."""
        member: Any = self.sitting[number]
        if self.orders is None:
            own = member.work.row_weights
            return None if own is None else own[None]
        return None if member.weights_of_whole is None else member.weights_of_whole[self.orders[number, :count]]

    def _targets(self, number: int, epoch: int) -> np.ndarray:
        """The targets of an epoch of one seat, in the order of its passes."""
        share: Any = self.sitting[number].share  # type: ignore[union-attr]
        targets: np.ndarray = share.y if self.orders is None else share.whole.y[self.orders[number, epoch]]
        return targets


def stencil(work: Work, places: Sequence[Place]) -> tuple[Any, ...]:
    """A key that is the same for works whose programs differ at `places` alone."""
    blank = with_values(work, dict.fromkeys(places, "varies"))
    return (
        key.of_layer(blank.network), key.of_settings(blank.loss), key.of_settings(blank.optimizer, ("learning_rate",)),
        work.data.batch_size, work.data.ordered, len(words(work.data.seed)),
    )  # fmt: skip


def _seats(work: Work, features: int, members: int, cores: int) -> int:
    """How many networks sit on a bench: what the cache holds, and as even a load for all cores as can be."""
    if jax.default_backend() != "cpu":
        return min(members, ON_A_DEVICE)
    arrays = [value for _, layer in work.network.walk() for value in layer.values().values()]
    width, entry = max([features, *(value.shape[-1] for value in arrays)]), arrays[0].itemsize if arrays else 4
    fit = max(1, CACHE // (work.data.batch_size * width * entry))
    rounds = -(-members // (fit * cores))
    return min(fit, -(-members // (rounds * cores)))


def cores() -> int:
    """How many benches can run at once."""
    if jax.default_backend() != "cpu":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
