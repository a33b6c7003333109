"""What a piece of text says: a number, a date, a word for yes."""

import datetime
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.tables.dates import as_date, date_shape, plain_dates
from pellucid.tables.kinds import LARGEST, as_boolean, as_number, boolean_words, cells, plain_numbers, shape

NUMBERS = [  # text, with a decimal point, with a decimal comma
    ("0", 0.0, 0.0), ("-12", -12.0, -12.0), ("+3", 3.0, 3.0), ("1.5", 1.5, None), ("1,5", None, 1.5),
    (".5", 0.5, None), ("5.", 5.0, None), ("1,234", 1234.0, 1.234), ("1.234", 1.234, 1234.0),
    ("1,234.5", 1234.5, None), ("1.234,5", None, 1234.5), ("1,234,567", 1234567.0, None),
    ("1.234.567", None, 1234567.0), ("1'234", 1234.0, 1234.0), ("1’234.5", 1234.5, None), ("1 234", 1234.0, 1234.0),
    ("12 345 678,9", None, 12345678.9), ("1\u202f234", 1234.0, 1234.0), ("0,123", None, 0.123),
    ("\u22125", -5.0, -5.0), ("1e5", 1e5, 1e5), ("2.5E-3", 2.5e-3, None), ("3.4e38", 3.4e38, None), (" 7 ", 7.0, 7.0),
    ("1,23,456", None, None), ("12,34", None, 12.34), ("1.2.3", None, None), ("1_000", None, None),
    ("0x1F", None, None), ("inf", None, None), ("-Infinity", None, None), ("nan", None, None), ("1e39", None, None),
    ("1e400", None, None), ("12:30", None, None), ("--5", None, None), ("5-", None, None), ("", None, None),
    ("+", None, None), (".", None, None), ("1 2345", None, None), ("0 123", None, None), ("١٢", None, None),
    ("１２", None, None), ("(5)", None, None), ("10%", None, None), ("$5", None, None), ("1e", None, None),
    ("e5", None, None), ("½", None, None), ("1\n2", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "point", "comma"), NUMBERS, ids=[repr(row[0]) for row in NUMBERS])
def test_numbers(text, point, comma):
    assert as_number(text, ".") == point
    assert as_number(text, ",") == comma
    found = shape(text.strip())
    signs = "".join(sign for sign, value in ((".", point), (",", comma)) if value is not None)
    if signs:
        assert found is not None
        assert found.points == signs


def test_signs_of_money_percent_and_accounts_only_where_the_column_has_them():
    assert as_number("$1.50", currency="$") == 1.5
    assert as_number("-$1,234.50", currency="$") == -1234.5
    assert as_number("1.50", currency="$") == 1.5
    assert as_number("€1.50", currency="$") is None
    assert as_number("1.234,50 €", ",", currency="€") == 1234.5
    assert as_number("CHF 1'234.50", currency="CHF") == 1234.5
    assert as_number("10%", percent=True) == as_number("10 %", percent=True) == 10.0
    assert as_number("10", percent=True) is None
    assert as_number("(1,234.5)", parentheses=True) == -1234.5
    assert as_number("(-5)", parentheses=True) is None
    assert as_number("(5", parentheses=True) is None
    assert as_number("$5%", currency="$", percent=True) is None


@given(st.floats(-LARGEST, LARGEST), st.sampled_from(["repr", ".3f", ",.2f", ".6g"]))
def test_what_python_writes_is_read(value, form):
    text = repr(value) if form == "repr" else format(value, form)
    expected = float(text.replace(",", ""))
    assert as_number(text) == (expected if abs(expected) <= LARGEST else None)


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_none(text):
    for decimal in ".,":
        value = as_number(text, decimal)
        assert value is None or math.isfinite(value)
    assert as_date(text) is None or math.isfinite(as_date(text))


@given(st.lists(st.one_of(st.text("0123456789+-.eE_, n", max_size=6), st.just(""))))
def test_a_whole_list_at_once_reads_what_one_by_one_reads(texts):
    texts = [text.strip() for text in texts]
    for decimal in ".,":
        numbers = plain_numbers(texts, decimal)
        if numbers is not None:
            one = [np.nan if not text else as_number(text, decimal) for text in texts]
            np.testing.assert_array_equal(numbers, np.array(one, np.float64))


@pytest.mark.parametrize("text", ["01", "1_0", "inf", "nan", "1e39", "0x1", "NA", "１", "1 2", "1,5"])
def test_what_is_not_plain_is_not_read_at_once(text):
    assert plain_numbers(["1", text, ""]) is None
    assert plain_numbers(["1.5", ""], ",") is None


def test_cells():
    assert cells([" a", "b\t", "", None, "NA"]) == ["a", "b", "", "", "NA"]
    assert cells([" a", "NA", "x"], frozenset({"NA"})) == ["a", "", "x"]
    assert cells(["a\n", "\u00a0b"]) == ["a", "b"]
    assert cells(["a", "b"]) == ["a", "b"]


def seconds(*parts, zone=0.0):
    moment = datetime.datetime(*parts, tzinfo=datetime.UTC) - datetime.timedelta(hours=zone)
    return moment.timestamp()


DATES = [
    ("2024-01-31", seconds(2024, 1, 31)), ("2024/01/31", seconds(2024, 1, 31)), ("2024.1.3", seconds(2024, 1, 3)),
    ("2024-01", seconds(2024, 1, 1)), ("20240131", seconds(2024, 1, 31)), ("31.1.2024", seconds(2024, 1, 31)),
    ("31.01.24", seconds(2024, 1, 31)), ("01.02.68", seconds(2068, 2, 1)), ("01.02.69", seconds(1969, 2, 1)),
    ("2024-01-31T10:20:30Z", seconds(2024, 1, 31, 10, 20, 30)), ("2024-01-31 10:20", seconds(2024, 1, 31, 10, 20)),
    ("2024-01-31T10:00:00.25+02:00", seconds(2024, 1, 31, 10, 0, 0, 250_000, zone=2)),
    ("2024-01-31 10:00:00-0530", seconds(2024, 1, 31, 10, zone=-5.5)),
    ("2024-01-31 10:00 UTC", seconds(2024, 1, 31, 10)), ("3 Mar 2024", seconds(2024, 3, 3)),
    ("3. March 2024", seconds(2024, 3, 3)), ("March 3rd, 2024", seconds(2024, 3, 3)),
    ("10-Sep-24", seconds(2024, 9, 10)), ("Sept 10, 2024", seconds(2024, 9, 10)),
    ("31.12.2024 3:04 PM", seconds(2024, 12, 31, 15, 4)),
    ("Mon, 02 Jan 2024 10:00:00 +0000", seconds(2024, 1, 2, 10)), ("4/4/2024", seconds(2024, 4, 4)),
    ("0001-01-01", seconds(1, 1, 1)), ("2024-02-30", None), ("2023-02-29", None), ("2024-13-01", None),
    ("2024-01-31T24:00", None), ("2024-01-31 10:60", None), ("2024-01-31 13:00 PM", None), ("1.2.34", None),
    ("12 May", None), ("May", None), ("2024", None), ("12:30", None), ("1/2", None), ("99991399", None),
    ("2024-01-31+25:00", None), ("2024-1", None), ("31/12/2024", None), ("3/4/2024", None), ("3 Foo 2024", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), DATES, ids=[row[0] for row in DATES])
def test_dates(text, expected):
    assert as_date(text) == expected


def test_day_and_month():
    assert as_date("3/4/2024", day_first=True) == seconds(2024, 4, 3)
    assert as_date("3/4/2024", day_first=False) == seconds(2024, 3, 4)
    assert as_date("31/12/2024", day_first=False) is None
    assert as_date("3.4.2024", day_first=False) == seconds(2024, 4, 3), "with full stops the day comes first"
    assert [date_shape(text) for text in ("3/4/2024", "31/4/2024", "30/4/2024", "4/30/2024", "4-4-2024", "3.4.2024", "x")] == [
        "either", None, "day", "month", "sure", "sure", None,
    ]  # fmt: skip


@given(st.lists(st.datetimes(datetime.datetime(1000, 1, 1), datetime.datetime(9999, 12, 31)), min_size=1))
def test_iso_dates_at_once_are_those_one_by_one(moments):
    for texts in ([f"{m:%Y-%m-%d}" for m in moments], [f"{m:%Y-%m-%d %H:%M:%S}" for m in moments]):
        np.testing.assert_array_equal(plain_dates(texts), [as_date(text) for text in texts])


def test_dates_that_are_not_plain_are_not_read_at_once():
    assert plain_dates(["2024-01-31", "2024-02-30"]) is None
    assert plain_dates(["2024-01-31", "2024-1-1"]) is None
    assert plain_dates(["2024-01-31", "2024/01/31"]) is None
    assert plain_dates(["31.12.2024"]) is None
    assert plain_dates([]) is None


def test_booleans():
    assert boolean_words(["Yes", "no"]) == ("Yes", "no")
    assert boolean_words(["0", "1"]) == ("1", "0")
    assert boolean_words(["yes", "no", "maybe"]) is None
    assert boolean_words(["yes"]) is None
    assert boolean_words(["yes", "false"]) is None
    assert [as_boolean(text, "Ja", "nein") for text in ("ja", "NEIN", "true", "0", "maybe", "2")] == [
        1.0,
        0.0,
        1.0,
        0.0,
        None,
        None,
    ]
