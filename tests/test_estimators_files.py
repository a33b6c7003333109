"""Files of estimators: what is saved comes back, and what `save` did not write is refused in a sentence."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_iris

from damaged_json import places, replaced
from pellucid.errors import FileError, InputError
from pellucid.estimators import MLPClassifier, MLPRegressor
from pellucid.exchange import model_file
from pellucid.layers import ReLU, Tanh

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, LABELS = load_iris(return_X_y=True)
WORDS = np.array(["a", "b", "c"])[LABELS]
SEVERAL = np.stack([LABELS == 0, LABELS > 0], axis=1).astype(int)
SMALL = {"hidden_layer_sizes": (5,), "random_state": 0, "max_iter": 2, "engine": "numpy"}


class Bent(ReLU):
    """A user's own activation."""


@pytest.fixture(scope="module")
def estimators():
    return {
        "words": MLPClassifier(class_weight={"a": 1.0, "b": 2.0, "c": 1.0}, **SMALL).fit(X, WORDS),
        "several": MLPClassifier(early_stopping=True, **SMALL).fit(X, SEVERAL),
        "quantiles": MLPRegressor("quantile", quantile=(0.1, 0.9), **SMALL).fit(X, LABELS, validation_data=(X, LABELS)),
    }


@pytest.mark.parametrize(
    ("settings", "y"),
    [
        ({"class_weight": [{0: 1, 1: 2}, {0: 1, 1: 3.5}]}, SEVERAL),
        ({"class_weight": {True: 1.0, False: 2.0}}, LABELS == 1),
        (
            {"hidden_layer_sizes": np.array([5, 4]), "dropout": np.array([0.1, 0.2]), "activation": ["relu", Tanh()]},
            WORDS,
        ),
    ],
    ids=["weights of labels", "weights of yes and no", "arrays"],
)
def test_parameters_of_every_form_come_back(tmp_path, settings, y):
    path = tmp_path / "estimator.safetensors"
    ours = MLPClassifier(**(SMALL | settings)).fit(X, y)
    ours.save(path)
    again = MLPClassifier.load(path)
    np.testing.assert_array_equal(again.predict(X), ours.predict(X))
    if "class_weight" in settings:
        assert again.class_weight == settings["class_weight"]
    assert list(again.hidden_layer_sizes) == list(ours.hidden_layer_sizes)
    np.testing.assert_array_equal(again.dropout, ours.dropout)
    np.testing.assert_array_equal(again.fit(X, y).coefs_[0], ours.fit(X, y).coefs_[0])


def test_an_activation_of_the_users_own_is_named_and_read(tmp_path):
    path = tmp_path / "estimator.safetensors"
    ours = MLPClassifier(activation=Bent(), **SMALL).fit(X, LABELS)
    ours.save(path)
    with pytest.raises(FileError, match="does not know"):
        MLPClassifier.load(path)
    again = MLPClassifier.load(path, custom=[Bent])
    assert type(again.activation) is Bent
    np.testing.assert_array_equal(again.predict_proba(X), ours.predict_proba(X))


WRONG = [-1, 0.5, "x", [], {}, True, None, 10**400, [[]], ["x"], [1, 2, 3], "U999999999"]


@pytest.mark.parametrize("name", ["words", "several", "quantiles"])
def test_a_foreign_description_is_read_or_refused(estimators, name, tmp_path, monkeypatch):
    """What is read predicts as the network in the file does, and could be fitted."""
    ours = estimators[name]
    path, described = tmp_path / "estimator.safetensors", json.loads(json.dumps(ours._described()))
    model, expected = ours.to_model(), ours.predict(X[:9])
    monkeypatch.setattr(model_file.atomic, "write_atomic", lambda path, data: path.write_bytes(data))
    refused = 0
    for number, at in enumerate(places(described)):
        for wrong in WRONG[number % 3 :: 3] if at[:1] == ("parameters",) else WRONG:
            model_file.save(model, path, {"estimator": json.dumps(replaced(described, at, wrong))})
            try:
                again = type(ours).load(path)
            except FileError as error:
                refused += 1
                assert str(path) in str(error) and len(str(error)) < 400
                continue
            again._validate_params()
            predicted = again.predict(X[:9])
            assert predicted.shape == expected.shape
            if name != "words":  # whose names may have been replaced by others in the same order
                np.testing.assert_array_equal(predicted, expected)
    assert refused > 200


def test_a_network_that_the_parameters_do_not_describe_is_refused(estimators, tmp_path):
    path, ours = tmp_path / "estimator.safetensors", estimators["words"]
    described = ours._described()
    described["parameters"]["activation"] = "tanh"
    model_file.save(ours.to_model(), path, {"estimator": json.dumps(described)})
    with pytest.raises(FileError, match="its network is not the one that its parameters describe"):
        MLPClassifier.load(path)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [({"loss": "quantile", "quantile": (0.1, 0.9)}, "changed after fit"), ({"alpha": -1.0}, "alpha")],
)
def test_what_could_not_be_read_is_not_written(tmp_path, changed, sentence):
    path = tmp_path / "estimator.safetensors"
    ours = MLPRegressor(**SMALL).fit(X, LABELS).set_params(**changed)
    with pytest.raises(ValueError, match=sentence):
        ours.save(path)
    assert not path.exists()


def test_names_of_classes_that_no_file_can_hold_are_refused(tmp_path):
    path = tmp_path / "estimator.safetensors"
    ours = MLPClassifier(class_weight={0: 1.0, 1: 1.0, 2: 1.0, (3, 4): 1.0}, **SMALL)
    ours.fit(X, LABELS)
    with pytest.raises(InputError, match="cannot be saved"):
        ours.save(path)
    assert not path.exists()
