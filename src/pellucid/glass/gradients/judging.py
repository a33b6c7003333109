"""Gradients by hand beside gradients by differences: which entries agree, and whether they can be told.

Nobody is called wrong who may be right. A difference counts only where the slope is known ten times better than the
difference is large, where two steps agree on it, and where it is there again at a point a little further on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.glass.gradients.differences import NOWHERE, Slope, confirmed, grain_of, scale_of, slope
from pellucid.glass.gradients.report import Verdict
from pellucid.glass.gradients.subjects import Subject, Values, substitutes

RELATIVE = 1e-7  # what a gradient may differ by, of its own size ...
ABSOLUTE = 1e-10  # ... or of the size of the largest entry beside it, where it is about 0 itself ...
ROUNDING = 1e-12  # ... or of the largest of all arrays: what cancels to 0, as a bias before batch norm, leaves that ...
FROM_ABOVE = 1e-13  # ... or of what arrives from above: a saturated softmax takes the difference of two such numbers
FLOAT32 = 1e-5  # instead of RELATIVE, for a gradient that comes back in float32
MOVE = 2.0**-6  # of an array's size: how far a point moves away from a kink
MOVES = 3
AGAIN = 8  # the worst entries, looked at twice


@dataclass
class Measured:
    """One array's gradient at one point: `found` by hand, `slopes` by differences for the entries looked at."""

    values: Values
    key: str
    found: np.ndarray
    places: list[tuple[int, ...]]
    slopes: list[Slope]
    grain: float  # what the forward's terms are rounded to
    unit: float  # the size of what arrives from above
    largest: float = 0.0  # of the gradients of all arrays at this point

    def figures(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(found, expected, doubt, resolved) of the entries looked at."""
        found = np.array([self.found[place] for place in self.places], np.float64)
        expected = np.array([one.value for one in self.slopes])
        doubt = np.array([one.doubt for one in self.slopes])
        return found, expected, doubt, np.array([one.resolved for one in self.slopes], bool)


def moved(values: Values, rng: np.random.Generator, amount: float = MOVE) -> Values:
    """Every value of every array a little further on, rounded to float32, so that steps are exact in float64."""
    return {key: rounded(a + amount * scale_of(a) * rng.uniform(-1.0, 1.0, a.shape)) for key, a in values.items()}


def rounded(array: np.ndarray) -> np.ndarray:
    """Float64 with the digits of float32 alone."""
    with np.errstate(over="ignore"):
        short = array.astype(np.float32).astype(np.float64)
    return np.where(np.isfinite(short), short, array)


def places_of(array: np.ndarray, limit: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """All entries of an array, or `limit` of them, spread at random."""
    if array.size <= limit:
        return list(np.ndindex(array.shape))
    chosen = np.sort(rng.choice(array.size, limit, replace=False))
    return [tuple(int(i) for i in np.unravel_index(flat, array.shape)) for flat in chosen]


def along(subject: Subject, values: Values, key: str, direction: Any) -> Any:
    """The terms as a function of how far one array has moved: an entry (its place), or a whole array's direction."""
    at = values[key]

    def terms(distance: float) -> np.ndarray:
        if isinstance(direction, tuple):
            beside = at.copy()
            beside[direction] += distance
        else:
            beside = at + distance * direction
        return subject.terms({**values, key: beside})

    return terms


def grain_at(subject: Subject, values: Values) -> float:
    """What the terms are rounded to: seen along a direction of all arrays, and at least float64's share of the unit.

    No direction of equal parts: a softmax does not notice when all its inputs grow alike.
    """
    rng = np.random.default_rng(0)
    ways = {
        key: scale_of(a) * rng.uniform(0.5, 1.0, a.shape) * rng.choice([-1, 1], a.shape) for key, a in values.items()
    }
    seen = grain_of(lambda t: subject.terms({key: array + t * ways[key] for key, array in values.items()}))
    return max(seen, float(np.finfo(np.float64).eps) * subject.unit)


def measured(
    subject: Subject, values: Values, key: str, found: np.ndarray, places: list[tuple[int, ...]], grain: float
) -> Measured:
    """Slopes of the entries at `places`."""
    middle = subject.terms(values)
    slopes = [slope(along(subject, values, key, p), middle, scale_of(values[key], p), grain) for p in places]
    return Measured(values, key, found, places, slopes, grain, subject.unit)


def surely(
    subject: Subject, values: Values, found: np.ndarray, places: list[tuple[int, ...]], like: Measured
) -> Measured:
    """The same at another point, perhaps; only slopes that two steps agree on are resolved."""
    middle, key = subject.terms(values), like.key
    slopes = [confirmed(along(subject, values, key, p), middle, scale_of(values[key], p), like.grain) for p in places]
    kept = [one if one is not None else NOWHERE for one in slopes]
    return Measured(values, key, found, places, kept, like.grain, like.unit, like.largest)


def differs(one: Measured) -> np.ndarray:
    """Which of the entries looked at are further off than can be explained."""
    found, expected, doubt, resolved = one.figures()
    relative = FLOAT32 if one.found.dtype == np.float32 else RELATIVE
    largest = float(np.abs(expected[resolved]).max(initial=0.0))
    allowed = relative * np.maximum(np.abs(expected), np.abs(found))
    floor = ABSOLUTE * largest + ROUNDING * one.largest + FROM_ABOVE * one.unit
    allowed = allowed + floor * relative / RELATIVE
    with np.errstate(invalid="ignore"):
        close = np.abs(found - expected) <= allowed + 2.0 * doubt
    return resolved & ~close


def judge(
    subject: Subject, values: Values, rng: np.random.Generator, limit: int, still: bool = False
) -> list[tuple[Verdict, Measured | None]]:
    """A verdict for each of `values`. `still`: stay at this very point, kinks or not."""
    places = {key: places_of(array, limit, rng) for key, array in values.items()}
    best: dict[str, Measured] = {}
    fewest = None
    for _ in range(1 if still else 1 + MOVES):
        hand = subject.by_hand(values)
        usable = {key: np.asarray(hand[key]) for key, array in values.items() if problem(hand[key], array) is None}
        grain = grain_at(subject, values)
        now = {key: measured(subject, values, key, found, places[key], grain) for key, found in usable.items()}
        for one in now.values():
            one.largest = max(abs(slope.value) for other in now.values() for slope in other.slopes)
        unresolved = sum(not slope.resolved for one in now.values() for slope in one.slopes)
        if fewest is None or unresolved < fewest:
            best, fewest = now, unresolved
        if not unresolved:
            break
        values = moved(values, rng)
    results: list[tuple[Verdict, Measured | None]] = []
    for key, array in values.items():
        trouble = problem(hand[key], array)
        if trouble is not None:
            kind, sentence = trouble
            results.append((Verdict.unusable(key, array.size, subject.training, kind, sentence), None))
        else:
            results.append(_verdict(subject, best[key], rng, still))
    return results


def problem(gradient: Any, array: np.ndarray) -> tuple[str, str] | None:
    """(kind, what to write) where a gradient cannot even be compared: it is not there, or not in the array's shape."""
    if gradient is None:
        return "nothing", "there is no gradient"
    if not isinstance(gradient, (np.ndarray, np.generic)):
        return "no array", f"the gradient is a {type(gradient).__name__}, expected an array of shape {array.shape}"
    if gradient.shape != array.shape:
        turned = gradient.shape == array.shape[::-1]
        return (
            "transposed" if turned else "shape",
            f"the gradient has shape {gradient.shape}, expected {array.shape}",
        )
    if gradient.dtype.kind not in "fiub":
        return "numbers", f"the gradient holds {gradient.dtype}, expected numbers"
    return None


def _verdict(subject: Subject, one: Measured, rng: np.random.Generator, still: bool) -> tuple[Verdict, Measured]:
    wrong = differs(one)
    found, expected, _, resolved = one.figures()
    kinks = int((~resolved).sum())
    status = "ok" if resolved.any() else "not judged"
    if wrong.any():
        status = _again(subject, one, wrong, rng, still)
        if substitutes(subject) and status == "wrong":
            status = "substitute"
    elif len(one.places) < one.found.size and resolved.any() and _off_along(subject, one, rng):
        status = "wrong"
    error = relative_errors(found, expected, resolved)
    worst = int(np.argmax(np.where(wrong, error + 1.0, error))) if len(error) else 0
    verdict = Verdict(
        name=one.key, status=status, entries=one.found.size, checked=int(resolved.sum()), on_kinks=kinks,
        training=subject.training, index=one.places[worst], expected=float(expected[worst]), found=float(found[worst]),
        relative_error=float(error[worst]),
    )  # fmt: skip
    return verdict, one


def relative_errors(found: np.ndarray, expected: np.ndarray, resolved: np.ndarray) -> np.ndarray:
    """Of the larger of the two, or of a thousandth of the largest slope where both are about 0; 0 where unresolved."""
    floor = 1e-3 * float(np.abs(expected[resolved]).max(initial=0.0))
    size = np.maximum(np.maximum(np.abs(found), np.abs(expected)), floor)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.where(size > 0, np.abs(found - expected) / size, 0.0)
    error = np.where(np.isfinite(error), error, 1.0)
    return np.where(resolved, error, 0.0)


def _again(subject: Subject, one: Measured, wrong: np.ndarray, rng: np.random.Generator, still: bool) -> str:
    """The status after a second look: by all steps, and at a point a little further on."""
    found, expected, _, _ = one.figures()
    off = np.nan_to_num(np.abs(found - expected), nan=np.inf, posinf=np.inf)
    order = [int(i) for i in np.argsort(-off, kind="stable") if wrong[i]]
    open_ = False
    for start in range(0, len(order), AGAIN):
        places = [one.places[i] for i in order[start : start + AGAIN]]
        second = surely(subject, one.values, one.found, places, one)
        if differs(second).any():
            return "wrong" if still or _beside(subject, one, places, rng) else "not judged"
        open_ = open_ or not second.figures()[3].all()
    return "not judged" if open_ else "ok"


def _beside(subject: Subject, one: Measured, places: list[tuple[int, ...]], rng: np.random.Generator) -> bool:
    """Whether these entries differ beside the point, too; a second time, should the first new point lie on a kink."""
    for _ in range(2):
        values = moved(one.values, rng)
        gradient = subject.by_hand(values)[one.key]
        if problem(gradient, one.found) is not None:
            return True
        if differs(surely(subject, values, np.asarray(gradient), places, one)).any():
            return True
    return False


def _off_along(subject: Subject, one: Measured, rng: np.random.Generator) -> bool:
    """For the entries not looked at: whether the slope along a random direction is another than theirs together."""
    at = one.values[one.key]
    direction = rng.choice([-1.0, 1.0], at.shape)
    terms, middle = along(subject, one.values, one.key, direction), subject.terms(one.values)
    known = confirmed(terms, middle, scale_of(at), one.grain)
    if known is None:
        return False
    given = float((np.asarray(one.found, np.float64) * direction).sum())
    rounding = (FLOAT32 if one.found.dtype == np.float32 else RELATIVE) * float(np.abs(one.found).sum())
    return abs(given - known.value) > rounding + 4.0 * known.doubt
