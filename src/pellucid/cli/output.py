"""Where a command's words go: plain lines, JSON lines, a table."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from typing import Any

import click

from pellucid.arrays import as_json


class Output:
    """A person reads lines on standard output; with `json`, standard output holds JSON lines alone, the rest is apart."""

    def __init__(self, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json, self.quiet = as_json, quiet

    def say(self, text: str = "") -> None:
        """A line for a person."""
        if not self.quiet:
            click.echo(text, err=self.as_json)

    def note(self, text: str) -> None:
        """A line that a person should see even where the output goes into a file."""
        click.echo(f"Note: {text}", err=True)

    def event(self, event: str, **fields: Any) -> None:
        """One JSON line; numbers that JSON has no word for are null."""
        if self.as_json:
            click.echo(json.dumps({"event": event, **as_json(fields)}, allow_nan=False, ensure_ascii=False))

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Rows of text under their heads: the first column to the left, the others to the right."""
        if self.quiet:
            return
        if self.live:
            self._rich_table(head, rows)
        else:
            self.say(aligned([head, *rows]))

    @property
    def live(self) -> bool:
        """Whether a person watches a terminal that can draw a line anew."""
        return not (self.as_json or self.quiet) and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"

    @property
    def width(self) -> int:
        """How many characters of a sentence go into a line: a terminal's width, at most 100."""
        return max(40, min(100, shutil.get_terminal_size().columns)) if sys.stdout.isatty() else 100

    def _rich_table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for number, name in enumerate(head):
            table.add_column(name, justify="right" if number else "left")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        Console().print(table)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text as columns: the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return "\n".join(lines)


def number(value: float) -> str:
    """A figure with four digits that count."""
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e12 else f"{value:.4g}"
