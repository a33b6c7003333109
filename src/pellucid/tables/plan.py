"""What every column of a table is taken for, why, and what is worth a second look: the plan, made before training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pellucid.errors import InputError
from pellucid.tables.kinds import KINDS

__all__ = ["KINDS", "REASONS", "Column", "Plan", "Warn", "plan"]

REASONS = ("", "identifier", "text", "constant", "dropped", "target", "group", "time", "cycles")


@dataclass
class Column:
    """One column: what it is taken for and the rule that says so.

    `kind`: one of `KINDS`. `reason`: why it is no input ("" for an input): for an ignored column "identifier", "text",
    "constant" or "dropped"; "target", "group" and "time" keep the kind that their values have. "cycles" divides the rows by
    time, too, and is an input all the same: not the moment, but its places in year, week and day.
    `format`: how its text is read; numbers {"decimal", "percent", "currency", "parentheses"}, booleans {"true", "false"}
    (the two words as the table writes them), dates {"day_first": True, False or None where it does not matter}.
    `missing`: rows without a value, strays among them. `distinct`: different values, counted up to `DISTINCT`.
    `strays`: the first tokens that could not be read as (line, text), `unread` how many there are.
    """

    name: str
    kind: str
    rule: str
    reason: str = ""
    missing: int = 0
    distinct: int = 0
    examples: list[str] = field(default_factory=list)
    format: dict[str, Any] = field(default_factory=dict)
    strays: list[tuple[int, str]] = field(default_factory=list)
    unread: int = 0

    @property
    def is_input(self) -> bool:
        """Whether something of it goes into the network."""
        return self.kind != "ignored" and self.reason in ("", "cycles")


@dataclass
class Warn:
    """One line that somebody should read. `what`: its sort in a word; `flag`: what changes it, as typed ("" for none)."""

    what: str
    column: str
    text: str
    flag: str = ""

    def __str__(self) -> str:
        return self.text


@dataclass
class Plan:
    """The columns of a table, what is to be predicted, and the warnings."""

    columns: list[Column]
    targets: list[str]
    warnings: list[Warn] = field(default_factory=list)
    rows: int = 0
    decimal: str = "."
    na: tuple[str, ...] = ()

    @property
    def used(self) -> list[Column]:
        """The columns that become inputs, in the order of the table."""
        return [column for column in self.columns if column.is_input]

    def column(self, name: str) -> Column:
        """The column of that name."""
        for column in self.columns:
            if column.name == name:
                return column
        raise InputError(f"the plan has no column {name!r}.")

    def __str__(self) -> str:
        from pellucid.tables.plan_text import text_of

        return text_of(self)

    def to_json(self) -> dict[str, Any]:
        """The plan as plain JSON values."""
        from pellucid.tables.plan_json import write

        return write(self)

    @classmethod
    def from_json(cls, content: Any) -> Plan:
        """The plan that `to_json` wrote; a `FileError` for anything else."""
        from pellucid.tables.plan_json import read

        return read(content)


def plan(
    table: Any,
    target: str | Iterable[str] | None = None,
    *,
    types: Mapping[str, str] | None = None,
    drop: Iterable[str] = (),
    only: Iterable[str] | None = None,
    na: Iterable[str] = (),
    group: str | None = None,
    time: str | None = None,
) -> Plan:
    """One pass over a `Table`: the kind of every column with the rule that decided, and what is worth a second look.

    `target`: what is to be predicted, one column or several. `types`: kinds that you know better, such as
    {"zip": "category", "when": "date:day-first", "price": "number:decimal-comma"}. `drop`: columns that are no inputs;
    `only`: the inputs. `na`: words that mean "no value" in every column. `group`, `time`: columns that divide the rows. Of
    dates that do so by time, what comes round again (weekday, hour, day of year) is an input, unless `drop` names the column
    or `only` does not.

    An `InputError` for a name that the table has not, a `DataError` for values that are not what `types` says.
    """
    from pellucid.tables.planning import make

    return make(table, target, types, drop, only, na, group, time)
