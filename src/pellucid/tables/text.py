"""A table in a text file: rows of fields by Python's `csv`, every trap on the way named with its line.

Source: RFC 4180 (quotes, line ends); what it leaves open is written beside the line that decides it.
"""

from __future__ import annotations

import csv
import io
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any, NoReturn

import numpy as np

from pellucid.errors import DataError, FileError
from pellucid.options import option
from pellucid.tables import sniff
from pellucid.tables.lines import LONGEST, pieces, survey, unpacked
from pellucid.tables.names import column_names
from pellucid.tables.table import Chunk, Table, Values, steps

_BATCH = 500  # rows taken from `csv` at once: fewer than the 700 lists after which Python looks for garbage among them
_BLANKS = 100_000
_PART = 1 << 24  # and text
_CHARACTERS = 1 << 26  # text in one chunk at most
_EXCEL = re.compile("sep=.\n?", re.IGNORECASE)  # a first line by which Excel names the separator; no row of the table
_LOCK = threading.Lock()
_raised = [0, 0]  # how many passes need long fields at this moment; the limit before the first of them

Batch = tuple[list[list[str]], list[int] | range]


class TextTable(Table):
    """The rows of a text file; of the file, no more than a chunk is in memory."""

    def __init__(
        self, path: Any, separator: str | None, decimal: str | None, encoding: str | None, header: bool | None
    ) -> None:
        found = survey(path, encoding)
        self._path, self._stamp, self._encoding = path, found.stamp, found.encoding
        self.origin, self.digest, self.notices, self.kinds = str(path), found.digest, found.notices, {}
        self._rows: int | None = None
        lines = sniff.sample(found.start, found.whole)
        self._skip = int(bool(lines) and _EXCEL.fullmatch(lines[0]) is not None)
        if self._skip and separator is None:
            separator = lines[0][4]
        lines = lines[self._skip :]
        if not lines:
            raise DataError(f"{path} is empty. Expected a line of column names, then one row a line.")
        self._form = sniff.form(lines, separator)
        head = self._first_row(lines)
        body = self._start_of_body(lines)
        self._usual = Counter(map(len, body)).most_common(1)[0][0] if body else len(head)
        self._has_header = not sniff.headless(head, body) if header is None else header
        self.names = column_names(head, self._has_header, header is None, self.notices)
        self._refuse_spaces(lines, separator)
        found_out = sniff.decimal(body, self._form.separator)
        self.decimal, self.decimal_shown = found_out if decimal is None else (decimal, True)
        self._notice_form(separator, decimal)
        if next(self._batches(_BATCH, [0]), None) is None:
            raise DataError(f"{path} holds a line of column names and no rows below it.")

    def chunks(self, rows: int = 50_000) -> Iterator[Chunk]:
        """All rows in order, `rows` at a time or fewer; every call reads the file again."""
        count = steps(rows, len(self.names))
        first, seen, taken = 0, 0, [0]
        numbers: list[int] = []
        columns: list[list[str]] = [[] for _ in self.names]
        for batch, lines in self._batches(min(count, _BATCH), taken):
            numbers += lines
            for values, more in zip(columns, zip(*batch, strict=True), strict=True):
                values.extend(more)
            while len(numbers) >= count or (numbers and taken[0] - seen > _CHARACTERS):
                yield self._chunk(first, numbers[:count], [values[:count] for values in columns])
                first, seen = first + min(count, len(numbers)), taken[0]
                numbers, columns = numbers[count:], [values[count:] for values in columns]
        if numbers:
            yield self._chunk(first, numbers, columns)
        self._rows = first + len(numbers)

    def _chunk(self, first: int, numbers: list[int], columns: list[list[str]]) -> Chunk:
        named: dict[str, Values] = dict(zip(self.names, columns, strict=True))  # type: ignore[arg-type]
        return Chunk(first, np.array(numbers, np.int64), named)

    def __len__(self) -> int:
        if self._rows is None:
            self._rows = sum(len(batch) for batch, _ in self._batches(_BATCH, [0]))
        return self._rows

    def _batches(self, count: int, taken: list[int]) -> Iterator[Batch]:
        """(about `count` rows, their lines) at a time, each row of as many fields as there are names. `taken` counts text."""
        with unpacked(self._path) as (stream, stamp, _):
            if stamp != self._stamp:
                raise FileError(f"{self._path} was changed while it was read. Read it again, once nobody writes it.")
            lines = chain.from_iterable(_lines(pieces(stream, self._path, self._encoding), taken))
            at = sum(1 for _ in islice(lines, self._skip))
            reader = csv.reader(lines, delimiter=self._form.separator, skipinitialspace=self._form.spaces, strict=True)
            blanks, head = 0, self._has_header
            while True:
                batch, starts = self._parsed(reader, count, at, taken)
                if not batch:
                    return
                at = self._skip + reader.line_num
                batch, starts, blanks, head = self._sound(batch, starts, blanks, head)
                if batch:
                    yield batch, starts

    def _parsed(self, reader: Any, count: int, before: int, taken: list[int]) -> Batch:
        """The next rows as `csv` gives them, and the lines on which they begin. `before`: lines that came before."""
        rows: list[list[str]] = []
        bound = taken[0] + _PART
        with _long_fields():
            try:
                for row in islice(reader, count):
                    rows.append(row)
                    if taken[0] > bound:
                        break
            except csv.Error as error:
                lines = _starts(rows, before)
                self._refuse_quotes(str(error), before + 1 if not rows else lines[-1] + _height(rows[-1]))
        if self._skip + reader.line_num - before == len(rows):
            return rows, range(before + 1, before + 1 + len(rows))
        return rows, _starts(rows, before)

    def _sound(
        self, rows: list[list[str]], lines: list[int] | range, blanks: int, head: bool
    ) -> tuple[list[list[str]], list[int] | range, int, bool]:
        """The rows without the header and blank lines. `blanks`: how many blank lines a row, if one follows, has above it."""
        count = len(self.names)
        if not head and not blanks and set(map(len, rows)) == {count}:
            return rows, lines, 0, False
        kept: list[list[str]] = []
        numbers: list[int] = []
        for row, line in zip(rows, lines, strict=True):
            if not row or (len(row) == 1 < count and not row[0].strip(" \t\f\v\x1a")):  # 1A: the end of a file of DOS
                blanks += not head
                if blanks > _BLANKS:
                    raise DataError(f"{self._path}, line {line}: more than {_BLANKS:,} blank lines. Leave them out.")
                continue
            if head:
                head = False
                continue
            if count == 1:  # a blank line between two rows of a single column is an empty value
                kept += [[""]] * blanks
                numbers += range(line - blanks, line)
            blanks = 0
            if self._form.ends and len(row) == count + 1 and not row[-1].strip():
                row = row[:-1]
            if len(row) != count:
                self._refuse_ragged(row, line)
            kept.append(row)
            numbers.append(line)
        return kept, numbers, blanks, head

    def _first_row(self, lines: list[str]) -> list[str]:
        """The fields of the first line that has any."""
        blank = next((at for at, line in enumerate(lines) if line.strip()), 0)
        self._head = self._skip + blank + 1
        with _long_fields():
            reader = csv.reader(
                lines[blank:], delimiter=self._form.separator, skipinitialspace=self._form.spaces, strict=True
            )
            try:
                row = next((row for row in reader if row), None)
            except csv.Error as error:
                self._refuse_quotes(str(error), self._head)
        if row is None or row == [""]:
            raise DataError(
                f"{self._path} holds blank lines alone. Expected a line of column names, then one row a line."
            )
        return row[:-1] if self._form.ends and len(row) > 1 and not row[-1].strip() else row

    def _start_of_body(self, lines: list[str]) -> list[list[str]]:
        """The first rows below the first, as far as they can be told before they are checked."""
        rows: list[list[str]] = []
        with _long_fields():
            try:
                reader = csv.reader(lines, delimiter=self._form.separator, skipinitialspace=self._form.spaces)
                rows.extend(islice((row for row in reader if row), 1001))
            except csv.Error:
                pass
        return rows[1:]

    def _notice_form(self, separator: str | None, decimal: str | None) -> None:
        if separator is None and self._form.separator not in (",", sniff.NONE):
            name = {"\t": "tab"}.get(self._form.separator, self._form.separator)
            self.notices.append(f"Columns are separated by {name!r}. Say {option('separator', ...)} if not.")
        if decimal is None and self.decimal == ",":
            self.notices.append(
                f"Numbers have a decimal comma (1,5 is one and a half). Say {option('decimal', '.')} if not."
            )
        if self._form.ends:
            self.notices.append("Every line ends with a separator; the empty column after it was left out.")

    def _refuse_ragged(self, row: list[str], line: int) -> NoReturn:
        count = len(self.names)
        fields = "1 field" if len(row) == 1 else f"{len(row)} fields"
        expected = f"{count} column{'s' * (count > 1)}"
        if len(row) > count:
            advice = f'a field that holds {_shown(self._form.separator)} needs quotes ("a{self._form.separator}b")'
            if self._form.separator == sniff.NONE:
                advice = "a field holds a sign that divides it"
        else:
            advice = "write an empty field for a value that is missing"
        mend = f"Mend the line: {advice}"
        if (
            len(row) == self._usual and not self._form.ends
        ):  # most lines are like this one: it is the first that stands alone
            mend = (
                f"Most lines have as many: mend line {self._head} (name every column; delete a title above the table)"
            )
        raise DataError(
            f"{self._path}, line {line} has {fields}; line {self._head} has {expected}: {self._line(line)}. "
            f"{mend}; or say {option('separator', ...)} if it is not {_shown(self._form.separator)}."
        )

    def _refuse_quotes(self, trouble: str, line: int) -> NoReturn:
        if "expected after" in trouble:
            what = "text follows a closing quote"
            advice = 'In a field in quotes, write each quote twice: "5"" pipe".'
        elif "end of data" in trouble or "limit" in trouble:
            what = f"a field that begins on it is still open at the end of the file or after {LONGEST:,} characters"
            advice = 'Close its quote, or where it is a sign of the text, write the field as """text".'
        else:
            what, advice = trouble, "Mend the line."
        raise DataError(f"{self._path}, line {line}: {what}: {self._line(line)}. {advice}")

    def _refuse_spaces(self, lines: list[str], separator: str | None) -> None:
        """A single column whose every line is some numbers between spaces is no single column."""
        if separator is not None or len(self.names) > 1:
            return
        rows = [line.split() for line in lines[:50] if line.strip()]
        if len(rows) > 1 and len(rows[-1]) > 1 and len({len(row) for row in rows[1:]}) == 1:
            try:
                [float(field) for row in rows[1:] for field in row]
            except ValueError:
                return
            raise DataError(f"{self._path}: its columns are separated by spaces. Say {option('separator', ' ')}.")

    def _line(self, number: int) -> str:
        """A line of the file, to be shown."""
        with unpacked(self._path) as (stream, _, _):
            lines = chain.from_iterable(_lines(pieces(stream, self._path, self._encoding), [0]))
            return _shown(next(islice(lines, number - 1, None), "").rstrip("\n"))


def _lines(texts: Iterator[str], taken: list[int]) -> Iterator[io.StringIO]:
    for text in texts:
        taken[0] += len(text)
        yield io.StringIO(
            text, newline="\n"
        )  # gives its lines at \n alone: str.splitlines would cut at \f and \x1c, too


def _height(row: list[str]) -> int:
    return 1 + sum(field.count("\n") for field in row)


def _starts(rows: list[list[str]], before: int) -> list[int]:
    """The line on which each row begins: a line end inside a field, which only quotes allow, makes a row higher."""
    lines, at = [], before + 1
    for row in rows:
        lines.append(at)
        at += _height(row)
    return lines


def _shown(text: str) -> str:
    return repr(text if len(text) <= 100 else text[:97] + "...")


@contextmanager
def _long_fields() -> Iterator[None]:
    """Fields of up to `LONGEST` characters, while rows are parsed: `csv` has one limit (131,072) for the whole process."""
    with _LOCK:
        _raised[0] += 1
        if _raised[0] == 1:
            _raised[1] = csv.field_size_limit(max(LONGEST, csv.field_size_limit()))
    try:
        yield
    finally:
        with _LOCK:
            _raised[0] -= 1
            if not _raised[0]:
                csv.field_size_limit(_raised[1])
