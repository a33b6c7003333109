"""What a piece of text says: a number, a word for yes or no, a word for nothing.

Text becomes a number only where there is one way to read it: ``1,234``, ``1.234,5``, ``1'234``, ``$1.50``, ``10%`` (the
number is 10, its unit stays percent), ``(12)`` for -12, the typographic minus. ``1_000``, ``0x1F``, ``inf`` and what
float32 cannot hold are no numbers.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

KINDS = ("number", "category", "boolean", "date", "ignored")
LARGEST = float(np.finfo(np.float32).max)  # networks compute in float32: a larger number would be infinite there

# Words for "no value", in lower case. In a column of words they are values like any other: NA is Namibia, too.
NOTHING = frozenset({
    "na", "n/a", "n.a.", "#n/a", "#na", "<na>", "nan", "-nan", "nat", "null", "(null)", "none", "nil", "\\n", "-", "--", "---",
    "–", "—", "?", ".", "..",
})  # fmt: skip

BOOLEANS = (
    ("true", "false"), ("yes", "no"), ("t", "f"), ("y", "n"), ("on", "off"), ("1", "0"), ("ja", "nein"), ("j", "n"),
    ("oui", "non"), ("wahr", "falsch"), ("vrai", "faux"), ("sí", "no"), ("si", "no"),
)  # fmt: skip

_SPACES = " \u00a0\u2009\u202f"
_MONEY = r"(?:US|A|C|NZ|HK|S)?\$|[€£¥₹₽₩₺₫฿]|USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|AUD|CAD|NZD|BRL|MXN|ZAR|Fr\.|kr|zł"
_SHAPE = re.compile(
    rf"(\()?\s*([+\-\u2212\u2013]?)\s*({_MONEY})?\s*([+\-\u2212]?)([0-9][0-9.,'’{_SPACES}]*|[.,][0-9]+)([eE][+-]?[0-9]+)?"
    rf"\s*({_MONEY}|%)?\s*(\))?"
)


def _body(point: str, groups: str) -> re.Pattern[str]:
    """Digits, in groups of three or not, and a fraction. No group begins with 0: `0,123` has a decimal comma."""
    grouped = rf"[1-9][0-9]{{0,2}}([{groups}])[0-9]{{3}}(?:\1[0-9]{{3}})*"
    return re.compile(rf"(?:(?:{grouped}|[0-9]+)(?:{point}[0-9]*)?|{point}[0-9]+)")


_BODIES = {".": _body(r"\.", rf",'’{_SPACES}"), ",": _body(",", rf".'’{_SPACES}")}
_TOGETHER = dict.fromkeys(f"'’{_SPACES}", "")  # what may stand between groups of digits, whatever the decimal sign
_UNGROUP = {".": str.maketrans({**_TOGETHER, ",": ""}), ",": str.maketrans({**_TOGETHER, ".": "", ",": "."})}


class Shape(NamedTuple):
    """How a number is written. `points`: the decimal signs with which it can be read, ".", "," or both; "" for too large."""

    points: str
    percent: bool
    currency: str
    minus: bool
    parentheses: bool
    code: bool  # digits that begin with 0, such as 01234
    grouped: str  # the sign in 1,234 or 1.234 that may part groups or be a decimal sign, "" for none


def _parts(text: str) -> tuple[str, str, str, str, str, bool] | None:
    """(sign, body, exponent, currency, percent, in parentheses) of a number's text."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    opened, sign, before, inner, body, exponent, after, closed = (part or "" for part in found.groups())
    percent = "%" if after == "%" else ""
    if bool(opened) != bool(closed) or (sign and inner) or (before and after) or (opened and (sign or inner)):
        return None
    minus = "-" if opened or (sign or inner) not in ("", "+") else ""
    return minus, body.rstrip(_SPACES), exponent, before or (after if not percent else ""), percent, bool(opened)


def shape(text: str) -> Shape | None:
    """How `text` is a number, if it is one; `text` without white space around it."""
    parts = _parts(text)
    if parts is None:
        return None
    minus, body, exponent, currency, percent, opened = parts
    points = "".join(point for point, pattern in _BODIES.items() if pattern.fullmatch(body))
    if not points:
        return None
    if _holds(minus, body, exponent, points[0]) is None:
        points = ""
    digits = body.isdigit() and not exponent
    code = digits and len(body) > 1 and body[0] == "0" and body == text
    grouped = next((sign for sign in ".," if sign in body), "") if points == ".," else ""
    return Shape(points, bool(percent), currency, bool(minus) and not opened, opened, code, grouped)


def _holds(minus: str, body: str, exponent: str, decimal: str) -> float | None:
    value = float(minus + body.translate(_UNGROUP[decimal]) + exponent)
    return value if abs(value) <= LARGEST else None


def as_number(
    text: str, decimal: str = ".", *, percent: bool = False, currency: str = "", parentheses: bool = False
) -> float | None:
    """The number that `text` says, None where it says none.

    `decimal`: "." or ","; a sign in front of groups of three is the other one, an apostrophe or a space. `percent`: the
    numbers are written with "%", all of them. `currency`: the sign that may stand at a number. `parentheses`: (5) is -5.

    >>> as_number("1,234.5"), as_number("1.234,5", ","), as_number("1_000"), as_number("$1.50", currency="$")
    (1234.5, 1234.5, None, 1.5)
    """
    parts = _parts(text.strip())
    if parts is None:
        return None
    minus, body, exponent, money, sign, opened = parts
    if bool(sign) != percent or money not in ("", currency) or (opened and not parentheses):
        return None
    if _BODIES[decimal].fullmatch(body) is None:
        return None
    return _holds(minus, body, exponent, decimal)


def cells(values: list[str | None], na: frozenset[str] = frozenset()) -> list[str]:
    """Texts without white space around them; "" for None and for the words in `na`."""
    try:
        together = "\n".join(values)  # type: ignore[arg-type]
        bare = (
            together.isascii()
            and not any(space in together for space in " \t\r\v\f")
            and together.count("\n") < len(values)
        )
        texts: list[str] = values if bare else [text.strip() for text in values]  # type: ignore[assignment,union-attr]
    except TypeError:
        texts = [text.strip() if text else "" for text in values]
    return ["" if text in na else text for text in texts] if na else texts


def plain_numbers(texts: list[str], decimal: str = ".") -> np.ndarray | None:
    """Float64 of a whole list at once, NaN where a text is empty; None unless all others are written plainly.

    Plainly: digits, a sign, a decimal point, an exponent, no leading zero and nothing that float32 cannot hold.
    """
    try:
        data = ("\n" + "\n".join(texts)).encode("ascii")
    except UnicodeEncodeError:
        return None
    if data.translate(None, b"0123456789.+-eE\n") or (decimal == "," and b"." in data) or _LEADING.search(data):
        return None
    try:
        numbers = np.array(list(map(float, texts if all(texts) else [text or "nan" for text in texts])), np.float64)
    except ValueError:
        return None
    return None if np.nanmax(np.abs(numbers), initial=0.0) > LARGEST else numbers


_LEADING = re.compile(rb"\n0[0-9]")


def as_boolean(text: str, true: str, false: str) -> float | None:
    """1.0 or 0.0 for the column's own two words in any case, and for the usual words; None for anything else."""
    text = text.strip().lower()
    if text in (true.lower(), false.lower()):
        return float(text == true.lower())
    return _USUAL.get(text)


_USUAL = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "1": 1.0, "0": 0.0, "1.0": 1.0, "0.0": 0.0}


def boolean_words(values: list[str]) -> tuple[str, str] | None:
    """(word for yes, word for no) as written in `values`, where these hold exactly such a pair."""
    written = {text.lower(): text for text in values}
    for true, false in BOOLEANS:
        if set(written) == {true, false}:
            return written[true], written[false]
    return None
