"""Every setting of a training run on a table, under the name that it has on the command line and in Python."""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any

from pellucid import pieces
from pellucid.arrays import check_count, check_number
from pellucid.errors import InputError
from pellucid.options import SEVERAL, option, words
from pellucid.randomness import check_seed


@dataclass
class Settings:
    """What a run can be told beside its data and its target. None: what suits the data.

    The columns: `types` {column: kind}, `drop`, `only` (columns), `na` (texts that mean a missing value), `separator`,
    `decimal`, `encoding`, `header` of the file; `numbers` is what is done to numbers ("standard", "smooth", "log",
    "normal"; see `tables.scaling`). The rows: `group` or `time` (a column; of dates in `time`,
    weekday, hour and day of year are inputs, the moment itself is none; `drop` leaves those out, too, and a copy of the
    column under another name gives the moment), `folds`, the shares `test` and `validation`. The task: `task` ("auto",
    "classification", "regression"), `class_weights` (None or "balanced"),
    `interval` (None, or per cent: 90 gives every number two ends between which 90 of 100 lie).
    The network: `layers` (neurons of each hidden layer), `activation`, `dropout`, `batch_norm`, `loss`.
    The training: `optimizer`, `learning_rate`, `weight_decay` (of adamw, which keeps weights below about 1 / this),
    `schedule`, `epochs`, `batch_size`, `patience` (0: never stop early), `seed`, `dtype`, `engine`.
    `rows`: whether the model and its record may hold cells of the table (see `tables.private` for what stays).

    docs/decisions/0008-defaults-for-tables.md says how the defaults were found.
    """

    types: dict[str, str] = field(default_factory=dict)
    drop: list[str] = field(default_factory=list)
    only: list[str] = field(default_factory=list)
    na: list[str] = field(default_factory=list)
    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    header: bool | None = None
    numbers: str = "smooth"
    group: str | None = None
    time: str | None = None
    folds: int | None = None
    test: float = 0.2
    validation: float = 0.2
    task: str = "auto"
    class_weights: str | None = None
    interval: float | None = None
    layers: tuple[int, ...] = (128, 128)
    activation: str = "relu"
    dropout: float = 0.1
    batch_norm: bool = False
    loss: str = "auto"
    optimizer: str = "adamw"
    learning_rate: float | None = None
    weight_decay: float = 1.0
    schedule: str = "constant"
    epochs: int = 200
    batch_size: int | None = None
    patience: int = 30
    seed: int = 0
    dtype: str = "float32"
    engine: str = "auto"
    rows: bool = True

    def __post_init__(self) -> None:
        check_seed(self.seed)
        self.layers = (self.layers,) if isinstance(self.layers, int) else self.layers
        if not isinstance(self.layers, (tuple, list)):
            raise InputError(f"layers={self.layers!r}: expected the neurons of each hidden layer, such as (64, 32).")
        self.layers = tuple(self.layers)
        if not isinstance(self.types, Mapping):
            raise InputError(f"types={self.types!r}: expected kinds by column, such as {{'zip': 'category'}}.")
        for name in SEVERAL:
            if name != "types" and isinstance(getattr(self, name), str):
                setattr(self, name, [getattr(self, name)])
        names: dict[str, Collection[str | None]] = {
            "activation": pieces.ACTIVATIONS,
            "optimizer": pieces.OPTIMIZERS,
            "schedule": pieces.SCHEDULES,
        }
        names |= {"loss": ["auto", *pieces.LOSSES], "task": ["auto", "classification", "regression"]}
        names |= {"class_weights": [None, "balanced"], "dtype": ["float32", "float64"]}
        for name, known in names.items():
            if getattr(self, name) not in known:
                raise InputError(f"{name}={getattr(self, name)!r}: expected one of {', '.join(map(str, known))}.")
        self._check_numbers()
        if self.numbers == "normal" and not self.rows:  # its quantiles are values of the column, as they stand there
            raise InputError(
                f"{option('numbers', 'normal')} keeps values of the rows in the model: choose another beside "
                f"{option('rows', False)}."
            )

    def _check_numbers(self) -> None:
        for name in ("test", "validation", "dropout"):
            check_number(name, getattr(self, name), 0.0, 1.0, ends="[)")
        if self.interval is not None:
            check_number("interval, in per cent, such as 90: interval", self.interval, 0.0, 100.0, ends="()")
            if self.interval < 1.0:
                raise InputError(
                    f"interval={self.interval:g} is in per cent: for that share, write {100 * self.interval:g}."
                )
        if self.learning_rate is not None:
            check_number("learning_rate", self.learning_rate, 0.0)
        check_number("weight_decay", self.weight_decay, 0.0)
        check_count("epochs", self.epochs, "epochs=200", low=0)
        check_count("patience", self.patience, "patience=30, or 0 for never", low=0)
        if self.batch_size is not None:
            check_count("batch_size", self.batch_size, "batch_size=64")
        if self.folds is not None:
            check_count("folds", self.folds, "folds=5", low=2)

    @property
    def levels(self) -> tuple[float, ...]:
        """The quantiles that `interval` asks for, the median between them; none without."""
        if self.interval is None:
            return ()
        outside = round((1.0 - self.interval / 100.0) / 2.0, 12)
        return (outside, 0.5, 1.0 - outside)

    def changed(self) -> dict[str, Any]:
        """The settings that are not as they are by themselves."""
        usual = Settings()
        return {k.name: v for k in fields(self) if (v := getattr(self, k.name)) != getattr(usual, k.name)}

    def as_python(self, path: str, target: list[str]) -> str:
        """The lines of Python that repeat the run; without a path, of a table called `data`."""
        data = repr(path) if path else "data"
        wanted = repr(target[0] if len(target) == 1 else target)
        rest = "".join(f", {name}={value!r}" for name, value in self.changed().items())
        return f"import pellucid\n\nmodel = pellucid.tables.train({data}, {wanted}{rest})\nprint(model)\n"

    def as_command(self, data: str, target: list[str]) -> str:
        """The command that repeats the run."""
        typed = ["pellucid", "train", data, *(word for name in target for word in ("--target", name))]
        for name, value in self.changed().items():
            typed += words(name, value)
        return shlex.join(typed)


def settings(given: Mapping[str, Any]) -> Settings:
    """`Settings` of the options given; a name that is none gets a sentence."""
    known = [entry.name for entry in fields(Settings)]
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, 1)
            end = f"; did you mean {near[0]}?" if near else f". Settings: {', '.join(known)}."
            raise InputError(f"train got {name}={given[name]!r}, which is no setting{end}")
    return Settings(**given)


def toml(values: Mapping[str, Any], comments: list[str]) -> str:
    """A TOML file's text. What is None or empty is left out: it follows from the data."""
    kept = {key: value for key, value in values.items() if value is not None and value not in ([], {}, ())}
    return "\n".join([*(f"# {comment}" for comment in comments), *(f"{k} = {_toml(v)}" for k, v in kept.items()), ""])


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
