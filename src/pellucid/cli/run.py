"""One training run from data to files: what `pellucid train` does."""

from __future__ import annotations

import os
import platform
import shlex
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from pellucid import __version__, datasets, pieces
from pellucid.arrays import as_inputs
from pellucid.cli import config, scaling, source, task
from pellucid.cli.config import Settings
from pellucid.cli.output import Output, number
from pellucid.cli.watch import Watch
from pellucid.errors import DataError, InputError
from pellucid.exchange.atomic import write_atomic
from pellucid.interrupts import undisturbed
from pellucid.model import Model
from pellucid.tables.baselines import Baselines
from pellucid.tables.fitting import NETWORK, usual_batch
from pellucid.tables.intervals import Resampling
from pellucid.tables.judging import Judged, verdict
from pellucid.tables.scores import Scoring
from pellucid.tables.wording import listed, without
from pellucid.training.progress import duration
from pellucid.training.state import EarlyStopping

ALL_AT_ONCE = 4096  # rows of one pass when judging
INTERRUPTED = 130


class Run:
    """The steps of a run, one method each; what a later step needs is kept."""

    def __init__(self, settings: Settings, out: Output, digest: str = "") -> None:
        self.s, self.out, self.digest = settings, out, digest
        self.hidden = pieces.widths(settings.layers)
        self.files: list[str] = []  # that are written
        self.verdict: dict[str, Any] | None = None

    def go(self) -> int:
        """The whole run; the exit code."""
        self.name_files()
        self.look_at_data()
        self.divide()
        self.build()
        try:
            self.train()
            self.judge()
            self.write()
        except KeyboardInterrupt:
            if not self.files:
                raise
            with undisturbed():
                self.break_off()
            return INTERRUPTED
        except Exception:
            if self.files:
                self.out.note(f"{self.path} holds the network all the same.")
            raise
        return INTERRUPTED if self.history.stopped == "interrupted" else 0

    def name_files(self) -> None:
        """Where the results go, tried before anything else is done."""
        path = self.s.output or f"{source.stem(self.s.data)}.safetensors"
        if not path.endswith(".safetensors"):
            raise InputError(f"-o {path}: a model file's name ends in .safetensors; write -o {path}.safetensors")
        self.path, self.base = source.writable(path), path.removesuffix(".safetensors")
        if self.s.checkpoint is not None:
            source.writable(self.s.checkpoint)
        if self.s.resume and self.s.checkpoint is None:
            raise InputError("--resume needs the file to go on from: --checkpoint run.safetensors --resume")

    def look_at_data(self) -> None:
        """Read or draw the rows, check them, and choose the task."""
        s = self.s
        s.n = source.usual_rows(s.data, s.n)
        self.data = source.load(s.data, s.target, s.n, s.seed, s.noise)
        if self.digest and self.data.digest and self.digest != self.data.digest:
            self.out.note(
                f"{s.data} has changed since the run that {s.data!r} in the settings names: results will differ."
            )
        as_inputs(self.data.X, s.dtype)
        wish = s.task
        if s.loss != "auto" and wish == "auto":
            wish = "classification" if s.loss in pieces.OF_CLASSES else "regression"
        self.task = task.choose(self.data.y, wish)
        if len(self.task.y) != len(self.data.X):
            raise DataError(f"{self.data.name}: X has {len(self.data.X)} rows, the targets {len(self.task.y)}.")
        shape = " x ".join(str(size) for size in self.data.X.shape[1:])
        kind = f"{self.task.classes} classes" if self.task.classes else f"{self.task.y.shape[1]} number(s) to predict"
        self.out.say(f"{self.data.name}: {len(self.data.X):,} rows of {shape}, {kind}, {self.data.origin}")
        why = self.task.why if s.loss == "auto" or s.task != "auto" else f"--loss {s.loss} is for that"
        self.out.say(f"task: {self.task.kind}, because {why}" if s.task == "auto" else f"task: {self.task.kind}, {why}")

    def divide(self) -> None:
        """Rows to learn from, to stop by, and to judge on."""
        split = task.divider(self.task, self.s.seed).split(self.s.test, self.s.validation)
        self.train_rows, self.valid_rows, self.test_rows = split.train, split.validation, split.test
        counts = f"{len(self.train_rows):,} to learn from, {len(self.valid_rows):,} to stop by"
        self.out.say(f"rows: {counts}, {len(self.test_rows):,} set aside to judge on")
        self.scaling = scaling.of_inputs(self.data.X[self.train_rows], self.s.scale)
        y = self.task.y[self.train_rows]
        nothing = scaling.Scaling(np.zeros(1), np.ones(1))
        self.y_scaling = nothing if self.task.classes else scaling.of_targets(y, self.s.scale)
        if self.scaling.words:
            self.out.say(f"inputs: {self.scaling.words}; the model file takes them as they are, with that built in")
        if self.y_scaling.words:
            self.out.say(f"targets: {self.y_scaling.words} while training; losses below are in that unit")
        if scaling.loses_digits(self.scaling, self.s.dtype):
            self.out.note("some inputs lie far from 0 for their spread, which float32 rounds: try --dtype float64.")

    def build(self) -> None:
        """The network, its loss and its optimiser."""
        s = self.s
        loss = (
            s.loss if s.loss != "auto" else "categorical_cross_entropy" if self.task.classes else "mean_squared_error"
        )
        self.single = loss == "binary_cross_entropy"
        if (loss in pieces.OF_CLASSES) != bool(self.task.classes) or (self.single and self.task.classes != 2):
            raise InputError(f"--loss {loss} does not fit a {self.task.kind} of {self.task.classes or 'no'} classes.")
        last = "Sigmoid" if self.single else "Softmax" if self.task.classes else None
        n_inputs, flatten = int(np.prod(self.data.X.shape[1:])), self.data.X.ndim > 2
        n_outputs = 1 if self.single else self.task.classes or self.task.y.shape[1]
        s.batch_size = self.batch = min(s.batch_size or usual_batch(len(self.train_rows)), len(self.train_rows))
        make, usual = pieces.OPTIMIZERS[s.optimizer]
        s.learning_rate = rate = usual if s.learning_rate is None else s.learning_rate
        steps = s.epochs * -(-len(self.train_rows) // self.batch)
        self.model = Model(
            *pieces.network(n_inputs, n_outputs, self.hidden, s.activation, s.dropout, s.batch_norm, last, flatten),
            loss=pieces.LOSSES[loss](),
            optimizer=make(pieces.SCHEDULES[s.schedule](rate, steps)),
            seed=s.seed,
            dtype=s.dtype,
        )
        parameters = sum(value.size for value in self.model.values().values())
        self.shape = "-".join(str(size) for size in (n_inputs, *self.hidden, n_outputs))
        self.out.say(f"network: {self.shape}, {s.activation}, {parameters:,} parameters")
        self.out.say(f"training: {self.model.optimizer!r}, {loss}, batches of {self.batch}")
        self.out.event("start", network=self.shape, parameters=parameters, task=self.task.kind, why=self.task.why)

    def train(self) -> None:
        """Fit, watched; afterwards the network takes the rows as they are in the data, and is written at once."""
        s = self.s
        validation = self._prepared(self.valid_rows) if len(self.valid_rows) else None
        stopping = EarlyStopping(s.patience or s.epochs + 1) if validation else None
        with Watch(self.out, f"{self.data.name}  {self.shape}", s.epochs) as watch:
            self.history = self.model.fit(
                *self._prepared(self.train_rows), epochs=s.epochs, batch_size=self.batch, validation_data=validation,
                early_stopping=stopping, callbacks=[watch], checkpoint=s.checkpoint, resume=s.resume, engine=s.engine,
                progress=False,
            )  # fmt: skip
            with undisturbed():
                scaling.fold_into(self.model.network, self.scaling, self.y_scaling)
                self.model.save(self.path)
                self.files.append(self.path)
        best = f", best at epoch {self.history.best_epoch}, which is kept" if self.history.best_epoch else ""
        spent = duration(self.history.seconds) if self.history.seconds >= 1 else f"{self.history.seconds:.2f} s"
        self.out.say(f"stopped after epoch {len(self.history)} ({self.history.stopped}){best}; {spent}")

    def _prepared(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        y = self.task.y[rows]
        if not self.task.classes:
            y = self.y_scaling.apply(y)
        return self.scaling.apply(self.data.X[rows]).astype(self.s.dtype), y[:, None] if self.single else y

    def judge(self) -> None:
        """The network beside what can be had without one, on rows that it has not seen."""
        rows, kind = self.train_rows, "that it learned"
        if len(self.test_rows):
            rows, kind = self.test_rows, ""
        elif len(self.valid_rows):
            rows, kind = self.valid_rows, "that it was chosen by"
        self.judged = judged = Judged(
            rows, self.task.y[rows], self._answers(rows), self._scoring(), Resampling(len(rows)), kind
        )
        self.scores, differences = judged.scores(), judged.differences()
        self.verdict = verdict(judged, self.scores, differences)
        self.ceiling, noise = None, 0.2 if self.s.noise is None else self.s.noise
        if (
            self.s.data == "spiral" and self.task.classes and noise
        ):  # numbers have none; arms without noise do not overlap
            self.ceiling, _ = datasets.spiral_ceiling(self.task.classes, noise)
        names = list(self.scores[NETWORK])
        lines = [[name, *(number(each[key]["value"]) for key in names)] for name, each in self.scores.items()]
        if self.ceiling is not None:
            lines.append(["the best that anybody could reach", number(self.ceiling), *[""] * (len(names) - 1)])
        self.out.table([f"on {len(rows):,} rows {kind or 'not seen'}", *names], lines)
        if kind:
            self.out.note("no rows were set aside, so these figures flatter the network; --test 0.2 sets some aside.")
        self.out.say(self.verdict["text"])

    def _scoring(self) -> Scoring:
        names = [f"y{number + 1}" for number in range(1 if self.task.classes else self.task.y.shape[1])]
        return Scoring(self.task.kind, names, self.task.classes)

    def _answers(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """What the network and the baselines say of `rows`; those learn from all rows that the network has seen."""
        X = self.data.X.reshape(len(self.data.X), -1)
        outputs = self.model.predict(self.data.X[rows], ALL_AT_ONCE)
        if self.single:
            outputs = np.concatenate([1.0 - outputs, outputs], axis=1)
        seen = np.concatenate([self.train_rows, self.valid_rows])
        base = Baselines(
            self.task.kind, self.task.classes, trees=False
        )  # which do not suit images, and take long there
        return {NETWORK: outputs} | base.fit_predict(X[seen], self.task.y[seen], X[rows])

    def write(self) -> None:
        """The pictures, and the settings that repeat the run, beside the model."""
        for path, draw in self._pictures().items():
            self._write(path, draw())
        self._write_settings()
        self.out.say(f"wrote {', '.join(self.files)}")
        self.out.say(f"next: {self._evaluation()}")
        self.out.event("result", **self._result())

    def break_off(self) -> None:
        """Ctrl-C after the training: write the settings, and say what is left out and which commands make it."""
        missing = [path for path in self._pictures() if path not in self.files]
        rest = [f"pellucid report {shlex.quote(self.path)}"] if missing else []
        if self.verdict is None:
            missing.insert(0, "the figures beside those of the baselines")
            rest.insert(0, self._evaluation())
        if f"{self.base}.run.toml" not in self.files:
            self._write_settings()
        self.out.note(f"Interrupted after the training: wrote {listed(self.files)}{without(missing, rest)}.")
        self.out.event("interrupted", left_out=missing, files=self.files)

    def _pictures(self) -> dict[str, Callable[[], str]]:
        """{path: what draws it}."""
        if not self.s.picture or not len(self.history):
            return {}
        curves = ("loss", *self.model.metrics)
        drawn: dict[str, Callable[[], str]] = {
            f"{self.base}_{name}.svg": partial(self.history.to_svg, name) for name in curves
        }
        if self.data.X.shape[1:] in ((1,), (2,)):
            drawn[f"{self.base}_regions.svg"] = self._regions
        return drawn

    def _write_settings(self) -> None:
        path = f"{self.base}.run.toml"
        comments = [
            f"Repeats this run: pellucid train --config {path}",
            f"pellucid {__version__}, NumPy {np.__version__}, Python {platform.python_version()}",
        ]
        self._write(path, config.text(asdict(self.s), comments, self.data.digest))

    def _evaluation(self) -> str:
        """The command that judges the network on the rows set aside, or on others that it has not seen."""
        noise = f" --noise {self.s.noise:g}" if self.s.noise is not None else ""
        unseen = f" --held-out {self.s.test:g}" if self.data.fixed and self.s.test else ""
        return f"pellucid evaluate {shlex.quote(self.path)} {shlex.quote(self.s.data)}{noise}{unseen}"

    def _regions(self) -> str:
        """What the network says everywhere around its points; those that it has not seen are drawn as such."""
        X, y, seen = self.data.X, self.task.y, np.concatenate([self.train_rows, self.valid_rows])
        test = (X[self.test_rows], y[self.test_rows]) if len(self.test_rows) else None
        return self.model.regions_svg(
            X[seen], y[seen], test=test, task="classes" if self.task.classes else "regression"
        )

    def _write(self, path: str, text: str) -> None:
        write_atomic(path, text.encode())
        self.files.append(path)

    def _result(self) -> dict[str, Any]:
        history = self.history
        return {
            "stopped": history.stopped, "epochs": len(history), "best_epoch": history.best_epoch,
            "seconds": history.seconds, "rows_judged": len(self.judged.rows), "seen": bool(self.judged.seen),
            "scores": self.scores, "verdict": self.verdict,
            "ceiling": self.ceiling, "files": [os.fspath(file) for file in self.files],
        }  # fmt: skip
