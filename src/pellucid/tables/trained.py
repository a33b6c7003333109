"""A network that knows the table it was trained on: from columns to answers in the table's own words and units."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.model import Model
from pellucid.tables.encoder import Encoder
from pellucid.tables.target import Target


class TableModel:
    """A `Model` between an `Encoder` and a `Target`, with the record of its training."""

    def __init__(self, model: Model, encoder: Encoder, target: Target, record: dict[str, Any] | None = None) -> None:
        self.model, self.encoder, self.target, self.record = model, encoder, target, record or {}

    def predict(self, data: Any) -> np.ndarray:
        """Labels, object (rows,), or numbers in the table's unit, float64 (rows,) or (rows, targets)."""
        raise NotImplementedError

    def predict_proba(self, data: Any) -> np.ndarray:
        """The probability of every class, (rows, classes)."""
        raise NotImplementedError

    def predict_interval(self, data: Any) -> np.ndarray:
        """Low and high, (rows, 2), where the network was trained with an interval."""
        raise NotImplementedError

    def evaluate(self, data: Any) -> dict[str, float]:
        """The figures of the record, on other rows whose targets are known."""
        raise NotImplementedError

    def save(self, path: Any) -> None:
        """To one .safetensors file, whole or not at all."""
        raise NotImplementedError


def load(path: Any) -> TableModel:
    """The `TableModel` in a file."""
    raise NotImplementedError
