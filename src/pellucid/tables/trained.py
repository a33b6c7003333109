"""A network that knows the table it was trained on: from columns to answers in the table's own words and units."""

from __future__ import annotations

import os
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import DataError, DataWarning, FileError, PellucidError
from pellucid.model import Model
from pellucid.network import count_outputs
from pellucid.tables.encoder import Encoder, as_written, told
from pellucid.tables.scores import Scoring
from pellucid.tables.target import Target

if TYPE_CHECKING:
    from pellucid.tables.table import Table
    from pellucid.tables.typed import Typed

ROWS = 8192  # of one pass through the network


class TableModel:
    """A `Model` between an `Encoder` and a `Target`, with the record of its training.

    Made by `pellucid.tables.train` or `pellucid.tables.load`. `predict` and the others take whatever `tables.read` takes
    (a file, a data frame, a dict of columns, a list of dicts), from many threads at once. What they notice about it (values
    that training never saw, columns that nobody needs) is a `DataWarning`, one sentence each.
    """

    def __init__(self, model: Model, encoder: Encoder, target: Target, record: dict[str, Any] | None = None) -> None:
        self.model, self.encoder, self.target = model, encoder, target
        self.record: dict[str, Any] = {} if record is None else record

    # -- answers -------------------------------------------------------------------------------------------------

    def predict(self, data: Any) -> np.ndarray:
        """Numbers in the table's unit, float64, or labels, (rows,), or (rows, targets) of several.

        Labels are what the target's column held: text (object), whole numbers (int64), or true and false (bool).
        """
        return self.target.native(self._warned(data))

    def predict_proba(self, data: Any) -> np.ndarray:
        """Float64: the probability of every class (rows, classes), or of yes for each of several targets."""
        self.target.probabilities(np.empty((0, self.target.n_outputs)))  # says at once where there are none
        return self.target.probabilities(self._warned(data))

    def predict_interval(self, data: Any) -> np.ndarray:
        """The ends between which each number lies, float64 (rows, 2), or (rows, targets, 2) of several.

        For a network that was trained with an interval; each target's interval is one by itself.
        """
        self.target.interval(np.empty((0, self.target.n_outputs)))
        return self.target.interval(self._warned(data))

    def outputs(self, data: Any, notices: list[str] | None = None) -> np.ndarray:
        """What the network itself returns, (rows, outputs). Sentences about `data` are appended to `notices`."""
        X = self.encoder.transform(data, notices)
        return self.model.predict(X, ROWS) if len(X) else np.empty((0, self.target.n_outputs), np.float32)

    def _warned(self, data: Any) -> np.ndarray:
        notices: list[str] = []
        outputs = self.outputs(data, notices)
        for notice in notices:
            warnings.warn(notice, DataWarning, stacklevel=3)
        return outputs

    # -- judging -------------------------------------------------------------------------------------------------

    @property
    def scoring(self) -> Scoring:
        """The figures of the record, to be taken of other answers."""
        balanced = self.record.get("metric") == "balanced_accuracy"
        return Scoring(self.target.task, self.target.names, len(self.target.classes), balanced)

    def evaluate(self, data: Any) -> dict[str, float]:
        """The figures of the record on other rows, the one that decides first; with an interval, its coverage and width.

        Rows without a target are left out.
        """
        notices: list[str] = []
        figures = self.judge(data, notices)[0]
        for notice in notices:
            warnings.warn(notice, DataWarning, stacklevel=2)
        return figures

    def judge(self, data: Any, notices: list[str] | None = None) -> tuple[dict[str, float], int]:
        """(figures as in `evaluate`, the rows they are of). Sentences about `data` are appended to `notices`."""
        from pellucid.tables.reading import read

        said: list[str] = [] if notices is None else notices
        table = read(data)
        typed = self.typed(table, said)
        if self.learned_from(table):
            said.append(f"{table.origin} is the file that this network was trained on: it has seen most of these rows, and the "
                        "figures flatter it. The verdict in its file says which rows judged it.")  # fmt: skip
        known = self.target.known(typed)
        if not known.all():
            said.append(f"{int((~known).sum()):,} of {typed.rows:,} rows have no target and are left out.")
        if not known.any():
            raise DataError(
                f"No row has a target: {', '.join(map(repr, self.target.names))} is empty, or there are no rows."
            )
        truth = self.target.truth(typed)[known]
        outputs = self.outputs(typed, said)[known]
        with np.errstate(over="ignore", invalid="ignore"):  # numbers of 1e200 have squares that are none
            figures = self.scoring.of(self.target.answers(outputs), truth)
        if self.target.levels:
            for name, ends, true in zip(
                self.target.names, self.target.ends(outputs).swapaxes(0, 1), truth.T, strict=True
            ):
                of = f" of {name}" if len(self.target.names) > 1 else ""
                low, high = ends.T
                figures[f"coverage{of}"] = float(((low <= true) & (true <= high)).mean())
                figures[f"width{of}"] = float((high - low).mean())
        return figures, int(known.sum())

    def learned_from(self, table: Table) -> bool:
        """Whether a table comes from the very file that the network was trained on; False where there was none."""
        about = self.record.get("data")
        return bool(table.digest) and isinstance(about, dict) and about.get("sha256") == table.digest

    def typed(self, data: Any, notices: list[str] | None = None) -> Typed:
        """Inputs and targets of anything that `tables.read` takes, typed as in training."""
        from pellucid.tables.reading import read
        from pellucid.tables.typed import typed

        table = read(data)
        self.encoder.check_columns(table, notices)
        missing = [name for name in self.target.names if name not in table.names]
        if missing:
            raise DataError(f"The target {', '.join(map(repr, missing))} is not in {table.origin}: without it there is "
                            f"nothing to judge by. Columns there: {', '.join(map(repr, table.names[:30]))}.")  # fmt: skip
        inputs, targets = self.encoder.plan, self.target.plan
        whole = replace(inputs, columns=[*inputs.columns, *targets.columns], targets=list(targets.targets))
        names = [*self.encoder.columns, *self.target.names]
        return told(typed(table, as_written(whole, table, notices), columns=names), notices)

    def arrays(self, data: Any, notices: list[str] | None = None) -> tuple[np.ndarray, np.ndarray]:
        """(X, y) as the network's own `fit`, `explain` and `diagnose` take them, of the rows that have a target."""
        typed = self.typed(data, notices)
        known = self.target.known(typed)
        if not known.any():
            raise DataError("No row has a target.")
        y = self.target.encode(typed)[known]
        single = self.target.task == "classification" and count_outputs(self.model.network, self._zeros) == 1
        return self.encoder.transform(typed, notices)[known], y[:, None] if single else y

    # -- files ---------------------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write network, columns, target and record to one .safetensors file, whole or not at all."""
        self.model.table = self.to_json()
        self.model.save(path)

    def to_json(self) -> dict[str, Any]:
        """Columns, target and record as plain JSON, which goes with the network into its file."""
        return {"encoder": self.encoder.to_json(), "target": self.target.to_json(), "record": self.record}

    @classmethod
    def of(cls, model: Model) -> TableModel:
        """The inverse of `to_json`, for a model that was loaded; what is not its work is a `FileError`."""
        content = model.table
        if content is None:
            raise FileError("it holds a network that was not trained on a table: read it with pellucid.load.")
        if set(content) != {"encoder", "target", "record"} or not isinstance(content["record"], dict):
            raise FileError("its table has no columns, no target or no record.")
        made = cls(model, Encoder.from_json(content["encoder"]), Target.from_json(content["target"]), content["record"])
        try:
            outputs = count_outputs(model.network, made._zeros)
        except (PellucidError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError) as error:
            raise FileError(
                f"its network does not take the columns' {len(made.encoder.features)} inputs: {str(error)[:120]}"
            ) from None
        one_for_two = len(made.target.classes) == 2 and outputs == 1
        if outputs != made.target.n_outputs and not one_for_two:
            raise FileError(f"its network has {outputs} outputs, but its target needs {made.target.n_outputs}.")
        return made

    @property
    def _zeros(self) -> np.ndarray:
        return np.zeros((1, len(self.encoder.features)), self.model.dtype)

    # -- showing -------------------------------------------------------------------------------------------------

    def report(self, path: str | os.PathLike[str]) -> None:
        """Write what is known about this network as one HTML page."""
        from importlib import import_module

        import_module("pellucid.report").write(self, path)

    @property
    def verdict(self) -> str:
        """How good it is, in a sentence; "" where nobody has judged it."""
        verdict = self.record.get("verdict")
        text = verdict.get("text") if isinstance(verdict, dict) else None
        return text if isinstance(text, str) else ""

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        """What a notebook shows: the network's picture, and columns and verdict as text."""
        return {**self.model._repr_mimebundle_(**options), "text/plain": str(self)}

    def __repr__(self) -> str:
        task = f"{self.target.task} of {', '.join(map(repr, self.target.names))}"
        return f"<TableModel: {task} from {len(self.encoder.columns)} columns>"

    def __str__(self) -> str:
        classes = f", {len(self.target.classes)} classes" if self.target.classes else ""
        head = f"{repr(self)[1:-1]}{classes}, {len(self.encoder.features)} inputs"
        return "\n".join(filter(None, [head, str(self.encoder), self.model.summary(), self.verdict]))


def load(path: str | os.PathLike[str]) -> TableModel:
    """The `TableModel` in a file that `TableModel.save` or `pellucid train` wrote; a `FileError` for any other."""
    from pellucid.exchange import model_file

    model = model_file.load(path)
    try:
        return TableModel.of(model)
    except FileError as error:
        raise FileError(f"{path}: {error}") from None
