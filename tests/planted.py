"""Faults planted in random networks at random places, each with what must be found: for both engines."""

import re

import numpy as np
import pytest

import pellucid
from pellucid import Layer
from pellucid.errors import NonFiniteError
from pellucid.layers import BatchNorm, Dense, Dropout, LeakyReLU, Residual, Sigmoid, SiLU, Softplus, Tanh
from pellucid.losses import Loss, MeanSquaredError
from pellucid.optimizers import SGD, Adam
from pellucid.randomness import permutation

ROWS = 40


class Bomb(Layer):
    """Divides by 0 in its training pass number `at`, forward or backward; before that it does nothing."""

    state = ("passes",)

    def __init__(self, at, backwards=False):
        self.at, self.backwards = at, backwards
        self.passes = np.zeros(1, np.float32)

    def forward(self, inputs):
        self.inputs = inputs
        if self.training:
            self.passes = self.passes + 1.0
        self.output = inputs if self.backwards else inputs + inputs * 0.0 / (1.0 - (self.passes == self.at))
        return self.output

    def backward(self, doutput):
        xp = doutput.__array_namespace__()
        self.dinputs = doutput + xp.log(1.0 - (self.passes == self.at)) if self.backwards else doutput
        return self.dinputs


class LogLoss(Loss):
    """The log of what is returned: the smaller, the better, until it is 0."""

    def forward(self, outputs, targets):
        xp = outputs.__array_namespace__()
        self.outputs, self.targets = outputs, targets
        return xp.log(xp.maximum(outputs, 0.0)).mean(axis=1)

    def backward(self):
        return 1.0 / self.outputs


class Case:
    """A random network with its data, and how to train it."""

    def __init__(self, seed, smooth=True):
        self.rng = rng = np.random.default_rng(seed)
        self.seed, self.n = seed, int(rng.integers(3, 7))
        self.X = rng.normal(size=(ROWS, self.n)).astype(np.float32)
        self.y = rng.normal(size=(ROWS, 1)).astype(np.float32)
        self.batch = int(rng.choice([7, 16, ROWS]))
        self.steps = -(-ROWS // self.batch)
        self.loss, self.optimizer = MeanSquaredError(), SGD(0.01)
        self.layers, width = [], self.n
        for _ in range(int(rng.integers(1, 4))):
            wide = int(rng.integers(4, 10))
            self.layers += [Dense(width, wide), rng.choice([Tanh, Sigmoid, SiLU, LeakyReLU, Softplus])()]
            width = wide
            if rng.random() < 0.4:
                self.layers.append(rng.choice([BatchNorm(wide), Dropout(0.2), Residual(Dense(wide, wide), Tanh())]))
        self.layers.append(Dense(width, 1))

    def insert(self, layer):
        """Put `layer` somewhere between the others, perhaps inside one; its path."""
        at = int(self.rng.integers(1, len(self.layers)))
        if isinstance(self.layers[at], Residual):
            inner = self.layers[at].layers
            self.layers[at] = Residual(inner[0], layer, inner[1])
            return f"{at}.1"
        self.layers.insert(at, layer)
        return str(at)

    def model(self, fresh=False):
        """`fresh`: with layers that have drawn their weights anew."""
        layers = [eval(repr(layer)) for layer in self.layers] if fresh else self.layers
        return pellucid.Model(*layers, loss=self.loss, optimizer=self.optimizer, seed=self.seed)

    def breaks(self, engine, model=None, epochs=8):
        """The error that training ends with, and the model, which has its last good values."""
        model = model or self.model()
        with pytest.raises(NonFiniteError) as caught:
            model.fit(self.X, self.y, epochs=epochs, batch_size=self.batch, engine=engine, progress=False)
        assert all(np.isfinite(value).all() for value in model.values().values()) or caught.value.phase == "parameters"
        assert f"epoch {caught.value.epoch}" in str(caught.value) and "did not succeed" not in str(caught.value)
        return caught.value

    def rows(self, epoch, step):
        """The rows of step number `step` of epoch number `epoch`, from 1, whatever their order."""
        order = np.arange(ROWS) if self.batch == ROWS else permutation(self.seed, epoch - 1, ROWS)
        return sorted(order[(step - 1) * self.batch : step * self.batch].tolist())

    def moment(self, passes):
        """(epoch, step) of training pass number `passes`, all from 1."""
        return (passes - 1) // self.steps + 1, (passes - 1) % self.steps + 1


def layer_forward(seed, engine):
    case = Case(seed)
    at = int(case.rng.integers(1, 5 * case.steps))
    path = case.insert(Bomb(at))
    error = case.breaks(engine)
    assert (error.phase, error.path, error.operation, error.cause) == ("forward", path, "divide", "layer")
    assert (error.epoch, error.step) == case.moment(at) and error.rows == case.rows(*case.moment(at))
    assert error.layer == f"Bomb({at})" and "inputs * 0.0 / (1.0 - (self.passes == self.at))" in error.line
    assert "Bomb is your own" in error.advice


def layer_backward(seed, engine):
    case = Case(seed)
    at = int(case.rng.integers(1, 5 * case.steps))
    path = case.insert(Bomb(at, backwards=True))
    error = case.breaks(engine)
    assert (error.phase, error.path, error.operation, error.cause) == ("backward", path, "log", "layer")
    assert (error.epoch, error.step) == case.moment(at)
    assert "log(0) is -inf" in str(error)


def row(seed, engine):
    case = Case(seed)
    r, c = int(case.rng.integers(ROWS)), int(case.rng.integers(case.n))
    case.layers[1:] = [LeakyReLU(), *case.layers[2:]] if seed % 2 else [Dense(case.layers[0].n_neurons, 1)]
    case.layers = [case.layers[0], LeakyReLU(), Dense(case.layers[0].n_neurons, 1)]
    case.X[r, c] = 3e38 * case.rng.choice([-1, 1])
    error = case.breaks(engine)
    visit = next(step for step in range(1, case.steps + 1) if r in case.rows(1, step))
    assert error.cause == "input" and (error.epoch, error.step) == (1, visit) and error.rows == [r]
    assert any(value.startswith(f"X[{r}, {c}] = ") for value in error.values)


def weight_nan(seed, engine):
    case = Case(seed)
    model = case.model()
    places = [(path, layer) for path, layer in model.network.walk() if isinstance(layer, Dense)]
    path, layer = places[int(case.rng.integers(len(places)))]
    i, j = (int(case.rng.integers(size)) for size in layer.weights.shape)
    layer.weights[i, j] = case.rng.choice([np.nan, np.inf])
    error = case.breaks(engine, model)
    assert (error.phase, error.path, error.cause) == ("parameters", path, "weights")
    assert error.values[0].startswith(f"weights[{i}, {j}] = ") and (error.epoch, error.step) == (1, 1)


def weight_huge(seed, engine):
    case = Case(seed)
    model = case.model()
    last = model.layers[-1]
    i = int(case.rng.integers(last.n_inputs))
    last.weights[i, 0] = 3e38
    error = case.breaks(engine, model)
    assert error.cause == "weights" and (error.epoch, error.step) == (1, 1)
    assert any(value.startswith(f"weights[{i}, 0]") for value in error.values)


def loss(seed, engine):
    case = Case(seed)
    case.loss = LogLoss()
    model = case.model()
    error = case.breaks(engine, model, epochs=40)
    assert (error.phase, error.path, error.layer, error.operation) == ("loss", "loss", "LogLoss()", "log")
    assert error.cause == "loss" and error.rows and set(error.rows) <= set(case.rows(error.epoch, error.step))
    assert "log(0) is -inf" in str(error) and "xp.maximum(x, 1e-12)" in error.advice


def learning_rate(seed, engine):
    case = Case(seed)
    case.layers = [layer for layer in case.layers if not isinstance(layer, BatchNorm)]
    case.layers[1] = LeakyReLU()
    rate = 10.0 ** float(case.rng.integers(18, 31))
    case.optimizer = case.rng.choice([SGD(rate), SGD(rate, momentum=0.9), Adam(rate)])
    error = case.breaks(engine)
    assert error.cause == "learning rate", error
    better = re.search(r"Try (?:a tenth, )?([\d.e+-]+): with it the first (\d+) steps", error.advice)
    assert ("make the model anew" in error.advice) == (case.steps == 1)
    case.optimizer.learning_rate = float(better[1])
    model = case.model(fresh=True)
    model.fit(case.X, case.y, epochs=int(better[2]) // case.steps, batch_size=case.batch, engine=engine)


def schedule(seed, engine):
    case = Case(seed)
    case.layers[1] = LeakyReLU()
    case.layers = [layer for layer in case.layers if not isinstance(layer, BatchNorm)]
    at = int(case.rng.integers(2, 4 * case.steps))
    case.optimizer = Adam(lambda step: 0.01 if step < at else 1e30)
    error = case.breaks(engine)
    assert error.cause == "learning rate" and f"from 0.01 to 1e+30 at step {at + 1} of the run" in error.advice
    assert (error.epoch, error.step) == case.moment(at + 2), "the step after: the update itself is still finite"


def update(seed, engine):
    case = Case(seed)
    column = int(case.rng.integers(case.n))
    case.X[:, column] = 0.0
    case.optimizer = Adam(0.01, epsilon=1e-60)
    error = case.breaks(engine)
    assert (error.phase, error.path, error.operation, error.cause) == ("update", "0", "divide", "update")
    assert (error.epoch, error.step) == (1, 1) and "0 / 0 is nan" in str(error) and "weights of layer 0" in str(error)
    assert "epsilon=1e-7" in error.advice and error.layer.startswith("Dense(")


FAULTS = (layer_forward, layer_backward, row, weight_nan, weight_huge, loss, learning_rate, schedule, update)
