"""Rules about how the loss went and what came of it: rates, fit, answers that do not depend on the row."""

from __future__ import annotations

import numpy as np

from pellucid.glass.diagnose.finding import Finding
from pellucid.glass.diagnose.gradients import UNSKILLED, weight_moves
from pellucid.glass.diagnose.look import Look, choose, dense_layers
from pellucid.network import working_copy
from pellucid.step import evaluate_losses

SHORT = 8  # epochs: a shorter curve says nothing


def _curve(seen: Look) -> np.ndarray:
    """The training losses in units of the baseline; empty where they say nothing."""
    curve = np.asarray(seen.past.curve, float)
    usable = len(curve) >= SHORT and seen.baseline > 0 and bool(np.isfinite(curve).all())
    return curve / seen.baseline if usable else np.empty(0)


def unrest(seen: Look) -> tuple[float, float]:
    """(how far the last quarter's mean lies above the lowest loss before it, how far losses jump from epoch to epoch in the
    second half), both in units of the baseline; 0 where the curve is short.
    """
    curve = _curve(seen)
    if not len(curve):
        return 0.0, 0.0
    quarter = len(curve) // 4
    late, half = curve[-quarter:], np.diff(curve[len(curve) // 2 :])
    up = half[half > 0]
    often = len(up) >= 0.2 * len(half)
    return max(0.0, float(late.mean() - curve[:-quarter].min())), float(np.sqrt((half * half).mean())) if often else 0.0


# Healthy runs: at most 0.115 and 0.091 of the baseline's loss.
RISE = 0.2
JUMP = 0.12


def learning_rate_high(seen: Look) -> Finding | None:
    """The loss rises, or jumps about, instead of falling."""
    rise, jump = unrest(seen)
    share = 1.0 / 3.0 if seen.skill < UNSKILLED else 1.0
    if rise < share * RISE and jump < share * JUMP:
        return None
    curve = np.asarray(seen.past.curve, float)
    quarter = len(curve) // 4
    least, last = int(curve[:-quarter].argmin()), curve[-quarter:].mean()
    says = (
        f"the loss was {curve[least]:.3g} in epoch {seen.past.epochs - len(curve) + least + 1} and is {last:.3g} on average "
        "in the last quarter: it rises."
        if rise >= share * RISE
        else f"from epoch to epoch the loss jumps by {jump * seen.baseline:.2g} up and down, where the best constant answer "
        f"has a loss of {seen.baseline:.3g}."
    )
    return Finding(
        "learning-rate-high", "training", says,
        f"a learning rate of {seen.learning_rate:.3g} is too high: each step jumps over the valley that it aims at.",
        f"a new network with a learning rate of {seen.learning_rate / 10:.2g}, or a schedule that lowers it; larger batches "
        "if they are small.",
        max(rise, jump),
    )  # fmt: skip


def crawl(seen: Look) -> tuple[float, float, float]:
    """(what the loss has fallen in all, in units of the baseline; how much of that fell in the second half; the
    largest change of a layer's weights a step). (inf, 0, inf) where that says nothing.
    """
    curve, moves = _curve(seen), weight_moves(seen)
    if not len(curve) or not moves or not seen.past.over:
        return float("inf"), 0.0, float("inf")
    total, late = curve[0] - curve[-1], curve[len(curve) // 2] - curve[-1]
    return float(total), float(late / total) if total > 0 else 0.0, max(move.ratio for move in moves)


# Healthy runs end with at most 0.495 of the baseline's loss left.
LEFT = 0.5  # of the baseline's loss
STEADY = 0.25  # of the fall in the second half: it was not running out
SLOW = 1e-3  # of a weight's size, a step


def learning_rate_low(seen: Look) -> Finding | None:
    """The loss falls steadily and hardly at all, in short steps: there is far to go."""
    total, late, ratio = crawl(seen)
    if not (total > 0 and late > STEADY and ratio < SLOW and 1.0 - seen.skill > LEFT) or seen.past.steps < WARM_STEPS:
        return None
    return Finding(
        "learning-rate-low", "training",
        f"in {seen.past.epochs} epochs the loss has fallen from {seen.past.curve[0]:.4g} to {seen.past.curve[-1]:.4g}, still "
        f"steadily, in steps that change no layer's weights by more than {ratio:.1g} of their size (about 0.001 is usual).",
        f"a learning rate of {seen.learning_rate:.3g} is too low: training goes the right way, but far too slowly.",
        f"a learning rate of {seen.learning_rate * 10:.2g}, or more epochs.",
        float(1.0 - seen.skill),
    )  # fmt: skip


WARM_STEPS = 20


def constant_share(seen: Look) -> float:
    """How much the outputs differ from row to row, against how much the targets do; NaN where that says nothing."""
    if seen.targets is None or len(seen.x) < 16 or seen.target_rows.shape != seen.outputs.shape:
        return float("nan")
    asked = float(np.asarray(seen.target_rows, float).std(axis=0).max())
    given = float(np.asarray(seen.outputs, float).std(axis=0).max())
    return given / asked if asked > 0 else float("nan")


# Healthy runs: at least 0.68.
CONSTANT = 0.05


def constant_predictions(seen: Look) -> Finding | None:
    """The same answer for every row."""
    share = constant_share(seen)
    if not seen.trained or not seen.past.over or not share < CONSTANT:  # early on, it may still be on its way
        return None
    answer = ", ".join(f"{value:.4g}" for value in np.asarray(seen.outputs, float).mean(axis=0).reshape(-1)[:4])
    return Finding(
        "constant-predictions", "training",
        f"the answers hardly depend on the inputs: from row to row they differ {share:.1%} as much as the targets do. Every "
        f"row gets about {answer}.",
        "the network has learned the mean of the targets and nothing of the inputs: inputs that are not scaled, a penalty "
        "or a learning rate that is too strong, layers that pass nothing on, or a network (a single layer, say) that cannot "
        "draw what is asked.",
        "scaled inputs, a smaller learning rate, no penalty; then see whether 20 rows alone can be learned by heart.",
        share,
    )  # fmt: skip


def gap(seen: Look) -> tuple[float, float]:
    """(how far the validation loss has risen from its lowest, smoothed; its distance from the training loss), both in
    units of the baseline; 0 where nobody knows.
    """
    valid, curve = np.asarray(seen.past.valid_curve, float), _curve(seen)
    apart = 0.0
    if seen.material.valid is not None and seen.loss is not None and seen.baseline > 0 and seen.trained:
        x, y = seen.material.valid
        run, rows = working_copy(seen.network, training=False), choose(0, len(x), len(seen.rows))
        apart = (float(evaluate_losses(seen.loss, run.forward(x[rows]), y[rows])) - seen.value) / seen.baseline
    if not len(curve) or len(valid) != len(curve) or not np.isfinite(valid).all() or seen.past.keeps_best:
        return 0.0, apart
    window = max(1, len(valid) // 10)
    smooth = np.convolve(valid / seen.baseline, np.ones(window) / window, "valid")
    return float(smooth[-1] - smooth.min()), apart


# Healthy runs: at most 0.10 risen and 0.66 apart, but for one spiral (0.16), which did begin to learn by heart.
RISEN = 0.15
APART = 0.7


def overfitting(seen: Look) -> Finding | None:
    """The training rows are learned by heart: others get worse."""
    risen, apart = gap(seen)
    if not (risen > RISEN and apart > RISEN) and apart < APART:
        return None
    valid = np.asarray(seen.past.valid_curve, float)
    says = (
        f"the loss is {seen.value:.3g} on the training rows and {seen.value + apart * seen.baseline:.3g} on the others"
    )
    if risen > RISEN:
        best = int(valid.argmin())
        says += f", where it was {valid[best]:.3g} in epoch {seen.past.epochs - len(valid) + best + 1}"
    return Finding(
        "overfitting", "validation data", f"{says}: what is learned now holds for the training rows alone.",
        "the network has more freedom than the rows can settle, or trains for too long.",
        "early_stopping=10 in fit, which keeps the best network; more rows; Dropout(0.2) or weight_l2=1e-4; fewer units.",
        max(risen, apart),
    )  # fmt: skip


def left_over(seen: Look) -> tuple[float, float]:
    """(the loss left, in units of the baseline; what the second half of training took off it); (0, 1) where that says
    nothing.
    """
    curve = _curve(seen)
    if len(curve) < 2 * SHORT or not seen.past.over or seen.past.steps < 100:
        return 0.0, 1.0
    tenth = max(1, len(curve) // 10)
    middle = curve[len(curve) // 2 : len(curve) // 2 + tenth].mean()
    return float(1.0 - seen.skill), float(middle - curve[-tenth:].mean())


# Healthy runs end with at most 0.495 of the baseline's loss.
UNDER = 0.8
FLATTENED = 0.02


def underfitting(seen: Look) -> Finding | None:
    """Training has come to rest hardly better than a constant answer."""
    left, fell = left_over(seen)
    if not (left > UNDER and fell < FLATTENED):
        return None
    linear = len(dense_layers(seen)) == 1
    return Finding(
        "underfitting", "training",
        f"the loss has come to rest at {seen.value:.3g}, {left:.0%} of what the best constant answer has "
        f"({seen.baseline:.3g}).",
        "the network is a single dense layer, which can draw straight lines only." if linear
        else "the network cannot learn this, or the inputs do not tell the targets: columns that are missing, labels that "
        "got out of step with their rows.",
        "a hidden layer: Dense(..., 32), ReLU(), Dense(32, ...)." if linear
        else "first learn 20 rows by heart: if that fails, more units or layers, or less dropout and penalty; if it works, "
        "look at the data.",
        left,
    )  # fmt: skip


# Healthy runs: up to 0.68 of a loss of which nothing else is left, and less than 0.3 where there is.
PENALTY = 0.3


def penalty_share(seen: Look) -> float:
    """The penalties' share of the whole loss."""
    whole = seen.value + seen.penalty
    return seen.penalty / whole if seen.penalty > 0 and whole > 0 else 0.0


def strong_penalty(seen: Look) -> Finding | None:
    """Training makes the weights small rather than the answers right."""
    share = penalty_share(seen)
    if share < PENALTY or not seen.skill < 0.8 or not seen.trained:
        return None
    return Finding(
        "strong-penalty", "training",
        f"{share:.0%} of the loss are penalties on the weights ({seen.penalty:.3g}), and the answers are {1 - seen.skill:.0%} "
        "as wrong as the best constant.",
        "weight_l1 or weight_l2 is so strong that small weights pay better than right answers.",
        "penalties a hundred times weaker; 1e-4 is a usual weight_l2.",
        share,
    )  # fmt: skip
