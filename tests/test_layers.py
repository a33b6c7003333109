"""Every layer, through every check of `layer_checks` and `lasting_checks`; and what only some layers have to show."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import lasting_checks
import layer_checks
from cases import HALF_OF_FLOAT32, LAYERS, inputs, prepared
from passes import one_pass
from pellucid import layers
from pellucid.errors import DataError, InputError
from pellucid.layers import (
    BatchNorm,
    Dense,
    Dropout,
    GaussianNoise,
    LayerNorm,
    ReLU,
    Reshape,
    Residual,
    Sequential,
    Step,
)

CHECKS = layer_checks.CHECKS + lasting_checks.CHECKS


def test_every_layer_has_a_row_in_cases():
    missing = set(layers.__all__) - {"Layer"} - {type(case.make()).__name__ for case in LAYERS}
    assert not missing, f"tests/cases.py: LAYERS has no row for {', '.join(sorted(missing))}"


def test_rows_are_named_after_their_layer_and_no_two_alike():
    assert len({case.name for case in LAYERS}) == len(LAYERS)
    for case in LAYERS:
        assert case.name.split(",")[0] == type(case.make()).__name__


@pytest.mark.parametrize("case", LAYERS, ids=str)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_layer(check, case):
    check(case)


# -- the forward pass itself: a gradient check believes it, so it needs an oracle of its own ---------------------------

FORMULAS = {
    "Step": lambda x: 1.0 if x > 0 else 0.0,
    "Linear": lambda x: x,
    "Sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "HardSigmoid": lambda x: min(max(x / 6 + 0.5, 0), 1),
    "Tanh": lambda x: math.sinh(x) / math.cosh(x),
    "ReLU": lambda x: max(x, 0.0),
    "LeakyReLU": lambda x: x if x > 0 else 0.01 * x,
    "ELU": lambda x: x if x > 0 else math.exp(x) - 1,
    "SELU": lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * (math.exp(x) - 1)),
    "GELU": lambda x: x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "SiLU": lambda x: x / (1 + math.exp(-x)),
    "Mish": lambda x: x * math.tanh(math.log(1 + math.exp(x))),
    "Softplus": lambda x: math.log(1 + math.exp(x)),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_an_activation_is_its_formula(name):
    x = np.linspace(-8.0, 8.0, 65).reshape(13, 5)
    expected = [[FORMULAS[name](value) for value in row] for row in x]
    np.testing.assert_allclose(getattr(layers, name)().forward(x), expected, rtol=1e-12, atol=1e-15)


def test_the_constants_of_selu_keep_mean_0_and_variance_1():
    """They are the solution of two integrals, here over a fine grid; so a wrong digit shows."""
    x = np.linspace(-12.0, 12.0, 400_001)
    density = np.exp(-x * x / 2) / math.sqrt(2 * math.pi) * (x[1] - x[0])
    y = layers.SELU().forward(x[None, :])[0]
    assert (y * density).sum() == pytest.approx(0.0, abs=1e-9)
    assert (y * y * density).sum() == pytest.approx(1.0, abs=1e-9)


def test_gelu_is_near_the_exact_form():
    x = np.linspace(-6.0, 6.0, 1201)[None, :]
    exact = [value / 2 * (1 + math.erf(value / math.sqrt(2))) for value in x[0]]
    assert 1e-4 < abs(layers.GELU().forward(x)[0] - exact).max() < 5e-4


def test_softmax_of_a_row_is_exponentials_by_their_sum():
    x = inputs(next(case for case in LAYERS if case.name == "Softmax"))
    p = layers.Softmax().forward(x)
    for row, scores in zip(p, x, strict=True):
        total = sum(math.exp(score) for score in scores)
        np.testing.assert_allclose(row, [math.exp(score) / total for score in scores], rtol=1e-13)


FINITE = st.floats(-HALF_OF_FLOAT32, HALF_OF_FLOAT32, width=32)
ELEMENTWISE = [case for case in LAYERS if case.name.split(",")[0] in FORMULAS]


@pytest.mark.parametrize("case", ELEMENTWISE, ids=str)
@settings(max_examples=25, deadline=None)
@given(x=arrays(np.float32, (2, 3), elements=FINITE))
def test_any_finite_number_gives_a_finite_one_without_a_warning(case, x):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        results = one_pass(prepared(case, np.float32), x, np.ones((2, 3), np.float32))
    for name, array in results.items():
        assert array.dtype == np.float32 and np.isfinite(array).all(), name


@settings(max_examples=50, deadline=None)
@given(x=arrays(np.float32, (3, 4), elements=FINITE))
def test_softmax_of_any_finite_scores_is_a_distribution(x):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        p = layers.Softmax().forward(x)
    assert (p >= 0).all() and p.dtype == np.float32
    np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-6)


# -- single layers -----------------------------------------------------------------------------------------------------


def test_the_substitutes_of_a_steps_gradient_are_what_their_names_say():
    x, dy = np.array([[-3.0, -0.5, 0.5, 3.0]]), np.array([[1.0, 2.0, 3.0, 4.0]])
    expected = {"zero": [[0, 0, 0, 0]], "straight_through": [[1, 2, 3, 4]], "clipped": [[0, 2, 3, 0]]}
    for name, gradient in expected.items():
        step = Step(name)
        step.forward(x)
        np.testing.assert_array_equal(step.backward(dy), gradient)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_ordered_quantiles_are_the_sums_they_say(k):
    x = np.random.default_rng(k).uniform(-4.0, 4.0, (3, 2 * k))
    given = layers.OrderedQuantiles(k).forward(x).reshape(3, 2, k)
    for row, numbers in zip(given.reshape(-1, k), x.reshape(-1, k), strict=True):
        middle, steps = (k - 1) // 2, [math.log(1 + math.exp(value)) for value in numbers]
        for at in range(k):
            moved = sum(steps[middle + 1 : at + 1]) - sum(steps[at:middle])
            assert row[at] == pytest.approx(numbers[middle] + moved, rel=1e-12, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(x=arrays(np.float32, (2, 14), elements=st.floats(-(2.0**100), 2.0**100, width=32)))
def test_quantiles_of_any_numbers_never_cross(x):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = layers.OrderedQuantiles(7).forward(x).reshape(2, 2, 7)
    assert (np.diff(y, axis=-1) >= 0).all() and y.dtype == np.float32


def test_dense_is_a_sum_over_its_inputs():
    dense = prepared(next(case for case in LAYERS if case.name == "Dense"))
    x = inputs(LAYERS[0])
    output = dense.forward(x)
    for b in range(4):
        for o in range(3):
            total = sum(x[b, i] * dense.weights[i, o] for i in range(5)) + dense.biases[o]
            assert output[b, o] == pytest.approx(total, rel=1e-12)


def test_denses_penalty_is_the_sum_it_says():
    dense = Dense(2, 2, weight_l1=0.1, weight_l2=0.01, bias_l1=10.0, bias_l2=1.0)
    dense.weights, dense.biases = np.array([[1.0, -2.0], [3.0, 0.0]]), np.array([-1.0, 2.0])
    assert dense.penalty() == pytest.approx(0.1 * 6 + 0.01 * 14 + 10 * 3 + 1 * 5)
    assert Sequential(dense, Residual(dense)).penalty() == pytest.approx(2 * dense.penalty())


def test_batch_norms_running_statistics_follow_the_batches_and_then_predict():
    rng = np.random.default_rng(0)
    norm = BatchNorm(2, momentum=0.8)
    norm.training = True
    mean, variance = np.zeros(2), np.ones(2)
    for _ in range(60):
        x = rng.normal([3.0, -1.0], [2.0, 0.5], (16, 2))
        norm.forward(x)
        mean, variance = 0.8 * mean + 0.2 * x.mean(axis=0), 0.8 * variance + 0.2 * x.var(axis=0)
    np.testing.assert_allclose(norm.running_mean, mean, rtol=1e-12)
    np.testing.assert_allclose(norm.running_variance, variance, rtol=1e-12)
    norm.training = False
    expected = (x - mean) / np.sqrt(variance + 1e-5)
    np.testing.assert_allclose(norm.forward(x), expected, rtol=1e-12)


@pytest.mark.parametrize("norm, axis", [(BatchNorm(64), 0), (LayerNorm(64), 1)], ids=["batch", "layer"])
def test_normalisation_gives_mean_0_and_variance_1(norm, axis):
    norm.training = True
    y = norm.forward(np.random.default_rng(1).normal(7.0, 3.0, (64, 64)))
    np.testing.assert_allclose(y.mean(axis=axis), 0.0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=axis), 1.0, atol=1e-5)


def test_a_training_pass_over_one_row_is_finite():
    norm = BatchNorm(3)
    norm.training = True
    np.testing.assert_array_equal(norm.forward(np.ones((1, 3))), np.zeros((1, 3)))
    np.testing.assert_array_equal(norm.backward(np.ones((1, 3))), np.zeros((1, 3)))


def test_dropout_drops_its_share_and_keeps_the_expected_value():
    dropout = Dropout(0.3)
    dropout.training = True
    y = dropout.forward(np.ones((400, 500)))
    assert set(np.unique(y)) == {0.0, 1 / 0.7}
    assert (y == 0).mean() == pytest.approx(0.3, abs=0.005)  # five standard deviations of the share
    assert y.mean() == pytest.approx(1.0, abs=0.008)


def test_gaussian_noise_has_its_standard_deviation():
    noise = GaussianNoise(0.5)
    noise.training = True
    added = noise.forward(np.full((400, 500), 2.0)) - 2.0
    assert added.mean() == pytest.approx(0.0, abs=0.006) and added.std() == pytest.approx(0.5, abs=0.004)


WRONG_CALLS = [
    (lambda: Dense(0, 3), "n_inputs.*0.*expected"),
    (lambda: Dense(2, 2.5), "n_neurons.*2.5.*expected"),
    (lambda: Dense(6, 3).forward(np.ones((4, 5))), r"shape \(4, 5\): 5 values a row, expected 6. Write Dense\(5, 3\)"),
    (lambda: Dense(5, 3).forward(np.ones(5)), r"shape \(5,\), expected \(rows, 5\).*inputs\[None, :\]"),
    (lambda: Dense(5, 3).forward(np.ones((2, 3, 5))), r"shape \(2, 3, 5\), expected \(rows, 5\). Write Flatten"),
    (lambda: Dense(5, 3, "he"), "'he' is not known. Write one of .*he_normal"),
    (lambda: Dropout(1.0), "rate.*1.0"),
    (lambda: Dropout(-0.1), "rate.*-0.1"),
    (lambda: GaussianNoise(float("nan")), "std.*nan"),
    (lambda: Step("soft"), "'soft'.*write 'zero', 'straight_through' or 'clipped'"),
    (lambda: BatchNorm(0), r"n_features.*BatchNorm\(64\)"),
    (lambda: BatchNorm(3, momentum=1.0), "momentum.*1.0"),
    (lambda: BatchNorm(3, epsilon=0.0), "epsilon.*0.0"),
    (lambda: BatchNorm(1).forward(np.ones((2, 4))), r"shape \(2, 4\).*Write BatchNorm\(4\)"),
    (lambda: LayerNorm(1).forward(np.ones((2, 4))), r"shape \(2, 4\).*Write LayerNorm\(4\)"),
    (lambda: LayerNorm(4).forward(np.ones(4)), r"shape \(4,\), expected \(rows, ..., 4\)"),
    (lambda: Reshape(6), r"Reshape\(6\).*such as Reshape\(\(28, 28\)\)"),
    (lambda: Reshape((-1, 2)), r"\(-1, 2\).*at least 1"),
    (lambda: Reshape((2, 2)).forward(np.ones((3, 5))), "5 values, expected 4"),
    (lambda: Residual(Dense(5, 3), ReLU()).forward(np.ones((2, 5))), "must return the shape that they take"),
]


@pytest.mark.parametrize("call, sentence", WRONG_CALLS, ids=[sentence for _, sentence in WRONG_CALLS])
def test_what_cannot_work_is_refused_in_a_sentence(call, sentence):
    with pytest.raises((InputError, DataError), match=sentence):
        call()
