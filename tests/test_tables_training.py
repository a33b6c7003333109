"""`pellucid.tables.train`: what is learned, what it is judged by, what stands in the record; small tables, tiny networks."""

import json
import re

import numpy as np
import pytest

import pellucid
from pellucid import report, tables
from pellucid.arrays import as_json
from pellucid.errors import DataError, DataWarning, InputError
from pellucid.layers import Dense, Dropout, OrderedQuantiles, Sigmoid, Softmax
from pellucid.losses import Quantile
from pellucid.optimizers import Adam
from pellucid.tables import baselines, encoder, fitting, preparing, private, training, widening
from pellucid.tables.importance import importance
from pellucid.tables.intervals import of_share
from pellucid.tables.scores import Scoring
from pellucid.tables.settings import Settings, settings
from table_models import people, write

QUICK = {"layers": (8,), "epochs": 12, "learning_rate": 0.02, "drop": ["pay"]}
pytestmark = pytest.mark.filterwarnings("ignore::pellucid.errors.DataWarning")  # of tables small on purpose


@pytest.fixture(autouse=True)
def _light(monkeypatch):
    """Trees are scikit-learn's business, and slow to begin; one test asks for them."""
    monkeypatch.setattr(baselines, "_trees_there", lambda: False)


@pytest.fixture(scope="module")
def columns():
    return people(160)


def numbers(rows=160, seed=0):
    """Two inputs, two numbers, two questions, a group and a time."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 2))
    y = x @ [2.0, -1.0] + 0.2 * rng.normal(size=rows)
    return {
        "a": x[:, 0], "b": x[:, 1], "y": 10.0 * y + 500.0, "z": x[:, 0] * 0.01 + 0.001 * rng.normal(size=rows),
        "big": np.where(y > 0, "yes", "no").tolist(), "odd": np.where(x[:, 1] > 0, "yes", "no").tolist(),
        "who": [f"person {i}" for i in rng.integers(0, 40, rows)],
        "when": [str(np.datetime64("2020-01-01") + int(d)) for d in rng.permutation(rows)],
    }  # fmt: skip


def values(model):
    return b"".join(value.tobytes() for _, value in sorted(model.model.values().items()))


# -- what is learned -------------------------------------------------------------------------------------------------------


def test_classes_are_learned_and_the_record_is_whole(columns):
    model = tables.train(columns, "income", **QUICK)
    r = model.record
    assert json.loads(json.dumps(r, allow_nan=False)) == r
    own, constant, linear = (r["scores"][name]["accuracy"] for name in
                             (fitting.NETWORK, baselines.FREQUENT, baselines.LINEAR))  # fmt: skip
    assert (
        constant["value"] < own["value"] <= 1.0 and own["low"] <= own["value"] <= own["high"] and linear["value"] > 0.5
    )
    assert next(iter(r["scores"])) == fitting.NETWORK and set(r["differences"]) == set(r["scores"]) - {fitting.NETWORK}
    assert r["split"] | {"why": ""} == {
        "method": "stratified", "seed": 0, "train": 103, "validation": 25, "test": 32, "why": "",
    }  # fmt: skip
    assert np.sum(r["confusion"]["counts"]) == 32 == r["rows_judged"] == sum(c["rows"] for c in r["per_class"])
    assert [c["label"] for c in r["per_class"]] == r["confusion"]["labels"] == r["target"]["classes"]
    assert {entry["column"] for entry in r["importance"]} == {"age", "city", "smoker", "joined"}
    assert r["importance"][0]["column"] == "age" and r["importance"][0]["low"] > 0
    assert len(r["worst"]) == 10 and r["worst"][0]["loss"] >= r["worst"][-1]["loss"]
    assert 'pip install "pellucid[tabular]"' in " ".join(r["notes"]) and r["folds"] is None and r["numbers"] is None
    assert set(r["health"]["gradients"]) == {f"{k} {model.model.layers[k]!r}" for k in (0, 3)}
    assert all(len(each) == len(r["health"]["epochs"]) for each in r["health"]["gradients"].values())
    assert isinstance(model.model.layers[-1], Softmax) and isinstance(model.model.layers[2], Dropout)
    assert model.verdict in str(model) and model.verdict.startswith("Accuracy ")


def test_figures_are_those_of_the_rows_set_aside(columns):
    model = tables.train(columns, "income", **QUICK)
    p = preparing.prepare(columns, "income", settings(QUICK))
    aside = p.table.take(p.kept[p.split.test])
    again = model.evaluate(aside)
    for name, span in model.record["scores"][fitting.NETWORK].items():
        assert again[name] == pytest.approx(span["value"]), name
    worst = model.record["worst"][0]
    row = next(k for k in range(160) if all(columns[n][k] == v for n, v in worst["values"].items()))
    assert worst["line"] == row + 1 and worst["true"] == columns["income"][row] and row in p.split.test


def test_numbers_come_out_in_their_own_unit():
    model = tables.train(numbers(), "y", only=["a", "b"], layers=(16,), epochs=60, learning_rate=0.02)
    r = model.record
    assert r["metric"] == "r2" and r["scores"][fitting.NETWORK]["r2"]["value"] > 0.8
    assert r["scores"][baselines.LINEAR]["r2"]["value"] > 0.95 and r["verdict"]["wins"] is not True
    true, predicted = r["numbers"]["y"]["true"], r["numbers"]["y"]["predicted"]
    assert len(true) == 32 and abs(np.mean(predicted) - 500) < 25 and np.corrcoef(true, predicted)[0, 1] > 0.9
    rmse = np.sqrt(np.mean(np.square(np.subtract(true, predicted))))
    assert r["scores"][fitting.NETWORK]["rmse"]["value"] == pytest.approx(rmse)
    assert r["confusion"] is None and r["per_class"] is None


def test_several_numbers_are_one_network_and_several_questions_another():
    two = tables.train(numbers(), ["y", "z"], only=["a", "b"], layers=(16,), epochs=60, learning_rate=0.02)
    assert two.target.task == "regression" and two.predict(numbers(5, 1)).shape == (5, 2)
    assert {"r2", "r2 of y", "mae of z"} <= set(two.record["scores"][fitting.NETWORK])
    assert set(two.record["numbers"]) == {"y", "z"}
    questions = tables.train(numbers(), ["big", "odd"], only=["a", "b"], **{**QUICK, "drop": []})
    assert questions.target.task == "multilabel" and isinstance(questions.model.layers[-1], Sigmoid)
    assert questions.record["metric"] == "accuracy" and len(questions.record["per_class"]) == 2
    assert questions.record["scores"][fitting.NETWORK]["accuracy"]["value"] > 0.7
    assert baselines.EACH in questions.record["scores"]


def test_balanced_classes_count_alike():
    rng = np.random.default_rng(1)
    x = rng.normal(size=300)
    rare = x + 0.7 * rng.normal(size=300) > 1.7
    data = {"x": x, "y": np.where(rare, "rare", "usual").tolist()}
    plain, balanced = (
        tables.train(data, "y", class_weights=weights, layers=(8,), epochs=30, learning_rate=0.02)
        for weights in (None, "balanced")
    )
    share = rare.mean()
    assert balanced.model.loss.class_weights == pytest.approx((0.5 / share, 0.5 / (1 - share)), rel=0.1)
    assert balanced.record["metric"] == "balanced_accuracy" and plain.record["metric"] == "accuracy"
    found = [np.mean(model.predict({"x": x[rare]}) == "rare") for model in (plain, balanced)]
    assert found[1] > found[0] + 0.1


def test_an_interval_holds_about_what_it_says():
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, 800)
    data = {"x": x, "y": 100.0 * x + 30.0 * (1.0 + abs(x)) * rng.normal(size=800)}
    model = tables.train(data, "y", interval=80, layers=(16,), epochs=60, learning_rate=0.02, weight_decay=0.01)
    assert any(isinstance(layer, OrderedQuantiles) for layer in model.model.layers) and model.target.levels == [
        0.1,
        0.5,
        0.9,
    ]
    held = model.record["interval"]
    assert held["level"] == 0.8 and held["low"] <= held["coverage"] <= held["high"] and 0.65 < held["coverage"] < 0.93
    ends = model.predict_interval({"x": np.array([0.0, 2.0])})
    assert (ends[:, 0] < ends[:, 1]).all() and np.ptp(ends[1]) > 1.5 * np.ptp(ends[0])  # wider where it is noisier
    assert baselines.MEDIAN in model.record["scores"]


def test_coverage_is_counted_on_rows_that_the_intervals_were_not_widened_by():
    options = {"only": ["a"], "interval": 80, "layers": (8,), "epochs": 10}
    r = tables.train(numbers(), "y", folds=4, **options).record
    share = r["interval"]["coverage"] * 160
    assert share == pytest.approx(round(share)) and r["rows_judged"] == 160
    assert (r["interval"]["low"], r["interval"]["high"]) == pytest.approx(of_share(r["interval"]["coverage"], 160))
    assert "not measured" not in " ".join(r["limits"])
    assert "not measured" in " ".join(tables.train(numbers(), "y", test=0.0, **options).record["limits"])
    few = {**numbers(), "who": [f"person {k % 15}" for k in range(160)]}  # 3 of 15 judge: no interval of the coverage
    assert tables.train(few, "y", group="who", **options).record["interval"]["low"] is None


def test_ends_move_out_by_what_other_rows_show_to_be_missing(tmp_path):
    ends, y = np.tile([-1.0, 1.0], (9, 1)), np.array([0.0, 1.5, -3.0, 0.5, 2.0, 0.0, -1.1, 0.2, 0.9])
    assert widening.missing(ends, y, 0.8) == pytest.approx(1.0)  # the 8th of 9: outside by -0.1 ... 0.1, 0.5, 1.0, 2.0
    assert widening.missing(ends, y, 0.99) == pytest.approx(2.0) and widening.missing(ends, y, 0.2) == 0.0
    model = pellucid.Model(Dense(1, 3), OrderedQuantiles(3), loss=Quantile((0.1, 0.5, 0.9)), optimizer=Adam())
    x, target = np.linspace(-1, 1, 50, dtype=np.float32)[:, None], np.linspace(-9, 9, 50, dtype=np.float32)[:, None]
    before = model.predict(x)
    by = widening.widen(model, x, target, 0.8)
    after = model.predict(x)
    assert by.shape == (1,) and by[0] > 1
    assert np.allclose(after, before + np.array([-by[0], 0, by[0]], np.float32), atol=1e-5)
    assert ((after[:, [0]] <= target) & (target <= after[:, [2]])).mean() >= 0.8
    model.save(tmp_path / "wide.safetensors")
    assert np.array_equal(pellucid.load(tmp_path / "wide.safetensors").predict(x), after)
    model.fit(x, target, epochs=1)  # and it can be trained further


def test_each_of_several_targets_moves_out_by_its_own_rows():
    model = pellucid.Model(Dense(1, 6), OrderedQuantiles(3), loss=Quantile((0.1, 0.5, 0.9)), seed=1)
    x = np.linspace(-1, 1, 50, dtype=np.float32)[:, None]
    before = model.predict(x)
    target = np.column_stack([before[:, 1] + np.linspace(-9, 9, 50), before[:, 4], before[:, 4]])[
        :, :2
    ]  # far; at the median
    by = widening.widen(model, x, target, 0.8)
    assert by[0] > 5 and by[1] == 0.0
    moved = np.array([-by[0], 0, by[0], 0, 0, 0])
    np.testing.assert_allclose(model.predict(x), before + moved, atol=1e-5)


def test_several_targets_have_an_interval_each():
    """One in thousands, noisier where x is large, one in thousandths, falling: neither drowns the other."""
    rng = np.random.default_rng(3)
    x = rng.uniform(-2, 2, 800)
    sizes = {"big": 5e3 * (1.0 + abs(x)), "small": np.full(800, 2e-3)}
    values = {"big": 2e4 * x + sizes["big"] * rng.normal(size=800), "small": -1e-2 * x + 2e-3 * rng.normal(size=800)}
    options = {"layers": (16,), "epochs": 60, "dropout": 0.0, "learning_rate": 0.02, "weight_decay": 0.01}
    model = tables.train({"x": x, **values}, ["big", "small"], interval=80, **options)
    assert model.target.n_outputs == 6 and model.predict({"x": x}).shape == (800, 2)
    held = model.record["interval"]
    assert held["level"] == 0.8 and list(held["of"]) == ["big", "small"]
    for one in held["of"].values():
        assert one["low"] <= one["coverage"] <= one["high"] and 0.65 < one["coverage"] < 0.93
    ends, middle = model.predict_interval({"x": x}), model.predict({"x": x})
    assert ends.shape == (800, 2, 2) and (ends[..., 0] <= middle).all() and (middle <= ends[..., 1]).all()
    width = np.diff(ends)[..., 0]  # of noise of size s, 80 % lie within 2.56 s
    for k, size in enumerate(sizes.values()):
        assert np.median(width[:, k] / size) == pytest.approx(2.56, rel=0.3)
    figures = model.evaluate({"x": x, **values})
    inside = (ends[:, 1, 0] <= values["small"]) & (values["small"] <= ends[:, 1, 1])
    assert figures["coverage of small"] == pytest.approx(inside.mean())
    assert figures["width of big"] == pytest.approx(width[:, 0].mean())
    assert not {"coverage", "width"} & set(figures) and baselines.MEDIAN in model.record["scores"]


# -- who judges ------------------------------------------------------------------------------------------------------------


def test_importance_is_less_certain_where_the_errors_of_a_group_are_alike():
    rng, who = np.random.default_rng(1), np.repeat(np.arange(30), 20)
    x = rng.normal(size=30)[who]  # a column that a person keeps
    data = {"x": x, "who": [f"person {k}" for k in who], "y": 3.0 * x + rng.normal(size=600)}
    p = preparing.prepare(data, "y", settings({"group": "who", "layers": (8,), "epochs": 20}))
    done = fitting.fit(p, p.split, fitting.Watcher(), "")
    rows = done.judged[0]
    scoring, truth = Scoring("regression"), done.target.truth(p.typed)[rows]
    by_row, by_group = (importance(done, scoring, truth, 0, c)[0] for c in (None, p.clusters(rows)))
    assert by_row["drop"] == by_group["drop"] > 0.1
    assert by_group["high"] - by_group["low"] > 1.3 * (by_row["high"] - by_row["low"])
    (few,) = importance(done, scoring, truth, 0, rows * 0)
    assert np.isnan(few["low"]) and np.isnan(few["high"])


def test_a_class_that_only_judges_is_told():
    data = {"x": np.arange(120.0) % 7, "when": np.arange(120.0), "y": [f"kind {k // 40}" for k in range(120)]}

    def told(**options):
        p = preparing.prepare(data, "y", settings(options))
        return [warn.text for warn in p.warnings if warn.what == "class never learned"]

    assert told() == [] and told(folds=3) == []
    (text,) = told(time="when")
    assert "of the class kind 2, which 24 of the 24 rows that judge are" in text


def by_weekday(days=200, seed=0):
    """A level for each weekday, and nothing else that is known; two rows a day."""
    rng, day = np.random.default_rng(seed), np.arange(2 * days) // 2
    when = [str(np.datetime64("2024-01-01") + d) for d in day]  # a Monday
    level = np.array([0.0, 1.0, 0.0, 2.0, 5.0, 9.0, 4.0])[day % 7]
    return {"when": when, "noise": rng.normal(size=2 * days), "y": level + rng.normal(0, 0.5, 2 * days)}


def test_what_comes_round_again_is_learned_from_the_column_that_divides_by_time():
    data = by_weekday()
    model = tables.train(data, "y", time="when", layers=(16,), epochs=60, learning_rate=0.01, dropout=0.0)
    assert model.encoder.features == ["when: weekday (sine)", "when: weekday (cosine)", "noise"]
    assert model.record["scores"][fitting.NETWORK]["r2"]["value"] > 0.9
    assert model.record["importance"][0]["column"] == "when" and "when" in model.record["worst"][0]["values"]
    (column,) = [column for column in model.record["plan"]["columns"] if column["name"] == "when"]
    assert column["reason"] == "cycles" and column["rule"].startswith("weekday is an input, the moment is none; ")
    friday, saturday = model.predict({"when": ["2031-01-03", "2031-01-04"], "noise": np.zeros(2)})
    assert friday == pytest.approx(5.0, abs=1.5) and saturday == pytest.approx(9.0, abs=1.5)
    with pytest.raises(DataError, match="column 'when' is missing"):
        model.predict({"noise": np.zeros(2)})


def test_dates_that_divide_the_rows_alone_where_they_are_dropped_or_too_few():
    options = {"time": "when", "layers": (4,), "epochs": 2}
    dropped = tables.train(by_weekday(), "y", drop=["when"], **options)
    short = tables.train(by_weekday(8), "y", **options)  # five days learned from
    for model, why in ((dropped, ""), (short, "the rows learned from go round no year, week or day; ")):
        assert model.encoder.columns == ["noise"] and model.record["split"]["method"] == "time"
        (column,) = [column for column in model.record["plan"]["columns"] if column["name"] == "when"]
        assert column["reason"] == "time" and column["rule"].startswith(why)
        assert model.predict({"noise": np.zeros(2)}).shape == (2,)
    numbered = by_weekday(10) | {"noise": list(range(20))}  # taken for an identifier where there is anything else
    assert tables.train(numbered, "y", **options).encoder.columns == ["noise"]
    folds = tables.train(by_weekday(16), "y", folds=2, **options)  # the first fold learns from less than a week
    assert "when" in folds.encoder.columns and len(folds.record["folds"]) == 2
    with pytest.raises(DataError, match="No column is left"):
        tables.train({name: by_weekday(8)[name] for name in ("when", "y")}, "y", **options)


def test_what_a_group_has_by_heart_does_not_help():
    """A column that only names the group says everything of rows of a group that was seen, and nothing of others."""
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(60), 5)
    data = {"name": who + rng.normal(0, 0.01, 300), "who": [f"p{w}" for w in who]}
    data["y"] = rng.integers(0, 2, 60)[who].astype(str).tolist()
    options = {"layers": (64,), "epochs": 80, "learning_rate": 0.03, "patience": 0, "dropout": 0.0}
    apart = tables.train(data, "y", group="who", **options)
    p = preparing.prepare(data, "y", Settings(group="who"))
    sides = [{data["who"][row] for row in part} for part in (p.split.train, p.split.validation, p.split.test)]
    assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
    assert apart.record["split"]["method"] == "group" and "who" not in apart.encoder.columns
    span = apart.record["scores"][fitting.NETWORK]["accuracy"]
    assert span["high"] - span["low"] > 0.3  # 12 groups judge, not 60 rows
    assert "group" not in " ".join(apart.record["limits"])


def test_the_latest_rows_judge_and_the_columns_statistics_are_of_the_earliest():
    data = numbers()
    days = np.array(data["when"], "datetime64[D]").astype(float)
    data["a"] = days  # drifts: the mean of all rows is not that of the rows learned from
    p = preparing.prepare(data, "y", Settings(time="when", only=["a", "b"]))
    assert p.split.method == "time" and days[p.split.train].max() < days[p.split.validation].min()
    assert days[p.split.validation].max() < days[p.split.test].min()
    done = fitting.fit(p, p.split, fitting.Watcher(), "")
    assert abs(done.features.train[:, 0].mean()) < 1e-3 and done.features.test[:, 0].min() > 1.0
    assert done.target.mean[0] == pytest.approx(np.array(data["y"])[p.split.train].mean())
    assert "when" not in done.encoder.columns


@pytest.mark.parametrize("how", [{}, {"group": "who"}, {"time": "when"}])
def test_folds_judge_all_rows_and_the_network_learns_from_all(how):
    model = tables.train(numbers(), "big", only=["a", "b"], folds=3, layers=(8,), epochs=8, learning_rate=0.02, **how)
    r = model.record
    assert len(r["folds"]) == 3 and sum(fold["rows"] for fold in r["folds"]) == r["rows_judged"]
    assert r["rows_judged"] == (120 if how.get("time") else 160) and r["split"]["test"] == 0
    mean = np.average([fold["accuracy"] for fold in r["folds"]], weights=[fold["rows"] for fold in r["folds"]])
    assert r["scores"][fitting.NETWORK]["accuracy"]["value"] == pytest.approx(mean)
    assert "3 networks" in " ".join(r["limits"])


def test_rows_without_a_target_are_dropped_and_counted(columns):
    data = {**columns, "income": ["" if k < 10 else word for k, word in enumerate(columns["income"])]}
    model = tables.train(data, "income", **QUICK)
    assert model.record["data"]["dropped"] == 10 and model.record["data"]["rows"] == 160
    assert all(worst["line"] > 10 for worst in model.record["worst"])


@pytest.mark.parametrize(("shares", "words"), [((0.0, 0.2), "chosen by"), ((0.0, 0.0), "learned from")])
def test_figures_of_rows_that_were_seen_are_said_to_be(columns, shares, words):
    model = tables.train(columns, "income", test=shares[0], validation=shares[1], **QUICK)
    assert words in model.verdict and "flatter" in " ".join(model.record["limits"])


# -- again ------------------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_file_bit_for_bit(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    path = write(tmp_path / "people.csv", people(120))
    files = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        model = tables.train(str(path), "income", seed=seed, **QUICK)
        model.save(tmp_path / name)
        files.append((tmp_path / name).read_bytes())
    assert files[0] == files[1] != files[2]
    assert model.record["created"] == "2023-11-14T22:13:20+00:00"


def test_the_python_in_the_record_repeats_the_run(tmp_path):
    path = write(tmp_path / "people.csv", people(120))
    model = tables.train(str(path), "income", **QUICK)
    scope = {}
    exec(model.record["python"].replace("print(model)", ""), scope)
    assert values(scope["model"]) == values(model)
    assert model.record["data"]["sha256"] and "--drop pay" in model.record["command"]


def test_a_loaded_network_says_the_same(tmp_path, columns):
    model = tables.train(columns, "income", **QUICK)
    model.save(tmp_path / "m.safetensors")
    loaded = tables.load(tmp_path / "m.safetensors")
    assert loaded.record == model.record and np.array_equal(loaded.predict(columns), model.predict(columns))


def test_no_row_of_a_private_table_is_kept():
    secret = {
        "x": np.arange(80.0) % 7,
        "note": [f"note {k % 3}" for k in range(80)],
        "y": 1234.5 + np.arange(80.0) ** 2,
    }
    shown = json.dumps(tables.train(secret, "y", layers=(4,), epochs=2).record)
    hidden = json.dumps(tables.train(secret, "y", layers=(4,), epochs=2, rows=False).record)
    examples = [f"{value:.6g}" for value in secret["y"][:3]]
    assert any(text in shown for text in examples) and not any(text in hidden for text in examples)
    assert json.loads(hidden)["worst"] == [] and json.loads(hidden)["numbers"] is None


def test_no_cell_of_a_private_table_is_in_its_file_or_its_report(tmp_path):
    rng, rows = np.random.default_rng(0), 200
    x = rng.normal(size=rows)
    text = [f"{value:.3f}" for value in x]
    data = {
        "x": text,
        "stray": ["secret1" if k in (3, 90) else word for k, word in enumerate(text)],
        "town": ["secret2" if k == 7 else ["Bern", "Chur"][k % 2] for k in range(rows)],
        "same": ["secret4"] * rows,
        "code": [f"0{7700000 + k}" if k else "07700099" for k in range(rows)],
        "mixed": [f"secret5 {k})" if k % 3 == 0 else word for k, word in enumerate(text)],
        "name": [f"secret6 {k}" for k in range(rows)],
        "day": [f"{1 + k % 12}/{1 + k % 11}/2024" for k in range(rows)],
        "y": ["" if k == 5 else "high" if value > 0 else "low" for k, value in enumerate(x)],
    }
    secrets = ["secret", "077000", "1/1/2024", "2/2/2024", "3/3/2024", *text[:3]]
    path = write(tmp_path / "private.csv", data)
    known = tables.train(path, "y", layers=(4,), epochs=2)
    model = tables.train(path, "y", layers=(4,), epochs=2, rows=False)
    model.save(tmp_path / "private.safetensors")
    held = (tmp_path / "private.safetensors").read_bytes().decode("latin-1")
    assert all(word in json.dumps(known.to_json()) for word in ("secret1", "secret2", "secret4", "secret5", "077000"))
    pages = report.html(model, rows=False), report.html(known, rows=False)
    for where in (held, *pages):
        assert not [word for word in secrets if word in where]
    assert np.array_equal(known.outputs(path), model.outputs(path))
    assert "secret" not in private.sentence("a sort of tomorrow", "x", "x holds secret7.", "")
    with pytest.raises(InputError, match="rows=False"):
        tables.train(path, "y", rows=False, numbers="normal")


def test_many_rows_lie_in_a_file_and_nothing_else_changes(monkeypatch, columns):
    plain = tables.train(columns, "income", **QUICK)
    monkeypatch.setattr(encoder, "IN_MEMORY", 0)
    monkeypatch.setattr(fitting, "BLOCK", 17)
    filed = tables.train(columns, "income", **QUICK)
    assert values(plain) == values(filed) and plain.record["scores"] == filed.record["scores"]


def test_of_a_large_table_trees_learn_from_some_rows_and_that_is_said(monkeypatch, columns):
    pytest.importorskip("sklearn")
    monkeypatch.undo()
    monkeypatch.setattr(baselines, "TREE_CELLS", 200)
    r = tables.train(columns, "income", **QUICK).record
    assert baselines.TREES in r["scores"]
    assert re.fullmatch(r"The gradient-boosted trees learned from one row in \d+: .*", " ".join(r["notes"]))


def test_trees_are_among_the_baselines_where_scikit_learn_is(monkeypatch, columns):
    pytest.importorskip("sklearn")
    monkeypatch.undo()
    r = tables.train(columns, "income", **QUICK).record
    assert baselines.TREES in r["scores"] and r["notes"] == [] and "scikit-learn" in r["versions"]


# -- what cannot be ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "options", "error", "words"),
    [
        ("income", {"epoch": 3}, InputError, "did you mean epochs"),
        ("income", {"optimizer": "adamm"}, InputError, "adamw"),
        ("income", {"interval": 120}, InputError, "per cent"),
        ("income", {"interval": 90}, InputError, "'income' is a classification: name a target that holds numbers"),
        ("pay", {"class_weights": "balanced"}, InputError, "classes"),
        ("income", {"loss": "huber"}, InputError, "does not fit"),
        ("pay", {"loss": "huber", "interval": 90}, InputError, "leave loss out"),
        ("income", {"group": "city", "time": "joined"}, InputError, "not both"),
        ("income", {"time": "city"}, DataError, "types={'city': 'date'}"),
        ("income", {"group": "smoker", "folds": 5}, DataError, "2 groups are too few"),
        ("income", {"seed": -1}, InputError, "seed"),
        ("nothing", {}, InputError, "nothing"),
        ("income", {"layers": "64"}, InputError, r"\(64, 32\)"),
        ("income", {"types": "age=number"}, InputError, "'zip': 'category'"),
        ("income", {"dropout": 1.0}, InputError, "dropout"),
        ("income", {"batch_size": 0}, InputError, "at least 1, as in batch_size=64"),
        ("income", {"test": "0.2"}, InputError, "test='0.2': expected a finite number"),
        ("pay", {"interval": "90"}, InputError, "per cent"),
        ("income", {"epochs": 2.5}, InputError, "whole number"),
        ("income", {"patience": -1}, InputError, "patience=-1"),
    ],
)
def test_what_cannot_be_gets_a_sentence_before_anything_is_trained(columns, target, options, error, words, monkeypatch):
    monkeypatch.setattr(fitting.Model, "fit", None)
    with pytest.raises(error, match=words):
        tables.train(columns, target, **options)


def test_a_few_rows_get_a_sentence():
    with pytest.raises(DataError, match=r"rows|row"):
        tables.train({"x": [1.0, 2.0], "y": ["a", "b"]}, "y")


def test_ctrl_c_keeps_the_best_network_and_what_is_whole(columns):
    def stop_at(epoch):
        def callback(model, row):
            seen.append(row["epoch"])
            if len(seen) == epoch:
                raise KeyboardInterrupt

        seen = []
        return callback

    with pytest.warns(DataWarning, match="Ctrl-C ended the training after [45] epochs: the network is the best so far"):
        model = tables.train(columns, "income", callbacks=[stop_at(5)], **QUICK)
    assert model.record["network"]["stopped"] == "interrupted" and len(model.model.history) <= 5
    folded = tables.train(columns, "income", folds=3, callbacks=[stop_at(30)], **{**QUICK, "patience": 0})
    assert len(folded.record["folds"]) == 1 and folded.record["network"]["epochs"] == 12


@pytest.mark.parametrize("folds", [None, 3])
def test_ctrl_c_while_baselines_are_fitted_keeps_the_network(columns, monkeypatch, folds):
    def interrupted(self, X, truth, X_new):
        fitted.append(len(X_new))
        if len(fitted) == (folds or 1):
            raise KeyboardInterrupt
        return linear(self, X, truth, X_new)

    linear, fitted = baselines.Baselines._linear, []
    monkeypatch.setattr(baselines.Baselines, "_linear", interrupted)
    watcher = fitting.Watcher()
    p = preparing.prepare(columns, "income", settings({**QUICK, "folds": folds}))
    r = training.train_prepared(p, watcher).record
    assert watcher.interrupted and r["network"]["stopped"] != "interrupted"
    if folds:
        assert len(r["folds"]) == folds - 1 and set(r["differences"]) == {baselines.FREQUENT, baselines.LINEAR}
    else:
        assert set(r["differences"]) == {baselines.FREQUENT} and "Interrupted" in " ".join(r["notes"])


def test_the_settings_say_what_they_were():
    given = Settings(layers=(), types={"a b": "category"}, drop=["x"], rows=False, header=True, interval=90.0, epochs=3)
    words = given.as_command("my file.csv", ["y", "z"])
    for piece in ("'my file.csv' --target y --target z", "--type 'a b=category'", "--drop x", "--layers none",
                  "--no-rows", "--header", "--interval 90", "--epochs 3"):  # fmt: skip
        assert piece in words
    assert "train(data, 'y', layers=(), epochs=1)" in Settings(layers=[], epochs=1).as_python("", ["y"])
    assert as_json({"a": np.float64("nan"), "b": np.arange(2), "c": (1, np.inf)}) == {
        "a": None,
        "b": [0, 1],
        "c": [1, None],
    }
