"""From what a pass found out about a column to its kind, with the rule that decided."""

from __future__ import annotations

import re
from itertools import islice

from pellucid.options import option
from pellucid.tables.declared import ENOUGH, STRAY_SHARE, declared, read_as, settled, too_large
from pellucid.tables.kinds import NOTHING, Shape, boolean_words
from pellucid.tables.plan import Column
from pellucid.tables.styles import Style, date_style, number_style, strays
from pellucid.tables.summary import DISTINCT, NOTHING_SORT, Summary

ALL_DIFFERENT = 0.9  # of the values are different: they name the rows
MOSTLY_DIFFERENT = 0.5
SENTENCE = 4.0  # words a value, on average, that make a text

_ID = re.compile(r"(.*[\W_])?(?i:id|ids|uuid|guid|key|index|idx|rowid|nr|no)|.*[a-z]I[dD]|(?i:unnamed).*|#|")


def decide(name: str, found: Summary, wish: str = "", keep: bool = False) -> Column:
    """The column `name`. `wish`: the kind that the user or the frame says; `keep`: it is needed, whatever it looks like."""
    column = Column(name, "category", "", missing=found.missing, distinct=min(len(found.counts), DISTINCT))
    if wish:
        declared(column, found, wish)
    elif found.dtype:
        column.kind, column.rule = found.dtype, f"the table's own type is {found.dtype}"
        settled(column, found)
    elif not found.present:
        column.rule = "no row has a value"
    else:
        _guess(column, found)
    if not wish and not keep:
        _set_aside(column, found)
    column.examples = _examples(column, found)
    return column


def _examples(column: Column, found: Summary) -> list[str]:
    odd = {text for _, text in column.strays}
    words = column.kind in ("category", "ignored")
    fit = (text for text in found.counts if text not in odd and (words or text.lower() not in NOTHING))
    return list(islice(fit, 3))


def _guess(column: Column, found: Summary) -> None:
    present = found.present - found.sorts[NOTHING_SORT]
    if not present:
        column.rule = "only words for nothing"
        return
    few = len(found.counts) <= 2 + len(NOTHING)
    pair = boolean_words([text for text in found.counts if text.lower() not in NOTHING]) if few else None
    number, date = number_style(found), date_style(found)
    if pair is not None:
        column.kind, column.rule = "boolean", f"the only values are {pair[0]} and {pair[1]}"
        column.format = {"true": pair[0], "false": pair[1]}
        column.missing += found.sorts[NOTHING_SORT]
    elif codes := [sort for sort in number.fits if isinstance(sort, Shape) and sort.code]:
        text = min((line, text) for sort in codes for text, line in found.listed[sort].items())[1]
        column.rule = f"digits with a leading zero, as in {text}, are a code"
    elif present - number.readable < STRAY_SHARE * present:
        read_as(column, found, number, "number")
    elif present - date.readable <= STRAY_SHARE * present:
        read_as(column, found, date, "date")
    else:
        _words(column, found, number, date, present)


def _words(column: Column, found: Summary, number: Style, date: Style, present: int) -> None:
    large = [sort for sort in found.sorts if isinstance(sort, Shape) and not sort.points]
    count = sum(found.sorts[sort] for sort in large)
    if count and present - number.readable - count < STRAY_SHARE * present:
        text, line = next(iter(found.listed[large[0]].items()))
        raise too_large(column.name, found.place(line), text)
    column.rule = "text"
    share, what = max((number.readable / present, "number"), (date.readable / present, "date"))
    if share >= MOSTLY_DIFFERENT:
        line, text = strays(found, number if what == "number" else date)[0]
        column.rule = f"{share:.0%} of the values are {what}s, too few ({found.place(line).lower()}: {text})"
    nothing = [text for text in found.counts if text.lower() in NOTHING]
    if nothing:
        column.rule += f"; {nothing[0]} is a value here ({option('na', [nothing[0]])} makes it missing)"


def _set_aside(column: Column, found: Summary) -> None:
    """Columns that say nothing about a new row: one value, a name for each row, free text."""
    reason = rule = ""
    different = len(found.counts)
    if not found.present:
        reason, rule = "constant", "no row has a value"
    elif different == 1 and not found.missing:
        reason, rule = "constant", f"every row holds {next(iter(found.counts))}"
    elif found.present >= ENOUGH:
        share = found.share or different / found.present
        words = found.words / max(different, 1)
        if column.kind == "category" and share > MOSTLY_DIFFERENT and words >= SENTENCE:
            reason, rule = "text", f"free text of about {words:.0f} words"
        elif column.kind == "category" and share > ALL_DIFFERENT:
            reason, rule = "identifier", "nearly every row has a value of its own"
        elif column.kind == "number" and _counts_rows(column.name, found, share):
            reason, rule = "identifier", "whole numbers that name the rows"
    if reason:
        column.kind, column.reason, column.rule, column.format = "ignored", reason, rule, {}
        column.strays, column.unread = [], 0


def _counts_rows(name: str, found: Summary, share: float) -> bool:
    """Whether whole numbers only say which row it is: all different under such a name, or 0, 1, 2, ... down the table."""
    if found.even and found.step == 1.0 and found.first in (0.0, 1.0):
        return True
    named = share > ALL_DIFFERENT and _ID.fullmatch(name.strip()) is not None
    return named and all(text.lstrip("+-").isdigit() for text in found.counts)
