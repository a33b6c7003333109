"""What must hold for what lasts of every layer (configuration, parameters, state): more functions of a row."""

import copy
import pickle
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import pellucid
from cases import LayerCase, doutput, inputs, prepared
from passes import assert_same, one_pass, put_state, setting, values
from pellucid.layer import Layer, check_contract

CHECKS: list[Callable[[LayerCase], None]] = []


def check(function: Callable[[LayerCase], None]) -> Callable[[LayerCase], None]:
    CHECKS.append(function)
    return function


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
