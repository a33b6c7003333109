"""One subject examined: whether backward runs, what else must hold, a verdict for each gradient, what sort of mistake it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from pellucid.glass.gradients import loss_manners, manners
from pellucid.glass.gradients.diagnosis import diagnose
from pellucid.glass.gradients.judging import judge, rounded
from pellucid.glass.gradients.report import Finding, GradientReport, Verdict
from pellucid.glass.gradients.subjects import LossSubject, StepSubject, Subject, Values, substitutes


@dataclass(frozen=True)
class Options:
    """What `check_gradients` was told: the entries to compare of an array, whether to stay at this point, the modes."""

    rng: np.random.Generator
    entries: int
    exact: bool
    modes: tuple[bool, ...]


def examine(report: GradientReport, subject: Subject, options: Options) -> None:
    """Verdicts and findings of one subject, merged into the report: of each gradient the worse verdict stays."""
    values = {key: rounded(array) for key, array in subject.values().items()}
    if not _can_run(report, subject, values):
        return
    if not subject.writeable:
        for look in _manners(subject):
            report.findings += told(report, look)
    if any(
        finding.kind == "not repeatable" and manners.FORWARD_AGAIN + ":" in finding.sentence
        for finding in report.findings
    ):
        for key, array in values.items():
            _merge(report, Verdict(key, "not judged", array.size, 0, 0, subject.training))
        return
    for verdict, one in judge(subject, values, options.rng, options.entries, options.exact):
        if verdict.status == "wrong" and one is not None:
            verdict.kind, verdict.sentence = diagnose(subject, one)
        elif verdict.status == "wrong":
            verdict.sentence = _what_to_write(subject, verdict)
        elif verdict.status == "substitute":
            verdict.sentence = (
                f"Not the derivative, as {substitutes(subject)[0]} declares; what lies before it cannot be judged."
            )
        elif verdict.status == "not judged":
            verdict.sentence = _why_not(verdict, options)
        _merge(report, verdict)


def _why_not(verdict: Verdict, options: Options) -> str:
    entries = f"{verdict.on_kinks} of {verdict.entries} entries lie on a kink"
    if verdict.on_kinks and options.exact:
        return f"{entries}, where no slope is the right one. Without exact=True the point is moved away from it."
    if verdict.on_kinks:
        return f"{entries} wherever the point is moved, or forward is too coarse for differences."
    return "It differs at this very point and nowhere beside it: a kink that differences do not see."


def _merge(report: GradientReport, verdict: Verdict) -> None:
    before = report.parameters.get(verdict.name)
    if before is None or verdict.rank > before.rank:
        report.parameters[verdict.name] = verdict


def _can_run(report: GradientReport, subject: Subject, values: Values) -> bool:
    """Whether backward runs at all; what it writes into, and what it raises, is said."""
    for _ in range(2):
        try:
            subject.by_hand(values)
            return True
        except Exception as error:  # the user's own code: anything
            if subject.writeable or not (isinstance(error, ValueError) and "read-only" in str(error)):
                _add(report, Finding("raises", f"{type(error).__name__}: {error} ({_at(error)})."))
                break
            sentence = (
                f"A pass writes into an array that it was given ({_at(error)}), which belongs to the layer beside it. "
            )
            instead = "Make a new one: x = x * 2 instead of x *= 2, numpy.where(...) instead of x[mask] = 0."
            _add(report, Finding("writes", sentence + instead))
            subject.writeable = True  # that it does has been said; whether it is right besides is another question
    for key, array in values.items():
        sentence = "backward did not come to an end."
        _merge(report, Verdict.unusable(key, array.size, subject.training, "raises", sentence))
    return False


def _at(error: BaseException) -> str:
    """Where an exception comes from, for a person: function and line."""
    trace = error.__traceback__
    # The base class says which attribute is missing; the line that asked for it is the place.
    while trace is not None and trace.tb_next is not None and trace.tb_next.tb_frame.f_code.co_name != "__getattr__":
        trace = trace.tb_next
    if trace is None:
        return "place unknown"
    code = trace.tb_frame.f_code
    return f"{os.path.basename(code.co_filename)}, line {trace.tb_lineno}, in {code.co_name}"


def _add(report: GradientReport, finding: Finding) -> None:
    if finding not in report.findings:
        report.findings.append(finding)


def _manners(subject: Subject) -> list[Callable[[], Iterator[Finding]]]:
    if isinstance(subject, StepSubject):
        return []
    if isinstance(subject, LossSubject):
        looks = (loss_manners.rows, loss_manners.on_the_class, loss_manners.whole_targets)
        return [partial(look, subject) for look in looks]
    return [
        partial(look, subject)
        for look in (
            manners.deterministic,
            manners.on_the_class,
            manners.passes,
            manners.spared,
            manners.linear,
            manners.float32,
        )
    ]


def told(report: GradientReport, look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """New findings; where the looking itself fails, `_can_run` will say why."""
    found: list[Finding] = []
    try:
        with np.errstate(all="ignore"):
            said = {finding.kind for finding in report.findings}
            for finding in look():
                if finding.kind not in said:
                    said.add(finding.kind)
                    found.append(finding)
    except Exception:
        return found
    return found


def _what_to_write(subject: Subject, verdict: Verdict) -> str:
    name = type(subject.loss if isinstance(subject, LossSubject) else subject.layer).__name__
    if verdict.name == subject.data:
        attribute = "doutputs" if isinstance(subject, LossSubject) else "dinputs"
        return f"{name}.backward: {verdict.sentence}. End with return self.{attribute}."
    own = verdict.name.rpartition(".")[2]
    if verdict.kind == "transposed":
        return f"{name}.backward: {verdict.sentence}: that of its transpose. Write self.d{own} = inputs.T @ doutput, or .T."
    return f"{name}.backward: {verdict.sentence}. Set self.d{own}, in the shape of self.{own}."
