"""The schedules: their figures, arrays of steps, and what they remember."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pellucid
from pellucid import schedules
from pellucid.errors import InputError
from pellucid.layers import Dense
from pellucid.losses import MeanSquaredError
from pellucid.optimizers import SGD
from pellucid.schedules import (
    Constant,
    Cosine,
    Exponential,
    InverseTime,
    OneCycle,
    Plateau,
    Schedule,
    StepDecay,
    WarmUp,
    as_schedule,
)  # fmt: skip

EACH = [
    Constant(0.1),
    InverseTime(0.1, decay=0.01),
    StepDecay(0.1, every=7, factor=0.3),
    Exponential(0.1, factor=0.98),
    Cosine(0.1, steps=50, final=0.01),
    OneCycle(0.1, steps=50),
    WarmUp(0.1, steps=10),
    WarmUp(Cosine(0.1, steps=40), steps=10),
    Plateau(0.1, factor=0.5, patience=2),
]


def test_every_schedule_has_a_row_here():
    assert {type(schedule).__name__ for schedule in EACH} == set(schedules.BY_NAME)


FIGURES = [
    (InverseTime(1.0, decay=0.1), {0: 1.0, 10: 0.5, 30: 0.25}),
    (InverseTime(0.05, decay=5e-7), {99: 0.04999752512250644}),  # the book, chapter 10, the line of epoch 100
    (StepDecay(1.0, every=10, factor=0.1), {0: 1.0, 9: 1.0, 10: 0.1, 19: 0.1, 20: 0.01}),
    (Exponential(2.0, factor=0.5), {0: 2.0, 1: 1.0, 3: 0.25}),
    (Cosine(1.0, steps=100, final=0.2), {0: 1.0, 50: 0.6, 100: 0.2, 1000: 0.2}),
    (OneCycle(1.0, steps=100), {0: 0.04, 30: 1.0, 65: 0.50005, 100: 1e-4, 1000: 1e-4}),
    (WarmUp(1.0, steps=4), {0: 0.2, 1: 0.4, 3: 0.8, 4: 1.0, 100: 1.0}),
    (WarmUp(Exponential(1.0, 0.5), steps=4), {0: 0.2, 4: 1.0, 5: 0.5, 6: 0.25}),
]


@pytest.mark.parametrize("schedule, figures", FIGURES, ids=[repr(schedule) for schedule, _ in FIGURES])
def test_figures(schedule, figures):
    for step, rate in figures.items():
        assert float(schedule(step)) == pytest.approx(rate, rel=1e-12)


@pytest.mark.parametrize("schedule", EACH, ids=repr)
def test_many_steps_at_once_are_each_step(schedule):
    steps = np.arange(120)
    together = np.broadcast_to(schedule(steps), steps.shape)
    np.testing.assert_allclose(together, [float(schedule(int(step))) for step in steps], rtol=1e-14)
    np.testing.assert_allclose(schedule(steps.astype(float)), together, rtol=1e-14)
    assert together.dtype == np.float64 and (together >= 0).all() and together.max() <= 0.1 * (1 + 1e-12)


@pytest.mark.parametrize("schedule", EACH, ids=repr)
def test_what_lasts_is_the_configuration(schedule):
    for twin in (eval(repr(schedule), vars(schedules)), copy.deepcopy(schedule), pickle.loads(pickle.dumps(schedule))):
        assert twin == schedule and repr(twin) == repr(schedule) and hash(twin) == hash(schedule)
    assert schedule != Constant(0.7) and schedule != 0.1


def test_numpy_numbers_are_python_numbers():
    assert repr(Cosine(np.float64(0.1), np.int64(50))) == repr(Cosine(0.1, 50))


@pytest.mark.parametrize("schedule", EACH, ids=repr)
def test_a_model_trains_with_it_and_reports_its_rates(schedule):
    schedule = copy.deepcopy(schedule)
    model = pellucid.Model(Dense(1, 1), loss=MeanSquaredError(), optimizer=SGD(schedule))
    x = np.linspace(-1, 1, 6)[:, None].astype(np.float32)
    history = model.fit(x, x, epochs=5, batch_size=2, progress=False)
    if not isinstance(schedule, Plateau):
        last_steps = [3 * epoch + 2 for epoch in range(5)]
        np.testing.assert_allclose(history["learning_rate"], [float(schedule(step)) for step in last_steps])


@given(st.integers(1, 200), st.floats(0.0, 1.0))
def test_one_cycle_goes_up_once_and_down_once(steps, warm):
    rates = np.array([float(OneCycle(1.0, steps, warm)(step)) for step in range(steps + 1)])
    top = int(rates.argmax())
    assert (np.diff(rates[: top + 1]) >= -1e-15).all() and (np.diff(rates[top:]) <= 1e-15).all()
    assert rates.max() <= 1.0 and rates.min() >= 1e-4 - 1e-15


def watched(schedule, losses):
    rates = []
    for loss in losses:
        schedule.watch(loss)
        rates.append(float(schedule(0)))
    return rates


def test_plateau_cuts_after_its_patience_and_not_below_its_lowest():
    plateau = Plateau(1.0, factor=0.1, patience=1, lowest=0.05)
    assert watched(plateau, [5, 4, 4, 4, 4, 4, 4]) == pytest.approx([1, 1, 1, 0.1, 0.1, 0.05, 0.05])


def test_plateau_goes_on_where_it_stopped():
    losses = [5, 4, 4, 3, 3, 3, 3, 2.9999, 3]
    whole, first, second = (Plateau(1.0, patience=1) for _ in range(3))
    rates = watched(whole, losses)
    start = watched(first, losses[:5])
    second.restore(first.state())
    assert start + watched(second, losses[5:]) == rates
    second.restart()
    assert float(second(0)) == 1.0 and second.state() == Plateau(1.0).state()


def test_plateau_inside_a_warm_up_is_watched_too():
    schedule = WarmUp(Plateau(1.0, factor=0.5, patience=0), steps=2)
    watched(schedule, [1.0, 1.0])
    assert float(schedule(10)) == 0.5 and schedule.state()["cuts"] == 1
    twin = WarmUp(Plateau(1.0, factor=0.5, patience=0), steps=2)
    twin.restore(schedule.state())
    assert float(twin(10)) == 0.5
    twin.restart()
    assert float(twin(10)) == 1.0


def test_any_function_of_the_step_is_a_schedule():
    function = lambda step: 0.1 / (1 + step)  # noqa: E731
    assert as_schedule(function) is function
    assert as_schedule(0.1) == Constant(0.1) and as_schedule(np.float32(0.5)) == Constant(0.5)
    for wrong in (True, "0.1", None, -1.0, float("inf"), float("nan")):
        with pytest.raises(InputError, match="learning_rate="):
            as_schedule(wrong)


def test_a_schedule_without_a_rate_is_told_so():
    with pytest.raises(InputError, match="does not define __call__"):
        Schedule()(0)
