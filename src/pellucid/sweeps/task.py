"""What every network of a sweep is trained on, checked once; and a trainer for each, as `Model.fit` would make it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.arrays import as_inputs
from pellucid.checks import check_batch, check_epochs, check_fraction, check_weights, doubt, try_own_parts
from pellucid.engines import Batches
from pellucid.errors import DataError, InputError
from pellucid.model import Model
from pellucid.randomness import generator
from pellucid.sweeps.settings import Settings
from pellucid.training import session
from pellucid.training.history import History


@dataclass
class Run:
    """One network of a sweep: its seed, its settings, its model, and what became of it.

    `keeps_best`: whether the best epoch's network is kept, as with early stopping; `history`: None for one that was not
    begun; `error`: why training broke down, or "".
    """

    number: int
    seed: int
    settings: Settings
    model: Model
    keeps_best: bool = False
    history: History | None = None
    error: str = ""

    def figures(self) -> dict[str, float]:
        """The figures of the epoch whose network is kept; none where training broke down or was not begun."""
        history = self.history
        if history is None or self.error or not len(history):
            return {}
        kept = history.best_epoch if self.keeps_best or history.stopped == "interrupted" else None
        return history.epochs[(kept or len(history)) - 1]


@dataclass
class Task:
    """Data and options, as `Model.fit` takes them. Checked against `model`, the pattern."""

    model: Model
    X: Any
    y: Any
    epochs: int
    validation_data: Any = None
    validation_fraction: float = 0.0
    sample_weight: Any = None
    early_stopping: Any = None
    shuffle: bool = True
    valid: tuple[np.ndarray, np.ndarray] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        model = self.model
        loss, self.epochs = model._needs_loss(), check_epochs(self.epochs)
        self.x = as_inputs(self.X, model.dtype)
        self.targets = model._targets(self.y, self.x)
        self.weights = check_weights(self.sample_weight, len(self.x), model.dtype)
        self.aside = 0
        if self.validation_data is None:
            self.aside = check_fraction(self.validation_fraction, len(self.x))
        else:
            self.valid = self._pair(self.validation_data)
        try_own_parts(model.network, loss, self.x, self.targets)
        session._warn(doubt(model.network, loss))
        session._warn_about_scale(self.X)
        self.validated = self.valid is not None or self.aside > 0
        self.stopping = session._stopping(self.early_stopping, self.validated)

    def _pair(self, given: Any) -> tuple[np.ndarray, np.ndarray]:
        if self.validation_fraction:
            raise InputError("Both validation_data and validation_fraction are given: leave one of them out.")
        try:
            valid_x, valid_y = given
        except (TypeError, ValueError):
            raise InputError("validation_data: expected a pair, validation_data=(X_valid, y_valid).") from None
        try:
            inputs = as_inputs(valid_x, self.model.dtype)
            return inputs, self.model._targets(valid_y, inputs)
        except DataError as error:
            raise DataError(f"validation_data: {error}") from None

    def rows(self, seed: int) -> tuple[np.ndarray | None, np.ndarray | None]:
        """(the rows that a network of this seed trains on, those that it is judged by), where they are its own."""
        if not self.aside:
            return None, None
        order = generator(seed, "split").permutation(len(self.x))
        return order[self.aside :], order[: self.aside]

    def batch_size(self, settings: Settings) -> int:
        """Rows a step."""
        rows, given = len(self.x) - self.aside, settings.get("batch_size")
        return rows if given is None else check_batch(given, rows)

    def whole(self, size: int) -> Batches:
        """All rows, in batches of this size."""
        return Batches(self.x, self.targets, self.weights, size, 0, self.shuffle)

    def fit_options(self, settings: Settings) -> dict[str, Any]:
        """What `Model.fit` is given to do the same by itself."""
        names = ("epochs", "validation_data", "validation_fraction", "sample_weight", "early_stopping", "shuffle")
        return {name: getattr(self, name) for name in names} | {"batch_size": settings.get("batch_size")}
