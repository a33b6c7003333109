"""Data that does not lie in memory, with what both engines must make of it: used by the tests of either."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import mapped
from pellucid.errors import DataError
from pellucid.layers import BatchNorm, Dense, Dropout, ReLU, Softmax
from pellucid.losses import CategoricalCrossEntropy
from pellucid.optimizers import Adam
from pellucid.schedules import Cosine

ROWS = 103  # no multiple of a batch
RNG = np.random.default_rng(5)
X = RNG.normal(size=(ROWS, 7)).astype(np.float32)
Y = (np.abs(X).sum(axis=1) * 3).astype(int) % 3
WEIGHTS = RNG.uniform(0.5, 1.5, ROWS)


def model(**options: Any) -> pellucid.Model:
    """Whatever depends on the seed, the step or the order is in it."""
    options = {"optimizer": Adam(Cosine(0.01, steps=60)), "seed": 4} | options
    layers = Dense(7, 16), BatchNorm(16), ReLU(), Dropout(0.2), Dense(16, 3), Softmax()
    return pellucid.Model(*layers, loss=CategoricalCrossEntropy(), **options)


def on_disk(folder: Path, array: np.ndarray, mode: Any = "r") -> np.ndarray:
    np.save(folder / "x.npy", array)
    return np.load(folder / "x.npy", mmap_mode=mode)


def assert_same(one: pellucid.Model, other: pellucid.Model) -> None:
    """The same bits everywhere, and the same figures."""
    for key, value in one.values().items():
        assert np.array_equal(value, other.values()[key]), key
    for key, value in one._state.slots.items():
        assert np.array_equal(value, other._state.slots[key]), key
    assert one._state.rows == other._state.rows


OPTIONS: list[dict[str, Any]] = [
    {"batch_size": 10},
    {"batch_size": 10, "sample_weight": WEIGHTS, "validation_data": (X[:30], Y[:30])},
    {"batch_size": 10, "shuffle": False, "sample_weight": WEIGHTS},
    {"batch_size": 9, "validation_data": (X[:30], Y[:30]), "early_stopping": 2},
    {"batch_size": ROWS},
    {"batch_size": 16, "sample_weight": WEIGHTS, "validation_fraction": 0.25},
]


def a_file_trains_as_an_array(folder: Path, engine: str, options: dict[str, Any], dtype: str) -> None:
    array = (X * 40).clip(0, 255).astype(dtype) if dtype == "uint8" else X.astype(dtype)
    in_memory, from_file = model(), model()
    in_memory.fit(array, Y, epochs=4, engine=engine, **options)
    history = from_file.fit(on_disk(folder, array), Y, epochs=4, engine=engine, **options)
    if "validation_fraction" in options:  # those rows go through the network in blocks: rounding
        rows = in_memory._state.rows, from_file._state.rows
        for one, other in zip(*rows, strict=True):
            assert one == pytest.approx(other, rel=1e-5)
        from_file._state.rows = in_memory._state.rows
    assert_same(in_memory, from_file)
    assert history.engine == engine and len(history) == 4


def batches(epoch: int = 0):
    for at in range(0, ROWS, 10):
        yield X[at : at + 10], Y[at : at + 10], WEIGHTS[at : at + 10]


def batches_train_as_an_array(engine: str) -> None:
    in_memory, given, listed = model(), model(), model()
    options = {"epochs": 4, "engine": engine, "validation_data": (X[:30], Y[:30])}
    in_memory.fit(X, Y, batch_size=10, shuffle=False, sample_weight=WEIGHTS, **options)
    history = given.fit(batches, **options)
    listed.fit(list(batches()), **options)
    assert_same(in_memory, given)
    assert_same(in_memory, listed)
    assert history.stopped == "finished" and given._state.step == 4 * 11


def sizes_may_differ(engine: str) -> None:
    """The loss is the mean over rows: with a learning rate of 0 that is what `evaluate` says."""
    still = pellucid.Model(
        Dense(7, 3), Softmax(), loss=CategoricalCrossEntropy(), optimizer=pellucid.optimizers.SGD(1e-30), seed=1
    )
    ends = np.cumsum([0, 5, 40, 1, 57])
    given = [(X[a:b], Y[a:b]) for a, b in itertools.pairwise(ends)]
    row = still.fit(given, epochs=1, engine=engine).last
    assert row["loss"] == pytest.approx(still.evaluate(X, Y)["loss"], rel=1e-5)
    assert row["accuracy"] == pytest.approx(still.evaluate(X, Y)["accuracy"])


def goes_on_from_a_checkpoint(folder: Path, engine: str) -> None:
    """Stopped by an error in the middle of the third epoch, resumed: bit for bit as never stopped."""
    seen = []

    def shuffled(epoch):
        seen.append(epoch)
        order = np.random.default_rng(epoch).permutation(ROWS)
        for at in range(0, ROWS, 10):
            rows = order[at : at + 10]
            yield X[rows], Y[rows], WEIGHTS[rows]

    def breaks(epoch):
        for number, batch in enumerate(shuffled(epoch)):
            if epoch == 2 and number == 5:
                raise OSError("the disk is gone")
            yield batch

    whole, resumed, path = model(), model(), folder / "run.safetensors"
    whole.fit(shuffled, epochs=5, engine=engine)
    seen.clear()
    with pytest.raises(OSError, match="the disk is gone"):
        model().fit(breaks, epochs=5, engine=engine, checkpoint=path)
    assert seen == [0, 1, 2]
    resumed.fit(shuffled, epochs=5, engine=engine, checkpoint=path, resume=True)
    assert_same(whole, resumed)


def ctrl_c_keeps_whole_epochs(folder: Path, engine: str, monkeypatch: Any) -> None:
    def stopped(epoch):
        for number, batch in enumerate(batches()):
            if epoch == 2 and number == 4:
                raise KeyboardInterrupt
            yield batch

    two, given, from_file, two_of_file = model(), model(), model(), model()
    two.fit(batches, epochs=2, engine=engine)
    assert given.fit(stopped, epochs=9, engine=engine).stopped == "interrupted"
    assert_same(two, given)

    array, take, calls = on_disk(folder, X), mapped.Mapped.take, []

    def interrupted(self, rows, axis=0):
        calls.append(len(rows))
        if sum(calls) > 2.5 * ROWS:
            raise KeyboardInterrupt
        return take(self, rows, axis)

    options = {"batch_size": 10, "engine": engine, "findings": False, "sample_weight": WEIGHTS}
    two_of_file.fit(array, Y, epochs=2, **options)
    monkeypatch.setattr(mapped.Mapped, "take", interrupted)
    history = from_file.fit(array, Y, epochs=9, **options)
    assert history.stopped == "interrupted" and len(history) == 2
    assert_same(two_of_file, from_file)


def a_bad_batch_is_named(engine: str) -> None:
    def bad():
        for number, batch in enumerate(batches()):
            x, y, weights = batch
            yield (x * np.nan if number == 2 else x), y, weights

    broken = model()
    before = broken.values()
    with pytest.raises(DataError, match=r"^Batch 3 of epoch 1: X holds 70 value\(s\) that are NaN"):
        broken.fit(bad, epochs=3, engine=engine)
    for key, value in broken.values().items():
        assert np.array_equal(value, before[key])


@contextlib.contextmanager
def nothing_fits(monkeypatch: Any):
    """Every memory-mapped array counts as large, in blocks of a few rows."""
    with monkeypatch.context() as patch:
        patch.setattr(mapped, "SMALL", 0)
        patch.setattr(mapped, "BLOCK", 40 * 28)
        yield
