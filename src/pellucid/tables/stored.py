"""Encoders and targets out of a file that anybody may have written: looked at in every part before anything is made of it."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from pellucid.errors import FileError, PellucidError
from pellucid.tables.records import PARTS

if TYPE_CHECKING:
    from pellucid.tables.plan import Plan

_SCALES: dict[str, tuple[str, ...]] = {
    "standard": ("center", "spread"), "smooth": ("center", "spread"), "log": ("offset", "unit", "center", "spread"),
    "normal": ("knots", "scores"),
}  # fmt: skip
_OWN: dict[str, tuple[str, ...]] = {"boolean": (), "date": ("parts",), "category": ("levels", "other", "rare")}
TASKS = ("classification", "regression", "multilabel")
TASK_KINDS = {"regression": "number", "multilabel": "boolean"}


def encoder_from(content: Any) -> tuple[Plan, list[dict[str, Any]], list[str]]:
    """(plan, records, known) of `Encoder.to_json`."""
    _keys(content, {"plan", "records", "known"}, "encoder")
    plan, records, known = _plan(content["plan"]), content["records"], content["known"]
    _need(isinstance(records, list) and bool(records), "the encoder has no records")
    _need(texts(known), "the encoder does not name its columns")
    for record in records:
        check_record(record)
    names = [record["column"] for record in records]
    kinds = [(column.name, column.kind) for column in plan.columns]
    _need(kinds == [(r["column"], r["kind"]) for r in records], "the encoder's plan and its records differ")
    _need([column.name for column in plan.used] == names and set(names) <= set(known), "the encoder's columns differ")
    return plan, records, known


def _plan(content: Any) -> Plan:
    from pellucid.tables.plan import Plan

    try:
        return Plan.from_json(content)
    except PellucidError as error:
        raise FileError(f"its column plan is damaged: {str(error)[:120]}") from None


def check_record(record: Any) -> None:
    """Refuse what is no record of `tables.records`."""
    _need(isinstance(record, dict) and record.get("kind") in ("number", *_OWN), "a record has no kind that is known")
    kind = record["kind"]
    scaled = kind == "number" or (kind == "date" and "scale" in record)
    _need(
        not scaled or record.get("scale") in (tuple(_SCALES) if kind == "number" else ("standard",)),
        "a scale is not known",
    )
    of_scale = ("scale", *_SCALES[record["scale"]]) if scaled else ()
    _keys(record, {"column", "kind", "missing", *_OWN.get(kind, ()), *of_scale}, "record of a column")
    _need(isinstance(record["column"], str) and type(record["missing"]) is bool, "a record has no column")
    if kind == "category":
        _need(texts(record["levels"]) and type(record["other"]) is bool, "a category has no levels")
        _need(record["rare"] is None or texts(record["rare"]), "a category's rare values are no list of texts")
    if kind == "date":
        _need(texts(record["parts"]) and set(record["parts"]) <= set(PARTS), "a date has parts that are not known")
    if scaled and record["scale"] == "normal":
        knots, scores = record["knots"], record["scores"]
        _need(numbers(knots) and numbers(scores) and 2 <= len(knots) == len(scores), "a column's knots are no numbers")
        _need(_rises(knots), "a column's knots do not rise")
        _need(max(map(abs, scores)) < 100.0, "a column's scores are too large")
    elif scaled:
        _need(numbers([record[name] for name in of_scale[1:]]), "a column's scale is no number")
        _need(record["spread"] >= 0.0 and record.get("unit", 1.0) > 0.0, "a column's spread or unit is below 0")


def _rises(values: list[float]) -> bool:
    return all(a < b for a, b in itertools.pairwise(values))


def target_from(content: Any) -> dict[str, Any]:
    """The fields of a `Target`, from its `to_json`."""
    _keys(content, {"names", "task", "classes", "mean", "scale", "words", "levels", "why", "plan"}, "target")
    names, task = content["names"], content["task"]
    _need(texts(names) and bool(names) and task in TASKS and isinstance(content["why"], str), "the target is none")
    single, count = task != "multilabel" and len(names) == 1, len(names)
    _need(
        texts(content["classes"]) and (task == "classification") == (len(content["classes"]) >= 2),
        "the classes are none",
    )
    _need(task != "classification" or single, "a classification has one target")
    for name in ("mean", "scale", "levels"):
        _need(numbers(content[name]), f"the target's {name} is no list of numbers")
    _need(
        len(content["mean"]) == len(content["scale"]) == (count if task == "regression" else 0),
        "the target has no mean",
    )
    _need(all(scale > 0.0 for scale in content["scale"]), "the target's scale is not above 0")
    levels = content["levels"]
    inside = all(0.0 < level < 1.0 for level in levels) and _rises(levels)
    _need(not levels or (inside and len(levels) >= 2 and task == "regression"), "the target's levels are none")
    words = content["words"]
    _need(
        isinstance(words, list) and len(words) == (count if task == "multilabel" else 0), "the target's words are none"
    )
    _need(all(texts(pair) and len(pair) == 2 for pair in words), "the target's words are no pairs")
    plan = _plan(content["plan"])
    _need([column.name for column in plan.columns] == names == plan.targets, "the target and its plan differ")
    kinds = {"number", "boolean", "category"} if task == "classification" else {TASK_KINDS[task]}
    _need({column.kind for column in plan.columns} <= kinds, "the target's columns are of another kind")
    return {**content, "plan": plan}


# -- small checks ------------------------------------------------------------------------------------------------------


def texts(value: Any) -> bool:
    """Whether it is a list of texts, none twice."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value) and len(set(value)) == len(value)


def numbers(value: Any) -> bool:
    """Whether it is a list of finite numbers."""
    return isinstance(value, list) and all(
        (type(item) is float and math.isfinite(item)) or (type(item) is int and abs(item) < 2**53) for item in value
    )


def _need(holds: bool, otherwise: str) -> None:
    if not holds:
        raise FileError(f"its table is damaged: {otherwise}.")


def _keys(content: Any, keys: set[str], what: str) -> None:
    _need(isinstance(content, dict) and set(content) == keys, f"the {what} is not what pellucid writes")
