"""The regressor."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import column_or_1d
from sklearn.utils._param_validation import Interval, InvalidParameterError, StrOptions
from sklearn.utils.validation import validate_data

from pellucid.errors import DataError, InputError
from pellucid.estimators.base import Perceptron, in_context, where_steps
from pellucid.estimators.losses import AbsoluteErrors, Counts, HalfSquares, Hubers
from pellucid.estimators.stochastic import Judged
from pellucid.layers import OrderedQuantiles
from pellucid.losses import Quantile


class MLPRegressor(RegressorMixin, Perceptron):
    """A network that predicts numbers: scikit-learn's `MLPRegressor`, on pellucid's layers, losses and engines.

    The parameters up to `max_fun` are scikit-learn's, with the same defaults, and mean the same; see its user guide. Those
    that are more are the classifier's (`activation`, `hidden_layer_sizes`, `dropout`, `batch_norm`, `engine`), and

    loss : "squared_error", "poisson" (for counts), "absolute_error", "huber" or "quantile". Losses of several targets add up.
    quantile : for loss="quantile": a level such as 0.5, or several in ascending order, such as (0.05, 0.5, 0.95), which
        the network learns together and which cannot cross. `predict` returns the middle one, `predict_quantiles` all.
    huber_delta : for loss="huber": errors up to this one count squared, those beyond by their size.

    `predict_interval` says between which numbers the target lies. Attributes are scikit-learn's, and
    `validation_loss_curve_`, the loss on the validation rows after each epoch, where there are such; `batch_norms_`;
    `calibration_errors_` (rows, targets), how far predictions for the validation rows were off, in ascending order.

    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> regressor = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", random_state=0, max_iter=2000).fit(10 * X, y)
    >>> round(regressor.score(10 * X, y), 2)
    0.52
    """

    _parameter_constraints = Perceptron._parameter_constraints | {
        "loss": [StrOptions({"squared_error", "poisson", "absolute_error", "huber", "quantile"})],
        "quantile": [Interval(Real, 0, 1, closed="neither"), "array-like"],
        "huber_delta": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dropout: Any = 0.0,
        batch_norm: bool = False,
        quantile: Any = 0.5,
        huber_delta: float = 1.0,
        engine: str = "auto",
    ) -> None:
        super().__init__(
            hidden_layer_sizes, activation, solver, alpha, batch_size, learning_rate, learning_rate_init, power_t,
            max_iter, shuffle, random_state, tol, verbose, warm_start, momentum, nesterovs_momentum, early_stopping,
            validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change, max_fun, dropout, batch_norm, engine,
        )  # fmt: skip
        self.loss, self.quantile, self.huber_delta = loss, quantile, huber_delta

    # -- fitting -------------------------------------------------------------------------------------------------------

    @in_context
    def fit(self, X: Any, y: Any, sample_weight: Any = None, validation_data: Any = None) -> MLPRegressor:
        """Train on X (rows, features) and the numbers y (rows,) or (rows, targets).

        `sample_weight` (rows,): how much each row counts. `validation_data`, a pair (X, y): judged after every epoch, in
        `validation_scores_` and `validation_loss_curve_`; with `early_stopping` it takes the place of the rows that would
        be set aside. Earlier steps of a Pipeline do not see it: transform it first.
        """
        return self._fit(X, y, sample_weight, validation_data)

    @where_steps
    @in_context
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPRegressor:
        """Go once over X and y, from where training stands."""
        return self._fit(X, y, sample_weight, incremental=True)

    def _validate_params(self) -> None:
        """Who gives the sizes first, as the classifier takes them, is told where they go."""
        try:
            super()._validate_params()
        except InvalidParameterError as error:
            if isinstance(self.loss, str):
                raise
            sizes = f"hidden_layer_sizes={self.loss!r}"
            raise InvalidParameterError(
                f"{error} The first parameter is `loss`: write MLPRegressor({sizes})."
            ) from None

    def _validate(self, X: Any, y: Any, incremental: bool, reset: bool, held: bool = False) -> tuple[Any, Any]:
        X, y = validate_data(
            self, X, y, accept_sparse=["csr", "csc"], multi_output=True, y_numeric=True,
            dtype=(np.float64, np.float32), reset=reset,
        )  # fmt: skip
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if self.loss == "poisson" and y.size and y.min() < 0:
            raise DataError(f"loss='poisson' needs y of at least 0, and y goes down to {y.min():g}: it is for counts.")
        return X, np.ascontiguousarray(y.reshape(len(y), -1).astype(X.dtype, copy=False))

    def _levels(self) -> tuple[float, ...]:
        try:
            return tuple(float(level) for level in np.atleast_1d(np.asarray(self.quantile)))
        except (TypeError, ValueError, OverflowError):
            raise InputError(
                f"quantile={self.quantile!r}: expected a number between 0 and 1, or several, such as (0.05, 0.5, 0.95)."
            ) from None

    def _count_outputs(self, targets: np.ndarray) -> tuple[int, int]:
        count = targets.shape[1]
        return count, count * len(self._levels()) if self.loss == "quantile" else count

    def _outputs_of(self, units: int) -> int:
        levels = len(self._levels()) if self.loss == "quantile" else 1
        return units // levels if units % levels == 0 else -1

    def _out(self) -> tuple[str, Any, Any]:
        if self.loss == "poisson":
            return "exp", None, Counts()
        if self.loss == "quantile":
            loss = Quantile(self._levels())
            return "identity", OrderedQuantiles(len(loss.levels)) if len(loss.levels) > 1 else None, loss
        if self.loss == "huber":
            return "identity", None, Hubers(self.huber_delta)
        return "identity", None, HalfSquares() if self.loss == "squared_error" else AbsoluteErrors()

    def _predicted(self, outputs: np.ndarray) -> np.ndarray:
        """What the outputs predict, (rows, targets)."""
        if self.loss == "poisson":
            with np.errstate(over="ignore"):
                return np.exp(outputs)
        if self.loss == "quantile":
            levels = len(self._levels())
            return outputs[:, (levels - 1) // 2 :: levels]
        return outputs

    def _scorer(self, targets: np.ndarray, weights: np.ndarray | None) -> Callable[[np.ndarray], float]:
        """R2, the mean of all targets'. A constant target counts as 1 where it is predicted exactly, else as 0."""
        if len(targets) < 2:
            return lambda outputs: float("nan")
        spread = np.average((targets - np.average(targets, axis=0, weights=weights)) ** 2, axis=0, weights=weights)

        def r2(outputs: np.ndarray) -> float:
            error = np.average((targets - self._predicted(outputs)) ** 2, axis=0, weights=weights)
            constant = np.where(error == 0.0, 1.0, 0.0)
            share = np.divide(error, spread, out=np.zeros_like(error), where=spread != 0.0)
            return float(np.where(spread != 0.0, 1.0 - share, constant).mean())

        return r2

    def _calibrate(self, judged: Judged | None) -> None:
        self.__dict__.pop("calibration_errors_", None)
        if judged is not None:
            off = np.abs(self._predicted(self._ready().run_copy().forward(judged.x)) - judged.y)
            self.calibration_errors_ = np.sort(off, axis=0)

    # -- predicting ----------------------------------------------------------------------------------------------------

    def predict(self, X: Any) -> np.ndarray:
        """The predicted numbers, (rows,) or (rows, targets)."""
        predicted = self._predicted(self._outputs(X))
        return predicted.ravel() if predicted.shape[1] == 1 else predicted

    def predict_quantiles(self, X: Any) -> np.ndarray:
        """Of loss="quantile": every level, in ascending order, (rows, levels) or (rows, targets, levels)."""
        if self.loss != "quantile":
            raise InputError(
                f"loss={self.loss!r} learns no quantiles: write MLPRegressor(loss='quantile', quantile=(0.05, 0.5, 0.95)), "
                "or call predict_interval, which needs validation rows only."
            )
        outputs = self._outputs(X).reshape(-1, self.n_outputs_, len(self._levels()))
        return outputs[:, 0] if self.n_outputs_ == 1 else outputs

    def predict_interval(self, X: Any, coverage: float = 0.9) -> np.ndarray:
        """Between which two numbers the target lies in `coverage` of all cases, (rows, 2) or (rows, targets, 2).

        Of loss="quantile" the learned quantiles, where the levels of such an interval are among them: (0.05, 0.95) for
        0.9. Otherwise the prediction, plus and minus what the errors on the validation rows were at most in that share of
        cases: as wide for every row, and right on average for rows like those (Lei et al., 2018, split conformal). Those
        rows also choose the epoch where `early_stopping` is on, which makes the interval a little narrow.
        """
        if not 0.0 < coverage < 1.0:
            raise InputError(f"coverage={coverage!r}: expected a number above 0 and below 1, such as 0.9.")
        if self.loss == "quantile":
            levels, edge = np.array(self._levels()), (1.0 - coverage) / 2.0
            ends = [int(np.abs(levels - level).argmin()) for level in (edge, 1.0 - edge)]
            if np.allclose(levels[ends], (edge, 1.0 - edge), rtol=0.0, atol=1e-6):
                return self.predict_quantiles(X)[..., ends]
        center = self._predicted(self._outputs(X))[:, :, None]
        interval: np.ndarray = center + self._margin(coverage)[:, None] * np.array([-1.0, 1.0], center.dtype)
        if self.loss == "poisson":
            interval = np.maximum(interval, 0.0)  # no count lies below
        return interval[:, 0] if self.n_outputs_ == 1 else interval

    def _margin(self, coverage: float) -> np.ndarray:
        """How far predictions are off at most in `coverage` of all cases, (targets,)."""
        errors = getattr(self, "calibration_errors_", None)
        if errors is None:
            raise InputError(
                f"No interval of coverage {coverage:g} is known: write MLPRegressor(loss='quantile', quantile=(0.05, 0.5, "
                "0.95)), or hold rows back to measure errors on: fit(..., validation_data=(X, y)) or early_stopping=True."
            )
        place = int(np.ceil(coverage * (len(errors) + 1))) - 1
        if place >= len(errors):
            raise InputError(
                f"{len(errors)} validation rows cannot tell an interval that holds {100 * coverage:g}%: hold back at least "
                f"{int(np.ceil(coverage / (1.0 - coverage)))}, or ask for less."
            )
        margin: np.ndarray = errors[place]
        return margin
