"""Which sample `pellucid explain` explains, and in which form."""

from __future__ import annotations

from typing import Any

import click
import numpy as np

from pellucid.cli import answers, source, tabular
from pellucid.exchange.atomic import write_atomic
from pellucid.tables.trained import TableModel

HINTS = (
    "More: --layer {layer} (a layer in detail), --units 4 or --units all (all layers), --html FILE (to open and close).",
    "Shorter: fewer --units; --depth 2 (no single weights) or --depth 1 (the layers alone).",
)


def explain(
    model: str, data: str | None, rows: tuple[int, ...], *, prediction: bool, layers: tuple[str, ...], units: str | None,
    depth: int | None, digits: int | None, html: str | None, as_json: bool, latex: bool, target: str | None, seed: int,
    n: int | None, noise: float | None, **reading: Any,
) -> None:  # fmt: skip
    """Print the explanation, or write it."""
    if as_json and latex:
        raise click.UsageError("--json and --latex both write to standard output: leave one of them out.")
    if html is not None:
        source.writable(html)
    held = tabular.model(model)
    trained = held.model if isinstance(held, TableModel) else held
    prediction = prediction or data is None or trained.loss is None
    if isinstance(held, TableModel) and data is not None:
        X, y = tabular.samples(held, data, reading, rows, prediction)
    else:
        if data is not None:
            tabular.refuse_table(model, data)
        X, y = _samples(trained, data, rows, prediction, target, n, seed, noise)
    explanation = trained.explain(X) if prediction else trained.explain(X, y)
    wanted = {"units": _units(units), "depth": depth, "digits": digits, "layer": layers or None}
    view: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    if html is not None:
        write_atomic(html, explanation.html(**view, document=True).encode())
        click.echo(f"Written: {html}", err=as_json or latex)
    if as_json:
        click.echo(explanation.to_json())
    elif latex:
        click.echo(explanation.to_latex(**view, document=True), nl=False)
    elif html is None:
        click.echo(explanation.text(**view, hints=HINTS))


def _units(text: str | None) -> int | str | None:
    """A number where it is one; the explanation itself says what else may stand here."""
    return int(text) if text is not None and text.isdecimal() else text


def _samples(
    trained: Any, data: str | None, rows: tuple[int, ...], prediction: bool, target: str | None, n: int | None, seed: int,
    noise: float | None,
) -> tuple[np.ndarray, np.ndarray | None]:  # fmt: skip
    """The rows asked for and, unless the prediction alone is explained, their answers."""
    width = answers.width(trained)
    if data is None:
        if width is None:
            raise click.UsageError("This network has no dense layer that says how many numbers it takes: give DATA.")
        click.echo(f"Note: no DATA given; this is a row of {width} random numbers.", err=True)
        return np.random.default_rng(seed).normal(size=(1, width)), None
    if prediction:
        X, y = source.inputs(data, target, n, seed, noise, width), None
    else:
        found = source.load(data, target, source.usual_rows(data, n), seed, noise)
        X, y = found.X, answers.targets(trained, found.y)
    for row in rows:
        if row >= len(X):
            raise click.UsageError(f"--row {row}: {data} has {len(X):,} rows, numbered from 0.")
    X, chosen = answers.fitting(trained, X, data), list(rows)
    return X[chosen], None if y is None else y[chosen]
