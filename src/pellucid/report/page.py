"""From a record to a page: the sections in their order, then the template."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.glass.colours import DARK, LIGHT
from pellucid.model import Model
from pellucid.report import again, columns, inside, mistakes, verdict
from pellucid.report.blocks import Figure, Section
from pellucid.report.record import read, without_rows

if TYPE_CHECKING:
    from jinja2 import Environment

_STYLE = re.compile("<style>(.*?)</style>\n?", re.DOTALL)  # of a picture: its text is ours, foreign text has no "<"
_VERDICTS = {
    True: ("good", "✓", "Better than every baseline"),
    False: ("bad", "✗", "Not better than the baselines"),
    None: ("open", "≈", "No clear difference to the baselines"),
}


def render(model: Model, raw: Any, inputs: Sequence[str] | None, rows: bool) -> str:
    """The whole page. `raw`: the record as it stands in the file, or None."""
    record = read(raw) if rows else without_rows(read(raw))
    sections = [section for section in _sections(model, record, inputs, raw is not None) if section.blocks]
    environment = _environment()
    style = environment.get_template("page.css").render(light=LIGHT, dark=DARK)
    style = "\n".join([style, *_take_styles(sections)])
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    name = (record["data"] or {}).get("name") or ""
    targets = ", ".join((record["target"] or {}).get("names") or [])
    return environment.get_template("page.html").render(
        title=f"Report on {targets} from {name}" if targets and name else f"Report on {targets or name or 'a network'}",
        created=_moment(record["created"]),
        badge=_badge(record),
        sections=sections, style=style, digest=digest,
    )  # fmt: skip


def _badge(record: dict[str, Any]) -> tuple[str, str, str] | None:
    """(look, mark, words) of the verdict; None where there is none, and where there was nothing to compare with."""
    wins = (record["verdict"] or {}).get("wins")
    return _VERDICTS[wins] if wins is not None or (record["verdict"] and record["differences"]) else None


def _sections(model: Model, record: dict[str, Any], inputs: Sequence[str] | None, told: bool) -> list[Section]:
    return [
        verdict.verdict(record),
        columns.data(record),
        columns.warnings(record),
        columns.columns(record),
        columns.split(record),
        mistakes.mistakes(record),
        verdict.importance(record),
        mistakes.worst(record),
        inside.network(model, record, inputs),
        inside.learning(model, record),
        inside.health(model, record),
        again.repeat(record),
        again.limits(record, told),
        again.versions(record, _moment(record["created"])),
    ]


def _moment(iso: str | None) -> str:
    """A moment as people write it; what is none stays as it is."""
    try:
        moment = datetime.fromisoformat(iso or "")
    except ValueError:
        return iso or ""
    return f"{moment:%Y-%m-%d %H:%M} {moment.tzname() or ''}".strip()


def _take_styles(sections: list[Section]) -> list[str]:
    """Take the styles out of the pictures and return each once.

    One style for all, so that the page's policy can name it by its digest and allow no other.
    """
    styles: dict[str, None] = {}
    for section in sections:
        for place, block in enumerate(section.blocks):
            if isinstance(block, Figure):
                styles |= dict.fromkeys(_STYLE.findall(block.svg))
                section.blocks[place] = replace(block, svg=_STYLE.sub("", block.svg))
    return list(styles)


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=lambda name: name is None or not name.endswith(".css"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["ours"] = Markup  # markup that glass wrote, in which everything foreign is escaped
    return environment
