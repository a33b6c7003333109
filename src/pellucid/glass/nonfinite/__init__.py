"""Where a NaN came from: the first layer and operation, the rows and the values, found by running the step again.

`watched` follows every value through NumPy's operations, `replay` runs training again from the last good values to the
step that fails, `story` says what happened, `cause` says why and what to try.
"""

from pellucid.glass.nonfinite.replay import Run
from pellucid.glass.nonfinite.story import error, trace, validation

__all__ = ["Run", "error", "trace", "validation"]
