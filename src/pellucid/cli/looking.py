"""What `pellucid inspect` says of data and of models."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from pellucid.cli import source, tabular, task
from pellucid.cli.output import Output, number
from pellucid.errors import DataError, InputError
from pellucid.exchange import container
from pellucid.exchange.atomic import write_atomic
from pellucid.exchange.model_file import load
from pellucid.glass.curves import sparkline
from pellucid.network import summary

SHOWN = 12  # features, classes or column numbers listed before "..."


def look(
    thing: str, target: str | None, out: Output, svg: str | None = None, reading: source.Reading | None = None
) -> None:
    """Say what `thing` is; `svg`: the file that the drawing of a model goes to, or None; `reading`: how to read a table."""
    if thing.lower().endswith(".safetensors"):
        _model(source.existing_model(thing), out, svg)
    elif svg is not None:
        raise InputError(f"--svg draws a model, and {thing} is data: pellucid inspect MODEL.safetensors --svg {svg}")
    elif source.is_table(thing):
        tabular.look_at_data(thing, target, reading or {}, out)
    else:
        _data(source.load(thing, target), out)


# -- data --------------------------------------------------------------------------------------------------------------


def _data(found: source.Source, out: Output) -> None:
    X = found.X
    flat = X.reshape(len(X), -1)
    out.say(f"{found.name}: {len(X):,} rows, {found.origin}")
    out.say(f"X: shape {X.shape}, {X.dtype}, {number(float(np.nanmin(flat)))} to {number(float(np.nanmax(flat)))}")
    facts: dict[str, Any] = {"rows": len(X), "shape": list(X.shape), "dtype": X.dtype.name}
    facts["nan"] = _nan(flat, out)
    constant = np.flatnonzero((flat == flat[:1]).all(axis=0))
    facts["constant"] = constant.tolist()
    if len(constant):
        out.say(f"constant: {len(constant)} of {flat.shape[1]} features never change: {_some(constant.tolist())}")
    if flat.shape[1] <= SHOWN:
        out.table(["feature", "least", "mean", "greatest", "spread"], [_row(flat, i) for i in range(flat.shape[1])])
    facts |= _targets(found, out)
    out.event("data", name=found.name, **facts)


def _nan(flat: np.ndarray, out: Output) -> int:
    bad = ~np.isfinite(flat) if flat.dtype.kind == "f" else np.zeros(flat.shape, bool)
    if bad.any():
        places = [tuple(place) for place in np.argwhere(bad)[:3].tolist()]
        out.say(f"not finite: {int(bad.sum()):,} values are NaN or infinite, the first at (row, feature) {places}")
    return int(bad.sum())


def _row(flat: np.ndarray, i: int) -> list[str]:
    column = flat[:, i].astype(np.float64)
    column = column[np.isfinite(column)]
    if not len(column):
        return [f"x{i + 1}", *["no number"] * 4]
    return [f"x{i + 1}", *(number(float(v)) for v in (column.min(), column.mean(), column.max(), column.std()))]


def _targets(found: source.Source, out: Output) -> dict[str, Any]:
    y = found.y
    out.say(f"y: shape {y.shape}, {y.dtype}")
    try:
        chosen = task.choose(y)
    except DataError as error:
        out.say(f"task: none. {error}")
        return {"task": None}
    out.say(f"task: {chosen.kind}, because {chosen.why}")
    if not chosen.classes:
        span = f"{number(float(chosen.y.min()))} to {number(float(chosen.y.max()))}"
        out.say(f"targets: {span}, mean {number(float(chosen.y.mean()))}, spread {number(float(chosen.y.std()))}")
        return {"task": chosen.kind, "targets": chosen.y.shape[1]}
    counts = np.bincount(chosen.y, minlength=chosen.classes)
    out.say(f"rows by class: {_some([f'{label}: {count:,}' for label, count in enumerate(counts)])}")
    if counts.min() == 0:
        out.note(f"no row has class {_some(np.flatnonzero(counts == 0).tolist())}.")
    return {"task": chosen.kind, "classes": counts.tolist()}


def _some(items: list[Any]) -> str:
    return ", ".join(str(item) for item in items[:SHOWN]) + (" ..." if len(items) > SHOWN else "")


# -- models ------------------------------------------------------------------------------------------------------------


def _model(path: str, out: Output, svg: str | None) -> None:
    model = load(path)
    arrays, metadata = container.read(path)
    written = json.loads(metadata["model"])["version"]
    out.say(f"{path}: written by pellucid {written}, {model.dtype}, seed {model.seed}")
    out.say(summary(model.network))
    out.say(f"loss {model.loss!r}, optimizer {model.optimizer!r}")
    facts: dict[str, Any] = {
        "version": written, "dtype": model.dtype.name, "seed": model.seed,
        "layers": [repr(layer) for layer in model.layers],
        "parameters": sum(value.size for value in model.values().values()),
        "loss": repr(model.loss), "optimizer": repr(model.optimizer),
    }  # fmt: skip
    if any(name.startswith("slots/") for name in arrays):
        out.say("a checkpoint: it holds the optimiser's slots, and training can go on from it")
    facts["epochs"] = len(model.history) if model.history else 0
    if model.history:
        last = model.history.last
        out.say(f"{len(model.history)} epochs")
        for name in (name for name in ("loss", "val_loss", *model.metrics) if name in model.history.names):
            out.say(f"{name:<10} {sparkline(model.history[name])} {number(last[name])}")
        facts["last"] = last
    if model.table is not None:
        facts |= tabular.look_at_model(tabular.with_table(path, model), out)
    if svg is not None:
        write_atomic(svg, model.to_svg(title=os.path.basename(path)).encode())
        out.say(f"drawing written to {svg}")
        facts["svg"] = svg
    out.event("model", path=path, **facts)
