"""`explain`: the published figures, gradients from the JSON alone, printed figures that add up, and a check that fails."""

import html.parser
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

import cases
import pellucid
from explained import array, close, gradients_of, may_be_off, statements, worked_out
from pellucid.errors import DataError, ExplanationError, InputError, NonFiniteError, PellucidError
from pellucid.glass import explain
from pellucid.glass.explain import arithmetic, checks, equation, forms
from pellucid.layer import Layer
from pellucid.layers import (
    ELU,
    GELU,
    SELU,
    BatchNorm,
    Dense,
    Dropout,
    Flatten,
    GaussianNoise,
    HardSigmoid,
    LayerNorm,
    LeakyReLU,
    Linear,
    Mish,
    OrderedQuantiles,
    ReLU,
    Reshape,
    Residual,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Step,
    Tanh,
)  # fmt: skip
from pellucid.losses import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Huber,
    MeanAbsoluteError,
    MeanSquaredError,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
)  # fmt: skip
from pellucid.optimizers import SGD, Adam, Optimizer
from pellucid.randomness import Draws
from pellucid.step import loss_and_gradients
from test_book_example import INPUTS, TARGETS, HalfSquaredError, example_layers


class Cube(Layer):
    """Elementwise, and nothing says so."""

    def forward(self, inputs):
        self.inputs = inputs
        return inputs**3

    def backward(self, doutput):
        return 3 * self.inputs**2 * doutput


class Scale(Layer):
    """With a parameter and a penalty, and no description."""

    params = ("gain",)

    def __init__(self, features):
        self.features = features
        self.gain = np.linspace(0.5, 1.5, features)

    def forward(self, inputs):
        self.inputs = inputs
        return inputs * self.gain + inputs[:, ::-1]

    def backward(self, doutput):
        self.dgain = (doutput * self.inputs).sum(axis=0) + 0.2 * self.gain
        return doutput * self.gain + doutput[:, ::-1]

    def penalty(self):
        return 0.1 * (self.gain**2).sum()


class Twice(Layer):
    """A composite with a wiring of its own: two branches, added."""

    def __init__(self, *layers):
        self.layers = layers

    def forward(self, inputs):
        return self.layers[0].forward(inputs) + self.layers[1].forward(inputs)

    def backward(self, doutput):
        return self.layers[0].backward(doutput) + self.layers[1].backward(doutput)


def book_model(loss=None, optimizer=None):
    return pellucid.Model(
        *example_layers(), loss=loss or MeanSquaredError(), optimizer=optimizer or SGD(0.5), dtype="float64"
    )


def record_of(explanation):
    return json.loads(explanation.to_json())


# -- the example of the tutorials --------------------------------------------------------------------------------------

# name there, layer, what, index, figure
PUBLISHED = [
    ("net_h1", 0, "output", (0, 0), 0.3775),
    ("out_h1", 1, "output", (0, 0), 0.593269992),
    ("out_h2", 1, "output", (0, 1), 0.596884378),
    ("net_o1", 2, "output", (0, 0), 1.105905967),
    ("out_o1", 3, "output", (0, 0), 0.75136507),
    ("out_o2", 3, "output", (0, 1), 0.772928465),
    ("dE/dout_o1", 3, "doutput", (0, 0), 0.74136507),
    ("dout/dnet_o1", 3, "slope", (0, 0), 0.186815602),
    ("dnet/dw5", 2, "inputs", (0, 0), 0.593269992),
    ("delta_o1", 2, "doutput", (0, 0), 0.138498562),
]
GRADIENTS = [("w5", "2.weights", (0, 0), 0.082167041), ("w1", "0.weights", (0, 0), 0.000438568)]
AFTER = [
    ("w1", "0.weights", (0, 0), 0.149780716),
    ("w2", "0.weights", (1, 0), 0.19956143),
    ("w3", "0.weights", (0, 1), 0.24975114),
    ("w4", "0.weights", (1, 1), 0.29950229),
    ("w5", "2.weights", (0, 0), 0.35891648),
    ("w6", "2.weights", (1, 0), 0.408666186),
    ("w7", "2.weights", (0, 1), 0.511301270),
    ("w8", "2.weights", (1, 1), 0.561370121),
]


def published(figure):
    """A published figure to the digits that it was published with."""
    return pytest.approx(figure, rel=0, abs=1.0001 * 10.0 ** -len(repr(figure).partition(".")[2]))


def test_every_published_figure_of_the_two_by_two_network_is_in_the_json():
    explanation = book_model().explain(INPUTS[0], TARGETS[0])
    record = record_of(explanation)
    for name, layer, what, index, figure in PUBLISHED:
        assert array(record["layers"][layer][what])[index] == published(figure), name
    for name, key, index, figure in GRADIENTS:
        layer, parameter = key.split(".")
        assert array(record["layers"][int(layer)]["gradients"][parameter])[index] == published(figure), name
        assert explanation.gradients[key][index] == published(figure), name
    for name, key, index, figure in AFTER:
        assert array(record["update"]["parameters"][key]["new"])[index] == published(figure), name
        assert explanation.updated[key][index] == published(figure), name
    assert record["loss"]["value"] == explanation.loss == published(0.298371109)


@pytest.mark.parametrize("form", ["text", "html", "to_latex"])
def test_every_published_figure_is_printed(form):
    shown = getattr(book_model().explain(INPUTS[0], TARGETS[0]), form)()
    figures = [float(text) for text in re.findall(r"\d+\.\d+", shown)]
    terms = [("E_o1", 0.274811083), ("E_o2", 0.023560026), ("E", 0.298371109)]
    wanted = [(row[0], row[-1]) for row in (*PUBLISHED, *GRADIENTS, *AFTER)]
    for name, figure in [*wanted, *terms]:
        assert any(found == published(figure) for found in figures), name


def test_a_weights_gradient_is_printed_as_the_product_of_its_three_factors():
    text = book_model().explain(INPUTS[0], TARGETS[0]).text()
    assert "dweights[0,0]  0.74136507 * 0.186815602 * 0.593269992 = 0.082167041\n" in text
    assert "new weights[0,0]   0.4 -  0.5 *  0.082167041 =  0.35891648\n" in text
    assert "term[0] = (0.75136507 - 0.01)**2 / 2 = 0.274811083\n" in text


def test_the_same_figures_by_a_loss_of_ones_own():
    explanation = book_model(HalfSquaredError()).explain(INPUTS, TARGETS)
    for name, key, index, figure in AFTER:
        assert explanation.updated[key][index] == published(figure), name
    assert "HalfSquaredError(outputs, targets)" in explanation.text()


# -- 1,000 random networks ---------------------------------------------------------------------------------------------

ACTIVATIONS = [
    ELU, GELU, SELU, HardSigmoid, LeakyReLU, Linear, Mish, ReLU, Sigmoid, SiLU, Softmax, Softplus, Tanh, Cube,
    lambda: Step("zero"), lambda: Step("straight_through"), lambda: Step("clipped"),
]  # fmt: skip


def random_layers(rng, width, depth=0):
    """(a few layers that take `width` features, how many they return)."""
    kind = rng.choice(
        ["dense", "activation", "norm", "noise", "nested", "shape", "own"], p=[0.3, 0.3, 0.1, 0.1, 0.1, 0.05, 0.05]
    )
    if kind == "dense":
        new = int(rng.integers(1, 6))
        penalties = {
            name: float(rng.uniform(0, 0.1)) for name in ("weight_l1", "weight_l2", "bias_l1") if rng.random() < 0.3
        }
        return [Dense(width, new, **penalties)], new
    if kind == "activation":
        return [ACTIVATIONS[rng.integers(len(ACTIVATIONS))]()], width
    if kind == "norm":
        return [(BatchNorm, LayerNorm, OrderedQuantiles)[rng.integers(3)](width)], width
    if kind == "noise":
        return [Dropout(0.3) if rng.random() < 0.5 else GaussianNoise(0.2)], width
    if kind == "nested" and depth < 2:
        inner, new = random_layers(rng, width, depth + 1)
        if new != width:
            inner.append(Dense(new, width))
        return [Residual(*inner) if rng.random() < 0.5 else Sequential(*inner)], width
    if kind == "shape":
        return [Reshape((width, 1)), Tanh(), Flatten()], width
    return [Scale(width) if rng.random() < 0.7 else Twice(Dense(width, width), Tanh())], width


def random_model(seed):
    """(model, x, y, training) with all kinds of layers, losses and settings, of 1 to 4 samples."""
    rng = np.random.default_rng(seed)
    rows, features = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    layers, width = [Dense(features, 4)], 4
    for _ in range(int(rng.integers(1, 6))):
        new, width = random_layers(rng, width)
        layers += new
    n = int(rng.integers(2, 4))
    layers.append(Dense(width, n))
    name = rng.choice(
        ["squared", "absolute", "huber", "softmax", "scores", "binary", "binary scores", "nested softmax"]
    )
    y = rng.normal(size=(rows, n))
    if name in ("squared", "absolute", "huber"):
        loss = {"squared": MeanSquaredError, "absolute": MeanAbsoluteError, "huber": Huber}[name]()
    elif name in ("softmax", "scores", "nested softmax"):
        y = rng.integers(0, n, rows) if rng.random() < 0.5 else np.eye(n)[rng.integers(0, n, rows)]
        weights = tuple(rng.uniform(0.5, 2.0, n)) if rng.random() < 0.3 else None
        smoothing = 0.1 if rng.random() < 0.3 else 0.0
        loss = (SoftmaxCrossEntropy if name == "scores" else CategoricalCrossEntropy)(weights, smoothing)
        layers += {"softmax": [Softmax()], "scores": [], "nested softmax": [Sequential(Softmax())]}[name]
    else:
        y = rng.integers(0, 2, (rows, n)).astype(float)
        loss = BinaryCrossEntropy() if name == "binary" else SigmoidCrossEntropy()
        layers += [Sigmoid() if rng.random() < 0.5 else Sequential(Sigmoid())] if name == "binary" else []
    for layer in layers:
        for _, inner in layer.walk():
            for parameter in inner.params:
                shape = getattr(inner, parameter).shape
                setattr(inner, parameter, rng.uniform(0.2, 0.9, shape) * rng.choice([-1, 1], shape))
    model = pellucid.Model(*layers, loss=loss, dtype="float64", seed=int(seed))
    return model, rng.normal(size=(rows, features)), y, bool(rng.random() < 0.8)


def library_gradients(model, x, y):
    targets = model._targets(y, x)
    return loss_and_gradients(model.network, model.loss, model.values(), x, targets, None, Draws(model.seed))[1]


def check_one(seed):
    model, x, y, training = random_model(seed)
    explanation = model.explain(x, y, training=training, update=seed % 5 == 0)
    found = gradients_of(record_of(explanation))
    own = library_gradients(model, x, y) if training else explanation.gradients
    assert found.keys() == own.keys()
    for key, gradient in own.items():
        close(found[key], gradient)
        close(explanation.gradients[key], gradient)
    return model, explanation


@pytest.mark.parametrize("block", range(10))
def test_gradients_from_the_json_alone(block):
    for seed in range(10 * block, 10 * block + 10):
        check_one(seed)


@pytest.mark.slow
def test_gradients_from_the_json_alone_of_a_thousand_networks_and_their_printed_figures():
    kinds = set()
    for seed in range(1000):
        model, explanation = check_one(seed)
        kinds |= {type(layer).__name__ for _, layer in model.network.walk()}
        if seed % 5 == 0:
            check_printed(explanation.text(units=3), 9)
            check_printed(explanation.text(digits=4), 4)
    assert set(pellucid.layers.__all__) - {"Layer"} <= kinds


# -- printed figures add up --------------------------------------------------------------------------------------------


def check_printed(text, digits):
    """Every side of every printed equation that has numbers alone comes to its last side."""
    checked = 0
    for name, sides in statements(text):
        known = [side for side in sides if worked_out(side) is not None]
        if len(known) < 2 or known[-1] != sides[-1]:
            continue
        result = worked_out(sides[-1])
        for side in known[:-1]:
            rounding = may_be_off(side, digits) + may_be_off(sides[-1].lstrip("-"), digits)
            assert abs(worked_out(side) - result) <= 1.01 * rounding + 1e-12 * abs(result), (name, sides)
        checked += 1
    return checked


def test_the_printed_text_adds_up_to_a_reader():
    text = book_model(optimizer=Adam(0.1)).explain(INPUTS, TARGETS).text()
    assert check_printed(text, 9) > 60
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("case", cases.LAYERS, ids=str)
def test_every_layer_is_explained(case):
    x, layer = cases.inputs(case), cases.prepared(case)
    n = int(np.prod(layer.forward(x).shape[1:]))
    model = pellucid.Model(layer, Flatten(), Dense(n, 2), loss=MeanSquaredError(), dtype="float64", seed=3)
    y = np.random.default_rng(2).normal(size=(len(x), 2))
    explanation = model.explain(x, y, training=case.training, update=False)
    gradients_of(record_of(explanation))
    text = explanation.text()
    assert max(map(len, text.splitlines())) <= 80
    assert f"Layer 0: {layer!r}"[:60] in text
    check_html(explanation.html(units=4))
    check_latex(explanation.to_latex())
    alone = model.explain(x[:1], y[:1], training=case.training, update=False)
    gradients_of(record_of(alone))
    assert "BACKWARD" not in model.explain(x).text()


@pytest.mark.parametrize("case", cases.LOSSES, ids=str)
@pytest.mark.parametrize("rows", [4, 1])
def test_every_loss_is_explained(case, rows):
    model = pellucid.Model(Dense(5, 3, weight_l2=0.1), case.last(), loss=case.make(), dtype="float64", seed=1)
    x, y = np.random.default_rng(0).normal(size=(rows, 5)), cases.loss_targets(case)[:rows]
    explanation = model.explain(x, y)
    found = gradients_of(record_of(explanation))
    for key, gradient in library_gradients(model, x, y).items():
        close(found[key], gradient)
    assert explanation.loss == pytest.approx(float(model.evaluate(x, y)["loss"]) + model.network.penalty(), rel=1e-12)
    assert check_printed(explanation.text(), 9) > 10


@pytest.mark.parametrize("case", cases.OPTIMIZERS, ids=str)
def test_the_update_is_the_step_that_fit_takes(case):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(4, 5)), rng.normal(size=(4, 1))
    model = pellucid.Model(
        Dense(5, 3), Tanh(), Dense(3, 1), loss=MeanSquaredError(), optimizer=case.make(), dtype="float64"
    )
    for _ in range(2):
        explanation = model.explain(x, y)
        model.fit(x, y, epochs=1, shuffle=False, progress=False, engine="numpy")
        for key, value in model.values().items():
            np.testing.assert_allclose(explanation.updated[key], value, rtol=0, atol=1e-15)
    assert record_of(explanation)["update"]["step"] == 1 and check_printed(explanation.text(), 9) > 20
    assert record_of(model.explain(x, y, update=False))["update"] is None


def test_wide_layers_show_what_matters_most_and_sum_the_rest():
    model = pellucid.Model(Dense(60, 50), ReLU(), Dense(50, 2), loss=MeanSquaredError(), seed=2)
    x, y = np.random.default_rng(1).normal(size=60), np.zeros(2)
    explanation = model.explain(x, y, update=False)
    text = explanation.text(units=4)
    assert "(the other 56 inputs together)" in " ".join(text.split()) and "46 more units not shown." in text
    assert check_printed(text, 9) > 12
    shown = {int(n) for n in re.findall(r"^  unit (\d+)\n    output", text, re.M)}
    size = np.abs(explanation.record.layers[0].doutput[0])
    assert {*np.argsort(size)[-4:]} <= shown
    everything = explanation.text(units="all")
    assert "together" not in everything and "not shown" not in everything
    assert len(everything) > 10 * len(text)


def test_depth_and_digits():
    explanation = book_model().explain(INPUTS, TARGETS)
    layers, units, weights = (explanation.text(depth=depth) for depth in (1, 2, 3))
    assert len(layers) < len(units) < len(weights)
    assert "dweights[0,0]" not in units and "output[0]" in units and "unit 0" not in layers
    assert "= 0.5933" in explanation.text(digits=4) and "0.593269992" not in explanation.text(digits=4)


@pytest.mark.parametrize(
    "number", [0.0, 1.0, 0.05, 1 / 3, -2 / 3, 1e-5, 4.385677e-7, -123456.789, 1e6, 7.1e12, 1e-300, 99999.9999999]
)
@pytest.mark.parametrize("digits", [2, 4, 9, 12])
def test_a_printed_figure_is_off_by_no_more_than_it_says(number, digits):
    shown = arithmetic.printed(number, digits)
    assert float(arithmetic.figure(number, digits)) == shown.value
    assert abs(shown.value - number) <= shown.error
    assert shown.error <= 10.0 ** (1 - digits) * max(1.0, abs(number))


# -- the check can fail ------------------------------------------------------------------------------------------------


def falsified(name, index=(0, 0), by=1e-6):
    """An explanation of the example of which one recorded number is changed after the pass."""
    explanation = book_model().explain(INPUTS, TARGETS)
    layer, what = name.split(".")
    record = explanation.record.layers[int(layer)]
    target = record.facts if what in record.facts else record.gradients if what in record.gradients else vars(record)
    target[what] = target[what].copy()
    target[what][index] += by
    return explain.Explanation(explanation.record, "falsified")


@pytest.mark.parametrize(
    "name", ["0.output", "1.output", "1.slope", "2.doutput", "2.dinputs", "2.weights", "0.weights", "3.dinputs"]
)
@pytest.mark.parametrize("by", [1e-6, -3e-8])
def test_a_number_that_does_not_fit_is_found(name, by):
    with pytest.raises(ExplanationError, match="does not add up"):
        falsified(name, by=by)


@pytest.mark.parametrize("what", ["new", "gradient"])
def test_an_update_that_does_not_fit_is_found(what):
    explanation = book_model(optimizer=Adam(0.1)).explain(INPUTS, TARGETS)
    getattr(explanation.record.update.parameters["0.biases"], what)[1] += 1e-6
    with pytest.raises(ExplanationError, match="does not add up"):
        explain.Explanation(explanation.record, "falsified")


def test_a_printed_figure_that_is_off_in_its_last_digits_is_found():
    line = equation.Equation(
        "y", ("a*b", "c"), {"a": ("a", 0.1), "b": ("b", 1 / 3), "c": ("c", 2 / 3)}, 0.1 / 3 + 2 / 3
    )
    assert equation.check(line, 9)[0] == ""
    for off in (1e-11, 3e-9):
        wrong = equation.Equation("y", line.terms, line.given, line.value + off)
        assert "y = " in equation.check(wrong, 9)[0]


@pytest.mark.parametrize("name", ["l1", "slope", "inputs"])
def test_factors_that_multiply_out_to_something_else_are_found(name):
    model = book_model()
    explanation = model.explain(INPUTS, TARGETS)
    found = checks.multiplied_out(explanation.record.layers, explanation.record.loss.doutputs)
    assert checks.compare(found, library_gradients(model, INPUTS, TARGETS), 1e-12, {}) < 1e-14
    layers = explanation.record.layers
    if name == "l1":
        layers[0].facts["l1"]["weights"] = 1e-3
    elif name == "slope":
        layers[3].facts["slope"] = layers[3].facts["slope"] * (1 + 1e-6)
    else:
        layers[2].inputs = layers[2].inputs + 1e-6
    found = checks.multiplied_out(layers, explanation.record.loss.doutputs)
    with pytest.raises(ExplanationError, match="multiply out to another gradient"):
        checks.compare(found, library_gradients(model, INPUTS, TARGETS), 1e-9, {})


def test_a_backward_that_is_not_proportional_is_named():
    class Clipped(Layer):
        def forward(self, inputs):
            return inputs[:, :2] * 1.0

        def backward(self, doutput):
            return np.pad(np.clip(doutput, -0.01, 0.01), ((0, 0), (0, 1)))

    model = pellucid.Model(Dense(2, 3), Clipped(), loss=MeanSquaredError(), dtype="float64")
    with pytest.raises(ExplanationError):
        model.explain([1.0, 2.0], [5.0, 5.0])


# -- formulas ----------------------------------------------------------------------------------------------------------

FORMULAS = [
    ELU(0.5), GELU(), SELU(), HardSigmoid(), LeakyReLU(0.2), Linear(), Mish(), ReLU(), Sigmoid(), SiLU(), Softplus(), Tanh(),
    Step(), Step("straight_through"), Step("clipped"),
]  # fmt: skip


@pytest.mark.parametrize("layer", FORMULAS, ids=repr)
def test_the_printed_formulas_are_the_layers(layer):
    x = np.concatenate([np.linspace(-30, 30, 241), [-1000.0, -3.0, -1e-9, 1e-9, 3.0, 1000.0, 1e5]])[None, :]
    pieces, constants = forms.known(layer, x)
    output = layer.forward(x)
    slope = layer.backward(np.ones_like(x))
    for k in range(x.shape[1]):
        piece = forms.piece_for(pieces, float(x[0, k]))
        names = {"x": float(x[0, k]), "y": float(output[0, k]), **constants}
        for name, formula in piece.where:
            names[name] = arithmetic.evaluate(formula, names).value
        assert arithmetic.evaluate(piece.output, names).value == pytest.approx(output[0, k], rel=1e-12, abs=1e-13)
        assert arithmetic.evaluate(piece.slope, names).value == pytest.approx(slope[0, k], rel=1e-12, abs=1e-13)


def test_large_inputs_and_certain_answers_are_explained():
    model = pellucid.Model(
        Dense(2, 3), Sigmoid(), Dense(3, 3), Softplus(), Dense(3, 3), Softmax(), loss=CategoricalCrossEntropy(),
        dtype="float64",
    )  # fmt: skip
    for scale in (30.0, 1e4):
        assert np.isfinite(model.explain(np.array([1.0, -2.0]) * scale, 1).loss)
    sure = pellucid.Model(Dense(1, 1), Sequential(Sigmoid()), loss=BinaryCrossEntropy(), dtype="float64")
    sure.layers[0].weights = np.array([[1.0]])
    for x in (5.0, 25.0, 100.0):
        for y in (0.0, 1.0, 0.25):
            sure.explain([x], [y]).text()
            sure.explain([-x], [y]).text(digits=4)


def test_an_elementwise_layer_of_ones_own_is_found_out_and_can_be_given_its_formula():
    model = pellucid.Model(Dense(2, 3), Cube(), Dense(3, 1), loss=MeanSquaredError(), dtype="float64", seed=4)
    explanation = model.explain([0.3, -0.7], [1.0])
    layer = explanation.record.layers[1]
    assert layer.rule == "elementwise" and "Its formula is not known here" in " ".join(explanation.text().split())
    np.testing.assert_allclose(layer.facts["slope"], 3 * layer.inputs**2)

    class Power(Cube):
        def __init__(self, power=3):
            self.power = power

    explain.register(Power, explain.Piece("x**power", "power * x**(power - 1)"))
    model = pellucid.Model(Dense(2, 3), Power(), Dense(3, 1), loss=MeanSquaredError(), dtype="float64", seed=4)
    explanation = model.explain([0.3, -0.7], [1.0])
    text = explanation.text()
    assert "output = inputs**power" in text and "slope = power * inputs**(power - 1)" in text
    gradients_of(record_of(explanation))

    class Wrong(Cube):
        pass

    explain.register(Wrong, explain.Piece("x**2", "2 * x"))
    model = pellucid.Model(Dense(2, 3), Wrong(), Dense(3, 1), loss=MeanSquaredError(), dtype="float64", seed=4)
    with pytest.raises(ExplanationError, match=r"output\[0\]"):
        model.explain([0.3, -0.7], [1.0])
    for given in ((Cube,), (3, explain.Piece("x", "1")), (Cube, "x**3")):
        with pytest.raises(InputError, match="register"):
            explain.register(*given)


def test_a_layer_without_a_description_is_explained_by_its_own_backward():
    model = pellucid.Model(Dense(2, 3), Scale(3), Twice(Dense(3, 3), Tanh()), loss=MeanSquaredError(), dtype="float64")
    explanation = model.explain([0.3, -0.7], [1.0, 0.0, 2.0])
    text = explanation.text()
    assert "doutput[0]*(d output[0]/d gain[0])" in " ".join(text.split())
    assert "(what the layer adds by itself)" in " ".join(text.split())
    assert "the gradient of 0.weights" in text and "Layer 2.1: Tanh()" in text
    found = gradients_of(record_of(explanation))
    for key, gradient in library_gradients(model, np.array([[0.3, -0.7]]), np.array([[1.0, 0.0, 2.0]])).items():
        close(found[key], gradient)


def test_many_outputs_of_an_unknown_layer_are_asked_for_together():
    model = pellucid.Model(Dense(2, 100), Scale(100), Dense(100, 1), loss=MeanSquaredError(), dtype="float64")
    explanation = model.explain([0.3, -0.7], [1.0])
    assert explanation.record.layers[1].facts["sensitivity"]["left"] == 36
    assert "(through the other 36 outputs)" in " ".join(explanation.text().split())
    found = gradients_of(record_of(explanation))
    close(found["1.gain"], explanation.gradients["1.gain"])


def test_a_layer_that_computes_in_float32_is_explained():
    class Single(Layer):
        def forward(self, inputs):
            self.inputs = inputs
            return np.tanh(inputs.astype(np.float32))

        def backward(self, doutput):
            return (doutput * (1 - np.tanh(self.inputs) ** 2)).astype(np.float32)

    model = pellucid.Model(Dense(2, 3), Single(), Dense(3, 3), Sigmoid(), loss=MeanSquaredError())
    assert model.explain([0.3, -0.7], [1.0, 0.0, 1.0]).record.agreement["float32"] < 1e-4


# -- what is explained -------------------------------------------------------------------------------------------------


def test_nothing_of_the_model_is_changed():
    model = pellucid.Model(
        Dense(2, 4), BatchNorm(4), ReLU(), Dropout(0.5), Dense(4, 3), Softmax(), loss=CategoricalCrossEntropy(),
        optimizer=Adam(0.05),
    )  # fmt: skip
    X, y = pellucid.datasets.spiral(samples=10, classes=3, rng=0)
    model.fit(X, y, epochs=2, progress=False, engine="numpy")
    before, records = model.values(), [set(vars(layer)) for _, layer in model.network.walk()]
    slots = {key: value.copy() for key, value in model._state.slots.items()}
    model.explain(X[:3], y[:3])
    model.explain(X[:3])
    for key, value in model.values().items():
        assert value.tobytes() == before[key].tobytes()
    assert [set(vars(layer)) for _, layer in model.network.walk()] == records
    assert all(model._state.slots[key].tobytes() == value.tobytes() for key, value in slots.items())


def test_dropout_in_training_and_in_prediction():
    model = pellucid.Model(Dense(2, 8), Dropout(0.5), Dense(8, 1), loss=MeanSquaredError(), dtype="float64", seed=5)
    x, y = np.array([[1.0, 2.0]]), np.array([[1.0]])
    trained, predicted = model.explain(x, y), model.explain(x, y, training=False)
    mask = array(record_of(trained)["layers"][1]["constants"]["mask"])
    assert {0.0, 2.0} == set(mask.ravel()) and "As in training" in trained.text()
    assert "As in prediction" in predicted.text() and "as in prediction" in predicted.text()
    np.testing.assert_allclose(predicted.outputs, model.predict(x), rtol=1e-14)
    model.optimizer = SGD(0.1)
    explained = model.explain(x, y).updated
    model.fit(x, y, epochs=1, progress=False, engine="numpy")
    np.testing.assert_allclose(model.values()["0.weights"], explained["0.weights"], atol=1e-15, rtol=0)


def test_batch_norm_says_whose_statistics_it_uses():
    model = pellucid.Model(Dense(2, 3), BatchNorm(3), Dense(3, 1), loss=MeanSquaredError(), dtype="float64")
    x, y = np.random.default_rng(0).normal(size=(3, 2)), np.zeros((3, 1))
    assert "those of these 3 row(s)" in " ".join(model.explain(x, y).text().split())
    assert "A single row is its own mean" in " ".join(model.explain(x[:1], y[:1]).text().split())
    assert "the running ones" in " ".join(model.explain(x, y, training=False).text().split())
    np.testing.assert_allclose(model.explain(x).outputs, model.predict(x), rtol=1e-13)


def test_a_sample_alone_is_a_batch_of_one():
    classes = pellucid.Model(Dense(4, 3), Softmax(), loss=CategoricalCrossEntropy())
    number = pellucid.Model(Flatten(), Dense(4, 1), loss=MeanSquaredError())
    x = np.arange(4.0)
    for model, given, y, batch in (
        (classes, x, 2, (x[None], [2])),
        (classes, x, [0, 0, 1], (x[None], [[0, 0, 1]])),
        (number, x, 3.0, (x[None], [[3.0]])),
        (number, x, [3.0], (x[None], [[3.0]])),
        (number, x.reshape(2, 2), 3.0, (x.reshape(1, 2, 2), [[3.0]])),
    ):
        assert model.explain(given, y).loss == model.explain(*batch).loss


def test_float32_is_explained_in_float64_and_compared_with_what_training_has():
    model = pellucid.Model(Dense(20, 30), Tanh(), Dense(30, 3), Softmax(), loss=CategoricalCrossEntropy())
    explanation = model.explain(np.linspace(0, 1, 20), 1)
    assert 0 < explanation.record.agreement["float32"] < 1e-5
    assert "Training computes in float32" in explanation.text()


def test_an_optimiser_of_ones_own_is_shown_by_what_it_did():
    class Signs(Optimizer):
        slots = ("count",)

        def update(self, param, grad, slots, rates):
            return param - rates[0] * np.sign(grad), (slots[0] + 1,)

    explanation = book_model(optimizer=Signs(0.25)).explain(INPUTS, TARGETS)
    assert explanation.updated["0.weights"][0, 0] == pytest.approx(-0.1)
    assert "count" in explanation.text()


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda m: m.explain(np.zeros((65, 2)), np.zeros((65, 2))), InputError, "one or a few"),
        (lambda m: m.explain([1.0, np.nan], [0.0, 0.0]), DataError, "NaN"),
        (lambda m: m.explain([1.0, 2.0, 3.0], [0.0, 0.0]), DataError, "Dense"),
        (lambda m: m.explain([1.0, 2.0], [0.0, 0.0, 0.0]), DataError, "returns 2 value"),
        (lambda m: pellucid.Model(Dense(2, 2)).explain([1.0, 2.0], [0.0, 0.0]), InputError, "no loss"),
        (lambda m: m.explain([1.0, 2.0], [0.0, 0.0]).text(units=0), InputError, "units=0"),
        (lambda m: m.explain([1.0, 2.0], [0.0, 0.0]).html(depth=4), InputError, "depth=4"),
        (lambda m: m.explain([1.0, 2.0], [0.0, 0.0]).to_latex(digits=1.5), InputError, "digits=1.5"),
    ],
)
def test_what_cannot_be_explained_is_told(make, error, words):
    with pytest.raises(error, match=words) as raised:
        make(book_model())
    assert isinstance(raised.value, PellucidError)


def test_numbers_that_are_not_finite_are_named():
    model = book_model()
    model.layers[2].weights = np.full((2, 2), np.inf)
    with pytest.raises(NonFiniteError, match=r"Layer 2, Dense\(2, 2\)"):
        model.explain(INPUTS, TARGETS)
    with pytest.raises(NonFiniteError, match="Layer 2"):
        model.explain(INPUTS)


# -- forms -------------------------------------------------------------------------------------------------------------


class Reader(html.parser.HTMLParser):
    """Every tag closed in its order; what stands where."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag == "summary":
            assert self.open[-1] == "details"
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def check_html(text):
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert not reader.open
    tags = [tag for tag, _ in reader.seen]
    assert "script" not in tags and tags.count("details") == tags.count("summary") > 2
    assert not any(
        name.startswith("on") or name in ("src", "href") for _, attributes in reader.seen for name in attributes
    )
    return reader.seen


def check_latex(text):
    plain = re.sub(r"\\[\\{}]", "", text)
    assert plain.count("{") == plain.count("}") and text.count(r"\left") == text.count(r"\right")
    assert text.count(r"\begin{align*}") == text.count(r"\end{align*}") > 0
    assert not re.search(r"(?<!\\)[%#]", text) and text.isascii()
    assert "\n\n" not in text  # an empty line inside align* is an error


def test_html_stands_alone_and_hides_nothing_from_the_keyboard():
    class Injected(Layer):
        def forward(self, inputs):
            self.inputs = inputs
            return inputs * 1.0

        def backward(self, doutput):
            return doutput * 1.0

        def __repr__(self):
            return "<script>alert('x')</script>&"

    layers = [*example_layers(), Injected()]
    explanation = pellucid.Model(*layers, loss=MeanSquaredError(), dtype="float64").explain(INPUTS, TARGETS)
    for text in (explanation.html(), explanation.html(document=True)):
        seen = check_html(text)
        assert "&lt;script&gt;" in text
        assert all(at["tabindex"] == "0" for _, at in seen if at.get("class") == "wide")
    assert explanation.html(document=True).startswith("<!DOCTYPE html>")
    assert "prefers-color-scheme:dark" in explanation.html()
    bundle = explanation._repr_mimebundle_()
    assert bundle == {"text/html": explanation._repr_html_(), "text/plain": str(explanation)}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles(tmp_path):
    made = [(book_model(optimizer=Adam(0.1, clip_norm=0.1, clip_value=1.0)), INPUTS, TARGETS)]
    for model, x, y in [*made, *(random_model(seed)[:3] for seed in range(12))]:
        (tmp_path / "it.tex").write_text(model.explain(x, y).to_latex(document=True))
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "it.tex"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-2000:]


def test_json_keeps_every_bit_and_says_what_it_is():
    explanation = book_model().explain(INPUTS, TARGETS)
    record = record_of(explanation)
    assert record["format"] == "pellucid explanation 1"
    for key, gradient in explanation.gradients.items():
        layer, name = key.split(".")
        assert array(record["layers"][int(layer)]["gradients"][name]).tobytes() == gradient.tobytes()
    assert json.loads(explanation.to_json(indent=1)) == record
    assert record_of(book_model().explain(INPUTS))["loss"] is None
