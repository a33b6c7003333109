"""Every loss, one explicit line each."""

from pellucid.losses.base import Loss
from pellucid.losses.binary import BinaryCrossEntropy, SigmoidCrossEntropy
from pellucid.losses.categorical import CategoricalCrossEntropy, SoftmaxCrossEntropy
from pellucid.losses.poisson import Poisson
from pellucid.losses.quantile import Quantile
from pellucid.losses.regression import Huber, MeanAbsoluteError, MeanSquaredError

__all__ = [
    "BinaryCrossEntropy",
    "CategoricalCrossEntropy",
    "Huber",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Poisson",
    "Quantile",
    "SigmoidCrossEntropy",
    "SoftmaxCrossEntropy",
]
