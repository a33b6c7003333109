"""Arrays whose products and exponentials are computed in float64 and rounded.

Under `init()` the book computes `np.dot` so, to print the same digits on every machine. The lines of pellucid's layers
stay as they are; a book layer hands them arrays of this kind, and takes the kind off what they leave behind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.arrays import Array, as_array
from pellucid.nnfs.patches import float_dtype, settings

_ROUNDED = ("matmul", "exp")


class Exact(np.ndarray):
    """A NumPy array; `@` and `exp` are computed in float64 and rounded to the dtype that `init()` chose."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        plain = [plain_of(x) for x in inputs]
        if method == "__call__" and ufunc.__name__ in _ROUNDED and not kwargs:
            result = ufunc(*[np.asarray(x, np.float64) for x in plain]).astype(float_dtype())
        else:
            result = getattr(ufunc, method)(*plain, **kwargs)
        return result.view(Exact) if type(result) is np.ndarray else result


def plain_of(x: Any) -> Any:
    """An exact array as a plain one, on the same memory; anything else as it is."""
    return x.view(np.ndarray) if isinstance(x, Exact) else x


def array_of(values: Any, name: str) -> Array:
    """Array-likes (lists, too) as arrays; arrays of any library pass."""
    return values if hasattr(values, "__array_namespace__") else as_array(values, name)


def run(layer: Any, method: Callable[[Array], Array], x: Array) -> Array:
    """``method(x)``, with exact products and exponentials where `init()` asks for them; `layer` holds plain arrays."""
    if not (settings().exact and type(x) is np.ndarray and float_dtype() != np.float64):
        return method(x)
    result = plain_of(method(x.view(Exact)))
    for name, value in vars(layer).items():
        if type(value) is Exact:
            setattr(layer, name, plain_of(value))
    return result
