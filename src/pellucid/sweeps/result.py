"""What a sweep returns: every network's figures, their spread over the seeds, the best network."""

from __future__ import annotations

import html
import math
import statistics
from typing import Any

from pellucid.errors import InputError
from pellucid.model import Model
from pellucid.sweeps.settings import Settings
from pellucid.sweeps.task import Run

Row = dict[str, Any]


class Sweep:
    """The networks of a sweep, what they reached, and how far chance alone moves that.

    `table`: a row a network, in order: seed, settings, the figures of the network that is kept (the best epoch's with
    early stopping, else the last's), `epochs` trained, `best_epoch`, `stopped`. `models`: the trained networks in the same
    order. `figure`: what they are ranked by, "val_loss" where there is validation, else "loss"; lower is better.
    `engine`, `engine_reason`, `stopped`, `seconds`: as in a `History`.

    `print(result)` shows, for every setting, mean, standard deviation and range over the seeds, the best first.
    """

    def __init__(
        self, runs: list[Run], names: list[str], validated: bool, engine: str, reason: str, stopped: str, seconds: float
    ) -> None:
        self.runs, self.names = runs, names
        self.engine, self.engine_reason, self.stopped, self.seconds = engine, reason, stopped, seconds
        self.figure = "val_loss" if validated else "loss"

    def __len__(self) -> int:
        return len(self.runs)

    @property
    def table(self) -> list[Row]:
        """A row for every network, as the class says. A network that broke down has no figures, and `error` says why."""
        rows = []
        for run in self.runs:
            figures = {name: value for name, value in run.figures().items() if name not in ("epoch", "learning_rate")}
            history = run.history
            row = {"seed": run.seed, **self._shown(run.settings), **figures, "epochs": len(history or ())}
            row["best_epoch"] = history.best_epoch if history is not None else None
            row["stopped"] = history.stopped if history is not None else "not begun"
            rows.append({**row, "error": run.error} if run.error else row)
        return rows

    @property
    def models(self) -> list[Model]:
        """The networks, trained, in the order of `table`; each with its `history`."""
        return [run.model for run in self.runs]

    @property
    def best(self) -> Model:
        """The network with the lowest `figure`: a `Model` to predict with, to save, to train on."""
        able = [run for run in self.runs if math.isfinite(run.figures().get(self.figure, math.nan))]
        if not able:
            raise InputError(
                "No network of this sweep was trained to a finite loss: see table for what became of each."
            )
        return min(able, key=lambda run: run.figures()[self.figure]).model

    def spread(self, figure: str | None = None) -> list[Row]:
        """How `figure` spreads over the seeds, a row for every setting, ordered by the mean of the sweep's own figure.

        A row: the settings, `networks` that have the figure, `failed` ones that have none, `mean`, `std` (with n - 1; nan
        for a single network), `min`, `max`, `best_seed` (that of the lowest `self.figure`).
        """
        figure = figure or self.figure
        if figure not in self._figures():
            raise InputError(f"{figure!r} is not a figure of this sweep. It has {', '.join(self._figures())}.")
        ranked = sorted(self._by_setting(), key=lambda runs: (_mean(_values(runs, self.figure)), runs[0].number))
        return [self._spread_of(runs, figure) for runs in ranked]

    def _spread_of(self, runs: list[Run], figure: str) -> Row:
        values = _values(runs, figure)
        able = [run for run in runs if self.figure in run.figures()]
        return {
            **self._shown(runs[0].settings),
            "networks": len(values),
            "failed": len(runs) - len(values),
            "mean": statistics.fmean(values) if values else math.nan,
            "std": statistics.stdev(values) if len(values) > 1 else math.nan,
            "min": min(values, default=math.nan),
            "max": max(values, default=math.nan),
            "best_seed": min(able, key=lambda run: run.figures()[self.figure]).seed if able else None,
        }

    def _shown(self, settings: Settings) -> Settings:
        return {name: settings[name] for name in self.names}

    def _figures(self) -> list[str]:
        names = dict.fromkeys(name for run in self.runs for name in run.figures())
        return [name for name in names if name not in ("epoch", "learning_rate")]

    def _by_setting(self) -> list[list[Run]]:
        """The runs of each setting: they lie one after the other, as many as there are seeds."""
        count = len({run.seed for run in self.runs})
        return [self.runs[at : at + count] for at in range(0, len(self.runs), count)]

    # -- showing -------------------------------------------------------------------------------------------------

    def _title(self) -> str:
        seeds, settings = len({run.seed for run in self.runs}), len(self._by_setting())
        title = f"{len(self)} networks: {_counted(seeds, 'seed')}, {_counted(settings, 'setting')}"
        end = f", {self.stopped}" if self.stopped != "finished" else ""
        return f"{title}; {self.engine}, {self.seconds:.1f} s{end}"

    def _cells(self) -> list[list[str]]:
        """The table that is printed: names first, then a row for every setting."""
        if not self._figures():
            return [["no network was trained to a finite loss"]]
        varying = [name for name in self.names if len({repr(run.settings[name]) for run in self.runs}) > 1]
        others = [name for name in self._figures() if name.startswith("val_") == (self.figure == "val_loss")]
        others.remove(self.figure)
        spreads = {name: self.spread(name) for name in others}
        cells = [
            [
                *varying,
                "networks",
                self.figure,
                "+-",
                "min",
                "max",
                *(n for o in others for n in (o, "+-")),
                "best seed",
            ]
        ]
        for number, row in enumerate(self.spread()):
            cells.append([str(row[name]) for name in varying])
            cells[-1].append(f"{row['networks']}" + (f" of {row['networks'] + row['failed']}" if row["failed"] else ""))
            cells[-1] += [_number(row[key]) for key in ("mean", "std", "min", "max")]
            for name in others:
                cells[-1] += [_number(spreads[name][number][key]) for key in ("mean", "std")]
            cells[-1].append(str(row["best_seed"]))
        return cells

    def _verdict(self) -> str:
        """Whether the first setting is ahead of the second seed by seed, not only on the average."""
        ranked = sorted(self._by_setting(), key=lambda runs: (_mean(_values(runs, self.figure)), runs[0].number))
        if len(ranked) < 2:
            return ""
        first, second = ({run.seed: run.figures().get(self.figure, math.nan) for run in runs} for runs in ranked[:2])
        both = [
            (first[seed], second[seed]) for seed in first if math.isfinite(first[seed]) and math.isfinite(second[seed])
        ]
        ahead = sum(a < b for a, b in both)
        return f"The first setting is ahead of the second for {ahead} of {_counted(len(both), 'seed')}." if both else ""

    def __str__(self) -> str:
        cells = self._cells()
        widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
        return "\n".join([self._title(), *lines, *([self._verdict()] if self._verdict() else [])])

    def __repr__(self) -> str:
        return f"<Sweep of {self._title()}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the table of `print`."""
        head, *rows = ["".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) for tag, row in self._tagged()]
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        text = (
            f"<table><caption>{html.escape(self._title())}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
        )
        return f"{text}</table><p>{html.escape(self._verdict())}</p>"

    def _tagged(self) -> list[tuple[str, list[str]]]:
        head, *rows = self._cells()
        return [("th", head), *(("td", row) for row in rows)]


def _values(runs: list[Run], figure: str) -> list[float]:
    found = (run.figures().get(figure, math.nan) for run in runs)
    return [value for value in found if math.isfinite(value)]


def _mean(values: list[float]) -> float:
    return statistics.fmean(values) if values else math.inf


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.4g}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
