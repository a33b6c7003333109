"""How well anybody could do on the spiral: the noise makes its arms overlap."""

from __future__ import annotations

import numpy as np

from pellucid.errors import InputError


def spiral_ceiling(classes: int = 3, noise: float = 0.2, draws: int = 200_000) -> tuple[float, np.ndarray]:
    """The best accuracy that any classifier can reach on new points of the spiral: (overall, by class).

    The angle's noise makes the arms overlap. A point at radius r of class c has angle ``2.5 * (4 * (c + r) + noise * n)``,
    n standard normal; the best guess is the class whose density at the point's angle (modulo a full turn) is largest.
    Counted over `draws` points a class from the generator itself.
    """
    if classes < 1 or not noise > 0.0 or draws < 1:
        raise InputError(f"classes={classes!r}, noise={noise!r}, draws={draws!r}: expected all of them above 0.")
    rng, hits = np.random.default_rng(0), np.zeros(classes)
    for number in range(classes):
        radius = rng.random(draws)
        angle = 2.5 * (4 * (number + radius) + noise * rng.standard_normal(draws))
        density = [_wrapped_density(angle - 10 * (other + radius), 2.5 * noise) for other in range(classes)]
        hits[number] = (np.argmax(density, axis=0) == number).mean()
    return float(hits.mean()), hits


def _wrapped_density(offset: np.ndarray, std: float) -> np.ndarray:
    """Density of a normal angle at `offset` from its mean, on the circle (up to a factor)."""
    turns = 2 * np.pi * np.array([[-1], [0], [1]])
    near = (offset + np.pi) % (2 * np.pi) - np.pi
    density: np.ndarray = np.exp(-((near + turns) ** 2) / (2 * std**2)).sum(axis=0)
    return density
