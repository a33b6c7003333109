"""Deliberately wrong layers: faults that were made somewhere once, each in a few lines.

`test_wrong_layers` runs the very checks of the right ones over them. A check that none of these fails is no check.
"""

import numpy as np

from pellucid.layers import BatchNorm, Dense, Dropout, Layer, LeakyReLU, ReLU, Residual, Sigmoid, Softmax, Tanh

# -- wrong mathematics -------------------------------------------------------------------------------------------------


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


# -- wrong manners -----------------------------------------------------------------------------------------------------


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
