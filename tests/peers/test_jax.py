"""Every row against `jax.grad` of its own forward pass, and NumPy against the same lines compiled by `jax.jit`.

JAX differentiates what the forward pass says, so whatever a hand-derived backward pass does otherwise is a fault in it.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from cases import LAYERS, LOSSES, LayerCase, LossCase, loss_targets, prepared
from loss_checks import whole_network
from passes import one_pass, setting, values
from pellucid.layer import Layer
from pellucid.layers import BatchNorm, Dense, Dropout, Sequential
from pellucid.losses import MeanSquaredError
from pellucid.network import get_values, set_values
from pellucid.randomness import Draws
from pellucid.step import Pass, loss_and_gradients

jax = pytest.importorskip("jax")
jnp = jax.numpy

PRECISIONS = [("float64", 1e-12), ("float32", 1e-6)]


@pytest.fixture(params=PRECISIONS, ids=[name for name, _ in PRECISIONS])
def precision(request) -> Iterator[tuple[Any, float]]:
    """(dtype, how much may differ), with JAX in that precision."""
    name, tolerance = request.param
    with jax.enable_x64(name == "float64"):
        yield np.dtype(name), tolerance


def assert_close(given: dict[str, Any], expected: dict[str, Any], tolerance: float, dtype: Any) -> None:
    """Every array to `tolerance`, of itself or of the largest entry beside it.

    Sums of terms that cancel (a bias in front of batch normalisation) are right to the rounding of what was summed.
    """
    assert given.keys() == expected.keys()
    atol = tolerance * max(float(np.abs(np.asarray(array)).max(initial=0.0)) for array in expected.values())
    for name, array in expected.items():
        array = np.asarray(array)
        assert np.asarray(given[name]).dtype == array.dtype == dtype, f"{name} is {np.asarray(given[name]).dtype}"
        np.testing.assert_allclose(np.asarray(given[name]), array, rtol=tolerance, atol=atol, err_msg=name)


def no_tracers(*things: Any) -> None:
    for thing in things:
        for name, value in vars(thing).items():
            assert not isinstance(value, jax.core.Tracer), f"{type(thing).__name__}.{name} is a tracer"


def put(layer: Layer, parameters: dict[str, Any]) -> Layer:
    """A run copy of the layer with these parameters and states."""
    run = layer.run_copy()
    for path, inner in run.walk():
        for name in (*inner.params, *inner.state):
            if f"{path}.{name}" in parameters:
                setattr(inner, name, parameters[f"{path}.{name}"])
    return run


# -- layers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [case for case in LAYERS if case.differentiable], ids=str)
def test_gradients_are_jaxs_of_the_same_forward(case: LayerCase, precision):
    dtype, tolerance = precision
    layer, x, dy = setting(case, dtype)
    parameters = values(layer, "params")

    def scalar(parameters: Any, x: Any) -> Any:
        run = put(layer, parameters)
        return (run.forward(x) * dy).sum() + run.penalty()

    of_parameters, of_inputs = jax.jit(jax.grad(scalar, (0, 1)))(
        {k: jnp.asarray(v) for k, v in parameters.items()}, jnp.asarray(x)
    )
    given = one_pass(prepared(case, dtype), x, dy)
    by_hand = {"dinputs": given["dinputs"]}
    for key in parameters:
        path, _, name = key.rpartition(".")
        by_hand[key] = given[f"{path}.d{name}"]
    assert_close(by_hand, {"dinputs": of_inputs, **of_parameters}, tolerance, dtype)


@pytest.mark.parametrize("case", LAYERS, ids=str)
def test_numpy_and_the_compiled_lines_agree_and_nothing_leaks(case: LayerCase, precision):
    dtype, tolerance = precision
    layer, x, dy = setting(case, dtype)
    lasting = {**values(layer, "params"), **values(layer, "state")}
    with jax.checking_leaks():
        compiled = jax.jit(lambda lasting, x, dy: one_pass(put(layer, lasting), x, dy))(lasting, x, dy)
    no_tracers(*(inner for _, inner in layer.walk()))
    assert_close(compiled, one_pass(prepared(case, dtype), x, dy), tolerance, dtype)


# -- a whole training step ---------------------------------------------------------------------------------------------

WEIGHTS = np.array([1.0, 0.0, 2.0, 0.5])


def step_of(case: LossCase, dtype: Any, weighted: bool) -> tuple[Any, dict[str, np.ndarray], tuple[Any, ...], Any]:
    """(network, values, (x, targets, weights), loss) of a row."""
    network, parameters, x = whole_network(case, dtype)
    weights = WEIGHTS.astype(dtype) if weighted else None
    return network, parameters, (x, loss_targets(case, dtype), weights), case.make()


def draws_of(words: Any) -> Draws:
    """A step's draws from numbers that a compiled program is given."""
    return Draws(words[0:1], words[1:2], words[2:3])


@pytest.mark.parametrize("weighted", [False, True], ids=["every sample alike", "samples weighted"])
@pytest.mark.parametrize("case", LOSSES, ids=str)
def test_a_steps_gradients_are_jaxs_of_its_loss(case: LossCase, weighted, precision):
    """Penalties, dropout, weights of classes and samples, and the fused pairs."""
    dtype, tolerance = precision
    network, parameters, batch, loss = step_of(case, dtype, weighted)
    draws = Draws(7, epoch=1, step=2)

    def value(parameters: Any) -> Any:
        return loss_and_gradients(network, loss, parameters, *batch, draws)[0]

    expected = jax.jit(jax.grad(value))({key: jnp.asarray(array) for key, array in parameters.items()})
    _, by_hand, state = loss_and_gradients(network, loss, parameters, *batch, draws)
    assert_close(by_hand, expected, tolerance, dtype)
    assert state == {}


@pytest.mark.parametrize("weighted", [False, True], ids=["every sample alike", "samples weighted"])
@pytest.mark.parametrize("case", LOSSES, ids=str)
def test_a_step_on_numpy_and_compiled_agree_and_nothing_leaks(case: LossCase, weighted, precision):
    dtype, tolerance = precision
    network, parameters, batch, loss = step_of(case, dtype, weighted)
    words = np.array([7, 1, 2], np.uint32)

    @jax.jit
    def compiled(parameters: Any, batch: Any, words: Any) -> Any:
        return loss_and_gradients(network, loss, parameters, *batch, draws_of(words))

    with jax.checking_leaks():
        value, gradients, _ = compiled(parameters, batch, words)
    no_tracers(loss, *(layer for _, layer in network.walk()))
    expected, by_hand, _ = loss_and_gradients(network, loss, parameters, *batch, Draws(7, 1, 2))
    assert_close({"loss": value, **gradients}, {"loss": expected, **by_hand}, tolerance, dtype)


def test_state_comes_out_of_a_compiled_step():
    """Running statistics: returned by the step, not left on anybody's layer."""
    network = Sequential(Dense(5, 4), BatchNorm(4), Dense(4, 3))
    x, y = np.random.default_rng(0).standard_normal((2, 8, 5)).astype(np.float32)
    arguments = get_values(network), x, y[:, :3], None, Draws(0)
    _, _, state = jax.jit(lambda v: loss_and_gradients(network, MeanSquaredError(), v, *arguments[1:]))(arguments[0])
    _, _, expected = loss_and_gradients(network, MeanSquaredError(), *arguments)
    assert_close(state, expected, 1e-6, np.float32)
    assert (expected["1.running_mean"] != 0).all() and (network.layers[1].running_mean == 0).all()


# -- draws -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed, epoch, step, layer", [(0, 0, 0, 0), (7, 1, 2, 3), (2**32 - 1, 10**6, 2**31, 999)])
def test_random_bits_are_the_same_bits_in_a_compiled_program(seed, epoch, step, layer):
    like = np.zeros((37, 11), np.float32)

    @jax.jit
    def compiled(words: Any, like: Any) -> Any:
        draws = draws_of(words).of(layer)
        return draws.bits(like), draws.bits(like, 2), draws.keep(like, 0.3), draws.uniform(like), draws.normal(like)

    given = compiled(np.array([seed, epoch, step], np.uint32), like)
    draws = Draws(seed, epoch, step).of(layer)
    exact = draws.bits(like), draws.bits(like, 2), draws.keep(like, 0.3), draws.uniform(like)
    for array, expected in zip(given, exact, strict=False):
        assert array.dtype == expected.dtype
        np.testing.assert_array_equal(array, expected)
    np.testing.assert_allclose(given[4], draws.normal(like), rtol=2e-5, atol=2e-6)  # log and cos may round otherwise


def test_a_big_seed_compiled_in_gives_the_same_bits():
    like, seed = np.zeros(100, np.float32), 2**64 - 3
    compiled = jax.jit(lambda like, epoch: Draws(seed, epoch, 5).of(1).bits(like))(like, np.array([4], np.uint32))
    np.testing.assert_array_equal(compiled, Draws(seed, 4, 5).of(1).bits(like))


def test_masks_of_a_whole_step_are_bit_identical():
    case = LOSSES[0]
    network, parameters, (x, targets, _), loss = step_of(case, np.float32, False)

    def mask(draws: Draws) -> Any:
        run = Pass(network, loss, draws)
        set_values(run.network, parameters)
        run.run(x, targets)
        dropout = run.network.layers[1]
        assert isinstance(dropout, Dropout)
        return dropout.mask

    for step in range(5):
        compiled = jax.jit(lambda words: mask(draws_of(words)))(np.array([7, 1, step], np.uint32))
        np.testing.assert_array_equal(compiled, mask(Draws(7, 1, step)))
