"""Killed with SIGKILL at any moment: no file is damaged, and a resumed run is bit for bit the undisturbed one.

This file is also the program that is killed. It imports and warms up once and is then forked for every kill, because
starting Python anew would cost more than the run itself. What it saw it prints as JSON.
"""

import hashlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

import pellucid
from pellucid.exchange import container
from pellucid.layers import BatchNorm, Dense, Dropout, ReLU, Residual, Softmax, Tanh
from pellucid.losses import CategoricalCrossEntropy
from pellucid.optimizers import Adam
from pellucid.schedules import Plateau, WarmUp

CALLS = ("open", "write", "fsync", "replace", "link", "unlink", "close", "listdir")
EPOCHS, KILLS = 8, 200

X = np.random.default_rng(0).standard_normal((96, 2)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


def new_model() -> pellucid.Model:
    """Everything that lasts from epoch to epoch is in it: slots, running statistics, a schedule that watches."""
    return pellucid.Model(
        Dense(2, 16, weight_l2=1e-4), BatchNorm(16), ReLU(), Dropout(0.3), Residual(Dense(16, 16), Tanh()),
        Dense(16, 2), Softmax(), loss=CategoricalCrossEntropy(label_smoothing=0.1), seed=3,
        optimizer=Adam(WarmUp(Plateau(0.02, patience=1), steps=10), clip_norm=1.0),
    )  # fmt: skip


def train(path: Path | None, epochs: int = EPOCHS) -> pellucid.Model:
    """The script that is killed and started again."""
    model = new_model()
    model.fit(
        X, Y, epochs=epochs, batch_size=16, validation_fraction=0.25, early_stopping=EPOCHS,
        checkpoint=path, resume=path is not None,
    )  # fmt: skip
    return model


def digest(model: pellucid.Model) -> str:
    """Values and history, to the last bit."""
    content = repr([(key, value.tobytes()) for key, value in model.values().items()]) + repr(model.history.epochs)
    return hashlib.sha256(content.encode()).hexdigest()


# -- the program that is killed ----------------------------------------------------------------------------------------


def forked(work) -> int:
    """The process id of a copy of this one that does `work` and nothing else."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return pid


def ended(pid: int) -> str:
    """How a process ended: "killed", "finished" or "failed"."""
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return "killed" if os.WTERMSIG(status) == signal.SIGKILL else "failed"
    return "finished" if os.WEXITSTATUS(status) == 0 else "failed"


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)  # never: the signal has come


def wrap_calls(number: int, when: str) -> None:
    """From now on the `number`-th call to the file system kills this process: "before" it, "after", or "half" way."""
    counter = itertools.count()

    def wrapped(name, real):
        def call(*args, **kwargs):
            mine = next(counter) == number
            if mine and when == "before":
                die()
            if mine and when == "half" and name == "write":
                real(args[0], bytes(args[1])[: len(args[1]) // 2])
                die()
            try:
                return real(*args, **kwargs)
            finally:
                if mine and when == "after":
                    die()

        return call

    for name in CALLS:
        setattr(os, name, wrapped(name, getattr(os, name)))


def damaged(folder: Path) -> list[str]:
    """The files under their final names that are not whole."""
    wrong = []
    for path in folder.iterdir():
        if not path.name.endswith(".tmp"):
            try:
                container.read(path)
            except pellucid.PellucidError as error:
                wrong.append(str(error))
    return wrong


class Record:
    """What was seen: to be printed, and judged by the test."""

    def __init__(self, undisturbed: str):
        self.undisturbed = undisturbed
        self.seen = {"kills": 0, "finished": 0, "damaged": [], "different": [], "left": []}

    def look(self, folder: Path, label: str) -> None:
        """After a kill: the files, and what a resumed run makes of a copy of them."""
        self.seen["kills"] += 1
        self.seen["damaged"] += [f"{label}: {what}" for what in damaged(folder)]
        twin = folder.with_name("twin")
        shutil.rmtree(twin, ignore_errors=True)
        shutil.copytree(folder, twin)
        if digest(train(twin / "run")) != self.undisturbed:
            self.seen["different"].append(label)
        self.seen["left"] += [f"{label}: {path.name}" for path in twin.iterdir() if path.name.endswith(".tmp")]


def kill_at_random_moments(folder: Path) -> dict:
    """Runs killed and started again, until they finish; then the next run, until there were enough kills."""
    record, rng = Record(digest(train(None))), random.Random(0)
    start = time.perf_counter()
    (folder / "warm").mkdir()
    train(folder / "warm" / "run")
    length = time.perf_counter() - start
    while record.seen["kills"] < KILLS:
        work = Path(tempfile.mkdtemp(dir=folder))
        state = "killed"
        while state == "killed" and record.seen["kills"] < KILLS:
            pid = forked(lambda work=work: train(work / "run"))
            time.sleep(rng.uniform(0.0, length))
            os.kill(pid, signal.SIGKILL)
            state = ended(pid)
            if state == "killed":
                record.look(work, f"kill {record.seen['kills']}")
        record.seen[state] = record.seen.get(state, 0) + 1
    return record.seen


def kill_around_every_call(folder: Path) -> dict:
    """The first three saves of a run, killed before and after every call to the file system, and half-way in a write."""
    record = Record(digest(train(None)))
    for when in ("before", "after", "half"):
        for number in itertools.count():
            work = folder / f"{when}{number}"
            work.mkdir()

            def work_and_die(work=work, number=number, when=when):
                wrap_calls(number, when)
                train(work / "run", epochs=3)

            state = ended(forked(work_and_die))
            if state == "killed":
                record.look(work, f"{when} call {number}")
            elif when != "half" or number > 40:  # only writes have a half
                record.seen[state] = record.seen.get(state, 0) + 1
                break
    return record.seen


def kill_around_every_call_of_a_save(folder: Path) -> dict:
    """`Model.save` over an older file: afterwards it is the old one or the new one, to the last bit."""
    older, newer = train(None, epochs=1), train(None, epochs=2)
    contents = []
    for model in (older, newer):
        model.save(folder / "m")
        contents.append((folder / "m").read_bytes())
    seen = {"kills": 0, "old": 0, "new": 0, "damaged": [], "finished": 0}
    for when in ("before", "after", "half"):
        for number in range(12):
            (folder / "m").write_bytes(contents[0])

            def save_and_die(number=number, when=when):
                wrap_calls(number, when)
                newer.save(folder / "m")

            state = ended(forked(save_and_die))
            found = (folder / "m").read_bytes()
            if state == "killed":
                seen["kills"] += 1
                seen["old"] += found == contents[0]
                seen["new"] += found == contents[1]
                if found not in contents:
                    seen["damaged"].append(f"{when} call {number}")
            else:
                seen[state] = seen.get(state, 0) + 1
                if found != contents[1]:
                    seen["damaged"].append("a save that was not killed")
    return seen


PROGRAMS = {
    program.__name__: program
    for program in (kill_at_random_moments, kill_around_every_call, kill_around_every_call_of_a_save)
}


# -- the tests ---------------------------------------------------------------------------------------------------------

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def seen_by(program, folder: Path) -> dict:
    """What a fresh process saw. One thread of arithmetic: a process of several must not be forked."""
    surroundings = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, __file__, program.__name__, str(folder)], capture_output=True, text=True, env=surroundings
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@forks
def test_a_save_killed_around_every_call_leaves_the_old_file_or_the_new_one(tmp_path):
    seen = seen_by(kill_around_every_call_of_a_save, tmp_path)
    assert not seen["damaged"] and not seen.get("failed")
    assert seen["old"] + seen["new"] == seen["kills"] >= 15 and min(seen["old"], seen["new"], seen["finished"]) > 0


@forks
@pytest.mark.slow
def test_checkpoints_killed_around_every_call(tmp_path):
    seen = seen_by(kill_around_every_call, tmp_path)
    assert not (seen["damaged"] or seen["different"] or seen["left"]) and not seen.get("failed")
    assert seen["kills"] >= 60 and seen["finished"] == 3


@forks
@pytest.mark.slow
def test_runs_killed_at_random_moments(tmp_path):
    seen = seen_by(kill_at_random_moments, tmp_path)
    assert not (seen["damaged"] or seen["different"] or seen["left"]) and not seen.get("failed")
    assert seen["kills"] == KILLS


def test_a_file_is_on_the_disk_before_it_takes_its_name_and_then_the_name_is(tmp_path, monkeypatch):
    """A kill leaves what the system has in memory; a power cut does not, so the order of the calls matters."""
    model = train(None, epochs=1)
    told, folders = [], {}
    for name, real in [(name, getattr(os, name)) for name in ("open", "write", "fsync", "replace", "close")]:

        def call(*args, name=name, real=real):
            result = real(*args)
            if name == "open":
                folders[result] = os.path.isdir(args[0])
            told.append(name + (" of the folder" if name == "fsync" and folders.get(args[0]) else ""))
            return result

        monkeypatch.setattr(os, name, call)
    model.save(tmp_path / "m")
    monkeypatch.undo()
    order = [told.index(step) for step in ("write", "fsync", "replace", "fsync of the folder")]
    assert order == sorted(order) and told.count("replace") == 1


if __name__ == "__main__":
    print(json.dumps(PROGRAMS[sys.argv[1]](Path(sys.argv[2]))))
