"""Dates in text: 2024-01-31, 31.1.2024, 31/1/2024 or 1/31/2024, 31 Jan 2024, Jan 31, 2024; with a time and a zone or not."""

from __future__ import annotations

import re
from datetime import date

import numpy as np

DAY = 86_400.0
_EPOCH = date(1970, 1, 1).toordinal()
_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTHS = {short: number for number, name in enumerate(_NAMES, 1) for short in (name, name[:3], name[:4])}
_TIME = (
    r"(?:(?:[T ]|,\s?)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?P<part>[.,][0-9]{1,9})?)?"
    r"\s?(?P<half>[AaPp][Mm])?\s?(?P<zone>Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_YEAR = r"(?P<year>[0-9]{4})"
_WEEKDAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*\.?,?\s)?"
_ISO = re.compile(rf"{_YEAR}([-/.])(?P<month>[0-9]{{1,2}})\2(?P<day>[0-9]{{1,2}}){_TIME}")
_MONTH_ONLY = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})")
_DIGITS = re.compile(r"(?P<year>[12][0-9]{3})(?P<month>[0-9]{2})(?P<day>[0-9]{2})")
# Two digits for the year only beside two-digit days or slashes: 1.2.34 is rather the number of a version.
_PARTS = re.compile(
    r"(?P<first>[0-9]{1,2})(?P<sign>[./-])(?P<other>[0-9]{1,2})(?P=sign)(?P<year>[0-9]{4}|(?:(?<=/)|(?<=[0-9]{2}[.-][0-9]{2}[.-]))[0-9]{2})"
    + _TIME
)
_DAY_NAME = re.compile(
    rf"{_WEEKDAY}(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th|\.)?[ -](?P<name>[A-Za-z]{{3,9}})\.?,?[ -]"
    rf"(?P<year>[0-9]{{4}}|[0-9]{{2}}){_TIME}"
)
_NAME_DAY = re.compile(
    rf"{_WEEKDAY}(?P<name>[A-Za-z]{{3,9}})\.?[ -](?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?,?[ -]{_YEAR}{_TIME}"
)


def date_shape(text: str) -> str | None:
    """How `text` is a date: "sure" (one reading), "day" or "month" (which comes first), "either"; None if it is none."""
    found = _PARTS.fullmatch(text)
    if found is None:
        return "sure" if as_date(text, None) is not None else None
    if found["sign"] == ".":
        return "sure" if as_date(text, True) is not None else None
    day, month = as_date(text, True), as_date(text, False)
    if day is not None and month is not None:
        return "sure" if day == month else "either"
    return "day" if day is not None else "month" if month is not None else None


def as_date(text: str, day_first: bool | None = None) -> float | None:
    """Seconds since 1970 in UTC (a time without a zone is taken for UTC); None where `text` is no date.

    `day_first` decides 3/4/2024 and 3-4-2024; None refuses them. With full stops the day always comes first.

    >>> as_date("1970-01-02"), as_date("2/1/1970", day_first=True), as_date("Jan 2, 1970"), as_date("30 Feb 1970")
    (86400.0, 86400.0, 86400.0, None)
    """
    text = text.strip()
    if len(text) < 6 or not (text[0].isdigit() or text[0].isalpha()) or not text.isascii():
        return None
    if text.isalnum():
        found = _DIGITS.fullmatch(text)
        return None if found is None else _seconds(found.groupdict())
    found = _ISO.fullmatch(text) or _DAY_NAME.fullmatch(text) or _NAME_DAY.fullmatch(text)
    if found is not None:
        return _seconds(found.groupdict())
    if (found := _MONTH_ONLY.fullmatch(text)) is not None:
        return _seconds({**found.groupdict(), "day": "1"})
    if (found := _PARTS.fullmatch(text)) is None:
        return None
    first = True if found["sign"] == "." or int(found["first"]) == int(found["other"]) else day_first
    if first is None:
        return None
    day, month = (found["first"], found["other"]) if first else (found["other"], found["first"])
    return _seconds({**found.groupdict(), "day": day, "month": month})


def _seconds(part: dict[str, str | None]) -> float | None:
    if name := part.get("name"):
        month = _MONTHS.get(name.lower(), 0)
    else:
        month = int(part["month"] or 0)
    year = int(part["year"] or 0)
    if len(part["year"] or "") == 2:
        year += 1900 if year > 68 else 2000  # as POSIX reads two digits
    try:
        days = date(year, month, int(part["day"] or 0)).toordinal() - _EPOCH
    except ValueError:
        return None
    time = _time(part)
    return None if time is None else days * DAY + time


def _time(part: dict[str, str | None]) -> float | None:
    """Seconds since midnight in UTC."""
    hour, minute, second = (int(part.get(name) or 0) for name in ("hour", "minute", "second"))
    if half := part.get("half"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    seconds = hour * 3600 + minute * 60 + second + float("0." + (part.get("part") or ".0")[1:])
    zone = part.get("zone") or "Z"
    if zone[0] in "+-":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        if int(digits[:2]) > 14 or int(digits[2:]) > 59:
            return None
        offset = int(digits[:2]) * 3600 + int(digits[2:]) * 60
        seconds -= offset if zone[0] == "+" else -offset
    return seconds


def plain_dates(values: list[str]) -> np.ndarray | None:
    """Seconds of a whole list of ISO dates of one length at once, without zones; None where they are not."""
    length = len(values[0]) if values else 0
    if length not in (10, 19) or _ISO.fullmatch(values[0]) is None or any(len(text) != length for text in values):
        return None
    try:
        letters = np.array(values, f"S{length}").view("S1").reshape(len(values), length)
        if not ((letters[:, 4] == b"-") & (letters[:, 7] == b"-") & (letters[:, 0] >= b"1")).all():
            return None
        return np.array(values, "datetime64[s]").astype(np.int64).astype(np.float64)
    except (ValueError, UnicodeEncodeError):
        return None
