"""The report: a page that stands alone, says what the record says, and takes no harm from what a record may hold."""

import base64
import copy
import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

import picture_checks
import report_records as records
from command_line import pellucid_does
from damaged_json import places, replaced
from pellucid import Model, load, report, tables
from pellucid.errors import FileError, InputError
from pellucid.glass import svg
from pellucid.layers import Dense, ReLU
from pellucid.losses import MeanSquaredError
from pellucid.report import charts, words
from pellucid.report.record import read
from pellucid.tables.encoder import Encoder
from pellucid.tables.plan import plan
from pellucid.tables.typed import typed

NAMES = ["age", "city", "hours", "children"]
VOID = {"meta"}


class Page(HTMLParser):
    """The page as a browser reads it: elements in order, their text; every tag closed by its own."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.page, self.open, self.elements, self.texts = page, [], [], []
        self.feed(page)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        assert len(dict(attributes)) == len(attributes), f"an attribute twice: {attributes}"
        element = {
            "tag": tag,
            "attributes": dict(attributes),
            "inside": [e["tag"] for e in self.open],
            "text": "",
            "children": [],
        }
        if self.open:
            self.open[-1]["children"].append(element)
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open.pop()["tag"] == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        if self.open:
            self.open[-1]["text"] += data
        self.texts.append(data)

    def all(self, tag):
        return [element for element in self.elements if element["tag"] == tag]

    def section(self, key):
        return self.page.split(f'<section id="{key}"')[1].split("</section>")[0]

    @property
    def keys(self):
        return [element["attributes"]["id"] for element in self.all("section")]


@pytest.fixture(scope="module")
def three():
    return records.model_of()


@pytest.fixture(scope="module")
def one():
    return records.model_of(1)


def nasty():
    """A record whose every name and value is an attack."""
    bad = records.NASTY
    record = records.classes([bad, "b" * 80, "日本語 name", "hours"], [bad, "<b>x</b>", "high"])

    def spoil(value):
        if isinstance(value, str):
            return value + bad
        if isinstance(value, dict):
            return {key + (bad if key not in KNOWN else ""): spoil(item) for key, item in value.items()}
        return [spoil(item) for item in value] if isinstance(value, list) else value

    return spoil(record)


KNOWN = set(json.dumps(records.classes()).replace("this network", "").split('"')) - {"age", "city", "accuracy"}


def pages(three, one):
    bad = [records.NASTY, "b" * 80, "日本語 name", "hours"]
    return {
        "classes": report.html(records.Recorded(three, records.classes(), NAMES)),
        "numbers": report.html(records.Recorded(one, records.numbers(), NAMES)),
        "nasty": report.html(records.Recorded(three, nasty(), bad)),
        "arrays": report.html(three),
        "untrained": report.html(Model(Dense(2, 3))),
        "no parameters": report.html(Model(ReLU(), loss=MeanSquaredError())),
        "empty": report.html(records.Recorded(three, {})),
    }


@pytest.fixture(scope="module")
def drawn(three, one):
    return pages(three, one)


CASES = ("classes", "numbers", "nasty", "arrays", "untrained", "no parameters", "empty")

# -- the page ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_the_page_is_sound_and_asks_for_nothing(drawn, name):
    page = Page(drawn[name])
    assert drawn[name].lstrip().startswith("<!doctype html>") and page.all("html")[0]["attributes"]["lang"] == "en"
    assert not {"script", "img", "iframe", "object", "embed", "form", "link", "base", "image", "use"} & {
        element["tag"] for element in page.elements
    }
    for element in page.elements:
        for key, value in element["attributes"].items():
            assert not key.startswith("on") and key not in ("src", "style", "srcset", "action"), (element["tag"], key)
            assert key != "href" or value[0] == "#"
    address = "http://www.w3.org/2000/svg"
    assert all(e["attributes"].get("xmlns") == address for e in page.all("svg"))
    assert "http" not in re.sub(r"http://www\.w3\.org/2000/svg|http-equiv", "", drawn[name])
    assert "@import" not in drawn[name] and "url(" not in drawn[name]
    assert len(drawn[name].encode()) < 150_000


@pytest.mark.parametrize("name", CASES)
def test_only_the_pages_own_style_is_allowed(drawn, name):
    page = Page(drawn[name])
    (style,) = page.all("style")
    digest = base64.b64encode(hashlib.sha256(style["text"].encode()).digest()).decode()
    (policy,) = [m["attributes"]["content"] for m in page.all("meta") if m["attributes"].get("http-equiv")]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "prefers-color-scheme:dark" in style["text"] and "@media print" in style["text"]


@pytest.mark.parametrize("name", CASES)
def test_everybody_can_find_their_way(drawn, name):
    page = Page(drawn[name])
    ids = [element["attributes"]["id"] for element in page.elements if "id" in element["attributes"]]
    assert len(ids) == len(set(ids)) > 0
    links = [element["attributes"]["href"][1:] for element in page.all("a")]
    assert links == page.keys
    levels = [int(element["tag"][1]) for element in page.elements if re.fullmatch("h[1-6]", element["tag"])]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    for picture in page.all("svg"):
        assert picture["attributes"]["role"] == "img"
        first = picture["children"][:2]
        assert [e["tag"] for e in first] == ["title", "desc"] and all(e["text"].strip() for e in first)
        assert "figure" in picture["inside"]
    for figure in page.all("figure"):
        (details,) = [e for e in figure["children"] if e["tag"] == "details"]
        assert [e["tag"] for e in figure["children"]].count("figcaption") == 1
        assert "table" in str(details)
    for table in page.all("table"):
        assert table["children"][0]["tag"] == "caption" and table["children"][0]["text"]
    heads = page.all("th")
    assert all(head["attributes"]["scope"] in ("row", "col") for head in heads)
    assert len([h for h in heads if h["attributes"]["scope"] == "row"]) == sum(
        "tbody" in r["inside"] for r in page.all("tr")
    )
    for part in page.elements:
        if part["attributes"].get("class") == "scroll":
            assert part["attributes"]["tabindex"] == "0" and part["attributes"]["aria-label"]


def test_names_and_values_stay_text(drawn):
    page = Page(drawn["nasty"])
    assert not {"b", "script", "img"} & {element["tag"] for element in page.elements}
    whole = [text for text in page.texts if records.NASTY in text]
    assert len(whole) > 60, "it is there, as text"
    assert any("svg" in e["inside"] and "<img" in e["text"] for e in page.all("text"))
    assert any("svg" in e["inside"] and records.NASTY in e["text"] for e in page.all("desc"))


def test_what_turns_text_about_or_cannot_be_written_is_replaced(three):
    record = records.classes()
    record["verdict"]["text"] = "a\u202eb\x00c\ud800d\u2066e"
    page = report.html(records.Recorded(three, record))
    assert "a\ufffdb\ufffdc\ufffdd\ufffde" in page and page.encode()


# -- what it says ------------------------------------------------------------------------------------------------------


def test_every_part_of_the_record_has_its_section(drawn):
    keys = ["verdict", "data", "warnings", "columns", "split", "mistakes", "importance", "worst", "network", "curves",
            "health", "repeat", "limits", "versions"]  # fmt: skip
    assert Page(drawn["classes"]).keys == Page(drawn["numbers"]).keys == keys
    assert Page(drawn["arrays"]).keys == ["network", "curves", "health", "limits"]
    page = drawn["classes"]
    for said in ("86.0 %", "84.0 % to 88.0 %", "5.0 points (3.0 to 7.0 points)", "no clear difference", "9f" * 32,
                 "planet never changes.", "The target is text.",
                 "--drop planet", "stratified", "960 rows", "pellucid train people.csv --target income", "seed = 0",
                 "2026-05-04 10:20 UTC", "4 columns of 6 are inputs", "left out: identifier", "numpy", "17.0 %",
                 "dead-units (layer 0)", "2 of 12 units are dead. Likely cause: a large step. Try: LeakyReLU()."):  # fmt: skip
        assert said in page, said
    page = drawn["numbers"]
    for said in (
        "Not better than the baselines",
        "Worse than linear regression",
        "0.710",
        "5,000",
        "88.3 % of the rows (likely 85.0 % to 91.0 %). They",
        "12,000 wide",
    ):
        assert said in page, said


@pytest.mark.parametrize("key", [*records.classes(), "numbers", "interval", "folds"])
def test_what_the_record_lacks_has_no_section(three, one, key):
    model, record = (three, records.classes()) if records.classes().get(key) else (one, records.numbers())
    whole = Page(report.html(records.Recorded(model, record)))
    without = Page(report.html(records.Recorded(model, {k: v for k, v in record.items() if k != key})))
    assert report.html(records.Recorded(model, record | {key: None})) == without.page
    assert without.page != whole.page and set(without.keys) <= set(whole.keys)
    assert "None" not in " ".join(without.texts)


@pytest.mark.parametrize(("level", "said"), [(0.9, ""), (0.95, "fewer than promised"), (0.8, "more than promised")])
def test_intervals_that_do_not_hold_what_they_promise_are_told(one, level, said):
    record = records.numbers()
    record["interval"]["level"] = level
    page = report.html(records.Recorded(one, record))
    assert said in page and ("promised" in page) == bool(said)


def test_a_column_that_divides_by_time_and_is_an_input_says_both(three):
    record = records.classes()
    record["plan"]["columns"] += [records.column("when", "date", "cycles"), records.column("day", "date", "time")]
    page = report.html(records.Recorded(three, record))
    assert "5 columns of 8 are inputs" in page and page.count("time; its cycles are input") == 1


def test_the_intervals_of_several_targets_have_a_row_each(one):
    record = records.numbers()
    of = record["interval"] | {"low": 0.91, "high": 0.97}
    record["interval"] = {
        "level": 0.9,
        "of": {"income": {"coverage": 0.883, "low": 0.85, "high": 0.91}, records.NASTY: of},
    }
    page = report.html(records.Recorded(one, record))
    for said in ("hold, of 90 %", "88.3 %", "85.0 % to 91.0 %", "more than promised", "12,000"):
        assert said in page, said
    assert records.NASTY not in page and page.count("than promised") == 1


def test_no_row_is_shown_where_none_may_be(three, one):
    record = records.classes()
    record["worst"][0]["values"]["age"] = "secret-41"
    record["plan"]["columns"][0]["examples"] = ["secret-42"]
    shown, hidden = (report.html(records.Recorded(three, record), rows=rows) for rows in (True, False))
    assert "secret-41" in shown and "secret-42" in shown and "secret" not in hidden
    assert "predicted minus true" not in report.html(records.Recorded(one, records.numbers()), rows=False)


def test_the_same_file_gives_the_same_bytes(three, tmp_path):
    path = tmp_path / "model.safetensors"
    draw = np.random.default_rng(0)
    data = {
        records.NASTY: draw.normal(size=50),
        "city": draw.normal(size=50),
        "hours": draw.normal(size=50),
        "z": draw.normal(size=50),
    }
    table = tables.read(data)
    planned = plan(table)
    encoder = Encoder.fit(planned, typed(table, planned))
    model = copy.deepcopy(three)
    model.table = {"encoder": encoder.to_json(), "target": {}, "record": records.classes()}
    model.save(path)
    first = report.html(load(path))
    assert "86.0 %" in first and f">{svg.escape(svg.fit(records.NASTY, 140, 11))}</text>" in first
    assert first == report.html(records.Recorded(three, records.classes(), encoder.features))
    code = (
        "import sys, pellucid\nfrom pellucid import report\n"
        f"sys.stdout.buffer.write(report.html(pellucid.load({str(path)!r})).encode())"
    )
    again = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": "7"}
    ).stdout
    assert again == first.encode()


def test_a_wide_table_stays_small():
    names = [f"column {i} of a wide table" for i in range(300)]
    labels = [f"class {i}" for i in range(60)]
    record = records.classes(names, labels)
    record["numbers"] = records.numbers()["numbers"] | {"second": records.numbers()["numbers"]["income"]}
    model = records.model_of(60, 300, epochs=3)
    page = report.html(records.Recorded(model, record, names))
    assert len(page.encode()) < 400_000 and "the first 200 of 302" in page and "most frequent mix-ups of 60" in page


# -- curves in words -----------------------------------------------------------------------------------------------------

EPOCHS = np.arange(60)
PHRASES = ("neither over- nor underfitting", "That is overfitting", "means overfitting", "although the training loss did",
           "this is underfitting", "still falling",
           "rises a little")  # fmt: skip
FALL = 0.2 + np.exp(-EPOCHS / 8)


@pytest.mark.parametrize(
    ("train", "valid", "said"),
    [
        (FALL, FALL + 0.02, "neither over- nor underfitting"),
        (FALL - 0.2, np.where(EPOCHS < 20, FALL, FALL[20] + 0.03 * (EPOCHS - 20)), "That is overfitting"),
        (FALL, np.full(60, 1.3), "although the training loss did"),
        (FALL - 0.19, FALL * 0.1 + 1.1, "means overfitting"),
        (1 - 0.001 * EPOCHS, 1 - 0.0005 * EPOCHS, "this is underfitting"),
        (2 - 0.03 * EPOCHS, 2 - 0.03 * EPOCHS, "still falling"),
        (FALL, FALL + 0.06 * np.sin(EPOCHS / 3.1) ** 2 + 0.001 * EPOCHS, "neither over- nor underfitting"),
        (FALL - 0.1, np.where(EPOCHS < 20, FALL, FALL[20] + 0.004 * (EPOCHS - 20)), "rises a little"),
        (
            FALL + 0.03 * np.maximum(EPOCHS - 20, 0),
            FALL + 0.03 * np.maximum(EPOCHS - 20, 0),
            "so does the training loss",
        ),
        (FALL + 0.03 * np.maximum(EPOCHS - 20, 0), [], "rose again: training came apart"),
        (FALL, [], "No validation rows"),
        (2 - 0.03 * EPOCHS, [], "still falling"),
        (1 - 0.0001 * EPOCHS, [], "this is underfitting"),
        ([1.0, float("nan"), 0.5], [], "no finite loss"),
        ([1.0, 0.5], [], "Too few epochs"),
    ],
)
def test_the_curves_are_told(train, valid, said):
    told = " ".join(words.story(list(train), list(valid), None))
    assert said in told
    assert sum(phrase in told for phrase in PHRASES) == (said in PHRASES)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(248123.4, "248,123"), (-1234.6, "-1,235"), (12.5, "12.5"), (5e6, "5,000,000"), (1e13, "1e+13"), (0.00012344, "0.0001234"),
     (3.0, "3"), (10**15, "1,000,000,000,000,000"), (None, "–"), ("1e3", "1e3")],
)  # fmt: skip
def test_numbers_are_written_for_people(value, shown):
    assert words.plain(value) == shown


def test_the_metric_of_one_target_is_read_as_its_kind(three):
    assert words.gain("accuracy of city", 0.05) == "5.0 points" and words.unit("accuracy of city") == 100.0
    span = {"value": 3.0, "low": 2.0, "high": 4.0}
    record = {
        "metric": "rmse of price",
        "scores": {"this network": {"rmse of price": span}},
        "differences": {"linear": span},
    }
    page = report.html(records.Recorded(three, record))
    assert "Worse than linear" in page and "Better than linear" not in page


@pytest.mark.parametrize("verdict", [{}, {"text": "There is no baseline to compare it with.", "wins": None}])
def test_without_baselines_nothing_is_said_to_be_compared(three, verdict):
    assert "to the baselines" not in report.html(records.Recorded(three, {"verdict": verdict}))
    assert "No clear difference to the baselines" in report.html(records.Recorded(three, records.classes()))


def test_names_of_inputs_and_metrics_cannot_turn_a_line_about(three):
    from pellucid.training.history import History

    model = copy.deepcopy(three)
    model.history = History()
    model.history.epochs = [{"epoch": i + 1, "loss": 1.0 / (i + 1), "\u202espam\x00": 0.5} for i in range(5)]
    page = report.html(records.Recorded(model, None, ["a\u202eb", "\x00", "c", "d"]))
    assert "spam" in page and not {"\u202e", "\x00"} & set(page)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("-0.044641636506989144", "-0.044642"),
        ("123456789.12345", "123456789"),
        ("1.5", "1.5"),
        ("12345678901", "12345678901"),
        ("1.00000.00000", "1.00000.00000"),
        ("x" * 30, "x" * 23 + "…"),
    ],
)
def test_long_values_are_cut_and_digits_that_count_stay(given, shown):
    assert words.short(given) == shown


def test_the_best_epoch_is_marked(three):
    best = int(np.argmin(three.history["val_loss"])) + 1
    page = report.html(three)
    assert f"best: {best}" in page and f"lowest in epoch {best} of 30" in page


# -- charts --------------------------------------------------------------------------------------------------------------

NASTY_ROWS = [(records.NASTY, 0.5, 0.4, 0.6), ("b" * 90, 0.7, None, None), ("日本語" * 30, -0.2, -0.3, -0.1)]


@pytest.mark.parametrize(
    "picture",
    [
        lambda: charts.intervals(NASTY_ROWS, records.NASTY * 3, "accuracy, %", lambda v: words.share(v), 100.0),
        lambda: charts.intervals(NASTY_ROWS * 9, "many", "drop", lambda v: f"{v:.3f}", zero=True),
        lambda: charts.intervals([("alone", 0.0, 0.0, 0.0)], "one", "r2", str),
        lambda: charts.intervals(
            [("large", 1e149, -1e149, 1e149), ("small", 1e-300, 0.0, 1e-300)], "two", "r2", lambda v: f"{v:.4g}"
        ),
        lambda: charts.against(np.arange(9.0), np.arange(9.0) ** 2, records.NASTY * 3, records.NASTY * 3),
        lambda: charts.against(np.full(5, 3.0), np.full(5, 3.0), "constant", "y"),
        lambda: charts.residuals(np.linspace(-1, 5, 40), records.NASTY * 3, "y" * 200),
        lambda: charts.residuals(np.zeros(3), "all right", "y"),
        lambda: charts.residuals(np.full(4, 1e149), "all wrong", "y"),
        lambda: charts.confusion(["a", records.NASTY], np.array([[10**9, 0], [3, 0]]), "t" * 200),
        lambda: charts.confusion([f"class {i} with a long name" for i in range(12)], np.eye(12, dtype=int), "twelve"),
        lambda: charts.confusion(["only"], np.array([[5]]), "one"),
    ],
)
def test_charts_are_legible(picture):
    root = picture_checks.check(picture())
    for path in root.iter(picture_checks.SVG + "path"):
        places = [float(x) for x in re.findall(r"M(-?[\d.]+) ", path.get("d"))]
        assert all(0 <= x <= float(root.get("width")) for x in places)


def test_points_lie_where_the_numbers_are():
    true, predicted = np.array([1.0, 4.0, 2.5, 9.0]), np.array([1.5, 3.0, 2.5, 12.0])
    picture = charts.against(true, predicted, "t", "y")
    x, y = np.array([pair.split(" ") for pair in re.findall(r"M([\d.]+ [\d.]+)h0", picture)], float).T
    for seen, meant in ((x, true), (y, predicted)):
        slope, start = np.polyfit(meant, seen, 1)
        np.testing.assert_allclose(seen, slope * meant + start, atol=0.02)
    (line,) = re.findall(r'<line x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="([\d.]+)"[^>]*dasharray="6 4"', picture)
    x1, y1, x2, y2 = map(float, line)
    assert y[2] == pytest.approx(y1 + (x[2] - x1) * (y2 - y1) / (x2 - x1), abs=0.05), "true = predicted is on the line"


def test_intervals_are_drawn_to_scale():
    picture = charts.intervals([("a", 0.5, 0.4, 0.6), ("b", 0.8, 0.7, 0.9)], "t", "accuracy, %", str, 100.0)
    ends = np.array(re.findall(r"M([\d.]+) [\d.]+H([\d.]+)M", picture), float)
    ticks = re.findall(r'<text x="([\d.]+)" y="\d+" font-size="11"[^>]*>(\d+)</text>', picture)
    slope, start = np.polyfit(*np.array(ticks, float).T, 1)
    np.testing.assert_allclose(ends * slope + start, [[40, 60], [70, 90]], atol=0.05)


def test_residuals_count_every_row():
    error = np.random.default_rng(0).normal(size=500)
    counts, edges = charts.bins(error)
    assert counts.sum() == 500 and edges[0] == error.min() and edges[-1] == error.max()


# -- records that nobody should have written -----------------------------------------------------------------------------

WRONG = [
    3,
    -1,
    0.5,
    "x",
    "",
    [],
    {},
    True,
    float("inf"),
    10**400,
    [[]],
    {"a": {}},
    ["x"],
    [None],
    -1e308,
    {"": None},
    [[1]],
]


@pytest.mark.parametrize("record", [records.classes(), records.numbers()], ids=["classes", "numbers"])
def test_a_foreign_record_is_read_or_refused(three, record):
    record = json.loads(json.dumps(record), object_hook=lambda part: {k: v[:3] if k in ("true", "predicted") else v
                                                                      for k, v in part.items()})  # fmt: skip
    readable, refused = [], 0
    for at in places(record):
        for wrong in WRONG:
            strange = replaced(record, at, wrong)
            try:
                read(strange)
                readable.append(strange)
            except FileError as error:
                refused += 1
                assert "expected" in str(error) and len(str(error)) < 400
    assert refused > 1000 and len(readable) > 400
    for strange in readable[:: len(readable) // 20]:
        assert Page(report.html(records.Recorded(three, strange))).keys


@pytest.mark.parametrize("record", [3, "x", [1], True, {"scores": 3}, {"confusion": {"labels": ["a"], "counts": [[1, 2]]}},
                                    {"numbers": {"y": {"true": [1.0], "predicted": []}}}])  # fmt: skip
def test_a_foreign_record_is_named(three, record):
    with pytest.raises(FileError, match="The record of the training run holds .* expected"):
        report.html(records.Recorded(three, record))


def test_what_is_no_model_is_refused():
    with pytest.raises(InputError, match="is no model"):
        report.html({"a": 1})


@pytest.mark.parametrize(
    ("dtype", "value"), [("float32", 3e38), ("float32", 1e-45), ("float64", 1.7e308), ("float64", 5e-324)]
)
def test_a_network_of_huge_or_tiny_weights_has_a_report(dtype, value):
    model = Model(Dense(2, 3), ReLU(), Dense(3, 1), loss=MeanSquaredError(), dtype=dtype)
    model.layers[0].weights[:] = value
    model.layers[0].weights[0, 0] = -value
    assert Page(report.html(model)).keys == ["network", "health", "limits"]


@pytest.mark.parametrize("value", [1e308, -1e308, 0.0, 5e-324, float("nan"), float("inf")])
def test_curves_of_any_numbers_are_drawn(value):
    from pellucid.training.history import History

    model = Model(Dense(2, 1), loss=MeanSquaredError())
    model.history = History()
    model.history.epochs = [{"epoch": i + 1, "loss": 1.0 if i % 2 else value, "val_loss": value} for i in range(20)]
    page = Page(report.html(model))
    assert "curves" in page.keys and not re.search(r'd="[^"]*(nan|inf)', page.page)


# -- the command -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def saved(three, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    three.save("moons.safetensors")
    return tmp_path


def test_the_command_writes_the_page(saved, three):
    out, error = pellucid_does("report", "moons.safetensors")
    assert (
        "moons.html" in out and error == "" and (saved / "moons.html").read_text(encoding="utf-8") == report.html(three)
    )
    event = json.loads(pellucid_does("report", "moons.safetensors", "-o", "other.html", "--json")[0])
    assert event["path"] == "other.html" and event["bytes"] == (saved / "other.html").stat().st_size


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["none.safetensors"], 2, "no model file"),
        (["moons.safetensors", "-o", "page.txt"], 2, ".html"),
        (["moons.safetensors", "-o", "no/folder/page.html"], 3, "could not be written"),
        (["damaged.safetensors"], 3, "damaged.safetensors"),
        (["foreign.safetensors"], 3, "foreign.safetensors"),
    ],
)
def test_a_wrong_report_is_one_sentence_and_no_file(saved, three, arguments, code, said):
    content = (saved / "moons.safetensors").read_bytes()
    (saved / "damaged.safetensors").write_bytes(content[:-9])
    foreign = copy.deepcopy(three)
    foreign.table = {"encoder": 1, "target": [], "record": {"scores": 4}}
    foreign.save(saved / "foreign.safetensors")
    before = sorted(saved.iterdir())
    _, error = pellucid_does("report", *arguments, code=code)
    assert error.startswith("Error: ") and said in error and error.count("\n") == 1, error
    assert sorted(saved.iterdir()) == before
