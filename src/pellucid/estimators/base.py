"""What the classifier and the regressor share: scikit-learn's manners around pellucid's layers and engines."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, _fit_context, is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_sample_weight

from pellucid.errors import InputError
from pellucid.estimators import settings
from pellucid.estimators.callbacks import CallbackSupport, Listener
from pellucid.estimators.files import SaveAndLoad
from pellucid.estimators.predicting import Predicting, Putter, fresh_norm
from pellucid.estimators.rows import Rows, SparseRows, thin_or_full
from pellucid.estimators.stochastic import Judged, Moves, Run

Method = TypeVar("Method", bound=Callable[..., Any])


def in_context(method: Method) -> Method:
    """A method that trains: parameters are checked before it, and callbacks are torn down behind it."""
    made: Method = _fit_context(prefer_skip_nested_validation=True)(method)
    return made


def where_steps(method: Method) -> Method:
    """A method that is there where the solver takes steps, and absent otherwise."""
    made: Method = available_if(lambda estimator: estimator._check_solver())(method)
    return made


class Perceptron(CallbackSupport, SaveAndLoad, Predicting, BaseEstimator):
    """Base of the two estimators. `coefs_` and `intercepts_` are the network; layers are made around these arrays."""

    _parameter_constraints: dict[str, Any] = settings.CONSTRAINTS
    _callback: Listener | None = None
    _mean_share = 1.0  # what a row counts on average for its class
    loss_curve_: list[float]
    best_loss_: Any
    best_validation_score_: Any
    validation_scores_: Any
    validation_loss_curve_: Any

    def __init__(
        self, hidden_layer_sizes: Any, activation: Any, solver: str, alpha: float, batch_size: Any, learning_rate: str,
        learning_rate_init: float, power_t: float, max_iter: int, shuffle: bool, random_state: Any, tol: float,
        verbose: Any, warm_start: bool, momentum: float, nesterovs_momentum: bool, early_stopping: bool,
        validation_fraction: float, beta_1: float, beta_2: float, epsilon: float, n_iter_no_change: float, max_fun: int,
        dropout: Any, batch_norm: bool, engine: str,
    ) -> None:  # fmt: skip
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.engine = engine

    # -- what each of the two says for itself --------------------------------------------------------------------------

    def _validate(self, X: Any, y: Any, incremental: bool, reset: bool, held: bool = False) -> tuple[Any, Any]:
        """X and y, checked; y in the form that the network learns, (rows, ...). `held`: rows only to judge by."""
        raise NotImplementedError

    def _count_outputs(self, targets: np.ndarray) -> tuple[int, int]:
        """(`n_outputs_`, units of the last layer)."""
        raise NotImplementedError

    def _outputs_of(self, units: int) -> int:
        """`n_outputs_` where the last layer has so many units; -1 where it cannot have."""
        raise NotImplementedError

    def _scorer(self, targets: np.ndarray, weights: np.ndarray | None) -> Callable[[np.ndarray], float]:
        """The score of validation rows as a function of the network's outputs."""
        raise NotImplementedError

    def _row_weights(self, y: Any, weights: np.ndarray | None, incremental: bool) -> np.ndarray | None:
        return weights

    # -- fitting -------------------------------------------------------------------------------------------------------

    def _fit(self, X: Any, y: Any, sample_weight: Any, validation_data: Any = None, incremental: bool = False) -> Any:
        if self.early_stopping and incremental:
            raise ValueError("partial_fit does not support early_stopping=True")
        hidden = settings.hidden_sizes(self.hidden_layer_sizes)
        first = not hasattr(self, "coefs_") or (not self.warm_start and not incremental)
        x, targets = self._validate(X, y, incremental, first)
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, x)
        weights = self._row_weights(y, weights, incremental)
        self._random_state = check_random_state(self.random_state)
        self.n_outputs_, last = self._count_outputs(targets)
        if first:
            self._initialize([x.shape[1], *hidden, last], x.dtype)
        elif self.coefs_[-1].shape[1] != last:
            raise ValueError(
                f"y asks for {last} outputs, but the network that training goes on with has {self.coefs_[-1].shape[1]}."
            )
        self._network = None
        own = None if validation_data is None else self._validation(validation_data, x, targets)
        stochastic = self.solver in settings.STOCHASTIC
        self._callback = Listener.of(self, X, y, sample_weight, self.max_iter if stochastic else None)
        try:
            (self._fit_stochastic if stochastic else self._fit_lbfgs)(x, targets, weights, own, incremental)
            if not incremental:  # a step of somebody else's training does not wait for what may never be asked
                self._ready()
            if self._callback is not None:
                self._callback.end()
        finally:
            self._callback = None
        return self

    def _initialize(self, units: list[int], dtype: Any) -> None:
        """Fresh weights, in the order and from the draws of scikit-learn; no figures yet."""
        self.n_iter_, self.t_, self.n_layers_ = 0, 0, len(units)
        activations = settings.one_each("activation", self.activation, len(units) - 2)
        activations.append(activations[-1] if activations else self.activation)
        self.coefs_, self.intercepts_ = [], []
        for activation, (fan_in, fan_out) in zip(activations, pairwise(units), strict=True):
            bound = settings.glorot_bound(activation, fan_in, fan_out)
            weights = self._random_state.uniform(-bound, bound, (fan_in, fan_out))
            biases = self._random_state.uniform(-bound, bound, fan_out)
            self.coefs_.append(weights.astype(dtype, copy=False))
            self.intercepts_.append(biases.astype(dtype, copy=False))
        self.batch_norms_ = [fresh_norm(n, dtype) if self.batch_norm else None for n in units[1:-1]]
        if self.solver in settings.STOCHASTIC:
            self._begin_figures()

    def _begin_figures(self) -> None:
        self.loss_curve_, self._no_improvement_count = [], 0
        stopping = self.early_stopping
        self.best_loss_, self.best_validation_score_ = (None, -np.inf) if stopping else (np.inf, None)
        self.validation_scores_ = [] if stopping else None
        self.validation_loss_curve_ = [] if stopping else None

    def _validation(self, given: Any, trained: Any, targets: np.ndarray) -> tuple[Any, np.ndarray]:
        """Validation data of the user's own, in the network's form."""
        try:
            X, y = given
        except (TypeError, ValueError):
            raise InputError("validation_data: expected a pair, validation_data=(X_valid, y_valid).") from None
        x, held = self._validate(X, y, incremental=True, reset=False, held=True)
        if held.shape[1:] != targets.shape[1:]:
            raise InputError(
                f"validation_data: its y has {held.shape[1]} columns, and that of the training rows {targets.shape[1]}."
            )
        return x if sparse.issparse(trained) or not sparse.issparse(x) else x.toarray(), held

    def _fit_stochastic(self, x: Any, targets: Any, weights: Any, own: Any, incremental: bool) -> None:
        if not incremental or not hasattr(self, "_optimizer"):
            self._optimizer = Moves(self)
        if getattr(self, "best_validation_score_" if self.early_stopping else "best_loss_", None) is None:
            self._begin_figures()  # training that goes on was another solver's, or stopped by another rule
        judged = None
        if own is not None:
            judged = Judged(own[0], own[1], None, self._scorer(own[1], None))
        elif self.early_stopping:
            (x, targets, weights), judged = self._split(x, targets, weights)
        if judged is not None and self.validation_scores_ is None:
            self.validation_scores_, self.validation_loss_curve_ = [], []
        size = self._step_size(len(x) if not sparse.issparse(x) else x.shape[0])
        data = self._rows(x, targets, weights, size)
        counted = self._mean_share * (size if weights is None else size * float(weights.mean()))
        short = size if weights is None and data.rows % size and self.alpha else 0  # the last step has fewer rows
        network = self._made(self.alpha / (2.0 * max(counted, 1e-30)), short, training=True)
        put = Putter(network)
        run = Run(self, network, self._loss, data, judged, bool(self.early_stopping), put)
        run.train(1 if incremental else self.max_iter, incremental)
        if not self.early_stopping:
            self.__dict__.update(put(run.values))
        elif run.best:
            self.__dict__.update(run.best)
        self._calibrate(judged)

    def _rows(self, x: Any, targets: np.ndarray, weights: Any, size: int) -> Rows:
        if sparse.issparse(x):
            if self.engine == "jax":
                raise InputError("engine='jax' takes no sparse X: write engine='numpy', or X.toarray().")
            x = SparseRows(x.tocsr())
        else:
            x = np.ascontiguousarray(x)
        seed = int(self._random_state.randint(2**31 - 1)) if np.any(self.dropout) else 0
        return Rows(x, targets, weights, size, seed, bool(self.shuffle), None, self._random_state)

    def _step_size(self, rows: int) -> int:
        if self.batch_size == "auto":
            return min(200, rows)
        if self.batch_size > rows:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped", stacklevel=6
            )
        return int(np.clip(self.batch_size, 1, rows))

    def _split(self, x: Any, targets: Any, weights: Any) -> tuple[tuple[Any, Any, Any], Judged]:
        """(rows to train on, rows to judge by), the same rows as scikit-learn sets aside."""
        yes_or_no = is_classifier(self) and self.n_outputs_ == 1
        kept, aside = train_test_split(
            np.arange(x.shape[0]), random_state=self._random_state, test_size=self.validation_fraction,
            stratify=targets.astype(bool) if yes_or_no else None,
        )  # fmt: skip
        if len(aside) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
            )
        of_aside = None if weights is None else weights[aside]
        held = thin_or_full(x[aside])
        judged = Judged(held, targets[aside], of_aside, self._scorer(targets[aside], of_aside))
        return (x[kept], targets[kept], None if weights is None else weights[kept]), judged

    def _calibrate(self, judged: Judged | None) -> None:
        """Nothing, unless rows that were held back say how far predictions are off."""

    def _fit_lbfgs(self, x: Any, targets: Any, weights: Any, own: Any, incremental: bool) -> None:
        from pellucid.estimators.lbfgs import minimize

        if np.any(self.dropout) or self.batch_norm:
            raise InputError(
                "solver='lbfgs' minimises one fixed function, which dropout and batch_norm change at every step: write "
                "solver='adam', or leave them out."
            )
        found = minimize(self, self._objective(x, targets, weights))
        half = len(found) // 2
        self.coefs_, self.intercepts_ = found[:half], found[half:]
        if not all(np.isfinite(value).all() for value in found):
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
                "preprocessed."
            )
        self._calibrate(None if own is None else Judged(own[0], own[1], None, self._scorer(own[1], None)))

    def _loss_grad_lbfgs(self, packed: np.ndarray, X: Any, y: Any, sample_weight: Any = None, *_: Any) -> Any:
        """(loss, gradient) at a vector of all coefficients, then all intercepts. Some call it in scikit-learn's form."""
        return self._objective(X, y, sample_weight)(packed)

    def _objective(self, x: Any, targets: Any, weights: Any) -> Any:
        from pellucid.estimators.lbfgs import Objective

        x = thin_or_full(x.tocsr()) if sparse.issparse(x) else np.ascontiguousarray(x)
        counted = self._mean_share * (x.shape[0] if weights is None else float(weights.sum()))
        return Objective(self._made(self.alpha / (2.0 * max(counted, 1e-30))), self._loss, x, targets, weights)

    def _check_solver(self) -> bool:
        if self.solver not in settings.STOCHASTIC:
            raise AttributeError(
                f"partial_fit is only available for stochastic optimizers. {self.solver} is not stochastic."
            )
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
