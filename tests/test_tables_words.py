"""What is said about a table is said in its own words: findings, labels, names that are nearly right, verdicts."""

import numpy as np
import pytest

import pellucid
from command_line import pellucid_does
from pellucid import tables
from pellucid.errors import DataError, InputError
from pellucid.glass.diagnose import watch
from pellucid.tables import baselines, record
from pellucid.tables.plan import plan as make_plan
from pellucid.tables.reading import read
from table_models import people

QUICK = {"layers": (8,), "epochs": 4}
pytestmark = pytest.mark.filterwarnings("ignore::pellucid.errors.DataWarning")  # of tables small on purpose


@pytest.fixture(autouse=True)
def _light(monkeypatch):
    monkeypatch.setattr(baselines, "_trees_there", lambda: False)


def findings(model):
    return {finding["name"]: finding for finding in model.record["health"]["findings"]}


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (np.arange(60) % 3, np.int64),
        (np.arange(60) % 2, np.int64),
        (np.arange(60) % 2 == 0, np.bool_),
        (np.arange(60) % 2 + 0.5, np.float64),
        (["no", "yes"] * 30, np.object_),
        (["007", "008"] * 30, np.object_),
    ],
)
def test_labels_come_back_as_what_they_were(labels, kind, tmp_path):
    """`(model.predict(frame) == frame.label).mean()` must be the accuracy, for whole numbers, too."""
    data = {"x": np.linspace(-1, 1, 60), "label": labels}
    model = tables.train(data, "label", task="classification", **QUICK)
    said = model.predict(data)
    assert said.dtype == kind and set(said.tolist()) <= set(np.asarray(labels).tolist())
    assert (said == np.asarray(labels)).mean() == pytest.approx(model.evaluate(data)["accuracy"])
    model.save(tmp_path / "labels.safetensors")
    assert tables.load(tmp_path / "labels.safetensors").predict(data).dtype == kind


def test_several_labels_come_back_as_what_they_were():
    data = {"x": np.linspace(-1, 1, 60), "a": np.arange(60) % 2 == 0, "b": np.arange(60) < 30}
    said = tables.train(data, ["a", "b"], **QUICK).predict(data)
    assert said.dtype == bool and said.shape == (60, 2)


def test_findings_name_classes_columns_and_flags():
    rng = np.random.default_rng(0)
    data = {
        "x": rng.normal(size=1000),
        "who": [f"person {i % 300}" for i in range(1000)],
        "left": np.where(rng.random(1000) < 0.06, "Yes", "No").tolist(),
    }
    model = tables.train(data, "left", layers=(8,), epochs=20)
    found = findings(model)
    assert "class 'Yes' has" in found["class-imbalance"]["text"]
    assert "Try: class_weights='balanced'" in found["class-imbalance"]["text"]
    assert "made of 'who'" in found["constant-inputs"]["text"] and "drop=['who']:" in found["constant-inputs"]["text"]
    assert any("group='who'" in warn["text"] for warn in model.record["warnings"])
    assert "No clear difference even to the most frequent class" in model.verdict


def test_overfitting_is_said_of_the_network_that_is_kept_alone(monkeypatch):
    monkeypatch.setattr(watch, "UNNOTICED", 60.0)  # however slow the machine is, fit looks at its end
    past, health = [], record.health
    monkeypatch.setattr(record, "health", lambda p, done: past.append(done.history) or health(p, done))
    rng = np.random.default_rng(0)
    data = {**{f"x{k}": rng.normal(size=200) for k in range(8)}, "y": rng.integers(0, 2, 200)}
    stopped = tables.train(data, "y", epochs=60, learning_rate=0.01)
    assert stopped.record["network"]["best_epoch"] < 10 and "overfitting" not in findings(stopped)
    assert "overfitting" in [finding.name for finding in past[0].findings], "of the last epoch's network"


def test_the_verdict_names_a_column_that_knows_the_answer():
    rng = np.random.default_rng(0)
    sick = rng.random(200) < 0.4
    data = {"age": rng.normal(size=200), "code": np.where(sick, "I21", "Z00").tolist(), "sick": sick}
    assert "counts only if 'code' will be known" in tables.train(data, "sick", **QUICK).verdict
    assert "counts only" not in tables.train(data, "sick", drop="code", **QUICK).verdict


def test_the_verdict_says_how_far_numbers_are_off_in_their_own_unit():
    data = {"x": np.linspace(0, 1, 100), "pay": 1e6 * np.linspace(1, 3, 100) ** 2}
    model = tables.train(data, "pay", **QUICK)
    off = model.record["scores"]["this network"]["mae"]["value"]
    assert off > 1e4 and f"), {off:,.0f} off on average. " in model.verdict


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"target": "Y"}, "target names the column 'Y'.* did you mean 'y'"),
        ({"group": "xx"}, "group names the column 'xx'"),
        ({"time": "xx"}, "time names the column 'xx'"),
        ({"interval": 0.9}, "write 90"),
    ],
)
def test_a_slip_says_what_to_write(options, words):
    data = {"x": np.linspace(0, 1, 60), "y": np.linspace(1, 3, 60)}
    with pytest.raises(InputError, match=words):
        tables.train(data, **{"target": "y", **QUICK, **options})


def test_columns_in_capitals_are_recognised():
    data = {"age": np.linspace(0, 1, 60), "y": np.linspace(1, 3, 60)}
    with pytest.raises(DataError, match="'AGE' may be 'age' under another name"):
        tables.train(data, "y", **QUICK).predict({"AGE": data["age"]})


@pytest.mark.parametrize(("word", "hint"), [("trian", "did you mean 'train'?"), ("xyz", "write one of train, predict")])
def test_a_command_that_is_none_gets_the_nearest(word, hint):
    assert hint in pellucid_does(word, code=2)[1]


def test_settings_are_where_the_docstring_says():
    assert tables.Settings().layers == (128, 128) and set(tables.__all__) == set(dir(tables))


@pytest.mark.parametrize(
    ("values", "what", "words"),
    [
        ([f"{40 + k % 37}.5 sqm" for k in range(60)], "unit", "numbers with 'sqm' behind them"),
        (["m", "M", "f", "F"] * 15, "capitals", "'m' and 'M'; 'f' and 'F'"),
        ([*map(str, range(20, 75)), *["-999"] * 5], "stand-in", "-999 in 5 rows"),
        (np.array([*range(20, 75), *[999] * 5]), "stand-in", "na=['999'] says so"),
        ([f"{k % 37}a{k}" for k in range(60)], None, ""),
        (["m", "f"] * 30, None, ""),
        ([*map(str, range(-1050, -995)), *["-999"] * 5], None, ""),
        ([*map(str, range(58)), *["-999"] * 2], None, ""),
    ],
)
def test_what_makes_a_column_less_than_it_could_be_is_said(values, what, words):
    made = make_plan(read({"x": np.linspace(0, 1, 60), "c": values, "y": np.linspace(1, 3, 60)}), "y")
    found = [warn for warn in made.warnings if warn.what in ("unit", "capitals", "stand-in")]
    assert [warn.what for warn in found] == ([what] if what else []), made.warnings
    assert all(words in warn.text for warn in found)


def test_the_network_alone_sends_a_table_to_the_whole_model(tmp_path):
    model = tables.train(people(), "income", **QUICK)
    model.save(tmp_path / "people.safetensors")
    alone = pellucid.load(tmp_path / "people.safetensors")
    with pytest.raises(InputError, match=r"pellucid\.tables\.load"):
        alone.predict(people())
    whole = tables.load(tmp_path / "people.safetensors")
    assert list(whole.predict(people())) == list(model.predict(people()))


def test_a_missing_target_is_told_with_the_columns_there_are():
    with pytest.raises(InputError, match=r"target='NAME'\. The columns are a, b\."):
        tables.train({"a": [1.0] * 20, "b": [2.0] * 20})
