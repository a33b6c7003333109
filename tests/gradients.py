"""Derivatives by differences, for tests only: nothing here knows how a layer works.

The rule is the fourth-order central difference, `(8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h`, whose error is of the
order of h**4. At h = 2e-4 in float64 that and the rounding are both about 1e-12 of the gradient's size.

A kink (the corner of a ReLU) within 2h of the point would spoil the figure, so it is recognised and refused: where f is
smooth the second differences at 2h and h are as 4 to 1, at a corner as 2 to 1.
"""

from collections.abc import Callable

import numpy as np

STEP = 2e-4
RELATIVE = 1e-7  # what a hand-derived gradient may differ by, of its own size ...
ABSOLUTE = 1e-10  # ... or of the size of the largest gradient beside it, where it is about 0 itself


class OnAKink(AssertionError):
    """The point chosen has no derivative: the test's fault, not the layer's."""


def numeric_gradient(
    function: Callable[[np.ndarray], np.ndarray], at: np.ndarray, weight: np.ndarray | float = 1.0, step: float = STEP
) -> np.ndarray:
    """The gradient of ``sum(weight * function(at))`` for every entry of `at`, in its shape, float64."""
    at = np.array(at, np.float64)
    gradient = np.empty_like(at)
    middle = np.array(function(at), np.float64)
    for place in np.ndindex(at.shape):

        def moved(offset: float, place: tuple[int, ...] = place) -> np.ndarray:
            beside = at.copy()
            beside[place] += offset
            return np.array(function(beside), np.float64)

        left2, left, right, right2 = (moved(times * step) for times in (-2, -1, 1, 2))
        bend, bend2 = left - 2.0 * middle + right, left2 - 2.0 * middle + right2
        if np.abs(bend2 - 4.0 * bend).max(initial=0.0) > 1e-7 * (1.0 + np.abs(middle).max(initial=0.0)):
            raise OnAKink(f"entry {place} of the point, {at[place]}, lies within {2 * step} of a kink: move it")
        # Subtracted output by output before they are added up, so that what did not move cancels to the last bit.
        gradient[place] = (weight * (8.0 * (right - left) - (right2 - left2))).sum() / (12.0 * step)
    return gradient


def assert_gradients(by_hand: dict[str, np.ndarray], numeric: dict[str, np.ndarray]) -> None:
    """Every array of `by_hand` has the shape of its namesake in `numeric` and agrees to `RELATIVE`."""
    assert by_hand.keys() == numeric.keys(), f"gradients of {sorted(by_hand)}, expected of {sorted(numeric)}"
    largest = max((float(np.abs(array).max(initial=0.0)) for array in numeric.values()), default=0.0)
    for name, expected in numeric.items():
        given = np.asarray(by_hand[name])
        assert given.shape == expected.shape, f"gradient of {name} has shape {given.shape}, expected {expected.shape}"
        np.testing.assert_allclose(
            given, expected, rtol=RELATIVE, atol=ABSOLUTE * max(largest, 1.0), err_msg=f"gradient of {name}"
        )
