"""A little interpreter of an explanation's JSON, and a reader of its printed text. Neither knows pellucid.

It gets the numbers of each layer and a handful of rules, does the arithmetic again from the first input to the last
gradient, and says what the gradients are.
"""

import math
import re

import numpy as np

NAMES = {
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "abs": np.abs,
    "sign": np.sign,
    "pi": math.pi,
}
NAMES |= {"max": lambda a, b: np.maximum(a, b), "min": lambda a, b: np.minimum(a, b)}


def array(values):
    return np.asarray(values, dtype=float)


def close(one, other, tolerance=1e-12):
    one, other = array(one), array(other)
    assert one.shape == other.shape
    scale = max(1.0, np.abs(other).max(initial=0.0))
    assert np.abs(one - other).max(initial=0.0) <= tolerance * scale


def by_pieces(layer, what):
    """An elementwise layer's output or slope, entry by entry, from the formulas in the JSON."""
    x, y = array(layer["inputs"]), array(layer["output"])
    made = np.full(x.shape, np.nan)
    for index in np.ndindex(x.shape):  # as plain arithmetic has it: 1 / (1 + exp(1000)) is 0
        names = {**NAMES, "x": x[index], "y": y[index]}
        for name, constant in layer["constants"].items():
            names[name] = array(constant)[index] if isinstance(constant, list) else constant
        piece = next(piece for piece in layer["pieces"] if not piece["when"] or eval(piece["when"], names))
        for name, formula in piece["where"].items():
            with np.errstate(over="ignore"):
                names[name] = eval(formula, names)
        with np.errstate(over="ignore"):
            made[index] = eval(piece[what], names)
    return made


def forward(layer):
    """What the layer returns, worked out again; None where only its own code knows."""
    x = array(layer["inputs"])
    rule, values = layer["rule"], {name: array(value) for name, value in layer["parameters"].items()}
    if rule == "dense":
        return x @ values["weights"] + values["biases"]
    if rule == "elementwise":
        return by_pieces(layer, "output") if "pieces" in layer else None
    if rule == "reshape":
        return x.reshape(array(layer["output"]).shape)
    if rule == "softmax":
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)
    if rule in ("layernorm", "batchnorm"):
        mean, variance = array(layer["mean"]), array(layer["variance"])
        if rule == "layernorm" or layer["of_batch"]:
            axes = -1 if rule == "layernorm" else tuple(range(x.ndim - 1))
            close(x.mean(axis=axes).reshape(mean.shape), mean)
            close(((x - mean) ** 2).mean(axis=axes).reshape(mean.shape), variance)
        return values["gamma"] * (x - mean) / np.sqrt(variance + layer["epsilon"]) + values["beta"]
    if rule == "quantiles":
        return ordered_quantiles(x, layer["per_target"])
    if rule in ("chain", "residual"):
        y = chain_forward(layer["layers"], x)
        return x + y if rule == "residual" else y
    assert rule == "general"
    return None


def ordered_quantiles(x, count):
    y = np.empty_like(x)
    middle, steps = (count - 1) // 2, np.logaddexp(0, x)
    for first in range(0, x.shape[-1], count):
        y[..., first + middle] = x[..., first + middle]
        for k in range(middle + 1, count):
            y[..., first + k] = y[..., first + k - 1] + steps[..., first + k]
        for k in reversed(range(middle)):
            y[..., first + k] = y[..., first + k + 1] - steps[..., first + k]
    return y


def chain_forward(layers, x):
    for layer in layers:
        close(layer["inputs"], x)
        found = forward(layer)
        if found is not None:
            close(found, layer["output"])
        x = array(layer["output"])
    return x


def chain_backward(layers, g, gradients):
    for layer in reversed(layers):
        if not layer.get("fused"):
            g = backward(layer, g, gradients)
    return g


def backward(layer, g, gradients):
    """The gradient for the layer's inputs, by the chain rule; its parameters' go into `gradients`."""
    x, y, rule, path = array(layer["inputs"]), array(layer["output"]), layer["rule"], layer["path"]
    values = {name: array(value) for name, value in layer["parameters"].items()}
    if rule == "dense":
        found = {"weights": np.einsum("bi,bo->io", x, g), "biases": np.einsum("bo->o", g)}
        for name, gradient in found.items():
            extra = 2 * layer["l2"][name] * values[name] + layer["l1"][name] * np.sign(values[name])
            gradients[f"{path}.{name}"] = gradient + extra
        return np.einsum("bo,io->bi", g, values["weights"])
    if rule == "elementwise":
        slope = by_pieces(layer, "slope") if "pieces" in layer else array(layer["slope"])
        close(slope, layer["slope"])
        return g * slope
    if rule == "reshape":
        return g.reshape(x.shape)
    if rule == "softmax":
        jacobian = np.einsum("...k,kj->...kj", y, np.eye(y.shape[-1])) - np.einsum("...k,...j->...kj", y, y)
        return np.einsum("...k,...kj->...j", g, jacobian)
    if rule in ("layernorm", "batchnorm"):
        return norm_backward(layer, g, values, gradients)
    if rule == "quantiles":
        count, made = layer["per_target"], np.zeros_like(x)
        for i in range(x.shape[-1]):
            first, side = i - i % count, np.sign(i % count - (count - 1) // 2)
            inside = {1: slice(i, first + count), 0: slice(first, first + count), -1: slice(first, i + 1)}[side]
            slope = side * np.exp(-np.logaddexp(0, -x[..., i])) if side else 1.0
            made[..., i] = slope * g[..., inside].sum(axis=-1)
        return made
    if rule == "chain":
        return chain_backward(layer["layers"], g, gradients)
    if rule == "residual":
        return g + chain_backward(layer["layers"], g, gradients)
    parts = layer["sensitivity"]
    asked = g.reshape(-1)[parts["outputs"]]
    for name, factors in parts["parameters"].items():
        gradient = sum((a * array(f) for a, f in zip(asked, factors, strict=True)), array(parts["rest"][name]))
        gradients[f"{path}.{name}"] = gradient + array(parts["alone"][name])
    back = sum((a * array(f) for a, f in zip(asked, parts["inputs"], strict=True)), array(parts["rest"]["inputs"]))
    return back + array(parts["alone"]["inputs"])


def norm_backward(layer, g, values, gradients):
    x, over = array(layer["inputs"]), tuple(range(g.ndim - 1))
    std = np.sqrt(array(layer["variance"]) + layer["epsilon"])
    hat = (x - array(layer["mean"])) / std
    gradients[f"{layer['path']}.gamma"], gradients[f"{layer['path']}.beta"] = (g * hat).sum(over), g.sum(over)
    g = g * values["gamma"]
    if layer["rule"] == "batchnorm" and not layer["of_batch"]:
        return g / std
    axes = -1 if layer["rule"] == "layernorm" else over
    n = x.shape[-1] if layer["rule"] == "layernorm" else x.size // x.shape[-1]
    sums = g.sum(axes, keepdims=True), (g * hat).sum(axes, keepdims=True)
    return (g - sums[0] / n - hat * sums[1] / n) / std


def loss_slopes(loss):
    """(loss of each sample, its slope for each output) from what the loss takes."""
    o, t, rule = array(loss["outputs"]), array(loss["targets"]), loss["rule"]
    m = o[0].size
    if rule == "MeanSquaredError":
        return ((o - t) ** 2).mean(axis=1), 2 * (o - t) / m
    if rule == "MeanAbsoluteError":
        return np.abs(o - t).mean(axis=1), np.sign(o - t) / m
    if rule == "Huber":
        e, d = np.abs(o - t), loss["settings"]["delta"]
        return np.where(e <= d, e**2 / 2, d * (e - d / 2)).mean(axis=1), np.clip(o - t, -d, d) / m
    if rule == "Poisson":
        entropy = t * np.log(np.where(t == 0, 1, t))
        return (np.exp(o) - t * o + entropy - t).mean(axis=1), (np.exp(o) - t) / m
    if rule == "Quantile":
        q = np.resize(array(loss["settings"]["levels"]), o.shape[1])
        below, above = np.maximum(t - o, 0), np.maximum(o - t, 0)
        return (q * below + (1 - q) * above).mean(axis=1), ((1 - q) * (o > t) - q * (o < t)) / m
    if rule == "BinaryCrossEntropy":
        return -(t * np.log(o) + (1 - t) * np.log(1 - o)).mean(axis=1), ((1 - t) / (1 - o) - t / o) / m
    if rule == "SigmoidCrossEntropy":
        p = np.exp(-np.logaddexp(0, -o))  # 1 / (1 + exp(-o))
        return (np.logaddexp(0, o) - t * o).mean(axis=1), (p - t) / m
    if rule == "CategoricalCrossEntropy":
        return -(t * np.log(o)).sum(axis=1), -t / o
    if rule == "SoftmaxCrossEntropy":
        o = o - o.max(axis=1, keepdims=True)
        p = np.exp(o) / np.exp(o).sum(axis=1, keepdims=True)
        return np.log(np.exp(o).sum(axis=1)) - (t * o).sum(axis=1), p - t
    return array(loss["losses"]), array(loss["slopes"])


def gradients_of(record):
    """Every parameter's gradient, from the JSON of an explanation alone."""
    last = record["layers"][-1]
    output = chain_forward(record["layers"], array(record["inputs"]))
    close(output, record["outputs"])
    loss, share = record["loss"], array(record["loss"]["share"])
    close(loss["outputs"], last["inputs"] if loss["fused"] else last["output"])
    losses, slopes = loss_slopes(loss)
    close(losses, loss["losses"])
    close(share @ losses + sum(loss["penalties"].values()), loss["value"])
    found = {}
    chain_backward(record["layers"], slopes * share[:, None], found)
    return found


# -- the printed text --------------------------------------------------------------------------------------------------

WORDS = {**NAMES, "max": max, "min": min}


def statements(text):
    """The equations of a printed text, each with its lines joined: (name, what stands between its equal signs)."""
    found, lines = [], text.split("CHECK\n")[0].splitlines()
    at = 0
    while at < len(lines):
        start = re.match(r"^( *)([^=]*\S) = ", lines[at])
        if start is None:
            at += 1
            continue
        column, whole = len(start[0]) - 2, lines[at].strip()
        while at + 1 < len(lines) and lines[at + 1].startswith(" " * column) and lines[at + 1].strip():
            at += 1
            whole += " " + lines[at].strip()
        found.append((start[2], whole.split("   because")[0].split(" = ")[1:]))
        at += 1
    return found


def worked_out(side):
    """The number that one side of an equation comes to; None where it has symbols in it."""
    if set(re.findall(r"[A-Za-z_]\w*", re.sub(r"\d[\d.]*e[+-]\d+", "", side))) - set(WORDS):
        return None
    with np.errstate(over="ignore"):
        return float(eval(side, {"__builtins__": {}}, WORDS))


def may_be_off(side, digits):
    """How far the roundings of a side's figures can move what it comes to, to first order: each half of its last digit.

    A 1 may be 0.9999999999; a 0 is a 0, since smaller numbers are printed with their power of ten.
    """
    value, off = worked_out(side), 0.0
    for found in re.finditer(r"(?<![\w.])(?<!\*\*)\d+(?:\.\d+)?(?:e[+-]\d+)?(?![\w.])", side):
        number = float(found[0])
        if number:
            size = math.floor(math.log10(number))
            half = 0.5 * 10.0 ** ((size + 1 if "e" in found[0] else max(0, size)) - digits)
            ends = [f"{side[: found.start()]}{end!r}{side[found.end() :]}" for end in (number - half, number + half)]
            off += max(abs(worked_out(end) - value) for end in ends)
    return off
