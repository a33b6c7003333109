"""What must hold for every loss: functions of a row, to run over the right losses and over wrong ones.

`test_losses` runs each of them over each row of `cases.LOSSES`; `test_wrong_layers` shows that each of them can fail.
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
from cases import LossCase, loss_outputs, loss_targets
from gradients import assert_gradients, numeric_gradient
from passes import same_attributes
from pellucid import losses
from pellucid.layers import Dense, Dropout, Sequential
from pellucid.network import get_values
from pellucid.randomness import Draws
from pellucid.step import evaluate_losses, loss_and_gradients

CHECKS: list[Callable[[LossCase], None]] = []


def check(function: Callable[[LossCase], None]) -> Callable[[LossCase], None]:
    CHECKS.append(function)
    return function


def both(case: LossCase, outputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(losses of the samples, gradient) of a fresh loss of the row."""
    loss = case.make()
    return loss.forward(outputs, targets), loss.backward()


def whole_network(case: LossCase, dtype: Any = np.float64) -> tuple[Sequential, dict[str, np.ndarray], np.ndarray]:
    """(network, values, inputs) with the row's last layer in front of the loss; penalties and dropout inside."""
    rng = np.random.default_rng(case.seed + 2)
    network = Sequential(Dense(5, 4, weight_l2=0.1, bias_l1=0.2), Dropout(0.3), Dense(4, 3), case.last())
    values = {key: rng.uniform(0.3, 1.0, array.shape) for key, array in get_values(network).items()}
    values = {key: (array * rng.choice([-1, 1], array.shape)).astype(dtype) for key, array in values.items()}
    return network, values, rng.uniform(-2.0, 2.0, (4, 5)).astype(dtype)


@check
def the_gradient_is_that_of_the_losses(case: LossCase) -> None:
    """Of their sum over the samples, in the outputs' shape."""
    outputs, targets = loss_outputs(case), loss_targets(case)
    numeric = numeric_gradient(lambda to: case.make().forward(to, targets), outputs)
    assert_gradients({"outputs": both(case, outputs, targets)[1]}, {"outputs": numeric})


@check
def a_training_steps_gradients_are_those_of_its_loss(case: LossCase) -> None:
    """The whole step: weights of samples and classes, penalties, dropout, and the pair with the last layer."""
    network, values, x = whole_network(case)
    targets, draws = loss_targets(case), Draws(7, epoch=1, step=2)
    for weights in (None, np.array([1.0, 0.0, 2.0, 0.5])):

        def run(changed: dict[str, np.ndarray], weights: np.ndarray | None = weights) -> Any:
            return loss_and_gradients(network, case.make(), values | changed, x, targets, weights, draws)

        _, by_hand, _ = run({})
        numeric = {
            key: numeric_gradient(lambda to, key=key: run({key: to})[0], array)  # type: ignore[misc]
            for key, array in values.items()
        }
        assert_gradients(by_hand, numeric)


@check
def the_pair_is_the_last_layer_and_the_loss(case: LossCase) -> None:
    """Where a loss names a pair, the pair's losses and gradients are those of the two one after the other."""
    loss, last = case.make(), case.last()
    scores, targets = np.random.default_rng(case.seed).uniform(-3.0, 3.0, (4, 3)), loss_targets(case)
    pair = loss.fused_with(last)
    if pair is None:
        return
    apart = loss.forward(last.forward(scores), targets)
    np.testing.assert_allclose(pair.forward(scores, targets), apart, rtol=1e-12)
    np.testing.assert_allclose(pair.backward(), last.backward(loss.backward()), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(pair.probabilities, last.output, rtol=1e-13)
    of_class, of_pair = loss.weights(targets), pair.weights(targets)
    assert (of_class is None) == (of_pair is None)
    assert of_class is None or np.array_equal(of_class, of_pair), "the pair weighs the classes otherwise"


@check
def every_sample_has_a_loss_of_its_own(case: LossCase) -> None:
    outputs, targets = loss_outputs(case), loss_targets(case)
    together, gradient = both(case, outputs, targets)
    assert together.shape == (4,), f"losses of shape {together.shape}, expected (4,)"
    for b in range(4):
        alone, its_gradient = both(case, outputs[b : b + 1], targets[b : b + 1])
        np.testing.assert_allclose(alone, together[b : b + 1], rtol=1e-13)
        np.testing.assert_allclose(its_gradient, gradient[b : b + 1], rtol=1e-13)


@check
def the_loss_that_is_judged_is_the_loss_that_is_trained(case: LossCase) -> None:
    """`evaluate_losses` gives the step's figure, without penalties."""
    _, values, x = whole_network(case)
    plain = Sequential(Dense(5, 4), Dense(4, 3), case.last())
    values = dict(zip(get_values(plain), values.values(), strict=True))
    weights = np.array([1.0, 0.0, 2.0, 0.5])
    targets = loss_targets(case)
    for share in (None, weights):
        trained, _, _ = loss_and_gradients(plain, case.make(), values, x, targets, share, Draws(0))
        run = plain.run_copy()
        for layer, number in ((run.layers[0], 0), (run.layers[1], 1)):
            layer.weights, layer.biases = values[f"{number}.weights"], values[f"{number}.biases"]
        judged = evaluate_losses(case.make(), run.forward(x), targets, share)
        np.testing.assert_allclose(judged, trained, rtol=1e-6)  # weights of classes come in float32


@check
def float32_stays_float32(case: LossCase) -> None:
    loss = case.make()
    outputs, targets = loss_outputs(case, np.float32), loss_targets(case, np.float32)
    results = {"losses": loss.forward(outputs, targets), "gradient": loss.backward(), **vars(loss)}
    for name, array in results.items():
        if isinstance(array, (np.ndarray, np.generic)) and array.dtype.kind == "f":
            assert array.dtype == np.float32, f"{name} is {array.dtype}"


@check
def arguments_are_only_read(case: LossCase) -> None:
    outputs, targets = loss_outputs(case), loss_targets(case)
    for array in (outputs, targets):
        array.flags.writeable = False
    before = outputs.tobytes(), targets.tobytes()
    try:
        both(case, outputs, targets)
    except ValueError as error:
        raise AssertionError(f"wrote into an array that it was given: {error}") from error
    assert (outputs.tobytes(), targets.tobytes()) == before


@check
def whole_number_targets_are_numbers(case: LossCase) -> None:
    """Unsigned bytes too, whose minus wraps around: one-hot rows of labels are often made so."""
    if case.targets not in ("labels", "one-hot", "yes or no"):
        return
    outputs, targets = loss_outputs(case), loss_targets(case)
    expected = both(case, outputs, targets)
    for dtype in (np.uint8, np.int64, np.float32):
        given = both(case, outputs, targets.astype(dtype))
        for array, right in zip(given, expected, strict=True):
            np.testing.assert_allclose(array, right, rtol=1e-13, err_msg=f"targets of {np.dtype(dtype)}")


@check
def the_same_pass_gives_the_same_answer(case: LossCase) -> None:
    loss, outputs, targets = case.make(), loss_outputs(case), loss_targets(case)
    first = loss.forward(outputs, targets), loss.backward()
    loss.forward(outputs[1:3], targets[1:3])
    loss.backward()
    again = loss.forward(outputs, targets), loss.backward(), loss.backward()
    for array, right in zip(again, (*first, first[1]), strict=True):
        np.testing.assert_array_equal(array, right)


@check
def finite_at_the_limits(case: LossCase) -> None:
    """Probabilities of exactly 0 and 1, scores of +-1000 and the largest that the row allows, without a warning."""
    usual = min(1000.0, case.largest)
    for dtype, size in ((np.float64, usual), (np.float32, usual), (np.float32, case.largest)):
        targets = loss_targets(case, dtype)
        outputs = np.eye(4, 3, dtype=dtype) * size * np.array([1, -1, 1], dtype)
        if case.outputs != "numbers":
            outputs = np.eye(4, 3, dtype=dtype)
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            losses_, gradient = both(case, outputs, targets)
        assert np.isfinite(losses_).all() and np.isfinite(gradient).all(), f"not finite for outputs of {size}"
        assert (losses_ >= 0).all(), "a loss below 0"


@check
def targets_of_another_shape_are_refused(case: LossCase) -> None:
    """(B,) against (B, 1) would broadcast to (B, B): a silent nonsense."""
    outputs, targets = loss_outputs(case), loss_targets(case)
    wrongs = np.ones((1, 3)), targets[:3], np.ones((4, 2)), np.ones((4, 3, 1)), np.ones((4, 1)), np.ones((4, 3))
    kind = (4, 1) if case.targets == "one number" else (4, 3)  # one-hot rows are labels, too
    for wrong in [wrong for wrong in wrongs if wrong.shape != kind]:
        try:
            case.make().forward(outputs, wrong)
        except pellucid.errors.DataError as error:
            assert "shape" in str(error)
        else:
            raise AssertionError(f"took targets of shape {wrong.shape} for outputs of shape {outputs.shape}")


@check
def a_run_copy_leaves_nothing_on_the_original(case: LossCase) -> None:
    loss = case.make()
    before, of_class = dict(vars(loss)), dict(vars(type(loss)))
    copied = loss.run_copy()
    copied.forward(loss_outputs(case), loss_targets(case))
    copied.backward()
    assert same_attributes(loss, before) and same_attributes(type(loss), of_class), (
        "a pass on a copy left something behind"
    )


@check
def what_lasts_is_the_configuration(case: LossCase) -> None:
    """repr, copy, deepcopy, pickle and the model file keep it, and nothing of a pass."""
    loss = case.make()
    loss.forward(loss_outputs(case), loss_targets(case))
    loss.backward()
    names = {**vars(losses), **vars(sys.modules[type(loss).__module__])}
    twins = {"repr": eval(repr(loss), names), "copy": copy.copy(loss), "deepcopy": copy.deepcopy(loss)}
    twins["pickle"] = pickle.loads(pickle.dumps(loss))
    if type(loss) is vars(losses).get(type(loss).__name__):  # and not one of the user's that is called alike
        with tempfile.TemporaryDirectory() as folder:
            pellucid.Model(Dense(5, 3), case.last(), loss=loss).save(Path(folder) / "m.safetensors")
            twins["file"] = pellucid.load(Path(folder) / "m.safetensors").loss
    for how, twin in twins.items():
        assert type(twin) is type(loss) and twin.config() == loss.config(), f"{how} of {loss!r} is {twin!r}"
        assert vars(twin).keys() == loss.config().keys(), (
            f"{how} kept {sorted(vars(twin).keys() - loss.config().keys())}"
        )


@check
def the_border_gives_the_network_what_the_loss_takes(case: LossCase) -> None:
    """Targets as a user has them (float64, whole numbers, a list) become what `forward` was tested with."""
    targets = loss_targets(case)
    for given in (targets, targets.tolist(), targets.astype(np.float32)):
        array = case.make().as_targets(given, 3, np.float32)
        assert array.dtype == (np.int64 if case.targets == "labels" else np.float32)
        np.testing.assert_allclose(array, targets, rtol=1e-6)
