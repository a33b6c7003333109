"""Contenders that take turns: each lives in a process of its own, and only one of them works at a time.

Two libraries in one process disturb each other (two pools of threads, one memory allocator), and two runs one after
the other see two different machines. So every contender is started once and waits; then A B C, A B C ..., each
round beginning one place further along, and a ratio is taken within a round, never across rounds.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PAUSE = 0.05  # seconds for the last contender's threads to fall asleep before the next one begins
PATIENCE = 120.0  # seconds that a contender has to start, compile and warm up


class Absent(Exception):
    """A contender that is not installed, or not able to do this work, with the reason."""


class Contender:
    """One waiting process. `turn(steps)` lets it work and returns what it measured.

    It is ended, and absent, unless `ready()` is called within PATIENCE: some compilers take longer than a benchmark may.
    """

    def __init__(self, module: str, name: str, spec: dict[str, Any]) -> None:
        self.name = name
        self._complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115 - open as long as the process
        command = [sys.executable, str(HERE / "worker.py"), module, name, json.dumps(spec)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaints, text=True,
            start_new_session=True,
        )  # fmt: skip
        self._late = False
        self._timer = threading.Timer(PATIENCE, self._end)
        self._timer.daemon = True
        self._timer.start()
        try:
            self.version = self._answer()["version"]
        except Absent:
            self.close()
            raise

    def ready(self) -> None:
        """The warm-up is over: from here on there is no limit."""
        self._timer.cancel()

    def _end(self) -> None:
        """Kill the process and whatever compilers it has started."""
        self._late = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def turn(self, steps: int) -> dict[str, float]:
        """Seconds a step (and the loss reached, where there is one) of `steps` steps."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # the reason is found where the answer should be
            self._process.stdin.write(f"{steps}\n")
            self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            if self._late:
                raise Absent(f"not ready after {PATIENCE:.0f} s")
            self._complaints.seek(0)
            last = self._complaints.read().strip().splitlines()[-1:] or ["it ended without a word"]
            raise Absent(f"stopped: {last[0]}")
        answer = json.loads(line)
        if "absent" in answer:
            raise Absent(answer["absent"])
        return answer

    def close(self) -> None:
        """End the process."""
        self._timer.cancel()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._complaints.close()


def take_turns(module: str, names: list[str], spec: dict[str, Any], rounds: int, seconds: float) -> dict[str, Any]:
    """Seconds a step of every contender, round by round.

    module: the file of contenders; names: which of them; spec: the work, handed to each as it is;
    seconds: about how long one turn lasts; the number of steps is found per contender in a turn that does not count.
    Returns {"seconds": {name: [per round]}, "losses": {name: last}, "versions": {...}, "absent": {name: reason}}.
    """
    absent: dict[str, str] = {}
    waiting: list[Contender] = []
    measured: dict[str, list[float]] = {}
    losses: dict[str, float] = {}
    steps: dict[str, int] = {}
    quantum = spec["rows"] // spec["batch"] if "rows" in spec else 1  # steps come in whole epochs

    def leave(one: Contender, reason: Absent) -> None:
        absent[one.name] = str(reason)
        waiting.remove(one)
        one.close()
        for kept in (measured, losses, steps):
            kept.pop(one.name, None)

    for name in names:
        try:
            waiting.append(Contender(module, name, spec))
        except Absent as reason:
            absent[name] = str(reason)
            continue
        one = waiting[-1]
        try:
            steps[name] = _steps_for(one, quantum, seconds)
            one.ready()
            measured[name] = []
        except Absent as reason:
            leave(one, reason)
    for number in range(rounds):
        shift = number % max(1, len(waiting))
        for one in waiting[shift:] + waiting[:shift]:
            time.sleep(PAUSE)
            try:
                answer = one.turn(steps[one.name])
            except Absent as reason:
                leave(one, reason)
                continue
            measured[one.name].append(answer["seconds"])
            if "loss" in answer:
                losses[one.name] = answer["loss"]
    versions = {one.name: one.version for one in waiting}
    for one in waiting:
        one.close()
    return {"seconds": measured, "losses": losses, "versions": versions, "absent": absent, "steps": steps}


def _steps_for(one: Contender, quantum: int, seconds: float) -> int:
    """How many steps last about `seconds`; its turns are the warm-up (compiling, cold caches) and do not count.

    A few steps say little about many: the first call compiles, and every call has a fixed cost. So the turns grow until
    one is long enough to go by.
    """
    steps, lasted = quantum, 0.0
    while True:
        one.turn(steps)  # a loop compiled for this many steps compiles here
        lasted = one.turn(steps)["seconds"] * steps
        wanted = quantum * max(1, round(seconds / max(lasted, 1e-6) * steps / quantum))
        if lasted >= seconds / 4:
            break
        steps = min(wanted, 16 * steps)
    one.turn(wanted)
    return wanted


def median_ratio(top: list[float], bottom: list[float]) -> float:
    """The median over rounds of top / bottom."""
    return statistics.median(a / b for a, b in zip(top, bottom, strict=True))


def spread(top: list[float], bottom: list[float]) -> tuple[float, float]:
    """The smallest and the largest ratio top / bottom of any round."""
    ratios = [a / b for a, b in zip(top, bottom, strict=True)]
    return min(ratios), max(ratios)


def duration(seconds: float) -> str:
    """Seconds in the unit that reads best: '94.2 us', '70.1 ms', '1.20 s'."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size * (1 if unit == "s" else 10):
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us" if seconds < 1e-3 else f"{seconds * 1e6:.0f} us"
