"""What must hold of a layer besides its gradient's value, for that value to arrive where it should.

Each function answers with what is to be said. Nothing here compares with differences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pellucid import layers
from pellucid.errors import PellucidError
from pellucid.glass.gradients.report import Finding
from pellucid.glass.gradients.subjects import LayerSubject, own_copy, set_mode
from pellucid.layer import Layer, check_contract

Gradients = dict[str, Any]
FORWARD_AGAIN = "Two forward passes over the same inputs give different outputs"


def contract(layer: Layer) -> Iterator[Finding]:
    """What the library would refuse of a layer and those inside it."""
    for _, inner in layer.walk():
        try:
            check_contract(inner)
        except PellucidError as error:
            yield Finding("contract", str(error))


def deterministic(subject: LayerSubject) -> Iterator[Finding]:
    """The same pass, the same output."""
    values = subject.values()
    if not np.array_equal(subject.terms(values), subject.terms(values), equal_nan=True):
        yield Finding(
            "not repeatable",
            f"{FORWARD_AGAIN}: it draws its own random numbers, or keeps something between passes outside the layer. "
            "Take random bits from self.draws (self.draws.keep, .uniform, .normal): they are the same for the same step.",
        )
        return
    if subject.training:
        return
    twin = own_copy(subject.start(values))
    if not np.array_equal(twin.forward(subject.x), twin.forward(subject.x), equal_nan=True):
        yield Finding(
            "not repeatable",
            f"{FORWARD_AGAIN} when one layer makes both in prediction: a pass changes what the next one uses. Only a "
            "training pass (self.training) may change state.",
        )


def passes(subject: LayerSubject) -> Iterator[Finding]:
    """What one pass leaves for another: gradients that pile up, old records, records shared by copies."""
    values = subject.values()
    if "inputs" not in values:
        return
    other = {**values, "inputs": values["inputs"][::-1] * 0.5 + 0.25}
    fresh, of_other = run(subject, values), run(subject, other)
    again = run(subject, values, before=lambda twin: _pass(twin, subject, other))
    for key, array in fresh.items():
        if not close(again[key], array, beside=_largest(fresh) + subject.unit):
            piled = close(again[key], array + of_other[key])
            yield Finding(
                "piles up" if piled else "an earlier pass",
                f"The gradient of {key} depends on the pass before: "
                + (
                    "it is added to the old one. backward sets gradients: write = instead of +=."
                    if piled
                    else "something is kept from it. backward may use only what the last forward has set."
                ),
            )
            return
    if not _same(run(subject, values, before=lambda twin: _other_mode(twin, subject)), fresh, subject.unit):
        yield Finding(
            "stale record",
            "After a pass in the other mode (training, prediction) backward gives another gradient: forward leaves an "
            "old record, such as a mask, in one of the modes. Set the same attributes in both; name in `state` what lasts.",
        )
    elif not _same(run(subject, values, between=lambda: run(subject, other)), fresh, subject.unit):
        yield Finding(
            "shared record",
            "A pass on another copy of the layer changes this one's gradient: what forward keeps lies on the class, or "
            "in an object that copies share. Keep it as self.name = ... .",
        )


def spared(subject: LayerSubject) -> Iterator[Finding]:
    """As the first layer of a network nobody needs dinputs; the parameters' gradients must be there all the same."""
    values = subject.values()
    if isinstance(subject.layer, layers.Sequential):
        return

    def spare(twin: Layer) -> None:
        twin.needs_dinputs = False

    wanted = {key: array for key, array in run(subject, values).items() if key != "inputs"}
    reason = ""
    try:
        given = run(subject, values, before=spare)
    except Exception as error:  # the user's own code: anything
        given, reason = {}, f": {type(error).__name__}: {error}"
    if reason or not _same({key: a for key, a in given.items() if key != "inputs"}, wanted, subject.unit):
        yield Finding(
            "first layer",
            f"With self.needs_dinputs = False, as for a network's first layer, the parameters' gradients change{reason}. "
            "Only dinputs may be left out then.",
        )


def linear(subject: LayerSubject) -> Iterator[Finding]:
    """Backward multiplies doutput with a matrix: twice the gradient from above is twice the gradient."""
    values = subject.values()
    zero = run(subject, values, dy=np.zeros_like(subject.dy))  # what does not come from above: penalties
    once, turned = run(subject, values), np.roll(subject.dy, 1, axis=-1) * 0.75
    other, both = run(subject, values, dy=turned), run(subject, values, dy=2.0 * subject.dy - turned)
    beside = _largest(once) + _largest(other) + subject.unit
    for key, array in both.items():
        if not close(array - zero[key], 2.0 * (once[key] - zero[key]) - (other[key] - zero[key]), 1e-6, beside):
            yield Finding(
                "not linear",
                f"The gradient of {key} is no linear function of doutput: twice the gradient from above is not twice "
                "as much below. doutput may be multiplied and added up, once, and nothing else.",
            )
            return


def on_the_class(subject: LayerSubject) -> Iterator[Finding]:
    """Whether a pass leaves something on the class."""
    yield from left_on_the_class(subject.layer, lambda: run(subject, subject.values()))


def left_on_the_class(part: Any, act: Callable[[], Any]) -> Iterator[Finding]:
    """What `act` leaves on the class of `part`."""
    before = dict(vars(type(part)))
    act()
    now = vars(type(part))
    changed = [name for name in now if name not in before or before[name] is not now[name]]
    if changed:
        yield Finding(
            "shared record",
            f"A pass changes {type(part).__name__}.{changed[0]}, which belongs to the class: every copy, in every thread, "
            f"shares it. Write self.{changed[0]} = ... .",
        )


def float32(subject: LayerSubject) -> Iterator[Finding]:
    """Float32 in, float32 out; float64 in, float64 out."""
    wide = np.asarray(subject.start(subject.values()).forward(subject.x))
    if subject.x.dtype == np.float64 and wide.dtype.kind == "f" and wide.dtype != np.float64:
        yield Finding("float32", f"For float64 inputs forward returns {wide.dtype}, which hides digits.", False)
        return
    if subject.x.dtype.kind != "f":
        return
    twin = own_copy(subject.layer, np.float32)
    set_mode(twin, subject.training)
    with np.errstate(all="ignore"):
        output = np.asarray(twin.forward(subject.x.astype(np.float32)))
        dinputs = np.asarray(twin.backward(subject.dy.astype(np.float32)))
    for what, array in (("forward", output), ("backward", dinputs)):
        if array.dtype.kind == "f" and array.dtype != np.float32:
            yield Finding(
                "float64",
                f"For float32 {what} returns {array.dtype}, which makes the whole network slower: a NumPy number such as "
                "numpy.float64(2) takes the array with it. Write float(...), or array.astype(x.dtype).",
                False,
            )
            return


# -- passes ------------------------------------------------------------------------------------------------------------


def run(
    subject: LayerSubject,
    values: dict[str, np.ndarray],
    dy: np.ndarray | None = None,
    before: Callable[[Layer], Any] | None = None,
    between: Callable[[], Any] | None = None,
) -> Gradients:
    """Gradients of a pass on a copy, with something done `before` it, or `between` forward and backward."""
    twin = own_copy(subject.start(values))
    state = {id(inner): {name: getattr(inner, name) for name in inner.state} for _, inner in twin.walk()}
    if before is not None:
        before(twin)
    for _, inner in twin.walk():
        inner.training = subject.training
        for name, value in state[id(inner)].items():
            setattr(inner, name, value)
    twin.forward(values.get("inputs", subject.x))
    if between is not None:
        between()
    returned = twin.backward(np.array(subject.dy if dy is None else dy))
    given = {"inputs": returned} if "inputs" in values else {}
    for path, inner in twin.walk():
        given |= {f"{path}.{n}" if path else n: getattr(inner, "d" + n, None) for n in inner.params}
    return {key: np.array(array, np.float64) for key, array in given.items() if array is not None}


def _pass(twin: Layer, subject: LayerSubject, values: dict[str, np.ndarray]) -> None:
    twin.forward(values["inputs"])
    twin.backward(np.array(subject.dy))


def _other_mode(twin: Layer, subject: LayerSubject) -> None:
    set_mode(twin, not subject.training)
    twin.forward(subject.x * 0.5)


def close(one: Any, other: Any, relative: float = 1e-9, beside: float = 0.0) -> bool:
    """Whether two arrays (or Nones) are the same to rounding; `beside`: the size of what they are computed with."""
    if one is None or other is None:
        return one is other
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    scale = float(np.abs(other[np.isfinite(other)]).max(initial=0.0))
    return one.shape == other.shape and bool(
        np.allclose(one, other, relative, relative * scale + 1e-12 * beside, equal_nan=True)
    )


def _same(one: Gradients, other: Gradients, unit: float) -> bool:
    beside = _largest(other) + unit
    return one.keys() == other.keys() and all(close(one[k], array, beside=beside) for k, array in other.items())


def _largest(gradients: Gradients) -> float:
    return max((float(np.abs(array).max(initial=0.0)) for array in gradients.values()), default=0.0)
