"""Where training stands, and when it stops early: what outlives a call of `fit`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pellucid.arrays import check_count, check_number

Arrays = dict[str, np.ndarray]
Row = dict[str, float]  # an epoch's figures by name


class EarlyStopping:
    """Stop when the validation loss has not improved for `patience` epochs; the best network is what remains.

    `min_delta`: an improvement smaller than this does not count.
    """

    def __init__(self, patience: int = 10, min_delta: float = 0.0) -> None:
        check_count("EarlyStopping: patience", patience, "EarlyStopping(patience=10)")
        check_number("EarlyStopping: min_delta", min_delta, 0.0)
        self.patience, self.min_delta = patience, min_delta

    def __repr__(self) -> str:
        return f"EarlyStopping(patience={self.patience}, min_delta={self.min_delta})"


@dataclass
class TrainingState:
    """Everything that a run needs to go on where it stopped: this, and nothing else, is in a checkpoint."""

    epoch: int = 0  # epochs finished
    step: int = 0  # updates made
    slots: Arrays = field(default_factory=dict)
    schedule: dict[str, float] = field(default_factory=dict)
    best_loss: float = float("inf")
    best_values: Arrays = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    run: dict[str, Any] = field(default_factory=dict)  # rows, batch size, shuffle, engine: what it was done with

    def changed(self, **fields: Any) -> TrainingState:
        """A copy with other `fields`."""
        return replace(self, **fields)
