"""Data larger than memory on NumPy: arrays that stay in their file, and batches one after the other."""

import re
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest

import pellucid
import streamed
from pellucid import mapped
from pellucid.engines import Batches, Stream, Work, choice
from pellucid.errors import DataError, FileError, InputError, NonFiniteError
from pellucid.layers import Dense
from pellucid.losses import MeanSquaredError
from pellucid.mapped import Mapped, as_rows
from pellucid.training import material, session
from streamed import OPTIONS, ROWS, X, Y, assert_same, batches, model, on_disk


@pytest.fixture(autouse=True)
def large(monkeypatch):
    with streamed.nothing_fits(monkeypatch):
        yield


@pytest.mark.filterwarnings("ignore:X holds whole numbers")
@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: ",".join(options))
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_a_file_trains_as_an_array(tmp_path, options, dtype):
    streamed.a_file_trains_as_an_array(tmp_path, "numpy", options, dtype)


def test_batches_train_as_an_array():
    streamed.batches_train_as_an_array("numpy")


def test_sizes_may_differ():
    streamed.sizes_may_differ("numpy")


def test_batches_go_on_from_a_checkpoint(tmp_path):
    streamed.goes_on_from_a_checkpoint(tmp_path, "numpy")


def test_ctrl_c_keeps_whole_epochs(tmp_path, monkeypatch):
    streamed.ctrl_c_keeps_whole_epochs(tmp_path, "numpy", monkeypatch)


def test_a_bad_batch_is_named():
    streamed.a_bad_batch_is_named("numpy")


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_rows_of_a_file(tmp_path, mode):
    array = on_disk(tmp_path, X.astype(float), mode)
    if mode != "r":
        array[3] = 7.0  # in memory only, so far or for ever
    expected = np.array(array, np.float32)
    rows = as_rows(array, np.float32)
    assert isinstance(rows, Mapped) and rows.shape == X.shape and rows.dtype == np.float32 and len(rows) == ROWS
    order = np.random.default_rng(0).permutation(ROWS)[:40]
    assert np.array_equal(rows.take(order), expected[order])
    assert np.array_equal(rows[order], expected[order]) and np.array_equal(rows[::3], expected[::3])
    assert np.array_equal(rows[-5:], expected[-5:]) and np.array_equal(rows[4], expected[4])
    some = rows.only(order).only(np.arange(30, 3, -2))
    assert np.array_equal(np.concatenate(list(some.blocks())), expected[order][30:3:-2])
    assert np.array_equal(some[2:5], expected[order][30:3:-2][2:5])
    assert np.array_equal(rows.through(lambda block: block * 2), expected * 2)
    assert not np.shares_memory(rows[0:5], array) and (rows.file is None) == (mode == "c")
    with pytest.raises(IndexError):
        rows[[0, ROWS]]


def test_a_view_is_read_where_it_lies(tmp_path):
    whole = on_disk(tmp_path, np.arange(600.0).reshape(60, 10))
    for view in (whole[5:50:3], whole[5:], whole[:, 2:6], whole[::-1], whole[:, ::2], whole.T):
        rows = as_rows(view, np.float64)
        assert isinstance(rows, Mapped) and np.array_equal(np.concatenate(list(rows.blocks())), view)
        assert np.array_equal(rows[:], view) and np.array_equal(rows.take(np.array([3, 0])), view[[3, 0]])


def test_a_file_that_takes_the_place_of_another_is_not_read(tmp_path):
    array = on_disk(tmp_path, X)
    (tmp_path / "x.npy").unlink()  # the mapping holds what was there
    np.save(tmp_path / "x.npy", X + 1)
    rows = as_rows(array, np.float32)
    assert rows.file is None and np.array_equal(rows[:], X)


def test_a_file_cut_short_is_an_error(tmp_path):
    rows = as_rows(on_disk(tmp_path, X), np.float32)
    with open(tmp_path / "x.npy", "r+b") as file:
        file.truncate(1000)
    with pytest.raises(FileError, match=r"x\.npy has become shorter while it was read"):
        rows[:]


@pytest.mark.parametrize("offset", [0, 12, 5000])
def test_a_file_may_begin_with_something_else(tmp_path, offset):
    (tmp_path / "raw").write_bytes(bytes(offset) + X.astype(">f4").tobytes())
    array = np.memmap(tmp_path / "raw", ">f4", "r", offset, X.shape)
    for view, expected in ((array, X), (array[7:], X[7:])):
        rows = as_rows(view, np.float32)
        assert rows.file is not None and np.array_equal(rows.take(np.array([50, 2, 3, 4])), expected[[50, 2, 3, 4]])


def test_what_is_small_or_in_memory_stays_an_array(tmp_path, monkeypatch):
    array = on_disk(tmp_path, X)
    assert type(as_rows(array[[0, 1]], np.float32)) is np.ndarray
    assert isinstance(as_rows(array, np.float32), Mapped)
    monkeypatch.setattr(mapped, "SMALL", X.nbytes)
    assert not isinstance(as_rows(array, np.float32), Mapped)


@pytest.mark.parametrize("bad", ["nan", "inf", "large", "axis", "empty", "text"])
def test_a_file_gets_the_sentences_of_an_array(tmp_path, bad):
    array = X.astype(float)
    if bad in ("nan", "inf"):
        array[50, 2] = array[90, 1] = float(bad)
    array = {"large": array * 1e60, "axis": array[:, 0], "empty": array[:0], "text": array.astype("U8")}.get(bad, array)
    with pytest.raises(DataError) as expected:
        model().fit(array, Y, epochs=1, batch_size=10)
    with pytest.raises(DataError) as found:
        model().fit(on_disk(tmp_path, array) if bad != "empty" else array, Y, epochs=1, batch_size=10)
    one, other = str(found.value), str(expected.value)
    if bad == "large":  # the figure is that of the first block where there is one
        one, other = (re.sub(r"[\d.]+e\+60", "...", text) for text in (one, other))
    assert one == other


def test_all_rows_of_a_file_for_every_step_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"would read all of it for every step\. Write batch_size=256"):
        model().fit(on_disk(tmp_path, X), Y, epochs=1)


def test_evaluate_and_predict_go_through_a_file_in_blocks(tmp_path, monkeypatch):
    trained, array = model(), on_disk(tmp_path, X.astype(float))
    trained.fit(X, Y, epochs=2, batch_size=10)
    expected, figures = trained.predict(X), trained.evaluate(X, Y)
    seen, forward = [], trained._forward
    monkeypatch.setattr(trained, "_forward", lambda x: seen.append(len(x)) or forward(x))
    assert np.allclose(trained.predict(array), expected, atol=1e-6)
    assert trained.evaluate(array, Y) == pytest.approx(figures, rel=1e-5)
    assert np.array_equal(trained.predict_classes(array), expected.argmax(axis=1))
    assert sum(seen) == 3 * ROWS and max(seen) < 30
    assert len(trained.predict(array, batch_size=50)) == ROWS and max(seen) == 50
    holes = X.astype(float).copy()
    holes[4, 4] = np.nan
    assert np.isnan(trained.predict(on_disk(tmp_path, holes))).any(axis=1).sum() == 1


def test_validation_rows_may_lie_in_a_file(tmp_path):
    one, other = model(), model()
    array = on_disk(tmp_path, X)
    one.fit(X, Y, epochs=3, batch_size=10, validation_data=(X, Y))
    other.fit(X, Y, epochs=3, batch_size=10, validation_data=(array, Y))
    assert one.history["val_loss"] == pytest.approx(other.history["val_loss"], rel=1e-5)
    assert all(np.array_equal(value, other.values()[key]) for key, value in one.values().items())


def test_findings_are_looked_for_in_some_rows_of_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(session, "LOOKED_AT", 20)
    trained, rows = model(), as_rows(on_disk(tmp_path, X), np.float32)
    watch = session._watch(trained, Batches(rows, Y, streamed.WEIGHTS, 10, 0), (rows, Y), None)
    seen = watch.material
    chosen = [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in seen.x]
    assert chosen == sorted(set(chosen)) and len(chosen) == 20
    assert np.array_equal(seen.y, Y[chosen]) and np.array_equal(seen.weights, streamed.WEIGHTS[chosen])
    assert seen.valid[0].shape == (20, 7) and watch.of_data is None


def test_one_batch_says_nothing_about_all_rows():
    data = Stream(lambda _: batches(), lambda batch, *_: batch, seed=0, epoch=0)
    watch = session._watch(model(), data, None, None)
    assert np.array_equal(watch.material.x, X[:10]) and watch.of_data == []


def test_a_warning_about_pictures(tmp_path):
    pictures = (np.abs(X) * 60).clip(0, 255).astype(np.uint8)
    with pytest.warns(UserWarning, match="X holds whole numbers up to 255"):
        model().fit(on_disk(tmp_path, pictures), Y, epochs=1, batch_size=10)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (lambda: iter([]), "Epoch 1 had no batch"),
        (batches(), r"batches\(\), which can be gone through only once, for 2 epochs\. Give the function"),
        (lambda: 3, r"<lambda>\(\) returned int, expected batches: write yield"),
        (lambda a, b: [], r"<lambda>\(\) wants 2 arguments: fit gives it none, or the number of the epoch"),
        (lambda *, a: [], "wants 1 arguments"),
        (X, "fit got X without y"),
        (X.tolist(), r"Batch 1 of epoch 1: expected \(x, y\) or \(x, y, weights\), got a list of 7"),
        ("batches", "fit got X without y"),
        (None, "fit got X without y"),
        ([(X,)], "got a tuple of 1"),
        ([(X, Y, Y, Y)], "got a tuple of 4"),
        ([(X[:5], Y[:4])], "Batch 1 of epoch 1: X has 5 rows and y has 4"),
        ([(X[:5], Y[:5]), (X[:5, :3], Y[:5])], r"Batch 2 of epoch 1: X has shape \(5, 3\), but the rows of the first"),
        ([(X[:5], Y[:5]), (X[:5], Y[:5] + 7)], r"Batch 2 of epoch 1: y\[\d\] is \d, but the network returns 3 classes"),
        ([(X[:5], Y[:5]), (X[:0], Y[:0])], "Batch 2 of epoch 1: X is empty"),
        ([(X[:5], Y[:5]), (X[:5].astype(float) * 1e39, Y[:5])], "Batch 2 of epoch 1: X holds"),
        ([(X[:5], Y[:5], -np.ones(5))], "Batch 1 of epoch 1: sample_weight holds -1"),
        ([(X[:5, :3], Y[:5])], "Batch 1 of epoch 1: Layer 0"),
    ],
)
def test_what_gives_no_batches_gets_a_sentence(given, sentence):
    with pytest.raises(InputError, match=sentence):
        model().fit(given, epochs=2)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"y": Y}, r"fit got batches\(\) and y: batches bring their targets along"),
        ({"batch_size": 5}, "batch_size does not go with batches"),
        ({"sample_weight": np.ones(ROWS)}, r"sample_weight does not go .* Give batches \(x, y, weights\)"),
        ({"validation_fraction": 0.2}, "validation_fraction does not go"),
    ],
)
def test_what_does_not_go_with_batches(options, sentence):
    with pytest.raises(InputError, match=sentence):
        model().fit(batches, epochs=1, **options)


def test_a_function_that_gives_the_same_iterator_again():
    once = batches()
    with pytest.raises(DataError, match="Epoch 2 had no batch: the iterable was at its end"):
        model().fit(lambda: once, epochs=2)


def test_a_generator_does_for_one_epoch():
    one, other = model(), model()
    one.fit(batches(), epochs=1)
    other.fit(batches, epochs=1)
    assert_same(one, other)


def test_who_makes_batches_may_use_the_same_array_again():
    def reused():
        x, y = np.empty((10, 7), np.float32), np.empty(10, int)
        for at in range(0, 100, 10):
            x[:], y[:] = X[at : at + 10], Y[at : at + 10]
            yield x, y

    one, other = model(), model()
    one.fit(reused, epochs=3)
    other.fit(lambda: [(X[at : at + 10], Y[at : at + 10]) for at in range(0, 100, 10)], epochs=3)
    assert_same(one, other)


def test_an_epoch_begins_once_and_is_closed_at_its_end():
    log = []

    def logged(epoch):
        log.append(f"begin {epoch}")
        try:
            yield from batches()
        finally:
            log.append(f"end {epoch}")

    model().fit(
        logged, epochs=3, early_stopping=1, validation_data=(X, Y), callbacks=[lambda _, row: row["epoch"] == 2]
    )
    assert log == ["begin 0", "end 0", "begin 1", "end 1"]


def test_the_next_batch_is_made_while_a_step_runs():
    """A step waits until the batch after the next has been asked for: without a thread it would wait for ever."""
    asked = [threading.Event() for _ in range(12)]

    def watched():
        for number, batch in enumerate(batches()):
            asked[number].set()
            yield batch

    network = model(metrics=())
    loss, steps = network.loss, []

    class Waits(type(loss)):
        def forward(self, outputs, targets):
            if len(outputs) == 10:
                steps.append(len(outputs))
                assert asked[min(len(steps), 10)].wait(10)
            return super().forward(outputs, targets)

    network.loss = Waits()
    network.fit(watched, epochs=1, findings=False, engine="numpy")
    assert len(steps) >= 10


def test_no_more_than_three_batches_are_held(monkeypatch):
    """One is trained on, one waits, one is made."""
    made, most, check = [], [], material._Border._checked

    def counted(border, given):
        batch = check(border, given)
        made.append(weakref.ref(batch[0]))
        most.append(sum(array() is not None for array in made))
        return batch

    monkeypatch.setattr(material._Border, "_checked", counted)
    model().fit(batches, epochs=2, findings=False)
    assert len(made) == 22 and max(most[11:]) <= 4  # and the first of all, which stands as an example


def test_batches_that_break_training_are_named():
    def large():
        for number, (x, y, _) in enumerate(batches()):
            yield (x * np.float32(1e30) if number == 3 else x), y

    network = pellucid.Model(Dense(7, 3), loss=MeanSquaredError())
    with pytest.raises(NonFiniteError, match="epoch 1, step 4"):
        network.fit(lambda: ((x, np.eye(3)[y]) for x, y in large()), epochs=2, engine="numpy")


def test_auto_knows_what_batches_cost():
    trained = model()
    history = trained.fit([(X, Y)] * 2, epochs=1, engine="auto")
    assert history.engine == "numpy" and "compiling would not pay" in history.engine_reason
    history = trained.fit(lambda: [(X, Y)] * 2, epochs=1, engine="auto")
    assert "if an epoch has 1,000 batches" in history.engine_reason
    work = Work(trained.network, trained.loss, trained.optimizer, Batches(X, Y, None, 10, 0))
    assert choice.seconds(work, choice.NUMPY, 2) == pytest.approx(2 * choice.seconds(work, choice.NUMPY, 1))


CHILD = """
import resource, sys
import numpy as np
import pellucid
from pellucid.layers import Dense, Softmax
from pellucid.losses import CategoricalCrossEntropy

folder = sys.argv[1]
rows = 50_000
pictures = np.lib.format.open_memmap(folder + "/x.npy", "w+", np.uint8, (rows, 800))  # 40 MB, 160 MB as float32
for at in range(0, rows, 10_000):
    pictures[at : at + 10_000] = np.random.default_rng(at).integers(0, 2, (10_000, 800), np.uint8)
pictures.flush()
del pictures
x, y = np.load(folder + "/x.npy", mmap_mode="r"), np.arange(rows) % 3
model = pellucid.Model(Dense(800, 4), Dense(4, 3), Softmax(), loss=CategoricalCrossEntropy())
model.fit(np.array(x[:2000]), y[:2000], epochs=1, batch_size=500, engine="numpy")  # threads and their buffers
with open("/proc/self/statm") as file:
    now = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + (110 << 20), resource.RLIM_INFINITY))
model.fit(x, y, epochs=1, batch_size=500, engine="numpy", validation_fraction=0.3)
assert model.predict(x).shape == (rows, 3)
print(model.evaluate(x, y)["accuracy"])
try:
    np.array(x, np.float32)
except MemoryError:
    print("would not fit")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits its memory as Linux does")
def test_a_process_with_less_memory_than_the_data(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr
    accuracy, fits = run.stdout.splitlines()
    assert 0.2 < float(accuracy) < 0.6 and fits == "would not fit"
