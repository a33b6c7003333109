"""Where a NaN came from, when the compiled engine met it: replayed on NumPy from the last good values."""

import pytest

from planted import FAULTS


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_is_found(fault):
    fault(0, "jax")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100))
def test_100_of_100_planted_faults_are_found(seed):
    FAULTS[seed % len(FAULTS)](1000 + seed, "jax")
