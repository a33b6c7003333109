"""Findings during training: a look now and then, for a twentieth of the time at most.

A look is one NumPy pass with the values of an epoch's end, whichever engine trains. It comes after 1, 2, 4, 8, ... epochs,
once training has gone on for a moment, and at the end, and not at all where it would cost more than its share. It changes
nothing: the same parameters come out, bit for bit, with and without.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pellucid.checks import is_ours
from pellucid.glass.diagnose.finding import Finding, Findings
from pellucid.glass.diagnose.look import Material, Past, choose, look
from pellucid.glass.diagnose.rules import OF_DATA, OF_LOOK, apply, ordered
from pellucid.losses import Loss
from pellucid.optimizers import Optimizer

SHARE = 0.02  # of the training time so far: what a look really costs is known only afterwards
EARLIEST = 0.25  # seconds of training before the first look: shorter runs get the last one only
UNNOTICED = 5e-3  # seconds that the last look may take however short training was
SIZES = ((256, True), (64, True), (32, False))  # rows of a look, and whether the optimiser's next step is tried

# Guesses, in seconds, for the first look; later ones go by what the last one took.
FIXED = 1e-3  # however small a look is
A_BYTE = 3e-9  # of parameters and slots: copied, passed through, their gradients written, in memory that is new
A_ROW_BYTE = 3e-9  # of rows that are compared with the validation rows
OTHER_ENGINE = 3.0  # times as long as a compiled step takes for as many rows

Values = Callable[[], Mapping[str, np.ndarray]]
Rows = Sequence[Mapping[str, float]]


class Watch:
    """What `fit` asks after every epoch, and at the end. Whatever goes wrong here, training goes on.

    `before`: epochs that an earlier training made. `keeps_best`: whether early stopping will put the best network back,
    however it goes on.
    """

    def __init__(
        self,
        network: Any,
        loss: Loss,
        optimizer: Optimizer,
        material: Material,
        seed: int,
        before: int = 0,
        keeps_best: bool = False,
    ) -> None:
        self.network, self.loss, self.optimizer, self.material = network, loss, optimizer, material
        self.seed, self.keeps_best, self.trouble = seed, keeps_best, ""
        if not all(is_ours(layer) for _, layer in network.walk()):
            self._safely(self._take_apart)  # a layer of the user's may keep something that a pass changes
        self.start, self.spent, self.next_epoch, self.before = time.perf_counter(), 0.0, 1, before
        self.took: dict[tuple[int, bool], float] = {}
        self.of_data: list[Finding] | None = None  # looked for once: the rows do not change
        self.found: list[Finding] = []
        self.since: dict[str, int] = {}
        self.told: set[str] = set()
        self.parameters = sum(value.nbytes for _, layer in network.walk() for value in layer.values().values())

    def _take_apart(self) -> None:
        self.network = copy.deepcopy(self.network)

    def after(self, rows: Rows, step: int, values: Values, slots: Values) -> list[str]:
        """Take in an epoch's end. `rows`: the figures of all epochs so far; `step`: updates made; `values`, `slots`: the
        engine's, called only if there is a look. Lines about what two looks in turn agree on, each once.
        """
        if len(rows) - self.before < self.next_epoch:
            return []
        earlier = {finding.name for finding in self.found}
        if self.trouble or not self._affordable(rows, *SIZES[0], last=False):
            return []  # asked again after the next epoch
        self.next_epoch = 2 * (len(rows) - self.before)
        self._look(rows, step, values, slots, *SIZES[0], last=False)
        return self._news([finding for finding in self.found if finding.name in earlier])

    def end(self, rows: Rows, step: int, values: Values, slots: Values) -> list[str]:
        """The last look, on fewer rows where training was short; lines about what was not told yet."""
        size = next((size for size in SIZES if self._affordable(rows, *size, last=True)), None)
        if size is not None and len(rows) > self.before and not self.trouble:
            self._look(rows, step, values, slots, *size, last=True)
        return self._news(self.found)

    def so_far(self) -> Findings:
        """What the last look found, each with the epoch in which it was first seen."""
        if not self.took and not self.trouble:
            return Findings((), "Training was too short to look: model.diagnose(X, y) does.")
        partly = f"Not everything was looked at: {self.trouble}." if self.trouble else ""
        return Findings([finding.seen(self.since[finding.name]) for finding in self.found], partly)

    def _news(self, findings: list[Finding]) -> list[str]:
        new = [finding for finding in findings if finding.name not in self.told]
        self.told.update(finding.name for finding in new)
        return [f"{finding.line} More: {finding.page}" for finding in new]

    def _affordable(self, rows: Rows, count: int, moves: bool, last: bool) -> bool:
        epochs = max(1, len(rows) - self.before)
        training = time.perf_counter() - self.start - self.spent
        a_row = training / (epochs * len(self.material.x)) * OTHER_ENGINE
        copied = self.parameters * (1 + moves * (1 + len(self.optimizer.slots)))
        cost = self.took.get((count, moves), FIXED + a_row * count + A_BYTE * copied)
        if self.of_data is None and self.material.valid is not None:
            cost += A_ROW_BYTE * (self.material.x.nbytes + self.material.valid[0].nbytes)
        if last:
            return self.spent + cost <= max(SHARE * training, UNNOTICED)
        return training >= EARLIEST and self.spent + cost <= SHARE * training

    def _look(self, rows: Rows, step: int, values: Values, slots: Values, count: int, moves: bool, last: bool) -> None:
        begin = time.perf_counter()
        new = rows[self.before :]
        past = Past(
            len(rows), step, [row["loss"] for row in new], [row["val_loss"] for row in new if "val_loss" in row],
            slots() if moves else {}, last, self.keeps_best,
        )  # fmt: skip
        self._safely(lambda: self._see(past, values(), count, moves))
        for finding in self.found:
            self.since.setdefault(finding.name, len(rows))
        took = time.perf_counter() - begin
        self.took[count, moves] = took
        self.spent += took

    def _see(self, past: Past, values: Mapping[str, np.ndarray], count: int, moves: bool) -> None:
        chosen = choose(self.seed, len(self.material.x), count)
        seen = look(
            self.network,
            dict(values),
            self.loss,
            self.optimizer,
            self.material,
            past,
            chosen,
            seed=self.seed,
            moves=moves,
        )
        with np.errstate(all="ignore"):
            if self.of_data is None:
                self.of_data = apply(OF_DATA, seen)
            self.found = ordered([*self.of_data, *apply(OF_LOOK, seen)])

    def _safely(self, work: Callable[[], None]) -> None:
        """Findings are a help: a layer or loss of the user's that cannot be looked at must not stop its training."""
        try:
            work()
        except Exception as error:
            self.trouble = f"{type(error).__name__}: {error}"
