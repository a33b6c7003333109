"""Warnings that need typed values, the target and the split: leakage, imbalance, twins across the split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.tables.plan import Plan, Warn
from pellucid.tables.typed import Typed

if TYPE_CHECKING:
    from pellucid.tables.target import Target


def check(
    typed: Typed, plan: Plan, target: Target, train_rows: np.ndarray, test_rows: np.ndarray, split_method: str
) -> list[Warn]:
    """What is suspicious about these rows; [] where nothing is. `plan.warnings` are not repeated."""
    raise NotImplementedError
