"""`pellucid.nnfs.init()`: NumPy as the notebook had it, for its user's code alone, and put back."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

import pellucid
import pellucid.nnfs as nnfs
from pellucid.errors import InputError
from pellucid.layers import Dense, Dropout, ReLU, Sigmoid, Softmax
from pellucid.losses import CategoricalCrossEntropy
from pellucid.nnfs.datasets import sine_data, spiral_data, vertical_data
from pellucid.optimizers import Adam

PATCHED = {"dot": np, "zeros": np, "eye": np, "exp": np, "randn": np.random}
OWN = {name: getattr(place, name) for name, place in PATCHED.items()}


@pytest.fixture(autouse=True)
def numpy_is_as_it_was():
    yield
    left = [name for name, place in PATCHED.items() if getattr(place, name) is not OWN[name]]
    if left:
        nnfs.init().restore()
    assert not left, f"still replaced: {left}"


# -- putting back ------------------------------------------------------------------------------------------------------


def test_init_twice_and_one_restore_leaves_numpy_as_it_was():
    state = np.random.get_state()[1].copy()
    nnfs.init()
    handle = nnfs.init(default_dtype="float64")
    assert np.zeros(1).dtype == np.float64
    handle.restore()
    assert all(getattr(place, name) is OWN[name] for name, place in PATCHED.items())
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    handle.restore()  # nothing to do


def test_blocks_nest():
    with nnfs.init():
        with nnfs.init(default_dtype="float64"):
            assert np.zeros(1).dtype == np.float64
        assert np.zeros(1).dtype == np.float32
    assert np.zeros(1).dtype == np.float64


def test_put_back_after_an_error():
    with pytest.raises(ZeroDivisionError), nnfs.init():
        raise ZeroDivisionError
    assert np.dot is OWN["dot"]


def test_a_function_kept_beyond_restore_is_numpys_own():
    with nnfs.init():
        kept = np.zeros
    assert kept(2).dtype == np.float64


def test_seed():
    with nnfs.init():
        first = np.random.randn(3)
    with nnfs.init(random_seed=1):
        other = np.random.randn(3)
    np.testing.assert_array_equal(first, np.random.RandomState(0).randn(3).astype(np.float32))
    np.testing.assert_array_equal(other, np.random.RandomState(1).randn(3).astype(np.float32))
    np.random.seed(5)
    expected = np.random.RandomState(5).randn(2).astype(np.float32)
    with nnfs.init(random_seed=None):
        np.testing.assert_array_equal(np.random.randn(2), expected)


def test_a_notebook_shows_nothing_for_it():
    with nnfs.init() as handle:
        assert handle._ipython_display_() is None
        assert repr(handle) == "<init: dot_precision_workaround=True, default_dtype='float32'>"
    assert "put back" in repr(handle)


def test_a_default_dtype_that_is_none_of_floats_is_refused():
    with pytest.raises(InputError, match="float32"):
        nnfs.init(default_dtype="int32")


# -- the functions -----------------------------------------------------------------------------------------------------


def test_dot_is_computed_in_float64_and_rounded():
    a = np.array([[1.0, 1e-4, -1.0]], np.float32)
    b = np.array([[1e4], [1.0], [1e4]], np.float32)
    with nnfs.init():
        product = np.dot(a, b)
    assert product.dtype == np.float32
    assert product[0, 0] == np.float32(a[0].astype(np.float64) @ b[:, 0].astype(np.float64))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("workaround", [True, False])
def test_the_default_dtype_holds(dtype, workaround):
    with nnfs.init(dot_precision_workaround=workaround, default_dtype=dtype):
        made = [
            np.zeros(2),
            np.zeros((2, 2)),
            np.eye(2),
            np.eye(3, 4),
            np.random.randn(2),
            np.dot(np.eye(2), np.eye(2)),
        ]
        assert {array.dtype.name for array in made} == {dtype}
        assert np.zeros(2, "int8").dtype == np.zeros(2, dtype="int8").dtype == np.int8
        assert np.eye(2, dtype="int8").dtype == np.eye(2, 2, 0, "int8").dtype == np.int8


def test_lists_and_single_numbers_work():
    with nnfs.init():
        assert np.dot([1, 2], [3, 4]) == 11
        assert np.dot(2.0, [3.0, 4.0]).tolist() == [6, 8]
        assert np.dot(2, 3) == 6
        assert np.dot(a=[1.0], b=[2.0]) == 2
        one = np.random.randn()
        assert isinstance(one, np.float32)
        assert one == np.float32(np.random.RandomState(0).randn())


def test_other_products_are_numpys_own():
    with nnfs.init():
        assert np.dot(np.array([1j]), np.array([1j])) == -1
        out = np.empty((2, 2))
        assert np.dot(np.ones((2, 2), "f8"), np.ones((2, 2), "f8"), out=out) is out
        assert isinstance(np.dot(np.ma.ones((2, 2)), np.ma.ones((2, 2))), np.ma.MaskedArray)


def test_no_default_dtype():
    with nnfs.init(default_dtype=None):
        assert np.zeros(1).dtype == np.random.randn(1).dtype == np.float64
        assert np.dot(np.ones(1), np.ones(1)).dtype == np.float32  # as in the book's package


def test_exp_of_float32_is_correctly_rounded_and_the_rest_is_numpys_own():
    x = np.linspace(-20, 20, 2001, dtype=np.float32)
    with nnfs.init():
        np.testing.assert_array_equal(np.exp(x), OWN["exp"](x.astype(np.float64)).astype(np.float32))
        assert np.exp(x).dtype == np.float32
        assert isinstance(np.exp(np.float32(1)), np.float32)
        assert np.exp(1) == 2.718281828459045
        assert np.exp([0.0, 1.0]).dtype == np.float64
        assert np.exp(1j * np.pi).real == -1.0
        np.testing.assert_array_equal(np.exp(x, dtype="f8"), OWN["exp"](x, dtype="f8"))
        assert np.exp.nin == 1
        assert repr(np.exp) == "<ufunc 'exp'>"


@pytest.mark.parametrize("value", [1000, np.float32(1000)])
def test_a_warning_of_exp_names_the_line_of_its_caller(value):
    with nnfs.init(), warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert np.exp(value) == np.inf
    assert [(str(w.message), w.filename) for w in seen] == [("overflow encountered in exp", __file__)]
    with nnfs.init(), np.errstate(over="raise"), pytest.raises(FloatingPointError):
        np.exp(value)
    with nnfs.init(), np.errstate(over="ignore"):
        assert np.exp(value) == np.inf
    called = []
    with nnfs.init(), np.errstate(over="call", call=lambda kind, flag: called.append(kind)):
        np.exp(1000)
    assert called == ["overflow"]


# -- libraries ---------------------------------------------------------------------------------------------------------


def run_of_pellucid():
    """Everything a training leaves behind, as bytes."""
    X, y = pellucid.datasets.spiral(samples=30, classes=3, rng=0)
    model = pellucid.Model(
        Dense(2, 8), ReLU(), Dropout(0.2), Dense(8, 8), Sigmoid(), Dense(8, 3), Softmax(),
        loss=CategoricalCrossEntropy(), optimizer=Adam(0.02), seed=3,
    )  # fmt: skip
    history = model.fit(X, y, epochs=5, batch_size=32, validation_fraction=0.2)
    values = {key: (value.dtype, value.tobytes()) for key, value in model.values().items()}
    return X.tobytes(), values, history.epochs, model.predict(X).tobytes()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_fit_of_pellucid_gives_the_same_bits(dtype):
    plain = run_of_pellucid()
    with nnfs.init(default_dtype=dtype):
        assert run_of_pellucid() == plain


def test_installed_libraries_keep_numpys_own(tmp_path, monkeypatch):
    """numpy.ma calls np.zeros through its own import of numpy; a module beside the user's script is the user's."""
    with nnfs.init():
        assert np.polynomial.polynomial.polyval(np.float64(1.0), [1.0, 2.0]) == 3.0
        assert np.ma.zeros(2).dtype == np.float64
        assert np.cov([[1.0, 2.0, 4.0], [1.0, 3.0, 2.0]]).dtype == np.float64
        (tmp_path / "users_own_module.py").write_text("import numpy as np\ndef zeros(): return np.zeros(2)\n")
        monkeypatch.syspath_prepend(tmp_path)
        import users_own_module

        assert users_own_module.zeros().dtype == np.float32


def test_numpys_late_imports_work_after_init():
    """numpy.ma builds its docstrings on those of the functions that it finds."""
    code = "import pellucid.nnfs as nnfs; nnfs.init(); import numpy.ma"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_nnfs_alone_changes_nothing():
    code = (
        "import numpy as np; own = np.dot, np.exp, np.zeros; import pellucid.nnfs;"
        "print(own == (np.dot, np.exp, np.zeros))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "True\n"


# -- data sets ---------------------------------------------------------------------------------------------------------


def by_formula(samples, classes, draws):
    X = np.zeros((samples * classes, 2))
    for number in range(classes):
        r = np.linspace(0.0, 1, samples)
        t = np.linspace(number * 4, (number + 1) * 4, samples) + draws.randn(samples).astype(np.float32) * 0.2
        X[samples * number : samples * (number + 1)] = np.c_[r * np.sin(t * 2.5), r * np.cos(t * 2.5)]
    return X.astype(np.float32)


def test_data_sets_draw_what_the_book_draws():
    with nnfs.init():
        X, y = spiral_data(samples=20, classes=3)
        next_draw = np.random.randn()
        V, w = vertical_data(samples=20, classes=3)
        S, t = sine_data(50)
    draws = np.random.RandomState(0)
    np.testing.assert_array_equal(X, by_formula(20, 3, draws))
    assert next_draw == np.float32(draws.randn())
    cloud = [np.c_[draws.randn(20) * 0.1 + n / 3, draws.randn(20) * 0.1 + 0.5] for n in range(3)]
    np.testing.assert_allclose(V, np.concatenate(cloud), rtol=1e-5, atol=1e-7)
    assert (X.dtype, y.dtype, V.dtype, w.dtype) == (np.float32, np.uint8, np.float32, np.uint8)
    np.testing.assert_array_equal(y, np.repeat([0, 1, 2], 20))
    assert S.shape == t.shape == (50, 1)
    np.testing.assert_allclose(t, np.sin(2 * np.pi * S), atol=1e-6)


def test_default_dtype_of_data_and_layers():
    for dtype in ("float32", "float64"):
        with nnfs.init(default_dtype=dtype):
            dense = nnfs.Layer_Dense(2, 3)
            assert {a.dtype.name for a in (dense.weights, dense.biases, spiral_data(5, 3)[0], sine_data(5)[1])} == {
                dtype
            }
            assert dense.forward(spiral_data(5, 3)[0]).dtype == dtype
    assert nnfs.Layer_Dense(2, 3).weights.dtype == np.float64  # as NumPy gives it, where nobody called init()
