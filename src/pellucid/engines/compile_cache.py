"""JAX's compiled programs, kept between processes in the user's own cache folder.

Compiling takes half a second, reading a program back some 20 milliseconds. The environment variable
``PELLUCID_COMPILE_CACHE`` names another folder, or is "off". What is damaged or stale is compiled anew, with one notice.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Any

_used = False
_told = False


def folder() -> str | None:
    """Where compiled programs are kept; None where the user has switched that off."""
    chosen = os.environ.get("PELLUCID_COMPILE_CACHE", "")
    if chosen.lower() in ("off", "0", "no", "false"):
        return None
    if chosen:
        return os.path.abspath(chosen)
    home = os.path.expanduser("~")
    if sys.platform == "darwin":
        base = os.path.join(home, "Library", "Caches")
    elif os.name == "nt":
        base = os.environ.get("LOCALAPPDATA", os.path.join(home, "AppData", "Local"))
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return os.path.join(base, "pellucid", "compiled")


def use(jax: Any) -> None:
    """Tell JAX, once a process, unless the user has already named a folder to it."""
    global _used
    if _used:
        return
    _used = True
    if jax.config.jax_compilation_cache_dir:
        return
    path = folder()
    if path is None or not _private(path):
        return
    jax.config.update("jax_compilation_cache_dir", path)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _private(path: str) -> bool:
    """Make the folder, for its owner alone: what lies in it is run. Another's folder is not used."""
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        status = os.stat(path)
    except OSError:
        return False
    return not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022)


@contextlib.contextmanager
def noticed() -> Iterator[None]:
    """One notice a process for whatever JAX has to say about entries that it cannot read or write."""
    global _told
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        if "persistent compilation cache" not in str(warning.message):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
        elif not _told:
            _told = True
            warnings.warn(
                f"The cache of compiled programs in {folder()} could not be used ({warning.message}). Nothing is lost but "
                "time: the program was compiled anew. Delete the folder if this happens again.",
                stacklevel=4,
            )
