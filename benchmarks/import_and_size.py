"""What `import pellucid` adds to NumPy's own time, what it loads, and how much room an install takes.

Run it as `python benchmarks/import_and_size.py [--quick]`: --quick leaves the install out.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

from turns import duration
from verdict import Goal, table

ROOT = Path(__file__).resolve().parent.parent
STATEMENTS = {
    "numpy": "import numpy",
    "pellucid": "import pellucid",
    "pellucid.Model": "import pellucid; pellucid.Model",  # what is loaded on first use must not hide from the clock
}
HEAVY = ["jax", "pandas", "sklearn", "matplotlib", "rich", "click", "jinja2", "scipy", "torch"]
CLOCK = "import time; t = time.perf_counter(); {0}; print(time.perf_counter() - t)"
GOAL_MILLISECONDS, GOAL_MEGABYTES = 30.0, 75.0
INSTALLERS = ("pip", "setuptools", "wheel", "_distutils_hack", "pkg_resources", "distutils-precedence")


def measure(quick: bool = False) -> dict[str, Any]:
    """Import times in turns, each in a fresh interpreter; then one install into a fresh environment."""
    result: dict[str, Any] = {"import_seconds": {name: [] for name in STATEMENTS}, "absent": {}}
    for number in range(6 if quick else 26):
        for name in list(STATEMENTS)[:: 1 if number % 2 else -1]:
            done = _python(sys.executable, CLOCK.format(STATEMENTS[name]))
            if done.returncode:
                result["absent"][name] = done.stderr.strip().splitlines()[-1]
            elif number:  # the first round writes byte code and fills the disk's cache
                result["import_seconds"][name].append(float(done.stdout))
    loaded = _python(
        sys.executable,
        f"import json, sys, pellucid; pellucid.Model; print(json.dumps([n for n in {HEAVY} if n in sys.modules]))",
    )
    result["heavy_modules_loaded"] = json.loads(loaded.stdout) if loaded.returncode == 0 else None
    if not quick:
        result["install"] = _install()
    return result


def _python(executable: str, code: str) -> subprocess.CompletedProcess[str]:
    """Run code away from the checkout, so that nothing is imported from the folder we happen to be in."""
    return subprocess.run(
        [executable, "-c", code], check=False, capture_output=True, text=True, cwd=tempfile.gettempdir()
    )


def _install() -> dict[str, Any]:
    """Install the checkout into a fresh environment; sizes in bytes per top-level name, installers left out."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [str(Path(folder) / "bin" / "python"), "-m", "pip", "install", "-q", "--no-compile", str(ROOT)]
        done = subprocess.run(pip, check=False, capture_output=True, text=True)
        if done.returncode:
            return {"failed": (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]}
        packages = next(Path(folder).glob("lib/python*/site-packages"))
        sizes = {entry.name: _size(entry) for entry in packages.iterdir() if not entry.name.startswith(INSTALLERS)}
    return {"bytes": dict(sorted(sizes.items(), key=lambda item: -item[1])), "total": sum(sizes.values())}


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file() and not p.is_symlink()]
    return sum(file.stat().st_size for file in files)


def goals(result: dict[str, Any]) -> list[Goal]:
    """Milliseconds on top of NumPy's, heavy modules, megabytes."""
    found = []
    times = result["import_seconds"]
    if times["pellucid.Model"]:
        extra = 1e3 * statistics.median(a - b for a, b in zip(times["pellucid.Model"], times["numpy"], strict=True))
        what = "import pellucid; pellucid.Model: milliseconds on top of NumPy's"
        found.append(Goal(what, extra, GOAL_MILLISECONDS, "at most"))
        heavy = result["heavy_modules_loaded"]
        note = ", ".join(heavy) or "none of " + ", ".join(HEAVY)
        found.append(Goal("import pellucid: heavy modules loaded", len(heavy), 0.0, "at most", note))
    total = result.get("install", {}).get("total")
    if total is not None:
        found.append(Goal("base install: MB with NumPy", total / 1e6, GOAL_MEGABYTES, "at most"))
    return found


def report(result: dict[str, Any]) -> str:
    """The tables, in Markdown."""
    times = {name: values for name, values in result["import_seconds"].items() if values}
    rows = [[name, duration(statistics.median(values)), duration(min(values))] for name, values in times.items()]
    text = table(["import", "median", "best"], rows)
    install = result.get("install")
    if install is None:
        text += "\nInstall: not measured in this run.\n"
    elif "failed" in install:
        text += f"\nInstall: pip could not install the checkout: {install['failed']}\n"
    else:
        rows = [[name, f"{size / 1e6:.2f}"] for name, size in install["bytes"].items() if size > 50_000]
        text += "\n" + table(["installed", "MB"], [*rows, ["all", f"{install['total'] / 1e6:.1f}"]])
    return text + "".join(f"\nAbsent: {name}: {reason}.\n" for name, reason in result["absent"].items())


if __name__ == "__main__":
    outcome = measure("--quick" in sys.argv)
    print(report(outcome))
    print("\n".join(str(goal) for goal in goals(outcome)))
