"""Plans, warnings and encoders without a cell of the table, for private data (`--no-rows`).

What predictions need stays: the names of columns, of classes, and of categories that have an input of their own (in two
rows or more). Text that stood in single rows goes: examples, strays, rare categories, and the values in sentences.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.options import option
from pellucid.tables.encoder import Encoder
from pellucid.tables.wording import shown

if TYPE_CHECKING:
    from pellucid.tables.plan import Plan, Warn
    from pellucid.tables.target import Target

_RULES = tuple(
    (re.compile(pattern, re.DOTALL), without)
    for pattern, without in (
        (r"every row holds .*", "every row holds the same"),
        (r"digits with a leading zero, as in .*", "digits with a leading zero are a code"),
        (r", too few \(.*\)", ", too few"),
    )
)
_SENTENCES = {  # by a warning's sort; class labels, which the network has to name, may stay
    "strays": "{column} has values that cannot be read as its kind and are taken for missing. {flag} keeps what is written.",
    "rare categories": "{column} has categories in few rows, which share one input, 'other'. {flag} leaves the column out.",
    "constant": "{column} is left out: it never changes (constant). {flag} keeps it.",
    "unit": "{column} holds numbers with a unit behind them, which makes them text: without it, they are numbers.",
    "capitals": "{column} holds texts that differ in capitals alone and count as different.",
    "stand-in": "{column} holds a number far from all others in several rows. If it means a missing value, say so with {na}.",
    "day or month": "{column} holds dates in which day and month may have changed places. {flag} reads them so.",
    "comma or point": "{column} holds numbers with a sign that may be a decimal sign or not. {flag} reads it the other way.",
}


_BARE = {  # sorts whose texts quote nothing but names of columns and of classes; what is in neither list is not quoted
    "class never learned", "class of one row", "duplicates", "empty target", "few rows", "identifier", "imbalance", "leakage",
    "many categories", "mostly missing", "task", "text", "time",
}  # fmt: skip


def rule(text: str) -> str:
    """A column's rule without the values that it quotes."""
    for pattern, without in _RULES:
        text = pattern.sub(without, text)
    return text


def sentence(what: str, column: str, text: str, flag: str) -> str:
    """A warning's text without the values that it quotes."""
    if what in _BARE:
        return text
    return _SENTENCES.get(what, "{column} has a warning ({what}).").format(
        column=shown(column), flag=flag, what=what, na=option("na")
    )


def warning(warn: Warn) -> Warn:
    """A warning without the values that it quotes."""
    return replace(warn, text=sentence(**vars(warn)))


def plan(made: Plan) -> Plan:
    """A plan without cells. A stray of training, met again, is then one like any other."""
    columns = [replace(column, examples=[], strays=[], rule=rule(column.rule)) for column in made.columns]
    return replace(made, columns=columns, warnings=[warning(warn) for warn in made.warnings])


def encoder(made: Encoder) -> Encoder:
    """An encoder that does the same and does not know its rare categories by name, so that none is called new."""
    records = [record | {"rare": None} if "rare" in record else record for record in made.records]
    return Encoder(plan(made.plan), records, made.known)


def target(made: Target) -> Target:
    """A target without cells; its classes stay."""
    return replace(made, plan=plan(made.plan))
