"""What a check of gradients found: a verdict for each, the worst entry of each, and what was wrong besides."""

from __future__ import annotations

import html
import textwrap
from dataclasses import asdict, dataclass, field
from typing import Any

from pellucid.errors import ContractError

WIDTH = 80
HEAD = ("gradient of", "verdict", "entries", "worst at", "expected", "found", "error")


@dataclass
class Verdict:
    """One array's gradient.

    `status`: "ok", "wrong", "substitute" (deliberately not the derivative, and declared so) or "not judged".
    `entries`: how many the array has; `checked`: how many were compared; `on_kinks`: how many could not be.
    `index`, `expected`, `found`, `relative_error`: of the worst entry. `kind`, `sentence`: what sort of mistake it is.
    """

    name: str
    status: str
    entries: int
    checked: int
    on_kinks: int
    training: bool
    index: tuple[int, ...] | None = None
    expected: float | None = None
    found: float | None = None
    relative_error: float = 0.0
    kind: str = ""
    sentence: str = ""

    @classmethod
    def unusable(cls, name: str, entries: int, training: bool, kind: str, sentence: str) -> Verdict:
        """The verdict on a gradient that cannot be compared."""
        return cls(name, "wrong", entries, 0, 0, training, relative_error=1.0, kind=kind, sentence=sentence)

    @property
    def rank(self) -> tuple[int, float]:
        """How bad it is, to sort by."""
        return ("ok", "substitute", "not judged", "wrong").index(self.status), self.relative_error

    def row(self) -> tuple[str, ...]:
        """The cells of its line in the table."""
        place = "" if self.index is None else "[" + ", ".join(map(str, self.index)) + "]"
        numbers = ["" if n is None else f"{n + 0.0:.5g}" for n in (self.expected, self.found)]
        error = f"{self.relative_error:.0e}" if self.relative_error < 0.01 else f"{self.relative_error:.2g}"
        if self.status == "not judged" and not self.checked:
            place, numbers, error = "", ["", ""], ""
        return (self.name, self.status, f"{self.checked}/{self.entries}", place, *numbers, error)


@dataclass(frozen=True)
class Finding:
    """Something besides a gradient's value: `kind` in a word, `sentence` for a person, `wrong` or only worth knowing."""

    kind: str
    sentence: str
    wrong: bool = True


@dataclass
class GradientReport:
    """The result of `check_gradients`.

    `ok`: nothing is wrong and every gradient could be judged. `parameters`: a `Verdict` by name, "inputs" (of a loss:
    "outputs") among them. `findings`: what was seen besides. `points`: what it was checked with.

    >>> from pellucid.glass.gradients import check_gradients
    >>> from pellucid.layers import Tanh
    >>> report = check_gradients(Tanh())
    >>> report.ok, report.parameters["inputs"].status
    (True, 'ok')
    """

    subject: str
    parameters: dict[str, Verdict] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    points: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong and nothing had to be left unjudged."""
        judged = all(one.status in ("ok", "substitute") for one in self.parameters.values())
        return judged and not any(finding.wrong for finding in self.findings)

    @property
    def wrong(self) -> bool:
        """Whether something is wrong for certain."""
        return any(one.status == "wrong" for one in self.parameters.values()) or any(f.wrong for f in self.findings)

    @property
    def worst(self) -> Verdict | None:
        """The gradient that is furthest off; None where there is none at all."""
        return max(self.parameters.values(), key=lambda one: one.rank, default=None)

    def raise_if_wrong(self) -> GradientReport:
        """Itself, or a `ContractError` that holds the whole report."""
        if self.wrong:
            raise ContractError(str(self))
        return self

    def to_dict(self) -> dict[str, Any]:
        """Everything as dicts, lists, text and numbers, ready for JSON."""
        finite = {name: asdict(one) for name, one in self.parameters.items()}
        for row in finite.values():
            row["index"] = None if row["index"] is None else list(row["index"])
            for figure in ("expected", "found"):
                number = row[figure]
                row[figure] = number if number is not None and abs(number) < float("inf") else None
        return {
            "subject": self.subject, "ok": self.ok, "wrong": self.wrong, "verdict": self.verdict(),
            "parameters": finite, "findings": [asdict(finding) for finding in self.findings], "points": self.points,
        }  # fmt: skip

    # -- in words ------------------------------------------------------------------------------------------------

    def verdict(self) -> str:
        """The result in a sentence."""
        count = len(self.parameters)
        bad = [name for name, one in self.parameters.items() if one.status == "wrong"]
        open_ = [name for name, one in self.parameters.items() if one.status == "not judged"]
        gradients = f"{count} gradient{'s' * (count != 1)}"
        if bad:
            if count == 1:
                return f"WRONG: the gradient of {bad[0]} is not the derivative of forward."
            return f"WRONG: {len(bad)} of {gradients} {_is(bad)} not the derivative of forward: {_and(bad)}."
        if any(finding.wrong for finding in self.findings):
            kinds = _and(list(dict.fromkeys(finding.kind for finding in self.findings if finding.wrong)))
            return f"WRONG: not a gradient's value, but how it comes about ({kinds})."
        if open_:
            return f"Not all could be judged: {_and(open_)} ({count - len(open_)} of {gradients} right)."
        if not count:
            return "Nothing to check: whole numbers go in, and there is no parameter."
        passed = [name for name, one in self.parameters.items() if one.status == "substitute"]
        if passed:
            return f"OK: {count - len(passed)} of {gradients} right; a declared substitute: {_and(passed)}."
        return f"OK: {gradients} right."

    def __str__(self) -> str:
        lines = [*textwrap.wrap(self.subject, WIDTH, max_lines=4, subsequent_indent="  ")]
        lines += textwrap.wrap(self.verdict(), WIDTH, break_long_words=False, break_on_hyphens=False)
        if self.parameters:
            lines += ["", *_table([one.row() for one in self.parameters.values()])]
        for name, text in self.sentences():
            lines += ["", *textwrap.wrap(f"{name}: {text}", WIDTH, break_long_words=False, break_on_hyphens=False)]
        if self.points:
            lines += ["", *textwrap.wrap(f"Checked with {'; '.join(self.points)}.", WIDTH, break_on_hyphens=False)]
        return "\n".join(lines)

    def sentences(self) -> list[tuple[str, str]]:
        """(what it is about, sentence) for each thing to be said, the wrong ones first."""
        said = [(one.name, one.sentence) for one in self.parameters.values() if one.sentence]
        ordered = sorted(self.findings, key=lambda finding: not finding.wrong)
        return [*said, *((f.kind if f.wrong else f"note, {f.kind}", f.sentence) for f in ordered)]

    __repr__ = __str__

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": str(self)}

    def _repr_html_(self) -> str:
        style = "text-align:right;padding:0.2em 0.7em;font-variant-numeric:tabular-nums"
        left = "text-align:left;padding:0.2em 0.7em"
        head = "".join(f'<th scope="col" style="{left if i < 2 else style}">{c}</th>' for i, c in enumerate(HEAD))
        body = ""
        for one in self.parameters.values():
            name, status, *cells = (html.escape(cell) for cell in one.row())
            shown = f"<strong>{status}</strong>" if one.status == "wrong" else status
            body += f'<tr><th scope="row" style="{left}">{name}</th><td style="{left}">{shown}</td>'
            body += "".join(f'<td style="{style}">{cell}</td>' for cell in cells) + "</tr>"
        said = "".join(
            f"<li><strong>{html.escape(name)}</strong>: {html.escape(text)}</li>" for name, text in self.sentences()
        )
        caption = f"<code>{html.escape(self.subject)}</code><br>{html.escape(self.verdict())}"
        table = f"<table><caption style='text-align:left'>{caption}</caption><thead><tr>{head}</tr></thead>"
        points = html.escape(f"Checked with {'; '.join(self.points)}." if self.points else "")
        wide = (
            '<div style="overflow-x:auto" tabindex="0" role="group" aria-label="Gradients">'  # scrolls on narrow pages
        )
        return (
            f"{wide}{table}<tbody>{body}</tbody></table></div>"
            + (f"<ul>{said}</ul>" if said else "")
            + f"<p>{points}</p>"
        )


def _and(names: list[str]) -> str:
    shown = names if len(names) <= 6 else [*names[:5], f"{len(names) - 5} more"]
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1]


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    """Lines of at most 80 characters: names and verdicts to the left, figures to the right."""
    rows = [tuple(cell if len(cell) <= 20 else f"...{cell[-17:]}" for cell in row) for row in [HEAD, *rows]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    gap = "  " if sum(widths) + 2 * len(widths) - 2 <= WIDTH else " "
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0]), row[1].ljust(widths[1])]
        cells += [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]
        lines.append(gap.join(cells).rstrip())
    return lines
