"""The columns of a table as numbers and codes, as a plan says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.errors import DataError, InputError
from pellucid.options import option, spoken
from pellucid.tables.dates import as_date, plain_dates
from pellucid.tables.declared import STRAY_SHARE
from pellucid.tables.kinds import LARGEST, NOTHING, as_boolean, as_number, cells, plain_numbers
from pellucid.tables.plan import Column, Plan
from pellucid.tables.summary import LISTED, as_text
from pellucid.tables.wording import shown

Reader = Callable[[str], float | None]


@dataclass
class Typed:
    """Typed columns.

    `numbers`: float64 (rows,), NaN where missing; booleans are 0 and 1, dates seconds since 1970 in UTC.
    `categories`: (codes int32 (rows,), -1 where missing; vocabulary, sorted). `lines`: int64 (rows,), where each row
    begins in the file; None for a frame. `strays`: tokens of this table that were taken for missing, {column: [(line,
    text), ...]}, and `unread` how many there are.
    """

    numbers: dict[str, np.ndarray] = field(default_factory=dict)
    categories: dict[str, tuple[np.ndarray, list[str]]] = field(default_factory=dict)
    rows: int = 0
    lines: np.ndarray | None = None
    strays: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)

    def take(self, rows: np.ndarray) -> Typed:
        """Some rows, in that order; the vocabularies stay as they are."""
        return Typed(
            {name: values[rows] for name, values in self.numbers.items()},
            {name: (codes[rows], words) for name, (codes, words) in self.categories.items()},
            len(np.arange(self.rows)[rows]),
            None if self.lines is None else self.lines[rows],
            self.strays,
            self.unread,
        )


def typed(table: Any, plan: Plan, *, columns: Iterable[str] | None = None, strict: bool = True) -> Typed:
    """The columns named (without names: inputs, group, time, and the targets that are there), one pass over a `Table`.

    A column where 5 % or more of the values cannot be read is a `DataError` that names line and column; below that they
    are missing and listed in `strays`. `strict=False` takes all of them for missing.
    """
    builders = [_builder(column, table, frozenset(plan.na)) for column in _wanted(table, plan, columns)]
    rows, lines = 0, []
    for chunk in table.chunks():
        rows += len(chunk)
        places = chunk.lines if chunk.lines is not None else np.arange(chunk.first, chunk.first + len(chunk))
        if chunk.lines is not None:
            lines.append(chunk.lines)
        for builder in builders:
            builder.unit = "Row" if chunk.lines is None else "Line"
            builder.add(chunk.columns[builder.column.name], places)
    result = Typed(rows=rows, lines=np.concatenate(lines) if lines else None)
    for builder in builders:
        builder.finish(result, strict)
    return result


def _wanted(table: Any, plan: Plan, columns: Iterable[str] | None) -> list[Column]:
    if columns is None:
        wanted = [column for column in plan.columns if column.kind != "ignored"]
        wanted = [column for column in wanted if column.reason != "target" or column.name in table.names]
    else:
        wanted = [plan.column(name) for name in ([columns] if isinstance(columns, str) else columns)]
    for column in wanted:
        if column.kind == "ignored":
            raise InputError(
                f"Column {shown(column.name)!r} is left out of the plan ({column.reason}): it has no type."
            )
    if missing := [column.name for column in wanted if column.name not in table.names]:
        raise DataError(
            f"{table.origin} has no column {', '.join(repr(shown(name)) for name in missing)}; its columns are "
            f"{', '.join(shown(name) for name in table.names[:20])}. The model needs each column that it was trained with."
        )
    return wanted


def _builder(column: Column, table: Any, na: frozenset[str]) -> _Numbers | _Categories:
    na = frozenset(word.strip() for word in na)
    return _Categories(column, na) if column.kind == "category" else _Numbers(column, na)


class _Categories:
    """Codes of one column, chunk by chunk."""

    def __init__(self, column: Column, na: frozenset[str]) -> None:
        self.column, self.unit = column, "Line"
        self.codes: dict[str, int] = {}
        self.parts: list[np.ndarray] = []
        self.nothing = na | {""}

    def add(self, values: list[str | None] | np.ndarray, places: np.ndarray) -> None:
        if isinstance(values, np.ndarray):
            none = np.isnat(values) if values.dtype.kind == "M" else np.isnan(values.astype(np.float64))
            different, inverse = np.unique(values[~none], return_inverse=True)
            own = np.array([self._code(text) for text in as_text(different)] or [-1], np.int32)
            part = np.full(len(values), -1, np.int32)
            part[~none] = own[inverse] if len(different) else -1
        else:
            fresh = {text: self._code(text.strip()) if text else -1 for text in dict.fromkeys(values)}
            part = np.fromiter(map(fresh.__getitem__, values), np.int32, len(values))
        self.parts.append(part)

    def _code(self, text: str) -> int:
        return -1 if text in self.nothing else self.codes.setdefault(text, len(self.codes))

    def finish(self, result: Typed, strict: bool) -> None:
        words = sorted(self.codes)
        rank = np.full(len(words) + 1, -1, np.int32)  # the last place is that of -1
        rank[[self.codes[word] for word in words]] = np.arange(len(words))
        codes = np.concatenate(self.parts) if self.parts else np.zeros(0, np.int32)
        result.categories[self.column.name] = rank[codes], words


class _Numbers:
    """Numbers, booleans or dates of one column, chunk by chunk."""

    def __init__(self, column: Column, na: frozenset[str]) -> None:
        self.column, self.na, self.unit = column, na, "Line"
        self.nothing = na | {text for _, text in column.strays}
        self.read = reader(column)
        self.parts: list[np.ndarray] = []
        self.strays: list[tuple[int, str]] = []
        self.unread = self.fresh = self.present = (
            0  # `fresh`: strays that the plan has not seen, `odd` the first of them
        )
        self.odd: tuple[int, str] | None = None

    def add(self, values: list[str | None] | np.ndarray, places: np.ndarray) -> None:
        if isinstance(values, np.ndarray):
            self.parts.append(self._typed(values, places))
            return
        texts = cells(values, self.na)
        numbers = self._plain(texts)
        if numbers is None:
            numbers = self._one_by_one(texts, places)
        self.present += int((~np.isnan(numbers)).sum())
        self.parts.append(numbers)

    def _plain(self, texts: list[str]) -> np.ndarray | None:
        form = self.column.format
        if self.column.kind == "date":
            return plain_dates(texts)
        if self.column.kind != "number" or form["percent"]:
            return None
        numbers = plain_numbers(texts, form["decimal"])
        if numbers is None:
            numbers = plain_numbers(["" if text.lower() in NOTHING else text for text in texts], form["decimal"])
        return numbers

    def _one_by_one(self, texts: list[str], places: np.ndarray) -> np.ndarray:
        values: dict[str, float] = {"": np.nan}
        odd: set[str] = set()
        for text in dict.fromkeys(texts):
            value = self.read(text) if text else np.nan
            if value is None:
                value = np.nan
                if text.lower() not in NOTHING:
                    odd.add(text)
            values[text] = value
        if odd:
            self._note([(place, text) for place, text in zip(places.tolist(), texts, strict=True) if text in odd])
        return np.fromiter(map(values.__getitem__, texts), np.float64, len(texts))

    def _note(self, strays: list[tuple[int, str]]) -> None:
        self.unread += len(strays)
        fresh = [stray for stray in strays if stray[1] not in self.nothing]
        if fresh and self.odd is None:
            self.odd = fresh[0]
        self.fresh += len(fresh)
        self.strays += strays[: LISTED - len(self.strays)]

    def _typed(self, values: np.ndarray, places: np.ndarray) -> np.ndarray:
        """A column that the table typed itself."""
        kind = {"b": "boolean", "M": "date"}.get(values.dtype.kind, "number")
        fits = {"number": ("number", "boolean"), "boolean": ("boolean", "number"), "date": ("date",)}[self.column.kind]
        if kind not in fits:
            raise DataError(
                f"Column {shown(self.column.name)!r} holds {kind}s of the type {values.dtype}; expected {self.column.kind}s."
            )
        if kind == "date":
            seconds = values.astype("datetime64[us]").astype(np.int64) / 1e6
            return np.where(np.isnat(values), np.nan, seconds)
        numbers = values.astype(np.float64)
        bad = np.abs(numbers) > LARGEST
        if self.column.kind == "boolean":
            bad |= ~np.isnan(numbers) & (numbers != 0) & (numbers != 1)
        if bad.any():
            self._note([(int(places[row]), f"{numbers[row]:g}") for row in np.flatnonzero(bad)])
            numbers = np.where(bad, np.nan, numbers)
        self.present += int((~np.isnan(numbers)).sum())
        return numbers

    def finish(self, result: Typed, strict: bool) -> None:
        name = self.column.name
        if strict and self.odd is not None and self.fresh >= STRAY_SHARE * (self.present + self.fresh):
            (line, text), kind = self.odd, self.column.kind
            raise DataError(
                f"{self.unit} {line}, column {shown(name)!r}: {shown(text)!r} is no {kind}, nor are {self.fresh:,} of the "
                f"{self.present + self.fresh:,} values. Mend them, leave them empty, or "
                f"{spoken('write', 'train with')} {option('na', [text])}."
            )
        if self.unread:
            result.strays[name], result.unread[name] = self.strays, self.unread
        result.numbers[name] = np.concatenate(self.parts) if self.parts else np.zeros(0)


def reader(column: Column) -> Reader:
    """The function that reads one text of a number, boolean or date column; None where it says nothing of the kind."""
    form = column.format
    if column.kind == "number":
        return lambda text: as_number(text, **form)
    if column.kind == "boolean":
        return lambda text: as_boolean(text, form["true"], form["false"])
    return lambda text: as_date(text, form["day_first"])
