"""`pellucid.sweep`: what it is given is checked, networks are made, trained and judged."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from pellucid import engines
from pellucid.engines import Work, choice
from pellucid.engines.varying import Place
from pellucid.errors import ContractError, InputError, NonFiniteError, missing_extra
from pellucid.model import Model
from pellucid.sweeps.progress import Line
from pellucid.sweeps.result import Sweep
from pellucid.sweeps.settings import OF_FIT, Pattern, combinations, lists_explained, seeds_of
from pellucid.sweeps.task import Run, Task
from pellucid.training.progress import somebody_looks
from pellucid.training.state import EarlyStopping


def sweep(
    model: Model,
    X: Any,
    y: Any,
    *,
    seeds: int | Sequence[int] = 10,
    epochs: int = 100,
    batch_size: Any = None,
    validation_data: tuple[Any, Any] | None = None,
    validation_fraction: float = 0.0,
    sample_weight: Any = None,
    early_stopping: EarlyStopping | int | None = None,
    shuffle: bool = True,
    engine: str = "auto",
    progress: bool | None = None,
    **settings: Any,
) -> Sweep:
    """Train one network for every seed and every combination of settings, and return what became of all of them.

    `model`: the pattern, a `pellucid.Model` that is not trained and stays as it is. `seeds`: how many (0, 1, ...), or
    which. `settings`: names of the optimiser's, the loss's or the layers' arguments; a list stands for its values one
    after the other (``learning_rate=[0.001, 0.01]``), anything else for itself. A layer's name without a place holds for
    every layer that has it (``weight_l2``, ``rate``); ``**{"2.rate": [0.1, 0.5]}`` is that of layer 2. `batch_size` may
    be a list, too. The rest is as in `Model.fit`, but X is an array and is held in memory.

    Each network is, and is trained, exactly as ``Model(..., seed=seed).fit(...)`` would: its own initial weights, its own
    rows set aside, batches and masks. A layer whose weights you set by hand has them in every network. With
    `engine="jax"` many networks share one compiled program; "numpy" trains one after the other. Both agree to rounding.
    A network whose training breaks down is marked; the others go on. Ctrl-C keeps what is there.

    >>> import pellucid
    >>> from pellucid.layers import Dense, ReLU, Softmax
    >>> from pellucid.losses import CategoricalCrossEntropy
    >>> X, y = pellucid.datasets.vertical(samples=50, classes=3, rng=0)
    >>> model = pellucid.Model(Dense(2, 8), ReLU(), Dense(8, 3), Softmax(), loss=CategoricalCrossEntropy())
    >>> result = pellucid.sweep(model, X, y, seeds=3, learning_rate=[0.0001, 0.05], epochs=5, validation_fraction=0.2)
    >>> len(result.table), result.spread()[0]["learning_rate"]
    (6, 0.05)
    """
    engines.check_name(engine)
    chosen = {**settings, "batch_size": batch_size} if isinstance(batch_size, list) else dict(settings)
    numbers, each = seeds_of(seeds), combinations(chosen)
    _check_given(model, X, y)
    pattern = Pattern(model, chosen)
    task = Task(model, X, y, epochs, validation_data, validation_fraction, sample_weight, early_stopping, shuffle)
    common = {} if "batch_size" in chosen else {"batch_size": batch_size}
    each = [{**common, **one} for one in each]
    with lists_explained({**settings, "batch_size": batch_size}):
        for one in each:
            task.batch_size(one)
        made = [(seed, one) for one in each for seed in numbers]
        best = task.stopping is not None
        runs = [Run(number, seed, one, pattern.made(seed, one), best) for number, (seed, one) in enumerate(made)]
    line = Line(len(runs), epochs, progress if progress is not None else somebody_looks(sys.stderr))
    places = [place for name in chosen if name not in (*OF_FIT, "learning_rate") for place in pattern.places[name]]
    begin = time.perf_counter()
    used, reason, stopped = _train(engine, task, runs, places, line)
    line.close(stopped)
    return Sweep(runs, list(chosen), task.validated, used, reason, stopped, time.perf_counter() - begin)


def _check_given(model: Any, X: Any, y: Any) -> None:
    if not isinstance(model, Model):
        raise InputError(f"{model!r} is no model. Write pellucid.sweep(pellucid.Model(...), X, y).")
    model._needs_loss()
    if y is None or callable(X) or isinstance(X, Iterator):
        raise InputError(
            "A sweep takes arrays X and y, not batches one after the other: many networks go through them."
        )


def _train(engine: str, task: Task, runs: list[Run], places: list[Place], line: Line) -> tuple[str, str, str]:
    """Train all runs; (the engine, why this one, why training ended)."""
    used, reason = _engine(engine, task, runs)
    try:
        if used == "jax":
            try:
                _together(task, runs, places, line)
                return used, reason, "finished"
            except ContractError as error:
                if engine == "jax" or any(run.history for run in runs):
                    raise
                used, reason = "numpy", f"this network cannot be compiled: {error}"
        _one_by_one(task, runs, line)
    except KeyboardInterrupt:
        return used, reason, "interrupted"
    return used, reason, "finished"


def _engine(engine: str, task: Task, runs: list[Run]) -> tuple[str, str]:
    """The engine and why: the compiled one where all networks together pay for compiling."""
    if engine != "auto":
        return engine, "asked for"
    run, model = runs[0], runs[0].model
    work = Work(model.network, model._needs_loss(), model.optimizer, task.whole(task.batch_size(run.settings)))
    return choice.wanted(work, task.epochs * len(runs))


def _together(task: Task, runs: list[Run], places: list[Place], line: Line) -> None:
    if not choice.installed():
        raise missing_extra("jax", "jax", "engine='jax'")
    from pellucid.sweeps import together

    together.train(task, runs, places, line)


def _one_by_one(task: Task, runs: list[Run], line: Line) -> None:
    """With NumPy, one network after the other."""
    for run in runs:
        try:
            run.history = run.model.fit(
                task.x, task.y, **task.fit_options(run.settings), engine="numpy", findings=False, progress=False
            )
        except NonFiniteError as error:
            run.error, run.history = str(error), run.model.history
            if run.history is not None:
                run.history.stopped = "broke down"
        line.update(run, len(run.history or ()), True)
        if run.history is not None and run.history.stopped == "interrupted":
            raise KeyboardInterrupt
