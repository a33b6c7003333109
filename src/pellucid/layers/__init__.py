"""Every layer, one explicit line each. The command line, the model file and the tests read this list."""

from pellucid.layer import Layer
from pellucid.layers.dense import Dense
from pellucid.layers.elu import ELU, SELU
from pellucid.layers.linear import Linear
from pellucid.layers.noise import Dropout, GaussianNoise
from pellucid.layers.normalization import BatchNorm, LayerNorm
from pellucid.layers.quantiles import OrderedQuantiles
from pellucid.layers.relu import LeakyReLU, ReLU
from pellucid.layers.sequential import Residual, Sequential
from pellucid.layers.shape import Flatten, Reshape
from pellucid.layers.sigmoid import HardSigmoid, Sigmoid
from pellucid.layers.smooth import GELU, Mish, SiLU, Softplus
from pellucid.layers.softmax import Softmax
from pellucid.layers.step import Step
from pellucid.layers.tanh import Tanh

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "BatchNorm",
    "Dense",
    "Dropout",
    "Flatten",
    "GaussianNoise",
    "HardSigmoid",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "Mish",
    "OrderedQuantiles",
    "ReLU",
    "Reshape",
    "Residual",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Step",
    "Tanh",
]
