"""`init()`: NumPy made to compute and draw as in the book, for your own code, until you put it back.

The book's scripts define their layers on `np.dot`, `np.zeros`, `np.eye`, `np.random.randn` and `np.exp`. Its package `nnfs`
replaces the first four; here `np.exp` comes with them, because NumPy's float32 `exp` is one unit off in places, and in
different ones on different processors.

What differs from the book's package, and why:

* Lists, plain numbers and `np.random.randn()` without a shape work; there they end in an AttributeError.
* `default_dtype` holds for `np.dot`, too, which there always gives float32; `np.eye(3, 4)` obeys it as well.
* Only your code is served. Installed libraries (pellucid among them) keep NumPy's own functions, so that a change made
  for a lesson does not change what they compute.
* `init()` returns a handle, and what was changed can be put back.
"""

from __future__ import annotations

import functools
import os
import sys
import sysconfig
import warnings
from typing import Any, NamedTuple

import numpy as np

from pellucid.errors import InputError

_PLACES = {"dot": np, "zeros": np, "eye": np, "exp": np, "randn": np.random}
_DTYPES = ("float16", "float32", "float64")


class Settings(NamedTuple):
    """What `init` was asked for: the dtype of new arrays (None: NumPy's own), and products computed in float64."""

    dtype: np.dtype | None
    exact: bool


_NONE = Settings(None, False)
_handles: list[Handle] = []
_own: dict[str, Any] = {}  # NumPy's own functions while they are replaced


def settings() -> Settings:
    """The settings of the last `init()` that was not put back; NumPy's own ways where there is none."""
    return _handles[-1].settings if _handles else _NONE


def float_dtype() -> np.dtype:
    """The dtype of a book layer's new arrays: that of `init()`, or NumPy's own float64."""
    return settings().dtype or np.dtype(np.float64)


def init(dot_precision_workaround: bool = True, default_dtype: Any = "float32", random_seed: int | None = 0) -> Handle:
    """Seed NumPy's global generator and let NumPy's functions do what they do in the book, in your own code.

    `dot_precision_workaround`: `np.dot`, and `np.exp` of float32, are computed in float64 and rounded, so that every
    machine prints the same digits. `default_dtype` ("float16", "float32", "float64", or None for NumPy's own) is what
    `np.zeros`, `np.eye`, `np.random.randn` and `np.dot` give. `random_seed`: None leaves the generator alone.

    Returns a handle: `restore()` puts NumPy and its generator back to where they were before the first `init()`;
    ``with init():`` puts them back to where they were before the block.

    >>> import numpy as np
    >>> with init():
    ...     print(np.zeros(2).dtype, np.dot([1, 2], [3, 4]), np.random.randn())
    float32 11.0 1.7640524
    >>> np.zeros(2).dtype
    dtype('float64')
    """
    if default_dtype and np.dtype(default_dtype).name not in _DTYPES:
        raise InputError(f"default_dtype={default_dtype!r}: expected one of {', '.join(_DTYPES)}, or None.")
    handle = Handle(Settings(np.dtype(default_dtype) if default_dtype else None, bool(dot_precision_workaround)))
    if not _own:
        _own.update({name: getattr(place, name) for name, place in _PLACES.items()})
        made = {"dot": dot, "zeros": zeros, "eye": eye, "randn": randn, "exp": Exp()}
        for name, place in _PLACES.items():
            setattr(place, name, made[name])
    _handles.append(handle)
    if random_seed is not None:
        np.random.seed(random_seed)
    return handle


class Handle:
    """What `init()` returns: the way back."""

    def __init__(self, chosen: Settings) -> None:
        self.settings, self._state = chosen, np.random.get_state()

    def restore(self) -> None:
        """NumPy and its global generator as they were before the first `init()`. Again: nothing happens."""
        if self in _handles:
            _back_to(_handles[0])

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *_: object) -> None:
        if self in _handles:
            _back_to(self)

    def __repr__(self) -> str:
        dtype = self.settings.dtype.name if self.settings.dtype else None
        state = "" if self in _handles else ", put back"
        return f"<init: dot_precision_workaround={self.settings.exact}, default_dtype={dtype!r}{state}>"

    def _ipython_display_(self) -> None:
        """A notebook's cell that ends with `nnfs.init()` shows nothing, as in the book."""


def _back_to(handle: Handle) -> None:
    """As it was before `handle` was made: later handles end with it."""
    del _handles[_handles.index(handle) :]
    np.random.set_state(handle._state)
    if not _handles:
        for name, own in _own.items():
            setattr(_PLACES[name], name, own)
        _own.clear()


# -- the functions that take NumPy's places ----------------------------------------------------------------------------
# They carry NumPy's names and docstrings: parts of NumPy that are imported later build their own docstrings on them.


@functools.lru_cache(maxsize=4096)
def _installed(file: str) -> bool:
    """Whether a source file belongs to a library, pellucid included, and not to the person at work."""
    paths = sysconfig.get_paths()
    folders = {paths["stdlib"], paths["purelib"], paths["platlib"], os.path.dirname(np.__file__)}
    folders.add(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return os.path.abspath(file).startswith(tuple(folder + os.sep for folder in folders))


def _serves() -> Settings:
    """The settings for whoever called the function that asks: none for a library."""
    return _NONE if _installed(sys._getframe(2).f_code.co_filename) else settings()


def _numbers(value: Any) -> bool:
    """Whether `value` is real numbers of NumPy or Python: other kinds of arrays have their own products."""
    if type(value) is np.ndarray or isinstance(value, np.generic):
        return value.dtype.kind in "biuf"
    return isinstance(value, (list, tuple, bool, int, float)) and np.asarray(value).dtype.kind in "biuf"


@functools.wraps(np.dot)
def dot(a: Any, b: Any, out: Any = None) -> Any:
    """`np.dot`, computed in float64 and rounded."""
    chosen = _serves()
    if chosen == _NONE or out is not None or not (_numbers(a) and _numbers(b)):
        return _own_of("dot")(a, b) if out is None else _own_of("dot")(a, b, out)
    if chosen.exact:
        a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    product = _own_of("dot")(a, b)
    dtype = chosen.dtype or (np.dtype(np.float32) if chosen.exact else None)
    return product if dtype is None else product.astype(dtype)


@functools.wraps(np.zeros)
def zeros(*args: Any, **kwargs: Any) -> Any:
    """`np.zeros`, of the default dtype where none is named."""
    chosen = _serves()
    if chosen.dtype is not None and len(args) < 2 and "dtype" not in kwargs:
        kwargs["dtype"] = chosen.dtype
    return _own_of("zeros")(*args, **kwargs)


@functools.wraps(np.eye)
def eye(*args: Any, **kwargs: Any) -> Any:
    """`np.eye`, of the default dtype where none is named."""
    chosen = _serves()
    if chosen.dtype is not None and len(args) < 4 and "dtype" not in kwargs:
        kwargs["dtype"] = chosen.dtype
    return _own_of("eye")(*args, **kwargs)


@functools.wraps(np.random.randn)
def randn(*shape: int) -> Any:
    """`np.random.randn`, of the default dtype."""
    chosen, draws = _serves(), _own_of("randn")(*shape)
    if chosen.dtype is None:
        return draws
    return draws.astype(chosen.dtype) if isinstance(draws, np.ndarray) else chosen.dtype.type(draws)


class Exp:
    """`np.exp`: of float32, computed in float64 and rounded. Everything else about it is NumPy's own."""

    def __init__(self) -> None:
        self.__doc__ = np.exp.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        exp, chosen = _own_of("exp"), _serves()
        rounded = chosen.exact and len(args) == 1 and not kwargs and _is_float32(args[0])
        with np.errstate(**_through_warn()):
            return exp(args[0].astype(np.float64)).astype(np.float32) if rounded else exp(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(_own_of("exp"), name)

    def __repr__(self) -> str:
        return repr(_own_of("exp"))


def _is_float32(x: Any) -> bool:
    return type(x) is np.float32 or (type(x) is np.ndarray and x.dtype == np.float32)


def _through_warn() -> dict[str, Any]:
    """Settings under which NumPy's warning about `exp` names the caller's line, and not one of this file."""
    told: dict[str, Any] = dict(np.geterr())
    if "call" in told.values() or "log" in told.values():
        return {}
    changed: dict[str, Any] = {kind: "call" for kind, reaction in told.items() if reaction == "warn"}
    return {**changed, "call": _warn} if changed else {}


def _warn(kind: str, flag: int) -> None:
    warnings.warn(f"{kind} encountered in exp", RuntimeWarning, stacklevel=3)


def _own_of(name: str) -> Any:
    """NumPy's own function: somebody may have kept a replaced one beyond `restore()`."""
    return _own.get(name) or getattr(_PLACES[name], name)
