"""Which units, samples and entries of a layer are shown: those that the loss feels most."""

from __future__ import annotations

import re

import numpy as np

from pellucid.glass.explain.equation import Block, View
from pellucid.glass.explain.record import LayerRecord

Blocks = list[Block]
Described = tuple[Blocks, str, list[str]]  # blocks, the formula in one line, sentences


def felt(record: LayerRecord) -> np.ndarray:
    """How much each entry of the output matters: the gradient that passes it; its size where there is none."""
    if record.rule in ("elementwise", "residual") and record.dinputs is not None and np.any(record.dinputs):
        return np.abs(record.dinputs)
    if record.doutput is not None and np.any(record.doutput):
        return np.abs(record.doutput)
    return np.abs(record.output)


def units(record: LayerRecord, view: View) -> list[int]:
    """The units shown, as places in one flat sample."""
    return view.pick(felt(record).sum(axis=0))


def rows(record: LayerRecord, view: View) -> list[int]:
    """The samples shown."""
    return view.pick(felt(record).reshape(record.rows, -1).sum(axis=1))


def entries(record: LayerRecord, view: View) -> list[tuple[int, ...]]:
    """The entries shown, as indices (row, ...): the units that matter most, of the samples shown."""
    shape = record.output.shape[1:]
    samples = rows(record, view)
    return [(b, *map(int, np.unravel_index(u, shape))) for u in units(record, view) for b in samples]


def left(shown: int, of: int, what: str) -> str:
    """What to say where something is left out."""
    return f"{of - shown:,} more {what} not shown." if of > shown else ""


def left_units(record: LayerRecord, view: View) -> str:
    """The same for the layer's units."""
    return left(len(units(record, view)), int(np.prod(record.output.shape[1:])), "units")


def rename(formula: str, **names: str) -> str:
    """A formula with other names in it."""
    return re.sub(r"(?<![\w.])[A-Za-z_]\w*", lambda match: names.get(match.group(), match.group()), formula)
