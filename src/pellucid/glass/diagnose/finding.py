"""A finding: what was seen where, why, and what to try; and a list of them that shows itself."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, SupportsIndex, overload

from pellucid.errors import InputError

PAGES = Path(__file__).parent / "pages"  # one page a finding, called as it is; README.md lists them


@dataclass(frozen=True, repr=False)
class Finding:
    """One thing that is wrong, or is likely to be.

    `name`: what it is called, such as "dead-units", and the name of its page; `where`: "layer 1, ReLU()", "inputs",
    "targets", "training" or "validation data"; `says`: one sentence with the figure; `cause`: how it is likely to have
    come about; `advice`: what to try; `figure`: the number that was compared with the rule's threshold; `layer`: the
    layer's path or None; `units`: the units or columns it is about; `epoch`: when `fit` saw it first, None elsewhere.
    """

    name: str
    where: str
    says: str
    cause: str
    advice: str
    figure: float
    layer: str | None = None
    units: tuple[int, ...] = ()
    epoch: int | None = None

    @property
    def page(self) -> str:
        """The command that prints its page: what it means, how it comes about, what to try, with an example."""
        return f"pellucid diagnose --page {self.name}"

    def more(self) -> str:
        """Its page, as Markdown."""
        return page(self.name)

    @property
    def line(self) -> str:
        """Name, place and figure in one line."""
        return f"{self.name} ({self.where}): {self.says}"

    def seen(self, epoch: int | None) -> Finding:
        """The same, first seen in `epoch`."""
        return replace(self, epoch=epoch)

    def as_dict(self) -> dict[str, Any]:
        """Everything in it, as JSON knows it."""
        return {**vars(self), "units": list(self.units), "page": self.page}

    def text(self, width: int = 100) -> str:
        """All sentences, wrapped at `width` characters."""
        since = f"  (first seen after epoch {self.epoch})" if self.epoch is not None else ""
        rows = [("", self.says), ("likely cause: ", self.cause), ("try: ", self.advice), ("more: ", self.page)]
        wrapped = [
            textwrap.fill(
                words, width, initial_indent=f"    {head}", subsequent_indent="      ",
                break_long_words=False, break_on_hyphens=False,
            )
            for head, words in rows
        ]  # fmt: skip
        return "\n".join([f"{self.name}  {self.where}{since}", *wrapped])

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return f'<ul style="{_LIST}">{_item(self)}</ul>'

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": self.text()}


def page(name: str) -> str:
    """The page of the finding called `name`, as Markdown; InputError with the names there are for any other."""
    names = sorted(path.stem for path in PAGES.glob("*.md") if path.stem != "README")
    if name not in names:
        raise InputError(f"There is no finding {name!r}. Findings: {', '.join(names)}.")
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


NOTHING = "Nothing found: no dead or saturated units, gradients and updates of usual size, data and curves in order."


class Findings(list[Finding]):
    """A list of findings, the likely roots of the others first. It shows itself on a terminal and in a notebook.

    `partly`: what could not be looked at, and why; empty where everything was.
    """

    def __init__(self, found: Iterable[Finding] = (), partly: str = "") -> None:
        super().__init__(found)
        self.partly = partly

    @property
    def names(self) -> list[str]:
        """The names of all findings, in order."""
        return [finding.name for finding in self]

    @overload
    def __getitem__(self, key: SupportsIndex | str) -> Finding: ...
    @overload
    def __getitem__(self, key: slice) -> list[Finding]: ...
    def __getitem__(self, key: Any) -> Any:
        """By place, or by name: ``findings["dead-units"]``."""
        if isinstance(key, str):
            if key not in self.names:
                raise KeyError(f"{key!r} was not found; there is {', '.join(self.names) or 'nothing'}")
            return self[self.names.index(key)]
        return super().__getitem__(key)

    def as_dict(self) -> list[dict[str, Any]]:
        """Everything in them, as JSON knows it."""
        return [finding.as_dict() for finding in self]

    def text(self, width: int = 100) -> str:
        """All sentences of all findings."""
        parts = [finding.text(width) for finding in self] or [NOTHING]
        return "\n\n".join([*parts, self.partly] if self.partly else parts)

    def __repr__(self) -> str:
        return self.text()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.text())  # IPython shows lists its own way otherwise

    def to_html(self) -> str:
        """The same as a piece of a page: it takes the page's own colours, light or dark, and needs no script."""
        if not self:
            inner = f"<p>{html.escape(NOTHING)}</p>"
        else:
            inner = f'<ul style="{_LIST}">{"".join(map(_item, self))}</ul>'
        partly = f"<p>{html.escape(self.partly)}</p>" if self.partly else ""
        return f'<section aria-label="Findings" style="{_BLOCK}">{inner}{partly}</section>'

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.to_html(), "text/plain": self.text()}


_BLOCK = "max-width:48em;line-height:1.45"
_LIST = "list-style:none;margin:0;padding:0"
# No colour of our own but in the bar, which is over 3:1 on white and on near-black; the words say everything.
_ITEM = "margin:0 0 1em 0;padding:.1em 0 .1em .9em;border-left:4px solid #D55E00"
_CODE = "font-size:1em;background:none;color:inherit;padding:0"


def _item(finding: Finding) -> str:
    since = f" (first seen after epoch {finding.epoch})" if finding.epoch is not None else ""
    rows = [("Likely cause", finding.cause), ("Try", finding.advice), ("More", finding.page)]
    listed = "".join(f"<div><strong>{head}:</strong> {html.escape(words)}</div>" for head, words in rows)
    return (
        f'<li style="{_ITEM}"><div><code style="{_CODE}"><strong>{html.escape(finding.name)}</strong></code> '
        f"{html.escape(finding.where + since)}</div><div>{html.escape(finding.says)}</div>{listed}</li>"
    )
