"""The plan as the table that stands before every training."""

from __future__ import annotations

import unicodedata

from pellucid.tables.plan import Column, Plan
from pellucid.tables.summary import DISTINCT
from pellucid.tables.wording import shown

WIDTHS = (24, 8, 72, 9, 9, 30)  # the most that each column of the text takes
HEAD = ("column", "kind", "because", "missing", "different", "such as")

_ROLES = {"target": "target", "group": "group", "time": "time", "cycles": "time"}  # what is shown as the kind


def text_of(plan: Plan) -> str:
    """Columns, what is predicted, and the warnings; no line depends on the terminal."""
    lines = [HEAD, *(_cells(column) for column in plan.columns)]
    cells = [[_cut(cell, width) for cell, width in zip(line, WIDTHS, strict=True)] for line in lines]
    wide = [max(_width(line[place]) for line in cells) for place in range(len(HEAD))]
    out = []
    for line in cells:
        parts = [
            " " * (room - _width(cell)) + cell if 3 <= place <= 4 else cell + " " * (room - _width(cell))
            for place, (cell, room) in enumerate(zip(line, wide, strict=True))
        ]
        out.append("  ".join(parts).rstrip())
    inputs = len(plan.used)
    out += ["", f"{plan.rows:,} rows; {inputs} of {len(plan.columns)} columns are inputs{_predicted(plan)}."]
    out += [f"! {shown(warn.text, 1000)}" for warn in plan.warnings]
    return "\n".join(out)


def _predicted(plan: Plan) -> str:
    return f"; predicted: {', '.join(map(shown, plan.targets))}" if plan.targets else ""


def _cells(column: Column) -> tuple[str, ...]:
    kind = _ROLES.get(column.reason, column.kind)
    rule = column.rule if column.kind == kind else f"{column.kind}: {column.rule}"
    rule = f"no input; {rule}" if column.reason in ("group", "time") else rule
    different = f"{column.distinct:,}" + ("+" if column.distinct >= DISTINCT else "")
    examples = ", ".join(column.examples)
    return column.name, kind, rule, f"{column.missing:,}" if column.missing else "", different, examples


def _cut(text: str, width: int) -> str:
    """At most so many cells of a terminal; Chinese characters take two."""
    text = shown(text, max(width, len(text) * 10))
    if _width(text) <= width:
        return text
    while _width(text) > width - 3:
        text = text[:-1]
    return text + "..."


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )
