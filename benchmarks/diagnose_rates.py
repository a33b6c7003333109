"""How often `diagnose` finds a fault that was planted, and how often it says something about a run that went well.

Run it as `python benchmarks/diagnose_rates.py [--quick] [--figures]`; about two minutes. The runs are those of
`tests/planted_faults.py` and `tests/healthy_runs.py`. A run is healthy if the network reaches the bar of its data set on
rows it never saw; those that do not are counted apart. `--figures` prints the numbers that the rules' thresholds stand
beside: the extremes over the healthy runs.
"""

from __future__ import annotations

import sys
import warnings
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from verdict import Goal, table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from healthy_runs import healthy
from pellucid.errors import NonFiniteError
from pellucid.glass.diagnose import Look, curves, gradients, units, watch
from planted_faults import planted

# Each figure of the rules by name: a function of the last look, and the threshold it is compared with.
FIGURES: dict[str, tuple[Callable[[Look], float], str]] = {
    "dead share of a layer": (lambda s: _most(u.mean() for *_, u in units.dead(s)), f"from {units.DEAD_SHARE}"),
    "flat share of a layer": (lambda s: _most(u.mean() for *_, u in units.saturated(s)), f"from {units.SATURATED_SHARE}"),
    "rows wrong on a flat end": (units.wrong_and_flat, f"from {units.WRONG_SHARE}"),
    "units alike": (lambda s: _most(u.mean() for *_, u in units.alike(s)), f"from {units.ALIKE_SHARE}"),
    "gradient, first to last layer": (lambda s: gradients.fall(s)[0],
        f"below {gradients.VANISHING}, above {gradients.EXPLODING:g}"),
    "step to weight, longest": (lambda s: _most(m.ratio for m in gradients.weight_moves(s)), f"above {gradients.LARGE}"),
    "entries lost by rounding": (lambda s: min((m.lost for m in gradients.weight_moves(s)), default=0.0),
        f"from {gradients.LOST_SHARE}"),
    "loss risen": (lambda s: curves.unrest(s)[0], f"from {curves.RISE}"),
    "loss jumping": (lambda s: curves.unrest(s)[1], f"from {curves.JUMP}"),
    "loss left": (lambda s: 1.0 - s.skill, f"above {curves.UNDER} (at rest), {curves.LEFT} (crawling)"),
    "outputs' spread to targets'": (curves.constant_share, f"below {curves.CONSTANT}"),
    "validation loss risen": (lambda s: curves.gap(s)[0], f"above {curves.RISEN}"),
    "validation and training apart": (lambda s: curves.gap(s)[1], f"from {curves.APART}"),
}  # fmt: skip


def _most(values: Any) -> float:
    return max(values, default=0.0)


def measure(quick: bool = False, look_back: list[Look] | None = None) -> dict[str, Any]:
    """All planted faults with some seeds, all healthy runs with some."""
    seeds: tuple[int, ...] = (10,) if quick else (10, 11, 12)  # the thresholds were chosen on 0, 1 and 2
    hits: dict[tuple[str, str], list[bool]] = defaultdict(list)
    instead: dict[tuple[str, str], list[str]] = defaultdict(list)
    watch.UNNOTICED = 60.0  # every last look on 256 rows, however slow or busy this machine is
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what fit says itself, about a loss that does not fit or pixels up to 255
        for fault in planted(seeds):
            try:
                found = fault.fit().findings.names
                hits[fault.finding, fault.setting].append(fault.finding in found)
                if fault.finding not in found:
                    instead[fault.finding, fault.setting].append(", ".join(found) or "nothing")
            except NonFiniteError:  # a rate so high that the numbers end: told by an error
                hits[fault.finding, fault.setting].append(False)
                instead[fault.finding, fault.setting].append("an error, since the loss was no finite number")
    alarms, well, unwell, figures = [], 0, 0, defaultdict(list)
    for run in healthy(seeds):
        history = run.fit()
        good = run.score() >= run.bar
        well, unwell = well + good, unwell + (not good)
        if good:
            alarms += [f"{run.name}, seed {run.seed}: {finding.line}" for finding in history.findings[:1]]
            for name, (figure, _) in FIGURES.items() if look_back else ():
                figures[name].append(figure(look_back[-1]))
    return {
        "hits": dict(hits),
        "instead": dict(instead),
        "alarms": alarms,
        "healthy": well,
        "unhealthy": unwell,
        "figures": dict(figures),
    }


def report(result: dict[str, Any]) -> str:
    """The tables, in Markdown."""
    by_finding: dict[str, list[tuple[str, list[bool]]]] = defaultdict(list)
    for (finding, setting), found in result["hits"].items():
        by_finding[finding].append((setting, found))
    rows, missed = [], []
    for finding, settings in by_finding.items():
        every = [hit for _, found in settings for hit in found]
        rows.append([finding, str(len(settings)), f"{sum(every)} of {len(every)}"])
        missed += [
            f"{finding}, {setting}: found in {sum(f)} of {len(f)}; said instead: {'; '.join(result['instead'][finding, setting])}"
            for setting, f in settings
            if not all(f)
        ]
    every = [hit for found in result["hits"].values() for hit in found]
    rows.append(["all", str(len(result["hits"])), f"{sum(every)} of {len(every)}"])
    text = "Planted faults that were found:\n\n" + table(["finding", "settings", "found"], rows)
    text += "".join(f"\nMissed: {line}\n" for line in missed)
    text += (
        f"\nHealthy runs: {result['healthy']} (and {result['unhealthy']} that did not reach the bar). False alarms: "
    )
    text += f"{len(result['alarms'])}.\n" + "".join(f"\n* {line}\n" for line in result["alarms"])
    if result["figures"]:
        extremes = [
            [name, f"{np.nanmin(v):.3g}", f"{np.nanmedian(v):.3g}", f"{np.nanmax(v):.3g}", FIGURES[name][1]]
            for name, v in result["figures"].items()
        ]
        text += "\nOver the healthy runs:\n\n" + table(["figure", "least", "median", "most", "finding"], extremes)
    return text


def goals(result: dict[str, Any]) -> list[Goal]:
    """False alarms: at most one healthy run in fifty."""
    share = len(result["alarms"]) / max(result["healthy"], 1)
    return [Goal("share of healthy runs with a finding", share, 0.02, "at most", f"of {result['healthy']} runs")]


def looks() -> list[Look]:
    """A list that every look of `fit` is added to from now on."""
    seen: list[Look] = []
    take = watch.look

    def kept(*arguments: Any, **options: Any) -> Look:
        seen[:] = [take(*arguments, **options)]
        return seen[0]

    watch.look = kept
    return seen


if __name__ == "__main__":
    back = looks() if "--figures" in sys.argv else None
    if back is not None:
        next(iter(healthy((0,)))).fit(epochs=1)
    outcome = measure("--quick" in sys.argv, back)
    print(report(outcome))
    print("\n".join(str(goal) for goal in goals(outcome)))
