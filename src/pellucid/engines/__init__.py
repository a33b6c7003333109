"""The loops around the one pure step: with NumPy, and compiled by JAX. Here one of them is chosen."""

from __future__ import annotations

from typing import Any

from pellucid.engines.work import Batches, Engine, Work
from pellucid.errors import InputError

__all__ = ["Batches", "Engine", "Work", "check_name", "make"]


def check_name(engine: Any) -> None:
    """Refuse what is not the name of an engine."""
    if engine not in ("auto", "numpy", "jax"):
        raise InputError(f"engine={engine!r}: expected 'auto', 'numpy' or 'jax'.")


def make(engine: str, epochs: int, work: Work) -> tuple[Engine, str]:
    """(an engine ready to run, why this one) for `epochs` epochs of `work`."""
    if engine == "jax":
        from pellucid.engines.jax_engine import JaxEngine

        return JaxEngine(work), "asked for"
    from pellucid.engines.numpy_engine import NumpyEngine

    return NumpyEngine(work), "asked for"
