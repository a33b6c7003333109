"""The plan in a model file: written plainly, read with every value checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pellucid.errors import FileError
from pellucid.tables.plan import KINDS, REASONS, Column, Plan, Warn

MOST = 2**53  # counts beyond it are none

_FORMATS: dict[str, dict[str, Callable[[Any], bool]]] = {
    "number": {
        "decimal": lambda value: value in (".", ","),
        "percent": lambda value: isinstance(value, bool),
        "currency": lambda value: isinstance(value, str) and len(value) <= 5,
        "parentheses": lambda value: isinstance(value, bool),
    },
    "boolean": {name: lambda value: isinstance(value, str) for name in ("true", "false")},
    "date": {"day_first": lambda value: value is None or isinstance(value, bool)},
    "category": {},
    "ignored": {},
}


def write(plan: Plan) -> dict[str, Any]:
    """Plain JSON values."""
    columns = [{**vars(column), "strays": [list(stray) for stray in column.strays]} for column in plan.columns]
    return {
        "columns": [{**column, "examples": list(column["examples"]), "format": dict(column["format"])} for column in columns],
        "targets": list(plan.targets), "warnings": [dict(vars(warn)) for warn in plan.warnings],
        "rows": plan.rows, "decimal": plan.decimal, "na": list(plan.na),
    }  # fmt: skip


def read(content: Any) -> Plan:
    """The plan that `write` wrote; whatever else it is, a `FileError` says what is wrong."""
    fields = _record(content, {"columns", "targets", "warnings", "rows", "decimal", "na"}, "the plan")
    columns = [_column(record, number) for number, record in enumerate(_list(fields["columns"], "columns"))]
    names = [column.name for column in columns]
    targets = [_text(name, "a target") for name in _list(fields["targets"], "targets")]
    _need(len(set(names)) == len(names), "two columns have one name")
    _need(len(set(targets)) == len(targets), "a target is named twice")
    _need(
        set(targets) == {column.name for column in columns if column.reason == "target"},
        "the targets are not those of the columns",
    )
    _need(fields["decimal"] in (".", ","), "the decimal sign is neither . nor ,")
    warnings = [_warn(record) for record in _list(fields["warnings"], "warnings")]
    na = tuple(_text(word, "a word for nothing") for word in _list(fields["na"], "na"))
    return Plan(columns, targets, warnings, _count(fields["rows"], "rows"), fields["decimal"], na)


def _column(content: Any, number: int) -> Column:
    what = f"column {number}"
    names = {"name", "kind", "rule", "reason", "missing", "distinct", "examples", "format", "strays", "unread"}
    record = _record(content, names, what)
    kind, reason = record["kind"], record["reason"]
    _need(kind in KINDS, f"{what} is of no known kind")
    _need(reason in REASONS, f"{what} is left out for no known reason")
    _need(
        (kind == "ignored") == (reason in ("identifier", "text", "constant", "dropped")),
        f"{what} is {kind}, which does not fit its reason",
    )
    form = _record(record["format"], None, f"the format of {what}")
    known = _FORMATS[kind]
    if kind != "ignored":
        _need(
            set(form) == set(known) and all(fits(form[name]) for name, fits in known.items()),
            f"{what} has a format that is none",
        )
    else:
        form = {}
    strays = [_stray(stray, what) for stray in _list(record["strays"], f"strays of {what}")]
    examples = [_text(text, f"an example of {what}") for text in _list(record["examples"], f"examples of {what}")]
    counts = [_count(record[name], f"{name} of {what}") for name in ("missing", "distinct", "unread")]
    return Column(
        _text(record["name"], f"the name of {what}"), kind, _text(record["rule"], f"the rule of {what}"), reason,
        counts[0], counts[1], examples, form, strays, counts[2],
    )  # fmt: skip


def _stray(content: Any, what: str) -> tuple[int, str]:
    _need(isinstance(content, list) and len(content) == 2, f"a stray of {what} is no pair")
    return _count(content[0], f"the line of a stray of {what}"), _text(content[1], f"a stray of {what}")


def _warn(content: Any) -> Warn:
    record = _record(content, {"what", "column", "text", "flag"}, "a warning")
    return Warn(*(_text(record[name], "a warning") for name in ("what", "column", "text", "flag")))


def _record(content: Any, names: set[str] | None, what: str) -> dict[str, Any]:
    _need(isinstance(content, dict) and all(isinstance(name, str) for name in content), f"{what} is no record")
    _need(names is None or set(content) == names, f"{what} has other fields than {', '.join(sorted(names or ()))}")
    return content


def _list(content: Any, what: str) -> list[Any]:
    _need(isinstance(content, list), f"{what}: no list")
    return content


def _text(content: Any, what: str) -> str:
    _need(isinstance(content, str), f"{what} is no text")
    return content


def _count(content: Any, what: str) -> int:
    _need(isinstance(content, int) and not isinstance(content, bool) and 0 <= content <= MOST, f"{what} is no count")
    return content


def _need(fits: bool, what: str) -> None:
    if not fits:
        raise FileError(f"The plan of the table's columns is damaged or foreign: {what}.")
