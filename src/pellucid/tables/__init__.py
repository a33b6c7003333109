"""Tables: files and frames read as columns, judged, typed and encoded for a network.

`train` makes a `TableModel` of a table, `load` reads one from its file, `read` gives the `Table` that the others look at.
"""

from typing import TYPE_CHECKING, Any

from pellucid.tables.reading import read
from pellucid.tables.table import Chunk, Table

if TYPE_CHECKING:
    from pellucid.tables.encoder import Encoder
    from pellucid.tables.settings import Settings
    from pellucid.tables.target import Target
    from pellucid.tables.trained import TableModel, load
    from pellucid.tables.training import train

__all__ = ["Chunk", "Encoder", "Settings", "Table", "TableModel", "Target", "load", "read", "train"]

_HOME = {
    "Encoder": "encoder", "Settings": "settings", "TableModel": "trained", "Target": "target", "load": "trained",
    "train": "training",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """What brings networks with it, when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'pellucid.tables' has no attribute {name!r}")
    from importlib import import_module

    globals()[name] = made = getattr(import_module(f"pellucid.tables.{_HOME[name]}"), name)
    return made


def __dir__() -> list[str]:
    return __all__
