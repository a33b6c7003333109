"""Goals beside figures, and tables in Markdown."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Goal:
    """What was promised and what was measured; `sense` is "at least" or "at most"."""

    what: str
    figure: float
    goal: float
    sense: str
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether the figure keeps the promise; no rounding in its favour."""
        return self.figure >= self.goal if self.sense == "at least" else self.figure <= self.goal

    @property
    def verdict(self) -> str:
        """'met', or 'short by' the share of the goal that is missing."""
        if self.met:
            return "met"
        return f"short by {abs(self.goal - self.figure) / self.goal:.0%}"

    def row(self) -> list[str]:
        """A line of the table of goals."""
        return [self.what, f"{self.figure:.3g}", f"{self.sense} {self.goal:g}", self.verdict, self.note]

    def __str__(self) -> str:
        return f"{self.what}: {self.figure:.3g} (goal: {self.sense} {self.goal:g}): {self.verdict}; {self.note}"


GOAL_COLUMNS = ["what", "figure", "goal", "verdict", "note"]


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, padded so that it reads on a terminal too; all but the first column to the right."""
    widths = [max(len(row[i]) for row in [columns, *rows]) for i in range(len(columns))]
    rule = ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]
    lines = []
    for row in [columns, rule, *rows]:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("| " + " | ".join(cells) + " |\n")
    return "".join(lines)
