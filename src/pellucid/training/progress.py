"""One line that shows how training goes, on a terminal and in a notebook; nothing where nobody is looking."""

from __future__ import annotations

import math
import sys
import time
from typing import TextIO

BLOCKS = "▁▂▃▄▅▆▇█"


def somebody_looks(stream: TextIO) -> bool:
    """Whether `stream` is a terminal, or this is a notebook."""
    return bool(getattr(stream, "isatty", lambda: False)()) or "ipykernel" in sys.modules


def spark(values: list[float], width: int = 12) -> str:
    """The last values as little blocks, the lowest of them at the bottom."""
    seen = [value for value in values[-width:] if math.isfinite(value)]
    if not seen:
        return ""
    low, high = min(seen), max(seen)
    return "".join(BLOCKS[int((value - low) / (high - low or 1.0) * 7.999)] for value in seen)


class Progress:
    """Writes ``epoch 120/1000 ▂▁ loss 0.12  val_loss 0.2 ... 3 s left`` over itself, at most ten times a second."""

    def __init__(self, epochs: int, shown: bool, stream: TextIO | None = None) -> None:
        self.epochs, self.shown, self.stream = epochs, shown, stream or sys.stderr
        self.start = self.last = time.perf_counter()
        self.first_epoch: int | None = None
        self.losses: list[float] = []
        self.width = 0

    def update(self, row: dict[str, float], final: bool = False) -> None:
        """Show an epoch's row, if it is time to."""
        if not self.shown:
            return
        now, epoch = time.perf_counter(), int(row["epoch"])
        self.first_epoch = self.first_epoch if self.first_epoch is not None else epoch
        if not final and now - self.last < 0.1:
            return
        self.last = now
        self.losses.append(row["loss"])
        done = epoch - self.first_epoch + 1
        left = (now - self.start) / done * (self.epochs - epoch)
        figures = "  ".join(f"{k} {v:.4g}" for k, v in row.items() if k not in ("epoch", "learning_rate"))
        text = f"epoch {epoch}/{self.epochs} {spark(self.losses)} {figures}  {'' if final else f'{left:.0f} s left'}"
        self.stream.write("\r" + text.ljust(self.width))
        self.stream.flush()
        self.width = len(text)

    def close(self, row: dict[str, float], reason: str) -> None:
        """The last line, which stays."""
        if self.shown and row:
            self.update(row, final=True)
            self.stream.write(f"{reason}\n")
            self.stream.flush()
