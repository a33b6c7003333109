"""What must hold for every optimiser: functions of a row, to run over the right optimisers and over wrong ones.

An update may write into the parameter and the slots that it is given, and never into the gradient; so everything here
hands over arrays of its own. `test_optimizers` runs each check over each row of `cases.OPTIMIZERS`; `test_wrong_layers`
shows that each of them can fail.
"""

import copy
import pickle
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import pellucid
from cases import OptimizerCase
from passes import same_attributes
from pellucid import optimizers
from pellucid.layers import Dense, Tanh
from pellucid.losses import MeanSquaredError
from pellucid.network import get_values
from pellucid.optimizers import Optimizer
from pellucid.randomness import Draws
from pellucid.step import loss_and_gradients

CHECKS: list[Callable[[OptimizerCase], None]] = []
STEPS = 12


def check(function: Callable[[OptimizerCase], None]) -> Callable[[OptimizerCase], None]:
    CHECKS.append(function)
    return function


def slots_of(optimizer: Optimizer, like: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(np.zeros_like(like) for _ in optimizer.slots)


def updates(optimizer: Optimizer, weights: np.ndarray, gradients: np.ndarray) -> list[np.ndarray]:
    """The weights after each update; `gradients` has one more axis in front, the steps."""
    weights, slots, seen = weights.copy(), slots_of(optimizer, weights), []
    for step, gradient in enumerate(gradients):
        rates = optimizer.rates(float(optimizer.schedule(step)), step)
        weights, slots = optimizer.update(weights, gradient.copy(), slots, rates)
        seen.append(weights.copy())
    return seen


def some(dtype: Any = np.float64) -> tuple[np.ndarray, np.ndarray]:
    """(weights (3, 5), gradients of every step (12, 3, 5))."""
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (3, 5)).astype(dtype), rng.uniform(-2, 2, (STEPS, 3, 5)).astype(dtype)


# -- the updates written out as sums over all gradients so far, instead of step by step --------------------------------


def _faded(keep: float, past: np.ndarray) -> Any:
    """Sum over the past, each step `keep` times as strong as the next."""
    return sum(keep ** (len(past) - 1 - i) * past[i] for i in range(len(past)))


def _sgd(o: Any, w: Any, g: np.ndarray, rates: np.ndarray, t: int) -> Any:
    moves = rates[: t + 1, None, None] * g[: t + 1]
    velocity = _faded(o.momentum, moves)
    return w - (o.momentum * velocity + moves[t] if o.nesterov else velocity)


def _adagrad(o: Any, w: Any, g: np.ndarray, rates: np.ndarray, t: int) -> Any:
    return w - rates[t] * g[t] / (np.sqrt((g[: t + 1] ** 2).sum(axis=0)) + o.epsilon)


def _rmsprop(o: Any, w: Any, g: np.ndarray, rates: np.ndarray, t: int) -> Any:
    return w - rates[t] * g[t] / (np.sqrt((1 - o.rho) * _faded(o.rho, g[: t + 1] ** 2)) + o.epsilon)


def _adam(o: Any, w: Any, g: np.ndarray, rates: np.ndarray, t: int) -> Any:
    """The corrected averages are weighted means: the weights of the past add up to 1."""
    mean = _faded(o.beta_1, g[: t + 1]) / sum(o.beta_1**i for i in range(t + 1))
    square = _faded(o.beta_2, g[: t + 1] ** 2) / sum(o.beta_2**i for i in range(t + 1))
    return w - rates[t] * mean / (np.sqrt(square) + o.epsilon)


def _adamw(o: Any, w: Any, g: np.ndarray, rates: np.ndarray, t: int) -> Any:
    return _adam(o, w * (1 - rates[t] * o.weight_decay), g, rates, t)


FORMULAS = {"SGD": _sgd, "AdaGrad": _adagrad, "RMSprop": _rmsprop, "Adam": _adam, "AdamW": _adamw}


@check
def the_updates_are_their_formula(case: OptimizerCase) -> None:
    optimizer = case.make()
    kind = next(k.__name__ for k in type(optimizer).__mro__ if k.__name__ in FORMULAS)
    weights, gradients = some()
    rates = np.array([float(optimizer.schedule(step)) for step in range(STEPS)])
    expected = weights
    for step, given in enumerate(updates(optimizer, weights, gradients)):
        expected = FORMULAS[kind](optimizer, expected, gradients, rates, step)
        np.testing.assert_allclose(given, expected, rtol=1e-11, atol=1e-13, err_msg=f"update {step + 1}")


@check
def it_goes_downhill(case: OptimizerCase) -> None:
    """On a bowl, a step of small rate against a steady gradient lowers every parameter's term."""
    optimizer = case.make()
    weights = np.array([3.0, -2.0, 0.5, -4.0])
    slots, start = slots_of(optimizer, weights), weights.copy()
    for step in range(20):
        rates = optimizer.rates(0.001, step)
        weights, slots = optimizer.update(weights.copy(), 2.0 * weights, slots, rates)
    assert (abs(weights) < abs(start)).all(), f"from {start} to {weights}"


# -- arrays ------------------------------------------------------------------------------------------------------------


@check
def float32_stays_float32(case: OptimizerCase) -> None:
    """With the rates as the trainer gives them: Python numbers."""
    optimizer = case.make()
    weights, gradients = some(np.float32)
    slots = slots_of(optimizer, weights)
    rates = tuple(float(rate) for rate in optimizer.rates(0.01, 0))
    weights, slots = optimizer.update(weights, gradients[0], slots, rates)
    for array in (weights, *slots):
        assert array.dtype == np.float32 and array.shape == (3, 5)


@check
def the_gradient_is_only_read(case: OptimizerCase) -> None:
    optimizer = case.make()
    weights, gradients = some()
    slots, gradient = slots_of(optimizer, weights), gradients[0]
    gradient.flags.writeable = False
    for step in range(3):
        try:
            weights, slots = optimizer.update(weights, gradient, slots, optimizer.rates(0.01, step))
        except ValueError as error:
            raise AssertionError(f"wrote into the gradient: {error}") from error
        for array in (weights, *slots):
            assert not np.shares_memory(array, gradient), "kept the gradient itself, which the next pass overwrites"


@check
def it_works_entry_by_entry(case: OptimizerCase) -> None:
    """So an engine may run it over slices of one long buffer: the bits are the same."""
    weights, gradients = some()
    whole = updates(case.make(), weights, gradients)[-1]
    flat = updates(case.make(), weights.reshape(-1), gradients.reshape(STEPS, -1))[-1].reshape(3, 5)
    rows = np.stack([updates(case.make(), weights[i], gradients[:, i])[-1] for i in range(3)])
    np.testing.assert_array_equal(flat, whole)
    np.testing.assert_array_equal(rows, whole)


@check
def nothing_is_kept_between_updates_but_slots(case: OptimizerCase) -> None:
    """One optimiser serves many arrays and many models: a run gives the same whatever it did before."""
    optimizer = case.make()
    before, of_class = dict(vars(optimizer)), dict(vars(type(optimizer)))
    first = updates(optimizer, *some())[-1]
    updates(optimizer, -some()[0], 3.0 * some()[1])
    np.testing.assert_array_equal(updates(optimizer, *some())[-1], first)
    assert same_attributes(optimizer, before) and same_attributes(type(optimizer), of_class)


@check
def rates_of_many_steps_are_those_of_each(case: OptimizerCase) -> None:
    optimizer = case.make()
    steps = np.arange(40)
    learning_rates = np.broadcast_to(optimizer.schedule(steps), steps.shape)
    together = np.broadcast_arrays(*optimizer.rates(learning_rates, steps), steps)[:-1]
    for step in steps:
        alone = optimizer.rates(float(optimizer.schedule(int(step))), int(step))
        np.testing.assert_allclose([column[step] for column in together], alone, rtol=1e-12)


# -- in a training run -------------------------------------------------------------------------------------------------


@check
def the_engine_does_what_the_optimiser_says(case: OptimizerCase) -> None:
    """Three epochs of `Model.fit` against the same written out: every array alone, clipped, updated."""
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-1, 1, (4, 5)), rng.uniform(-3, 3, (4, 3))
    model = pellucid.Model(
        Dense(5, 4), Tanh(), Dense(4, 3), loss=MeanSquaredError(), optimizer=case.make(), dtype="float64"
    )
    values = {key: array.copy() for key, array in get_values(model.network).items()}
    network, optimizer = model.network.run_copy(), case.make()
    slots = {key: slots_of(optimizer, array) for key, array in values.items()}
    model.fit(x, y, epochs=3, progress=False)
    for step in range(3):
        _, gradients, _ = loss_and_gradients(network, MeanSquaredError(), values, x, y, None, Draws(0))
        if optimizer.clip_value is not None:
            gradients = {key: np.clip(g, -optimizer.clip_value, optimizer.clip_value) for key, g in gradients.items()}
        if optimizer.clip_norm is not None:
            length = np.sqrt(sum((g**2).sum() for g in gradients.values()))
            gradients = {key: g * min(1.0, optimizer.clip_norm / length) for key, g in gradients.items()}
        rates = optimizer.rates(float(optimizer.schedule(step)), step)
        for key in values:
            values[key], slots[key] = optimizer.update(values[key].copy(), gradients[key], slots[key], rates)
    for key, expected in values.items():
        np.testing.assert_allclose(model.values()[key], expected, rtol=1e-10, atol=1e-13, err_msg=key)


# -- what lasts --------------------------------------------------------------------------------------------------------


@check
def what_lasts_is_the_configuration(case: OptimizerCase) -> None:
    optimizer = case.make()
    updates(optimizer, *some())
    module = vars(sys.modules[type(optimizer).__module__])
    twins = {"repr": eval(repr(optimizer), {**vars(pellucid.schedules), **vars(optimizers), **module})}
    twins |= {"copy": copy.copy(optimizer), "deepcopy": copy.deepcopy(optimizer)}
    twins["pickle"] = pickle.loads(pickle.dumps(optimizer))
    if type(optimizer).__name__ in optimizers.__all__:
        with tempfile.TemporaryDirectory() as folder:
            pellucid.Model(Dense(5, 3), optimizer=optimizer).save(Path(folder) / "m.safetensors")
            twins["file"] = pellucid.load(Path(folder) / "m.safetensors").optimizer
    for how, twin in twins.items():
        assert type(twin) is type(optimizer) and twin.config() == optimizer.config(), f"{how} is {twin!r}"
        assert vars(twin).keys() == vars(case.make()).keys(), f"{how} kept something of the run"


@check
def numpy_numbers_are_python_numbers(case: OptimizerCase) -> None:
    made = case.make()
    numbers = {name: np.float64(v) if type(v) is float else v for name, v in made.config().items()}
    as_numpy = type(made)(**numbers)
    assert repr(as_numpy) == repr(made)
    weights, gradients = some(np.float32)
    assert updates(as_numpy, weights, gradients)[-1].dtype == np.float32
