"""Every optimiser, through every check of `optimizer_checks`; clipping; and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import pellucid
from cases import OPTIMIZERS
from optimizer_checks import CHECKS, updates
from pellucid import optimizers
from pellucid.errors import ContractError, InputError
from pellucid.layers import Dense
from pellucid.losses import MeanSquaredError
from pellucid.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop
from pellucid.optimizers.base import clip_by_value, norm_factor
from pellucid.step import update


def test_every_optimiser_has_a_row_in_cases():
    missing = set(optimizers.__all__) - {"Optimizer"} - {type(case.make()).__name__ for case in OPTIMIZERS}
    assert not missing, f"tests/cases.py: OPTIMIZERS has no row for {', '.join(sorted(missing))}"


def test_rows_are_named_after_their_optimiser_and_no_two_alike():
    assert len({case.name for case in OPTIMIZERS}) == len(OPTIMIZERS)
    for case in OPTIMIZERS:
        assert case.name.split(",")[0] == type(case.make()).__name__


@pytest.mark.parametrize("case", OPTIMIZERS, ids=str)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_optimizer(check, case):
    check(case)


def first_move(optimizer):
    """What one epoch of training moves, as one long vector; the gradient of this network is about 80 long."""
    model = pellucid.Model(Dense(3, 2), loss=MeanSquaredError(), optimizer=optimizer, dtype="float64")
    before = model.values()
    model.fit(np.full((4, 3), 5.0), np.full((4, 2), -9.0), epochs=1, progress=False)
    return np.concatenate([(model.values()[key] - before[key]).ravel() for key in before])


def test_clip_norm_keeps_the_direction_and_limits_the_length():
    free, limited = first_move(SGD(1.0)), first_move(SGD(1.0, clip_norm=0.5))
    assert np.linalg.norm(free) > 10.0
    assert np.linalg.norm(limited) == pytest.approx(0.5, rel=1e-12)
    np.testing.assert_allclose(limited * np.linalg.norm(free), free * 0.5, rtol=1e-12)
    np.testing.assert_array_equal(first_move(SGD(1.0, clip_norm=1e4)), free)


def test_clip_value_limits_every_entry():
    free, limited = first_move(SGD(1.0)), first_move(SGD(1.0, clip_value=0.5))
    np.testing.assert_allclose(limited, np.clip(free, -0.5, 0.5), rtol=1e-12)
    assert (abs(free) > 0.5).any()


@settings(max_examples=50, deadline=None)
@given(gradient=arrays(np.float64, 6, elements=st.floats(-1e100, 1e100)), limit=st.floats(1e-3, 1e3, exclude_min=True))
def test_no_clipped_gradient_exceeds_its_limit(gradient, limit):
    assert abs(clip_by_value(gradient, limit)).max() <= limit
    factor = norm_factor(np.asarray((gradient * gradient).sum()), limit)
    assert 0.0 < factor <= 1.0 and np.linalg.norm(gradient * factor) <= limit * (1 + 1e-9)


def test_a_gradient_of_zero_moves_nothing():
    for case in OPTIMIZERS:
        optimizer = case.make()
        if not getattr(optimizer, "weight_decay", 0.0):
            start = np.array([1.0, -2.0, 0.0])
            np.testing.assert_array_equal(updates(optimizer, start, np.zeros((5, 3)))[-1], start)


@settings(max_examples=30, deadline=None)
@given(scale=st.floats(1e-3, 1e6))
def test_adams_first_step_does_not_depend_on_the_gradients_size(scale):
    """Bias correction: the very first step is the learning rate, whichever the unit of the loss."""
    start = np.zeros(3)
    for optimizer in (Adam(0.02), AdamW(0.02), RMSprop(0.02, rho=0.0)):
        moved = updates(optimizer, start, scale * np.array([[1.0, -2.0, 0.5]]))[0]
        np.testing.assert_allclose(moved, [-0.02, 0.02, -0.02], rtol=1e-3)


def test_adamw_decays_a_weight_apart_from_its_gradient():
    decayed = updates(AdamW(0.1, weight_decay=0.5), np.array([4.0]), np.zeros((3, 1)))
    np.testing.assert_allclose([array[0] for array in decayed], 4.0 * (1 - 0.05) ** np.arange(1, 4))


def test_learning_rates_and_limits_that_cannot_work_are_refused():
    for call, sentence in [
        (lambda: SGD(-0.1), "learning_rate=-0.1"),
        (lambda: Adam(float("nan")), "learning_rate=nan"),
        (lambda: Adam("fast"), "learning_rate='fast'"),
        (lambda: SGD(0.1, momentum=1.0), "momentum.*1.0"),
        (lambda: SGD(0.1, clip_norm=0.0), "clip_norm.*0.0"),
        (lambda: Adam(0.1, clip_value=-1.0), "clip_value.*-1.0"),
    ]:
        with pytest.raises(InputError, match=sentence):
            call()


def test_an_optimiser_without_an_update_is_told_so():
    with pytest.raises(ContractError, match=r"has no update\(self, param, grad, slots, rates\)"):
        Optimizer(0.1).update(np.ones(1), np.ones(1), (), (0.1,))


def test_slots_go_to_the_optimizer_by_name_in_whatever_order_they_come():
    """A compiled program returns its dictionaries sorted by name: cache before momentum."""
    values, gradients = {"0.weights": np.ones(3)}, {"0.weights": np.array([1.0, -2.0, 3.0])}
    slots = {"momentum": {"0.weights": np.full(3, 0.5)}, "cache": {"0.weights": np.full(3, 4.0)}}
    adam, results = Adam(0.1), []
    for names in (("momentum", "cache"), ("cache", "momentum")):
        own = {name: {"0.weights": slots[name]["0.weights"].copy()} for name in names}
        results.append(update(adam, {"0.weights": values["0.weights"].copy()}, gradients, own, adam.rates(0.1, 3)))
    (first, kept), (second, kept_too) = results
    np.testing.assert_array_equal(first["0.weights"], second["0.weights"])
    for name in slots:
        np.testing.assert_array_equal(kept[name]["0.weights"], kept_too[name]["0.weights"])
