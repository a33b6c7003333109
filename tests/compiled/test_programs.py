"""Which program runs: never one that was compiled from other settings, and never a new one where an old one would do."""

import types
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import pellucid
from cases import LAYERS, LOSSES, OPTIMIZERS, inputs, loss_targets, prepared
from pellucid import schedules
from pellucid.engines import jax_engine, key
from pellucid.layer import Layer
from pellucid.layers import Dense, Dropout, Tanh
from pellucid.losses import CategoricalCrossEntropy, Loss, MeanSquaredError
from pellucid.optimizers import SGD, Adam, Optimizer
from twins import Scale, X, Y, apart, both, chunks_of, compilations, rich, small

# -- every setting of every row ----------------------------------------------------------------------------------------

STRUCTURE = (
    "n_inputs",
    "n_neurons",
    "n_features",
    "layers",
    "shape",
)  # nothing that one changes on a layer that is there
OTHERWISE = {
    "class_weights": (2.0, 1.0, 0.5), "clip_value": 0.03, "clip_norm": 0.05, "gradient": "clipped", "momentum": 0.45,
    "levels": (0.6,), "per_target": 1,
}  # fmt: skip


def another(name: str, value: Any) -> Any:
    """A value that this setting may have, too."""
    if type(value) is bool:
        return not value
    if type(value) is float and name not in ("momentum", "clip_value", "clip_norm"):
        return 0.37 * value + 0.11
    return OTHERWISE[name] if value != OTHERWISE[name] else None


def settings_of(thing: Any) -> list[str]:
    return [name for name in thing.config() if name not in (*STRUCTURE, "initializer", "learning_rate")]


def described(thing: Any) -> Any:
    return key.of_layer(thing) if isinstance(thing, Layer) else key.of_settings(thing)


@pytest.mark.parametrize("case", [*LAYERS, *LOSSES, *OPTIMIZERS], ids=lambda case: f"{type(case).__name__}: {case}")
def test_the_key_holds_every_setting(case):
    made = prepared(case) if case in LAYERS else case.make()
    inner = [layer for _, layer in made.walk()] if isinstance(made, Layer) else [made]
    before = described(made)
    assert hash(before) == hash(described(made)) and before == described(made)
    for thing in inner:
        for name in settings_of(thing):
            value = getattr(thing, name)
            setattr(thing, name, another(name, value))
            assert described(made) != before, f"{type(thing).__name__}.{name}"
            setattr(thing, name, value)
            assert described(made) == before


def _once_each(cases: Any) -> list[Any]:
    """(row, setting) of every setting of every class, once."""
    found = {}
    for case in cases:
        made = case.make()
        if not getattr(made, "layers", ()):
            for name in settings_of(made):
                found.setdefault((type(made), name), (case, name))
    return [pytest.param(*pair, id=f"{kind.__name__}.{name}") for (kind, name), pair in found.items()]


def changed_between_fits(make: Any, find: Any, name: str, data: Any, engine: str, change: bool = True) -> Any:
    model = make()
    model.fit(*data, epochs=3, engine=engine)
    if change:
        setattr(find(model), name, another(name, getattr(find(model), name)))
    model.fit(*data, epochs=3, engine=engine)
    return model.values(), model.history["loss"]


def follows_the_change(make: Any, find: Any, name: str, data: Any) -> None:
    expected, losses = changed_between_fits(make, find, name, data, "numpy")
    unchanged = changed_between_fits(make, find, name, data, "numpy", change=False)
    with chunks_of(1):
        given, compiled_losses = changed_between_fits(make, find, name, data, "jax")
    assert apart(expected, unchanged[0]) > 1e-9 or losses != unchanged[1], "the change does nothing: a test of nothing"
    assert apart(given, expected) <= 1e-12
    np.testing.assert_allclose(compiled_losses, losses, rtol=1e-12)


@pytest.mark.parametrize("case, name", _once_each(LAYERS))
def test_a_changed_setting_of_a_layer_counts(case, name):
    case = replace(case, shape=(6, *case.shape[1:]))
    x = inputs(case)
    y = np.random.default_rng(5).uniform(-1, 1, prepared(case).forward(x).shape)

    def make():
        layers = Scale(case.shape[-1]), prepared(case), Scale(y.shape[-1])
        return pellucid.Model(*layers, loss=MeanSquaredError(), optimizer=SGD(0.05), dtype="float64")

    follows_the_change(make, lambda model: model.layers[1], name, (x, y))


@pytest.mark.parametrize("case, name", _once_each(LOSSES))
def test_a_changed_setting_of_a_loss_counts(case, name):
    data = np.random.default_rng(3).uniform(-1, 1, (4, 5)), loss_targets(case)

    def make():
        return pellucid.Model(Dense(5, 3), case.last(), loss=case.make(), optimizer=SGD(0.1), dtype="float64")

    follows_the_change(make, lambda model: model.loss, name, data)


@pytest.mark.parametrize("case, name", _once_each(OPTIMIZERS))
def test_a_changed_setting_of_an_optimiser_counts(case, name):
    data = np.random.default_rng(3).uniform(-1, 1, (4, 5)), np.random.default_rng(4).uniform(-1, 1, (4, 3))
    if name == "nesterov":
        case = next(case for case in OPTIMIZERS if case.name == "SGD, momentum")

    def make():
        return pellucid.Model(Dense(5, 3), loss=MeanSquaredError(), optimizer=case.make(), dtype="float64")

    follows_the_change(make, lambda model: model.optimizer, name, data)


# -- what nobody declared ----------------------------------------------------------------------------------------------


class Times(Layer):
    """A user's layer: what it multiplies with is said by a subclass, each in another way."""

    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs * self.by()
        return self.output

    def backward(self, doutput):
        self.dinputs = doutput * self.by()
        return self.dinputs


GLOBAL = 2.0
TABLE = {"by": 2.0}
SETTINGS = types.ModuleType("settings_of_a_user")
SETTINGS.BY = 2.0


def helper():
    return GLOBAL


class Holder:
    by = 2.0


def by_class_attribute():
    class Own(Times):
        factor = 2.0

        def by(self):
            return self.factor

    return Own(), lambda layer: setattr(Own, "factor", 3.0)


def by_undeclared_attribute():
    class Own(Times):
        def __init__(self):
            self.factor = 2.0

        def by(self):
            return self.factor

    return Own(), lambda layer: setattr(layer, "factor", 3.0)


def by_attribute_derived_from_an_argument():
    class Own(Times):
        def __init__(self, half):
            self.half, self.factor = half, 2.0 * half

        def by(self):
            return self.factor

    return Own(1.0), lambda layer: setattr(layer, "factor", 3.0)


def by_array():
    class Own(Times):
        def __init__(self):
            self.factors = np.array([2.0, 2.0])

        def by(self):
            return self.factors

    return Own(), lambda layer: layer.factors.__setitem__(0, 3.0)


def by_global():
    class Own(Times):
        def by(self):
            return GLOBAL

    return Own(), lambda layer: globals().update(GLOBAL=3.0)


def by_global_dictionary():
    class Own(Times):
        def by(self):
            return TABLE["by"]

    return Own(), lambda layer: TABLE.update(by=3.0)


def by_global_that_a_helper_reads():
    class Own(Times):
        def by(self):
            return helper()

    return Own(), lambda layer: globals().update(GLOBAL=3.0)


def by_module():
    class Own(Times):
        def by(self):
            return SETTINGS.BY

    return Own(), lambda layer: setattr(SETTINGS, "BY", 3.0)


def by_closure():
    factor = 2.0

    class Own(Times):
        def by(self):
            return factor

    def change(layer):
        nonlocal factor
        factor = 3.0

    return Own(), change


def by_default():
    class Own(Times):
        def by(self, factor=2.0):
            return factor

    return Own(), lambda layer: setattr(Own.by, "__defaults__", (3.0,))


def by_function():
    class Own(Times):
        def __init__(self, function):
            self.function = function

        def by(self):
            return self.function()

    return Own(lambda: 2.0), lambda layer: setattr(layer, "function", lambda: 3.0)


def by_object():
    class Own(Times):
        def __init__(self, holder):
            self.holder = holder

        def by(self):
            return self.holder.by

    return Own(Holder()), lambda layer: setattr(layer.holder, "by", 3.0)


def by_class_of_another():
    class Own(Times):
        def by(self):
            return Holder.by

    return Own(), lambda layer: setattr(Holder, "by", 3.0)


def by_property():
    class Own(Times):
        @property
        def factor(self):
            return GLOBAL

        def by(self):
            return self.factor

    return Own(), lambda layer: globals().update(GLOBAL=3.0)


def by_method():
    class Own(Times):
        def by(self):
            return 2.0

    return Own(), lambda layer: setattr(Own, "by", lambda self: 3.0)


def by_inherited_method():
    class Between(Times):
        def by(self):
            return 2.0

    class Own(Between):
        pass

    return Own(), lambda layer: setattr(Between, "by", lambda self: 3.0)


WAYS = [value for name, value in sorted(globals().items()) if name.startswith("by_")]


@pytest.fixture(autouse=True)
def _as_before(monkeypatch):
    """What a test changes here is what it was before the next one."""
    monkeypatch.setitem(globals(), "GLOBAL", 2.0)
    monkeypatch.setitem(TABLE, "by", 2.0)
    monkeypatch.setattr(SETTINGS, "BY", 2.0)
    monkeypatch.setattr(Holder, "by", 2.0)


def outcome(layer: Layer, engine: str) -> dict[str, np.ndarray]:
    model = pellucid.Model(layer, Dense(2, 1), loss=MeanSquaredError(), optimizer=SGD(0.1), dtype="float64")
    with chunks_of(1):
        model.fit(X[:8], X[:8, :1], epochs=2, engine=engine)
    return model.values()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_whatever_a_users_layer_reads_is_noticed(way):
    layer, change = way()
    before = outcome(layer, "jax")
    assert apart(before, outcome(layer, "numpy")) <= 1e-12
    count = compilations()
    assert apart(outcome(layer, "jax"), before) == 0.0 and compilations() == count
    change(layer)
    after = outcome(layer, "jax")
    assert apart(after, before) > 1e-3, "the program of before the change ran"
    assert apart(after, outcome(layer, "numpy")) <= 1e-12


def test_a_class_defined_anew_under_the_same_name():
    """As in a notebook, where the cell is run again."""
    code = """class Own(Times):
    def by(self):
        return {}
"""
    outcomes = []
    for factor in (2.0, 3.0):
        names = {"Times": Times, "__name__": "__main__"}
        exec(code.format(factor), names)
        outcomes.append((outcome(names["Own"](), "jax"), outcome(names["Own"](), "numpy")))
    assert (
        apart(*outcomes[0]) <= 1e-12 and apart(*outcomes[1]) <= 1e-12 and apart(outcomes[0][0], outcomes[1][0]) > 1e-3
    )


def test_what_a_users_loss_and_optimiser_read_is_noticed():
    class Own(Loss):
        def __init__(self):
            self.factor = 2.0

        def forward(self, outputs, targets):
            self.error = self.factor * (outputs - targets)
            return (self.error**2).sum(axis=1)

        def backward(self):
            self.doutputs = 2.0 * self.factor * self.error
            return self.doutputs

    class Slower(Optimizer):
        def __init__(self, learning_rate):
            super().__init__(learning_rate)
            self.by = 0.5

        def update(self, param, grad, slots, rates):
            return param - self.by * rates[0] * grad, ()

    def outcome(engine):
        model = pellucid.Model(Dense(2, 1), loss=loss, optimizer=optimizer, dtype="float64")
        model.fit(X[:8], X[:8, :1], epochs=2, engine=engine)
        return model.values()

    loss, optimizer, seen = Own(), Slower(0.02), []
    for thing, name, value in ((loss, "factor", 3.0), (optimizer, "by", 0.25), (optimizer, "by", 0.25)):
        seen.append(outcome("jax"))
        assert apart(seen[-1], outcome("numpy")) <= 1e-12
        setattr(thing, name, value)
    assert apart(seen[0], seen[1]) > 1e-4 and apart(seen[1], seen[2]) > 1e-4


def test_a_constant_of_pellucids_own_classes_counts(monkeypatch):
    before = key.of_settings(CategoricalCrossEntropy())
    monkeypatch.setattr(CategoricalCrossEntropy, "least", 1e-6)
    assert key.of_settings(CategoricalCrossEntropy()) != before


def test_settings_that_are_equal_and_yet_others():
    kinds = [
        0,
        0.0,
        -0.0,
        False,
        None,
        "",
        b"",
        (),
        [],
        {},
        set(),
        frozenset(),
        np.zeros(()),
        np.float32(0),
        np.zeros(1),
    ]
    layers = []
    for value in kinds:
        layer = Tanh()
        layer.setting = value
        layers.append(key.of_layer(layer))
    assert len(set(layers)) == len(kinds)
    for value in kinds:
        layer = Tanh()
        layer.setting = type(value)(value) if value is not None and not isinstance(value, np.ndarray) else value
        assert key.of_layer(layer) in layers


def test_parameters_of_other_shapes_are_another_program():
    """Of one size together, and no setting says so: the program packs them as one vector."""

    class Own(Layer):
        params = ("few", "many")

        def __init__(self):
            self.few, self.many = np.ones(2, np.float32), np.ones(4, np.float32)

        def forward(self, inputs):
            self.inputs = inputs
            self.output = inputs * (self.few.sum() + 2.0 * self.many.sum())
            return self.output

        def backward(self, doutput):
            slope = (doutput * self.inputs).sum()
            self.dfew, self.dmany = slope + 0.0 * self.few, 2.0 * slope + 0.0 * self.many
            self.dinputs = doutput * (self.few.sum() + 2.0 * self.many.sum())
            return self.dinputs

    for few, many in ((2, 4), (4, 2)):
        layer = Own()
        layer.few, layer.many = np.full(few, 0.1), np.full(many, 0.2)

        def make(layer=layer):
            return pellucid.Model(layer.run_copy(), loss=MeanSquaredError(), optimizer=SGD(0.001), dtype="float64")

        on_numpy, compiled = both(make, X, X, epochs=2)
        assert apart(compiled.values(), on_numpy.values()) <= 1e-12
        assert compiled.values()["0.few"].shape == (few,)


@pytest.mark.parametrize("engine", ["numpy", "jax"])
def test_what_is_changed_during_a_training_counts_from_the_next(engine):
    def change(model, row):
        model.layers[1].rate, model.optimizer.beta_1 = 0.9, 0.1

    def make():
        layers = Dense(2, 8), Dropout(0.1), Dense(8, 2)
        return pellucid.Model(*layers, loss=MeanSquaredError(), optimizer=Adam(0.01), dtype="float64")

    model, undisturbed = make(), make()
    model.fit(X, X, epochs=4, callbacks=[change], engine=engine)
    undisturbed.fit(X, X, epochs=4, engine=engine)
    assert apart(model.values(), undisturbed.values()) == 0.0
    model.fit(X, X, epochs=4, engine=engine)
    undisturbed.fit(X, X, epochs=4, engine=engine)
    assert apart(model.values(), undisturbed.values()) > 1e-4


# -- no program too many -----------------------------------------------------------------------------------------------


def counted(action: Any) -> tuple[int, int]:
    """(programs more that the engine keeps, programs that JAX compiled) during `action`."""
    kept, compiled = len(jax_engine._programs), compilations()
    action()
    return len(jax_engine._programs) - kept, compilations() - compiled


RATES = [
    0.3, 1, np.float32(0.02), lambda step: 0.1 / (1 + step), schedules.InverseTime(0.1, decay=0.01),
    schedules.StepDecay(0.1, every=2), schedules.Cosine(0.1, steps=30), schedules.WarmUp(0.1, steps=5),
]  # fmt: skip


@pytest.mark.parametrize("make", [SGD, Adam], ids=["SGD", "Adam"])
def test_one_program_for_all_rates_seeds_and_numbers_of_epochs(make):
    jax_engine._programs.clear()
    data = X, Y
    assert counted(lambda: rich(optimizer=make(0.1)).fit(*data, epochs=3, batch_size=50, engine="jax")) == (1, 1)
    model = rich(optimizer=make(0.2))

    def others():
        for rate in RATES:
            model.optimizer.learning_rate = rate
            model.fit(*data, epochs=2, batch_size=50, engine="jax")
            rich(optimizer=make(rate)).fit(*data, epochs=2, batch_size=50, engine="jax")
        for seed in (1, 7, 2**32 - 1):
            rich(seed, optimizer=make(0.1)).fit(*data, epochs=2, batch_size=50, engine="jax")
        for epochs in (0, 1, 5, 300):
            model.fit(*data, epochs=epochs, batch_size=50, engine="jax")
        model.forward(X)  # leaves a pass on the layers
        model.fit(X + 1.0, Y[::-1], epochs=1, batch_size=50, engine="jax")
        model.fit(*data, epochs=1, batch_size=50, engine="jax", callbacks=[lambda model, row: None])

    assert counted(others) == (0, 0)


def test_big_seeds_share_one_more_program():
    """A seed of more than 32 bits enters as two words."""
    jax_engine._programs.clear()
    small(0).fit(X, Y, epochs=1, engine="jax")
    assert counted(lambda: [small(s).fit(X, Y, epochs=1, engine="jax") for s in (2**32, 2**40, 2**64 - 1)]) == (1, 1)


def test_other_shapes_batches_and_precisions_are_other_programs():
    jax_engine._programs.clear()
    fits = [{}, {"batch_size": 40}, {"batch_size": 50}, {"batch_size": 50, "shuffle": False}]
    for number, fit in enumerate(fits, 1):
        small().fit(X, Y, epochs=1, engine="jax", **fit)
        assert len(jax_engine._programs) == number
    small(dtype="float64").fit(X, Y, epochs=1, engine="jax")
    small().fit(X[:100], Y[:100], epochs=1, engine="jax")
    small(metrics=[]).fit(X, Y, epochs=1, engine="jax")
    assert len(jax_engine._programs) == 7


def test_the_oldest_program_makes_room(monkeypatch):
    monkeypatch.setattr(jax_engine, "KEPT", 2)
    jax_engine._programs.clear()
    for rows in (10, 20, 10, 30):
        small().fit(X[:rows], Y[:rows], epochs=1, engine="jax")
    assert len(jax_engine._programs) == 2
    assert counted(lambda: small().fit(X[:10], Y[:10], epochs=1, engine="jax")) == (0, 0)
    assert counted(lambda: small().fit(X[:20], Y[:20], epochs=1, engine="jax")) == (0, 1)


def test_a_module_of_an_installed_library_is_not_walked_through():
    """A layer may use all of NumPy without NumPy becoming part of its key."""

    class Own(Layer):
        def forward(self, inputs):
            xp = inputs.__array_namespace__()
            self.output = xp.where(inputs > 0, inputs, np.pi * inputs) + np.mean([0.0])
            return self.output

    assert len(str(key.of_layer(Own()))) < 3000 and "pi" in str(key.of_layer(Own()))
