"""What there is to go by when a gradient is wrong: the two gradients side by side, and all numbers of the pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.glass.gradients.judging import Measured, measured, places_of
from pellucid.glass.gradients.subjects import LayerSubject, LossSubject, StepSubject, Subject
from pellucid.glass.gradients.trials import numbers_of

FULL = 4096  # entries up to which all of an array's slopes are taken, to tell what sort of mistake it is
ALIKE = 1e-5


@dataclass
class Evidence:
    """A wrong gradient of one array: `found` by hand, `expected` by differences where `known`, all of one shape."""

    key: str
    found: np.ndarray
    expected: np.ndarray
    known: np.ndarray
    value: np.ndarray  # the array itself
    by_row: np.ndarray  # expected, of each row of the batch alone: (B, *shape); empty where it was not measured
    subject: Subject
    one: Measured

    @property
    def is_data(self) -> bool:
        """Whether it is the gradient for the inputs (of a loss: the outputs), not for a parameter."""
        return self.key == self.subject.data

    def same(self, one: Any, other: Any) -> bool:
        """Whether two arrays agree on all entries that are known, and say something there."""
        one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
        if one.shape != self.found.shape or other.shape != self.found.shape:
            return False
        left, right = one[self.known], other[self.known]
        size = float(np.abs(right).max(initial=0.0))
        return size > 0.0 and bool(np.allclose(left, right, ALIKE, ALIKE * 0.1 * size))

    @property
    def residual(self) -> np.ndarray:
        """What is too much in `found`."""
        return np.where(self.known, self.found - self.expected, 0.0)

    def numbers(self) -> dict[str, float]:
        """The settings of the part by name."""
        part = self.subject.record
        return {} if part is None or isinstance(self.subject, StepSubject) else numbers_of(part)

    def counts(self) -> dict[int, str]:
        """Numbers of things that a mean may divide by, and what they count."""
        subject = self.subject
        named = {subject.rows(): "rows of the batch"}
        if isinstance(subject, LayerSubject):
            for shape, what in ((subject.dy.shape, "outputs"), (subject.x.shape, "inputs")):
                for axis in range(1, len(shape)):
                    many = len(shape) > 2
                    named.setdefault(shape[axis], f"{what} {'along axis ' + str(axis) if many else 'of a row'}")
                named.setdefault(int(np.prod(shape)), f"{what} of the batch")
        else:
            shape = self.found.shape
            named.setdefault(shape[-1], "values of a row")
            named.setdefault(self.found.size, "values of the batch")
        return {count: what for count, what in named.items() if count > 1}

    def arrays(self) -> dict[str, np.ndarray]:
        """Arrays of the pass by the name under which backward finds them."""
        if isinstance(self.subject, StepSubject) or self.subject.record is None:
            return {}
        found = {}
        for name, value in vars(self.subject.record).items():
            gradient = name in ("dinputs", "doutputs") or (
                name.startswith("d") and hasattr(self.subject.record, name[1:])
            )
            if isinstance(value, np.ndarray) and value.dtype.kind in "fiub" and not gradient:
                found[f"self.{name}"] = value.astype(np.float64)
        if isinstance(self.subject, LayerSubject):
            known = {"inputs": self.subject.x, "doutput": self.subject.dy}
        else:
            known = {"outputs": self.subject.outputs, "targets": self.subject.targets}
        return {**known, **{n: a for n, a in found.items() if n not in ("self.doutput", "self.inputs", "self.outputs")}}


def gather(subject: Subject, one: Measured) -> Evidence:
    """All that can be had: of a small array every slope, and each row's share of it."""
    array = one.values[one.key]
    record = subject.by_hand(one.values)
    found = np.asarray(record[one.key], np.float64)
    expected, known = np.full(array.shape, np.nan), np.zeros(array.shape, bool)
    places = one.places
    slopes = one.slopes
    if array.size <= FULL and len(places) < array.size:
        places = places_of(array, array.size, np.random.default_rng(0))
        slopes = measured(subject, one.values, one.key, one.found, places, one.grain).slopes
    rows = _rows(subject, slopes, places, array)
    for place, found_slope in zip(places, slopes, strict=True):
        if found_slope.resolved:
            expected[place], known[place] = found_slope.value, True
    return Evidence(one.key, found, expected, known, array, rows, subject, one)


def _rows(subject: Subject, slopes: list[Any], places: list[tuple[int, ...]], array: np.ndarray) -> np.ndarray:
    """Slopes of each row of the batch: (B, *shape)."""
    count, full = subject.rows(), len(places) == array.size
    terms = len(slopes[0].terms) if slopes else 0
    last = 0 if isinstance(subject, LossSubject) else 1  # the penalty
    if not full or not terms or (terms - last) % count or any(len(one.terms) != terms for one in slopes):
        return np.zeros((0, *array.shape))
    apart = np.array([one.terms[: terms - last].reshape(count, -1).sum(axis=1) for one in slopes])  # (entries, B)
    return apart.T.reshape(count, *array.shape)
