"""One training run from a table to its files: what `pellucid train people.csv` does."""

from __future__ import annotations

import os
import shlex
from contextlib import AbstractContextManager
from typing import Any

import click

from pellucid import pieces
from pellucid.cli import source
from pellucid.cli.output import Output, number
from pellucid.cli.watch import Watch
from pellucid.errors import InputError
from pellucid.exchange.atomic import write_atomic
from pellucid.interrupts import undisturbed
from pellucid.tables.fitting import NETWORK, Fit, Watcher
from pellucid.tables.judging import held_in_words
from pellucid.tables.preparing import Prepared, prepare
from pellucid.tables.record import run_toml
from pellucid.tables.settings import settings, toml
from pellucid.tables.trained import TableModel
from pellucid.tables.training import cut_short, train_prepared
from pellucid.tables.wording import without
from pellucid.training.progress import duration

INTERRUPTED = 130


class TableRun:
    """The steps of a run, one method each. `given`: what was typed, or stands in a run.toml, by option."""

    def __init__(self, given: dict[str, Any], out: Output, digest: str = "") -> None:
        self.out, self.digest, self.data = out, digest, given["data"]
        self.target = list(given.pop("target", ()))
        self.output = given.pop("output", None)
        self.with_report, self.dry = given.pop("report", True), given.pop("dry_run", False)
        chosen = {name: value for name, value in given.items() if name != "data"}
        if "layers" in chosen:
            chosen["layers"] = pieces.widths(chosen["layers"])
        if "types" in chosen:
            chosen["types"] = dict(map(_of_type, chosen["types"]))
        chosen |= {name: list(chosen[name]) for name in ("drop", "only", "na") if name in chosen}
        self.settings = settings(chosen)
        self.written: list[str] = []

    def go(self) -> int:
        """The whole run; the exit code. The model is written as soon as it is trained, and again when all is known of it."""
        if not os.path.exists(self.data):
            raise click.UsageError(f"There is no file {self.data!r}.")
        self.name_files()
        prepared = prepare(self.data, self.target or None, self.settings)
        self.show(prepared)
        if self.dry:
            self.out.say(
                f"This was a dry run: nothing is trained or written. The settings:\n\n{run_toml(prepared, self.data)}"
            )
            return 0
        watcher = Telling(self.out, self.files[0])
        try:
            trained = train_prepared(prepared, watcher)
            trained.save(self.files[0])
            self.tell(trained)
            self.write(trained)
        except KeyboardInterrupt:
            if watcher.kept is None:
                raise
            with undisturbed():
                self.break_off(watcher.kept)
            return INTERRUPTED
        except Exception:
            if watcher.kept is not None:
                self.out.note(f"{self.files[0]} holds the network all the same, with what was known of it by then.")
            raise
        return INTERRUPTED if watcher.interrupted else 0

    def name_files(self) -> None:
        """Where the results go, tried before anything else is done."""
        path = self.output or f"{source.stem(self.data)}.safetensors"
        if not path.endswith(".safetensors"):
            raise InputError(f"-o {path}: a model file's name ends in .safetensors; write -o {path}.safetensors")
        base = path.removesuffix(".safetensors")
        self.files = [path, *([f"{base}.html"] if self.with_report else []), f"{base}.run.toml"]
        for file in self.files if not self.dry else ():
            source.writable(file)

    def show(self, p: Prepared) -> None:
        """The plan, the warnings, the task and the rows."""
        if self.digest and p.table.digest and self.digest != p.table.digest:
            self.out.note(f"{self.data} has changed since the run that the settings are of: results will differ.")
        for notice in p.notices:
            self.out.note(notice)
        self.out.say(str(p.plan))
        shown = {str(warning) for warning in p.plan.warnings}
        for warning in p.warnings:
            if str(warning) not in shown:
                self.out.say(f"! {warning}")
        self.out.say(f"task: {p.target.task}, because {p.target.why}")
        counts = [f"{len(rows):,}" for rows in (p.split.train, p.split.validation, p.split.test)]
        judged = f"{len(p.folds)} folds judge" if p.folds else f"{counts[2]} set aside to judge on"
        self.out.say(f"rows: {counts[0]} to learn from, {counts[1]} to stop by, {judged} ({p.split.why})")
        self.out.event(
            "plan", columns=p.plan.to_json()["columns"], warnings=[vars(warning) for warning in p.warnings],
            task=p.target.task, why=p.target.why, rows=len(p.table), dropped=p.dropped, split=p.split.summary(),
        )  # fmt: skip

    def tell(self, trained: TableModel) -> None:
        """The network beside what can be had without one, and whether it was worth it."""
        record = trained.record
        names = list(record["scores"][NETWORK])
        lines = [[name, *(number(each[key]["value"]) for key in names)] for name, each in record["scores"].items()]
        self.out.table([f"on {record['rows_judged']:,} rows", *names], lines)
        for note in record["notes"]:
            if note not in record["data"]["notices"]:
                self.out.note(note)
        for line in held_in_words(record["interval"]) if record["interval"] else ():
            self.out.say(line)
        best = [f"{entry['column']} {entry['drop']:.3f}" for entry in record["importance"][:5]]
        self.out.say(f"what it leans on (loss of {record['metric']} without): {', '.join(best)}")
        for finding in record["health"]["findings"]:
            self.out.say(f"finding: {finding['text']}")
        self.out.say(trained.verdict)

    def write(self, trained: TableModel) -> None:
        """The report, and the settings that repeat the run, beside the model: each whole or not at all."""
        if self.with_report:
            from pellucid import report

            self._write(self.files[1], report.html(trained, rows=self.settings.rows))
        self._write(self.files[-1], self._again(trained))
        self.out.say(f"wrote {', '.join(self.files)}")
        self.out.say(f"next: pellucid predict {self.files[0]} {self.data}")
        record = trained.record
        history: Any = trained.model.history
        self.out.event(
            "result", stopped=history.stopped, epochs=len(history), best_epoch=history.best_epoch, seconds=history.seconds,
            metric=record["metric"], scores=record["scores"], differences=record["differences"], verdict=record["verdict"],
            interval=record["interval"], folds=record["folds"], files=self.files,
        )  # fmt: skip

    def _again(self, trained: TableModel) -> str:
        """The settings that repeat the run."""
        own = {"output": self.output, "report": None if self.with_report else False}
        return str(trained.record["run_toml"]).replace("THIS_FILE", self.files[-1], 1) + toml(own, [])

    def _write(self, path: str, text: str) -> None:
        write_atomic(path, text.encode())
        self.written.append(path)

    def break_off(self, trained: TableModel) -> None:
        """Ctrl-C after the training: write what is known, and say what is not and which commands make it."""
        missing = cut_short(trained)
        trained.save(self.files[0])
        self._write(self.files[-1], self._again(trained))
        model, data = shlex.quote(self.files[0]), shlex.quote(self.data)
        rest = []
        if "scores" not in trained.record:
            rest.append(f"pellucid evaluate {model} OTHER_ROWS.csv")
        if "health" not in trained.record:
            rest.append(f"pellucid diagnose {model} {data}")
        if self.with_report and self.files[1] not in self.written:
            earlier = ", which is of an earlier network" if os.path.exists(self.files[1]) else ""
            missing.append(f"the report ({self.files[1]}{earlier})")
            rest.append(f"pellucid report {model}")
        whole = ", or the same command again for all" if "health" not in trained.record else ""
        left = f"{without(missing, rest)}{whole}"
        self.out.note(f"Interrupted after the training: wrote {self.files[0]} and {self.files[-1]}{left}.")
        self.out.event("interrupted", left_out=missing, files=[self.files[0], self.files[-1]])


class Telling(Watcher):
    """Tells a person, or a program that reads JSON lines, how the trainings go, and writes the network when it is there."""

    def __init__(self, out: Output, path: str) -> None:
        super().__init__()
        self.out, self.path = out, path

    def keep(self, model: TableModel) -> None:
        model.save(self.path)
        super().keep(model)

    def say(self, sentence: str) -> None:
        self.out.say(sentence)

    def begins(self, title: str, model: Any, shape: str) -> None:
        parameters = sum(value.size for value in model.values().values())
        self.out.say(f"{title}: {shape}, {parameters:,} parameters, {model.optimizer!r}, {type(model.loss).__name__}")
        self.out.event("start", network=shape, parameters=parameters, title=title)

    def watch(self, title: str, epochs: int) -> AbstractContextManager[Any]:
        return Watch(self.out, title, epochs)

    def ends(self, done: Fit) -> None:
        history = done.history
        best = f", best at epoch {history.best_epoch}, which is kept" if history.best_epoch else ""
        spent = duration(history.seconds) if history.seconds >= 1 else f"{history.seconds:.2f} s"
        self.out.say(f"stopped after epoch {len(history)} ({history.stopped}){best}; {spent}")


def _of_type(text: str) -> tuple[str, str]:
    column, equals, kind = text.rpartition("=")
    if not equals or not column or not kind:
        raise click.UsageError(f"--type {text}: expected COLUMN=KIND, such as --type zip=category.")
    return column, kind
