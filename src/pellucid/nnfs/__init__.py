"""The names of the code of *Neural Networks from Scratch in Python*, over pellucid's own layers.

A script of the book, or a notebook, works by changing one import::

    import pellucid.nnfs as nnfs
    from pellucid.nnfs import *
    from pellucid.nnfs.datasets import spiral_data

    nnfs.init()

No mathematics is written here: each layer, loss and optimiser is one of pellucid with the book's name, arguments and
attributes, those of the early chapters and those of the late ones at once. Faults of the published code are mended, and
each module and class says what differs and why.

Source: H. Kinsley and D. Kukiela, *Neural Networks from Scratch in Python* (2020), and its published code.
"""

from pellucid.nnfs import datasets
from pellucid.nnfs.accuracy import Accuracy, Accuracy_Categorical, Accuracy_Regression
from pellucid.nnfs.layers import (
    Activation_Linear,
    Activation_ReLU,
    Activation_Sigmoid,
    Activation_Softmax,
    Activation_Step,
    Activation_Tanh,
    Layer_Dense,
    Layer_Dropout,
    Layer_Input,
)
from pellucid.nnfs.losses import (
    Activation_Softmax_Loss_CategoricalCrossentropy,
    Loss,
    Loss_BinaryCrossentropy,
    Loss_CategoricalCrossentropy,
    Loss_MeanAbsoluteError,
    Loss_MeanSquaredError,
)
from pellucid.nnfs.mnist import create_data_mnist, fashion_mnist_labels, load_mnist_dataset
from pellucid.nnfs.model import Model
from pellucid.nnfs.optimizers import Optimizer_Adagrad, Optimizer_Adam, Optimizer_RMSprop, Optimizer_SGD
from pellucid.nnfs.patches import init

__all__ = [
    "Accuracy",
    "Accuracy_Categorical",
    "Accuracy_Regression",
    "Activation_Linear",
    "Activation_ReLU",
    "Activation_Sigmoid",
    "Activation_Softmax",
    "Activation_Softmax_Loss_CategoricalCrossentropy",
    "Activation_Step",
    "Activation_Tanh",
    "Layer_Dense",
    "Layer_Dropout",
    "Layer_Input",
    "Loss",
    "Loss_BinaryCrossentropy",
    "Loss_CategoricalCrossentropy",
    "Loss_MeanAbsoluteError",
    "Loss_MeanSquaredError",
    "Model",
    "Optimizer_Adagrad",
    "Optimizer_Adam",
    "Optimizer_RMSprop",
    "Optimizer_SGD",
    "create_data_mnist",
    "datasets",
    "fashion_mnist_labels",
    "init",
    "load_mnist_dataset",
]
