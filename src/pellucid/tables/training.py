"""From a table to a trained, judged network: `pellucid.tables.train`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from pellucid.errors import DataWarning
from pellucid.tables import private
from pellucid.tables.fitting import NETWORK, Answers, Fit, Watcher, answers, baselines, fit
from pellucid.tables.intervals import Resampling
from pellucid.tables.judging import Judged
from pellucid.tables.preparing import Prepared, prepare
from pellucid.tables.record import known, left_out, parts
from pellucid.tables.scores import Scoring
from pellucid.tables.settings import settings
from pellucid.tables.trained import TableModel
from pellucid.tables.wording import listed

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
    same data, options and seed give the same network, bit for bit.

    What is suspicious about the table is a `DataWarning`, one sentence each, before anything is trained. Ctrl-C keeps the
    best network so far, and all that is known of it; a warning says what is not.
    """
    p = prepare(data, target, settings(options))
    for sentence in p.said:
        warnings.warn(sentence, DataWarning, stacklevel=2)
    watcher = Watcher()
    try:
        model = train_prepared(p, watcher, tuple(callbacks))
    except KeyboardInterrupt:
        if watcher.kept is None:
            raise
        model = watcher.kept
        cut_short(model)
    history = model.model.history
    if history is not None and history.stopped == "interrupted":
        of = f"after {len(history)} epochs: the network is the best so far"
        warnings.warn(f"Ctrl-C ended the training {of}.", DataWarning, stacklevel=2)
    for note in model.record["notes"]:
        if note not in p.notices:
            warnings.warn(note, DataWarning, stacklevel=2)
    return model


def train_prepared(p: Prepared, watcher: Watcher, callbacks: tuple[Callable[..., Any], ...] = ()) -> TableModel:
    """As `train`, of a table that is prepared; `watcher` is told what happens, and has the network where Ctrl-C comes.

    With folds, the network that is kept is trained first, on all rows; then one for each fold, which judge it.
    """
    done = fit(p, p.split, watcher, "the network", callbacks, lambda done: watcher.keep(_model(p, done)))
    assert watcher.kept is not None
    for part in _judged(p, done, watcher, callbacks):
        watcher.kept.record.update(part)
    return watcher.kept


def cut_short(model: TableModel) -> list[str]:
    """What is missing since Ctrl-C ended the judging of a network, in words; its record says so, too."""
    missing = left_out(model.record)
    if missing:
        model.record["notes"].append(
            f"Interrupted after the training: the network is whole, but {listed(missing)} "
            f"{'are' if missing[1:] else 'is'} left out. To have all of it, train again."
        )
    return missing


def _model(p: Prepared, done: Fit) -> TableModel:
    encoder, target = done.encoder, done.target
    if not p.settings.rows:
        encoder, target = private.encoder(encoder), private.target(target)
    return TableModel(done.model, encoder, target, known(p, done))


def _judged(
    p: Prepared, done: Fit, watcher: Watcher, callbacks: tuple[Callable[..., Any], ...]
) -> Iterator[dict[str, Any]]:
    """The parts of the record that say what the network is worth, each as soon as it is known."""
    whole = [] if done.interrupted else _of_folds(p, watcher, callbacks)
    of = whole or [answers(p, done)]
    rows = np.concatenate([part.rows for part in of])
    given = {name: np.concatenate([part.given[name] for part in of]) for name in of[0].given}
    ends = np.concatenate([part.ends for part in of if part.ends is not None]) if p.settings.levels else None
    balanced = p.settings.class_weights is not None
    scoring = Scoring(done.target.task, done.target.names, len(done.target.classes), balanced)
    truth = done.target.truth(p.typed)
    again = Resampling(len(rows), p.settings.seed, p.clusters(rows))
    judged = Judged(rows, truth[rows], given, scoring, again, "" if whole else _SEEN[done.judged[2]], ends)
    folds = [{"rows": len(part.rows), **scoring.of(part.given[NETWORK], truth[part.rows])} for part in whole]
    learned = len(done.split.train) + len(done.split.validation)
    notes = [*baselines(p).said(learned, len(done.encoder.features)), "" if of[0].whole else _CUT]
    if len(whole) < len(p.folds):
        judge = f"by {len(whole)} of {len(p.folds)} folds" if whole else f"on rows {_SEEN[done.judged[2]]}, by no fold"
        notes.append(f"Interrupted before all folds were whole: the network is judged {judge}.")
    watcher.interrupted |= not of[0].whole
    yield from parts(p, done, judged, folds or None, [note for note in notes if note])


def _of_folds(p: Prepared, watcher: Watcher, callbacks: tuple[Callable[..., Any], ...]) -> list[Answers]:
    """What every contender says about each fold; about those before Ctrl-C, where that came."""
    whole: list[Answers] = []
    for number, split in enumerate(p.folds, 1):
        try:
            one = fit(p, split, watcher, f"fold {number} of {len(p.folds)}", callbacks)
            part = None if one.interrupted else answers(p, one)
        except KeyboardInterrupt:
            part = None
        if part is None or not part.whole:
            watcher.interrupted = True
            break
        whole.append(part)
    return whole
