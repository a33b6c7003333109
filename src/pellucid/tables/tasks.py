"""Which task a target asks for, and what its classes are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import DataError, InputError
from pellucid.options import option

if TYPE_CHECKING:
    from pellucid.tables.plan import Column
    from pellucid.tables.typed import Typed

FEW = 10  # so many different numbers, all whole, may be classes
MOST = 1000  # classes; more are a number, or an identifier
TASKS = ("auto", "classification", "regression", "multilabel")


def choose(columns: list[Column], typed: Typed, wish: str = "auto") -> tuple[str, str]:
    """(task, a sentence about why)."""
    if wish not in TASKS:
        raise InputError(f"task={wish!r}: expected one of {', '.join(TASKS)}.")
    if not columns:
        raise InputError(f"There is no target: name the column to predict, {option('target', 'NAME')}.")
    kinds = {column.kind for column in columns}
    names = ", ".join(repr(column.name) for column in columns)
    if not kinds <= {"number", "category", "boolean"}:
        other = next(column for column in columns if column.kind not in ("number", "category", "boolean"))
        raise DataError(
            f"The target {other.name!r} is taken as {other.kind} ({other.rule}), which cannot be predicted: write "
            f"{option('types', {other.name: 'category'})} or {option('types', {other.name: 'number'})}, or name another target."
        )
    if len(columns) > 1:
        return _of_several(kinds, names, wish)
    return _of_one(columns[0], typed, wish)


def _of_several(kinds: set[str], names: str, wish: str) -> tuple[str, str]:
    task = "regression" if kinds == {"number"} else "multilabel"
    if len(kinds) > 1 or "category" in kinds:
        raise DataError(f"The targets {names} are of kinds {', '.join(sorted(kinds))}; several targets must all be numbers, "
                        "or all yes or no.")  # fmt: skip
    if wish not in ("auto", task):
        raise InputError(f"task={wish!r} does not fit the targets {names}, which make a {task}.")
    return task, f"the {len(names.split(', '))} targets are all {'numbers' if task == 'regression' else 'yes or no'}"


def _of_one(column: Column, typed: Typed, wish: str) -> tuple[str, str]:
    if wish == "multilabel":
        raise InputError("task='multilabel' is for several targets of yes or no: name them all.")
    if column.kind != "number":
        if wish == "regression":
            raise DataError(f"The target {column.name!r} is a {column.kind}: a regression needs numbers. "
                            f"If it is a number, write {option('types', {column.name: 'number'})}.")  # fmt: skip
        count = len(classes(column, typed))
        return "classification", f"the target {column.name!r} is a {column.kind} with {count} values"
    values = np.unique(typed.numbers[column.name][np.isfinite(typed.numbers[column.name])])
    whole = bool((values == np.floor(values)).all())
    if wish == "regression" or (wish == "auto" and (len(values) > FEW or not whole or len(values) < 2)):
        classed = f"; it has {len(values)} different values, {option('task', 'classification')} takes them as classes"
        return "regression", f"the target {column.name!r} is a number" + (classed if len(values) <= FEW else "")
    classes(column, typed)
    switch = "" if wish == "classification" else f": {option('task', 'regression')} takes it as a number"
    return "classification", f"the target {column.name!r} has {len(values)} different numbers{switch}"


def words(column: Column) -> list[str]:
    """The words of a boolean for no and yes."""
    no, yes = str(column.format.get("false", "false")), str(column.format.get("true", "true"))
    return [no, yes] if no != yes else ["false", "true"]


def classes(column: Column, typed: Typed) -> list[str]:
    """The labels of a target, in the order of the outputs: of numbers by size, of words by the alphabet, no before yes."""
    if column.kind == "category":
        codes, vocabulary = typed.categories[column.name]
        present = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(vocabulary)))
        found = sorted(vocabulary[code] for code in present.tolist())
    else:
        values = np.unique(typed.numbers[column.name][np.isfinite(typed.numbers[column.name])])
        if column.kind == "boolean":
            found = [words(column)[int(value)] for value in values.tolist()]
        else:
            found = list(dict.fromkeys(label_of(value) for value in values.tolist()))
    if len(found) < 2:
        only = f"the single value {found[0]!r}" if found else "no value at all"
        raise DataError(
            f"The target {column.name!r} has {only}: there is nothing to choose. Name another, {option('target', 'NAME')}."
        )
    if len(found) > MOST:
        raise DataError(
            f"The target {column.name!r} has {len(found):,} different values, more than the {MOST:,} that can be classes. "
            f"If it is a number, write {option('task', 'regression')}; if it identifies rows, name another target."
        )
    return found


def native(words: list[str]) -> tuple[type, dict[str, Any]]:
    """(type, what each word is in Python) where all are whole numbers, or true and false, or numbers; else texts."""
    if all(re.fullmatch(r"0|-?[1-9][0-9]{0,14}", word) for word in words):
        return int, {word: int(word) for word in words}
    if {word.lower() for word in words} <= {"false", "true"}:
        return bool, {word: word.lower() == "true" for word in words}
    try:
        return float, {word: float(word) for word in words}
    except ValueError:
        return object, {word: word for word in words}


def label_of(value: float) -> str:
    """A number as a label: "3" for 3.0."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def numbered(column: Column, typed: Typed, labels: list[str]) -> np.ndarray:
    """The class number of every row, int64 (rows,), -1 where empty; a `DataError` names the line of a label unknown."""
    place = {label: number for number, label in enumerate(labels)}
    if column.name in typed.categories:
        codes, vocabulary = typed.categories[column.name]
        own = np.array([*(place.get(word, -2) for word in vocabulary), -1], np.int64)[codes]
    else:
        values = typed.numbers[column.name]
        names: Any = words(column) if column.kind == "boolean" else None
        unique, inverse = np.unique(values, return_inverse=True)
        label = ["" if not np.isfinite(v) else names[int(v > 0.5)] if names else label_of(v) for v in unique.tolist()]
        codes, vocabulary = inverse.reshape(-1), label
        own = np.array([place.get(word, -2 if word else -1) for word in label], np.int64)[codes]
    wrong = np.flatnonzero(own == -2)
    if len(wrong):
        row = int(wrong[0])
        where = f"line {typed.lines[row]}" if typed.lines is not None else f"row {row}"
        shown = ", ".join(repr(word) for word in labels[:10]) + (" ..." if len(labels) > 10 else "")
        raise DataError(
            f"{where}, column {column.name!r}: {vocabulary[codes[row]]!r} is no class that the network knows ({shown}), nor "
            f"are the targets of {len(wrong) - 1} other rows. Leave those rows out, or train on a table that has this class."
        )
    return own
