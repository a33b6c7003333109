"""Arrays that know where their first NaN or infinity came from.

A `Watched` array is a NumPy array that sees every operation it takes part in. Where finite values give one that is not
finite, an `Event` is noted with the line of code and the values; whatever is computed from it carries that event on, so
that a loss of NaN can be asked for its origin. A NaN that is thrown away again (`np.where(x > 0, np.log(x), 0)`) is
carried nowhere and blamed for nothing.
"""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.glass.nonfinite.operations import WORDS, Name, Told, tell

_OURS, _NUMPY = os.path.dirname(__file__), os.path.dirname(np.__file__)
_UNSEEN = "unseen"


@dataclass
class Place:
    """What runs: a layer, loss or optimiser with its path, and the phase of the step."""

    phase: str  # "input", "parameters", "forward", "loss", "backward" or "update"
    path: str
    part: Any
    param: str = ""  # in an update: the name of the parameter, ...
    layer: Any = None  # ... and the layer that has it


@dataclass
class Event:
    """Finite values became one that is not finite, or (where `told` has no operands) one came in from outside."""

    number: int
    place: Place
    operation: str
    told: Told
    line: str = ""


class Watched(np.ndarray):
    """See the module. `watch`: who is told; `origin`: the event that its non-finite values come from, if any."""

    watch: Watch | None = None
    origin: Event | None = None

    def __array_finalize__(self, other: Any) -> None:
        if other is not None:
            self.watch, self.origin = getattr(other, "watch", None), getattr(other, "origin", None)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        watch = _watch_of((*inputs, *(out or ())))
        name = ufunc.__name__ if method in ("__call__", "at") else f"{ufunc.__name__}.{method}"
        return watch.call(name, getattr(ufunc, method), inputs, kwargs, out, in_place=method == "at")

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        kwargs = dict(kwargs)
        out = kwargs.pop("out", None)
        watch = _watch_of(tuple(_arrays((args, kwargs))))
        return watch.call(function.__name__, function, args, kwargs, None if out is None else (out,), False, out)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, bare(value))
        if self.watch is not None and self.dtype.kind == "f":
            event = self.watch.origin(value) if isinstance(value, np.ndarray) else None
            self.origin = (event or self.origin) if not np.isfinite(bare(self)).all() else None

    def dot(self, other: Any, out: Any = None) -> Any:
        """As a function, so that it is seen."""
        return np.dot(self, other) if out is None else np.dot(self, other, out=out)


def bare(value: Any) -> Any:
    """`value` with every watched array in it as a plain one."""
    if isinstance(value, Watched):
        return value.view(np.ndarray)
    if type(value) in (list, tuple):
        return type(value)(bare(item) for item in value)
    if type(value) is dict:
        return {key: bare(item) for key, item in value.items()}
    return value


def _arrays(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _arrays(item)
    elif isinstance(value, dict):
        yield from _arrays(list(value.values()))


def _watch_of(values: tuple[Any, ...]) -> Watch:
    return next((value.watch for value in values if isinstance(value, Watched) and value.watch), Watch())


def _broken(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and not np.isfinite(value).all()


class Watch:
    """Everything that is known of one step while it runs."""

    def __init__(self, rows: np.ndarray | None = None) -> None:
        self.rows = rows  # which rows of X the batch consists of
        self.events: list[Event] = []
        self.places = [Place("forward", "", None)]
        self.given: list[dict[int, str]] = [{}]  # what runs was given, by address
        # By address, with the arrays, so that no other gets their address:
        self.known: dict[int, tuple[Event, np.ndarray]] = {}  # plain ones that a watched one was written into
        self.names: dict[int, tuple[Name, np.ndarray]] = {}  # what they are called

    @contextmanager
    def at(self, place: Place, **given: Any) -> Iterator[None]:
        """While `place` runs on what it is given, by name."""
        self.places.append(place)
        self.given.append({_address(value): name for name, value in given.items() if isinstance(value, np.ndarray)})
        try:
            yield
        finally:
            self.places.pop()
            self.given.pop()

    def take(self, value: Any, name: str = "", phase: str = "", per_row: bool = False) -> Any:
        """An array or number as a watched one.

        `name`: what it is called; `phase`: note what is broken already; `per_row`: whether its first axis is the batch.
        """
        if isinstance(value, np.floating):
            value = np.asarray(value)
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiub":
            return value
        event = self.origin(value)
        seen = value.view(Watched)
        seen.watch, seen.origin = self, event
        if name:
            self.names[_address(value)] = Name(name, rows=self.rows if per_row else None, fixed=not per_row), value
        if phase and event is None and _broken(bare(value)):
            here = self.places[-1]
            with self.at(Place(phase, here.path, here.part, here.param)):
                seen.origin = self._note("", [], bare(value), line=False)
        return seen

    def origin(self, value: Any) -> Event | None:
        """The event that a value comes from."""
        event = getattr(value, "origin", None)
        if event is not None or not self.known or not isinstance(value, np.ndarray):
            return event
        return self.known.get(_address(value), (None,))[0]

    def settle(self, value: Any) -> Any:
        """What a method returned, watched from here on; blamed on it where nobody saw it break."""
        seen = self.take(value)
        if isinstance(seen, Watched) and seen.origin is None and _broken(bare(seen)):
            seen.origin = self._note(_UNSEEN, [], bare(seen), line=False)
        return seen

    def call(
        self,
        name: str,
        function: Callable[..., Any],
        args: Any,
        kwargs: Any,
        out: Any,
        in_place: bool,
        target: Any = None,
    ) -> Any:
        """Run an operation on plain arrays and look at what it gives. `target`: the `out` that a function takes."""
        written = [bare(value) for value in out or () if value is not None] + ([bare(args[0])] if in_place else [])
        plain = [_kept(bare(value), written) for value in args] if written else bare(args)
        kwargs = bare(kwargs)
        given = bare(args) if written else plain
        with np.errstate(all="ignore"):
            if target is not None:
                kwargs = {**kwargs, "out": bare(target)}
            elif out is not None:
                kwargs = {**kwargs, "out": tuple(bare(value) for value in out)}
            result = function(*given, **kwargs)
        sources = [value for value in _arrays((args, kwargs)) if value.dtype.kind == "f"]
        if in_place:
            self._mark(args[0], name, sources, plain)
            return result
        if out is not None:
            for value in out:
                self._mark(value, name, sources, plain)
            return out[0] if len(out) == 1 else out
        return self._wrap(result, name, sources, plain)

    def _wrap(self, result: Any, name: str, sources: list[np.ndarray], plain: Any) -> Any:
        if type(result) in (tuple, list):
            return type(result)(self._wrap(value, name, sources, plain) for value in result)
        if isinstance(result, np.floating):
            result = np.asarray(result)
        if not isinstance(result, np.ndarray):
            return result
        seen = result.view(Watched)
        seen.watch, seen.origin = self, None
        self._mark(seen, name, sources, plain)
        return seen

    def _mark(self, result: Any, name: str, sources: list[np.ndarray], plain: Any) -> None:
        """Give `result` its origin, which is a new event where all that went in was finite."""
        broken = _broken(bare(result)) and name not in ("empty_like", "empty")
        event = self._blamed(name, sources, plain, bare(result)) if broken else None
        if isinstance(result, Watched):
            result.origin = event
        elif event is not None:
            self.known[_address(result)] = event, result

    def _blamed(self, name: str, sources: list[np.ndarray], plain: Any, result: np.ndarray) -> Event:
        before = [value for value in _arrays(plain) if value.dtype.kind == "f"]
        broken = [source for source, was in zip(sources, before, strict=False) if _broken(was)]
        events = [event for event in map(self.origin, broken) if event is not None]
        if events:
            return min(events, key=lambda event: event.number)
        return self._note(_UNSEEN if broken else name, [] if broken else plain, result)

    def _note(self, name: str, operands: Any, result: np.ndarray, line: bool = True) -> Event:
        place = self.places[-1]
        told = tell(name, operands, result, None if place.phase == "update" else self.rows, self._name)
        event = Event(len(self.events), place, WORDS.get(name, name), told, _line() if line else "")
        self.events.append(event)
        return event

    def _name(self, array: np.ndarray) -> Name:
        """What an array is called: its own name in the step, or that of the attribute it is kept under."""
        address, part = _address(array), self.places[-1].part
        known, value = self.names.get(address, (None, array))
        if known is None:
            of_part = vars(part).items() if hasattr(part, "__dict__") else ()
            kept = [(key, one) for key, one in of_part if isinstance(one, np.ndarray) and _address(one) == address]
            key = self.given[-1].get(address, "")
            key, value = next(((k, one) for k, one in kept if one.size == array.size), (key, array))
            batched = self.rows is not None and value.ndim > 0 and len(value) == len(self.rows)
            known = Name(key, rows=self.rows if batched and self.places[-1].phase != "update" else None)
        if value.shape == array.shape and value.strides == array.strides:
            return known
        turned = array.ndim == 2 and value.shape == array.shape[::-1] and value.strides == array.strides[::-1]
        return replace(known, turned=True) if turned else Name()


def _address(value: np.ndarray) -> int:
    return int(value.__array_interface__["data"][0]) if value.size else 0


def _kept(value: Any, written: list[np.ndarray]) -> Any:
    """A copy of what the operation is about to write over."""
    touched = isinstance(value, np.ndarray) and any(np.may_share_memory(value, out) for out in written)
    return value.copy() if touched else value


def _line() -> str:
    """The line of the layer's code that runs: the innermost that is neither NumPy's nor this package's."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith((_OURS, _NUMPY)):
        frame = frame.f_back
    name, number = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(name, number).strip()
    file = "the cell" if "ipykernel" in name or name.startswith("<ipython") else os.path.basename(name)
    return f"line {number} of {file}" + (f": {text}" if text else "")
