"""Training as a person watches it: one live block on a terminal, about ten plain lines elsewhere, JSON lines if asked."""

from __future__ import annotations

import time
from typing import Any

from pellucid.cli.output import Output, number
from pellucid.glass.curves import sparkline
from pellucid.training.progress import EVERY, Row, duration

SPARK = 24


class Watch:
    """A callback of `Model.fit`, to use as a context: it shows every epoch that it is told of."""

    def __init__(self, output: Output, title: str, epochs: int) -> None:
        self.output, self.title, self.epochs = output, title, epochs
        self.rows: list[Row] = []
        self.best: Row = {}
        self.start = self.drawn = time.perf_counter()
        self.live: Any = None

    def __enter__(self) -> Watch:
        if self.output.live:
            from rich.live import Live

            self.live = Live(auto_refresh=False, transient=True)
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.live is not None:
            self.live.stop()
            self.live = None

    def __call__(self, model: Any, row: Row) -> None:
        """Take an epoch's row."""
        self.rows.append(row)
        if not self.best or _watched(row) < _watched(self.best):
            self.best = row
        self.output.event("epoch", **row)
        now = time.perf_counter()
        if self.live is not None and now - self.drawn >= EVERY:
            from rich.text import Text

            self.drawn = now
            lines = self.block(now, self.live.console.width)
            self.live.update(Text("\n".join(lines), no_wrap=True, overflow="crop"), refresh=True)
        elif self.live is None and _told(int(row["epoch"])):
            self.output.say(self.sentence(row))

    def sentence(self, row: Row) -> str:
        """One epoch in a line."""
        figures = (f"{k} {number(v)}" for k, v in row.items() if k not in ("epoch", "learning_rate"))
        return f"epoch {int(row['epoch'])}/{self.epochs}  {'  '.join(figures)}"

    def block(self, now: float, width: int) -> list[str]:
        """The live block's lines, none longer than `width`."""
        row, done = self.rows[-1], len(self.rows)
        left = (now - self.start) / done * (self.epochs - int(row["epoch"]))
        spark = max(min(SPARK, width - 24), 4)
        lines = [f"{self.title}", f"epoch {int(row['epoch'])}/{self.epochs}, at most {duration(left)} left"]
        for words, name in (("training  ", "loss"), ("validation", "val_loss")):
            if name in row:
                curve = sparkline([r[name] for r in self.rows if name in r], spark)
                lines.append(f"{words} {curve.ljust(spark)} {number(row[name])}{self._extra(row, name)}")
        if "val_loss" in self.best:
            lines.append(f"best       {number(self.best['val_loss'])} at epoch {int(self.best['epoch'])}")
        return [line[:width] for line in lines]

    def _extra(self, row: Row, name: str) -> str:
        front = "val_" if name == "val_loss" else ""
        rest = [k for k in row if k.startswith("val_") == bool(front) and k not in (name, "epoch", "learning_rate")]
        return "".join(f"  {key.removeprefix(front)} {number(row[key])}" for key in rest)


def _watched(row: Row) -> float:
    return row.get("val_loss", row["loss"])


def _told(epoch: int) -> bool:
    """Epochs 1, 2, 5, 10, 20, 50 ...: few lines, however long the run."""
    return str(epoch).rstrip("0") in ("1", "2", "5")
