"""A network's outputs as a person wants them: classes, probabilities, or numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.errors import DataError, InputError
from pellucid.layers import Dense, Sigmoid, Softmax
from pellucid.losses import BinaryCrossEntropy, CategoricalCrossEntropy

ALL_AT_ONCE = 4096  # rows of one pass


def width(model: Any) -> int | None:
    """The inputs that the network's first dense layer takes, if it has one."""
    first = next((layer for layer in model.layers if isinstance(layer, Dense)), None)
    return first.n_inputs if first is not None else None


def fitting(model: Any, X: np.ndarray, data: str) -> np.ndarray:
    """The rows of `data` as the network takes them: images as rows, where it begins with a dense layer of their size."""
    first, size = model.layers[0], int(np.prod(X.shape[1:]))
    if X.ndim < 2 or not isinstance(first, Dense):
        return X
    if first.n_inputs != size:
        raise DataError(
            f"The network takes {first.n_inputs} number(s) a row, but {data} has {size}. Give it data such as it was trained on."
        )
    return X.reshape(len(X), size)


def of_classes(model: Any) -> bool:
    """Whether the network chooses among classes."""
    return isinstance(model.loss, (CategoricalCrossEntropy, BinaryCrossEntropy)) or isinstance(
        model.layers[-1], (Softmax, Sigmoid)
    )


def of(model: Any, X: np.ndarray, proba: bool = False) -> tuple[list[str], np.ndarray]:
    """(column names, values (rows, columns)): the class, its probabilities with `proba`, or the numbers predicted."""
    if not of_classes(model):
        if proba:
            raise InputError("--proba is for classes; this network predicts numbers.")
        outputs = model.predict(X, ALL_AT_ONCE)
        return ["y"] if outputs.shape[1] == 1 else [f"y{i + 1}" for i in range(outputs.shape[1])], outputs
    if not proba:
        return ["class"], model.predict_classes(X, ALL_AT_ONCE)[:, None]
    outputs = model.predict(X, ALL_AT_ONCE)
    if outputs.shape[1] == 1:  # one output is the probability of class 1
        outputs = np.concatenate([1.0 - outputs, outputs], axis=1)
    return [f"p{i}" for i in range(outputs.shape[1])], outputs


def targets(model: Any, y: np.ndarray) -> np.ndarray:
    """`y` of a data file as this network's loss takes it."""
    y = np.asarray(y)
    if isinstance(model.loss, CategoricalCrossEntropy):
        return y.ravel() if y.ndim == 2 and y.shape[1] == 1 else y
    return y[:, None] if y.ndim == 1 else y
