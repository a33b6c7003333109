"""The loops around the one pure step: with NumPy, and compiled by JAX. Here one of them is chosen."""

from __future__ import annotations

from typing import Any

from pellucid.engines import choice
from pellucid.engines.calm import calm
from pellucid.engines.streams import Stream
from pellucid.engines.work import Batches, Engine, Work
from pellucid.errors import InputError, MissingExtraError, PellucidError, missing_extra
from pellucid.interrupts import undisturbed
from pellucid.mapped import Mapped

__all__ = ["Batches", "Engine", "Stream", "Work", "available", "calm", "check_name", "devices", "make"]


def check_name(engine: Any) -> None:
    """Refuse what is not the name of an engine."""
    if engine not in ("auto", "numpy", "jax"):
        raise InputError(f"engine={engine!r}: expected 'auto', 'numpy' or 'jax'.")


def make(engine: str, epochs: int, work: Work) -> tuple[Engine, str]:
    """(an engine ready to run, why this one) for `epochs` epochs of `work`."""
    chosen, reason = choice.wanted(work, epochs) if engine == "auto" else (engine, "asked for")
    if chosen == "jax":
        try:
            return _compiled(work), reason
        except PellucidError as error:
            if engine == "jax":
                raise
            reason = f"not compiled: {error}"
    from pellucid.engines.numpy_engine import NumpyEngine
    from pellucid.engines.numpy_streams import NumpyStreamEngine

    return (NumpyStreamEngine if isinstance(work.data, Stream) else NumpyEngine)(work), reason


def available() -> list[str]:
    """The engines that can be asked for here."""
    return ["numpy", "jax"] if choice.installed() else ["numpy"]


def devices() -> list[str]:
    """What the compiled engine would run on, the first of them by default; imports JAX where it is installed."""
    try:
        from pellucid.engines import jax_engine
    except ImportError:
        return ["cpu"]
    return jax_engine.devices()


def _compiled(work: Work) -> Engine:
    try:
        with undisturbed():  # Ctrl-C in the middle of importing JAX has crashed the whole process
            from pellucid.engines.jax_engine import JaxEngine
            from pellucid.engines.jax_streams import JaxStreamEngine
    except ImportError as error:
        raise _missing(error) from error
    in_memory = not isinstance(work.data, Stream) and not isinstance(work.data.x, Mapped)
    in_memory = in_memory and not isinstance(work.valid_x, Mapped)
    engine = (JaxEngine if in_memory else JaxStreamEngine)(work)
    engine.prepare()
    return engine


def _missing(error: ImportError) -> MissingExtraError:
    if (error.name or "").partition(".")[0] in ("jax", "jaxlib") and isinstance(error, ModuleNotFoundError):
        return missing_extra("jax", "jax", "engine='jax'")
    return MissingExtraError(f"engine='jax' needs jax, which is installed but cannot be imported here: {error}")
