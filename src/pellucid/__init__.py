"""pellucid: neural networks you can see through.

Every layer's forward and hand-derived backward stand in a few lines of array code, to read, to look at and to train.
"""

from typing import TYPE_CHECKING, Any

from pellucid import datasets, errors, initializers, layers, losses, metrics, optimizers, schedules
from pellucid.errors import PellucidError
from pellucid.layer import Layer
from pellucid.model import Model
from pellucid.training import EarlyStopping, History

if TYPE_CHECKING:
    from pellucid.exchange.model_file import load

__version__ = "0.1.0"

__all__ = [
    "EarlyStopping",
    "History",
    "Layer",
    "Model",
    "PellucidError",
    "datasets",
    "errors",
    "initializers",
    "layers",
    "load",
    "losses",
    "metrics",
    "optimizers",
    "schedules",
]


def __getattr__(name: str) -> Any:
    """`pellucid.load` brings the file format with it only when it is used."""
    if name == "load":
        from pellucid.exchange.model_file import load

        return load
    raise AttributeError(f"module 'pellucid' has no attribute {name!r}")
