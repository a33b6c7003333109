"""Every number of one pass, layer by layer: what an explanation is written from, and what its JSON holds.

A layer's numbers follow one of these rules, under whose name they stand in the JSON:

===========  ========================================================================================================
dense        ``output = inputs @ weights + biases``
elementwise  every value by itself; ``slope`` holds its derivative, ``pieces`` the formulas where they are known
reshape      the same values in another shape
softmax      over the last axis; ``fused`` where the loss takes its inputs: there is no ``doutput`` then
layernorm    over the last axis; with ``mean``, ``variance``, ``inverse_std``, ``normalized``
batchnorm    over all axes but the last; the same, and ``of_batch``: whether the statistics are those of these rows
quantiles    of each target ``per_target`` numbers side by side; ``slope``: what a step grows with its input
chain        its ``layers`` one after the other
residual     the same, and the inputs added to what comes out
general      any other layer: ``sensitivity``, what its own backward gives for one output at a time
===========  ========================================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.checks import is_ours
from pellucid.layer import Layer

if TYPE_CHECKING:
    from pellucid.glass.explain.loss import LossRecord
    from pellucid.glass.explain.update import UpdateRecord


@dataclass
class LayerRecord:
    """One layer's part of a pass. Arrays have the batch first; what stands in no pass is None."""

    path: str
    layer: Layer
    rule: str
    inputs: np.ndarray
    output: np.ndarray
    doutput: np.ndarray | None = None
    dinputs: np.ndarray | None = None
    gradients: dict[str, np.ndarray] = field(default_factory=dict)  # by parameter, penalty included
    facts: dict[str, Any] = field(default_factory=dict)  # what the rule needs beside these
    layers: tuple[LayerRecord, ...] = ()
    fused: bool = False
    first: bool = False  # nobody needs its dinputs
    after: LayerRecord | None = field(
        default=None, repr=False
    )  # the elementwise layer that takes its output, if one does
    before: LayerRecord | None = field(default=None, repr=False)  # the elementwise layer that it takes the output of

    @property
    def name(self) -> str:
        """The class."""
        return type(self.layer).__name__

    @property
    def slack(self) -> float:
        """How exact its arithmetic is: somebody's own layer may compute in float32, whatever it is given."""
        return 1e-12 if is_ours(self.layer) else 1e-5

    @property
    def rows(self) -> int:
        """Samples in the pass."""
        return len(self.inputs)

    def as_dict(self) -> dict[str, Any]:
        """For the JSON. A `general` composite holds its inner layers only to be looked at."""
        made: dict[str, Any] = {
            "path": self.path,
            "layer": repr(self.layer),
            "rule": self.rule,
            "inputs": self.inputs,
            "output": self.output,
            "doutput": self.doutput,
            "dinputs": self.dinputs,
            "parameters": {name: getattr(self.layer, name) for name in self.layer.params},
            "gradients": self.gradients,
        }
        made |= {"fused": True} if self.fused else {}
        return made | self.facts | ({"layers": [layer.as_dict() for layer in self.layers]} if self.layers else {})


@dataclass
class Record:
    """One pass over one or a few samples, computed in float64."""

    training: bool
    dtype: str  # of the model
    inputs: np.ndarray
    outputs: np.ndarray
    layers: tuple[LayerRecord, ...]
    loss: LossRecord | None = None
    update: UpdateRecord | None = None
    agreement: dict[str, float] = field(default_factory=dict)  # how far from the library's own gradients

    def walk(self) -> list[LayerRecord]:
        """Every layer, depth first."""

        def inside(layers: tuple[LayerRecord, ...]) -> list[LayerRecord]:
            return [found for layer in layers for found in (layer, *inside(layer.layers))]

        return inside(self.layers)

    def gradients(self) -> dict[str, np.ndarray]:
        """The gradient of every parameter by key, such as "0.weights"."""
        return {f"{layer.path}.{name}": value for layer in self.walk() for name, value in layer.gradients.items()}
