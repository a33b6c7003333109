"""Every loss, through every check of `loss_checks`; against its formula; and what it refuses at the border."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cases import HALF_OF_FLOAT32, LOSSES, loss_outputs, loss_targets
from loss_checks import CHECKS
from pellucid import losses
from pellucid.errors import DataError, InputError
from pellucid.layers import Sequential, Sigmoid, Softmax
from pellucid.losses import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Huber,
    MeanSquaredError,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
)  # fmt: skip


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


FORMULAS = {
    "CategoricalCrossEntropy": lambda loss, o, t: cross_entropy(o, t, loss.label_smoothing),
    "SoftmaxCrossEntropy": lambda loss, o, t: cross_entropy(softmax(o), t, loss.label_smoothing),
    "BinaryCrossEntropy": lambda loss, o, t: yes_or_no(o, t),
    "SigmoidCrossEntropy": lambda loss, o, t: yes_or_no([1 / (1 + math.exp(-z)) for z in o], t),
    "MeanSquaredError": lambda loss, o, t: sum((a - b) ** 2 for a, b in zip(o, t, strict=True)) / len(o),
    "MeanAbsoluteError": lambda loss, o, t: sum(abs(a - b) for a, b in zip(o, t, strict=True)) / len(o),
    "Huber": lambda loss, o, t: huber(o, t, loss.delta),
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
    ]:
        with pytest.raises(InputError, match=sentence):
            call()


def test_numpy_numbers_as_settings_are_python_numbers():
    assert repr(Huber(np.float64(2.0))) == "Huber(delta=2.0)"
    smoothed = CategoricalCrossEntropy(np.array([1.0, 2.0, 3.0]), np.float64(0.1))
    assert repr(smoothed) == "CategoricalCrossEntropy(class_weights=(1.0, 2.0, 3.0), label_smoothing=0.1)"
    outputs = np.full((2, 3), 1 / 3, np.float32)
    assert smoothed.forward(outputs, np.array([0, 1])).dtype == smoothed.backward().dtype == np.float32
