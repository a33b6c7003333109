"""Warnings that a plan can give by itself, one line each, with the option that changes what is said."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from pellucid.options import option
from pellucid.tables.kinds import Shape, as_number
from pellucid.tables.plan import Column, Warn
from pellucid.tables.styles import date_style, number_style
from pellucid.tables.summary import DISTINCT, Summary
from pellucid.tables.wording import shown

FEW_ROWS = 50
MOSTLY = 0.5  # of the rows have no value
MANY_CATEGORIES = 50
STAND_INS = {"-99", "-999", "-9999", "-99999", "999", "9999", "99999"}  # for a missing value, where no other is near
STAND_IN_ROWS = 3
MEASURED = 0.9  # of the different texts are a number and the same unit
_MEASURE = re.compile(r"[-+]?\d[\d.,]*\s*([^\d\s.,+-]\D{0,11})")


def notice(columns: list[Column], found: dict[str, Summary], targets: list[str], rows: int) -> list[Warn]:
    """What a person should know of these columns, in the order of the table."""
    warns: list[Warn] = []
    settled = {column.format["decimal"] for column in columns if column.kind == "number" and _tells(column, found)}
    if rows < FEW_ROWS:
        warns.append(
            Warn("few rows", "", f"{rows} rows are few: any score from them has a wide interval. More rows help most.")
        )
    for column in columns:
        if column.name in found:
            warns.extend(_of_column(column, found[column.name], column.name in targets, rows, settled))
    return warns


def _tells(column: Column, found: dict[str, Summary]) -> bool:
    """Whether a column of numbers leaves no doubt about the decimal sign, which a table does not change."""
    sorts = found[column.name].sorts if column.name in found else {}
    return any(isinstance(sort, Shape) and sort.points == column.format["decimal"] for sort in sorts)


def _of_column(column: Column, found: Summary, target: bool, rows: int, settled: set[str]) -> Iterator[Warn]:
    name = column.name
    if column.unread:
        yield _unread(column, found)
    if column.kind == "date":
        yield from _date(column, found)
    if column.kind == "number" and not found.dtype and column.format["decimal"] not in settled:
        yield from _number(column, found)
    if target:
        if column.missing:
            have, are = ("1 row has", "it is") if column.missing == 1 else (f"{column.missing:,} rows have", "they are")
            text = f"{have} no {shown(name)}, which is to be predicted: {are} left out."
            yield Warn("empty target", name, text)
        return
    if column.kind == "ignored" and column.reason != "dropped":
        kind = "number" if column.rule.startswith("whole numbers") else "category"
        flag = option("types", {name: kind})
        yield Warn(
            column.reason,
            name,
            f"{shown(name)} is left out: {shown(column.rule, 80)} ({column.reason}). {flag} keeps it.",
            flag,
        )
        return
    if column.kind != "ignored" and column.missing > MOSTLY * rows:
        flag = option("drop", [name])
        text = f"{shown(name)} is empty in {column.missing / rows:.0%} of the rows. {flag} leaves it out."
        yield Warn("mostly missing", name, text, flag)
    if column.kind == "number" and not column.reason:
        yield from _stand_in(column, found)
    if column.kind == "category" and not column.reason:
        yield from _spelling(column, found)
        yield from _categories(column, found)


def _unread(column: Column, found: Summary) -> Warn:
    name = column.name
    few = ", ".join(f"{shown(text, 20)!r} ({found.place(line).lower()})" for line, text in column.strays[:3])
    more = ", ..." if len(column.strays) > 3 else ""
    flag = option("types", {name: "category"})
    much = "1 value that is" if column.unread == 1 else f"{column.unread:,} values that are"
    text = (
        f"{shown(name)} has {much} no {column.kind} and taken for missing: {few}{more}. {flag} keeps what is written."
    )
    return Warn("strays", name, text, flag)


def _date(column: Column, found: Summary) -> Iterator[Warn]:
    doubt = date_style(found).doubt if not column.rule.startswith("as asked") else ""
    if doubt:
        first, second = doubt.replace("-", "/").split("/")[:2]
        day = column.format.get("day_first")
        flag = option("types", {column.name: f"date:{'month' if day else 'day'}-first"})
        now, other = (f"day {first} of month {second}", f"day {second} of month {first}")
        if not day:
            now, other = other, now
        text = f"{shown(column.name)}: {shown(doubt)} is read as {now}; it may be {other}. {flag} reads it so."
        yield Warn("day or month", column.name, text, flag)


def _number(column: Column, found: Summary) -> Iterator[Warn]:
    doubt = number_style(found).doubt if not column.rule.startswith("as asked") else ""
    if doubt:
        form = dict(column.format)
        decimal = form.pop("decimal")
        other = "," if decimal == "." else "."
        flag = option("types", {column.name: f"number:decimal-{'comma' if other == ',' else 'point'}"})
        now, then = (as_number(doubt, sign, **form) for sign in (decimal, other))
        text = f"{shown(column.name)}: {shown(doubt)} is read as {now:.12g}; it may be {then:.12g}. {flag} reads it so."
        yield Warn("comma or point", column.name, text, flag)


def _categories(column: Column, found: Summary) -> Iterator[Warn]:
    flag = option("drop", [column.name])
    if column.distinct > MANY_CATEGORIES:
        much = f"more than {DISTINCT:,}" if found.share else f"{column.distinct:,}"
        text = f"{shown(column.name)} has {much} categories: the rarest share one input, 'other'. {flag} leaves it out"
        text += f"; {option('group', column.name)} judges by values that it has not seen."
        yield Warn("many categories", column.name, text, flag)
        return
    least = max(2, min(10, found.rows // 100))  # rows below which the encoder gives a category no input of its own
    rare = [text for text, count in found.counts.items() if count < least]
    if rare and found.rows >= FEW_ROWS:
        some = ", ".join(shown(text, 20) for text in rare[:3]) + (", ..." if len(rare) > 3 else "")
        text = (
            f"{len(rare)} of the {column.distinct} categories of {shown(column.name)} are in fewer than {least} rows and share "
            f"one input, 'other': {some}. {flag} leaves the column out."
        )
        yield Warn("rare categories", column.name, text, flag)


def _stand_in(column: Column, found: Summary) -> Iterator[Warn]:
    """A number such as -999 that nothing else is near."""
    for text in sorted(STAND_INS & found.counts.keys()):
        count = found.counts[text]
        others = [as_number(other, column.format.get("decimal", ".")) for other in found.counts if other != text]
        known = [value for value in others if value is not None]
        if count < STAND_IN_ROWS or found.share or len(known) < 2:
            continue
        least, most, value = min(known), max(known), float(text)
        if max(least - value, value - most) > most - least:
            flag = option("na", [text])
            yield Warn(
                "stand-in",
                column.name,
                f"{shown(column.name)} is {text} in {count:,} rows, far from all others. If it stands for a missing value, "
                f"{flag} says so.",
                flag,
            )


def _spelling(column: Column, found: Summary) -> Iterator[Warn]:
    """Numbers that a unit makes text of, and texts that differ in capitals alone."""
    name, units = column.name, Counter(m[1].strip() for text in found.counts if (m := _MEASURE.fullmatch(text)))
    unit, count = units.most_common(1)[0] if units else ("", 0)
    if count >= max(3, MEASURED * len(found.counts)):
        text = f"{shown(name)} holds numbers with {shown(unit)!r} behind them, which makes them text: without it in the file, "
        yield Warn("unit", name, f"{text}they are numbers.")
        return
    alike: dict[str, list[str]] = {}
    for text in found.counts:
        alike.setdefault(text.casefold(), []).append(text)
    if twice := [same for same in alike.values() if len(same) > 1]:
        some = "; ".join(" and ".join(repr(shown(text, 20)) for text in same) for same in twice[:3])
        more = "; ..." if len(twice) > 3 else ""
        text = f"{shown(name)} holds {some}{more}, which count as different. Write them alike in the file if they are the same."
        yield Warn("capitals", name, text)
