"""What shows itself can be read on every page: where style sheets, classes, scripts and SVG elements are taken away."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import pellucid
from pellucid import datasets
from pellucid.glass import timelines
from pellucid.glass.diagnose import watch
from pellucid.layers import Dense, Layer, ReLU, Sequential, Softmax
from pellucid.losses import CategoricalCrossEntropy

# What GitHub leaves of HTML, of what is used here. Source: gjtorikian/html-pipeline, sanitization filter, its allowlist.
LEFT = {"code", "details", "div", "img", "li", "p", "section", "span", "strong", "summary", "table", "tbody", "td", "th",
        "thead", "tr", "ul", "br", "caption"}  # fmt: skip
BLOCKS = {"div", "details", "summary", "li", "p", "section", "table", "tr", "td", "th", "br", "ul", "caption", "thead",
          "tbody"}  # fmt: skip


class Doubles(Layer):
    def forward(self, inputs):
        self.output = inputs * 2
        return self.output

    def backward(self, doutput):
        self.dinputs = doutput * 3
        return self.dinputs


def everything():
    """Everything that shows itself, by name."""
    X, y = datasets.spiral(20, classes=3)
    model = pellucid.Model(Dense(2, 12), ReLU(), Dense(12, 3), Softmax(), loss=CategoricalCrossEntropy())
    timeline = timelines.Timeline(X, y)
    history = model.fit(X * 100 + 500, y, epochs=3, callbacks=[timeline], validation_data=(X, y))
    return {
        "model": model, "layer": model.layers[0], "activation": ReLU(), "chain": Sequential(Dense(2, 3), ReLU()),
        "history": history, "timeline": timeline, "explanation": model.explain(X[:2], y[:2]),
        "findings": model.diagnose(X * 100 + 500, y), "finding": model.diagnose(X * 100 + 500, y)[0],
        "nothing found": pellucid.glass.diagnose.Findings(), "gradients": model.check_gradients(entries=3),
        "wrong gradients": pellucid.check_gradients(Doubles(), np.ones((2, 3))),
    }  # fmt: skip


NAMES = ("model", "layer", "activation", "chain", "history", "timeline", "explanation", "findings", "finding",
         "nothing found", "gradients", "wrong gradients")  # fmt: skip


@pytest.fixture(scope="module")
def shown():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch, "UNNOTICED", 60.0)
        made = everything()
    assert tuple(made) == NAMES and made["history"].findings
    return {name: (thing, thing._repr_mimebundle_(include=None, exclude=None)) for name, thing in made.items()}


class Left(HTMLParser):
    """The text that is left, a line a block; elements and styles that were met."""

    def __init__(self, page):
        super().__init__()
        self.text, self.tags, self.images, self.inside_style = "", set(), [], False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.inside_style = tag == "style"
        if not self.inside_style:
            self.tags.add(tag)
        self.images += [dict(attrs)] if tag == "img" else []
        self.text += "\n" if tag in BLOCKS else ""

    def handle_endtag(self, tag):
        self.inside_style = False
        self.text += "\n" if tag in BLOCKS else ""

    def handle_data(self, data):
        self.text += "" if self.inside_style else data


@pytest.mark.parametrize("name", NAMES)
def test_html_and_plain_text_are_there_and_need_nothing(shown, name):
    _, forms = shown[name]
    assert {"text/html", "text/plain"} <= forms.keys() <= {"text/html", "text/plain", "image/svg+xml"}
    assert forms["text/plain"].strip() and not re.search(r"</\w+>", forms["text/plain"])
    left = Left(forms["text/html"])
    assert left.tags <= LEFT, left.tags - LEFT
    assert not re.search(r"\son\w+\s*=|javascript:|@import|https?:", forms["text/html"])
    for image in left.images:
        assert image["src"].startswith("data:image/svg+xml;base64,") and len(image["alt"]) > 20
    assert ("image/svg+xml" in forms) == bool(left.images)


def test_equations_keep_their_lines_without_a_style_sheet(shown):
    lines = [line.strip() for line in Left(shown["explanation"][1]["text/html"]).text.split("\n")]
    place = lines.index("biases[0]") if "biases[0]" in lines else lines.index("output[1,0]")
    assert "Forward" in lines and "Backward" in lines
    steps = [line for line in lines[place + 1 : place + 12] if line]
    assert steps[0].startswith("= ") and steps[1].startswith("= ")
    assert not any(line.count(" = ") > 1 for line in lines if line.startswith("="))


def test_a_historys_page_holds_curves_numbers_and_what_was_found(shown):
    history, forms = shown["history"]
    page = Left(forms["text/html"])
    assert len(page.images) == 1 and f"{history['val_loss'][1]:.6g}" in page.text
    assert history.findings[0].advice in page.text.replace("\n", " ")


def test_nothing_fails_that_only_shows(monkeypatch, shown):
    history, _ = shown["history"]
    monkeypatch.setattr(pellucid.History, "to_svg", lambda _: 1 / 0)
    assert history._repr_mimebundle_() == {"text/plain": repr(history)}


def test_a_long_explanation_says_how_to_have_a_shorter_one(shown):
    wide = pellucid.Model(
        Dense(2, 64), ReLU(), Dense(64, 64), ReLU(), Dense(64, 3), Softmax(), loss=CategoricalCrossEntropy()
    )
    explained = wide.explain(np.array([0.3, -0.2]), 1)
    last = explained.text(units=4).splitlines()[-1]
    assert (
        last == "Shorter: fewer units; depth=2 (no single weights) or depth=1 (the layers alone)." and len(last) <= 80
    )
    lines = [explained.text(units=4, depth=depth).count("\n") for depth in (3, 2, 1)]
    assert lines == sorted(lines, reverse=True) and lines[2] < 150
    assert "Shorter" not in explained.text(depth=1) and "the other 60 inputs together" in explained.text(units=4)


def test_a_zero_has_no_sign_in_an_explanation():
    model = pellucid.Model(Dense(2, 3), Softmax(), loss=CategoricalCrossEntropy())
    assert "-0 " not in re.sub(r"-0\.", "", str(model.explain(np.zeros(2), 1)))
