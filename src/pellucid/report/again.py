"""How to repeat it, what it does not say, and what it was made with."""

from __future__ import annotations

from pellucid.report.blocks import Code, Items, Section, Text, facts
from pellucid.report.record import Record
from pellucid.report.words import plain

LISTED = 40


def repeat(record: Record) -> Section:
    """The command, the code and the settings that give the same network."""
    section = Section("repeat", "How to repeat it")
    codes = [
        ("On the command line", record["command"]),
        ("In Python", record["python"]),
        ("run.toml, for pellucid train --config run.toml", (record["run_toml"] or "").replace("THIS_FILE", "run.toml")),
    ]
    section.add(*(Code(caption, words) for caption, words in codes if words))
    if section.blocks:
        section.blocks.insert(
            0,
            Text(
                "Each of these trains it again from the same data. With the versions below, on the same kind of machine, the "
                "network is the same; elsewhere numbers are rounded differently, and training may end a little elsewhere."
            ),
        )
    return section


def limits(record: Record, told: bool) -> Section:
    """What the figures do not say."""
    section = Section("limits", "What this report does not say")
    sentences = [words for words in record["limits"] or [] if words]
    if not told:
        sentences.append(
            "This model was trained on arrays. Its file holds the network and its curves, but no record of the data: "
            "nothing here says how good it is on rows that it has not seen."
        )
    section.add(Items([("", words, "") for words in sentences[:LISTED]]) if sentences else None)
    return section


def versions(record: Record, created: str) -> Section:
    """What it was made with, and the mark of the data."""
    section = Section("versions", "Versions and data")
    about = record["data"] or {}
    section.add(
        facts([
            ("Trained", created),
            *[(name, plain(version)) for name, version in list((record["versions"] or {}).items())[:LISTED]],
            ("SHA-256 of the data", about.get("sha256") or ""),
        ])
    )  # fmt: skip
    return section
