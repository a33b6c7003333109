"""One thread for the matrix products of a small network on NumPy.

A BLAS deals a product of a tenth of a millisecond out among all cores, and the cores wait for each other at its end: on a
quiet machine little or nothing is gained by it, on one that does other work a step takes thirty times as long (a class on
one server, several trainings at once). So while a network trains whose products are small, its products keep to one thread.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

from pellucid.engines.work import Work

SMALL = 1 << 22  # multiplications in the largest product of a step: a tenth of a millisecond for one core

_lock = threading.Lock()
_held = ExitStack()  # the limit, which is the process's, not a thread's
_count = 0  # how many trainings want it


@contextmanager
def calm(work: Work, engine: str) -> Iterator[None]:
    """A context for a training: the first small one in the process sets the limit, the last one lifts it."""
    global _count
    if engine != "numpy" or _largest(work) > SMALL:
        yield
        return
    with _lock:
        if not _count:
            _held.enter_context(_libraries().limit(limits=1, user_api="blas"))
        _count += 1
    try:
        yield
    finally:
        with _lock:
            _count -= 1
            if not _count:
                _held.close()


@cache
def _libraries() -> Any:
    """The BLAS that NumPy brought along; to look for it takes a millisecond, which one step has not."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _largest(work: Work) -> int:
    """Multiplications in the largest product of a step with one of the network's matrices."""
    sizes = [value.size for _, layer in work.network.walk() for value in layer.values().values() if value.ndim > 1]
    return work.data.batch_size * max(sizes, default=0)
