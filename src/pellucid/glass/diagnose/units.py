"""Rules about units: dead, saturated, alike.

A rule takes a `Look` and returns a `Finding` or None. Beside each threshold stands what was measured for it:
`benchmarks/diagnose_rates.py` prints the figures of healthy runs and of planted faults again.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pellucid.glass.diagnose.finding import Finding
from pellucid.glass.diagnose.look import Look, dense_layers, rms
from pellucid.glass.diagnose.scale import STANDARDISE, far_column
from pellucid.layer import Layer
from pellucid.layers import HardSigmoid, ReLU, Sigmoid, Softmax, Tanh

FEW = 16  # rows: of fewer, "for every row" says nothing


def _columns(array: np.ndarray) -> np.ndarray:
    """(rows and places, units)."""
    return array.reshape(-1, array.shape[-1])


def _others(seen: Look, paths: list[str]) -> str:
    return f" So it is in {len(paths) - 1} more: {', '.join(paths[1:])}." if len(paths) > 1 else ""


def dead(seen: Look) -> Iterator[tuple[str, Layer, np.ndarray]]:
    """(path, layer, whether each unit is 0 for every row) of every layer of ReLUs."""
    for path, layer in seen.layers:
        if isinstance(layer, ReLU):
            passes = np.asarray((_columns(np.asarray(layer.output)) > 0).any(axis=0))
            yield path, layer, np.logical_not(passes)


# Healthy runs: at most 0.66 (one input that is never below 0: half of the units begin dead). Dead regressions: 1.
DEAD_SHARE = 0.8


def dead_units(seen: Look) -> Finding | None:
    """Most units of a layer of ReLUs are 0 for every row."""
    if len(seen.x) < FEW:
        return None
    found = [(path, layer, units) for path, layer, units in dead(seen) if units.mean() >= DEAD_SHARE]
    if not found:
        return None
    path, _, units = max(found, key=lambda one: one[2].mean())
    count, share = int(units.sum()), float(units.mean())
    cause, advice = _why_dead(seen)
    return Finding(
        "dead-units",
        seen.called(path),
        f"{count} of {len(units)} units are 0 for all {len(seen.x):,} rows looked at: they pass nothing on and get no "
        f"gradient, so they stay that way.{_others(seen, [one[0] for one in found])}",
        cause,
        advice,
        share,
        path,
        tuple(np.flatnonzero(units).tolist()),
    )


def _why_dead(seen: Look) -> tuple[str, str]:
    far = far_column(seen)
    if far is not None:
        column, mean, spread = far
        return (
            f"the inputs are far from 0 (column {column}: mean {mean:.4g}, spread {spread:.4g}), so that one step of the "
            "optimiser moves a unit's sum below 0 for every row at once.",
            f"{STANDARDISE} Then train a new network: dead units do not come back.",
        )
    if not seen.trained:
        return (
            "the weights or biases that the network starts with hold every sum below 0.",
            'leave the biases at 0 and use initializer="he_normal", which suits ReLU.',
        )
    return (
        f"steps that were too long (learning rate {seen.learning_rate:.3g}) threw the sums below 0 for every row.",
        f"a new network with a tenth of the learning rate, {seen.learning_rate / 10:.2g}, or LeakyReLU() in place of ReLU().",
    )


def _slope(layer: Layer) -> np.ndarray | None:
    """The slope at every place against the largest that the function has, 0 to 1; None for other layers."""
    out = getattr(layer, "output", None)
    if isinstance(layer, (Sigmoid, Softmax)) and out is not None:
        return np.asarray(4.0 * out * (1.0 - out))
    if isinstance(layer, Tanh) and out is not None:
        return np.asarray(1.0 - out * out)
    if isinstance(layer, HardSigmoid) and out is not None:
        return np.asarray((out > 0.0) & (out < 1.0), float)
    return None


FLAT = 0.05  # a slope below a twentieth of the steepest is flat: tanh beyond +-2.2, sigmoid beyond +-4.4


def saturated(seen: Look) -> Iterator[tuple[str, Layer, np.ndarray]]:
    """(path, layer, the share of the rows for which each unit is flat) of every layer inside the network."""
    last = seen.layers[-1][0] if seen.layers and not seen.fused else ""
    for path, layer in seen.layers:
        slope = None if path == last or isinstance(layer, Softmax) else _slope(layer)
        if slope is not None:
            yield path, layer, (_columns(slope) < FLAT).mean(axis=0)


# Healthy runs: at most 0.67 (tanh on circles, whose border is sharp). Weights 30 times too large: 0.87 and more.
SATURATED_SHARE = 0.8


def saturated_units(seen: Look) -> Finding | None:
    """Most units of a layer sit where their function is flat; or the last layer does, with wrong answers."""
    if len(seen.x) < FEW:
        return None
    found = [(path, layer, units) for path, layer, units in saturated(seen) if units.mean() >= SATURATED_SHARE]
    if not found:
        return _saturated_answers(seen)
    path, layer, shares = max(found, key=lambda one: one[2].mean())
    kind = type(layer).__name__.lower()
    far = far_column(seen)
    return Finding(
        "saturated-units",
        seen.called(path),
        f"its {len(shares)} units sit on the flat ends of their {kind} for {shares.mean():.0%} of the {len(seen.x):,} rows "
        f"looked at, {int((shares > 0.95).sum())} of them for nearly all: almost no gradient gets past."
        + _others(seen, [one[0] for one in found]),
        "the sums that go in are too large: "
        + (f"the inputs are large or far from 0 (column {far[0]}: mean {far[1]:.4g}, spread {far[2]:.4g})." if far
           else "weights too large from the start, or a learning rate that made them so."),
        f"{STANDARDISE} Then train a new network." if far
        else f'a new network with the usual initializer ("glorot_uniform") and a smaller learning rate than '
             f"{seen.learning_rate:.3g}; BatchNorm before the {kind} keeps the sums small.",
        float(shares.mean()),
        path,
        tuple(np.flatnonzero(shares > 0.95).tolist()),
    )  # fmt: skip


# Healthy runs: 0.
WRONG_SHARE = 0.15


def wrong_and_flat(seen: Look) -> float:
    """The share of the rows whose answer is wrong and sits where the last layer is flat, so that it cannot be mended.

    Where loss and last layer are a pair, their gradient is the error itself and nothing is flat: 0.
    """
    if seen.fused or seen.targets is None or not seen.layers:
        return 0.0
    slope = _slope(seen.layers[-1][1])
    if slope is None or slope.shape != seen.target_rows.shape:
        return 0.0
    stuck = (slope < FLAT) & (abs(seen.outputs - seen.target_rows) > 0.5)
    return float(_columns(stuck).any(axis=1).mean())


def _saturated_answers(seen: Look) -> Finding | None:
    share = wrong_and_flat(seen)
    if share < WRONG_SHARE:
        return None
    path, layer = seen.layers[-1]
    pair = "BinaryCrossEntropy()" if isinstance(layer, (Sigmoid, HardSigmoid)) else "CategoricalCrossEntropy()"
    return Finding(
        "saturated-units",
        seen.called(path),
        f"for {share:.0%} of the rows the answer is wrong and sits on the flat end of the last layer, where the loss "
        f"({type(seen.loss).__name__}) has almost no gradient to correct it.",
        "sums that are too large go into the last layer, and the loss does not undo its flat ends.",
        f"{pair}, which is trained together with its layer and keeps a gradient as large as the error, and scaled inputs."
        if not isinstance(layer, Tanh)
        else "no activation behind the last Dense, and scaled inputs.",
        share,
        path,
    )


SAME = 1e-3  # of the weights' size: copies get the same gradient, summed up in another order


UNITS, WEIGHTS = 256, 256  # that are compared: copies are copies in every weight, and seldom come singly


def alike(seen: Look, same: float = SAME) -> Iterator[tuple[str, Layer, np.ndarray]]:
    """(path, layer, whether each unit has the weights of another) of every dense layer but the last.

    Of wide layers the first `UNITS` units are compared by their first `WEIGHTS` weights.
    """
    for path, layer in dense_layers(seen)[:-1]:
        weights = np.asarray(layer.weights)[:WEIGHTS, :UNITS]
        biases = np.asarray(getattr(layer, "biases", np.zeros(weights.shape[1]))).reshape(-1)[:UNITS]
        rows = np.column_stack([weights.T, biases])
        order = np.argsort(rows @ np.cos(np.arange(rows.shape[1])))  # copies come to lie next to each other
        copies = abs(np.diff(rows[order], axis=0)).max(axis=1) <= same * rms(weights)
        units = np.zeros(len(rows), bool)
        units[order[1:][copies]] = units[order[:-1][copies]] = True
        yield path, layer, units


# Healthy runs: at most 0.13 (units that a penalty has emptied). Equal weights get equal gradients for ever: 1.
ALIKE_SHARE = 0.5


def _heard_alike(seen: Look, number: int) -> bool:
    """Whether dense layer `number` hears all units alike: if not, training pulls copies apart."""
    weights = np.asarray(dense_layers(seen)[number][1].weights)
    return bool((abs(weights - weights[:1]) <= SAME * rms(weights)).all())


def symmetric_weights(seen: Look) -> Finding | None:
    """Units that are copies of each other, and so stay."""
    # One step that kills all units is so long that what it adds, the same for all, hides where they began.
    exact = any(units.mean() >= DEAD_SHARE for _, _, units in dead(seen))
    for number, (path, _, units) in enumerate(alike(seen, 0.0 if exact else SAME)):
        if len(units) > 1 and units.mean() >= ALIKE_SHARE and (seen.trained or _heard_alike(seen, number + 1)):
            return Finding(
                "symmetric-weights",
                seen.called(path),
                f"{int(units.sum())} of {len(units)} units have the same weights as another one: they get the same "
                "gradient and stay copies, so that the layer is no wider than one of them.",
                "the weights were set to zeros or to one constant instead of being drawn.",
                'leave the layer its usual initializer ("glorot_uniform"; "he_normal" before ReLU): only biases start at 0.',
                float(units.mean()),
                path,
                tuple(np.flatnonzero(units).tolist()),
            )
    return None
