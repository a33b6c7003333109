"""What can be checked: a layer, a loss, a training step. Each says what it computes and what its backward gives.

`values`: the arrays to differentiate for, by name. `terms(values)`: the numbers whose sum is differentiated, from the
forward alone. `by_hand(values)`: the gradients that backward gives, by the same names. Nothing of the user's is touched:
every pass runs on a copy, and what the copy is given may only be read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.layer import Layer
from pellucid.layers import Sequential
from pellucid.losses import Loss
from pellucid.network import apart, get_values, named, set_values
from pellucid.randomness import Draws
from pellucid.step import Pass

Values = dict[str, np.ndarray]
DRAWS = Draws(7, epoch=1, step=2)  # the same masks in every pass of a check


def own_copy(layer: Layer, dtype: Any = np.float64) -> Layer:
    """A copy that shares no array with `layer`; its floating parameters and state in `dtype`, each layer with its draws."""
    twin: Layer = apart(layer)
    for number, (_, inner) in enumerate(twin.walk()):
        for name, value in inner.values().items():
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                setattr(inner, name, value.astype(dtype, copy=False))
        inner.draws, inner.needs_dinputs = DRAWS.of(number), True
    return twin


def locked(array: Any, writeable: bool = False) -> Any:
    """A copy that can only be read, unless `writeable`."""
    kept = np.array(array)
    kept.flags.writeable = writeable
    return kept


def set_mode(layer: Layer, training: bool) -> None:
    """Tell a layer and all inside it whether this is training."""
    for _, inner in layer.walk():
        inner.training = training


class _Given:
    """What the three have in common: whether a pass may write into what it is given, which is then its own."""

    writeable = False
    dy: np.ndarray  # what arrives from above: rounding inside backward is of its size, however small the gradient is

    @property
    def unit(self) -> float:
        """The size of what arrives from above."""
        return float(np.abs(self.dy).max(initial=0.0))

    def own(self, array: Any) -> Any:
        """The array, or a copy for a pass that writes into it."""
        return np.array(array) if self.writeable else array


class LayerSubject(_Given):
    """A layer with its inputs and a gradient from above; what is differentiated is ``sum(doutput * output) + penalty``."""

    data = "inputs"

    def __init__(self, layer: Layer, x: np.ndarray, dy: np.ndarray, training: bool) -> None:
        self.layer, self.x, self.dy, self.training = own_copy(layer), x, dy, training
        set_mode(self.layer, training)
        self.record: Any = None  # the copy that the last `by_hand` ran on

    def __repr__(self) -> str:
        return repr(self.layer)

    def values(self) -> Values:
        """The inputs, unless they are whole numbers, and every parameter, in float64."""
        given = {"inputs": self.x} if self.x.dtype.kind == "f" else {}
        return {**given, **{key: np.asarray(a) for key, a in get_values(self.layer, "params").items() if np.size(a)}}

    def start(self, values: Values) -> Layer:
        """A copy of the layer with these parameters."""
        twin = self.layer.run_copy()
        set_values(twin, values)
        return twin

    def terms(self, values: Values) -> np.ndarray:
        twin = self.start(values)
        output = np.asarray(twin.forward(self.own(values.get("inputs", self.x))), np.float64)
        return np.append((output * self.dy).ravel(), float(twin.penalty()))

    def by_hand(self, values: Values) -> dict[str, Any]:
        twin = own_copy(self.start(values))
        for key, layer, name in named(twin):
            setattr(layer, name, locked(values.get(key, getattr(layer, name)), self.writeable))
        twin.forward(locked(values.get("inputs", self.x), self.writeable))
        returned = twin.backward(locked(self.dy, self.writeable))
        self.record = twin
        given = {key: getattr(layer, "d" + name, None) for key, layer, name in named(twin, "params")}
        return {**given, "inputs": returned}

    def rows(self) -> int:
        return len(self.x)


class LossSubject(_Given):
    """A loss with outputs and targets; what is differentiated is the sum of the losses, each row with its own weight.

    The weights are what the training step multiplies the rows with: a loss whose rows depend on each other shows.
    """

    data = "outputs"
    training = True

    def __init__(self, loss: Loss, outputs: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> None:
        self.loss, self.outputs, self.targets, self.weights = loss, outputs, targets, weights
        self.dy = np.broadcast_to(weights.reshape(-1, *[1] * (outputs.ndim - 1)), outputs.shape)
        self.record: Any = None

    def __repr__(self) -> str:
        return repr(self.loss)

    def values(self) -> Values:
        return {"outputs": self.outputs}

    def terms(self, values: Values) -> np.ndarray:
        losses = np.asarray(self.loss.run_copy().forward(self.own(values["outputs"]), self.targets), np.float64)
        return losses * self.weights

    def by_hand(self, values: Values) -> dict[str, Any]:
        loss = self.loss.run_copy()
        loss.forward(locked(values["outputs"], self.writeable), locked(self.targets, self.writeable))
        gradient = loss.backward()
        self.record = loss
        fits = isinstance(gradient, np.ndarray) and gradient.shape == self.outputs.shape
        return {"outputs": gradient * self.dy if fits else gradient}

    def rows(self) -> int:
        return len(self.outputs)


class StepSubject(_Given):
    """A whole training step: network, loss, penalties, weights of rows and classes; differentiated is the mean loss."""

    data = "inputs"

    def __init__(
        self,
        network: Layer,
        loss: Loss,
        x: np.ndarray,
        y: np.ndarray,
        weights: np.ndarray | None,
        training: bool,
    ) -> None:
        self.layer, self.loss, self.x, self.y, self.sample_weight = own_copy(network), loss, x, y, weights
        self.training = training
        self.record: Any = None
        self.dy = np.ones(1) / len(x)

    def __repr__(self) -> str:
        return f"{self.layer!r} with {self.loss!r}"

    def values(self) -> Values:
        given = {"inputs": self.x} if self.x.dtype.kind == "f" else {}
        return {**given, **{key: np.asarray(a) for key, a in get_values(self.layer, "params").items() if np.size(a)}}

    def start(self, values: Values, apart: bool = False) -> Pass:
        """A pass with these parameters, which spares nobody's dinputs; `apart` from all arrays of other passes."""
        network = own_copy(self.layer) if apart else self.layer
        assert isinstance(network, Sequential)
        step = Pass(network, self.loss, DRAWS)
        set_values(step.network, values)
        set_mode(step.network, self.training)
        for _, layer in step.network.walk():
            layer.needs_dinputs = True
        return step

    def terms(self, values: Values) -> np.ndarray:
        step = self.start(values)
        losses = step.loss.forward(step.body.forward(self.own(values.get("inputs", self.x))), self.y)
        share = self.shares(step.loss, len(losses))
        return np.append(np.asarray(losses, np.float64) * share, float(step.body.penalty()))

    def shares(self, loss: Loss, rows: int) -> np.ndarray:
        """What part of the mean each row is, (B,)."""
        weights = np.ones(rows) if self.sample_weight is None else self.sample_weight
        of_class = loss.weights(self.y)
        weights = weights if of_class is None else weights * of_class
        return np.asarray(weights / (weights.sum() + 1e-30), np.float64)

    def by_hand(self, values: Values) -> dict[str, Any]:
        step = self.start(values, apart=True)
        for _, layer, name in named(step.network):
            setattr(layer, name, locked(getattr(layer, name), self.writeable))
        step.run(
            locked(values.get("inputs", self.x), self.writeable), locked(self.y, self.writeable), self.sample_weight
        )
        self.record = step.network
        given = {key: getattr(layer, "d" + name, None) for key, layer, name in named(step.network, "params")}
        return {**given, "inputs": step.body.dinputs if step.body.layers else step.loss.doutputs}  # type: ignore[attr-defined]

    def rows(self) -> int:
        return len(self.x)


Subject = LayerSubject | LossSubject | StepSubject


def substitutes(subject: Subject) -> list[str]:
    """The layers in it whose backward is deliberately not the derivative of their forward."""
    if isinstance(subject, LossSubject):
        return []
    return [repr(layer) for _, layer in subject.layer.walk() if getattr(layer, "substitute_gradient", False)]
