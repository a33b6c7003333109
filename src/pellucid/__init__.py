"""pellucid: neural networks you can see through.

Every layer's forward and hand-derived backward stand in a few lines of array code, to read, to look at and to train.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pellucid import errors, initializers, layers, losses, optimizers, schedules
from pellucid.errors import PellucidError
from pellucid.layer import Layer
from pellucid.model import Model

if TYPE_CHECKING:
    from pellucid import datasets, metrics, tables
    from pellucid.exchange.model_file import load
    from pellucid.glass.gradients import check_gradients
    from pellucid.sweeps import sweep
    from pellucid.training.history import History
    from pellucid.training.state import EarlyStopping

__version__ = "0.1.0"

__all__ = [
    "EarlyStopping",
    "History",
    "Layer",
    "Model",
    "PellucidError",
    "check_gradients",
    "datasets",
    "errors",
    "initializers",
    "layers",
    "load",
    "losses",
    "metrics",
    "optimizers",
    "schedules",
    "sweep",
    "tables",
]

# What is brought in when it is first used, so that `import pellucid` stays quick: the module, and the name in it.
_LATER = {
    "EarlyStopping": ("pellucid.training.state", "EarlyStopping"),
    "History": ("pellucid.training.history", "History"),
    "check_gradients": ("pellucid.glass.gradients", "check_gradients"),
    "datasets": ("pellucid.datasets", ""),
    "load": ("pellucid.exchange.model_file", "load"),
    "metrics": ("pellucid.metrics", ""),
    "nnfs": ("pellucid.nnfs", ""),
    "sweep": ("pellucid.sweeps", "sweep"),
    "tables": ("pellucid.tables", ""),
}


def __getattr__(name: str) -> Any:
    """The names that are brought in when they are first used."""
    if name not in _LATER:
        raise AttributeError(f"module 'pellucid' has no attribute {name!r}")
    module, inside = _LATER[name]
    found = import_module(module)
    globals()[name] = value = getattr(found, inside) if inside else found
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, *_LATER, *(name for name in globals() if name.startswith("__"))})
