"""Training: epochs, validation, early stopping, history."""

from pellucid.training.fit import EarlyStopping, Plan, TrainingState, run
from pellucid.training.history import History
from pellucid.training.progress import Progress, somebody_looks

__all__ = ["EarlyStopping", "History", "Plan", "Progress", "TrainingState", "run", "somebody_looks"]
