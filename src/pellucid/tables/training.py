"""From a table to a trained, judged network: `pellucid.tables.train`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pellucid.tables import private
from pellucid.tables.fitting import NETWORK, Answers, Watcher, answers, baselines, fit
from pellucid.tables.intervals import Resampling
from pellucid.tables.judging import Judged
from pellucid.tables.preparing import Prepared, prepare
from pellucid.tables.record import build
from pellucid.tables.scores import Scoring
from pellucid.tables.settings import settings
from pellucid.tables.trained import TableModel

_CUT = "Interrupted while the baselines were fitted: the network is judged beside those that were ready."
_SEEN = {"test": "", "validation": "that it was chosen by", "train": "that it learned from"}


def train(
    data: Any,
    target: str | Sequence[str] | None = None,
    *,
    callbacks: Sequence[Callable[[Any, dict[str, float]], Any]] = (),
    **options: Any,
) -> TableModel:
    """Train a network on a table and judge it, beside three baselines, on rows that it has not seen.

    data: a path (.csv, .tsv, .txt, or .gz of them), a pandas, polars or pyarrow frame, a dict of columns, a list of
    dicts. `target`: the column to predict, or several. `callbacks`: as in `Model.fit`. `options`: see `tables.Settings`. The
    same data, options and seed give the same network, bit for bit. Ctrl-C keeps the best network so far.
    """
    return train_prepared(prepare(data, target, settings(options)), Watcher(), tuple(callbacks))


def train_prepared(p: Prepared, watcher: Watcher, callbacks: tuple[Callable[..., Any], ...] = ()) -> TableModel:
    """As `train`, of a table that is prepared; `watcher` is told what happens.

    With folds, the network that is kept is trained first, on all rows; then one for each fold, which judge it.
    """
    done = fit(p, p.split, watcher, "the network", callbacks)
    whole = [] if done.interrupted else _of_folds(p, watcher, callbacks)
    parts = whole or [answers(p, done)]
    rows = np.concatenate([part.rows for part in parts])
    given = {name: np.concatenate([part.given[name] for part in parts]) for name in parts[0].given}
    ends = np.concatenate([part.ends for part in parts if part.ends is not None]) if p.settings.levels else None
    balanced = p.settings.class_weights is not None
    scoring = Scoring(done.target.task, done.target.names, len(done.target.classes), balanced)
    truth = done.target.truth(p.typed)
    again = Resampling(len(rows), p.settings.seed, p.clusters(rows))
    judged = Judged(rows, truth[rows], given, scoring, again, "" if whole else _SEEN[done.judged[2]], ends)
    folds = [{"rows": len(part.rows), **scoring.of(part.given[NETWORK], truth[part.rows])} for part in whole]
    learned = len(done.split.train) + len(done.split.validation)
    notes = [*baselines(p).said(learned, len(done.encoder.features)), "" if parts[0].whole else _CUT]
    watcher.interrupted |= not parts[0].whole
    record = build(p, done, judged, folds or None, [note for note in notes if note])
    if not p.settings.rows:
        return TableModel(done.model, private.encoder(done.encoder), private.target(done.target), record)
    return TableModel(done.model, done.encoder, done.target, record)


def _of_folds(p: Prepared, watcher: Watcher, callbacks: tuple[Callable[..., Any], ...]) -> list[Answers]:
    """What every contender says about each fold; about those before Ctrl-C, where that came."""
    parts: list[Answers] = []
    for number, split in enumerate(p.folds, 1):
        one = fit(p, split, watcher, f"fold {number} of {len(p.folds)}", callbacks)
        part = None if one.interrupted else answers(p, one)
        if part is None or not part.whole:
            watcher.interrupted = True
            watcher.say(f"interrupted: judged by the {number - 1} folds that are whole")
            break
        parts.append(part)
    return parts
