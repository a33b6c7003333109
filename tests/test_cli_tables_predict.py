"""predict, evaluate, inspect, explain and diagnose of a network that was trained on a table, as somebody types them."""

import csv
import gzip
import json

import numpy as np
import pytest

import pellucid
from command_line import pellucid_does
from pellucid import tables
from pellucid.layers import Dense
from table_models import people, trained, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three networks and the files that they are asked about."""
    path = tmp_path_factory.mktemp("people")
    trained(people(), "income").save(path / "income.safetensors")
    trained(people(), "pay").save(path / "pay.safetensors")
    trained(people(), "pay", wish="regression", levels=[0.05, 0.5, 0.95]).save(path / "between.safetensors")
    both = trained(
        {**people(), "age": people(seed=1)["pay"]}, ["age", "pay"], wish="regression", levels=[0.05, 0.5, 0.95]
    )
    ends = {"low": 0.8, "high": 1.0, "width": 7.0}
    both.record["interval"] = {
        "level": 0.9,
        "of": {"age": {"coverage": 0.85, **ends}, "pay": {"coverage": 0.95, **ends}},
    }
    both.save(path / "both.safetensors")
    pellucid.Model(Dense(2, 2)).save(path / "plain.safetensors")
    write(path / "known.csv", people(20, seed=1))
    write(path / "new.csv", {k: v for k, v in people(20, seed=1).items() if k not in ("income", "pay")})
    return path


@pytest.fixture(autouse=True)
def _inside(folder, monkeypatch):
    monkeypatch.chdir(folder)


def rows_of(text):
    return list(csv.reader(text.splitlines()))


# -- predict -----------------------------------------------------------------------------------------------------------


def test_labels_come_out_as_csv_in_the_order_of_the_rows(folder):
    out, error = pellucid_does("predict", "income.safetensors", "new.csv")
    head, *rows = rows_of(out)
    assert head == ["income"] and error == ""
    assert [row[0] for row in rows] == tables.load("income.safetensors").predict("new.csv").tolist()
    assert '"low, or none"' in out
    assert pellucid_does("predict", "income.safetensors", "known.csv")[0] == out  # with the target there or not
    assert pellucid_does("predict", "income.safetensors", "new.csv", "-o", "out.csv")[0] == ""
    assert (folder / "out.csv").read_text() == out


def test_numbers_read_back_to_the_same(folder):
    pellucid_does("predict", "pay.safetensors", "new.csv", "-o", "pay.csv")
    read = np.loadtxt("pay.csv", skiprows=1)
    assert np.array_equal(read, tables.load("pay.safetensors").predict("new.csv"))
    pellucid_does("predict", "pay.safetensors", "new.csv", "-o", "pay.npy")
    assert np.array_equal(np.load("pay.npy")[:, 0], read)


def test_probabilities_have_a_column_a_class():
    head, *rows = rows_of(pellucid_does("predict", "income.safetensors", "new.csv", "--proba")[0])
    assert head == ["income=high", "income=low, or none"]
    expected = tables.load("income.safetensors").predict_proba("new.csv")
    assert np.array_equal(np.array(rows, float), expected)


def test_an_interval_stands_beside_its_number():
    head, *rows = rows_of(pellucid_does("predict", "between.safetensors", "new.csv")[0])
    assert head == ["pay", "pay low", "pay high"]
    values = np.array(rows, float)
    assert (values[:, 1] <= values[:, 0]).all() and (values[:, 0] <= values[:, 2]).all()
    assert np.array_equal(values[:, 1:], tables.load("between.safetensors").predict_interval("new.csv"))


def test_each_of_several_numbers_has_its_interval():
    head, *rows = rows_of(pellucid_does("predict", "both.safetensors", "new.csv")[0])
    assert head == ["age", "age low", "age high", "pay", "pay low", "pay high"]
    values, both = np.array(rows, float).reshape(-1, 2, 3), tables.load("both.safetensors")
    assert np.array_equal(values[..., 0], both.predict("new.csv"))
    assert np.array_equal(values[..., 1:], both.predict_interval("new.csv"))
    out, _ = pellucid_does("inspect", "both.safetensors")
    assert "interval: age: 85.0 % of the rows lie in their 90 % interval (80.0 % to 100.0 %)" in out
    assert "interval: pay: 95.0 %" in out
    result = json.loads(pellucid_does("evaluate", "both.safetensors", "known.csv", "--json")[0])
    assert 0 <= result["coverage of pay"] <= 1 and result["width of age"] > 0
    pellucid_does("evaluate", "both.safetensors", "known.csv", "--metric", "width of pay", "--min-score", 1, code=2)


def test_another_separator_and_a_compressed_file(folder):
    expected = pellucid_does("predict", "pay.safetensors", "new.csv")[0]
    columns = {k: v for k, v in people(20, seed=1).items() if k not in ("income", "pay")}
    write(folder / "semicolon.csv", columns, ";")
    assert pellucid_does("predict", "pay.safetensors", "semicolon.csv", "--separator", ";")[0] == expected
    (folder / "new.csv.gz").write_bytes(gzip.compress((folder / "new.csv").read_bytes()))
    assert pellucid_does("predict", "pay.safetensors", "new.csv.gz")[0] == expected


def test_a_decimal_comma_is_seen_or_said(folder):
    plain = {"size": [f"{k / 4}" for k in range(1, 41)], "price": [f"{100 + k * 2.5}" for k in range(1, 41)]}
    comma = {name: [value.replace(".", ",") for value in values] for name, values in plain.items()}
    for name, columns, separator in (("point", plain, ","), ("comma", comma, ";")):
        write(folder / f"{name}.csv", columns, separator)
        trained(tables.read(str(folder / f"{name}.csv")), "price").save(folder / f"{name}.safetensors")
    expected, note = pellucid_does("predict", "point.safetensors", "point.csv")
    assert note == ""
    out, note = pellucid_does("predict", "point.safetensors", "comma.csv")
    assert out == expected and "Note: Numbers are read with a decimal comma; the table of the training had" in note
    assert pellucid_does("predict", "comma.safetensors", "comma.csv")[0] == expected
    out, note = pellucid_does("predict", "comma.safetensors", "point.csv")
    assert out == expected and "Note: Numbers are read with a decimal point; the table of the training had" in note
    assert pellucid_does("predict", "comma.safetensors", "point.csv", "--decimal", ".") == (expected, "")
    (folder / "thousandths.csv").write_text("size,price\n1.250,1\n2.500,1\n", encoding="utf-8")  # not 1250 and 2500
    (folder / "points.csv").write_text("size,price\n1.25,1\n2.5,1\n", encoding="utf-8")
    both = [pellucid_does("predict", "comma.safetensors", name)[0] for name in ("thousandths.csv", "points.csv")]
    assert both[0] == both[1]
    read = [
        json.loads(pellucid_does("evaluate", f"{name}.safetensors", "comma.csv", "--json")[0])
        for name in ("point", "comma")
    ]
    assert read[0] == read[1]


def test_a_few_texts_among_numbers_are_missing_and_told(folder):
    columns = people(60, seed=1)
    write(folder / "few.csv", {**columns, "age": ["n.n.", *columns["age"][1:]]})
    error = pellucid_does("predict", "pay.safetensors", "few.csv")[1]
    assert "age: 1 value counts as missing, not being readable" in error and "'n.n.' (line 2)" in error


def test_a_token_can_mean_a_missing_value(folder):
    write(folder / "odd.csv", {**people(20, seed=1), "age": ["?!"] * 20})
    assert "--na" in pellucid_does("predict", "pay.safetensors", "odd.csv", code=3)[1]
    assert len(rows_of(pellucid_does("predict", "pay.safetensors", "odd.csv", "--na", "?!")[0])) == 21


def test_what_training_never_saw_is_a_note_not_an_error(folder):
    write(folder / "olten.csv", {**people(20, seed=1), "city": ["Olten"] * 20, "extra": ["1"] * 20})
    out, error = pellucid_does("predict", "income.safetensors", "olten.csv")
    assert len(rows_of(out)) == 21
    assert "Note: city: 20 of 20 rows" in error and "'Olten'" in error and "'extra'" in error


REFUSED = [
    (["pay.safetensors", "new.csv", "--proba"], 2, "predicted as a number"),
    (["income.safetensors", "new.csv", "-o", "out.npy"], 2, "not labels"),
    (["income.safetensors", "new.csv", "-o", "out.doc"], 2, ".csv or .npy"),
    (["income.safetensors", "nothing.csv"], 2, "There is no file 'nothing.csv'"),
    (["income.safetensors", "moons"], 2, "There is no file 'moons'"),
    (["income.safetensors", "pay.npz"], 3, "takes one with the same columns"),
    (["plain.safetensors", "new.csv"], 3, "was not trained on a table"),
    (["income.safetensors", "ageless.csv"], 3, "column 'age' is missing"),
    (["income.safetensors", "wrong.csv"], 3, "column 'age'"),
]


@pytest.mark.parametrize(("arguments", "code", "says"), REFUSED)
def test_what_cannot_be_predicted_says_why_and_writes_nothing(arguments, code, says, folder):
    write(folder / "ageless.csv", {k: v for k, v in people(5).items() if k != "age"})
    write(folder / "wrong.csv", {**people(5), "age": ["old", "young", "30", "40", "50"]})
    np.savez("pay.npz", X=np.zeros((2, 2)))
    before = sorted(folder.iterdir())
    out, error = pellucid_does("predict", *arguments, code=code)
    assert says in error and out == "" and "Traceback" not in error
    assert sorted(folder.iterdir()) == before


# -- evaluate ----------------------------------------------------------------------------------------------------------


def test_evaluate_gives_the_figures_of_the_record():
    expected = tables.load("income.safetensors").evaluate("known.csv")
    out, _ = pellucid_does("evaluate", "income.safetensors", "known.csv", "--json")
    result = json.loads(out)
    assert result["score"] == "accuracy" and result["passed"]
    assert {name: result[name] for name in expected} == pytest.approx(expected)
    text = pellucid_does("evaluate", "pay.safetensors", "known.csv")[0]
    assert "20 rows" in text and "r2" in text and "rmse" in text


def test_a_score_that_is_too_low_is_exit_code_1():
    pellucid_does("evaluate", "income.safetensors", "known.csv", "--min-score", 0.5)
    assert (
        "below the 1.1" in pellucid_does("evaluate", "income.safetensors", "known.csv", "--min-score", 1.1, code=1)[1]
    )
    assert pellucid_does("evaluate", "income.safetensors", "known.csv", "--metric", "f1", "--min-score", 0.1)
    error = pellucid_does("evaluate", "pay.safetensors", "known.csv", "--metric", "rmse", "--min-score", 1, code=2)[1]
    assert "less is better" in error
    error = pellucid_does("evaluate", "income.safetensors", "known.csv", "--metric", "r2", code=2)[1]
    assert "accuracy, balanced_accuracy, f1, log_loss" in error


def test_evaluate_needs_the_target_and_classes_that_are_known(folder):
    assert "'income' is not in" in pellucid_does("evaluate", "income.safetensors", "new.csv", code=3)[1]
    write(folder / "middle.csv", {**people(3), "income": ["high", "middle", "high"]})
    error = pellucid_does("evaluate", "income.safetensors", "middle.csv", code=3)[1]
    assert "line 3, column 'income': 'middle'" in error
    assert "--held-out" in pellucid_does("evaluate", "income.safetensors", "known.csv", "--held-out", 0.2, code=2)[1]


# -- inspect, explain, diagnose, check ---------------------------------------------------------------------------------


def test_inspect_of_a_table_is_its_plan():
    out, _ = pellucid_does("inspect", "known.csv", "-t", "income")
    assert "age" in out and "category" in out and "boolean" in out and "date" in out
    plan = json.loads(pellucid_does("inspect", "known.csv", "-t", "income", "--json")[0])
    assert plan["event"] == "plan" and plan["targets"] == ["income"]
    assert {c["name"]: c["kind"] for c in plan["columns"]}["joined"] == "date"
    assert "There is no file" in pellucid_does("inspect", "nothing.csv", code=2)[1]


def test_inspect_of_a_model_knows_its_columns_its_target_and_its_verdict():
    out, _ = pellucid_does("inspect", "income.safetensors")
    assert "columns: 4, as" in out and "age (number) -> " in out
    assert "target: income, a classification, 2 classes: high, low, or none" in out
    assert "verdict: Better than the mean." in out
    facts = json.loads(pellucid_does("inspect", "income.safetensors", "--json")[0])
    assert facts["target"] == ["income"] and "city=Bern" in facts["features"]


def test_explain_takes_a_row_of_a_table(folder):
    model = tables.load("pay.safetensors")
    out, error = pellucid_does("explain", "pay.safetensors", "known.csv", "--row", 3, "--json")
    X, _ = model.arrays(tables.read("known.csv").take([3]))
    assert json.loads(out) == json.loads(
        model.model.explain(*model.arrays(tables.read("known.csv").take([3]))).to_json()
    )
    assert "0: age" in error and len(X) == 1
    assert pellucid_does("explain", "pay.safetensors", "new.csv", "--row", 3, "--prediction")[0]
    assert "20 rows" in pellucid_does("explain", "pay.safetensors", "known.csv", "--row", 20, code=2)[1]
    columns = people(3)
    write(folder / "empty.csv", {**columns, "pay": ["", *columns["pay"][1:]]})
    assert "--prediction" in pellucid_does("explain", "pay.safetensors", "empty.csv", "--row", 0, code=3)[1]


def test_diagnose_and_check_take_a_network_of_a_table():
    out, _ = pellucid_does("diagnose", "income.safetensors", "known.csv", "--validation", "known.csv")
    assert "20 rows, read from known.csv" in out and "0 age" in out
    assert "on both sides" in out or "same rows" in out or "both" in out  # the validation rows are the training rows
    pellucid_does("check", "income.safetensors")
