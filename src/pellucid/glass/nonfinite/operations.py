"""What an operation did, told with the numbers: the entries that went in where the first bad one came out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "float_power": "**"}
WORDS = {"add.reduce": "sum", "multiply.reduce": "prod", "add.accumulate": "cumsum", "vecdot": "matmul"}
_LOGARITHMS = ("log", "log2", "log10", "log1p")
_EXPONENTIALS = ("exp", "exp2", "expm1", "sinh", "cosh", "power", "float_power", "logaddexp")


@dataclass(frozen=True)
class Name:
    """What an operand is called, whether it is turned on its side, and the rows of X that its first axis stands for."""

    text: str = ""
    turned: bool = False
    rows: np.ndarray | None = None  # None: its first axis is not the batch
    fixed: bool = False  # a parameter, or what belongs to one


@dataclass
class Told:
    """What happened.

    `text`: a clause such as "exp(800) is inf"; `values`: the entries responsible, such as "X[17, 3] = 800"; `numbers`:
    the operands' entries; `kind`: "given", "unseen", "division", "logarithm", "domain", "exponential" or "overflow";
    `rows`: the rows of X where it happened.
    """

    text: str
    values: list[str] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)
    kind: str = "given"
    rows: list[int] = field(default_factory=list)


@dataclass
class _Entry:
    """One entry of an operand: its value, what it is called, its row of X."""

    value: float
    text: str
    row: int | None


Namer = Callable[[np.ndarray], Name]


def show(value: float) -> str:
    """A number in as few digits as tell it."""
    return f"{float(value):.4g}"


def tell(operation: str, operands: Any, result: np.ndarray, rows: np.ndarray | None, namer: Namer) -> Told:
    """What `operation` made of finite `operands`; of none, what `result`, which came from outside, holds.

    `rows`: the rows of X that the batch consists of, where the result's first axis can be the batch.
    """
    first = tuple(int(i) for i in np.argwhere(~np.isfinite(result))[0])
    made = show(result[first])
    if not len(operands):
        entry = _entry(result, first, namer(result))
        told = Told(f"{entry.text} is {made}" if operation else entry.text, [entry.text], [float(result[first])])
        told.kind = "unseen" if operation else "given"
        named = namer(result).rows
        told.rows = _bad_rows(result, named if named is not None else rows)
        return told
    arrays = [value for value in _flat(operands) if _is_number(value)]
    if operation in ("matmul", "dot", "vecdot", "inner") and len(arrays) == 2:
        text, entries = _product(arrays[0], arrays[1], result, first, namer)
    elif all(_spreads(value, result.shape) for value in arrays) and "." not in operation:
        entries = [_at(value, first, result.shape, namer) for value in arrays]
        text = _formula(operation, [show(entry.value) for entry in entries])
    else:
        text, entries = _many(operation, arrays, namer)
    told = Told(f"{text} is {made}", _named(entries), [entry.value for entry in entries])
    told.kind = _kind(operation, told.numbers)
    told.rows = _rows(result, arrays, entries, rows, namer)
    return told


def _flat(operands: Any) -> list[Any]:
    found: list[Any] = []
    for value in operands:
        found += _flat(value) if isinstance(value, (list, tuple)) else [value]
    return found


def _is_number(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiu" and value.size > 0
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _spreads(value: Any, shape: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(np.shape(value), shape) == shape
    except ValueError:
        return False


def _at(value: Any, index: tuple[int, ...], shape: tuple[int, ...], namer: Namer) -> _Entry:
    """The entry of an operand that went into entry `index` of the result."""
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        number = float(value)
        name = namer(value).text if isinstance(value, np.ndarray) else ""
        return _Entry(number, f"{name} = {show(number)}" if name else "", None)
    own = index[len(shape) - value.ndim :]
    own = tuple(0 if size == 1 else i for i, size in zip(own, value.shape, strict=True))
    return _entry(value, own, namer(value))


def _entry(array: np.ndarray, index: tuple[int, ...], name: Name) -> _Entry:
    """One entry as it is written: ``X[17, 3] = 800``, in the numbering of X where the first axis is the batch."""
    number = float(array[index])
    place = list(index[::-1] if name.turned else index)
    row = None
    if name.rows is not None and place:
        row = place[0] = int(name.rows[place[0]])
    if not name.text:
        return _Entry(number, "", row)
    where = f"[{', '.join(map(str, place))}]" if place else ""
    return _Entry(number, f"{name.text}{where} = {show(number)}", row)


def _named(entries: list[_Entry]) -> list[str]:
    return [entry.text for entry in entries if entry.text] or [show(entry.value) for entry in entries]


def _formula(operation: str, numbers: list[str]) -> str:
    if operation in SIGNS and len(numbers) == 2:
        second = f"({numbers[1]})" if numbers[1].startswith("-") else numbers[1]
        return f"{numbers[0]} {SIGNS[operation]} {second}"
    if operation == "square":
        return f"{numbers[0]} squared"
    return f"{operation}({', '.join(numbers)})"


def _largest(value: Any) -> tuple[int, ...]:
    size = np.abs(np.asarray(value, dtype=float))
    return tuple(int(i) for i in np.unravel_index(int(np.nanargmax(size)), size.shape))


def _many(operation: str, arrays: list[Any], namer: Namer) -> tuple[str, list[_Entry]]:
    """An operation over many entries: the largest of each operand stands for them."""
    entries = [_at(value, _largest(value), np.shape(value), namer) for value in arrays]
    count = max(np.size(value) for value in arrays)
    biggest = max(entries, key=lambda entry: abs(entry.value))
    return f"the {WORDS.get(operation, operation)} of {count:,} values up to {show(biggest.value)}", entries


def _product(a: np.ndarray, b: np.ndarray, result: Any, first: Any, namer: Namer) -> tuple[str, list[_Entry]]:
    """A matrix product: the largest of the products that are added up."""
    if a.ndim != 2 or b.ndim != 2 or result.ndim != 2:
        return _many("matmul", [a, b], namer)
    with np.errstate(over="ignore"):
        terms = a[first[0]].astype(float) * b[:, first[1]].astype(float)
    i = int(np.argmax(np.abs(terms)))
    entries = [_entry(a, (first[0], i), namer(a)), _entry(b, (i, first[1]), namer(b))]
    shown = f"{show(entries[0].value)} * {show(entries[1].value)}"
    text = f"a sum of {len(terms):,} products, the largest {shown}," if len(terms) > 1 else shown
    return text, entries


def _kind(operation: str, numbers: list[float]) -> str:
    if operation == "unseen":
        return "unseen"
    if operation in ("divide", "reciprocal", "remainder", "floor_divide", "fmod") and numbers and numbers[-1] == 0:
        return "division"
    if operation in ("power", "float_power") and len(numbers) == 2 and numbers[0] <= 0:
        return "division" if numbers[0] == 0 else "domain"
    if operation in _LOGARITHMS:
        return "logarithm"
    if operation in _EXPONENTIALS:
        return "exponential"
    if operation in ("sqrt", "arcsin", "arccos", "arccosh", "arctanh", "cbrt"):
        return "domain"
    return "overflow"


def _bad_rows(result: np.ndarray, rows: np.ndarray | None) -> list[int]:
    if rows is None or result.ndim == 0 or result.shape[0] != len(rows):
        return []
    bad = ~np.isfinite(result).reshape(len(rows), -1).all(axis=1)
    return sorted(int(row) for row in rows[bad])


def _rows(
    result: np.ndarray, arrays: list[Any], entries: list[_Entry], rows: np.ndarray | None, namer: Namer
) -> list[int]:
    """The rows of X: those of the result, or where it has none, those of the entries that went in."""
    names = [namer(value) for value in arrays if isinstance(value, np.ndarray) and value.ndim]
    turned = any(name.rows is not None and name.turned for name in names)
    fixed = bool(names) and names[0].fixed and all(name.rows is None for name in names)
    found = [] if turned or fixed else _bad_rows(result, rows)
    return found or sorted({entry.row for entry in entries if entry.row is not None})
