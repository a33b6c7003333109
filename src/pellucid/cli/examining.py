"""A model file and rows, brought together for `pellucid diagnose`."""

from __future__ import annotations

from typing import Any

from pellucid.cli import answers, source, tabular
from pellucid.cli.output import Output
from pellucid.errors import InputError
from pellucid.glass.diagnose import Findings
from pellucid.tables.findings import worded
from pellucid.tables.trained import TableModel


def examine(
    model: str, data: str, *, target: str | None, validation: str | None, seed: int | None, n: int | None,
    noise: float | None, **reading: Any,
) -> tuple[Findings, str]:  # fmt: skip
    """(what was found, a sentence about the rows)."""
    held = tabular.model(model)
    if isinstance(held, TableModel):
        return _of_table(held, data, validation, reading)
    tabular.refuse_table(model, data)
    trained = held
    if trained.loss is None:
        raise InputError(f"{model} was saved without a loss: it can predict, but nobody can say whether it is right.")
    found = source.load(data, target, n, trained.seed if seed is None else seed, noise)
    other = None
    if validation is not None:
        rows = source.load(validation, target, None, trained.seed + 1)
        other = answers.fitting(trained, rows.X, validation), answers.targets(trained, rows.y)
    findings = trained.diagnose(answers.fitting(trained, found.X, data), answers.targets(trained, found.y), other)
    return findings, f"{found.name}: {len(found.X):,} rows, {found.origin}"


def _of_table(held: TableModel, data: str, validation: str | None, reading: source.Reading) -> tuple[Findings, str]:
    X, y = tabular.arrays(held, data, reading, Output())
    other = None if validation is None else tabular.arrays(held, validation, reading, Output())
    inputs = ", ".join(f"{number} {name}" for number, name in enumerate(held.encoder.features))
    found = Findings(worded(held.model.diagnose(X, y, other), held.encoder, held.target))
    return found, f"{source.stem(data)}: {len(X):,} rows, read from {data}; inputs: {inputs}"
