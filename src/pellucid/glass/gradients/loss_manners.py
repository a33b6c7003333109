"""What must hold of a loss besides its gradient's value: one loss a row, whole-number targets, the pair it names."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pellucid import layers
from pellucid.glass.gradients.manners import close, left_on_the_class
from pellucid.glass.gradients.report import Finding
from pellucid.glass.gradients.subjects import LossSubject
from pellucid.layer import Layer
from pellucid.losses import Loss


def rows(subject: LossSubject) -> Iterator[Finding]:
    """One loss a row, of that row alone; the same each time."""
    loss, x, y, many = subject.loss, subject.outputs, subject.targets, subject.rows()
    twin = loss.run_copy()
    first = np.asarray(twin.forward(x, y))
    if first.shape != (many,):
        return  # said already
    if not np.array_equal(first, twin.forward(x, y), equal_nan=True):
        yield Finding(
            "not repeatable",
            "A second forward on the same loss gives other losses: something is kept from the first. The training step "
            "sums up; forward returns the losses of its own rows.",
        )
        return
    alone = np.concatenate([np.asarray(loss.run_copy().forward(x[b : b + 1], y[b : b + 1])) for b in range(many)])
    if not close(alone, first, beside=1.0 + float(np.abs(x).max(initial=0.0))):
        yield Finding(
            "rows",
            "The loss of a row changes with the rows beside it. forward returns one loss a row, (B,); their mean is "
            "taken by the training step: write .mean(axis=1), not .mean().",
        )


def on_the_class(subject: LossSubject) -> Iterator[Finding]:
    """Whether a pass leaves something on the class."""
    yield from left_on_the_class(subject.loss, lambda: subject.by_hand(subject.values()))


def whole_targets(subject: LossSubject) -> Iterator[Finding]:
    """Targets of 0 and 1 are the same numbers as uint8."""
    y = subject.targets
    if y.dtype.kind == "u" or y.size == 0 or y.min() < 0 or not np.array_equal(y, np.rint(y)) or y.max() > 255:
        return
    expected = subject.by_hand(subject.values())["outputs"]
    other = LossSubject(subject.loss, subject.outputs, y.astype(np.uint8), subject.weights)
    if not close(other.by_hand(other.values())["outputs"], expected, beside=1.0):
        yield Finding(
            "whole numbers",
            "With the same targets as unsigned whole numbers (uint8) backward gives another gradient: minus an unsigned "
            "1 is 255. Write -(targets * x) instead of -targets * x, or (outputs - targets) instead of (-targets + outputs).",
            False,  # a model makes its targets floating-point numbers first
        )


def pair(loss: Loss, rng: np.random.Generator, targets: np.ndarray, width: int) -> Iterator[Finding]:
    """Where a loss names a pair with the last layer, the pair must be the two one after the other."""
    scores = rng.uniform(-3.0, 3.0, (len(targets), width))
    for last in (layers.Softmax(), layers.Sigmoid(), layers.Linear(), layers.Tanh(), layers.ReLU()):
        one = loss.fused_with(last)
        if one is not None:
            yield from pair_with(loss, one, last, scores, targets)


def pair_with(loss: Loss, one: Loss, last: Layer, scores: np.ndarray, targets: np.ndarray) -> Iterator[Finding]:
    """Values and gradients of a pair beside those of the last layer and the loss."""
    name = f"{loss!r} names {one!r} as its pair with {last!r}"
    apart, plain, together = last.run_copy(), loss.run_copy(), one.run_copy()
    with np.errstate(all="ignore"):
        losses = plain.forward(apart.forward(scores), targets)
        gradient = apart.backward(plain.backward())
        if not close(together.forward(scores, targets), losses, 1e-6):
            what = "but its losses are others: another function is trained than is judged"
        elif not close(together.backward(), gradient, 1e-6):
            what = "but its gradient is not that of the two one after the other"
        elif not close(one.weights(targets), loss.weights(targets)):
            what = "but it weighs the classes otherwise"
        else:
            return
    yield Finding("pair", f"{name}, {what}. Hand every setting on to the pair, or return None from fused_with.")
