"""Whether a network was worth it: its figures beside those of what can be had without one, and the verdict in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.tables import intervals
from pellucid.tables.baselines import CONSTANT, LINEAR
from pellucid.tables.fitting import NETWORK
from pellucid.tables.intervals import Resampling
from pellucid.tables.scores import Scoring

Figures = dict[str, dict[str, float]]
SHOWN = 1000  # pairs of true and predicted numbers that are kept
_WORDS = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "r2": "R2"}


@dataclass
class Judged:
    """Answers of every contender about the same rows. `seen`: "" for rows that were set aside, else what they are.

    `ends`: of the network's intervals (rows, targets, 2) in the table's unit, where it has some.
    """

    rows: np.ndarray
    truth: np.ndarray
    answers: dict[str, np.ndarray]
    scoring: Scoring
    again: Resampling
    seen: str = ""
    ends: np.ndarray | None = None

    def __post_init__(self) -> None:
        self.statistics = {name: self.scoring.statistics(a, self.truth) for name, a in self.answers.items()}

    def scores(self) -> dict[str, Figures]:
        """{contender: {figure: {"value", "low", "high"}}}, the network first."""
        return {name: intervals.of_figures(self.scoring, s, self.again) for name, s in self.statistics.items()}

    def differences(self) -> dict[str, dict[str, float]]:
        """{baseline: {"value", "low", "high"}}: the network's main figure less the baseline's."""
        own = self.statistics[NETWORK]
        return {
            name: intervals.of_difference(self.scoring, own, other, self.again)
            for name, other in self.statistics.items()
            if name != NETWORK
        }


def verdict(judged: Judged, scores: dict[str, Figures], differences: dict[str, dict[str, float]]) -> dict[str, Any]:
    """{"text", "wins"}: true where the network is better than every baseline, false where one is better, null where
    nobody can tell. Better means that the whole interval of the difference lies on one side of 0.
    """
    main = judged.scoring.main
    own = scores[NETWORK][main]
    rows = f"{len(judged.rows):,} rows {judged.seen or 'that it has not seen'}"
    ends = (
        f"95 % interval {figure(main, own['low'])} to {figure(main, own['high'])}"
        if judged.again.enough
        else "too few groups judge for an interval"
    )
    text = f"{_WORDS[main].capitalize() if main != 'r2' else 'R2'} {figure(main, own['value'])} on {rows} ({ends})"
    text += f"{_off(scores[NETWORK])}. "
    if not differences:
        return {"text": f"{text}There is no baseline to compare it with.", "wins": None}
    lost = [name for name, d in differences.items() if d["high"] < 0]
    unclear = [name for name, d in differences.items() if name not in lost and not d["low"] > 0]
    best = max(differences, key=lambda name: scores[name][main]["value"])
    if lost:
        rival = min(lost, key=lambda name: differences[name]["value"])
        return {
            "text": f"{text}The network loses to {_against(scores, differences, rival, main)}. Use that.",
            "wins": False,
        }
    if constant := [name for name in unclear if name in CONSTANT]:
        text += f"No clear difference even to {_against(scores, differences, constant[0], main)}: "
        text += f"by {_WORDS[main]}, these rows do not show that the columns help at all."
        return {"text": text, "wins": None}
    if unclear:
        rival = LINEAR if LINEAR in unclear else best if best in unclear else unclear[0]
        simpler = ", and the linear model is simpler" if rival == LINEAR else ""
        text += f"No clear difference to {_against(scores, differences, rival, main)}: "
        text += f"these rows do not tell which is better{simpler}."
        return {"text": text, "wins": None}
    text += f"Better than every baseline; the best of them is {_against(scores, differences, best, main)}."
    return {"text": text, "wins": True}


def _off(own: Figures) -> str:
    """How far a number is off on average, in the table's unit; "" where there are classes or several targets."""
    if "mae" not in own:
        return ""
    value = own["mae"]["value"]
    return f", {f'{value:,.0f}' if 1e4 <= value < 1e12 else f'{value:.3g}'} off on average"


def _against(scores: dict[str, Figures], differences: dict[str, dict[str, float]], name: str, main: str) -> str:
    d = differences[name]
    reaches = f"{name}, which reaches {figure(main, scores[name][main]['value'])}"
    if not d["low"] <= d["high"]:
        return reaches
    unit = 100.0 if main != "r2" else 1.0
    ends = " to ".join(f"{unit * d[end]:+.{1 if unit > 1 else 3}f}" for end in ("low", "high"))
    points = " points" if unit > 1 else ""
    return f"{reaches} (the network less that: {ends}{points})"


def figure(name: str, value: float) -> str:
    """A share in per cent, another figure with three digits behind the point."""
    return f"{value:.1%}".replace("%", " %") if name in ("accuracy", "balanced_accuracy") else f"{value:.3f}"


def confusion(judged: Judged, labels: list[str]) -> dict[str, Any] | None:
    """Counts, row = true class, column = the network's; None where there are no classes."""
    if judged.scoring.task != "classification":
        return None
    predicted, count = judged.answers[NETWORK].argmax(axis=1), len(labels)
    counts = np.bincount(judged.truth * count + predicted, minlength=count * count).reshape(count, count)
    return {"labels": labels, "counts": counts.tolist()}


def per_class(judged: Judged, labels: list[str]) -> list[dict[str, Any]] | None:
    """Precision, recall, F1 and rows of each class, or of each yes where the task is several questions."""
    task = judged.scoring.task
    if task == "regression":
        return None
    sums = judged.statistics[NETWORK].sum(axis=0)
    right, predicted, true = np.split(sums[2 if task == "classification" else 4 :], 3)
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = [right / predicted, right / true, 2 * right / (predicted + true)]
    values = np.nan_to_num(np.array(parts)).T.tolist()
    return [
        {"label": label, "precision": p, "recall": r, "f1": f, "rows": int(n)}
        for label, (p, r, f), n in zip(labels, values, true, strict=True)
    ]


def numbers(judged: Judged) -> dict[str, dict[str, list[float]]] | None:
    """{target: {"true", "predicted"}} of at most SHOWN rows; None where there are classes."""
    if judged.scoring.task != "regression":
        return None
    some = slice(None, None, -(-len(judged.rows) // SHOWN))
    true, predicted = judged.truth[some], judged.answers[NETWORK][some]
    return {
        name: {"true": true[:, k].tolist(), "predicted": predicted[:, k].tolist()}
        for k, name in enumerate(judged.scoring.names)
    }


def held(judged: Judged, level: float) -> dict[str, Any] | None:
    """What the intervals held: `interval` of one target, {"level", "of": {target: the rest}} of several; None for none."""
    if judged.ends is None:
        return None
    each = [interval(judged.ends[:, k], judged.truth[:, k], level, judged.again) for k in range(judged.ends.shape[1])]
    if len(each) == 1:
        return dict(each[0])
    rest = [{name: value for name, value in one.items() if name != "level"} for one in each]
    return {"level": level, "of": dict(zip(judged.scoring.names, rest, strict=True))}


def each_held(record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """`held`'s figures by target, each with its level; "" stands for a single target."""
    return {name: {**one, "level": record["level"]} for name, one in (record.get("of") or {"": record}).items()}


def held_in_words(record: dict[str, Any]) -> list[str]:
    """A line for each target of what `held` found; None in a record that was read stands for what it lacks."""
    lines = []
    for name, one in each_held(record).items():
        if one["level"] is None or one["coverage"] is None:
            continue
        ends = [figure("accuracy", one[end]) for end in ("low", "high") if one[end] is not None]
        between = f" ({' to '.join(ends)})" if len(ends) == 2 else ""
        lines.append(
            f"{f'{name}: ' if name else ''}{figure('accuracy', one['coverage'])} of the rows lie in their "
            f"{100 * one['level']:g} % interval{between}"
        )
    return lines


def interval(ends: np.ndarray, truth: np.ndarray, level: float, again: Resampling) -> dict[str, float]:
    """What share of the rows lies in its interval, and how wide they are. ends: (rows, 2), truth: (rows,), of a target."""
    inside = (ends[:, 0] <= truth) & (truth <= ends[:, 1])
    low, high = intervals.of_share(float(inside.mean()), len(inside))
    if again.clustered:  # groups are drawn whole: their rows lie in their intervals together, or outside
        right, rows = again.sums(np.column_stack([inside, np.ones(len(inside))])).T
        low, high = intervals.middle(right / np.maximum(rows, 1)) if again.enough else (math.nan, math.nan)
    width = float((ends[:, 1] - ends[:, 0]).mean())
    return {"level": level, "coverage": float(inside.mean()), "low": low, "high": high, "width": width}
