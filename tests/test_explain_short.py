"""The short form of `explain`: two screens for a network of some size, whose figures add up and hang together."""

import re

import numpy as np
import pytest

import cases
import pellucid
from pellucid.errors import ExplanationError, InputError
from pellucid.glass.explain import views
from pellucid.glass.explain.equation import View
from pellucid.layers import Dense, Dropout, Flatten, ReLU, Residual, Sequential, Sigmoid, Softmax, Tanh
from pellucid.losses import CategoricalCrossEntropy, MeanSquaredError
from pellucid.optimizers import SGD, Adam
from test_explain import INPUTS, TARGETS, book_model, check_printed, random_model


@pytest.fixture(scope="module")
def spiral():
    """A trained 2-64-64-3 network, and the explanation of one point."""
    X, y = pellucid.datasets.spiral(samples=60, classes=3, rng=0)
    model = pellucid.Model(
        Dense(2, 64), ReLU(), Dense(64, 64), ReLU(), Dense(64, 3), Softmax(), loss=CategoricalCrossEntropy(),
        optimizer=Adam(0.01),
    )  # fmt: skip
    model.fit(X, y, epochs=10, progress=False, engine="numpy")
    return model.explain(X[100], y[100])


def test_two_screens_for_a_network_of_some_size(spiral):
    text = spiral.text()
    lines = text.splitlines()
    assert len(lines) <= 130 and max(map(len, lines)) <= 80
    assert "Short form: of each layer the unit that the loss depends on most" in " ".join(text.split())
    assert "Not shown: 63 units." in text and "(the other 62 inputs together)" in text
    assert "More: text(layer=2)" in text and 'text(units="all")' in text
    assert all(f"Layer {number}: " in text for number in range(6))
    assert check_printed(text, 6) >= 12


def test_the_gradient_can_be_followed_from_layer_to_layer(spiral):
    """What goes into each layer of the backward pass is what has been worked out in the layer behind it."""
    back = spiral.text().partition("BACKWARD")[2].partition("UPDATE")[0]
    worked_out = re.findall(r"^  dinputs\[(\d+)\] = .*?= (-?[\d.e-]+)(?:\n| {3}because)", back, re.M | re.S)
    shown = [(unit, value) for unit, value in worked_out]
    assert len(shown) == 4 and shown[0][0] == shown[1][0] and shown[2][0] == shown[3][0]
    for number in (1, 3):
        assert f"{shown[number][1]} * " in back.split("Layer 2:" if number == 1 else "Layer 0:")[1]


def test_the_probability_that_the_loss_pulls_at_is_one_of_those_shown():
    model = pellucid.Model(Dense(2, 30), Tanh(), Dense(30, 9), Softmax(), loss=CategoricalCrossEntropy(), seed=3)
    for target in range(9):
        text = model.explain([0.4, -0.6], target).text(units=1)
        probability = re.search(r"= (0\.\d+)\n", text.partition(f"  output[{target}] = exp(")[2])[1]
        assert f"  dscore[{target}] = {probability} - 1 = " in text


def test_what_can_be_worked_out_on_paper_is_shown_as_ever():
    explanation = book_model(optimizer=Adam(0.1)).explain(INPUTS, TARGETS)
    assert explanation.text() == explanation.text(units=4, depth=3, digits=9)
    assert "Short form" not in explanation.text() and "ot shown" not in explanation.text()
    assert explanation.text(digits=4) == explanation.text(units=4, digits=4)


def test_a_deep_network_is_shown_with_less_depth():
    def text_of(depth):
        layers = [layer for _ in range(depth) for layer in (Dense(8, 8), Tanh())]
        text = pellucid.Model(*layers, loss=MeanSquaredError()).explain(np.ones(8), np.zeros(8)).text()
        return " ".join(text.split())

    assert "dweights[" in text_of(1) and "dweights[" not in text_of(6) and " output[" in text_of(6)
    assert "No single weights" in text_of(6) and "Short form: the layers alone." in text_of(30)


def test_a_part_of_it_can_be_asked_for(spiral):
    assert re.search(r"= -?\d\.\d{6}\n", spiral.text()) and not re.search(r"= -?\d\.\d{7}", spiral.text())
    assert re.search(r"= -?\d\.\d{3}\n", spiral.text(digits=3)) and not re.search(
        r"= -?\d\.\d{4}", spiral.text(digits=3)
    )
    assert "dweights[" not in spiral.text(depth=2) and "unit that" in " ".join(spiral.text(depth=2).split())


def test_a_closed_unit_on_a_page_says_what_it_comes_to(spiral):
    page = spiral.html()
    assert len(page) < 200_000 and "<details open" not in page
    beside = re.findall(r'<span class="title">unit (\d+)</span><span class="beside">output\[(\d+)\] = ', page)
    assert len(beside) == 8 + 8 + 3 and all(unit == output for unit, output in beside)
    assert 'class="beside">output (1, 64): from' in page and 'class="beside"' not in book_model().explain([0, 1]).html()


def titles(text, part):
    return re.findall(r"^ *Layer ([\d.]+):", re.split(r"^[A-Z]+$", text.partition(part)[2], flags=re.M)[0], re.M)


def test_one_layer_alone(spiral):
    text = spiral.text(layer=2)
    assert titles(text, "FORWARD\n") == ["2"] == titles(text, "BACKWARD\n") and "LOSS" not in text
    assert "weights of layer 2" in text and "biases of layer 0" not in text and "60 more units not shown." in text
    assert titles(spiral.text(layer=[0, "4"]), "FORWARD\n") == ["0", "4"]
    assert "LOSS" in spiral.text(layer=5) and "UPDATE" not in spiral.text(layer=5)
    assert "Layer 2" in spiral.html(layer=2) and "Layer 4" not in spiral.html(layer=2)
    assert "Layer 4" not in spiral.to_latex(layer=2)


def test_a_layer_inside_another():
    model = pellucid.Model(Residual(Dense(3, 3), Sequential(Tanh(), Dense(3, 3))), Dense(3, 2), loss=MeanSquaredError())
    explanation = model.explain(np.ones(3), np.zeros(2))
    text = explanation.text(layer="0.1.1")
    assert titles(text, "FORWARD\n") == ["0.1.1"] == titles(text, "BACKWARD\n")
    assert "weights of layer 0.1.1" in text and "weights of layer 0.0" not in text
    assert titles(explanation.text(layer="0.1"), "FORWARD\n") == ["0.1", "0.1.0", "0.1.1"]


@pytest.mark.parametrize("case", [case for case in cases.OPTIMIZERS if "clip" in str(case)], ids=str)
def test_a_joint_limit_of_one_layer_alone_counts_the_other_layers_too(case):
    model = pellucid.Model(Dense(5, 8), Tanh(), Dense(8, 1), loss=MeanSquaredError(), optimizer=case.make())
    explanation = model.explain(np.linspace(-1, 1, 5), [1.0])
    whole, alone = (explanation.text(units=9, layer=layer).partition("UPDATE")[2] for layer in (None, 2))
    limit = re.search(r"factor = .*", whole)
    assert limit is None or limit[0] in alone
    assert "weights of layer 2" in alone and "weights of layer 0" not in alone


@pytest.mark.parametrize("layer", [6, "2.1", True, "all", [0, 9], -1])
def test_a_layer_that_is_not_there(spiral, layer):
    with pytest.raises(InputError, match="expected one of this network's layers, 0, 1, 2, 3, 4, 5"):
        spiral.text(layer=layer)


@pytest.mark.parametrize(
    "settings",
    [
        {"depth": 4},
        {"digits": 1},
        {"units": "every"},
        {"units": 0},
        {"depth": True},
        {"depth": 0, "units": 2},
        {"digits": 0, "layer": 2},
    ],
)
def test_settings_that_cannot_be(spiral, settings):
    with pytest.raises(InputError, match=next(iter(settings))):
        spiral.text(**settings)


def test_all_units_hold_every_gradient():
    model = pellucid.Model(Dense(7, 9), Sigmoid(), Dense(9, 2), loss=MeanSquaredError(), optimizer=SGD(0.1))
    text = model.explain(np.ones(7), np.zeros(2)).text(units="all")
    for name in (*(f"dweights[{i},{o}]" for i in range(7) for o in range(9)), *(f"dbiases[{o}]" for o in range(9))):
        assert f" {name} " in text
    assert "ot shown" not in text and "together)" not in text


@pytest.mark.parametrize("case", cases.LAYERS, ids=str)
def test_every_layer_in_short(case):
    x, layer = cases.inputs(case), cases.prepared(case)
    n = int(np.prod(layer.forward(x).shape[1:]))
    model = pellucid.Model(layer, Flatten(), Dense(n, 2), loss=MeanSquaredError(), dtype="float64", seed=3)
    y = np.random.default_rng(2).normal(size=(len(x), 2))
    for rows in (1, len(x)):
        text = model.explain(x[:rows], y[:rows], training=case.training)._as_text(View(1, 3, 6, short=True))
        assert max(map(len, text.splitlines())) <= 80 and "  ." not in text
        check_printed(text, 6)


@pytest.mark.parametrize("case", cases.OPTIMIZERS, ids=str)
def test_every_update_in_short(case):
    model = pellucid.Model(Dense(5, 8), Tanh(), Dense(8, 1), loss=MeanSquaredError(), optimizer=case.make())
    text = model.explain(np.linspace(-1, 1, 5), [1.0]).text()
    update = text.partition("UPDATE\n")[2]
    assert re.search(r"gradient +old +change +new", update) and "layer 2: biases[0]" in update
    for old, change, new in re.findall(r"^  layer .* (-?[\d.e-]+) \+ +(-?[\d.e-]+) = +(-?[\d.e-]+)$", update, re.M):
        assert float(old) + float(change) == pytest.approx(float(new), abs=2e-6)


@pytest.mark.parametrize("block", range(4))
def test_printed_figures_of_random_networks_add_up_in_short(block):
    for seed in range(2000 + 10 * block, 2010 + 10 * block):
        model, x, y, training = random_model(seed)
        explanation = model.explain(x, y, training=training)
        for units in (1, 2):
            check_printed(explanation._as_text(View(units, 3, 6, short=True)), 6)


def test_a_number_that_does_not_fit_is_found_in_the_short_form():
    model = pellucid.Model(Dense(2, 40), ReLU(), Dropout(0.1), Dense(40, 1), loss=MeanSquaredError(), dtype="float64")
    explanation = model.explain([0.3, -0.4], [1.0])
    explanation.text()
    explanation._cache.clear()
    explanation.record.update.parameters["3.biases"].new[0] += 1e-5
    with pytest.raises(ExplanationError, match="does not add up"):
        explanation.text()


def test_a_prediction_in_short_names_the_largest_outputs():
    model = pellucid.Model(Dense(3, 40), Tanh(), Dense(40, 30), Tanh(), Dense(30, 2))
    explanation = model.explain(np.ones(3))
    view = views.candidates(explanation.record, None, None)[3]
    assert "of the largest output," in " ".join(explanation._as_text(view).split())
    assert max(map(len, explanation.text().splitlines())) <= 80
