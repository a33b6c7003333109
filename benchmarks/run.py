"""Everything that is measured, in one run: prints the tables, and the goals beside the figures; keeps both.

Run it as `python benchmarks/run.py [--quick] [--no-save] [--only PART]`; `--only` may be given several times.

Writes benchmarks/results/DATE-CPU.json and .md and the charts. A peer that is not installed is named and left out.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

import chart
import estimators
import findings_cost
import first_fit
import import_and_size
import machine
import predict_one
import scaling
import sweep_many
import training_step
from verdict import GOAL_COLUMNS, Goal, table

PARTS = {
    "One training step": training_step,
    "The first fit": first_fit,
    "One prediction": predict_one,
    "Findings": findings_cost,
    "Estimators": estimators,
    "Import and size": import_and_size,
    "Many networks": sweep_many,
    "Scaling": scaling,
}


def header(where: dict[str, Any], minutes: float, quick: bool) -> str:
    """Machine, versions and date, in Markdown."""
    versions = ", ".join(f"{name} {version or 'not installed'}" for name, version in where["versions"].items())
    text = f"# Benchmarks, {where['date']}\n\n"
    text += f"{where['cpu']}, {where['cores']} cores, {where['system']}, Python {where['python']}, {where['blas']}.\n"
    text += f"{versions}.\nThe JAX engine on {', '.join(where['devices'])}.\n"
    text += f"Load before the run: {where['load_before']}; the run took {minutes:.0f} minutes.\n"
    if where["threads_set"]:
        text += f"Threads were set: {where['threads_set']}.\n"
    if quick:
        text += "**A quick run: few rounds, for trying the scripts out, not for quoting.**\n"
    return text


def summary(goals: list[Goal]) -> str:
    """One line: how many goals were met, and which were not."""
    short = [f"{goal.what} ({goal.verdict})" for goal in goals if not goal.met]
    return f"{len(goals) - len(short)} of {len(goals)} goals met" + (
        f"; not met: {', '.join(short)}." if short else "."
    )


def asked_for() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure everything, or parts of it.")
    parser.add_argument("--quick", action="store_true", help="few rounds, for trying the scripts out")
    parser.add_argument("--no-save", action="store_true", help="print only")
    names = [part.__name__ for part in PARTS.values()]
    parser.add_argument("--only", action="append", choices=names, metavar="PART", help=", ".join(names))
    return parser.parse_args()


def main() -> None:
    """Measure, print, keep."""
    asked = asked_for()
    parts = {title: part for title, part in PARTS.items() if asked.only is None or part.__name__ in asked.only}
    where = machine.describe()
    stem = "-".join([where["date"], machine.slug(where["cpu"]), *(asked.only or [])]) + (
        "-quick" if asked.quick else ""
    )
    begin = time.perf_counter()
    outcomes: dict[str, Any] = {}
    goals, texts, charts = [], [], {}
    for title, part in parts.items():
        print(f"{title} ...", file=sys.stderr)
        started = time.perf_counter()
        outcomes[title] = outcome = part.measure(asked.quick)
        print(f"  {time.perf_counter() - started:.0f} s", file=sys.stderr)
        drawn = part.charts(outcome) if hasattr(part, "charts") else {}
        pictures = "".join(f"\n![{name}]({stem}-{name}.svg)\n" for name in drawn)
        texts.append(f"\n## {title}\n\n{part.report(outcome)}{pictures}")
        goals += part.goals(outcome)
        charts |= drawn
    line = summary(goals)
    text = header(where, (time.perf_counter() - begin) / 60, asked.quick)
    text += f"\n## Goals\n\n{table(GOAL_COLUMNS, [goal.row() for goal in goals])}\n{line}\n" + "".join(texts)
    print(text)
    if not asked.no_save:
        chart.save(charts, stem)
        kept = {"machine": where, "quick": asked.quick, "goals": [vars(g) | {"verdict": g.verdict} for g in goals]}
        (chart.RESULTS / f"{stem}.json").write_text(json.dumps(kept | outcomes, indent=1) + "\n")
        (chart.RESULTS / f"{stem}.md").write_text(text)
        print(f"Kept as benchmarks/results/{stem}.md and .json")
    print(line)


if __name__ == "__main__":
    main()
