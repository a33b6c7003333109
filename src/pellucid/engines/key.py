"""What a compiled program depends on besides the values of its arrays: everything that a layer could have read.

A program is compiled from what the layers' settings were at that moment. Were a changed `dropout.rate` not part of the
key, the old program would run on and nobody would be told. So the key holds every attribute of every layer, loss and
optimiser except the values that are trained and the record of a pass, every attribute of its class, and of a user's own
methods what they read from outside (`outside`). What is not in the key is not on the objects that are traced, either
(`stripped`): nothing can be read there that was not compared.
"""

from __future__ import annotations

import copy
import dis
import functools
from collections.abc import Iterable, Iterator
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from pellucid.engines.outside import Seen, all_code, of_class, setting
from pellucid.layer import Layer
from pellucid.optimizers import Optimizer

_OF_THE_RUN = {"training", "needs_dinputs", "draws", "layers"}
_CALLS = ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR")


def of_layer(layer: Layer) -> tuple[Any, ...]:
    """A hashable key of a layer's class, settings and shapes, and of its children's."""
    own = of_settings(layer, {*layer.params, *layer.state, *_OF_THE_RUN})
    arrays = tuple((name, value.shape, value.dtype.str) for name, value in layer.values().items())
    return (own, arrays, tuple(of_layer(child) for child in layer.layers))


def of_settings(thing: Any, without: Iterable[str] = ()) -> tuple[Any, ...]:
    """A hashable key of anything's class, and of all that it holds but `without` and the record of a pass."""
    seen: Seen = {}
    skipped = {*without, *records(thing)}
    held = tuple((name, setting(value, seen)) for name, value in sorted(vars(thing).items()) if name not in skipped)
    return (of_class(type(thing), seen), held)


def stripped(thing: Any, keep: Iterable[str] = ()) -> Any:
    """`thing`, a run copy, without what a pass left on it (but `keep`), and with arrays that nobody can write into."""
    for name in records(thing) & vars(thing).keys() - set(keep):
        delattr(thing, name)
    for name, value in vars(thing).items():
        if isinstance(value, np.ndarray) and name not in keep:
            fixed = copy.copy(value)
            fixed.flags.writeable = False
            setattr(thing, name, fixed)
    return thing


def records(thing: Any) -> frozenset[str]:
    """The attributes that a pass of `thing` assigns, except its constructor's arguments: never a setting."""
    kind: Any = type(thing)
    return _assigned(kind) - set(thing.config())


@functools.lru_cache(maxsize=1024)
def _assigned(kind: Any) -> frozenset[str]:
    """The attributes of self that a pass (an update) assigns: in the methods that run in it, and in those that they call."""
    names: set[str] = set()
    waiting = ["update"] if issubclass(kind, Optimizer) else ["forward", "backward", "penalty", "weights"]
    known = set(waiting)
    while waiting:
        for code in _codes(kind, waiting.pop()):
            before = None
            for step in dis.get_instructions(code):
                if step.opname == "STORE_ATTR" and not _of_another(before, code):
                    names.add(step.argval)
                elif step.opname in _CALLS and step.argval not in known:
                    known.add(step.argval)
                    waiting.append(step.argval)
                before = step
    return frozenset(names)


def _codes(kind: type, name: str) -> Iterator[CodeType]:
    """The code that a class and its bases have under a name, functions inside it included; a property has two."""
    for level in kind.__mro__:
        value = vars(level).get(name)
        for part in (value.fget, value.fset) if isinstance(value, property) else (getattr(value, "__func__", value),):
            if isinstance(part, FunctionType):
                yield from all_code(part.__code__)


def _of_another(load: dis.Instruction | None, code: CodeType) -> bool:
    """Whether the instruction before a STORE_ATTR has loaded a variable other than the method's first argument."""
    if load is None or not load.opname.startswith("LOAD_FAST") or not code.co_varnames:
        return False
    name = load.argval[-1] if isinstance(load.argval, tuple) else load.argval
    return bool(name != code.co_varnames[0])
