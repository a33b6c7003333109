"""Deliberately wrong losses and optimisers, as `wrong_layers` has layers."""

import numpy as np

from pellucid.layers import Softmax
from pellucid.losses import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    MeanAbsoluteError,
    MeanSquaredError,
    SoftmaxCrossEntropy,
)  # fmt: skip
from pellucid.losses.base import sample_axes
from pellucid.optimizers import SGD, AdaGrad, Adam, AdamW

# -- losses ------------------------------------------------------------------------------------------------------------


class WrongSign(MeanAbsoluteError):
    """The book's, in chapters 17 to 22."""

    def backward(self):
        return -super().backward()


class MeanOverTheBatch(MeanSquaredError):
    def forward(self, outputs, targets):
        return np.full(len(outputs), super().forward(outputs, targets).mean())


class GradientDividedByRows(MeanSquaredError):
    """Divided here, and once more by the training step."""

    def backward(self):
        return super().backward() / len(self.error)


class UnsignedTargetsWrap(CategoricalCrossEntropy):
    """The book's: minus an unsigned 1 is 255."""

    def backward(self):
        return -self.targets / self.outputs


class InfiniteAtZero(BinaryCrossEntropy):
    def forward(self, outputs, targets):
        self.outputs, self.targets = outputs, targets
        return -(targets * np.log(outputs) + (1 - targets) * np.log(1 - outputs)).mean(axis=1)


class BroadcastTargets(MeanSquaredError):
    def forward(self, outputs, targets):
        self.outputs, self.targets, self.error = outputs, targets, outputs - targets
        return (self.error * self.error).mean(axis=sample_axes(outputs))


class PairWithoutSmoothing(CategoricalCrossEntropy):
    def fused_with(self, last):
        return SoftmaxCrossEntropy(self.class_weights) if type(last) is Softmax else None


class DoubleInTheMiddle(MeanSquaredError):
    def forward(self, outputs, targets):
        super().forward(outputs, targets)
        self.error = self.error.astype(np.float64)
        return (self.error * self.error).mean(axis=1).astype(outputs.dtype)


class InPlaceOnOutputs(MeanSquaredError):
    def forward(self, outputs, targets):
        outputs -= targets
        self.error = outputs
        return (outputs * outputs).mean(axis=1)


class LossesPileUp(MeanSquaredError):
    def forward(self, outputs, targets):
        self.total = getattr(self, "total", 0.0) + super().forward(outputs, targets)[0]
        return (self.error * self.error).mean(axis=1) + 0.0 * targets[:, 0] + self.total


class SharedByCopies(MeanSquaredError):
    def forward(self, outputs, targets):
        type(self).last = super().forward(outputs, targets)
        return self.last


class KeepsItsRecord(MeanSquaredError):
    def __getstate__(self):
        return dict(vars(self))


class TargetsAsTheyCome(MeanSquaredError):
    def as_targets(self, targets, n_outputs, dtype):
        return np.asarray(targets)


class JudgedOtherwise(MeanSquaredError):
    """Trains on three times the loss that it shows to who evaluates: the pair is another function."""

    def fused_with(self, last):
        return _Tripled()


class _Tripled(MeanSquaredError):
    def forward(self, outputs, targets):
        self.probabilities = outputs
        return 3.0 * super().forward(outputs, targets)

    def backward(self):
        return 3.0 * super().backward()


# -- optimisers --------------------------------------------------------------------------------------------------------


class MomentumUphill(SGD):
    def update(self, param, grad, slots, rates):
        velocity = self.momentum * slots[0] + rates[0] * grad
        return param + velocity, (velocity,)


class NoBiasCorrection(Adam):
    def rates(self, learning_rate, step):
        return super().rates(learning_rate, 10**9)


class DecayInTheGradient(AdamW):
    """What AdamW is there to avoid: the decay goes through the averages."""

    def update(self, param, grad, slots, rates):
        return Adam.update(self, param, grad + self.weight_decay * param, slots, rates[:2])


class DoubleCache(AdaGrad):
    def update(self, param, grad, slots, rates):
        return super().update(param, grad.astype(np.float64), (slots[0].astype(np.float64),), rates)


class ClipsInPlace(SGD):
    def update(self, param, grad, slots, rates):
        np.clip(grad, -1e9, 1e9, out=grad)
        return super().update(param, grad, slots, rates)


class NormOfTheSlice(SGD):
    """Divides by the length of what it is given, which is the whole network for one engine and a slice for another."""

    def update(self, param, grad, slots, rates):
        return super().update(param, grad / np.linalg.norm(grad), slots, rates)


class CountsItsCalls(SGD):
    def update(self, param, grad, slots, rates):
        self.calls = getattr(self, "calls", 0) + 1
        return super().update(param, grad / self.calls, slots, rates)


class OneRateAtATime(SGD):
    def rates(self, learning_rate, step):
        return (float(np.max(learning_rate)),)


class ForgetsItsSettings(SGD):
    def __repr__(self):
        return f"{type(self).__name__}()"


class NumpyRatesStay(SGD):
    def __init__(self, learning_rate=0.01):
        super().__init__(learning_rate)
        self.learning_rate = learning_rate
