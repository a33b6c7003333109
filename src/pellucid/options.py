"""How an option is written for whoever reads a sentence: `--drop id` in a shell, `drop=['id']` in Python.

Every message names options by way of `option`, so that nobody is told of flags who has none. Python is spoken unless a
block says otherwise, which the command line does once, around all that it runs.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

SEVERAL = {"types": "--type", "drop": "--drop", "only": "--only", "na": "--na"}  # options that may be given again

_shell: ContextVar[bool] = ContextVar("shell", default=False)
_ALONE = object()


@contextmanager
def in_a_shell() -> Iterator[None]:
    """Sentences made in this block are for somebody who types commands."""
    before = _shell.set(True)
    try:
        yield
    finally:
        _shell.reset(before)


def spoken(shell: str, python: str) -> str:
    """The one of two wordings that fits the reader."""
    return shell if _shell.get() else python


def option(name: str, value: Any = _ALONE) -> str:
    """An option as one writes it: its keyword in Python, `name`, and a value; without one, or with `...`, any.

    >>> option("types", {"zip": "category"}), option("test", 0.2), option("separator", ...), option("loss")
    ("types={'zip': 'category'}", 'test=0.2', 'separator=...', 'loss')
    >>> with in_a_shell():
    ...     option("types", {"zip": "category"}), option("rows", False), option("separator", ...), option("loss")
    ('--type zip=category', '--no-rows', '--separator ...', '--loss')
    """
    if value is _ALONE:
        return spoken(_flag(name), name)
    if value is ...:
        return spoken(f"{_flag(name)} ...", f"{name}=...")
    return spoken(printable(shlex.join(words(name, value))), f"{name}={value!r}")


def printable(text: str) -> str:
    """What cannot be printed escaped: a name out of a file may hold what a terminal would obey."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def words(name: str, value: Any) -> list[str]:
    """What one types in a shell for an option, word by word."""
    if name in SEVERAL:
        each = [f"{k}={v}" for k, v in value.items()] if name == "types" else value
        return [word for one in each for word in (SEVERAL[name], one)]
    if name == "layers":
        return ["--layers", ",".join(map(str, value)) or "none"]
    if isinstance(value, bool):
        return [_flag(name) if value else f"--no-{_flag(name)[2:]}"]
    return [_flag(name), f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)]


def _flag(name: str) -> str:
    return SEVERAL.get(name, f"--{name.replace('_', '-')}")
