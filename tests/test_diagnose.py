"""Findings: what is found, what is left in peace, and that looking changes nothing."""

import itertools
import json
import re
import warnings
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import pellucid
from healthy_runs import BARS, BODIES, run
from pellucid.glass.diagnose import NAMES, Finding, Findings, Material, Past, data, look, watch
from pellucid.glass.diagnose.look import choose
from pellucid.layers import BatchNorm, Dense, Dropout, Layer, OrderedQuantiles, ReLU, Sigmoid, Softmax
from pellucid.losses import BinaryCrossEntropy, CategoricalCrossEntropy, MeanAbsoluteError, MeanSquaredError, Quantile
from pellucid.optimizers import SGD, Adam, RMSprop
from planted_faults import FAULTS, planted, shifted

PAGES = Path(pellucid.__file__).parent / "glass" / "diagnose" / "pages"


def regression(seed, X, y, epochs=50):
    model = pellucid.Model(Dense(3, 8), ReLU(), Dense(8, 1), loss=MeanSquaredError(), optimizer=SGD(0.01), metrics=["r2"],
                           seed=seed)  # fmt: skip
    return model, model.fit(X, y, epochs=epochs, batch_size=32)


@pytest.fixture
def unhurried(monkeypatch):
    """Looks without a limit on their time, so that a slow machine finds the same."""
    monkeypatch.setattr(watch, "UNNOTICED", 60.0)


# -- what is found ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("finding", NAMES)
def test_a_planted_fault_is_found(finding, unhurried):
    fault = next(planted((0,), [finding]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a loss that does not fit is told by fit, too
        history = fault.fit()
    found = history.findings[finding]
    assert found.says and found.cause and found.advice
    assert finding in repr(history) and finding in history._repr_mimebundle_()["text/html"]


def test_every_finding_is_planted_in_several_settings():
    settings = {name: [setting for found, setting in FAULTS if found == name] for name in NAMES}
    assert len(FAULTS) == sum(map(len, settings.values())) >= 20
    assert all(len(given) >= 2 for given in settings.values()), settings


@pytest.mark.parametrize("seed", range(12))
def test_a_regression_whose_units_all_die_is_found_and_the_advice_mends_it(seed, unhurried):
    X, y = shifted(seed)
    dead, history = regression(seed, X, y)
    finding = history.findings["dead-units"]
    assert dead.evaluate(X, y)["r2"] <= 0.0
    assert finding.layer == "1" and finding.units == tuple(range(8)) and finding.figure == 1.0
    assert "standardise the inputs: X = (X - mean) / std" in finding.advice and "train a new network" in finding.advice
    assert dead.diagnose(X, y).names == history.findings.names
    mean, std = X.mean(axis=0), X.std(axis=0)  # the advice, word for word
    X = (X - mean) / std
    mended, history = regression(seed, X, y)
    assert mended.evaluate(X, y)["r2"] > 0.5
    assert not history.findings


def test_what_follows_from_a_finding_is_not_told_beside_it(unhurried):
    model, history = regression(0, *shifted(0))
    assert history.findings.names == ["unscaled-inputs", "dead-units"]
    assert np.ptp(model.predict(shifted(0)[0])) == 0.0  # constant predictions, too, but that says no more


# -- what is left in peace ----------------------------------------------------------------------------------------------


HEALTHY = {
    "spiral": "gelu", "moons": "relu", "circles": "tanh", "xor": "silu", "blobs": "leaky", "vertical": "relu, sgd",
    "sine": "deep", "plane": "penalised", "waves": "normed", "digits": "dropped",
}  # fmt: skip


def test_every_set_has_a_healthy_run():
    assert set(HEALTHY) == set(BARS) and set(HEALTHY.values()) <= set(BODIES)


@pytest.mark.parametrize(("data_set", "body"), list(HEALTHY.items()))
def test_a_healthy_run_is_left_in_peace(data_set, body, unhurried):
    going = run(data_set, body, 3)
    assert not going.model.diagnose(*going.train)
    history = going.fit()
    assert going.score() >= going.bar
    assert list(history.findings) == [] and "\n" not in repr(history)
    assert "Likely cause" not in history._repr_mimebundle_()["text/html"]
    assert not going.model.diagnose(*going.train, going.held_out)
    assert going.model.diagnose(going.train[0]).partly.startswith("Without targets")


def test_rows_that_are_equal_by_nature_are_no_leak():
    X = np.array(list(itertools.product([0.0, 1.0], repeat=3)) * 20)
    y = (X.sum(axis=1) % 2).astype(int)
    assert not data.shared_rows(Material(X, y, valid=(X[:40], y[:40]))).any()


def test_a_loss_that_weighs_rare_classes_is_left_in_peace():
    y = (np.arange(1000) < 10).astype(int)
    X = np.random.default_rng(0).normal(size=(1000, 2))
    told = {}
    for weights in (None, (0.505, 50.0)):
        model = pellucid.Model(Dense(2, 8), ReLU(), Dense(8, 2), Softmax(), loss=CategoricalCrossEntropy(weights))
        told[weights] = model.diagnose(X, y).names
    assert told == {None: ["class-imbalance"], (0.505, 50.0): []}


def test_a_network_that_scales_its_inputs_itself_may_be_given_any():
    X, y = shifted(0, 1000.0)
    bare = pellucid.Model(Dense(3, 8), ReLU(), Dense(8, 1), loss=MeanSquaredError())
    normed = pellucid.Model(BatchNorm(3), Dense(3, 8), ReLU(), Dense(8, 1), loss=MeanSquaredError())
    assert "unscaled-inputs" in bare.diagnose(X, y).names and not normed.diagnose(X, y)


# -- looking changes nothing --------------------------------------------------------------------------------------------


class Shaken(Layer):
    """Noise from a generator of its own, which a careless look would move on."""

    def __init__(self, seed):
        self.seed, self.rng = seed, np.random.default_rng(seed)

    def forward(self, inputs):
        self.output = inputs + self.rng.normal(0.0, 0.01, inputs.shape).astype(inputs.dtype)
        return self.output

    def backward(self, doutput):
        self.dinputs = doutput
        return doutput


def networks():
    yield "dropout and batch norm", lambda: [Dense(2, 16), BatchNorm(16), ReLU(), Dropout(0.2), Dense(16, 3), Softmax()]
    yield "a layer of one's own", lambda: [Shaken(1), Dense(2, 16), ReLU(), Dense(16, 3), Softmax()]


@pytest.mark.parametrize("layers", [make for _, make in networks()], ids=[name for name, _ in networks()])
def test_the_same_bits_come_out_with_and_without_findings(layers, unhurried, monkeypatch):
    monkeypatch.setattr(watch, "EARLIEST", 0.0)
    monkeypatch.setattr(watch, "SHARE", 1e9)  # a look after every 1, 2, 4, ... epochs
    X, y = pellucid.datasets.spiral(rng=0)
    ends = []
    for findings in (True, False):
        model = pellucid.Model(*layers(), loss=CategoricalCrossEntropy(), optimizer=Adam(0.01), seed=0)
        history = model.fit(X, y, epochs=9, batch_size=32, validation_fraction=0.2, findings=findings)
        ends.append((model.values(), history["loss"], history["val_loss"], model._state.slots))
    for with_, without in zip(*ends, strict=True):
        if isinstance(with_, dict):
            assert {k: v.tobytes() for k, v in with_.items()} == {k: v.tobytes() for k, v in without.items()}
        else:
            assert with_ == without


def test_asking_changes_nothing():
    X, y = pellucid.datasets.moons(rng=0)
    model = pellucid.Model(
        Dense(2, 8), BatchNorm(8), ReLU(), Dense(8, 2), Softmax(), loss=CategoricalCrossEntropy(), seed=0
    )
    model.fit(X, y, epochs=3)
    before, rows = {k: v.tobytes() for k, v in model.values().items()}, list(model.history.epochs)
    model.diagnose(X, y, (X, y))
    assert {k: v.tobytes() for k, v in model.values().items()} == before and model.history.epochs == rows


class Choosy(Layer):
    """Takes ten rows at a time, and no others."""

    def forward(self, inputs):
        if len(inputs) not in (1, 2, 10):
            raise ValueError("ten rows, please")
        self.output = inputs
        return inputs

    def backward(self, doutput):
        return doutput


def test_a_layer_that_cannot_be_looked_at_trains_all_the_same(unhurried):
    X, y = pellucid.datasets.moons(100, rng=0)
    model = pellucid.Model(Choosy(), Dense(2, 8), ReLU(), Dense(8, 2), Softmax(), loss=CategoricalCrossEntropy())
    history = model.fit(X, y, epochs=3, batch_size=10)
    assert len(history) == 3 and list(history.findings) == []
    assert history.findings.partly == "Not everything was looked at: ValueError: ten rows, please."


def test_findings_can_be_switched_off_and_cost_nothing_where_there_is_no_time(monkeypatch):
    X, y = shifted(0)
    model = pellucid.Model(Dense(3, 8), ReLU(), Dense(8, 1), loss=MeanSquaredError(), optimizer=SGD(0.01))
    assert model.fit(X, y, epochs=2, findings=False).findings == []
    monkeypatch.setattr(watch, "SHARE", 0.0)
    monkeypatch.setattr(watch, "UNNOTICED", 0.0)
    monkeypatch.setattr(watch.Watch, "_see", lambda *_, **__: pytest.fail("looked"))
    assert "too short to look" in model.fit(X, y, epochs=2).findings.partly


# -- what is measured ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "optimizer", [SGD(0.1), SGD(0.1, momentum=0.9), Adam(0.01), RMSprop(0.01, clip_norm=0.001)], ids=repr
)
def test_the_next_step_is_the_one_that_training_takes(optimizer):
    X, y = pellucid.datasets.waves(200, rng=0)
    model = pellucid.Model(Dense(2, 16), ReLU(), Dense(16, 1), loss=MeanSquaredError(), optimizer=optimizer, seed=0,
                           dtype="float64")  # fmt: skip
    model.fit(X, y, epochs=5)
    x, targets, state, before = X.astype(float), y.astype(float), model._state, model.values()
    past = Past(state.epoch, state.step, (), (), state.slots)
    seen = look.look(model.network, before, model.loss, optimizer, Material(x, targets), past, choose(0, 200, 200))
    model.fit(X, y, epochs=1)
    after = model.values()
    for move in seen.moves:
        assert move.size == pytest.approx(look.rms(before[move.key]), rel=1e-12)
        assert move.step == pytest.approx(look.rms(after[move.key] - before[move.key]), rel=1e-9)


def test_the_baseline_is_the_best_constant_answer():
    def baseline(loss, outputs, targets):
        rows = np.eye(outputs.shape[1])[targets] if targets.ndim == 1 else targets
        return look.constant_loss(loss, outputs, rows, targets, None)

    labels = np.repeat([0, 1, 2], [50, 30, 20])
    share = np.array([0.5, 0.3, 0.2])
    assert baseline(CategoricalCrossEntropy(), np.zeros((100, 3)), labels) == pytest.approx(
        -(share * np.log(share)).sum()
    )
    assert baseline(CategoricalCrossEntropy(), np.zeros((40, 2)), np.repeat([0, 1], 20)) == pytest.approx(np.log(2))
    yes = (labels == 0).astype(float)[:, None]
    assert baseline(BinaryCrossEntropy(), np.zeros((100, 1)), yes) == pytest.approx(np.log(2))
    y = np.random.default_rng(0).exponential(size=(101, 1))
    assert baseline(MeanSquaredError(), np.zeros((101, 1)), y) == pytest.approx(y.var())
    assert baseline(MeanAbsoluteError(), np.zeros((101, 1)), y) == pytest.approx(abs(y - np.median(y)).mean())
    levels, rows = (0.1, 0.5, 0.9), np.repeat(y, 3, axis=1)
    best = [min(np.maximum(q * (y - c), (q - 1) * (y - c)).mean() for c in y[:, 0]) for q in levels]
    assert look.constant_loss(Quantile(levels), rows, rows, y, None) == pytest.approx(np.mean(best))


def test_quantiles_are_looked_at_as_other_regressions_are():
    """A target is as many rows of the outputs as it has levels: what it is compared with, and what is off with it."""
    X = np.random.default_rng(0).standard_normal((64, 2))
    layers = Dense(2, 8), ReLU(), Dense(8, 3), OrderedQuantiles()

    def names(model, y):
        return {finding.name for finding in model.diagnose(X, y)}

    model = pellucid.Model(*layers, loss=Quantile((0.1, 0.5, 0.9)))
    assert "unscaled-targets" in names(model, 500 + 100 * X[:, 0])
    assert not {"unscaled-targets", "targets-out-of-range", "loss-mismatch"} & names(model, X[:, 0])
    short = pellucid.Model(Dense(2, 3), OrderedQuantiles(1), loss=Quantile((0.1, 0.5, 0.9)))
    assert "loss-mismatch" in names(short, X[:, 0])


def test_shared_rows_are_exactly_those():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(500, 7)).astype(np.float32), rng.integers(0, 3, 500)
    other, answers = rng.normal(size=(60, 7)).astype(np.float32), rng.integers(0, 3, 60)
    other[10:20], answers[10:20] = X[40:50], y[40:50]
    other[20:25], answers[20:25] = X[60:65], (y[60:65] + 1) % 3  # the same inputs with another answer
    X[0, 0], other[0], answers[0] = 0.0, X[0], y[0]
    other[0, 0] = -0.0
    assert np.flatnonzero(data.shared_rows(Material(X, y, valid=(other, answers)))).tolist() == [0, *range(10, 20)]


# -- how they show themselves -------------------------------------------------------------------------------------------


def some():
    return Finding("dead-units", "layer 1, ReLU()", "8 of 8 units <b>", "a cause & more", "advice", 1.0, "1", (0, 1), 4)


def test_findings_show_themselves():
    findings = Findings([some()], "partly")
    assert findings.names == ["dead-units"] and findings["dead-units"] is findings[0]
    with pytest.raises(KeyError, match="'typo' was not found; there is dead-units"):
        findings["typo"]
    assert repr(findings).startswith("dead-units  layer 1, ReLU()  (first seen after epoch 4)\n    8 of 8 units")
    assert all(len(line) <= 60 for line in Findings([some()]).text(60).splitlines())
    assert json.loads(json.dumps(findings.as_dict()))[0]["page"] == "pellucid diagnose --page dead-units"
    tree = ElementTree.fromstring(findings._repr_html_())
    assert "8 of 8 units <b>" in "".join(tree.itertext()) and tree.get("aria-label") == "Findings"
    assert repr(Findings()).startswith("Nothing found")
    for shown in (findings, findings[0]):
        assert shown._repr_mimebundle_() == {"text/html": shown._repr_html_(), "text/plain": shown.text()}


def test_who_looks_reads_one_line_a_finding(capsys, unhurried):
    X, y = shifted(0)
    model = pellucid.Model(Dense(3, 8), ReLU(), Dense(8, 1), loss=MeanSquaredError(), optimizer=SGD(0.01))
    found = model.fit(X, y, epochs=10, batch_size=32, progress=True).findings
    lines = capsys.readouterr().err.splitlines()
    for finding in found:
        assert sum(line.endswith(f"{finding.line} More: {finding.page}") for line in lines) == 1, lines
    model.fit(X, y, epochs=2, progress=False)
    assert capsys.readouterr().err == ""


def test_a_wrong_question_gets_a_sentence():
    model = pellucid.Model(Dense(2, 1), Sigmoid(), loss=BinaryCrossEntropy())
    X = np.zeros((4, 2))
    with pytest.raises(pellucid.errors.InputError, match="expected a pair"):
        model.diagnose(X, np.zeros((4, 1)), 3)
    with pytest.raises(pellucid.errors.DataError, match="one target a row"):
        model.diagnose(X, np.zeros((3, 1)))


# -- their pages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_page_shows_what_it_is_about(name, capsys, unhurried):
    text = (PAGES / f"{name}.md").read_text()
    assert text.startswith(f"# {name}\n") and f"]({name}.md)" in (PAGES / "README.md").read_text()
    for part in ("What it means", "How it comes about", "What to try", "When it is said"):
        assert f"**{part}.**" in text
    (code,) = re.findall(r"```python\n(.*?)```", text, re.S)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(code, f"{name}.md", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.startswith(f"{name}  ")
    assert printed.count("Nothing found") == code.count("# nothing")


def test_there_is_no_page_of_something_else():
    assert {path.stem for path in PAGES.glob("*.md")} == {*NAMES, "README"}
