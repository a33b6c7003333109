"""Inputs for a layer and outputs with targets for a loss, where the user gives none: tried until something fits."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.glass.gradients.judging import rounded
from pellucid.glass.gradients.subjects import own_copy
from pellucid.layer import Layer
from pellucid.losses import Loss, Quantile

ROWS = (7, 9, 11, 13)  # none of them a usual width, so that a division by the rows can be told from another
WIDTHS = (5, 3, 4, 2, 6, 8, 1, 9, 12, 16)
HINTS = (
    "n_inputs",
    "n_features",
    "in_features",
    "input_size",
    "n_in",
    "inputs",
    "features",
    "width",
    "size",
    "channels",
)
CLASSES = 3


def numbers_of(thing: Any) -> dict[str, float]:
    """The plain numbers among a part's settings, by name; those of a tuple as "shape[0]"."""
    found: dict[str, float] = {}
    for name, value in vars(thing).items():
        for label, item in _items(name, value):
            if isinstance(item, (int, float, np.integer, np.floating)) and not isinstance(item, bool):
                found[label] = float(item)
    return found


def _items(name: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, (tuple, list)):
        return [(f"{name}[{i}]", item) for i, item in enumerate(value)]
    return [(name, value)]


def inputs_for(layer: Layer, rng: np.random.Generator) -> np.ndarray:
    """Random inputs of a shape that the layer takes, float64 with the digits of float32.

    Values: mostly within +-3, the first row three times as wide; if the output is not finite, positive ones.
    """
    twin, first = own_copy(layer), None
    tried: list[tuple[int, ...]] = []
    for shape in shapes_for(layer):
        tried.append(shape)
        for x in _fillings(shape, rng):
            try:
                with np.errstate(all="ignore"):
                    output = np.asarray(twin.run_copy().forward(x))
            except Exception as error:  # whatever a layer says to a shape that it does not take
                first = first if first is not None else error
                break
            if output.ndim and len(output) == len(x) and output.dtype.kind in "fiu" and np.isfinite(output).all():
                return x
    name = type(layer).__name__
    raise InputError(
        f"{layer!r} takes none of the {len(tried)} shapes tried, such as {tried[0]}"
        + (f" (there: {type(first).__name__}: {first})" if first is not None else "")
        + f". Give inputs that it takes: pellucid.check_gradients({name}(...), numpy.random.default_rng(0).normal("
        "size=(7, 5)))."
    )


def shapes_for(layer: Layer) -> Iterator[tuple[int, ...]]:
    """Shapes to try, the likeliest first: rows of the layer's own numbers, then sequences, then images."""
    hinted = list(dict.fromkeys(_widths(layer)))
    usual = [width for width in WIDTHS if width not in hinted]
    rows = next(rows for rows in ROWS if rows not in hinted)
    for width in (*hinted, *usual):
        yield (rows, width)
    for width in (*hinted, *usual[:4]):
        yield (rows, 4, width)
    for width in (*hinted, *usual[:4]):
        yield (rows, 4, 6, width)
        yield (rows, width, 4, 6)
    for width in (*hinted, *usual[:2]):
        yield (rows, width, width)
        yield (rows, 8, 8, width)
        yield (rows, width, 8, 8)
    yield (rows,)


def _widths(layer: Layer) -> Iterator[int]:
    """Whole numbers of the layer, and of the first one inside it, that may be how many values a row has."""
    for _, inner in layer.walk():
        given = {name: int(n) for name, n in numbers_of(inner).items() if n == int(n) and 0 < n <= 4096}
        yield from (given[name] for name in HINTS if name in given)
        yield from (prod(v) for v in vars(inner).values() if isinstance(v, tuple) and v and _whole(v))
        yield from (n for name, n in given.items() if name not in HINTS)
        for name in (*inner.params, *inner.state):
            yield from reversed(np.shape(getattr(inner, name, 0)))
        if given or inner.params:
            return


def _whole(values: tuple[Any, ...]) -> bool:
    return all(isinstance(value, int) and 0 < value < 4096 for value in values)


def _fillings(shape: tuple[int, ...], rng: np.random.Generator) -> Iterator[np.ndarray]:
    wide = 1.5 * rng.standard_normal(shape)
    wide[0] *= 3.0
    yield rounded(wide)
    yield rounded(rng.uniform(0.3, 2.0, shape))
    yield rounded(rng.uniform(0.1, 0.9, shape))


def doutput_for(output: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A gradient from above: every entry another one, none near 0."""
    return rounded(rng.uniform(0.3, 1.5, output.shape) * rng.choice([-1.0, 1.0], output.shape))


def cases_for(loss: Loss, rng: np.random.Generator) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """(what it is, outputs (B, K), targets) in every way that a loss takes, at most two."""
    found = []
    for kind, outputs, what, targets in _pairs(loss, rng):
        try:
            with np.errstate(all="ignore"):
                taken = loss.as_targets(targets, outputs.shape[1], np.float64)
                losses = loss.run_copy().forward(outputs, taken)
        except Exception:  # whatever a loss says to what it does not take
            continue
        if np.isfinite(np.asarray(losses, np.float64)).all():
            found.append((f"{kind} against {what}", outputs, taken))
    if not found:
        raise InputError(
            f"{loss!r} takes none of the outputs and targets tried. Give some: pellucid.check_gradients("
            f"{type(loss).__name__}(...), outputs, targets), outputs of shape (rows, values)."
        )
    return found[:2]


def _pairs(loss: Loss, rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray, str, np.ndarray]]:
    rows = ROWS[0]
    drawn = rng.uniform(0.2, 1.0, (rows, CLASSES))
    outputs = {
        "numbers": rng.uniform(-3.0, 3.0, (rows, CLASSES)),
        "chances": 0.05 + 0.9 * (drawn - 0.2) / 0.8,
        "probabilities": drawn / drawn.sum(axis=1, keepdims=True),
    }
    labels = np.resize(rng.permutation(CLASSES), rows)
    targets = {
        "numbers": rng.uniform(-3.0, 3.0, (rows, CLASSES)),
        "labels": labels,
        "one-hot rows": np.eye(CLASSES)[labels],
        "yes or no": (rng.uniform(size=(rows, CLASSES)) < 0.5).astype(np.float64),
    }
    if isinstance(loss, Quantile):  # a target has as many outputs as there are levels
        outputs = {"numbers": rng.uniform(-3.0, 3.0, (rows, 2 * len(loss.levels)))}
        targets = {"two numbers": rng.uniform(-3.0, 3.0, (rows, 2)), "yes or no": targets["yes or no"][:, :2]}
    usual = {"Softmax": "probabilities", "Sigmoid": "chances"}.get(loss.fits[0] if loss.fits else "", "numbers")
    for kind in dict.fromkeys((usual, *outputs)):
        whats = (
            ("labels", "one-hot rows") if kind == "probabilities" else ("yes or no",) if kind == "chances" else targets
        )
        for what in whats:
            yield kind, rounded(outputs[kind]), what, targets[what]


def targets_for(loss: Loss, outputs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Targets of any kind that the loss takes, for outputs of a network, (B, K)."""
    rows, width = outputs.shape[0], outputs.shape[-1]
    labels = np.resize(rng.permutation(width), rows)
    tries: tuple[np.ndarray, ...] = (
        rng.uniform(-3.0, 3.0, outputs.shape),
        labels,
        np.eye(width)[labels],
        (rng.uniform(size=outputs.shape) < 0.5).astype(np.float64),
        rng.uniform(-3.0, 3.0, (rows, width // len(loss.levels) if isinstance(loss, Quantile) else 1)),
    )
    for targets in tries:
        try:
            with np.errstate(all="ignore"):
                taken = loss.as_targets(targets, width, np.float64)
                losses = loss.run_copy().forward(outputs, taken)
        except Exception:  # whatever a loss says to what it does not take
            continue
        if np.isfinite(np.asarray(losses, np.float64)).all():
            return taken
    raise InputError(f"{loss!r} takes none of the targets tried. Give data: model.check_gradients(X, y).")
