"""What `diagnose` found, in the words of the table: names of columns and classes for their numbers, options of the training."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.options import option
from pellucid.tables.wording import shown

if TYPE_CHECKING:
    from pellucid.glass.diagnose.finding import Finding
    from pellucid.tables.encoder import Encoder
    from pellucid.tables.target import Target

_BALANCED = "which makes every class count alike; judge by balanced accuracy, or by the recall of each class."


def worded(found: Iterable[Finding], encoder: Encoder, target: Target) -> list[Finding]:
    """The same findings; those that count classes or inputs say which these are."""
    columns = [encoder.columns[number] for number in encoder.column_of]
    return [_worded(finding, columns, target.classes) for finding in found]


def _worded(finding: Finding, columns: Sequence[str], classes: Sequence[str]) -> Finding:
    if finding.name == "class-imbalance" and classes:
        says = re.sub(r"\bclass (\d+)", lambda found: f"class {shown(classes[int(found[1])])!r}", finding.says)
        return replace(finding, says=says, advice=f"{option('class_weights', 'balanced')}, {_BALANCED}")
    if finding.name == "constant-inputs":
        return _constant(finding, columns)
    return finding


def _constant(finding: Finding, columns: Sequence[str]) -> Finding:
    same = set(finding.units)
    names = list(dict.fromkeys(columns[number] for number in finding.units))
    whole = [name for name in names if all(k in same for k, other in enumerate(columns) if other == name)]
    some = ", ".join(repr(shown(name)) for name in names[:8]) + (", ..." if len(names) > 8 else "")
    holds = f"{len(same)} of {len(columns)} inputs {'holds' if len(same) == 1 else 'hold'} the same value in all rows"
    drop = option("drop", whole[:8]) if whole else ""
    return replace(
        finding,
        says=f"{holds} that it learns from: made of {some}.",
        cause="values that are as rare as that, or a column with too many of them to have an input each.",
        advice=f"{drop}: the network learns nothing from it."
        if drop
        else "nothing, if these values are known to be rare.",
    )
