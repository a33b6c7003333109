"""Data larger than memory, compiled: the same bits as in memory, chunk by chunk and batch by batch."""

import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("jax")

import streamed
from pellucid.engines import jax_engine, jax_streams
from streamed import OPTIONS, X, Y, assert_same, batches, model, on_disk


@pytest.fixture(autouse=True)
def large(monkeypatch):
    with streamed.nothing_fits(monkeypatch):
        monkeypatch.setattr(jax_streams, "PIECE_BYTES", 4 * 10 * 7 * 4)  # four steps of ten rows: 4, 4, 2 and the rest
        yield


def test_a_file_trains_as_an_array_with_everything_in_it(tmp_path):
    streamed.a_file_trains_as_an_array(tmp_path, "jax", OPTIONS[1], "float32")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:X holds whole numbers")
@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: ",".join(options))
@pytest.mark.parametrize("dtype", ["float64", "uint8"])
def test_a_file_trains_as_an_array(tmp_path, options, dtype):
    streamed.a_file_trains_as_an_array(tmp_path, "jax", options, dtype)


@pytest.mark.slow
def test_any_chunking_gives_the_same_bits(tmp_path, monkeypatch):
    first, array = model(dtype="float64"), on_disk(tmp_path, X)
    first.fit(X, Y, epochs=3, batch_size=10, engine="jax")
    for size in (1, 3 * 560, 1 << 20):
        monkeypatch.setattr(jax_streams, "PIECE_BYTES", size)
        other = model(dtype="float64")
        other.fit(array, Y, epochs=3, batch_size=10, engine="jax")
        assert_same(first, other)


@pytest.mark.slow
def test_validation_rows_may_lie_in_a_file(tmp_path):
    one, other = model(), model()
    array = on_disk(tmp_path, X)
    one.fit(X, Y, epochs=3, batch_size=10, validation_data=(X, Y), engine="jax")
    other.fit(X, Y, epochs=3, batch_size=10, validation_data=(array, Y), engine="jax")
    assert one.history["val_loss"] == pytest.approx(other.history["val_loss"], rel=1e-5)
    assert all(np.array_equal(value, other.values()[key]) for key, value in one.values().items())


def test_batches_train_as_an_array():
    streamed.batches_train_as_an_array("jax")


@pytest.mark.slow
def test_sizes_may_differ():
    streamed.sizes_may_differ("jax")


def test_batches_go_on_from_a_checkpoint(tmp_path):
    streamed.goes_on_from_a_checkpoint(tmp_path, "jax")


def test_ctrl_c_keeps_whole_epochs(tmp_path, monkeypatch):
    streamed.ctrl_c_keeps_whole_epochs(tmp_path, "jax", monkeypatch)


def test_a_bad_batch_is_named():
    streamed.a_bad_batch_is_named("jax")


@pytest.mark.slow
def test_each_shape_is_compiled_once(monkeypatch):
    compiled, once = [], jax_engine.compiled_once

    def counted(described, make, arguments):
        return once(described, lambda: compiled.append(described) or make(), arguments)

    monkeypatch.setattr(jax_streams, "compiled_once", counted)
    monkeypatch.setattr(jax_engine, "_programs", type(jax_engine._programs)())
    trained = model(metrics=(), seed=77)
    trained.fit(batches, epochs=2, engine="jax")
    assert len(compiled) == 3  # batches of ten, the one of three, an epoch's end
    trained.optimizer.learning_rate = 0.5
    trained.fit(batches, epochs=1, engine="jax")
    assert len(compiled) == 3
    trained.fit([(X[:10], Y[:10])], epochs=1, engine="jax")
    assert len(compiled) == 4  # without weights


def test_no_more_than_two_pieces_are_on_their_way(tmp_path, monkeypatch):
    log, start, take = [], jax_streams.JaxStreamEngine._start, jax_streams._Taken.take

    def logged(engine, piece, epoch, rates):
        log.append("start")
        return start(engine, piece, epoch, rates)

    monkeypatch.setattr(jax_streams.JaxStreamEngine, "_start", logged)
    monkeypatch.setattr(jax_streams._Taken, "take", lambda *sent: log.append("taken") or take(*sent))
    model().fit(on_disk(tmp_path, X), Y, epochs=1, batch_size=10, engine="jax", sample_weight=streamed.WEIGHTS)
    assert log == ["start", "start", "taken", "start", "taken", "start", "taken", "taken"]


CHILD = """
import sys
import numpy as np
import pellucid
from pellucid import mapped
from pellucid.layers import Dense, Softmax
from pellucid.losses import CategoricalCrossEntropy

rows = 100_000
with open(sys.argv[1] + "/x.npy", "wb") as file:  # 80 MB, 320 MB as float32
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (rows, 800)})
    for at in range(0, rows, 10_000):
        file.write(np.random.default_rng(at).integers(0, 2, (10_000, 800), np.uint8).tobytes())
x, y = np.load(sys.argv[1] + "/x.npy", mmap_mode="r"), np.arange(rows) % 3

def peak():
    with open("/proc/self/status") as file:  # ru_maxrss begins with what the parent had
        return int(file.read().partition("VmHWM:")[2].split()[0]) >> 10

def fit(x, y):
    model = pellucid.Model(Dense(800, 4), Dense(4, 3), Softmax(), loss=CategoricalCrossEntropy())
    return model.fit(x, y, epochs=1, batch_size=512, engine="jax", findings=False)

mapped.SMALL = 0
fit(x[:2000], y[:2000])
before = peak()
fit(x, y)
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")
def test_peak_memory_stays_far_below_the_data(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr
    assert 0 <= int(run.stdout) < 200  # MB: 16 a piece; in memory it would be 320 and as much on the device
