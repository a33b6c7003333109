"""Is a backward pass right? Central differences in float64, a verdict for every gradient, and what sort of mistake it is."""

from pellucid.glass.gradients.checking import check_gradients
from pellucid.glass.gradients.report import Finding, GradientReport, Verdict

__all__ = ["Finding", "GradientReport", "Verdict", "check_gradients"]
