"""Where and with what a run was made."""

from __future__ import annotations

import datetime
import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ["pellucid", "numpy", "jax", "torch", "scikit-learn", "scipy"]


def describe() -> dict[str, Any]:
    """Processor, cores, memory, load before the run, system, Python, versions, date."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = None
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load_before": [round(load, 2) for load in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "blas": _blas(),
        "versions": versions,
        "devices": _devices(),
        "threads_set": {name: value for name, value in os.environ.items() if name.endswith("_NUM_THREADS")},
    }


def _devices() -> list[str]:
    """What the compiled engine runs on; asked for in a process of its own, so that this one keeps clear of JAX's threads."""
    code = "from pellucid import engines; print(*engines.devices(), sep='\\n')"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.split("\n")
    devices = [line for line in found if line]
    return (
        devices if any(not device.startswith("cpu") for device in devices) else [*devices, "no GPU here: not measured"]
    )


def slug(text: str) -> str:
    """Text as part of a file name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _blas() -> str:
    import numpy as np

    built = np.show_config(mode="dicts")
    blas = built["Build Dependencies"]["blas"] if isinstance(built, dict) else {}
    return f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()
