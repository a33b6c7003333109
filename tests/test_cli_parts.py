"""What the commands are made of: tasks, shares of rows, scaling, settings, pictures of characters."""

import json
import math
import tomllib

import numpy as np
import pytest

import pellucid
from command_line import pellucid_does
from pellucid import datasets, pieces
from pellucid.cli import braille, config, lesson, output, rows, scaling, task, watch
from pellucid.errors import DataError, InputError
from pellucid.layers import Dense, ReLU, Sequential

# -- task ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "kind", "classes"),
    [
        (np.array([0, 1, 2, 1]), "classification", 3),
        (np.array([True, False]), "classification", 2),
        (np.array([0.0, 1.0, 3.0]), "classification", 4),
        (np.array([[0], [1]]), "classification", 2),
        (np.eye(3)[[0, 1, 2]], "classification", 3),
        (np.arange(400) % 40, "classification", 40),
        (np.arange(400), "regression", 0),
        (np.arange(30.0), "regression", 0),
        (np.array([0.5, 1.0]), "regression", 0),
        (np.array([-1, 1]), "regression", 0),
        (np.ones((4, 2)) * 0.3, "regression", 0),
    ],
)
def test_the_task_follows_from_the_targets(y, kind, classes):
    chosen = task.choose(y)
    assert (chosen.kind, chosen.classes) == (kind, classes) and chosen.why
    assert chosen.y.shape == ((len(y),) if classes else (len(y), y.size // len(y)))


@pytest.mark.parametrize(
    ("y", "wish", "words"),
    [
        (np.array(["a", "b"]), "auto", "numpy.unique"),
        (np.array([1.0, np.nan]), "auto", "NaN"),
        (np.array([]), "auto", "shape"),
        (np.zeros(4, int), "auto", "same class"),
        (np.array([0.5, 1.5]), "classification", "fractions"),
        (np.array([-1, 1]), "classification", "from -1 to 1"),
        (np.array([0, 10**9]), "auto", "numpy.unique"),
        (np.array([[0.2, 0.3]]), "classification", "one-hot"),
    ],
)
def test_targets_that_are_no_task_get_a_sentence(y, wish, words):
    with pytest.raises(DataError, match=words):
        task.choose(y, wish)


def test_rows_are_set_aside_class_by_class_and_by_the_seed_alone():
    chosen = task.choose(np.repeat([0, 1, 2], [100, 50, 1]))
    aside = task.divider(chosen, 5).split(0.2, 0.0).test
    assert np.bincount(chosen.y[aside], minlength=3).tolist() == [20, 10, 0]  # the only row of its class stays
    assert np.array_equal(task.divider(chosen, 5).split(0.2, 0.5).test, aside)  # whatever the validation rows are
    assert not np.array_equal(task.divider(chosen, 6).split(0.2, 0.0).test, aside)


# -- scaling -------------------------------------------------------------------------------------------------------------


def test_a_scaled_network_takes_the_rows_as_they_were():
    rng = np.random.RandomState(0)
    X = rng.randn(40, 3) * [1.0, 50.0, 0.001] + [0.0, 300.0, 7.0]
    y = rng.randn(40, 2) * 20 + 1000
    for_x, for_y = scaling.of_inputs(X, "auto"), scaling.of_targets(y, "auto")
    scaled = for_x.apply(X)
    assert np.allclose(scaled.mean(axis=0), 0, atol=1e-9) and np.allclose(scaled.std(axis=0), 1)
    network = pellucid.Model(Dense(3, 5), ReLU(), Dense(5, 2), dtype="float64").network
    expected = network.forward(scaled) * for_y.scale + for_y.shift
    scaling.fold_into(network, for_x, for_y)
    assert np.allclose(network.forward(X), expected, rtol=1e-9)


def test_what_is_of_a_good_size_is_left_alone():
    X = np.random.RandomState(0).rand(20, 2)
    assert scaling.of_inputs(X, "auto").words == "" and scaling.of_inputs(X * 100, "none").words == ""
    images = np.full((2, 4, 4), 255, np.uint8)
    assert scaling.of_inputs(images, "auto").apply(images).max() == 1.0
    assert scaling.of_inputs(np.full((3, 2), 9.0), "auto").scale.tolist() == [1.0, 1.0]  # nothing to divide by
    far = scaling.of_inputs(X + 1e6, "auto")
    assert scaling.loses_digits(far, "float32") and not scaling.loses_digits(far, "float64")
    network = Sequential(Dense(2, 2))
    before = network.layers[0].weights.copy()
    scaling.fold_into(network, scaling.of_inputs(X, "auto"), scaling.of_targets(X, "auto"))
    assert np.array_equal(network.layers[0].weights, before)


def test_images_of_bytes_are_trained_and_predicted_alike(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y = datasets.make("digits", 200)
    np.savez("images.npz", X=(X * 255).astype(np.uint8).reshape(-1, 8, 8), y=y)
    out, error = pellucid_does("train", "images.npz", "--layers", 16, "--epochs", 8, "--test", 0.3)
    assert "divided by 255" in out and error == ""
    said = next(line.split()[2] for line in out.splitlines() if line.startswith("this network"))
    out, _ = pellucid_does("evaluate", "images.safetensors", "images.npz", "--held-out", 0.3)
    assert ["accuracy", said] in [line.split() for line in out.splitlines()]
    assert float(said) > 0.4  # a network that gets 255 times too large inputs stays near a tenth


def test_numbers_far_from_zero_are_predicted_in_their_own_unit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y = datasets.make("plane", 200)
    np.savez("prices.npz", X=X * 1000 + 5000, y=y.ravel() * 300 + 2000)
    out, _ = pellucid_does("train", "prices.npz", "--layers", "none", "--learning-rate", 0.05, "--epochs", 60)
    assert "inputs: each brought" in out and "targets: each brought" in out and "task: regression" in out
    r2 = next(float(line.split()[2]) for line in out.splitlines() if line.startswith("this network"))
    assert r2 > 0.9 and (tmp_path / "prices_regions.svg").exists()
    text, _ = pellucid_does("predict", "prices.safetensors", "prices.npz")
    predicted = np.array(text.splitlines()[1:], float)
    assert pellucid.metrics.r2(predicted, y.ravel() * 300 + 2000) > 0.9


def test_two_classes_with_one_output(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = ["train", "moons", "-n", 200, "--loss", "binary_cross_entropy", "--layers", 8, "--epochs", 30]
    out, error = pellucid_does(*run, "--learning-rate", 0.02)
    assert "2-8-1" in out and error == ""
    probabilities = pellucid_does("predict", "moons.safetensors", "moons", "-n", 5, "--proba")[0].splitlines()
    assert probabilities[0] == "p0,p1"
    assert all(math.isclose(sum(map(float, line.split(","))), 1.0, abs_tol=1e-6) for line in probabilities[1:])
    assert "accuracy" in pellucid_does("evaluate", "moons.safetensors", "moons")[0]


# -- the verdict -------------------------------------------------------------------------------------------------------


def test_a_network_that_is_not_worth_it_is_said_to_be_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out, _ = pellucid_does("train", "plane", "-n", 100, "--epochs", 1, "--layers", 4, "--no-picture")
    assert "The network loses to a linear model, which reaches" in out


# -- settings ------------------------------------------------------------------------------------------------------------


def test_settings_come_back_as_they_were():
    settings = {"data": 'a "b"\\c\n\x7fé', "n": 3, "rate": 1e-05, "yes": True, "nothing": None, "quiet": True}
    text = config.text(settings, ["said"], "ab" * 32)
    assert tomllib.loads(text) == {
        "data": settings["data"],
        "n": 3,
        "rate": 1e-05,
        "yes": True,
        "data_sha256": "ab" * 32,
    }
    assert text.startswith("# said\n")


def test_a_setting_that_is_not_known_and_a_file_that_changed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd.toml").write_text("layer = 3\n")
    assert "'layer' is no setting" in pellucid_does("train", "--config", "odd.toml", code=2)[1]
    (tmp_path / "odd.toml").write_text("layers = [\n")
    assert "cannot be read" in pellucid_does("train", "--config", "odd.toml", code=2)[1]
    X, y = datasets.make("moons", 60)
    np.savez("m.npz", X=X, y=y)
    pellucid_does("train", "m.npz", "--epochs", 1, "--layers", 2, "-q", "--no-picture")
    assert pellucid_does("train", "--config", "m.run.toml", "-q")[1] == ""
    np.savez("m.npz", X=X + 1, y=y)
    assert "has changed" in pellucid_does("train", "--config", "m.run.toml", "-q")[1]


@pytest.mark.parametrize("name", pieces.SCHEDULES)
def test_every_schedule_ends_lower_or_where_it_was(name):
    schedule = pellucid.schedules.as_schedule(pieces.SCHEDULES[name](0.1, 1000))
    assert 0.0 <= float(schedule(999)) <= 0.1 + 1e-12
    assert max(float(schedule(step)) for step in range(0, 1000, 50)) == pytest.approx(0.1, rel=0.02)


@pytest.mark.parametrize("name", pieces.OPTIMIZERS)
def test_every_optimizer_learns_with_its_usual_rate(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = ["train", "moons", "-n", 300, "--optimizer", name, "--layers", 16, "--epochs", 30, "--no-picture", "--json"]
    out, _ = pellucid_does(*run)
    assert json.loads(out.splitlines()[-1])["scores"]["this network"]["accuracy"]["value"] >= 0.8


@pytest.mark.parametrize("name", pieces.ACTIVATIONS)
def test_every_activation_makes_a_network_that_runs(name):
    chain = pieces.network(4, 3, (5, 6), name, 0.1, True, "Softmax", True)
    assert pellucid.Model(*chain).predict(np.ones((2, 2, 2))).shape == (2, 3)


def test_widths_of_layers():
    assert pieces.widths("64, 32") == (64, 32) and pieces.widths("none") == ()
    with pytest.raises(InputError, match="at least 1"):
        pieces.widths("4,0")


# -- what is shown -------------------------------------------------------------------------------------------------------


def test_a_few_lines_however_long_the_run(capsys):
    watched = watch.Watch(output.Output(), "title", 5000)
    with watched:
        for epoch in range(1, 5001):
            watched(None, {"epoch": epoch, "loss": 1 / epoch, "val_loss": 1 + abs(epoch - 40), "learning_rate": 0.1})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 12 and lines[-1].startswith("epoch 5000/5000  loss 0.0002")
    assert watched.best["epoch"] == 40


@pytest.mark.parametrize("width", [20, 40, 80])
def test_the_live_block_fits_its_terminal(width):
    watched = watch.Watch(output.Output(quiet=True), "a long title of a data set, and its network 2-64-64-3", 900)
    for epoch in range(1, 90):
        watched(None, {"epoch": epoch, "loss": 1.0, "accuracy": 0.5, "val_loss": 2.0, "val_accuracy": 0.25})
    block = watched.block(watched.start + 89.0, width)
    assert len(block) == 5 and max(map(len, block)) <= width
    if width == 80:
        assert "13 min 31 s left" in block[1] and block[2].endswith("1  accuracy 0.5")
        assert block[3].endswith("2  accuracy 0.25") and block[4].endswith("at epoch 1")


def test_json_knows_no_nan(capsys):
    output.Output(as_json=True).event("x", a=math.nan, b=[np.float32(0.5), math.inf], c={"d": np.arange(2)})
    assert capsys.readouterr().out == '{"event": "x", "a": null, "b": [0.5, null], "c": {"d": [0, 1]}}\n'


def test_braille_draws_what_it_is_given():
    assert braille.plot([1.0, 1.0], 2, 1, 0.0, 1.0) == ["⡉⠉"]  # the curve at the top, one dot of the line of 0 below
    assert braille.plot([0.0, 1.0], 4, 2, 0.0, 1.0) == ["⠀⠀⡠⠊", "⡠⠊⡀"]
    assert braille.plot([0.0] * 50 + [1.0] * 50, 3, 1, 0.0, 1.0) == ["⣀⡸⡉"]  # a jump is a stroke
    assert braille.plot([5.0, 5.0], 1, 1, 0.0, 1.0) == ["⡀"]  # nothing of a curve that lies outside


def test_rows_keep_every_bit():
    column = np.array([[0.1], [1e-30], [16777216.0], [np.float32(1) / 3]], np.float32)
    text = "".join(rows.csv(["a"], [column]))
    assert np.array_equal(np.array(text.split()[1:], np.float32), column.ravel())


# -- the lesson ----------------------------------------------------------------------------------------------------------


def test_flat_parts_are_where_the_mathematics_puts_them():
    below, above, share = lesson.flat_parts("relu")
    assert (below, above) == (0.0, math.inf) and share == pytest.approx(0.5, abs=0.01)
    below, above, share = lesson.flat_parts("sigmoid")  # s * (1 - s) = 0.001 at x = +-6.9058
    assert (below, above) == (pytest.approx(-6.91), pytest.approx(6.91)) and share < 0.001
    assert lesson.flat_parts("step") == (math.inf, -math.inf, 1.0)
    assert lesson.flat_parts("linear") == (-math.inf, math.inf, 0.0)
    below, above, _ = lesson.flat_parts("tanh")  # 1 - tanh(x)**2 = 0.001 at x = +-4.1464
    assert (below, above) == (pytest.approx(-4.15), pytest.approx(4.15))


@pytest.mark.parametrize("name", pieces.ACTIVATIONS)
def test_every_activation_has_a_formula_and_a_cost(name):
    assert "x" in lesson.formula(name) and "`" not in lesson.formula(name)
    assert lesson.costs([name])[name] > 0.0


def test_the_lesson_is_told_and_drawn(tmp_path):
    path = tmp_path / "activations.svg"
    out, error = pellucid_does("activations", "relu", "sigmoid", "--no-train", "-o", path)
    assert "relu: max(x, 0)" in out and "sigmoid: 1 / (1 + exp(-x))" in out and "x <= 0.00" in out and error == ""
    assert path.read_text(encoding="utf-8").startswith("<svg")


def test_what_the_same_network_learns_with_each(capsys):
    lesson._learned(output.Output(as_json=True), samples=100, epochs=80)
    learned = {event["name"]: event for event in map(json.loads, capsys.readouterr().out.splitlines())}
    assert list(learned) == ["step", "linear", "sigmoid", "relu"]
    assert learned["relu"]["accuracy"] > learned["linear"]["accuracy"] + 0.05
    assert all(event["accuracy"] < event["ceiling"] for event in learned.values())
