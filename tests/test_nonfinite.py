"""Where a NaN came from: planted ones found, thrown away ones not blamed, honest words where it cannot be told."""

import copy
import pickle

import numpy as np
import pytest

import pellucid
from pellucid import Layer
from pellucid.errors import NonFiniteError
from pellucid.glass import nonfinite
from pellucid.glass.nonfinite import replay
from pellucid.glass.nonfinite.watched import Place, Watch, bare
from pellucid.layers import BatchNorm, Dense, Dropout, ReLU, Softmax, Tanh
from pellucid.losses import CategoricalCrossEntropy, MeanSquaredError
from pellucid.optimizers import SGD, Adam, Optimizer
from planted import FAULTS, ROWS, Case

X = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)
Y = X[:, :1] - X[:, 1:2]


def regression(*inner, **options):
    settings = {"loss": MeanSquaredError(), "optimizer": SGD(0.01)} | options
    return pellucid.Model(Dense(3, 5), *inner, Dense(5, 1), **settings)


def broken(model, x=X, y=Y, **options):
    with pytest.raises(NonFiniteError) as caught:
        model.fit(x, y, engine="numpy", progress=False, **{"epochs": 5, **options})
    return caught.value


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_is_found(fault, seed):
    fault(seed, "numpy")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100))
def test_100_of_100_planted_faults_are_found(seed):
    FAULTS[seed % len(FAULTS)](1000 + seed, "numpy")


# -- what is watched ---------------------------------------------------------------------------------------------------


class Own(Layer):
    """A layer made of one function."""

    def __init__(self, function):
        self.function = function

    def forward(self, inputs):
        self.inputs = inputs
        self.output = self.function(inputs)
        return self.output

    def backward(self, doutput):
        self.dinputs = doutput
        return doutput


def first(function, x=X, **options):
    return broken(regression(Own(function), **options), x)


WAYS = {
    "exp": (lambda x: np.exp(1000.0 + x), "exp", "inf"),
    "log": (lambda x: np.log(x * 0.0), "log", "log(0) is -inf"),
    "square root": (lambda x: np.sqrt(-1.0 - x * x), "sqrt", "nan"),
    "power": (lambda x: (x * 0.0) ** -1.0, "power reciprocal", "is inf"),
    "in place": (lambda x: scaled(x.copy()), "multiply", "* 1e+38"),
    "into a plain array": (lambda x: added(np.zeros(x.shape, x.dtype), x), "divide", "/ 0"),
    "a function": (lambda x: np.where(x > -99, np.divide(x, 0.0), x), "divide", "/ 0"),
    "concatenate passes on": (lambda x: np.concatenate([x / 0.0, x])[: len(x)], "divide", "/ 0"),
    "item": (lambda x: put(np.zeros_like(x), x / 0.0), "divide", "/ 0"),
    "sum": (lambda x: x * 0 + (x * 0 + 3e38).sum(axis=0), "sum", "values up to 3e+38"),
    "mean of squares": (lambda x: x * 0 + (x * 1e25).var(axis=1, keepdims=True), "multiply square", "is inf"),
    "einsum": (lambda x: np.einsum("bi,bi->bi", x * 1e30, x * 1e30), "einsum", "is"),
    "dot": (lambda x: (x * 1e30).dot(np.eye(5, dtype="f4") * 1e30), "dot", "a sum of 5 products"),
}


def scaled(x):
    x *= 1e38
    x *= 1e38
    return x


def added(place, x):
    place += x
    place /= x * 0.0
    return place


def put(place, x):
    place[:] = x
    return place


@pytest.mark.parametrize("name", WAYS)
def test_every_way_to_make_one_is_seen(name):
    function, operation, words = WAYS[name]
    error = first(function)
    assert (error.phase, error.path, error.epoch) == ("forward", "1", 1) and error.operation in operation.split(), error
    assert words in str(error) and error.layer.startswith("Own(") and "test_nonfinite.py" in error.line


def test_what_is_thrown_away_again_is_not_blamed():
    harmless = Own(lambda x: np.where(x > 0, np.log(np.where(x > 0, x, 0.0)), 0.0))
    guilty = Own(lambda x: x / 0.0)
    model = pellucid.Model(Dense(3, 5), harmless, Dense(5, 5), guilty, Dense(5, 1), loss=MeanSquaredError())
    error = broken(model)
    assert (error.path, error.operation) == ("3", "divide")
    regression(harmless).fit(X, Y, epochs=2, engine="numpy")


def test_an_operation_that_cannot_be_watched_is_said_to_be_one():
    error = first(lambda x: np.array([[float(v) / 1e-300 * 1e300 for v in row] for row in x.tolist()], x.dtype) * 1e38)
    assert (error.path, error.phase, error.operation) == ("1", "forward", "unseen")
    assert "could not be watched" in str(error) and error.cause == "layer"


def test_rows_are_the_users():
    """After a split for validation the rows that are trained on are not those that X has at their place."""
    for seed in range(3):
        x = X.copy()
        x[11, 2] = 3e38
        model = regression(ReLU(), seed=seed)
        try:
            error = broken(model, x, validation_fraction=0.2, batch_size=4)
        except pytest.fail.Exception:
            continue  # it was set aside
        assert error.rows == [11] and "X[11, 2] = 3e+38" in error.values
        return
    raise AssertionError("row 11 was set aside every time")


def test_data_changed_during_training_is_found():
    x = X.copy()

    def write(model, row):
        if row["epoch"] == 2:
            x[7, 1] = np.nan

    error = broken(regression(Tanh()), x, batch_size=5, callbacks=[write])
    assert (error.phase, error.rows, error.values, error.epoch) == ("input", [7], ["X[7, 1] = nan"], 3)
    assert "X.copy()" in error.advice and error.cause == "input"


def test_targets_out_of_proportion():
    y = Y.copy()
    y[5] = 3e38
    error = broken(regression(Tanh()), y=y, batch_size=5)
    assert error.cause == "targets" and error.rows == [5] and "y[5, 0] = 3e+38" in error.values


def test_targets_and_sample_weights_changed_during_training():
    for name in ("y", "sample_weight"):
        given = {"y": Y.copy(), "sample_weight": np.ones(30, np.float32)}

        def write(model, row, changed=given[name]):
            changed[8] = np.inf

        error = broken(regression(Tanh()), callbacks=[write], **given)
        assert (error.phase, error.epoch, error.rows) == ("loss", 2, [8]) and f"{name}.copy()" in error.advice


def test_a_learning_rate_that_is_not_a_number():
    error = broken(regression(Tanh(), optimizer=SGD(lambda step: 0.1 if step < 4 else np.nan)), batch_size=10)
    assert (error.phase, error.cause, error.epoch, error.step) == ("update", "learning rate", 2, 2)
    assert "learning rate = nan" in error.values


def test_a_running_sum_that_overflowed_long_ago():
    class Counts(Optimizer):
        slots = ("sum",)

        def update(self, param, grad, slots, rates):
            (total,) = slots
            return param - rates[0] * 1.0 / (1.0 + 0 * total) + 0 * total, (total * 1e20 + 1e20,)

    error = broken(regression(Tanh(), optimizer=Counts(0.01)))
    assert error.phase == "update" and error.cause == "update" and error.path == "0"


def test_the_good_network_is_back_and_the_error_travels():
    model = regression(Tanh(), optimizer=SGD(lambda step: 0.01 if step < 6 else 1e30))
    error = broken(model, batch_size=10, epochs=9)
    undisturbed = regression(Tanh(), optimizer=SGD(0.01))
    undisturbed.fit(X, Y, epochs=error.epoch - 1, batch_size=10, engine="numpy")
    for name, value in undisturbed.values().items():
        np.testing.assert_array_equal(model.values()[name], value)
    assert vars(pickle.loads(pickle.dumps(error))) == vars(error) == vars(copy.copy(error))
    assert isinstance(error, FloatingPointError) and NonFiniteError("plain").rows == []


# -- honest words ------------------------------------------------------------------------------------------------------


def test_the_replay_gives_up_after_its_time(monkeypatch):
    monkeypatch.setattr(replay, "SECONDS", -1.0)
    monkeypatch.setattr(replay.find, "__defaults__", (-1.0, 20))
    error = broken(regression(ReLU(), optimizer=SGD(1e20)), batch_size=5)
    assert "came as far as epoch 1, step 1, in" in str(error) and "try a tenth" in str(error) and error.operation == ""


def test_a_replay_that_fails_or_finds_nothing_still_tells_what_is_known(monkeypatch):
    class Shy(Layer):  # it will not work on anything but a plain array
        def forward(self, inputs):
            if type(inputs) is not np.ndarray:
                raise RuntimeError("plain arrays only")
            return np.exp(inputs + 1000.0)

        def backward(self, doutput):
            return doutput

    error = broken(regression(Shy()))
    assert "did not succeed (RuntimeError: plain arrays only)" in str(error) and "Usual causes" in str(error)
    monkeypatch.setattr(replay, "find", lambda run: None)
    error = broken(regression(ReLU(), optimizer=SGD(1e20)))
    assert "20 epochs from the last good one stayed finite" in str(error) and error.step is None

    def interrupted(run):
        raise KeyboardInterrupt

    monkeypatch.setattr(replay, "find", interrupted)
    assert "was interrupted" in str(broken(regression(ReLU(), optimizer=SGD(1e20))))


def test_a_breakdown_in_another_epoch_on_numpy_is_told(monkeypatch):
    """As where the compiled engine's rounding led there first."""
    case = Case(3)
    case.optimizer = SGD(lambda step: 0.01 if step < 5 * case.steps else 1e30)
    case.layers = [Dense(case.n, 4), Dense(4, 1)]
    model = case.model()
    plain = nonfinite.error

    def earlier(run, loss, rate):
        run.engine, run.epoch, run.step = "jax", 3, 3 * case.steps
        return plain(run, loss, rate)

    monkeypatch.setattr(nonfinite, "error", earlier)
    error = broken(model, case.X, case.y, epochs=20, batch_size=case.batch)
    assert "Run again on NumPy, whose rounding differs, that epoch stayed finite, and it came in epoch 6" in str(error)
    assert error.epoch == 6 and error.cause == "learning rate"


def test_validation_that_is_not_finite_is_named_and_training_goes_on():
    model = regression(Own(np.exp), optimizer=SGD(1e-6))
    valid = X.copy()
    valid[4] = 1e4 * np.sign(model.layers[0].weights[:, 0])
    told = r"epoch 1 is not.*layer 1, Own.*exp\(.*is inf.*Row of the validation X: 4\."
    with pytest.warns(UserWarning, match=told), np.errstate(all="ignore"):
        history = model.fit(
            X, Y, epochs=4, validation_data=(valid, Y), early_stopping=2, engine="numpy", progress=False
        )
    assert not np.isfinite(history["val_loss"]).any() and np.isfinite(history["loss"]).all()
    assert history.stopped.startswith("no better validation loss") or len(history) == 4


def test_trace_names_the_origin_of_a_prediction():
    model = pellucid.Model(
        Dense(3, 4), BatchNorm(4), Dropout(0.5), Dense(4, 2), Softmax(), loss=CategoricalCrossEntropy()
    )
    assert nonfinite.trace(model, X) is None and nonfinite.trace(model, X, [0, 1] * 15) is None
    x = X.copy()
    x[3, 1], x[9, 0] = np.nan, np.inf
    origin = nonfinite.trace(model, x)
    assert (origin.phase, origin.rows) == ("input", [3, 9]) and "X[3, 1] = nan" in str(origin)
    model.layers[1].running_variance[2] = -1.0
    origin = nonfinite.trace(model, X)
    assert (origin.path, origin.operation, origin.rows) == ("1", "sqrt", list(range(30))) or origin.rows == []
    assert not hasattr(model.layers[0], "inputs"), "looking leaves no record"


def test_a_watched_array_computes_what_a_plain_one_does():
    watch, x = Watch(np.arange(30)), X.astype(np.float64)
    with watch.at(Place("forward", "0", None)):
        seen = watch.take(x)
        for one, other in (
            (seen.mean(axis=0), x.mean(axis=0)), (seen.var(), x.var()), (seen @ seen.T, x @ x.T), (np.clip(seen, 0, 1),
             np.clip(x, 0, 1)), (np.divmod(seen, 0.3)[1], np.divmod(x, 0.3)[1]), (seen.max(axis=1), x.max(axis=1)),
            (np.linalg.norm(seen), np.linalg.norm(x)), (np.concatenate([seen, x]), np.concatenate([x, x])),
            (np.stack([seen, seen]).sum(), np.stack([x, x]).sum()), (seen.argmax(axis=1), x.argmax(axis=1)),
        ):  # fmt: skip
            np.testing.assert_array_equal(bare(one), other)
    assert watch.events == [] and type(bare([seen])[0]) is np.ndarray


def test_the_replay_is_the_run_bit_for_bit():
    """Dropout, batch norm, momentum, clipping, shuffled batches: the same numbers as the engine's."""
    for optimizer in (SGD(0.05, momentum=0.9, clip_norm=0.5), Adam(0.01, clip_value=0.1)):
        model, fresh = (
            regression(BatchNorm(5), Tanh(), Dropout(0.3), optimizer=copy.deepcopy(optimizer)) for _ in "12"
        )
        ended = model.fit(X, Y, epochs=3, batch_size=8, engine="numpy").last["loss"]
        fresh.fit(X, Y, epochs=1, batch_size=8, engine="numpy")
        seen, state = fresh.values(), fresh._state
        data = pellucid.engines.Batches(X, Y, None, 8, 0)
        run = nonfinite.Run(fresh.network, fresh.loss, fresh.optimizer, data, seen, state.slots, 1, 4, None)
        stepper, losses = replay.Stepper(run, run.values, run.slots), []
        for epoch in (1, 2):
            for number, batch in enumerate(run.batches(epoch)):
                step = float(4 * epoch + number)
                rates = [float(value) for value in fresh.optimizer.rates(fresh.optimizer.learning_rate, step)]
                losses.append(stepper.step(batch, epoch, number, rates))
        for name, value in stepper.values.items():
            np.testing.assert_array_equal(value, model.values()[name])
        sizes = np.array([8, 8, 8, 6])
        assert (np.array(losses[4:]) * sizes).sum() / 30 == pytest.approx(ended, rel=1e-6)


def test_rows_that_stay_in_their_file(tmp_path, monkeypatch):
    from pellucid import mapped

    monkeypatch.setattr(mapped, "SMALL", 0)
    x = X.copy()
    x[22, 1] = 3e38
    np.save(tmp_path / "x.npy", x)
    error = broken(regression(ReLU()), np.load(tmp_path / "x.npy", mmap_mode="r"), batch_size=5)
    assert error.cause == "input" and error.rows == [22] and "X[22, 1] = 3e+38" in error.values


def test_batches_that_are_handed_over():
    class Handed:
        """What an iterable of batches is to a run."""

        seed, x, y, weights, batch_size, steps, rows = 0, X[:10], Y[:10], None, 10, 3, 30

        def epoch(self, epoch):
            for start in (0, 10, 20):
                x = X[start : start + 10].copy()
                if (epoch, start) == (1, 20):
                    x[4, 2] = np.nan
                yield x, Y[start : start + 10], None

    model = regression(Tanh())
    begun = model.values(), {}, 0, 0
    rates = lambda step, count: (np.full((count, 1), 0.01), np.full(count, 0.01))  # noqa: E731
    run = nonfinite.Run(model.network, model.loss, model.optimizer, Handed(), model.values(), {}, 0, 0, rates, begun)
    assert replay.find(run).epoch == 1
    run.epoch, run.step = 1, 3
    error = nonfinite.error(run, float("nan"), 0.01)
    assert (error.epoch, error.step, error.rows, error.phase) == (2, 3, [4], "input")
    assert "in epoch 2, step 3: " in str(error) and "Row of the batch: 4." in str(error)


def test_planted_cases_differ():
    assert len({repr(Case(seed).model()) for seed in range(20)}) > 15 and len(Case(0).X) == ROWS
