"""The lesson on activation functions, every number of it measured when it is asked for."""

from __future__ import annotations

import re
import shutil
import statistics
import time

import numpy as np

from pellucid import datasets, pieces
from pellucid.cli import source
from pellucid.cli.braille import plot
from pellucid.cli.output import Output, number
from pellucid.exchange.atomic import write_atomic
from pellucid.losses import CategoricalCrossEntropy
from pellucid.model import Model
from pellucid.optimizers import Adam
from pellucid.randomness import generator

FLAT = 1e-3  # a slope below this passes on almost nothing of the gradient
REACH = 100.0  # how far from 0 a flat part is looked for
COMPARED = ("step", "linear", "sigmoid", "relu")
SHAPE, REPEATS = (64, 1024), 15


def tell(names: list[str], output: str | None, train: bool, out: Output) -> None:
    """The whole lesson."""
    if output is not None:
        source.writable(output)
    for name in names:
        _picture(name, out)
    if output is not None:
        from pellucid.glass import activations

        write_atomic(output, activations.draw(names).encode())
        out.say(f"wrote {output}\n")
    _table(names, out)
    if train:
        _learned(out)


def formula(name: str) -> str:
    """The function as its layer's docstring writes it."""
    text = " ".join((pieces.ACTIVATIONS[name].__doc__ or "").split())
    found = re.search(r"\*\*Forward\*\* (.*?) \*\*Backward", text)
    return re.sub(r"^\w+ = ", "", found.group(1).replace("``", "")).rstrip(".") if found else ""


def value_and_slope(name: str, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the layer returns at `x` (1, N), and what it makes of a gradient of 1 there."""
    layer = pieces.ACTIVATIONS[name]()
    with np.errstate(all="ignore"):
        return layer.forward(x), layer.backward(np.ones_like(x))


def _picture(name: str, out: Output) -> None:
    """Curve and slope from -4 to 4, side by side."""
    width = max(min((shutil.get_terminal_size().columns - 3) // 2, 30), 10)
    values, slopes = (array[0] for array in value_and_slope(name, np.linspace(-4.0, 4.0, 401)[None, :]))
    out.say(f"{name}: {formula(name)}")
    sides, titles = [], []
    for title, curve in (("value", values), ("slope", slopes)):
        low, high = min(float(curve.min()), 0.0), max(float(curve.max()), 0.0)
        sides.append([line.ljust(width) for line in plot(curve, width, 4, low, high if high > low else low + 1.0)])
        titles.append(f"{title} {low:.3g} to {high:.3g}".ljust(width))
    for left, right in (titles, *zip(*sides, strict=True)):
        out.say(f"{left}   {right}".rstrip())
    out.say()


def costs(names: list[str]) -> dict[str, float]:
    """Seconds an element for a pass forward and back, the median of repeats taken in turn. Of `names`."""
    x = generator(0, "noise").standard_normal(SHAPE).astype(np.float32)
    gradient = np.ones_like(x)
    layers = {name: pieces.ACTIVATIONS[name]() for name in names}
    times: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(REPEATS):
        for name, layer in layers.items():
            start = time.perf_counter()
            layer.forward(x)
            layer.backward(gradient)
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) / x.size for name, taken in times.items()}


def flat_parts(name: str) -> tuple[float, float, float]:
    """(below, above, share): the slope is under FLAT up to the one, from the other on (infinities: nowhere), and for that
    share of inputs drawn from a standard normal distribution. Looked for in steps of 0.01.
    """
    x = np.linspace(-REACH, REACH, round(200 * REACH) + 1)
    flat = np.abs(value_and_slope(name, x[None, :])[1][0]) < FLAT
    if flat.all():
        below, above = np.inf, -np.inf
    else:  # the last flat place from either side; argmin finds the first that is not
        below = round(float(x[np.argmin(flat) - 1]), 2) + 0.0 if flat[0] else -np.inf
        above = round(float(x[len(x) - np.argmin(flat[::-1])]), 2) + 0.0 if flat[-1] else np.inf
    drawn = generator(0, "noise").standard_normal((1, 100_000))
    return below, above, float((np.abs(value_and_slope(name, drawn)[1]) < FLAT).mean())


def _where(below: float, above: float) -> str:
    if below > above:
        return "everywhere"
    ends = [f"x <= {below:.2f}" if below > -np.inf else "", f"x >= {above:.2f}" if above < np.inf else ""]
    return " or ".join(end for end in ends if end) or "nowhere"


def _table(names: list[str], out: Output) -> None:
    measured = costs(list(dict.fromkeys([*names, "relu"])))
    rows = []
    for name in names:
        below, above, share = flat_parts(name)
        cost, ratio = measured[name] * 1e9, measured[name] / measured["relu"]
        rows.append([name, f"{cost:.2f} ns", f"{ratio:.1f}", _where(below, above), f"{share:.1%}"])
        out.event("activation", name=name, formula=formula(name), nanoseconds=cost, relative_to_relu=ratio,
                  flat_below=below, flat_above=above, flat_share=share)  # fmt: skip
    out.table(["activation", "an element", "x ReLU", f"slope below {FLAT:g}", "of N(0, 1)"], rows)
    out.say(
        f"Cost: forward and back, float32, median of {REPEATS} on this machine. Where the slope is next to 0, a neuron"
    )
    out.say("passes on no gradient, and what lies before it learns nothing.\n")


def _learned(out: Output, samples: int = 500, epochs: int = 120) -> None:
    """The same network with each of four activations, on the spiral, judged on another spiral."""
    X, y = datasets.make("spiral", 3 * samples, 0)
    X_new, y_new = datasets.make("spiral", 3000, 1)
    ceiling, _ = datasets.spiral_ceiling()
    rows = []
    for name in COMPARED:
        chain = pieces.network(2, 3, (32, 32), name, 0.0, False, "Softmax", False)
        model = Model(*chain, loss=CategoricalCrossEntropy(), optimizer=Adam(0.01), seed=0)
        history = model.fit(X, y, epochs=epochs, batch_size=32, progress=False)
        figures = model.evaluate(X_new, y_new)
        rows.append([name, number(figures["accuracy"]), number(history.last["accuracy"]), f"{history.seconds:.1f} s"])
        out.event("learned", name=name, accuracy=figures["accuracy"], ceiling=ceiling, seconds=history.seconds)
    rows.append(["the best anybody could", number(ceiling), "", ""])
    out.say(
        f"The same network (2-32-32-3, {epochs} epochs of Adam) on a spiral of {len(X):,} points, judged on another one:"
    )
    out.table(["activation", "accuracy", "in training", "time"], rows)
    out.say("linear: layers without a bend between them are one layer, and a spiral is not cut by straight lines.")
    out.say("step: no gradient passes it, so only the last layer learns, behind weights that stay as they were drawn.")
    out.say("sigmoid: its slope is at most a quarter, and the gradient shrinks at every layer it passes.")
