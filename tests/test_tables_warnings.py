"""Every warning where it belongs, and silence beside it."""

import warnings

import numpy as np
import pytest

from command_line import pellucid_does
from pellucid import tables
from pellucid.errors import DataWarning
from pellucid.tables.alone import Feature, alone, together
from pellucid.tables.leakage import leaks
from planted_tables import SERIOUS, clean, people, planted, text, warnings_of

BASE, RISK = people(np.random.default_rng(5))
BOUGHT = text(np.where(RISK > 0, "yes", "no"))
PRICE = text(1000 + 100 * RISK)


def said(what, columns=None, target="bought", values=None, **options):
    columns = {**BASE, **(columns or {})}
    columns[target] = BOUGHT if values is None else values
    return [warn for warn in warnings_of(columns, target, **options) if warn.what == what]


@pytest.mark.parametrize("case", list(planted(0)), ids=lambda case: case[0])
def test_planted_faults_are_found(case):
    _, columns, target, expected = case
    found = {(warn.what, warn.column) for warn in warnings_of(columns, target) if warn.what in SERIOUS}
    assert found == expected


@pytest.mark.parametrize("case", list(clean(0)), ids=lambda case: case[0])
def test_clean_tables_hear_nothing(case):
    _, columns, target = case
    assert [str(warn) for warn in warnings_of(columns, target) if warn.what in SERIOUS] == []


def test_each_warning_is_one_line_with_the_option_that_changes_it():
    for _, columns, target, _ in planted(2):
        for warn in warnings_of(columns, target):
            assert "\n" not in warn.text
            assert str(warn) == warn.text
            assert warn.flag in warn.text
            assert warn.flag or warn.what in ("few rows", "empty target")


def test_empty_targets():
    (warn,) = said("empty target", values=["", "", *BOUGHT[2:]])
    assert "2 rows have no bought" in warn.text
    assert not said("empty target")


def test_mostly_missing():
    (warn,) = said("mostly missing", {"fax": [str(n) if n % 5 == 0 else "" for n in range(600)]})
    assert "fax is empty in 80% of the rows" in warn.text
    assert warn.flag == "drop=['fax']"
    assert not said("mostly missing", {"fax": [str(n) if n % 2 else "" for n in range(600)]})


def test_many_and_rare_categories():
    (warn,) = said("many categories", {"town": [f"town {n % 51}" for n in range(600)]})
    assert "51 categories" in warn.text
    assert not said("many categories", {"town": [f"town {n % 50}" for n in range(600)]})
    (warn,) = said("rare categories", {"town": ["a", "b"] * 298 + ["c", "d", "d", "d"]})
    assert "2 of the 4 categories of town are in fewer than 6 rows" in warn.text
    assert not said("rare categories", {"town": ["a", "b", "c"] * 200})


def test_imbalance_from_ten_to_one():
    (warn,) = said("imbalance", values=["yes"] * 54 + ["no"] * 546)
    assert "yes has 54 of 600 rows, no 546" in warn.text
    assert warn.flag == "class_weights='balanced'"
    assert not said("imbalance", values=["yes"] * 60 + ["no"] * 540)


def test_a_class_of_one_row():
    (warn,) = said("class of one row", values=["perhaps", *BOUGHT[1:]])
    assert "the class perhaps has a single row" in warn.text
    assert warn.flag == "na=['perhaps']"
    assert not said("class of one row", values=["perhaps"] * 2 + BOUGHT[2:])
    assert not said("class of one row", values=["perhaps", *BOUGHT[1:]], na=["perhaps"]), "the flag mends it"


def test_numbers_with_few_values_as_target():
    (warn,) = said("task", values=[str(n % 5) for n in range(600)])
    assert "5 different numbers and is taken for classes. task='regression'" in warn.text
    (warn,) = said("task", values=[str(n % 5 + 0.5) for n in range(600)])
    assert "taken for a number. task='classification'" in warn.text
    assert not said("task", values=[str(n % 11) for n in range(600)])
    assert not said("task"), "two words are no numbers"


def test_fewer_than_fifty_rows():
    def rows(count, values=BOUGHT):
        table = {name: column[:count] for name, column in BASE.items()}
        return [
            warn.text for warn in warnings_of({**table, "bought": values[:count]}, "bought") if warn.what == "few rows"
        ]

    assert "49 rows are few" in rows(49)[0]
    assert not rows(50)
    assert "49 rows have a target" in rows(50, ["", *BOUGHT[1:]])[0]


def test_dates_where_rows_are_divided_at_random():
    days = [f"20{n % 23:02d}-01-01" for n in range(600)]
    (warn,) = said("time", {"day": days})
    assert warn.flag == "time='day'"
    assert not said("time", {"day": days}, drop=["day"])
    assert not said("time", {"day": days}, time="day")


def test_twins_on_both_sides_of_the_split():
    again = np.random.default_rng(0).integers(0, 600, 60)
    table = {name: values + [values[row] for row in again] for name, values in {**BASE, "bought": BOUGHT}.items()}
    (warn,) = [warn for warn in warnings_of(table, "bought") if warn.what == "duplicates"]
    assert "rows that judge are among the rows learned from" in warn.text
    coarse = {"a": ["x", "y", "z"] * 200, "b": ["1", "2", "3", "4"] * 150, "bought": BOUGHT}
    assert not [warn for warn in warnings_of(coarse, "bought") if warn.what == "duplicates"], (
        "few values repeat by nature"
    )


# -- leaks -------------------------------------------------------------------------------------------------------------


def test_the_only_column_may_decide():
    x = np.linspace(0, 1, 200)
    line = [f"{value:.6f}" for value in x]
    assert not [w for w in warnings_of({"x": line, "y": text(3 * x + 1)}, "y") if w.what == "leakage"]
    equal = warnings_of({"x": line, "y": line}, "y")
    assert [warn.what for warn in equal if warn.what == "leakage"] == ["leakage"], "but not be the target itself"


def test_one_of_two_perfect_sets_of_columns_is_no_leak():
    """A class that one number parts perfectly is easy, where the other numbers part it as well."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    near, far = rng.normal(size=(400, 3)) + 1.7 * y[:, None], rng.normal(size=400) + 12.0 * y
    columns = [Feature(f"x{n}", values, False) for n, values in enumerate([*near.T, far])]
    assert leaks(columns, y, 2, "y") == [] or together(columns[:3], y, 2) < 0.98
    wide = [Feature(f"x{n}", values, False) for n, values in enumerate([*(near + 2.0 * y[:, None]).T, far])]
    assert leaks(wide, y, 2, "y") == []
    noise = [Feature(f"x{n}", values, False) for n, values in enumerate([*rng.normal(size=(3, 400)), far])]
    assert [warn.column for warn in leaks(noise, y, 2, "y")] == ["x3"]


def test_a_correlation_just_below_the_border_is_none():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 2000))
    y = x + 0.08 * y  # correlation 0.9968
    others = [Feature(f"n{n}", x + 0.5 * rng.normal(size=2000), False) for n in range(3)]
    found = leaks([Feature("x", x, False), *others], y, 0, "y")
    assert not any("correlated" in warn.text for warn in found)
    found = leaks([Feature("x", x, False), *others], x + 1e-3 * y, 0, "y")
    assert "correlated above 0.999" in found[0].text


@pytest.mark.parametrize("shift", [1e12, 1e-12, 1e150])
def test_numbers_of_any_size_can_leak(shift):
    rng = np.random.default_rng(2)
    x = rng.normal(size=300)
    columns = [Feature("copy", x * shift, False), Feature("noise", rng.normal(size=300), False)]
    assert [warn.column for warn in leaks(columns, x, 0, "y")] == ["copy"]


def test_scores_of_one_column_are_those_of_rows_not_fitted_on():
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 1000)
    assert alone(Feature("id", rng.permutation(1000), True), y, 2) < 0.6, "a name for each row knows nothing"
    assert 0.4 < alone(Feature("noise", rng.normal(size=1000), False), y, 2) < 0.6
    assert alone(Feature("noise", rng.normal(size=1000), False), rng.normal(size=1000), 0) < 0.1
    assert alone(Feature("x", np.where(y == 1, np.nan, rng.normal(size=1000)), False), y, 2) == 1.0, "missing says it"
    x = rng.uniform(-3, 3, 1000)
    assert alone(Feature("x", x, False), np.sin(x), 0) > 0.99
    assert alone(Feature("x", x, False), (np.abs(x) > 1.5).astype(int), 2) > 0.98, "two cuts"


def test_a_rare_class_is_no_excuse():
    """Always saying the common class scores 0.5 in mean recall, not 0.99."""
    rng = np.random.default_rng(4)
    y = (np.arange(1000) < 8).astype(int)
    assert alone(Feature("noise", rng.normal(size=1000), False), y[rng.permutation(1000)], 2) < 0.8


def test_several_targets():
    rng = np.random.default_rng(6)
    a, b = rng.integers(0, 2, 300), rng.integers(0, 2, 300)
    table = {
        **{name: values[:300] for name, values in BASE.items()},
        "a again": text(np.where(a, "x", "y")),
        "a": text(a),
        "b": text(b),
    }
    found = [warn for warn in warnings_of(table, ["a", "b"]) if warn.what == "leakage"]
    assert [warn.column for warn in found] == ["a again"]
    table |= {"a": text(rng.normal(size=300)), "b": (b_text := text(rng.normal(size=300))), "b again": b_text}
    found = [warn for warn in warnings_of(table, ["a", "b"]) if warn.what == "leakage"]
    assert [(warn.column, "equal in every row to b" in warn.text) for warn in found] == [("b again", True)]


# -- where they are told -----------------------------------------------------------------------------------------------


def suspicious(rows=80):
    """A leak, an identifier, text in capitals twice, rows without a target."""
    x = np.random.default_rng(0).normal(size=rows)
    return {
        "key": [f"id{k:04d}" for k in range(rows)],
        "x": [f"{value:.3f}" for value in x],
        "copy": ["yes" if value > 0 else "no" for value in x],
        "sick": ["" if k == 5 else "ill" if value > 0 else "well" for k, value in enumerate(x)],
    }


QUICK = {"layers": (4,), "epochs": 2}


def test_python_is_warned_once_of_each_where_it_called():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model = tables.train(suspicious(), "sick", **QUICK)
    assert {warning.category for warning in told} == {DataWarning} and {warning.filename for warning in told} == {
        __file__
    }
    texts = [str(warning.message) for warning in told]
    assert [warn["text"] for warn in model.record["warnings"]] == texts[: len(model.record["warnings"])]
    assert len(set(texts)) == len(texts)
    for piece in (
        "key is left out",
        "types={'key': 'category'} keeps it",
        "1 row has no sick",
        "drop=['copy'] leaves it out",
    ):
        assert sum(piece in sentence for sentence in texts) == 1, piece


def test_python_can_turn_a_warning_off_or_into_an_error_before_anything_is_trained(monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        tables.train(suspicious(), "sick", **QUICK)
    monkeypatch.setattr("pellucid.tables.training.train_prepared", None)
    with warnings.catch_warnings(), pytest.raises(DataWarning, match="stands one-to-one"):
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", "copy stands one-to-one", DataWarning)
        tables.train(suspicious(), "sick", **QUICK)


def test_the_command_line_says_each_once(tmp_path):
    columns = suspicious()
    path = tmp_path / "people.csv"
    path.write_text("\n".join([";".join(columns), *map(";".join, zip(*columns.values(), strict=True))]) + "\n")
    out, error = pellucid_does(
        "train", path, "-t", "sick", "--layers", 4, "--epochs", 2, "-o", tmp_path / "m.safetensors", "--no-report"
    )
    for piece in ("key is left out", "1 row has no sick", "--drop copy leaves it out"):
        assert (out + error).count(piece) == 1, piece
    assert error.count("Columns are separated by ';'. Say --separator ... if not.") == 1
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        tables.train(path, "sick", **QUICK)
    assert "Columns are separated by ';'. Say separator=... if not." in [str(warning.message) for warning in told]
