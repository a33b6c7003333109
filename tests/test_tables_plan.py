"""The kind of every column, the rule that decided, and the traps of text files."""

import contextlib
import json

import numpy as np
import pytest

from damaged_json import places, replaced
from pellucid.errors import DataError, FileError, InputError
from pellucid.tables.plan import KINDS, Plan, plan
from pellucid.tables.reading import read
from pellucid.tables.summary import DISTINCT
from pellucid.tables.table import Table
from pellucid.tables.typed import typed

N = 40


def column(values, rows=N, **options):
    """The plan's column for these values, repeated."""
    values = [values[row % len(values)] for row in range(rows)]
    other = [f"{row * 0.37:.2f}" for row in range(rows)]
    return plan(Table({"x": values, "other": other}, decimal=options.pop("decimal", ".")), **options).column("x")


def file(tmp_path, content, name="data.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# -- the traps ---------------------------------------------------------------------------------------------------------


def test_a_leading_zero_makes_a_code():
    found = column(["01234", "4321", "99999"])
    assert (found.kind, found.reason) == ("category", "")
    assert "leading zero, as in 01234" in found.rule
    assert column(["0", "10", "0.5"]).kind == "number", "a lone zero and a fraction are no codes"
    assert column(["01234", "4321"], types={"x": "number"}).kind == "number"


def test_na_is_a_country_where_the_column_is_words():
    found = column(["NA", "DE", "CH"])
    assert (found.kind, found.missing, found.distinct) == ("category", 0, 3)
    assert "na=['NA']" in found.rule
    assert column(["NA", "DE", "CH"], na=["NA"]).missing == 14


@pytest.mark.parametrize("word", ["NA", "n/a", "NaN", "null", "None", "-", "?", "#N/A", ""])
def test_na_is_missing_where_the_column_is_numbers(word):
    found = column(["1.5", "2.5", "3", word])
    assert (found.kind, found.missing, found.unread) == ("number", 10, 0)


def test_semicolons_and_a_decimal_comma(tmp_path):
    table = read(file(tmp_path, "a;b\n" + "".join(f"{n},5;{n % 7},25\n" for n in range(30))))
    made = plan(table)
    assert table.names == ["a", "b"]
    assert [found.kind for found in made.columns] == ["number", "number"]
    np.testing.assert_array_equal(typed(table, made).numbers["a"], np.arange(30) + 0.5)


def test_one_stray_word_among_numbers_is_missing_and_listed():
    values = [str(n * 3 % 17 + 20) for n in range(100)]
    values[41] = "unknown"
    made = plan(Table({"age": values, "b": ["1", "2"] * 50}, lines=np.arange(2, 102)))
    found = made.column("age")
    assert (found.kind, found.missing, found.unread, found.strays) == ("number", 1, 1, [(43, "unknown")])
    (warn,) = [warn for warn in made.warnings if warn.what == "strays"]
    assert "'unknown' (line 43)" in warn.text
    assert warn.flag == "types={'age': 'category'}"


def test_strays_from_five_percent_on_make_another_kind():
    numbers = [str(n % 13) for n in range(100)]
    assert column([*numbers[:96], "a", "b", "c", "d"], 100).kind == "number"
    found = column([*numbers[:95], "a", "b", "c", "d", "e"], 100)
    assert found.kind == "category"
    assert "95% of the values are numbers, too few (row 95: a)" in found.rule


def test_windows_1252_is_read_with_a_notice(tmp_path):
    table = read(
        file(tmp_path, "stra\u00dfe;b\n".encode("cp1252") + "Z\u00fcrich;1\nGen\u00e8ve;2\n".encode("cp1252") * 20)
    )
    made = plan(table)
    assert [found.name for found in made.columns] == ["stra\u00dfe", "b"]
    assert made.columns[0].examples == ["Z\u00fcrich", "Gen\u00e8ve"]


def test_a_blank_line_in_a_file_of_one_column_is_a_missing_value(tmp_path):
    table = read(
        file(tmp_path, "x\n" + "".join(f"{n}.5\n" for n in range(10)) + "\n" + "".join(f"{n}.5\n" for n in range(10)))
    )
    made = plan(table)
    assert (made.rows, made.columns[0].missing) == (21, 1)


@pytest.mark.parametrize(
    "values", [["1_000", "2_000"], ["0x1F", "0x2A"], ["inf", "nope"], ["12:30", "13:45"], ["1.2.3", "1.2.4"]]
)
def test_what_python_might_take_for_a_number_is_text(values):
    assert column(values).kind == "category"


def test_infinite_numbers_are_strays():
    found = column([str(n) + ".5" for n in range(99)] + ["inf"], 100)
    assert (found.kind, found.unread, found.strays) == ("number", 1, [(99, "inf")])


def test_numbers_that_float32_cannot_hold():
    found = column([str(n) + ".5" for n in range(99)] + ["1e39"], 100)
    assert (found.kind, found.strays) == ("number", [(99, "1e39")])
    with pytest.raises(DataError, match=r"Row 0, column 'x': 1e39 is more than a network's float32 numbers hold"):
        column(["1e39", "2e39"])
    with pytest.raises(DataError, match="float32"):
        plan(Table({"x": np.array([1e39, 2.0] * 10), "y": np.arange(20.0)}))
    assert column(["1e39", "2e39"], types={"x": "category"}).kind == "category"
    assert column(["1e38", "2e38"]).kind == "number"


# -- kinds -------------------------------------------------------------------------------------------------------------

KIND_OF = [
    (["1", "2.5", "-3e2"], "number", {"decimal": "."}),
    (["1,234", "12,500", "1,234,567"], "number", {"decimal": "."}),
    (["1.234,5", "2,25"], "number", {"decimal": ","}),
    (["1'234", "5'678.25"], "number", {"decimal": "."}),
    (["$1.50", "$2,000.00", "3"], "number", {"currency": "$"}),
    (["1,50 €", "1.234,00 €"], "number", {"currency": "€", "decimal": ","}),
    (["10%", "12.5 %"], "number", {"percent": True}),
    (["12", "(5)", "(1,234)"], "number", {"parentheses": True}),
    (["\u22125", "5"], "number", {}),
    (["12", "(5)", "-3"], "category", {}),
    (["10%", "0.1"], "category", {}),
    (["$5", "€5"], "category", {}),
    (["yes", "no"], "boolean", {"true": "yes", "false": "no"}),
    (["TRUE", "FALSE", "NA"], "boolean", {"true": "TRUE"}),
    (["0", "1"], "boolean", {"true": "1"}),
    (["0", "1", "2"], "number", {}),
    (["yes", "no", "maybe"], "category", {}),
    (["yes", ""], "category", {}),
    (["2024-01-31", "2024-02-01T10:00"], "date", {"day_first": None}),
    (["31.12.2024", "1.2.2024"], "date", {"day_first": None}),
    (["31/12/2024", "1/2/2024"], "date", {"day_first": True}),
    (["12/31/2024", "1/2/2024"], "date", {"day_first": False}),
    (["3 Mar 2024", "Apr 5, 2024"], "date", {}),
    (["20240131", "20240201"], "number", {}),
    (["red", "green", "blue"], "category", {}),
]  # fmt: skip


@pytest.mark.parametrize(("values", "kind", "form"), KIND_OF, ids=[" ".join(row[0]) for row in KIND_OF])
def test_kinds(values, kind, form):
    found = column(values)
    assert found.kind == kind, found.rule
    assert found.rule
    assert {name: found.format.get(name) for name in form} == form


def test_dates_from_95_percent_on():
    days = [f"2024-01-{1 + n % 28:02d}" for n in range(100)]
    found = column([*days[:95], "a", "b", "c", "d", "e"], 100)
    assert (found.kind, found.unread) == ("date", 5)
    assert column([*days[:94], "a", "b", "c", "d", "e", "f"], 100).kind == "category"


def test_day_and_month_in_doubt_are_warned_of_with_both_readings():
    table = Table({"when": ["3/4/2024", "5/6/2024"] * 20, "y": [str(n) for n in range(40)]})
    (warn,) = [warn for warn in plan(table).warnings if warn.what == "day or month"]
    assert "3/4/2024 is read as day 4 of month 3; it may be day 3 of month 4" in warn.text
    assert warn.flag == "types={'when': 'date:day-first'}"
    for form in ("day-first", "month-first"):
        made = plan(table, types={"when": f"date:{form}"})
        assert not [warn for warn in made.warnings if warn.what == "day or month"]
        assert typed(table, made).numbers["when"][0] == (1712102400.0 if form == "day-first" else 1709510400.0)
    europe = Table({"when": ["3/4/2024", "5/6/2024"] * 20, "y": ["1,5", "2,5"] * 20}, decimal=",")
    assert plan(europe).column("when").format["day_first"] is True
    sure = Table({"when": ["3/4/2024", "25/6/2024"] * 20, "y": ["1,5", "2,5"] * 20})
    assert not [warn for warn in plan(sure).warnings if warn.what == "day or month"]


def test_comma_or_point_in_doubt_is_warned_of_unless_something_settles_it():
    def said(table):
        return [warn for warn in plan(table).warnings if warn.what == "comma or point"]

    table = Table({"x": ["1,234", "5,678"] * 20, "y": ["1", "2"] * 20})
    (warn,) = said(table)
    assert "1,234 is read as 1234; it may be 1.234" in warn.text
    assert warn.flag == "types={'x': 'number:decimal-comma'}"
    assert typed(table, plan(table, types={"x": "number:decimal-comma"})).numbers["x"][0] == 1.234
    assert not said(Table({"x": ["1,234", "5,678"] * 20, "y": ["1.5", "2.5"] * 20})), "another column settles it"
    assert not said(Table({"x": ["1,234", "5,678.5"] * 20, "y": ["1", "2"] * 20})), "the column itself settles it"
    assert not said(Table({"x": ["1,234", "5,678,901"] * 20, "y": ["1", "2"] * 20}))
    assert not said(Table({"x": ["1.234", "5.678"] * 20, "y": ["1", "2"] * 20})), "a decimal point is no doubt"


def test_few_whole_numbers_stay_numbers_and_the_rule_says_so():
    found = column(["1", "2", "3"])
    assert found.kind == "number"
    assert "3 different ones (codes? types={'x': 'category'})" in found.rule
    assert "codes" not in column([str(n) for n in range(30)]).rule
    assert "codes" not in column(["1.5", "2.5", "3.5"]).rule


def test_columns_that_say_nothing_are_ignored():
    assert (column(["same"]).kind, column(["same"]).reason) == ("ignored", "constant")
    assert column([""]).reason == "constant"
    assert column(["x", ""]).kind == "category", "whether it is there may say something"
    names = [f"name {n}" for n in range(N)]
    assert column(names).reason == "identifier"
    assert column(names, 10).reason == "", "few rows prove nothing"
    assert column([f"this is the long remark number {n}" for n in range(N)]).reason == "text"
    assert column(["a b c d e f", "g h i j k l"]).reason == "", "two sentences are categories"


def test_numbers_that_name_rows():
    def reason(name, values):
        return plan(Table({name: values, "y": ["1.5", "2.5"] * (len(values) // 2)})).column(name).reason

    scattered = [str(1000 + 37 * n % 1009) for n in range(N)]
    for name in ("id", "ID", "customer_id", "customerId", "Order No", "Unnamed: 0", "key", "row-index"):
        assert reason(name, scattered) == "identifier", name
    for name in ("population", "paid", "valid", "grid", "width", "piano", "kid", "no_of_rooms"):
        assert reason(name, scattered) == "", name
    assert reason("n", [str(n) for n in range(N)]) == "identifier", "0, 1, 2, ... down the table"
    assert reason("year", [str(1960 + n) for n in range(N)]) == ""
    assert reason("shop_id", [str(n % 5) for n in range(N)]) == "", "numbers that come again"


def test_a_number_of_the_row_is_an_input_where_it_is_the_only_one():
    made = plan(Table({"x": [str(n) for n in range(N)], "y": [f"{n * 2.5}" for n in range(N)]}), "y")
    assert [found.name for found in made.used] == ["x"]
    assert made.column("x").kind == "number"


def test_frames_keep_their_types():
    days = np.arange(N).astype("datetime64[D]").astype("datetime64[us]")
    table = Table({"f": np.arange(N) % 3 + 0.0, "b": np.arange(N) % 2 == 0, "d": days, "s": ["1", "2"] * 20})
    table.kinds = {"s": "category"}
    made = plan(table)
    assert [found.kind for found in made.columns] == ["number", "boolean", "date", "category"]
    cells = typed(table, made)
    assert cells.numbers["d"][1] == 86400.0
    assert cells.numbers["b"].tolist()[:2] == [1.0, 0.0]
    assert cells.categories["s"][1] == ["1", "2"]
    assert plan(table, types={"f": "category"}).column("f").examples == ["0", "1", "2"]
    with pytest.raises(DataError, match="holds dates by its own type, which are no numbers"):
        plan(table, types={"d": "number"})


# -- what the user says ------------------------------------------------------------------------------------------------


def people():
    rng = np.random.default_rng(0)
    return Table({
        "age": [str(n) for n in rng.integers(20, 60, 50)], "city": rng.choice(["Bern", "Zug"], 50).tolist(),
        "income": [f"{n:.1f}" for n in rng.normal(50, 5, 50)], "when": ["2024-01-01", "2024-05-07"] * 25,
    })  # fmt: skip


def test_drop_only_types_target_group_time():
    made = plan(people(), "income", types={"age": "category"}, drop=["city"], time="when")
    assert [(found.name, found.kind, found.reason) for found in made.columns] == [
        ("age", "category", ""), ("city", "ignored", "dropped"), ("income", "number", "target"), ("when", "date", "cycles"),
    ]  # fmt: skip
    assert [found.name for found in plan(people(), "income", only="age").used] == ["age"]
    made = plan(people(), ["income"], types={"city": "ignored"}, group="age")
    assert [found.name for found in made.used] == ["when"]
    assert made.targets == ["income"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "cycles"), ({"only": ["age", "when"]}, "cycles"), ({"drop": ["when"]}, "time"), ({"only": ["age"]}, "time"),
        ({"types": {"when": "date"}}, "cycles"),
    ],
)  # fmt: skip
def test_dates_that_divide_the_rows_are_inputs_too_unless_somebody_says_no(options, reason):
    made = plan(people(), "income", time="when", **options)
    assert made.column("when").reason == reason and (made.column("when") in made.used) == (reason == "cycles")
    line = next(line for line in str(made).splitlines() if line.startswith("when"))
    assert line.split()[1] == "time" and ("no input" in line) == (reason == "time")
    assert Plan.from_json(made.to_json()) == made


def test_numbers_that_divide_the_rows_by_time_are_no_input():
    assert plan(people(), "income", time="age").column("age").reason == "time"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"target": "incom"}, "did you mean 'income'?"),
        ({"target": "zzz"}, "the columns are age, city, income, when"),
        ({"types": {"Age": "number"}}, "types names the column 'Age', which the table has not: did you mean 'age'?"),
        ({"drop": ["cty"]}, "did you mean 'city'?"),
        ({"only": ["agee"]}, "did you mean 'age'?"),
        ({"group": "whn"}, "did you mean 'when'?"),
        ({"types": {"age": "integer"}}, "expected one of number, category, boolean, date, ignored, date:day-first"),
        ({"types": {"age": "number:day-first"}}, "expected one of"),
        ({"target": "age", "drop": ["age"]}, "cannot be dropped"),
        ({"target": "age", "types": {"age": "ignored"}}, "cannot be of the kind 'ignored'"),
        ({"target": ["age", "age"]}, "twice"),
        ({"target": "age", "time": "age"}, "cannot be what is predicted and what divides"),
    ],
)
def test_names_and_kinds_that_cannot_be(options, sentence):
    with pytest.raises(InputError) as caught:
        plan(people(), options.pop("target", None), **options)
    assert sentence in str(caught.value)


def test_numbers_declared_where_there_are_none_name_line_and_column(tmp_path):
    table = read(file(tmp_path, "age,b\n" + "31,1.5\n" * 5 + "old,1.5\n" * 3))
    with pytest.raises(
        DataError, match=r"Line 7, column 'age': 'old' is no number, nor are 3 of the 8 values\. na=\['old'\] says"
    ):
        plan(table, types={"age": "number"})
    assert plan(table, types={"age": "number"}, na=["old"]).column("age").missing == 3
    with pytest.raises(DataError, match="Line 2, column 'b': '1.5' is no date"):
        plan(table, types={"b": "date"})
    with pytest.raises(DataError, match="a boolean has two different values, this column has 50"):
        plan(Table({"x": [str(n) for n in range(50)], "y": ["1.5", "2"] * 25}), types={"x": "boolean"})


def test_eight_digits_are_dates_where_that_is_asked():
    table = Table({"day": ["20240131", "20240201"] * 20, "y": ["1.5", "2"] * 20})
    made = plan(table, types={"day": "date"})
    assert typed(table, made).numbers["day"][0] == 1706659200.0


def test_a_pair_of_own_words_is_a_boolean_where_that_is_asked():
    table = Table({"sex": ["f", "m", "NA"] * 20, "y": ["1.5", "2"] * 30})
    made = plan(table, types={"sex": "boolean"})
    assert made.column("sex").format == {"true": "m", "false": "f"}
    np.testing.assert_array_equal(typed(table, made).numbers["sex"][:3], [0.0, 1.0, np.nan])


def test_a_table_without_rows_or_without_inputs():
    with pytest.raises(DataError, match="no rows"):
        plan(Table({"x": [], "y": []}))
    with pytest.raises(DataError, match="No column is left to predict y from"):
        plan(Table({"x": ["a"] * 30, "y": ["1.5", "2"] * 15}), "y")
    with pytest.raises(DataError, match="has no value in any row"):
        plan(Table({"x": ["1.5", "2"] * 15, "y": [""] * 30}), "y")
    with pytest.raises(DataError, match="holds no dates and no numbers"):
        plan(people(), "income", time="city")


# -- many rows, many chunks --------------------------------------------------------------------------------------------


def test_chunks_do_not_change_the_plan():
    class Small(Table):
        def chunks(self, rows=50_000):
            return super().chunks(7)

    from planted_tables import planted

    for _, columns, target, _ in list(planted(0))[:12]:
        columns = {name: list(values)[:200] for name, values in columns.items()}
        whole, parts = Table(columns), Small(columns)
        assert plan(whole, target) == plan(parts, target)


def test_more_values_than_are_counted():
    rows = 3 * DISTINCT
    unique = [f"k{n * 7919 % rows}" for n in range(rows)]
    some = [f"{n * 7919 % (DISTINCT + 500)}z" for n in range(rows)]
    made = plan(Table({"u": unique, "s": some, "n": [f"{n * 0.5}" for n in range(rows)]}))
    assert [made.column(name).reason for name in "usn"] == ["identifier", "", ""]
    assert [made.column(name).distinct for name in "usn"] == [DISTINCT] * 3


# -- shown and kept ----------------------------------------------------------------------------------------------------


def test_the_table_that_is_shown():
    text = str(plan(people(), "income"))
    lines = text.splitlines()
    assert lines[0].split() == ["column", "kind", "because", "missing", "different", "such", "as"]
    assert lines[1].startswith("age     number    all values are numbers")
    assert "50 rows; 3 of 4 columns are inputs; predicted: income." in text
    starts = [line.index(word) for line, word in zip(lines[1:5], ("number", "category", "target", "date"), strict=True)]
    assert len(set(starts)) == 1, "aligned"


def test_names_that_hold_anything_stay_one_line():
    table = Table({"a\nb\x1b[31m": ["1.5", "2"] * 20, "日本語" * 20: ["x", "y"] * 20})
    lines = str(plan(table)).splitlines()
    assert lines[1].startswith("a\\nb\\x1b[31m")
    assert all(character.isprintable() for line in lines for character in line)
    assert max(map(len, lines[:3])) < 150


def test_json_round_trip():
    from planted_tables import planted

    for _, columns, target, _ in planted(0):
        made = plan(Table({name: list(values)[:100] for name, values in columns.items()}), target, na=["?"])
        again = Plan.from_json(json.loads(json.dumps(made.to_json(), allow_nan=False)))
        assert again == made
        assert str(again) == str(made)


def test_a_damaged_plan_is_refused():
    """Every value of the JSON replaced by every sort of value: a plan that can be used, or a FileError."""
    good = plan(people(), "income").to_json()
    table = people()
    bad = [None, True, -1, 1.5, "x", "", [], {}, [1], {"a": 1}, 10**30, "target", "number"]

    refused = 0
    for path in places(good, every=True):
        for other in bad:
            try:
                made = Plan.from_json(replaced(good, path, other))
            except FileError:
                refused += 1
                continue
            assert all(found.kind in KINDS for found in made.columns)
            str(made)
            with contextlib.suppress(DataError, InputError):
                typed(table, made)
    assert refused > 500
    for gone in ("columns", "targets", "rows"):
        with pytest.raises(FileError, match="other fields"):
            Plan.from_json({key: value for key, value in good.items() if key != gone})
