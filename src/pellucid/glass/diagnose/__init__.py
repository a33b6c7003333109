"""What is wrong with a model, its data or its training: findings, not records; nothing where all is well.

`diagnose` looks on demand, `Watch` during `fit`. `look` says what is measured, `rules` lists every rule, `pages/`
has a page for each finding.
"""

from pellucid.glass.diagnose.finding import Finding, Findings
from pellucid.glass.diagnose.look import Look, Material, Past
from pellucid.glass.diagnose.now import diagnose
from pellucid.glass.diagnose.rules import NAMES
from pellucid.glass.diagnose.watch import Watch

__all__ = ["NAMES", "Finding", "Findings", "Look", "Material", "Past", "Watch", "diagnose"]
