"""One line that shows how a sweep goes; nothing where nobody is looking."""

from __future__ import annotations

import sys
import time

from pellucid.sweeps.task import Run
from pellucid.training.progress import EVERY, Canvas, Cell, TerminalLine, duration, in_notebook


class Line:
    """``sweep 12/60 networks  34 %  best val_loss 0.21  3 s left``, drawn over itself at most ten times a second."""

    def __init__(self, networks: int, epochs: int, shown: bool) -> None:
        self.networks, self.epochs, self.shown = networks, networks * epochs, shown
        self.canvas: Canvas | None = None
        self.over = self.done = 0
        self.best, self.name = float("inf"), ""
        self.start = self.last = time.perf_counter()

    def update(self, run: Run, epochs: int, over: bool) -> None:
        """Take in what a network has done since; `over`: it is done."""
        self.done += epochs
        if over:
            self.over += 1
            self.done += self.epochs // self.networks - len(run.history or ())  # the epochs that it spared
            for name in ("val_loss", "loss"):
                if name in run.figures():
                    self.name, self.best = name, min(self.best, run.figures()[name])
                    break
        now = time.perf_counter()
        if self.shown and now - self.last >= EVERY:
            self.last = now
            left = (now - self.start) * (self.epochs / max(self.done, 1) - 1.0)
            self._draw(f"{duration(left)} left")

    def close(self, reason: str) -> None:
        """The last line, which stays."""
        if self.shown:
            self._draw(f"{reason} after {duration(time.perf_counter() - self.start)}")
            if self.canvas is not None:
                self.canvas.end()

    def _draw(self, end: str) -> None:
        if self.canvas is None:
            self.canvas = Cell() if in_notebook() and not sys.stderr.isatty() else TerminalLine(sys.stderr)
        parts = [f"sweep {self.over}/{self.networks} networks", f"{self.done / max(self.epochs, 1):.0%}"]
        parts += [f"best {self.name} {self.best:.4g}"] if self.name else []
        self.canvas.draw("  ".join([*parts, end])[: self.canvas.width()])
