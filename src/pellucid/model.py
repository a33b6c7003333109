"""The model: a network with its loss, its optimiser and its metrics."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.arrays import as_array, as_inputs
from pellucid.errors import ContractError, DataError, InputError
from pellucid.layers import Sequential
from pellucid.losses import BinaryCrossEntropy, Loss
from pellucid.network import build, copied, count_outputs, get_values, set_values, summary
from pellucid.optimizers import Adam, Optimizer
from pellucid.randomness import check_seed

if TYPE_CHECKING:
    from pellucid.glass.diagnose import Findings
    from pellucid.glass.explain import Explanation
    from pellucid.glass.gradients import GradientReport
    from pellucid.training.fit import Trainer
    from pellucid.training.history import History
    from pellucid.training.state import EarlyStopping, TrainingState

Metric = Callable[[Any, Any], float]


class Model:
    """A network that can be trained, judged, saved and looked at.

    `layers`: one after the other. `loss`: needed to train. `optimizer`: Adam() unless given. `metrics`: names
    ("accuracy", "r2", ...) or functions (outputs, targets) -> number; the one that goes with the loss unless given.
    `seed`: initial weights, batches and masks are pure functions of it. `dtype`: "float32" or "float64".

    A layer whose weights you changed before keeps them; the others draw theirs from (seed, place in the network).

    >>> import pellucid
    >>> from pellucid.layers import Dense, ReLU, Softmax
    >>> from pellucid.losses import CategoricalCrossEntropy
    >>> X, y = pellucid.datasets.vertical(samples=50, classes=3, rng=0)
    >>> model = pellucid.Model(Dense(2, 16), ReLU(), Dense(16, 3), Softmax(), loss=CategoricalCrossEntropy())
    >>> history = model.fit(X, y, epochs=5)
    >>> model.predict(X).shape
    (150, 3)
    """

    def __init__(
        self,
        *layers: Any,
        loss: Loss | None = None,
        optimizer: Optimizer | None = None,
        metrics: Sequence[str | Metric] | None = None,
        seed: int = 0,
        dtype: Any = "float32",
    ) -> None:
        self.seed = check_seed(seed)
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise InputError(f"dtype={dtype!r}: expected 'float32' or 'float64'.")
        self._state = _state_of_training()()
        self._chosen = metrics is not None
        self.loss = loss
        self.optimizer = optimizer if optimizer is not None else Adam()
        if metrics is not None:
            self.metrics = _named_metrics(metrics, loss)
        self.network: Sequential = build(layers, self.seed, self.dtype)
        self.history: History | None = None
        self.table: dict[str, Any] | None = (
            None  # plain JSON: the columns that its inputs come from, of pellucid.tables
        )
        self._running: tuple[int, Trainer] | None = None  # the thread that trains, and what it runs
        self._busy = False  # whether somebody trains it
        self._lock = threading.Lock()

    @property
    def loss(self) -> Loss | None:
        """What training makes small. With another loss comes its metric, unless you chose the metrics yourself."""
        return self._loss

    @loss.setter
    def loss(self, loss: Loss | None) -> None:
        _check_kind(loss, Loss, "loss", "CategoricalCrossEntropy()")
        if loss is not None:
            loss.config()  # says so where the constructor does not keep what it was given
        self._loss = loss
        if not self._chosen:
            self.metrics = _named_metrics(None, loss)

    @property
    def optimizer(self) -> Optimizer:
        """What moves the parameters. Another optimiser starts anew: its running sums at 0, its schedule at step 0."""
        return self._optimizer

    @optimizer.setter
    def optimizer(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            _check_kind(optimizer if optimizer is not None else Optimizer, Optimizer, "optimizer", "Adam()")
        from pellucid.checks import check_optimizer

        check_optimizer(optimizer)
        self._optimizer = optimizer
        self._state = self._state.changed(step=0, slots={}, schedule={})

    @property
    def layers(self) -> tuple[Any, ...]:
        """The layers, in order."""
        return self.network.layers

    # -- looking forward -----------------------------------------------------------------------------------------

    def predict(self, X: Any, batch_size: int | None = None) -> np.ndarray:
        """What the network returns for the rows of `X`, (rows, outputs). Safe from many threads at once.

        `batch_size`: rows at a time, to save memory; None for all at once, or some where X is memory-mapped and large.
        """
        x: Any = X if type(X) is np.ndarray and X.dtype == self.dtype and X.ndim > 1 else self._inputs(X, finite=False)
        if not len(x):
            raise DataError(f"X is empty: its shape is {x.shape}. Expected at least one row.")
        if batch_size is not None:
            from pellucid.checks import check_batch

            size = check_batch(batch_size)
            return np.concatenate([self._forward(x[at : at + size]) for at in range(0, len(x), size)])
        return self._forward(x) if isinstance(x, np.ndarray) else x.through(self._forward)

    def _inputs(self, X: Any, finite: bool = True) -> Any:
        """`X` at the border: an array, or a `Mapped` one where it lies in a file and is large."""
        if isinstance(X, np.ndarray) and type(X) is not np.memmap:
            return as_inputs(X, self.dtype, "X", finite)
        if self.table is not None and (isinstance(X, (str, dict)) or hasattr(X, "columns")):
            raise InputError(
                "This is the network alone of a model that was trained on a table; it takes the columns as numbers. To give "
                "it a table, load the file with pellucid.tables.load(path)."
            )
        from pellucid.mapped import as_rows

        return as_rows(X, self.dtype, "X", finite)

    def _forward(self, x: np.ndarray) -> np.ndarray:
        with self._lock:  # a network that is being trained is copied whole, never half of one epoch, half of the next
            run_on = self.network.run_copy()
        output: np.ndarray = run_on.forward(x)
        return output

    def predict_classes(self, X: Any, batch_size: int | None = None) -> np.ndarray:
        """The class of each row: the largest output, or whether a single one is above 0.5. int64 (rows,).

        Behind a sigmoid with several outputs, each of them is a question: 0 or 1 for each, int64 (rows, outputs).
        """
        outputs = self.predict(X, batch_size)
        if type(self.layers[-1]).__name__ in ("Sigmoid", "HardSigmoid") and outputs.shape[1] > 1:
            return (outputs > 0.5).astype(np.int64)  # each output is the answer to a question of its own
        return outputs.argmax(axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0.5).astype(np.int64)

    def forward(self, X: Any) -> np.ndarray:
        """As `predict`, but on the model's own layers, so that every number of the pass stays there to look at."""
        output: np.ndarray = self.network.forward(as_inputs(X, self.dtype))
        return output

    def evaluate(self, X: Any, y: Any, sample_weight: Any = None, batch_size: int | None = None) -> dict[str, float]:
        """The loss (without penalties) and every metric on `X`, `y`."""
        from pellucid.checks import check_weights
        from pellucid.step import evaluate_losses

        loss = self._needs_loss()
        x = self._inputs(X)
        targets = self._targets(y, x)
        outputs = self.predict(x, batch_size)
        weights = check_weights(sample_weight, len(x), self.dtype)
        result = {"loss": float(evaluate_losses(loss, outputs, targets, weights))}
        return result | {name: float(metric(outputs, targets)) for name, metric in self.metrics.items()}

    # -- training ------------------------------------------------------------------------------------------------

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        epochs: int = 100,
        batch_size: int | None = None,
        validation_data: tuple[Any, Any] | None = None,
        validation_fraction: float = 0.0,
        sample_weight: Any = None,
        early_stopping: EarlyStopping | int | None = None,
        callbacks: Sequence[Callable[[Model, dict[str, float]], Any]] = (),
        shuffle: bool = True,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
        engine: str = "auto",
        progress: bool | None = None,
        findings: bool = True,
    ) -> History:
        """Train for `epochs` more epochs and return the history of the whole training so far.

        X: (rows, features); y: as the loss takes it; `sample_weight`: how much each row counts, (rows,). `batch_size`: rows
        a step, None for all of them; in a new order every epoch unless `shuffle` is False. Validation data
        given, or the `validation_fraction` set aside by the seed. `early_stopping`: an `EarlyStopping` or its
        patience. `callbacks`: functions (model, row) called after every epoch; True stops. `checkpoint`: a file saved
        after every epoch; with `resume=True` training goes on from it, bit for bit as if never stopped, until `epochs`.
        `engine`: "numpy", "jax" (compiled), or "auto": what is sooner done; `history.engine_reason` says why.
        `progress`: None shows a line where somebody looks. `findings`: look now and then for what goes wrong, for a
        twentieth of the time at most; see `history.findings`. Ctrl-C keeps the best network (the last without validation).

        An X that lies in a file (``numpy.load(path, mmap_mode="r")``) and is large stays there: the rows of the next steps
        are read. In place of X and y, an iterable of batches (x, y) or (x, y, weights), or a function that gives one for
        each epoch (and may take the epoch's number, from 0), is trained on in its own order.
        """
        from pellucid.training import session

        return session.fit(
            self, X, y, epochs=epochs, batch_size=batch_size, validation_data=validation_data,
            validation_fraction=validation_fraction, sample_weight=sample_weight, early_stopping=early_stopping,
            callbacks=callbacks, shuffle=shuffle, checkpoint=checkpoint, resume=resume, engine=engine, progress=progress,
            findings=findings,
        )  # fmt: skip

    def _write_back(self, values: dict[str, np.ndarray]) -> None:
        with self._lock:
            set_values(self.network, values)

    def _targets(self, y: Any, x: np.ndarray, n_outputs: int = 0) -> np.ndarray:
        """`y` as the loss wants it, checked against `x` and the network's `n_outputs`, which are counted unless given."""
        n_outputs = n_outputs or count_outputs(self.network, x)
        array = as_array(y, "y")
        if array.ndim == 0 or len(array) != len(x):
            raise DataError(
                f"X has {len(x)} rows and y has {array.size if array.ndim == 0 else len(array)}: give one target a row."
            )
        return self._needs_loss().as_targets(array, n_outputs, self.dtype)

    def _needs_loss(self) -> Loss:
        if self.loss is None:
            raise InputError("This model has no loss: pellucid.Model(..., loss=CategoricalCrossEntropy()).")
        return self.loss

    # -- files ---------------------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model (layers, values, loss, optimiser, history) to one .safetensors file, whole or not at all.

        It holds the network, not where its training stands: `fit` after `load` begins with fresh optimiser sums and a
        fresh schedule. ``fit(..., checkpoint=PATH)`` keeps those, too.
        """
        from pellucid.exchange import model_file

        model_file.save(self, path)

    def _saver(self, path: Any) -> Callable[[TrainingState, dict[str, np.ndarray]], None]:
        from pellucid.exchange import checkpoint

        checkpoint.check_can_save(self, path)
        return lambda state, values: checkpoint.save(self, path, state, values)

    def _resume(self, path: Any) -> None:
        if path is None:
            raise InputError(
                "resume=True needs the file to go on from: fit(..., checkpoint='run.safetensors', resume=True)."
            )
        from pellucid.exchange import checkpoint

        state, values = checkpoint.load(self, path)
        if state is not None:
            self._state = state
            self._write_back(values)

    # -- showing -------------------------------------------------------------------------------------------------

    def values(self) -> dict[str, np.ndarray]:
        """Copies of all parameters and state by name, such as "0.weights"."""
        with self._lock:
            return copied(get_values(self.network))

    def explain(self, x: Any, y: Any = None, update: bool = True, training: bool = True) -> Explanation:
        """Every number of a pass over one sample, or a few: forward, loss, backward, the optimiser's next step, checked.

        x: (features,) or (rows, features); y: its target or targets, without which the prediction alone is explained.
        `training`: with the masks of step 0 and the batch's own statistics; False: as in prediction. Nothing is changed.
        """
        from pellucid.glass.explain import explain

        return explain(self, x, y, update, training)

    def diagnose(self, X: Any, y: Any = None, validation_data: tuple[Any, Any] | None = None) -> Findings:
        """What is wrong, or likely to be, with this model on these rows, trained or not: a list of findings, or none.

        X, y: the training rows, as in `fit`; without `y` only inputs, weights and units are looked at. With
        `validation_data`, a pair (X, y), overfitting and rows on both sides of the split, too.
        """
        from pellucid.glass.diagnose import diagnose

        return diagnose(self, X, y, validation_data)

    def check_gradients(self, X: Any = None, y: Any = None, **options: Any) -> GradientReport:
        """Whether every gradient is the derivative of the loss: see `pellucid.check_gradients`. Needs no data."""
        from pellucid.glass.gradients import check_gradients

        return check_gradients(self, X, y, **options)

    def summary(self) -> str:
        """The layers and their numbers of parameters, as text."""
        return summary(self.network)

    def to_svg(self, **options: Any) -> str:
        """The units and weights of the network as an SVG picture; options as for `pellucid.glass.network.draw`."""
        from pellucid.glass import network

        return network.draw(self, **options)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """What a notebook shows: the network, its layers, their figures."""
        from pellucid.glass import showing

        return showing.of_model(self)

    def regions_svg(self, X: Any, y: Any, **options: Any) -> str:
        """The decision regions of a two-input network as an SVG picture."""
        from pellucid.glass import regions

        return regions.draw(self.predict, np.asarray(X), np.asarray(y), **options)

    def plot_regions(self, X: Any, y: Any, **options: Any) -> Any:
        """The decision regions of a two-input network with matplotlib; returns the figure. Needs the extra "plot"."""
        from pellucid.glass import plots

        return plots.plot_regions(self.predict, np.asarray(X), np.asarray(y), **options)

    def __repr__(self) -> str:
        parts = [repr(layer) for layer in self.layers]
        parts += [f"loss={self.loss!r}"] if self.loss is not None else []
        return f"Model({', '.join([*parts, f'optimizer={self.optimizer!r}', f'seed={self.seed}'])})"

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:  # while another thread trains: the network whole, as it was at the end of one epoch
            kept = {key: value for key, value in vars(self).items() if key != "_lock"}
            kept["network"] = self.network.run_copy()
        return {**kept, "_state": self._standing(), "_running": None, "_busy": False}

    def _standing(self) -> TrainingState:
        """The state of training that goes with the network's values as they are now."""
        rows = list(self._state.rows)
        if self._running is None:
            return self._state.changed(rows=rows)
        thread, trainer = self._running
        if (
            thread == threading.get_ident()
        ):  # a callback copies the model: the epoch is whole, the slots are in the engine
            return self._state.changed(rows=rows, slots=trainer.engine.slots(trainer.good))
        return _state_of_training()(
            epoch=len(rows), rows=rows
        )  # nobody can stop the other thread: the optimiser starts anew

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._lock = threading.Lock()


def _state_of_training() -> type[TrainingState]:
    from pellucid.training.state import TrainingState  # with its dataclass, which `import pellucid` need not wait for

    return TrainingState


def _check_kind(given: Any, kind: type, name: str, example: str) -> None:
    if given is not None and not isinstance(given, kind):
        hint = (
            f"{given.__name__} is a class: write {given.__name__}()."
            if isinstance(given, type)
            else f"Write {name}={example}."
        )
        raise ContractError(f"{name}={given!r} is no {kind.__name__}. {hint}")


def _named_metrics(given: Any, loss: Loss | None) -> dict[str, Metric]:
    if given is None:
        given = () if loss is None or loss.metric is None else (loss.metric,)
    from pellucid.metrics import by_name

    named: dict[str, Metric] = {}
    for metric in (given,) if isinstance(given, str) or callable(given) else given:
        name = metric if isinstance(metric, str) else getattr(metric, "__name__", type(metric).__name__)
        if name in named:
            raise InputError(f"Two metrics are called {name!r}: give your function another name.")
        if isinstance(metric, str):
            if metric not in by_name:
                raise InputError(f"metric {metric!r} is not known; write one of {', '.join(by_name)}, or a function.")
            binary = metric == "accuracy" and isinstance(loss, BinaryCrossEntropy)
            named[metric] = by_name["binary_accuracy" if binary else metric]
        elif callable(metric):
            named[name] = metric
        else:
            raise InputError(f"metrics={given!r}: expected names such as 'accuracy', or functions (outputs, targets).")
    return named
