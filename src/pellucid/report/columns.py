"""What it was trained on: the data, its columns, what was doubtful about them, how the rows were split."""

from __future__ import annotations

from pellucid.report.blocks import Items, Section, Table, Text, facts
from pellucid.report.record import Record
from pellucid.report.words import counted, listed, plain, sentence, short

SHOWN = 200  # columns of the table
EXAMPLES = 3


def data(record: Record) -> Section:
    """Rows, target, task."""
    section = Section("data", "The data")
    about, target = record["data"] or {}, record["target"] or {}
    classes = target.get("classes") or []
    dropped = about.get("dropped")
    section.add(
        facts([
            ("Name", about.get("name") or ""),
            ("Read from", about.get("origin") or ""),
            ("Size", ", ".join(w for w in (counted(about.get("rows"), "row"), counted(about.get("columns"), "column")) if w)),
            ("Left out", f"{counted(dropped, 'row')} without a target or a time to divide by" if dropped else ""),
            ("Target", listed(target.get("names") or [])),
            ("Task", target.get("task") or ""),
            ("Why this task", sentence(target.get("why") or "")),
            ("Classes", f"{len(classes):,}: {listed(classes, 20)}" if classes else ""),
        ])
    )  # fmt: skip
    return section


def warnings(record: Record) -> Section:
    """One sentence each, with what to type to change it."""
    section = Section("warnings", "Warnings about the data")
    notes = [words for words in record["notes"] or [] if words]
    found = [(row["what"] or "", row["text"], _flag(row)) for row in record["warnings"] or [] if row["text"]]
    if found:
        section.add(Items(found[:SHOWN]))
        if len(found) > SHOWN:
            section.add(Text(f"{len(found) - SHOWN} more warnings are not shown."))
    elif record["warnings"] is not None:
        section.add(Text("None. No leak from the target, no imbalance, no doubtful column was seen."))
    section.add(Items([("", words, "") for words in notes[:SHOWN]]) if notes else None)
    return section


def columns(record: Record) -> Section:
    """Every column, what it was taken for, and by which rule."""
    section = Section("columns", "The columns")
    found = (record["plan"] or {}).get("columns") or []
    if not found:
        return section
    used = sum(_use(row).endswith("input") for row in found)
    section.add(
        Text(
            f"{counted(used, 'column')} of {len(found):,} {'is an input' if used == 1 else 'are inputs'} of the network."
        )
    )
    cells = [
        [row["name"] or "", row["kind"] or "", _use(row), row["rule"] or "", _empty(row), plain(row["distinct"]),
         ", ".join(short(plain(value)) for value in (row["examples"] or [])[:EXAMPLES])]
        for row in found[:SHOWN]
    ]  # fmt: skip
    cut = f" (the first {SHOWN} of {len(found):,})" if len(found) > SHOWN else ""
    head = ["column", "kind", "use", "rule", "empty", "different", "examples"]
    section.add(Table("What each column was taken for" + cut, head, cells, numeric=False))
    return section


def _use(row: Record) -> str:
    """What became of a column."""
    reason = row["reason"] or ""
    if reason in ("target", "group", "time", "cycles"):
        return "time; its cycles are input" if reason == "cycles" else reason
    return f"left out: {reason}" if reason else "left out" if row["kind"] == "ignored" else "input"


def _flag(row: Record) -> str:
    """What to type to change it, where the sentence does not say so."""
    flag = row["flag"] or ""
    return "" if flag in row["text"] else flag


def _empty(row: Record) -> str:
    """How many rows have no value, those among them that could not be read."""
    unread = f" ({row['unread']:,} unreadable)" if row["unread"] else ""
    return plain(row["missing"]) + unread


def split(record: Record) -> Section:
    """Who was trained on, who was tested on."""
    section = Section("split", "How the rows were split")
    found = record["split"]
    if not found:
        return section
    section.add(Text(sentence(found["why"])) if found["why"] else None)
    section.add(
        facts([
            ("Method", found["method"] or ""),
            ("Seed", found["seed"] or ""),
            ("Training", counted(found["train"], "row")),
            ("Validation", counted(found["validation"], "row")),
            ("Test", counted(found["test"], "row") if found["test"] else ""),
            ("Folds", counted(found["folds"], "fold") if found["folds"] else ""),
        ])
    )  # fmt: skip
    return section
