"""The column, or columns, that a network is to predict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import DataError, InputError
from pellucid.options import option
from pellucid.tables import tasks

if TYPE_CHECKING:
    from pellucid.tables.plan import Plan
    from pellucid.tables.typed import Typed


@dataclass
class Target:
    """What is predicted, and how it is written as numbers.

    `task`: "classification", "regression" or "multilabel"; `why`: a sentence about how it was chosen. `plan`: the targets'
    columns, and how they are read. `classes`: the labels of a classification, in the order of the outputs. `mean`, `scale`:
    of the training rows, one for each numeric target; the network sees (value - mean) / scale. `words`: for each target of
    a multilabel task, its words for no and yes. `levels`: the quantiles that the outputs stand for, those of the first numeric
    target before those of the second.
    """

    names: list[str]
    task: str
    plan: Plan
    classes: list[str] = field(default_factory=list)
    mean: list[float] = field(default_factory=list)
    scale: list[float] = field(default_factory=list)
    words: list[list[str]] = field(default_factory=list)
    levels: list[float] = field(default_factory=list)
    why: str = ""

    @classmethod
    def fit(
        cls,
        plan: Plan,
        typed: Typed,
        wish: str = "auto",
        *,
        rows: np.ndarray | None = None,
        levels: Sequence[float] = (),
    ) -> Target:
        """Choose the task (`wish`: "auto", or the task itself); classes from all rows, mean and scale from `rows`.

        `levels`: quantiles between 0 and 1, rising, for a network that predicts those instead of the mean.
        """
        columns = [replace(plan.column(name), examples=[]) for name in plan.targets]
        own = replace(plan, columns=columns, warnings=[])
        task, why = tasks.choose(columns, typed, wish)
        made = cls(list(plan.targets), task, own, levels=[float(level) for level in levels], why=why)
        known = made.known(typed)
        if not known.any():
            raise DataError(
                f"The target {made._quoted} is empty in every row: name another column, {option('target', 'NAME')}."
            )
        if levels and task != "regression":
            raise InputError(
                f"An interval is for numbers, but {made._quoted} {'is' if len(columns) == 1 else 'are'} a {task}: name a "
                f"{option('target')} that holds numbers, or leave {option('interval')} out."
            )
        if task == "classification":
            made.classes = tasks.classes(columns[0], typed)
        elif task == "multilabel":
            made.words = [tasks.words(column) for column in columns]
        else:
            chosen = known if rows is None else np.isin(np.arange(typed.rows), _numbers_of(rows)) & known
            made.mean, made.scale = _moments(made._stacked(typed)[chosen])
        return made

    @property
    def _quoted(self) -> str:
        return ", ".join(repr(name) for name in self.names)

    @property
    def n_outputs(self) -> int:
        """How many outputs the network needs: classes, or targets, each with its levels. Two classes may share a sigmoid."""
        return len(self.classes) or len(self.names) * max(len(self.levels), 1)

    # -- from the table ------------------------------------------------------------------------------------------

    def known(self, typed: Typed) -> np.ndarray:
        """Whether each row has its target, every one of them, bool (rows,). Training drops the others and counts them."""
        there = np.ones(typed.rows, bool)
        for name in self.names:
            if name in typed.categories:
                there &= typed.categories[name][0] >= 0
            else:
                there &= np.isfinite(typed.numbers[name])
        return there

    def truth(self, typed: Typed) -> np.ndarray:
        """What is right: class numbers int64 (rows,), -1 where empty; else float64 (rows, targets), NaN where empty.

        A class that is none of `classes` is a `DataError` with the line.
        """
        if self.task != "classification":
            return self._stacked(typed)
        return tasks.numbered(self.plan.columns[0], typed, self.classes)

    def encode(self, typed: Typed) -> np.ndarray:
        """`truth` as the loss takes it: class numbers; 0 and 1, or numbers about 0, float32 (rows, targets)."""
        truth = self.truth(typed)
        if self.task == "regression":
            truth = (truth - np.array(self.mean)) / np.array(self.scale)
        return truth if self.task == "classification" else truth.astype(np.float32)

    def values(self, typed: Typed) -> np.ndarray:
        """`truth` for people: labels, object (rows,) or (rows, targets), None where empty; numbers float64 (rows,)."""
        return self._shown(self.truth(typed))

    # -- from the network ----------------------------------------------------------------------------------------

    def answers(self, outputs: np.ndarray) -> np.ndarray:
        """Probabilities (rows, classes), those of yes (rows, targets), or numbers in the table's unit (rows, targets)."""
        if self.task == "regression":
            numbers = self._in_unit(outputs)
            return numbers[..., self._median if self.levels else 0]
        return self.probabilities(outputs)

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """What the outputs (rows, outputs) say, as `values` has it. Of quantiles, the one in the middle."""
        answers = self.answers(outputs)
        if self.task == "classification":
            return self._shown(answers.argmax(axis=1))
        return self._shown((answers > 0.5).astype(float) if self.task == "multilabel" else answers)

    def native(self, outputs: np.ndarray) -> np.ndarray:
        """`decode` for Python: labels are int64, bool or float64 where the column held numbers, or true and false."""
        answers = self.decode(outputs)
        if self.task == "regression" or any(column.kind == "category" for column in self.plan.columns):
            return answers
        kind, meant = tasks.native(self.classes or [word for pair in self.words for word in pair])
        return np.array([meant[label] for label in answers.ravel().tolist()], kind).reshape(answers.shape)

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Float64 (rows, classes), or of yes (rows, targets) for a multilabel task."""
        if self.task == "regression":
            raise InputError(f"Probabilities are for classes; {self._quoted} is predicted as a number.")
        outputs = np.asarray(outputs, np.float64)
        if self.task == "classification" and outputs.shape[1] == 1:  # one sigmoid: the probability of the second class
            outputs = np.concatenate([1.0 - outputs, outputs], axis=1)
        return outputs

    def interval(self, outputs: np.ndarray) -> np.ndarray:
        """The outermost two quantiles in the table's unit, float64 (rows, 2), or (rows, targets, 2) of several."""
        ends = self.ends(outputs)
        return ends[:, 0] if len(self.names) == 1 else ends

    def ends(self, outputs: np.ndarray) -> np.ndarray:
        """`interval` in one shape for one target and for several, float64 (rows, targets, 2)."""
        if not self.levels:
            raise InputError(f"This network was trained without an interval: train with {option('interval', 90)}.")
        return self._in_unit(outputs)[..., [0, -1]]

    def _in_unit(self, outputs: np.ndarray) -> np.ndarray:
        """Float64 (rows, targets, levels); without levels there is one number each, (rows, targets, 1)."""
        scale, mean = np.array(self.scale)[:, None], np.array(self.mean)[:, None]
        numbers: np.ndarray = np.asarray(outputs, np.float64).reshape(-1, len(self.names), max(len(self.levels), 1))
        with np.errstate(over="ignore"):
            numbers = numbers * scale + mean
        return np.nan_to_num(numbers, nan=0.0)  # 1e308 where the unit has no larger number

    @property
    def _median(self) -> int:
        return int(np.argmin(np.abs(np.array(self.levels) - 0.5)))

    def _stacked(self, typed: Typed) -> np.ndarray:
        """The numeric targets, float64 (rows, targets), NaN where empty or infinite."""
        stacked = np.stack([typed.numbers[name] for name in self.names], axis=1)
        return np.where(np.isfinite(stacked), stacked, np.nan)

    def _shown(self, truth: np.ndarray) -> np.ndarray:
        if self.task == "regression":
            return truth[:, 0] if truth.shape[1] == 1 else truth
        if self.task == "classification":
            labels = np.empty(len(self.classes) + 1, object)
            labels[:-1] = self.classes
            return labels[truth]  # -1, empty, is the last: None
        columns = [np.array([*pair, None], object)[np.nan_to_num(truth[:, k], nan=-1).astype(int)]
                   for k, pair in enumerate(self.words)]  # fmt: skip
        return np.stack(columns, axis=1)

    # -- keeping -------------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """Everything, as plain JSON."""
        return {**vars(self), "plan": self.plan.to_json()}

    @classmethod
    def from_json(cls, content: Any) -> Target:
        """The inverse of `to_json`; what is not its work is a `FileError`."""
        from pellucid.tables.stored import target_from

        return cls(**target_from(content))


def _numbers_of(rows: np.ndarray) -> np.ndarray:
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else rows


def _moments(values: np.ndarray) -> tuple[list[float], list[float]]:
    """Mean and spread of each column; a spread of 0 counts as 1, and 1e308 squared is no trouble."""
    size = np.abs(values).max(axis=0, initial=0.0)
    size = np.where(size > 0.0, size, 1.0)
    small = values / size
    spread = (small.std(axis=0) if len(values) else np.zeros(len(size))) * size
    mean = (small.mean(axis=0) if len(values) else np.zeros(len(size))) * size
    return mean.tolist(), np.where(spread > 0.0, spread, 1.0).tolist()
