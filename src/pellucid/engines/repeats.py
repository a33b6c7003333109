"""Whether a pass, run again on what the first has left, is the same pass: only then is it a program.

A layer that draws from a generator of its own, counts its passes or remembers the last one does on NumPy what it says, and
compiled would do for ever what it did the first time. So where layers, loss or optimiser are the user's, a step is traced
twice over the same objects before it is compiled, and what differs is refused.
"""

from __future__ import annotations

import copy
import functools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from pellucid.checks import is_ours
from pellucid.engines.program import Carry, Data, Program
from pellucid.errors import ContractError
from pellucid.network import set_values
from pellucid.optimizers import Optimizer
from pellucid.randomness import Draws
from pellucid.step import Pass, update

_ADDRESS = re.compile("0x[0-9a-f]+")


def check(program: Program, carry: Carry, data: Data, rates: Any) -> None:
    """Refuse a network, loss or optimiser of the user's whose second step is another program than its first.

    `rates`: the optimiser's numbers of a step.
    """
    parts = [*(layer for _, layer in program.network.walk()), program.loss, program.optimizer]
    if not any(map(_theirs, parts)):
        return
    jax, draws = program.jax, Draws(0)
    one, optimizer = Pass(program.network, program.loss, draws), copy.copy(program.optimizer)
    rows = slice(0, program.batch_size)

    def step(carry: Carry, data: Data, moment: Any, rates: Any) -> Any:
        draws.moment.seed, draws.moment.epoch, draws.moment.step = moment
        set_values(one.network, {**program.packing.unpack(carry.values), **carry.state})
        loss = one.run(data.x[rows], data.y[rows], None if data.weights is None else data.weights[rows])
        gradients = program.packing.pack(one.gradients())
        return loss, update(optimizer, carry.values, gradients, carry.slots, tuple(rates))

    word = np.zeros(1, np.uint32)
    told, seen = [], []
    with jax.check_tracer_leaks(False):  # the objects hold the first trace on purpose
        for _ in range(2):
            anew = functools.partial(step)  # JAX remembers what it has traced by the function
            traced = jax.make_jaxpr(anew)(carry, data, (tuple(data.seed), word, word), rates)
            told.append(_ADDRESS.sub("", str(traced)) + repr([_told(jax, const) for const in traced.consts]))
            seen.append(dict(_numbers(one, optimizer)))
    if told[0] != told[1]:
        changed = [name for name, value in seen[0].items() if seen[1].get(name) != value]
        raise ContractError(
            f"{' or '.join(changed or dict.fromkeys(map(_place, filter(_theirs, parts))))} is not the same when the same step "
            "is run again, so it cannot be compiled. Take random numbers from self.draws (keep, uniform, normal), and name in "
            "state = (...) what a layer is to remember from step to step. Or train it as it is: fit(..., engine='numpy')."
        )


def _told(jax: Any, const: Any) -> Any:
    return "of an earlier pass" if isinstance(const, jax.core.Tracer) else np.asarray(const).tobytes()


def _theirs(part: Any) -> bool:
    return not is_ours(part)


def _place(part: Any) -> str:
    """A class of the user's and where its pass is written."""
    kind = type(part)
    code = getattr(getattr(kind, "update" if isinstance(part, Optimizer) else "forward"), "__code__", None)
    return kind.__name__ if code is None else f"{kind.__name__} (line {code.co_firstlineno} of {code.co_filename})"


def _numbers(one: Pass, optimizer: Any) -> Iterator[tuple[str, Any]]:
    """Whatever is a plain value on objects of the user's, by the name that they would write."""
    for part in (*(layer for _, layer in one.network.walk()), one.loss, optimizer):
        for name, value in vars(part).items():
            if _theirs(part) and isinstance(value, (int, float, np.ndarray, np.generic)):
                yield f"{type(part).__name__}.{name}", np.asarray(value).tobytes()
