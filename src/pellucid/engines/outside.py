"""Settings as something that can be compared, and what a user's own functions read from outside.

Two settings are described alike only if a program compiled with one may run for the other. Numbers, text and arrays are
described by value; classes, functions and objects of the user's by themselves and by what they hold or read (defaults,
closures, globals, a module's constants, the functions that they call); anything else by itself.
"""

from __future__ import annotations

import dis
import functools
import sys
import sysconfig
from collections.abc import Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from pellucid.errors import ContractError
from pellucid.layer import Layer

Seen = dict[int, tuple[int, Any]]  # what is described already: by id, its number and itself, which keeps the id its own
_VALUES = (type(None), bool, int, complex, str, bytes, np.dtype)
_LIBRARIES = ("pellucid", "numpy", "jax", "jaxlib")


def setting(value: Any, seen: Seen) -> Any:
    """`value` as something that can be compared and hashed; 1, 1.0 and True stay apart, and so do 0.0 and -0.0."""
    if type(value) is float:
        return (float, value.hex())
    if isinstance(value, _VALUES):
        return (type(value), value)
    if hasattr(value, "__array__") and not isinstance(value, type):
        array = np.asarray(value)
        content = setting(array.tolist(), seen) if array.dtype.hasobject else array.tobytes()
        return (type(value), array.dtype.str, array.shape, content)
    if isinstance(value, tuple):
        return (type(value), *(setting(item, seen) for item in value))
    if id(value) in seen:
        return ("as before", seen[id(value)][0])
    seen[id(value)] = len(seen), value
    if isinstance(value, list):
        return (list, *(setting(item, seen) for item in value))
    if isinstance(value, (set, frozenset)):
        return (type(value), frozenset(setting(item, seen) for item in value))
    if isinstance(value, dict):
        return (dict, *((setting(name, seen), setting(item, seen)) for name, item in value.items()))
    parts = _parts(value)
    if parts is not None:
        return (type(value), *(setting(part, seen) for part in parts))
    return _by_itself(value, seen)


def _parts(value: Any) -> tuple[Any, ...] | None:
    """What a thing made of functions consists of."""
    if isinstance(value, MethodType):
        return value.__func__, value.__self__
    if isinstance(value, functools.partial):
        return value.func, value.args, value.keywords
    if isinstance(value, property):
        return value.fget, value.fset
    if isinstance(value, (staticmethod, classmethod)):
        return (value.__func__,)
    return None


def _by_itself(value: Any, seen: Seen) -> Any:
    """A function, class or object: itself, and what it holds or reads, where it is of the user's making."""
    if isinstance(value, FunctionType):
        return (value, _read(value, seen)) if _users(value) else value
    if isinstance(value, type):
        return of_class(value, seen) if _users(value) else value
    if isinstance(value, Layer) or (_users(type(value)) and hasattr(value, "__dict__")):
        held = tuple((name, setting(item, seen)) for name, item in sorted(vars(value).items()))
        return (of_class(type(value), seen), held)
    try:
        hash(value)
    except TypeError:
        raise ContractError(
            f"{value!r}, a {type(value).__name__}, is a setting of a layer, loss or optimiser that is to be compiled, or read "
            "by one. Keep numbers, text, tuples or arrays there, or train it as it is: fit(..., engine='numpy')."
        ) from None
    return (type(value), value)


def of_class(kind: type, seen: Seen) -> tuple[Any, ...]:
    """The classes from `kind` up, and what stands on them: constants by value, methods with what they read."""
    found = []
    for level in kind.__mro__:
        if level in (Layer, object):
            break
        seen.setdefault(id(level), (len(seen), level))
        names = sorted(name for name in vars(level) if not name.startswith("__") and name != "_abc_impl")
        found.append((level, tuple((name, setting(vars(level)[name], seen)) for name in names)))
    return tuple(found)


def _read(function: FunctionType, seen: Seen) -> Any:
    """What a function reads from outside: defaults, closure and globals, of a module the constants and functions."""
    read: dict[str, Any] = {"=": function.__defaults__, "*": function.__kwdefaults__}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        read[name] = getattr(cell, "cell_contents", None)
    variables, attributes = _names(function.__code__)
    for name in variables & function.__globals__.keys():
        value = function.__globals__[name]
        if isinstance(value, ModuleType):
            held = {f"{name}.{key}": vars(value)[key] for key in attributes & vars(value).keys()}
            read |= {key: one for key, one in held.items() if isinstance(one, (float, *_VALUES)) or _users(one)}
        else:
            read[name] = value
    return tuple((name, setting(value, seen)) for name, value in sorted(read.items()))


@functools.lru_cache(maxsize=1024)
def _names(code: CodeType) -> tuple[frozenset[str], frozenset[str]]:
    """(global variables, attributes) that a function's code looks up."""
    steps = [step for part in all_code(code) for step in dis.get_instructions(part)]
    variables = frozenset(step.argval for step in steps if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"))
    return variables, frozenset(step.argval for step in steps if step.opname in ("LOAD_ATTR", "LOAD_METHOD"))


def all_code(code: CodeType) -> Iterator[CodeType]:
    """A function's code, and that of the functions inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from all_code(constant)


def _users(thing: Any) -> bool:
    """Whether a class or function was written by the user, and does not come with an installed library."""
    return isinstance(thing, (type, FunctionType)) and not _installed(thing.__module__ or "")


@functools.lru_cache(maxsize=1024)
def _installed(module: str) -> bool:
    root = module.partition(".")[0]
    if root == "__main__":
        return False
    if root in _LIBRARIES or root in sys.builtin_module_names:
        return True
    path = getattr(sys.modules.get(module), "__file__", None)
    folders = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return path is not None and any(path.startswith(folder) for folder in folders)
