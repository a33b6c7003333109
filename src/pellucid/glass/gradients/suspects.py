"""Suspicions that need the numbers of the pass: which array of the record is missing, too much, or the wrong one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import isclose
from typing import Any

import numpy as np

from pellucid.glass.gradients.evidence import Evidence
from pellucid.glass.gradients.subjects import LayerSubject, locked, own_copy

Told = tuple[str, str] | None


def swapped_record(e: Evidence) -> Told:
    """Backward gives the right gradient once an attribute holds what another one holds."""
    subject = e.subject
    if not isinstance(subject, LayerSubject) or subject.record is None or subject.layer.layers:
        return None
    values = e.one.values
    names = [n for n, v in vars(subject.record).items() if _like(v, subject.x) and not n.startswith("d")]
    forms: dict[str, Any] = {"inputs": values.get("inputs", subject.x)}
    forms["output"] = np.asarray(subject.start(values).forward(forms["inputs"]))
    for name in names:
        for other, array in forms.items():
            if name != other and np.shape(array) == np.shape(getattr(subject.record, name)) and _right(e, name, array):
                return "wrong record", (
                    f"It is right once self.{name} in backward is replaced by what forward "
                    f"{'was given' if other == 'inputs' else 'returned'}: self.{other} is what the formula needs there."
                )
    return None


def _right(e: Evidence, name: str, array: np.ndarray) -> bool:
    subject = e.subject
    assert isinstance(subject, LayerSubject)
    twin = own_copy(subject.start(e.one.values))
    twin.forward(np.array(e.one.values.get("inputs", subject.x)))
    setattr(twin, name, array)
    try:
        with np.errstate(all="ignore"):
            returned = twin.backward(locked(subject.dy, True))
    except Exception:  # an experiment on the user's code: what it raises says no
        return False
    given: Any = returned if e.is_data else getattr(twin, "d" + e.key, None)
    return np.shape(given) == e.found.shape and e.same(given, e.expected)


def _like(value: Any, x: np.ndarray) -> bool:
    return isinstance(value, np.ndarray) and value.shape == x.shape and value.dtype.kind == "f"


def penalty(e: Evidence) -> Told:
    """The gradient of l1 * sum(abs(w)) + l2 * sum(w * w): not there, twice, or without its factor 2."""
    if e.is_data or not e.known.all() or e.value.size < 3:
        return None
    basis = np.stack([np.sign(e.value).ravel(), e.value.ravel()], axis=1)
    excess = e.residual.ravel()
    fit = np.linalg.lstsq(basis, excess, rcond=None)[0]
    if not e.same(e.found - (basis @ fit).reshape(e.found.shape), e.expected) or np.abs(fit).max() < 1e-9:
        return None
    terms = [f"{-c:.4g} * {t}" for c, t in zip(fit, ("sign(w)", "w"), strict=True) if abs(c) > 1e-6 * np.abs(fit).max()]
    way = "is missing" if min(fit) < 0 else "is too much"
    if min(fit) > 0:
        terms = [
            f"{c:.4g} * {t}" for c, t in zip(fit, ("sign(w)", "w"), strict=True) if abs(c) > 1e-6 * np.abs(fit).max()
        ]
    return "penalty", (
        f"Right but for {' + '.join(terms)}, w being the array itself, which {way}: the gradient of a penalty. "
        "l1 * sum(abs(w)) has l1 * sign(w), l2 * sum(w * w) has 2 * l2 * w."
    )


def _candidates(e: Evidence) -> Iterator[tuple[str, np.ndarray]]:
    """Arrays of the record, and their products with doutput, in the gradient's shape: kept or added up over the rows."""
    arrays = e.arrays()
    products = dict(arrays)
    if isinstance(e.subject, LayerSubject):
        products |= {
            f"{name} * doutput": array * e.subject.dy
            for name, array in arrays.items()
            if name != "doutput" and _fits(array, e.subject.dy.shape)
        }
    squares = {f"{name}**2": array * array for name, array in arrays.items() if name not in ("doutput", "targets")}
    for name, array in {**products, **squares}.items():
        if array.shape == e.found.shape:
            yield name, array
        elif e.is_data and _fits(array, e.found.shape) and array.size > 1:
            yield name, np.broadcast_to(array, e.found.shape)
        elif not e.is_data and array.ndim > e.found.ndim:
            over = tuple(range(array.ndim - e.found.ndim))
            if array.shape[len(over) :] == e.found.shape:
                yield f"({name}).sum(axis={over[0] if len(over) == 1 else over})", array.sum(axis=over)


def _fits(array: np.ndarray, shape: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(array.shape, shape) == shape
    except ValueError:
        return False


def term(e: Evidence) -> Told:
    """A whole term missing or too much: the difference is a multiple of one array of the pass."""
    excess = e.residual[e.known]
    if len(excess) < 4:
        return None
    for name, array in _candidates(e):
        there = array[e.known]
        square = float(there @ there)
        if not square:
            continue
        times = float(excess @ there) / square
        if abs(times) < 1e-9 or not e.same(e.found - times * array, e.expected):
            continue
        if np.abs(excess - times * there).max() > 1e-5 * np.abs(excess).max():
            continue
        much = f"{abs(times):.6g} * " if not isclose(abs(times), 1.0, rel_tol=1e-6) else ""
        plain = e.same(times * array, -e.expected)
        if plain:
            continue
        if times < 0:
            return "a missing term", f"Right but for {much}{name}, which is missing (or subtracted where it belongs)."
        return "a term too many", f"Right but for {much}{name}, which is too much."
    return None


def factor_array(e: Evidence) -> Told:
    """A factor that is missing or there twice."""
    if e.known.sum() < 4:
        return None
    for name, array in e.arrays().items():
        if array.size < 2 or not _fits(array, e.found.shape):
            continue
        array = np.broadcast_to(array, e.found.shape)
        for sign, word in ((1.0, ""), (-1.0, ", and the sign is wrong")):
            if e.same(sign * e.found * array, e.expected):
                return "a missing factor", f"Every entry has to be multiplied by {name}{word}."
            if e.same(sign * e.found, e.expected * array):
                return "a factor too many", f"Every entry is multiplied by {name} once too often{word}."
    return None


def normalising(e: Evidence) -> Told:
    """The difference is what a mean, a variance or a sum over an axis would have sent back."""
    if not e.is_data or not isinstance(e.subject, LayerSubject) or not e.known.all() or e.found.ndim < 2:
        return None
    x, y = e.value, np.asarray(e.subject.start(e.one.values).forward(e.value), np.float64)
    last = x.shape[-1]
    columns = e.residual.reshape(-1, last)
    if len(columns) >= 5 and _spanned(columns.T, [np.ones_like(columns.T), x.reshape(-1, last).T]):
        return "batch statistics", (
            "Right but for what goes back through the batch's mean and variance, a constant and a multiple of the inputs for "
            "each feature: every row's output depends on all rows. dx = s * (g - mean(g) - xhat * mean(g * xhat)) over the "
            "batch in training, s * g alone in prediction."
        )
    if y.shape == x.shape and last >= 3 and _spanned(columns, [y.reshape(-1, last)]):
        return "normalising sum", (
            "Right but for a multiple of the output in each row: what goes back through the sum that normalises the row. Over "
            "the last axis it is (doutput * output).sum(axis=-1, keepdims=True), a sum and no mean."
        )
    if last >= 5 and _spanned(columns, [np.ones_like(columns), x.reshape(-1, last)]):
        return "row statistics", (
            "Right but for what goes back through the row's own mean and variance, a constant and a multiple of the inputs in "
            "each row: dx = s * (g - mean(g) - xhat * mean(g * xhat)) over the last axis."
        )
    return None


def _spanned(rows: np.ndarray, basis: list[np.ndarray]) -> bool:
    """Whether each of `rows` is a combination of its own rows of the `basis`."""
    size = float(np.abs(rows).max(initial=0.0))
    for number, row in enumerate(rows):
        matrix = np.stack([one[number] for one in basis], axis=1)
        fit = np.linalg.lstsq(matrix, row, rcond=None)[0]
        if np.abs(matrix @ fit - row).max() > 1e-6 * size:
            return False
    return size > 0.0


def where(e: Evidence, wrong: np.ndarray) -> str:
    """The end of a sentence: where the wrong entries lie, if a condition on the pass says it exactly."""
    known = e.known
    for name, array in e.arrays().items():
        if array.shape != wrong.shape or not e.is_data:
            continue
        for sign, text in (((array > 0), f"{name} is above 0"), ((array <= 0), f"{name} is at most 0")):
            if np.array_equal(sign[known], wrong[known]):
                return f": wrong exactly where {text}."
        size = np.abs(array[known])
        bad, good = size[wrong[known]], size[~wrong[known]]
        if bad.min() > good.max():
            return f": wrong exactly where abs({name}) is large, above {good.max():.3g} at least."
        if bad.max() < good.min():
            return f": wrong exactly where abs({name}) is small, below {good.min():.3g} at least."
    for axis in range(wrong.ndim if wrong.ndim > 1 else 0):
        lines = [i for i in range(wrong.shape[axis]) if np.take(wrong, i, axis).any()]
        whole = all(np.take(wrong | ~known, i, axis).all() for i in lines)
        if whole and len(lines) < wrong.shape[axis]:
            run = len(lines) > 2 and all(b - a == 1 for a, b in pairwise(lines))
            text = f"{lines[0]} to {lines[-1]}" if run else ", ".join(map(str, lines[:6]))
            return (
                f": wrong exactly in row {text}."
                if e.is_data and not axis
                else f": wrong exactly at {text} along axis {axis}."
            )
    return ". The others are off by no simple rule: compare backward with the derivation there."
