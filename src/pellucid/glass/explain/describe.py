"""Layers in words and equations: which blocks a layer's forward and backward pass is shown in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pellucid.glass.explain import chains, dense, elementwise, general, mixing, norms, quantiles
from pellucid.glass.explain.choose import Described
from pellucid.glass.explain.equation import Section, View
from pellucid.glass.explain.record import LayerRecord

_PARTS: dict[str, tuple[Callable[[LayerRecord, View], Described], Callable[[LayerRecord, View], Described]]] = {
    "dense": (dense.forward, dense.backward),
    "elementwise": (elementwise.forward, elementwise.backward),
    "reshape": (chains.reshape_forward, chains.reshape_backward),
    "chain": (chains.chain_forward, chains.chain_backward),
    "residual": (chains.residual_forward, chains.residual_backward),
    "softmax": (mixing.forward, mixing.backward),
    "layernorm": (norms.layernorm_forward, norms.layernorm_backward),
    "batchnorm": (norms.batchnorm_forward, norms.batchnorm_backward),
    "quantiles": (quantiles.forward, quantiles.backward),
    "general": (general.forward, general.backward),
}


def forward(record: LayerRecord, view: View) -> Section:
    """What the layer computes."""
    blocks, formula, words = _PARTS[record.rule][0](record, view)
    inner = [forward(layer, view) for layer in record.layers]
    if not (view.short and view.depth > 1 and record.rule in ("elementwise", "softmax")):  # their units say as much
        words = [*words, _seen("output", record.output)]
    return Section(_title(record), formula, words, blocks, inner)


def backward(record: LayerRecord, view: View) -> Section:
    """How the gradient of the loss goes through the layer, to its parameters and its inputs."""
    if record.fused:
        word = f"Done already: loss and {record.name} are one function, whose gradient for these inputs stands above."
        return Section(_title(record), words=[word])
    blocks, formula, words = _PARTS[record.rule][1](record, view)
    inner = [backward(layer, view) for layer in reversed(record.layers) if layer.doutput is not None]
    if not view.short or view.depth == 1:
        words = [_seen("doutput", record.doutput), *words]
    return Section(_title(record), formula, words, blocks, inner)


def _title(record: LayerRecord) -> str:
    return f"Layer {record.path}: {record.layer!r}"


def _seen(name: str, array: Any) -> str:
    """Such as "output (1, 64): from -1.2 to 0.8"."""
    low, high = float(array.min()), float(array.max())
    return f"{name} {array.shape}: " + (
        f"from {low + 0.0:.6g} to {high + 0.0:.6g}" if array.size > 1 else f"{low + 0.0:.9g}"
    )
