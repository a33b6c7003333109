"""The arrays of an estimator as a network that predicts."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_is_fitted, validate_data

from pellucid.estimators import settings
from pellucid.estimators.rows import thin_or_full
from pellucid.layers import BatchNorm, Dense, Sequential, Sigmoid, Softmax

CHUNK = 256  # rows that a prediction takes at a time: their values stay in the cache, and no threads are woken


class Built(NamedTuple):
    """The network that predicts, and what it was made of. Put in place as a whole: threads see all of it, or nothing."""

    whole: Sequential
    scoring: Sequential  # without the layer that makes probabilities
    dense: list[Dense]
    activation: Any

    def is_of(self, owner: Any) -> bool:
        """Whether it is still the network of the owner's `coefs_`, `intercepts_` and `activation`."""
        coefs, intercepts = owner.coefs_, owner.intercepts_
        if self.activation is not owner.activation or not len(self.dense) == len(coefs) == len(intercepts):
            return False
        for layer, weights, biases in zip(self.dense, coefs, intercepts, strict=True):
            if layer.weights is not weights or layer.biases is not biases:
                return False
        return True


class Predicting:
    """What an estimator does with `coefs_` and `intercepts_`: layers are made around these very arrays."""

    activation: Any
    dropout: Any
    n_features_in_: int
    coefs_: list[np.ndarray]
    intercepts_: list[np.ndarray]
    _network: Built | None
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

    def _built(self) -> Built:
        """The network that predicts, made anew where somebody has put others into `coefs_`, `intercepts_`, `activation`."""
        built = self.__dict__.get("_network")
        if built is not None and built.is_of(self):
            return built
        check_is_fitted(self)
        self.coefs_, self.intercepts_ = list(map(np.asarray, self.coefs_)), list(map(np.asarray, self.intercepts_))
        activation, made = self.activation, self._made()
        last = len(made.layers) - isinstance(made.layers[-1], (Sigmoid, Softmax))
        dense = [layer for layer in made.layers if isinstance(layer, Dense)]
        self._network = built = Built(made, Sequential(*made.layers[:last]), dense, activation)
        return built

    def _ready(self) -> Sequential:
        return self._built().whole

    def _outputs(self, X: Any, scores: bool = False) -> np.ndarray:
        """What the network returns for the rows of `X`, (rows, outputs). `scores`: what its probabilities are made of.

        A plain array of the right width is taken as it is; scikit-learn's own checks cost seven times as much as a pass.
        """
        plain = type(X) is np.ndarray and X.ndim == 2 and X.dtype.char in "fd" and "_network" in self.__dict__
        if not (
            plain and len(X) > 0 and X.shape[1] == self.n_features_in_
            and "feature_names_in_" not in self.__dict__ and _finite(X)
        ):  # fmt: skip
            X = self._checked(X)
        built = self._built()
        # Which is largest is known before the exponentials, a quarter of the time of a single row.
        network = built.scoring if scores else built.whole
        if X.shape[0] <= CHUNK and type(X) is np.ndarray:
            output: np.ndarray = network.run_copy().forward(X)
            return output
        parts = (X[at : at + CHUNK] for at in range(0, X.shape[0], CHUNK))
        return np.concatenate([network.run_copy().forward(thin_or_full(part)) for part in parts])

    def _checked(self, X: Any) -> Any:
        check_is_fitted(self)
        checked = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        if sparse.issparse(checked):
            checked = checked.tocsr()
        return checked if checked.dtype.kind == "f" else checked.astype(self.coefs_[0].dtype)

    def to_model(self) -> Any:
        """The fitted network as a `pellucid.Model`, a copy: to explain, diagnose, draw, check or train further.

        It takes the columns of X and returns probabilities or numbers; of a Poisson loss the logarithm of the expected
        count. Dropout and `alpha` are not in it, nor the optimiser: it is the network that predicts.
        """
        from pellucid.model import Model

        network, loss = self._ready(), self._loss
        loss = loss.plain() if hasattr(loss, "plain") else loss
        model = Model(*network.run_copy().layers, loss=loss, dtype=self.coefs_[0].dtype)
        model._write_back(model.values())
        return model

    def __getstate__(self) -> dict[str, Any]:
        """Without the layers that were made around the arrays. The name stays: no thread that predicts adds one later."""
        kept: dict[str, Any] = {**super().__getstate__()}  # type: ignore[dict-item]
        kept.pop("_callback", None)
        return kept | {"_network": None} if "_network" in kept else kept


def _finite(values: np.ndarray) -> bool:
    """Whether the sum of all is finite, and so each of them is."""
    with np.errstate(over="ignore", invalid="ignore"):
        return math.isfinite(np.add.reduce(values, axis=None))


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
