"""Drawings of networks: valid, legible, and true to the numbers of the network."""

import base64
import io
import re
import struct
import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest

import pellucid
from pellucid import datasets
from pellucid.errors import InputError
from pellucid.glass import chain, colours, filters, histograms, network, plane, showing, timelines
from pellucid.layers import (
    BatchNorm,
    Dense,
    Dropout,
    Flatten,
    LeakyReLU,
    ReLU,
    Residual,
    Sequential,
    Sigmoid,
    Softmax,
    Tanh,
)  # fmt: skip
from pellucid.losses import BinaryCrossEntropy, CategoricalCrossEntropy, MeanSquaredError
from pellucid.optimizers import SGD, Adam
from picture_checks import SVG, check, texts

NASTY = ["<script>&amp;", 'a "quoted" name & more, which is very long indeed', "日本語のとても長い名前です、はい\x00"]
X3, Y3 = datasets.blobs(20, classes=3, noise=0.5)
XM, YM = datasets.moons(80)


def of(*layers, **options):
    return pellucid.Model(*layers, **options)


def wide():
    return of(Dense(2, 64), ReLU(), Dense(64, 3), Softmax())


def composite():
    return of(Dense(3, 5), BatchNorm(5), Tanh(), Dropout(0.2), LeakyReLU(), Dropout(0.1),
              Residual(Dense(5, 5), ReLU(), Dense(5, 5)), Sequential(Dense(5, 2), Softmax()))  # fmt: skip


def deep(count=14):
    return of(Dense(4, 8), *(layer for _ in range(count) for layer in (ReLU(), Dense(8, 8))))


def broken():
    model = of(Flatten(), Dense(64, 128, "he_normal"), LeakyReLU(), Dense(128, 12), Softmax())
    model.layers[1].weights[0, 0], model.layers[3].weights[0, 0] = np.nan, np.inf
    return model


def zero():
    model = of(Dense(2, 3))
    model.layers[0].weights = np.zeros((2, 3), np.float32)
    return model


def lost():
    model = of(Dense(2, 3))
    model.layers[0].weights = np.full((2, 3), np.nan, np.float32)
    return model


def bent():
    """A network of two inputs with hand-made layers of every width."""
    model = of(Dense(2, 2), Tanh(), Dense(2, 4), ReLU(), Dense(4, 1), Sigmoid())
    model.layers[0].weights = np.array([[1.0, 0.5], [-0.5, 1.0]], np.float32)
    return model


def recorded(layers=2, epochs=6, **options):
    timeline = timelines.Timeline(X3, Y3, **options)
    model = of(Dense(2, 6), *(layer for _ in range(layers) for layer in (Tanh(), Dense(6, 6))), Dense(6, 3), Softmax(),
               loss=CategoricalCrossEntropy(), optimizer=Adam(0.05))  # fmt: skip
    model.fit(X3, Y3, epochs=epochs, callbacks=[timeline], engine="numpy", progress=False)
    return timeline


PICTURES = {
    "wide": lambda: network.draw(wide(), title="<b>&</b>"),
    "composite": lambda: network.draw(composite(), inputs=NASTY, outputs=["yes", "no"]),
    "deep": lambda: network.draw(deep()),
    "twelve columns": lambda: network.draw(deep(9)),
    "not finite": lambda: network.draw(broken()),
    "all 0": lambda: network.draw(zero()),
    "all NaN": lambda: network.draw(lost()),
    "one layer": lambda: network.draw(Dense(2, 1)),
    "no weights": lambda: network.draw(of(ReLU())),
    "histograms": lambda: histograms.draw(wide(), title="<b>&</b>"),
    "histograms of many": lambda: histograms.draw(composite()),
    "histograms of too many": lambda: histograms.draw(deep()),
    "histograms without numbers": lambda: histograms.draw(lost()),
    "histograms of holes": lambda: histograms.draw(broken()),
    "filters": lambda: filters.draw(broken()),
    "few filters": lambda: filters.draw(of(Dense(6, 2)), shape=(2, 3), title="t" * 200),
    "many filters": lambda: filters.draw(of(Dense(4, 99)), order="largest"),
    "filters of 0": lambda: filters.draw(zero(), shape=(1, 2)),
    "plane": lambda: plane.draw(bent(), XM, YM, title="<b>&</b>"),
    "plane alone": lambda: plane.draw(wide()),
    "plane of a deep one": lambda: plane.draw(of(Dense(2, 4), *deep(7).layers), X3, Y3),
    "plane of NaN": lambda: plane.draw(lost(), X3, Y3),
    "activations": lambda: recorded().to_svg(),
    "gradients": lambda: recorded().to_svg("gradients"),
    "updates": lambda: recorded().to_svg("updates", log=False),
    "many layers": lambda: recorded(12).to_svg(),
}


@pytest.fixture(scope="module")
def drawn():
    return {name: draw() for name, draw in PICTURES.items()}


@pytest.mark.parametrize("name", PICTURES)
def test_valid_legible_and_inside(drawn, name):
    check(drawn[name])


def test_names_stay_text(drawn):
    root = ET.fromstring(drawn["composite"].encode())
    words = [element.text for element in root.iter(SVG + "text")]
    assert NASTY[0] in words and "yes" in words and any(word.startswith("日本") for word in words)
    assert "<script" not in drawn["composite"] and ET.fromstring(drawn["wide"].encode())[0].text == "<b>&</b>"


# -- the network -------------------------------------------------------------------------------------------------------


def lines(root):
    """{((x0, y0), (x1, y1)): path element} of every weight that is drawn."""
    found = {}
    for path in root.iter(SVG + "path"):
        for match in re.finditer(r"M(\S+) (\S+)L(\S+) ([\d.]+)", path.get("d")):
            x0, y0, x1, y1 = (float(part) for part in match.groups())
            found[(x0, y0), (x1, y1)] = path
    return found


def centres(root):
    """The units' centres by column, from above."""
    by_x = {}
    for circle in root.iter(SVG + "circle"):
        by_x.setdefault(float(circle.get("cx")), []).append(float(circle.get("cy")))
    return [[(x, y) for y in sorted(ys)] for x, ys in sorted(by_x.items())]


def seen(root, one, other):
    """The path that draws the weight between two units."""
    return lines(root)[(one[0] + network.RADIUS, one[1]), (other[0] - network.RADIUS, other[1])]


def test_every_line_is_its_weight():
    model = of(Dense(3, 4), Tanh(), Dense(4, 2))
    root = check(network.draw(model))
    columns = centres(root)
    assert [len(column) for column in columns] == [3, 4, 2] and len(lines(root)) == 12 + 8
    for place, layer in enumerate((model.layers[0], model.layers[2])):
        most = np.abs(layer.weights).max()
        for (i, o), weight in np.ndenumerate(layer.weights):
            path = seen(root, columns[place][i], columns[place + 1][o])
            assert path.get("stroke") == (colours.SERIES[1] if weight > 0 else colours.SERIES[0])
            assert (path.get("stroke-dasharray") is None) == (weight > 0), "never colour alone"
            wide_ = float(path.get("stroke-width")) - 0.3
            assert wide_ == pytest.approx(
                3.2 * np.ceil(abs(weight) / most * network.LEVELS) / network.LEVELS, abs=0.011
            )


def test_wide_layers_are_abridged_at_the_right_units():
    model = wide()
    root = check(network.draw(model))
    columns = centres(root)
    assert [len(column) for column in columns] == [2, 8, 3]
    words = [element.text for element in root.iter(SVG + "text")]
    assert "… 56 more" in words and "64 units" in words and "192 parameters" in words
    weights = model.layers[0].weights
    for place, unit in ((0, 0), (3, 3), (4, 60), (7, 63)):
        path = seen(root, columns[0][1], columns[1][place])
        assert (path.get("stroke") == colours.SERIES[1]) == bool(weights[1, unit] > 0)


def test_deep_networks_are_abridged_and_short_cuts_drawn():
    root = check(network.draw(deep()))
    assert len(centres(root)) == 9 and "… 7 more" in [element.text for element in root.iter(SVG + "text")]
    columns = chain.columns(composite().network)
    assert [column.units for column in columns] == [3, 5, 5, 5, 2] and columns[3].skip == 1
    assert sum(column.parameters for column in columns) == 20 + 10 + 60 + 12
    arcs = [path for path in check(network.draw(composite())).iter(SVG + "path") if "C" in path.get("d")]
    assert len(arcs) == 1


def test_values_between_layers_that_change_shapes():
    model = of(Dense(3, 4), Flatten(), Dense(8, 2))
    assert [column.units for column in chain.columns(model.network)] == [3, 4, 8, 2]
    assert [column.units for column in chain.columns(broken().network)] == [64, 128, 12]


def test_the_tables_hold_the_numbers():
    model = wide()
    page = ET.fromstring(network.table(model))
    rows = [[cell.text or "" for cell in row] for row in page.iter("tr")]
    weights = model.layers[0].weights
    assert rows[2][1:] == ["64", "192", f"{weights.min():.4g}", f"{weights.max():.4g}", f"{np.abs(weights).mean():.4g}"]
    page = ET.fromstring(histograms.table(broken()))
    rows = [[cell.text or "" for cell in row] for row in page.iter("tr")]
    assert rows[1][1] == "8,192" and rows[1][-1] == "1"
    page = ET.fromstring(filters.table(of(Dense(4, 3))))
    assert len(list(page.iter("tr"))) == 4
    assert len(list(ET.fromstring(plane.table(bent(), XM, YM)).iter("tr"))) == 1 + 7


# -- histograms, filters, planes ---------------------------------------------------------------------------------------


def test_bars_are_counts():
    model = wide()
    weights = model.layers[0].weights
    expected = np.histogram(weights.astype(float), histograms.BINS, (float(weights.min()), float(weights.max())))[0]
    bars, low, high = histograms.counts(weights.ravel())
    assert (
        bars.tolist() == expected.tolist()
        and bars.sum() == weights.size
        and (low, high) == (weights.min(), weights.max())
    )
    root = check(histograms.draw(model))
    path = next(path for path in root.iter(SVG + "path") if path.get("fill") == colours.SERIES[0])
    heights = [float(a) - float(b) for a, b in re.findall(r"M\S+ (\S+)V(\S+)h", path.get("d"))]
    filled = expected[expected > 0]
    np.testing.assert_allclose(heights, filled * max(heights) / filled.max(), atol=0.02)


def pixels(image):
    """The colours of an image element, (height, width, 3)."""
    data = base64.b64decode(image.get("href").partition(",")[2])
    stream, chunks = io.BytesIO(data[8:]), {}
    while head := stream.read(8):
        length, kind = struct.unpack(">I4s", head)
        chunks[kind] = stream.read(length)
        stream.read(4)
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)[:, 1:]
    return np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)[rows]


def test_filters_are_the_weights():
    model = of(Dense(6, 3), ReLU(), Dense(3, 2))
    weights = model.layers[0].weights
    images = list(check(filters.draw(model, shape=(2, 3))).iter(SVG + "image"))
    assert len(images) == 3 + 1 and all(image.get("image-rendering") == "pixelated" for image in images[:3])
    for unit in range(3):
        expected = colours.diverging(weights[:, unit].reshape(2, 3) / np.abs(weights).max())
        assert np.abs(pixels(images[unit]).astype(int) - expected).max() <= 2
    first = pixels(next(check(filters.draw(broken())).iter(SVG + "image")))
    assert first[0, 0].tolist() == colours.rgb(colours.UNKNOWN).tolist()
    order = filters.draw(model, shape=(2, 3), order="largest")
    largest = int(np.abs(weights).sum(axis=0).argmax())
    assert (
        next(e.text for e, *_ in texts(ET.fromstring(order.encode())) if e.text.startswith("unit")) == f"unit {largest}"
    )


def test_the_plane_is_carried_by_the_layers():
    model = bent()
    points = XM.astype(float)
    stages = plane.carried(model, points)
    assert [stage.units for stage in stages] == [2, 2, 2, 4, 4, 1, 1]
    np.testing.assert_array_equal(stages[0].points, XM)
    x, outputs = XM, []
    for layer in model.layers:
        x = layer.run_copy().forward(x)
        outputs.append(x)
    np.testing.assert_allclose(stages[2].points, outputs[1], rtol=1e-6)
    np.testing.assert_allclose(stages[6].points[:, 0], outputs[5][:, 0], rtol=1e-6)
    np.testing.assert_array_equal(stages[6].points[:, 1], XM[:, 1])
    assert 0.5 < stages[3].kept <= 1.0 and stages[1].kept == 1.0
    corner = np.array([stages[0].grid[0, 0]], np.float32)
    np.testing.assert_allclose(stages[1].grid[0, 0], model.layers[0].run_copy().forward(corner)[0], rtol=1e-5)
    assert not hasattr(model.layers[0], "inputs"), "looking leaves no record"


def test_points_of_a_plane_are_where_they_are_said_to_be():
    model = of(Dense(2, 2))
    model.layers[0].weights = np.eye(2, dtype=np.float32) * 2.0
    root = check(plane.draw(model, X3, Y3))
    fills = [colours.style(group)[0] for group in range(3)]
    marks = [path for path in root.findall(SVG + "path") if path.get("fill") in fills]
    assert [path.get("d").count("M") for path in marks] == [20, 20, 20] * 2
    first, second = (np.array([[float(a), float(b)] for a, b in re.findall(r"M(\S+) (\S+?)[al]", path.get("d"))])
                     for path in (marks[0], marks[3]))  # fmt: skip
    np.testing.assert_allclose(first - first[0], second - second[0], atol=0.05), "twice as large, and drawn alike"


# -- over time ---------------------------------------------------------------------------------------------------------


def test_a_timeline_records_what_a_step_sees():
    timeline = timelines.Timeline(X3, Y3)
    model = of(Dense(2, 4), Tanh(), Dense(4, 3), Softmax(), loss=CategoricalCrossEntropy(), optimizer=SGD(0.1))
    before = model.values()
    model.fit(X3, Y3, epochs=1, callbacks=[timeline], engine="numpy", progress=False)
    one = model.values()
    model.fit(X3, Y3, epochs=1, callbacks=[timeline], engine="numpy", progress=False)
    two = model.values()
    hidden = np.tanh(X3 @ one["0.weights"] + one["0.biases"])
    assert timeline.activations["1 Tanh"][0] == pytest.approx(np.sqrt((hidden**2).mean()), rel=1e-5)
    own = ("2.weights", "2.biases")
    step = np.concatenate([(two[key] - one[key]).ravel() for key in own])
    value = np.concatenate([one[key].ravel() for key in own])
    gradient = timeline.gradients["2 Dense"][0]
    assert gradient == pytest.approx(np.sqrt((step**2).mean()) / 0.1, rel=1e-4), "the next step is this gradient's"
    assert timeline.updates["2 Dense"] == [pytest.approx(np.linalg.norm(step) / np.linalg.norm(value), rel=1e-4)]
    undisturbed = of(Dense(2, 4), Tanh(), Dense(4, 3), Softmax(), loss=CategoricalCrossEntropy(), optimizer=SGD(0.1))
    for name, value in undisturbed.values().items():
        np.testing.assert_array_equal(value, before[name])
    undisturbed.fit(X3, Y3, epochs=2, engine="numpy", progress=False)
    for name, value in undisturbed.values().items():
        np.testing.assert_array_equal(value, two[name])


def test_a_timeline_shows_itself():
    timeline = recorded(rows=10)
    assert len(timeline.activations["0 Dense"]) == 6 and len(timeline.updates["0 Dense"]) == 5
    forms = timeline._repr_mimebundle_()
    check(forms["image/svg+xml"])
    assert "<table" in forms["text/html"] and f"{timeline.gradients['0 Dense'][0]:.6g}" in forms["text/plain"]
    assert "(10 of" not in timeline.to_svg() and "(10 of 26)" in recorded(12).to_svg()
    fresh = timelines.Timeline(X3, Y3)
    assert fresh._repr_mimebundle_() == {"text/plain": "<Timeline of 0 epochs and 0 layers>"}


# -- showing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "thing, has",
    [
        (wide(), "Dense(2, 64)"), (Dense(2, 3), "weights"), (ReLU(), "derivative"), (BatchNorm(3), "gamma"),
        (Residual(Dense(2, 2), Tanh()), "short cut"), (Sequential(Dense(2, 2)), "Dense(2, 2)"), (Dropout(0.5), None),
        (Softmax(), None),
    ],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_models_and_layers_show_themselves(thing, has):
    forms = thing._repr_mimebundle_(include=None, exclude=None)
    assert forms["text/plain"].startswith(repr(thing))
    if has is None:
        assert set(forms) == {"text/plain"}
        return
    assert set(forms) == {"text/plain", "text/html", "image/svg+xml"}
    check(forms["image/svg+xml"])
    page = ET.fromstring(f"<div>{forms['text/html']}</div>")
    image = page.find("img")
    assert base64.b64decode(image.get("src").partition(",")[2]).decode() == forms["image/svg+xml"]
    assert len(image.get("alt")) > 20 and page.find("details/div/table") is not None
    assert "<script" not in forms["text/html"] and "<svg" not in forms["text/html"]


def test_showing_never_raises_and_leaves_no_record(monkeypatch):
    class Odd(pellucid.Layer):
        params = ("weights",)
        weights = "not an array"

    assert showing.of_layer(Odd()) == {"text/plain": "Odd()"}
    model = wide()
    model._repr_mimebundle_()
    model.layers[1]._repr_mimebundle_()
    assert not hasattr(model.layers[1], "inputs") and not hasattr(model.layers[0], "output")

    def fails(*_, **__):
        raise RuntimeError

    monkeypatch.setattr(network, "draw", fails)
    assert showing.of_model(model) == {"text/plain": repr(model)}
    monkeypatch.setattr(showing, "LARGE", 10)
    assert set(showing.of_layer(Dense(5, 5))) == {"text/plain"}


def test_a_model_draws_itself():
    model = wide()
    assert model.to_svg() == network.draw(model)
    check(model.to_svg(inputs=["a", "b"], title="mine"))


@pytest.mark.parametrize("page", [colours.LIGHT, colours.DARK], ids=["light", "dark"])
def test_lines_and_bars_show_on_their_page(page):
    for colour in (network.POSITIVE, network.NEGATIVE, histograms.SERIES[0], page["soft"], page["axis"]):
        assert colours.contrast(colour, page["panel"]) >= 3.0


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: network.draw(wide(), inputs=["a"]), "one name for each of the 2 inputs"),
        (lambda: network.draw(wide(), outputs="abc"), "one name for each of the 3 outputs"),
        (lambda: histograms.draw(ReLU()), "no parameters to draw"),
        (lambda: filters.draw(of(Dense(6, 2))), "make no square"),
        (lambda: filters.draw(of(Dense(6, 2)), shape=(2, 2)), "does not hold the 6 inputs"),
        (lambda: filters.draw(of(Dense(6, 2)), shape=5), "does not hold the 6 inputs"),
        (lambda: filters.draw(of(Dense(4, 2)), order="random"), "expected 'as they are' or 'largest'"),
        (lambda: filters.draw(of(BatchNorm(4), Dense(4, 2))), "does not begin with a Dense layer"),
        (lambda: plane.draw(of(Dense(3, 2))), "needs a network of two inputs"),
        (lambda: plane.draw(wide(), np.ones((5, 3))), "needs two columns"),
        (lambda: plane.draw(wide(), X3, Y3[:4]), "60 rows and y has 4"),
        (lambda: timelines.Timeline(X3, Y3, rows=0), "rows=0"),
        (lambda: timelines.Timeline(X3, Y3).to_svg(), "No activations are recorded yet"),
        (lambda: recorded().to_svg("losses"), "'losses' is not recorded"),
    ],
)  # fmt: skip
def test_drawings_that_cannot_be_say_why(call, words):
    with pytest.raises(InputError, match=re.escape(words)):
        call()


def test_losses_of_every_kind_can_be_timed():
    for loss, last, y in (
        (MeanSquaredError(), Dense(4, 1), YM[:, None] * 1.0),
        (BinaryCrossEntropy(), Sigmoid(), YM[:, None]),
    ):
        timeline = timelines.Timeline(XM, y)
        layers = (Dense(2, 4), Tanh(), last) if isinstance(last, Dense) else (Dense(2, 1), last)
        of(*layers, loss=loss).fit(XM, y, epochs=2, callbacks=[timeline], engine="numpy", progress=False)
        assert all(np.isfinite(values).all() for values in timeline.gradients.values())
