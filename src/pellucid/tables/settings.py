"""Every setting of a training run on a table, under the name that it has on the command line and in Python."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from difflib import get_close_matches
from typing import Any

from pellucid.errors import InputError


@dataclass
class Settings:
    """What a run can be told beside its data and its target. None: what suits the data.

    The columns: `types` {column: kind}, `drop`, `only` (columns), `na` (texts that mean a missing value), `separator`,
    `decimal`, `encoding` of the file. The rows: `group` or `time` (a column), `folds`, shares `test` and `validation`.
    The task: `task` ("auto", "classification", "regression"), `class_weights` (None or "balanced"), `interval` (None, or
    per cent: 90 gives every number a lower and an upper end between which 90 of 100 lie).
    The network: `layers` (neurons of each hidden layer), `activation`, `dropout`, `batch_norm`, `loss`.
    The training: `optimizer`, `learning_rate`, `weight_decay`, `schedule`, `epochs`, `batch_size`, `patience` (0: never
    stop early), `seed`, `dtype`, `engine`. `rows`: whether the record may hold rows of the table.
    """

    types: dict[str, str] = field(default_factory=dict)
    drop: list[str] = field(default_factory=list)
    only: list[str] = field(default_factory=list)
    na: list[str] = field(default_factory=list)
    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    group: str | None = None
    time: str | None = None
    folds: int | None = None
    test: float = 0.2
    validation: float = 0.2
    task: str = "auto"
    class_weights: str | None = None
    interval: float | None = None
    layers: tuple[int, ...] = (64, 64)
    activation: str = "relu"
    dropout: float = 0.0
    batch_norm: bool = False
    loss: str = "auto"
    optimizer: str = "adamw"
    learning_rate: float | None = None
    weight_decay: float = 0.01
    schedule: str = "constant"
    epochs: int = 200
    batch_size: int | None = None
    patience: int = 30
    seed: int = 0
    dtype: str = "float32"
    engine: str = "auto"
    rows: bool = True


def settings(given: Mapping[str, Any]) -> Settings:
    """`Settings` of the options given; a name that is none gets a sentence."""
    known = [entry.name for entry in fields(Settings)]
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, 1)
            raise InputError(
                f"train got {name}={given[name]!r}, which is no setting"
                + (f"; did you mean {near[0]}?" if near else f". Settings: {', '.join(known)}.")
            )
    return Settings(**given)
