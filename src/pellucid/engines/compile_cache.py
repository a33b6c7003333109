"""JAX's compiled programs, kept between processes in the user's own cache folder.

Compiling takes half a second, reading a program back some 20 milliseconds. The environment variable
``PELLUCID_COMPILE_CACHE`` names another folder, or is "off". Where the user has named a folder to JAX, that one is used and
left as it is. JAX's own settings are changed only while a program of pellucid's is compiled: programs of the user's go
where they always went.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from pellucid.interrupts import undisturbed

SWITCH = "PELLUCID_COMPILE_CACHE"
LIMIT = 256 << 20  # bytes of programs that are kept; the ones not used for longest go first

_lock = threading.Lock()
_told: set[str] = set()


def folder() -> str | None:
    """Where compiled programs are kept; None where the user has switched that off."""
    chosen = os.environ.get(SWITCH, "")
    if chosen.lower() in ("off", "0", "no", "false"):
        return None
    if chosen:
        return os.path.abspath(os.path.expanduser(chosen))
    home = os.path.expanduser("~")
    if sys.platform == "darwin":
        base = os.path.join(home, "Library", "Caches")
    elif os.name == "nt":
        base = os.environ.get("LOCALAPPDATA", os.path.join(home, "AppData", "Local"))
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return os.path.join(base, "pellucid", "compiled")


def compiled(jax: Any, lowered: Any) -> Any:
    """`lowered.compile()`, read from the cache if it is there, and kept in it.

    What is damaged or stale, or cannot be read or written, is compiled anew, with one notice a process.
    """
    with undisturbed():  # XLA would go on, and crash a process that ends meanwhile
        return _compiled(jax, lowered)


def _compiled(jax: Any, lowered: Any) -> Any:
    path = None if jax.config.jax_compilation_cache_dir else folder()
    if path is None or not _private(path):
        return lowered.compile()
    try:
        with _lock, _in_use(jax, path):
            program = lowered.compile()
    except Exception as error:
        program = lowered.compile()  # an error that is not the cache's comes again, and is raised
        _tell(
            f"The cache of compiled programs in {path} could not be used ({type(error).__name__}: {error}). Nothing is lost "
            "but time: the program was compiled anew, and the cache emptied."
        )
        _keep(path, -1)
    _keep(path, LIMIT)
    return program


@contextlib.contextmanager
def _in_use(jax: Any, path: str) -> Iterator[None]:
    """JAX reads and writes programs in `path`, of any size, and says so where it cannot."""
    settings = {
        "jax_compilation_cache_dir": path,
        "jax_persistent_cache_min_compile_time_secs": 0.0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
        "jax_raise_persistent_cache_errors": True,
    }
    before = {name: getattr(jax.config, name) for name in settings}
    forget = import_module("jax.experimental.compilation_cache.compilation_cache").reset_cache
    forget()
    try:
        for name, value in settings.items():
            jax.config.update(name, value)
        yield
    finally:
        for name, value in before.items():
            jax.config.update(name, value)
        forget()  # JAX would stay with the first folder that it has met


def _private(path: str) -> bool:
    """Make the folder, for its owner alone: what lies in it is run. A folder that others may write in is not used."""
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        status = os.stat(path)
    except OSError:
        return False
    if not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022):
        return True
    _tell(
        f"The cache of compiled programs in {path} is not used, since others can write programs there that would be run as "
        f"yours: chmod 700 {path}, or name another folder in {SWITCH}."
    )
    return False


def _keep(path: str, limit: int) -> None:
    """Remove programs until at most `limit` bytes of them are left; -1 for none at all, not even an empty file."""
    with contextlib.suppress(OSError):
        entries = [e for e in os.scandir(path) if e.name.startswith("jit_") and e.name.endswith(("-cache", "-atime"))]
        used = sorted((max(e.stat().st_atime, e.stat().st_mtime), e.stat().st_size, e.path) for e in entries)
        total = sum(size for _, size, _ in used)
        for _, size, name in used:
            if total <= limit:
                break
            os.unlink(name)
            total -= size


def _tell(sentence: str) -> None:
    """A notice, once a process."""
    if sentence not in _told:
        _told.add(sentence)
        warnings.warn(sentence, stacklevel=2)
