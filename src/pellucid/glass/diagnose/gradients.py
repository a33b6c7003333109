"""Rules about gradients and updates: lost on the way back, grown on the way back, none at all, too long, too short."""

from __future__ import annotations

import numpy as np

from pellucid.glass.diagnose.finding import Finding
from pellucid.glass.diagnose.look import Look, Move, dense_layers, rms
from pellucid.glass.diagnose.units import dead
from pellucid.layer import Layer
from pellucid.layers import HardSigmoid, Sigmoid, Softmax, Step, Tanh


def signals(seen: Look) -> list[tuple[str, Layer, float]]:
    """(path, layer, size of the gradient that reached its output) of every layer with weights, in order."""
    return [
        (path, layer, rms(layer.doutput))
        for path, layer in dense_layers(seen)
        if getattr(layer, "doutput", None) is not None
    ]


def fall(seen: Look) -> tuple[float, list[tuple[str, Layer, float]]]:
    """(first layer's gradient against the last layer's, all of them); 1 where there are fewer than three layers."""
    found = signals(seen)
    if seen.targets is None or len(found) < 3 or not all(np.isfinite(size) and size > 0 for *_, size in found):
        return 1.0, found
    return found[0][2] / found[-1][2], found


# Healthy runs: 0.026 to 9.9.
VANISHING = 1e-3
EXPLODING = 1e2


def vanishing_gradients(seen: Look) -> Finding | None:
    """The first layers get next to nothing of the gradient."""
    ratio, found = fall(seen)
    if ratio >= VANISHING:
        return None
    kinds = {
        type(layer).__name__ for _, layer in seen.layers if isinstance(layer, (Sigmoid, Tanh, HardSigmoid, Softmax))
    }
    cause = (
        f"{len(found)} layers with {' and '.join(sorted(kinds))} between them: each multiplies the gradient by less than 1."
        if kinds
        else "weights that are too small: each layer multiplies the gradient by less than 1."
    )
    return _uneven("vanishing-gradients", seen, ratio, found, "smaller", cause,
        'ReLU() between the layers with initializer="he_normal", fewer layers, BatchNorm, or Residual(...) blocks, which '
        "leave the gradient a way around.")  # fmt: skip


def exploding_gradients(seen: Look) -> Finding | None:
    """The gradient grows from layer to layer on the way back."""
    ratio, found = fall(seen)
    if ratio <= EXPLODING:
        return None
    return _uneven("exploding-gradients", seen, ratio, found, "larger",
        "weights that are too large: each layer multiplies the gradient by more than 1.",
        'the usual initializer ("glorot_uniform"; "he_normal" before ReLU) in a new network, BatchNorm between the layers, '
        "and clip_norm=1.0 in the optimiser as a safety net.")  # fmt: skip


def _uneven(
    name: str, seen: Look, ratio: float, found: list[tuple[str, Layer, float]], word: str, cause: str, advice: str
) -> Finding:
    (path, _, first), (last, _, end) = found[0], found[-1]
    times = 1 / ratio if ratio < 1 else ratio
    return Finding(
        name, seen.called(path),
        f"the gradient that reaches its output is {first:.2g}, {times:,.0f} times {word} than the {end:.2g} of layer {last}. "
        f"By layer: {', '.join(f'{at}: {size:.1g}' for at, _, size in found)}.",
        cause, advice, ratio, path,
    )  # fmt: skip


def no_gradient(seen: Look) -> Finding | None:
    """A layer that can be trained gets no gradient at all, though the answers are not right."""
    if (
        seen.targets is None
        or not seen.gradients
        or not seen.skill < 0.9
        or any(units.all() for _, _, units in dead(seen))
    ):
        return None
    for path, layer in seen.layers:
        own = [seen.gradients[f"{path}.{name}"] for name in layer.params]
        if own and all(not np.any(gradient) for gradient in own):
            after = [other for at, other in seen.layers if isinstance(other, Step) and other.gradient == "zero"]
            return Finding(
                "no-gradient", seen.called(path),
                "the gradient of all its parameters is exactly 0 for every row, while the loss is not: it will never learn.",
                "a Step() behind it, whose slope is 0 everywhere." if after
                else "something behind it passes no gradient back: weights that are all 0, or units on a flat piece.",
                'another activation such as ReLU(), or Step(gradient="straight_through").' if after
                else 'weights drawn by the usual initializer ("glorot_uniform"), and inputs that are scaled.',
                0.0, path,
            )  # fmt: skip
    return None


def weight_moves(seen: Look) -> list[Move]:
    """What the next step does to the weights proper: not to biases and the like, which start at 0."""
    return [move for move in seen.moves if move.key.endswith(".weights") and move.size > 0]


# Healthy runs: at most 0.11 once 20 steps are made, the median 0.003.
LARGE = 0.2
UNSKILLED = 0.2  # where this little is learned after all, a third of a threshold is enough
WARM = 20  # steps; the first ones of Adam are as long as the learning rate says, whatever the gradient


def large_updates(seen: Look) -> Finding | None:
    """One step changes the weights by a good part of their size."""
    if seen.past.steps < WARM:
        return None
    limit = LARGE / 3 if seen.skill < UNSKILLED else LARGE
    moves = [move for move in weight_moves(seen) if move.ratio > limit]
    if not moves:
        return None
    worst = max(moves, key=lambda move: move.ratio)
    path = worst.key.rpartition(".")[0]
    return Finding(
        "large-updates", seen.called(path),
        f"one step changes its weights by {worst.ratio:.0%} of their size; below 1% is usual. What was learned is "
        "overwritten at once.",
        f"the learning rate ({seen.learning_rate:.3g}) is too high for gradients of this size.",
        f"a new network with a learning rate of {seen.learning_rate / 10:.2g}; scaled inputs and targets; clip_norm=1.0 "
        "in the optimiser.",
        worst.ratio, path,
    )  # fmt: skip


# Healthy runs: at most 0.02, whether or not there is much left to learn.
LOST_SHARE = 0.5


def small_updates(seen: Look) -> Finding | None:
    """The steps are so short that rounding swallows them, although there is much left to learn."""
    moves = weight_moves(seen)
    if not moves or not seen.skill < 0.5 or any(units.all() for _, _, units in dead(seen)):
        return None
    if "cache" in seen.optimizer.slots and seen.past.steps >= WARM and seen.learning_rate > 1e-5:
        return None  # such an optimiser's steps are short because the gradient has come to nothing: it is at rest
    least = min(moves, key=lambda move: move.lost)
    if least.lost < LOST_SHARE:
        return None
    path = least.key.rpartition(".")[0]
    digits = "7" if np.asarray(seen.outputs).dtype == np.float32 else "16"
    return Finding(
        "small-updates", seen.called(path),
        f"the next step leaves {least.lost:.0%} of its weights as they are, and no layer moves more: the step is "
        f"{least.ratio:.1g} of their size, less than the {digits} digits that a weight has.",
        f"a learning rate of {seen.learning_rate:.3g} is too low for gradients of this size.",
        "a learning rate 1,000 times as high, then by tens until the loss falls; Adam() finds the length of a step itself.",
        least.lost, path,
    )  # fmt: skip
