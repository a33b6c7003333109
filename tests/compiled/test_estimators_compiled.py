"""The scikit-learn estimators trained by the compiled engine: the same networks, to rounding."""

import numpy as np
import pytest
from sklearn.datasets import load_iris

from pellucid.estimators import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, LABELS = load_iris(return_X_y=True)
NUMBERS = X[:, 0] ** 2 + X[:, 1]
SEVERAL = np.stack([LABELS == 0, LABELS > 0], axis=1).astype(int)


@pytest.mark.parametrize(
    ("kind", "y", "settings"),
    [
        (MLPClassifier, LABELS, {"batch_size": 40}),  # the last step of an epoch is a short one
        (MLPClassifier, LABELS, {"early_stopping": True, "batch_norm": True, "dropout": 0.2}),
        (MLPClassifier, LABELS, {"batch_size": 50, "class_weight": {0: 3.0, 1: 1.0, 2: 0.5}}),
        (MLPClassifier, LABELS == 1, {"batch_size": 50, "class_weight": "balanced"}),
        (MLPClassifier, SEVERAL, {"solver": "sgd", "learning_rate": "invscaling", "batch_size": 50}),
        (MLPRegressor, NUMBERS, {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.1, "n_iter_no_change": 1}),
        (MLPRegressor, NUMBERS, {"loss": "poisson", "batch_size": 50}),
        (MLPRegressor, NUMBERS, {"loss": "quantile", "quantile": (0.1, 0.5, 0.9)}),
    ],
    ids=[
        "short last step",
        "early stopping",
        "class weights",
        "two class weights",
        "several labels",
        "adaptive",
        "counts",
        "quantiles",
    ],
)
def test_both_engines_train_the_same_network(kind, y, settings):
    settings = {"hidden_layer_sizes": (8,), "random_state": 0, "max_iter": 12} | settings
    slow, fast = (kind(engine=engine, **settings).fit(X, y) for engine in ("numpy", "jax"))
    assert fast.engine_ == "jax" and fast.n_iter_ == slow.n_iter_ and fast.t_ == slow.t_
    np.testing.assert_allclose(fast.loss_curve_, slow.loss_curve_, rtol=1e-9)
    for a, b in zip(slow.coefs_ + slow.intercepts_, fast.coefs_ + fast.intercepts_, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(fast.predict(X), slow.predict(X), rtol=1e-6)
