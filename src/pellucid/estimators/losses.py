"""pellucid's losses, added up over the targets of a row.

scikit-learn's gradients are those of sums over the outputs, pellucid's losses are means over them. The factor between the
two is all that is here; what a loss is stands in `pellucid.losses`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid import losses
from pellucid.arrays import Array
from pellucid.layer import Layer
from pellucid.layers import Sigmoid

if TYPE_CHECKING:
    _Base = losses.Loss
else:
    _Base = object


class _Summed(_Base):
    """Put in front of a loss: its value and its gradient, times `times` and the number of outputs."""

    times = 1.0
    outputs: Array

    def forward(self, outputs: Array, targets: Array) -> Array:
        return super().forward(outputs, targets) * self._factor(outputs)

    def backward(self) -> Array:
        self.doutputs = super().backward() * self._factor(self.outputs)
        return self.doutputs

    def plain(self) -> losses.Loss:
        """The loss of pellucid that this one is a multiple of."""
        kind: Any = next(base for base in type(self).__mro__ if base.__module__.startswith("pellucid.losses"))
        return kind(**self.config())

    def _factor(self, outputs: Array) -> float:
        return self.times * (outputs.size // outputs.shape[0])


class HalfSquares(_Summed, losses.MeanSquaredError):
    """Half the squared errors, added up: the gradient is the error itself."""

    times = 0.5


class AbsoluteErrors(_Summed, losses.MeanAbsoluteError):
    """The absolute errors, added up."""


class Hubers(_Summed, losses.Huber):
    """Huber's losses, added up."""


class YesOrNoScores(_Summed, losses.SigmoidCrossEntropy):
    """Sigmoid and the cross-entropies of several questions, added up."""


class YesOrNo(_Summed, losses.BinaryCrossEntropy):
    """The cross-entropies of several questions, added up."""

    def fused_with(self, last: Layer) -> Any:
        return YesOrNoScores() if type(last) is Sigmoid else None


class Counts(_Summed, losses.Poisson):
    """Half the Poisson deviances, added up."""
