"""The loss: what each output adds to it, and what it asks of each output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.checks import is_ours
from pellucid.glass.explain.arithmetic import names_in
from pellucid.glass.explain.choose import left
from pellucid.glass.explain.equation import Block, Equation, Given, Section, View, symbol, total
from pellucid.glass.explain.mixing import shifted_sum
from pellucid.losses import Loss

Form = tuple[str, str]  # what an output o adds to the loss of its sample, and the loss's slope there


@dataclass
class LossRecord:
    """The loss of a pass. `loss` is the run copy: the pair, where last layer and loss are one function."""

    loss: Loss
    stands_for: str  # what the model was given
    fused: str  # the last layer's class where the pair stands for both, or nothing
    outputs: np.ndarray  # what the loss takes: the scores, where it is a pair
    targets: np.ndarray
    losses: np.ndarray  # (B,)
    share: np.ndarray  # (B,), what each sample counts; they add up to 1
    slopes: np.ndarray  # of each sample's loss for its outputs
    doutputs: np.ndarray  # the same times the share: where backward starts
    value: float  # penalties included
    penalties: dict[str, float] = field(default_factory=dict)  # by layer

    @property
    def rule(self) -> str:
        """The class whose formula it is, or "general"."""
        return type(self.loss).__name__ if is_ours(self.loss) else "general"

    def as_dict(self) -> dict[str, Any]:
        """For the JSON."""
        names = ("outputs", "targets", "losses", "share", "slopes", "doutputs", "value", "penalties")
        settings = {name: value for name, value in self.loss.config().items() if isinstance(value, (int, float, tuple))}
        made = {"loss": self.stands_for, "rule": self.rule, "fused": bool(self.fused), "settings": settings}
        return made | {name: getattr(self, name) for name in names}


def _squared(o: float, t: float, loss: Any) -> Form:
    return "(o - t)**2 / M", "2*(o - t) / M"


def _absolute(o: float, t: float, loss: Any) -> Form:
    return "abs(o - t) / M", "sign(o - t) / M"


def _huber(o: float, t: float, loss: Any) -> Form:
    if abs(o - t) <= loss.delta:
        return "(o - t)**2 / (2*M)", "(o - t) / M"
    return "delta*(abs(o - t) - delta / 2) / M", "delta*sign(o - t) / M"


def _pinball(o: float, t: float, loss: Any) -> Form:
    if o == t:
        return "0", "0"
    return ("level*(t - o) / M", "-level / M") if o < t else ("(1 - level)*(o - t) / M", "(1 - level) / M")


def _counts(o: float, t: float, loss: Any) -> Form:
    return ("exp(o) / M" if t == 0.0 else "(exp(o) - t*o + t*log(t) - t) / M"), "(exp(o) - t) / M"


def _binary(o: float, t: float, loss: Any) -> Form:
    low, high = o <= loss.least, 1.0 - o <= loss.least
    yes, yes_slope = ("log(least)", "0") if low else ("log(o)", "t / o")
    no, no_slope = ("log(least)", "0") if high else ("log(q)", "(1 - t) / q")
    if t == 1.0:
        return f"-{yes} / M", f"-({yes_slope}) / M"
    if t == 0.0:
        return f"-{no} / M", f"{no_slope} / M"
    return f"-(t*{yes} + (1 - t)*{no}) / M", f"({no_slope} - {yes_slope}) / M"


def _of_scores(o: float, t: float, loss: Any) -> Form:
    return "(max(o, 0) + log1p(exp(-abs(o))) - t*o) / M", "(1 / (1 + exp(-o)) - t) / M"


def _categorical(o: float, t: float, loss: Any) -> Form:
    if o <= loss.least:
        return "-t*log(least)", "0"
    return "-t*log(o)", "-t / o"


_FORMS: dict[str, tuple[str, Callable[[float, float, Any], Form]]] = {
    "MeanSquaredError": ("loss = mean over the outputs of (output - target)**2", _squared),
    "MeanAbsoluteError": ("loss = mean over the outputs of abs(output - target)", _absolute),
    "Huber": ("loss = mean of (output - target)**2 / 2, beyond delta a straight line", _huber),
    "Quantile": ("loss = mean of (1 - level)*(output - target), below the target of level*(target - output)", _pinball),
    "Poisson": ("loss = mean of exp(output) - target*output + target*log(target) - target", _counts),
    "BinaryCrossEntropy": ("loss = mean of -(t*log(p) + (1 - t)*log(1 - p))", _binary),
    "SigmoidCrossEntropy": ("loss = mean of -(t*log(p) + (1 - t)*log(1 - p)),  p = sigmoid(score)", _of_scores),
    "CategoricalCrossEntropy": ("loss = -sum_k t[k] * log(p[k])", _categorical),
}


def describe(record: LossRecord, view: View) -> Section:
    """The loss forward."""
    words, blocks = [], []
    if record.rule == "SoftmaxCrossEntropy":
        formula = "loss = -sum_k t[k]*log(p[k]) = log(S) - sum_k t[k]*(score[k] - m)"
        blocks = [_softmax(record, b, view) for b in _samples(record, view)]
    elif record.rule in _FORMS:
        formula = _FORMS[record.rule][0]
        blocks = [_terms(record, b, view) for b in _samples(record, view)]
    else:
        formula = f"loss = {type(record.loss).__name__}(outputs, targets)"
        lines = tuple((symbol("loss", (b,), 2), (float(record.losses[b]),)) for b in _samples(record, view))
        blocks = [Block("of each sample", style="values", columns=("", "loss"), rows=lines)]
    if record.fused:
        words.append(
            f"{record.fused} and loss are one function of the scores, the {record.fused.lower()}'s inputs: no "
            "probability is divided by, and nothing can overflow."
        )
    blocks.append(_whole(record, view))
    return Section(
        f"Loss: {record.stands_for}", formula, words, [block for block in blocks if block.equations or block.rows]
    )


def _samples(record: LossRecord, view: View) -> list[int]:
    return view.pick(np.abs(record.doutputs).reshape(len(record.share), -1).sum(axis=1))


def _name(record: LossRecord) -> str:
    return "score" if record.rule in ("SoftmaxCrossEntropy", "SigmoidCrossEntropy") else "output"


def _about(record: LossRecord, index: tuple[int, ...]) -> dict[str, tuple[str, float]]:
    rows = len(record.share)
    loss: Any = record.loss
    given = {
        "o": (symbol(_name(record), index, rows), float(record.outputs[index])),
        "t": (symbol("target", index, rows), float(record.targets[index])),
        "q": (f"(1 - {symbol(_name(record), index, rows)})", float(1.0 - record.outputs[index])),
        "M": ("M", float(record.outputs[0].size)),
    }
    given |= {name: (name, float(getattr(loss, name))) for name in ("delta", "least") if hasattr(loss, name)}
    if record.rule == "Quantile":
        k = index[-1] % len(loss.levels)
        given["level"] = (f"level[{k}]", loss.levels[k])
    return given


def _terms(record: LossRecord, b: int, view: View) -> Block:
    """What each output adds, and their sum."""
    rows, shape = len(record.share), record.outputs.shape[1:]
    form = _FORMS[record.rule][1]
    indices = [(b, *map(int, np.unravel_index(k, shape))) for k in range(record.outputs[b].size)]
    made = []
    for index in indices:
        about = _about(record, index)
        term, _ = form(about["o"][1], about["t"][1], record.loss)
        equation = Equation(symbol("term", index, rows), (term,), about, 0.0)
        made.append(_only_used(equation, equation.parts()[0]))
    worth = np.array([equation.value for equation in made])
    shown = view.pick(np.abs(worth))
    whole = total(
        symbol("loss", (b,), 1 if rows == 1 else 2),
        [(lambda k: made[k].name, worth)],
        record.losses[b],
        view,
        "outputs",
    )
    rest = left(len(shown), len(made), "outputs")
    return Block(f"sample {b}" if rows > 1 else "", (*(made[k] for k in shown), whole), "compact", after=rest)


def _only_used(equation: Equation, value: float) -> Equation:
    used = names_in(" + ".join(equation.terms))
    given = {name: about for name, about in equation.given.items() if name in used}
    return Equation(equation.name, equation.terms, given, value, equation.note, equation.slack)


def _softmax(record: LossRecord, b: int, view: View) -> Block:
    """The probabilities' sum S, and the loss from the scores."""
    rows = len(record.share)
    scores, targets = record.outputs[b], record.targets[b]
    equation, about = shifted_sum("score", scores, (b,), rows, view)
    chosen = np.flatnonzero(targets)
    whole = total(
        symbol("loss", (b,), 1 if rows == 1 else 2),
        [
            (lambda k: symbol("target", (b, chosen[k]), rows), targets[chosen]),
            (lambda k: symbol("score", (b, chosen[k]), rows), scores[chosen]),
        ],
        record.losses[b],
        view,
        "classes",
        [("log(S)", {"S": about["S"]})],
        form="-a*(b - m)",
        shared={"m": about["m"]},
    )
    known = view.short and rows == 1 and bool(record.fused)  # the layer before has just said what S is
    return Block(f"sample {b}" if rows > 1 else "", (whole,) if known else (equation, whole))


def _whole(record: LossRecord, view: View) -> Block:
    """The mean over the samples, and the penalties."""
    rows = len(record.share)
    extra: list[tuple[str, Given]] = [
        (f"penalty{number}", {f"penalty{number}": (f"penalty of layer {path}", value)})
        for number, (path, value) in enumerate(record.penalties.items())
    ]
    if rows == 1 and not extra:
        return Block("")
    factors: list[Any] = [(lambda b: symbol("loss", (b,), 1 if rows == 1 else 2), record.losses)]
    if rows > 1:
        factors.insert(0, (lambda b: f"share[{b}]", record.share))
    return Block("all together", (total("total loss", factors, record.value, view, "samples", extra),))


def describe_backward(record: LossRecord, view: View) -> Section:
    """What the loss asks of each output: where backward starts."""
    rows = len(record.share)
    samples, made = _samples(record, view), []
    shape = record.outputs.shape[1:]
    for b in samples:
        shown = view.pick(np.abs(record.doutputs[b]))
        equations, plain = [], []
        for index in [(b, *map(int, np.unravel_index(k, shape))) for k in shown]:
            name = symbol(f"d{_name(record)}", index, rows)
            made_equation = _slope(record, index, name)
            if made_equation is None:
                plain.append((name, (float(record.doutputs[index]),)))
            else:
                equations.append(made_equation)
        title = f"sample {b}" if rows > 1 else ""
        rest = left(len(shown), record.doutputs[b].size, "outputs")
        if plain:
            made.append(Block(title, style="values", columns=("", "d loss/d output"), rows=tuple(plain), after=rest))
        else:
            made.append(Block(title, tuple(equations), "compact", after=rest))
    words = [] if rows == 1 else ["Each sample's part is multiplied by its share of the mean."]
    formula = {
        "SoftmaxCrossEntropy": "dscore = probability - target",
        "SigmoidCrossEntropy": "dscore = (probability - target) / M",
    }.get(record.rule, "doutput = d loss/d output")
    if record.fused:
        words.append(f"This is the gradient behind {record.fused}, whose slope is in it.")
    return Section(f"Loss: {record.stands_for}", formula, words, made)


def _slope(record: LossRecord, index: tuple[int, ...], name: str) -> Equation | None:
    """The gradient for one output, or None where the loss's formula is not known."""
    rows, value = len(record.share), float(record.doutputs[index])
    about = _about(record, index)
    if record.rule == "SoftmaxCrossEntropy":
        p: Any = record.loss
        about["p"] = (symbol("probability", index, rows), float(p.probabilities[index]))
        formula = "p - t"
    elif record.rule in _FORMS:
        formula = _FORMS[record.rule][1](about["o"][1], about["t"][1], record.loss)[1]
    else:
        return None
    if rows > 1:
        about["share"] = (f"share[{index[0]}]", float(record.share[index[0]]))
        formula = f"share*({formula})"
    return _only_used(Equation(name, (formula,), about, value), value)
