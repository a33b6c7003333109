"""Checkpoints: the model file with the optimiser's slots, the epoch and the best values so far."""

from __future__ import annotations

import json
import math
import os
import warnings
from typing import Any

import numpy as np

from pellucid import __version__
from pellucid.errors import FileError
from pellucid.exchange import atomic, container
from pellucid.exchange.contents import (
    EXTRAS,
    UNFIT,
    Path,
    array_of,
    arrays_of,
    content_of,
    is_figure,
    metadata_of,
    renamed,
    rows_of,
    table_of,
    text,
    values_of,
)  # fmt: skip
from pellucid.model import Model
from pellucid.network import get_values
from pellucid.schedules import Schedule
from pellucid.training.state import TrainingState


def check_can_save(model: Model, path: Path) -> None:
    """Say now what would stop the first checkpoint after an hour of training."""
    metadata_of(model, [])
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path) or not os.access(folder, os.W_OK):
        why = (
            "is a folder" if os.path.isdir(path) else f"cannot be written: {folder} is no folder that may be written to"
        )
        raise FileError(f"checkpoint={os.fspath(path)!r} {why}. Name a file, as in checkpoint='run.safetensors'.")
    atomic.check_ordinary(path)


def save(model: Model, path: Path, state: TrainingState, values: dict[str, np.ndarray]) -> None:
    """Write what training needs to go on; the checkpoint before is kept beside it as PATH.1."""
    content = metadata_of(model, state.rows)
    progress = {"epoch": state.epoch, "step": state.step, "schedule": state.schedule, "best_loss": state.best_loss}
    progress["run"] = state.run
    arrays = arrays_of(model.network, values)
    if state.best_values:
        arrays |= {f"best/{key}": value for key, value in arrays_of(model.network, state.best_values).items()}
    arrays |= {f"slots/{key}": value for key, value in state.slots.items()}
    metadata = {"model": text(content), "progress": text(progress), **table_of(model)}
    atomic.write_generations(path, container.encode(arrays, metadata))


def state_of(
    model: Model, content: dict[str, Any], progress: dict[str, Any], arrays: dict[str, np.ndarray]
) -> TrainingState:
    """Where training stood, every field of it checked against `model`."""
    whole: dict[str, Any] = {name: progress.get(name) for name in ("epoch", "step")}
    if any(type(number) is not int or not 0 <= number < 2**53 for number in whole.values()):
        raise FileError(f"its progress is not that of a run: {str(whole)[:80]}")
    schedule: Any = progress.get("schedule")
    best_loss: Any = progress.get("best_loss")
    if not isinstance(schedule, dict) or not is_figure(best_loss) or math.isnan(best_loss):
        raise FileError("its progress names no schedule or no best loss.")
    run = progress.get("run", {})
    if not isinstance(run, dict) or not all(value is None or type(value) in (int, bool, str) for value in run.values()):
        raise FileError(f"it does not say what its run trained on: {str(run)[:80]}")
    own = get_values(model.network, "params")
    slots = {
        f"{slot}/{key}": array_of(arrays, f"slots/{slot}/{key}", value)
        for slot in model.optimizer.slots
        for key, value in own.items()
    }
    best = values_of(model, arrays, "best/") if any(name.startswith("best/") for name in arrays) else {}
    known = {f"slots/{key}" for key in slots} | {f"best/{new}" for _, new, _ in renamed(model.network) if best}
    unused = {name for name in arrays if name.startswith(EXTRAS)} - known
    if unused:
        raise FileError(f"it holds arrays that belong to no part of a run: {', '.join(sorted(unused))[:100]}.")
    if schedule and isinstance(model.optimizer.schedule, Schedule):
        try:
            model.optimizer.schedule.restore(schedule)
        except UNFIT as error:
            raise FileError(f"its schedule cannot go on: {str(error)[:120]}") from None
    return TrainingState(
        epoch=whole["epoch"], step=whole["step"], slots=slots, schedule=schedule, best_loss=float(best_loss),
        best_values=best, rows=rows_of(content), run=run,
    )  # fmt: skip


def load(model: Model, path: Path) -> tuple[TrainingState | None, dict[str, np.ndarray]]:
    """(training state, values) of the newest whole checkpoint at `path`; (None, {}) where there is none yet."""
    atomic.remove_leftovers(path)
    if not os.path.exists(path) and not os.path.exists(f"{os.fspath(path)}.1"):
        return None, {}
    arrays, metadata, skipped = atomic.read_newest(path)
    if arrays is None or metadata is None:
        raise FileError(f"No checkpoint at {path} can be read: {' '.join(why for _, why in skipped)}")
    for _, why in skipped:
        warnings.warn(f"A checkpoint cannot be read, training goes on from an older one. {why}", stacklevel=4)
    try:
        content, progress = content_of(metadata, "model"), content_of(metadata, "progress")
        expected = json.loads(text(metadata_of(model, [])))
        for name in ("network", "loss", "optimizer", "seed", "dtype"):
            if content.get(name) != expected[name]:
                raise FileError(
                    f"it was written by another {name}: {str(content.get(name))[:100]} there, {str(expected[name])[:100]} "
                    "here. Resume with the same settings, or give checkpoint= another file."
                )
        if content.get("version") != __version__:
            warnings.warn(
                f"{path} was written by pellucid {str(content.get('version'))[:20]}, this is {__version__}: training goes on, "
                "but perhaps not bit for bit as it would have there.",
                stacklevel=4,
            )
        values = values_of(model, arrays)
        return state_of(model, content, progress, arrays), values
    except FileError as error:
        raise FileError(f"{path}: {error}") from None
