"""A network of a table: its answers in the table's words, its file, and whatever somebody may do to that file."""

import copy
import json
import pickle
import random
import sys
import threading
import warnings

import numpy as np
import pytest

import pellucid
from pellucid import tables
from pellucid.errors import DataError, FileError, InputError, PellucidError
from pellucid.tables.table import Table
from pellucid.tables.trained import TableModel
from table_models import people, trained, write
from test_mutations import STRANGE, places, retold


@pytest.fixture(scope="module")
def classes():
    return trained(people(), "income")


@pytest.fixture(scope="module")
def numbers():
    return trained(people(), "pay")


NEW = people(8, seed=1)
INPUTS = {name: NEW[name] for name in ("age", "city", "smoker", "joined")}


# -- answers -----------------------------------------------------------------------------------------------------------


def test_it_answers_in_the_tables_own_words_and_units(classes, numbers):
    assert set(classes.predict(INPUTS)) == {"high", "low, or none"}
    proba = classes.predict_proba(INPUTS)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)
    assert [classes.target.classes[k] for k in proba.argmax(axis=1)] == classes.predict(INPUTS).tolist()
    pay = numbers.predict(INPUTS)
    assert pay.dtype == np.float64 and pay.shape == (8,) and 10_000 < pay.min() < pay.max() < 120_000


def test_a_single_sigmoid_says_the_same_as_two_outputs_would():
    model = trained(people(), "income", sigmoid=True)
    assert model.predict_proba(INPUTS).shape == (8, 2) and set(model.predict(INPUTS)) <= set(model.target.classes)
    assert model.evaluate(people())["accuracy"] > 0.8
    X, y = model.arrays(people())
    assert y.shape == (60, 1) and model.model.evaluate(X, y)["accuracy"] == model.evaluate(people())["accuracy"]


def test_questions_are_answered_one_by_one():
    columns = people()
    columns["rich"] = ["oui" if word == "high" else "non" for word in columns["income"]]
    model = trained(columns, ["smoker", "rich"])
    assert model.target.task == "multilabel"
    said = model.predict({name: columns[name][:5] for name in ("age", "city", "joined")})
    assert said.shape == (5, 2) and set(said[:, 0]) <= {"yes", "no"} and set(said[:, 1]) <= {"oui", "non"}
    assert set(model.evaluate(columns)) >= {"accuracy", "f1"}


@pytest.mark.parametrize("form", ["dict", "records", "table", "file", "row"])
def test_every_form_of_a_table_gives_the_same_answers(form, numbers, tmp_path):
    expected = numbers.predict(INPUTS)
    records = [dict(zip(INPUTS, row, strict=True)) for row in zip(*INPUTS.values(), strict=True)]
    if form == "row":  # one by one, the same
        np.testing.assert_allclose([numbers.predict([record])[0] for record in records], expected, rtol=1e-5)
        return
    data = {
        "dict": INPUTS, "records": records, "table": Table(dict(INPUTS)),
        "file": write(tmp_path / "new.csv", INPUTS),
    }[form]  # fmt: skip
    assert numbers.predict(data).tobytes() == expected.tobytes()


def test_what_is_unusual_about_a_table_is_a_warning_each(classes):
    odd = {**INPUTS, "city": ["Olten", "Bern"] * 4, "colour": ["red"] * 8, "pay": NEW["pay"]}
    with pytest.warns(UserWarning) as caught:
        assert len(classes.predict(odd)) == 8
    said = " ".join(str(warning.message) for warning in caught)
    assert len(caught) == 2 and "'Olten'" in said and "4 of 8 rows" in said and "'colour'" in said and "pay" not in said
    assert {warning.filename for warning in caught} == {__file__}


def test_a_missing_column_is_named(classes):
    lacking = {name: values for name, values in INPUTS.items() if name != "city"} | {"City": NEW["city"]}
    with pytest.raises(DataError, match="'city' is missing .*'City' may be 'city'"):
        classes.predict(lacking)


def test_text_where_numbers_belong_is_named_with_line_and_column(classes, tmp_path):
    path = write(tmp_path / "odd.csv", {**INPUTS, "age": ["thirty", "forty", *NEW["age"][2:]]})
    with pytest.raises(DataError, match="[Ll]ine 2, column 'age'") as caught:
        classes.predict(path)
    assert "thirty" in str(caught.value) and "number" in str(caught.value)


def test_no_rows_are_no_answers(classes, numbers):
    none = {name: values[:0] for name, values in INPUTS.items()}
    with pytest.raises(DataError, match="no rows"):
        classes.predict(none)
    typed = numbers.encoder.typed(INPUTS).take(np.arange(0))
    assert numbers.predict(typed).shape == (0,) and classes.predict_proba(typed).shape == (0, 2)


def test_what_a_network_has_not_is_said(classes, numbers):
    with pytest.raises(InputError, match="predicted as a number"):
        numbers.predict_proba("there-is-no-such-file.csv")
    with pytest.raises(InputError, match="interval=90"):
        classes.predict_interval(INPUTS)


def test_quantiles_are_an_interval():
    model = trained(people(), "pay", wish="regression", levels=[0.05, 0.5, 0.95])
    outputs = model.outputs(INPUTS) * model.target.scale[0] + model.target.mean[0]
    np.testing.assert_allclose(model.predict_interval(INPUTS), outputs[:, [0, 2]], rtol=1e-6)
    np.testing.assert_allclose(model.predict(INPUTS), outputs[:, 1], rtol=1e-6)
    figures = model.evaluate(people())
    assert 0 <= figures["coverage"] <= 1 and figures["width"] == pytest.approx(
        np.diff(model.predict_interval(people())).mean()
    )


def test_quantiles_of_several_targets_go_through_a_file(tmp_path):
    options = {"wish": "regression", "levels": [0.05, 0.5, 0.95]}
    model = trained({**people(), "age": people(seed=1)["pay"]}, ["age", "pay"], **options)
    model.save(tmp_path / "both.safetensors")
    again = tables.load(tmp_path / "both.safetensors")
    outputs = model.outputs(INPUTS).astype(np.float64)
    for k in range(2):
        expected = outputs[:, 3 * k : 3 * k + 3] * model.target.scale[k] + model.target.mean[k]
        np.testing.assert_array_equal(again.predict_interval(INPUTS)[:, k], expected[:, [0, 2]])
        np.testing.assert_array_equal(again.predict(INPUTS)[:, k], expected[:, 1])


# -- judging -----------------------------------------------------------------------------------------------------------


def test_figures_are_those_of_the_answers(classes, numbers):
    truth = people()
    figures = classes.evaluate(truth)
    assert next(iter(figures)) == "accuracy"
    assert figures["accuracy"] == np.mean(classes.predict(truth) == np.array(truth["income"]))
    right = np.array(truth["pay"], float)
    assert numbers.evaluate(truth)["mae"] == pytest.approx(abs(numbers.predict(truth) - right).mean())


def test_rows_without_a_target_are_left_out_and_counted(numbers):
    truth = people()
    some = {**truth, "pay": ["", *truth["pay"][1:]]}
    rest = {name: values[1:] for name, values in truth.items()}
    with pytest.warns(UserWarning, match="1 of 60 rows have no target"):
        figures = numbers.evaluate(some)
    assert figures == pytest.approx(numbers.evaluate(rest))
    with pytest.raises(DataError, match="No row has a target"):
        numbers.evaluate({**truth, "pay": [""] * 60})
    with pytest.raises(DataError, match="'pay' is not in"):
        numbers.evaluate(INPUTS)


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["classes", "numbers"])
def test_a_file_keeps_everything(name, request, tmp_path):
    model = request.getfixturevalue(name)
    model.save(tmp_path / "m.safetensors")
    again = tables.load(tmp_path / "m.safetensors")
    assert again.encoder == model.encoder and again.target == model.target and again.record == model.record
    assert again.predict(INPUTS).tolist() == model.predict(INPUTS).tolist()
    assert again.evaluate(people()) == model.evaluate(people())
    plain = pellucid.load(tmp_path / "m.safetensors")
    assert plain.table == model.to_json() and repr(plain) == repr(model.model)
    plain.save(tmp_path / "again.safetensors")  # whoever loads it as a network alone does not lose the columns
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "m.safetensors").read_bytes()


def test_a_checkpoint_keeps_the_columns(classes, tmp_path):
    model = copy.deepcopy(classes)
    model.model.table = model.to_json()
    X, y = model.arrays(people())
    model.model.fit(X, y, epochs=1, checkpoint=tmp_path / "run.safetensors", findings=False)
    assert tables.load(tmp_path / "run.safetensors").predict(INPUTS).tolist() == model.predict(INPUTS).tolist()


def test_a_network_without_a_table_is_refused(classes, tmp_path):
    pellucid.Model(*classes.model.layers).save(tmp_path / "m.safetensors")
    with pytest.raises(FileError, match="not trained on a table"):
        tables.load(tmp_path / "m.safetensors")


@pytest.mark.parametrize("table", [{"a": np.float32(1)}, {"a": float("nan")}, {"a": {1, 2}}])
def test_a_table_that_is_no_json_is_not_written(table, classes, tmp_path):
    model = pellucid.Model(*classes.model.layers)
    model.table = table
    with pytest.raises(InputError, match="plain JSON"):
        model.save(tmp_path / "m.safetensors")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_answer_the_same(again, numbers):
    assert again(numbers).predict(INPUTS).tobytes() == numbers.predict(INPUTS).tobytes()


def test_it_says_what_it_is(classes):
    assert repr(classes) == "<TableModel: classification of 'income' from 4 columns>"
    assert "age (number)" in str(classes) and "Dense" in str(classes) and "Better than the mean." in str(classes)
    shown = classes._repr_mimebundle_()
    assert shown["text/plain"] == str(classes) and shown["image/svg+xml"].startswith("<svg")
    classes_of_2 = TableModel(classes.model, classes.encoder, classes.target)
    assert classes_of_2.verdict == "" and classes_of_2.scoring.main == "accuracy"


def test_many_threads_get_the_right_answers(numbers):
    parts = [{name: values[k : k + 3] for name, values in people().items()} for k in range(8)]
    expected = [numbers.predict(part).tobytes() for part in parts]
    wrong, before = [], sys.getswitchinterval()

    def ask(k):
        wrong.extend(k for _ in range(5) if numbers.predict(parts[k]).tobytes() != expected[k])

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=ask, args=(k,)) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert not wrong


# -- files from anywhere -----------------------------------------------------------------------------------------------


def told(data, change):
    """A file with its table changed by `change(table)`, every digest correct."""

    def within(header):
        changed = change(header["__metadata__"]["table"])
        if changed is not None:
            header["__metadata__"]["table"] = json.dumps(changed)

    return retold(data, within)


@pytest.fixture(scope="module")
def data(classes, tmp_path_factory):
    path = tmp_path_factory.mktemp("file") / "m.safetensors"
    classes.save(path)
    return path.read_bytes()


LIES = {
    "no encoder": lambda t: t.pop("encoder"),
    "a record of text": lambda t: t.update(record="good"),
    "something else beside": lambda t: t.update(code="import os"),
    "one class more": lambda t: t["target"]["classes"].append("middle"),
    "one level less": lambda t: t["encoder"]["records"][1]["levels"].pop(),
    "a date that is none": lambda t: t["encoder"]["records"][3].update(parts=[["hour"]]),
    "a list": lambda t: [t],
    "a scale that is a list": lambda t: t["encoder"]["records"][0].update(scale=["smooth"]),
    "a kind that is a list": lambda t: t["encoder"]["records"][0].update(kind=["number"]),
    "a spread of 10**400": lambda t: t["encoder"]["records"][0].update(spread=10**400),
    "levels a million times": lambda t: t["encoder"]["records"][1].update(levels=[str(k) for k in range(10**5)]),
    "nested without end": lambda t: t["encoder"].update(plan=json.loads("[" * 400 + "]" * 400)),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_about_the_table_is_refused(name, data, tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes(told(data, lambda table: None))
    tables.load(path)
    path.write_bytes(told(data, lambda table: LIES[name](table) if name == "a list" else LIES[name](table) and None))
    with pytest.raises(FileError) as caught:
        tables.load(path)
    assert str(caught.value).startswith(str(path)) and len(str(caught.value)) < len(str(path)) + 600


def test_some_hundred_mutated_tables(data, tmp_path):
    """Whatever is in the file: refused, or usable; nothing but pellucid's own errors."""
    path, rng, let_in = tmp_path / "m.safetensors", random.Random(3), 0

    for _ in range(200):
        path.write_bytes(told(data, lambda table: mutate(table, rng)))
        try:
            model = tables.load(path)
        except FileError:
            continue
        let_in += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            try:
                assert np.isfinite(model.predict_proba(INPUTS)).all()
                str(model), repr(model)
                model.evaluate(people(5))
            except PellucidError:
                pass
    assert 0 < let_in < 150


def mutate(table, rng):
    """One to three of its places changed, deleted, multiplied or put elsewhere."""
    for _ in range(rng.randrange(1, 4)):
        inside, key = rng.choice(places(table))
        kind, value = rng.randrange(5), inside[key]
        if kind < 2:
            inside[key] = copy.deepcopy(rng.choice(STRANGE))
        elif kind == 2:
            del inside[key]
        elif kind == 3:
            other, name = rng.choice(places(table))
            inside[key] = copy.deepcopy(other[name])
        elif isinstance(value, list):
            inside[key] = value * rng.randrange(0, 3)
        elif isinstance(value, (int, float)):
            inside[key] = value * rng.choice([-1, 0.5, 1000, 10**9])
