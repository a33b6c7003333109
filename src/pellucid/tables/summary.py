"""What one pass over a column finds out, in memory that does not grow with the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from pellucid.tables.dates import date_shape, plain_dates
from pellucid.tables.kinds import LARGEST, NOTHING, Shape, cells, plain_numbers, shape

DISTINCT = 10_000  # different values that are counted one by one
LISTED = 20  # tokens of a sort that are kept with their lines
OUTLINES = 20_000  # numbers written alike that are remembered
SORTS = 200  # ways of writing that are told apart; a table of numbers has a handful

# How a text is written: a number, a date ("sure", "day", "month", "either"), a word for nothing, or any other word.
Sort = Shape | str
NOTHING_SORT, WORD = "nothing", "word"
DATES = ("sure", "day", "month", "either")
PLAIN = Shape(".", False, "", True, False, False, "")
PLAIN_WHOLE = PLAIN._replace(points=".,")


def sort_of(text: str) -> Sort:
    """How `text` is written."""
    if text.lower() in NOTHING:
        return NOTHING_SORT
    if text.isalpha():
        return WORD
    return shape(text) or date_shape(text) or WORD


_OUTLINE = str.maketrans("123456789", "999999999")


def sorts_of(texts: Iterable[str]) -> Iterator[tuple[str, Sort]]:
    """Each text and its sort. Numbers that differ in their digits alone are looked at once."""
    known: dict[str, Sort] = {}
    for text in texts:
        outline = text.translate(_OUTLINE)
        sort = known.get(outline)
        if sort is None:
            sort = sort_of(text)
            if isinstance(sort, Shape) and len(text) < 30 and len(known) < OUTLINES and "e" not in outline.lower():
                known[outline] = sort
        yield text, sort


@dataclass
class Summary:
    """Counts of one column. `na`: the user's own words for nothing. `reader`: reads one text, where the kind is declared."""

    na: frozenset[str] = frozenset()
    decimal: str = "."
    reader: Callable[[str], float | None] | None = None
    unit: str = "Line"  # what a row is called in an error: "Line" of a file, "Row" of a frame
    rows: int = 0
    missing: int = 0
    counts: Counter[str] = field(default_factory=Counter)  # of each value, exact while there are up to DISTINCT
    share: float = 0.0  # of the values were different when there were more than that; 0 before
    sorts: Counter[Sort] = field(default_factory=Counter)
    listed: dict[Sort, dict[str, int]] = field(default_factory=dict)  # sort -> text -> the line it is first on
    unread: int = 0  # by `reader`
    unread_listed: dict[str, int] = field(default_factory=dict)
    dtype: str = ""  # "number", "boolean" or "date" where the table itself is typed
    words: int = 0  # of the different values that are counted, together
    step: float | None = None  # from each row to the next, while it is always the same
    first: float | None = None
    last: float | None = None
    even: bool = True

    @property
    def present(self) -> int:
        """Rows with a value."""
        return self.rows - self.missing

    def place(self, line: int) -> str:
        """What an error calls a row: its line in the file, or its number from 0 in a frame."""
        return f"{self.unit} {line}"

    def add(self, values: list[str | None] | np.ndarray, lines: np.ndarray) -> None:
        """The next rows; `lines` (rows,) is what an error calls each of them."""
        self.rows += len(values)
        if isinstance(values, np.ndarray):
            self._add_typed(values, lines)
            return
        texts = cells(values, self.na)
        numbers = plain_numbers(texts, self.decimal) if self.share and self.reader is None else None
        if numbers is None:
            self._look(texts, lines)
        else:  # there is nothing left to count
            none = int(np.isnan(numbers).sum())
            self.missing += none
            self.sorts[PLAIN if any("." in text for text in texts) else PLAIN_WHOLE] += len(texts) - none
            self._follow(numbers)

    def _look(self, texts: list[str], lines: np.ndarray) -> None:
        found = Counter(texts)
        empty = found.pop("", 0)
        self.missing += empty
        self._count(found, len(texts) - empty)
        numbers = None if self.reader is not None else self._numbers(texts, found)
        self._follow(numbers)
        if numbers is not None:
            written = int((~np.isnan(numbers)).sum())
            self.sorts[PLAIN if any("." in text and len(text) > 2 for text in found) else PLAIN_WHOLE] += written
            self.sorts[NOTHING_SORT] += len(texts) - empty - written
        elif self.reader is None and not empty and plain_dates(texts) is not None:
            self.sorts["sure"] += len(texts)
        else:
            self._sort(found, texts, lines)

    def _numbers(self, texts: list[str], found: Counter[str]) -> np.ndarray | None:
        """All of them at once, where they are written plainly but for words for nothing."""
        numbers = plain_numbers(texts, self.decimal)
        if numbers is None and any(isinstance(sort_of(text), Shape) for text in islice(found, 3)):
            numbers = plain_numbers(["" if text.lower() in NOTHING else text for text in texts], self.decimal)
        return numbers

    def _count(self, found: Counter[str], present: int) -> None:
        if self.share:
            return
        fresh = found.keys() - self.counts.keys()
        self.words += len(fresh) + " ".join(fresh).count(" ") - len(fresh) + 1 if fresh else 0
        self.counts.update(found)
        if len(self.counts) > DISTINCT:
            self.share = len(self.counts) / self.present

    def _sort(self, found: Counter[str], texts: list[str], lines: np.ndarray) -> None:
        for text, sort in sorts_of(found):
            count = found[text]
            if sort not in self.sorts and len(self.sorts) >= SORTS:
                sort = WORD
            self.sorts[sort] += count
            listed = self.listed.setdefault(sort, {})
            if len(listed) < LISTED and text not in listed:
                listed[text] = int(lines[texts.index(text)])
            if self.reader is not None and sort != NOTHING_SORT and self.reader(text) is None:
                self.unread += count
                if len(self.unread_listed) < LISTED and text not in self.unread_listed:
                    self.unread_listed[text] = int(lines[texts.index(text)])

    def _add_typed(self, values: np.ndarray, lines: np.ndarray) -> None:
        """Values that a frame typed: their kind is settled."""
        self.dtype = {"b": "boolean", "M": "date"}.get(values.dtype.kind, "number")
        none = np.isnat(values) if self.dtype == "date" else np.isnan(values.astype(np.float64))
        if self.dtype == "number":
            large = np.abs(values) > LARGEST
            for row in np.flatnonzero(large)[:LISTED]:
                self.unread_listed.setdefault(f"{values[row]:g}", int(lines[row]))
            self.unread += int(large.sum())
            none |= large
            self._follow(None if none.any() else values.astype(np.float64))
        else:
            self.even = False
        self.missing += int(none.sum())
        if not self.share:
            different, counts = np.unique(values[~none], return_counts=True)
            self._count(
                Counter(dict(zip(as_text(different), counts.tolist(), strict=True))), len(values) - int(none.sum())
            )

    def _follow(self, numbers: np.ndarray | None) -> None:
        """Whether each row is the one before plus the same: a number of the row."""
        if not self.even or not self.rows:
            return
        if numbers is None or np.isnan(numbers).any():
            self.even = False
            return
        series = numbers if self.last is None else np.concatenate([[self.last], numbers])
        steps = np.diff(series)
        if len(steps):
            self.step = float(steps[0]) if self.step is None else self.step
            self.even = self.step != 0 and bool((steps == self.step).all())
        if len(numbers):
            self.first = float(numbers[0]) if self.first is None else self.first
            self.last = float(numbers[-1])


def as_text(values: np.ndarray) -> list[str]:
    """Typed values as a table would write them."""
    if values.dtype.kind == "b":
        return ["true" if value else "false" for value in values.tolist()]
    if values.dtype.kind == "M":
        days = values.astype("datetime64[D]")
        if (days == values).all():
            values = days
        return np.datetime_as_string(values).tolist() if len(values) else []
    numbers = values.astype(np.float64).tolist()
    return [str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value) for value in numbers]
