"""What cannot be compiled says why, where, and what to write instead; and the model is as it was."""

import inspect
import math

import jax
import numpy as np
import pytest

import pellucid
from pellucid.engines import jax_engine, products
from pellucid.errors import ContractError, InputError, MissingExtraError
from pellucid.layer import Layer
from pellucid.layers import BatchNorm, Dense, Softmax, Tanh
from pellucid.losses import CategoricalCrossEntropy, Loss, MeanSquaredError
from pellucid.optimizers import SGD, Adam, Optimizer
from twins import X, Y, apart, both, digest, no_tracer, rich, run, small


class Passing(Layer):
    """A layer of a user's that passes on what it is given."""

    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs * 1.0
        return self.output

    def backward(self, doutput):
        self.dinputs = doutput * 1.0
        return self.dinputs


class If(Passing):
    def forward(self, inputs):
        if inputs.sum() > 0:  # here
            return inputs * 1.0
        return inputs * 2.0


class NumPyDirectly(Passing):
    def forward(self, inputs):
        return np.exp(inputs)  # here


class MathDirectly(Passing):
    def forward(self, inputs):
        return inputs * math.exp(inputs.mean())  # here


class Masked(Passing):
    def backward(self, doutput):
        d = doutput.copy()
        d[self.inputs < 0] = 0  # here
        return d


class MaskRead(Passing):
    def forward(self, inputs):
        self.inputs = inputs
        return inputs * (inputs[inputs > -9.0].sum() > -9.0)  # here


class AsNumber(Passing):
    def forward(self, inputs):
        return inputs * float(inputs.sum())  # here


class AsIndex(Passing):
    def forward(self, inputs):
        table = (1.0, 2.0, 3.0)
        return inputs * table[inputs.argmax() * 0]  # here


class Largest(Passing):
    def backward(self, doutput):
        return doutput * max(doutput.sum(), 1.0)  # here


class EarlierPass(Passing):
    def __init__(self):
        self.last = None

    def forward(self, inputs):
        if self.last is None:  # here
            self.last = 1.0
        return inputs * self.last


class OwnArrayWritten(Passing):
    def __init__(self):
        self.count = np.zeros(1)

    def forward(self, inputs):
        self.count[0] += 1.0  # here
        return inputs * 1.0


class NoSuchMethod(Passing):
    def forward(self, inputs):
        return inputs * (1.0 + 0.0 * inputs.strides[0])  # here


LINES = {
    If: "Write xp.where(condition, one, other)",
    NumPyDirectly: "Ask the array for its library",
    MathDirectly: "Keep it an array",
    Masked: "xp.where(condition, new, array)",
    MaskRead: "xp.where(mask, array, 0)",
    AsNumber: "Keep it an array",
    AsIndex: "Compare with xp.arange",
    Largest: "Write xp.where",
    EarlierPass: "name it in state = (...)",
    OwnArrayWritten: "Make a new one",
    NoSuchMethod: "Use only what both NumPy and JAX arrays have",
}


def line_of(kind: type) -> int:
    lines, first = inspect.getsourcelines(kind)
    return first + next(number for number, line in enumerate(lines) if line.rstrip().endswith("# here"))


def refused(model: pellucid.Model, kind: type = ContractError, data=(X, Y)) -> str:
    """The sentence; and that the model is none the worse for it."""
    before, attributes = digest(model), [set(vars(layer)) for _, layer in model.network.walk()]
    with pytest.raises(kind) as error:
        model.fit(*data, epochs=2, engine="jax")
    assert digest(model) == before and [set(vars(layer)) for _, layer in model.network.walk()] == attributes
    no_tracer(model)
    model.fit(*data, epochs=1, engine="numpy")
    return str(error.value)


def with_layer(layer: Layer) -> pellucid.Model:
    return pellucid.Model(
        Dense(2, 3), layer, Dense(3, 3), Softmax(), loss=CategoricalCrossEntropy(), optimizer=SGD(0.001)
    )


@pytest.mark.parametrize("kind", LINES, ids=lambda kind: kind.__name__)
def test_a_layer_that_cannot_be_traced(kind):
    sentence = refused(with_layer(kind()))
    line = line_of(kind)
    assert sentence.startswith(f"{kind.__name__}.") and f"line {line} of {__file__}" in sentence
    assert LINES[kind] in sentence and sentence.endswith(
        "Or train it as it is, not compiled: fit(..., engine='numpy')."
    )


class OwnRandomNumbers(Passing):
    def __init__(self):
        self.rng = np.random.default_rng(0)

    def forward(self, inputs):
        return inputs * (1.0 + 0.1 * float(self.rng.random()))


class GlobalRandomNumbers(Passing):
    def forward(self, inputs):
        self.mask = np.random.random(inputs.shape[1])
        return inputs * self.mask


class CountingOnTheClass(Passing):
    passes = 0

    def forward(self, inputs):
        self.passes += 1
        return inputs * (1.0 + 0.01 * self.passes)


class CountingInAHelper(Passing):
    def __init__(self):
        self.passes = 0

    def forward(self, inputs):
        _count(self)
        return inputs * (1.0 + 0.01 * self.passes)


def _count(layer):
    layer.passes += 1


class EarlierArray(Passing):
    def forward(self, inputs):
        before = getattr(self, "before", 1.0)
        self.before = inputs.mean()
        return inputs + before


PASSES = (0,)


class CountingGlobally(Passing):
    def forward(self, inputs):
        global PASSES
        PASSES = (PASSES[0] + 1,)
        return inputs * (1.0 + 0.01 * PASSES[0])


@pytest.mark.parametrize(
    "kind, named",
    [
        (OwnRandomNumbers, "OwnRandomNumbers (line "),
        (GlobalRandomNumbers, "GlobalRandomNumbers.mask "),
        (CountingOnTheClass, "CountingOnTheClass.passes "),
        (CountingInAHelper, "CountingInAHelper.passes "),
        (CountingGlobally, "CountingGlobally (line "),
        (EarlierArray, "EarlierArray (line "),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_layer_that_is_another_at_every_pass(kind, named):
    """Compiled, it would silently do for ever what it did the first time."""
    sentence = refused(with_layer(kind()))
    assert sentence.startswith(named) and "self.draws" in sentence and "state = (...)" in sentence


def test_a_loss_and_an_optimiser_that_cannot_be_traced():
    class Own(Loss):
        def forward(self, outputs, targets):
            self.error = np.abs(outputs - targets)
            return self.error.mean(axis=1)

        def backward(self):
            return self.error * 0.0

    class Reads(Optimizer):
        def update(self, param, grad, slots, rates):
            return param - self.learning_rate * grad, ()

    class Counts(Optimizer):
        count = 0

        def update(self, param, grad, slots, rates):
            self.count += 1
            return param - rates[0] / self.count * grad, ()

    class Cases(Optimizer):
        def update(self, param, grad, slots, rates):
            return (param - rates[0] * grad if abs(grad).max() < 1 else param), ()

    def model(loss=None, optimizer=None):
        return pellucid.Model(Dense(2, 2), loss=loss or MeanSquaredError(), optimizer=optimizer or SGD(0.1))

    assert refused(model(loss=Own()), data=(X, X)).startswith("Own.forward, line ")
    assert "(rate,) = rates" in refused(model(optimizer=Reads(0.1)), data=(X, X))
    assert refused(model(optimizer=Counts(0.1)), data=(X, X)).startswith("Counts")
    assert refused(model(optimizer=Cases(0.1)), data=(X, X)).startswith("Cases.update, line ")


def test_a_state_that_changes_its_shape():
    class Own(Passing):
        state = ("mean",)

        def __init__(self):
            self.mean = np.zeros(3, np.float32)

        def forward(self, inputs):
            self.mean = inputs.mean(axis=0, keepdims=True)
            return inputs * 1.0

    assert "'1.mean' has shape (3,) before a pass and (1, 3) after it" in refused(with_layer(Own()))


def test_a_state_that_is_a_number():
    """A plain number is kept as an array, in the precision that it had."""

    class Own(Passing):
        state = ("passes",)

        def __init__(self):
            self.passes = np.zeros((), np.float32)

        def forward(self, inputs):
            self.passes = self.passes + 1 if inputs.shape[0] > 1 else 5.0
            return inputs * 1.0

    for fit in ({}, {"batch_size": 50}, {"batch_size": 119}):
        on_numpy, compiled = both(lambda: with_layer(Own()), X, Y, epochs=4, **fit)
        assert float(compiled.layers[1].passes) == float(on_numpy.layers[1].passes) > 3


def test_a_penalty_that_is_made_a_number_is_not_lost():
    class Own(Passing):
        params = ("shift",)

        def __init__(self):
            self.shift = np.zeros(3, np.float32)

        def backward(self, doutput):
            self.dshift = doutput.sum(axis=0)
            return doutput * 1.0

        def penalty(self):
            return float(0.1 * (self.shift**2).sum())

    assert refused(with_layer(Own())).startswith("Own.penalty, line ")


def test_auto_trains_on_numpy_what_cannot_be_compiled(monkeypatch):
    from pellucid.engines import choice

    monkeypatch.setattr(choice, "STARTING", -1e9)
    model = with_layer(NumPyDirectly())
    history = model.fit(X, Y, epochs=2)
    assert history.engine == "numpy" and "NumPyDirectly.forward, line " in history.engine_reason


def test_the_models_own_errors_pass_through():
    """A shape that a layer of pellucid's refuses is told in that layer's words."""

    class Wrong(Passing):
        def forward(self, inputs):
            self.inputs = inputs
            return inputs * 1.0 if isinstance(inputs, np.ndarray) else inputs[:, :2]

    assert "Dense(3, 3) got inputs of shape" in refused(with_layer(Wrong()), InputError)


# -- the device --------------------------------------------------------------------------------------------------------


class Full:
    """A compiled program on a device without memory."""

    def __call__(self, *arguments):
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8589934592 bytes.")


@pytest.mark.parametrize("when", ["sending the data", "running", "later"])
def test_a_device_without_memory(monkeypatch, when):
    model = rich()
    before = digest(model)
    if when == "sending the data":
        monkeypatch.setattr(jax_engine, "_to_device", lambda tree: Full()())
    elif when == "running":
        monkeypatch.setattr(jax_engine, "compiled_once", lambda *_: (Full(), 0.0))
    else:
        monkeypatch.setattr(jax_engine._jax, "block_until_ready", lambda results: Full()())
    with pytest.raises(InputError) as error:
        model.fit(X, Y, epochs=2, batch_size=50, validation_fraction=0.1, engine="jax")
    for part in ("X 0 MB, y 0 MB, validation X 0 MB", "4 copies", "50 rows", "Lower batch_size", "engine='numpy'"):
        assert part in str(error.value)
    assert isinstance(error.value.__cause__, jax.errors.JaxRuntimeError)
    monkeypatch.undo()
    assert digest(model) == before
    model.fit(X, Y, epochs=1, engine="jax")


def test_any_other_error_of_the_device_is_left_as_it_is(monkeypatch):
    class Broken:
        def __call__(self, *arguments):
            raise jax.errors.JaxRuntimeError("INTERNAL: the device is gone")

    monkeypatch.setattr(jax_engine, "compiled_once", lambda *_: (Broken(), 0.0))
    with pytest.raises(jax.errors.JaxRuntimeError, match="the device is gone"):
        small().fit(X, Y, epochs=1, engine="jax")


# -- another JAX, or none ----------------------------------------------------------------------------------------------


def test_the_products_are_laid_out_and_cost_no_more_than_a_transposition():
    """The test of the fallback below means nothing if this does not see the change."""

    def gradient(tree):
        x, d = tree
        return {"weights": x.T @ d, "biases": d.sum(axis=0)}

    x, d = np.ones((30, 64), np.float32), np.ones((30, 3), np.float32)
    plain, changed = (jax.jit(f).lower((x, d)).as_text() for f in (gradient, products.laid_out(jax, gradient)))
    assert "optimization_barrier" in changed and "optimization_barrier" not in plain
    given, expected = jax.jit(products.laid_out(jax, gradient))((x, d)), gradient((x, d))
    for name, array in expected.items():
        np.testing.assert_allclose(given[name], array)


@pytest.mark.parametrize("missing", ["operations", "interpreter", "barrier"])
def test_products_as_they_are_where_jax_traces_otherwise(monkeypatch, missing):
    if missing == "operations":
        monkeypatch.setattr(jax, "make_jaxpr", lambda function: lambda *arguments: function(*arguments) and object())
    elif missing == "interpreter":
        monkeypatch.delattr(jax.extend.core, "Literal")
    else:
        monkeypatch.delattr(jax.lax, "optimization_barrier")
    jax_engine._programs.clear()
    on_numpy, compiled = both(lambda: small(dtype="float64", optimizer=SGD(0.1)), X, Y, epochs=3, batch_size=50)
    assert apart(compiled.values(), on_numpy.values()) <= 1e-12
    jax_engine._programs.clear()


def test_a_mistake_in_a_layer_is_not_taken_for_another_jax():
    assert refused(with_layer(If())).startswith("If.forward")


NO_JAX = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("jax", "jaxlib"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocked())
import numpy as np
import pellucid
from pellucid.layers import Dense
from pellucid.losses import MeanSquaredError
X = np.ones((4, 2))
model = pellucid.Model(Dense(2, 2), loss=MeanSquaredError())
try:
    model.fit(X, X, epochs=1, engine="jax")
except ImportError as error:
    print(type(error).__name__, error)
print(model.fit(X, X, epochs=1).engine, len(model.fit(X, X, epochs=1, engine="numpy")))
"""


def test_without_jax_there_is_the_line_that_installs_it():
    lines = run(NO_JAX).stdout.splitlines()
    assert lines[0].startswith(MissingExtraError.__name__) and 'pip install "pellucid[jax]"' in lines[0]
    assert lines[1] == "numpy 2"


def test_a_jax_that_cannot_be_imported_is_not_called_missing():
    broken = NO_JAX.replace(
        'raise ModuleNotFoundError(f"No module named {name!r}", name=name)', "raise ImportError('too old')"
    )
    line = run(broken.replace("print(model.fit(X, X, epochs=1).engine", "print(1")).stdout.splitlines()[0]
    assert line.endswith("installed but cannot be imported here: too old") and "pip install" not in line


def test_a_network_that_batch_normalises_one_row_breaks_down_on_no_engine():
    """The last batch of one row has no variance: what epsilon is for."""

    def make():
        layers = Dense(2, 4), BatchNorm(4), Tanh(), Dense(4, 3), Softmax()
        return pellucid.Model(*layers, loss=CategoricalCrossEntropy(), optimizer=Adam(0.01), dtype="float64")

    on_numpy, compiled = both(make, X, Y, epochs=3, batch_size=119)
    np.testing.assert_allclose(compiled.history["loss"], on_numpy.history["loss"], rtol=1e-8)
