"""The model as a user meets it: training, judging, stopping, going on, and being told what is wrong."""

import copy
import pickle
import sys
import threading

import numpy as np
import pytest

import pellucid
from pellucid.errors import ContractError, DataError, InputError, NonFiniteError
from pellucid.layers import BatchNorm, Dense, Dropout, Layer, Linear, ReLU, Residual, Sequential, Sigmoid, Softmax
from pellucid.losses import BinaryCrossEntropy, CategoricalCrossEntropy, MeanSquaredError
from pellucid.optimizers import SGD, Adam
from pellucid.schedules import Cosine, Plateau


def four_corners(rows=200, seed=0):
    """Points of the plane, the class by the sign of x * y: not linear, easy for a small network."""
    x = np.random.default_rng(seed).standard_normal((rows, 2)).astype(np.float32)
    return x, (x[:, 0] * x[:, 1] > 0).astype(np.int64)


def classifier(seed=0, **changes):
    given = {"loss": CategoricalCrossEntropy(), "optimizer": Adam(0.02), "seed": seed, **changes}
    return pellucid.Model(Dense(2, 16), ReLU(), Dense(16, 2), Softmax(), **given)


def digest(model):
    return {key: value.tobytes() for key, value in model.values().items()}


def test_a_small_network_learns():
    x, y = four_corners()
    model = classifier()
    history = model.fit(x, y, epochs=200)
    assert model.evaluate(*four_corners(seed=1))["accuracy"] > 0.93
    assert history["loss"][-1] < 0.2 < history["loss"][0]
    assert history.engine == "numpy" and history.stopped == "finished" and len(history) == 200


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    x, y = four_corners()
    runs = [classifier(seed) for seed in (3, 3, 4)]
    for model in runs:
        model.fit(x, y, epochs=5, batch_size=32)
    assert digest(runs[0]) == digest(runs[1]) != digest(runs[2])


def test_fit_goes_on_where_it_stopped():
    x, y = four_corners()
    whole, parts = classifier(), classifier()
    whole.fit(x, y, epochs=8, batch_size=32)
    parts.fit(x, y, epochs=3, batch_size=32)
    history = parts.fit(x, y, epochs=5, batch_size=32)
    assert digest(whole) == digest(parts)
    assert [row["epoch"] for row in history.epochs] == list(range(1, 9))


def test_history_loss_is_the_mean_over_rows_with_a_short_last_batch():
    x, y = four_corners(50)
    model = classifier(optimizer=SGD(0.0))  # nothing moves, so every batch sees the same network
    history = model.fit(x, y, epochs=1, batch_size=32)
    assert history["loss"][0] == pytest.approx(model.evaluate(x, y)["loss"], rel=1e-6)
    assert history["accuracy"][0] == pytest.approx(model.evaluate(x, y)["accuracy"])


def test_sample_weights_of_zero_are_rows_that_are_not_there():
    x, y = four_corners(60)
    weights = np.ones(60)
    weights[40:] = 0
    weighted, shorter = classifier(dtype="float64"), classifier(dtype="float64")
    weighted.fit(x, y, epochs=20, sample_weight=weights)
    shorter.fit(x[:40], y[:40], epochs=20)
    for key, value in shorter.values().items():
        np.testing.assert_allclose(weighted.values()[key], value, rtol=1e-9, atol=1e-12)


def test_class_weights_equal_sample_weights():
    x, y = four_corners(60)
    by_class = classifier(dtype="float64", loss=CategoricalCrossEntropy(class_weights=(1.0, 3.0)))
    by_row = classifier(dtype="float64")
    by_class.fit(x, y, epochs=20)
    by_row.fit(x, y, epochs=20, sample_weight=np.where(y == 1, 3.0, 1.0))
    for key, value in by_row.values().items():
        np.testing.assert_allclose(by_class.values()[key], value, rtol=1e-6, atol=1e-9)


def test_early_stopping_keeps_the_best_network():
    x, y = four_corners(40)
    noise = np.random.default_rng(5).integers(0, 2, 40)  # nothing can be learned for these, so it soon gets worse
    model = classifier(optimizer=Adam(0.05))
    history = model.fit(x, y, epochs=500, validation_data=(x, noise), early_stopping=15)
    best = min(history["val_loss"])
    assert len(history) < 500 and history.stopped.startswith("no better validation loss")
    assert history.best_epoch == history["val_loss"].index(best) + 1
    assert model.evaluate(x, noise)["loss"] == pytest.approx(best, rel=1e-6)


def test_a_callback_sees_the_rows_and_can_stop():
    x, y = four_corners()
    seen = []

    def third(model, row):
        seen.append((row["epoch"], model.evaluate(x, y)["loss"]))
        return row["epoch"] == 3

    history = classifier().fit(x, y, epochs=10, callbacks=[third])
    assert [epoch for epoch, _ in seen] == [1, 2, 3] and history.stopped == "stopped by third"
    assert seen[0][1] > seen[2][1]


def test_ctrl_c_keeps_the_last_whole_epoch():
    x, y = four_corners()

    def interrupt(model, row):
        if row["epoch"] == 4:
            raise KeyboardInterrupt

    model, undisturbed = classifier(), classifier()
    history = model.fit(x, y, epochs=10, batch_size=32, callbacks=[interrupt])
    undisturbed.fit(x, y, epochs=4, batch_size=32)
    assert history.stopped == "interrupted" and digest(model) == digest(undisturbed)


def test_a_schedule_sets_each_steps_rate():
    x, y = four_corners(64)
    schedule = Cosine(0.1, steps=8)
    history = classifier(optimizer=SGD(schedule)).fit(x, y, epochs=4, batch_size=32)
    assert history["learning_rate"] == pytest.approx([schedule(step) for step in (1, 3, 5, 7)])


def test_a_plateau_cuts_the_rate_when_nothing_improves():
    x, y = four_corners(64)
    model = classifier(optimizer=SGD(Plateau(1e-12, factor=0.5, patience=2)))
    rates = model.fit(x, y, epochs=9)["learning_rate"]
    assert rates == pytest.approx([1e-12] * 4 + [5e-13] * 3 + [2.5e-13] * 2)


def test_regression_and_a_users_own_parts():
    class Twice(Layer):
        def forward(self, inputs):
            self.output = 2 * inputs
            return self.output

        def backward(self, doutput):
            self.dinputs = 2 * doutput
            return self.dinputs

    x = np.linspace(-1, 1, 50)[:, None]
    model = pellucid.Model(Dense(1, 1), Twice(), loss=MeanSquaredError(), optimizer=SGD(0.05), metrics=["r2", "mae"])
    model.fit(x, 3 * x + 1, epochs=400)
    assert model.evaluate(x, 3 * x + 1)["r2"] > 0.999
    assert model.layers[0].weights[0, 0] == pytest.approx(1.5, abs=1e-2)


def test_weights_set_by_hand_are_kept_and_others_drawn_from_the_seed():
    by_hand = Dense(2, 2)
    by_hand.weights = np.array([[1.0, 2.0], [3.0, 4.0]])
    first, second = (pellucid.Model(copy.deepcopy(by_hand), Dense(2, 2), seed=seed) for seed in (1, 2))
    np.testing.assert_array_equal(first.layers[0].weights, [[1, 2], [3, 4]])
    assert first.layers[0].weights.dtype == np.float32
    assert not np.array_equal(first.layers[1].weights, second.layers[1].weights)


def test_batch_norm_state_moves_in_training_and_predictions_do_not_depend_on_the_batch():
    x, y = four_corners()
    model = pellucid.Model(
        Dense(2, 8), BatchNorm(8), ReLU(), Dropout(0.2), Dense(8, 2), Softmax(), loss=CategoricalCrossEntropy()
    )
    model.fit(x, y, epochs=20, batch_size=50)
    assert abs(model.layers[1].running_mean).max() > 0
    np.testing.assert_allclose(model.predict(x, batch_size=7), model.predict(x), atol=1e-6)


def test_predict_leaves_no_record_and_forward_does():
    model = classifier()
    model.predict(four_corners()[0])
    assert not hasattr(model.layers[0], "output")
    model.forward(four_corners()[0])
    assert model.layers[0].output.shape == (200, 16)


def test_a_model_can_be_pickled_and_copied():
    x, y = four_corners()
    model = classifier()
    model.fit(x, y, epochs=3)
    for twin in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert digest(twin) == digest(model)
        twin.fit(x, y, epochs=2)
    model.fit(x, y, epochs=2)
    assert digest(twin) == digest(model)


def test_eight_threads_get_right_answers_while_the_model_trains():
    x, y = four_corners(16)
    model = classifier()
    known = {}  # every network that was ever whole gives one of these answers
    wrong, stop, before = [], threading.Event(), sys.getswitchinterval()
    known[model.predict(x).tobytes()] = 0
    answers = []

    def ask():
        mine = []
        while not stop.is_set():
            mine.append(model.predict(x).tobytes())
        answers.extend(mine)

    def remember(model, row):
        known[model.predict(x).tobytes()] = row["epoch"]

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        model.fit(x, y, epochs=60, batch_size=4, callbacks=[remember])
        stop.set()
        for thread in threads:
            thread.join()
    finally:
        stop.set()
        sys.setswitchinterval(before)
    wrong = [answer for answer in answers if answer not in known]
    assert len(answers) > 8 and not wrong


def test_training_that_breaks_down_says_so_and_keeps_the_last_good_network():
    x, y = four_corners()
    model = pellucid.Model(Dense(2, 4), Linear(), Dense(4, 1), loss=MeanSquaredError(), optimizer=SGD(1e4))
    with pytest.raises(NonFiniteError, match="learning rate"):
        model.fit(x, y[:, None], epochs=50)
    assert all(np.isfinite(value).all() for value in model.values().values())


X, Y = four_corners(20)
MISTAKES = [
    (lambda: classifier().fit(X[:, 0], Y), DataError, r"X\[:, None\]"),
    (lambda: classifier().fit(X, Y[:5]), DataError, "20 rows and y has 5"),
    (lambda: classifier().fit(X, Y + 1), DataError, "Labels start at 0"),
    (lambda: classifier().fit(X, Y - 1), DataError, "is -1"),
    (lambda: classifier().fit(X, Y[:, None]), DataError, r"y.ravel\(\)"),
    (lambda: classifier().fit(X, Y + 0.5), DataError, "MeanSquaredError"),
    (lambda: classifier().fit(np.zeros((0, 2)), []), DataError, "empty"),
    (lambda: classifier().fit(np.where(X > 9, X, np.nan), Y), DataError, "NaN or infinite"),
    (lambda: classifier().fit([["a", "b"]], [0]), DataError, "numbers"),
    (lambda: classifier().fit([[1, 2], [3]], [0, 1]), DataError, "different lengths"),
    (lambda: classifier().fit(np.ones((4, 3)), [0, 1, 0, 1]), DataError, r"Dense\(3, 16\)"),
    (lambda: classifier().fit(X, Y, batch_size=0), InputError, "batch_size=0"),
    (lambda: classifier().fit(X, Y, batch_size=21), InputError, "only 20 rows"),
    (lambda: classifier().fit(X, Y, epochs=-1), InputError, "epochs=-1"),
    (lambda: classifier().fit(X, Y, early_stopping=3), InputError, "validation_data"),
    (lambda: classifier().fit(X, Y, validation_fraction=1.5), InputError, "try 0.2"),
    (lambda: classifier().fit(X, Y, validation_data=X[:, 0]), InputError, "pair"),
    (lambda: classifier().fit(X, Y, sample_weight=-np.ones(20)), DataError, "at least 0"),
    (lambda: classifier().fit(X, Y, engine="cuda"), InputError, "engine='cuda'"),
    (lambda: classifier().fit(X, Y, resume=True), InputError, "checkpoint="),
    (lambda: classifier(loss=None).fit(X, Y), InputError, "no loss"),
    (lambda: classifier(loss=CategoricalCrossEntropy), ContractError, r"write CategoricalCrossEntropy\(\)"),
    (lambda: classifier(metrics=["acuracy"]), InputError, "accuracy"),
    (lambda: classifier(seed=-1), InputError, "seed=-1"),
    (lambda: classifier(dtype="float16"), InputError, "float32"),
    (lambda: pellucid.Model(), ContractError, "at least one layer"),
    (lambda: pellucid.Model(Dense), ContractError, r"write Dense\(\)"),
    (lambda: pellucid.Model(*[ReLU()] * 2), ContractError, "used twice, as layer 0 and as layer 1"),
    (lambda: Dense(0, 3), InputError, "n_inputs=0"),
    (lambda: Dropout(1.0), InputError, "below 1"),
    (lambda: Adam(-1), InputError, "at least 0"),
    (lambda: pellucid.Model(Residual(Dense(2, 3))).predict(X), DataError, "must return the shape"),
    (
        lambda: pellucid.Model(Dense(2, 1), loss=MeanSquaredError()).fit(X, Y),
        DataError,
        r"y\[:, None\]",
    ),
    (
        lambda: pellucid.Model(Dense(2, 1), Sigmoid(), loss=BinaryCrossEntropy()).fit(X, 2 * Y[:, None]),
        DataError,
        "from 0 to 1",
    ),
]


@pytest.mark.parametrize(("mistake", "kind", "sentence"), MISTAKES)
def test_a_mistake_gets_a_sentence_with_the_fix(mistake, kind, sentence):
    with pytest.raises(kind, match=sentence):
        mistake()


def test_a_mistake_loses_nothing():
    model = classifier()
    before = digest(model)
    for bad in (np.where(X > 9, X, np.nan), X[:5]):
        with pytest.raises(DataError):
            model.fit(bad, Y)
    assert digest(model) == before


def test_warnings_name_the_pair_that_fits_and_unscaled_images():
    with pytest.warns(UserWarning, match=r"End the network with Softmax\(\)"):
        pellucid.Model(Dense(2, 2), Sigmoid(), loss=CategoricalCrossEntropy()).fit(X, Y, epochs=1)
    with pytest.warns(UserWarning, match="X / 255"):
        classifier(optimizer=SGD(0.0)).fit(np.full((4, 2), 200, np.uint8), [0, 1, 0, 1], epochs=1)


def test_a_hidden_layer_and_a_shared_container_are_refused():
    class Hides(Layer):
        def __init__(self):
            self.inner = Dense(2, 2)

    class Shares(Layer):
        def __init__(self):
            self.seen = []

    with pytest.raises(ContractError, match="self.layers"):
        pellucid.Model(Hides())
    with pytest.raises(ContractError, match="list"):
        pellucid.Model(Sequential(Shares()))
