"""Typed columns: the numbers and codes that a plan promises, and what is said of text that does not fit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.errors import DataError, InputError
from pellucid.tables.plan import Plan, plan
from pellucid.tables.table import Table
from pellucid.tables.typed import typed

N = 100


def numbers():
    return [f"{n * 0.5}" for n in range(N)]


def test_numbers_categories_booleans_dates():
    table = Table(
        {
            "x": ["1,234.5", "NA", " -2 ", ""] * 25,
            "share": ["10%", "5.5 %", "", "0%"] * 25, "city": ["Zug", " Bern", "", "Zug"] * 25,
            "ok": ["Yes", "no", "", "YES"] * 25, "when": ["1970-01-02", "", "1970-01-01 01:00", "1970-01-01T01:00+01:00"] * 25,
        },
        lines=np.arange(2, 102),
    )  # fmt: skip
    cells = typed(table, plan(table))
    assert cells.rows == N
    np.testing.assert_array_equal(cells.lines, np.arange(2, 102))
    np.testing.assert_array_equal(cells.numbers["x"][:4], [1234.5, np.nan, -2, np.nan])
    np.testing.assert_array_equal(cells.numbers["share"][:4], [10, 5.5, np.nan, 0])
    np.testing.assert_array_equal(cells.numbers["ok"][:4], [1, 0, np.nan, 1])
    np.testing.assert_array_equal(cells.numbers["when"][:4], [86400, np.nan, 3600, 0])
    codes, words = cells.categories["city"]
    assert (codes.dtype, words) == (np.int32, ["Bern", "Zug"])
    assert codes[:4].tolist() == [1, 0, -1, 1]
    assert all(values.dtype == np.float64 for values in cells.numbers.values())
    part = cells.take(np.array([3, 1]))
    assert (part.rows, part.lines.tolist(), part.categories["city"][0].tolist()) == (2, [5, 3], [1, 0])


def test_chunks_do_not_change_the_values():
    class Small(Table):
        def chunks(self, rows=50_000):
            return super().chunks(9)

    from planted_tables import planted

    for _, columns, target, _ in list(planted(1))[:10]:
        columns = {name: list(values)[:150] for name, values in columns.items()}
        made = plan(Table(columns), target)
        one, many = typed(Table(columns), made), typed(Small(columns), made)
        for name, values in one.numbers.items():
            np.testing.assert_array_equal(values, many.numbers[name])
        for name, (codes, words) in one.categories.items():
            assert words == many.categories[name][1]
            np.testing.assert_array_equal(codes, many.categories[name][0])


def test_strays_that_the_plan_knows_are_missing_wherever_they_are():
    values = numbers()
    values[7] = values[9] = "unknown"
    table = Table({"x": values, "y": numbers()})
    made = plan(table)
    cells = typed(table, made)
    assert np.flatnonzero(np.isnan(cells.numbers["x"])).tolist() == [7, 9]
    assert (cells.strays["x"], cells.unread) == ([(7, "unknown"), (9, "unknown")], {"x": 2})
    few = typed(table.take([7, 8]), made)  # half of these rows
    np.testing.assert_array_equal(few.numbers["x"], [np.nan, 4.0])


def test_new_strays_below_five_percent_are_missing_and_listed():
    made = plan(Table({"x": numbers(), "y": numbers()}))
    new = numbers()
    new[5] = "abc"
    cells = typed(Table({"x": new, "y": numbers()}), made)
    assert cells.strays == {"x": [(5, "abc")]}
    assert np.isnan(cells.numbers["x"][5])


@pytest.mark.parametrize("kind", ["number", "date", "boolean"])
def test_more_of_them_are_an_error_that_names_line_and_column(kind):
    good = {
        "number": numbers(),
        "date": [f"2024-01-{1 + n % 28:02d}" for n in range(N)],
        "boolean": ["yes", "no"] * 50,
    }[kind]
    made = plan(Table({"x": good, "y": numbers()}))
    assert made.column("x").kind == kind
    bad = [*good[:6], "abc", *good[7:20]]
    table = Table({"x": bad, "y": numbers()[:20]}, lines=np.arange(2, 22))
    with pytest.raises(
        DataError,
        match=rf"Line 8, column 'x': 'abc' is no {kind}, nor are 1 of the 20 values\. .*train with na=\['abc'\]",
    ):
        typed(table, made)
    assert np.isnan(typed(table, made, strict=False).numbers["x"][6])


def test_a_single_row():
    made = plan(Table({"x": numbers(), "y": numbers()}))
    assert typed(Table({"x": ["3"], "y": [""]}), made).numbers["x"].tolist() == [3.0]
    with pytest.raises(DataError, match="Row 0, column 'x': '3 apples' is no number"):
        typed(Table({"x": ["3 apples"], "y": ["1"]}), made)


def test_columns_that_are_not_there():
    made = plan(Table({"x": numbers(), "y": numbers(), "id": [f"k{n}" for n in range(N)]}), "y")
    assert list(typed(Table({"x": ["1", "2"]}), made).numbers) == ["x"], "a target may be missing"
    with pytest.raises(DataError, match="has no column 'x'; its columns are z"):
        typed(Table({"z": ["1"]}), made)
    with pytest.raises(InputError, match=r"'id' is left out of the plan \(identifier\)"):
        typed(Table({"x": ["1"]}), made, columns=["id"])
    with pytest.raises(InputError, match="no column 'q'"):
        typed(Table({"x": ["1"]}), made, columns=["q"])
    assert list(typed(Table({"x": ["1"], "y": ["2"]}), made, columns="y").numbers) == ["y"]


def test_text_and_frames_go_together():
    made = plan(
        Table({"x": numbers(), "b": ["yes", "no"] * 50, "c": ["1a", "2", "3"] * 33 + ["3"]}), types={"c": "category"}
    )
    days = np.array(["2024-01-01", "NaT"], "datetime64[us]")
    cells = typed(
        Table({"x": np.array([1.5, np.nan]), "b": np.array([True, False]), "c": np.array([2.0, np.nan])}), made
    )
    np.testing.assert_array_equal(cells.numbers["x"], [1.5, np.nan])
    assert cells.numbers["b"].tolist() == [1.0, 0.0]
    assert (cells.categories["c"][0].tolist(), cells.categories["c"][1]) == ([0, -1], ["2"])
    with pytest.raises(DataError, match="holds dates of the type datetime64"):
        typed(Table({"x": days, "b": np.array([True, False]), "c": ["2", "3"]}), made)
    with pytest.raises(DataError, match="Row 1, column 'x': 'inf' is no number"):
        typed(Table({"x": np.array([1.5, np.inf]), "b": ["yes", "no"], "c": ["2", "3"]}), made)
    with pytest.raises(DataError, match="Row 0, column 'b': '2' is no boolean"):
        typed(Table({"x": ["1"], "b": np.array([2.0]), "c": ["2"]}), made)


def test_no_rows_are_no_values():
    made = plan(Table({"x": numbers(), "c": ["a", "b"] * 50}))
    cells = typed(Table({"x": [], "c": []}), made)
    assert (cells.rows, len(cells.numbers["x"]), len(cells.categories["c"][0])) == (0, 0, 0)


WORDS = st.sampled_from([
    "", "NA", "1", "0", "-3", "2.5", "1,5", "1,234", "1.234,5", "01", "5%", "$5", "(5)", "1e5", "1e39", "inf", "x", "yes", "no",
    "true", "2024-01-31", "3/4/2024", "31/4/2024", "30.4.2024", " 7", "a b c d e", "\u22121", "1_0", "\u00a0", "12:30",
    "20240131",
])  # fmt: skip


@settings(deadline=None)
@given(st.data(), st.sampled_from(".,"))
def test_whatever_is_planned_can_be_typed(data, decimal):
    """Any columns: a plan whose kinds fit the very table it was made of, or a sentence."""
    common = data.draw(st.lists(WORDS, min_size=1, max_size=3))
    rare = data.draw(st.lists(WORDS, max_size=4))
    rows = data.draw(st.integers(1, 120))
    x = [rare[n % len(rare)] if rare and n % 29 == 17 else common[n % len(common)] for n in range(rows)]
    table = Table({"x": x, "y": [f"{n}a" if n % 2 else "b" for n in range(rows)]}, decimal=decimal)
    try:
        made = plan(table)
    except DataError:
        return
    found, cells = made.column("x"), typed(table, made)
    assert Plan.from_json(made.to_json()) == made
    if found.kind == "category":
        assert int((cells.categories["x"][0] < 0).sum()) == found.missing
    elif found.kind != "ignored":
        assert int(np.isnan(cells.numbers["x"]).sum()) == found.missing
        assert sum(cells.unread.values()) == found.unread
