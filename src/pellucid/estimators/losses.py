"""pellucid's losses, added up over the targets of a row, or counted as a row's class says.

scikit-learn's gradients are those of sums over the outputs, pellucid's losses are means over them. Such factors are all
that is here; what a loss is stands in `pellucid.losses`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid import losses
from pellucid.arrays import Array, one_hot
from pellucid.layer import Layer
from pellucid.layers import Sigmoid, Softmax

if TYPE_CHECKING:
    _Base = losses.Loss
else:
    _Base = object


class _Multiple(_Base):
    """Put in front of a loss: something that is times another loss."""

    outputs: Array

    def plain(self) -> losses.Loss:
        """The loss of pellucid that this one is made of."""
        kind: Any = next(base for base in type(self).__mro__ if base.__module__.startswith("pellucid.losses"))
        return kind(**{name: value for name, value in self.config().items() if name != "shares"})


class _Summed(_Multiple):
    """Put in front of a loss: its value and its gradient, times `times` and the number of outputs."""

    times = 1.0

    def forward(self, outputs: Array, targets: Array) -> Array:
        return super().forward(outputs, targets) * self._factor(outputs)

    def backward(self) -> Array:
        self.doutputs = super().backward() * self._factor(self.outputs)
        return self.doutputs

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


class _ByClass(_Multiple):
    """Put in front of a loss: each sample counts as its class says. `shares`: of the classes, about 1 on average.

    The mean is over the rows. (Weights of rows are divided by their sum in each step, so that a step without a row of the
    heavy class would move as far as one with it.)
    """

    def __init__(self, shares: tuple[float, ...]) -> None:
        super().__init__()
        self.shares = shares

    def forward(self, outputs: Array, targets: Array) -> Array:
        xp = outputs.__array_namespace__()
        if targets.ndim == 1:
            self.count = one_hot(targets, len(self.shares), outputs.dtype) @ xp.asarray(
                self.shares, dtype=outputs.dtype
            )
        else:
            self.count = self.shares[0] + (self.shares[1] - self.shares[0]) * targets[:, 0]
        return super().forward(outputs, targets) * self.count

    def backward(self) -> Array:
        self.doutputs = super().backward() * self.count[:, None]
        return self.doutputs


class ClassScoresByClass(_ByClass, losses.SoftmaxCrossEntropy):
    """Softmax and its cross-entropy, by class."""


class ClassesByClass(_ByClass, losses.CategoricalCrossEntropy):
    """The cross-entropy of classes, by class."""

    def fused_with(self, last: Layer) -> Any:
        return ClassScoresByClass(self.shares) if type(last) is Softmax else None


class ScoreByClass(_ByClass, losses.SigmoidCrossEntropy):
    """Sigmoid and its cross-entropy, by class."""


class TwoByClass(_ByClass, losses.BinaryCrossEntropy):
    """The cross-entropy of two classes, by class."""

    def fused_with(self, last: Layer) -> Any:
        return ScoreByClass(self.shares) if type(last) is Sigmoid else None
