"""One line that shows how training goes, on a terminal and in a notebook; nothing where nobody is looking."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol, TextIO

Row = dict[str, float]

EVERY = 0.1  # seconds between two drawings: nobody reads faster, and a training step may take 20 microseconds
SPARK = 12  # blocks of the little curve


def somebody_looks(stream: TextIO) -> bool:
    """Whether `stream` is a terminal, or this is a notebook."""
    return bool(getattr(stream, "isatty", lambda: False)()) or in_notebook()


def in_notebook() -> bool:
    """Whether a notebook's kernel runs this."""
    return "ipykernel" in sys.modules


class Progress:
    """``epoch 120/1000  ▇▅▃▂▁  loss 0.12  val_loss 0.2 ...  3 s left``, drawn over itself at most ten times a second.

    `epochs`: the number of the last one; `shown`: False for silence; `stream`: where to, standard error unless given.
    The line never gets longer than the terminal is wide: what matters least is left out.
    """

    def __init__(self, epochs: int, shown: bool, stream: TextIO | None = None) -> None:
        self.epochs, self.shown = epochs, shown
        self.canvas: Canvas | None = None
        self.stream = stream if stream is not None else sys.stderr
        self.start = self.last = time.perf_counter()
        self.first_epoch: int | None = None
        self.losses: list[float] = []

    def update(self, row: Row) -> None:
        """Take an epoch's row, and show it if it is time to."""
        if not self.shown:
            return
        self.losses.append(row["loss"])
        if self.first_epoch is None:
            self.first_epoch = int(row["epoch"])
        now = time.perf_counter()
        if now - self.last >= EVERY:
            self.last = now
            done = int(row["epoch"]) - self.first_epoch + 1
            left = (now - self.start) / done * (self.epochs - int(row["epoch"]))
            self._draw(lambda width: line(row, self.epochs, self._spark(), f"{duration(left)} left", width))

    def note(self, lines: Sequence[str]) -> None:
        """Lines that stay, above the one that moves."""
        if self.shown and lines:
            self._on().note("\n".join(lines))

    def close(self, row: Row, reason: str) -> None:
        """The last line, which stays: the last epoch's figures and why training ended."""
        if not self.shown:
            return
        self.shown = False
        if row:
            if reason == "interrupted":
                reason += ", the best network is kept" if "val_loss" in row else ", the last whole epoch is kept"
            self._draw(lambda width: last_line(row, self.epochs, self._spark(), reason, width))
        if self.canvas is not None:
            self.canvas.end()

    def _draw(self, text: Any) -> None:
        canvas = self._on()
        canvas.draw(text(canvas.width()))

    def _on(self) -> Canvas:
        if self.canvas is None:
            self.canvas = Cell() if in_notebook() and not self.stream.isatty() else TerminalLine(self.stream)
        return self.canvas

    def _spark(self) -> str:
        from pellucid.glass.curves import sparkline

        text = sparkline(self.losses, SPARK)
        try:
            text.encode(getattr(self.stream, "encoding", None) or "utf-8")
        except UnicodeEncodeError:  # a terminal that knows letters only
            return ""
        return text


def line(row: Row, epochs: int, spark: str, end: str, width: int) -> str:
    """One line of at most `width` characters; every part that does not fit is left out, the least important first."""
    figures = {key: f"{key} {value:.4g}" for key, value in row.items() if key not in ("epoch", "learning_rate")}
    parts = {"epoch": f"epoch {int(row['epoch'])}/{epochs}", "spark": spark, **figures, "end": end}
    names = [name for name in parts if parts[name]]
    first = ("epoch", "val_loss", "loss", "end", "spark")
    by_weight = sorted(names, key=lambda name: first.index(name) if name in first else len(first))
    kept: set[str] = set()
    for name in by_weight:
        if len("  ".join(parts[n] for n in names if n in kept or n == name)) <= width:
            kept.add(name)
    return "  ".join(parts[name] for name in names if name in kept)


def last_line(row: Row, epochs: int, spark: str, reason: str, width: int) -> str:
    """As `line` with the reason at its end, or below it where both do not fit."""
    text = line(row, epochs, spark, "", width)
    return f"{text}  {reason}" if len(text) + 2 + len(reason) <= width else f"{text}\n{reason}"


def duration(seconds: float) -> str:
    """A span of time as a person says it: 4 s, 3 min 20 s, 2 h 5 min."""
    whole = round(max(seconds, 0.0))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class Canvas(Protocol):
    """Something with one line on it that can be drawn anew."""

    def width(self) -> int:
        """How many characters fit."""

    def draw(self, text: str) -> None:
        """Show `text` in place of what was there."""

    def note(self, text: str) -> None:
        """Show `text`, to stay, above the line."""

    def end(self) -> None:
        """Leave what is there, and go to the next line."""


class TerminalLine:
    """The line of a terminal that the cursor is on."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.drawn = stream, 0

    def width(self) -> int:
        try:
            columns = os.get_terminal_size(self.stream.fileno()).columns
        except (OSError, ValueError, AttributeError):  # not a terminal of the system's, such as a pane of an editor
            columns = 80
        return (columns or 80) - 1  # a line that fills the last column moves some terminals on to the next

    def draw(self, text: str) -> None:
        first, *rest = text.split("\n")
        covered = min(self.drawn + 2, self.width())  # two more for the ^C that a terminal echoes
        cleared = f"\r{' ' * covered}" if covered > len(first) else ""
        self.stream.write("\n".join([f"{cleared}\r{first}", *rest]))
        self.stream.flush()
        self.drawn = len(first)

    def note(self, text: str) -> None:
        cleared = f"\r{' ' * self.drawn}\r" if self.drawn else ""
        self.stream.write(f"{cleared}{text}\n")
        self.stream.flush()
        self.drawn = 0

    def end(self) -> None:
        self.stream.write("\n")
        self.stream.flush()


class Cell:
    """One output of a notebook cell, replaced in place: no flood of lines, and nothing but the last one is saved."""

    def __init__(self) -> None:
        self.handle: Any = None

    def width(self) -> int:
        return 120

    def draw(self, text: str) -> None:
        content = {"text/plain": text}
        if self.handle is None:
            self.handle = import_module("IPython.display").display(content, raw=True, display_id=True)
        else:
            self.handle.update(content, raw=True)

    def note(self, text: str) -> None:
        import_module("IPython.display").display({"text/plain": text}, raw=True)

    def end(self) -> None:
        """A cell's output ends by itself."""
