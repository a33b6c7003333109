"""Tables on the command line: networks that were trained on one, and files that hold one."""

from __future__ import annotations

import copy
import csv
import io
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click
import numpy as np

from pellucid.cli import rows, source
from pellucid.cli.output import Output
from pellucid.cli.source import Reading, is_table
from pellucid.errors import DataError, FileError, InputError
from pellucid.exchange import model_file
from pellucid.exchange.atomic import write_atomic
from pellucid.model import Model
from pellucid.report.record import interval, some
from pellucid.tables.encoder import with_decimal
from pellucid.tables.judging import held_in_words
from pellucid.tables.plan import Plan
from pellucid.tables.reading import read
from pellucid.tables.table import Table
from pellucid.tables.trained import TableModel


def model(path: str) -> Model | TableModel:
    """The model in a file; a `TableModel` where it was trained on a table."""
    trained = model_file.load(source.existing_model(path))
    return trained if trained.table is None else with_table(path, trained)


def with_table(path: str, trained: Model) -> TableModel:
    """A loaded model with its columns and its target."""
    try:
        return TableModel.of(trained)
    except FileError as error:
        raise FileError(f"{path}: {error}") from None


def refuse_table(path: str, data: str) -> None:
    """Say that the network in `path` was not trained on a table, where `data` is one."""
    if is_table(data):
        raise DataError(f"{path} was not trained on a table: it takes arrays (.npz, .npy, idx) of the same shape as those "
                        f"it was trained on. For {data}: pellucid train {data} --target COLUMN")  # fmt: skip


def open_table(data: str, reading: Reading) -> Table:
    """The table in a file, for a network that was trained on one."""
    if not os.path.exists(data):
        raise click.UsageError(
            f"There is no file {data!r}. The network was trained on a table: name one (.csv, .tsv, .gz)."
        )
    if not is_table(data):
        raise DataError(f"{data}: the network was trained on a table and takes one with the same columns (.csv, .tsv, "
                        ".txt, or .gz of them).")  # fmt: skip
    return _read(data, reading)


def _read(data: str, reading: Reading) -> Table:
    return read(data, **{name: value for name, value in reading.items() if name != "na"})


def as_told(trained: TableModel, reading: Reading) -> TableModel:
    """The same network, for which the tokens of --na mean a missing value, too, and --decimal is as it says."""
    tokens, decimal = tuple(reading.get("na") or ()), reading.get("decimal")
    if not tokens and decimal is None:
        return trained

    def told(plan: Plan) -> Plan:
        plan = replace(plan, na=(*plan.na, *tokens))
        return plan if decimal is None else with_decimal(plan, decimal)

    encoder, target = copy.copy(trained.encoder), replace(trained.target, plan=told(trained.target.plan))
    encoder.plan = told(encoder.plan)
    return TableModel(trained.model, encoder, target, trained.record)


def say(notices: Sequence[str], out: Output) -> None:
    """What was noticed about a table, each once."""
    for notice in dict.fromkeys(notices):
        out.note(notice)


# -- predict -----------------------------------------------------------------------------------------------------------


def predict(trained: TableModel, data: str, reading: Reading, proba: bool, output: str | None) -> None:
    """Answers for the rows of `data` in their order, as CSV or as an array."""
    if proba:
        trained.target.probabilities(np.empty((0, trained.target.n_outputs)))  # says at once where there are none
    if output is not None and not output.endswith((".csv", ".npy")):
        raise InputError(f"-o {output}: expected a name that ends in .csv or .npy.")
    trained, table, notices = as_told(trained, reading), open_table(data, reading), list[str]()
    outputs = trained.outputs(table, notices)
    say([*table.notices, *notices], Output())
    head, values = columns(trained, outputs, proba)
    if output is not None and output.endswith(".npy"):
        if values.dtype == object:
            raise InputError(f"-o {output}: an array holds numbers, not labels. Write a .csv, or the --proba.")
        rows.write(head, [values], output)
        return
    text = as_csv(head, values)
    write_atomic(output, text.encode()) if output is not None else click.echo(text, nl=False)


def columns(trained: TableModel, outputs: np.ndarray, proba: bool) -> tuple[list[str], np.ndarray]:
    """(column names, values (rows, columns)) of the answers: "income", or "income=high" for a probability of a class."""
    target = trained.target
    if proba:
        names = [f"{target.names[0]}={label}" for label in target.classes]
        names = names or [f"{name}={pair[1]}" for name, pair in zip(target.names, target.words, strict=True)]
        return names, target.probabilities(outputs)
    values = target.decode(outputs)
    values = values[:, None] if values.ndim == 1 else values
    if not target.levels:
        return target.names, values
    head = [f"{name}{end}" for name in target.names for end in ("", " low", " high")]
    return head, np.concatenate([values[..., None], target.ends(outputs)], axis=2).reshape(len(values), -1)


def as_csv(head: Sequence[str], values: np.ndarray) -> str:
    """Text that reads back to the same labels and numbers."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(values.tolist())
    return buffer.getvalue()


# -- evaluate ----------------------------------------------------------------------------------------------------------


def judge(
    trained: TableModel, data: str, reading: Reading, metric: str | None, out: Output
) -> tuple[dict[str, float], str, str]:
    """(figures by name, the name of the one that counts, a sentence about the rows)."""
    trained, table, notices = as_told(trained, reading), open_table(data, reading), list[str]()
    figures, count = trained.judge(table, notices)
    say([*table.notices, *notices], out)
    if metric is not None and metric not in figures:
        raise InputError(f"--metric {metric}: write one of {', '.join(figures)}.")
    return figures, metric or next(iter(figures)), f"{source.stem(data)}: {count:,} rows, read from {data}"


def _recorded(trained: TableModel, part: str, name: str) -> Any:
    content = trained.record.get(part)
    return content.get(name) if isinstance(content, dict) else None


# -- inspect -----------------------------------------------------------------------------------------------------------


def look_at_data(data: str, target: str | None, reading: Reading, out: Output) -> None:
    """The plan of the columns, as before training."""
    from pellucid.tables.plan import plan

    if not os.path.exists(data):
        raise click.UsageError(f"There is no file {data!r}.")
    table = _read(data, reading)
    made = plan(table, target, na=reading.get("na") or ())
    say(table.notices, out)
    out.say(str(made))
    out.event("plan", name=source.stem(data), **made.to_json())


def look_at_model(trained: TableModel, out: Output) -> dict[str, Any]:
    """Its columns, its target, its verdict; the same as facts."""
    target, encoder = trained.target, trained.encoder
    out.say()
    out.say(f"columns: {len(encoder.columns)}, as {len(encoder.features)} inputs")
    out.say(str(encoder))
    classes = f", {len(target.classes)} classes: {', '.join(target.classes[:12])}" if target.classes else ""
    out.say(
        f"target: {', '.join(target.names)}, a {target.task}{classes}" + (" ..." if len(target.classes) > 12 else "")
    )
    origin, count = _recorded(trained, "data", "origin"), _recorded(trained, "data", "rows")
    if origin:
        out.say(f"trained on: {origin}" + (f", {count:,} rows" if isinstance(count, int) else ""))
    held = some(interval)(trained.record.get("interval"), "interval")
    for line in held_in_words(held) if held else ():
        out.say(f"interval: {line}")
    if trained.verdict:
        out.say(f"verdict: {trained.verdict}")
    return {
        "columns": encoder.columns, "features": encoder.features, "target": target.names, "task": target.task,
        "classes": target.classes, "verdict": trained.verdict or None, "scores": trained.record.get("scores"),
        "interval": trained.record.get("interval"),
    }  # fmt: skip


# -- explain, diagnose -------------------------------------------------------------------------------------------------


def samples(
    trained: TableModel, data: str, reading: Reading, chosen: Sequence[int], prediction: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """Some rows as the network takes them, and their targets unless the prediction alone is explained."""
    trained, table, notices = as_told(trained, reading), open_table(data, reading), list[str]()
    count = len(table)
    for row in chosen:
        if row >= count:
            raise click.UsageError(f"--row {row}: {data} has {count:,} rows, numbered from 0.")
    some = table.take(chosen)
    if prediction:
        X, y = trained.encoder.transform(some, notices), None
    else:
        if not trained.target.known(trained.typed(some)).all():
            raise DataError(f"{data}: a row asked for has no target; --prediction explains the answer alone.")
        X, y = trained.arrays(some, notices)
    say(notices, Output())
    shown = [f"{number_}: {name}" for number_, name in enumerate(trained.encoder.features)]
    click.echo(f"Inputs: {', '.join(shown)}", err=True)
    return X, y


def arrays(trained: TableModel, data: str, reading: Reading, out: Output) -> tuple[np.ndarray, np.ndarray]:
    """(X, y) of the rows that have a target."""
    trained, table, notices = as_told(trained, reading), open_table(data, reading), list[str]()
    X, y = trained.arrays(table, notices)
    say([*table.notices, *notices], out)
    return X, y
