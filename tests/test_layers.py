"""Every layer, through every check of `layer_checks`; and what only one kind of layer has to show."""

import numpy as np
import pytest
from cases import LAYERS, inputs, prepared
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from layer_checks import CHECKS, one_pass

from pellucid import layers


def test_every_layer_has_a_row_in_cases():
    rows = {type(inner).__name__ for case in LAYERS for inner in [case.make()]}
    missing = set(layers.__all__) - {"Layer"} - rows
    assert not missing, f"tests/cases.py: LAYERS has no row for {', '.join(sorted(missing))}"


def test_rows_are_named_after_their_layer_and_no_two_alike():
    assert len({case.name for case in LAYERS}) == len(LAYERS)
    for case in LAYERS:
        assert case.name.split(",")[0] == type(case.make()).__name__


@pytest.mark.parametrize("case", LAYERS, ids=str)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_layer(check, case):
    check(case)
