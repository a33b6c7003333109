"""What a run of training is given, checked: arrays in memory, arrays in a file, or batches one after the other."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.arrays import as_inputs
from pellucid.checks import check_batch, check_fraction, check_weights
from pellucid.engines import Batches, Stream
from pellucid.errors import DataError, InputError
from pellucid.mapped import Mapped, as_rows
from pellucid.network import count_outputs
from pellucid.randomness import generator

if TYPE_CHECKING:
    from pellucid.model import Model

Pair = tuple[Any, np.ndarray]
Sides = tuple[Batches, "Pair | None", "np.ndarray | None"]  # to train on, to judge by, which rows of X the latter are


def gives_batches(X: Any, y: Any) -> bool:
    """Whether `X` gives batches; a sentence where it can be neither that nor an array with its targets."""
    function = callable(X) and not hasattr(X, "__iter__")
    if y is not None:
        if function or isinstance(X, Iterator):
            raise InputError(
                f"fit got {_called(X)} and y: batches bring their targets along, as pairs (x, y). Leave y out."
            )
        return False
    if function or (isinstance(X, Iterable) and not hasattr(X, "__array__") and not isinstance(X, (str, bytes, dict))):
        return True
    raise InputError("fit got X without y: write model.fit(X, y), or give an iterable of batches (x, y).")


def of_arrays(
    model: Model, X: Any, y: Any, sample_weight: Any, valid: Any, fraction: Any, batch_size: Any, shuffle: bool
) -> Sides:
    """The arrays X and y as a run takes them."""
    x = as_rows(X, model.dtype)
    if isinstance(x, Mapped) and batch_size is None:
        raise InputError(
            f"X lies in a file of {X.nbytes / 1e6:,.0f} MB, and batch_size=None would read all of it for every step. Write "
            "batch_size=256, or numpy.array(X) to have it in memory."
        )
    targets = model._targets(y, x)
    weights = check_weights(sample_weight, len(x), model.dtype)
    judged, kept, aside = _judged(model, valid, fraction), None, None
    count = 0 if judged is not None else check_fraction(fraction, len(x))
    if count:
        order = generator(model.seed, "split").permutation(len(x))
        aside, kept = order[:count], order[count:]
        judged = _some(x, aside), targets[aside]
        x, targets, weights = _some(x, kept), targets[kept], None if weights is None else weights[kept]
    size = len(x) if batch_size is None else check_batch(batch_size, len(x))
    return Batches(x, targets, weights, size, model.seed, shuffle, kept), judged, aside


def _some(x: Any, rows: np.ndarray) -> Any:
    return x.only(rows) if isinstance(x, Mapped) else x[rows]


def _judged(model: Model, given: Any, fraction: Any) -> Pair | None:
    """The validation data that the user gave."""
    if given is None:
        return None
    try:
        x, y = given
    except (TypeError, ValueError):
        raise InputError("validation_data: expected a pair, validation_data=(X_valid, y_valid).") from None
    if fraction:
        raise InputError("Both validation_data and validation_fraction are given: leave one of them out.")
    try:
        inputs = as_rows(x, model.dtype)
        return inputs, model._targets(y, inputs)
    except DataError as error:
        raise DataError(f"validation_data: {error}") from None


def of_batches(model: Model, X: Any, sample_weight: Any, valid: Any, fraction: Any, batch_size: Any) -> Sides:
    """An iterable of batches, or a function that makes one, as a run takes it."""
    for name, given, instead in (
        ("sample_weight", sample_weight is not None, "Give batches (x, y, weights)."),
        ("batch_size", batch_size is not None, "They are as large as they come."),
        ("validation_fraction", bool(fraction), "Write validation_data=(X_valid, y_valid)."),
    ):
        if given:
            raise InputError(f"{name} does not go with batches that fit is handed one after the other. {instead}")
    begin, numbered = _beginning(X)
    length = len(X) if hasattr(X, "__len__") else None
    check = _Border(model)
    stream = Stream(begin, check, model.seed, model._state.epoch, numbered, length)
    return stream, _judged(model, valid, 0.0), None


def check_repeats(X: Any, epochs: int) -> None:
    """Refuse what can be gone through once only, for more than one epoch."""
    if isinstance(X, Iterator) and epochs > 1:
        raise InputError(
            f"fit got {_called(X)}, which can be gone through only once, for {epochs} epochs. Give the function that makes "
            "it, without calling it, as in fit(make_batches, epochs=10), or a list of batches."
        )


def _beginning(X: Any) -> tuple[Callable[[int], Iterator[Any]], bool]:
    """(what begins an epoch, whether it looks at the epoch's number)."""
    if not callable(X) or hasattr(X, "__iter__"):
        return lambda epoch: iter(X), False
    try:
        wanted = [
            p for p in inspect.signature(X).parameters.values()
            if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        ]  # fmt: skip
    except (TypeError, ValueError):
        wanted = []
    if len(wanted) > 1 or any(p.kind is p.KEYWORD_ONLY for p in wanted):
        raise InputError(f"{_called(X)} wants {len(wanted)} arguments: fit gives it none, or the number of the epoch.")

    def begin(epoch: int) -> Iterator[Any]:
        made = X(epoch) if wanted else X()
        if not isinstance(made, Iterable):
            raise DataError(
                f"{_called(X)} returned {type(made).__name__}, expected batches: write yield x, y in it for each batch."
            )
        return iter(made)

    return begin, bool(wanted)


def _called(X: Any) -> str:
    return f"{X.__name__}()" if hasattr(X, "__name__") else f"a {type(X).__name__}"


class _Border:
    """Checks batches as they come; the first one says how many features all of them have."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.shape: tuple[int, ...] | None = None
        self.n_outputs = 0

    def __call__(self, given: Any, number: int, epoch: int) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """The batch as the engine takes it, in memory of its own: who makes batches may use the same arrays again."""
        try:
            return self._checked(given)
        except InputError as error:
            raise type(error)(f"Batch {number} of epoch {epoch + 1}: {error}") from None

    def _checked(self, given: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        pair = isinstance(given, (tuple, list)) and len(given) in (2, 3)
        if not pair or not np.ndim(given[0]):
            raise DataError(
                f"expected (x, y) or (x, y, weights), got {_seen(given)}. A table of rows goes with its targets: "
                "model.fit(X, y)."
            )
        x = np.array(as_inputs(given[0], self.model.dtype))
        if self.shape is None:
            self.n_outputs, self.shape = count_outputs(self.model.network, x), x.shape[1:]
        if x.shape[1:] != self.shape:
            raise DataError(f"X has shape {x.shape}, but the rows of the first batch had shape {self.shape}.")
        y = np.array(self.model._targets(given[1], x, self.n_outputs))
        weights = check_weights(given[2] if len(given) == 3 else None, len(x), self.model.dtype)
        return x, y, None if weights is None else np.array(weights)


def _seen(given: Any) -> str:
    return f"a {type(given).__name__}" + (f" of {len(given)}" if isinstance(given, (tuple, list)) else "")
