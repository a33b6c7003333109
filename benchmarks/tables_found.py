"""How often planted faults of tables are found (leaks, imbalance, identifiers ...), and what is said of clean tables.

Run it as `python benchmarks/tables_found.py [--quick]`; half a minute. The tables are those of `tests/planted_tables.py`,
made anew from each seed; the rules' thresholds were chosen on seeds 0 to 5, these are others. Warnings that are no alarm
(rare categories, few rows, which task was chosen) are not counted.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from verdict import Goal, table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from planted_tables import SERIOUS, clean, decided_by_one, planted, warnings_of


def measure(quick: bool = False) -> dict[str, Any]:
    """All planted and all clean tables with some seeds."""
    hits: dict[str, list[bool]] = defaultdict(list)
    false: list[tuple[str, str]] = []
    alike: list[bool] = []
    silent = tables = 0
    for seed in range(100, 101 if quick else 120):
        for name, columns, target, expected in planted(seed):
            said = {(warn.what, warn.column) for warn in warnings_of(columns, target, seed)}
            for what, column in expected:
                hits[f"{what}: {name}"].append((what, column) in said)
            false += [(name, f"{what} {column}") for what, column in said - expected if what in SERIOUS]
        for name, columns, target in clean(seed):
            warns = [warn for warn in warnings_of(columns, target, seed) if warn.what in SERIOUS]
            tables += 1
            silent += not warns
            false += [(name, str(warn)) for warn in warns]
        for _, columns, target in decided_by_one(seed):
            alike.append(any(warn.what == "leakage" for warn in warnings_of(columns, target, seed)))
    counted = {name: [sum(found), len(found)] for name, found in hits.items()}
    return {"hits": counted, "silent": silent, "clean": tables, "false": false, "alike": alike}


def report(result: dict[str, Any]) -> str:
    """The tables, in Markdown."""
    by_sort: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for name, (found, of) in result["hits"].items():
        what, _, where = name.partition(": ")
        by_sort[what].append((where, found, of))
    rows = [
        [what, str(len(cases)), f"{sum(c[1] for c in cases)} of {sum(c[2] for c in cases)}"]
        for what, cases in by_sort.items()
    ]
    text = "Planted faults that were found:\n\n" + table(["fault", "tables", "found"], rows)
    for what, cases in by_sort.items():
        text += "".join(
            f"\nMissed: {what}, {where}: found in {found} of {of}\n" for where, found, of in cases if found < of
        )
    text += f"\nClean tables without a word: {result['silent']} of {result['clean']}.\n"
    text += f"Tables in which one column decides, taken for leaks: {sum(result['alike'])} of {len(result['alike'])}.\n"
    return text + "".join(f"\n* {name}: {said}\n" for name, said in result["false"])


def goals(result: dict[str, Any]) -> list[Goal]:
    """What the rates are held to."""
    found, of = (sum(pair[place] for pair in result["hits"].values()) for place in (0, 1))
    alarms = 1.0 - result["silent"] / result["clean"]
    return [
        Goal("share of planted faults found", found / of, 0.98, "at least", f"of {of}"),
        Goal("share of clean tables with a warning", alarms, 0.02, "at most", f"of {result['clean']}"),
    ]


if __name__ == "__main__":
    outcome = measure("--quick" in sys.argv)
    print(report(outcome))
    print("\n".join(str(goal) for goal in goals(outcome)))
