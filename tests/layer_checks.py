"""What must hold for every pass of every layer: functions of a row, to run over the right layers and over wrong ones.

`test_layers` runs each of them over each row of `cases.LAYERS`; `test_wrong_layers` shows that each of them can fail.
"""

from collections.abc import Callable

import numpy as np

from cases import LayerCase, prepared
from gradients import assert_gradients, numeric_gradient
from passes import assert_same, one_pass, put_state, same_attributes, set_mode, setting, values

CHECKS: list[Callable[[LayerCase], None]] = []


def check(function: Callable[[LayerCase], None]) -> Callable[[LayerCase], None]:
    CHECKS.append(function)
    return function


# -- mathematics -------------------------------------------------------------------------------------------------------


@check
def gradients_are_those_of_the_forward_pass(case: LayerCase) -> None:
    """Inputs and every parameter, the penalty included, against central differences."""
    if not case.differentiable:
        return
    layer, x, dy = setting(case)
    given = one_pass(layer, x, dy)
    by_hand = {"dinputs": given["dinputs"], **{name: given[_gradient(name)] for name in values(layer, "params")}}

    def loss_terms(changed: str, to: np.ndarray) -> np.ndarray:
        """The output's terms of the loss and the penalty, in one row, for one array changed."""
        fresh = prepared(case)
        for path, inner in fresh.walk():
            for name in inner.params:
                if f"{path}.{name}" == changed:
                    setattr(inner, name, to)
        output = fresh.forward(to if changed == "dinputs" else x)
        return np.append(output * dy, fresh.penalty())

    numeric = {"dinputs": numeric_gradient(lambda to: loss_terms("dinputs", to), x)}
    for name, array in values(layer, "params").items():
        numeric[name] = numeric_gradient(lambda to, name=name: loss_terms(name, to), array)
    assert_gradients(by_hand, numeric)


def _gradient(key: str) -> str:
    path, _, name = key.rpartition(".")
    return f"{path}.d{name}"


@check
def finite_for_huge_inputs(case: LayerCase) -> None:
    """+-1000 in both precisions and the largest that the row allows in float32, without a warning."""
    for dtype, sizes in ((np.float64, (1000.0,)), (np.float32, (1000.0, case.largest))):
        for size in sizes:
            layer, x, dy = setting(case, dtype)
            x = np.where(x > 0, np.asarray(size, dtype), np.asarray(-size, dtype))
            x.flat[0] = 0.0
            with np.errstate(over="raise", invalid="raise", divide="raise"):
                results = one_pass(layer, x, dy)
            for name, array in results.items():
                assert np.isfinite(array).all(), f"{name} is not finite for inputs of +-{size}"


@check
def predictions_do_not_depend_on_the_batch(case: LayerCase) -> None:
    if case.mixes_rows:
        return
    layer, x, _ = setting(case)
    if case.training and not np.array_equal(prepared(case).forward(x), prepared(case).forward(x[::-1])[::-1]):
        set_mode(layer, False)  # noise differs by the place in the batch, as it must; predictions may not
    whole = layer.forward(x)
    for parts in ([x[:1], x[1:]], [x[at : at + 1] for at in range(len(x))]):
        apart = np.concatenate([layer.forward(part) for part in parts])
        np.testing.assert_allclose(apart, whole, rtol=1e-12, atol=1e-14)


# -- arrays ------------------------------------------------------------------------------------------------------------


@check
def float32_stays_float32(case: LayerCase) -> None:
    """Outputs, gradients, state and every number of the record."""
    layer, x, dy = setting(case, np.float32)
    for name, array in one_pass(layer, x, dy).items():
        assert array.dtype == np.float32, f"{name} is {array.dtype}"
    for path, inner in layer.walk():
        for name, value in vars(inner).items():
            if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind == "f":
                assert value.dtype == np.float32, f"the record {path}.{name} is {value.dtype}"
    assert np.result_type(np.float32(1), layer.penalty()) == np.float32, "the penalty is of higher precision"


@check
def arguments_are_only_read(case: LayerCase) -> None:
    layer, x, dy = setting(case)
    received = [x, dy, *values(layer, "params").values(), *values(layer, "state").values()]
    for array in received:
        array.flags.writeable = False
    before = [array.tobytes() for array in received]
    try:
        one_pass(layer, x, dy)
    except ValueError as error:
        raise AssertionError(f"wrote into an array that it was given: {error}") from error
    assert [array.tobytes() for array in received] == before


@check
def the_order_in_memory_does_not_matter(case: LayerCase) -> None:
    layer, x, dy = setting(case)
    expected = one_pass(prepared(case), x, dy)
    turned_x, turned_dy = np.asfortranarray(x), np.repeat(dy, 2, axis=-1)[..., ::2]
    assert_same(one_pass(layer, turned_x, turned_dy), expected, rtol=1e-12)


@check
def whole_numbers_are_numbers(case: LayerCase) -> None:
    layer, x, dy = setting(case)
    whole = np.rint(x).astype(np.int64)
    expected = one_pass(prepared(case), whole.astype(np.float64), dy)
    assert_same(one_pass(layer, whole, dy), expected, rtol=1e-12)


@check
def a_list_is_never_silently_wrong(case: LayerCase) -> None:
    """Lists are made arrays at the model's border; a bare layer either takes one or refuses it."""
    layer, x, _ = setting(case)
    try:
        output = layer.forward(x.tolist())
    except (AttributeError, TypeError) as error:
        assert "list" in str(error), f"a list is refused with {error!r}"
    else:
        np.testing.assert_array_equal(output, prepared(case).forward(x))


# -- passes ------------------------------------------------------------------------------------------------------------


@check
def the_same_pass_gives_the_same_answer(case: LayerCase) -> None:
    """Bit for bit, whatever other passes lie between, of another batch size or in the other mode."""
    layer, x, dy = setting(case)
    state = values(layer, "state")
    first = one_pass(layer, x, dy)
    one_pass(layer, x[:2] * 0.5, dy[:2])
    set_mode(layer, not case.training)
    layer.forward(x * 2.0)
    set_mode(layer, case.training)
    put_state(layer, state)
    assert_same(one_pass(layer, x, dy), first)


@check
def backward_belongs_to_the_last_forward(case: LayerCase) -> None:
    """A prediction after a training pass leaves nothing of it behind, such as a mask."""
    layer, x, dy = setting(case)
    state = values(layer, "state")
    for training in (not case.training, case.training):
        set_mode(layer, training)
        put_state(layer, state)
        layer.forward(x)
    given = {"output": layer.output, "dinputs": layer.backward(dy)}
    expected = one_pass(prepared(case), x, dy)
    assert_same(given, {name: expected[name] for name in given})


@check
def a_pass_changes_state_and_record_only(case: LayerCase) -> None:
    """Configuration and parameters stay the very same objects; state moves in training alone, and keeps its shape."""
    layer, x, dy = setting(case)
    kept = [(inner, name, value) for _, inner in layer.walk() for name, value in inner.config().items()]
    kept += [(inner, name, getattr(inner, name)) for _, inner in layer.walk() for name in inner.params]
    state = values(layer, "state")
    one_pass(layer, x, dy)
    for inner, name, value in kept:
        assert getattr(inner, name) is value, f"a pass replaced {type(inner).__name__}.{name}"
    for name, array in values(layer, "state").items():
        if case.training:
            assert array.shape == state[name].shape, f"a pass changed the shape of {name}"
            assert not np.array_equal(array, state[name]), f"a training pass left {name} as it was"
        else:
            assert array is state[name], f"a prediction changed {name}"


@check
def a_run_copy_leaves_nothing_on_the_original(case: LayerCase) -> None:
    layer, x, dy = setting(case)
    before = [(inner, dict(vars(inner)), dict(vars(type(inner)))) for _, inner in layer.walk()]
    one_pass(layer.run_copy(), x, dy)
    for inner, own, of_class in before:
        assert vars(inner).keys() == own.keys(), f"left {sorted(vars(inner).keys() - own.keys())} on the original"
        for name, value in own.items():
            assert vars(inner)[name] is value, f"replaced {name} on the original"
        assert same_attributes(type(inner), of_class), "left something on the class, which every copy shares"


@check
def the_first_layer_may_spare_its_dinputs(case: LayerCase) -> None:
    """Told that nobody needs them, a layer may return None; its parameters' gradients are the same."""
    layer, x, dy = setting(case)
    expected = one_pass(prepared(case), x, dy)
    layer.needs_dinputs = False
    given = one_pass(layer, x, dy)
    for results in (given, expected):
        del results["dinputs"]
    assert_same(given, expected)
