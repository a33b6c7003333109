"""How an engine cuts training into programs, processes and threads is nobody's business: the bits are the same."""

import itertools
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from pellucid.engines import jax_engine
from pellucid.optimizers import SGD, Adam
from pellucid.schedules import Cosine
from twins import X, Y, chunks_of, digest, rich, run, small

FITS = {
    "mini-batches, a short last one": {"batch_size": 50},
    "all rows at once": {},
    "as they lie": {"batch_size": 50, "shuffle": False},
}


def trained(chunk: int, **fit) -> str:
    """Everything that comes out of 21 epochs in chunks of `chunk`."""
    model = rich(optimizer=Adam(Cosine(0.02, steps=100)))
    with chunks_of(chunk):
        history = model.fit(X, Y, epochs=21, validation_fraction=0.1, engine="jax", **fit)
    return digest(model) + repr(history.epochs)


@pytest.mark.parametrize("fit", FITS.values(), ids=FITS.keys())
def test_any_chunk_gives_the_same_bits(fit):
    """Parameters, state and every figure of the history."""
    chunks = (1, 4, 256) if fit == {"batch_size": 50} else (1, 16)
    assert len({trained(chunk, **fit) for chunk in chunks}) == 1


def test_any_chunk_gives_the_same_bits_one_row_at_a_time():
    seen = set()
    for chunk in (1, 4):
        model = small(optimizer=SGD(0.01, momentum=0.9))
        with chunks_of(chunk):
            model.fit(X, Y, epochs=5, batch_size=1, engine="jax")
        seen.add(digest(model))
    assert len(seen) == 1


def test_the_engine_chooses_its_chunks_by_what_they_cost_and_hold(monkeypatch):
    """Both limits bite, and no schedule that watches is asked for epochs ahead."""
    from pellucid.engines.work import Batches, Work
    from pellucid.schedules import Plateau

    def chosen(optimizer=None):
        model = small(optimizer=optimizer)
        return jax_engine._chunk(Work(model.network, model.loss, model.optimizer, Batches(X, Y, None, 50, 0)))

    assert chosen() == 256
    assert chosen(Adam(Plateau(0.1))) == 1
    with monkeypatch.context() as patch:
        patch.setattr(jax_engine, "CHUNK_SECONDS", 0.0)
        assert chosen() == 1
    monkeypatch.setattr(jax_engine, "CHUNK_BYTES", 8_000)
    assert chosen() == 4


def test_in_two_halves_and_epoch_by_epoch():
    """The optimiser's sums, the steps of its schedule and the epoch's number go on."""
    digests = set()
    for parts in ((20,), (10, 10), (1,) * 20, (7, 0, 13)):
        model = rich(optimizer=Adam(Cosine(0.02, steps=100)))
        for epochs in parts:
            history = model.fit(X, Y, epochs=epochs, batch_size=50, engine="jax")
        digests.add(digest(model) + repr(history.epochs))
    assert len(digests) == 1


PROGRAM = """
import os, sys
if sys.argv[1] == "one core":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from twins import X, Y, digest, rich
model = rich()
model.fit(X, Y, epochs=20, batch_size=50, engine="jax")
print(digest(model))
"""


def test_fresh_processes_and_one_core():
    model = rich()
    model.fit(X, Y, epochs=20, batch_size=50, engine="jax")
    ways = ["one", "another", *(["one core"] if hasattr(os, "sched_setaffinity") else [])]
    with ThreadPoolExecutor(2) as pool:
        assert {done.stdout.strip() for done in pool.map(lambda way: run(PROGRAM, way), ways)} == {digest(model)}


def test_resuming_gives_the_same_bits(tmp_path):
    """From a checkpoint, in chunks of another size."""
    expected, fit = rich(), {"batch_size": 50, "validation_fraction": 0.1, "engine": "jax"}
    expected.fit(X, Y, epochs=12, **fit)
    for first, second in itertools.permutations((1, 16), 2):
        path, model = tmp_path / f"{first}.safetensors", rich()
        with chunks_of(first):
            rich().fit(X, Y, epochs=5, checkpoint=path, **fit)
        with chunks_of(second):
            model.fit(X, Y, epochs=12, checkpoint=path, resume=True, **fit)
        assert digest(model) == digest(expected) and model.history.epochs == expected.history.epochs
