"""How good it is: the verdict beside the baselines, the mistakes by class or by value, what the answers rest on."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.report import charts
from pellucid.report.blocks import Figure, Heading, Items, Section, Table, Text
from pellucid.report.record import Record
from pellucid.report.words import ERRORS, UNKNOWN, counted, metric_name, plain, score, share, span

DRAWN = 12  # classes of a matrix that is drawn; of more, the most frequent mix-ups are listed
LABELS = 30  # classes of the table behind it
ROWS = 100  # of a long table
IMPORTANT = 20  # columns of the chart
TARGETS = 4  # of several numeric targets, those that are drawn


def verdict(record: Record) -> Section:
    """The verdict, and the scores that it stands on."""
    section = Section("verdict", "Verdict")
    judged, metric = record["verdict"] or {}, record["metric"] or ""
    if judged.get("text"):
        section.add(Text(judged["text"], strong=True))
    scores = _scores(record)
    if not scores:
        return section
    names = list(dict.fromkeys(name for rows in scores.values() for name in rows))
    main = metric if metric in names else names[0] if names else ""
    contenders = list(scores)
    own = scores[contenders[0]].get(main)
    if own and own["value"] is not None:
        section.add(Text(_own(main, own, record)))
    differences = _differences(record, main)
    section.add(Items([("", words, "") for words in differences]) if differences else None)
    drawn = [
        (name, rows[main]["value"], rows[main]["low"], rows[main]["high"])
        for name, rows in scores.items()
        if main in rows and rows[main]["value"] is not None
    ][:ROWS]
    table = Table(
        "Scores on the test rows, intervals in brackets", ["", *map(metric_name, names)],
        [[name, *(_cell(other, rows.get(other)) for other in names)] for name, rows in list(scores.items())[:ROWS]],
    )  # fmt: skip
    if drawn:
        title = f"{metric_name(main).capitalize()} on the test rows"
        caption = "The network beside the baselines. A bar is the interval within which the score is likely to lie."
        picture = charts.intervals(drawn, title, metric_name(main), lambda value: score(main, value))
        section.add(Figure(picture, caption, table))
    else:
        section.add(table)
    return section


def _scores(record: Record) -> dict[str, dict[str, Record]]:
    """The scores that are there."""
    found = {
        name: {metric: edges for metric, edges in (rows or {}).items() if edges is not None}
        for name, rows in (record["scores"] or {}).items()
    }
    return {name: rows for name, rows in found.items() if rows}


def _cell(metric: str, edges: Record | None) -> str:
    if edges is None:
        return UNKNOWN
    between = span(metric, edges["low"], edges["high"])
    return score(metric, edges["value"]) + (f" ({between})" if between else "")


def _own(metric: str, edges: Record, record: Record) -> str:
    test = (record["split"] or {}).get("test")
    where = f"the {counted(test, 'test row')}" if test else "the test rows"
    reached = f"{score(metric, edges['value'])} {metric_name(metric)}"
    words = f"On {where}, which took no part in training, the network reaches {reached}."
    between = span(metric, edges["low"], edges["high"])
    return words + (f" With other test rows of the same kind it would likely lie between {between.replace(' to ', ' and ')}."
                    if between else "")  # fmt: skip


def _differences(record: Record, metric: str) -> list[str]:
    """The network against each baseline: better or worse only where the interval leaves out 0."""
    said = []
    for name, edges in (record["differences"] or {}).items():
        if edges is None or edges["value"] is None:
            continue
        low, high = edges["low"], edges["high"]
        between = span(metric, low, high)
        words = f"difference {score(metric, edges['value'])}" + (f" ({between})" if between else "")
        if low is None or high is None:
            said.append(f"Against {name}: {words}.")
        elif low <= 0 <= high:
            said.append(f"Against {name}: no clear difference; {words}.")
        else:
            better = (low > 0) != (metric in ERRORS)
            said.append(f"{'Better' if better else 'Worse'} than {name}: {words}.")
    return said


def folds(record: Record) -> Table | None:
    """The scores fold by fold."""
    rows = record["folds"] or []
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        return None
    cells = [[str(place + 1), *(_fold(name, row.get(name)) for name in names)] for place, row in enumerate(rows[:ROWS])]
    return Table("Fold by fold", ["fold", *map(metric_name, names)], cells)


def _fold(name: str, value: Any) -> str:
    return score(name, value) if isinstance(value, float) and name in ("r2", "accuracy") else plain(value)


def mistakes(record: Record) -> Section:
    """Which classes are mixed up, or how far the numbers are off."""
    section = Section("mistakes", "Where it is right and wrong")
    _classes(record, section)
    for name, pair in list((record["numbers"] or {}).items())[:TARGETS]:
        _numbers(section, name, pair)
    more = len(record["numbers"] or {}) - TARGETS
    if more > 0:
        section.add(Text(f"{more} more targets are not drawn."))
    section.add(Text(_coverage(record["interval"])) if record["interval"] else None, folds(record))
    return section


def _coverage(interval: Record) -> str:
    """What the prediction intervals promised, and what they held."""
    promised, held = share(interval["level"], 0), share(interval["coverage"])
    between = span("coverage", interval["low"], interval["high"])
    words = f"Its {promised} intervals hold the true value of {held} of the test rows"
    words += f" (likely {between})." if between else "."
    return words + (f" They are {plain(interval['width'])} wide on average." if interval["width"] is not None else "")


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
            Table("Class by class" + _cut(len(rows)), ["class", "precision", "recall", "F1", "test rows"], cells),
        )  # fmt: skip


def _mixed_up(labels: list[str], counts: np.ndarray) -> Table:
    """The pairs of classes that are mixed up most."""
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:LABELS]
    pairs = [(int(at) // len(labels), int(at) % len(labels)) for at in order]
    cells = [[labels[i], labels[j], f"{wrong[i, j]:,}"] for i, j in pairs if wrong[i, j]]
    return Table(f"The most frequent mix-ups of {len(labels)} classes", ["true", "predicted", "rows"], cells)


def _cut(count: int) -> str:
    return f" (the first {ROWS} of {count:,})" if count > ROWS else ""


def _numbers(section: Section, name: str, pair: Record) -> None:
    """Predicted against true, and the residuals, of one target."""
    both = [(t, p) for t, p in zip(pair["true"] or (), pair["predicted"] or (), strict=True) if None not in (t, p)]
    if len(both) < 2:
        return
    true, predicted = np.array(both, dtype=float).T
    error = predicted - true
    if not np.isfinite(error).all() or max(abs(true).max(), abs(predicted).max()) > 1e150:
        return  # nothing that could be drawn to scale
    groups = np.array_split(np.argsort(true, kind="stable"), min(10, len(true)))
    cells = [
        [f"{true[g].min():.4g} to {true[g].max():.4g}", f"{len(g):,}", f"{true[g].mean():.4g}",
         f"{predicted[g].mean():.4g}", f"{np.abs(error[g]).mean():.4g}"]
        for g in groups
    ]  # fmt: skip
    table = Table(
        f"{name}: groups of rows by true value",
        ["true value", "rows", "mean true", "mean predicted", "mean error"],
        cells,
    )
    counts, edges = charts.bins(error)
    spread = [
        [f"{a:.4g} to {b:.4g}", f"{n:,}"] for a, b, n in zip(edges[:-1], edges[1:], counts.tolist(), strict=True)
    ]  # fmt: skip
    section.add(
        Heading(name),
        Figure(charts.against(true, predicted, f"{name}: predicted against true", name),
               f"Each point is one test row ({len(true):,} are drawn). On the dashed line a prediction is right.", table),
        Figure(charts.residuals(error, f"{name}: how far the predictions are off", name),
               "Right of 0 the prediction is too high, left of it too low.",
               Table(f"{name}: residuals", ["predicted minus true", "rows"], spread)),
    )  # fmt: skip


def importance(record: Record) -> Section:
    """How much the score drops where one column is shuffled."""
    section = Section("importance", "What the answers rest on")
    rows = [row for row in record["importance"] or [] if row["drop"] is not None and row["column"] is not None]
    if not rows:
        return section
    metric = record["metric"] or ""
    rows.sort(key=lambda row: -row["drop"])
    section.add(Text(
        "One column at a time is shuffled over the test rows. The more the score drops, the more the network rests on that "
        "column. An interval that holds 0 means that the column may not matter at all. Columns that say the same share "
        "their importance."
    ))  # fmt: skip
    drawn = [(row["column"], row["drop"], row["low"], row["high"]) for row in rows[:IMPORTANT]]
    label = f"drop of {metric_name(metric)}" if metric else "drop of the score"
    cells = [
        [row["column"], score(metric, row["drop"]), span(metric, row["low"], row["high"]) or UNKNOWN] for row in rows
    ]
    more = f" Of {len(rows)} columns the first {IMPORTANT} are drawn." if len(rows) > IMPORTANT else ""
    section.add(Figure(
        charts.intervals(drawn, "Permutation importance", label, lambda value: score(metric, value), zero=True),
        f"The {label} where the column is shuffled, with its interval.{more}",
        Table("Permutation importance" + _cut(len(cells)), ["column", label, "interval"], cells[:ROWS]),
    ))  # fmt: skip
    return section


def worst(record: Record, rows: bool) -> Section:
    """The test rows that the network is most wrong about."""
    section = Section("worst", "The rows it is most wrong about")
    found = (record["worst"] or []) if rows else []
    if not found:
        return section
    columns = list(dict.fromkeys(name for row in found for name in row["values"] or {}))[:LABELS]
    section.add(Text("Look at these first: a wrong label or a slipped column often shows here."))
    cells = [
        [plain(row["line"]), plain(row["true"]), plain(row["predicted"]), plain(row["loss"]),
         *(plain((row["values"] or {}).get(name)) for name in columns)]
        for row in found[:LABELS]
    ]  # fmt: skip
    head = ["line", "true", "predicted", "loss", *columns]
    section.add(Table("Test rows with the largest loss; “line” is their line in the file", head, cells, numeric=False))
    return section
