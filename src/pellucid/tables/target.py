"""The column, or columns, that a network is to predict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Target:
    """What is predicted, and how it is written as numbers.

    `task`: "classification", "regression" or "multilabel". `classes`: labels of a classification, in the order of the
    outputs. `mean`, `scale`: of the training rows, one for each numeric target; the network sees (value - mean) / scale.
    `words`: for each target of a multilabel task, its words for no and yes. `levels`: quantiles that the outputs stand for
    (one numeric target only), or none. `why`: a sentence about how the task was chosen.
    """

    names: list[str]
    task: str
    classes: list[str] = field(default_factory=list)
    mean: list[float] = field(default_factory=list)
    scale: list[float] = field(default_factory=list)
    words: list[list[str]] = field(default_factory=list)
    levels: list[float] = field(default_factory=list)
    why: str = ""

    @classmethod
    def fit(
        cls, plan: Any, typed: Any, wish: str = "auto", *, rows: np.ndarray | None = None, levels: Any = ()
    ) -> Target:
        """Choose the task (`wish`: "auto", or the task itself) and learn classes from all rows, mean and scale from `rows`."""
        raise NotImplementedError

    def known(self, typed: Any) -> np.ndarray:
        """Whether each row has its target, bool (rows,). Training drops the others and counts them."""
        raise NotImplementedError

    def encode(self, typed: Any) -> np.ndarray:
        """For the loss: class numbers int64 (rows,), -1 for none; else float32 (rows, targets), NaN for none."""
        raise NotImplementedError

    def values(self, typed: Any) -> np.ndarray:
        """For people and baselines: labels, object (rows,); numbers in the table's unit, float64 (rows,) or (rows, targets)."""
        raise NotImplementedError

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """What the network's outputs (rows, outputs) say, as `values` has it. Of quantiles, the median."""
        raise NotImplementedError

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Float64 (rows, classes), or of yes (rows, targets) for a multilabel task."""
        raise NotImplementedError

    def interval(self, outputs: np.ndarray) -> np.ndarray:
        """The outermost two quantiles in the table's unit, float64 (rows, 2)."""
        raise NotImplementedError

    @property
    def n_outputs(self) -> int:
        """How many outputs the network needs: classes (2 for two classes), targets, or levels."""
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """Everything, as plain JSON."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, content: Any) -> Target:
        """The inverse of `to_json`; what is not its work is a `FileError`."""
        raise NotImplementedError
