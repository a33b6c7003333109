"""Names of columns: none empty, none twice, and a sentence for each that had to be made."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.options import option


def column_names(first: Sequence[str], header: bool, guessed: bool, notices: list[str]) -> list[str]:
    """A name for each field of the first line: what stands in it (`header`), or "column 1", "column 2" ..."""
    if not header:
        names = [f"column {at + 1}" for at in range(len(first))]
        if guessed:
            notices.append(
                f"The first line holds numbers, so it was read as data and the columns are called "
                f"{' and '.join(dict.fromkeys((repr(names[0]), repr(names[-1]))))}. "
                f"If it holds the names, say {option('header', True)}."
            )
        return names
    return unique([" ".join(field.split()) for field in first], notices)


def unique(wanted: Sequence[str], notices: list[str]) -> list[str]:
    """`wanted` with a number for a name that is empty or was there before."""
    names: list[str] = []
    taken, seen, made = set(wanted), set(), []
    for at, name in enumerate(wanted):
        if name and name not in seen:
            seen.add(name)
            names.append(name)
            continue
        base, number = (name, 2) if name else (f"column {at + 1}", 1)
        while (new := base if number == 1 else f"{base} ({number})") in taken:
            number += 1
        taken.add(new)
        names.append(new)
        made.append(
            f"Column {at + 1} is called {new!r}, since {'its name was there before' if name else 'it has no name'}."
        )
    notices += made[:5]
    if len(made) > 5:
        notices.append(f"{len(made) - 5} more columns without a name of their own were named so.")
    return names
