"""Pictures: valid, legible, inside their canvas, distinct for every kind of colour vision, and true."""

import base64
import re
import struct
import sys
import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest

import pellucid
from pellucid import datasets
from pellucid.errors import DataError, InputError, MissingExtraError
from pellucid.glass import activations, axes, colours, contour, curves, field, plots, regions, sketch, surface, svg
from pellucid.layers import ELU, Dense, Dropout, LeakyReLU, ReLU, Softmax

SVG = "{http://www.w3.org/2000/svg}"
NASTY = ["<script>&amp;", 'a "quoted" name & more', "日本語のとても長いクラス名です、はい\x00\ud800"]
HISTORY = {"training": [1.0, 0.5, 0.3, float("nan"), 0.2], "validation": [1.1, 0.7, float("inf"), 0.6]}


def three_classes(x):
    """Probabilities of three classes, the borders of which are known: the angle's thirds."""
    angle = np.arctan2(x[:, 1], x[:, 0])
    scores = np.exp(3.0 * np.cos(angle[:, None] - np.array([0.0, 2.1, 4.2])))
    return scores / scores.sum(axis=1, keepdims=True)


def half(x):
    """One probability, above 0.5 right of x0 = 0.25."""
    return 1.0 / (1.0 + np.exp(-4.0 * (x[:, :1] - 0.25)))


def hill(x):
    return x[:, :1] * 2.0 - x[:, 1:] ** 2


def with_hole(x):
    return np.where(x[:, :1] > 0.5, np.nan, three_classes(x))


X3, Y3 = datasets.blobs(20, classes=3, noise=0.5)
TEST = datasets.blobs(5, classes=3, noise=0.5, rng=1)
X2, Y2 = datasets.moons(60)
XR, YR = datasets.waves(50)
XS, YS = datasets.sine(40)

PICTURES = {
    "classes": lambda: regions.draw(three_classes, X3, Y3, test=TEST, names=NASTY, title="<b>&</b>", cells=40),
    "two": lambda: regions.draw(half, X2, Y2, inputs=["a < b", "& c"], cells=40),
    "hole": lambda: regions.draw(with_hole, X3, Y3, cells=40),
    "many": lambda: regions.draw(lambda x: np.eye(30)[(x[:, 0] > 0) * 7], X2, Y2, cells=20),
    "surface": lambda: regions.draw(hill, XR, YR, test=(XR[:9], YR[:9]), output="price < €", cells=40),
    "above 0": lambda: regions.draw(lambda x: hill(x) + 9.0, XR, YR + 9.0, cells=40),
    "curve": lambda: regions.draw(np.sin, XS, YS, test=(XS[:5], YS[:5]), title="a & b"),
    "curve with a gap": lambda: regions.draw(lambda x: np.where(x > 0.5, np.nan, x), XS, YS),
    "flat": lambda: regions.draw(lambda x: 0 * x[:, 0], XR, 0 * YR, task="regression", cells=20),
    "no number": lambda: regions.draw(lambda x: np.nan * x[:, 0], XR, YR, cells=20),
    "history": lambda: curves.draw(HISTORY, title="<loss> & more", y_label="loss <", mark=(2, "best")),
    "log": lambda: curves.draw({name * 3: [0.5, 2.0] for name in NASTY}, title="t" * 200, y_label="y", log=True),
    "activations": lambda: activations.draw(),
    "some": lambda: activations.draw(["relu", ELU(alpha=0.5)], span=2.0, title="<two>"),
}  # fmt: skip


@pytest.fixture(scope="module")
def drawn():
    return {name: draw() for name, draw in PICTURES.items()}


def boxes(element, x=0.0, y=0.0):
    """(text, left, right, baseline, size) of every text, with turned ones along the other axis; sizes are upper bounds."""
    for child in element:
        dx, dy, turned = 0.0, 0.0, False
        if match := re.fullmatch(r"translate\((\S+) (\S+)\)", child.get("transform", "")):
            dx, dy = float(match[1]), float(match[2])
        turned = child.get("transform", "").startswith("rotate(-90")
        if child.tag == SVG + "text":
            size = float(child.get("font-size"))
            width = svg.width_of(child.text or "", size) * (1.12 if child.get("font-weight") else 1.0)
            at = x + dx + float(child.get("x"))
            start = at - {"middle": width / 2, "end": width}.get(child.get("text-anchor"), 0.0)
            yield child, start, start + width, y + dy + float(child.get("y")), size, turned
        yield from boxes(child, x + dx, y + dy)


@pytest.mark.parametrize("name", PICTURES)
def test_valid_described_and_without_anything_that_runs(drawn, name):
    root = ET.fromstring(drawn[name].encode())
    assert root.tag == SVG + "svg" and root.get("role") == "img"
    assert root[0].tag == SVG + "title" and root[0].text and root[1].tag == SVG + "desc" and len(root[1].text) > 20
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "rect", "line", "path", "circle", "text", "image", "g"}
    for element in root.iter():
        for key, value in element.attrib.items():
            assert not key.startswith("on") and key != "id"
            assert "href" not in key or value.startswith("data:image/png;base64,")
            assert "nan" not in value.lower().split() and "inf" not in value
    assert "prefers-color-scheme:dark" in drawn[name]
    assert len(drawn[name]) < 200_000


@pytest.mark.parametrize("name", PICTURES)
def test_text_stays_inside_and_apart(drawn, name):
    root = ET.fromstring(drawn[name].encode())
    width, height = float(root.get("width")), float(root.get("height"))
    placed = []
    for element, left, right, base, size, turned in boxes(root):
        if turned:
            middle, half_length = base, (right - left) / 2
            assert middle - half_length >= 0 and middle + half_length <= height, element.text
            continue
        assert left >= 0 and right <= width and base - size >= 0 and base + 0.3 * size <= height, element.text
        placed.append((left, right, base - 0.75 * size, base + 0.2 * size, element.text))
    for number, one in enumerate(placed):
        for other in placed[number + 1 :]:
            across, up = min(one[1], other[1]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[2], other[2])
            assert across <= 0.5 or up <= 0, (one[4], other[4])


def test_names_stay_text(drawn):
    root = ET.fromstring(drawn["classes"].encode())
    assert root[0].text == "<b>&</b>"
    texts = [element.text for element in root.iter(SVG + "text")]
    assert NASTY[0] in texts and any(text.startswith("日本") and "\x00" not in text for text in texts)
    assert "<script" not in drawn["classes"]


# -- what can be seen ------------------------------------------------------------------------------------------------

# Source: Machado, Oliveira and Fernandes, A Physiologically-based Model for Simulation of Color Vision Deficiency (2009),
# severity 1.0; on linear light.
BLIND = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def lab(colour, vision):
    """CIE L*a*b* of a colour as it is seen. Source: IEC 61966-2-1 and CIE 15."""
    channels = colours.rgb(colour) / 255.0
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(BLIND[vision]) @ linear, 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    ratio = xyz / [0.9505, 1.0, 1.089]
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", BLIND)
def test_the_first_two_colours_are_distinct_for_everybody(vision):
    assert np.linalg.norm(lab(colours.SERIES[0], vision) - lab(colours.SERIES[1], vision)) > 40
    ends = [colours.hexadecimal(colours.diverging(value)) for value in (-1.0, 0.0, 1.0)]
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert np.linalg.norm(lab(ends[one], vision) - lab(ends[other], vision)) > 40


def test_cividis_grows_lighter():
    light = [colours.luminance(colours.hexadecimal(colour)) for colour in colours.sequential(np.linspace(0, 1, 50))]
    assert (np.diff(light) > 0).all()


def test_contrast_is_wcags():
    assert colours.contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert colours.contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("page", [colours.LIGHT, colours.DARK], ids=["light", "dark"])
def test_everything_shows_on_its_page(page):
    for role in ("ink", "soft"):
        assert colours.contrast(page[role], page["panel"]) >= 4.5
    assert colours.contrast(page["axis"], page["panel"]) >= 3.0
    for colour in colours.SERIES:
        assert colours.contrast(colour, page["panel"]) >= 3.0
    for *colour, opacity in regions.class_palette():  # edges of points, borders and rings are ink on these
        tint = colours.mix(page["panel"], colours.hexadecimal(colour), opacity / 255)
        assert colours.contrast(page["ink"], tint) >= 3.0, (colour, opacity)


def test_classes_are_told_apart_without_colour():
    looks = [colours.style(number)[::2] for number in range(24)]
    assert len(set(looks)) == 24
    assert len({colours.style(number)[2] for number in range(8)}) == 8


def test_points_show_on_every_colour_of_a_map():
    for place in np.linspace(0, 1, 60):
        for colour in (colours.sequential(place), colours.diverging(2 * place - 1)):
            ground = colours.hexadecimal(colour)
            assert max(colours.contrast(edge, ground) for edge in ("#FFFFFF", "#1B1F24")) >= 3.0


# -- the picture is true ---------------------------------------------------------------------------------------------


def decode(png):
    """(indices, palette (n, 4)) of a PNG with a palette, by the format's own rules."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        data = png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + data)
        chunks[kind] = data
        at += 12 + length
    width, height, depth, colour, *_ = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, colour) == (8, 3)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert (rows[:, 0] == 0).all()
    palette = np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)
    opacity = np.frombuffer(chunks.get(b"tRNS", b"\xff" * len(palette)), np.uint8)
    return rows[:, 1:], np.c_[palette, opacity]


def map_of(picture, X, cells):
    """(colours (cells up, cells across, 4), the places of their middles (cells up, cells across, 2)) from the SVG alone."""
    root = ET.fromstring(picture.encode())
    image = next(root.iter(SVG + "image"))
    shades, palette = decode(base64.b64decode(image.get("href").split(",")[1]))
    assert shades.shape == (cells, cells)
    x = scale_of(root, image, "x", "width", cells)
    y = scale_of(root, image, "y", "height", cells)
    return palette[shades], np.stack(np.meshgrid(x, y), axis=-1)


def scale_of(root, image, axis, size, cells):
    """The data's values at the middles of the image's cells, read off the ticks as a person would."""
    at = float(image.get(axis)) + (np.arange(cells) + 0.5) * float(image.get(size)) / cells
    bottom = float(image.get("y")) + float(image.get("height"))
    ticks = []
    for text in root.iter(SVG + "text"):
        if axis == "x" and text.get("text-anchor") == "middle" and float(text.get("y")) == bottom + 17:
            ticks.append((float(text.get("x")), float(text.text)))
        if axis == "y" and text.get("text-anchor") == "end":
            ticks.append((float(text.get("y")) - 4, float(text.text)))
    slope, start = np.polyfit(*np.array(ticks).T, 1)
    return start + slope * at


@pytest.mark.parametrize("predict, X, y", [(three_classes, X3, Y3), (half, X2, Y2), (with_hole, X3, Y3)],
                         ids=["three", "two", "hole"])  # fmt: skip
def test_the_map_shows_what_the_network_says(predict, X, y):
    shown, places = map_of(regions.draw(predict, X, y, cells=40), X, 40)
    outputs = predict(places.reshape(-1, 2)).reshape(40, 40, -1)
    table = {
        tuple(colours.rgb(colour).tolist()): number for number, colour in enumerate([*colours.SERIES, colours.UNKNOWN])
    }
    seen = np.array([table[tuple(cell)] for cell in shown[..., :3].reshape(-1, 3).tolist()]).reshape(40, 40)
    truth = outputs.argmax(-1) if outputs.shape[-1] > 1 else (outputs[..., 0] > 0.5).astype(int)
    truth = np.where(np.isnan(outputs).any(-1), len(colours.SERIES), truth)
    assert (seen == truth).mean() > 0.98  # the ticks' places are rounded: a cell on a border may fall to either side
    sure = np.nan_to_num(outputs.max(-1) if outputs.shape[-1] > 1 else np.abs(outputs[..., 0] - 0.5))
    known = truth < len(colours.SERIES)
    assert np.corrcoef(shown[..., 3][known], sure[known])[0, 1] > 0.98, "surer is stronger"


def test_the_surface_shows_what_the_network_says():
    shown, places = map_of(regions.draw(hill, XR, YR, cells=40), XR, 40)
    values = hill(places.reshape(-1, 2)).reshape(40, 40)
    most = max(np.abs(values).max(), np.abs(YR).max())
    expected = colours.diverging(values / most).astype(int)
    assert np.abs(shown[..., :3].astype(int) - expected).max() <= 6


def test_points_lie_where_they_are():
    picture = regions.draw(half, X2, Y2, cells=10)
    root = ET.fromstring(picture.encode())
    image = next(root.iter(SVG + "image"))
    fills = [colours.SERIES[0], colours.SERIES[1]]
    seen = {fill: [] for fill in fills}
    for path in root.findall(SVG + "path"):
        if path.get("fill") in fills:
            for x, y in re.findall(r"M(\S+) (\S+?)[al]", path.get("d")):
                seen[path.get("fill")].append((float(x), float(y)))
    assert [len(seen[fill]) for fill in fills] == np.bincount(Y2).tolist()
    x = scale_of(root, image, "x", "width", 10)
    step = (x[1] - x[0]) * 10 / float(image.get("width"))
    left = x[0] - (x[1] - x[0]) / 2
    circles = np.array(seen[fills[0]])[:, 0] + sketch.radius(len(X2))  # a circle begins at its left edge
    np.testing.assert_allclose(
        np.sort(left + step * (circles - float(image.get("x")))), np.sort(X2[Y2 == 0, 0]), atol=0.01
    )


def test_wrong_points_are_ringed_and_counted():
    wrong = int(((X2[:, 0] > 0.25) != Y2).sum())
    picture = regions.draw(half, X2, Y2, cells=10)
    rings = [path for path in ET.fromstring(picture.encode()).findall(SVG + "path")
             if path.get("fill") == "none" and path.get("stroke-width") == "1.2"]  # fmt: skip
    assert wrong > 3 and sum(path.get("d").count("M") for path in rings) == wrong
    assert f"{60 - wrong} of 60 right" in picture
    assert ">wrong<" not in regions.draw(lambda x: Y2[:, None] if len(x) == 60 else half(x), X2, Y2, cells=10)


def test_hollow_is_test_and_many_points_are_thinned():
    picture = regions.draw(three_classes, X3, Y3, test=TEST, cells=10)
    hollow = [path for path in ET.fromstring(picture.encode()).findall(SVG + "path") if path.get("class") == "f-panel"]
    assert sum(path.get("d").count("M") for path in hollow) == len(TEST[0])
    assert ">test point<" in picture and ">training point<" in picture
    few = regions.draw(three_classes, X3, Y3, cells=10, max_points=10)
    assert "10 of 60 points are drawn." in few and "of 60 right" in few


def test_the_border_lies_where_the_classes_meet():
    found = field.survey(half, X2, Y2, cells=50)
    lines = contour.zero_lines(field.margins(found.outputs)[0])
    assert len(lines) == 1 and len(lines[0]) == 50
    (low, high), _ = found.limits
    np.testing.assert_allclose(low + (lines[0][:, 0] + 0.5) * (high - low) / 50, 0.25, atol=1e-3)


def test_lines_of_a_circle_a_saddle_and_a_hole():
    y, x = np.mgrid[-1:1:41j, -1:1:41j]
    (ring,) = contour.zero_lines(0.5 - np.hypot(x, y))
    assert np.array_equal(ring[0], ring[-1]), "closed"
    np.testing.assert_allclose(np.hypot(*(ring / 20 - 1).T), 0.5, atol=2e-3)
    assert sorted(len(line) for line in contour.zero_lines(np.array([[1.0, -1.0], [-1.0, 1.0]]))) == [2, 2]
    values = x - 0.01
    values[10:20, 15:25] = np.nan
    assert len(contour.zero_lines(values)) == 2
    assert contour.zero_lines(np.ones((5, 5))) == [] and contour.zero_lines(np.full((5, 5), np.nan)) == []


def test_every_border_between_three_classes_is_drawn():
    found = field.survey(three_classes, X3, Y3, cells=60)
    labels = field.decided(found.outputs)
    near = [np.rint(line).astype(int) for margin in field.margins(found.outputs) for line in contour.zero_lines(margin)]
    touched = {tuple(cell) for line in near for cell in line.tolist()}
    changes = np.argwhere(labels[:, 1:] != labels[:, :-1])
    assert len(changes) > 50
    for row, column in changes.tolist():
        assert (column, row) in touched or (column + 1, row) in touched


def test_a_fitted_curve_is_the_prediction():
    root = ET.fromstring(regions.draw(lambda x: 3.0 * x - 1.0, XS, YS, cells=20).encode())
    line = next(path.get("d") for path in root.findall(SVG + "path")
                if path.get("fill") == "none" and path.get("stroke") == colours.SERIES[1])  # fmt: skip
    points = np.array([[float(part) for part in pair.split()] for pair in re.findall(r"[ML]([^ML]+)", line)])
    assert len(points) == 20 and np.abs(np.diff(points, n=2, axis=0)).max() < 0.05, "a straight line"
    gap = regions.draw(lambda x: np.where(np.abs(x - 0.5) < 0.2, np.nan, x), XS, YS, cells=40)
    assert "has a gap" in gap


def test_activations_are_what_the_layers_compute():
    x = np.linspace(-5, 5, 11)
    value, slope = activations.curves_of(LeakyReLU(slope=0.25), x)
    np.testing.assert_allclose(value, np.where(x > 0, x, 0.25 * x))
    np.testing.assert_allclose(slope, np.where(x > 0, 1.0, 0.25))
    relu = ReLU()
    activations.draw(relu)
    assert not hasattr(relu, "inputs"), "looking leaves no record"
    for name in ("ReLU", "relu", "leaky_relu", "hard sigmoid", "Hard-Sigmoid"):
        assert type(activations.named(name)).__name__.lower() == "".join(c for c in name.lower() if c.isalpha())
    every = {name for name in pellucid.layers.__all__ if name in activations.NAMES}
    assert every == set(activations.NAMES)


@pytest.mark.parametrize("wrong", [Dense(1, 1), Softmax(), Dropout(0.5), Dense(3, 2)], ids=repr)
def test_what_is_no_activation(wrong):
    if isinstance(wrong, (Softmax, Dropout)):  # with one column they are one, or nothing
        assert "<svg" in activations.draw([wrong])
    else:
        with pytest.raises(InputError, match="not an activation function"):
            activations.draw([wrong])


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: activations.draw(["relo"]), "did you mean 'ReLU'"),
        (lambda: activations.draw(["xyzzy"]), "Write one of Step"),
        (lambda: activations.draw([]), "empty"),
        (lambda: activations.draw(span=0), "span=0"),
        (lambda: regions.draw(half, np.ones((4, 3)), np.ones(4)), "one or two inputs"),
        (lambda: regions.draw(half, X2, Y2[:5]), "one target a row"),
        (lambda: regions.draw(three_classes, X2, Y2 + 2), "labels are whole numbers from 0 to 2"),
        (lambda: regions.draw(half, X2, Y2, names=["a"]), "one name for each of the 2"),
        (lambda: regions.draw(half, X2, Y2, names="ab"), "one name for each of the 2"),
        (lambda: regions.draw(half, X2, Y2, inputs=["a"]), "one name for each of the 2 column"),
        (lambda: regions.draw(half, X2, Y2, cells=1), "cells=1"),
        (lambda: regions.draw(half, X2, Y2, task="classification"), "task='classification'"),
        (lambda: regions.draw(half, X2, Y2, test=X2), "expected a pair"),
        (lambda: regions.draw(half, X2, Y2, test=(XS, YS)), "same columns"),
        (lambda: regions.draw(lambda x: "a", X2, Y2), "predict returned"),
        (lambda: regions.draw(lambda x: x[:3], X2, Y2), "predict returned shape"),
        (lambda: regions.draw(half, X2 * np.nan, Y2), "nothing to place"),
        (lambda: regions.draw(three_classes, X2, np.c_[X2, X2]), "a picture shows one of them"),
        (lambda: curves.draw({}, "t", "y"), "at least one list"),
        (lambda: curves.draw(HISTORY, "t", "y", mark=(9, "best")), "from 1 to 5"),
        (lambda: pellucid.History().to_svg(), "no epoch was trained"),
    ],
)  # fmt: skip
def test_pictures_that_cannot_be_say_why(call, words):
    with pytest.raises((InputError, DataError), match=re.escape(words)):
        call()


def test_what_counts_as_classes():
    one = lambda x: x[:, :1]  # noqa: E731
    assert field.survey(one, X2, Y2).classes == 2 and field.survey(one, X2, Y2[:, None] * 1.0).classes == 2
    assert field.survey(one, X2, Y2, task="regression").classes == 0
    assert field.survey(one, XR, YR).classes == 0 and field.survey(one, X3, Y3).classes == 0
    assert field.survey(three_classes, X3, np.eye(3)[Y3]).classes == 3
    scores = np.array([[[2.0, -1.0, 0.0]]])
    assert field.certainty(scores).tolist() == [[1.0]], "what is no probability is neither sure nor unsure"
    assert field.certainty(np.array([[1 / 3, 1 / 3, 1 / 3], [1.0, 0.0, 0.0]])).tolist() == pytest.approx([0.0, 1.0])


def test_rows_without_numbers_are_left_out():
    X = np.concatenate([X2, [[np.nan, 0.0], [np.inf, 1.0]]])
    assert len(field.survey(half, X, np.append(Y2, [0, 1])).x) == len(X2)
    assert (field.decided(np.array([[np.nan, 1.0], [0.2, 0.8]])) == [-1, 1]).all()


def test_value_limits_are_even_about_0():
    low, high = surface.value_limits(field.survey(hill, XR, YR, cells=20))
    assert low == -high
    low, high = surface.value_limits(field.survey(lambda x: hill(x) + 9, XR, YR + 9, cells=20))
    assert 0 < low < high


# -- histories -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained():
    model = pellucid.Model(Dense(2, 8), ReLU(), Dense(8, 3), Softmax(), loss=pellucid.losses.CategoricalCrossEntropy())
    model.fit(X3, Y3, epochs=6, validation_data=TEST, progress=False)
    return model


def test_a_history_draws_itself(trained):
    history = trained.history
    forms = history._repr_mimebundle_()
    assert forms["image/svg+xml"] == history.to_svg() == history.to_svg("loss") and forms["text/plain"] == repr(history)
    assert forms["text/html"].startswith("<img") and f"{history['loss'][2]:.6g}" in forms["text/html"]
    assert "training" in history.to_svg("accuracy") and "validation" in history.to_svg("accuracy")
    ET.fromstring(history.to_svg(log=True).encode())
    assert f"{history['loss'][2]:.6g}" in history.table() and "<table" in history.table("accuracy", form="html")
    with pytest.raises(InputError, match="no 'accurracy' in this history to draw: it has epoch"):
        history.to_svg("accurracy")
    assert pellucid.History()._repr_mimebundle_() == {"text/plain": repr(pellucid.History())}


def test_a_model_draws_its_regions(trained):
    root = ET.fromstring(trained.regions_svg(X3, Y3, test=TEST).encode())
    right = int((trained.predict_classes(X3) == Y3).sum())
    assert f"training: {right} of 60 right" in root[1].text


# -- curves, scales, colours -----------------------------------------------------------------------------------------


def test_the_table_behind_the_curves():
    text = curves.table(HISTORY, caption="loss", mark=(2, "best"), form="text").splitlines()
    assert text[0] == "loss" and text[1].split() == ["epoch", "training", "validation"]
    assert text[3].split() == ["2", "(best)", "0.5", "0.7"] and text[6].split() == ["5", "0.2"]
    page = ET.fromstring(curves.table({"<a>": list(range(1000))}, caption="<c>", limit=5))
    rows = [[cell.text for cell in row] for row in page.iter("tr")]
    assert rows[0] == ["epoch", "<a>"] and len(rows) == 6 and rows[-1] == ["1000", "999"]
    assert page.find("caption").text == "<c> (5 of 1000 epochs)"
    with pytest.raises(InputError, match="'html' or 'text'"):
        curves.table(HISTORY, form="pdf")


def test_sparklines():
    assert curves.sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == curves.BLOCKS
    assert curves.sparkline([2.0, 2.0]) == "▄▄" and curves.sparkline([]) == ""
    assert curves.sparkline([1.0, float("nan"), 2.0]) == "▁·█"
    assert len(curves.sparkline(range(1000), width=30)) == 30


def test_thinned_curves_keep_their_extremes():
    values = np.sin(np.arange(5000.0))
    values[1234], values[2222], values[3333] = 9.0, -9.0, np.nan
    kept = curves.thin(values, 100)
    assert {0, 1234, 2222, 3333, 4999} <= set(kept.tolist()) and len(kept) < 320
    assert curves.thin(values[:50], 100).tolist() == list(range(50))


@pytest.mark.parametrize(
    "low, high", [(0, 1), (-3.7, 12.2), (1e-9, 3e-9), (0.001, 4000.0), (-5e8, 5e8), (0.2, 0.20001)]
)
def test_ticks_are_round_and_inside(low, high):
    ticks = axes.nice_ticks(low, high)
    assert 2 <= len(ticks) <= 11
    step = (high - low) * 1e-9
    assert all(low - step <= tick <= high + step for tick in ticks)
    mantissa = float(f"{ticks[1] - ticks[0]:.3e}".split("e")[0])
    assert mantissa in (1.0, 2.0, 5.0)
    if low > 0:
        assert all(low * 0.999 <= tick <= high * 1.001 for tick in axes.log_ticks(low, high))


def test_scales_and_limits_at_the_edges():
    assert axes.nice_ticks(1.0, 1.0) == [1.0] and axes.nice_ticks(np.nan, 1.0) == []
    assert axes.limits([np.nan]) == (0.0, 1.0) and axes.limits([], log=True) == (0.1, 1.0)
    low, high = axes.limits([3.0, 3.0])
    assert low < 3.0 < high
    low, high = axes.limits([0.0, 1e-3, 1e3, np.inf], log=True)
    assert 0 < low < 1e-3 and 1e3 < high < 1e4
    assert (
        axes.label(0.0) == "0"
        and axes.label(1e9) == "1e9"
        and axes.label(1e-7) == "1e-7"
        and axes.label(0.5, 0.25) == "0.5"
    )
    assert axes.Scale(1.0, 100.0, 0.0, 10.0, log=True)(10.0) == pytest.approx(5.0)
    assert axes.spread([1.0, 1.0, 1.0], 2.0, 0.0, 10.0) == [1.0, 3.0, 5.0]
    assert max(axes.spread([9.0, 10.0, 10.0], 2.0, 0.0, 10.0)) == 10.0


def test_colours_are_checked():
    for wrong in ("#12", "red", "#GGGGGG"):
        with pytest.raises(InputError, match="is not a colour"):
            colours.rgb(wrong)
    assert colours.mix("#000000", "#FFFFFF", 0.5) == "#808080"
    assert [colours.hexadecimal(colours.diverging(value)) for value in (-9.0, 0.0, 9.0)] == [
        "#0072B2",
        "#F7F7F7",
        "#D55E00",
    ]


# -- matplotlib ------------------------------------------------------------------------------------------------------


def test_without_matplotlib_the_line_to_type(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for call in (lambda: plots.plot_curves(HISTORY, "t", "y"), lambda: plots.plot_regions(half, X2, Y2)):
        with pytest.raises(MissingExtraError, match=r'pip install "pellucid\[plot\]"'):
            call()


def test_figures_and_an_untouched_matplotlib():
    matplotlib = pytest.importorskip("matplotlib")
    pyplot = pytest.importorskip("matplotlib.pyplot")

    before = dict(matplotlib.rcParams)
    figures = [
        plots.plot_curves(HISTORY, "loss $", "loss", mark=(2, "best")),
        plots.plot_curves(HISTORY, "loss", "loss", log=True),
    ]
    for X, y, predict in ((X3, Y3, three_classes), (X3, Y3, with_hole), (XR, YR, hill), (XS, YS, np.sin)):
        figures.append(plots.plot_regions(predict, X, y, test=(X[:5], y[:5]), cells=20))
    names = plots.plot_regions(three_classes, X3, Y3, names=["_a", "$b", "c_d$"], cells=20)
    shown = [words.get_text().strip("\u200b") for words in names.legends[0].get_texts()]
    assert shown[:3] == ["_a", r"\$b", r"c_d\$"]
    for figure in [*figures, names]:
        assert type(figure).__name__ == "Figure" and figure._repr_png_().startswith(b"\x89PNG")
    line = figures[0].axes[0].lines[0]
    assert line.get_xdata().tolist() == [1, 2, 3, 4, 5] and line.get_ydata()[:3].tolist() == [1.0, 0.5, 0.3]
    values = figures[4].axes[0].images[0].get_array()
    np.testing.assert_allclose(values, field.survey(hill, XR, YR, (XR[:5], YR[:5]), 20).outputs[..., 0])
    assert figures[4].axes[1].get_ylabel() == "value"
    assert dict(matplotlib.rcParams) == before and pyplot.get_fignums() == []


def test_a_history_and_a_model_plot_with_matplotlib(trained):
    pytest.importorskip("matplotlib")
    line = trained.history.plot("accuracy").axes[0].lines[0]
    assert line.get_ydata().tolist() == trained.history["accuracy"]
    assert trained.plot_regions(X3, Y3, cells=10).axes[0].get_title() == "Decision regions"
