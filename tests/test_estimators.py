"""The scikit-learn estimators: the same as scikit-learn's own to the last digits, and what theirs have not."""

import copy
import json
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn import config_context, metrics, neural_network
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import InvalidParameterError

import pellucid
from pellucid import layers
from pellucid.errors import FileError, InputError
from pellucid.estimators import MLPClassifier, MLPRegressor, stochastic

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, LABELS = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
YES = LABELS == 1
SEVERAL = np.stack([LABELS == 0, LABELS > 0, LABELS == 1], axis=1).astype(int)
NUMBERS = X[:, 0] ** 2 + X[:, 1] + 0.1 * np.sin(40 * X[:, 2])
WEIGHTS = np.random.default_rng(0).uniform(0.1, 2.0, len(X))
SMALL = {"hidden_layer_sizes": (8,), "random_state": 0, "engine": "numpy"}


def classifier(**settings):
    return MLPClassifier(**(SMALL | settings))


def regressor(**settings):
    return MLPRegressor(**(SMALL | settings))


# -- beside scikit-learn's -----------------------------------------------------------------------------------------------

BESIDE = [
    {"max_iter": 12, "batch_size": 40},
    {"max_iter": 12, "hidden_layer_sizes": (7, 5), "activation": "logistic", "alpha": 0.5, "epsilon": 0.01},
    {"max_iter": 12, "solver": "sgd", "batch_size": 25, "activation": "tanh", "learning_rate_init": 0.05},
    {"max_iter": 12, "solver": "sgd", "learning_rate": "invscaling", "nesterovs_momentum": False, "momentum": 0.5},
    {"max_iter": 90, "solver": "sgd", "learning_rate": "adaptive", "tol": 0.05, "n_iter_no_change": 2, "momentum": 0},
    {"max_iter": 12, "early_stopping": True, "validation_fraction": 0.3, "batch_size": 30, "n_iter_no_change": 3},
    {"max_iter": 12, "shuffle": False, "activation": "identity", "batch_size": 60},
    {"max_iter": 10, "solver": "lbfgs"},
]


def both(name, settings, x, y, weights=None):
    """(scikit-learn's, ours), fitted to the same rows with the same random state."""
    settings = {"hidden_layer_sizes": (8,), "random_state": 5} | settings
    ours = {"MLPClassifier": MLPClassifier, "MLPRegressor": MLPRegressor}[name]
    return [kind(**settings).fit(x, y, sample_weight=weights) for kind in (getattr(neural_network, name), ours)]


def same_network(theirs, ours, rtol=1e-7):
    for a, b in zip(theirs.coefs_ + theirs.intercepts_, ours.coefs_ + ours.intercepts_, strict=True):
        np.testing.assert_allclose(b, a, rtol=rtol, atol=1e-10)


@pytest.mark.parametrize("settings", BESIDE, ids=str)
@pytest.mark.parametrize(
    ("name", "y"), [("MLPClassifier", LABELS), ("MLPClassifier", YES), ("MLPClassifier", SEVERAL), ("MLPRegressor", NUMBERS)],
    ids=["classes", "yes or no", "several labels", "numbers"],
)  # fmt: skip
def test_the_same_random_state_trains_the_same_network(name, y, settings):
    theirs, ours = both(name, settings, X, y)
    same_network(theirs, ours)
    for figure in ("loss_", "n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_"):
        expected = getattr(theirs, figure)
        found = getattr(ours, figure)
        assert found == (expected if isinstance(expected, (str, int)) else pytest.approx(expected, rel=1e-7)), figure
    for figure in ("loss_curve_", "validation_scores_", "best_loss_", "best_validation_score_"):
        if getattr(theirs, figure, None) is not None:
            np.testing.assert_allclose(getattr(ours, figure), getattr(theirs, figure), rtol=1e-7)
        else:
            assert getattr(ours, figure, None) is None
    assert ours.score(X, y) == pytest.approx(theirs.score(X, y), abs=1e-7)
    if name == "MLPClassifier":
        np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
        np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-7)
        np.testing.assert_allclose(ours.predict_log_proba(X), theirs.predict_log_proba(X), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_weights_of_rows_over_all_rows_at_once(solver):
    theirs, ours = both("MLPClassifier", {"solver": solver, "max_iter": 10, "batch_size": 150}, X, LABELS, WEIGHTS)
    same_network(theirs, ours)


def test_counts():
    counts = np.random.default_rng(0).poisson(np.exp(0.5 * X[:, 0]))
    theirs, ours = both("MLPRegressor", {"loss": "poisson", "max_iter": 10, "batch_size": 30}, X, counts)
    same_network(theirs, ours)
    low, high = ours.fit(X, counts, validation_data=(X, counts)).predict_interval(X, 0.95).T
    assert low.min() == 0.0 and (high > 0.0).all() and np.mean((counts >= low) & (counts <= high)) >= 0.95
    assert ours.out_activation_ == "exp" and ours.loss_ == pytest.approx(theirs.loss_, rel=1e-8)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-7)


def test_several_targets_train_the_same_network_and_their_losses_add_up():
    """scikit-learn differentiates the sum over the targets and reports their mean; the sum is reported here."""
    y = np.stack([NUMBERS, -NUMBERS, X[:, 3]], axis=1)
    theirs, ours = both("MLPRegressor", {"max_iter": 10, "alpha": 0.0, "batch_size": 30}, X, y)
    same_network(theirs, ours)
    assert ours.loss_ == pytest.approx(3 * theirs.loss_, rel=1e-8)
    assert ours.predict(X).shape == y.shape


def test_partial_fit_goes_on_as_theirs():
    kinds = neural_network.MLPClassifier, MLPClassifier
    theirs, ours = (kind(hidden_layer_sizes=(8,), random_state=1, batch_size=40) for kind in kinds)
    for _ in range(4):
        theirs.partial_fit(X, LABELS, classes=[0, 1, 2])
        ours.partial_fit(X, LABELS, classes=[0, 1, 2])
    same_network(theirs, ours)
    assert ours.n_iter_ == 1 and ours.t_ == theirs.t_ == 600 and len(ours.loss_curve_) == 4


def test_warm_start_goes_on_as_theirs():
    kinds = neural_network.MLPRegressor, MLPRegressor
    theirs, ours = (
        kind(hidden_layer_sizes=(8,), random_state=1, warm_start=True, max_iter=5).fit(X, NUMBERS).fit(X, NUMBERS)
        for kind in kinds
    )
    same_network(theirs, ours)
    assert len(ours.loss_curve_) == 10


def test_parameters_and_their_defaults_are_theirs_and_more():
    for ours, theirs, more in (
        (MLPClassifier, neural_network.MLPClassifier, {"dropout", "batch_norm", "class_weight", "engine"}),
        (MLPRegressor, neural_network.MLPRegressor, {"dropout", "batch_norm", "quantile", "huber_delta", "engine"}),
    ):
        mine, other = ours().get_params(), theirs().get_params()
        assert {name: mine[name] for name in other} == other
        assert set(mine) - set(other) == more


@pytest.mark.parametrize(
    "wrong", [{"solver": "newton"}, {"alpha": -1}, {"max_iter": 0}, {"hidden_layer_sizes": 0}, {"beta_1": 1.0}], ids=str
)
def test_what_theirs_refuses_is_refused_with_the_same_words(wrong):
    messages = []
    for kind in (neural_network.MLPRegressor, MLPRegressor):
        with pytest.raises(ValueError) as caught:
            kind(**wrong).fit(X, NUMBERS)
        messages.append(str(caught.value).replace(" or None", ""))
    start = messages[0].partition("must be")[0]
    assert messages[1].startswith(start)


@pytest.mark.parametrize(
    "going_on", [lambda e, *d: e.partial_fit(*d), lambda e, *d: e.set_params(warm_start=True).fit(*d)]
)
@pytest.mark.parametrize("y", [LABELS, YES], ids=["classes", "yes or no"])
def test_a_network_of_classes_does_not_go_on_with_several_labels(y, going_on):
    for kind in (neural_network.MLPClassifier, MLPClassifier):
        begun = kind((8,), max_iter=2, random_state=0).fit(X, y)
        with pytest.raises(ValueError, match="not fitted with multilabel input"):
            going_on(begun, X, np.stack([LABELS == 0, LABELS > 0, LABELS == 1], axis=1)[:, : 3 if y is LABELS else 2])


@pytest.mark.parametrize("settings", [{"early_stopping": True}, {"solver": "lbfgs"}, {"solver": "sgd"}], ids=str)
def test_a_warm_start_may_change_the_solver_and_the_rule_for_stopping(settings):
    ours = classifier(max_iter=3, warm_start=True).fit(X, LABELS)
    ours.set_params(**settings).fit(X, LABELS)
    ours.set_params(early_stopping=False, solver="adam").fit(X, LABELS)
    assert ours.best_loss_ == min(ours.loss_curve_) and ours.n_iter_ == 3


def test_a_warm_start_that_never_gets_better_keeps_the_best():
    ours = classifier(max_iter=20, warm_start=True, early_stopping=True, learning_rate_init=0.05).fit(X, LABELS)
    best, score = [weights.copy() for weights in ours.coefs_], ours.best_validation_score_
    ours.set_params(learning_rate_init=1e-9).fit(X, LABELS)
    assert ours.best_validation_score_ == score and len(ours.validation_scores_) > 20
    for weights, kept in zip(ours.coefs_, best, strict=True):
        np.testing.assert_allclose(weights, kept, atol=1e-6)


def test_a_step_of_rows_that_weigh_nothing_moves_nothing():
    """Rows 0 to 49 are the first step: as if training had begun with the second."""
    settings = {"batch_size": 50, "shuffle": False, "alpha": 0.0, "solver": "sgd", "momentum": 0.0, "max_iter": 3}
    weights = np.r_[np.zeros(50), np.ones(100)]
    ours = classifier(**settings).partial_fit(X, LABELS, weights, classes=[0, 1, 2])
    same_network(ours, classifier(**settings).partial_fit(X[50:], LABELS[50:], classes=[0, 1, 2]), rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "settings", "more", "sentence"),
    [
        (classifier, {"activation": layers.BatchNorm(8)}, {}, "has parameters or state of its own"),
        (classifier, {"activation": [layers.Sequential(layers.Dense(8, 8))]}, {}, "has parameters or state of its own"),
        (classifier, {"class_weight": {0: -1.0}}, {}, "expected finite weights of at least 0"),
        (classifier, {"class_weight": {0: float("nan")}}, {}, "expected finite weights of at least 0"),
        (regressor, {"loss": "quantile", "quantile": ["low"]}, {}, "expected a number between 0 and 1, or several"),
        (
            regressor,
            {},
            {"validation_data": (X, np.stack([LABELS, LABELS], axis=1))},
            "its y has 2 columns, and that of",
        ),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(make, settings, more, sentence):
    with pytest.raises(InputError, match=sentence):
        make(max_iter=2, **settings).fit(X, LABELS, **more)


def test_sizes_where_the_loss_belongs_are_told_their_place():
    with pytest.raises(
        InvalidParameterError, match=r"'loss' parameter.*write MLPRegressor\(hidden_layer_sizes=\(30,\)\)"
    ):
        MLPRegressor((30,)).fit(X, NUMBERS)
    with pytest.raises(InvalidParameterError, match=r"'mse' instead\.$"):
        MLPRegressor("mse").fit(X, NUMBERS)


@pytest.mark.parametrize("make", [classifier, regressor])
def test_too_few_epochs_are_warned_of(make):
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(2\) reached") as seen:
        make(max_iter=2).fit(X, LABELS)
    assert seen[0].filename == __file__
    with pytest.warns(UserWarning, match="going to be clipped") as seen:
        make(max_iter=1, batch_size=999).fit(X, LABELS)
    assert {warning.filename for warning in seen} == {__file__}


# -- manners -------------------------------------------------------------------------------------------------------------


def test_pipeline_search_and_cross_validation():
    pipeline = make_pipeline(StandardScaler(), classifier(solver="lbfgs", max_iter=40))
    assert cross_val_score(pipeline, X, LABELS, cv=3).mean() > 0.9
    search = GridSearchCV(pipeline, {"mlpclassifier__alpha": [1e-4, 1000.0]}, cv=3).fit(X, LABELS)
    assert search.best_params_ == {"mlpclassifier__alpha": 1e-4}
    assert "MLPClassifier" in pipeline._repr_html_()


@pytest.mark.parametrize(
    "again", [lambda e: pickle.loads(pickle.dumps(e)), copy.deepcopy, copy.copy], ids=["pickle", "deep", "copy"]
)
def test_copies_predict_and_go_on_alike(again):
    ours = classifier(max_iter=5, batch_norm=True).fit(X, LABELS)
    other = again(ours)
    np.testing.assert_array_equal(other.predict_proba(X), ours.predict_proba(X))
    if again is not copy.copy:
        same_network(ours.partial_fit(X, LABELS), other.partial_fit(X, LABELS), rtol=0)
    assert not hasattr(clone(ours), "coefs_")


def test_what_is_put_into_the_coefficients_predicts():
    ours = regressor(max_iter=3).fit(X, NUMBERS)
    before = ours.predict(X)
    ours.intercepts_[1] += 1.0
    np.testing.assert_allclose(ours.predict(X), before + 1.0)
    ours.intercepts_ = [ours.intercepts_[0], ours.intercepts_[1] - 1.0]
    np.testing.assert_allclose(ours.predict(X), before)


def test_another_activation_predicts():
    ours = classifier(max_iter=3).fit(X, LABELS)
    relu = ours.predict_proba(X)
    tanh = ours.set_params(activation="tanh").predict_proba(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(ours)).predict_proba(X), tanh)
    assert not np.allclose(relu, tanh)


def test_threads_may_be_the_first_to_predict():
    """Of an estimator that came out of a pickle, each thread finds the network whole or makes it, and none adds a name."""
    content = pickle.dumps(classifier(max_iter=2).fit(X, LABELS))
    expected = pickle.loads(content).predict(X).tolist()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(6) as pool:
            for _ in range(40):
                ours, gate = pickle.loads(content), threading.Barrier(6)
                answers = pool.map(lambda _, ours=ours, gate=gate: (gate.wait(), ours.predict(X)), range(6))
                assert [answer.tolist() for _, answer in answers] == [expected] * 6
    finally:
        sys.setswitchinterval(interval)
    ours = pickle.loads(content)
    names = set(vars(ours))
    ours.predict(X)
    assert set(vars(ours)) == names


def test_a_single_class_is_all_there_is():
    ours = classifier(max_iter=2, random_state=3).fit(X, np.full(len(X), "yes"))
    assert set(ours.predict(X)) == {"yes"} and set(ours.predict(10 * X)) == {"yes"}
    assert len(np.unique(ours._outputs(10 * X) > 0.5)) == 2  # the network itself is of two minds


def test_plain_rows_are_taken_as_they_are_and_still_checked():
    ours = classifier(max_iter=3).fit(X, LABELS)
    quick, slow = ours.predict_proba(X[:1]), ours.predict_proba(X[:1].tolist())
    np.testing.assert_allclose(quick, slow, rtol=1e-13)
    np.testing.assert_allclose(ours.predict_proba(np.tile(X, (4, 1)))[-150:], ours.predict_proba(X), rtol=1e-12)
    for wrong, sentence in (
        (np.full((1, 4), np.nan), "NaN"), (np.full((1, 4), np.inf), "infinity"), (X[:, :3], "3 features"),
        (X[0], "1D array"), (np.empty((0, 4)), "0 sample"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=sentence):
            ours.predict(wrong)
    large = np.array([[1e308, 1e308, 0.0, 0.0]])  # whose sum is infinite, and whose entries are not
    ours.coefs_[0][:] *= 1e-300
    assert np.isfinite(ours.predict_proba(large)).all()
    with pytest.raises(NotFittedError):
        classifier().predict(X)


def test_names_of_columns():
    frames = pytest.importorskip("pandas")
    frame = frames.DataFrame(X, columns=list("abcd"))
    ours = classifier(max_iter=3).fit(frame, LABELS)
    assert list(ours.feature_names_in_) == list("abcd")
    with pytest.raises(ValueError, match="feature names"):
        ours.predict(frame[list("dcba")])
    with pytest.warns(UserWarning, match="valid feature names"):
        ours.predict(X)


def test_weights_are_routed():
    settings = {"max_iter": 4, "batch_size": 150}
    with config_context(enable_metadata_routing=True):
        unweighted = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(unweighted, classifier(**settings).set_fit_request(sample_weight=True))
        pipeline.fit(X, LABELS, sample_weight=WEIGHTS)
    scaled = StandardScaler().fit_transform(X)
    same_network(pipeline[-1], classifier(**settings).fit(scaled, LABELS, sample_weight=WEIGHTS), rtol=1e-12)


def test_a_scikit_learn_without_callbacks_is_enough():
    code = (
        "import sys, warnings, sklearn.base, sklearn.preprocessing, sklearn.model_selection\n"
        "sys.modules['sklearn.callback'] = None; warnings.simplefilter('ignore')\n"
        "sklearn.base._fit_context = lambda **_: lambda method: method\n"
        "from pellucid.estimators import MLPClassifier\n"
        "ours = MLPClassifier(max_iter=2, engine='numpy').fit([[0.0], [1.0], [2.0]], [0, 1, 1])\n"
        "print(hasattr(ours, 'set_callbacks'), ours.n_iter_)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stdout.split() == ["False", "2"], run.stderr


def test_without_scikit_learn_the_line_that_installs_it_is_said():
    code = "import sys; sys.modules['sklearn'] = None; import pellucid.estimators as e; e.MLPClassifier"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert 'pip install "pellucid[tabular]"' in run.stderr.splitlines()[-1]


def test_callbacks_see_every_epoch_and_may_stop():
    pytest.importorskip("sklearn.callback")

    class Stop:
        def __init__(self):
            self.scores = []

        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            self.torn_down = True

        def on_fit_task_begin(self, estimator, context, *, X=None):
            pass

        def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
            if context.task_name == "epoch":
                self.scores.append(fitted_estimator.score(X, y))
            return len(self.scores) == 4

    for solver in ("adam", "lbfgs"):
        stop = Stop()
        ours = classifier(solver=solver).set_callbacks(stop).fit(X, LABELS)
        assert ours.n_iter_ == 4 and stop.torn_down
        assert stop.scores[-1] == pytest.approx(ours.score(X, LABELS))


# -- what theirs have not ------------------------------------------------------------------------------------------------


def test_no_hidden_layer_is_a_linear_model():
    settings = {"hidden_layer_sizes": (), "solver": "lbfgs", "max_iter": 5000, "tol": 1e-7, "alpha": 15.0}
    ours, theirs = classifier(**settings).fit(X, LABELS), LogisticRegression(C=1 / 15.0, tol=1e-8).fit(X, LABELS)
    np.testing.assert_allclose(ours.coefs_[0].T, theirs.coef_, atol=1e-3)
    assert ours.n_layers_ == 2
    ridge = Ridge(alpha=15.0).fit(X, NUMBERS)
    np.testing.assert_allclose(regressor(**settings).fit(X, NUMBERS).coefs_[0][:, 0], ridge.coef_, atol=1e-4)


def test_an_activation_for_each_layer():
    ours = classifier(hidden_layer_sizes=(6, 5, 4), activation=["gelu", layers.LeakyReLU(0.2), "identity"], max_iter=3)
    model = ours.fit(X, LABELS).to_model()
    kinds = ["Dense", "GELU", "Dense", "LeakyReLU", "Dense", "Dense", "Softmax"]
    assert [type(layer).__name__ for layer in model.layers] == kinds and model.layers[3].slope == 0.2
    np.testing.assert_allclose(model.predict(X), ours.predict_proba(X), rtol=1e-12)
    with pytest.raises(InputError, match="2 entries, but there are 3 hidden layers"):
        classifier(hidden_layer_sizes=(6, 5, 4), activation=["relu", "tanh"]).fit(X, LABELS)


def test_dropout_and_batch_normalisation():
    plain = classifier(max_iter=5).fit(X, LABELS)
    dropped = classifier(max_iter=5, dropout=0.5).fit(X, LABELS)
    assert not np.allclose(plain.coefs_[0], dropped.coefs_[0])
    np.testing.assert_array_equal(dropped.predict_proba(X), dropped.predict_proba(X))  # no mask where it predicts
    same_network(dropped, classifier(max_iter=5, dropout=[0.5]).fit(X, LABELS), rtol=0)
    ours = classifier(hidden_layer_sizes=(6, 5), max_iter=60, batch_norm=True, learning_rate_init=0.02).fit(X, LABELS)
    assert [norm["running_mean"].shape for norm in ours.batch_norms_] == [(6,), (5,)]
    assert not np.allclose(ours.batch_norms_[0]["running_mean"], 0.0)
    assert ours.score(X, LABELS) > 0.95
    for wrong in ({"dropout": 0.5}, {"batch_norm": True}):
        with pytest.raises(InputError, match="solver='lbfgs' minimises one fixed function"):
            classifier(solver="lbfgs", **wrong).fit(X, LABELS)


def test_class_weights_are_weights_of_rows():
    rows = np.r_[0:50, 50:60, 100:150]  # few of class 1
    x, y = X[rows], LABELS[rows]
    settings = {"max_iter": 8, "batch_size": 110}
    weighted = classifier(class_weight={0: 1.0, 1: 5.0, 2: 1.0}, **settings).fit(x, y)
    by_rows = classifier(**settings).fit(x, y, sample_weight=np.where(y == 1, 5.0, 1.0))
    same_network(weighted, by_rows, rtol=1e-12)
    balanced = classifier(class_weight="balanced", **settings).fit(x, y)
    same_network(balanced, classifier(**settings).fit(x, y, sample_weight=110 / 3 / np.bincount(y)[y]), rtol=1e-9)
    with pytest.raises(InputError, match="partial_fit never sees together"):
        classifier(class_weight="balanced").partial_fit(x, y, classes=[0, 1, 2])


@pytest.mark.parametrize("y", [LABELS, (LABELS > 0).astype(int)], ids=["classes", "yes or no"])
def test_a_step_of_rows_that_count_little_is_a_small_step(y):
    """Class 0 lies in front, so that only steps without a row of it follow: they must move next to nothing."""
    weight = {label: 1.0 if label == 0 else 1e-9 for label in np.unique(y).tolist()}
    settings = {
        "class_weight": weight,
        "batch_size": 5,
        "shuffle": False,
        "solver": "sgd",
        "momentum": 0.0,
        "alpha": 0.0,
    }
    whole, part = classifier(**settings), classifier(**settings)
    same_network(whole.partial_fit(X, y, classes=np.unique(y)), part.partial_fit(X[:50], y[:50], classes=np.unique(y)))


def outliers():
    """A straight line, a tenth of its rows far above it."""
    rng = np.random.default_rng(3)
    x = rng.uniform(-1, 1, (400, 1))
    return x, x[:, 0] + 30.0 * (rng.uniform(size=400) < 0.1)


@pytest.mark.parametrize(
    "settings", [{"loss": "absolute_error"}, {"loss": "huber", "huber_delta": 0.1}, {"loss": "quantile"}], ids=str
)
def test_losses_that_outliers_do_not_move(settings):
    x, y = outliers()
    line = {"hidden_layer_sizes": (), "max_iter": 60, "learning_rate_init": 0.05, "batch_size": 50, "tol": 0.0}
    robust, squared = regressor(**settings, **line).fit(x, y), regressor(**line).fit(x, y)
    assert np.abs(robust.predict(x) - x[:, 0]).max() < 0.3 < 1.5 < np.abs(squared.predict(x) - x[:, 0]).max()


def test_quantiles_are_ordered_and_hold_what_they_say():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (2000, 1))
    y = x[:, 0] + np.abs(x[:, 0]) * rng.standard_normal(2000)
    ours = regressor(loss="quantile", quantile=(0.05, 0.5, 0.95), max_iter=60, learning_rate_init=0.01).fit(
        x[:1000], y[:1000]
    )
    low, middle, high = ours.predict_quantiles(x[1000:]).T
    assert (low <= middle).all() and (middle <= high).all()
    np.testing.assert_array_equal(ours.predict(x[1000:]), middle)
    np.testing.assert_array_equal(ours.predict_interval(x[1000:], 0.9), np.stack([low, high], axis=1))
    assert 0.84 < ((y[1000:] >= low) & (y[1000:] <= high)).mean() < 0.95
    wide = np.abs(x[1000:, 0]) > 0.5
    assert (high - low)[wide].mean() > 1.5 * (high - low)[~wide].mean()
    with pytest.raises(InputError, match="No interval of coverage 0.5 is known"):
        ours.predict_interval(x, 0.5)


def test_intervals_by_rows_held_back():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (3000, 2))
    y = np.stack([x[:, 0] + 0.3 * rng.standard_normal(3000), x[:, 1] + rng.standard_normal(3000)], axis=1)
    data = {"validation_data": (x[1000:2000], y[1000:2000])}
    ours = regressor(max_iter=20, learning_rate_init=0.01).fit(x[:1000], y[:1000], **data)
    interval = ours.predict_interval(x[2000:], coverage=0.8)
    assert interval.shape == (1000, 2, 2)
    inside = ((y[2000:] >= interval[..., 0]) & (y[2000:] <= interval[..., 1])).mean(axis=0)
    np.testing.assert_allclose(inside, 0.8, atol=0.05)
    with pytest.raises(InputError, match="cannot tell an interval that holds 99%"):
        regressor(max_iter=2).fit(x[:100], y[:100], validation_data=(x[:50], y[:50])).predict_interval(x, 0.99)
    with pytest.raises(InputError, match="hold rows back to measure errors on"):
        regressor(max_iter=2).fit(x[:100], y[:100]).predict_interval(x)
    for settings in ({"solver": "adam"}, {"solver": "lbfgs"}):  # errors of another network say nothing of this one
        assert hasattr(ours.fit(x[:100], y[:100], **data), "calibration_errors_")
        assert not hasattr(ours.set_params(**settings).fit(x[:100], y[:100]), "calibration_errors_")


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize(("make", "y"), [(classifier, LABELS), (regressor, NUMBERS), (classifier, SEVERAL)])
def test_validation_data_of_ones_own(make, y, early_stopping):
    train, held = np.arange(0, 150, 2), np.arange(1, 150, 2)
    ours = make(max_iter=25, early_stopping=early_stopping, n_iter_no_change=25, learning_rate_init=0.03)
    ours.fit(X[train], y[train], validation_data=(X[held], y[held]))
    assert len(ours.validation_loss_curve_) == len(ours.validation_scores_) == len(ours.loss_curve_) == 25
    reached = max(ours.validation_scores_) if early_stopping else ours.validation_scores_[-1]
    assert ours.score(X[held], y[held]) == pytest.approx(reached, abs=1e-12)
    if y is LABELS and not early_stopping:
        loss = metrics.log_loss(y[held], ours.predict_proba(X[held]))
        assert ours.validation_loss_curve_[-1] == pytest.approx(loss, rel=1e-9)
    with pytest.raises(InputError, match="expected a pair"):
        make().fit(X, y, validation_data=X)


def test_sparse_rows_train_the_same_network():
    sparse = pytest.importorskip("scipy.sparse")
    for settings in (
        {"max_iter": 4, "batch_size": 32},
        {"max_iter": 4, "early_stopping": True},
        {"solver": "lbfgs", "max_iter": 9},
    ):
        full, thin = classifier(**settings).fit(X, LABELS), classifier(**settings).fit(sparse.csc_matrix(X), LABELS)
        same_network(full, thin, rtol=1e-12)
        np.testing.assert_allclose(thin.predict_proba(sparse.csr_matrix(X)), full.predict_proba(X), rtol=1e-12)
    with pytest.raises(InputError, match="takes no sparse X"):
        classifier(engine="jax").fit(sparse.csr_matrix(X), LABELS)


def test_full_rows_may_be_judged_by_sparse_ones():
    """Which a compiled engine then sees full, too."""
    pytest.importorskip("jax")
    sparse = pytest.importorskip("scipy.sparse")
    half = slice(0, 150, 2)
    full, thin = (
        classifier(max_iter=2, engine=engine).fit(X, LABELS, validation_data=(held, LABELS[half]))
        for engine, held in (("numpy", X[half]), ("jax", sparse.csc_matrix(X[half])))
    )
    np.testing.assert_allclose(thin.validation_loss_curve_, full.validation_loss_curve_, rtol=1e-9)


@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}, {"solver": "lbfgs"}, {"hidden_layer_sizes": ()}])
@pytest.mark.parametrize("make", [classifier, regressor])
def test_thin_rows_are_never_made_full(monkeypatch, make, settings):
    from pellucid.engines import choice

    sparse = pytest.importorskip("scipy.sparse")
    thin = sparse.random(150, 300, 0.02, format="csr", random_state=0)
    settings = settings | {"max_iter": 4, "engine": "auto"}
    full = make(**settings).fit(thin.toarray(), LABELS)
    answers = full.predict(thin.toarray())
    monkeypatch.setattr(choice, "wanted", lambda *_: ("jax", "worth it"))
    for form in (sparse.csr_matrix, sparse.csr_array, sparse.csc_array):
        rows = form(thin)
        with monkeypatch.context() as only_here:
            for kind in (sparse.csr_matrix, sparse.csr_array, sparse.csc_array):
                only_here.setattr(kind, "toarray", lambda *_: pytest.fail("made full"))
            ours = make(**settings).fit(rows, LABELS)
            np.testing.assert_allclose(ours.predict(rows), answers, rtol=1e-10, atol=1e-12)
        same_network(full, ours, rtol=1e-9)
        assert settings.get("solver") or (ours.engine_ == "numpy" and "sparse" in ours.engine_reason_)


def test_the_engine_says_which_it_was_and_why():
    ours = classifier(engine="auto", max_iter=3).fit(X, LABELS)
    assert ours.engine_ == "numpy" and "compiling would not pay" in ours.engine_reason_


def test_weights_that_are_no_numbers_stop_the_training():
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights.*Scale the columns"):
        regressor(solver="sgd", learning_rate_init=1e10, activation="identity").fit(X, NUMBERS)
    stopping = regressor(solver="sgd", learning_rate_init=1e3, activation="identity", early_stopping=True)
    with pytest.warns(ConvergenceWarning, match="no finite numbers after epoch") as seen:
        stopping.fit(X, NUMBERS)
    assert seen[0].filename == __file__
    assert np.isnan(stopping.validation_scores_[-1]) and np.isfinite(stopping.coefs_[0]).all()


def test_ctrl_c_keeps_what_was_learned(monkeypatch):
    finish = stochastic.Run._finish

    def interrupted(run, engine, result):
        stop = finish(run, engine, result)
        if run.owner.n_iter_ == 3:
            raise KeyboardInterrupt
        return stop

    monkeypatch.setattr(stochastic.Run, "_finish", interrupted)
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        ours = classifier(max_iter=10).fit(X, LABELS)
    monkeypatch.undo()
    assert ours.n_iter_ == 3
    same_network(ours, classifier(max_iter=3).fit(X, LABELS), rtol=0)


# -- files ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "y"),
    [(classifier, LABELS), (classifier, np.array(["no", "yes"])[YES.astype(int)]), (classifier, SEVERAL), (regressor, NUMBERS),
     (lambda **s: regressor(loss="quantile", quantile=(0.1, 0.9), **s), NUMBERS),
     (lambda **s: regressor(loss="poisson", **s), LABELS),
     (lambda **s: regressor(loss="huber", early_stopping=True, **s), NUMBERS)],
    ids=["classes", "words", "several labels", "numbers", "quantiles", "counts", "huber"],
)  # fmt: skip
@pytest.mark.parametrize("batch_norm", [False, True])
def test_save_and_load(tmp_path, make, y, batch_norm):
    path = tmp_path / "estimator.safetensors"
    ours = make(max_iter=4, batch_norm=batch_norm, activation=["gelu"], n_iter_no_change=np.inf).fit(X, y)
    ours.save(path)
    again = type(ours).load(path)
    np.testing.assert_array_equal(again.predict(X), ours.predict(X))
    assert again.loss_curve_ == ours.loss_curve_ and again.n_iter_ == 4
    assert {**again.get_params(), "activation": None} == {**ours.get_params(), "activation": None}
    if hasattr(ours, "classes_"):
        np.testing.assert_array_equal(again.classes_, ours.classes_)
        assert again.predict(X).dtype == ours.predict(X).dtype
    if not ours.early_stopping:
        assert again.partial_fit(X, y).t_ == 5 * 150
    np.testing.assert_allclose(pellucid.load(path).predict(X), ours._outputs(X), rtol=1e-12)


def test_files_that_are_none_of_ours(tmp_path):
    path = tmp_path / "estimator.safetensors"
    ours = classifier(max_iter=2, class_weight={0: 1.0, 1: 2.0, 2: 1.0}, random_state=np.random.RandomState(0)).fit(
        X, LABELS
    )
    ours.save(path)
    again = MLPClassifier.load(path)
    assert again.class_weight == ours.class_weight and again.random_state is None
    with pytest.raises(FileError, match="of class 'MLPClassifier', not MLPRegressor"):
        MLPRegressor.load(path)
    ours.to_model().save(path)
    with pytest.raises(FileError, match=r"no estimator: pellucid.load\(path\) reads it"):
        MLPClassifier.load(path)
    described = ours._described()
    described["parameters"]["solvers"] = "adam"
    from pellucid.exchange import model_file

    model_file.save(ours.to_model(), path, {"estimator": json.dumps(described)})
    with pytest.raises(FileError, match="does not describe an estimator"):
        MLPClassifier.load(path)


def test_a_model_of_an_estimator_explains_and_diagnoses():
    x, y = load_breast_cancer(return_X_y=True)
    ours = classifier(max_iter=20).fit(x / x.max(axis=0), y)
    model = ours.to_model()
    assert model.evaluate(x / x.max(axis=0), y[:, None])["accuracy"] == pytest.approx(ours.score(x / x.max(axis=0), y))
    assert "loss" in str(model.explain((x / x.max(axis=0))[0], y[:1])).lower()


def test_real_tables():
    x, y = load_diabetes(return_X_y=True)
    ours = make_pipeline(StandardScaler(), regressor(solver="lbfgs", alpha=30.0, max_iter=15))
    assert cross_val_score(ours, x, y, cv=3).mean() > 0.4
