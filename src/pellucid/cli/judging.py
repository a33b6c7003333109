"""A trained network's figures on data whose answers are known."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid import metrics
from pellucid.cli import answers, source, tabular, task
from pellucid.cli.output import Output
from pellucid.errors import DataError, InputError
from pellucid.tables.trained import TableModel

_USUAL = {True: ("accuracy", "f1"), False: ("r2", "rmse", "mae")}


def judge(
    model: str, data: str, metric: str | None, out: Output, *, target: str | None, held_out: float | None,
    seed: int | None, n: int | None, noise: float | None, **reading: Any,
) -> tuple[dict[str, float], str, str]:  # fmt: skip
    """(figures by name, the name of the one that counts, a sentence about the rows)."""
    trained = tabular.model(model)
    if isinstance(trained, TableModel):
        if held_out:
            raise InputError("--held-out is for data sets and arrays; what a network scored on the rows of its table that "
                             f"were set aside is in its record: pellucid inspect {model}")  # fmt: skip
        return tabular.judge(trained, data, reading, metric, out)
    tabular.refuse_table(model, data)
    if trained.loss is None:
        raise InputError(f"{model} was saved without a loss: it can predict, but there is nothing to judge it by.")
    if seed is None:
        seed = trained.seed if held_out else trained.seed + 1
    found = source.load(data, target, source.usual_rows(data, n), seed, noise)
    if found.fixed and data == found.name and not held_out:
        out.note(f"{data} are the same rows every time, most of them trained on if this network learned from them: "
                 "write --held-out 0.2 to judge on those that were set aside.")  # fmt: skip
    classes = answers.of_classes(trained)
    X, y = answers.fitting(trained, found.X, data), found.y
    words = f"{found.name}: {len(X):,} rows, {found.origin}"
    if held_out:
        chosen = task.choose(y, "classification" if classes else "regression")
        rows = task.divider(chosen, trained.seed).split(held_out, 0.0).test
        X, y, words = X[rows], y[rows], f"{words}; the {len(rows):,} that train --test {held_out:g} set aside"
    targets = answers.targets(trained, y)
    figures = trained.evaluate(X, targets, batch_size=answers.ALL_AT_ONCE)
    outputs = trained.predict(X, answers.ALL_AT_ONCE)
    names = [*_USUAL[classes], *([metric] if metric else [])]
    figures |= {name: _figure(name, outputs, targets, figures) for name in names}
    return figures, metric or _USUAL[classes][0], words


def _figure(name: str, outputs: np.ndarray, targets: np.ndarray, known: dict[str, float]) -> float:
    if name in known:
        return known[name]
    if name not in metrics.by_name:
        raise InputError(f"--metric {name}: write one of {', '.join(metrics.by_name)}.")
    try:
        return float(metrics.by_name[name](outputs, targets))
    except DataError as error:
        raise InputError(f"--metric {name} does not fit this network: {error}") from None
