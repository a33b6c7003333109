"""What the first `fit` in a fresh process costs on either engine, and from how many steps on compiling has paid for itself.

Run it as `python benchmarks/first_fit.py [--quick]`: charts go to benchmarks/results/. Cold: the folder of compiled
programs is new and empty; cached: another process has filled it. The user's own folder is not touched.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import chart
from machine import slug
from training_step import NETWORKS
from turns import duration
from verdict import Goal, table

HERE = Path(__file__).resolve().parent
RUNS = {"numpy": "NumPy engine", "cold": "JAX engine, cold", "cached": "JAX engine, cached"}
LOST_AT_MOST = 1.0  # seconds: what engines/choice.py says that a wrong guess costs
MOST_STEPS = 10**7
PATIENCE = 300.0  # seconds for one process


def measure(quick: bool = False) -> dict[str, Any]:
    """Every network; each round is one fresh process on NumPy, one with the compiled engine cold, one cached."""
    rounds, seconds = (1, 0.05) if quick else (3, 0.3)
    networks, absent = {}, {}
    for name, spec in list(NETWORKS.items())[: 2 if quick else None]:
        runs: dict[str, list[dict[str, float]]] = {}
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                for run in RUNS:
                    work = spec | {"engine": "numpy" if run == "numpy" else "jax", "seconds": seconds}
                    done = _fresh(work, folder)
                    if isinstance(done, str):
                        absent[RUNS[run]] = done
                    else:
                        runs.setdefault(run, []).append(done)
        networks[name] = {"runs": runs, "steps_an_epoch": spec["rows"] // spec["batch"], **_crossover(spec, runs)}
        print(f"  {name}: done", file=sys.stderr)
    return {"rounds": rounds, "networks": networks, "absent": absent}


def _fresh(work: dict[str, Any], folder: str) -> dict[str, float] | str:
    """One fresh process with its programs in `folder`; what it measured, or why it could not."""
    named = {key: value for key, value in os.environ.items() if key != "JAX_COMPILATION_CACHE_DIR"}
    command = [sys.executable, str(HERE / "fresh_fit.py"), json.dumps(work)]
    os.chmod(folder, 0o700)
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=PATIENCE,
            env=named | {"PELLUCID_COMPILE_CACHE": folder},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"not done after {PATIENCE:.0f} s"
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _middle(runs: list[dict[str, float]], what: str) -> float:
    return statistics.median(run[what] for run in runs)


def _step(runs: dict[str, list[dict[str, float]]], run: str) -> float:
    """Seconds a step; a compiled program is the same program, cold or cached."""
    alike = ["numpy"] if run == "numpy" else ["cold", "cached"]
    return _middle([one for name in alike for one in runs.get(name, [])], "step")


def _total(runs: dict[str, list[dict[str, float]]], run: str, steps_an_epoch: int, steps: float) -> float:
    """Seconds of a first fit of that many steps, importing pellucid left out, which both engines need alike."""
    return _middle(runs[run], "fit") + max(0.0, steps - steps_an_epoch) * _step(runs, run)


def _crossover(spec: dict[str, Any], runs: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """From how many steps on the compiled engine is ahead, and what `auto` makes of that."""
    steps = spec["rows"] // spec["batch"]
    ask = _asker(spec)
    switch = _switch(ask, MOST_STEPS // steps)
    found: dict[str, Any] = {
        "auto_compiles_from": switch and switch * steps,
        "pays_from": {},
        "auto_there": {},
        "lost": {},
    }
    for run in ("cold", "cached"):
        if run not in runs or "numpy" not in runs:
            continue
        gained = _step(runs, "numpy") - _step(runs, run)
        behind = _middle(runs[run], "fit") - _middle(runs["numpy"], "fit")
        pays = max(float(steps), steps + behind / gained) if gained > 0 else None
        found["pays_from"][run] = pays
        if pays is not None and pays <= MOST_STEPS:
            found["auto_there"][run] = ask(max(1, round(pays / steps)))
        if switch:  # both costs are straight lines: nowhere is more lost than where auto changes its mind
            at = switch * steps
            found["lost"][run] = abs(_total(runs, run, steps, at) - _total(runs, "numpy", steps, at))
    return found


def _asker(spec: dict[str, Any]) -> Any:
    """A function of the number of epochs that gives the engine `auto` would take."""
    from training_contenders import data, pellucid_model

    from pellucid.engines import Batches, Work, choice

    X, y = data(spec)
    model = pellucid_model(spec)
    work = Work(model.network, model.loss, model.optimizer, Batches(X, y, None, spec["batch"], 0))
    return lambda epochs: choice.wanted(work, epochs)[0]


def _switch(ask: Any, most: int) -> int | None:
    """The smallest number of epochs that `auto` compiles for; None where there is none up to `most`."""
    low, high = 0, 1
    while ask(high) != "jax":
        low, high = high, 2 * high
        if high > most:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if ask(middle) == "jax" else (middle, high)
    return high


def goals(result: dict[str, Any]) -> list[Goal]:
    """`auto` guesses; what its guess costs at worst."""
    found = []
    for network, work in result["networks"].items():
        if work["lost"]:
            note = ", ".join(f"{run} {lost:.2g}" for run, lost in work["lost"].items())
            what = f"auto, {network}: seconds lost at worst"
            found.append(Goal(what, max(work["lost"].values()), LOST_AT_MOST, "at most", note))
    return found


def report(result: dict[str, Any]) -> str:
    """The tables, in Markdown."""
    firsts, pays = [], []
    for network, work in result["networks"].items():
        for run, name in RUNS.items():
            if run in work["runs"]:
                times = [duration(_middle(work["runs"][run], what)) for what in ("import", "fit", "compile", "step")]
                firsts.append([f"{network}, {name}", *times])
        froms = [_steps(work["pays_from"].get(run)) for run in ("cold", "cached")]
        auto = [work["auto_there"].get(run, "-") for run in ("cold", "cached")]
        pays.append([network, *froms, *auto, _steps(work["auto_compiles_from"])])
    text = "The first `fit` in a fresh process, one epoch, and a step once it runs (medians):\n\n"
    text += table(["network", "import pellucid", "first fit", "of that compiling", "a step"], firsts)
    text += '\nFrom how many steps on the compiled engine has paid for itself, and what `engine="auto"` decides:\n\n'
    columns = ["network", "pays from, cold", "pays from, cached", "auto there, cold", "auto there, cached"]
    text += table([*columns, "auto compiles from"], pays)
    return text + "".join(f"\nAbsent: {name}: {reason}.\n" for name, reason in result["absent"].items())


def _steps(number: float | None) -> str:
    return (
        "never"
        if number is None or number > MOST_STEPS
        else f"{number:.3g} steps"
        if number < 1000
        else f"{number:,.0f} steps"
    )


def charts(result: dict[str, Any]) -> dict[str, str]:
    """Name -> SVG text: a network's total seconds against its number of steps."""
    drawn = {}
    for network, work in result["networks"].items():
        steps, runs = work["steps_an_epoch"], work["runs"]
        marks = {f"{run}: pays from here": pays for run, pays in work["pays_from"].items() if pays}
        marks["auto compiles from here"] = work["auto_compiles_from"]
        marks = {name: at for name, at in marks.items() if at and at <= MOST_STEPS}
        end = 8.0 * max([steps, *marks.values()])
        points = [steps * (end / steps) ** (number / 60) for number in range(61)]
        lines = {RUNS[run]: [(x, _total(runs, run, steps, x)) for x in points] for run in RUNS if run in runs}
        title = f"{network}: seconds of a first fit"
        drawn[f"first-fit-{slug(network)}"] = chart.loglog(
            title, "steps", "seconds", lines, marks=marks or {"": points[0]}
        )
    return drawn


if __name__ == "__main__":
    outcome = measure("--quick" in sys.argv)
    print(report(outcome))
    print("\n".join(str(goal) for goal in goals(outcome)))
    print("\n".join(str(path) for path in chart.save(charts(outcome), "first").values()))
