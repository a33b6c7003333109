"""The arrays of an estimator as a network that predicts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_is_fitted, validate_data

from pellucid.estimators import settings
from pellucid.layers import BatchNorm, Dense, Sequential, Sigmoid, Softmax

CHUNK = 256  # rows that a prediction takes at a time: their values stay in the cache, and no threads are woken


class Predicting:
    """What an estimator does with `coefs_` and `intercepts_`: layers are made around these very arrays."""

    activation: Any
    dropout: Any
    n_features_in_: int
    coefs_: list[np.ndarray]
    intercepts_: list[np.ndarray]
    _network: Sequential | None
    _dense: list[Dense]
    _scoring: Sequential
    _loss: Any

    def _out(self) -> tuple[str, Any, Any]:
        """(`out_activation_`, the last layer or None, the loss)."""
        raise NotImplementedError

    def _made(self, l2: float = 0.0, rows: int = 0, training: bool = False) -> Sequential:
        """The network around the arrays of `coefs_` and `intercepts_`; `l2`, `rows`: as for `settings.dense`."""
        hidden = len(self.coefs_) - 1
        activations = settings.one_each("activation", self.activation, hidden)
        dropouts = settings.one_each("dropout", self.dropout, hidden) if training else [0.0] * hidden
        norms = getattr(self, "batch_norms_", [None] * hidden)
        self.out_activation_, last, self._loss = self._out()
        return settings.network(self.coefs_, self.intercepts_, norms, activations, dropouts, last, l2, rows)

    def _ready(self) -> Sequential:
        """The network that predicts, made anew where somebody has put other arrays into `coefs_` or `intercepts_`."""
        made = self.__dict__.get("_network")
        if made is not None:
            for layer, weights, biases in zip(self._dense, self.coefs_, self.intercepts_, strict=True):
                if layer.weights is not weights or layer.biases is not biases:
                    break
            else:
                return made
        check_is_fitted(self)
        self.coefs_, self.intercepts_ = list(map(np.asarray, self.coefs_)), list(map(np.asarray, self.intercepts_))
        self._network = made = self._made()
        self._dense = [layer for layer in made.layers if isinstance(layer, Dense)]
        last = len(made.layers) - isinstance(made.layers[-1], (Sigmoid, Softmax))
        self._scoring = Sequential(*made.layers[:last])
        return made

    def _outputs(self, X: Any, scores: bool = False) -> np.ndarray:
        """What the network returns for the rows of `X`, (rows, outputs). `scores`: what its probabilities are made of.

        A plain array of the right width is taken as it is; scikit-learn's own checks cost seven times as much as a pass.
        """
        plain = type(X) is np.ndarray and X.ndim == 2 and X.dtype.char in "fd" and "_network" in self.__dict__
        if not (
            plain and len(X) > 0 and X.shape[1] == self.n_features_in_
            and "feature_names_in_" not in self.__dict__ and math.isfinite(np.add.reduce(X, axis=None))
        ):  # fmt: skip
            X = self._checked(X)
        network = self._ready()
        if scores:  # which is largest is known before the exponentials, a quarter of the time of a single row
            network = self._scoring
        if X.shape[0] <= CHUNK and type(X) is np.ndarray:
            output: np.ndarray = network.run_copy().forward(X)
            return output
        parts = (X[at : at + CHUNK] for at in range(0, X.shape[0], CHUNK))
        full = (part.toarray() if sparse.issparse(part) else part for part in parts)
        return np.concatenate([network.run_copy().forward(part) for part in full])

    def _checked(self, X: Any) -> Any:
        check_is_fitted(self)
        checked = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        if sparse.issparse(checked):
            checked = checked.tocsr()
        return checked if checked.dtype.kind == "f" else checked.astype(self.coefs_[0].dtype)

    def to_model(self) -> Any:
        """The fitted network as a `pellucid.Model`, a copy: to explain, diagnose, draw, check or train further.

        It takes the columns of X and returns probabilities or numbers; of a Poisson loss the logarithm of the expected
        count.
        """
        from pellucid.model import Model

        network, loss = self._ready(), self._loss
        loss = loss.plain() if hasattr(loss, "plain") else loss
        model = Model(*network.run_copy().layers, loss=loss, dtype=self.coefs_[0].dtype)
        model._write_back(model.values())
        return model

    def __getstate__(self) -> dict[str, Any]:
        """Without the layers that were made around the arrays."""
        kept: Any = super().__getstate__()
        return {key: value for key, value in kept.items() if key not in ("_network", "_dense", "_scoring", "_callback")}


class Putter:
    """The attributes that the values of `network` are: coefs_, intercepts_ and batch_norms_."""

    def __init__(self, network: Sequential) -> None:
        places = [(str(number), layer) for number, layer in enumerate(network.layers)]
        self.dense = [place for place, layer in places if isinstance(layer, Dense)]
        self.norms = [(place, layer) for place, layer in places if isinstance(layer, BatchNorm)]

    def __call__(self, values: dict[str, np.ndarray]) -> dict[str, Any]:
        attributes: dict[str, Any] = {
            "coefs_": [values[f"{place}.weights"] for place in self.dense],
            "intercepts_": [values[f"{place}.biases"] for place in self.dense],
        }
        if self.norms:
            attributes["batch_norms_"] = [
                {name: values[f"{place}.{name}"] for name in (*layer.params, *layer.state)}
                for place, layer in self.norms
            ]
        return attributes


def fresh_norm(units: int, dtype: Any) -> dict[str, np.ndarray]:
    """The parameters and state of a batch normalisation that has seen nothing."""
    return {name: value.astype(dtype) for name, value in BatchNorm(units).values().items()}
