"""Many networks of one shape, trained side by side: seeds and settings, and the spread of what comes out."""

from pellucid.sweeps.result import Sweep
from pellucid.sweeps.run import sweep

__all__ = ["Sweep", "sweep"]
