"""What a report is made of, before it is a page: sections of texts, tables, figures. The template alone knows HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Text:
    """A paragraph. `strong`: the sentence that matters most."""

    words: str
    strong: bool = False
    kind: str = "text"


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    words: str
    kind: str = "heading"


@dataclass(frozen=True)
class Items:
    """A list of sentences. Each is (head, sentence, foot); head and foot may be empty, the foot is something to type."""

    items: Sequence[tuple[str, str, str]]
    kind: str = "items"


@dataclass(frozen=True)
class Facts:
    """Names with their values."""

    rows: Sequence[tuple[str, str]]
    kind: str = "facts"


@dataclass(frozen=True)
class Table:
    """The first cell of a row is its header. `numeric`: the other cells are numbers, and stand to the right."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: bool = True
    kind: str = "table"


@dataclass(frozen=True)
class Figure:
    """A picture (SVG of pellucid's own), what it shows in a sentence, and the table behind it.

    `table`: a `Table`, or HTML of pellucid's own (`glass`), in which everything foreign is escaped already.
    """

    svg: str
    caption: str
    table: Table | str
    kind: str = "figure"


@dataclass(frozen=True)
class Code:
    """Something to copy."""

    caption: str
    words: str
    kind: str = "code"


@dataclass
class Section:
    """A heading with its blocks. `key`: its place in the page's address."""

    key: str
    title: str
    blocks: list[Any] = field(default_factory=list)

    def add(self, *blocks: Any) -> None:
        """Append blocks; None is left out."""
        self.blocks += [block for block in blocks if block is not None]


def facts(rows: Iterable[tuple[str, str]]) -> Facts | None:
    """The rows that have a value, or None."""
    kept = [(name, words) for name, words in rows if words]
    return Facts(kept) if kept else None
