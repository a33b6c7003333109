"""What sort of mistake a wrong gradient is, where that can be told, and what to look at.

Every suspicion is a figure that must come out to five digits on all entries, so that what is said is so. The first one
that does is said; where none does, it is said how far off the gradient is and where.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isclose

import numpy as np

from pellucid.glass.gradients import suspects
from pellucid.glass.gradients.evidence import Evidence, gather
from pellucid.glass.gradients.judging import Measured
from pellucid.glass.gradients.subjects import LossSubject, Subject

Told = tuple[str, str] | None


def diagnose(subject: Subject, one: Measured) -> tuple[str, str]:
    """(kind in two words, sentences) for a gradient that is wrong."""
    evidence = gather(subject, one)
    for suspicion in SUSPICIONS:
        told = suspicion(evidence)
        if told is not None:
            return told
    return _no_simple_relation(evidence)


def _not_finite(e: Evidence) -> Told:
    bad = int((~np.isfinite(e.found)).sum())
    if not bad:
        return None
    return "not finite", f"{bad} of {e.found.size} entries are NaN or infinite, where the forward has a finite slope."


def _zero(e: Evidence) -> Told:
    if np.any(e.found[e.known]):
        return None
    where = "backward returns" if e.is_data else f"self.d{e.key.rpartition('.')[2]} is"
    return "nothing", f"{where} 0 everywhere, and forward does depend on it: its gradient is never computed."


def _flat(e: Evidence) -> Told:
    if np.any(e.expected[e.known]) or not e.is_data:
        return None
    return (
        "flat forward",
        "forward does not change at all with its inputs here, as with a step, so the true gradient is 0. If backward is a "
        "substitute on purpose (straight through), say so in the class: substitute_gradient = True.",
    )


def _transposed(e: Evidence) -> Told:
    if e.found.ndim == 2 and e.found.shape[0] == e.found.shape[1] and e.known.all() and e.same(e.found.T, e.expected):
        return (
            "transposed",
            "Rows and columns are exchanged: it is right after .T. For a matrix product it is inputs.T @ doutput.",
        )
    return None


def _factor(e: Evidence) -> Told:
    """One and the same factor on all entries."""
    f, t = e.found[e.known], e.expected[e.known]
    if not np.any(t):
        return None
    ratio = float(f @ t / (t @ t))
    if not e.same(e.found, ratio * e.expected) or abs(ratio - 1.0) < 1e-6:
        return None
    return _named(e, ratio)


def _named(e: Evidence, ratio: float) -> tuple[str, str]:
    size = abs(ratio)
    sign = " and of the opposite sign" if ratio < 0 else ""
    told = _of_counts(e, size, sign) or _of_signs_and_twos(ratio, size, sign) or _of_settings(e, size, sign)
    return told or ("a factor", f"Every entry is {ratio:.6g} times what it should be: one constant factor is wrong.")


def _is(one: float, other: float) -> bool:
    return isclose(one, other, rel_tol=2e-6)


def _of_counts(e: Evidence, size: float, sign: str) -> Told:
    for count, what in e.counts().items():
        if count == 2:  # more often the 2 of a square
            continue
        if _is(size, 1.0 / count):
            more = ""
            if "rows" in what:
                of_loss = isinstance(e.subject, LossSubject)
                more = (
                    " The training step divides by the rows itself." if of_loss else " The mean is in doutput already."
                )
            return "a mean for a sum", (
                f"Every entry is 1/{count} of what it should be{sign}, and there are {count} {what}: a mean where a sum "
                f"belongs, or a division too many.{more}"
            )
        if _is(size, count):
            return "a sum for a mean", (
                f"Every entry is {count} times what it should be{sign}, and there are {count} {what}: a sum where forward "
                "takes a mean, or a missing division."
            )
    return None


def _of_signs_and_twos(ratio: float, size: float, sign: str) -> Told:
    if _is(ratio, -1.0):
        return "wrong sign", (
            "Every entry has the right size and the opposite sign: a minus is missing or too much, such as targets - outputs "
            "for outputs - targets."
        )
    if _is(size, 2.0):
        return "twice", f"Every entry is twice what it should be{sign}: a factor 2 too many, or a term added twice."
    if _is(size, 0.5):
        return "half", (
            f"Every entry is half of what it should be{sign}: the 2 of a square's derivative (d x**2 / dx = 2 x) is missing, "
            "or a mean over 2 is too much."
        )
    return None


def _of_settings(e: Evidence, size: float, sign: str) -> Told:
    """A factor that is one of the layer's own numbers."""
    for name, number in e.numbers().items():
        for text, value in ((name, number), (f"(1 - {name})", 1.0 - number), (f"{name}**2", number * number)):
            if abs(value) < 1e-9 or _is(abs(value), 1.0):
                continue
            if _is(size, abs(value)):
                return "a setting", f"Every entry holds the factor {text} = {value:g} once too often{sign}."
            if _is(size, abs(1.0 / value)):
                return "a setting", f"Every entry lacks the factor {text} = {value:g}, which forward has{sign}."
    return None


def _rounded(e: Evidence) -> Told:
    size = float(np.abs(e.expected[e.known]).max(initial=0.0))
    if float(np.abs(e.residual).max(initial=0.0)) > 2e-6 * size:
        return None
    return "rounded", "Right to six digits only, as when a constant or an array on the way is rounded to float32."


def _other_sample(e: Evidence) -> Told:
    """The rows of the batch in another order."""
    if not e.is_data or not e.known.all() or len(e.found) < 3:
        return None
    found, expected = (a.reshape(len(a), -1) for a in (e.found, e.expected))
    nearest = np.abs(found[:, None, :] - expected[None, :, :]).max(axis=2).argmin(axis=1)
    if np.array_equal(nearest, np.arange(len(found))) or not e.same(e.found, e.expected[nearest]):
        return None
    row = int(np.argmax(nearest != np.arange(len(found))))
    return "another sample", (
        f"Row {row} holds the gradient of row {int(nearest[row])}: the rows of the batch are in another order than in forward."
    )


def _one_row(e: Evidence) -> Told:
    """Not added up over the batch."""
    if e.is_data or not len(e.by_row):
        return None
    for row in range(len(e.by_row)):
        if e.same(e.found, e.by_row[row]):
            return "one sample", (
                f"It is the gradient of row {row} alone. A parameter is used by every row: add up over the batch, as "
                "inputs.T @ doutput and doutput.sum(axis=0) do."
            )
    return None


def _wrong_axis(e: Evidence) -> Told:
    """Summed or averaged over an axis that should have been kept."""
    if not e.known.all():
        return None
    for axis in range(e.found.ndim):
        if e.found.shape[axis] == 1:
            continue
        for what, whole in (
            ("summed", e.expected.sum(axis, keepdims=True)),
            ("averaged", e.expected.mean(axis, keepdims=True)),
        ):
            if e.same(e.found, np.broadcast_to(whole, e.found.shape)):
                return (
                    "wrong axis",
                    f"All entries along axis {axis} are the same: {what} over an axis that must be kept.",
                )
    return None


def _partly(e: Evidence) -> Told:
    """Right on some entries."""
    size = float(np.abs(e.expected[e.known]).max(initial=0.0))
    right = np.abs(e.residual) <= 1e-6 * np.maximum(np.abs(np.where(e.known, e.expected, 0.0)), 1e-3 * size)
    good, many = int((right & e.known).sum()), int(e.known.sum())
    if not 0 < good < many:
        return None
    where = suspects.where(e, ~right & e.known)
    return "partly", f"Right in {good} of {many} entries{where}"


def _no_simple_relation(e: Evidence) -> tuple[str, str]:
    f, t = e.found[e.known], e.expected[e.known]
    norm = float(np.linalg.norm(t))
    off = float(np.linalg.norm(f - t)) / norm if norm else float("inf")
    return "a formula", (
        f"All {len(f)} entries are off, together by {off:.2g} of the gradient's length, and by no simple rule. Compare "
        "backward with the derivation, term by term."
    )


SUSPICIONS: tuple[Callable[[Evidence], Told], ...] = (
    _not_finite,
    _zero,
    _flat,
    _rounded,
    _factor,
    _transposed,
    _other_sample,
    _one_row,
    suspects.swapped_record,
    suspects.penalty,
    suspects.term,
    suspects.factor_array,
    suspects.normalising,
    _wrong_axis,
    _partly,
)
