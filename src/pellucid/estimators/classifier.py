"""The classifier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import column_or_1d, compute_sample_weight
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.multiclass import _check_partial_fit_first_call, type_of_target, unique_labels
from sklearn.utils.validation import validate_data

from pellucid.errors import InputError
from pellucid.estimators.base import Perceptron, in_context, where_steps
from pellucid.estimators.losses import ClassesByClass, TwoByClass, YesOrNo
from pellucid.layers import Sigmoid, Softmax
from pellucid.losses import BinaryCrossEntropy, CategoricalCrossEntropy


class MLPClassifier(ClassifierMixin, Perceptron):
    """A network that tells classes apart: scikit-learn's `MLPClassifier`, on pellucid's layers, losses and engines.

    The parameters up to `max_fun` are scikit-learn's, with the same defaults, and mean the same; see its user guide. A
    float64 X is learned in float64, a float32 X, at about twice the speed, in float32. What is more:

    activation : one of "identity", "logistic", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish",
        "softplus", "hard_sigmoid", "softmax", "step"; a layer of pellucid; or a list of these, one for each hidden layer.
    hidden_layer_sizes : () or None for no hidden layer: a logistic regression.
    dropout : the share of each hidden layer's outputs that a training step sets to 0, one number or one a layer.
    batch_norm : whether to normalise each hidden layer's sums over the batch, before the activation.
    class_weight : None, "balanced", or a dict of class to weight (a list of such dicts for several labels).
    engine : "auto", "numpy" or "jax": what runs the training; see `pellucid.Model.fit`. After `fit`, `engine_` says
        which it was and `engine_reason_` why.

    Attributes are scikit-learn's (`coefs_`, `intercepts_`, `classes_`, `loss_`, `loss_curve_`, `best_loss_`, ...), and
    `validation_loss_curve_`, the loss on the validation rows after each epoch, where there are such; `batch_norms_`.

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = MLPClassifier((16,), solver="lbfgs", random_state=0).fit(X, y)
    >>> classifier.predict(X[[0, 75, 149]])
    array([0, 1, 2])
    """

    _parameter_constraints = Perceptron._parameter_constraints | {
        "class_weight": [dict, list, StrOptions({"balanced"}), None]
    }
    loss = "log_loss"

    def __init__(
        self,
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
        class_weight: Any = None,
        engine: str = "auto",
    ) -> None:
        super().__init__(
            hidden_layer_sizes, activation, solver, alpha, batch_size, learning_rate, learning_rate_init, power_t,
            max_iter, shuffle, random_state, tol, verbose, warm_start, momentum, nesterovs_momentum, early_stopping,
            validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change, max_fun, dropout, batch_norm, engine,
        )  # fmt: skip
        self.class_weight = class_weight

    # -- fitting -------------------------------------------------------------------------------------------------------

    @in_context
    def fit(self, X: Any, y: Any, sample_weight: Any = None, validation_data: Any = None) -> MLPClassifier:
        """Train on X (rows, features) and the labels y (rows,), or yes and no for several of them (rows, labels).

        `sample_weight` (rows,): how much each row counts. `validation_data`, a pair (X, y): judged after every epoch, in
        `validation_scores_` and `validation_loss_curve_`; with `early_stopping` it takes the place of the rows that would
        be set aside. Earlier steps of a Pipeline do not see it: transform it first.
        """
        return self._fit(X, y, sample_weight, validation_data)

    @where_steps
    @in_context
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> MLPClassifier:
        """Go once over X and y, from where training stands. `classes`: all there will ever be, needed in the first call."""
        if _check_partial_fit_first_call(self, classes):
            several = type_of_target(y).startswith("multilabel")
            self._label_binarizer = LabelBinarizer().fit(y if several else classes)
        return self._fit(X, y, sample_weight, incremental=True)

    def _validate(self, X: Any, y: Any, incremental: bool, reset: bool, held: bool = False) -> tuple[Any, Any]:
        X, y = validate_data(
            self, X, y, accept_sparse=["csr", "csc"], multi_output=True, dtype=(np.float64, np.float32), reset=reset
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if not hasattr(self, "classes_") or (not self.warm_start and not incremental):
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
        else:
            self._check_classes(
                np.unique(y) if y.ndim == 1 else unique_labels(y), all_of_them=self.warm_start and not held
            )
        return X, self._as_targets(y, X.dtype)

    def _check_classes(self, classes: np.ndarray, all_of_them: bool) -> None:
        if all_of_them:
            if set(classes) != set(self.classes_):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                    f"Previously got {self.classes_}, `y` has {classes}"
                )
        elif len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {classes}."
            )

    def _as_targets(self, y: np.ndarray, dtype: Any) -> np.ndarray:
        """Numbers of classes (rows,), or 0 and 1 in a column for two classes or for each of several labels."""
        kind = self._label_binarizer.y_type_
        if kind.startswith("multilabel"):
            return np.asarray(self._label_binarizer.transform(y), dtype)
        if y.ndim != 1:
            raise ValueError(
                "The object was not fitted with multilabel input: it tells classes apart, one a row, and y has "
                f"{y.shape[1]} columns."
            )
        numbers = np.searchsorted(self.classes_, y)
        return numbers if kind == "multiclass" else numbers.astype(dtype)[:, None]

    def _row_weights(self, y: Any, weights: np.ndarray | None, incremental: bool) -> np.ndarray | None:
        """The weights of rows; those of classes are put aside for the loss, but where a row has several labels."""
        self._shares, self._mean_share = None, 1.0
        if self.class_weight is None:
            return weights
        if incremental and self.class_weight == "balanced":
            raise InputError(
                "class_weight='balanced' counts the classes of all rows, which partial_fit never sees together: give a "
                "dict of class to weight, such as compute_class_weight('balanced', classes=classes, y=y) makes."
            )
        of_class = compute_sample_weight(self.class_weight, y)
        if not (np.isfinite(of_class) & (of_class >= 0.0)).all():
            raise InputError(f"class_weight={self.class_weight!r}: expected finite weights of at least 0.")
        if self._label_binarizer.y_type_.startswith("multilabel") or len(self.classes_) < 2:
            return of_class if weights is None else weights * of_class
        by_class = self.class_weight
        if by_class == "balanced":
            labels = np.asarray(y).ravel()
            by_class = dict(zip(labels.tolist(), of_class.tolist(), strict=True))
        shares = np.array([float(by_class.get(label, 1.0)) for label in self.classes_.tolist()])
        if not incremental:
            self._mean_share = max(float(np.average(of_class, weights=weights)), 1e-30)
        self._shares = tuple((shares / self._mean_share).tolist())
        return weights

    def _count_outputs(self, targets: np.ndarray) -> tuple[int, int]:
        count = len(self.classes_) if targets.ndim == 1 else targets.shape[1]
        return count, count

    def _outputs_of(self, units: int) -> int:
        fitting = {"multiclass": len(self.classes_), "binary": 1}.get(self._label_binarizer.y_type_, units)
        return units if units == fitting else -1

    def _out(self) -> tuple[str, Any, Any]:
        shares = getattr(self, "_shares", None)
        if self._label_binarizer.y_type_ == "multiclass":
            return "softmax", Softmax(), ClassesByClass(shares) if shares else CategoricalCrossEntropy()
        if shares:
            return "logistic", Sigmoid(), TwoByClass(shares)
        return "logistic", Sigmoid(), BinaryCrossEntropy() if self.n_outputs_ == 1 else YesOrNo()

    def _scorer(self, targets: np.ndarray, weights: np.ndarray | None) -> Callable[[np.ndarray], float]:
        """The share of rows that are right: all labels of a row where there are several."""

        def accuracy(outputs: np.ndarray) -> float:
            if targets.ndim == 1:
                right = outputs.argmax(axis=1) == targets
            else:
                right = ((outputs > 0.5) == targets).all(axis=1)
            return float(np.average(right, weights=weights))

        return accuracy

    # -- predicting ----------------------------------------------------------------------------------------------------

    def predict(self, X: Any) -> Any:
        """The class of each row of X, (rows,); of several labels 0 or 1 for each, (rows, labels)."""
        scores = self._outputs(X, scores=True)
        if self.out_activation_ == "softmax":
            return self.classes_[scores.argmax(axis=1)]
        yes = scores > 0.0  # a probability above a half
        if self.n_outputs_ == 1:
            several = len(self.classes_) > 1
            return self.classes_[yes[:, 0].astype(np.intp)] if several else np.repeat(self.classes_, len(yes))
        return self._label_binarizer.inverse_transform(yes.astype(scores.dtype))

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, (rows, classes), in the order of `classes_`; of each label by itself."""
        outputs = self._outputs(X)
        return outputs if self.n_outputs_ > 1 else np.concatenate([1.0 - outputs, outputs], axis=1)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The logarithm of `predict_proba`."""
        chances = self.predict_proba(X)
        with np.errstate(divide="ignore"):
            return np.log(chances, out=chances)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
