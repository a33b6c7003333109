"""The optimiser's step: every parameter, its gradient, the sums it keeps, its new value."""

from __future__ import annotations

import copy
import dataclasses
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.glass.explain.arithmetic import evaluate, names_in
from pellucid.glass.explain.choose import left
from pellucid.glass.explain.equation import Block, Equation, Section, View, symbol
from pellucid.optimizers import SGD, AdaGrad, Adam, AdamW, Optimizer, RMSprop
from pellucid.optimizers.base import clip_by_value, norm_factor
from pellucid.schedules import Schedule
from pellucid.step import update as library_update

Lines = tuple[tuple[str, tuple[str, ...]], ...]  # (name, terms), in the order in which they are worked out

_BIASED = (
    ("momentum'", ("beta_1*momentum", "g")),
    ("cache'", ("beta_2*cache", "g**2")),
    ("m", ("(1 - beta_1)*new_momentum / (1 - beta_1**t)",)),
    ("c", ("(1 - beta_2)*new_cache / (1 - beta_2**t)",)),
)
_FORMS: dict[type[Optimizer], Callable[[Any], Lines]] = {
    SGD: lambda optimizer: _sgd(optimizer),
    AdaGrad: lambda _: (("cache'", ("cache", "g**2")), ("new", ("w", "-rate*g / (sqrt(new_cache) + epsilon)"))),
    RMSprop: lambda _: (
        ("cache'", ("rho*cache", "(1 - rho)*g**2")),
        ("new", ("w", "-rate*g / (sqrt(new_cache) + epsilon)")),
    ),
    Adam: lambda _: (*_BIASED, ("new", ("w", "-rate*m / (sqrt(c) + epsilon)"))),
    AdamW: lambda _: (*_BIASED, ("new", ("(1 - rate*weight_decay)*w", "-rate*m / (sqrt(c) + epsilon)"))),
}
_WORDS = {
    Adam: "momentum and cache are kept as plain sums; m and c are the averages of Kingma and Ba, their bias divided out.",
    AdamW: "momentum and cache are kept as plain sums; m and c are the averages of Kingma and Ba, their bias divided out.",
}


def _sgd(optimizer: Any) -> Lines:
    if not optimizer.momentum:
        return (("new", ("w", "-rate*g")),)
    velocity = ("velocity'", ("momentum*velocity", "-rate*g"))
    if optimizer.nesterov:
        return velocity, ("new", ("w", "momentum*new_velocity", "-rate*g"))
    return velocity, ("new", ("w", "new_velocity"))


@dataclass
class ParameterUpdate:
    """One parameter's part of the step; all in its shape."""

    old: np.ndarray
    gradient: np.ndarray
    limited: np.ndarray  # the gradient as the limits leave it
    slots: dict[str, np.ndarray]
    new_slots: dict[str, np.ndarray]
    new: np.ndarray


@dataclass
class UpdateRecord:
    """One step of the optimiser, in float64."""

    optimizer: Optimizer
    learning_rate: float
    step: int  # updates made before
    parameters: dict[str, ParameterUpdate]

    @functools.cached_property
    def settings(self) -> dict[str, float]:
        """The optimiser's numbers, without the learning rate."""
        found = {name: value for name, value in self.optimizer.config().items() if isinstance(value, (int, float))}
        return {name: value for name, value in found.items() if name != "learning_rate"}

    def shown(self, view: View) -> dict[str, ParameterUpdate]:
        """The parameters of the layers shown. A joint limit counts the others all the same."""
        return {
            key: parameter
            for key, parameter in self.parameters.items()
            if not view.layers or any(key.startswith(f"{path}.") for path in view.layers)
        }

    def as_dict(self) -> dict[str, Any]:
        """For the JSON."""
        return {
            "optimizer": repr(self.optimizer),
            "rule": type(self.optimizer).__name__ if type(self.optimizer) in _FORMS else "general",
            "settings": self.settings,
            "learning_rate": self.learning_rate,
            "step": self.step,
            "parameters": {key: vars(value) for key, value in self.parameters.items()},
        }


def make(optimizer: Optimizer, state: Any, values: dict[str, Any], gradients: dict[str, Any]) -> UpdateRecord:
    """The step that training would take now: with its slots and learning rate where it stands.

    `state`: the model's TrainingState. `values`, `gradients`: float64, by key. Nothing given is changed.
    """
    schedule = copy.deepcopy(optimizer.schedule)
    if isinstance(schedule, Schedule) and state.schedule:
        schedule.restore(state.schedule)
    rate = float(np.asarray(schedule(np.float64(state.step) if isinstance(schedule, Schedule) else state.step)))
    rates = tuple(np.float64(number) for number in optimizer.rates(rate, float(state.step)))
    old = {key: np.array(values[key], np.float64) for key in gradients}
    slots = {
        name: {
            key: np.array(state.slots.get(f"{name}/{key}", np.zeros(value.shape)), np.float64)
            for key, value in old.items()
        }
        for name in optimizer.slots
    }
    given = ({key: value.copy() for key, value in old.items()}, gradients, copy.deepcopy(slots))
    new, new_slots = library_update(optimizer, *given, rates)
    limited = _limited(optimizer, gradients)
    parameters = {
        key: ParameterUpdate(
            old[key],
            gradients[key],
            limited[key],
            {name: slots[name][key] for name in slots},
            {name: np.array(new_slots[name][key]) for name in slots},
            np.array(new[key]),
        )
        for key in gradients
    }
    return UpdateRecord(optimizer, rate, state.step, parameters)


def _limited(optimizer: Optimizer, gradients: dict[str, Any]) -> dict[str, Any]:
    if optimizer.clip_value is not None:
        gradients = {key: clip_by_value(gradient, optimizer.clip_value) for key, gradient in gradients.items()}
    if optimizer.clip_norm is not None:
        factor = norm_factor(sum((g * g).sum() for g in gradients.values()), optimizer.clip_norm)
        gradients = {key: gradient * factor for key, gradient in gradients.items()}
    return gradients


def describe(record: UpdateRecord, view: View) -> Section:
    """Every parameter's new value."""
    made, lines, factor = begun(record)
    blocks = made.blocks
    wider = dataclasses.replace(view, units=view.units * view.units) if len(lines) == 1 else view
    for key, parameter in record.shown(view).items():
        shown = wider.pick(np.abs(parameter.gradient))
        indices = [tuple(int(i) for i in np.unravel_index(k, parameter.old.shape)) for k in shown]
        rest = left(len(shown), parameter.old.size, "entries")
        blocks.append(
            _block(record, key, parameter, indices, lines, factor, rest)
            if lines
            else _plain(record, key, parameter, indices, rest)
        )
    return made


def begun(record: UpdateRecord, short: bool = False) -> tuple[Section, Lines, float]:
    """What is said before any parameter: the formula, the joint limit; (section, the formula's lines, the limit's factor)."""
    kind = type(record.optimizer)
    lines = _FORMS[kind](record.optimizer) if kind in _FORMS else ()
    words = [f"Step {record.step + 1} of training, learning rate {record.learning_rate:.9g}."]
    words += [_WORDS[kind]] if kind in _WORDS and not short else []
    limits, factor = _limits(record)
    blocks = [limits] if limits is not None else []
    return Section(f"Update: {record.optimizer!r}", _formula(lines), words, blocks), lines, factor


def _formula(lines: Lines) -> str:
    """The lines in symbols."""
    formula = ",  ".join(f"{name} = {' + '.join(terms)}" for name, terms in lines).replace("+ -", "- ")
    return re.sub(r"new_(\w+)", r"\1'", formula)


def _limits(record: UpdateRecord) -> tuple[Block | None, float]:
    """The factor of a joint limit, from the length of all gradients."""
    limit = record.optimizer.clip_norm
    if limit is None:
        return None, 1.0
    cut = record.optimizer.clip_value
    squares = {}
    for key, parameter in record.parameters.items():
        gradient = parameter.gradient if cut is None else clip_by_value(parameter.gradient, cut)
        squares[key] = float((gradient * gradient).sum())
    given = {f"q{n}": (f"squares of {key}", value) for n, (key, value) in enumerate(squares.items())}
    whole = sum(squares.values())
    norm = float(np.sqrt(whole))
    factor = limit / max(norm, limit)
    lines = (
        Equation("squares", tuple(given), given, whole),
        Equation("norm", ("sqrt(q)",), {"q": ("squares", whole)}, norm),
        Equation("factor", ("l / max(n, l)",), {"l": ("clip_norm", limit), "n": ("norm", norm)}, factor),
    )
    return Block("the gradients' joint limit", lines, level=3), factor


def _block(
    record: UpdateRecord, key: str, parameter: ParameterUpdate, indices: Any, lines: Lines, factor: float, rest: str
) -> Block:
    """One parameter's entries, each worked out in full; a table where one line does."""
    title = _heading(key)
    equations = [equation for index in indices for equation in entry(record, parameter, key, index, lines, factor)]
    if len(lines) == 1 and len(equations) == len(indices):
        columns, signs = ("", "old", "rate", "gradient", "new"), ("-", "*")
        return Block(title, tuple(equations), "table", "", columns, signs=signs, after=rest, level=3)
    return Block(title, tuple(equations), "compact", after=rest, level=3)


def _heading(key: str) -> str:
    path, _, name = key.rpartition(".")
    return f"{name} of layer {path}"


def entry(
    record: UpdateRecord, parameter: ParameterUpdate, key: str, index: tuple[int, ...], lines: Lines, factor: float
) -> list[Equation]:
    """One entry worked out in full."""
    name = key.rpartition(".")[2]
    at = symbol("", (0, *index))
    given: dict[str, tuple[str, float]] = {n: (n, float(v)) for n, v in record.settings.items()}
    given |= {n: (f"{n}{at}", float(slot[index])) for n, slot in parameter.slots.items()}
    given |= {"w": (f"{name}{at}", float(parameter.old[index])), "rate": ("rate", record.learning_rate)}
    given |= {"t": ("t", float(record.step + 1)), "g": (f"d{name}{at}", float(parameter.gradient[index]))}
    made = []
    limited = _limited_entry(record, parameter, f"g{at}", given, factor, index)
    if limited is not None:
        made.append(limited)
        given["g"] = (limited.name, limited.value)
    for what, terms in lines:
        slot = what.rstrip("'")
        if what == "new":
            value = float(parameter.new[index])
        elif slot in parameter.new_slots:
            value = float(parameter.new_slots[slot][index])
        else:
            value = evaluate(" + ".join(terms), {n: v for n, (_, v) in given.items()}).value
        used = names_in(" + ".join(terms))
        about = {n: each for n, each in given.items() if n in used}
        made.append(Equation(f"new {name}{at}" if what == "new" else f"{what}{at}", terms, about, value))
        given[f"new_{slot}" if what != slot else what] = (f"{what}{at}", value)
    return made


def _limited_entry(
    record: UpdateRecord, parameter: ParameterUpdate, name: str, given: Any, factor: float, index: tuple[int, ...]
) -> Equation | None:
    cut, limit = record.optimizer.clip_value, record.optimizer.clip_norm
    if cut is None and limit is None:
        return None
    about = {"g": given["g"]}
    term = "g"
    if cut is not None:
        term, about["c"] = "max(-c, min(c, g))", ("clip_value", cut)
    if limit is not None:
        term, about["f"] = f"f*{term}", ("factor", factor)
    return Equation(name, (term,), about, float(parameter.limited[index]))


def _plain(record: UpdateRecord, key: str, parameter: ParameterUpdate, indices: Any, rest: str) -> Block:
    """What an optimiser of one's own did, without its formula."""
    slots = tuple(parameter.new_slots)
    rows = tuple(
        (
            symbol(key.rpartition(".")[2], (0, *index)),
            tuple(
                float(array[index])
                for array in (parameter.old, parameter.gradient, *parameter.new_slots.values(), parameter.new)
            ),
        )
        for index in indices
    )
    columns = ("", "old", "gradient", *slots, "new")
    return Block(_heading(key), style="values", columns=columns, rows=rows, after=rest, level=3)
