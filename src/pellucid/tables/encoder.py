"""From the columns of a table to the numbers that a network takes, as a list of records that JSON can hold."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import DataError, InputError
from pellucid.tables import records as recorded
from pellucid.tables.scaling import HOW as NUMBERS

if TYPE_CHECKING:
    from pellucid.tables.plan import Column, Plan
    from pellucid.tables.table import Table
    from pellucid.tables.typed import Typed

PIECE = 65_536  # rows encoded at once
IN_MEMORY = 1 << 30  # bytes; a larger matrix lies in a temporary file that goes away with it


class Encoder:
    """Columns to features: fitted on the training rows, applied to any table with the same columns.

    `plan`: the columns that are used, and how each is read from text. `records`: what becomes of each, one dict a column,
    in the plan's order (`tables.records` says what they hold). `known`: all columns of the table it was fitted on, so that
    those it does not use are no surprise. `features`: the name of each input of the network; `column_of`: the number of
    the column (in `columns`) that it came from.
    """

    def __init__(self, plan: Plan, records: list[dict[str, Any]], known: list[str]) -> None:
        self.plan, self.records, self.known = plan, records, known
        self.columns: list[str] = [record["column"] for record in records]
        names = [recorded.features(record) for record in records]
        self.column_of: list[int] = [number for number, group in enumerate(names) for _ in group]
        self.features: list[str] = _unique([name for group in names for name in group])
        self._ends = np.cumsum([len(group) for group in names]).tolist()

    @classmethod
    def fit(
        cls, plan: Plan, typed: Typed, rows: np.ndarray | None = None, *, numbers: str = "smooth",
        max_categories: int = 50, rare: int | None = None,
    ) -> Encoder:  # fmt: skip
        """Learn from the training `rows` of `typed` (their numbers or a mask; None for all).

        `numbers`: what is done to numbers, one of "standard", "smooth", "log", "normal" (see `tables.scaling`). A category
        keeps its `max_categories` most frequent values with at least `rare` rows (None: 1 % of the rows, from 2 to 10); the
        others are one input, "other".
        """
        if numbers not in NUMBERS:
            raise InputError(f"numbers={numbers!r}: expected one of {', '.join(NUMBERS)}.")
        if max_categories < 1:
            raise InputError(f"max_categories={max_categories}: expected how many values a category keeps, from 1.")
        if not plan.used:
            raise DataError("No column is left to predict from: every one is the target, ignored or dropped.")
        chosen: Any = slice(None) if rows is None else rows
        made = []
        for column in plan.used:
            if column.kind == "category":
                codes, words = typed.categories[column.name]
                made.append(recorded.fit_category(column.name, codes[chosen], words, max_categories, rare))
            elif column.reason == "cycles":
                made.append(recorded.fit_cycles(column.name, typed.numbers[column.name][chosen]))
            else:
                made.append(recorded.fit_numbers(column.name, column.kind, typed.numbers[column.name][chosen], numbers))
        made = [record for record in made if recorded.features(record)]
        names = {record["column"] for record in made}
        return cls(_inputs_alone(plan, names), made, [column.name for column in plan.columns])

    # -- applying ------------------------------------------------------------------------------------------------

    def transform(self, data: Any, notices: list[str] | None = None) -> np.ndarray:
        """Features, float32 (rows, features), all finite, of a `Typed` or of anything that `tables.read` takes.

        A missing column is a `DataError`; so is text where the plan expects a number. Columns that nobody knows and
        values that training never saw are said in a sentence each, appended to `notices`. Over 1 GiB, the features lie in
        a temporary file that is gone when they are.
        """
        said: list[str] = [] if notices is None else notices
        typed = self.typed(data, said) if not hasattr(data, "categories") else data
        self._check(list(typed.numbers) + list(typed.categories), "the typed columns")
        out = room(typed.rows, len(self.features))
        for record, start, stop in zip(self.records, [0, *self._ends], self._ends, strict=False):
            name = record["column"]
            if record["kind"] == "category":
                codes, words = typed.categories[name]
                place = recorded.places(record, words)
                said += _notices_of_category(record, codes, words)
            else:
                values = typed.numbers[name]
                said += _notices_of_empty(record, int(np.count_nonzero(np.isnan(values))), len(values))
            for at in range(0, typed.rows, PIECE):
                part = out[at : at + PIECE, start:stop]
                if record["kind"] == "category":
                    recorded.write_category(place, codes[at : at + PIECE], part)
                else:
                    recorded.write_numbers(record, values[at : at + PIECE], part)
        return out

    def typed(self, data: Any, notices: list[str] | None = None) -> Typed:
        """The used columns of anything that `tables.read` takes, typed as in training."""
        from pellucid.tables.reading import read
        from pellucid.tables.typed import typed

        table = read(data)
        self.check_columns(table, notices)
        return told(typed(table, as_written(self.plan, table, notices), columns=self.columns), notices)

    def check_columns(self, table: Table, notices: list[str] | None = None) -> None:
        """Refuse a table that lacks a column; say which of its columns nobody knows."""
        self._check(table.names, table.origin)
        new = [name for name in table.names if name not in self.known]
        if new and notices is not None:
            several = "columns were" if len(new) > 1 else "column was"
            notices.append(f"{len(new)} {several} not there in training and left aside: {_some(new)}.")

    def _check(self, names: list[str], origin: str) -> None:
        there = set(names)
        missing = [name for name in self.columns if name not in there]
        if not missing:
            return
        spare = [name for name in names if name not in self.known]
        lower = {name.lower(): name for name in spare}
        near = {name: get_close_matches(name.lower(), list(lower), 1, 0.6) for name in missing}
        hints = [f"{lower[found[0]]!r} may be {name!r} under another name" for name, found in near.items() if found]
        hint = f" {'; '.join(hints[:3])}: rename it." if hints else ""
        several = f"columns {_some(missing)} are" if len(missing) > 1 else f"column {missing[0]!r} is"
        raise DataError(
            f"The {several} missing in {origin}; the network was trained on {'them' if len(missing) > 1 else 'it'}.{hint} "
            f"Columns needed: {_some(self.columns, 30)}; there: {_some(names, 30)}."
        )

    # -- keeping -------------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """Everything, as plain JSON."""
        return {"plan": self.plan.to_json(), "records": self.records, "known": self.known}

    @classmethod
    def from_json(cls, content: Any) -> Encoder:
        """The inverse of `to_json`; what is not its work is a `FileError`."""
        from pellucid.tables.stored import encoder_from

        return cls(*encoder_from(content))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Encoder) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<encoder of {len(self.columns)} columns as {len(self.features)} inputs>"

    def __str__(self) -> str:
        lines = []
        for record in self.records:
            made = recorded.features(record)
            shown = made[0] if len(made) == 1 else f"{len(made)} inputs: {_some(made, 6, quoted=False)}"
            lines.append(f"{record['column']} ({record['kind']}) -> {shown}")
        return "\n".join(lines)


def as_written(plan: Plan, table: Table, notices: list[str] | None = None) -> Plan:
    """The plan, its numbers with the decimal sign that `table` shows where the training table had the other."""
    if table.decimal == plan.decimal or not table.decimal_shown:
        return plan
    if notices is not None:
        own, other = ("comma", "points") if table.decimal == "," else ("point", "commas")
        notices.append(f"Numbers are read with a decimal {own}; the table of the training had decimal {other}.")
    return with_decimal(plan, table.decimal)


def with_decimal(plan: Plan, decimal: str) -> Plan:
    """The plan, its numbers read with that decimal sign."""
    columns = [
        replace(column, format={**column.format, "decimal": decimal}) if column.kind == "number" else column
        for column in plan.columns
    ]
    return replace(plan, columns=columns, decimal=decimal)


def told(typed: Typed, notices: list[str] | None) -> Typed:
    """`typed`, having said which texts of it were taken for missing values."""
    said = [] if notices is None else notices
    for name, count in typed.unread.items():
        found = ", ".join(f"{text[:20]!r} (line {line})" for line, text in typed.strays.get(name, [])[:3])
        if count:
            several = "values count" if count > 1 else "value counts"
            said.append(f"{name}: {count:,} {several} as missing, not being readable: {found}.")
    return typed


def _inputs_alone(plan: Plan, names: set[str]) -> Plan:
    """The plan of the columns of these names, without examples; their strays are the tokens that mean a missing value."""
    columns: list[Column] = [replace(column, examples=[]) for column in plan.used if column.name in names]
    return replace(plan, columns=columns, targets=[], warnings=[])


def room(rows: int, features: int) -> np.ndarray:
    """Zeros, float32 (rows, features), in memory or, where they are many, in a file without a name."""
    if rows * features * 4 <= IN_MEMORY:
        return np.zeros((rows, features), np.float32)
    with tempfile.TemporaryFile(prefix="pellucid-") as file:  # the mapping keeps it alive until it goes itself
        return np.memmap(file, np.float32, "w+", shape=(rows, features))


def _unique(names: list[str]) -> list[str]:
    """The names, a number behind those that came before."""
    taken: set[str] = set()
    found = []
    for name in names:
        number, own = 2, name
        while own in taken:
            own, number = f"{name} ({number})", number + 1
        taken.add(own)
        found.append(own)
    return found


def _some(names: list[str], most: int = 5, quoted: bool = True) -> str:
    shown = ", ".join(repr(name) if quoted else name for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def _notices_of_category(record: dict[str, Any], codes: np.ndarray, words: list[str]) -> list[str]:
    new = recorded.new_words(record, words)
    counts = np.bincount(codes[codes >= 0], minlength=len(words))
    new = [code for code in new if counts[code]]
    said = _notices_of_empty(record, int(np.count_nonzero(codes < 0)), len(codes))
    if new:
        rows = int(sum(counts[code] for code in new))
        means = "they count as other" if record["other"] else "they say nothing to the network"
        said.append(
            f"{record['column']}: {rows:,} of {len(codes):,} rows have a value that was not there in training "
            f"({_some([words[code] for code in new], 3)}); {means}."
        )
    return said


def _notices_of_empty(record: dict[str, Any], empty: int, rows: int) -> list[str]:
    if not empty or record["missing"]:
        return []
    middle = "the middle stands in" if "scale" in record else "they say nothing to the network"
    return [f"{record['column']}: empty in {empty:,} of {rows:,} rows, and never in training; {middle}."]
