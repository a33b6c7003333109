"""The record of a run, plain JSON inside the model file: all that a report says, so that it needs nothing else."""

from __future__ import annotations

import datetime
import os
import platform
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from pellucid import __version__
from pellucid.arrays import as_json
from pellucid.options import option
from pellucid.tables import judging, private
from pellucid.tables.findings import worded
from pellucid.tables.fitting import NETWORK, Fit
from pellucid.tables.importance import importance
from pellucid.tables.judging import Figures, Judged
from pellucid.tables.preparing import Prepared
from pellucid.tables.settings import toml
from pellucid.tables.wording import shown

WORST = 10
FEW = 100  # rows judged on, below which a limit is said


PARTS = {
    "scores": "the figures beside those of the baselines",
    "importance": "what each column is worth",
    "health": "the diagnosis",
}


def known(p: Prepared, done: Fit) -> dict[str, Any]:
    """The record of `done`, the network that is kept, as soon as it is trained; `parts` are added to it."""
    target = done.target
    record = {
        **_origin(p),
        "target": {"names": target.names, "task": target.task, "classes": target.classes, "why": target.why},
        "plan": _plan(p),
        "warnings": [vars(warning if p.settings.rows else private.warning(warning)) for warning in p.warnings],
        "split": {**done.split.summary(), **({"folds": p.settings.folds} if p.settings.folds else {})},
        "network": _network(p, done),
        "notes": p.notices,
    }
    return as_json(record)


def parts(
    p: Prepared, done: Fit, judged: Judged, folds: list[dict[str, Any]] | None, notes: list[str]
) -> Iterator[dict[str, Any]]:
    """The parts of the record that take a while, each as soon as it is known; `judged` says what the network is worth."""
    yield as_json(_judgement(p, done, judged, folds, notes))
    rows = done.judged[0]  # the kept network's own; with folds, rows that it was chosen by
    truth = done.target.truth(p.typed)[rows]
    yield as_json({"importance": importance(done, judged.scoring, truth, p.settings.seed, p.clusters(rows))})
    yield as_json({"health": health(p, done)})


def left_out(record: dict[str, Any]) -> list[str]:
    """What a record lacks since Ctrl-C came before it was known, in words."""
    return [words for part, words in PARTS.items() if part not in record]


def _judgement(
    p: Prepared, done: Fit, judged: Judged, folds: list[dict[str, Any]] | None, notes: list[str]
) -> dict[str, Any]:
    s, target = p.settings, done.target
    figures, differences = judged.scores(), judged.differences()
    labels = target.classes if target.task == "classification" else target.names
    return {
        **_origin(p),  # once more: the baselines may have brought scikit-learn
        "metric": judged.scoring.main,
        "rows_judged": len(judged.rows),
        "scores": figures,
        "differences": differences,
        "verdict": _verdict(p, judged, figures, differences),
        "folds": folds,
        "confusion": judging.confusion(judged, labels),
        "per_class": judging.per_class(judged, labels),
        "numbers": judging.numbers(judged) if s.rows else None,
        "interval": None if s.interval is None else judging.held(judged, s.interval / 100.0),
        "worst": worst(p, judged) if s.rows else [],
        "limits": limits(p, judged, len(folds or ())),
        "notes": [*p.notices, *notes],
    }


def _origin(p: Prepared) -> dict[str, Any]:
    path, names = p.path, p.target.names
    data = path or "data"
    return {
        "created": created(), "command": p.settings.as_command(path, names) if path else "",
        "python": p.settings.as_python(path, names), "run_toml": run_toml(p, path) if path else "",
        "versions": versions(),
        "data": {
            "name": os.path.basename(data), "origin": p.table.origin, "rows": len(p.table),
            "columns": len(p.table.names), "sha256": p.table.digest, "dropped": p.dropped,
            "notices": p.notices,
        },
    }  # fmt: skip


def created() -> str:
    """Now, in UTC; or what SOURCE_DATE_EPOCH says, for files that shall be the same to the last bit."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = int(epoch) if epoch.isdecimal() else datetime.datetime.now(datetime.UTC).timestamp()
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).isoformat(timespec="seconds")


def versions() -> dict[str, str]:
    """Of what the run was computed with."""
    found = {"pellucid": __version__, "numpy": np.__version__, "python": platform.python_version()}
    learn = sys.modules.get("sklearn")
    return found | ({"scikit-learn": learn.__version__} if learn is not None else {})


def run_toml(p: Prepared, data: str) -> str:
    """Every setting under its option's name, for `pellucid train --config`."""
    values = {"data": data, "target": p.target.names, **vars(p.settings)}
    values["types"] = [f"{column}={kind}" for column, kind in p.settings.types.items()]
    values["layers"] = ",".join(map(str, p.settings.layers)) or "none"
    who = ", ".join(f"{name} {version}" for name, version in versions().items())
    values["data_sha256"] = p.table.digest or None
    return toml(values, ["Repeats this run: pellucid train --config THIS_FILE", who])


def _plan(p: Prepared) -> dict[str, Any]:
    return (p.plan if p.settings.rows else private.plan(p.plan)).to_json()


def _network(p: Prepared, done: Fit) -> dict[str, Any]:
    s, history = p.settings, done.history
    shape = [len(done.encoder.features), *s.layers, done.target.n_outputs]
    return {
        "shape": shape, "activation": s.activation, "dropout": s.dropout, "batch_norm": s.batch_norm,
        "parameters": sum(value.size for value in done.model.values().values()), "loss": repr(done.model.loss),
        "optimizer": repr(done.model.optimizer), "epochs": len(history), "best_epoch": history.best_epoch,
        "stopped": history.stopped, "batch_size": done.batch_size, "seed": s.seed, "dtype": s.dtype,
        "engine": history.engine, "layers": [repr(layer) for layer in done.model.layers],
    }  # fmt: skip


def worst(p: Prepared, judged: Judged) -> list[dict[str, Any]]:
    """The rows that the network is most wrong about: where they are, what they hold, what was said."""
    losses = judged.scoring.losses(judged.answers[NETWORK], judged.truth)
    order = np.argsort(-losses, kind="stable")[:WORST]
    rows = judged.rows[order]
    cells = next(iter(p.table.take(p.kept[rows]).chunks())).columns
    names = [column.name for column in p.plan.used]
    lines = p.typed.lines[rows] if p.typed.lines is not None else p.kept[rows] + 1
    return [
        {
            "line": int(lines[k]), "values": {name: _text(cells[name][k]) for name in names},
            "true": _said(p, judged.truth[at]), "predicted": _said(p, judged.answers[NETWORK][at]),
            "loss": float(losses[at]),
        }
        for k, at in enumerate(order)
    ]  # fmt: skip


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _said(p: Prepared, value: Any) -> str:
    """A truth or an answer in the table's words."""
    target = p.target
    if target.task == "classification":
        return target.classes[int(np.argmax(value)) if np.ndim(value) else int(value)]
    if target.task == "multilabel":
        yes = [name for name, v in zip(target.names, value, strict=True) if v > 0.5]
        return ", ".join(yes) or "none"
    return ", ".join(f"{v:.6g}" for v in value)


def _verdict(p: Prepared, judged: Judged, figures: dict[str, Figures], differences: Figures) -> dict[str, Any]:
    """The verdict, and what it is worth where a column may know the answer."""
    found = judging.verdict(judged, figures, differences)
    if leaks := [repr(shown(warning.column)) for warning in p.warnings if warning.what == "leakage"]:
        found["text"] += f" The score counts only if {' and '.join(leaks[:3])} will be known when a prediction is made."
    return found


def health(p: Prepared, done: Fit) -> dict[str, Any]:
    """What `diagnose` found during and after training, gradients by layer, units that never move."""
    model, x = done.model, np.asarray(done.features.train[:: -(-len(done.features.train) // 4096)])
    y = np.asarray(done.target.encode(p.typed))
    train = done.split.train[:: -(-len(done.split.train) // 4096)]
    past, best = done.history.findings, done.history.best_epoch
    if best is not None and best < len(done.history):  # the last epoch's network is not the one that is kept
        past = [finding for finding in past if finding.name != "overfitting"]
    known = {(finding.name, finding.where) for finding in past}
    other = (np.asarray(done.features.validation), y[done.split.validation]) if len(done.split.validation) else None
    now = [f for f in model.diagnose(x, y[train], other) if (f.name, f.where) not in known]
    found = worded([*past, *now], done.encoder, done.target)
    findings = [
        {
            "text": f"{f.line} Likely cause: {f.cause} Try: {f.advice}",
            "severity": "finding",
            "page": f.page,
            **f.as_dict(),
        }
        for f in found
    ]
    return {"findings": findings, "epochs": done.epochs, "gradients": done.gradients or None, "dead": still(done, x)}


def still(done: Fit, x: np.ndarray) -> dict[str, float]:
    """Of each activation behind a dense layer, the share of units that give every row the same."""
    shares, dense = {}, False
    for number, layer in enumerate(done.model.network.run_copy().layers[:-1]):
        x = layer.forward(x)
        if dense and not layer.params and type(layer).__name__ != "Dropout":
            shares[f"{number} {layer!r}"] = float((np.ptp(x, axis=0) == 0).mean())
        dense = type(layer).__name__ in ("Dense", "BatchNorm")
    return shares


def limits(p: Prepared, judged: Judged, folds: int) -> list[str]:
    """What these figures do not say."""
    rows = len(judged.rows)
    said = []
    if judged.seen:
        said.append(
            f"The rows judged on are rows {judged.seen}, so the figures flatter the network. "
            f"Write {option('test', 0.2)}."
        )
    if judged.seen and judged.ends is not None:
        said.append(
            "The prediction intervals were fitted to these very rows: what they hold of others is not measured."
        )
    if rows < FEW:
        said.append(f"Only {rows} rows judge: the intervals are wide, and other rows could say otherwise.")
    if folds:
        said.append(
            f"The figures are of {folds} {'network' if folds == 1 else 'networks, each'} judged on rows that it has not "
            "seen; the network in the file learned from all rows, and is likely to be a little better. Importance is its "
            "own, on the rows that it was chosen by."
        )
    if p.split.method in ("random", "stratified"):
        said.append(
            "Rows were divided at random: the figures hold for rows that come about in the same way, not for another "
            f"time, place or group. {option('time', 'COLUMN')} or {option('group', 'COLUMN')} judges that."
        )
    if p.split.method == "time":
        said.append(
            "The rows that judge are one stretch of time, in which rows are alike: another stretch may differ by more than "
            "the intervals say."
        )
    said.append("Importance says what this network leans on, not what causes what.")
    return said
