"""TableEncoder among scikit-learn's transformers."""

import pickle
import warnings

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from pellucid.errors import DataError
from pellucid.estimators import TableEncoder

ROWS = np.array(
    [[i if i % 7 else np.nan, ["red", "blue", "green"][i % 3], i * 1000.5] for i in range(30)], dtype=object
)
Y = np.arange(30) % 3 == 0


def test_it_passes_what_scikit_learn_asks_of_every_transformer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(TableEncoder(), on_fail=None)
    failed = [(result["check_name"], str(result["exception"])) for result in results if result["status"] == "failed"]
    assert not failed and sum(result["status"] == "passed" for result in results) > 40


def test_words_numbers_and_holes_become_named_features():
    encoder = TableEncoder(numbers="standard")
    X = encoder.fit_transform(ROWS)
    assert encoder.get_feature_names_out().tolist() == ["x0", "x0 is missing", "x1=blue", "x1=green", "x1=red", "x2"]
    assert X.dtype == np.float32 and np.isfinite(X).all() and (X[:, 4] == Y).all()
    assert encoder.n_features_in_ == 3
    assert X.tobytes() == encoder.encoder_.transform({f"x{k}": ROWS[:, k].tolist() for k in range(3)}).tobytes()


def test_settings_reach_the_plan_and_the_encoder():
    rows = np.array([["01", "a"], ["02", "b"], ["01", "a"], ["02", "b"]], dtype=object)
    assert TableEncoder(drop=["x1"]).fit(rows).get_feature_names_out().tolist() == ["x0=01", "x0=02"]
    assert TableEncoder(max_categories=1, drop=["x1"]).fit(rows).get_feature_names_out().tolist() == [
        "x0=01",
        "x0: other",
    ]
    numbers = np.array([[1.0], [2.0], [3.0], [2.0], [1.0]])
    made = TableEncoder(types={"x0": "category"}, rare=1).fit(numbers).get_feature_names_out().tolist()
    assert len(made) == 3 and all(name.startswith("x0=") for name in made)


def test_it_goes_into_pipelines_searches_clones_and_pickles():
    pipeline = make_pipeline(TableEncoder(), LogisticRegression())
    assert pipeline.fit(ROWS, Y).score(ROWS, Y) == 1.0
    search = GridSearchCV(pipeline, {"tableencoder__numbers": ["smooth", "normal"]}, cv=3).fit(ROWS, Y)
    assert search.best_params_["tableencoder__numbers"] in ("smooth", "normal")
    assert search.cv_results_["mean_test_score"].tolist() == [1.0, 1.0]
    assert clone(pipeline).get_params()["tableencoder__max_categories"] == 50
    again = pickle.loads(pickle.dumps(pipeline))
    assert again.predict_proba(ROWS).tobytes() == pipeline.predict_proba(ROWS).tobytes()


def test_what_it_cannot_learn_from():
    with pytest.raises(DataError, match="n_samples=1"):
        TableEncoder().fit(ROWS[:1])
    with pytest.raises(ValueError, match="Complex data not supported"):
        TableEncoder().fit(np.ones((3, 2)) * 1j)
    with pytest.raises(ValueError, match="2 features"):
        TableEncoder().fit(ROWS).transform(ROWS[:, :2])


def test_what_a_message_says_to_write_can_be_written():
    rows = np.array([[k + 0.5, "lost" if k % 4 == 0 else k * 2.5] for k in range(40)], dtype=object)
    with pytest.raises(
        DataError, match=r"na=\['lost'\] says that it means no value; else leave out types=\{'x1': 'number'\}"
    ):
        TableEncoder(types={"x1": "number"}).fit(rows)
    encoder = TableEncoder(types={"x1": "number"}, na=["lost"], numbers="standard").fit(rows)
    assert encoder.get_feature_names_out().tolist() == ["x0", "x1", "x1 is missing"]
    assert encoder.transform(rows)[:, 2].sum() == 10
