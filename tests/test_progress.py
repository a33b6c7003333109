"""The line that shows how training goes."""

import io
import sys
import types

import numpy as np
import pytest

import pellucid
from pellucid.layers import Dense, Softmax
from pellucid.losses import CategoricalCrossEntropy
from pellucid.optimizers import SGD
from pellucid.training import progress as module
from pellucid.training.progress import Progress, duration, last_line, line

ROW = {"epoch": 7.0, "loss": 0.123456, "learning_rate": 0.01, "accuracy": 0.5, "val_loss": 0.2, "val_accuracy": 0.75}


class Terminal(io.StringIO):
    """A terminal that remembers what is on each of its lines, as a screen does."""

    def __init__(self, encoding="utf-8"):
        super().__init__()
        self.name = encoding

    encoding = property(lambda self: self.name)

    def isatty(self):
        return True

    def screen(self):
        lines = []
        for raw in self.getvalue().split("\n"):
            shown = ""
            for part in raw.split("\r"):
                shown = part + shown[len(part) :]
            lines.append(shown.rstrip())
        return lines


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    now = types.SimpleNamespace(time=100.0)
    monkeypatch.setattr(module, "time", types.SimpleNamespace(perf_counter=lambda: now.time))
    return now


def rows(count):
    return [{**ROW, "epoch": float(number), "loss": 1.0 / number} for number in range(1, count + 1)]


def test_at_most_ten_drawings_a_second_on_one_line(clock):
    stream = Terminal()
    progress = Progress(1000, True, stream)
    for row in rows(1000):
        clock.time += 0.002
        progress.update(row)
    assert 18 <= stream.getvalue().count("epoch") <= 20
    assert "\n" not in stream.getvalue()
    progress.close(rows(1000)[-1], "finished")
    shown, empty = stream.screen()
    assert shown.startswith("epoch 1000/1000  ") and shown.endswith("  finished") and empty == ""


def test_time_left_is_what_the_epochs_so_far_say(clock):
    stream = Terminal()
    progress = Progress(61, True, stream)
    clock.time += 3.0
    progress.update(rows(1)[0])
    assert "3 min 0 s left" in stream.screen()[0]
    assert [duration(s) for s in (-1, 4.4, 200, 7500)] == ["0 s", "4 s", "3 min 20 s", "2 h 5 min"]


@pytest.mark.parametrize("width", [10, 20, 39, 40, 79, 200])
def test_a_line_is_never_wider_than_the_terminal(width):
    text = line(ROW, 1000, "▇▆▅▄▃▂▁▁▁▁▁▁", "3 s left", width)
    assert len(text) <= width
    if width >= 40:  # what matters most is there: where it is, and the loss on rows not trained on
        assert text.startswith("epoch 7/1000") and "val_loss 0.2" in text
    if width == 200:
        assert all(part in text for part in ("loss 0.1235", "accuracy 0.5", "val_accuracy 0.75", "▇", "3 s left"))
        assert "learning_rate" not in text


def test_a_long_reason_goes_below():
    assert last_line(ROW, 9, "", "finished", 120).count("\n") == 0
    first, second = last_line(ROW, 9, "", "no better validation loss for 10 epochs", 39).split("\n")
    assert len(first) <= 39 and second.startswith("no better")


def test_a_shorter_line_leaves_nothing_of_a_longer_one_nor_of_control_c(clock):
    stream = Terminal()
    progress = Progress(9, True, stream)
    clock.time += 5000
    progress.update({"epoch": 1.0, "loss": 0.123456})
    stream.write("^C")
    progress.close({"epoch": 1.0, "loss": 0.5}, "interrupted")
    assert stream.screen()[0] == "epoch 1/9  ▄  loss 0.5  interrupted, the last whole epoch is kept"


def test_nothing_off_a_terminal_and_no_blocks_where_only_letters_are(clock):
    silent = io.StringIO()
    progress = Progress(3, False, silent)
    clock.time += 1
    progress.update(ROW)
    progress.close(ROW, "finished")
    assert silent.getvalue() == ""
    letters = Terminal("ascii")
    progress = Progress(9, True, letters)
    clock.time += 1
    progress.update(ROW)
    progress.close(ROW, "finished")
    assert letters.getvalue().isascii() and "epoch 7/9" in letters.getvalue()


def test_an_empty_run_writes_nothing(clock):
    stream = Terminal()
    Progress(0, True, stream).close({}, "finished")
    assert stream.getvalue() == ""


def test_a_notebook_gets_one_output_replaced_in_place(clock, monkeypatch):
    shown = []

    class Handle:
        def update(self, content, raw):
            shown[-1] = content["text/plain"]

    def display(content, raw, display_id):
        shown.append(content["text/plain"])
        return Handle()

    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    fake = types.ModuleType("IPython.display")
    fake.display = display
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    stream = io.StringIO()
    assert module.somebody_looks(stream)
    progress = Progress(50, True, stream)
    for row in rows(50):
        clock.time += 1
        progress.update(row)
    progress.close(rows(50)[-1], "finished")
    assert len(shown) == 1 and shown[0].startswith("epoch 50/50") and shown[0].endswith("finished")
    assert stream.getvalue() == ""


def small_model(rate=0.1):
    return pellucid.Model(Dense(2, 3), Softmax(), loss=CategoricalCrossEntropy(), optimizer=SGD(rate))


def test_control_c_and_an_exception_end_the_line_too(monkeypatch):
    X, y = np.eye(2, dtype="float32"), np.array([0, 1])

    def end_with(error):
        def callback(model, row):
            if row["epoch"] == 3:
                raise error

        return callback

    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    monkeypatch.setattr(sys, "stderr", Terminal())
    history = small_model().fit(X, y, epochs=9, progress=True, callbacks=[end_with(KeyboardInterrupt())])
    assert history.stopped == "interrupted"
    assert sys.stderr.screen()[0].startswith("epoch 3/9") and "interrupted" in sys.stderr.getvalue()
    assert sys.stderr.getvalue().endswith("\n")
    sys.stderr = Terminal()
    with pytest.raises(ZeroDivisionError):
        small_model().fit(X, y, epochs=9, progress=True, callbacks=[end_with(ZeroDivisionError())])
    assert "ended by an error" in sys.stderr.getvalue() and sys.stderr.getvalue().endswith("\n")
