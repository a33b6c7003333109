"""What a large table costs: a CSV of a million rows and thirty columns, from the file to a judged network.

Run it as `python benchmarks/tables_large.py [--quick]`. Each step runs in a process of its own, whose processor time, wall
time and largest memory are read when it has ended; a step does again what those before it did, so that a difference between
two lines is what a step adds. Time and memory are this machine's; nothing here is compared with a peer.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from verdict import table

ROWS, COLUMNS = 1_000_000, 30
READ = "import pellucid.tables as t\ntable = t.read('large.csv')\nfor chunk in table.chunks(): pass\n"
PLAN = "import pellucid.tables as t\nfrom pellucid.tables.plan import plan\np = plan(t.read('large.csv'), 'y')\n"
TYPED = PLAN + "from pellucid.tables.typed import typed\nrows = typed(t.read('large.csv'), p)\n"
TRAIN = "import pellucid.tables as t\nt.train('large.csv', 'y', epochs=2, batch_size=512).save('large.safetensors')\n"
PREDICT = "import pellucid.tables as t\nt.load('large.safetensors').predict('large.csv')\n"
STEPS = {
    "read": READ, "read and plan": PLAN, "read, plan, read and type": TYPED,
    "train: two epochs, three baselines, intervals, importance": TRAIN, "load and predict every row": PREDICT,
}  # fmt: skip


def write(path: Path, rows: int, columns: int = COLUMNS) -> None:
    """Numbers with gaps, categories, dates, yes and no, and a target that depends on some of them."""
    rng = np.random.default_rng(0)
    with path.open("w", encoding="utf-8") as file:
        file.write(
            ",".join(
                [*(f"n{k}" for k in range(columns - 9)), *(f"c{k}" for k in range(5)), "day", "hour", "yes", "y\n"]
            )
        )
        for start in range(0, rows, 50_000):
            count = min(50_000, rows - start)
            numbers = rng.normal(size=(count, columns - 9)).round(4)
            codes = rng.integers(0, [3, 5, 8, 20, 40], (count, 5))
            days = np.datetime64("2015-01-01") + rng.integers(0, 3000, count)
            hours, yes = rng.integers(0, 24, count), rng.random(count) < 0.4
            y = numbers[:, 0] + (codes[:, 0] == 1) + yes + rng.normal(size=count) > 1
            gaps = rng.random(count) < 0.03
            for k in range(count):
                fields = list(map(str, numbers[k]))
                if gaps[k]:
                    fields[1] = ""
                fields += [f"v{code}" for code in codes[k]]
                file.write(
                    ",".join(
                        [*fields, str(days[k]), f"{hours[k]}", "yes" if yes[k] else "no", "in\n" if y[k] else "out\n"]
                    )
                )


def cost(code: str, folder: str) -> dict[str, float]:
    """Wall seconds, processor seconds and the largest memory in MB of a process that runs `code`."""
    begin = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-W", "ignore", "-c", code], cwd=folder)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"A step ended with status {status}:\n{code}")
    unit = 1e6 if sys.platform == "darwin" else 1e3  # bytes there, kilobytes elsewhere
    return {
        "wall": time.perf_counter() - begin,
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss / unit,
    }


def measure(quick: bool = False) -> dict[str, Any]:
    """Every step once: they take long enough for a millisecond not to matter."""
    rows = ROWS // 50 if quick else ROWS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.csv"
        write(path, rows)
        steps = {name: cost(code, folder) for name, code in STEPS.items()}
        return {"rows": rows, "columns": COLUMNS, "megabytes": path.stat().st_size / 1e6, "steps": steps}


def report(result: dict[str, Any]) -> str:
    """The table, in Markdown."""
    lines = [
        [name, f"{step['wall']:.1f} s", f"{step['cpu']:.1f} s", f"{step['memory']:,.0f} MB"]
        for name, step in result["steps"].items()
    ]
    head = f"{result['rows']:,} rows, {result['columns']} columns, {result['megabytes']:.0f} MB of text:\n\n"
    return head + table(["step", "wall", "processor", "largest memory"], lines)


if __name__ == "__main__":
    print(report(measure("--quick" in sys.argv)))
