"""Data sets: the book's own draws, what each of the others promises, names, splits."""

import subprocess
import sys

import numpy as np
import pytest

from pellucid import datasets
from pellucid.errors import InputError, PellucidError

MADE = [name for name in datasets.BY_NAME if name != "digits"]
LABELLED = ["spiral", "vertical", "moons", "circles", "xor", "blobs"]
PER_CLASS = ["spiral", "vertical", "blobs"]


# -- the book's draws ------------------------------------------------------------------------------------------------


def test_spiral_and_vertical_are_the_books_points():
    """Values printed by the book's package, nnfs 0.5.1, after numpy.random.seed(0): spiral_data(3, 2), vertical_data(2, 2)."""
    rng = np.random.RandomState(0)
    X, y = datasets.spiral(3, 2, rng=rng)
    expected = [
        [0.0, 0.0], [-0.44170892, 0.23429306], [-0.8745907, -0.48486194],
        [0.0, 0.0], [-0.11195073, -0.48730588], [0.6145419, 0.78888416],
    ]  # fmt: skip
    np.testing.assert_allclose(X, expected, rtol=0, atol=2e-8)
    assert y.tolist() == [0, 0, 0, 1, 1, 1]
    X, y = datasets.vertical(2, 2, rng=rng)  # goes on where the spiral left the generator
    expected = [[0.09500884, 0.4896781], [-0.01513572, 0.54105985], [0.3477377, 0.57610375], [0.4787607, 0.5121675]]
    np.testing.assert_allclose(X, expected, rtol=0, atol=2e-8)
    assert y.tolist() == [0, 0, 1, 1]


def test_sine_is_the_books_curve():
    X, y = datasets.sine(4)
    np.testing.assert_array_equal(X, np.array([[0.0], [0.25], [0.5], [0.75]], np.float32))
    np.testing.assert_allclose(y, [[0.0], [1.0], [0.0], [-1.0]], atol=1e-7)


# -- every made set --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MADE)
def test_shapes_dtypes_and_repetition(name):
    function = datasets.BY_NAME[name]
    X, y = function(samples=12, rng=3)
    rows = 36 if name in PER_CLASS else 12
    assert X.shape == (rows, 1 if name == "sine" else 2) and X.dtype == np.float32
    if name in LABELLED:
        assert y.shape == (rows,) and y.dtype == np.int64
        assert set(y.tolist()) == set(range(3 if name in PER_CLASS else 2))
    else:
        assert y.shape == (rows, 1) and y.dtype == np.float32
    for rng in (3, np.random.default_rng(3)):
        again = function(samples=12, rng=rng)
        assert np.array_equal(again[0], X) and np.array_equal(again[1], y)
    noisy = function(samples=12, noise=0.3, rng=3)
    other = function(samples=12, noise=0.3, rng=4)
    assert not np.array_equal(np.c_[noisy[0], noisy[1]], np.c_[other[0], other[1]])


@pytest.mark.parametrize("name", MADE)
def test_a_random_state_moves_on(name):
    rng = np.random.RandomState(5)
    first, second = (datasets.BY_NAME[name](samples=20, noise=0.1, rng=rng) for _ in range(2))
    again = datasets.BY_NAME[name](samples=20, noise=0.1, rng=np.random.RandomState(5))
    assert np.array_equal(first[0], again[0]) and np.array_equal(first[1], again[1])
    assert not (np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1]))


def test_without_noise_the_points_lie_on_their_formula():
    X, y = datasets.circles(50, noise=0.0, factor=0.3)
    np.testing.assert_allclose(np.hypot(*X.T), np.where(y == 0, 1.0, 0.3), rtol=1e-6)
    X, y = datasets.moons(51, noise=0.0)
    np.testing.assert_allclose(np.hypot(*(X - np.where(y[:, None] == 0, (0.0, 0.0), (1.0, 0.5))).T), 1.0, rtol=1e-5)
    assert (X[y == 0, 1] >= 0).all() and (X[y == 1, 1] <= 0.5).all() and np.bincount(y).tolist() == [26, 25]
    X, y = datasets.xor(60, noise=0.0)
    assert np.array_equal(y, (X[:, 0] * X[:, 1] < 0).astype(int))
    X, y = datasets.plane(40, noise=0.0)
    np.testing.assert_allclose(y[:, 0], 0.6 * X[:, 0] - 0.4 * X[:, 1] + 0.1, atol=1e-6)
    X, y = datasets.waves(40, noise=0.0)
    np.testing.assert_allclose(y[:, 0], np.sin(np.pi * X[:, 0]) * np.cos(np.pi * X[:, 1]), atol=1e-6)
    X, y = datasets.blobs(5, classes=4, noise=0.0)
    np.testing.assert_allclose(X[::5], [[0, 1], [-1, 0], [0, -1], [1, 0]], atol=1e-6)
    X, _ = datasets.spiral(5, classes=1, noise=0.0)
    np.testing.assert_allclose(np.hypot(*X.T), np.linspace(0, 1, 5), atol=1e-6)


@pytest.mark.parametrize("name", MADE)
def test_noise_is_a_standard_deviation(name):
    if name == "spiral":  # there the noise turns the points about the centre, as in the book
        X, _ = datasets.spiral(20_000, classes=1, noise=0.02)
        turned = np.arctan2(*X.T) - 2.5 * np.linspace(0, 4, 20_000)
        spread = np.std((turned[1:] + np.pi) % (2 * np.pi) - np.pi)
        assert spread == pytest.approx(2.5 * 0.02, rel=0.03)
        return
    quiet, noisy = (datasets.BY_NAME[name](samples=20_000, noise=noise, rng=0) for noise in (0.0, 0.2))
    part = 0 if name in LABELLED else 1
    assert np.std(noisy[part] - quiet[part]) == pytest.approx(0.2, rel=0.02)


@pytest.mark.parametrize(
    "options",
    [{"samples": 0}, {"samples": 2.5}, {"samples": True}, {"noise": -1.0}, {"noise": float("nan")}, {"noise": "a"},
     {"rng": "a"}, {"rng": -1}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("name", MADE)
def test_arguments_that_make_no_sense(name, options):
    with pytest.raises(InputError, match=f"{next(iter(options))}="):
        datasets.BY_NAME[name](**options)


def test_other_arguments_that_make_no_sense():
    with pytest.raises(InputError, match="classes=0"):
        datasets.spiral(classes=0)
    with pytest.raises(InputError, match="factor=1"):
        datasets.circles(factor=1.0)
    with pytest.raises(InputError, match="noise=0"):
        datasets.spiral_ceiling(noise=0.0)


# -- by name ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", datasets.BY_NAME)
def test_make_gives_about_as_many_rows_as_asked_for(name):
    X, y = datasets.make(name, n=500, seed=1)
    assert len(X) == len(y) and abs(len(X) - 500) <= 1
    again, other = datasets.make(name, n=500, seed=1)[0], datasets.make(name, n=500, seed=2)[0]
    assert np.array_equal(again, X) and (name == "sine" or not np.array_equal(other, X))
    own = datasets.BY_NAME[name]()
    assert datasets.make(name)[0].shape == own[0].shape


@pytest.mark.parametrize("name", MADE)
def test_make_takes_noise(name):
    quiet, noisy = (np.c_[datasets.make(name, 30, noise=noise)] for noise in (0.0, 0.5))
    assert quiet.shape == noisy.shape and len(quiet) == 30 and not np.allclose(quiet, noisy)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("mons",), "did you mean 'moons'?"), (("Spiral",), "did you mean 'spiral'?"), (("zzz",), "Write one of spiral"),
        ((None,), "no data set None"), (("moons", 0), "n=0"), (("moons", 2.0), "n=2.0"), (("digits", 5000), "1797"),
        (("digits", 10, 0, 0.1), "real images"),
    ],
)  # fmt: skip
def test_make_says_what_to_write(arguments, words):
    with pytest.raises(PellucidError, match=words.replace("?", r"\?")):
        datasets.make(*arguments)


def test_digits_are_real_and_whole():
    X, y = datasets.digits()
    assert X.shape == (1797, 64) and X.dtype == np.float32 and X.min() == 0.0 and X.max() == 1.0
    assert np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # as the UCI set has them
    some, labels = datasets.make("digits", 100)
    rows = {row.tobytes(): label for row, label in zip(X, y, strict=True)}
    assert len(some) == 100 and all(rows[row.tobytes()] == label for row, label in zip(some, labels, strict=True))


# -- what is set aside -----------------------------------------------------------------------------------------------


def test_split_shares_out_class_by_class():
    X, y = datasets.blobs(40, classes=3)
    X_train, y_train, X_test, y_test = datasets.split(X, y, fraction=0.25, seed=1)
    assert np.bincount(y_test).tolist() == [10, 10, 10] and np.bincount(y_train).tolist() == [30, 30, 30]
    both = np.concatenate([X_train, X_test])
    assert {row.tobytes() for row in both} == {row.tobytes() for row in X} and len(both) == len(X)


def test_split_of_a_regression_and_its_complaints():
    X, y = datasets.waves(100)
    parts = datasets.split(X, y, fraction=0.3)
    assert [len(part) for part in parts] == [70, 70, 30, 30]
    for fraction in (0.0, 1.0, 0.001):
        with pytest.raises(InputError, match="fraction"):
            datasets.split(X, y, fraction)
    with pytest.raises(InputError, match="one target a row"):
        datasets.split(X, y[:5])


def test_the_ceiling_of_the_spiral():
    """What a classifier that knows the formula reaches is at the ceiling, and noise lowers it."""
    overall, by_class = datasets.spiral_ceiling(draws=20_000)
    assert overall == pytest.approx(0.910, abs=0.005) and overall == pytest.approx(by_class.mean())
    assert datasets.spiral_ceiling(noise=0.02, draws=2000)[0] > 0.999


def test_importing_costs_little():
    code = (
        "import sys, pellucid.datasets; print([name for name in "
        "('numpy.random', 'pathlib', 'gzip', 'zipfile', 'difflib', 'lzma', 'tempfile') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
