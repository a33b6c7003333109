"""Everything that is settled before the first weight moves: columns, target, rows, warnings. `--dry-run` stops behind it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.errors import DataError, InputError
from pellucid.options import option
from pellucid.tables.checks import check
from pellucid.tables.plan import Plan, Warn, plan
from pellucid.tables.reading import read
from pellucid.tables.records import fit_cycles
from pellucid.tables.settings import Settings
from pellucid.tables.splitting import Divider, Split
from pellucid.tables.target import Target
from pellucid.tables.typed import Typed, typed


@dataclass
class Prepared:
    """A table that is ready to be learned from.

    `typed`: the rows whose targets are known; `kept`: the number in the table of each of them. `target`: its task, its
    classes; mean and scale are each split's own. `split`: the rows of the network that is kept; `folds`: the splits that
    judge it where folds were asked for. `notices`: sentences on what was found while reading.
    """

    data: Any
    table: Any
    plan: Plan
    typed: Typed
    kept: np.ndarray
    target: Target
    split: Split
    folds: list[Split]
    settings: Settings
    warnings: list[Warn] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        """Where the table was read from; "" for one that was in memory."""
        return os.fspath(self.data) if isinstance(self.data, (str, os.PathLike)) else ""

    @property
    def said(self) -> list[str]:
        """All that a person should know of the table, each sentence once."""
        return list(dict.fromkeys([*self.notices, *map(str, self.warnings)]))

    @property
    def dropped(self) -> int:
        """Rows that are not used, having no target (or, divided by time, no time)."""
        return len(self.table) - sum(map(len, (self.split.train, self.split.validation, self.split.test)))

    def clusters(self, rows: np.ndarray) -> np.ndarray | None:
        """Which of these rows belong together, int (rows,), where rows are divided by group."""
        group = self.settings.group
        return None if group is None else codes(self.typed, group)[rows]


def prepare(data: Any, target: str | Sequence[str] | None, s: Settings) -> Prepared:
    """Read, plan, type, divide and check a table. Errors name the line, the column and the option that mends it."""
    table = read(data, separator=s.separator, decimal=s.decimal, encoding=s.encoding, header=s.header)
    if not target:
        columns = ", ".join(table.names[:20]) + (", ..." if len(table.names) > 20 else "")
        raise InputError(
            f"There is no target: name the column to predict, {option('target', 'NAME')}. The columns are {columns}."
        )
    made = plan(
        table, target, types=s.types, drop=s.drop, only=s.only or None, na=s.na, group=s.group, time=s.time
    )  # fmt: skip
    cells = typed(table, made)
    wanted = Target.fit(made, cells, s.task, levels=s.levels)
    kept = np.flatnonzero(wanted.known(cells))
    if len(kept) < cells.rows:
        cells = cells.take(kept)
    if not cells.rows:
        raise DataError(f"No row has a value in {', '.join(made.targets)}: there is nothing to learn.")
    _check_task(wanted, s)
    divider = _divider(cells, wanted, s)
    split = divider.split(0.0 if s.folds else s.test, s.validation)
    folds = divider.folds(s.folds, s.validation) if s.folds else []
    _settle_cycles(made, cells, split.train)
    prepared = Prepared(data, table, made, cells, kept, wanted, split, folds, s, notices=list(table.notices))
    seen, judged = (folds[-1].train, folds[-1].test) if folds else (split.train, split.test)
    prepared.warnings = [*made.warnings, *check(cells, made, wanted, seen, judged, split.method)]
    return prepared


def _check_task(target: Target, s: Settings) -> None:
    if s.class_weights is not None and target.task != "classification":
        raise InputError(
            f"Class weights are for classes, but {', '.join(target.names)} is a {target.task} task, because "
            f"{target.why}. Leave {option('class_weights')} out, or write {option('task', 'classification')}."
        )
    if target.task == "classification" and len(target.classes) < 2:
        raise DataError(f"Every row has the same {target.names[0]}, {target.classes[0]!r}: there is nothing to learn.")


def _settle_cycles(made: Plan, cells: Typed, rows: np.ndarray) -> None:
    """Say which cycles of the column that divides by time are inputs, now that the rows learned from are known."""
    for column in made.columns:
        if column.reason != "cycles":
            continue
        parts = fit_cycles(column.name, cells.numbers[column.name][rows])["parts"]
        if parts:
            inputs = f"{' and '.join(parts)} {'is an input' if len(parts) == 1 else 'are inputs'}"
            column.rule = f"{inputs}, the moment is none; {column.rule}"
        else:
            column.reason, column.rule = "time", f"the rows learned from go round no year, week or day; {column.rule}"


def _divider(cells: Typed, target: Target, s: Settings) -> Divider:
    labels = np.asarray(target.encode(cells)) if target.task == "classification" else None
    groups = None if s.group is None else codes(cells, s.group)
    return Divider(cells.rows, s.seed, labels, groups, None if s.time is None else cells.numbers[s.time])


def codes(cells: Typed, column: str) -> np.ndarray:
    """Which rows have the same value in a column, int64 (rows,); those without one are alike, too."""
    values = cells.categories[column][0] if column in cells.categories else cells.numbers[column]
    return np.unique(values, return_inverse=True)[1].ravel()
