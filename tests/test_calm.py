"""Small products keep to one thread while a network trains, and afterwards all is as it was."""

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import pellucid
from pellucid.engines import Work, calm
from pellucid.engines.calm import SMALL
from pellucid.layers import Dense
from pellucid.losses import MeanSquaredError

X = np.ones((64, 8), np.float32)


def threads():
    """How many threads each BLAS of this process takes."""
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


ALL = threads()
pytestmark = pytest.mark.skipif(set(ALL) <= {1}, reason="this BLAS has one thread here")


@pytest.fixture(autouse=True)
def as_before():
    yield
    assert threads()[: len(ALL)] == ALL


def model(width=4):
    return pellucid.Model(Dense(8, width), loss=MeanSquaredError())


def seen_in(made, rows=X, **settings):
    found = []
    made.fit(
        rows,
        np.ones((len(rows), made.layers[-1].n_neurons)),
        epochs=2,
        callbacks=[lambda *_: found.append(threads())],
        **settings,
    )
    return found


def test_a_small_network_trains_on_one_thread():
    assert seen_in(model(), engine="numpy") == [[1] * len(threads())] * 2


def test_a_large_one_on_all_of_them():
    width = SMALL // (8 * len(X)) + 1
    assert all(max(counts) > 1 for counts in seen_in(model(width), engine="numpy"))


def test_an_error_lifts_the_limit():
    def breaks(*_):
        raise KeyError("enough")

    with pytest.raises(KeyError):
        model().fit(X, np.ones((64, 4)), epochs=2, engine="numpy", callbacks=[breaks])


def test_of_trainings_beside_each_other_the_last_one_lifts_it():
    work = Work(model().network, MeanSquaredError(), None, pellucid.engines.Batches(X, X, None, 32, 0))
    first_is_in, second_is_out, counts = threading.Event(), threading.Event(), []

    def first():
        with calm(work, "numpy"):
            first_is_in.set()
            second_is_out.wait(10)
            counts.append(threads())

    thread = threading.Thread(target=first)
    thread.start()
    first_is_in.wait(10)
    with calm(work, "numpy"):
        counts.append(threads())
    counts.append(threads())
    second_is_out.set()
    thread.join()
    assert counts == [[1] * len(threads())] * 3


def test_the_compiled_engine_is_left_alone():
    work = Work(model().network, MeanSquaredError(), None, pellucid.engines.Batches(X, X, None, 32, 0))
    with calm(work, "jax"):
        assert max(threads()) > 1
