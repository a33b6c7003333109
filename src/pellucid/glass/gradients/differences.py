"""Derivatives by differences, in float64, that know when they cannot be trusted.

**The rule**  ``slope = (8 * (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h``: the term in h**2 of two central differences cancels,
what is left is of the order of h**4.

**Kinks**  The second differences ``f(-h) - 2 f(0) + f(h)`` at 2h and at h are as 4 to 1 where f is smooth. At a corner
inside the steps they are not, nor at a jump, nor where rounding is all that is seen. How far they are from it, divided
by h, is the `doubt`: a figure in the unit of the slope that it may be off by. A large doubt calls for another step;
where no step helps, the point lies on a kink. One corner in many can hide (at two thirds of h both differences agree by
chance), which is why nobody is called wrong on the word of a single step: see `confirmed`.

The function is taken term by term (an output's entry each), so that what did not move cancels to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

Terms = Callable[[float], np.ndarray]  # the terms of the sum that is differentiated, at a distance from the point

# Fractions of the entry's own size: the usual one, smaller ones for corners close by, larger ones for coarse forwards.
STEPS = tuple(2.0**-power for power in (12, 15, 18, 21, 24, 9, 6))
GOAL = 1e-8  # of a slope's size: as good as it need be
RESOLVED = 1e-3  # of a slope's size: more doubt than that is a kink, or noise
_CLOSE = 2.0**-23
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Slope:
    """A derivative: its value, what it may be off by, the sum of its terms' sizes, and the terms themselves (T,).

    `quiet`: all the doubt there is comes from rounding, so that a slope of almost 0 is no kink.
    """

    value: float
    doubt: float
    size: float
    terms: np.ndarray
    quiet: bool = False

    @property
    def resolved(self) -> bool:
        """Whether the point is smooth enough to say anything."""
        return self.quiet or self.doubt <= RESOLVED * self.size


NOWHERE = Slope(0.0, np.inf, 0.0, np.zeros(0))


def at_step(terms: Terms, middle: np.ndarray, step: float, grain: float, touched: np.ndarray | None = None) -> Slope:
    """The slope from five points; `middle` is ``terms(0)``, `grain` what a term is rounded to.

    `touched`: which terms depend on the entry at all, so that what a step was too small for is doubted, too.
    """
    left2, left, right, right2 = (terms(times * step) for times in (-2.0, -1.0, 1.0, 2.0))
    slopes = (8.0 * (right - left) - (right2 - left2)) / (12.0 * step)
    off = float(np.abs((right2 - 2.0 * middle + left2) - 4.0 * (right - 2.0 * middle + left)).sum())
    moved = (right2 != left2) | (right != left) if touched is None else touched
    many, size = max(int(moved.sum()), 1), np.abs(middle[moved])
    rounding = 4.0 * _EPS * float(np.sqrt(size @ size)) + 2.0 * grain * many**0.5
    value, doubt = float(slopes.sum()), (off + rounding) / step
    if not np.isfinite(value) or not np.isfinite(doubt):
        return NOWHERE
    quiet = off <= 64.0 * _EPS * float(size.sum()) + 8.0 * grain * many
    return Slope(value, doubt, float(np.abs(slopes).sum()), slopes, quiet)


def slope(terms: Terms, middle: np.ndarray, scale: float, grain: float = 0.0) -> Slope:
    """The first slope that is good enough, otherwise the best. `scale`: the entry's own size, a power of two."""
    best: Slope | None = None
    for step in STEPS:
        found = at_step(terms, middle, step * scale, grain)
        if best is None or found.doubt < best.doubt:
            best = found
        if best.doubt <= GOAL * best.size:
            break
    assert best is not None
    return best


def confirmed(terms: Terms, middle: np.ndarray, scale: float, grain: float = 0.0) -> Slope | None:
    """The best slope that another step agrees with; None where there is no such two."""
    far = [terms(times * scale) for times in (-4.0, -0.5, 0.5, 4.0)]
    touched = np.any([one != middle for one in far], axis=0)
    found = sorted((at_step(terms, middle, step * scale, grain, touched) for step in STEPS), key=lambda one: one.doubt)
    for better, worse in combinations([one for one in found if one.resolved], 2):
        if abs(better.value - worse.value) <= better.doubt + worse.doubt + 1e-6 * better.size:
            return better
    return None


def grain_of(terms: Terms) -> float:
    """What a term is rounded to: the fourth differences of points so close that a smooth function has none.

    About 1e-16 where a forward keeps float64, 1e-8 where it rounds to float32 on its way. A jump that happens to lie
    among the points is one of a few terms, so the upper quarter's edge says it, not the largest.
    """
    spread = []
    for number in (-1.0, 1.0):
        near = [terms((100.0 * number + offset) * _CLOSE) for offset in (-2.0, -1.0, 0.0, 1.0, 2.0)]
        spread.append(np.abs(near[0] - 4.0 * near[1] + 6.0 * near[2] - 4.0 * near[3] + near[4]))
    grain = float(np.quantile(np.concatenate(spread), 0.75)) / 8.0
    return grain if np.isfinite(grain) else 0.0


def scale_of(array: np.ndarray, place: tuple[int, ...] | None = None) -> float:
    """The size of an entry, at least that usual in its array, as a power of two, so that adding a step is exact."""
    usual = float(np.sqrt(np.square(array).mean())) if array.size else 0.0
    own = abs(float(array[place])) if place is not None else 0.0
    size = max(own, usual, 1e-3) if usual else 1.0
    return float(2.0 ** np.round(np.log2(size)))
