"""Layer and batch normalisation: mean, variance, and what goes back through both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pellucid.glass.explain.choose import Described, left
from pellucid.glass.explain.equation import Block, Equation, Given, View, symbol, total
from pellucid.glass.explain.mixing import lines, where
from pellucid.glass.explain.record import LayerRecord

_FORWARD = "output = gamma * normalized + beta,  normalized = (inputs - mean) * inverse_std"


def _at(array: np.ndarray, name: str, index: tuple[int, ...], rows: int) -> tuple[str, float]:
    return symbol(name, index, rows), float(array[index])


def _statistics(
    value: tuple[float, float, float], epsilon: float, x: np.ndarray, of: Callable[[int], str], view: View, what: str
) -> list[Equation]:
    """Mean, variance and inverse standard deviation of the numbers `x`."""
    mean, variance, inverse = value
    n = len(x)
    return [
        total("mean", [(of, x)], mean, view, what, form=f"a / {n}"),
        total(
            "variance", [(of, x)], variance, view, what, form=f"(a - mean)**2 / {n}", shared={"mean": ("mean", mean)}
        ),
        _inverse(variance, epsilon, inverse),
    ]


def _inverse(variance: float, epsilon: float, inverse: float) -> Equation:
    given = {"v": ("variance", variance), "e": ("epsilon", epsilon)}
    return Equation("inverse_std", ("1 / sqrt(v + e)",), given, inverse)


def _outputs(record: LayerRecord, indices: Sequence[tuple[int, ...]], mean: float, inverse: float) -> list[Equation]:
    """The normalised value of each entry, scaled and shifted."""
    layer: Any = record.layer
    made = []
    for index in indices:
        f = index[-1]
        x = _at(record.inputs, "inputs", index, record.rows)
        hat = _at(record.facts["normalized"], "normalized", index, record.rows)
        given: Given = {"x": x, "m": ("mean", mean), "s": ("inverse_std", inverse)}
        made.append(Equation(hat[0], ("(x - m)*s",), given, hat[1]))
        given = {"g": (f"gamma[{f}]", float(layer.gamma[f])), "h": hat, "b": (f"beta[{f}]", float(layer.beta[f]))}
        made.append(Equation(symbol("output", index, record.rows), ("g*h", "b"), given, float(record.output[index])))
    return made


def _parameters(record: LayerRecord, view: View) -> list[Block]:
    """The gradients of gamma and beta: sums over everything but the feature."""
    assert record.doutput is not None
    features = record.inputs.shape[-1]
    leading = record.inputs.shape[:-1]
    flat, hat = record.doutput.reshape(-1, features), record.facts["normalized"].reshape(-1, features)
    shown = view.pick(np.abs(record.gradients["gamma"]) + np.abs(record.gradients["beta"]))
    made = []
    for f in shown:

        def of(name: str, f: int = f) -> Callable[[int], str]:
            return lambda k: symbol(name, (*map(int, np.unravel_index(k, leading)), f), record.rows)

        pair = [(of("doutput"), flat[:, f]), (of("normalized"), hat[:, f])]
        made.append(total(f"dgamma[{f}]", pair, record.gradients["gamma"][f], view, "rows"))
        made.append(total(f"dbeta[{f}]", pair[:1], record.gradients["beta"][f], view, "rows"))
    return [
        Block("the gradients of gamma and beta", tuple(made), after=left(len(shown), features, "features"), level=3)
    ]


def layernorm_forward(record: LayerRecord, view: View) -> Described:
    """Each row by itself."""
    made = []
    for line in lines(record, view):
        x = record.inputs[line]
        facts = tuple(float(record.facts[name][line][0]) for name in ("mean", "variance", "inverse_std"))

        def of(i: int, line: tuple[int, ...] = line) -> str:
            return symbol("inputs", (*line, i), record.rows)

        equations = _statistics(facts, record.facts["epsilon"], x, of, view, "features")  # type: ignore[arg-type]
        size = record.output if record.doutput is None else record.doutput
        shown = view.pick(np.abs(size[line]))
        equations += _outputs(record, [(*line, i) for i in shown], facts[0], facts[2])
        made.append(Block(where(record, line), tuple(equations), after=left(len(shown), len(x), "features")))
    return made, _FORWARD + "  over each row", []


def layernorm_backward(record: LayerRecord, view: View) -> Described:
    """Through the scale, the mean and the variance of each row."""
    assert record.doutput is not None and record.dinputs is not None
    layer: Any = record.layer
    made = []
    for line in lines(record, view):
        doutput, hat = record.doutput[line], record.facts["normalized"][line]
        n = len(doutput)

        def of(name: str, line: tuple[int, ...] = line) -> Callable[[int], str]:
            return lambda k: symbol(name, (*line, k), record.rows)

        triple = [(lambda i: f"gamma[{i}]", layer.gamma), (of("doutput"), doutput), (of("normalized"), hat)]
        g = float((layer.gamma * doutput).mean())
        along = float((layer.gamma * doutput * hat).mean())
        equations = [
            total("mean_g", triple[:2], g, view, "features", form=f"a*b / {n}"),
            total("mean_gx", triple, along, view, "features", form=f"a*b*c / {n}"),
        ]
        shown = view.pick(np.abs(record.dinputs[line]))
        for i in shown:
            index = (*line, i)
            given: Given = {
                "s": ("inverse_std", float(record.facts["inverse_std"][line][0])),
                "g": (f"gamma[{i}]", float(layer.gamma[i])),
                "d": _at(record.doutput, "doutput", index, record.rows),
                "m": ("mean_g", g),
                "h": _at(record.facts["normalized"], "normalized", index, record.rows),
                "n": ("mean_gx", along),
            }
            name, value = symbol("dinputs", index, record.rows), float(record.dinputs[index])
            equations.append(Equation(name, ("s*(g*d - m - h*n)",), given, value))
        made.append(Block(where(record, line), tuple(equations), after=left(len(shown), n, "features")))
    formula = "dinputs = inverse_std * (gamma * doutput - mean_g - normalized * mean_gx)"
    return [*made, *_parameters(record, view)], formula, []


def _features(record: LayerRecord, view: View) -> list[int]:
    size = record.output if record.doutput is None else record.doutput
    return view.pick(np.abs(size).reshape(-1, size.shape[-1]).sum(axis=0))


def batchnorm_forward(record: LayerRecord, view: View) -> Described:
    """Each feature by itself, over the rows."""
    features, leading = record.inputs.shape[-1], record.inputs.shape[:-1]
    of_batch = record.facts["of_batch"]
    shown, made = _features(record, view), []
    for f in shown:
        facts = tuple(float(record.facts[name][f]) for name in ("mean", "variance", "inverse_std"))

        def of(k: int, f: int = f) -> str:
            return symbol("inputs", (*map(int, np.unravel_index(k, leading)), f), record.rows)

        x = record.inputs.reshape(-1, features)[:, f]
        equations = (
            _statistics(facts, record.facts["epsilon"], x, of, view, "rows")  # type: ignore[arg-type]
            if of_batch
            else [_inverse(facts[1], record.facts["epsilon"], facts[2])]
        )
        equations += _outputs(record, [(*line, f) for line in lines(record, view)], facts[0], facts[2])
        made.append(Block(f"feature {f}", tuple(equations)))
    made.append(Block("", after=left(len(shown), features, "features")))
    words = ["As in prediction: mean and variance are the running ones, and constants."]
    if of_batch:
        words = [f"As in training: mean and variance are those of these {np.prod(leading)} row(s)."]
        words += ["A single row is its own mean, so that normalized is 0."] if np.prod(leading) == 1 else []
    return made, _FORWARD + "  over the rows", words


def batchnorm_backward(record: LayerRecord, view: View) -> Described:
    """Through the scale, and in training through the mean and the variance of the rows."""
    assert record.doutput is not None and record.dinputs is not None
    layer: Any = record.layer
    features = record.inputs.shape[-1]
    n, of_batch, shown = int(np.prod(record.inputs.shape[:-1])), record.facts["of_batch"], _features(record, view)
    made = _parameters(record, view)
    for f in shown:
        equations = []
        for line in lines(record, view):
            index = (*line, f)
            given: dict[str, tuple[str, float]] = {
                "g": (f"gamma[{f}]", float(layer.gamma[f])),
                "s": ("inverse_std", float(record.facts["inverse_std"][f])),
                "d": _at(record.doutput, "doutput", index, record.rows),
            }
            term = "g*s*d"
            if of_batch:
                term = f"g*s*(d - b / {n} - h*c / {n})"
                given["b"] = (f"dbeta[{f}]", float(record.gradients["beta"][f]))
                given["h"] = _at(record.facts["normalized"], "normalized", index, record.rows)
                given["c"] = (f"dgamma[{f}]", float(record.gradients["gamma"][f]))
            name, value = symbol("dinputs", index, record.rows), float(record.dinputs[index])
            equations.append(Equation(name, (term,), given, value))
        made.append(Block(f"feature {f}: the gradient of its inputs", tuple(equations)))
    made.append(Block("", after=left(len(shown), features, "features")))
    inside = f"(doutput - dbeta / {n} - normalized * dgamma / {n})" if of_batch else "doutput"
    return made, f"dinputs = gamma * inverse_std * {inside}", []
