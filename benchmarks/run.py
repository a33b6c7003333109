"""Everything that is measured, in one run: prints the tables, and the goals beside the figures; keeps both.

Run it as `python benchmarks/run.py [--quick] [--no-save]`.

Writes benchmarks/results/DATE-CPU.json and .md and two charts. A peer that is not installed is named and left out.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import import_and_size
import machine
import predict_one
import scaling
import training_step
from verdict import GOAL_COLUMNS, Goal, table

PARTS = {
    "One training step": training_step,
    "One prediction": predict_one,
    "Import and size": import_and_size,
    "Scaling": scaling,
}


def header(where: dict[str, Any], minutes: float, quick: bool) -> str:
    """Machine, versions and date, in Markdown."""
    versions = ", ".join(f"{name} {version or 'not installed'}" for name, version in where["versions"].items())
    text = f"# Benchmarks, {where['date']}\n\n"
    text += f"{where['cpu']}, {where['cores']} cores, {where['system']}, Python {where['python']}, {where['blas']}.\n"
    text += f"{versions}.\nLoad before the run: {where['load_before']}; the run took {minutes:.0f} minutes.\n"
    if where["threads_set"]:
        text += f"Threads were set: {where['threads_set']}.\n"
    if quick:
        text += "**A quick run: few rounds, for trying the scripts out, not for quoting.**\n"
    return text


def goal_table(goals: list[Goal]) -> str:
    """Every goal with its figure and 'met' or 'short by'."""
    met = sum(goal.met for goal in goals)
    return table(GOAL_COLUMNS, [goal.row() for goal in goals]) + f"\n{met} of {len(goals)} goals met.\n"


def main() -> None:
    """Measure, print, keep."""
    quick = "--quick" in sys.argv
    where = machine.describe()
    stem = f"{where['date']}-{machine.slug(where['cpu'])}" + ("-quick" if quick else "")
    begin = time.perf_counter()
    outcomes, goals, texts = {}, [], []
    for title, part in PARTS.items():
        print(f"{title} ...", file=sys.stderr)
        outcomes[title] = outcome = part.measure(quick)
        texts.append(f"\n## {title}\n\n{part.report(outcome)}")
        goals += part.goals(outcome) if hasattr(part, "goals") else []
    text = header(where, (time.perf_counter() - begin) / 60, quick)
    text += f"\n## Goals\n\n{goal_table(goals)}" + "".join(texts)
    for axis in scaling.TITLES:
        text += f"\n![cost by {axis}]({stem}-by-{axis}.svg)\n"
    print(text)
    if "--no-save" not in sys.argv:
        scaling.save_charts(outcomes["Scaling"], stem)
        kept = {"machine": where, "quick": quick, "goals": [vars(g) | {"verdict": g.verdict} for g in goals]} | outcomes
        (scaling.RESULTS / f"{stem}.json").write_text(json.dumps(kept, indent=1) + "\n")
        (scaling.RESULTS / f"{stem}.md").write_text(text)
        print(f"Kept as benchmarks/results/{stem}.md and .json")


if __name__ == "__main__":
    main()
