"""What must hold for every layer: functions of a row, so that they run over the right layers and over wrong ones.

`test_layers` runs each of them over each row of `cases.LAYERS`; `test_wrong_layers` shows that each of them can fail.
"""

import copy
import pickle
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from cases import LayerCase, doutput, inputs, prepared
from gradients import assert_gradients, numeric_gradient

import pellucid
from pellucid.layer import Layer, check_contract

CHECKS: list[Callable[[LayerCase], None]] = []
Results = dict[str, np.ndarray]


def check(function: Callable[[LayerCase], None]) -> Callable[[LayerCase], None]:
    CHECKS.append(function)
    return function


def values(layer: Layer, kind: str) -> Results:
    """The arrays of the layer and everything inside it that `kind`, "params" or "state", names."""
    return {f"{path}.{name}": getattr(inner, name) for path, inner in layer.walk() for name in getattr(inner, kind)}


def put_state(layer: Layer, state: Results) -> None:
    for path, inner in layer.walk():
        for name in inner.state:
            setattr(inner, name, state[f"{path}.{name}"])


def set_mode(layer: Layer, training: bool) -> None:
    for _, inner in layer.walk():
        inner.training = training


def one_pass(layer: Layer, x: np.ndarray, dy: np.ndarray) -> Results:
    """Everything that a forward and a backward pass give back, by name."""
    results = {"output": layer.forward(x), "dinputs": layer.backward(dy)}
    for path, inner in layer.walk():
        results |= {f"{path}.d{name}": getattr(inner, "d" + name) for name in inner.params}
    return results | values(layer, "state")


def setting(case: LayerCase, dtype: Any = np.float64) -> tuple[Layer, np.ndarray, np.ndarray]:
    """(layer, inputs, doutput) of a row; the layer has not run yet."""
    x = inputs(case, dtype)
    shape = prepared(case, dtype).forward(x).shape
    return prepared(case, dtype), x, doutput(case, shape, dtype)


def assert_same(given: Results, expected: Results, rtol: float = 0.0) -> None:
    assert given.keys() == expected.keys(), f"{sorted(given)}, expected {sorted(expected)}"
    for name, array in expected.items():
        scale = float(np.abs(array).max(initial=0.0))
        np.testing.assert_allclose(given[name], array, rtol=rtol, atol=rtol * scale, err_msg=name)


def same_thing(given: Any, expected: Any) -> bool:
    """Whether two layers (or arguments of layers) are of one kind with equal arguments, all the way down."""
    if isinstance(expected, Layer):
        return type(given) is type(expected) and same_thing(given.config(), expected.config())
    if isinstance(expected, dict):
        return given.keys() == expected.keys() and all(same_thing(given[key], expected[key]) for key in expected)
    if isinstance(expected, tuple):
        return len(given) == len(expected) and all(map(same_thing, given, expected))
    return type(given) is type(expected) and bool(given == expected)


def lasting(layer: Layer) -> set[str]:
    return {*layer.config(), *layer.values(), *(["layers"] if layer.layers else [])}


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
        assert {**vars(type(inner))} == of_class, "left something on the class, which every copy shares"


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


# -- what lasts --------------------------------------------------------------------------------------------------------


@check
def the_contract_is_kept(case: LayerCase) -> None:
    """Also after a pass: no dict, list or set, no hidden layer, every named array there."""
    layer, x, dy = setting(case)
    for passes in range(2):
        for _, inner in layer.walk():
            check_contract(inner)
        if not passes:
            one_pass(layer, x, dy)


@check
def copies_keep_what_lasts(case: LayerCase) -> None:
    """copy, deepcopy and pickle: configuration, parameters and state, nothing of a pass; then they run the same."""
    layer, x, dy = setting(case)
    state = values(layer, "state")
    expected = one_pass(layer, x, dy)
    twins = {"copy": copy.copy(layer), "deepcopy": copy.deepcopy(layer), "pickle": pickle.loads(pickle.dumps(layer))}
    for how, twin in twins.items():
        assert same_thing(twin, layer), f"{how} of {layer!r} is {twin!r}"
        pairs = list(zip(layer.walk(), twin.walk(), strict=True))
        for (path, mine), (_, its) in pairs[:1] if how == "copy" else pairs:  # a shallow copy has the same children
            assert set(vars(its)) <= lasting(mine), f"{how} kept {sorted(set(vars(its)) - lasting(mine))} of a pass"
            for name, array in mine.values().items():
                copied = getattr(its, name)
                assert copied.dtype == array.dtype and np.array_equal(copied, array), f"{how} changed {path}.{name}"
                assert how == "copy" or not np.shares_memory(copied, array), f"{how} shares {path}.{name}"
    for twin in twins.values():
        for (_, mine), (_, its) in zip(layer.walk(), twin.walk(), strict=True):
            its.training, its.draws = mine.training, mine.draws  # the mode belongs to the run, not to the layer
        put_state(twin, state)
        assert_same(one_pass(twin, x, dy), expected)


@check
def the_model_file_keeps_what_lasts(case: LayerCase) -> None:
    layer, x, dy = setting(case)
    one_pass(layer, x, dy)
    custom = [type(inner) for _, inner in layer.walk() if type(inner).__module__.split(".")[0] != "pellucid"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layer.safetensors"
        pellucid.Model(layer, dtype="float64").save(path)
        (read,) = pellucid.load(path, custom=custom).layers
    assert repr(read) == repr(layer)
    for (path_, mine), (_, its) in zip(layer.walk(), read.walk(), strict=True):
        assert set(vars(its)) == lasting(mine), f"the file kept {sorted(set(vars(its)) ^ lasting(mine))}"
        for name, array in mine.values().items():
            assert np.array_equal(getattr(its, name), array), f"the file changed {path_}.{name}"


@check
def repr_evaluates_to_an_equal_layer(case: LayerCase) -> None:
    layer = case.make()
    names = {**vars(pellucid.initializers), **vars(pellucid.layers), **vars(sys.modules[type(layer).__module__])}
    again = eval(repr(layer), names)
    assert same_thing(again, layer), f"{layer!r} evaluates to {again!r}"
    assert repr(again) == repr(layer)


@check
def numpy_numbers_are_python_numbers(case: LayerCase) -> None:
    """Arguments out of np.linspace or y.max() + 1: the same repr, and float32 stays float32."""
    made = case.make()
    if made.layers:
        return
    as_numpy = {
        name: np.float64(v) if type(v) is float else np.int64(v) if type(v) is int else v
        for name, v in made.config().items()
    }
    assert repr(type(made)(**as_numpy)) == repr(made)
    layer = prepared(LayerCase(case.name, lambda: type(made)(**as_numpy), case.shape, case.training), np.float32)
    x = inputs(case, np.float32)
    dy = doutput(case, layer.run_copy().forward(x).shape, np.float32)
    for name, array in one_pass(layer, x, dy).items():
        assert array.dtype == np.float32, f"{name} is {array.dtype} once an argument is a NumPy number"
