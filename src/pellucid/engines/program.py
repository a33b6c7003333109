"""The program that JAX compiles: some epochs of training as one function of arrays.

Everything here is traced, not run: the layers' own lines meet tracers instead of arrays. A pass runs on a working copy
made inside the traced function, so that no tracer reaches an object that outlives it.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.engines.key import stripped
from pellucid.engines.products import laid_out
from pellucid.engines.work import Work
from pellucid.errors import ContractError
from pellucid.layer import Layer
from pellucid.losses import Loss
from pellucid.network import Values, get_values, set_values, working_copy
from pellucid.optimizers import Optimizer
from pellucid.randomness import Draws
from pellucid.step import Pass, update


class Packing:
    """Small arrays travel as one vector, so that an update of six of them is not six times as many small operations.

    A matrix with fewer columns than rows lies in it turned, as `products` computes its gradient: one copy a step less.
    """

    SMALL = 4096  # entries
    KEY = "small"

    def __init__(self, values: Values) -> None:
        self.places: dict[str, tuple[slice, tuple[int, ...]]] = {}
        at = 0
        for key, value in values.items():
            if value.size <= self.SMALL:
                self.places[key] = slice(at, at + value.size), value.shape
                at += value.size

    def pack(self, values: Values) -> Values:
        """`values` by key, the small ones of them as one vector."""
        if not self.places:
            return values
        small = [
            (values[key].T if _narrow(shape) else values[key]).reshape(-1) for key, (_, shape) in self.places.items()
        ]
        vector = small[0].__array_namespace__().concatenate(small)
        return {self.KEY: vector, **{key: value for key, value in values.items() if key not in self.places}}

    def unpack(self, packed: Values) -> Values:
        """The inverse of `pack`."""
        if not self.places:
            return packed
        small = {}
        for key, (span, shape) in self.places.items():
            value = packed[self.KEY][span]
            small[key] = value.reshape(shape[::-1]).T if _narrow(shape) else value.reshape(shape)
        return small | {key: value for key, value in packed.items() if key != self.KEY}


def _narrow(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 and shape[1] < shape[0]


@dataclass
class Carry:
    """What goes from step to step: parameters and slots by name, packed, and state by key."""

    values: Values
    slots: dict[str, Values]
    state: Values


@dataclass
class Data:
    """What stays as it is during a run; None for what there is not."""

    x: Array
    y: Array
    weights: Array | None
    valid_x: Array | None
    seed: tuple[Array, ...]  # 32-bit words


class Program:
    """Epochs of training `work`'s network, written for `jax`, the library, which the caller brings along.

    `epochs`: how many results `run` has room for; with 1 the snapshot is the carry itself. `platform`: what it is for.
    """

    def __init__(self, jax: Any, work: Work, epochs: int, platform: str | None = None) -> None:
        self.jax, self.epochs = jax, epochs
        self.network = frozen(work.network)
        self.loss: Loss = stripped(work.loss.run_copy())
        self.optimizer = frozen_optimizer(work.optimizer)
        self.batch_size, self.rows, self.ordered = work.data.batch_size, work.data.rows, work.data.ordered
        self.keep_outputs = work.keep_outputs
        self.packing = Packing(get_values(work.network, "params"))
        self.one_pass = laid_out(jax, self._pass) if (platform or jax.default_backend()) == "cpu" else self._pass

    def step(self, carry: Carry, rows: Any, data: Data, epoch: Array, number: Array, rates: Array) -> Any:
        """(carry, (loss, outputs)) after one step on `rows`, indices or a slice."""
        x, y = self._rows(data.x, rows), self._rows(data.y, rows)
        weights = None if data.weights is None else self._rows(data.weights, rows)
        moment = (data.seed, epoch[None], number[None])
        loss, gradients, state, outputs = self.one_pass(carry.values, carry.state, x, y, weights, moment)
        values, slots = update(copy.copy(self.optimizer), carry.values, gradients, carry.slots, tuple(rates))
        return Carry(values, slots, state), (loss, outputs)

    def _pass(self, values: Values, state: Values, x: Array, y: Array, weights: Array | None, moment: Any) -> Any:
        """(loss, packed gradients, new state, outputs where wanted) of one forward and backward pass."""
        one = Pass(self.network, self.loss, Draws(*moment))
        set_values(one.network, {**self.packing.unpack(values), **state})
        loss = one.run(x, y, weights)
        outputs = one.outputs() if self.keep_outputs else None
        return loss, self.packing.pack(one.gradients()), self._kept(one.network, state), outputs

    def _kept(self, network: Layer, before: Values) -> Values:
        """The state that a pass leaves, in the shapes and dtypes that it found: the next pass is the same program."""
        after = get_values(network, "state")
        for key, value in after.items():
            if np.shape(value) != before[key].shape:
                raise ContractError(
                    f"The state {key!r} has shape {before[key].shape} before a pass and {np.shape(value)} after it. Give it "
                    "its shape in __init__, and keep it in forward."
                )
        return {key: self.jax.numpy.asarray(value, before[key].dtype) for key, value in after.items()}

    def _rows(self, array: Array, rows: Any) -> Array:
        if isinstance(rows, slice):
            return array[rows]
        return array.at[rows].get(mode="promise_in_bounds")  # every index comes from a permutation

    def epoch(self, carry: Carry, data: Data, epoch: Array, order: Array | None, rates: Array) -> Any:
        """(carry, results) after one epoch: whole batches in a loop, then the short last one, if there is one."""
        jnp, size = self.jax.numpy, self.batch_size
        whole, rest = divmod(self.rows, size)
        if whole * size == self.rows and whole == 1:  # all rows at once, as they lie
            carry, (loss, outputs) = self.step(carry, slice(None), data, epoch, jnp.uint32(0), rates[0])
            return carry, self._results(carry, data, loss[None], outputs)
        order = jnp.arange(self.rows, dtype=np.int32) if order is None else order

        def body(carry: Carry, item: Any) -> Any:
            number, rows, step_rates = item
            return self.step(carry, rows, data, epoch, number, step_rates)

        items = jnp.arange(whole, dtype=np.uint32), order[: whole * size].reshape(whole, size), rates[:whole]
        carry, (losses, outputs) = self.jax.lax.scan(body, carry, items)
        if outputs is not None:
            outputs = outputs.reshape(whole * size, *outputs.shape[2:])
        if rest:
            rows = order[whole * size :]
            carry, (loss, last) = self.step(carry, rows, data, epoch, jnp.uint32(whole), rates[whole])
            losses = jnp.append(losses, loss)
            outputs = None if outputs is None else jnp.concatenate([outputs, last])
        return carry, self._results(carry, data, losses, outputs)

    def _results(self, carry: Carry, data: Data, losses: Array, outputs: Array | None) -> dict[str, Any]:
        jnp = self.jax.numpy
        results = {"losses": losses, "outputs": outputs, "finite": self._finite(carry) & jnp.isfinite(losses).all()}
        if data.valid_x is not None:
            judged = working_copy(self.network, training=False)
            set_values(judged, {**self.packing.unpack(carry.values), **carry.state})
            results["valid_outputs"] = judged.forward(data.valid_x)
        return results

    def _finite(self, carry: Carry) -> Array:
        """Whether parameters, slots and state are all numbers."""
        leaves = [leaf for leaf in self.jax.tree.leaves(carry) if leaf.dtype.kind == "f"]
        found = self.jax.numpy.ones((), bool)
        for leaf in leaves:
            found = found & self.jax.numpy.isfinite(leaf).all()
        return found

    def run(self, carry: Carry, data: Data, first: Array, count: Array, orders: Array | None, rates: Array) -> Any:
        """(carry, results) of `count` epochs from number `first` on; every result has a leading axis of `epochs`.

        orders: (epochs, rows) or None; rates: (epochs, steps, numbers). `count` may be less: the rest stays empty.
        """
        jax, jnp = self.jax, self.jax.numpy

        def one(number: Array, carry: Carry) -> Any:
            order = None if orders is None else orders[number]
            carry, results = self.epoch(carry, data, first + number.astype(np.uint32), order, rates[number])
            return carry, (results if self.epochs == 1 else {**results, "carry": carry})

        if self.epochs == 1:
            carry, results = one(jnp.int32(0), carry)
            return carry, jax.tree.map(lambda leaf: leaf[None], results)
        shapes = jax.eval_shape(lambda start: one(jnp.int32(0), start)[1], carry)
        room = jax.tree.map(lambda leaf: jnp.zeros((self.epochs, *leaf.shape), leaf.dtype), shapes)

        def body(number: Array, everything: Any) -> Any:
            carry, room = everything
            carry, results = one(number, carry)
            return carry, jax.tree.map(lambda all, leaf: all.at[number].set(leaf), room, results)

        return jax.lax.fori_loop(0, count, body, (carry, room))


def frozen(network: Layer) -> Any:
    """A copy that keeps the layers' settings as they are now, and of their arrays only shape and dtype."""
    copied = working_copy(network, training=True)
    for _, layer in copied.walk():
        lasting = (*layer.params, *layer.state)
        stripped(layer, keep=lasting)
        for name in lasting:
            value = getattr(layer, name)
            setattr(layer, name, np.broadcast_to(np.zeros((), value.dtype), value.shape))
    return copied


def frozen_optimizer(optimizer: Optimizer) -> Optimizer:
    """A copy with its settings as they are now. Its learning rate is not one: that comes with every step, in `rates`."""
    copied: Optimizer = stripped(copy.copy(optimizer))
    vars(copied).pop("learning_rate", None)
    return copied
