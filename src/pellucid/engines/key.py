"""What a compiled program depends on besides the shapes of its arrays: everything that a layer could have read.

A program is compiled from what the layers' settings were at that moment. Were a changed `dropout.rate` not part of the
key, the old program would run on and nobody would be told. So the key holds every attribute of every layer except its
parameters, its state and the record of a pass, and every attribute of its class.
"""

from __future__ import annotations

import dis
import functools
from typing import Any

import numpy as np

from pellucid.errors import ContractError
from pellucid.layer import Layer

_OF_THE_RUN = {"training", "needs_dinputs", "draws", "layers"}


def of_layer(layer: Layer) -> tuple[Any, ...]:
    """A hashable key of a layer's class and settings, and of its children's."""
    kind: Any = type(layer)
    skipped = {*layer.params, *layer.state, *_OF_THE_RUN, *_records(kind)}
    own = tuple((name, setting(value)) for name, value in sorted(vars(layer).items()) if name not in skipped)
    return (_of_class(kind, Layer), own, tuple(of_layer(child) for child in layer.layers))


def of_settings(thing: Any, without: tuple[str, ...] = ()) -> tuple[Any, ...]:
    """A hashable key of a loss or an optimiser: its class, and its constructor's arguments but those `without`."""
    settings = tuple((name, setting(value)) for name, value in thing.config().items() if name not in without)
    return (_of_class(type(thing), object), settings)


def setting(value: Any) -> Any:
    """`value` as something that can be compared and hashed; 1, 1.0 and True stay apart."""
    if isinstance(value, (tuple, list)):
        return (type(value), *(setting(item) for item in value))
    if isinstance(value, dict):
        return (dict, *((setting(name), setting(item)) for name, item in value.items()))
    if isinstance(value, (np.ndarray, np.generic)):
        return ("array", value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, Layer):
        return of_layer(value)
    try:
        hash(value)
    except TypeError:
        raise ContractError(
            f"{value!r}, a {type(value).__name__}, is a setting of a layer, loss or optimiser that is to be compiled. "
            "Keep numbers, text, tuples or arrays there."
        ) from None
    return (type(value), value)


def _of_class(kind: type, base: type) -> tuple[Any, ...]:
    """The classes from `kind` up to `base`, and what stands on them: constants by value, methods as they are."""
    found = []
    for level in kind.__mro__:
        if level is base:
            break
        plain = {
            name: value for name, value in vars(level).items() if not name.startswith("__") and name != "_abc_impl"
        }
        found.append((level, tuple((name, setting(value)) for name, value in sorted(plain.items()))))
    return tuple(found)


@functools.lru_cache(maxsize=1024)
def _records(kind: Any) -> frozenset[str]:
    """The attributes that the class's forward and backward assign: the record of a pass, never a setting."""
    names: set[str] = set()
    for level in kind.__mro__:
        for method in ("forward", "backward"):
            code = getattr(vars(level).get(method), "__code__", None)
            if code is not None:
                names |= {step.argval for step in dis.get_instructions(code) if step.opname == "STORE_ATTR"}
    return frozenset(names)
