"""One training step's gradients: the one pure function that every engine runs.

Written once, in the layers' own words: forward through the chain, the losses of the samples, their mean, and backward.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.layer import Layer
from pellucid.layers import Sequential
from pellucid.losses import Loss
from pellucid.network import Values, get_values, named, set_values, working_copy
from pellucid.optimizers import Optimizer
from pellucid.optimizers.base import clip_by_value, norm_factor
from pellucid.randomness import Draws


class Pass:
    """A working copy of a network with its loss: what one forward and backward pass leaves its record on.

    Where the last layer and the loss are a pair (softmax with cross-entropy), the pair's loss stands for both.
    """

    def __init__(self, network: Sequential, loss: Loss, draws: Draws) -> None:
        self.network: Sequential = working_copy(network, training=True, draws=draws)
        pair = loss.fused_with(self.network.layers[-1])
        self.loss: Loss = pair if pair is not None else loss.run_copy()
        self.fused = pair is not None
        self.body = Sequential(*self.network.layers[:-1]) if self.fused else self.network
        self.penalized = _penalized(self.network)
        _spare_first_dinputs(self.body)

    def run(self, x: Array, y: Array, weights: Array | None = None) -> Array:
        """The mean loss (penalties included) of a batch; gradients and record stay on the working copy.

        x: (B, ...); y: targets as the loss takes them; weights: (B,) or None. The mean divides by the sum of weights.
        """
        losses = self.loss.forward(self.body.forward(x), y)  # (B,)
        of_class = self.loss.weights(y)
        if of_class is not None:
            weights = of_class.astype(losses.dtype) if weights is None else weights * of_class.astype(losses.dtype)
        if weights is None:
            value = losses.sum() / losses.shape[0]
            gradient = self.loss.backward() * (1.0 / losses.shape[0])
        else:
            share = weights / (weights.sum() + 1e-30)  # a batch of nothing but zeros teaches nothing
            value = (losses * share).sum()
            gradient = self.loss.backward()
            gradient = gradient * share.reshape(-1, *[1] * (gradient.ndim - 1))
        self.body.backward(gradient)
        return value + self.body.penalty() if self.penalized else value

    def outputs(self) -> Array:
        """What the network returned in the last `run`."""
        return self.loss.probabilities if self.fused else self.body.output  # type: ignore[attr-defined]

    def gradients(self) -> Values:
        """The gradient of every parameter by the parameter's key."""
        return {key: getattr(layer, "d" + name) for key, layer, name in named(self.network, "params")}


def _penalized(network: Layer) -> bool:
    """Whether any layer is regularised. A plain 0.0 says no; asked with parameters that are not 0 themselves."""
    asked = network.run_copy()
    for _, layer, name in named(asked, "params"):
        value = getattr(layer, name)
        setattr(layer, name, np.broadcast_to(np.full((), 0.37, value.dtype), value.shape))
    penalty = asked.penalty()
    return not (type(penalty) is float and penalty == 0.0)


def _spare_first_dinputs(body: Layer) -> None:
    """The gradient for the data itself is needed by nobody in training, and costs as much as a forward pass."""
    while type(body) is Sequential and body.layers:  # a class of the user's may want them
        body = body.layers[0]
    body.needs_dinputs = False


def loss_and_gradients(
    network: Sequential, loss: Loss, values: Values, x: Array, y: Array, weights: Array | None, draws: Draws
) -> tuple[Array, Values, Values]:
    """(mean loss, gradients, new state) for one batch. Pure: nothing of `network` or `loss` is changed.

    `values` holds every parameter and state array by key, `draws` the step's random bits. In NumPy and under JAX.
    """
    step = Pass(network, loss, draws)
    set_values(step.network, values)
    value = step.run(x, y, weights)
    return value, step.gradients(), get_values(step.network, "state")


def evaluate_losses(loss: Loss, outputs: Array, targets: Array, weights: Array | None = None) -> Any:
    """The mean loss of outputs already computed, with the same weights as in training."""
    loss = loss.run_copy()
    losses = loss.forward(outputs, targets)
    of_class = loss.weights(targets)
    if of_class is not None:
        weights = of_class if weights is None else weights * of_class
    return losses.mean() if weights is None else (losses * weights).sum() / (weights.sum() + 1e-30)


def update(
    optimizer: Optimizer, values: Values, gradients: Values, slots: dict[str, Values], rates: tuple[Any, ...]
) -> tuple[Values, dict[str, Values]]:
    """(new values, new slots) of every parameter after one step of the optimiser, its gradients limited as it says.

    `slots`: by slot's name, then by the parameter's key. `rates`: what `optimizer.rates` gave for this step.
    """
    if optimizer.clip_value is not None:
        gradients = {key: clip_by_value(gradient, optimizer.clip_value) for key, gradient in gradients.items()}
    if optimizer.clip_norm is not None:
        square_sum = sum((gradient * gradient).sum() for gradient in gradients.values())
        factor = norm_factor(square_sum, optimizer.clip_norm)
        gradients = {key: gradient * factor for key, gradient in gradients.items()}
    new_values: Values = {}
    new_slots: dict[str, Values] = {name: {} for name in slots}
    for key, gradient in gradients.items():
        own = tuple(slots[name][key] for name in optimizer.slots)  # in its order: a compiled program sorts the names
        new_values[key], kept = optimizer.update(values[key], gradient, own, rates)
        for name, slot in zip(optimizer.slots, kept, strict=True):
            new_slots[name][key] = slot
    return new_values, new_slots
