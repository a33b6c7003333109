"""The record of a training run, as it may stand in a model file that anybody wrote: every value checked before it is used.

`read` returns plain dicts that have every key, with None for what is missing. A part of the wrong kind is a `FileError`
that names its place. What the report does not know it leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pellucid.errors import FileError
from pellucid.tables import private

Check = Callable[[Any, str], Any]
Record = dict[str, Any]

# Control characters, lone surrogates, and the marks that turn the direction of a whole line of text about.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
LARGE = 1e150  # its square is still a number
_MOST = 100_000  # entries of a list or a dict: beyond that, no report was meant


def _refuse(value: Any, at: str, expected: str) -> FileError:
    given = type(value).__name__ if isinstance(value, (list, dict)) else repr(value)
    return FileError(
        f"The record of the training run holds {at} = {given[:60]}; expected {expected}. Train again with this version "
        "of pellucid to get a record that it can read."
    )


def words(value: Any, at: str = "", limit: int = 20_000) -> str:
    """A text, with U+FFFD for what no page can show, cut at `limit` characters."""
    if not isinstance(value, str):
        raise _refuse(value, at, "a text")
    clean = _UNFIT.sub("\ufffd", value)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def line(value: Any, at: str) -> str:
    """A text that fits into a cell of a table."""
    return " ".join(words(value, at, 300).split())


def figure(value: Any, at: str) -> float | None:
    """A number; None where it is not finite, or too large to be drawn to scale."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _refuse(value, at, "a number")
    try:
        exact = float(value)
    except OverflowError:
        return None
    return exact if abs(exact) < LARGE else None


def count(value: Any, at: str) -> int:
    """A number of rows, or of anything else that can be counted."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**40:
        raise _refuse(value, at, "a whole number from 0 on")
    return value


def seed(value: Any, at: str) -> str:
    """A seed, as its digits."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**128:
        raise _refuse(value, at, "a whole number from 0 on")
    return str(value)


def truth(value: Any, at: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise _refuse(value, at, "true or false")
    return value


def scalar(value: Any, at: str) -> str | float | None:
    """A text or a number, whichever it is."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return line(value, at) if isinstance(value, str) else figure(value, at)


def some(check: Check) -> Check:
    """`check`, or None."""
    return lambda value, at: None if value is None else check(value, at)


def rows(check: Check) -> Check:
    """A list of what `check` takes."""

    def whole(value: Any, at: str) -> list[Any]:
        if not isinstance(value, list) or len(value) > _MOST:
            raise _refuse(value, at, "a list")
        return [check(item, f"{at}[{number}]") for number, item in enumerate(value)]

    return whole


def named(check: Check) -> Check:
    """A dict of what `check` takes, by names of any kind."""

    def whole(value: Any, at: str) -> Record:
        if not isinstance(value, dict) or len(value) > _MOST:
            raise _refuse(value, at, "names with their values")
        return {line(key, at): check(item, f"{at}[{line(key, at)!r}]") for key, item in value.items()}

    return whole


def parts(**checks: Check) -> Check:
    """A dict whose keys are known; each may be missing or null."""

    def whole(value: Any, at: str) -> Record:
        if not isinstance(value, dict):
            raise _refuse(value, at, "names with their values")
        dot = f"{at}." if at else ""
        return {key: some(check)(value.get(key), f"{dot}{key}") for key, check in checks.items()}

    return whole


_HELD = {"coverage": figure, "low": figure, "high": figure, "width": figure}
interval = parts(level=figure, **_HELD, of=named(parts(**_HELD)))  # what the prediction intervals held
_SPAN = parts(value=figure, low=figure, high=figure)
_WARNING = parts(what=line, column=line, text=words, flag=line)
_COLUMN = parts(
    name=line, kind=line, rule=line, reason=line, missing=count, unread=count, distinct=count,
    examples=rows(scalar)
)  # fmt: skip
_KNOWN = parts(
    created=line, command=words, python=words, run_toml=words, versions=named(scalar),
    data=parts(name=line, origin=line, rows=count, columns=count, sha256=line, dropped=count),
    target=parts(names=rows(line), task=line, classes=rows(line), why=words),
    plan=parts(columns=rows(_COLUMN)),
    warnings=rows(_WARNING),
    split=parts(method=line, seed=seed, train=count, validation=count, test=count, folds=count, why=words),
    network=lambda value, at: value if isinstance(value, dict) else named(scalar)(value, at),
    metric=line, folds=rows(named(some(scalar))), scores=named(named(some(_SPAN))), differences=named(some(_SPAN)),
    verdict=parts(text=words, wins=truth),
    confusion=parts(labels=rows(line), counts=rows(rows(count))),
    per_class=rows(parts(label=line, precision=figure, recall=figure, f1=figure, rows=count)),
    numbers=named(parts(true=rows(some(figure)), predicted=rows(some(figure)))),
    interval=interval,
    importance=rows(parts(column=line, drop=figure, low=figure, high=figure)),
    worst=rows(parts(line=count, values=named(some(scalar)), true=scalar, predicted=scalar, loss=figure)),
    rows_judged=count, limits=rows(words), notes=rows(words),
    health=parts(
        findings=rows(
            parts(
                text=words, severity=line, page=line, name=line, where=line, says=words, cause=words, advice=words,
            )
        ), gradients=named(rows(some(figure))),
        dead=named(some(figure)), epochs=rows(count),
    ),
)  # fmt: skip


def without_rows(record: Record) -> Record:
    """The same without anything that stood in a row: rows, predicted numbers, values in examples, rules and warnings."""
    columns = (record["plan"] or {}).get("columns") or []
    bare = [column | {"examples": None, "rule": private.rule(column["rule"] or "")} for column in columns]
    warnings = [
        each | {"text": private.sentence(*(each[key] or "" for key in ("what", "column", "text", "flag")))}
        for each in record["warnings"] or []
    ]
    told = record["warnings"] and warnings
    return record | {"worst": None, "numbers": None, "plan": record["plan"] and {"columns": bare}, "warnings": told}


def read(value: Any) -> Record:
    """The record with every known key, None where there is nothing. FileError where a value is of the wrong kind."""
    record: Record = _KNOWN({} if value is None else value, "")
    confusion = record["confusion"]
    if confusion is not None:
        size = len(confusion["labels"] or ())
        if [len(row) for row in confusion["counts"] or ()] != [size] * size:
            raise _refuse(confusion, "confusion", f"as many counts a row, and rows, as labels: {size}")
    for target, pair in (record["numbers"] or {}).items():
        if len(pair["true"] or ()) != len(pair["predicted"] or ()):
            raise _refuse(pair, f"numbers[{target!r}]", "as many true values as predicted ones")
    return record
