"""Training: epochs, validation, early stopping, history."""

from pellucid.training.fit import EarlyStopping, Plan, Trainer, TrainingState
from pellucid.training.history import History
from pellucid.training.progress import Progress, somebody_looks

__all__ = ["EarlyStopping", "History", "Plan", "Progress", "Trainer", "TrainingState", "somebody_looks"]
