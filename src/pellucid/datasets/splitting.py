"""Rows set aside, to judge a network on what it has not seen."""

from __future__ import annotations

import numpy as np

from pellucid.errors import DataError, InputError


def split(
    X: np.ndarray, y: np.ndarray, fraction: float = 0.2, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(X_train, y_train, X_test, y_test): `fraction` of the rows set aside, by the seed alone.

    Labels (whole numbers, one a row) are shared out class by class, so that both sides have them in the same
    proportion; other targets row by row.
    """
    X, y = np.asarray(X), np.asarray(y)
    if X.ndim == 0 or y.ndim == 0 or len(X) != len(y):
        raise DataError(f"X has shape {X.shape} and y has shape {y.shape}: give one target a row.")
    if not 0.0 < fraction < 1.0:
        raise InputError(f"fraction={fraction!r}: expected a share between 0 and 1, such as 0.2.")
    order = np.random.default_rng(seed).permutation(len(X))
    if y.ndim == 1 and y.dtype.kind in "iub":
        groups = [order[y[order] == label] for label in np.unique(y)]
    else:
        groups = [order]
    test = np.concatenate([group[: round(fraction * len(group))] for group in groups])
    train = np.setdiff1d(order, test)
    if not len(train) or not len(test):
        raise InputError(f"fraction={fraction!r} of {len(X)} rows leaves nothing on one side; try 0.2, or more rows.")
    return X[train], y[train], X[test], y[test]
