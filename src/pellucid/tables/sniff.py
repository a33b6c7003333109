"""How a text table is written, from its first lines: separator, spaces, names in the first line, decimal sign."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

SAMPLE = 1 << 18  # characters looked at
NONE = "\x1f"  # the separator of a table of one column: ASCII's own "unit separator", which nobody types

_CANDIDATES = ("\t", ";", "|", ",")  # at equal evidence the rarer in running text wins
_ROWS = 1000
_NUMBER = re.compile(r"\s*[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?\s*")
_FRACTION = re.compile(r"[-+−]?\d*([.,])(\d+)")
_THOUSANDS = re.compile(r"[-+−]?[1-9]\d{0,2}([.,])\d{3}")
_BOTH = re.compile(r"[-+−]?\d{1,3}(?:([.,])\d{3})+([.,])\d+")
_EMPTY = frozenset(("", "na", "n/a", "nan", "null", "none", "?"))


@dataclass
class Form:
    """How the fields of a line are told apart. `ends`: every line ends with a separator that separates nothing."""

    separator: str
    spaces: bool = False  # a space after every separator
    ends: bool = False


def sample(text: str, whole: bool) -> list[str]:
    """The first lines of a piece of text, ten at least; the last is left out where more follow, since it may be cut."""
    end = 0
    for _ in range(10):
        end = text.find("\n", end) + 1 or len(text)
    part = text[: max(end, SAMPLE)]
    lines = list(io.StringIO(part, newline="\n"))
    if len(lines) > 10 and not (whole and len(part) == len(text)):
        lines.pop()
    return lines


def separator(lines: Sequence[str]) -> str:
    """The separator that divides most lines into as many fields as the first; `NONE` for a table of one column."""
    best, found = (0.0, 0), NONE
    for candidate in _CANDIDATES:
        counts = [len(row) for row in _parsed(lines, candidate)]
        if not counts:
            continue
        head = counts[0]
        usual, times = Counter(counts[1:]).most_common(1)[0] if len(counts) > 1 else (head, 1)
        share = times / max(len(counts) - 1, 1)
        if head == 1 and (usual == 1 or share < 0.9):  # the commas of a column of sentences
            continue
        score = (round(share, 1) if head == usual else 0.4 * share, max(head, usual))
        if score > best:
            best, found = score, candidate
    return found


def _parsed(lines: Sequence[str], candidate: str, spaces: bool = False) -> list[list[str]]:
    """The first rows under this separator, without blank lines."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(lines, delimiter=candidate, skipinitialspace=spaces):
            if len(row) > 1 or (row and row[0].strip()):
                rows.append(row)
                if len(rows) > _ROWS:
                    break
    except csv.Error:  # an endless field; the rows before it speak for themselves
        pass
    return rows


def form(lines: Sequence[str], given: str | None) -> Form:
    """The `Form` of a table with these first lines."""
    chosen = separator(lines) if given is None else given
    rows = _parsed(lines, chosen, chosen == " ")
    later = [field[:1] for row in rows for field in row[1:]]
    spaces = chosen == " " or (" " in later and set(later) <= {" ", ""})
    head, others = (rows[0], rows[1:]) if rows else ([""], [])
    ends = False  # a last column without a value is a column all the same where the header names it
    if others and not head[-1].strip():
        ends = len(head) > 1 and all(len(row) < len(head) or not row[-1].strip() for row in others)
    elif others:
        ends = all(len(row) == len(head) + 1 and not row[-1].strip() for row in others)
    return Form(chosen, spaces, ends)


def headless(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether the first line is data rather than names: numbers alone, or a number such as 5.1 over a column of numbers."""
    texts = [field.strip() for field in first]
    numbers = [bool(_NUMBER.fullmatch(text)) for text in texts]
    if not any(numbers) or not others:
        return False
    whole = [int(text) for text in texts if re.fullmatch(r"\d{1,9}", text)]
    named = [text for text in texts if text]
    if len(whole) == len(named) >= 2 + (len(named) == len(texts)) and whole in (
        list(range(len(whole))), list(range(1, len(whole) + 1)),
    ):  # fmt: skip
        return False  # 0, 1, 2 ...: the names that a data frame without names writes
    if all(number or text.lower() in _EMPTY for number, text in zip(numbers, texts, strict=True)):
        return True
    below = [
        number and sum(bool(_NUMBER.fullmatch(row[at])) for row in others if at < len(row)) >= 0.8 * len(others)
        for at, number in enumerate(numbers)
    ]
    return any(under and re.search(r"[-.,eE]", text) for under, text in zip(below, texts, strict=True))


def decimal(rows: Sequence[Sequence[str]], separator: str) -> tuple[str, bool]:
    """The decimal sign of most numbers that show it, and whether any does. 1,234 and 1.234 show nothing, but between
    semicolons 1,234 is a fraction, and so is 1.234 between commas.
    """
    votes: Counter[str] = Counter()
    doubtful: Counter[str] = Counter()
    for row in rows:
        for value in row:
            if "," not in value and "." not in value:
                continue
            text = value.strip()
            if both := _BOTH.fullmatch(text):
                votes[both[2] if both[1] != both[2] else "," if both[1] == "." else "."] += 1  # 1.234,5 or 1.234.567
            elif thousands := _THOUSANDS.fullmatch(text):
                doubtful[thousands[1]] += 1
            elif fraction := _FRACTION.fullmatch(text):
                votes[fraction[1]] += 1
    if not votes:
        usual = "," if doubtful[","] and separator == ";" else "."
        return usual, doubtful[usual] > 0 and separator == {",": ";", ".": ","}[usual]
    return "," if votes[","] > votes["."] else ".", True
