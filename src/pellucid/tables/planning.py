"""The pass that makes a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from pellucid.errors import DataError, InputError
from pellucid.options import option
from pellucid.tables.dates import as_date
from pellucid.tables.deciding import decide
from pellucid.tables.noticing import notice
from pellucid.tables.plan import KINDS, Column, Plan
from pellucid.tables.summary import Summary
from pellucid.tables.wording import check_names, shown

FORMS = {"date": ("day-first", "month-first"), "number": ("decimal-comma", "decimal-point")}


def make(
    table: Any, target: str | Iterable[str] | None, types: Mapping[str, str] | None, drop: Iterable[str],
    only: Iterable[str] | None, na: Iterable[str], group: str | None, time: str | None,
) -> Plan:  # fmt: skip
    """What `plan` promises."""
    targets = [] if target is None else [target] if isinstance(target, str) else list(target)
    types, drop, na = dict(types or {}), _listed(drop), tuple(_listed(na))
    needed = [*targets, *(name for name in (group, time) if name is not None)]
    only = None if only is None else _listed(only)
    cycles = time not in drop and (only is None or time in only)
    _check_roles(table.names, targets, group, time)
    left_out = _left_out(table.names, needed, [name for name in drop if name != time], only)
    _check(table.names, targets, types, drop, group, time)
    wishes = {**getattr(table, "kinds", {}), **types}
    found = _pass(table, [name for name in table.names if name not in left_out], wishes, frozenset(map(str.strip, na)))
    rows = max((summary.rows for summary in found.values()), default=0)
    if not rows:
        raise DataError(f"{table.origin} has no rows below the names of its columns: there is nothing to learn from.")
    columns = [
        _left(name, left_out[name]) if name in left_out
        else decide(name, found[name], wishes.get(name, ""), keep=name in needed)
        for name in table.names
    ]  # fmt: skip
    _roles(columns, found, targets, group, time, cycles)
    if not any(column.is_input and not column.reason for column in columns):
        _rescue(columns, found, targets)
    warnings = notice(columns, found, targets, rows)
    return Plan(columns, targets, warnings, rows, table.decimal, na)


def _pass(table: Any, names: list[str], wishes: Mapping[str, str], na: frozenset[str]) -> dict[str, Summary]:
    found = {name: Summary(na, table.decimal, _reader(wishes.get(name, ""))) for name in names}
    for chunk in table.chunks():
        lines = chunk.lines if chunk.lines is not None else np.arange(chunk.first, chunk.first + len(chunk))
        for name, summary in found.items():
            summary.unit = "Row" if chunk.lines is None else "Line"
            summary.add(chunk.columns[name], lines)
    return found


def _reader(wish: str) -> Any:
    """How a column that is declared to hold dates is read: eight digits may be one, too."""
    kind, _, form = wish.partition(":")
    if kind != "date":
        return None
    if form:
        return lambda text: as_date(text, form == "day-first")
    return lambda text: as_date(text, True) if as_date(text, True) is not None else as_date(text, False)


def _left(name: str, rule: str) -> Column:
    return Column(name, "ignored", rule, "dropped")


def _check_roles(names: list[str], targets: list[str], group: str | None, time: str | None) -> None:
    check_names(targets, names, "target")
    check_names([] if group is None else [group], names, "group")
    check_names([] if time is None else [time], names, "time")


def _left_out(names: list[str], needed: list[str], drop: list[str], only: list[str] | None) -> dict[str, str]:
    """Columns that nobody wants to look at, with the rule that says so."""
    check_names(drop, names, "drop")
    check_names(only or [], names, "only")
    if both := [name for name in drop if name in needed]:
        raise InputError(f"{shown(both[0])!r} is needed (target or group): it cannot be dropped, too.")
    out = dict.fromkeys(drop, f"left out by {option('drop')}")
    if only is not None:
        out |= {
            name: f"not among {option('only')}"
            for name in names
            if name not in only and name not in needed and name not in out
        }
    return out


def _check(
    names: list[str], targets: list[str], types: Mapping[str, str], drop: list[str], group: str | None, time: str | None
) -> None:
    check_names(types, names, "types")
    for name, wish in types.items():
        kind, colon, form = str(wish).partition(":")
        if kind not in KINDS or (colon and form not in FORMS.get(kind, ())):
            forms = [f"{kind}:{form}" for kind, forms in FORMS.items() for form in forms]
            raise InputError(
                f"{option('types', {shown(str(name)): shown(str(wish))})}: expected one of {', '.join([*KINDS, *forms])}."
            )
        if kind == "ignored" and name in (*targets, group, time):
            raise InputError(f"{shown(name)!r} is needed (target, group or time): it cannot be of the kind 'ignored'.")
    if len(set(targets)) < len(targets):
        raise InputError(f"The targets name a column twice: {', '.join(map(shown, targets))}.")
    if both := [name for name in targets if name in (group, time)]:
        raise InputError(f"{shown(both[0])!r} cannot be what is predicted and what divides the rows, too.")


def _roles(
    columns: list[Column],
    found: dict[str, Summary],
    targets: list[str],
    group: str | None,
    time: str | None,
    cycles: bool,
) -> None:
    """Targets, group and time are no inputs, but for the `cycles` of dates; they keep the kind of their values."""
    for column in columns:
        name = column.name
        if name in targets:
            column.reason = "target"
            if column.missing >= found[name].rows:
                raise DataError(f"Column {shown(name)!r}, which is to be predicted, has no value in any row.")
        elif name == group:
            column.reason = "group"
        elif name == time:
            column.reason = "cycles" if cycles and column.kind == "date" else "time"
            if column.kind not in ("date", "number"):
                raise DataError(
                    f"Column {shown(name)!r} says when a row was ({option('time', name)}), but holds no dates and no numbers: "
                    f"{column.rule}. If they are dates, write {option('types', {name: 'date'})}, which says what is none."
                )


def _rescue(columns: list[Column], found: dict[str, Summary], targets: list[str]) -> None:
    """Where nothing else is left, a column of whole numbers in a row is what the target depends on.

    Cycles of dates are not relied on: whether the rows learned from go round any is not known yet.
    """
    for place, column in enumerate(columns):
        if column.reason == "identifier" and not column.rule.startswith("nearly"):
            columns[place] = decide(column.name, found[column.name], keep=True)
            return
    if targets and not any(column.is_input for column in columns):
        out = "; ".join(f"{shown(column.name)}: {column.rule}" for column in columns if column.reason != "target")
        raise DataError(
            f"No column is left to predict {', '.join(map(shown, targets))} from ({shown(out, 200) or 'there is no other'})."
        )


def _listed(names: Iterable[str]) -> list[str]:
    """One name, or several."""
    return [names] if isinstance(names, str) else list(names)
