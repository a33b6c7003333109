"""The network itself: its drawing and settings, its curves, its health."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pellucid.errors import InputError
from pellucid.glass import curves, histograms
from pellucid.glass import network as drawing
from pellucid.glass.chain import columns as chain
from pellucid.report.blocks import Figure, Items, Section, Table, Text, facts
from pellucid.report.record import LARGE, Record, line, scalar
from pellucid.report.words import counted, listed, metric_name, plain, share, story, title

LINES = 8  # curves of one picture
LAYERS = 40
NAMED = 3  # pictures of metrics
TOLD = (
    "parameters",
    "seed",
    "layers",
    "loss",
    "optimizer",
    "dtype",
    "best epoch",
)  # by the network itself, or elsewhere


def network(model: Any, record: Record, inputs: Sequence[str] | None) -> Section:
    """Units and weights, and what it was trained with."""
    section = Section("network", "The network")
    units = chain(model.network)
    classes = (record["target"] or {}).get("classes") or (record["target"] or {}).get("names") or []
    names = list(inputs) if inputs is not None and len(inputs) == units[0].units else None
    outputs = classes if classes and len(classes) == units[-1].units else None
    picture = drawing.draw(model, inputs=names, outputs=outputs, title="The network")
    caption = (
        "Lines are weights: wide is large, solid is positive, dashed is negative. Wide layers show their ends only."
    )
    section.add(Figure(picture, caption, drawing.table(model)))
    settings = [(str(key).replace("_", " "), _setting(value)) for key, value in (record["network"] or {}).items()]
    section.add(
        facts([
            ("Layers", ", ".join(repr(layer) for layer in model.layers)),
            ("Parameters", f"{sum(column.parameters for column in units):,}"),
            ("Loss", repr(model.loss) if model.loss is not None else ""),
            ("Optimiser", repr(model.optimizer)),
            ("Seed", str(model.seed)),
            ("Numbers", model.dtype.name),
            *[(key.capitalize(), words) for key, words in settings if key not in TOLD][:LAYERS],
        ])
    )  # fmt: skip
    return section


def _setting(value: Any) -> str:
    """A setting of the record, whatever it is, in a few words."""
    if isinstance(value, list):
        return ", ".join(_setting(item) for item in value[:LAYERS])
    if isinstance(value, dict):
        return ", ".join(f"{scalar(key, '')} {_setting(item)}" for key, item in list(value.items())[:LAYERS])
    return "" if value is None else plain(scalar(value, "network"))


def learning(model: Any, record: Record) -> Section:
    """The curves, the best epoch marked, and what they say."""
    section = Section("curves", "How it learned")
    history = model.history
    rows = history.epochs if history is not None else []
    if not any(math.isfinite(row.get("loss", math.nan)) for row in rows):
        return section
    series = {name: _drawable(values) for name, values in history.curves("loss").items()}
    valid = series.get("validation", [])
    kept = (record["network"] or {}).get("best_epoch")
    best = _best(history.best_epoch or kept, valid)
    for words in story(series["training"], valid, best):
        section.add(Text(words))
    section.add(
        Text(f"The network of epoch {best} is the one that was kept.") if best is not None and best == kept else None
    )
    mark = (best, "best") if best is not None else None
    others = [name for name in history.names if name not in ("epoch", "learning_rate") and not name.startswith("val_")]
    for name in sorted(others, key=lambda name: name != "loss")[: 1 + NAMED]:
        metric = metric_name(line(name, "a metric"))
        heading = f"{title(metric)}, epoch by epoch"
        series = {label: _drawable(values) for label, values in history.curves(name).items()}
        picture = curves.draw(series, heading, metric, mark=mark)
        what = "The lower, the better." if name == "loss" else ""
        marked = f" Epoch {best}, the one with the lowest validation loss, is marked." if best is not None else ""
        section.add(Figure(picture, (what + marked).strip(), curves.table(series, heading, mark=mark)))
    return section


def _drawable(values: list[float]) -> list[float]:
    """The same with a gap where a number is too large to be drawn to scale."""
    return [value if abs(value) < LARGE else math.nan for value in values]


def _best(known: Any, valid: list[float]) -> int | None:
    """The epoch with the lowest validation loss."""
    if type(known) is int and 1 <= known <= len(valid):
        return known
    finite = [(value, place) for place, value in enumerate(valid, 1) if math.isfinite(value)]
    return min(finite)[1] if finite else None


def health(model: Any, record: Record) -> Section:
    """Findings, gradients, dead units, weights."""
    section = Section("health", "Health of the network")
    found = record["health"] or {}
    findings = found.get("findings")
    if findings:
        section.add(Items([_finding(row) for row in findings[:LAYERS]]))
    elif findings is not None:
        section.add(Text("Nothing found: gradients, updates and units look as they should."))
    section.add(_gradients(found.get("gradients"), found.get("epochs")), _dead(found.get("dead")))
    try:
        picture, table = histograms.draw(model), histograms.table(model)
    except InputError:  # a network without parameters
        return section
    section.add(Figure(picture, "Where the weights of each layer lie. A dashed line marks 0.", table))
    return section


def _finding(row: Record) -> tuple[str, str, str]:
    """What was found where, the likely cause, what to try, and what shows more."""
    more = row["page"] or ""
    if not row["name"] or not row["says"]:
        return row["severity"] or "", row["text"] or "", more
    said = [row["says"]]
    said += [f"Likely cause: {row['cause']}"] if row["cause"] else []
    said += [f"Try: {row['advice']}"] if row["advice"] else []
    return f"{row['name']} ({row['where']})" if row["where"] else row["name"], " ".join(said), more


def _gradients(found: dict[str, list[float | None]] | None, epochs: list[int] | None) -> Figure | None:
    """The size of each layer's gradient over the epochs that were looked at."""
    series = {name: [math.nan if v is None else v for v in values] for name, values in (found or {}).items()}
    series = {name: values for name, values in series.items() if any(math.isfinite(v) and v > 0 for v in values)}
    if not series:
        return None
    short = [name.partition("(")[0] for name in series]  # "0 Dense" of "0 Dense(4, 8)": what fits beside a curve
    names = short if len(set(short)) == len(short) else list(series)
    drawn = dict(list(zip(names, series.values(), strict=True))[:LINES])
    more = f" The first {LINES} of {len(series)} layers are drawn." if len(series) > LINES else ""
    heading = "Size of the gradients by layer"
    picture = curves.draw(drawn, heading, "norm", x_label="look", log=True)
    behind = curves.table(dict(list(series.items())[:LAYERS]), heading, x_label="look")
    words = "A layer whose line drops towards 0 has stopped learning; one that shoots up is about to break."
    looked = f" It was looked at after epochs {listed([str(epoch) for epoch in epochs], 30)}." if epochs else ""
    return Figure(picture, words + more + looked, behind)


def _dead(found: dict[str, float | None] | None) -> Table | Text | None:
    """The share of units that are the same for every row."""
    rows = [[name, share(value) if value <= 1 else counted(int(value), "unit")] for name, value in (found or {}).items()
            if value is not None]  # fmt: skip
    if not any((found or {}).values()):
        return Text("No unit gives every row the same.") if found else None
    return Table("Units that give every row the same", ["layer", "units"], rows[:LAYERS])
