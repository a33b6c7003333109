"""Frames of pandas, polars and pyarrow as tables: typed where they type, text where they hold text."""

import datetime
import decimal
import io
import subprocess
import sys

import numpy as np
import pytest

from pellucid.errors import DataError, InputError
from pellucid.tables import read

pytest.importorskip("narwhals")
pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")

ZURICH = datetime.timezone(datetime.timedelta(hours=1))


def only(frame, **options):
    """The values of all chunks of a table, by name."""
    table = read(frame)
    found = {}
    for chunk in table.chunks(**options):
        assert chunk.lines is None
        for name, values in chunk.columns.items():
            found.setdefault(name, []).append(values)
    return {
        n: np.concatenate(v) if isinstance(v[0], np.ndarray) else [x for part in v for x in part]
        for n, v in found.items()
    }


def same(values, expected):
    if isinstance(expected, list):
        assert values == expected and all(type(value) in (str, type(None)) for value in values)
    else:
        assert values.dtype == expected.dtype
        np.testing.assert_array_equal(values, expected)


DATES = np.array(["2020-01-02", "NaT"], "M8[us]")
NUMBERS = np.array([1.0, np.nan])


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (lambda: pandas.Series([1, 2]), np.array([1.0, 2.0])),
        (lambda: pandas.Series([1, 2], dtype="uint8"), np.array([1.0, 2.0])),
        (lambda: pandas.array([1, None], "Int64"), NUMBERS),
        (lambda: pandas.array([2**60 + 1, None], "Int64"), [str(2**60 + 1), None]),
        (lambda: pandas.Series([2**60 + 1, 2]), [str(2**60 + 1), "2"]),
        (lambda: pandas.array([1.0, None], "Float32"), NUMBERS),
        (lambda: [1.0, np.nan], NUMBERS),
        (lambda: pandas.Series([1, None], dtype=object), NUMBERS),
        (lambda: pandas.Series([1, "unknown"], dtype=object), ["1", "unknown"]),
        (lambda: pandas.Series([decimal.Decimal("1"), None], dtype=object), NUMBERS),
        (lambda: [True, False], np.array([True, False])),
        (lambda: pandas.array([True, False], "boolean"), np.array([True, False])),
        (lambda: pandas.array([True, None], "boolean"), ["True", None]),
        (lambda: pandas.Series([True, None], dtype=object), ["True", None]),
        (lambda: ["007", None], ["007", None]),
        (lambda: pandas.array(["x", None], "string"), ["x", None]),
        (lambda: pandas.Series(["x", np.nan], dtype=object), ["x", None]),
        (lambda: pandas.Categorical(["x", None]), ["x", None]),
        (lambda: pandas.Categorical([8001, 3000]), ["8001", "3000"]),
        (lambda: pandas.to_datetime(["2020-01-02", None]), DATES),
        (lambda: pandas.to_datetime(["2020-01-02", None]).astype("datetime64[ns]"), DATES),
        (lambda: pandas.to_datetime(["2020-01-02T01:00+01:00", None]), DATES),
        (lambda: pandas.Series([datetime.date(2020, 1, 2), None], dtype=object), DATES),
        (lambda: pandas.Series([datetime.datetime(2020, 1, 2, 1, tzinfo=ZURICH), pandas.NaT], dtype=object), DATES),
        (lambda: pandas.to_timedelta([1, None], "s"), NUMBERS),
        (lambda: pandas.arrays.SparseArray([0.0, 1.0]), np.array([0.0, 1.0])),
        (lambda: pandas.period_range("2020-01", periods=2, freq="M"), ["2020-01", "2020-02"]),
        (lambda: [None, None], np.array([np.nan, np.nan])),
    ],
)
def test_columns_of_pandas(series, expected):
    frame = pandas.DataFrame({"a": series()}, index=None)
    same(only(frame)["a"], expected)
    same(only(frame, rows=1)["a"], expected)  # the form is that of the whole column, not of the chunk


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([1, None], polars.Int16, NUMBERS),
        ([2**60 + 1, None], polars.Int64, [str(2**60 + 1), None]),
        ([2**60 + 1, 2], polars.UInt64, [str(2**60 + 1), "2"]),
        ([2**100, None], polars.Int128, [str(2**100), None]),
        ([1.0, float("nan")], polars.Float32, NUMBERS),
        ([1.0, None], polars.Float64, NUMBERS),
        ([decimal.Decimal("1.00"), None], polars.Decimal(10, 2), NUMBERS),
        ([True, False], polars.Boolean, np.array([True, False])),
        ([True, None], polars.Boolean, ["True", None]),
        (["007", None], polars.String, ["007", None]),
        (["x", None], polars.Categorical, ["x", None]),
        (["x", None], polars.Enum(["x"]), ["x", None]),
        ([datetime.date(2020, 1, 2), None], polars.Date, DATES),
        ([datetime.datetime(2020, 1, 2), None], polars.Datetime("ns"), DATES),
        ([datetime.datetime(2020, 1, 2), None], polars.Datetime("us", "UTC"), DATES),
        ([datetime.timedelta(seconds=1), None], polars.Duration, NUMBERS),
        ([datetime.time(1, 2), None], polars.Time, ["01:02:00", None]),
        ([None, None], polars.Null, np.array([np.nan, np.nan])),
    ],
)
def test_columns_of_polars(values, dtype, expected):
    frame = polars.DataFrame({"a": polars.Series(values, dtype=dtype)})
    same(only(frame)["a"], expected)
    same(only(frame, rows=1)["a"], expected)


def test_times_of_a_zone_are_in_utc():
    local = polars.Series([datetime.datetime(2020, 7, 2, 12)]).dt.replace_time_zone("Europe/Zurich")
    assert only(polars.DataFrame({"a": local}))["a"][0] == np.datetime64("2020-07-02T10:00")
    local = pandas.to_datetime(["2020-07-02T12:00"]).tz_localize("Europe/Zurich")
    assert only(pandas.DataFrame({"a": local}))["a"][0] == np.datetime64("2020-07-02T10:00")


def test_great_whole_numbers_stay_whole_in_every_chunk():
    whole = [2**60 + 1, 5, None, 7]
    for frame in (pandas.DataFrame({"a": pandas.array(whole, "Int64")}), polars.DataFrame({"a": whole})):
        for count in (1, 2, 4):
            assert only(frame, rows=count)["a"] == [str(2**60 + 1), "5", None, "7"]


def test_a_lazy_frame_and_a_series_in_a_dict():
    assert only(polars.LazyFrame({"a": ["x"]})) == {"a": ["x"]}
    found = only(
        {"a": pandas.Series([1, 2], index=[5, 6]), "b": polars.Series(["x", None]), "c": pandas.Categorical(["1", "2"])}
    )
    same(found["a"], np.array([1.0, 2.0]))
    assert found["b"] == ["x", None] and found["c"] == ["1", "2"]


def test_categories_of_numbers_stay_categories():
    frame = pandas.DataFrame({"zip": pandas.Categorical([8001, 3000]), "x": [1, 2]})
    assert read(frame).kinds == {"zip": "category"} == read(frame).take([1]).kinds
    assert read({"zip": pandas.Categorical([8001, 3000])}).kinds == {"zip": "category"}
    assert read(polars.DataFrame({"a": polars.Series(["1"], dtype=polars.Categorical)})).kinds == {"a": "category"}


def test_the_index_is_no_column_and_names_are_text():
    frame = pandas.DataFrame({0: [1.0, 2.0], "b": ["x", "y"]}, index=["p", "q"])
    table = read(frame)
    assert (table.names, table.origin, table.digest, len(table)) == (["0", "b"], "a pandas frame", "", 2)
    part = table.take([1, 1])
    assert next(part.chunks()).columns["b"] == ["y", "y"] and next(part.chunks()).columns["0"].tolist() == [2.0, 2.0]


def test_a_frame_is_not_changed():
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": [True, False]})
    before = frame.copy()
    for chunk in read(frame).chunks():
        for values in chunk.columns.values():
            if values.flags.writeable:
                values[:] = 0
    pandas.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pandas.DataFrame({"a": [[1], [2]]}), "'a' holds a list in row 0"),
        (pandas.DataFrame({"a": [1j]}), "'a' .* complex"),
        (pandas.DataFrame([[1, 2]], columns=["a", "a"]), "two columns are called 'a'"),
        (pandas.DataFrame([[1, 2]], columns=[1, "1"]), "two columns are called '1'"),
        (pandas.DataFrame({"a": []}), "0 rows and 1 columns"),
        (pandas.DataFrame(index=[1, 2]), "0 columns"),
        (polars.DataFrame({"a": [[1], None]}), "'a' holds a list in row 0"),
        (polars.DataFrame({"a": [{"x": 1}]}), "'a' holds a dict in row 0"),
    ],
)
def test_frames_that_cannot_be(frame, words):
    with pytest.raises(DataError, match=words):
        read(frame)


def test_what_is_no_frame():
    for wrong in (pandas.Series([1]), pandas.DataFrame, object()):
        with pytest.raises(InputError, match="is no table"):
            read(wrong)


def test_pyarrow():
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"i": [1, None], "b": [True, None], "s": ["x", None], "d": [datetime.date(2020, 1, 2), None]})
    found = only(table)
    same(found["i"], NUMBERS)
    same(found["d"], DATES)
    assert found["b"] == ["True", None] and found["s"] == ["x", None] and read(table).names == ["i", "b", "s", "d"]
    twice = pyarrow.Table.from_arrays([pyarrow.array([1]), pyarrow.array([2])], names=["a", "a"])
    with pytest.raises(DataError, match="two columns are called 'a'"):
        read(twice)


def test_without_narwhals_the_line_to_type():
    code = (
        "import sys, pandas; sys.modules['narwhals'] = None\n"
        "from pellucid.tables import read\n"
        "from pellucid.errors import MissingExtraError\n"
        "print(read({'a': pandas.Series([1])}).names)\n"
        "try: read(pandas.DataFrame({'a': [1]}))\n"
        "except MissingExtraError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[0] == "['a']" and 'pip install "pellucid[tabular]"' in said


def cells(rng):
    return rng.choice(["1", "2.5", "abc", "", "NA", "a,b", 'say "hi"', "x\ny", "Zürich", " 7", "01234", "1_000"])


def test_the_same_rows_as_pandas_finds(tmp_path):
    """On files that pandas reads as they were written, in the forms that pandas knows how to write."""
    import random

    for seed in range(40):
        rng = random.Random(seed)
        frame = pandas.DataFrame(
            {f"name{n}": [cells(rng) for _ in range(rng.randint(1, 1) * 30)] for n in range(rng.randint(2, 6))}
        )
        path = tmp_path / "table.csv"
        separator, end = rng.choice(",;\t|"), rng.choice(["\n", "\r\n"])
        frame.to_csv(
            path, sep=separator, lineterminator=end, index=False, encoding=rng.choice(["utf-8", "utf-8-sig", "utf-16"])
        )
        found = only_text(path)
        assert found == {name: frame[name].tolist() for name in frame}, seed
        peer = pandas.read_csv(
            io.StringIO(path.read_bytes().decode(frame_encoding(path))), sep=separator, dtype=str, keep_default_na=False
        )
        assert found == {name: peer[name].tolist() for name in peer}


def frame_encoding(path):
    return "utf-16" if path.read_bytes()[:2] == b"\xff\xfe" else "utf-8-sig"


def only_text(path):
    table = read(path)
    found = {name: [] for name in table.names}
    for chunk in table.chunks(11):
        for name, values in chunk.columns.items():
            found[name] += values
    return found
