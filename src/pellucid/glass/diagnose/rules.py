"""All rules, the likely roots before what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pellucid.glass.diagnose import curves, data, gradients, scale, units
from pellucid.glass.diagnose.finding import Finding
from pellucid.glass.diagnose.look import Look

Rule = Callable[[Look], Finding | None]

# About the rows as a whole; their cost grows with the number of rows.
OF_DATA: tuple[Rule, ...] = (
    data.duplicated_rows, data.constant_inputs, data.sorted_batches,
)  # fmt: skip

# About a pass over some rows.
OF_LOOK: tuple[Rule, ...] = (
    scale.loss_mismatch, scale.unscaled_inputs, scale.unscaled_targets, scale.targets_out_of_range,
    units.symmetric_weights, units.dead_units, units.saturated_units,
    gradients.no_gradient, gradients.vanishing_gradients, gradients.exploding_gradients,
    curves.learning_rate_high, gradients.large_updates, gradients.small_updates, curves.learning_rate_low,
    curves.strong_penalty, curves.overfitting, data.class_imbalance, curves.constant_predictions, curves.underfitting,
)  # fmt: skip

NAMES = tuple(rule.__name__.replace("_", "-") for rule in (*OF_DATA, *OF_LOOK))

# What follows from a finding is not told again beside it.
FOLLOWS: dict[str, tuple[str, ...]] = {
    "dead-units": ("no-gradient", "small-updates", "learning-rate-low", "underfitting", "constant-predictions"),
    "no-gradient": ("small-updates", "learning-rate-low", "underfitting", "constant-predictions"),
    "vanishing-gradients": ("small-updates", "learning-rate-low", "underfitting", "constant-predictions"),
    "symmetric-weights": ("underfitting", "no-gradient"),
    "small-updates": ("learning-rate-low", "underfitting"),
    "learning-rate-high": ("large-updates", "underfitting"),
    "learning-rate-low": ("underfitting",),
    "strong-penalty": ("underfitting", "constant-predictions"),
    "saturated-units": ("underfitting",),
    "constant-predictions": ("underfitting",),
    "class-imbalance": ("underfitting",),
    "targets-out-of-range": ("underfitting",),
    "sorted-batches": ("learning-rate-high", "large-updates"),
}


def apply(rules: Iterable[Rule], seen: Look) -> list[Finding]:
    """What the rules find, in their order."""
    return [found for rule in rules if (found := rule(seen)) is not None]


def ordered(found: Iterable[Finding]) -> list[Finding]:
    """Without what follows from another, roots first."""
    found = list(found)
    told = {name for finding in found for name in FOLLOWS.get(finding.name, ())}
    return sorted((one for one in found if one.name not in told), key=lambda one: NAMES.index(one.name))
