"""What a look is: one forward and backward pass over some rows, and what the optimiser would do next.

Nothing of the model is changed: the pass runs on a working copy, the optimiser's step on copies of some entries of the
parameters. The rules (`units`, `gradients`, `curves`, `data`) read what they need from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.arrays import one_hot
from pellucid.layer import Layer
from pellucid.layers import Sequential
from pellucid.losses import BinaryCrossEntropy, CategoricalCrossEntropy, Loss, Quantile
from pellucid.losses.binary import SigmoidCrossEntropy
from pellucid.losses.categorical import SoftmaxCrossEntropy
from pellucid.network import Values, apart, own_arrays, working_copy
from pellucid.optimizers import Optimizer
from pellucid.optimizers.base import clip_by_value, norm_factor
from pellucid.randomness import Draws, generator
from pellucid.step import Pass, evaluate_losses

ENTRIES = 2048  # of each parameter that the optimiser's next step is tried on


@dataclass
class Material:
    """The data of a run, or of a question.

    x: (n, ...) inputs; y: targets as the loss takes them, or None; `valid`: inputs and targets of the validation rows;
    `batch_size`, `shuffle`: how training visits the rows, None where nobody knows.
    """

    x: np.ndarray
    y: np.ndarray | None = None
    weights: np.ndarray | None = None
    valid: tuple[np.ndarray, np.ndarray] | None = None
    batch_size: int | None = None
    shuffle: bool = True


@dataclass
class Past:
    """What training has been so far: epochs, updates, curves of the losses, the optimiser's slots by "slot/key".

    `over`: whether it has ended; `keeps_best`: whether the best network is what remains, however it went on.
    """

    epochs: int = 0
    steps: int = 0
    curve: Sequence[float] = ()
    valid_curve: Sequence[float] = ()
    slots: Mapping[str, np.ndarray] = field(default_factory=dict)
    over: bool = True
    keeps_best: bool = False


@dataclass(frozen=True)
class Move:
    """What one step of the optimiser would do to a parameter: sizes are root mean squares of (some of) its entries.

    `lost`: the share of the entries with a gradient that the step leaves as they are, bit for bit, by rounding.
    """

    key: str
    layer: Layer
    size: float
    step: float
    lost: float

    @property
    def ratio(self) -> float:
        """Step against size."""
        return self.step / self.size if self.size > 0 else 0.0


@dataclass
class Look:
    """What was seen. `layers`: (path, layer) with the record of the pass on each; `value`: the mean loss without
    penalties; `baseline`: that of the best constant answer; None where there were no targets.
    """

    material: Material
    past: Past
    network: Sequential
    loss: Loss | None
    optimizer: Optimizer
    rows: np.ndarray
    layers: list[tuple[str, Layer]]
    x: np.ndarray
    outputs: np.ndarray
    targets: np.ndarray | None = None
    value: float = float("nan")
    penalty: float = 0.0
    baseline: float = float("nan")
    fused: bool = False
    gradients: Values = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)

    @property
    def trained(self) -> bool:
        """Whether the network has been trained at all."""
        return self.past.steps > 0

    @property
    def skill(self) -> float:
        """How much of the baseline's loss is gone: 1 for no loss, 0 for what a constant would do; NaN if unknown."""
        return 1.0 - self.value / self.baseline if self.baseline > 0 else float("nan")

    @property
    def target_rows(self) -> np.ndarray:
        """The targets of the rows looked at in the outputs' shape: labels as one-hot rows, a number as often as it has levels."""
        assert self.targets is not None
        if isinstance(self.loss, Quantile):
            return np.asarray(self.loss.target_rows(self.outputs, self.targets))
        if self.targets.ndim == 1 and self.targets.dtype.kind in "iu":
            return np.asarray(one_hot(self.targets, self.outputs.shape[-1], self.outputs.dtype))
        return self.targets

    @property
    def learning_rate(self) -> float:
        """That of the next step."""
        schedule = self.optimizer.schedule
        return float(np.asarray(schedule(self.past.steps)).reshape(-1)[0])

    def called(self, path: str) -> str:
        """A layer in words."""
        layer = next((layer for at, layer in self.network.walk() if at == path), None)
        return f"layer {path}, {layer!r}"


def look(
    network: Sequential, values: Values, loss: Loss | None, optimizer: Optimizer, material: Material, past: Past,
    rows: np.ndarray, *, seed: int = 0, moves: bool = True,
) -> Look:  # fmt: skip
    """A look at the `network` with `values` on some `rows` of the material. `moves`: whether to try the next step."""
    x, network = material.x[rows], apart(network, values)
    with np.errstate(all="ignore"):
        if material.y is None or loss is None:
            run = working_copy(network, training=False)
            outputs = run.forward(x)
            return Look(material, past, run, None, optimizer, rows, _inner(run), x, outputs)
        targets, loss = material.y[rows], own_arrays(loss.run_copy())
        weights = None if material.weights is None else material.weights[rows]
        one = Pass(network, loss, Draws(seed, epoch=past.epochs))
        one.run(x, targets, weights)
        seen = Look(material, past, one.network, loss, optimizer, rows, _inner(one.body), x, one.outputs(), targets)
        seen.fused, seen.gradients = one.fused, one.gradients()
        seen.penalty = float(one.network.penalty())
        seen.value = float(evaluate_losses(loss, seen.outputs, targets, weights))
        seen.baseline = constant_loss(loss, seen.outputs, seen.target_rows, targets, weights)
        if moves:
            seen.moves = try_step(seen, values)
    return seen


def dense_layers(seen: Look) -> list[tuple[str, Layer]]:
    """(path, layer) of every layer with a matrix of weights, in order."""
    return [(path, layer) for path, layer in seen.layers if getattr(getattr(layer, "weights", None), "ndim", 0) == 2]


def choose(seed: int, n: int, count: int) -> np.ndarray:
    """The numbers of `count` of n rows, in order: those that the seed says."""
    if count >= n:
        return np.arange(n)
    return np.sort(generator(seed, "noise", n & 0xFFFFFFFF).choice(n, count, replace=False))


def _inner(network: Layer) -> list[tuple[str, Layer]]:
    return [(path, layer) for path, layer in network.walk() if path]


def constant_loss(
    loss: Loss, outputs: np.ndarray, rows: np.ndarray, targets: np.ndarray, weights: np.ndarray | None
) -> float:
    """The mean loss of the best answer that is the same for every row: of mean and median, what the loss prefers.

    rows: the targets in the outputs' shape; a loss that takes scores gets those of the classes' shares. NaN where a
    loss of the user's own cannot be asked that way.
    """
    if rows.shape != outputs.shape:
        return float("nan")
    of_class = loss.weights(targets)
    share = np.ones(len(rows)) if weights is None else weights.astype(float)
    share = share if of_class is None else share * of_class
    if share.sum() <= 0:
        return float("nan")
    share = (share / share.sum()).reshape(-1, *[1] * (rows.ndim - 1))
    mean = (share * rows).sum(axis=0)
    smoothing = float(getattr(loss, "label_smoothing", 0.0))
    if smoothing:
        mean = (1.0 - smoothing) * mean + smoothing / mean.shape[-1]
    if isinstance(loss, SoftmaxCrossEntropy):
        candidates = [np.log(mean + 1e-12)]
    elif isinstance(loss, SigmoidCrossEntropy):
        candidates = [np.log(mean + 1e-12) - np.log(1.0 - mean + 1e-12)]
    elif isinstance(loss, (CategoricalCrossEntropy, BinaryCrossEntropy)):
        candidates = [mean]
    elif isinstance(loss, Quantile):
        ascending = np.sort(rows, axis=0)
        places = (np.asarray(loss.level_of(mean)) * len(rows)).astype(int)
        candidates = [ascending[places, np.arange(len(places))]]
    else:
        candidates = [mean, np.sort(rows, axis=0)[len(rows) // 2]]  # np.median would bring in numpy.ma
    try:
        return min(
            float(evaluate_losses(loss, np.broadcast_to(answer, rows.shape).astype(outputs.dtype), targets, weights))
            for answer in candidates
        )
    except Exception:  # whatever a loss of the user's own says to outputs that its network would never give
        return float("nan")


def try_step(seen: Look, values: Values) -> list[Move]:
    """What the optimiser's next step would do to every parameter, tried on at most `ENTRIES` entries of each."""
    optimizer, moves = seen.optimizer, []
    rates = tuple(float(np.asarray(rate)) for rate in optimizer.rates(seen.learning_rate, float(seen.past.steps)))
    factor = 1.0
    if optimizer.clip_norm is not None:
        square_sum = sum(float((_clipped(optimizer, g) ** 2).sum()) for g in seen.gradients.values())
        factor = float(norm_factor(np.asarray(square_sum), optimizer.clip_norm))
    owners = {f"{path}.{name}": layer for path, layer in seen.network.walk() for name in layer.params}
    for key, gradient in seen.gradients.items():
        every = max(1, gradient.size // ENTRIES)
        old, slope = _some(values[key], every), _clipped(optimizer, _some(gradient, every)) * factor
        slots = tuple(
            _some(seen.past.slots[f"{slot}/{key}"], every) if f"{slot}/{key}" in seen.past.slots else np.zeros_like(old)
            for slot in optimizer.slots
        )
        new, _ = optimizer.update(old.copy(), slope.astype(old.dtype), slots, rates)
        pulled = slope != 0
        lost = float((np.asarray(new) == old)[pulled].mean()) if pulled.any() else 0.0
        moves.append(Move(key, owners[key], rms(old), rms(np.asarray(new) - old), lost))
    return moves


def _some(array: Any, every: int) -> np.ndarray:
    return np.array(np.asarray(array).reshape(-1)[::every])


def _clipped(optimizer: Optimizer, gradient: Any) -> Any:
    return gradient if optimizer.clip_value is None else clip_by_value(gradient, optimizer.clip_value)


MANY = 65_536  # entries that a root mean square is taken of


def rms(array: Any) -> float:
    """The root mean square of the entries, of large arrays of every so-manieth."""
    flat = np.asarray(array).reshape(-1)
    flat = np.asarray(flat[:: max(1, flat.size // MANY)], float)
    return float(np.sqrt((flat * flat).mean())) if flat.size else 0.0  # no dot: BLAS would wake its threads for it
