"""A layer, a loss, an optimiser and a metric of the user's, written in a few lines, are as good as pellucid's own.

The parts are those of the examples, so that what a reader copies is what is tested.
"""

import copy
import importlib.util
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

import lasting_checks
import layer_checks
import loss_checks
import optimizer_checks
import pellucid
from cases import LayerCase, LossCase, OptimizerCase
from pellucid.errors import ContractError, FileError, InputError
from pellucid.layers import Dense, Layer, ReLU, Softmax, Tanh
from pellucid.losses import CategoricalCrossEntropy, Loss, MeanSquaredError
from pellucid.optimizers import Adam, Optimizer
from pellucid.schedules import Schedule


def example(name):
    """An example as a module, found again by pickle."""
    path = Path(__file__).parents[1] / "examples" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


Snake = example("own_layer").Snake
Quantile = example("own_loss").Quantile
Lion = example("own_optimizer").Lion
calibration_error = example("own_metric").calibration_error

X = np.random.default_rng(0).standard_normal((60, 2)).astype(np.float32)
Y = (X[:, 0] * X[:, 1])[:, None]
LABELS = (Y[:, 0] > 0).astype(int)


class Shrinking(Schedule):
    """A schedule of one's own."""

    def __init__(self, learning_rate, by):
        self.learning_rate, self.by = learning_rate, by

    def __call__(self, step):
        return self.learning_rate / (1.0 + step) ** self.by


class Gate(Layer):
    """A layer of layers of one's own: what is inside it is in `layers`."""

    def __init__(self, n_features):
        self.n_features = n_features
        self.layers = (Dense(n_features, n_features), Tanh())

    def forward(self, inputs):
        self.inputs = inputs
        self.gate = self.layers[1].forward(self.layers[0].forward(inputs))
        self.output = inputs * self.gate
        return self.output

    def backward(self, doutput):
        through = self.layers[0].backward(self.layers[1].backward(doutput * self.inputs))
        self.dinputs = doutput * self.gate + through
        return self.dinputs


def quantile_model(seed=0):
    return pellucid.Model(
        Dense(2, 6), Snake(6), Gate(6), Dense(6, 1),
        loss=Quantile(0.7), optimizer=Lion(Shrinking(0.01, by=0.3), weight_decay=0.01), metrics=["mae"], seed=seed,
    )  # fmt: skip


def digest(model):
    return {key: value.tobytes() for key, value in model.values().items()}


# -- they pass what pellucid's own parts pass --------------------------------------------------------------------------

LAYERS = [
    LayerCase("Snake", lambda: Snake(5), largest=1e15),
    LayerCase("Gate", lambda: Gate(5), largest=1e8),
]
WITHOUT = {"a_list_is_never_silently_wrong", "numpy_numbers_are_python_numbers"}  # what a few lines need not think of


def by_name(check):
    return check.__name__


@pytest.mark.parametrize("case", LAYERS, ids=str)
@pytest.mark.parametrize("check", layer_checks.CHECKS + lasting_checks.CHECKS, ids=by_name)
def test_own_layer(check, case):
    if check.__name__ not in WITHOUT:
        check(case)


@pytest.mark.parametrize("check", optimizer_checks.CHECKS, ids=by_name)
def test_own_optimizer(check):
    formulas = ("the_updates_are_their_formula", *WITHOUT)
    if check.__name__ not in formulas:
        check(OptimizerCase("Lion", lambda: Lion(0.01, weight_decay=0.1)))


def test_lion_is_its_formula():
    weights, gradients = optimizer_checks.some()
    lion = Lion(0.1, beta_1=0.8, beta_2=0.6, weight_decay=0.3)
    expected, momentum = weights, 0.0
    for given, gradient in zip(optimizer_checks.updates(lion, weights, gradients), gradients, strict=True):
        expected = expected - 0.1 * (np.sign(0.8 * momentum + 0.2 * gradient) + 0.3 * expected)
        momentum = 0.6 * momentum + 0.4 * gradient
        np.testing.assert_allclose(given, expected, rtol=1e-12)


@pytest.mark.parametrize("check", loss_checks.CHECKS, ids=by_name)
def test_own_loss(check):
    if check.__name__ not in {"targets_of_another_shape_are_refused", *WITHOUT}:
        check(LossCase("Quantile", lambda: Quantile(0.3), "numbers", "numbers"))


def test_half_the_targets_lie_below_the_median():
    outputs, targets = np.zeros((1, 4)), np.array([[1.0, 2.0, -1.0, -4.0]])
    loss = Quantile(0.75)
    np.testing.assert_allclose(loss.forward(outputs, targets), [(0.75 * 3 + 0.25 * 5) / 4])
    np.testing.assert_allclose(loss.backward(), np.array([[-0.75, -0.75, 0.25, 0.25]]) / 4)


def test_a_calibration_error_by_hand():
    outputs = np.array([[0.95, 0.05], [0.95, 0.05], [0.35, 0.65], [0.65, 0.35]])
    assert calibration_error(outputs, np.array([0, 1, 1, 0])) == pytest.approx((2 * 0.45 + 2 * 0.35) / 4)


# -- trained, copied, pickled, saved -----------------------------------------------------------------------------------


def test_own_parts_train():
    model = quantile_model()
    history = model.fit(X, Y, epochs=150, batch_size=20)
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert not np.array_equal(model.layers[1].a, np.ones(6))


@pytest.mark.parametrize("way", ["copy", "pickle"])
def test_a_copy_trains_on_as_the_original_does(way):
    model = quantile_model()
    model.fit(X, Y, epochs=3, batch_size=20)
    twin = copy.deepcopy(model) if way == "copy" else pickle.loads(pickle.dumps(model))
    for one in (model, twin):
        one.fit(X, Y, epochs=3, batch_size=20)
    assert digest(twin) == digest(model) and repr(twin) == repr(model)


@pytest.mark.parametrize("way", ["copy", "pickle", "file"])
def test_what_a_constructor_derives_from_its_arguments_is_there_in_a_copy(way, tmp_path):
    model = pellucid.Model(Dense(2, 2), Derived(3.0), loss=DerivedLoss(2.0), optimizer=Adam(0.01))
    model.fit(X, np.hstack([Y, Y]), epochs=2)
    model.save(tmp_path / "m")
    twin = {
        "copy": lambda: copy.deepcopy(model),
        "pickle": lambda: pickle.loads(pickle.dumps(model)),
        "file": lambda: pellucid.load(tmp_path / "m", custom=[Derived, DerivedLoss]),
    }[way]()
    assert twin.evaluate(X, np.hstack([Y, Y])) == model.evaluate(X, np.hstack([Y, Y]))
    assert "inputs" not in vars(twin.layers[1]) and "outputs" not in vars(twin.loss)
    twin.fit(X, np.hstack([Y, Y]), epochs=1)


class Derived(Layer):
    """Half of an argument is neither argument, parameter nor state."""

    params = ("shift",)

    def __init__(self, factor):
        self.factor = factor
        self.half = factor / 2
        self.shift = np.zeros(2, np.float32)

    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs * self.half + self.shift
        return self.output

    def backward(self, doutput):
        self.dshift = doutput.sum(axis=0)
        self.dinputs = doutput * self.half
        return self.dinputs


class DerivedLoss(MeanSquaredError):
    """The same in a loss."""

    def __init__(self, factor):
        self.factor = factor
        self.half = factor / 2

    def forward(self, outputs, targets):
        return super().forward(outputs, targets) * self.half

    def backward(self):
        return super().backward() * self.half


def test_a_copy_made_in_a_callback_trains_on_as_the_original_does():
    copies = []

    def keep(model, row):
        copies.append(copy.deepcopy(model))

    model = quantile_model()
    model.fit(X, Y, epochs=6, batch_size=20, callbacks=[keep])
    for earlier in copies:
        earlier.fit(X, Y, epochs=6 - len(earlier._state.rows), batch_size=20)
        assert digest(earlier) == digest(model)


def test_a_file_names_own_parts_and_the_reader_hands_them_over(tmp_path):
    model = pellucid.Model(
        Dense(2, 3), Snake(3), Gate(3), Dense(3, 1), loss=Quantile(0.7), optimizer=Lion(Shrinking(0.01, by=0.3)),
        metrics=["mae", share_below],
    )  # fmt: skip
    model.fit(X, Y, epochs=3)
    model.save(tmp_path / "m")
    own = [Snake, Gate, Quantile, Lion, Shrinking, share_below]
    twin = pellucid.load(tmp_path / "m", custom=own)
    assert repr(twin) == repr(model) and digest(twin) == digest(model)
    assert twin.evaluate(X, Y) == model.evaluate(X, Y) and set(twin.metrics) == {"mae", "share_below"}
    for missing in own:
        with pytest.raises(FileError, match=rf"custom=\[{missing.__name__}\]"):
            pellucid.load(tmp_path / "m", custom=[part for part in own if part is not missing])
    with pytest.raises(InputError, match="own classes"):
        pellucid.load(tmp_path / "m", custom=["Snake"])


def share_below(outputs, targets):
    return float((targets < outputs).mean())


def test_a_checkpoint_of_own_parts_goes_on(tmp_path):
    whole, resumed = quantile_model(), quantile_model()
    whole.fit(X, Y, epochs=6, batch_size=20)
    quantile_model().fit(X, Y, epochs=2, batch_size=20, checkpoint=tmp_path / "run")
    loaded = pellucid.load(tmp_path / "run", custom=[Snake, Gate, Quantile, Lion, Shrinking])
    loaded.fit(X, Y, epochs=4, batch_size=20)
    resumed.fit(X, Y, epochs=6, batch_size=20, checkpoint=tmp_path / "run", resume=True)
    assert digest(whole) == digest(resumed) == digest(loaded)
    assert whole.history.epochs == resumed.history.epochs == loaded.history.epochs


def test_a_layer_of_ones_own_is_not_mistaken_for_one_of_pellucids(tmp_path):
    own = type("ReLU", (Layer,), {"forward": lambda self, inputs: inputs * 2, "__doc__": "Not what it is called."})
    model = pellucid.Model(Dense(2, 2), own())
    model.save(tmp_path / "m")
    with pytest.raises(FileError, match="class or function of its writer"):
        pellucid.load(tmp_path / "m")
    twin = pellucid.load(tmp_path / "m", custom=[own])
    np.testing.assert_array_equal(twin.predict(X), model.predict(X))
    pellucid.Model(Dense(2, 2), ReLU()).save(tmp_path / "n")
    assert type(pellucid.load(tmp_path / "n", custom=[own]).layers[1]) is ReLU


def test_what_a_file_cannot_hold_is_refused_before_training(tmp_path):
    unnamed = pellucid.Model(Dense(2, 1), loss=MeanSquaredError(), optimizer=Adam(lambda step: 0.1))
    with pytest.raises(InputError, match="cannot be saved"):
        unnamed.save(tmp_path / "m")
    with pytest.raises(InputError, match="cannot be saved"):
        unnamed.fit(X, Y, epochs=1, checkpoint=tmp_path / "run")
    assert unnamed.history is None and not list(tmp_path.iterdir())


def test_a_metric_of_ones_own_in_every_form():
    class Rounded:
        def __call__(self, outputs, targets):
            return np.float32((outputs.round() == targets.round()).mean())

    model = pellucid.Model(Dense(2, 1), loss=MeanSquaredError(), metrics=share_below)
    assert set(model.fit(X, Y, epochs=1, validation_data=(X, Y)).last) >= {"share_below", "val_share_below"}
    model = pellucid.Model(Dense(2, 1), loss=MeanSquaredError(), metrics=[Rounded(), "mae"])
    assert set(model.evaluate(X, Y)) == {"loss", "Rounded", "mae"}
    with pytest.raises(InputError, match="Two metrics are called '<lambda>'"):
        pellucid.Model(Dense(2, 1), metrics=[lambda a, b: 0, lambda a, b: 1])


# -- what a first attempt forgets --------------------------------------------------------------------------------------


class Scale(Layer):
    """A right one, to be made wrong below."""

    params = ("factor",)

    def __init__(self):
        self.factor = np.ones(2, np.float32)

    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs * self.factor
        return self.output

    def backward(self, doutput):
        self.dfactor = (doutput * self.inputs).sum(axis=0)
        self.dinputs = doutput * self.factor
        return self.dinputs


def wrong(base, **methods):
    return type("Wrong", (base,), methods)()


def keeps_quiet(self, doutput):
    Scale.backward(self, doutput)


def forgets_the_gradient(self, doutput):
    return doutput * self.factor


def forgets_the_sum(self, doutput):
    self.dfactor = doutput * self.inputs
    return doutput * self.factor


def writes_into_inputs(self, inputs):
    inputs *= 2
    return inputs


def writes_into_doutput(self, doutput):
    doutput[doutput < 0] = 0
    return doutput


FORGOTTEN = [
    (lambda: [wrong(Scale, backward=keeps_quiet)], {}, "Wrong.backward returned nothing.*return self.dinputs"),
    (lambda: [wrong(Scale, backward=forgets_the_gradient)], {}, r"self.dfactor is nothing.*Write self.dfactor = "),
    (lambda: [wrong(Scale, backward=forgets_the_sum)], {}, r"self.dfactor is shape \(2, 2\)"),
    (lambda: [Dense(2, 2), wrong(Scale, backward=lambda self, d: d[:, :1])], {},
     r"returned shape \(2, 1\): expected a gradient for each input, \(2, 2\)"),
    (lambda: [wrong(Scale, forward=writes_into_inputs)], {},
     r"Wrong.writes_into_inputs, line \d+ of .*test_own_parts.py, writes into an array"),
    (lambda: [wrong(Scale, forward=lambda self, x: x, backward=writes_into_doutput)], {},
     r"Wrong.writes_into_doutput, line \d+ of .*, writes into an array"),
    (lambda: [wrong(Scale, forward=lambda self, x: None)], {}, "forward returned nothing"),
    (lambda: [wrong(Layer)], {}, r"has no forward\(self, inputs\)"),
    (lambda: [wrong(Layer, forward=lambda self, x: x)], {}, r"has no backward\(self, doutput\)"),
    (lambda: [Dense(2, 2)], {"loss": wrong(Loss, forward=lambda self, o, t: ((o - t) ** 2).mean())},
     r"Wrong.forward returned shape \(\) for 2 rows.*\.mean\(axis=1\), not \.mean\(\)"),
    (lambda: [Dense(2, 2)], {"loss": wrong(MeanSquaredError, backward=lambda self: None)},
     "Wrong.backward returned nothing.*return self.doutputs"),
    (lambda: [Dense(2, 2)], {"loss": wrong(Loss)}, r"has no forward\(self, outputs, targets\)"),
    (lambda: [Dense(2, 2)], {"optimizer": wrong(Optimizer)}, r"has no update\(self, param, grad, slots, rates\)"),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "others", "sentence"), FORGOTTEN)
def test_what_a_first_attempt_forgets_gets_a_sentence(layers, others, sentence):
    model = pellucid.Model(*layers(), **{"loss": MeanSquaredError(), **others})
    before = digest(model)
    with pytest.raises(ContractError, match=sentence):
        model.fit(X.copy(), np.hstack([Y, Y]), epochs=2)
    assert digest(model) == before


@pytest.mark.parametrize("what", ["params", "argument"])
def test_a_layer_that_is_not_whole_is_refused_when_the_model_is_made(what):
    class Forgets(Layer):
        params = ("weights",) if what == "params" else ()

        def __init__(self, size=3):
            if what == "params":
                self.size = size

    with pytest.raises(ContractError, match="no such array" if what == "params" else "self.size = size"):
        pellucid.Model(Forgets())


def test_a_loss_for_classes_of_ones_own_keeps_the_checks_of_its_base():
    class Focal(CategoricalCrossEntropy):
        """Easy samples count less. Source: Lin et al., *Focal Loss for Dense Object Detection* (2017)."""

        def forward(self, outputs, targets):
            self.p = np.maximum((self.target_rows(outputs, targets) * outputs).sum(axis=1), self.least)
            self.rows = self.target_rows(outputs, targets)
            return -((1 - self.p) ** 2) * np.log(self.p)

        def backward(self):
            by_p = 2 * (1 - self.p) * np.log(self.p) - (1 - self.p) ** 2 / self.p
            return self.rows * by_p[:, None]

    loss_checks.the_gradient_is_that_of_the_losses(LossCase("Focal", Focal, "probabilities", "labels"))
    model = pellucid.Model(Dense(2, 16), ReLU(), Dense(16, 2), Softmax(), loss=Focal(), optimizer=Adam(0.02))
    model.fit(X, LABELS, epochs=200)
    assert model.evaluate(X, LABELS)["accuracy"] > 0.9
    with pytest.raises(InputError, match="Labels start at 0"):
        model.fit(X, LABELS + 1)
