"""The whole look, on demand."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.arrays import as_inputs
from pellucid.errors import DataError, InputError
from pellucid.glass.diagnose.finding import Findings
from pellucid.glass.diagnose.look import Material, Past, choose, look
from pellucid.glass.diagnose.rules import OF_DATA, OF_LOOK, apply, ordered

ROWS = 4096  # of the pass; what concerns the rows as a whole looks at all of them


def diagnose(model: Any, X: Any, y: Any = None, validation_data: Any = None) -> Findings:
    """See `Model.diagnose`."""
    x = as_inputs(X, model.dtype)
    material = Material(x, None if y is None else model._targets(y, x), valid=_pair(model, validation_data))
    state = model._standing()
    # A model from a file knows its epochs, but neither its steps nor its optimiser's sums: nothing is said of its next step.
    known = bool(state.slots) or not model.optimizer.slots or not state.epoch
    past = Past(state.epoch, max(state.step, state.epoch), [row["loss"] for row in state.rows], (), state.slots)
    rows = choose(model.seed, len(x), ROWS)
    seen = look(
        model.network, model.values(), model.loss, model.optimizer, material, past, rows, seed=model.seed, moves=known
    )
    with np.errstate(all="ignore"):
        found = [*apply(OF_DATA, seen), *apply(OF_LOOK, seen)]
    without = "Without targets only inputs, weights and units were looked at: write diagnose(X, y) for the rest."
    return Findings(ordered(found), without if y is None else "")


def _pair(model: Any, given: Any) -> tuple[np.ndarray, np.ndarray] | None:
    if given is None:
        return None
    try:
        valid_x, valid_y = given
    except (TypeError, ValueError):
        raise InputError("validation_data: expected a pair, validation_data=(X_valid, y_valid).") from None
    try:
        inputs = as_inputs(valid_x, model.dtype)
        return inputs, model._targets(valid_y, inputs)
    except DataError as error:
        raise DataError(f"validation_data: {error}") from None
