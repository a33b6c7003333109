"""How good it is, beside the baselines, and which columns its answers rest on."""

from __future__ import annotations

import re

from pellucid.report import charts
from pellucid.report.blocks import Figure, Items, Section, Table, Text
from pellucid.report.record import Record
from pellucid.report.words import (
    ERRORS,
    UNKNOWN,
    counted,
    cut,
    gain,
    gain_span,
    kind,
    metric_name,
    score,
    span,
    title,
    unit,
)

ROWS = 100  # of a long table
IMPORTANT = 20  # columns of the chart


def verdict(record: Record) -> Section:
    """The verdict, and the scores that it stands on."""
    section = Section("verdict", "Verdict")
    judged, metric = record["verdict"] or {}, record["metric"] or ""
    if judged.get("text"):
        first, *others = re.split(r"(?<=[.!?]) (?=[A-Z])", judged["text"], maxsplit=1)
        section.add(Text(first, strong=True), *map(Text, others))
    scores = _scores(record)
    if not scores:
        return section
    where = counted(record["rows_judged"], "row") or "the test rows"
    names = list(dict.fromkeys(name for rows in scores.values() for name in rows))
    main = metric if metric in names else names[0] if names else ""
    contenders = list(scores)
    own = scores[contenders[0]].get(main)
    if own and own["value"] is not None and not judged.get("text"):
        section.add(Text(_own(main, own, record)))
    differences = _differences(record, main)
    section.add(Items([("", words, "") for words in differences]) if differences else None)
    drawn = [
        (name, rows[main]["value"], rows[main]["low"], rows[main]["high"])
        for name, rows in scores.items()
        if main in rows and rows[main]["value"] is not None
    ][:ROWS]
    table = Table(
        f"Scores on {where}, 95 % intervals in brackets", ["", *map(metric_name, names)],
        [[name, *(_cell(other, rows.get(other)) for other in names)] for name, rows in list(scores.items())[:ROWS]],
    )  # fmt: skip
    if drawn:
        heading = f"{title(metric_name(main))} on {where}"
        caption = "Bars are 95 % intervals: where the score is likely to lie on other rows."
        axis = metric_name(main) + (", %" if unit(main) != 1.0 else "")
        picture = charts.intervals(drawn, heading, axis, lambda value: score(main, value), unit(main))
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
    judged = record["rows_judged"]
    words = f"On {counted(judged, 'row') if judged else 'the rows'} that it is judged on, the network reaches "
    words += f"{score(metric, edges['value'])} {metric_name(metric)}."
    between = span(metric, edges["low"], edges["high"])
    return words + (f" On other rows of the same kind it is likely to be {between} (95 % interval)." if between else "")


def _differences(record: Record, metric: str) -> list[str]:
    """The network against each baseline: better or worse only where the interval leaves out 0."""
    said = []
    for name, edges in (record["differences"] or {}).items():
        if edges is None or edges["value"] is None:
            continue
        low, high = edges["low"], edges["high"]
        between = gain_span(metric, low, high)
        words = f"difference {gain(metric, edges['value'])}" + (f" ({between})" if between else "")
        if low is None or high is None:
            said.append(f"Against {name}: {words}.")
        elif low <= 0 <= high:
            said.append(f"Against {name}: no clear difference; {words}.")
        else:
            better = (low > 0) != (kind(metric) in ERRORS)
            said.append(f"{'Better' if better else 'Worse'} than {name}: {words}.")
    return said


def importance(record: Record) -> Section:
    """How much the score drops where one column is shuffled."""
    section = Section("importance", "What the answers rest on")
    rows = [row for row in record["importance"] or [] if row["drop"] is not None and row["column"] is not None]
    if not rows:
        return section
    metric = record["metric"] or ""
    rows.sort(key=lambda row: -row["drop"])
    section.add(Text(
        "One column at a time is shuffled over the rows. The more the score drops, the more the network rests on that "
        "column. An interval that holds 0 means that the column may not matter at all. Columns that say the same share "
        "their importance."
    ))  # fmt: skip
    drawn = [(row["column"], row["drop"], row["low"], row["high"]) for row in rows[:IMPORTANT]]
    label = f"drop of {metric_name(metric)}" if metric else "drop of the score"
    across = f"{label}, points" if unit(metric) != 1.0 else label
    cells = [
        [row["column"], gain(metric, row["drop"]), gain_span(metric, row["low"], row["high"]) or UNKNOWN]
        for row in rows
    ]
    more = f" Of {len(rows)} columns the first {IMPORTANT} are drawn." if len(rows) > IMPORTANT else ""
    section.add(Figure(
        charts.intervals(drawn, "Permutation importance", across, lambda value: gain(metric, value), unit(metric), zero=True),
        f"The {label} where the column is shuffled, with its interval.{more}",
        Table("Permutation importance" + cut(len(cells), ROWS), ["column", label, "interval"], cells[:ROWS]),
    ))  # fmt: skip
    return section
