"""Looking changes nothing, not even the arrays that a layer of the user's changes in place."""

import copy

import numpy as np
import pytest

import pellucid
from pellucid import datasets
from pellucid.glass import plane, timelines
from pellucid.glass.diagnose import watch
from pellucid.glass.nonfinite import trace
from pellucid.layers import Dense, Layer, ReLU, Softmax
from pellucid.losses import CategoricalCrossEntropy
from pellucid.network import apart, shapes

X, Y = datasets.moons(60)


class Counts(Layer):
    """Scales its inputs, and writes into every kind of array it has, in every pass."""

    params = ("scale",)
    state = ("passes", "total")

    def __init__(self, n):
        self.n = n
        self.scale, self.passes, self.total = np.ones(n), np.zeros(1), np.zeros(n)
        self.seen, self.inner, self.dscale = np.zeros(n), (np.zeros(n),), np.zeros(n)
        self.rng = np.random.default_rng(0)

    def forward(self, inputs):
        self.inputs = inputs
        self.passes += 1
        self.total += np.asarray(inputs).sum(axis=0)
        self.seen += 1.0
        self.inner[0][0] += 1.0
        self.rng.random()
        self.output = inputs * self.scale
        return self.output

    def backward(self, doutput):
        self.passes += 1
        self.dscale[:] = (self.inputs * doutput).sum(axis=0)
        self.dinputs = doutput * self.scale
        return self.dinputs


class Tells(CategoricalCrossEntropy):
    """Writes into arrays of its own, too."""

    def __init__(self):
        super().__init__()
        self.calls = np.zeros(2)

    def forward(self, outputs, targets):
        self.calls[0] += 1
        return super().forward(outputs, targets)

    def backward(self):
        self.calls[1] += 1
        return super().backward()

    def fused_with(self, layer):
        return None


def model():
    return pellucid.Model(Dense(2, 4), ReLU(), Counts(4), Dense(4, 2), Softmax(), loss=Tells(), seed=1)


def snapshot(one):
    counts = one.layers[2]
    lasting = {key: value.tobytes() for key, value in one.values().items()}
    return (
        lasting,
        counts.seen.tolist(),
        counts.inner[0].tolist(),
        counts.dscale.tolist(),
        counts.rng.bit_generator.state,
    )


LOOKS = {
    "explain": lambda one: one.explain(X[:2], Y[:2]),
    "explain, as in prediction": lambda one: one.explain(X[:2], Y[:2], training=False),
    "explain a prediction": lambda one: one.explain(X[0]),
    "diagnose": lambda one: one.diagnose(X, Y, (X[:9], Y[:9])),
    "diagnose inputs": lambda one: one.diagnose(X),
    "check_gradients": lambda one: one.check_gradients(X, Y, entries=3),
    "check_gradients of a layer": lambda one: pellucid.check_gradients(one.layers[2], np.ones((3, 4)), entries=3),
    "check_gradients of a loss": lambda one: pellucid.check_gradients(one.loss),
    "show": lambda one: (one._repr_mimebundle_(), one.layers[2]._repr_mimebundle_(), one.summary()),
    "plane": lambda one: plane.draw(one, X, Y),
    "shapes": lambda one: shapes(one.network, X),
    "trace": lambda one: trace(one, X, Y),
    "timeline": lambda one: timelines.Timeline(X, Y)(one, {}),
    "copy": copy.deepcopy,
}


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_is_changed(look):
    one = model()
    before = snapshot(one)
    LOOKS[look](one)
    assert snapshot(one) == before


def test_what_looks_during_training_changes_no_bit_of_it(monkeypatch):
    monkeypatch.setattr(watch, "UNNOTICED", 60.0)
    plain, watched = model(), model()
    plain.fit(X, Y, epochs=4, batch_size=20, engine="numpy", findings=False)
    looks = [timelines.Timeline(X, Y), lambda one, row: one.diagnose(X, Y)]
    watched.fit(X, Y, epochs=4, batch_size=20, engine="numpy", callbacks=looks)
    assert watched.history.findings is not None and len(looks[0].activations["2 Counts"]) == 4
    assert {k: v.tobytes() for k, v in plain.values().items()} == {k: v.tobytes() for k, v in watched.values().items()}
    assert plain.values()["2.passes"].tolist() == [4 * 3 * 2], "the trial before training counts for nothing"


def test_training_that_fails_leaves_the_state_as_it_was():
    one, calls = model(), []

    class Stops(CategoricalCrossEntropy):
        def forward(self, outputs, targets):
            calls.append(len(outputs))
            if len(calls) == 4:
                raise RuntimeError("enough")
            return super().forward(outputs, targets)

    one.loss = Stops()
    before = snapshot(one)[0]
    with pytest.raises(RuntimeError, match="enough"):
        one.fit(X, Y, epochs=1, batch_size=20, engine="numpy")
    assert calls == [2, 20, 20, 20] and snapshot(one)[0] == before


def test_an_interrupted_run_has_the_state_of_its_last_whole_epoch():
    one, seen = model(), []
    one.fit(
        X, Y, epochs=3, batch_size=20, engine="numpy", callbacks=[lambda now, _: seen.append(now.values()["2.passes"])]
    )
    assert [float(passes[0]) for passes in seen] == [6.0, 12.0, 18.0]
    other = model()

    def stop(now, row):
        if row["epoch"] == 2:
            raise KeyboardInterrupt

    other.fit(X, Y, epochs=3, batch_size=20, engine="numpy", callbacks=[stop])
    assert other.values()["2.passes"].tolist() in ([6.0], [12.0]) and len(other.history) in (1, 2)
    assert other.values()["2.passes"].tolist() == [6.0 * len(other.history)]


def test_gradients_kept_in_a_layers_own_array_are_explained():
    one = pellucid.Model(
        Dense(2, 4), Counts(4), Dense(4, 2), Softmax(), loss=CategoricalCrossEntropy(), dtype="float64"
    )
    explained = one.explain(X[:3], Y[:3])
    step = one.network.run_copy()
    loss = CategoricalCrossEntropy()
    loss.forward(step.forward(X[:3].astype(float)), Y[:3])
    step.backward(loss.backward() / 3)
    np.testing.assert_allclose(explained.gradients["1.scale"], step.layers[1].dscale, rtol=1e-9)


def test_a_copy_apart_shares_no_array_with_anybody():
    one = model()
    values = one.values()
    run = apart(one.network, values)
    for (_, own), (_, given) in zip(run.walk(), one.network.walk(), strict=True):
        for name, value in vars(own).items():
            if isinstance(value, np.ndarray):
                others = [vars(given)[name], *values.values()]
                assert not any(np.shares_memory(value, other) for other in others), name
                np.testing.assert_array_equal(value, vars(given)[name])
    assert run.layers[2].inner[0] is not one.layers[2].inner[0] and run.layers[2].rng is not one.layers[2].rng
