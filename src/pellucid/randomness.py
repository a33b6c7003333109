"""Every random number of pellucid is a pure function of (seed, epoch, step, layer).

Nothing here, and nothing anywhere in pellucid, draws from a global generator. Three kinds of draws:

* initial weights: `generator(seed, "weights", layer)`, a NumPy generator on the host;
* the order of the rows of an epoch: `permutation(seed, epoch, n)`;
* noise inside a layer (dropout masks): `Draws(seed, epoch, step).of(layer)`, a small integer hash that
  gives bit for bit the same numbers on NumPy and inside a compiled JAX program.

Source of the hash: C. Wellons, "Prospecting for Hash Functions" (2018), lowbias32. Six multiplications and shifts
an element: several times cheaper than a cryptographic counter such as threefry, and good enough for masks.
"""

from __future__ import annotations

import functools
import threading
from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.errors import InputError

_PURPOSES = {"weights": 1, "order": 2, "split": 3, "noise": 4}


def generator(seed: int, purpose: str, word: int = 0) -> np.random.Generator:
    """A NumPy generator that depends on (seed, purpose, word) alone: they are Philox's 128-bit key as they are.

    `seed`: 0 to 2**64 - 1; `purpose`: "weights", "order", "split" or "noise"; `word`: a layer's or an epoch's number.
    """
    return np.random.Generator(np.random.Philox(key=_key(seed, purpose, word)))


def _key(seed: int, purpose: str, word: int) -> np.ndarray:
    return np.array([seed, _PURPOSES[purpose] << 48 | word], np.uint64)


def check_seed(seed: Any) -> int:
    """A seed as a Python integer, or a sentence."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**64:
        raise InputError(f"seed={seed!r}: expected a whole number from 0 to 2**64 - 1, such as 0.")
    return int(seed)


class _Shuffler(threading.local):
    """One Philox generator a thread, set to a new key for every epoch: a third of the time of making one."""

    def __init__(self) -> None:
        self.bits = np.random.Philox(key=np.zeros(2, np.uint64))
        self.rng, self.fresh = np.random.Generator(self.bits), self.bits.state

    def keyed(self, key: np.ndarray) -> np.random.Generator:
        self.fresh["state"]["key"] = key
        self.bits.state = self.fresh
        return self.rng


@functools.cache
def _shuffler() -> _Shuffler:
    return _Shuffler()


def permutation(seed: int, epoch: int, n: int) -> np.ndarray:
    """The order in which epoch number `epoch` visits n rows, that of `generator(seed, "order", epoch)`: int64 (n,)."""
    return _shuffler().keyed(_key(seed, "order", epoch)).permutation(n)


_FIRST, _SECOND = np.uint32(0x7FEB352D), np.uint32(0x846CA68B)
_GOLDEN = np.uint32(0x9E3779B9)


def lowbias32(x: Array) -> Array:
    """Mix every 32-bit word of `x` (uint32 array, one axis or more) so that each bit depends on all bits."""
    x = x ^ (x >> np.uint32(16))
    x = x * _FIRST
    x = x ^ (x >> np.uint32(15))
    x = x * _SECOND
    return x ^ (x >> np.uint32(16))


def words(value: Any) -> list[Any]:
    """A number as 32-bit words, uint32 (1,). Whole numbers of any size are split; a tuple holds words, traced perhaps."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, (int, np.integer)):
        value = int(value)
        if value < 0:
            raise InputError(f"Draws(...) got {value}: seed, epoch, step and layer are whole numbers of at least 0.")
        split = [np.array([value & 0xFFFFFFFF], np.uint32)]
        while value := value >> 32:
            split.append(np.array([value & 0xFFFFFFFF], np.uint32))
        return split
    return [value]


class Moment:
    """Where training stands: one object for all layers, so that a step moves them all on at once."""

    def __init__(self, seed: Any, epoch: Any = 0, step: Any = 0) -> None:
        self.seed, self.epoch, self.step = seed, epoch, step


class Draws:
    """The source of random bits of one layer in one training step.

    `seed`, `epoch`, `step`, `layer`: Python integers, or uint32 arrays of shape (1,) inside a compiled program.
    Two keys of 32 bits are mixed from them, so that no two (epoch, step, layer) are likely to share their numbers.
    """

    def __init__(self, seed: Any, epoch: Any = 0, step: Any = 0, layer: Any = 0) -> None:
        self.moment, self.layer = Moment(seed, epoch, step), layer

    def of(self, layer: int) -> Draws:
        """The source of another layer at the same moment; it follows when the moment moves on."""
        other = Draws(0, layer=layer)
        other.moment = self.moment
        return other

    def keys(self) -> tuple[Array, Array]:
        """Two mixed 32-bit keys, each uint32 (1,)."""
        first, second = np.array([_PURPOSES["noise"]], np.uint32), _GOLDEN + np.array([0], np.uint32)
        for part in (self.layer, self.moment.epoch, self.moment.step, self.moment.seed):
            for word in words(part):
                first = lowbias32(first ^ word)
                second = lowbias32(second + word + first)
        return first, second

    def bits(self, like: Array, stream: int = 0) -> Array:
        """Uniform 32-bit words, uint32, in the shape of `like`; `stream` gives further independent ones."""
        xp = like.__array_namespace__()
        first, second = self.keys()
        index = xp.arange(like.size, dtype=np.uint32)
        word = lowbias32((index ^ first) + np.uint32((stream * 0x85EBCA6B) & 0xFFFFFFFF))
        return lowbias32(word + second).reshape(like.shape)

    def keep(self, like: Array, rate: float) -> Array:
        """True with probability 1 - rate, in the shape of `like`. Compared as integers: the same on every engine."""
        return self.bits(like) >= np.uint32(min(int(rate * 2.0**32), 0xFFFFFFFF))

    def uniform(self, like: Array, stream: int = 0) -> Array:
        """Numbers in [0, 1) with 24 random bits, in the shape and dtype of `like`."""
        return (self.bits(like, stream) >> np.uint32(8)).astype(like.dtype) * 2.0**-24

    def normal(self, like: Array) -> Array:
        """Standard normal numbers in the shape and dtype of `like`, by Box and Muller (1958)."""
        xp = like.__array_namespace__()
        radius = xp.sqrt(-2.0 * xp.log(1.0 - self.uniform(like, 1)))
        return radius * xp.cos(2.0 * np.pi * self.uniform(like, 2))
