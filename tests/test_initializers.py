"""The initializers: mean and variance of what they draw, shapes, names."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pellucid
from pellucid import initializers
from pellucid.errors import InputError
from pellucid.layers import Dense, Linear
from pellucid.randomness import generator

FAN_IN, FAN_OUT = 300, 500
VARIANCES = {
    "normal": 0.01**2,
    "uniform": 0.1**2 / 12,
    "glorot_uniform": 2 / (FAN_IN + FAN_OUT),
    "glorot_normal": 2 / (FAN_IN + FAN_OUT),
    "he_uniform": 2 / FAN_IN,
    "he_normal": 2 / FAN_IN,
    "lecun_uniform": 1 / FAN_IN,
    "lecun_normal": 1 / FAN_IN,
    "zeros": 0.0,
    "constant": 0.0,
    "orthogonal": 1 / FAN_OUT,
}


@pytest.mark.parametrize("name", initializers.BY_NAME)
def test_mean_and_variance(name):
    """Of 150,000 draws: the limits are about five standard deviations."""
    drawn = initializers.get(name)(generator(0, "weights"), (FAN_IN, FAN_OUT))
    assert drawn.shape == (FAN_IN, FAN_OUT) and drawn.dtype == np.float64
    variance = VARIANCES[name]
    assert drawn.mean() == pytest.approx(0.0, abs=0.013 * variance**0.5)
    assert drawn.var() == pytest.approx(variance, rel=0.02)
    if name.endswith("uniform"):
        assert abs(drawn).max() <= (3 * variance) ** 0.5
    elif name.endswith("normal"):
        assert abs(drawn).max() > 4 * variance**0.5


@given(rows=st.integers(1, 12), columns=st.integers(1, 12), gain=st.floats(0.1, 3.0))
def test_orthogonal_keeps_lengths(rows, columns, gain):
    drawn = initializers.orthogonal(gain)(generator(1, "weights"), (rows, columns)) / gain
    product = drawn.T @ drawn if rows >= columns else drawn @ drawn.T
    np.testing.assert_allclose(product, np.eye(min(rows, columns)), atol=1e-12)


def test_orthogonal_draws_are_spread_over_both_signs():
    """Without the signs of r the first entry would always be of one sign."""
    firsts = [initializers.orthogonal()(generator(seed, "weights"), (3, 3))[0, 0] for seed in range(40)]
    assert 8 < sum(first > 0 for first in firsts) < 32


def test_a_signal_keeps_its_size_through_layers():
    """What the scaled ones are for: ten layers of He and ReLU, of LeCun and SELU, of Glorot and linear."""
    pairs = [("he_normal", pellucid.layers.ReLU), ("lecun_normal", pellucid.layers.SELU), ("glorot_uniform", Linear)]
    for name, activation in pairs:
        x = np.random.default_rng(0).standard_normal((200, 200))
        for depth in range(10):
            weights = initializers.get(name)(generator(depth, "weights"), (200, 200))
            x = activation().forward(x @ weights)
        assert 0.3 < (x**2).mean() < 3.0, name


@pytest.mark.parametrize("name", initializers.BY_NAME)
def test_what_lasts_is_the_configuration(name):
    made = initializers.BY_NAME[name]()
    for twin in (eval(repr(made), vars(initializers)), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert twin == made and repr(twin) == repr(made) and hash(twin) == hash(made)
        np.testing.assert_array_equal(twin(generator(3, "weights"), (2, 3)), made(generator(3, "weights"), (2, 3)))


def test_settings_make_a_difference():
    assert initializers.normal(0.1) != initializers.normal(0.2) != "normal"
    drawn = initializers.uniform(2.0, 3.0)(generator(0, "weights"), (50, 50))
    assert drawn.min() >= 2.0 and drawn.max() < 3.0
    drawn = initializers.normal(std=0.5, mean=10.0)(generator(0, "weights"), (50, 50))
    assert drawn.mean() == pytest.approx(10.0, abs=0.05) and drawn.std() == pytest.approx(0.5, abs=0.04)
    np.testing.assert_array_equal(initializers.constant(4)(generator(0, "weights"), (2,)), [4.0, 4.0])


def test_the_fans_of_a_kernel_count_its_window():
    """The last axis counts outputs, all others inputs: a window of 3 x 3 over 8 channels has 72 inputs a value."""
    drawn = initializers.he_normal()(generator(0, "weights"), (3, 3, 8, 500))
    assert drawn.var() == pytest.approx(2 / 72, rel=0.04)


def test_a_models_weights_depend_on_seed_and_place_alone():
    make = lambda seed: pellucid.Model(Dense(4, 4), Dense(4, 4), seed=seed).values()  # noqa: E731
    first, again, other = make(0), make(0), make(2**64 - 1)
    for key in ("0.weights", "1.weights"):
        np.testing.assert_array_equal(first[key], again[key])
        assert (first[key] != other[key]).all()
    assert (first["0.weights"] != first["1.weights"]).all()


def test_a_function_of_ones_own_is_an_initializer():
    dense = Dense(2, 3, initializer=lambda rng, shape: np.arange(6.0).reshape(shape))
    np.testing.assert_array_equal(dense.weights, [[0, 1, 2], [3, 4, 5]])
    with pytest.raises(InputError, match="'he'.*Write one of .*he_normal"):
        initializers.get("he")
