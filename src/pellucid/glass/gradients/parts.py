"""Which part of a chain it is, where the whole is wrong: each layer with the inputs that it has there, and the loss."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from pellucid.glass.gradients import loss_manners, trials
from pellucid.glass.gradients.examining import Options, examine, told
from pellucid.glass.gradients.report import Finding, GradientReport
from pellucid.glass.gradients.subjects import LayerSubject, LossSubject, own_copy, set_mode
from pellucid.layer import Layer
from pellucid.layers import Sequential
from pellucid.losses import Loss

LARGEST_SCORE = 3.0


def find_the_part(
    report: GradientReport, network: Layer, x: np.ndarray, options: Options, mode: bool, end: tuple[Loss, Any] | None
) -> None:
    """Where the whole is wrong, or holds a declared substitute, each layer and the loss alone: who it is."""
    bad = [one for one in report.parameters.values() if one.status in ("wrong", "substitute")]
    run = own_copy(network)
    set_mode(run, mode)
    outputs, guilty = _parts(run, x, options, mode, "", bool(bad))
    if end is not None:
        loss, targets = end
        pair = loss.fused_with(run.layers[-1])
        if pair is not None:
            scores = np.asarray(Sequential(*run.layers[:-1]).forward(x), np.float64)
            # A trained network's are large, and where a probability is all but 0 the loss alone is held at its limit.
            scores = scores * min(1.0, LARGEST_SCORE / (float(np.abs(scores).max(initial=0.0)) or 1.0))
            report.findings += told(
                report, partial(loss_manners.pair_with, loss, pair, run.layers[-1], scores, targets)
            )
        if bad:
            alone = GradientReport(repr(loss))
            weights = options.rng.uniform(0.5, 1.5, len(outputs))
            examine(alone, LossSubject(loss, outputs, targets, weights), options)
            guilty += _blamed(alone, f"the loss, {type(loss).__name__}")
    report.findings += guilty
    if guilty:
        for one in bad:
            one.sentence = ""


def _parts(
    run: Layer, x: np.ndarray, options: Options, mode: bool, path: str, look: bool
) -> tuple[np.ndarray, list[Finding]]:
    """(output, whose gradients are wrong) of a chain: each layer with the inputs that it has there."""
    guilty: list[Finding] = []
    for number, layer in enumerate(run.layers):
        name = f"{path}{number}"
        if type(layer) is Sequential:
            x, more = _parts(layer, x, options, mode, f"{name}.", look)
            guilty += more
            continue
        taken, x = x, np.asarray(own_copy_as_is(layer).forward(x), np.float64)
        if look:
            alone = GradientReport(repr(layer))
            examine(alone, LayerSubject(layer, taken, trials.doutput_for(x, options.rng), mode), options)
            guilty += _blamed(alone, f"layer {name}, {type(layer).__name__}")
    return x, guilty


def own_copy_as_is(layer: Layer) -> Layer:
    """A copy that keeps its mode and its draws."""
    twin = own_copy(layer)
    for (_, inner), (_, before) in zip(twin.walk(), layer.walk(), strict=True):
        inner.draws = before.draws
    return twin


def _blamed(alone: GradientReport, who: str) -> list[Finding]:
    wrong = [(one.name, one.kind, one.sentence) for one in alone.parameters.values() if one.status == "wrong"]
    return [Finding(who, f"gradient of {name} ({kind}): {sentence}") for name, kind, sentence in wrong]
