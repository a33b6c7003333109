"""What `pellucid doctor` finds out about this installation. JAX alone is imported, to ask for its devices."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib import metadata
from typing import Any

import numpy as np

from pellucid import __version__, engines
from pellucid.engines import compile_cache

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def examine() -> dict[str, Any]:
    """Everything, by name."""
    return {
        "pellucid": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": f"{platform.system()} {platform.machine()}",
        "numpy": np.__version__,
        "blas": _blas(),
        "cpus": os.cpu_count(),
        "usable_cpus": _usable(),
        "threads": {name: os.environ[name] for name in THREADS if name in os.environ},
        "engines": engines.available(),
        "devices": engines.devices(),
        "libraries": {name: _version(name) for name in ("click", "rich")},
        "extras": _extras(),
        "cache": compile_cache.folder() if "jax" in engines.available() else None,
    }


def _cache(found: dict[str, Any]) -> str:
    """Where compiled programs are kept, and the switch."""
    if "jax" not in found["engines"]:
        return "none: it keeps compiled programs, and there is no jax"
    if found["cache"] is None:
        return f"off, as {compile_cache.SWITCH} says: every process compiles its programs anew"
    return f"compiled programs in {found['cache']} ({compile_cache.SWITCH}=off for none, =FOLDER for another)"


def _blas() -> str:
    try:
        found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    except (KeyError, TypeError):
        return "unknown"
    return f"{found.get('name', 'unknown')} {found.get('version', '')}".strip()


def _usable() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _extras() -> dict[str, dict[str, str | None]]:
    """The libraries of every extra that pellucid's own metadata names, with the version that is here."""
    try:
        required = metadata.requires("pellucid") or []
    except metadata.PackageNotFoundError:
        return {}
    extras: dict[str, dict[str, str | None]] = {}
    for line in required:
        found = re.match(r"([A-Za-z0-9_.-]+).*;.*extra == ['\"]([A-Za-z0-9_-]+)['\"]", line)
        if found and found.group(1).lower() != "pellucid":
            extras.setdefault(found.group(2), {})[found.group(1)] = _version(found.group(1))
    extras.pop("all", None)
    return extras


def sentences(found: dict[str, Any]) -> list[tuple[str, str]]:
    """(name, words) of every line."""
    threads = ", ".join(f"{name}={value}" for name, value in found["threads"].items())
    lines = [
        ("pellucid", found["pellucid"]),
        ("Python", found["python"]),
        ("system", f"{found['system']}, {found['cpus']} CPUs, {found['usable_cpus']} of them usable here"),
        ("NumPy", f"{found['numpy']}, BLAS {found['blas']}"),
        ("threads", threads or "as many as BLAS likes; OMP_NUM_THREADS=1 often suits small networks"),
        ("engines", ", ".join(found["engines"])),
        ("devices", ", ".join(found["devices"])),
        ("cache", _cache(found)),
    ]
    for extra, libraries in found["extras"].items():
        here = ", ".join(f"{name} {version}" for name, version in libraries.items() if version)
        missing = [name for name, version in libraries.items() if not version]
        advice = f'{", ".join(missing)} missing: pip install "pellucid[{extra}]"' if missing else ""
        lines.append((f"[{extra}]", "; ".join(part for part in (here, advice) if part)))
    return lines
