"""How a column's numbers or dates are written, from the sorts of text that were counted in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from pellucid.tables.kinds import Shape
from pellucid.tables.summary import DATES, LISTED, NOTHING_SORT, Sort, Summary


@dataclass
class Style:
    """One way to read a column. `fits`: the sorts that can be read so; `readable`: how many values they are.

    `doubt`: a text that another way would read as something else, where nothing in the column decides between them.
    """

    format: dict[str, Any]
    fits: set[Sort]
    readable: int
    doubt: str = ""


def number_style(found: Summary, decimal: str = "") -> Style:
    """The way that reads most of the values as numbers; `decimal` settles the sign, else the table's own goes first."""
    shapes = {sort: count for sort, count in found.sorts.items() if isinstance(sort, Shape)}
    signs = [decimal] if decimal else [found.decimal, "," if found.decimal == "." else "."]
    best = Style({}, set(), -1)
    for sign in signs:
        for percent in (False, True):
            style = _reading(shapes, sign, percent)
            if style.readable > best.readable:
                best = style
    best.doubt = "" if decimal else _doubt(found, best)
    return best


def _reading(shapes: dict[Shape, int], decimal: str, percent: bool) -> Style:
    fits = {sort for sort in shapes if decimal in sort.points and sort.percent == percent}
    money = Counter({sort.currency: 0 for sort in fits if sort.currency})
    for sort in fits:
        if sort.currency:
            money[sort.currency] += shapes[sort]
    currency = money.most_common(1)[0][0] if money else ""
    fits = {sort for sort in fits if sort.currency in ("", currency)}
    # (5) is -5 in the books of a company, where no minus is written; alone it may be anything.
    bare = any(not sort.parentheses for sort in fits)
    parentheses = any(sort.parentheses for sort in fits) and bare and not any(sort.minus for sort in fits)
    if not parentheses:
        fits = {sort for sort in fits if not sort.parentheses}
    form = {"decimal": decimal, "percent": percent, "currency": currency, "parentheses": parentheses}
    return Style(form, set(fits), sum(shapes[sort] for sort in fits))


def _doubt(found: Summary, style: Style) -> str:
    """The first text that means another number with the other decimal sign, where no text says which sign it is."""
    shapes = [sort for sort in style.fits if isinstance(sort, Shape)]
    if any(sort.points == style.format.get("decimal") for sort in shapes):
        return ""
    grouped = {sign: [sort for sort in shapes if sort.grouped == sign] for sign in ".,"}
    # a full stop in a table without decimal commas is the decimal point
    for sort in grouped[","] + (grouped["."] if style.format.get("decimal") == "," else []):
        for text in found.listed.get(sort, ()):
            return text if text.count(sort.grouped) == 1 else ""
    return ""


def date_style(found: Summary, day_first: bool | None = None) -> Style:
    """The way that reads most of the values as dates; `day_first` settles 3/4/2024."""
    sorts = found.sorts
    doubt = ""
    if day_first is None and sorts["either"] + sorts["day"] + sorts["month"]:
        day_first = sorts["day"] > sorts["month"]
        if sorts["day"] == sorts["month"]:
            day_first = found.decimal == ","  # where commas are decimal signs the day is written first
            doubt = next(iter(found.listed.get("either", ())), "")
    fits: set[Sort] = {"sure", "either", "day" if day_first else "month"}
    if day_first is None:
        fits = {"sure"}
    return Style({"day_first": day_first}, fits, sum(sorts[sort] for sort in fits), doubt)


def strays(found: Summary, style: Style) -> list[tuple[int, str]]:
    """The first texts that the style does not read, with their lines; words for nothing are none of them."""
    texts = [
        (line, text)
        for sort, listed in found.listed.items()
        if sort not in style.fits and sort != NOTHING_SORT
        for text, line in listed.items()
    ]
    return sorted(texts)[:LISTED]


__all__ = ["DATES", "Style", "date_style", "number_style", "strays"]
