"""Rules about the size of inputs and targets, before any training: what no initialiser and no learning rate is made for."""

from __future__ import annotations

import numpy as np

from pellucid.glass.diagnose.finding import Finding
from pellucid.glass.diagnose.look import Look
from pellucid.layer import Layer
from pellucid.layers import BatchNorm, HardSigmoid, LayerNorm, ReLU, Sigmoid, Softmax, Softplus, Tanh
from pellucid.losses import Huber, MeanAbsoluteError, MeanSquaredError, Quantile

STANDARDISE = (
    "standardise the inputs: X = (X - mean) / std with mean = X.mean(axis=0), std = X.std(axis=0) of the training rows, and "
    "later rows with the same two."
)
IMAGES = "write X / 255, and the same for later rows."


def _columns(seen: Look) -> np.ndarray:
    """The rows looked at as (rows, columns), float64; none where the network scales them itself."""
    first = next((layer for _, layer in seen.layers if layer.params), None)
    if isinstance(first, (BatchNorm, LayerNorm)) or len(seen.x) < 2:
        return np.empty((0, 0))
    return np.asarray(seen.x, float).reshape(len(seen.x), -1)


# The sets of pellucid have columns of a size of 0.1 to 2, and one (vertical) whose mean is 5 times its spread, at 0.5:
# what is off-centre matters where it is large, too.
FAR_SPREADS = 3.0  # the mean, in spreads
FAR_SIZE = 2.0  # and in the inputs' own units
LARGE_SIZE = 10.0  # root mean square of a column
SMALL_SIZE = 0.01  # of all columns
UNEVEN = 50.0  # the widest column's spread against that of the column in the middle
UNEVEN_SMALL = 1000.0  # the column in the middle against the narrowest, in tables
TABLE = 32  # columns: more of them are likely to be an image or a spectrum, in which single places may well be faint


def far_column(seen: Look) -> tuple[int, float, float] | None:
    """(number, mean, spread) of the column that lies farthest from 0, if one lies far or is large."""
    x = _columns(seen)
    if not x.size:
        return None
    mean, spread = x.mean(axis=0), x.std(axis=0)
    size = np.sqrt(mean * mean + spread * spread)
    far = (size > LARGE_SIZE) | ((abs(mean) > FAR_SIZE) & (abs(mean) > FAR_SPREADS * spread))
    if not far.any():
        return None
    worst = int(np.where(far, size, 0.0).argmax())
    return worst, float(mean[worst]), float(spread[worst])


def unscaled_inputs(seen: Look) -> Finding | None:
    """Columns that are large, far from 0, tiny, or of very different size."""
    x = _columns(seen)
    far = far_column(seen)
    if far is not None:
        column, mean, spread = far
        whole = x.shape[1] >= 16 and x.min() >= 0 and 1 < x.max() <= 255 and bool((x == np.trunc(x)).all())
        says = (
            f"the inputs are whole numbers up to {x.max():.0f}, as the pixels of images are."
            if whole
            else f"column {column} has mean {mean:.4g} and spread {spread:.4g}: far from numbers around 0 of size 1."
        )
        return _inputs(says, IMAGES if whole else STANDARDISE, (mean * mean + spread * spread) ** 0.5, (column,))
    spreads = x.std(axis=0) if x.size else np.empty(0)
    present = np.sort(spreads[spreads > 0])
    if not len(present):
        return None
    middle, widest, narrowest = present[(len(present) - 1) // 2], present[-1], present[0]
    if max(abs(x).max(axis=0)) < SMALL_SIZE:
        return _inputs(f"no input is larger than {abs(x).max():.2g}: next to the biases they hardly count.", STANDARDISE,
                       float(abs(x).max()), ())  # fmt: skip
    if widest > UNEVEN * middle:
        column = int(spreads.argmax())
        return _inputs(
            f"column {column} has a spread of {widest:.4g}, the others one of about {middle:.4g}: it drowns them.",
            STANDARDISE, float(widest / middle), (column,),
        )  # fmt: skip
    if len(present) <= TABLE and middle > UNEVEN_SMALL * narrowest:
        column = int(np.flatnonzero(spreads == narrowest)[0])
        return _inputs(
            f"column {column} has a spread of {narrowest:.2g}, the others one of about {middle:.4g}: it is not heard.",
            STANDARDISE, float(middle / narrowest), (column,),
        )  # fmt: skip
    return None


def _inputs(says: str, advice: str, figure: float, columns: tuple[int, ...]) -> Finding:
    cause = (
        "the numbers came as they were measured. Initial weights and learning rates are made for inputs around 0 of size "
        "1: others make sums that are too large, or all of one sign, or too small to matter."
    )
    return Finding("unscaled-inputs", "inputs", says, cause, advice, float(figure), None, columns)


def _regression(seen: Look) -> bool:
    return isinstance(seen.loss, (MeanSquaredError, MeanAbsoluteError, Huber, Quantile)) and seen.targets is not None


_SQUASHED = (Sigmoid, HardSigmoid, Tanh, Softmax)
TARGETS_LARGE = 20.0  # root mean square of a column of targets; the sets of pellucid: below 1
TARGETS_SMALL = 1e-3  # its spread


def unscaled_targets(seen: Look) -> Finding | None:
    """Numbers to be predicted that a network of usual weights reaches only after a long way."""
    if not _regression(seen) or isinstance(_last(seen), _SQUASHED):
        return None
    y = np.asarray(seen.target_rows, float).reshape(len(seen.x), -1)
    size, spread = np.sqrt((y * y).mean(axis=0)), y.std(axis=0)
    large, column = bool(size.max() > TARGETS_LARGE), int(size.argmax())
    if not large and not 0 < spread.max() < TARGETS_SMALL:
        return None
    return Finding(
        "unscaled-targets", "targets",
        f"targets have mean {y[:, column].mean():.4g} and spread {spread[column]:.4g}, while a new network answers with "
        "numbers around 0 of size 1.",
        "targets in their own unit. " + ("The loss and its gradients grow with the square of their size." if large
        else "Differences that small are lost against the noise of the steps."),
        "train on (y - y.mean(axis=0)) / y.std(axis=0) and turn predictions back: answer * std + mean.",
        float(size.max() if large else spread.max()), None, (column,),
    )  # fmt: skip


OUTSIDE = 0.02  # of the targets: a few may be off by noise


def reach(layer: Layer | None) -> tuple[float, float]:
    """The lowest and the highest number that a last layer can give."""
    if isinstance(layer, (Sigmoid, HardSigmoid, Softmax)):
        return 0.0, 1.0
    if isinstance(layer, Tanh):
        return -1.0, 1.0
    return (0.0, float("inf")) if isinstance(layer, (ReLU, Softplus)) else (-float("inf"), float("inf"))


def targets_out_of_range(seen: Look) -> Finding | None:
    """Targets that the last layer cannot give."""
    if not _regression(seen):
        return None
    layer = _last(seen)
    low, high = reach(layer)
    y = seen.target_rows
    outside = float(((y < low - 1e-3) | (y > high + 1e-3)).mean())
    if outside < OUTSIDE:
        return None
    span = f"{low:g} to {high:g}" if np.isfinite(high) else f"{low:g} and above"
    return Finding(
        "targets-out-of-range", "targets",
        f"{outside:.0%} of the targets lie outside {span}, which is all that the last layer, {layer!r}, can give; they go "
        f"from {y.min():.4g} to {y.max():.4g}.",
        "an activation behind the last Dense that does not belong to a regression.",
        f"end the network with Dense(..., {seen.outputs.shape[-1]}) alone, or scale the targets to {span}.",
        outside, seen.layers[-1][0] if seen.layers else None,
    )  # fmt: skip


def _last(seen: Look) -> Layer | None:
    layers = seen.network.layers
    while layers and layers[-1].layers:
        layers = layers[-1].layers
    return layers[-1] if layers else None


def loss_mismatch(seen: Look) -> Finding | None:
    """A loss that expects something else than the last layer gives."""
    last = _last(seen)
    if seen.loss is None or last is None or type(last).__module__.partition(".")[0] != "pellucid":
        return None
    doubt = seen.loss.doubt(last)
    if not doubt:
        return None
    return Finding(
        "loss-mismatch", "loss", doubt,
        "loss and last activation were chosen apart from each other.",
        "classes: Softmax() with CategoricalCrossEntropy(); yes or no: Sigmoid() with BinaryCrossEntropy(); numbers: no "
        "activation behind the last Dense, with MeanSquaredError().",
        1.0,
    )  # fmt: skip
