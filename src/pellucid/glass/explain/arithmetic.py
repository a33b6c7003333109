"""Figures as they are printed, and arithmetic that knows how far off a printed figure may be.

A formula is an expression of Python over names, such as ``"1 / (1 + exp(-x))"``. It is worked out twice: with the numbers
as they are, and with the numbers as they stand on the page, each off by up to half a unit of its last digit. What the
second gives has to agree with the printed result to within what all those halves can do, and not a digit more.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from types import CodeType
from typing import Any

_EPS = 2.0**-52


class Rounded:
    """A number and the most that it may be off by. Sums add these up, products and powers weigh them."""

    __slots__ = ("error", "value")

    def __init__(self, value: float, error: float = 0.0) -> None:
        self.value, self.error = value, error

    def __add__(self, other: Any) -> Rounded:
        o = _rounded(other)
        return _made(self.value + o.value, self.error + o.error + _EPS * (abs(self.value) + abs(o.value)))

    def __sub__(self, other: Any) -> Rounded:
        return self + -_rounded(other)

    def __mul__(self, other: Any) -> Rounded:
        o = _rounded(other)
        error = _times(self.value, o.error) + _times(o.value, self.error) + _times(self.error, o.error)
        return _made(self.value * o.value, error)

    def __truediv__(self, other: Any) -> Rounded:
        o = _rounded(other)
        if math.isinf(o.value):  # exp of a large number: whatever it is, nothing is left
            return Rounded(0.0 * self.value)
        least = abs(o.value) - o.error
        if o.value == 0.0 or least <= 0.0:
            return _made(self.value / o.value if o.value else math.nan, math.inf)
        return _made(self.value / o.value, (self.error + _times(self.value / o.value, o.error)) / least)

    def __pow__(self, power: Any) -> Rounded:
        exponent = _rounded(power).value
        return _through(lambda value: _power(value, exponent), self)

    def __neg__(self) -> Rounded:
        return Rounded(-self.value, self.error)

    def __radd__(self, other: Any) -> Rounded:
        return _rounded(other) + self

    def __rsub__(self, other: Any) -> Rounded:
        return _rounded(other) - self

    def __rmul__(self, other: Any) -> Rounded:
        return _rounded(other) * self

    def __rtruediv__(self, other: Any) -> Rounded:
        return _rounded(other) / self

    def __rpow__(self, base: Any) -> Rounded:
        return _through(lambda value: _power(float(base), value), self)

    def __lt__(self, other: Any) -> bool:
        return self.value < _rounded(other).value

    def __le__(self, other: Any) -> bool:
        return self.value <= _rounded(other).value

    def __gt__(self, other: Any) -> bool:
        return self.value > _rounded(other).value

    def __ge__(self, other: Any) -> bool:
        return self.value >= _rounded(other).value


def _rounded(value: Any) -> Rounded:
    return value if isinstance(value, Rounded) else Rounded(float(value))


def _times(size: float, error: float) -> float:
    """How far off a product is: not at all by a factor that is exact, however large the other is."""
    return abs(size) * error if size and error else 0.0


def _made(value: float, error: float) -> Rounded:
    """A result, which the last operation itself has rounded."""
    return Rounded(value, error + 4.0 * _EPS * abs(value) if math.isfinite(value) else error)


def _through(function: Any, x: Any) -> Rounded:
    """A function that rises or falls all the way: the ends are as far as it can go."""
    x = _rounded(x)
    value = function(x.value)
    ends = (function(x.value - x.error), function(x.value + x.error)) if x.error else ()
    moved = [abs(end - value) for end in ends if math.isfinite(end)]
    return _made(value, max(moved, default=0.0))


def _power(base: float, exponent: float) -> float:
    try:
        power = base**exponent
        return power if isinstance(power, float) else math.nan  # a root of what rounding took below 0
    except OverflowError:
        return math.inf
    except ZeroDivisionError:
        return math.nan


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _log(x: float) -> float:
    return math.log(x) if x > 0.0 else -math.inf


def _chosen(best: Any, *given: Any) -> Rounded:
    numbers = [_rounded(number) for number in given]
    return Rounded(best(n.value for n in numbers), max(n.error for n in numbers))


# What a formula may call.
FUNCTIONS: dict[str, Any] = {
    "exp": lambda x: _through(_exp, x),
    "log": lambda x: _through(_log, x),
    "log1p": lambda x: _through(lambda value: math.log1p(max(value, -1.0 + _EPS)), x),
    "sqrt": lambda x: _through(lambda value: math.sqrt(max(value, 0.0)), x),
    "tanh": lambda x: _through(math.tanh, x),
    "abs": lambda x: _made(abs(_rounded(x).value), _rounded(x).error),
    "sign": lambda x: Rounded(float((_rounded(x).value > 0) - (_rounded(x).value < 0))),
    "max": lambda *given: _chosen(max, *given),
    "min": lambda *given: _chosen(min, *given),
    "pi": math.pi,
}


@functools.lru_cache(maxsize=4096)
def _compiled(formula: str) -> CodeType:
    return compile(formula, f"<{formula}>", "eval")


def evaluate(formula: str, given: Mapping[str, Any]) -> Rounded:
    """What `formula` comes to. `given`: numbers, or `Rounded` ones, by name.

    >>> evaluate("x * w + 1", {"x": 2.0, "w": Rounded(0.3, 0.05)}).value
    1.6
    """
    return _rounded(eval(_compiled(formula), {"__builtins__": {}, **FUNCTIONS, **given}))


@functools.lru_cache(maxsize=4096)
def names_in(formula: str) -> frozenset[str]:
    """The names that a formula mentions."""
    return frozenset(_compiled(formula).co_names)


def holds(condition: str, given: Mapping[str, float]) -> bool:
    """Whether a condition such as ``"x > 0"`` holds; an empty one always does."""
    return not condition or bool(eval(_compiled(condition), {"__builtins__": {}, **FUNCTIONS, **given}))


def to_the_last_bit(value: float) -> Rounded:
    """A number that was itself computed: its last bits may be another library's."""
    return Rounded(value, 4.0 * _EPS * abs(value))


# -- how a figure is printed -------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=65536)
def figure(value: float, digits: int = 9) -> str:
    """A number as it is printed: `digits` decimals, or that many digits that count where it is very small or large.

    >>> figure(0.5932699921), figure(0.35), figure(4.385677e-7, 4), figure(-1234567.0, 4)
    ('0.593269992', '0.35', '4.386e-07', '-1.235e+06')
    """
    size = abs(value)
    if value == 0.0:
        return "0"
    if not math.isfinite(value):
        return repr(value)
    if 10.0 ** -(digits // 2) <= size < 1e6 or (size == int(size) and size < 1e6):
        decimals = max(1, digits - max(0, int(math.log10(size))))
        text = f"{value:.{decimals}f}"
        return text.rstrip("0").rstrip(".")
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{exponent}"


@functools.lru_cache(maxsize=65536)
def printed(value: float, digits: int = 9) -> Rounded:
    """The number that stands on the page for `value`, and how far off it may be: half a unit of its last digit."""
    text = figure(value, digits)
    shown = float(text)
    if shown == value:
        return Rounded(shown)
    exponent = text.partition("e")[2]
    size = abs(value)
    if exponent:
        decimals = digits - 1 - int(exponent)
    else:
        decimals = max(1, digits - max(0, int(math.log10(size))))
    return Rounded(shown, 0.5000001 * 10.0**-decimals)
