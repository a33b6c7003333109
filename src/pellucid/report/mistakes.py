"""Which classes it mixes up, how far its numbers are off, and the rows that it is most wrong about."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.report import charts
from pellucid.report.blocks import Figure, Heading, Section, Table, Text
from pellucid.report.record import Record
from pellucid.report.words import cut, metric_name, plain, score, share, short, span
from pellucid.tables.judging import each_held

DRAWN = 12  # classes of a matrix that is drawn; of more, the most frequent mix-ups are listed
LABELS = 30  # classes of the table behind it
ROWS = 100  # of a long table
BESIDE = 12  # columns of the worst rows
TARGETS = 4  # of several numeric targets, those that are drawn


def mistakes(record: Record) -> Section:
    """Which classes are mixed up, or how far the numbers are off."""
    section = Section("mistakes", "Where it is right and wrong")
    _classes(record, section)
    for name, pair in list((record["numbers"] or {}).items())[:TARGETS]:
        _numbers(section, name, pair)
    more = len(record["numbers"] or {}) - TARGETS
    if more > 0:
        section.add(Text(f"{more} more targets are not drawn."))
    section.add(_coverage(record["interval"]) if record["interval"] else None, _folds(record))
    return section


def _folds(record: Record) -> Table | None:
    """The scores fold by fold."""
    rows = record["folds"] or []
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        return None
    cells = [[str(place), *(_fold(name, row.get(name)) for name in names)] for place, row in enumerate(rows[:ROWS], 1)]
    return Table("Fold by fold" + cut(len(rows), ROWS), ["fold", *map(metric_name, names)], cells)


def _fold(name: str, value: str | float | None) -> str:
    return score(name, value) if isinstance(value, float) else plain(value)


def _coverage(interval: Record) -> Text | Table:
    """What the prediction intervals promised, and what they held: of several targets, a row each."""
    promised, found = share(interval["level"], 0), each_held(interval)
    if interval["of"]:
        head = ["target", f"hold, of {promised}", "likely", "that is", "mean width"]
        cells = [
            [name, share(one["coverage"]), span("coverage", one["low"], one["high"]), _kept(one), plain(one["width"])]
            for name, one in list(found.items())[:ROWS]
        ]
        return Table(f"Its {promised} intervals, each target's by itself" + cut(len(found), ROWS), head, cells)
    (one,) = found.values()
    between = span("coverage", one["low"], one["high"])
    words = f"Its {promised} intervals hold the true value of {share(one['coverage'])} of the rows"
    words += f" (likely {between})." if between else "."
    words += f" That is {_kept(one)}." if _kept(one) else ""
    return Text(words + (f" They are {plain(one['width'])} wide on average." if one["width"] is not None else ""))


def _kept(one: Record) -> str:
    """Whether other rows than promised lie inside; "" where nobody can tell."""
    level, low, high = one["level"], one["low"], one["high"]
    if None in (level, low, high) or low <= level <= high:
        return ""
    return "fewer than promised" if high < level else "more than promised"


def _classes(record: Record, section: Section) -> None:
    confusion = record["confusion"]
    if confusion and confusion["labels"]:
        labels, counts = confusion["labels"], np.array(confusion["counts"], dtype=np.int64)
        if len(labels) <= LABELS:
            cells = [[label, *(f"{n:,}" for n in row)] for label, row in zip(labels, counts.tolist(), strict=True)]
            table = Table("Confusion matrix: true classes in rows", ["true \\ predicted", *labels], cells)
        else:
            table = _mixed_up(labels, counts)
        if len(labels) <= DRAWN:
            caption = "Rows are the true classes, columns what the network said. Framed cells are right answers."
            section.add(Figure(charts.confusion(labels, counts, "Confusion matrix"), caption, table))
        else:
            section.add(table)
    rows = record["per_class"]
    if rows:
        cells = [
            [row["label"] or "", *(share(row[key]) for key in ("precision", "recall", "f1")), plain(row["rows"])]
            for row in rows[:ROWS]
        ]
        section.add(
            Text("Precision: of the rows that got this class, how many are right. Recall: of the rows of this class, how many "
                 "were found. F1 joins the two."),
            Table("Class by class" + cut(len(rows), ROWS), ["class", "precision", "recall", "F1", "rows"], cells),
        )  # fmt: skip


def _mixed_up(labels: list[str], counts: np.ndarray) -> Table:
    """The pairs of classes that are mixed up most."""
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:LABELS]
    pairs = [(int(at) // len(labels), int(at) % len(labels)) for at in order]
    cells = [[labels[i], labels[j], f"{wrong[i, j]:,}"] for i, j in pairs if wrong[i, j]]
    return Table(f"The most frequent mix-ups of {len(labels)} classes", ["true", "predicted", "rows"], cells)


def _numbers(section: Section, name: str, pair: Record) -> None:
    """Predicted against true, and the residuals, of one target."""
    both = [(t, p) for t, p in zip(pair["true"] or (), pair["predicted"] or (), strict=True) if None not in (t, p)]
    if len(both) < 2:
        return
    true, predicted = np.array(both, dtype=float).T
    error = predicted - true
    groups = np.array_split(np.argsort(true, kind="stable"), min(10, len(true)))
    cells = [
        [f"{_told(true[g].min())} to {_told(true[g].max())}", f"{len(g):,}", _told(true[g].mean()),
         _told(predicted[g].mean()), _told(np.abs(error[g]).mean())]
        for g in groups
    ]  # fmt: skip
    table = Table(
        f"{name}: groups of rows by true value",
        ["true value", "rows", "mean true", "mean predicted", "mean size of the error"],
        cells,
    )
    counts, edges = charts.bins(error)
    spread = [
        [f"{_told(a)} to {_told(b)}", f"{n:,}"] for a, b, n in zip(edges[:-1], edges[1:], counts.tolist(), strict=True)
    ]  # fmt: skip
    section.add(
        Heading(name),
        Figure(charts.against(true, predicted, f"{name}: predicted against true", name),
               f"A point is one row that it is judged on; {len(true):,} are drawn. On the dashed line a prediction is right.",
               table),
        Figure(charts.residuals(error, f"{name}: how far the predictions are off", name),
               "Right of 0 the prediction is too high, left of it too low.",
               Table(f"{name}: residuals", ["predicted minus true", "rows"], spread)),
    )  # fmt: skip


def _told(value: Any) -> str:
    return plain(float(value))


def worst(record: Record) -> Section:
    """The test rows that the network is most wrong about."""
    section = Section("worst", "The rows it is most wrong about")
    found = record["worst"] or []
    if not found:
        return section
    columns = list(dict.fromkeys(name for row in found for name in row["values"] or {}))
    drops = {row["column"]: row["drop"] or 0.0 for row in record["importance"] or []}
    weighty = sorted(columns, key=lambda name: -drops.get(name, 0.0))[:BESIDE]
    shown = [name for name in columns if name in weighty]
    most = f"; the {BESIDE} columns that matter most" if len(columns) > BESIDE else ""
    section.add(Text("Look at these first: a wrong label or a slipped column often shows here."))
    cells = [
        [plain(row["line"]), plain(row["true"]), plain(row["predicted"]), plain(row["loss"]),
         *(short(plain((row["values"] or {}).get(name))) for name in shown)]
        for row in found[:LABELS]
    ]  # fmt: skip
    head = ["line", "true", "predicted", "loss", *shown]
    section.add(Table("Rows with the largest loss" + most, head, cells, numeric=False))
    return section
