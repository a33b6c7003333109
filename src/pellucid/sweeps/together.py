"""Networks of a sweep side by side: trainers, as `Model.fit` has one, around programs that train many networks at once.

A bench's seats are filled with networks; benches run in threads, one a core, and what they bring is taken in here, one
bench after the other. Who is done leaves the seat to the next.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from pellucid.engines import Batches, Work
from pellucid.engines.varying import Place
from pellucid.errors import NonFiniteError
from pellucid.interrupts import undisturbed
from pellucid.losses import Loss
from pellucid.randomness import words
from pellucid.schedules import Schedule
from pellucid.sweeps.progress import Line
from pellucid.sweeps.task import Run, Task
from pellucid.training.fit import Plan, RatesAhead, Trainer
from pellucid.training.progress import Progress


class Seated:
    """A network on its seat: its run, its trainer, and what it was last asked for."""

    def __init__(self, task: Task, run: Run, batches: Any, many: Any) -> None:
        self.run, self.model, self.started = run, run.model, 0.0
        kept, aside = task.rows(run.seed)
        share = many.Share(batches, run.seed, kept)
        valid = task.valid if aside is None else (task.x[aside], task.targets[aside])
        self.targets = None if valid is None else valid[1]
        model, loss = run.model, run.model._needs_loss()
        if isinstance(model.optimizer.schedule, Schedule):
            model.optimizer.schedule.restart()
        work = Work(
            model.network, loss, model.optimizer, share, {}, bool(model.metrics), None if valid is None else valid[0]
        )
        self.member = many.Member(work, share, aside)
        own = {
            "data": share, "until": task.epochs, "metrics": model.metrics, "early_stopping": task.stopping, "callbacks": (),
            "judge": None if valid is None else self._judge, "write_back": model._write_back, "model": model,
            "progress": Progress(task.epochs, shown=False),
        }  # fmt: skip
        plan = Plan(**{part.name: own.get(part.name) for part in fields(Plan)})  # type: ignore[arg-type]
        self.trainer = Trainer(plan, self.member, model.optimizer, model._state)
        self.trainer.next_write = float("inf")  # nobody looks at a network while the sweep goes on
        self.learning_rates = np.empty(0)

    def ask(self, most: int) -> tuple[int, np.ndarray]:
        """(the next epoch, the optimiser's numbers for it and those after it), at most so many."""
        self.started = self.started or time.perf_counter()
        state = self.trainer.state
        rates, self.learning_rates = self.trainer.ask(min(most, self.trainer.plan.until - state.epoch))
        return state.epoch, rates

    def take_in(self, results: list[Any]) -> bool:
        """Take in the epochs that were asked for; whether this was the last of them."""
        try:
            if self.targets is not None:
                with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                    outputs = np.stack([result.valid_outputs for result in results])
                    losses = losses_of(self.model._needs_loss(), outputs, self.targets)
                for result, loss in zip(results, losses, strict=True):
                    result.valid_outputs = loss, result.valid_outputs
            reason = self.trainer.take_in(results, self.learning_rates)
        except NonFiniteError as error:
            self.run.error, reason = str(error), "broke down"
        if not reason and self.trainer.state.epoch >= self.trainer.plan.until:
            reason = "finished"
        if reason:
            self.close(reason)
        return bool(reason)

    def close(self, reason: str) -> None:
        """Hand the values over to the model."""
        self.trainer.close("ended by an error" if self.run.error else reason)
        seconds = time.perf_counter() - self.started if self.started else 0.0
        self.run.history = self.model.history = self.trainer.history(reason, seconds)

    def _judge(self, judged: Any) -> dict[str, float]:
        loss, outputs = judged
        figures = {f"val_{name}": float(metric(outputs, self.targets)) for name, metric in self.model.metrics.items()}
        return {"val_loss": float(loss), **figures}


def losses_of(loss: Loss, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The mean loss of every epoch's outputs (epochs, rows, ...), as `evaluate_losses` has it for one: (epochs,)."""
    loss, epochs = loss.run_copy(), len(outputs)
    folded = outputs.reshape(epochs * len(targets), *outputs.shape[2:])
    losses = loss.forward(folded, np.concatenate([targets] * epochs)).reshape(epochs, len(targets))
    weights = loss.weights(targets)
    mean: np.ndarray = losses.mean(axis=1) if weights is None else (losses * weights).sum(axis=1) / weights.sum()
    return mean


def train(task: Task, runs: Sequence[Run], places: Sequence[Place], line: Line) -> None:
    """Train all runs, family by family. KeyboardInterrupt leaves what is there, and goes on to the caller."""
    with undisturbed():  # as in engines
        from pellucid.engines import jax_many as many

    sizes = {run.number: task.batch_size(run.settings) for run in runs}
    batches = {size: task.whole(size) for size in set(sizes.values())}
    in_turn = sorted(runs, key=lambda run: run.seed)  # the same rows for those that sit side by side
    jobs = [Job(run, batches[sizes[run.number]]) for run in in_turn]
    if not task.epochs:
        for job in jobs:
            Seated(task, job.run, job.batches, many).close("finished")
        return
    for family in _families(task, jobs, places, many):
        differing = [place for place in places if len({repr(place.read(job.run.model)) for job in family}) > 1]
        try:
            Crew(task, family, differing, line, many).train()
        except Unmapped:  # a setting decides what the program does: one for each of its values
            for same in _families(task, family, (), many):
                Crew(task, same, (), line, many).train()


@dataclass
class Job:
    """A run that waits, and the rows, in batches of its size, that it shares with others."""

    run: Run
    batches: Batches


class Unmapped(Exception):
    """A program that cannot be the same for networks that differ in a setting."""


def _families(task: Task, jobs: Sequence[Job], places: Sequence[Place], many: Any) -> list[list[Job]]:
    """The jobs that one program can do, which may differ at `places` where their settings are numbers above 0."""
    families: dict[Any, list[Job]] = {}
    known: dict[Any, Any] = {}  # networks with the same settings differ in nothing that a program depends on
    for job in jobs:
        same = id(job.run.settings), len(words(job.run.seed))
        if same not in known:
            known[same] = _described(task, job, places, many)
        families.setdefault(known[same], []).append(job)
    return list(families.values())


def _described(task: Task, job: Job, places: Sequence[Place], many: Any) -> Any:
    """What must be the same for two jobs of one program."""
    model, loss = job.run.model, job.run.model._needs_loss()
    share = many.Share(job.batches, job.run.seed, task.rows(job.run.seed)[0])
    free = [place for place in places if isinstance(value := place.read(model), float) and value > 0]
    return many.stencil(Work(model.network, loss, model.optimizer, share), free), RatesAhead(model.optimizer).watches


class Crew:
    """A family of networks in training: benches, who sits on them, and who waits."""

    def __init__(self, task: Task, jobs: Sequence[Job], places: Sequence[Place], line: Line, many: Any) -> None:
        self.task, self.line, self.many = task, line, many
        self.waiting = deque(jobs)
        self.cores = many.cores()
        first = self._next()
        self.family = many.Family(first.member, len(jobs), places, self.cores, task.epochs)
        self.benches = [many.Bench(self.family) for _ in range(min(-(-len(jobs) // self.family.seats), 2 * self.cores))]
        self.seated: dict[Any, dict[int, Seated]] = {bench: {} for bench in self.benches}
        self._sit(self.benches[0], 0, first)
        for bench in self.benches:
            self._fill(bench)

    def _next(self) -> Seated:
        job = self.waiting.popleft()
        return Seated(self.task, job.run, job.batches, self.many)

    def _sit(self, bench: Any, number: int, one: Seated) -> None:
        bench.seat(number, one.member)
        self.seated[bench][number] = one

    def _fill(self, bench: Any) -> None:
        for number in range(self.family.seats):
            if number not in self.seated[bench] and self.waiting:
                self._sit(bench, number, self._next())

    def train(self) -> None:
        """Until nobody sits or waits any more."""
        try:
            self.benches[0].prepare()
        except Exception as error:  # whatever has nothing to do with the settings is said again without them
            if self.family.places:
                raise Unmapped from error
            raise
        running: dict[Future[Any], Any] = {}
        with ThreadPoolExecutor(self.cores) as pool:
            try:
                for bench in self.benches:
                    self._send(pool, bench, running)
                while running:
                    for future in wait(running, return_when=FIRST_COMPLETED)[0]:
                        bench = running.pop(future)
                        self._take_in(bench, future.result())
                        self._send(pool, bench, running)
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                for one in [one for seats in self.seated.values() for one in seats.values()]:
                    one.close("interrupted")
                raise

    def _send(self, pool: ThreadPoolExecutor, bench: Any, running: dict[Future[Any], Any]) -> None:
        """Let a bench work on, if anybody sits there."""
        seats = self.seated[bench]
        if seats:
            asks = [seats[n].ask(self.family.epochs) if n in seats else None for n in range(self.family.seats)]
            running[pool.submit(bench.run, bench.asked(asks))] = bench

    def _take_in(self, bench: Any, host: dict[str, Any]) -> None:
        for number, one in list(self.seated[bench].items()):
            before = one.trainer.state.epoch
            over = one.take_in(bench.results(host, number, len(one.learning_rates) // one.trainer.plan.data.steps))
            if over:
                del self.seated[bench][number]
            self.line.update(one.run, one.trainer.state.epoch - before, over)
        self._fill(bench)
