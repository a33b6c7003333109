"""One network trained on one split of a prepared table, and what it and the baselines say about the rows set aside."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import layers, losses, optimizers, pieces
from pellucid.errors import DataError, InputError
from pellucid.interrupts import undisturbed
from pellucid.model import Model
from pellucid.options import option
from pellucid.randomness import Draws
from pellucid.step import Pass
from pellucid.tables.baselines import Baselines
from pellucid.tables.encoder import Encoder, room
from pellucid.tables.preparing import Prepared
from pellucid.tables.settings import Settings
from pellucid.tables.splitting import Split
from pellucid.tables.target import Target
from pellucid.tables.widening import widen
from pellucid.training.history import History
from pellucid.training.state import EarlyStopping

if TYPE_CHECKING:
    from pellucid.tables.trained import TableModel

NETWORK = "this network"
AT_ONCE = 4096  # rows of one pass when predicting
BLOCK = 50_000  # rows encoded at a time
ADAMS = 0.002  # the learning rate of adam and adamw
LOOKED_AT = 1024  # rows whose gradients are looked at

Callback = Callable[[Any, dict[str, float]], Any]


class Watcher:
    """How a run tells what it does; silent here. `interrupted`: whether Ctrl-C ended a training.

    `kept`: the network, as soon as it is trained, with a record that grows until all is known; None before.
    """

    def __init__(self) -> None:
        self.interrupted = False
        self.kept: TableModel | None = None

    def keep(self, model: TableModel) -> None:
        """There is a network. Ctrl-C waits until this is done."""
        self.kept = model

    def say(self, sentence: str) -> None:
        """Something a person may want to know."""

    def watch(self, title: str, epochs: int) -> AbstractContextManager[Callback | None]:
        """A context around one training; what it gives is called back after every epoch, if it is not None."""
        return nullcontext()

    def begins(self, title: str, model: Model, shape: str) -> None:
        """A network is about to be trained."""

    def ends(self, done: Fit) -> None:
        """It is."""


@dataclass
class Features:
    """The features of a split's rows, float32: parts of one matrix. `seen`: those of training and validation together."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    seen: np.ndarray


@dataclass
class Fit:
    """A trained network with all that is needed to judge it."""

    model: Model
    encoder: Encoder
    target: Target
    split: Split
    features: Features
    history: History
    batch_size: int
    gradients: dict[str, list[float]] = field(default_factory=dict)
    epochs: list[int] = field(default_factory=list)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended its training."""
        return self.history.stopped == "interrupted"

    @property
    def judged(self) -> tuple[np.ndarray, np.ndarray, str]:
        """(rows, their features, which they are): those set aside, or else those that it was chosen by, or learned from."""
        split, x = self.split, self.features
        if len(split.test):
            return split.test, x.test, "test"
        if len(split.validation):
            return split.validation, x.validation, "validation"
        return split.train, x.train, "train"


def fit(
    p: Prepared, split: Split, watcher: Watcher, title: str, callbacks: tuple[Callback, ...] = (),
    keep: Callable[[Fit], None] | None = None,
) -> Fit:  # fmt: skip
    """Encode the rows of a split and train on them. Statistics of the columns come from its training rows alone.

    `keep` is given the trained network before Ctrl-C is heard again.
    """
    s = p.settings
    target = Target.fit(p.plan, p.typed, p.target.task, rows=split.train, levels=s.levels)
    target.why = p.target.why
    encoder = Encoder.fit(p.plan, p.typed, split.train, numbers=s.numbers)
    if not encoder.features:
        raise DataError("No column is left to learn from: see the plan, and give columns back with "
                        f"{option('types', {'COLUMN': 'KIND'})}.")  # fmt: skip
    x = features(encoder, p.typed, split)
    y = np.asarray(target.encode(p.typed))
    model = network(s, len(encoder.features), target, y[split.train])
    looking = Gradients(model, x.train, y[split.train])
    batch = min(usual_batch(len(split.train)) if s.batch_size is None else s.batch_size, len(split.train))
    model.optimizer = optimizer(s, s.epochs * -(-len(split.train) // batch))
    validated = len(split.validation) > 0
    watcher.begins(title, model, "-".join(map(str, (len(encoder.features), *s.layers, target.n_outputs))))
    with watcher.watch(title, s.epochs) as shown:
        history = model.fit(
            x.train, y[split.train], epochs=s.epochs, batch_size=batch, engine=s.engine, progress=False,
            validation_data=(x.validation, y[split.validation]) if validated else None,
            early_stopping=EarlyStopping(s.patience or s.epochs + 1) if validated else None,
            callbacks=[looking, *([shown] if shown else []), *callbacks],
        )  # fmt: skip
        with undisturbed():
            if s.levels and validated:
                widen(model, x.validation, y[split.validation], s.levels[-1] - s.levels[0])
            done = Fit(model, encoder, target, split, x, history, batch, looking.norms, looking.epochs)
            watcher.interrupted |= done.interrupted
            if keep is not None:
                keep(done)
    watcher.ends(done)
    return done


@dataclass
class Answers:
    """What every contender says about the rows judged. `ends`: of the network's intervals (rows, targets, 2), if it has some.

    `whole`: whether every baseline was fitted before Ctrl-C.
    """

    rows: np.ndarray
    given: dict[str, np.ndarray]
    ends: np.ndarray | None
    whole: bool = True


def answers(p: Prepared, done: Fit) -> Answers:
    """Of a network and of every baseline. Baselines learn from the rows to stop by, too; Ctrl-C ends them, no more."""
    rows, x, _ = done.judged
    outputs = done.model.predict(x, AT_ONCE)
    seen = np.concatenate([done.split.train, done.split.validation])
    truth = done.target.truth(p.typed)
    ends = done.target.ends(outputs) if done.target.levels else None
    found = Answers(rows, {NETWORK: done.target.answers(outputs)}, ends)
    try:
        for name, others in baselines(p).one_by_one(done.features.seen, truth[seen], np.asarray(x)):
            found.given[name] = others
    except KeyboardInterrupt:
        found.whole = False
    return found


def baselines(p: Prepared) -> Baselines:
    """Those for this task."""
    balanced, median = p.settings.class_weights is not None, p.settings.interval is not None
    return Baselines(p.target.task, len(p.target.classes), balanced, median, p.settings.seed)


def usual_batch(rows: int) -> int:
    """Rows a step where nobody says: 64, fewer where that would be less than about ten steps an epoch, at least 8."""
    return min(64, max(8, rows // 10))


def features(encoder: Encoder, typed: Any, split: Split) -> Features:
    """The rows of a split as one matrix, encoded block by block; in a temporary file where it is large."""
    order = np.concatenate([split.train, split.validation, split.test])
    x = room(len(order), len(encoder.features))
    for start in range(0, len(order), BLOCK):
        x[start : start + BLOCK] = encoder.transform(typed.take(order[start : start + BLOCK]))
    first, second = len(split.train), len(split.train) + len(split.validation)
    return Features(x[:first], x[first:second], x[second:], x[:second])


def network(s: Settings, inputs: int, target: Target, y: np.ndarray) -> Model:
    """The layers and the loss that the task asks for. y: encoded targets of the training rows."""
    usual = {"classification": "categorical_cross_entropy", "multilabel": "binary_cross_entropy"}
    loss = usual.get(target.task, "mean_squared_error") if s.loss == "auto" else s.loss
    fits = {"classification": ("categorical_cross_entropy",), "multilabel": ("binary_cross_entropy",)}.get(
        target.task, ("mean_squared_error", "mean_absolute_error", "huber")
    )
    if loss not in fits or (s.levels and s.loss != "auto"):
        other = f"leave {option('loss')} out"
        if not s.levels:
            other = f"write {' or '.join(option('loss', one) for one in fits)}, or leave it out"
        raise InputError(
            f"{option('loss', loss)} does not fit {'an interval' if s.levels else f'a {target.task} task'}: {other}."
        )
    last = {"classification": "Softmax", "multilabel": "Sigmoid"}.get(target.task)
    chain = pieces.network(
        inputs, target.n_outputs, s.layers, s.activation, s.dropout, s.batch_norm, last, flatten=False
    )
    made: losses.Loss = pieces.LOSSES[loss]()
    if s.levels:
        chain.append(layers.OrderedQuantiles(len(s.levels)))
        made = losses.Quantile(s.levels)
    elif s.class_weights is not None:
        made = losses.CategoricalCrossEntropy(class_weights=class_weights(y, len(target.classes)))
    return Model(*chain, loss=made, seed=s.seed, dtype=s.dtype)


def class_weights(labels: np.ndarray, classes: int) -> tuple[float, ...]:
    """Every class counts alike: rows / (classes * rows of the class); a class that is not there counts 1."""
    counts = np.bincount(labels, minlength=classes)
    there = np.count_nonzero(counts)
    return tuple(len(labels) / (there * count) if count else 1.0 for count in counts.tolist())


def optimizer(s: Settings, steps: int) -> optimizers.Optimizer:
    """The optimiser for so many steps at most."""
    make, usual = pieces.OPTIMIZERS[s.optimizer]
    usual = ADAMS if s.optimizer in ("adam", "adamw") else usual
    schedule = pieces.SCHEDULES[s.schedule](usual if s.learning_rate is None else s.learning_rate, steps)
    return optimizers.AdamW(schedule, weight_decay=s.weight_decay) if s.optimizer == "adamw" else make(schedule)


class Gradients:
    """A callback that measures, after epochs 1, 2, 5, 10, 20, 50 ..., how large the gradient of each layer is."""

    def __init__(self, model: Model, x: np.ndarray, y: np.ndarray) -> None:
        some = slice(None, None, -(-len(x) // LOOKED_AT))
        self.x, self.y = np.asarray(x[some], model.dtype), y[some]
        if self.y.dtype.kind == "f":
            self.y = self.y.astype(model.dtype)
        self.norms: dict[str, list[float]] = {}
        self.epochs: list[int] = []

    def __call__(self, model: Model, row: dict[str, float]) -> None:
        """Look, where it is time to."""
        epoch = int(row["epoch"])
        if str(epoch).rstrip("0") not in ("1", "2", "5") or model.loss is None:
            return
        one = Pass(model.network, model.loss, Draws(model.seed, epoch=epoch))
        with np.errstate(all="ignore"):
            one.run(self.x, self.y)
        squares: dict[str, float] = {}
        for key, gradient in one.gradients().items():
            path = key.rpartition(".")[0]
            squares[path] = squares.get(path, 0.0) + float((gradient.astype(np.float64) ** 2).sum())
        named = {path: repr(layer) for path, layer in model.network.walk()}
        for path, square in squares.items():
            self.norms.setdefault(f"{path} {named[path]}", []).append(float(np.sqrt(square)))
        self.epochs.append(epoch)
