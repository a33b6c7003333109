"""The solver "lbfgs": SciPy's quasi-Newton method over pellucid's own gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import optimize
from sklearn.utils.optimize import _check_optimize_result

from pellucid.layers import Dense
from pellucid.randomness import Draws
from pellucid.step import Pass


class Objective:
    """The mean loss of all rows, and its gradient, as a function of one vector: all coefficients, then all intercepts.

    The layers' arrays are views of that vector, so that a call copies it once.
    """

    def __init__(self, network: Any, loss: Any, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None) -> None:
        self.data = x, y, weights
        self.step = Pass(network, loss, Draws(0))
        dense = [layer for layer in self.step.network.layers if isinstance(layer, Dense)]
        self.places = [(layer, name) for name in ("weights", "biases") for layer in dense]
        self.start = np.concatenate([getattr(layer, name).ravel() for layer, name in self.places])
        self.now, self.gradient = self.start.copy(), np.empty_like(self.start)
        for (layer, name), part in zip(self.places, self.split(self.now), strict=True):
            setattr(layer, name, part)
        self.slopes = self.split(self.gradient)

    def split(self, vector: np.ndarray) -> list[np.ndarray]:
        """The parts of a vector, coefficients first, in their shapes."""
        shapes = [getattr(layer, name).shape for layer, name in self.places]
        ends = np.cumsum([np.prod(shape, dtype=int) for shape in shapes])
        parts = np.split(vector, ends[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]

    def __call__(self, vector: np.ndarray) -> tuple[float, np.ndarray]:
        """(loss, gradient) at `vector`."""
        self.now[:] = vector
        value = float(self.step.run(*self.data))
        for (layer, name), slope in zip(self.places, self.slopes, strict=True):
            slope[...] = getattr(layer, "d" + name)
        return value, self.gradient.astype(float)


def minimize(owner: Any, objective: Objective) -> list[np.ndarray]:
    """The parameters at the lowest loss found, coefficients first; the owner's figures are kept as they come."""
    owner.n_iter_ = 0

    def after(intermediate_result: Any) -> None:
        owner.n_iter_ += 1
        if owner.verbose:
            print(f"Iteration {owner.n_iter_}, loss = {intermediate_result.fun:.8f}")
        if owner._callback is not None:
            found = objective.split(np.array(intermediate_result.x, objective.start.dtype))
            half = len(found) // 2
            if owner._callback.epoch(lambda: {"coefs_": found[:half], "intercepts_": found[half:]}):
                raise StopIteration

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        result = optimize.minimize(
            objective, objective.start.astype(float), method="L-BFGS-B", jac=True, callback=after,
            options={"maxfun": owner.max_fun, "maxiter": owner.max_iter, "gtol": owner.tol},
        )  # fmt: skip
    if result.status == 99:  # a callback said stop, which is no failure to converge
        owner.n_iter_ = int(result.nit)
    else:
        owner.n_iter_ = int(_check_optimize_result("lbfgs", result, owner.max_iter))
    owner.loss_ = float(result.fun)
    return objective.split(result.x.astype(objective.start.dtype))
