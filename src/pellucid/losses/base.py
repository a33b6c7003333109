"""The contract of a loss.

`forward(outputs, targets)` returns one loss a sample, (B,); `backward()` the gradient of their *sum* for the outputs,
in the outputs' shape. What a loss does not know about, the training step does: the mean over the batch and the
weights of the samples. A loss of your own is a class with these two methods.

Where a last layer and a loss are simpler together (softmax with categorical cross-entropy), the loss names the pair in
`fused_with`, and the step then gives the pair the last layer's inputs: the loss that is printed is the loss that is
differentiated.
"""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

import numpy as np

from pellucid.arrays import Array, as_array, as_dtype, check_finite
from pellucid.errors import ContractError, DataError
from pellucid.layer import Layer, call_by_name


class Loss:
    """Base of every loss."""

    metric: str | None = None  # the metric that goes with this loss where the user names none
    fits: tuple[str, ...] = ()  # the last layers that give this loss what it expects; empty: any
    instead: ClassVar[dict[str, str]] = {}  # for a last layer that does not fit: what to write instead

    def forward(self, outputs: Array, targets: Array) -> Array:
        """Losses of the samples, (B,); keeps `outputs` and `targets`."""
        raise ContractError(f"{type(self).__name__} has no forward(self, outputs, targets). It returns (B,) losses.")

    def backward(self) -> Array:
        """Gradient of the summed losses for the outputs of the last `forward`."""
        raise ContractError(f"{type(self).__name__} has no backward(self). It returns the gradient for the outputs.")

    def fused_with(self, last: Layer) -> Loss | None:
        """The loss that takes the last layer's *inputs* and stands for both, or None."""
        return None

    def doubt(self, last: Layer) -> str:
        """A sentence where this loss and the network's last layer do not fit; empty where they do."""
        names = [kind.__name__ for kind in type(last).__mro__]
        if self.fits and not any(name in self.fits for name in names):
            return (
                f"{type(self).__name__} expects probabilities, but the last layer is {last!r}. "
                f"End the network with {self.fits[0]}(), the pair that fits."
            )
        hints = [self.instead[name] for name in names if name in self.instead]
        return f"{type(self).__name__} does not fit the last layer, {last!r}: {hints[0]}" if hints else ""

    def weights(self, targets: Array) -> Array | None:
        """A weight for each sample that follows from its target, (B,), or None."""
        return None

    def as_targets(self, targets: Any, n_outputs: int, dtype: Any) -> np.ndarray:
        """Targets at the border: checked against a network of `n_outputs`, of the network's `dtype`, (B, n_outputs)."""
        array = as_array(targets, "y")
        if array.ndim == 1:
            raise DataError(
                f"y has shape {array.shape} but the network returns (rows, {n_outputs}). "
                + ("Write y[:, None], which makes it a column." if n_outputs == 1 else "Give one column an output.")
            )
        if array.ndim < 2 or array.shape[-1] != n_outputs:
            raise DataError(f"y has shape {array.shape}, but the network returns {n_outputs} value(s) a row.")
        check_finite(array, "y")
        return as_dtype(array, dtype, "y")

    def run_copy(self) -> Loss:
        """A shallow copy to run a pass on."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        return copy

    def config(self) -> dict[str, Any]:
        """The constructor's arguments by name."""
        if type(self).__init__ is object.__init__:
            return {}
        try:
            return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}
        except AttributeError as error:
            raise ContractError(
                f"{type(self).__name__}.__init__ takes {error.name!r} but does not keep it: write "
                f"self.{error.name} = {error.name} there, unchanged, so that it can be copied, saved and shown."
            ) from None

    def __getstate__(self) -> dict[str, Any]:
        return self.config()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A copy goes through the constructor, which may derive more than it was given."""
        names = () if type(self).__init__ is object.__init__ else inspect.signature(type(self)).parameters
        made = call_by_name(type(self), {name: state[name] for name in names})
        vars(self).update({**vars(made), **state})

    def __repr__(self) -> str:
        defaults = {} if type(self).__init__ is object.__init__ else inspect.signature(type(self)).parameters
        changed = [f"{k}={v!r}" for k, v in self.config().items() if v != defaults[k].default]
        return f"{type(self).__name__}({', '.join(changed)})"


def sample_axes(array: Array) -> tuple[int, ...]:
    """All axes but the first."""
    return tuple(range(1, array.ndim))


def check_targets(loss: Loss, outputs: Array, targets: Array) -> None:
    """Refuse targets of another shape: (B,) against (B, 1) would silently compare every row with every other."""
    if outputs.shape != targets.shape:
        raise DataError(
            f"{type(loss).__name__} got outputs of shape {tuple(outputs.shape)} and targets of shape "
            f"{tuple(targets.shape)}. Give targets the shape of the outputs, for example targets.reshape(outputs.shape)."
        )
