"""The engine in a process that is not its own: the user's JAX, threads, forks and warnings."""

import os
import threading
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pellucid.engines import jax_engine
from twins import X, Y, apart, both, chunks_of, digest, rich, run, small

SETTINGS = {
    "jax_enable_x64": (False, True),
    "jax_numpy_dtype_promotion": ("standard", "strict"),
    "jax_numpy_rank_promotion": ("allow", "raise"),
    "jax_debug_nans": (False, True),
    "jax_debug_infs": (False, True),
    "jax_disable_jit": (False, True),
    "jax_transfer_guard": (None, "disallow"),
    "jax_check_tracer_leaks": (False, True),
}


@pytest.fixture(scope="module")
def expected() -> dict[str, str]:
    digests = {}
    for dtype in ("float32", "float64"):
        model = small(dtype=dtype)
        model.fit(X, Y, epochs=3, batch_size=50, validation_fraction=0.1, engine="jax")
        digests[dtype] = digest(model)
    return digests


@pytest.mark.parametrize(
    "name, dtype",
    [(name, "float64") for name in SETTINGS] + [("jax_enable_x64", "float32"), ("jax_disable_jit", "float32")],
)
def test_a_setting_of_the_users_for_jax_stays_and_does_no_harm(name, dtype, expected):
    """The whole training, compiling included; and then the user's setting is what it was."""
    usual, chosen = SETTINGS[name]
    jax_engine._programs.clear()
    jax.config.update(name, chosen)
    try:
        before = dict(jax.config.values)
        model = small(dtype=dtype)
        model.fit(X, Y, epochs=3, batch_size=50, validation_fraction=0.1, engine="jax")
        assert dict(jax.config.values) == before
    finally:
        jax.config.update(name, usual)
    assert digest(model) == expected[dtype]


def test_another_precision_of_products_is_another_program():
    """It is the user's choice, on devices that have one; what was compiled with another does not run."""
    jax_engine._programs.clear()
    for precision in (None, "highest"):
        with jax.default_matmul_precision(precision):
            small().fit(X, Y, epochs=1, engine="jax")
    assert len(jax_engine._programs) == 2


@pytest.mark.parametrize("precise", [False, True])
def test_the_users_own_programs_go_on(precise):
    """In both precisions, before, during and after a training in the other one."""
    jax.config.update("jax_enable_x64", precise)
    try:
        own, seen = jax.jit(lambda x: x * 2.0), []

        def ask(model=None, row=None):
            answer = own(np.arange(3.0))
            assert answer.dtype == jnp.zeros(2).dtype == (np.float64 if precise else np.float32)
            seen.append(np.asarray(answer).tolist())

        ask()
        for dtype in ("float32", "float64"):
            model = small(dtype=dtype)
            model.fit(X, Y, epochs=3, batch_size=50, engine="jax", callbacks=[ask])
            assert all(value.dtype == dtype for value in model.values().values())
            ask()
        assert len(seen) == 9 and all(answer == [0.0, 2.0, 4.0] for answer in seen)
    finally:
        jax.config.update("jax_enable_x64", False)


def test_a_model_that_trains_inside_a_callback_of_another():
    inner = []

    def train(model, row):
        other = small(seed=row["epoch"], dtype="float64")
        other.fit(X, Y, epochs=2, engine="jax")
        inner.append(digest(other))

    model, alone = small(), small()
    model.fit(X, Y, epochs=4, batch_size=50, engine="jax", callbacks=[train])
    alone.fit(X, Y, epochs=4, batch_size=50, engine="jax")
    assert digest(model) == digest(alone) and len(set(inner)) == 4


def test_trainings_in_threads_are_those_of_one_after_the_other():
    """Four at once, of two programs in two precisions, all of them compiled at the same time."""
    makers = [lambda s=s, d=d: small(seed=s, dtype=d) for s in (1, 2) for d in ("float32", "float64")]
    alone = [make() for make in makers]
    for model in alone:
        model.fit(X, Y, epochs=40, batch_size=50, validation_fraction=0.1, engine="jax")
    jax_engine._programs.clear()
    together, errors, start = [make() for make in makers], [], threading.Barrier(len(makers))

    def train(model):
        try:
            start.wait()
            model.fit(X, Y, epochs=40, batch_size=50, validation_fraction=0.1, engine="jax")
        except BaseException as error:
            errors.append(error)

    filters = list(warnings.filters)
    threads = [threading.Thread(target=train, args=(model,)) for model in together]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and warnings.filters == filters
    assert list(map(digest, together)) == list(map(digest, alone))
    assert not jax.config.jax_enable_x64


def test_no_warning_is_ever_shown():
    """Donated or not, short batches or not, in either precision: everything that warns."""
    jax_engine._programs.clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for fit in ({}, {"batch_size": 50}, {"batch_size": 40, "validation_fraction": 0.1}):
            for chunk in (1, 4):
                with chunks_of(chunk):
                    small().fit(X, Y, epochs=2, engine="jax", **fit)
        rich(dtype="float64").fit(X, Y, epochs=2, engine="jax")
    assert [str(warning.message) for warning in caught] == []


def test_what_the_caller_does_with_its_arrays_afterwards_is_its_own_business():
    """JAX may read the memory that it is given later; the engine gives it copies."""
    expected, x, y = small(), X.copy(), Y.copy()
    expected.fit(X, Y, epochs=30, batch_size=50, engine="jax")

    def overwrite(model, row):
        x[:], y[:] = np.nan, 0

    model = small(metrics=[])
    model.fit(x, y, epochs=30, batch_size=50, engine="jax", callbacks=[overwrite])
    assert digest(model) == digest(expected)


FORKED = """
import os, sys, warnings
warnings.simplefilter("ignore", RuntimeWarning)  # JAX's own, which this test is about
from twins import X, Y, digest, small
from pellucid.errors import InputError
expected = small()
expected.fit(X, Y, epochs=2, engine="jax" if sys.argv[1] == "trained" else "numpy")
if os.fork() == 0:
    try:
        model = small()
        model.fit(X, Y, epochs=2, engine="jax")
        print("child", model.history.engine, len(model.history), flush=True)
    except InputError as error:
        print(error, flush=True)
        model.fit(X, Y, epochs=2, engine="numpy")
        print(model.history.engine, model.fit(X, Y, epochs=1).engine, flush=True)
    os._exit(0)
os.wait()
expected.fit(X, Y, epochs=2, engine="jax")
print("parent", len(expected.history))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_is_told_instead_of_waiting_for_ever():
    lines = run(FORKED, "trained").stdout.splitlines()
    assert "forked from one that has trained with JAX" in lines[0] and "get_context('spawn')" in lines[0]
    assert lines[1:] == ["numpy numpy", "parent 4"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_process_forked_before_trains():
    assert run(FORKED, "not yet").stdout.splitlines() == ["child jax 2", "parent 4"]


def test_another_device_of_the_users_choice():
    """Two devices in one process: a program belongs to the one that it was compiled for."""
    code = """
import jax
from twins import X, Y, digest, small
from pellucid.engines import jax_engine
digests = []
for device in [*jax.devices(), *jax.devices()]:
    with jax.default_device(device):
        model = small()
        model.fit(X, Y, epochs=3, batch_size=50, engine="jax")
    digests.append(digest(model))
print(len(set(digests)), len(jax_engine._programs))
"""
    done = run(code, XLA_FLAGS="--xla_force_host_platform_device_count=2")
    assert done.stdout.split() == ["1", "2"]


def test_engines_do_not_differ_in_what_they_leave_on_the_model():
    on_numpy, compiled = both(lambda: rich(dtype="float64"), X, Y, epochs=2, batch_size=50)
    assert vars(on_numpy).keys() == vars(compiled).keys()
    for (_, one), (_, other) in zip(on_numpy.network.walk(), compiled.network.walk(), strict=True):
        assert vars(one).keys() == vars(other).keys()
    assert apart(compiled._state.slots, on_numpy._state.slots) < 1
