"""A column read as its kind: what is asked for and what a frame settles, with the values that do not fit named."""

from __future__ import annotations

from pellucid.errors import DataError
from pellucid.options import option
from pellucid.tables.kinds import LARGEST, NOTHING, boolean_words
from pellucid.tables.plan import Column
from pellucid.tables.styles import Style, date_style, number_style, strays
from pellucid.tables.summary import LISTED, NOTHING_SORT, Summary
from pellucid.tables.wording import shown

STRAY_SHARE = 0.05  # of the values: fewer that cannot be read are missing, more make the column another kind
ENOUGH = 20  # rows below which different values say nothing
FEW = 10  # whole numbers with no more different ones may be codes
PLAINLY = {"decimal": ".", "percent": False, "currency": "", "parentheses": False}


def declared(column: Column, found: Summary, wish: str) -> None:
    """A kind because the user says so; a `DataError` names the line where the values are of another kind."""
    kind, _, form = wish.partition(":")
    column.rule = "as asked"
    if kind == "ignored":
        column.kind, column.reason = "ignored", "dropped"
    elif kind == "boolean" and found.dtype != "date":
        _boolean(column, found)
    elif kind in ("number", "date") and found.dtype in ("", kind):
        _values(column, found, kind, form)
    elif kind == "number" and found.dtype == "boolean":
        column.kind, column.format = "number", dict(PLAINLY)
    elif kind != "category":
        name = column.name
        raise DataError(
            f"Column {shown(name)!r} holds {found.dtype}s by its own type, which are no {kind}s. Leave out "
            f"{option('types', {name: wish})}."
        )


def _boolean(column: Column, found: Summary) -> None:
    values = [text for text in found.counts if text.lower() not in NOTHING]
    pair = boolean_words(values)
    if pair is None and len(values) == 2:
        pair = max(values), min(values)
    if pair is None or found.share:
        lines = {text: line for listed in found.listed.values() for text, line in listed.items()}
        odd = next((text for text in values[2:] if text in lines), "")
        where = f"{found.place(lines[odd])}, column" if odd else "Column"
        some = ", ".join(shown(text, 20) for text in values[:3])
        raise DataError(
            f"{where} {shown(column.name)!r}: a boolean has two different values, this column has {column.distinct:,} "
            f"({some}). Write {option('types', {column.name: 'category'})}."
        )
    column.kind, column.format = "boolean", {"true": pair[0], "false": pair[1]}
    column.missing += sum(count for text, count in found.counts.items() if text.lower() in NOTHING)


def _values(column: Column, found: Summary, kind: str, form: str) -> None:
    """Numbers or dates: below 5 % of them that cannot be read are missing, as where nobody says anything."""
    if found.dtype:
        column.kind = kind
        settled(column, found)
        return
    present = found.present - found.sorts[NOTHING_SORT]
    if kind == "number":
        style = number_style(found, {"decimal-comma": ",", "decimal-point": "."}.get(form, ""))
        odd = strays(found, style)
    else:
        style = date_style(found, {"day-first": True, "month-first": False}.get(form))
        style.readable = present - found.unread  # the reader has looked at each, at eight digits, too
        odd = sorted((line, text) for text, line in found.unread_listed.items())
    unread = present - style.readable
    if present and unread >= STRAY_SHARE * present:
        line, text = odd[0] if odd else (0, "")
        raise DataError(
            f"{found.place(line)}, column {shown(column.name)!r}: {shown(text)!r} is no {kind}, nor are {unread:,} of the "
            f"{present:,} values. {option('na', [text])} says that it means no value; else leave out "
            f"{option('types', {column.name: kind})}."
        )
    read_as(column, found, style, kind)
    column.strays = odd[:LISTED]
    column.rule = "as asked" + ("; " + column.rule if column.unread or form else "")


def settled(column: Column, found: Summary) -> None:
    """A column that a frame typed: its own words for yes and no, and numbers that are too large."""
    if column.kind == "boolean":
        column.format = {"true": "true", "false": "false"}
    if column.kind == "date":
        column.format = {"day_first": None}
    if column.kind == "number":
        column.format = dict(PLAINLY)
        few(column, found)
    column.unread = found.unread
    column.strays = sorted((line, text) for text, line in found.unread_listed.items())
    if found.unread >= STRAY_SHARE * max(found.rows - found.missing + found.unread, 1):
        line, text = column.strays[0]
        raise too_large(column.name, f"Row {line}", text)


def read_as(column: Column, found: Summary, style: Style, kind: str) -> None:
    """Numbers or dates, with what could not be read among them missing."""
    present = found.present - found.sorts[NOTHING_SORT]
    column.kind, column.format = kind, style.format
    column.unread = present - style.readable
    column.strays = strays(found, style)
    column.missing += found.sorts[NOTHING_SORT] + column.unread
    much = "all values are" if not column.unread else f"{style.readable:,} of {present:,} values are"
    column.rule = f"{much} {kind}s"
    if kind == "date" and style.format["day_first"] is not None:
        column.rule += ", the day first" if style.format["day_first"] else ", the month first"
    if kind == "number":
        marks = [text for text in (style.format["currency"], "%" if style.format["percent"] else "") if text]
        comma = ["a decimal comma"] if style.format["decimal"] == "," else []
        column.rule += f", with {' and '.join(marks + comma)}" if marks or comma else ""
        few(column, found)


def few(column: Column, found: Summary) -> None:
    """Few whole numbers stay numbers, and the rule says what to write if they are codes."""
    if found.present < ENOUGH or len(found.counts) > FEW + len(NOTHING):
        return
    values = [text for text in found.counts if text.lower() not in NOTHING]
    if 1 < len(values) <= FEW and all(text.lstrip("+-").isdigit() for text in values):
        codes = option("types", {column.name: "category"})
        column.rule += f", {len(values)} different ones (codes? {codes})"


def too_large(name: str, place: str, text: str) -> DataError:
    """The error for numbers that a network cannot hold."""
    return DataError(
        f"{place}, column {shown(name)!r}: {shown(text)} is more than a network's float32 numbers hold ({LARGEST:.2g}). "
        f"Write the column in a larger unit, or leave it out: {option('drop', [name])}."
    )
