"""`pellucid.sweep` on NumPy: each network is the one that `Model(..., seed=s).fit` makes, and what is said of them is true."""

import subprocess
import sys
from itertools import product

import numpy as np
import pytest

import pellucid
from pellucid.errors import InputError
from pellucid.layers import Dense, Dropout, ReLU, Sequential, Softmax
from pellucid.losses import CategoricalCrossEntropy, MeanSquaredError
from pellucid.optimizers import SGD, Adam
from pellucid.schedules import Plateau
from pellucid.sweeps.progress import Line
from pellucid.sweeps.settings import Pattern

X, y = pellucid.datasets.vertical(samples=20, classes=3, rng=0)


def model(**options):
    options = {"loss": CategoricalCrossEntropy(), "optimizer": Adam(0.01)} | options
    layers = options.pop("layers", None) or (Dense(2, 6), ReLU(), Dropout(0.2), Dense(6, 3), Softmax())
    return pellucid.Model(*layers, **options)


def swept(pattern=None, **options):
    return pellucid.sweep(pattern or model(), X, y, **({"seeds": 2, "epochs": 3, "engine": "numpy"} | options))


def same(one, other):
    ours, theirs = one.values(), other.values()
    return ours.keys() == theirs.keys() and all(np.array_equal(ours[key], theirs[key]) for key in ours)


def test_each_network_is_the_one_that_fit_makes():
    fit = {"epochs": 4, "validation_fraction": 0.25, "early_stopping": 2}
    result = swept(seeds=[3, 7], learning_rate=[0.01, 0.3], weight_l2=[0.0, 0.01], batch_size=16, **fit)
    assert len(result) == len(result.table) == len(result.models) == 8
    for row, made, (rate, l2, seed) in zip(
        result.table, result.models, product([0.01, 0.3], [0.0, 0.01], [3, 7]), strict=True
    ):
        layers = Dense(2, 6, weight_l2=l2), ReLU(), Dropout(0.2), Dense(6, 3, weight_l2=l2), Softmax()
        alone = model(layers=layers, optimizer=Adam(rate), seed=seed)
        history = alone.fit(X, y, batch_size=16, **fit)
        assert same(made, alone)
        assert (row["seed"], row["learning_rate"], row["weight_l2"]) == (seed, rate, l2)
        assert row["val_loss"] == min(history["val_loss"]) and row["best_epoch"] == history.best_epoch
        assert row["epochs"] == len(history) == len(made.history) and row["stopped"] == history.stopped


def test_without_early_stopping_the_figures_are_the_last_epochs():
    result = swept(validation_data=(X, y), epochs=5)
    for row, made in zip(result.table, result.models, strict=True):
        assert row["val_loss"] == made.history["val_loss"][-1] == pytest.approx(made.evaluate(X, y)["loss"])


def test_the_pattern_stays_as_it_is_and_the_networks_can_train_on():
    pattern = model(optimizer=SGD(Plateau(0.1, patience=0)))
    before = pattern.values()
    result = swept(pattern, momentum=[0.0, 0.9])
    assert all(np.array_equal(before[key], value) for key, value in pattern.values().items())
    assert pattern.optimizer.momentum == 0.0 and pattern.history is None
    assert len(result.best.fit(X, y, epochs=2, progress=False)) == 5


def test_weights_set_by_hand_are_those_of_every_network_and_the_others_follow_the_seed():
    first = Dense(2, 6)
    first.weights = np.full((2, 6), 0.25, np.float32)
    pattern = Pattern(model(layers=(first, ReLU(), Dense(6, 3), Softmax()), seed=5), [])
    one, other = pattern.made(1, {}).values(), pattern.made(2, {}).values()
    assert (one["0.weights"] == 0.25).all() and (other["0.weights"] == 0.25).all()
    assert not np.array_equal(one["2.weights"], other["2.weights"])
    assert same(pattern.made(5, {}), pattern.model)


def test_a_setting_is_found_where_it_stands():
    inner = Sequential(Dense(2, 6), ReLU(), Dropout(0.1))
    pattern = model(layers=(inner, Dense(6, 3), Softmax()))
    names = {"weight_l2": 0.5, "rate": 0.3, "1.bias_l1": 0.25, "beta_1": 0.5, "learning_rate": 0.1}
    made = Pattern(pattern, names).made(0, names)
    assert [made.network.layers[0].layers[0].weight_l2, made.layers[1].weight_l2] == [0.5, 0.5]
    assert [made.network.layers[0].layers[0].bias_l1, made.layers[1].bias_l1] == [0.0, 0.25]
    assert made.layers[0].layers[2].rate == 0.3
    assert (made.optimizer.beta_1, made.optimizer.learning_rate) == (0.5, 0.1)
    assert pattern.layers[1].weight_l2 == 0.0


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            {"weight_l3": [1.0]},
            "'weight_l3' is not a setting of this model. It has batch_size, learning_rate, .*weight_l2",
        ),
        ({"0.rate": [0.1]}, "'0.rate' is not a setting"),
        ({"learning_rate": []}, "learning_rate=\\[\\]: expected at least one value"),
        ({"learning_rate": [-1.0]}, "-1.0"),
        (
            {"n_neurons": [8]},
            "changes the shape of its weights from \\(2, 6\\) to \\(2, 8\\). A sweep is of networks of one",
        ),
        ({"seeds": 0}, "seeds=0: expected a number of at least 1"),
        ({"seeds": [1, 1]}, "each only once"),
        ({"seeds": "ten"}, "expected how many"),
        ({"seeds": [-1]}, "seed=-1"),
        ({"batch_size": [16, 1000]}, "batch_size=1000"),
        ({"engine": "tpu"}, "engine='tpu'"),
        ({"early_stopping": 3}, "early_stopping watches the validation loss"),
        ({"validation_data": (X, y), "validation_fraction": 0.2}, "leave one of them out"),
        ({"validation_data": 3}, "expected a pair"),
        ({"learning_rate": np.logspace(-3, -1, 3)}, r"To try several, write a list: learning_rate=list\(\.\.\.\)"),
        ({"batch_size": (16, 32)}, r"batch_size=\(16, 32\): .*write a list: batch_size=list"),
        ({"pattern": Dense(2, 3)}, r"Dense\(2, 3\) is no model"),
        ({"validation_data": (X[:, :1], y)}, "validation_data: "),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_trained(wrong, sentence):
    with pytest.raises(InputError, match=sentence):
        swept(**wrong)


@pytest.mark.parametrize("batches", [lambda: iter([(X, y)]), iter([(X, y)]), [(X, y)]])
def test_batches_one_after_the_other_are_refused(batches):
    with pytest.raises(InputError, match="takes arrays X and y, not batches"):
        pellucid.sweep(model(), batches, None)


def test_a_trained_pattern_is_refused():
    pattern = model()
    pattern.fit(X, y, epochs=1, progress=False)
    with pytest.raises(InputError, match=r"only the pattern of its networks, but this one is trained \(1 epochs\)"):
        swept(pattern)


def breaking(**options):
    pattern = pellucid.Model(Dense(2, 4), Dense(4, 1), loss=MeanSquaredError(), optimizer=SGD(0.01), metrics=())
    rates = options.pop("learning_rate", [1e20, 0.01])
    return pellucid.sweep(pattern, X, X[:, :1], seeds=3, epochs=4, learning_rate=rates, **{"engine": "numpy"} | options)


def test_a_network_that_breaks_down_is_marked_and_the_others_go_on():
    result = breaking()
    broken, whole = result.table[:3], result.table[3:]
    assert all(row["stopped"] == "broke down" and "loss" not in row and row["error"] for row in broken)
    assert all(row["stopped"] == "finished" and "error" not in row for row in whole)
    spread = result.spread()
    assert [(row["learning_rate"], row["networks"], row["failed"]) for row in spread] == [(0.01, 3, 0), (1e20, 0, 3)]
    assert "0 of 3" in str(result) and result.best in result.models[3:]
    with pytest.raises(InputError, match="No network of this sweep was trained to a finite loss"):
        _ = breaking(learning_rate=[1e20]).best


def test_the_spread_is_that_of_the_figures():
    result = swept(seeds=4, learning_rate=[1e-6, 0.05], validation_fraction=0.2, epochs=8)
    rows = [row for row in result.table if row["learning_rate"] == 0.05]
    values, judged = [row["val_loss"] for row in rows], [row["val_accuracy"] for row in rows]
    first, second = result.spread()
    assert (first["learning_rate"], second["learning_rate"]) == (0.05, 1e-6)
    assert first["mean"] == pytest.approx(np.mean(values)) and first["std"] == pytest.approx(np.std(values, ddof=1))
    assert (first["min"], first["max"]) == (min(values), max(values))
    assert first["best_seed"] == int(np.argmin(values))
    assert result.spread("val_accuracy")[0]["mean"] == pytest.approx(np.mean(judged))
    assert result.best.history["val_loss"][-1] == min(row["val_loss"] for row in result.table)
    with pytest.raises(InputError, match="'f1' is not a figure of this sweep. It has loss, accuracy, val_loss"):
        result.spread("f1")


def test_it_shows_a_line_for_every_setting_the_best_first():
    result = swept(seeds=3, learning_rate=[1e-6, 0.05], weight_l2=0.001, epochs=8)
    title, head, first, second, verdict = str(result).splitlines()
    assert title.startswith("6 networks: 3 seeds, 2 settings; numpy, ")
    assert head.split() == ["learning_rate", "networks", "loss", "+-", "min", "max", "accuracy", "+-", "best", "seed"]
    assert (first.split()[0], second.split()[0]) == ("0.05", "1e-06")
    best, other = ([row["loss"] for row in result.table if row["learning_rate"] == rate] for rate in (0.05, 1e-6))
    ahead = sum(a < b for a, b in zip(best, other, strict=True))
    assert verdict == f"The first setting is ahead of the second for {ahead} of 3 seeds."
    page = result._repr_html_()
    assert page.count("<tr>") == 3 and "<td>0.05</td>" in page and "1e-06" in page
    assert repr(result) == f"<Sweep of {title}>"


def test_a_setting_that_looks_like_a_tag_is_shown_as_it_is():
    class Drawn:
        def __init__(self, name):
            self.name = name

        def __call__(self, rng, shape):
            return rng.standard_normal(shape)

        def __repr__(self):
            return self.name

    page = swept(seeds=1, epochs=1, initializer=[Drawn("<b>"), Drawn("plain")])._repr_html_()
    assert "<b>" not in page and "&lt;b&gt;" in page


def test_ctrl_c_keeps_what_is_there():
    calls = []

    def impatient(outputs, targets):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return 0.0

    result = swept(model(metrics=[impatient]), seeds=4)
    assert result.stopped == "interrupted"
    assert [row["stopped"] for row in result.table] == ["finished", "interrupted", "not begun", "not begun"]
    assert np.isfinite(result.best.predict(X)).all() and ", interrupted" in str(result)


def test_the_line_says_how_far_it_is(capsys, monkeypatch):
    monkeypatch.setattr("pellucid.sweeps.progress.EVERY", 0.0)
    result = swept(progress=True)
    written = capsys.readouterr().err
    assert "sweep 1/2 networks  50%  best loss" in written and "sweep 2/2 networks  100%" in written
    assert written.rstrip().endswith("finished after 0 s")
    silent = Line(2, 3, False)
    silent.update(result.runs[0], 3, True)
    silent.close("finished")
    assert capsys.readouterr().err == ""


def test_importing_pellucid_does_not_load_it():
    code = "import sys, pellucid; print('pellucid.sweeps' in sys.modules, callable(pellucid.sweep))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "False True\n"
    )
