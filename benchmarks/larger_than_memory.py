"""How much memory training takes when the data lie in a file: both engines, memory-mapped and batch by batch.

Run it as `python benchmarks/larger_than_memory.py [--quick]`: a file of 2 GB (quick: 200 MB) is made in a temporary folder
(TMPDIR names another disk). Every figure comes from a process of its own, which trains one epoch after a short one on a
few rows that pays for compiling; its peak is what the system says that it ever had in memory. That includes the outputs of
an epoch, which the accuracy is taken of, and pages of the file where a batch is cut out of the mapping.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from turns import duration
from verdict import Goal, table

COLUMNS, BATCH = 256, 256
WAYS = ("in memory", "memory-mapped", "batch by batch")
MEGABYTES_AT_MOST = 256.0  # beyond what the process had before: a few pieces of the file, 80 MB of outputs, the order
PATIENCE = 1800.0  # seconds for one process


def measure(quick: bool = False) -> dict[str, Any]:
    """Peak memory and time of an epoch, each way on each engine."""
    rows = 200_000 if quick else 2_000_000
    runs: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "x.npy")
        _write(path, rows)
        for engine in ("numpy", "jax"):
            for way in WAYS:
                runs[f"{engine}, {way}"] = run = _fresh({"path": path, "engine": engine, "way": way})
                print(f"  {engine}, {way}: {run.get('error') or 'done'}", file=sys.stderr)
    return {"megabytes": rows * COLUMNS * 4 / 1e6, "runs": runs}


def _write(path: str, rows: int) -> None:
    file = np.lib.format.open_memmap(path, "w+", np.float32, (rows, COLUMNS))
    for at in range(0, rows, 20_000):
        file[at : at + 20_000] = np.random.default_rng(at).standard_normal((len(file[at : at + 20_000]), COLUMNS), "f4")
    file.flush()


def _fresh(work: dict[str, Any]) -> dict[str, Any]:
    command = [sys.executable, __file__, "--one", json.dumps(work)]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return {"error": f"not ready after {PATIENCE:.0f} s"}
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def one(work: dict[str, Any]) -> dict[str, float]:
    """One process: what it had in memory at most before and after an epoch, in MB, and the seconds of the epoch."""
    import pellucid
    from pellucid import mapped
    from pellucid.layers import Dense, ReLU, Softmax
    from pellucid.losses import CategoricalCrossEntropy

    file = np.load(work["path"], mmap_mode="r")
    y = np.arange(len(file)) % 10

    def fit(x: Any, y: Any, way: str) -> None:
        model = pellucid.Model(Dense(COLUMNS, 64), ReLU(), Dense(64, 10), Softmax(), loss=CategoricalCrossEntropy())
        options: dict[str, Any] = {"epochs": 1, "engine": work["engine"], "progress": False}
        if way == "batch by batch":
            model.fit(lambda: ((x[at : at + BATCH], y[at : at + BATCH]) for at in range(0, len(x), BATCH)), **options)
        else:
            model.fit(np.array(x) if way == "in memory" else x, y, batch_size=BATCH, **options)

    mapped.SMALL = 0
    fit(file[: 20 * BATCH], y[: 20 * BATCH], work["way"])
    before, begin = peak(), time.perf_counter()
    fit(file, y, work["way"])
    return {"before": before, "peak": peak(), "seconds": time.perf_counter() - begin}


def peak() -> float:
    """The most that this process has had in memory, in MB."""
    try:  # `ru_maxrss` of a fresh process begins with what its parent had
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return float(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6
    except (OSError, IndexError):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def goals(result: dict[str, Any]) -> list[Goal]:
    """What a memory-mapped file may take on either engine."""
    return [
        Goal(
            f"memory for {result['megabytes']:,.0f} MB in a file, {name.partition(',')[0]}, MB",
            run["peak"] - run["before"], MEGABYTES_AT_MOST, "at most", "beyond a process that has trained on a few rows",
        )
        for name, run in result["runs"].items()
        if name.endswith(WAYS[1]) and "error" not in run
    ]  # fmt: skip


def report(result: dict[str, Any]) -> str:
    """The figures, in Markdown."""
    rows = []
    for name, run in result["runs"].items():
        if "error" not in run:
            grown = run["peak"] - run["before"]
            rows.append([name, f"{run['peak']:,.0f} MB", f"{grown:,.0f} MB", duration(run["seconds"])])
    text = f"One epoch, {COLUMNS}-64-10, batches of {BATCH}, from a file of {result['megabytes']:,.0f} MB.\n\n"
    text += table(["way", "peak", "more than for a few rows", "whole fit"], rows)
    return text + "".join(f"\nAbsent: {n}: {run['error']}.\n" for n, run in result["runs"].items() if "error" in run)


if __name__ == "__main__":
    if "--one" in sys.argv:
        print(json.dumps(one(json.loads(sys.argv[-1]))))
    else:
        outcome = measure("--quick" in sys.argv)
        print(report(outcome), *goals(outcome), sep="\n")
