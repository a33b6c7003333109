"""Every optimiser, one explicit line each."""

from pellucid.optimizers.adam import Adam, AdamW
from pellucid.optimizers.adaptive import AdaGrad, RMSprop
from pellucid.optimizers.base import Optimizer
from pellucid.optimizers.sgd import SGD

__all__ = ["SGD", "AdaGrad", "Adam", "AdamW", "Optimizer", "RMSprop"]
