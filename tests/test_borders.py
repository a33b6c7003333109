"""What happens at the border: bad input gets a sentence with the fix in it, strange input the right answer, and whatever
goes wrong on the way, nothing is lost.
"""

import copy
import errno
import json
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal

import numpy as np
import pytest

import pellucid
from pellucid import EarlyStopping, datasets, schedules
from pellucid.errors import ContractError, DataError, FileError, InputError, NonFiniteError, PellucidError
from pellucid.exchange import container
from pellucid.layers import (
    ELU,
    BatchNorm,
    Dense,
    Dropout,
    Flatten,
    GaussianNoise,
    HardSigmoid,
    Layer,
    LayerNorm,
    LeakyReLU,
    Linear,
    OrderedQuantiles,
    ReLU,
    Reshape,
    Residual,
    Sequential,
    Sigmoid,
    Softmax,
    Softplus,
    Step,
)  # fmt: skip
from pellucid.losses import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Huber,
    MeanAbsoluteError,
    MeanSquaredError,
    Poisson,
    Quantile,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
)  # fmt: skip
from pellucid.optimizers import SGD, AdaGrad, Adam, AdamW, Optimizer, RMSprop

X = np.random.default_rng(0).standard_normal((30, 2)).astype(np.float32)
LABELS = (X[:, 0] * X[:, 1] > 0).astype(np.int64)
NUMBERS = X[:, :1] * X[:, 1:]


def classifier(**changes):
    given = {"loss": CategoricalCrossEntropy(), "optimizer": Adam(0.02), **changes}
    return pellucid.Model(Dense(2, 4), ReLU(), Dense(4, 3), Softmax(), **given)


def yes_or_no(**changes):
    given = {"loss": BinaryCrossEntropy(), "optimizer": Adam(0.02), **changes}
    return pellucid.Model(Dense(2, 4), ReLU(), Dense(4, 1), Sigmoid(), **given)


def regression(**changes):
    given = {"loss": MeanSquaredError(), "optimizer": Adam(0.02), **changes}
    return pellucid.Model(Dense(2, 4), ReLU(), Dense(4, 1), **given)


def digest(model):
    return {key: value.tobytes() for key, value in model.values().items()}


def refused(model, sentence, kind=DataError, X=X, y=None, **settings):
    """`fit` says `sentence`, and nothing of the model has moved."""
    before = digest(model)
    targets = y if y is not None else LABELS if isinstance(model.loss, CategoricalCrossEntropy) else NUMBERS
    with pytest.raises(kind, match=sentence):
        model.fit(X, targets, **{"epochs": 3, **settings})
    assert digest(model) == before and model.history is None


# -- shapes ------------------------------------------------------------------------------------------------------------


def test_inputs_of_one_axis():
    for call in (classifier().predict, classifier().predict_classes, classifier().forward):
        with pytest.raises(DataError, match=r"one axis.*For one row write X\[None, :\], for one feature X\[:, None\]"):
            call([1.0, 2.0])
    refused(classifier(), r"X\[None, :\]", X=X[:, 0])
    assert classifier().predict([[1.0, 2.0]]).shape == (1, 3)


def test_inputs_of_another_width():
    sentence = r"Dense\(2, 4\).*3 values a row, expected 2.*Write Dense\(3, 4\)"
    refused(classifier(), sentence, X=np.ones((30, 3)))
    for ask in (lambda m: m.predict(np.ones((4, 3))), lambda m: m.evaluate(np.ones((4, 3)), [0] * 4)):
        with pytest.raises(DataError, match=sentence):
            ask(classifier())


def test_images_before_a_dense_layer():
    with pytest.raises(DataError, match=r"Write Flatten\(\) before it"):
        classifier().predict(np.ones((5, 2, 2), np.float32))
    assert pellucid.Model(Flatten(), Dense(4, 3)).predict(np.ones((5, 2, 2))).shape == (5, 3)


@pytest.mark.parametrize("layer", [BatchNorm(4), LayerNorm(4)])
def test_a_norm_of_another_width_does_not_stretch_its_input(layer):
    model = pellucid.Model(Dense(2, 1), layer, loss=MeanSquaredError())
    with pytest.raises(DataError, match=rf"{type(layer).__name__}\(4\) got inputs of shape.*Write"):
        model.predict(X)


def test_rows_of_targets_that_do_not_match():
    refused(classifier(), "X has 30 rows and y has 29: give one target a row", y=LABELS[1:])
    refused(classifier(), "X has 30 rows and y has 1", y=1)
    refused(regression(), "y has 1:", y=NUMBERS.T)


def test_a_line_for_a_column_and_a_column_for_a_line():
    """(n,) against (n, 1), both ways: NumPy would make (n, n) of it without a word."""
    refused(regression(), r"y has shape \(30,\).*Write y\[:, None\], which makes it a column", y=NUMBERS[:, 0])
    refused(yes_or_no(), r"Write y\[:, None\]", y=LABELS)
    refused(classifier(), r"y has shape \(30, 1\).*Write y.ravel\(\)", y=LABELS[:, None])
    for model, y in ((regression(), NUMBERS[:, 0]), (classifier(), LABELS[:, None])):
        with pytest.raises(DataError):
            model.evaluate(X, y)


def test_targets_of_another_width():
    refused(regression(), r"y has shape \(30, 2\), but the network returns 1 value", y=X)
    refused(classifier(), r"one-hot rows \(rows, 3\)", y=np.eye(4)[LABELS])
    refused(classifier(), r"y\[0\] = \[0.5 0.  0. \] is not a one-hot row", y=np.eye(3)[LABELS * 0] / 2)


def test_a_residual_block_that_changes_the_shape_says_where():
    with pytest.raises(DataError, match=r"Layer 1: Residual.*must return the shape that they take"):
        pellucid.Model(Dense(2, 2), Residual(Dense(2, 3)), loss=MeanSquaredError()).fit(X, X)


def test_reshape_to_another_number_of_values():
    with pytest.raises(DataError, match=r"Reshape\(\(3, 3\)\).*4 values, expected 9"):
        pellucid.Model(Dense(2, 4), Reshape((3, 3))).predict(X)


# -- kinds of data -----------------------------------------------------------------------------------------------------

AS_NUMBERS = {
    "lists": lambda x: x.tolist(),
    "tuples of lists": lambda x: tuple(x.tolist()),
    "float64": lambda x: x.astype(np.float64),
    "float16": lambda x: x.astype(np.float16),
    "whole numbers": lambda x: x.astype(np.int8),
    "yes and no": lambda x: x > 0,
    "objects that are numbers": lambda x: x.astype(object),
    "decimals": lambda x: np.array([[Decimal(float(value)) for value in row] for row in x]),
    "columns first": np.asfortranarray,
    "every other row of more": lambda x: np.repeat(x, 2, axis=0)[::2],
    "backwards twice": lambda x: x[::-1].copy()[::-1],
    "big-endian": lambda x: x.astype(">f4"),
    "read-only": lambda x: np.frombuffer(x.tobytes(), x.dtype).reshape(x.shape),
    "a matrix": lambda x: np.asmatrix(x),
    "masked, nothing hidden": lambda x: np.ma.masked_array(x),
    "another library's array": lambda x: Foreign(x),
}


class Foreign:
    """As pandas, polars and PyTorch hand over their numbers."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return self.values if dtype is None else self.values.astype(dtype)

    def __len__(self):
        return len(self.values)


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("name", AS_NUMBERS)
def test_numbers_in_whatever_form_are_numbers(name):
    given = AS_NUMBERS[name](X)
    plain = np.array(np.asarray(given), np.float32)
    model, twin = classifier(), classifier()
    np.testing.assert_array_equal(model.predict(given), twin.predict(plain))
    model.fit(given, LABELS, epochs=2, batch_size=7)
    twin.fit(plain, LABELS, epochs=2, batch_size=7)
    assert digest(model) == digest(twin) and model.evaluate(given, LABELS) == twin.evaluate(plain, LABELS)


def test_what_was_given_is_only_read():
    x, y, weights = X.copy(), LABELS.copy(), np.ones(30)
    for array in (x, y, weights):
        array.flags.writeable = False
    model = classifier()
    model.fit(x, y, epochs=2, batch_size=7, sample_weight=weights, validation_data=(x, y))
    model.evaluate(x, y, sample_weight=weights)
    np.testing.assert_array_equal(x, X)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([["a", "b"]] * 30, r"X has dtype <U1, expected numbers.*numpy.unique\(X, return_inverse=True\)"),
        ([["1", "2"]] * 30, "expected numbers"),
        (np.array([["1", 2]] * 30, object), "X holds Python objects"),
        (
            np.array([["a", "b"]] * 30, object),
            r"X holds text, expected numbers.*numpy.unique\(X, return_inverse=True\)",
        ),
        (np.array([[None, {}]] * 30), "X holds Python objects"),
        (X + 1j, r"X has dtype complex64.*X.real, X.imag"),
        (np.full((30, 2), "2020-01-01", "M8[D]"), "the time since a day"),
        (np.full((30, 2), 3, "m8[s]"), r"numpy.timedelta64\(1, 'D'\)"),
        ([[b"a", b"b"]] * 30, "expected numbers"),
        ([[1.0, 2.0]] * 29 + [[1.0]], "rows have different lengths"),
        (np.ma.masked_array(X, X > 1), r"masked values.*X.filled\(0\)"),
        (np.zeros((30, 2), [("a", "f4")]), "expected numbers"),
        ({"a": 1}, "X holds Python objects"),
        (None, "X is None: expected a table of numbers"),
        (3.0, "X is a single value, 3.0: expected a table of numbers"),
        (np.zeros((4, 0)), r"X is empty: its shape is \(4, 0\)\. Expected at least one feature"),
    ],
)
def test_what_is_no_table_of_numbers(values, sentence):
    refused(classifier(), sentence, X=values)


def test_a_sparse_matrix_says_how_to_fill_it():
    class Sparse:
        def toarray(self):
            return X

    refused(classifier(), r"X is a sparse matrix.*X.toarray\(\)", X=Sparse())


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_frames(kind):
    library = pytest.importorskip(kind)
    columns = {"a": X[:, 0].astype(float), "b": X[:, 1].astype(float)}
    model = classifier()
    frame = library.DataFrame(columns)
    np.testing.assert_array_equal(model.predict(frame), model.predict(X))
    model.fit(frame, library.Series(LABELS), epochs=1)
    refused(classifier(), "expected numbers", X=library.DataFrame({**columns, "b": ["x"] * 30}))


def test_text_for_labels_says_how_to_number_them():
    refused(classifier(), r"y has dtype <U3.*names, y = numpy.unique\(y, return_inverse=True\)", y=["cat", "dog"] * 15)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["X", "y", "validation X", "sample_weight"])
def test_nan_and_infinity(bad, where):
    x, y, weights = X.copy(), NUMBERS.copy(), np.ones(30)
    {"X": x, "y": y, "validation X": x, "sample_weight": weights}[where].reshape(-1)[7] = bad
    if where == "validation X":
        refused(regression(), r"validation_data: X holds 1 value.*at index \[3, 1\]", validation_data=(x, y))
    elif where == "sample_weight":
        refused(regression(), "sample_weight holds 1 value", sample_weight=weights)
    else:
        refused(regression(), rf"{where} holds 1 value.*NaN or infinite.*numpy.nan_to_num\({where}\)", X=x, y=y)
        with pytest.raises(DataError, match="NaN or infinite"):
            regression().evaluate(x, y)


@pytest.mark.parametrize("where", ["X", "y", "sample_weight"])
def test_numbers_too_large_for_float32(where):
    given = {"X": X.astype(np.float64), "y": NUMBERS.astype(np.float64), "sample_weight": np.ones(30)}
    given[where].reshape(-1)[3] = 1e39
    sentence = rf"{where} holds 1e\+39, more than float32 can.*dtype='float64'"
    refused(regression(), sentence, **given)
    model = regression(dtype="float64", optimizer=SGD(0.0))
    model.fit(**given, epochs=1)


# -- labels ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (LABELS + 3, r"y\[0\] is [34], but the network returns 3 classes, so labels go from 0 to 2"),
        (LABELS - 1, r"y\[\d+\] is -1"),
        (np.arange(30) % 3 + 1, r"is 3.*Labels start at 0: write y - 1"),
        (LABELS + 0.5, "y holds fractions.*MeanSquaredError"),
        (LABELS * 1e30 + 1e30, r"y\[0\] is [12]e\+30"),
        (LABELS.astype(np.uint64) + np.uint64(2**63), r"is 9.22337e\+18"),
        (np.where(LABELS == 1, 2**32, 0), r"is 4.29497e\+09"),
        (np.where(LABELS == 1, np.nan, 0.0), "NaN or infinite"),
    ],
)
def test_labels_out_of_range(labels, sentence):
    refused(classifier(), sentence, y=labels)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64, np.float32, bool, object])
def test_labels_of_every_kind_are_the_same_labels(dtype):
    model, twin = classifier(), classifier()
    model.fit(X, LABELS.astype(dtype), epochs=2)
    twin.fit(X, np.eye(3)[LABELS], epochs=2)
    assert digest(model) == digest(twin)


def test_answers_beyond_yes_and_no():
    refused(yes_or_no(), r"y goes from 0.0 to 2.0.*end with Softmax\(\)", y=2 * LABELS[:, None])
    yes_or_no().fit(X, LABELS[:, None] == 1, epochs=1)


def test_a_single_class_is_learned_without_a_warning():
    model = classifier()
    model.fit(X, np.full(30, 2), epochs=200)
    assert model.evaluate(X, np.full(30, 2)) == {"loss": pytest.approx(0, abs=0.1), "accuracy": 1.0}
    assert yes_or_no().fit(X, np.ones((30, 1)), epochs=3)["loss"][-1] < 1


def test_one_output_for_classes():
    model = pellucid.Model(Dense(2, 1), Softmax(), loss=CategoricalCrossEntropy())
    refused(model, r"one single class, which is always 1.*Dense\(..., 1\), Sigmoid\(\)", InputError, y=LABELS * 0)


# -- empty, single, weighted -------------------------------------------------------------------------------------------


def test_nothing_to_learn_from():
    refused(classifier(), "X is empty.*at least one row", X=np.zeros((0, 2)), y=[])
    refused(classifier(), "X has shape|X is empty", X=[], y=[])
    refused(classifier(), "validation_data: X is empty", validation_data=(X[:0], LABELS[:0]))
    for ask in (lambda m: m.predict(X[:0]), lambda m: m.predict_classes(X[:0]), lambda m: m.evaluate(X[:0], [])):
        with pytest.raises(DataError, match="empty"):
            ask(classifier())


def test_a_single_row_is_enough():
    model = pellucid.Model(Dense(2, 4), BatchNorm(4), ReLU(), Dense(4, 3), Softmax(), loss=CategoricalCrossEntropy())
    model.fit(X[:1], LABELS[:1], epochs=2)
    assert model.predict(X[:1]).shape == (1, 3) and np.isfinite(model.evaluate(X[:1], LABELS[:1])["loss"])


@pytest.mark.parametrize("weights", [np.ones(29), np.ones((30, 1)), np.zeros(30), -np.ones(30), 1.0])
def test_weights_that_are_no_weights(weights):
    refused(
        classifier(),
        r"sample_weight (has shape .*one number for each of the 30 rows, \(30,\)|holds .*at least 0, not all of them 0)",
        sample_weight=weights,
    )
    with pytest.raises(DataError, match="sample_weight"):
        classifier().evaluate(X, LABELS, sample_weight=weights)


@pytest.mark.parametrize("weights", [{0: 1.0, 1: 5.0}, (), (1.0, -1.0), ("a", "b"), (np.nan, 1.0), 3.0])
def test_class_weights_that_are_no_weights(weights):
    with pytest.raises(InputError, match="class_weights"):
        CategoricalCrossEntropy(class_weights=weights)


def test_class_weights_for_another_number_of_classes():
    refused(classifier(loss=CategoricalCrossEntropy((1, 2))), "class_weights has 2 numbers, but.*3 classes", InputError)


# -- settings of fit ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, -1, 2.0, "8", True, 31])
def test_batch_sizes(size):
    refused(classifier(), "batch_size=.*(whole number of at least 1|only 30 rows)", InputError, batch_size=size)
    if size != 31:
        with pytest.raises(InputError, match="batch_size="):
            classifier().predict(X, batch_size=size)


@pytest.mark.parametrize("size", [1, 7, 30, np.int64(7)])
def test_batch_sizes_that_are_fine(size):
    assert len(classifier().fit(X, LABELS, epochs=2, batch_size=size)) == 2
    assert classifier().predict(X, batch_size=size).shape == classifier().predict(X, batch_size=1000).shape == (30, 3)


@pytest.mark.parametrize("epochs", [-1, 2.5, "3", True, None, np.nan])
def test_epochs(epochs):
    refused(classifier(), "epochs=.*whole number of at least 0", InputError, epochs=epochs)


def test_no_epochs_change_nothing():
    model = classifier()
    before = digest(model)
    history = model.fit(X, LABELS, epochs=0)
    assert len(history) == 0 and digest(model) == before and history.last == {}


@pytest.mark.parametrize("patience", [0, -3, True, 2.5, "10", [3]])
def test_patience(patience):
    refused(classifier(), "patience|early_stopping", InputError, validation_fraction=0.2, early_stopping=patience)


def test_early_stopping_without_anything_to_watch():
    refused(classifier(), r"give validation_data=\(X, y\) or a fraction", InputError, early_stopping=EarlyStopping(3))


@pytest.mark.parametrize("fraction", [1.0, 1.5, -0.1, 0.001, 0.999, np.nan, "0.2", True, [0.2]])
def test_fractions(fraction):
    refused(classifier(), "validation_fraction=.*try 0.2", InputError, validation_fraction=fraction)


def test_validation_data():
    refused(classifier(), "expected a pair", InputError, validation_data=X)
    refused(classifier(), "expected a pair", InputError, validation_data=3)
    refused(classifier(), r"validation_data: .*Write Dense\(5, 4\)", validation_data=(np.ones((3, 5)), [0, 1, 2]))
    refused(classifier(), "validation_data: X has 30 rows and y has 3", validation_data=(X, [0, 1, 2]))
    refused(classifier(), r"validation_data: y\[0\] is 7", validation_data=(X, LABELS * 0 + 7))
    refused(classifier(), "leave one of them out", InputError, validation_data=(X, LABELS), validation_fraction=0.2)


@pytest.mark.parametrize("callbacks", [3, "show", [None], [print, "show"], True])
def test_callbacks_that_cannot_be_called(callbacks):
    refused(classifier(), r"callbacks=.*functions \(model, row\)", InputError, callbacks=callbacks)


def test_a_single_callback_needs_no_brackets():
    seen = []
    classifier().fit(X, LABELS, epochs=2, callbacks=lambda model, row: seen.append(row["epoch"]))
    assert seen == [1, 2]


def test_other_settings():
    refused(classifier(), "engine='cuda'", InputError, engine="cuda")
    refused(classifier(), "resume=True needs the file", InputError, resume=True)
    refused(classifier(loss=None), r"no loss: pellucid.Model\(..., loss=", InputError, y=LABELS)
    with pytest.raises(InputError, match="no loss"):
        classifier(loss=None).evaluate(X, LABELS)


# -- layers, losses, optimisers ----------------------------------------------------------------------------------------

SETTINGS = [
    lambda: Dense(0, 3), lambda: Dense(2, -1), lambda: Dense(2.0, 3), lambda: Dense("2", 3), lambda: Dense(True, 3),
    lambda: Dense(2, 3, "he"), lambda: Dense(2, 3, None), lambda: Dense(2, 3, weight_l2=-1), lambda: Dense(2, 3, bias_l1="x"),
    lambda: Dropout(1.0), lambda: Dropout(-0.1), lambda: Dropout(np.nan), lambda: Dropout("0.5"), lambda: Dropout(True),
    lambda: GaussianNoise(-1), lambda: GaussianNoise(np.inf), lambda: GaussianNoise(None),
    lambda: BatchNorm(0), lambda: BatchNorm(2.5), lambda: BatchNorm([3, 3]), lambda: BatchNorm(3, momentum=1.5),
    lambda: BatchNorm(3, momentum=-0.1), lambda: BatchNorm(3, epsilon=0), lambda: LayerNorm(-1), lambda: LayerNorm(3, epsilon=-1),
    lambda: Reshape(5), lambda: Reshape((-1, 2)), lambda: Reshape((2.0,)), lambda: Reshape("ab"),
    lambda: ELU(0), lambda: ELU("1"), lambda: ELU(np.inf), lambda: LeakyReLU(None), lambda: LeakyReLU(np.nan),
    lambda: Step("soft"),
    lambda: Huber(0), lambda: Huber("1"), lambda: CategoricalCrossEntropy(label_smoothing=1.0),
    lambda: CategoricalCrossEntropy(label_smoothing="x"),
    lambda: Adam(-1), lambda: Adam("0.1"), lambda: Adam(None), lambda: Adam(True), lambda: Adam(np.nan), lambda: Adam(np.inf),
    lambda: Adam(beta_1=1.0), lambda: Adam(beta_2=-0.1), lambda: Adam(epsilon=0), lambda: Adam(clip_norm=0),
    lambda: Adam(clip_value="1"), lambda: AdamW(weight_decay=-1), lambda: SGD(momentum=1.0), lambda: SGD(momentum="0.9"),
    lambda: RMSprop(rho=2), lambda: AdaGrad(epsilon=None),
    lambda: schedules.Cosine(0.1, steps=0), lambda: schedules.StepDecay(0.1, every=0.5), lambda: schedules.Plateau(-1),
    lambda: schedules.Plateau(0.1, factor=2), lambda: schedules.WarmUp("x", 3), lambda: schedules.OneCycle(0.1, 10, warm=3),
    lambda: pellucid.initializers.normal("wide"), lambda: pellucid.initializers.constant(np.nan),
    lambda: pellucid.Model(Dense(2, 3), seed=-1), lambda: pellucid.Model(Dense(2, 3), seed=1.5),
    lambda: pellucid.Model(Dense(2, 3), dtype="float16"), lambda: pellucid.Model(Dense(2, 3), metrics=["acuracy"]),
    lambda: pellucid.Model(Dense(2, 3), metrics=[3]), lambda: pellucid.Model(Dense(2, 3), metrics=["mae", "mae"]),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(SETTINGS)))
def test_settings_that_cannot_work(number):
    with pytest.raises(InputError, match="expected|Write|write|give") as caught:
        SETTINGS[number]()
    assert len(str(caught.value)) > 25


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: pellucid.Model(), "at least one layer"),
        (lambda: pellucid.Model([Dense(2, 3), ReLU()]), r"Write a star before a list of layers: Model\(\*layers\)"),
        (lambda: pellucid.Model(Dense), r"Dense is a class, write Dense\(\)"),
        (lambda: pellucid.Model(Dense(2, 3), "relu"), "'relu' is not a layer"),
        (lambda: pellucid.Model(Dense(2, 3), None), "None is not a layer"),
        (lambda: pellucid.Model(Sequential(Dense(2, 3), ReLU)), r"write ReLU\(\)"),
        (lambda: pellucid.Model(Dense(2, 3), loss="mse"), r"loss='mse' is no Loss. Write loss="),
        (lambda: pellucid.Model(Dense(2, 3), loss=MeanSquaredError), r"write MeanSquaredError\(\)"),
        (
            lambda: pellucid.Model(Dense(2, 3), optimizer="adam"),
            r"optimizer='adam' is no Optimizer|Write optimizer=",
        ),
        (lambda: pellucid.Model(Dense(2, 3), optimizer=Adam), r"write Adam\(\)"),
        (lambda: setattr(classifier(), "loss", "mse"), "Write loss="),
        (lambda: setattr(classifier(), "optimizer", None), "optimizer"),
        (lambda: Dense(2, 3, lambda rng, shape: np.ones(3)), r"returned shape \(3,\).*\(2, 3\)"),
        (lambda: Dense(2, 3, lambda rng, shape: np.full(shape, 1e300)), "no finite float32"),
    ],
)
def test_what_is_no_part_of_a_network(make, sentence):
    with pytest.raises(ContractError, match=sentence):
        make()


def test_a_layer_used_twice_also_inside_another():
    twice = Dense(2, 2)
    for network in ((twice, twice), (twice, Sequential(twice)), (Residual(twice), Sequential(ReLU(), Residual(twice)))):
        with pytest.raises(
            ContractError, match=r"same Dense object is used twice, as layer [\d.]+ and as layer [\d.]+.*Make"
        ):
            pellucid.Model(*network)


def test_two_models_may_share_a_layer_and_then_share_its_weights():
    """So a part of a trained network can be looked at: Model(*model.layers[:2])."""
    model = classifier()
    hidden = pellucid.Model(*model.layers[:2])
    model.fit(X, LABELS, epochs=3)
    np.testing.assert_array_equal(
        hidden.predict(X), np.maximum(X @ model.layers[0].weights + model.layers[0].biases, 0)
    )
    twin = pellucid.Model(*copy.deepcopy(model.layers[:2]))
    model.fit(X, LABELS, epochs=1)
    assert not np.array_equal(twin.predict(X), hidden.predict(X))


# -- the last layer and the loss ---------------------------------------------------------------------------------------

PAIRS = [
    (CategoricalCrossEntropy, Softmax, None),
    (CategoricalCrossEntropy, Sigmoid, r"End the network with Softmax\(\), the pair that fits"),
    (CategoricalCrossEntropy, Linear, r"End the network with Softmax\(\)"),
    (BinaryCrossEntropy, Sigmoid, None),
    (BinaryCrossEntropy, HardSigmoid, None),
    (BinaryCrossEntropy, Linear, r"End the network with Sigmoid\(\)"),
    (BinaryCrossEntropy, Softmax, r"End the network with Sigmoid\(\)"),
    (SoftmaxCrossEntropy, Linear, None),
    (SoftmaxCrossEntropy, Softmax, r"holds softmax itself. Use CategoricalCrossEntropy\(\)"),
    (SigmoidCrossEntropy, Linear, None),
    (SigmoidCrossEntropy, Sigmoid, r"holds the sigmoid itself. Use BinaryCrossEntropy\(\)"),
    (MeanSquaredError, Linear, None),
    (MeanSquaredError, Sigmoid, None),
    (MeanSquaredError, Softmax, r"does not fit the last layer, Softmax\(\).*CategoricalCrossEntropy\(\)"),
    (MeanAbsoluteError, Softmax, r"CategoricalCrossEntropy\(\)"),
    (Huber, Softmax, r"CategoricalCrossEntropy\(\)"),
    (Poisson, Linear, None),
    (Poisson, Softplus, "takes their logarithms. End with Dense"),
    (lambda: Quantile((0.5,)), lambda: OrderedQuantiles(1), None),
    (lambda: Quantile((0.5,)), lambda: OrderedQuantiles(2), r"1 level\(s\).*orders 2.*write OrderedQuantiles\(1\)"),
    (lambda: Quantile((0.5,)), Softmax, r"OrderedQuantiles\(\)"),
]


@pytest.mark.parametrize(("loss", "last", "sentence"), PAIRS)
def test_a_loss_that_does_not_fit_names_the_pair_that_does(loss, last, sentence):
    target = np.eye(2)[LABELS]
    for layers in ((Dense(2, 2), last()), (Sequential(Dense(2, 2), Sequential(last())),)):
        model = pellucid.Model(*layers, loss=loss(), optimizer=SGD(0.0))
        if sentence is None:
            model.fit(X, target, epochs=1)
        else:
            with pytest.warns(UserWarning, match=sentence) as caught:
                model.fit(X, target, epochs=1)
            assert caught[0].filename == __file__


def test_a_last_layer_of_ones_own_is_not_doubted():
    class Own(Layer):
        def forward(self, inputs):
            self.output = 0.01 + abs(inputs) / (1 + abs(inputs).sum(axis=1, keepdims=True))
            return self.output

        def backward(self, doutput):
            return doutput * 0

    pellucid.Model(Dense(2, 2), Own(), loss=CategoricalCrossEntropy()).fit(X, LABELS, epochs=1)


def test_scores_are_not_judged_as_if_they_were_probabilities():
    model = pellucid.Model(Dense(2, 1), loss=SigmoidCrossEntropy())
    assert set(model.fit(X, LABELS[:, None], epochs=1).last) == {"epoch", "loss", "learning_rate"}


# -- files and folders -------------------------------------------------------------------------------------------------


def test_an_unwritable_place(tmp_path):
    model = classifier()
    with pytest.raises(FileError, match="could not be written: No such file or directory.*Choose another folder"):
        model.save(tmp_path / "absent" / "m")
    with pytest.raises(FileError, match="is a folder. Name a file in it"):
        model.save(tmp_path)
    with pytest.raises(FileError, match="cannot be the name of a file"):
        model.save(str(tmp_path / "a\0b"))
    assert not list(tmp_path.iterdir())
    for path, sentence in ((tmp_path, "is a folder"), (tmp_path / "absent" / "m", "no folder that may be written to")):
        refused(classifier(), rf"checkpoint=.*{sentence}.*Name a file", FileError, checkpoint=path)


def test_a_folder_without_the_right_to_write(tmp_path):
    tmp_path.chmod(0o500)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("whoever runs this may write everywhere")
        with pytest.raises(FileError, match="Permission denied"):
            classifier().save(tmp_path / "m")
        refused(classifier(), "may be written to", FileError, checkpoint=tmp_path / "m")
    finally:
        tmp_path.chmod(0o700)


def test_what_is_no_file_to_load(tmp_path):
    for path, sentence in (
        (tmp_path / "absent", "No such file"),
        (tmp_path, "not an ordinary file"),
        (f"{tmp_path}\0", "null"),
    ):
        with pytest.raises(FileError, match=sentence):
            pellucid.load(path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(FileError, match="not an ordinary file"):  # and it does not wait for a writer
            pellucid.load(tmp_path / "pipe")


def test_a_full_disk_during_training_loses_nothing(tmp_path, monkeypatch):
    path, real, saves = tmp_path / "run", os.write, []

    def third_is_one_too_many(number, data):
        saves.append(len(data))
        if len(saves) > 2:
            real(number, bytes(data)[:100])
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(number, data)

    model, undisturbed = classifier(), classifier()
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", third_is_one_too_many)
        with pytest.raises(FileError, match="No space left on device.*An earlier file there is untouched.*make room"):
            model.fit(X, LABELS, epochs=5, batch_size=10, checkpoint=path)
    undisturbed.fit(X, LABELS, epochs=3, batch_size=10)
    assert digest(model) == digest(undisturbed)  # the third epoch was whole, only its file was not
    assert len(model.history) == 3 and sorted(p.name for p in tmp_path.iterdir()) == ["run", "run.1"]
    resumed = classifier()
    resumed.fit(X, LABELS, epochs=3, batch_size=10, checkpoint=path, resume=True)
    assert digest(resumed) == digest(undisturbed)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits of a process are Unix's")
def test_a_disk_that_is_really_full(tmp_path):
    """A process that may write no file beyond 3,000 bytes: the system itself says no, in the middle of a write."""
    program = f"""
import resource, signal, sys
import pellucid
from pellucid.layers import Dense
model = pellucid.Model(Dense(2, 10))
model.save({str(tmp_path / "m")!r})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
try:
    pellucid.Model(Dense(100, 100)).save({str(tmp_path / "m")!r})
except pellucid.errors.FileError as error:
    print(error)
print(pellucid.load({str(tmp_path / "m")!r}).predict([[1.0, 2.0]]).shape)
"""
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "could not be written: File too large. An earlier file there is untouched." in out and "(1, 10)" in out
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_disk_without_second_names_still_keeps_the_generation_before(tmp_path, monkeypatch):
    def no_links(*args):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    model = classifier()
    model.fit(X, LABELS, epochs=2, checkpoint=tmp_path / "run")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "run.1"]
    assert [len(pellucid.load(tmp_path / name).history) for name in ("run.1", "run")] == [1, 2]


def test_a_generation_that_cannot_be_kept_stops_before_the_new_file_is_written(tmp_path, monkeypatch):
    def fails(source, target):
        raise OSError(errno.EIO, "Input/output error")

    classifier().fit(X, LABELS, epochs=1, checkpoint=tmp_path / "run")
    before = (tmp_path / "run").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fails)
        with pytest.raises(FileError, match="checkpoint before could not be kept: Input/output error. It is untouched"):
            classifier().fit(X, LABELS, epochs=1, checkpoint=tmp_path / "run")
    assert (tmp_path / "run").read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_what_could_not_be_read_back_is_not_written(tmp_path, monkeypatch):
    model = classifier()
    model.fit(X, LABELS, epochs=30)
    monkeypatch.setattr(container, "_HEADER_LIMIT", 4000)
    with pytest.raises(FileError, match=r"more than the 4,000.*model.history.epochs = model.history.epochs\[::100\]"):
        model.save(tmp_path / "m")
    model.history.epochs = model.history.epochs[::10]
    model.save(tmp_path / "m")
    assert [row["epoch"] for row in pellucid.load(tmp_path / "m").history.epochs] == [1, 11, 21]
    with pytest.raises(FileError, match="dtype complex128 cannot be saved"):
        container.encode({"a": np.ones(2, complex)}, {})


def test_leftovers_of_killed_writers_are_removed_and_nothing_else(tmp_path):
    others = [".run.tmp", ".other.0123456789ab.tmp", "run.0123456789ab.tmp", ".run.backup.0123456789ab.tmp"]
    for name in [*others, ".run.0123456789ab.tmp", ".run.1.0123456789ab.tmp"]:
        (tmp_path / name).write_bytes(b"")
    classifier().fit(X, LABELS, epochs=2, checkpoint=tmp_path / "run", resume=True)
    assert {path.name for path in tmp_path.iterdir()} == {*others, "run", "run.1"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"optimizer": SGD(0.1)}, "another optimizer.*Adam.*SGD"),
        ({"optimizer": Adam(0.03)}, "another optimizer.*Resume with the same settings"),
        ({"loss": CategoricalCrossEntropy(label_smoothing=0.1)}, "another loss"),
        ({"seed": 1}, "another seed: 0 there, 1 here"),
        ({"dtype": "float64"}, "another dtype"),
    ],
)
def test_a_checkpoint_of_other_settings(changes, sentence, tmp_path):
    classifier().fit(X, LABELS, epochs=1, checkpoint=tmp_path / "run")
    model = classifier(**changes)
    before = digest(model)
    with pytest.raises(FileError, match=sentence):
        model.fit(X, LABELS, epochs=2, checkpoint=tmp_path / "run", resume=True)
    assert digest(model) == before


def test_a_model_file_is_no_checkpoint_to_go_on_from(tmp_path):
    classifier().save(tmp_path / "m")
    with pytest.raises(FileError, match="holds no 'progress'"):
        classifier().fit(X, LABELS, epochs=2, checkpoint=tmp_path / "m", resume=True)


def test_a_checkpoint_of_another_version_goes_on_with_a_warning(tmp_path, monkeypatch):
    from pellucid.exchange import contents

    monkeypatch.setattr(contents, "__version__", "0.0.1")
    classifier().fit(X, LABELS, epochs=1, checkpoint=tmp_path / "run")
    monkeypatch.undo()
    with pytest.warns(UserWarning, match=r"written by pellucid 0.0.1, this is .*: training goes on"):
        classifier().fit(X, LABELS, epochs=2, checkpoint=tmp_path / "run", resume=True)


@pytest.mark.parametrize(
    ("settings", "rows", "named"),
    [
        ({"batch_size": 3}, 6, "batch_size=2, this one has batch_size=3"),
        ({"batch_size": 2, "shuffle": False}, 6, "shuffle=True, this one has shuffle=False"),
        ({"batch_size": 2}, 5, "rows=6, this one has rows=5"),
    ],
)
def test_a_run_is_not_resumed_on_other_data_or_batches(settings, rows, named, tmp_path):
    x, labels = np.tile(X, (6, 1))[:6], np.tile(LABELS, 6)[:6]
    classifier().fit(x, labels, epochs=1, batch_size=2, checkpoint=tmp_path / "run")
    with pytest.raises(InputError, match=named):
        classifier().fit(x[:rows], labels[:rows], epochs=2, checkpoint=tmp_path / "run", resume=True, **settings)


def test_auto_resumes_with_the_engine_of_before(tmp_path, monkeypatch):
    from pellucid.engines import choice

    classifier().fit(X, LABELS, epochs=1, checkpoint=tmp_path / "run", engine="numpy")
    monkeypatch.setattr(choice, "wanted", lambda work, epochs: ("jax", "as the test says"))
    model = classifier()
    assert model.fit(X, LABELS, epochs=2, checkpoint=tmp_path / "run", resume=True).engine == "numpy"


def test_a_callbacks_figures_are_saved_and_its_text_is_refused(tmp_path):
    def adds(value):
        return lambda model, row: row.update(mine=value)

    model = classifier()
    model.fit(X, LABELS, epochs=2, callbacks=[adds(np.float32(1.5))], checkpoint=tmp_path / "run")
    assert pellucid.load(tmp_path / "run").history["mine"] == [1.5, 1.5]
    with pytest.raises(InputError, match="mine='high': a history holds numbers only"):
        classifier().fit(X, LABELS, epochs=2, callbacks=[adds("high")], checkpoint=tmp_path / "other")


# -- going on ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [Adam(0.05), SGD(0.1, momentum=0.9), AdaGrad(0.1), RMSprop(0.02)])
@pytest.mark.parametrize("second", [Adam(0.05), SGD(0.1, momentum=0.9), AdaGrad(0.1), RMSprop(0.02)])
def test_another_optimiser_starts_anew(first, second):
    """Its slots have names in common with the one before, which mean something else there; its step count, too."""
    model = classifier(optimizer=copy.deepcopy(first))
    model.fit(X, LABELS, epochs=3, batch_size=10)
    fresh = pellucid.Model(*copy.deepcopy(model.layers), loss=model.loss, optimizer=copy.deepcopy(second))
    fresh._state.epoch = 3  # the order of the rows goes on with the epochs
    model.optimizer = copy.deepcopy(second)
    for one in (model, fresh):
        one.fit(X, LABELS, epochs=2, batch_size=10)
    assert digest(model) == digest(fresh)


def test_another_learning_rate_of_the_same_optimiser_goes_on():
    model, twin = classifier(), classifier(optimizer=Adam(lambda step: 0.02 if step < 9 else 0.001))
    model.fit(X, LABELS, epochs=3, batch_size=10)
    model.optimizer.learning_rate = 0.001
    model.fit(X, LABELS, epochs=3, batch_size=10)
    twin.fit(X, LABELS, epochs=6, batch_size=10)
    assert digest(model) == digest(twin)


def test_a_schedule_that_has_watched_another_model_begins_again():
    plateau = schedules.Plateau(1e-12, factor=0.5, patience=1)
    rates = [classifier(optimizer=SGD(plateau)).fit(X, LABELS, epochs=6)["learning_rate"] for _ in range(2)]
    assert rates[0] == rates[1] and rates[0][0] > rates[0][-1]


def test_another_loss_brings_its_metric():
    model = yes_or_no()
    assert "accuracy" in model.fit(X, LABELS[:, None], epochs=1).last
    model.loss = MeanSquaredError()
    history = model.fit(X, NUMBERS, epochs=1)
    assert "rmse" in history.last and "accuracy" not in history.last
    assert np.isnan(history["accuracy"][1]) and np.isnan(history["rmse"][0])
    chosen = yes_or_no(metrics=["mae"])
    chosen.loss = MeanSquaredError()
    assert set(chosen.metrics) == {"mae"}


def test_a_loaded_model_goes_on(tmp_path):
    """The history goes on, and so does the order of the rows; the optimiser starts anew, for a model file has no slots."""
    model = classifier()
    model.fit(X, LABELS, epochs=3, batch_size=10)
    model.save(tmp_path / "m")
    loaded = pellucid.load(tmp_path / "m")
    model.optimizer = Adam(0.02)
    for one in (model, loaded):
        history = one.fit(X, LABELS, epochs=2, batch_size=10)
        assert [row["epoch"] for row in history.epochs] == [1, 2, 3, 4, 5]
    assert digest(loaded) == digest(model)


def test_a_loaded_checkpoint_goes_on_bit_for_bit(tmp_path):
    def model():
        return classifier(optimizer=Adam(schedules.Plateau(0.05, patience=1)))

    whole, part = model(), model()
    whole.fit(X, LABELS, epochs=9, batch_size=10)
    part.fit(X, LABELS, epochs=4, batch_size=10, checkpoint=tmp_path / "run")
    loaded = pellucid.load(tmp_path / "run")
    assert digest(loaded) == digest(part) and loaded.history.epochs == part.history.epochs
    loaded.fit(X, LABELS, epochs=5, batch_size=10)
    assert digest(loaded) == digest(whole) and loaded.history.epochs == whole.history.epochs


def test_the_best_of_an_earlier_training_is_not_the_best_of_a_later_one():
    model = classifier()
    model.fit(X, LABELS, epochs=20, validation_data=(X, LABELS))
    before = digest(model)

    def interrupt(model, row):
        if row["epoch"] == 25:
            raise KeyboardInterrupt

    history = model.fit(X, 2 - LABELS, epochs=10, callbacks=[interrupt])
    assert history.stopped == "interrupted" and len(history) == 25 and digest(model) != before
    again = classifier()
    again.fit(X, LABELS, epochs=5, validation_data=(X, LABELS), early_stopping=5)
    assert len(again.fit(X, LABELS, epochs=5, validation_data=(X, 2 - LABELS), early_stopping=4)) > 6


def test_a_file_saved_in_a_callback_has_the_history_so_far(tmp_path):
    model = classifier()
    model.fit(X, LABELS, epochs=3, callbacks=[lambda model, row: model.save(tmp_path / f"{row['epoch']}")])
    for epoch in (1, 2, 3):
        assert len(pellucid.load(tmp_path / f"{epoch}").history) == epoch


# -- what goes wrong on the way ----------------------------------------------------------------------------------------


def test_a_callback_that_fails_leaves_the_last_whole_epoch():
    def fails(model, row):
        if row["epoch"] == 3:
            raise ZeroDivisionError("in the callback")

    model, undisturbed = classifier(), classifier()
    with pytest.raises(ZeroDivisionError, match="in the callback"):
        model.fit(X, LABELS, epochs=9, batch_size=10, callbacks=[fails])
    undisturbed.fit(X, LABELS, epochs=3, batch_size=10)
    assert digest(model) == digest(undisturbed) and model.history.epochs == undisturbed.history.epochs
    for one in (model, undisturbed):
        one.fit(X, LABELS, epochs=2, batch_size=10)
    assert digest(model) == digest(undisturbed)


def test_a_breakdown_keeps_the_last_good_network_and_its_history():
    model = regression(optimizer=SGD(lambda step: 0.01 if step < 12 else 1e30))
    with pytest.raises(NonFiniteError, match=r"Training broke down in epoch 5.*jumps from 0.01 to 1e\+30 at step 13"):
        model.fit(X, NUMBERS, epochs=9, batch_size=10)
    undisturbed = regression(optimizer=SGD(0.01))
    undisturbed.fit(X, NUMBERS, epochs=4, batch_size=10)
    assert digest(model) == digest(undisturbed) and len(model.history) == 4


def test_ctrl_c_keeps_the_best_network():
    noise = np.random.default_rng(3).integers(0, 3, 30)
    known = {}

    def watch(model, row):
        known[row["val_loss"]] = digest(model)
        if row["epoch"] == 60:
            raise KeyboardInterrupt

    model = classifier(optimizer=Adam(0.05))
    history = model.fit(X, LABELS, epochs=999, validation_data=(X, noise), callbacks=[watch])
    assert history.stopped == "interrupted" and len(history) == 60 and history.best_epoch < 60
    assert digest(model) == known[min(known)]


def interrupted(figures_of, epochs=5):
    """(model after a Ctrl-C while the figures of the 3rd epoch are taken, the same model after as many whole epochs)."""
    calls = []

    def figure(outputs, targets):
        calls.append(len(outputs))
        if len(outputs) == figures_of and calls.count(figures_of) == 3:
            raise KeyboardInterrupt
        return 0.0

    model, undisturbed = classifier(metrics=[figure]), classifier(metrics=[lambda outputs, targets: 0.0])
    history = model.fit(X, LABELS, epochs=epochs, batch_size=7, validation_data=(X[:9], LABELS[:9]))
    assert history.stopped == "interrupted"
    return model, undisturbed, len(history)


@pytest.mark.parametrize("figures_of", [30, 9])
def test_ctrl_c_while_figures_are_taken(figures_of):
    """The epoch counts or it does not: values, history and what comes next agree."""
    model, undisturbed, epochs = interrupted(figures_of)
    model._state.best_values = {}
    undisturbed.fit(X, LABELS, epochs=epochs, batch_size=7)
    for one in (model, undisturbed):
        one.fit(X, LABELS, epochs=2, batch_size=7)
    assert [row["epoch"] for row in model.history.epochs] == list(range(1, epochs + 3))
    assert digest(model) == digest(undisturbed)


def test_a_run_that_stopped_early_is_finished_and_a_resumed_one_does_nothing(tmp_path):
    settings = {"validation_data": (X, 2 - LABELS), "early_stopping": 3, "checkpoint": tmp_path / "run"}
    model, resumed = classifier(), classifier()
    stopped = model.fit(X, LABELS, epochs=99, **settings)
    assert stopped.stopped.startswith("no better validation loss")
    assert resumed.fit(X, LABELS, epochs=99, resume=True, **settings).epochs == stopped.epochs
    assert digest(resumed) == digest(model)


@pytest.mark.skipif(os.name == "nt", reason="Windows delivers no SIGINT to a child")
def test_a_real_ctrl_c_in_the_middle_of_an_epoch(tmp_path):
    """The signal comes from outside, at whatever step of whatever epoch: what remains is the end of the one before."""
    program = """
import hashlib, json
import numpy as np
import pellucid
from pellucid.layers import Dense, ReLU, Softmax
from pellucid.losses import CategoricalCrossEntropy
from pellucid.optimizers import Adam

X = np.random.default_rng(0).standard_normal((6000, 2)).astype(np.float32)
y = (X[:, 0] * X[:, 1] > 0).astype(int)

def new_model():
    return pellucid.Model(
        Dense(2, 8), ReLU(), Dense(8, 2), Softmax(), loss=CategoricalCrossEntropy(), optimizer=Adam(0.01), metrics=()
    )

def digest(model):
    return hashlib.sha256(b"".join(value.tobytes() for value in model.values().values())).hexdigest()

def tell(model, row):
    print(row["epoch"], flush=True)

model = new_model()
history = model.fit(X, y, epochs=10**6, batch_size=2, engine="numpy", callbacks=[tell])
undisturbed = new_model()
undisturbed.fit(X, y, epochs=len(history), batch_size=2, engine="numpy")
print(json.dumps([history.stopped, len(history), digest(model) == digest(undisturbed)]))
"""
    with subprocess.Popen([sys.executable, "-W", "error", "-c", program], stdout=subprocess.PIPE, text=True) as child:
        assert [child.stdout.readline() for _ in range(2)] == ["1\n", "2\n"]
        time.sleep(0.03)
        child.send_signal(signal.SIGINT)
        stopped, epochs, same = json.loads(child.stdout.read().splitlines()[-1])
    assert child.returncode == 0 and stopped == "interrupted" and epochs >= 2 and same


# -- a model that is looked at -----------------------------------------------------------------------------------------


def test_predictions_of_whole_numbers_and_lists():
    model = classifier()
    expected = model.predict(np.array([[1.0, 2.0]], np.float32))
    for rows in ([[1, 2]], np.array([[1, 2]]), np.array([[1, 2]], np.uint8), [(1.0, 2)]):
        np.testing.assert_array_equal(model.predict(rows), expected)


def test_small_errors_are_errors_of_pythons_own_kind():
    """Whoever catches ValueError, TypeError or OSError, as elsewhere in Python, catches these."""
    assert issubclass(DataError, ValueError) and issubclass(ContractError, TypeError) and issubclass(FileError, OSError)
    for error in (InputError, DataError, ContractError, FileError, NonFiniteError):
        assert issubclass(error, PellucidError) and issubclass(error, Exception)


def test_images_that_are_not_scaled_get_a_word():
    with pytest.warns(UserWarning, match="write X / 255"):
        classifier(optimizer=SGD(0.0)).fit(np.full((4, 2), 200, np.uint8), [0, 1, 2, 0], epochs=1)


def test_the_largest_real_data_set_here_survives_its_own_borders():
    x, y = datasets.digits()
    refused(pellucid.Model(Dense(64, 9), Softmax(), loss=CategoricalCrossEntropy()), "9 classes", X=x, y=y)


def test_an_optimiser_without_its_bases_constructor_says_so():
    class Forgets(Optimizer):
        def __init__(self, rate=0.1):
            self.rate = rate

        def update(self, param, grad, slots, rates):
            return param - self.rate * grad, slots

    with pytest.raises(ContractError, match=r"Forgets.__init__ has not called its base: write super\(\)"):
        regression(optimizer=Forgets())
    for base in (Optimizer, MeanSquaredError):

        class Loses(base):
            def __init__(self, strength=1.0):
                super().__init__()

        with pytest.raises(ContractError, match="Loses.__init__ takes 'strength'.*self.strength = strength"):
            regression(**{"optimizer" if base is Optimizer else "loss": Loses()})
