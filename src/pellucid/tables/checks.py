"""Warnings that need typed values, the target and the split: leakage, imbalance, twins across the split."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from pellucid.options import option
from pellucid.tables.alone import Feature
from pellucid.tables.leakage import leaks
from pellucid.tables.noticing import FEW_ROWS
from pellucid.tables.plan import Plan, Warn
from pellucid.tables.typed import Typed
from pellucid.tables.wording import shown

if TYPE_CHECKING:
    from pellucid.tables.target import Target

FEW_VALUES = 10  # of a number that is to be predicted: classes, perhaps
UNEVEN = 10.0  # the largest class to the smallest
TWINS = 3  # rows on both sides of the split,
TWIN_SHARE = 0.01  # and the share of the judging rows from which they count
BY_CHANCE = 20.0  # and how many times more than chance makes of such columns
SAMPLE = 20_000  # rows from which chance is reckoned


def check(
    typed: Typed, plan: Plan, target: Target, train_rows: np.ndarray, test_rows: np.ndarray, split_method: str
) -> list[Warn]:
    """What is suspicious about these rows; [] where nothing is. `plan.warnings` are not repeated."""
    known = np.flatnonzero(target.known(typed))
    warns: list[Warn] = []
    if len(known) < FEW_ROWS <= plan.rows:
        text = f"{len(known)} rows have a target, which are few: any score from them has a wide interval."
        warns.append(Warn("few rows", "", text))
    warns.extend(_task(typed, plan, target))
    if target.task == "classification":
        labels = np.asarray(target.encode(typed))
        warns.extend(_classes(labels[known], target))
        warns.extend(_never_learned(labels, train_rows, test_rows, target))
    warns.extend(_leakage(typed, plan, target, known))
    warns.extend(_twins(typed, plan, train_rows, test_rows))
    dates = [column.name for column in plan.columns if column.kind == "date" and column.reason in ("", "group")]
    if dates and split_method in ("random", "stratified"):
        flag = option("time", dates[0])
        text = (
            f"{shown(dates[0])} holds dates, but the rows are divided at random: if later rows are to be predicted from earlier "
            f"ones, the score is too good. {flag} lets the latest rows judge."
        )
        warns.append(Warn("time", dates[0], text, flag))
    return warns


def _task(typed: Typed, plan: Plan, target: Target) -> Iterator[Warn]:
    """A number with few values may be meant as classes, and the other way round: which was chosen is said."""
    name = target.names[0]
    if len(target.names) > 1 or plan.column(name).kind != "number":
        return
    values = typed.numbers[name]
    count = len(np.unique(values[~np.isnan(values)]))
    if count <= FEW_VALUES:
        other = "regression" if target.task == "classification" else "classification"
        flag = option("task", other)
        taken = "classes" if target.task == "classification" else "a number"
        text = f"{shown(name)} has {count} different numbers and is taken for {taken}. {flag} takes it the other way."
        yield Warn("task", name, text, flag)


def _classes(y: np.ndarray, target: Target) -> Iterator[Warn]:
    name = target.names[0]
    counts = np.bincount(y, minlength=len(target.classes))
    single = [target.classes[code] for code in np.flatnonzero(counts == 1)]
    if single:
        some = ", ".join(shown(label, 20) for label in single[:3]) + (", ..." if len(single) > 3 else "")
        flag = option("na", [single[0]])
        which = (
            f"the class {some} has a single row"
            if len(single) == 1
            else f"{len(single)} classes have a single row: {some}"
        )
        text = f"{shown(name)}: {which}. It cannot be learned and judged both. {flag} leaves such a row out."
        yield Warn("class of one row", name, text, flag)
    some_counts = counts[counts > 1]
    if len(some_counts) > 1 and some_counts.max() >= UNEVEN * some_counts.min():
        least = int(np.where(counts > 1, counts, counts.max()).argmin())
        flag = option("class_weights", "balanced")
        text = (
            f"{shown(name)} is uneven: {shown(target.classes[least], 20)} has {counts[least]:,} of {counts.sum():,} rows, "
            f"{shown(target.classes[int(counts.argmax())], 20)} {counts.max():,}. "
            f"Accuracy says little then; {flag} gives each class the same weight."
        )
        yield Warn("imbalance", name, text, flag)


def _never_learned(y: np.ndarray, train_rows: np.ndarray, test_rows: np.ndarray, target: Target) -> Iterator[Warn]:
    """Classes of rows that judge which no row learned from has, as where rows are divided by group or by time."""
    judging = y[test_rows][y[test_rows] >= 0]
    alone = judging[~np.isin(judging, y[train_rows])]
    absent = [target.classes[code] for code in np.unique(alone).tolist()]
    if absent:
        name, some = target.names[0], ", ".join(shown(label, 20) for label in absent[:3])
        text = (
            f"{shown(name)}: no row learned from is of the class {some}{', ...' if len(absent) > 3 else ''}, which "
            f"{len(alone):,} of the {len(judging):,} rows that judge are: every answer about those is wrong."
        )
        yield Warn("class never learned", name, text)


def _leakage(typed: Typed, plan: Plan, target: Target, known: np.ndarray) -> Iterator[Warn]:
    features = [_feature(typed, column.name).part(known) for column in plan.used if column.reason != "cycles"]
    if target.task == "classification":
        yield from leaks(
            features, np.asarray(target.encode(typed))[known].astype(np.int64), len(target.classes), target.names[0]
        )
        return
    said: set[str] = set()
    for name in target.names:
        y = typed.numbers[name][known]
        there = ~np.isnan(y)
        y, some = y[there], [feature.part(there) for feature in features if feature.name not in said]
        found = leaks(some, y.astype(np.int64), 2, name) if target.task == "multilabel" else leaks(some, y, 0, name)
        said |= {warn.column for warn in found}
        yield from found


def _feature(typed: Typed, name: str) -> Feature:
    if name in typed.categories:
        return Feature(name, typed.categories[name][0].astype(np.int64) + 1, True)  # 0: missing
    return Feature(name, typed.numbers[name], False)


def _twins(typed: Typed, plan: Plan, train_rows: np.ndarray, test_rows: np.ndarray) -> Iterator[Warn]:
    """Rows that judge and were learned from, word for word, more of them than such columns make by chance."""
    names = [column.name for column in plan.columns if column.name in typed.numbers or column.name in typed.categories]
    names = [name for name in names if plan.column(name).reason in ("", "target")]
    if not len(test_rows) or not len(train_rows) or not names:
        return
    columns = [_feature(typed, name).values for name in names]
    prints = _prints(columns)
    twins = int(np.isin(prints[test_rows], prints[train_rows]).sum())
    share = twins / len(test_rows)
    if twins >= TWINS and share >= TWIN_SHARE and share > BY_CHANCE * len(train_rows) * _alike(columns):
        flag = option("group", "COLUMN")
        text = (
            f"{twins:,} of the {len(test_rows):,} rows that judge are among the rows learned from, word for word: "
            f"the score is too good. Leave the repeats out of the file, or keep the rows of one unit together: {flag}."
        )
        yield Warn("duplicates", "", text, flag)


def _prints(columns: list[np.ndarray]) -> np.ndarray:
    """A 64-bit fingerprint of every row (multiplications and shifts of SplitMix64, Steele et al. 2014)."""
    prints = np.zeros(len(columns[0]), np.uint64)
    for values in columns:
        bits = (
            (np.nan_to_num(values, nan=1e300) + 0.0).view(np.uint64)
            if values.dtype.kind == "f"
            else values.astype(np.uint64)
        )
        prints = (prints ^ bits) * np.uint64(0xBF58476D1CE4E5B9)
        prints = (prints ^ (prints >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        prints ^= prints >> np.uint64(31)
    return prints


def _alike(columns: list[np.ndarray]) -> float:
    """How likely two rows are the same if each column is drawn by itself."""
    chance = 1.0
    for values in columns:
        some = values[:: -(-len(values) // SAMPLE)]
        counts = np.unique(some, return_counts=True)[1].astype(np.float64)
        chance *= float((counts * (counts - 1)).sum() + 1.0) / max(len(some) * (len(some) - 1.0), 1.0)
    return chance
