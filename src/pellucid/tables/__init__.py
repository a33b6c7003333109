"""Tables: files and frames read as columns, judged, typed and encoded for a network."""

from pellucid.tables.reading import read
from pellucid.tables.table import Chunk, Table

__all__ = ["Chunk", "Table", "read"]
