"""Many networks in one program: the same as one after the other on NumPy, to rounding, whoever sits beside whom."""

import numpy as np
import pytest

import pellucid
from pellucid.layers import BatchNorm, Dense, Dropout, Layer, ReLU, Softmax
from pellucid.losses import CategoricalCrossEntropy, MeanSquaredError
from pellucid.optimizers import SGD, Adam, AdamW
from pellucid.schedules import Cosine, Plateau

pytest.importorskip("jax")
from pellucid.engines import jax_many

X, y = pellucid.datasets.spiral(samples=16, classes=3, rng=0)
X = X.astype(np.float64)


def model(*layers, **options):
    layers = layers or (Dense(2, 7), ReLU(), Dropout(0.2), Dense(7, 3), Softmax())
    return pellucid.Model(*layers, **({"loss": CategoricalCrossEntropy(), "dtype": "float64"} | options))


def both(pattern, targets=y, **options):
    """The sweep on both engines, trained alike but for rounding; the compiled one is returned."""
    options = {"seeds": 3, "epochs": 5, "batch_size": 9} | options
    plain, compiled = (pellucid.sweep(pattern(), X, targets, engine=engine, **options) for engine in ("numpy", "jax"))
    assert compiled.engine == "jax" and len(plain) == len(compiled)
    for one, other in zip(plain.table, compiled.table, strict=True):
        assert one.keys() == other.keys()
        for name, value in one.items():
            exact = not isinstance(value, float) or name in options
            assert value == other[name] if exact else value == pytest.approx(other[name], abs=1e-10), name
    for one, other in zip(plain.models, compiled.models, strict=True):
        ours, theirs = one.values(), other.values()
        assert all(value.dtype == theirs[key].dtype and theirs[key].flags.writeable for key, value in ours.items())
        assert np.abs(one.predict(X) - other.predict(X)).max() <= 1e-10
        rows = [(a[name], b[name]) for a, b in zip(one.history.epochs, other.history.epochs, strict=True) for name in a]
        assert all(abs(a - b) <= 1e-10 for a, b in rows)
    return compiled


@pytest.mark.parametrize(
    "options",
    [
        {"validation_fraction": 0.2, "learning_rate": [0.01, 0.1], "weight_l2": [0.0, 1e-3, 1e-2]},
        {"validation_data": (X[:20], y[:20]), "early_stopping": 2, "learning_rate": [1e-9, 0.3], "epochs": 9},
        {"validation_fraction": 0.3, "batch_size": None, "learning_rate": [0.01, Cosine(0.1, 5)]},
        {"validation_fraction": 0.3, "shuffle": False},
        {"batch_size": [9, 20, None], "sample_weight": np.linspace(0.0, 1.0, len(X))},
        {"sample_weight": np.linspace(0.0, 1.0, len(X)), "validation_fraction": 0.3},
        {"sample_weight": np.linspace(0.0, 1.0, len(X)), "validation_fraction": 0.3, "shuffle": False},
        {"rate": [0.0, 0.5], "beta_1": [0.8, 0.9], "seeds": 2},
        {"seeds": [1, 2**40, 2**63]},
        {"epochs": 0},
    ],
    ids=lambda options: ",".join(options),
)
def test_both_engines_train_the_same_networks(options):
    both(model, **options)


def test_batch_norm_class_weights_and_clipping():
    def pattern():
        return model(
            Dense(2, 7), BatchNorm(7), ReLU(), Dense(7, 3), Softmax(),
            loss=CategoricalCrossEntropy(class_weights=(1.0, 2.0, 3.0)), optimizer=AdamW(0.01, clip_norm=0.5),
        )  # fmt: skip

    both(pattern, weight_decay=[0.0, 0.01, 0.1], clip_norm=[0.1, 0.5])


def test_a_schedule_that_watches_the_losses_beside_one_that_does_not():
    def pattern():
        return model(Dense(2, 4), Dense(4, 2), loss=MeanSquaredError(), optimizer=SGD(0.1, momentum=0.5))

    both(pattern, X[:, ::-1].copy(), learning_rate=[Plateau(0.3, patience=0), 0.05], validation_fraction=0.25, epochs=7)


def test_more_networks_than_seats(monkeypatch):
    """Who is done early leaves the seat to the next, which starts at its own first epoch."""
    monkeypatch.setattr(jax_many, "CACHE", 3 * 9 * 7 * 8)
    monkeypatch.setattr(jax_many, "cores", lambda: 1)
    result = both(model, seeds=8, validation_fraction=0.3, early_stopping=1, epochs=40, learning_rate=[0.5, 0.001])
    assert len({row["epochs"] for row in result.table}) > 3


def test_the_neighbours_change_nothing():
    """Bit for bit, in float32: the same seeds in another order, beside others, on another seat."""
    options = {"epochs": 6, "batch_size": 9, "engine": "jax"}
    one = pellucid.sweep(model(dtype="float32"), X, y, seeds=[0, 1, 2, 3, 4, 5], learning_rate=0.1, **options)
    other = pellucid.sweep(model(dtype="float32"), X, y, seeds=[5, 9, 0, 8, 3, 7], learning_rate=0.1, **options)
    ours, theirs = ({run.seed: run.model.values() for run in result.runs} for result in (one, other))
    for seed in (0, 3, 5):
        assert all(np.array_equal(value, theirs[seed][key]) for key, value in ours[seed].items())


@pytest.mark.parametrize(
    ("settings", "programs"),
    [
        ({"learning_rate": [0.1, 0.2, Cosine(0.1, 9)]}, 1),
        ({"weight_l2": [0.0, 0.1, 0.2], "0.bias_l1": [0.1, 0.2]}, 2),  # one without a penalty on the weights
        ({"beta_2": [0.9, 0.99], "epsilon": [1e-7, 1e-3]}, 1),
        ({"rate": [0.1, 0.2]}, 2),  # a mask compares bits with a whole number made of the rate
    ],
)
def test_settings_that_are_numbers_share_a_program(settings, programs, monkeypatch):
    described = set()
    compiled_once = jax_many.compiled_once

    def counted(key, make, arguments):
        compiled = compiled_once(key, make, arguments)
        described.add(key)
        return compiled

    monkeypatch.setattr(jax_many, "compiled_once", counted)
    pellucid.sweep(model(), X, y, seeds=2, epochs=2, batch_size=9, engine="jax", **settings)
    assert len(described) == programs


class Derived(Layer):
    """Keeps a number that its constructor has made of a setting."""

    def __init__(self, factor):
        self.factor, self.double = factor, 2.0 * factor

    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs * self.double
        return self.output

    def backward(self, doutput):
        self.dinputs = doutput * self.double
        return self.dinputs


def test_a_layer_that_derives_numbers_from_its_settings_gets_its_own():
    both(lambda: model(Dense(2, 3), Derived(1.0), Softmax()), factor=[0.5, 1.0, 2.0])


class Asking(Derived):
    """Decides by a setting."""

    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs * (2.0 if self.factor > 0.7 else 0.5)
        return self.output

    def backward(self, doutput):
        self.dinputs = doutput * (2.0 if self.factor > 0.7 else 0.5)
        return self.dinputs


def test_a_layer_that_decides_by_a_setting_gets_a_program_for_each_value():
    both(lambda: model(Dense(2, 3), Asking(1.0), Softmax()), factor=[0.5, 1.0])


class Untraceable(Asking):
    """Asks for an array's value."""

    def forward(self, inputs):
        return super().forward(inputs * 2.0 if inputs.sum() > 0 else inputs)


def test_what_cannot_be_compiled_is_trained_by_numpy_unless_asked_otherwise(monkeypatch):
    from pellucid.engines import choice
    from pellucid.errors import ContractError

    monkeypatch.setattr(choice, "wanted", lambda work, epochs: ("jax", "it pays"))
    pattern = model(Dense(2, 3), Untraceable(1.0), Softmax())
    result = pellucid.sweep(pattern, X, y, seeds=2, epochs=2)
    assert result.engine == "numpy" and "Untraceable.forward" in result.engine_reason
    assert [row["stopped"] for row in result.table] == ["finished"] * 2
    with pytest.raises(ContractError, match=r"Untraceable\.forward"):
        pellucid.sweep(pattern, X, y, seeds=2, epochs=2, engine="jax")


def test_a_network_that_breaks_down_is_marked_and_the_others_go_on():
    pattern = model(Dense(2, 4), Dense(4, 1), loss=MeanSquaredError(), optimizer=SGD(0.01), metrics=())
    rates = [1e200, 0.01]
    result = pellucid.sweep(pattern, X, X[:, :1], seeds=3, epochs=6, batch_size=9, learning_rate=rates, engine="jax")
    assert [row["stopped"] for row in result.table] == ["broke down"] * 3 + ["finished"] * 3
    assert all("epoch 1" in row["error"] for row in result.table[:3])
    assert all(np.isfinite(value).all() for made in result.models for value in made.values().values())


def test_ctrl_c_keeps_what_is_there(monkeypatch):
    monkeypatch.setattr(jax_many, "CACHE", 1)
    monkeypatch.setattr(jax_many, "cores", lambda: 1)
    calls = []

    def impatient(outputs, targets):
        calls.append(1)
        if len(calls) == 12:
            raise KeyboardInterrupt
        return 0.0

    pattern = model(metrics=[impatient])
    result = pellucid.sweep(pattern, X, y, seeds=6, epochs=5, batch_size=9, engine="jax")
    stopped = [row["stopped"] for row in result.table]
    assert result.stopped == "interrupted" and stopped[:2] == ["finished"] * 2 and stopped[-1] == "not begun"
    assert "interrupted" in stopped and np.isfinite(result.best.predict(X)).all()
    assert pellucid.sweep(pattern, X, y, seeds=1, epochs=1, engine="jax").stopped == "finished"


def test_the_best_can_be_saved_and_trained_on(tmp_path):
    result = both(model)
    path = tmp_path / "best.safetensors"
    result.best.save(path)
    assert np.array_equal(pellucid.load(path).predict(X), result.best.predict(X))
    again = pellucid.sweep(model(), X, y, seeds=1, epochs=4, batch_size=9, engine="numpy").best
    half = pellucid.sweep(model(), X, y, seeds=1, epochs=2, batch_size=9, engine="jax").best
    half.fit(X, y, epochs=2, batch_size=9, engine="numpy", progress=False)
    assert np.abs(again.predict(X) - half.predict(X)).max() <= 1e-10


def test_networks_of_other_seeds_are_other_networks():
    result = pellucid.sweep(model(optimizer=Adam(0.01)), X, y, seeds=2, epochs=2, batch_size=9, engine="jax")
    one, other = (made.predict(X) for made in result.models)
    assert np.abs(one - other).max() > 1e-3
