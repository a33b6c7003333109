"""Every loss, through every check of `loss_checks`; against its formula; and what it refuses at the border."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import pellucid
from cases import HALF_OF_FLOAT32, LOSSES, loss_outputs, loss_targets
from loss_checks import CHECKS
from pellucid import losses
from pellucid.errors import DataError, InputError
from pellucid.layers import Dense, OrderedQuantiles, Sequential, Sigmoid, Softmax, Tanh
from pellucid.losses import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Huber,
    MeanSquaredError,
    Quantile,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
)  # fmt: skip
from pellucid.optimizers import Adam


def test_every_loss_has_a_row_in_cases():
    missing = set(losses.__all__) - {"Loss"} - {type(case.make()).__name__ for case in LOSSES}
    assert not missing, f"tests/cases.py: LOSSES has no row for {', '.join(sorted(missing))}"


def test_rows_are_named_after_their_loss_and_no_two_alike():
    assert len({case.name for case in LOSSES}) == len(LOSSES)
    for case in LOSSES:
        assert case.name.split(",")[0] == type(case.make()).__name__


@pytest.mark.parametrize("case", LOSSES, ids=str)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_loss(check, case):
    check(case)


# -- the loss of one sample, by its formula, in plain Python -----------------------------------------------------------


def cross_entropy(p, t, smoothing=0.0):
    t = [(1 - smoothing) * share + smoothing / len(p) for share in t]
    return -sum(share * math.log(chance) for chance, share in zip(p, t, strict=True))


def softmax(z):
    return [math.exp(score) / sum(math.exp(other) for other in z) for score in z]


def yes_or_no(p, t):
    return -sum(y * math.log(q) + (1 - y) * math.log(1 - q) for q, y in zip(p, t, strict=True)) / len(p)


def huber(o, t, delta):
    sizes = [abs(a - b) for a, b in zip(o, t, strict=True)]
    return sum(e * e / 2 if e <= delta else delta * (e - delta / 2) for e in sizes) / len(o)


def pinball(o, t, levels):
    pairs = [(o[m * len(levels) + k], true, q) for m, true in enumerate(t) for k, q in enumerate(levels)]
    return sum(q * (true - a) if a < true else (1 - q) * (a - true) for a, true, q in pairs) / len(o)


def deviance(o, t):
    pairs = zip(o, t, strict=True)
    return sum(math.exp(z) - true * z + (true * math.log(true) if true else 0) - true for z, true in pairs) / len(o)


FORMULAS = {
    "CategoricalCrossEntropy": lambda loss, o, t: cross_entropy(o, t, loss.label_smoothing),
    "SoftmaxCrossEntropy": lambda loss, o, t: cross_entropy(softmax(o), t, loss.label_smoothing),
    "BinaryCrossEntropy": lambda loss, o, t: yes_or_no(o, t),
    "SigmoidCrossEntropy": lambda loss, o, t: yes_or_no([1 / (1 + math.exp(-z)) for z in o], t),
    "MeanSquaredError": lambda loss, o, t: sum((a - b) ** 2 for a, b in zip(o, t, strict=True)) / len(o),
    "MeanAbsoluteError": lambda loss, o, t: sum(abs(a - b) for a, b in zip(o, t, strict=True)) / len(o),
    "Huber": lambda loss, o, t: huber(o, t, loss.delta),
    "Poisson": lambda loss, o, t: deviance(o, t),
    "Quantile": lambda loss, o, t: pinball(o, t, loss.levels),
}


@pytest.mark.parametrize("case", LOSSES, ids=str)
def test_a_loss_is_its_formula(case):
    loss, outputs, targets = case.make(), loss_outputs(case), loss_targets(case)
    rows = np.eye(3)[targets] if targets.ndim == 1 else targets
    formula = FORMULAS[type(loss).__name__]
    expected = [formula(loss, o, t) for o, t in zip(outputs.tolist(), rows.tolist(), strict=True)]
    np.testing.assert_allclose(loss.forward(outputs, targets), expected, rtol=1e-12)


FINITE = st.floats(-HALF_OF_FLOAT32 / 8, HALF_OF_FLOAT32 / 8, width=32)


@pytest.mark.parametrize("loss", [SoftmaxCrossEntropy(), SoftmaxCrossEntropy(label_smoothing=0.3)], ids=repr)
@settings(max_examples=60, deadline=None)
@given(scores=arrays(np.float32, (2, 4), elements=FINITE), labels=arrays(np.int64, 2, elements=st.integers(0, 3)))
def test_softmax_cross_entropy_of_any_finite_scores(loss, scores, labels):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        values, gradient = loss.forward(scores, labels), loss.backward()
    assert (values >= 0).all() and np.isfinite(values).all() and values.dtype == np.float32
    np.testing.assert_allclose(gradient.sum(axis=1), 0.0, atol=1e-5)  # probabilities and targets both add up to 1


@settings(max_examples=60, deadline=None)
@given(
    scores=arrays(np.float32, (2, 3), elements=FINITE),
    answers=arrays(np.float32, (2, 3), elements=st.sampled_from([0.0, 1.0])),
)
def test_sigmoid_cross_entropy_of_any_finite_scores(scores, answers):
    loss = SigmoidCrossEntropy()
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        values, gradient = loss.forward(scores, answers), loss.backward()
    assert (values >= 0).all() and np.isfinite(values).all()
    assert (abs(gradient) <= 1 / 3).all() and (gradient * (0.5 - answers) >= 0).all()  # down for a yes, up for a no


@settings(max_examples=60, deadline=None)
@given(error=st.floats(-10, 10), delta=st.floats(0.01, 10))
def test_hubers_two_pieces_meet(error, delta):
    """Value and slope at any error lie between those of the square and of the straight line."""
    loss = Huber(delta)
    value, slope = loss.forward(np.array([[error]]), np.zeros((1, 1)))[0], loss.backward()[0, 0]
    assert value == pytest.approx(
        min(error**2 / 2, delta * (abs(error) - delta / 2)) if abs(error) > delta else error**2 / 2
    )
    assert abs(slope) <= delta * (1 + 1e-12) and slope * error >= 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-20, 20), min_size=1, max_size=15), st.sampled_from([0.05, 0.3, 0.5, 0.8]))
def test_no_number_has_less_pinball_loss_than_the_quantile(targets, level):
    """The constant with the least loss has at most the level's share of the targets below it, and at least that up to it."""
    loss, rows = Quantile((level,)), np.array(targets, float)[:, None]
    costs = {c: loss.forward(np.full_like(rows, c), rows).sum() for c in np.arange(-21.0, 22.0, 0.5)}
    best = min(costs, key=costs.__getitem__)
    assert (rows < best).mean() <= level + 1e-9 and (rows <= best).mean() >= level - 1e-9


def test_a_quantile_that_is_hit_pulls_nowhere():
    loss = Quantile((0.1, 0.9))
    assert loss.forward(np.array([[2.0, 2.0]]), np.array([2.0])).tolist() == [0.0]
    assert loss.backward().tolist() == [[0.0, 0.0]]


def test_quantiles_of_two_targets_and_of_a_flat_one():
    """The levels of the first target stand first; targets (B,) are a column."""
    loss, outputs = Quantile((0.25, 0.75)), np.array([[1.0, 3.0, 10.0, 20.0]])
    assert loss.forward(outputs, np.array([[2.0, 30.0]])) == pytest.approx((0.25 + 0.25 + 5.0 + 7.5) / 4)
    np.testing.assert_allclose(loss.backward(), np.array([[-0.25, 0.25, -0.25, -0.75]]) / 4)
    column = Quantile().forward(outputs[:, :3], np.array([[2.0]]))
    np.testing.assert_array_equal(Quantile().forward(outputs[:, :3], np.array([2.0])), column)
    np.testing.assert_array_equal(Quantile().as_targets([1, 2], 3, np.float32), np.array([[1], [2]], np.float32))


def test_trained_quantiles_cover_the_share_that_they_name():
    """Noise whose width grows with x: the quantiles follow it, and 80 % of unseen targets lie between them."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0.0, 1.0, (4000, 1))
    y = x[:, 0] + (0.1 + x[:, 0]) * rng.standard_normal(4000)
    model = pellucid.Model(
        Dense(1, 16), Tanh(), Dense(16, 3), OrderedQuantiles(), loss=Quantile((0.1, 0.5, 0.9)), optimizer=Adam(0.02)
    )
    model.fit(x[:3000], y[:3000], epochs=30, batch_size=100, engine="numpy", progress=False)
    assert model.evaluate(x[3000:], y[3000:])["coverage"] == pytest.approx(0.8, abs=0.04)
    low, middle, high = model.predict([[0.2], [0.8]]).T
    assert (low < middle).all() and (middle < high).all()
    np.testing.assert_allclose(middle, [0.2, 0.8], atol=0.15)
    np.testing.assert_allclose(high - low, 2 * 1.2816 * np.array([0.3, 0.9]), rtol=0.25)  # 1.2816: a normal draw's 90 %


def test_losses_that_a_layer_pairs_with():
    assert type(CategoricalCrossEntropy().fused_with(Softmax())) is SoftmaxCrossEntropy
    assert type(BinaryCrossEntropy().fused_with(Sigmoid())) is SigmoidCrossEntropy
    assert CategoricalCrossEntropy().fused_with(Sigmoid()) is None is BinaryCrossEntropy().fused_with(Softmax())
    assert SoftmaxCrossEntropy().fused_with(Softmax()) is None is MeanSquaredError().fused_with(Sigmoid())
    assert CategoricalCrossEntropy().fused_with(Sequential(Softmax())) is None
    pair = CategoricalCrossEntropy((1, 2, 3), 0.25).fused_with(Softmax())
    assert pair.config() == {"class_weights": (1.0, 2.0, 3.0), "label_smoothing": 0.25}


CATEGORICAL, BINARY, SQUARED = CategoricalCrossEntropy(), BinaryCrossEntropy(), MeanSquaredError()
REFUSED = [
    (CATEGORICAL, [0, 1, 3], r"y\[2\] is 3.*labels go from 0 to 2"),
    (CATEGORICAL, [1, 2, 3], "Labels start at 0: write y - 1"),
    (CATEGORICAL, [0, -1, 2], r"y\[1\] is -1"),
    (CATEGORICAL, [0.5, 1, 2], "fractions.*MeanSquaredError"),
    (CATEGORICAL, [float("nan"), 1, 2], "NaN"),
    (CATEGORICAL, ["a", "b"], "dtype .*expected numbers"),
    (CATEGORICAL, [[0], [1], [2]], r"Write y.ravel\(\)"),
    (CATEGORICAL, [[0, 1], [1, 0]], r"shape \(2, 2\).*one-hot rows \(rows, 3\)"),
    (CATEGORICAL, [[0, 0, 1], [0, 1, 1]], r"y\[1\] .*sum to 1"),
    (CATEGORICAL, [[0, 0, 1], [-1, 1, 1]], r"y\[1\] .*at least 0"),
    (CategoricalCrossEntropy(class_weights=(1, 2)), [0, 1, 2], "class_weights has 2 numbers.*3 classes"),
    (BINARY, [0, 1], "Give one column an output"),
    (BINARY, [[0, 1, 2]], "from 0 to 1.*CategoricalCrossEntropy"),
    (SQUARED, [[0, 1]], r"shape \(1, 2\).*3 value"),
    (SQUARED, [[0, 1, float("inf")]], "infinite"),
    (Quantile(), [[0, 1, 2]], r"shape \(1, 3\).*3 level\(s\) of 1 target\(s\).*\(rows, 1\)"),
    (Quantile((0.5,)), [0, 1], r"3 value\(s\) a row.*\(rows, 3\)"),
    (Quantile((0.1, 0.9)), [0, 1], r"3 value\(s\) a row.*2 levels.*Dense\(..., 2\)"),
    (Quantile(), [0, float("nan"), 2], "NaN"),
]


@pytest.mark.parametrize("loss, targets, sentence", REFUSED, ids=[sentence for _, _, sentence in REFUSED])
def test_targets_that_cannot_be_meant_are_refused_in_a_sentence(loss, targets, sentence):
    with pytest.raises((DataError, InputError), match=sentence):
        loss.as_targets(targets, 3, np.float32)


def test_settings_that_cannot_be_meant_are_refused_in_a_sentence():
    for call, sentence in [
        (lambda: CategoricalCrossEntropy(label_smoothing=1.0), "label_smoothing.*1.0"),
        (lambda: CategoricalCrossEntropy(class_weights=(1, -1)), "class_weights"),
        (lambda: CategoricalCrossEntropy(class_weights=()), "class_weights"),
        (lambda: Huber(0.0), "delta.*0.0"),
        (lambda: Quantile((0.05, 1.0)), "a level=1.0.*above 0 and below 1"),
        (lambda: Quantile((0.9, 0.1, 0.1)), r"ascending.*Write \(0.1, 0.9\)"),
        (lambda: Quantile(()), r"levels=\(\).*\(0.05, 0.5, 0.95\)"),
        (lambda: Quantile(0.5), "levels=0.5.*a tuple"),
    ]:
        with pytest.raises(InputError, match=sentence):
            call()


def test_numpy_numbers_as_settings_are_python_numbers():
    assert repr(Huber(np.float64(2.0))) == "Huber(delta=2.0)"
    smoothed = CategoricalCrossEntropy(np.array([1.0, 2.0, 3.0]), np.float64(0.1))
    assert repr(smoothed) == "CategoricalCrossEntropy(class_weights=(1.0, 2.0, 3.0), label_smoothing=0.1)"
    outputs = np.full((2, 3), 1 / 3, np.float32)
    assert smoothed.forward(outputs, np.array([0, 1])).dtype == smoothed.backward().dtype == np.float32
