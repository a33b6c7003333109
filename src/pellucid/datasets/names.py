"""Data sets by name, for the command line and wherever somebody picks one from a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.datasets.handwritten import digits
from pellucid.datasets.made import Data, blobs, circles, moons, plane, sine, spiral, vertical, waves, xor
from pellucid.errors import DataError, InputError

BY_NAME: dict[str, Callable[..., Data]] = {
    "spiral": spiral, "vertical": vertical, "moons": moons, "circles": circles, "xor": xor, "blobs": blobs,
    "sine": sine, "plane": plane, "waves": waves, "digits": digits,
}  # fmt: skip

_CLASSES = {"spiral": 3, "vertical": 3, "blobs": 3}  # whose `samples` count per class


def make(name: str, n: int | None = None, seed: int = 0, noise: float | None = None) -> Data:
    """(X, y) of the data set called `name`, with about `n` rows in all (None: as many as it has by itself).

    With several classes the number is the nearest that gives all of them the same. `noise`: None for the set's own;
    `seed` decides the points, and which of the real digits are taken where `n` is less than all.

    >>> X, y = make("moons", n=500)
    >>> X.shape, y.shape
    ((500, 2), (500,))
    """
    if not isinstance(name, str) or name not in BY_NAME:
        raise InputError(f"There is no data set {name!r}{_nearest(name)}. Write one of {', '.join(BY_NAME)}.")
    if n is not None and (isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1):
        raise InputError(f"n={n!r}: expected a whole number of rows, at least 1.")
    if name == "digits":
        return _some_digits(n, seed, noise)
    options: dict[str, Any] = {"rng": seed}
    if n is not None:
        options["samples"] = max(1, round(n / _CLASSES.get(name, 1)))
    if noise is not None:
        options["noise"] = noise
    return BY_NAME[name](**options)


def _nearest(name: Any) -> str:
    import difflib

    near = difflib.get_close_matches(str(name).lower(), list(BY_NAME), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _some_digits(n: int | None, seed: int, noise: float | None) -> Data:
    if noise is not None:
        raise InputError(f"noise={noise!r}: digits are real images, nothing is added to them. Leave noise out.")
    X, y = digits()
    if n is None:
        return X, y
    if n > len(X):
        raise DataError(f"n={n}: there are {len(X)} digits. Write n={len(X)} or less.")
    rows = np.random.default_rng(seed).permutation(len(X))[:n]
    return X[rows], y[rows]
