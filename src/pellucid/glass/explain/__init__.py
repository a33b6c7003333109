"""`explain`: the whole arithmetic of a pass, every product, sum, slope and chain-rule factor, and a proof that it adds up.

Reading order: `passing` (the pass, noted down), `record` (what is noted), `forms` (the formulas), `dense`, `elementwise`,
... (a layer in equations), `equation` and `arithmetic` (what a line is, and how it is checked), `text`, `page`, `latex`.
"""

from __future__ import annotations

from typing import Any

from pellucid.glass.explain import build
from pellucid.glass.explain.explanation import Explanation
from pellucid.glass.explain.forms import Piece, register

__all__ = ["Explanation", "Piece", "explain", "register"]


def explain(model: Any, x: Any, y: Any = None, update: bool = True, training: bool = True) -> Explanation:
    """The arithmetic of one sample, or of a few, through `model`; see `pellucid.Model.explain`."""
    made = build.make(model, x, y, update, training)
    layers = ", ".join(repr(layer) for layer in model.layers)
    return Explanation(made, f"Model({layers})")
