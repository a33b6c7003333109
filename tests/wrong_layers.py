"""Deliberately wrong layers, losses and optimisers: faults that were made somewhere once, each in a few lines.

`test_wrong_layers` runs the very checks of the right ones over them. A check that none of these fails is no check.
"""

import numpy as np

from pellucid.layers import BatchNorm, Dense, Dropout, Layer, LeakyReLU, ReLU, Residual, Sigmoid, Softmax, Tanh
from pellucid.losses import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    MeanAbsoluteError,
    MeanSquaredError,
    SoftmaxCrossEntropy,
)  # fmt: skip
from pellucid.losses.base import sample_axes
from pellucid.optimizers import SGD, AdaGrad, Adam, AdamW

# -- layers: wrong mathematics -----------------------------------------------------------------------------------------


class BiasesDividedByRows(Dense):
    def backward(self, doutput):
        dinputs = super().backward(doutput)
        self.dbiases = self.dbiases / len(doutput)
        return dinputs


class MeanForSum(Softmax):
    def backward(self, doutput):
        self.dinputs = self.output * (doutput - (doutput * self.output).mean(axis=-1, keepdims=True))
        return self.dinputs


class TransposedWeights(Dense):
    def backward(self, doutput):
        dinputs = super().backward(doutput)
        self.dweights = self.dweights.T
        return dinputs


class NoPenaltyGradient(Dense):
    def backward(self, doutput):
        self.dweights = self.inputs.T @ doutput
        self.dbiases = doutput.sum(axis=0)
        return doutput @ self.weights.T


class BatchNormWithoutMeanTerms(BatchNorm):
    def backward(self, doutput):
        super().backward(doutput)
        self.dinputs = self.gamma * self.inverse_std * doutput
        return self.dinputs


class NoShortCut(Residual):
    def backward(self, doutput):
        return super().backward(doutput) - doutput


class SigmoidThatOverflows(Sigmoid):
    def forward(self, inputs):
        self.inputs = inputs
        self.output = 1.0 / (1.0 + np.exp(-inputs))
        return self.output


class BatchStatisticsInPrediction(BatchNorm):
    def forward(self, inputs):
        kept = self.running_mean, self.running_variance
        self.running_mean, self.running_variance = inputs.mean(axis=0), inputs.var(axis=0)
        output = super().forward(inputs)
        self.running_mean, self.running_variance = kept
        return output


# -- layers: wrong manners ---------------------------------------------------------------------------------------------


class Float64Constant(Tanh):
    scale = np.float64(1.7159)

    def forward(self, inputs):
        self.output = self.scale * np.tanh(inputs)
        return self.output

    def backward(self, doutput):
        return doutput * (self.scale - self.output**2 / self.scale)


class InPlaceOnDoutput(ReLU):
    def backward(self, doutput):
        doutput[self.output <= 0] = 0.0
        return doutput


class TiedToTheOrderInMemory(ReLU):
    def forward(self, inputs):
        super().forward(inputs)
        self.output = np.frombuffer(inputs.tobytes("A"), inputs.dtype).reshape(inputs.shape).clip(0)
        return self.output


class WholeNumbersOnly(LeakyReLU):
    """The slope rounded to the inputs' type, as ``np.full_like(inputs, slope)`` does."""

    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.where(inputs > 0, inputs, np.full_like(inputs, self.slope) * inputs)
        return self.output


class ListsRepeated(Layer):
    """``2 * inputs``: right for an array, and for a list the list twice."""

    def forward(self, inputs):
        self.output = 2 * inputs
        return self.output

    def backward(self, doutput):
        return 2.0 * doutput


class GradientsPileUp(Dense):
    def backward(self, doutput):
        before = getattr(self, "dweights", 0.0)
        dinputs = super().backward(doutput)
        self.dweights = self.dweights + before
        return dinputs


class StaleMask(Dropout):
    """The book's: a prediction leaves the mask of the last training pass, and backward multiplies by it."""

    def forward(self, inputs):
        if self.training:
            return super().forward(inputs)
        self.inputs, self.output = inputs, inputs
        return inputs

    def backward(self, doutput):
        return doutput * self.mask if hasattr(self, "mask") else doutput


class StateMovesInPrediction(BatchNorm):
    def forward(self, inputs):
        output = super().forward(inputs)
        self.running_mean = 0.9 * self.running_mean
        return output


class SharedRecord(Sigmoid):
    """What a pass saw is kept on the class, which all copies share."""

    def forward(self, inputs):
        type(self).seen = super().forward(inputs)
        return self.seen

    def backward(self, doutput):
        return doutput * self.seen * (1.0 - self.seen)


class SparesTooMuch(Dense):
    """Where nobody needs dinputs it leaves its own gradients undone too."""

    def forward(self, inputs):
        self.dweights, self.dbiases = 0.0 * self.weights, 0.0 * self.biases
        return super().forward(inputs)

    def backward(self, doutput):
        return super().backward(doutput) if self.needs_dinputs else None


class RecordInADict(Tanh):
    def __init__(self):
        self.record = {}

    def forward(self, inputs):
        self.record["output"] = super().forward(inputs)
        return self.output


class RecordIsPickled(Tanh):
    def __getstate__(self):
        return dict(vars(self))


class ForgetsItsState(BatchNorm):
    """State that is not named in `state`: it comes back from a file as it was made."""

    state = ()


class KeepsOtherThanItWasGiven(Layer):
    """The book's dropout: ``self.rate = 1 - rate``, a name that lies."""

    def __init__(self, rate: float) -> None:
        self.rate = 1 - rate

    def forward(self, inputs):
        self.output = inputs * self.rate
        return self.output

    def backward(self, doutput):
        return doutput * self.rate


class NumpyNumbersStay(LeakyReLU):
    def __init__(self, slope: float = 0.01) -> None:
        self.slope = slope


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
