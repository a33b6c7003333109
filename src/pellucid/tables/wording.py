"""Names of columns in sentences."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from pellucid.errors import InputError
from pellucid.options import option, printable

SHOWN = 40


def shown(text: str, width: int = SHOWN) -> str:
    """A name or a value in one line: what cannot be printed is escaped, what is long is cut."""
    text = printable(text)
    return text if len(text) <= width else text[: width - 3] + "..."


def listed(words: list[str]) -> str:
    """Several things in a sentence: "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def without(missing: list[str], commands: list[str]) -> str:
    """The end of a sentence on what was written: what was left out, and the commands that make it; "" where nothing was."""
    if not missing:
        return ""
    return f"; left out: {listed(missing)}. For {'those' if missing[1:] else 'that'}: {listed(commands)}"


def check_names(names: Iterable[str], known: list[str], what: str) -> None:
    """An `InputError` for the first name in the option `what` that is no column, with the nearest that is."""
    for name in names:
        if name not in known:
            lower = {other.lower(): other for other in known}
            near = difflib.get_close_matches(str(name).lower(), list(lower), n=1, cutoff=0.5)
            hint = (
                f"did you mean {shown(lower[near[0]])!r}?"
                if near
                else "the columns are " + ", ".join(map(shown, known[:20]))
            )
            more = ", ..." if not near and len(known) > 20 else ""
            raise InputError(
                f"{option(what)} names the column {shown(str(name))!r}, which the table has not: {hint}{more}"
            )
