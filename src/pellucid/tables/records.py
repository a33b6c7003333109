"""One record a column: what it becomes for a network, learned from training rows, kept as plain JSON.

A record has "column", "kind" and what its kind needs; "missing" says whether an input tells that the value is empty
(it does where that happened in training). What was never seen in training adds nothing: a network has not learned what
to make of it. Kinds:

number    one input, see `scaling`
boolean   one input: 1 for yes, -1 for no, 0 where empty
date      the moment as a number; the places in year, week and day as sine and cosine, where they differ in training.
          Of a column that divides the rows by time, the places alone: the moments of the rows that judge, and of those
          that will come, lie beyond all that were learned from
category  one input for each of "levels", 1 where the value is that one; "other" for those rare in training and, together
          with them, for those never seen
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.tables import scaling

Record = dict[str, Any]
DAY = 86_400.0
_FIRST, _LAST = -62_135_596_800.0, 253_402_300_799.0  # the years 1 to 9999, in seconds since 1970
_YEAR = 366


# -- dates -------------------------------------------------------------------------------------------------------------


def _day_of_year(seconds: np.ndarray) -> np.ndarray:
    days = np.floor(seconds / DAY).astype(np.int64).astype("datetime64[D]")
    since: np.ndarray = (days - days.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.float64)
    return since / _YEAR


PARTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # the share of its circle that has gone by, 0 to 1
    "day of year": _day_of_year,
    "weekday": lambda seconds: ((np.floor(seconds / DAY) + 3) % 7) / 7,  # 1 January 1970 was a Thursday
    "hour": lambda seconds: (seconds % DAY) / DAY,
}


ROUND = {"day of year": 366.0, "weekday": 7.0, "hour": 1.0}  # days in which the circle closes


def _within_years(seconds: np.ndarray) -> np.ndarray:
    return np.clip(np.where(np.isnan(seconds), 0.0, seconds), _FIRST, _LAST)


# -- learning ----------------------------------------------------------------------------------------------------------


def fit_numbers(name: str, kind: str, values: np.ndarray, how: str) -> Record:
    """The record of a number, boolean or date from the training rows, float64 with NaN where empty."""
    record: Record = {"column": name, "kind": kind, "missing": bool(np.isnan(values).any())}
    if kind == "number":
        return record | scaling.fit(values, how)
    if kind == "date":
        known = _within_years(values[~np.isnan(values)])
        record["parts"] = _differing(known)
        return record | scaling.fit(known, "standard")
    return record


def fit_cycles(name: str, values: np.ndarray) -> Record:
    """The record of dates that divide the rows by time: the places on those circles that training has gone all round.

    Of three months the day of year is as good as the moment itself: later rows have days that nobody learned from.
    """
    record: Record = {"column": name, "kind": "date", "missing": bool(np.isnan(values).any())}
    known = _within_years(values[~np.isnan(values)])
    spanned = float(np.ptp(known)) / DAY if len(known) else 0.0
    record["parts"] = [part for part in _differing(known) if spanned >= ROUND[part]]
    return record


def _differing(known: np.ndarray) -> list[str]:
    return [part for part, share in PARTS.items() if len(np.unique(share(known)[:100_000])) > 1]


def fit_category(name: str, codes: np.ndarray, vocabulary: list[str], most: int, rare: int | None) -> Record:
    """The record of a category. Levels with fewer than `rare` rows, and those beyond the `most` frequent, are "other"."""
    counts = np.bincount(codes[codes >= 0], minlength=len(vocabulary))
    least = rare if rare is not None else max(2, min(10, len(codes) // 100))
    seen = [code for code in range(len(vocabulary)) if counts[code]]
    order = sorted(seen, key=lambda code: (-counts[code], vocabulary[code]))
    kept = [code for code in order[:most] if counts[code] >= least]
    others = sorted(vocabulary[code] for code in set(seen) - set(kept))
    return {
        "column": name, "kind": "category", "missing": bool((codes < 0).any()), "levels": sorted(vocabulary[c] for c in kept),
        "other": bool(others), "rare": others if len(others) <= LISTED else None,
    }  # fmt: skip


LISTED = 1000  # rare categories that are kept by name, so that only the others are called new


# -- applying ----------------------------------------------------------------------------------------------------------


def features(record: Record) -> list[str]:
    """The names of the inputs that a record makes."""
    name, kind = record["column"], record["kind"]
    if kind == "category":
        names = [f"{name}={level}" for level in record["levels"]] + ([f"{name}: other"] if record["other"] else [])
    elif kind == "date":
        names = [f"{name}: {part} ({wave})" for part in record["parts"] for wave in ("sine", "cosine")]
        names = [f"{name}: time", *names] if "scale" in record else names
    else:
        names = [name]
    return names + ([f"{name} is missing"] if record["missing"] else [])


def write_numbers(record: Record, values: np.ndarray, out: np.ndarray) -> None:
    """The inputs of a number, boolean or date into `out`, float32 (rows, inputs), which holds zeros."""
    empty = np.isnan(values)
    if record["kind"] == "boolean":
        out[:, 0] = np.where(empty, 0.0, np.where(values > 0.5, 1.0, -1.0))
    elif record["kind"] == "number":
        out[:, 0] = scaling.apply(record, values)
    else:
        seconds = _within_years(values)
        first = int("scale" in record)  # the moment itself
        if first:
            out[:, 0] = np.where(empty, 0.0, scaling.apply(record, seconds))
        for number, part in enumerate(record["parts"]):
            angle = 2.0 * math.pi * PARTS[part](seconds)
            out[:, first + 2 * number] = np.where(empty, 0.0, np.sin(angle))
            out[:, first + 2 * number + 1] = np.where(empty, 0.0, np.cos(angle))
    if record["missing"]:
        out[:, -1] = empty


def places(record: Record, vocabulary: list[str]) -> np.ndarray:
    """For each word of a table's vocabulary, and last for an empty value: the number of its input, or -1 for none."""
    levels = {level: number for number, level in enumerate(record["levels"])}
    other = len(levels) if record["other"] else -1
    empty = len(levels) + bool(record["other"]) if record["missing"] else -1
    return np.array([*(levels.get(word, other) for word in vocabulary), empty], np.int64)


def write_category(place: np.ndarray, codes: np.ndarray, out: np.ndarray) -> None:
    """The inputs of a category into `out`, float32 (rows, inputs), which holds zeros. `place`: from `places`."""
    where = place[codes]  # -1, empty, is the last of them
    rows = np.flatnonzero(where >= 0)
    out[rows, where[rows]] = 1.0


def new_words(record: Record, vocabulary: list[str]) -> list[int]:
    """The codes of the words that training never saw."""
    if record["rare"] is None:
        return []
    seen = {*record["levels"], *record["rare"]}
    return [code for code, word in enumerate(vocabulary) if word not in seen]
