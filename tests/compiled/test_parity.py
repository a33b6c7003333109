"""Both engines, every row of the tables: the same gradients, the same twenty steps, the same two hundred.

In float64 they may be 1e-12 apart, beside the largest entry of an array. What is compared loosely, and why, is said where
it is done.
"""

import copy
import pickle
from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest

import pellucid
from cases import LAYERS, LOSSES, OPTIMIZERS, LayerCase, inputs, loss_targets, prepared
from pellucid.layer import Layer
from pellucid.layers import BatchNorm, Dense, Dropout, Residual, Softmax, Tanh
from pellucid.losses import CategoricalCrossEntropy, MeanSquaredError
from pellucid.optimizers import SGD, Adam
from twins import Scale, X, Y, apart, both, chunks_of, no_tracer, rich

STEPS = 20
PRECISIONS = {"float64": 1e-12, "float32": 2e-6}


def steps_of(model: pellucid.Model, data: Any, engine: str, **fit: Any) -> list[dict[str, np.ndarray]]:
    """The model's values before the first step and after each: an epoch is one step."""
    seen = [model.values()]
    model.fit(*data, epochs=STEPS, callbacks=[lambda model, row: seen.append(model.values())], engine=engine, **fit)
    no_tracer(model)
    return seen


def same_steps(make: Any, data: Any, precision: str, **fit: Any) -> None:
    """The first step is the gradient, times the learning rate; then all the others."""
    with chunks_of(1):
        on_numpy, compiled = (steps_of(make(), data, engine, **fit) for engine in ("numpy", "jax"))
    moved = any(not np.array_equal(on_numpy[0][key], on_numpy[-1][key]) for key in on_numpy[0])
    assert moved and len(compiled) == STEPS + 1
    for step in range(STEPS + 1):
        assert apart(compiled[step], on_numpy[step]) <= PRECISIONS[precision], f"step {step}"


def _classes(cases: Any) -> list[Any]:
    """The last row of every class: the one with most to it."""
    return list({type(case.make()): case for case in cases}.values())


ONCE = list({(repr(case.make()), case.shape): case for case in LAYERS}.values())  # here they all train


@pytest.mark.parametrize(
    "case, precision", [(c, "float64") for c in ONCE] + [(c, "float32") for c in _classes(ONCE)], ids=str
)
def test_every_layer_trains_alike(case: LayerCase, precision):
    """Behind a layer with parameters, so that the layer's dinputs count, too."""
    case = replace(case, shape=(6, *case.shape[1:]), training=True)
    x = inputs(case, np.float64)
    shape = prepared(case).forward(x).shape
    y = np.random.default_rng(5).uniform(-1, 1, shape)

    def make():
        return pellucid.Model(
            Scale(case.shape[-1]), prepared(case, precision), Scale(shape[-1]), loss=MeanSquaredError(), optimizer=SGD(0.05),
            seed=2, dtype=precision,
        )  # fmt: skip

    same_steps(make, (x, y), precision)


@pytest.mark.parametrize(
    "case, precision, weighted",
    [(c, "float64", weighted) for c in LOSSES for weighted in (False, True)]
    + [(c, "float32", True) for c in _classes(LOSSES)],
    ids=str,
)
def test_every_loss_trains_alike(case, precision, weighted):
    x = np.random.default_rng(3).uniform(-1, 1, (4, 5))
    weights = np.array([1.0, 0.0, 2.0, 0.5]) if weighted else None

    def make():
        layers = Dense(5, 4, weight_l2=0.01), Tanh(), Dropout(0.3), Dense(4, 3), case.last()
        return pellucid.Model(*layers, loss=case.make(), optimizer=SGD(0.1), seed=2, dtype=precision)

    same_steps(make, (x, loss_targets(case)), precision, sample_weight=weights)


@pytest.mark.parametrize(
    "case, precision", [(c, "float64") for c in OPTIMIZERS] + [(c, "float32") for c in _classes(OPTIMIZERS)], ids=str
)
def test_every_optimiser_trains_alike(case, precision):
    rng = np.random.default_rng(4)
    x, y = rng.uniform(-1, 1, (6, 5)), rng.uniform(-1, 1, (6, 3))

    def make():
        layers = Dense(5, 4), Tanh(), Dense(4, 3)
        return pellucid.Model(*layers, loss=MeanSquaredError(), optimizer=case.make(), seed=2, dtype=precision)

    same_steps(make, (x, y), precision)


# -- two hundred steps of a whole network ------------------------------------------------------------------------------


def whole(optimizer: Any, dtype: str, ahead: bool) -> pellucid.Model:
    """Dropout and batch normalisation; `ahead`: an activation stands between the biases and batch normalisation."""
    first = Dense(2, 16), *([Tanh()] if ahead else []), BatchNorm(16), *([] if ahead else [Tanh()])
    return pellucid.Model(
        *first, Dropout(0.2), Residual(Dense(16, 16), Tanh(), Dropout(0.1)), Dense(16, 3), Softmax(),
        loss=CategoricalCrossEntropy(), optimizer=optimizer, seed=4, dtype=dtype,
    )  # fmt: skip


@pytest.mark.parametrize(
    "make, ahead",
    [(lambda: SGD(0.05), False), (lambda: SGD(0.05, momentum=0.9), False), (lambda: Adam(0.005), True)],
    ids=["SGD", "momentum", "Adam"],
)
def test_two_hundred_steps_with_dropout_and_batch_norm(make, ahead):
    """Biases directly in front of batch normalisation have gradient 0, and what is there is rounding.

    SGD leaves them within the tolerance, which is absolute for entries below 1. Adam divides by the gradient's own size
    and makes steps of it, on every engine others; so for Adam an activation stands in between.
    """
    on_numpy, compiled = both(lambda: whole(make(), "float64", ahead), X, Y, epochs=20, batch_size=13)
    assert len(X) == 120 and -(-120 // 13) * 20 == 200
    assert apart(compiled.values(), on_numpy.values()) <= 1e-12
    for name in ("loss", "accuracy"):
        np.testing.assert_allclose(compiled.history[name], on_numpy.history[name], rtol=1e-12)


def test_two_hundred_steps_in_float32():
    """Rounding grows from step to step: a thousandth of it is left as room."""
    on_numpy, compiled = both(lambda: whole(SGD(0.05, momentum=0.9), "float32", False), X, Y, epochs=20, batch_size=13)
    assert apart(compiled.values(), on_numpy.values()) <= 2e-4
    np.testing.assert_allclose(compiled.history["loss"], on_numpy.history["loss"], rtol=1e-4)


# -- nothing is left behind --------------------------------------------------------------------------------------------


def test_no_tracer_leaks_from_a_training():
    with jax.checking_leaks():
        model = rich()
        model.fit(X, Y, epochs=3, batch_size=50, validation_fraction=0.2, engine="jax")
    no_tracer(model)


def test_no_tracer_leaks_from_a_users_layer():
    with jax.checking_leaks():
        model = pellucid.Model(Scale(2), Dense(2, 3), Softmax(), loss=CategoricalCrossEntropy())
        model.fit(X, Y, epochs=3, batch_size=50, engine="jax")
    no_tracer(model)


def test_a_model_trained_compiled_is_a_model():
    """It predicts, shows a pass, copies, pickles, and goes on with NumPy; what is on it can be written."""
    model = rich()
    model.fit(X, Y, epochs=3, batch_size=50, engine="jax")
    expected = model.predict(X)
    for twin in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(twin.predict(X), expected)
        twin.fit(X, Y, epochs=1, engine="jax")
        twin.fit(X, Y, epochs=1, engine="numpy")
    assert repr(eval(repr(model.layers[0]), {"Dense": Dense})) == repr(model.layers[0])
    for array in (*model.values().values(), *(layer.weights for layer in (model.layers[0], model.layers[5]))):
        assert type(array) is np.ndarray and array.flags.writeable
    model.layers[0].weights[0, 0] += 1.0
    assert not np.array_equal(model.predict(X), expected)
    np.testing.assert_array_equal(model.forward(X), model.predict(X))
    assert model.layers[0].inputs.shape == X.shape


def test_a_network_without_parameters_and_one_of_single_numbers():
    """The least that can be trained: nothing at all, and a parameter without axes."""

    class Times(Layer):
        params = ("factor",)

        def __init__(self):
            self.factor = np.array(0.5, np.float32)

        def forward(self, inputs):
            self.inputs = inputs
            self.output = inputs * self.factor
            return self.output

        def backward(self, doutput):
            self.dfactor = (doutput * self.inputs).sum()
            self.dinputs = doutput * self.factor
            return self.dinputs

    y = 2.0 * X
    for layer in (Tanh(), Times()):
        on_numpy, compiled = both(
            lambda layer=layer: pellucid.Model(copy.copy(layer), loss=MeanSquaredError(), optimizer=SGD(0.1)),
            X, y, epochs=5, batch_size=50,
        )  # fmt: skip
        assert apart(compiled.values(), on_numpy.values()) < 1e-6
        np.testing.assert_allclose(compiled.history["loss"], on_numpy.history["loss"], rtol=1e-5)
    assert float(compiled.layers[0].factor) != 0.5


@pytest.mark.parametrize("case", [OPTIMIZERS[1], *_classes(OPTIMIZERS)], ids=str)
def test_either_engine_goes_on_where_the_other_stopped(case):
    """The optimiser's running sums keep their names: each engine finds in a slot what the other put there."""

    def make():
        return pellucid.Model(
            Dense(2, 8),
            Tanh(),
            Dense(8, 3),
            Softmax(),
            loss=CategoricalCrossEntropy(),
            optimizer=case.make(),
            dtype="float64",
        )

    expected = make()
    expected.fit(X, Y, epochs=6, batch_size=50, engine="numpy")
    for first, second in (("numpy", "jax"), ("jax", "numpy")):
        model = make()
        model.fit(X, Y, epochs=3, batch_size=50, engine=first)
        model.fit(X, Y, epochs=3, batch_size=50, engine=second)
        assert apart(model.values(), expected.values()) <= 1e-12
        assert model.history["learning_rate"] == expected.history["learning_rate"]
