"""Columns become inputs: the same inputs from the same values, finite whatever they are, in pieces as in one."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.errors import DataError, FileError, InputError
from pellucid.tables import encoder as encoding
from pellucid.tables import records, scaling
from pellucid.tables.encoder import Encoder
from pellucid.tables.plan import Column, Plan
from pellucid.tables.table import Table
from pellucid.tables.target import Target
from pellucid.tables.typed import Typed

NAN = np.nan


FORMATS = {
    "number": {"decimal": ".", "percent": False, "currency": "", "parentheses": False}, "date": {"day_first": None},
    "boolean": {"true": "yes", "false": "no"}, "category": {},
}  # fmt: skip


def columns_of(reason="", **kinds):
    return [Column(name, kind, "as the test says", reason, format=FORMATS[kind]) for name, kind in kinds.items()]


def typed_of(plan, **values):
    """`Typed` of columns written as lists; None where empty."""
    made = Typed(rows=len(next(iter(values.values()))))
    for column in plan.columns:
        if column.kind == "category":
            words = sorted({word for word in values[column.name] if word is not None})
            codes = [-1 if word is None else words.index(word) for word in values[column.name]]
            made.categories[column.name] = np.array(codes, np.int32), words
        else:
            made.numbers[column.name] = np.array([NAN if v is None else v for v in values[column.name]], np.float64)
    return made


PEOPLE = Plan(columns_of(age="number", smoker="boolean", joined="date", city="category"), [])
DAY = 86400.0


def people(rows=40):
    return typed_of(
        PEOPLE,
        age=[None if i == 3 else 20 + i for i in range(rows)],
        smoker=[i % 2 for i in range(rows)],
        joined=[DAY * (400 * i) + 3600 * i for i in range(rows)],
        city=[["Bern", "Basel", "Chur"][i % 3] if i != 5 else "Olten" for i in range(rows)],
    )


# -- what becomes of a column ------------------------------------------------------------------------------------------


def test_every_input_has_a_name_and_a_column():
    encoder = Encoder.fit(PEOPLE, people())
    assert encoder.features == [
        "age", "age is missing", "smoker", "joined: time", "joined: day of year (sine)", "joined: day of year (cosine)",
        "joined: weekday (sine)", "joined: weekday (cosine)", "joined: hour (sine)", "joined: hour (cosine)",
        "city=Basel", "city=Bern", "city=Chur", "city: other",
    ]  # fmt: skip
    assert [encoder.columns[number] for number in encoder.column_of] == [
        name.split(":")[0].split("=")[0].split(" ")[0] for name in encoder.features
    ]
    X = encoder.transform(people())
    assert X.dtype == np.float32 and X.shape == (40, 14) and X.flags.c_contiguous


def test_a_standard_number_has_mean_0_and_spread_1_on_the_training_rows_alone():
    plan = Plan(columns_of(a="number"), [])
    typed = typed_of(plan, a=[1.0, 2.0, 3.0, 4.0, 1000.0])
    X = Encoder.fit(plan, typed, np.array([0, 1, 2, 3]), numbers="standard").transform(typed)
    np.testing.assert_allclose(X[:4, 0].mean(), 0, atol=1e-6)
    np.testing.assert_allclose(X[:4, 0].std(), 1, rtol=1e-6)
    np.testing.assert_allclose(X[4, 0], (1000 - 2.5) / np.std([1, 2, 3, 4]), rtol=1e-6)
    mask = np.array([True] * 4 + [False])
    assert (Encoder.fit(plan, typed, mask, numbers="standard").transform(typed) == X).all()


@pytest.mark.parametrize("how", scaling.HOW)
def test_the_order_of_numbers_stays(how):
    values = np.sort(np.random.default_rng(0).lognormal(0, 3, 500))
    z = scaling.apply(scaling.fit(values, how), values)
    assert (np.diff(z) >= 0).all() and z[0] < z[-1]


def test_smooth_bends_outliers_and_normal_keeps_ranks():
    values = np.r_[np.linspace(-1, 1, 101), 1e9]
    smooth = scaling.apply(scaling.fit(values, "smooth"), values)
    assert 2.9 < smooth[-1] <= 3 and abs(smooth[50]) < 0.05 and abs(smooth[:-1]).max() < 2
    normal = scaling.apply(scaling.fit(values, "normal"), values)
    assert abs(normal[50]) < 0.05 and 2 < normal[-1] < 4
    np.testing.assert_allclose(normal[1:-1].std(), 1, atol=0.1)
    log = scaling.apply(scaling.fit(10.0 ** np.arange(-5, 6), "log"), 10.0 ** np.arange(-5, 6))
    assert abs(log).max() < 3  # eleven powers of ten, no outlier among them


@pytest.mark.parametrize("how", scaling.HOW)
def test_an_empty_number_is_the_middle_and_so_is_what_never_changed(how):
    assert scaling.apply(scaling.fit(np.array([1.0, 2.0, 5.0]), how), np.array([NAN])) == [0.0]
    constant = scaling.fit(np.array([7.0, 7.0, NAN]), how)
    assert scaling.apply(constant, np.array([7.0, 8.0, -1e300, NAN])).tolist() == [0, 0, 0, 0]
    assert scaling.apply(scaling.fit(np.array([NAN]), how), np.array([3.0])) == [0.0]


def test_yes_is_1_no_is_minus_1_empty_is_0():
    plan = Plan(columns_of(b="boolean"), [])
    X = Encoder.fit(plan, typed_of(plan, b=[1, 0, None])).transform(typed_of(plan, b=[0, None, 1]))
    assert X.tolist() == [[-1, 0], [0, 1], [1, 0]]


def test_a_date_is_a_place_in_time_and_on_three_circles():
    plan = Plan(columns_of(d="date"), [])
    moments = np.array(["1970-01-01T00:00", "2024-07-01T12:00", "1999-12-27T18:00"], "datetime64[s]").astype(float)
    encoder = Encoder.fit(plan, typed_of(plan, d=moments.tolist()))
    X = encoder.transform(typed_of(plan, d=moments.tolist()))
    at = {name.removeprefix("d: "): X[:, k] for k, name in enumerate(encoder.features)}
    assert at["time"].argsort().tolist() == [0, 2, 1]
    np.testing.assert_allclose(at["hour (sine)"], [0, 0, -1], atol=1e-6)
    np.testing.assert_allclose(at["hour (cosine)"], [1, -1, 0], atol=1e-6)
    np.testing.assert_allclose(at["day of year (cosine)"][:2], [1, np.cos(2 * np.pi * 182 / 366)], atol=1e-6)
    weekdays = np.round(np.arctan2(at["weekday (sine)"], at["weekday (cosine)"]) / (2 * np.pi) * 7) % 7
    assert weekdays.tolist() == [3, 0, 0]  # a Thursday and two Mondays


def test_of_dates_that_divide_the_rows_the_circles_that_training_went_round_are_inputs():
    plan = Plan(columns_of("cycles", d="date") + columns_of(n="number"), [])

    def fitted(days, step):
        moments = (np.datetime64("2024-02-28T03:00", "s").astype(float) + np.arange(0, days * 86_400, step)).tolist()
        return Encoder.fit(plan, typed_of(plan, d=moments, n=[1.0] * len(moments)))

    def parts(days, step=3600 * 5):
        return list(dict.fromkeys(n.split(" (")[0] for n in fitted(days, step).features if n != "n"))

    assert parts(0.9) == [] and parts(3) == ["d: hour"] and parts(100) == ["d: weekday", "d: hour"]
    assert parts(400) == ["d: day of year", "d: weekday", "d: hour"] and parts(400, 86_400) == parts(400)[:2]
    encoder, bare = fitted(100, 86_400), fitted(5, 86_400)
    assert encoder.features == ["d: weekday (sine)", "d: weekday (cosine)", "n"] and bare.columns == ["n"]
    notices = []
    sunday = np.datetime64("2031-03-02T00:00", "s").astype(float)
    X = encoder.transform(typed_of(plan, d=[sunday, sunday + 86_400, None], n=[1.0] * 3), notices)
    np.testing.assert_allclose(X[:, :2], [[np.sin(12 * np.pi / 7), np.cos(12 * np.pi / 7)], [0, 1], [0, 0]], atol=1e-6)
    assert notices == ["d: empty in 1 of 3 rows, and never in training; they say nothing to the network."]
    for one in (encoder, bare):
        assert Encoder.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_parts_of_a_date_that_never_differ_are_left_out():
    plan = Plan(columns_of(d="date"), [])
    days = np.array(["2020-03-02", "2021-03-01", "2022-03-07"], "datetime64[s]").astype(float)  # all of them Mondays
    features = Encoder.fit(plan, typed_of(plan, d=days.tolist())).features
    assert features == ["d: time", "d: day of year (sine)", "d: day of year (cosine)"]


def test_rare_and_new_values_are_other_where_training_had_rare_ones():
    plan = Plan(columns_of(c="category"), [])
    train = typed_of(plan, c=["a"] * 5 + ["b"] * 5 + ["r"])
    encoder = Encoder.fit(plan, train)
    notices = []
    X = encoder.transform(typed_of(plan, c=["a", "b", "r", "new", "new", None]), notices)
    assert encoder.features == ["c=a", "c=b", "c: other"]
    assert X.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 0, 1], [0, 0, 0]]
    assert len(notices) == 2
    assert "empty in 1 of 6 rows" in notices[0]
    assert "2 of 6 rows" in notices[1] and "'new'" in notices[1] and "'r'" not in notices[1] and "other" in notices[1]
    plain = Encoder.fit(plan, typed_of(plan, c=["a", "b"] * 5))
    assert plain.features == ["c=a", "c=b"]
    assert plain.transform(typed_of(plan, c=["new"])).tolist() == [[0, 0]]


def test_how_many_values_a_category_keeps_can_be_said():
    plan = Plan(columns_of(c="category"), [])
    typed = typed_of(plan, c=["a"] * 9 + ["b"] * 6 + ["c"] * 3)
    assert Encoder.fit(plan, typed, max_categories=1).features == ["c=a", "c: other"]
    assert Encoder.fit(plan, typed, rare=4).features == ["c=a", "c=b", "c: other"]
    assert Encoder.fit(plan, typed, np.arange(15)).features == ["c=a", "c=b"]  # what only other rows have is unknown


def test_names_are_unique():
    plan = Plan([Column("c=a", "number", ""), Column("c", "category", "")], [])
    typed = Typed({"c=a": np.arange(4.0)}, {"c": (np.array([0, 0, 1, 1], np.int32), ["a", "b"])}, 4)
    assert Encoder.fit(plan, typed).features == ["c=a", "c=a (2)", "c=b"]


@pytest.mark.parametrize("options", [{"numbers": "best"}, {"max_categories": 0}])
def test_settings_that_are_none(options):
    with pytest.raises(InputError, match=next(iter(options))):
        Encoder.fit(PEOPLE, people(), **options)


def test_no_column_left():
    plan = Plan([Column("a", "number", "", reason="target"), Column("b", "ignored", "", reason="text")], ["a"])
    with pytest.raises(DataError, match="No column is left"):
        Encoder.fit(plan, Typed({"a": np.arange(3.0)}, {}, 3))


# -- another table -----------------------------------------------------------------------------------------------------


def test_missing_columns_are_named_with_what_they_may_be_called_now():
    encoder = Encoder.fit(PEOPLE, people())
    table = Table({"Age": np.arange(3.0), "smoker": ["1", "0", "1"], "joined": ["2020-01-01"] * 3})
    with pytest.raises(DataError, match="columns 'age', 'city' are missing .*'Age' may be 'age'"):
        encoder.transform(table)
    with pytest.raises(DataError, match="column 'city' is missing"):
        encoder.transform(typed_of(Plan(PEOPLE.columns[:3], []), age=[1.0], smoker=[1], joined=[0.0]))


def test_columns_that_nobody_knows_are_said_and_those_known_are_not():
    plan = Plan([*columns_of(a="number"), Column("id", "ignored", "", reason="identifier")], [])
    encoder = Encoder.fit(plan, typed_of(Plan(plan.columns[:1], []), a=[1, 2, 3]))
    notices = []
    encoder.check_columns(Table({"a": np.zeros(2), "id": np.zeros(2), "z": np.zeros(2)}), notices)
    assert len(notices) == 1 and "'z'" in notices[0] and "'id'" not in notices[0]


# -- whatever the table ------------------------------------------------------------------------------------------------

FLOATS = st.one_of(
    st.floats(), st.sampled_from([NAN, 0.0, -0.0, 1e308, -1e308, 5e-324, np.inf, -np.inf, 1.7e308]), st.integers(-3, 3)
)
WORDS = st.one_of(st.none(), st.sampled_from(["a", "b", "other", "is missing", "", "ü", "="]), st.text(max_size=3))


@st.composite
def tables(draw):
    rows = draw(st.integers(1, 12))
    kinds = draw(st.lists(st.sampled_from(["number", "boolean", "date", "category"]), min_size=1, max_size=4))
    plan = Plan(columns_of(**{f"{kind}{k}": kind for k, kind in enumerate(kinds)}), [])

    def values():
        return {
            column.name: draw(
                st.lists(
                    WORDS if column.kind == "category" else st.sampled_from([0, 1, NAN]) if column.kind == "boolean" else FLOATS,
                    min_size=rows, max_size=rows,
                )
            )
            for column in plan.columns
        }  # fmt: skip

    return plan, typed_of(plan, **values()), typed_of(plan, **values())


@given(tables(), st.sampled_from(scaling.HOW))
@settings(max_examples=200, deadline=None)
def test_any_table_becomes_finite_numbers(drawn, how):
    plan, train, other = drawn
    encoder = Encoder.fit(plan, train, numbers=how)
    for typed in (train, other):
        X = encoder.transform(typed)
        assert X.dtype == np.float32 and X.shape == (typed.rows, len(encoder.features))
        assert np.isfinite(X).all() and abs(X).max(initial=0) <= scaling.BOUND
    assert len(set(encoder.features)) == len(encoder.features)


@given(tables(), st.sampled_from(scaling.HOW))
@settings(max_examples=100, deadline=None)
def test_json_keeps_it_identical_and_pieces_equal_the_whole(drawn, how):
    plan, train, other = drawn
    encoder = Encoder.fit(plan, train, numbers=how)
    again = Encoder.from_json(json.loads(json.dumps(encoder.to_json(), allow_nan=False)))
    assert again == encoder and again.features == encoder.features and again.column_of == encoder.column_of
    whole = encoder.transform(other)
    assert again.transform(other).tobytes() == whole.tobytes()
    for row in range(other.rows):
        one = Typed(
            {name: values[row : row + 1] for name, values in other.numbers.items()},
            {name: (codes[row : row + 1], words) for name, (codes, words) in other.categories.items()}, 1,
        )  # fmt: skip
        assert encoder.transform(one).tobytes() == whole[row : row + 1].tobytes()


def test_many_rows_are_encoded_in_pieces_and_large_matrices_in_a_file(monkeypatch):
    typed = people(40)
    encoder = Encoder.fit(PEOPLE, typed)
    whole = encoder.transform(typed)
    monkeypatch.setattr(encoding, "PIECE", 7)
    monkeypatch.setattr(encoding, "IN_MEMORY", 100)
    mapped = encoder.transform(typed)
    assert isinstance(mapped, np.memmap) and mapped.tobytes() == whole.tobytes()
    assert encoder.transform(people(1)).base is None  # 14 numbers: in memory


# -- records from a file -----------------------------------------------------------------------------------------------


def stored():
    return json.loads(json.dumps(Encoder.fit(PEOPLE, people(), numbers="normal").to_json()))


LIES = {
    "no dict": lambda j: 3,
    "no records": lambda j: j.update(records=[]),
    "another key": lambda j: j.update(code="import os"),
    "a kind nobody knows": lambda j: j["records"][0].update(kind="pickle"),
    "a scale nobody knows": lambda j: j["records"][0].update(scale="eval"),
    "knots that fall": lambda j: j["records"][0]["knots"].reverse(),
    "knots of text": lambda j: j["records"][0].update(knots=["1", "2"], scores=[0.0, 1.0]),
    "knots without end": lambda j: j["records"][0].update(knots=[0.0, float("inf")], scores=[0.0, 1.0]),
    "scores of 1e30": lambda j: j["records"][0]["scores"].__setitem__(-1, 1e30),
    "one score too few": lambda j: j["records"][0]["scores"].pop(),
    "missing as a number": lambda j: j["records"][0].update(missing=1),
    "a spread below 0": lambda j: j["records"][2].update(spread=-1.0),
    "a spread that is true": lambda j: j["records"][2].update(spread=True),
    "a part nobody knows": lambda j: j["records"][2].update(parts=["century"]),
    "levels twice": lambda j: j["records"][3]["levels"].append("Bern"),
    "levels of numbers": lambda j: j["records"][3].update(levels=[1, 2]),
    "a column less": lambda j: j["records"].pop(),
    "another column": lambda j: j["records"][0].update(column="agE"),
    "known that is not": lambda j: j.update(known=["age"]),
    "a plan of text": lambda j: j.update(plan="PEOPLE"),
    "a plan without columns": lambda j: j["plan"].update(columns=[]),
}


@pytest.mark.parametrize("name", LIES)
def test_a_damaged_encoder_is_refused(name):
    content = stored()
    Encoder.from_json(content)
    changed = LIES[name](content)
    with pytest.raises(FileError):
        Encoder.from_json(changed if changed == 3 else content)


def test_records_say_what_they_are_when_printed():
    text = str(Encoder.fit(PEOPLE, people()))
    assert "age (number) -> 2 inputs: age, age is missing" in text and text.count("\n") == 3


# -- targets -----------------------------------------------------------------------------------------------------------


def target_of(kind, values, **options):
    plan = Plan(columns_of("target", y=kind), ["y"])
    plan.columns[0].format = options.pop("format", FORMATS[kind])
    typed = typed_of(plan, y=values)
    return Target.fit(plan, typed, **options), typed


def test_words_are_classes_in_the_order_of_the_alphabet():
    target, typed = target_of("category", ["b", "a", None, "c", "a"])
    assert (target.task, target.classes, target.n_outputs) == ("classification", ["a", "b", "c"], 3)
    assert target.encode(typed).tolist() == [1, 0, -1, 2, 0] and target.known(typed).tolist() == [1, 1, 0, 1, 1]
    assert target.values(typed).tolist() == ["b", "a", None, "c", "a"]
    assert target.decode(np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]])).tolist() == ["c", "a"]


def test_a_boolean_answers_in_the_tables_words_from_one_output_or_two():
    target, typed = target_of("boolean", [1, 0, None], format={"true": "oui", "false": "non"})
    assert target.classes == ["non", "oui"] and target.encode(typed).tolist() == [1, 0, -1]
    assert target.decode(np.array([[0.8], [0.2]])).tolist() == ["oui", "non"]
    np.testing.assert_allclose(target.probabilities(np.array([[0.8]])), [[0.2, 0.8]])


@pytest.mark.parametrize(
    ("values", "wish", "task", "classes"),
    [
        ([3, 1, 2, 10, 1], "auto", "classification", ["1", "2", "3", "10"]),
        ([3, 1, 2, 10, 1], "regression", "regression", []),
        ([0.5, 1, 2], "auto", "regression", []),
        (list(range(11)), "auto", "regression", []),
        (list(range(11)), "classification", "classification", [str(n) for n in range(11)]),
        ([7, 7], "auto", "regression", []),
    ],
)
def test_few_whole_numbers_are_classes_unless_somebody_says_otherwise(values, wish, task, classes):
    target, _ = target_of("number", values, wish=wish)
    assert (target.task, target.classes) == (task, classes) and "'y'" in target.why
    if len(set(values)) <= 10 and wish == "auto" and len(set(values)) > 1:
        assert "task='" in target.why


def test_numbers_are_predicted_in_their_own_unit():
    values = [1000.0, 3000.0, 5000.0, None, 1e9]
    target, typed = target_of("number", values, wish="regression", rows=np.array([0, 1, 2, 3]))
    assert target.mean == [3000.0] and target.scale == [pytest.approx(np.std([1000, 3000, 5000]))]
    y = target.encode(typed)
    assert y.dtype == np.float32 and np.isnan(y[3, 0]) and abs(y[:3].mean()) < 1e-6
    np.testing.assert_allclose(target.decode(y[:3]), values[:3], rtol=1e-6)
    assert np.isfinite(target.decode(np.array([[np.inf], [1e30]]))).all()


def test_several_numbers_and_several_questions():
    plan = Plan([Column(n, "number", "", reason="target") for n in "ab"], ["a", "b"])
    typed = typed_of(plan, a=[1, 2, 3], b=[10, None, 30])
    target = Target.fit(plan, typed)
    assert target.task == "regression" and target.known(typed).tolist() == [1, 0, 1]
    np.testing.assert_allclose(target.decode(target.encode(typed)[[0, 2]]), [[1, 10], [3, 30]], rtol=1e-6)
    plan = Plan(
        [Column(n, "boolean", "", reason="target", format={"true": "y", "false": "n"}) for n in "ab"], ["a", "b"]
    )
    typed = typed_of(plan, a=[1, 0], b=[1, None])
    target = Target.fit(plan, typed)
    assert target.task == "multilabel" and target.values(typed).tolist() == [["y", "y"], ["n", None]]
    assert target.decode(np.array([[0.9, 0.2]])).tolist() == [["y", "n"]]


def test_quantiles_give_an_interval_and_their_middle():
    target, _ = target_of("number", [0.0, 10.0], wish="regression", levels=[0.05, 0.5, 0.95])
    outputs = np.array([[-1.0, 0.0, 2.0]])
    assert target.n_outputs == 3
    np.testing.assert_allclose(target.decode(outputs), [5])
    np.testing.assert_allclose(target.interval(outputs), [[0, 15]])
    with pytest.raises(InputError, match="interval=90"):
        target_of("number", [0.0, 10.0], wish="regression")[0].interval(outputs)


def test_quantiles_of_several_targets_stand_side_by_side():
    form = {"decimal": ".", "percent": False, "currency": "", "parentheses": False}
    plan = Plan([Column(name, "number", "", reason="target", format=dict(form)) for name in "ab"], ["a", "b"])
    target = Target.fit(plan, typed_of(plan, a=[0.0, 10.0], b=[100.0, 300.0]), levels=[0.05, 0.5, 0.95])
    outputs = np.array([[-1.0, 0.0, 2.0, -2.0, -1.0, 0.0]])
    assert target.n_outputs == 6
    np.testing.assert_allclose(target.decode(outputs), [[5, 100]])
    np.testing.assert_allclose(target.interval(outputs), [[[0, 15], [0, 200]]], atol=1e-12)
    assert Target.from_json(target.to_json()).to_json() == target.to_json()


@pytest.mark.parametrize(
    ("kind", "values", "options", "says"),
    [
        ("category", ["a", "a", None], {}, "single value 'a'"),
        ("category", [None, None], {}, "no value at all"),
        ("number", [None, None], {}, "empty in every row"),
        ("category", ["a", "b"], {"wish": "regression"}, "types={'y': 'number'}"),
        ("date", [0.0, 1.0], {}, "types={'y': 'category'}"),
        ("number", list(range(1001)), {"wish": "classification"}, "1,001 different values"),
        ("number", [1, 2], {"wish": "guess"}, "expected one of"),
        ("number", [1, 2], {"wish": "multilabel"}, "several targets"),
        ("category", ["a", "b"], {"levels": [0.1, 0.9]}, "interval"),
    ],
)
def test_targets_that_cannot_be(kind, values, options, says):
    with pytest.raises(InputError, match=says):
        target_of(kind, values, **options)


def test_targets_of_different_kinds_are_refused():
    plan = Plan([Column("a", "number", "", reason="target"), Column("b", "category", "", reason="target")], ["a", "b"])
    with pytest.raises(DataError, match="'a', 'b' are of kinds category, number"):
        Target.fit(plan, typed_of(plan, a=[1], b=["x"]))


def test_a_class_that_training_never_saw_is_named_with_its_line():
    target, _ = target_of("category", ["a", "b"])
    typed = typed_of(target.plan, y=["a", "zebra", "zebra"])
    typed.lines = np.array([2, 3, 4])
    with pytest.raises(DataError, match="line 3, column 'y': 'zebra' .*'a', 'b'.* 1 other"):
        target.encode(typed)


@pytest.mark.parametrize(
    ("kind", "values", "options"),
    [
        ("category", ["a", "b", "ü"], {}), ("boolean", [0, 1], {"format": {"true": "ja", "false": "nein"}}),
        ("number", [1.5, 2.5], {}), ("number", [1.5, 2.5], {"levels": [0.1, 0.5, 0.9]}), ("number", [1, 2, 2], {}),
    ],
)  # fmt: skip
def test_json_keeps_a_target_identical(kind, values, options):
    target, typed = target_of(kind, values, **options)
    again = Target.from_json(json.loads(json.dumps(target.to_json(), allow_nan=False)))
    assert again == target and again.encode(typed).tobytes() == target.encode(typed).tobytes()


TARGET_LIES = {
    "no list": lambda j: j.update(names="y"),
    "a task nobody knows": lambda j: j.update(task="eval"),
    "one class": lambda j: j.update(classes=["a"]),
    "a class twice": lambda j: j.update(classes=["a", "a"]),
    "a mean for classes": lambda j: j.update(mean=[1.0], scale=[1.0]),
    "a scale of 0": lambda j: j.update(task="regression", classes=[], mean=[0.0], scale=[0.0]),
    "levels for classes": lambda j: j.update(levels=[0.1, 0.9]),
    "words for classes": lambda j: j.update(words=[["n", "y"]]),
    "another name": lambda j: j.update(names=["z"]),
    "a reason of numbers": lambda j: j.update(why=3),
    "a plan of nothing": lambda j: j.update(plan={}),
}


@pytest.mark.parametrize("name", TARGET_LIES)
def test_a_damaged_target_is_refused(name):
    content = json.loads(json.dumps(target_of("category", ["a", "b"])[0].to_json()))
    Target.from_json(content)
    TARGET_LIES[name](content)
    with pytest.raises(FileError):
        Target.from_json(content)


def test_every_record_kind_is_checked():
    """A kind of record that `check_record` would let in unchecked has no row in LIES: this says so."""
    kinds = {record["kind"] for record in stored()["records"]}
    assert kinds == {"number", "boolean", "date", "category"} and records.PARTS.keys() == {
        "day of year",
        "weekday",
        "hour",
    }
