"""A model file and rows, brought together for `pellucid diagnose`."""

from __future__ import annotations

from pellucid.cli import answers, source
from pellucid.errors import InputError
from pellucid.exchange.model_file import load
from pellucid.glass.diagnose import Findings


def examine(
    model: str, data: str, *, target: str | None, validation: str | None, seed: int | None, n: int | None,
    noise: float | None,
) -> tuple[Findings, str]:  # fmt: skip
    """(what was found, a sentence about the rows)."""
    trained = load(source.existing_model(model))
    if trained.loss is None:
        raise InputError(f"{model} was saved without a loss: it can predict, but nobody can say whether it is right.")
    found = source.load(data, target, n, trained.seed if seed is None else seed, noise)
    other = None
    if validation is not None:
        rows = source.load(validation, target, None, trained.seed + 1)
        other = rows.X, answers.targets(trained, rows.y)
    findings = trained.diagnose(found.X, answers.targets(trained, found.y), other)
    return findings, f"{found.name}: {len(found.X):,} rows, {found.origin}"
