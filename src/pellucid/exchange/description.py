"""Layers, losses, optimisers, schedules and initializers as known names with numbers, and back.

Nothing in a description is ever run. A name is looked up among pellucid's own parts or, where it stands behind "own ",
among the classes that the reader hands over: a class of the user's is never mistaken for one of pellucid's. An unknown
name is an error, and there is no laxer reader to fall back to.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from pellucid import __version__, initializers, layers, losses, metrics, optimizers, schedules
from pellucid.errors import FileError, InputError, PellucidError
from pellucid.layer import Layer, call_by_name
from pellucid.losses import Loss
from pellucid.optimizers import Optimizer
from pellucid.schedules import Schedule

Makers = dict[str, dict[str, Any]]

OWN = "own "
_BASES: dict[str, type] = {"layer": Layer, "loss": Loss, "optimizer": Optimizer, "schedule": Schedule}
KNOWN: Makers = {
    "layer": {name: getattr(layers, name) for name in layers.__all__ if name != "Layer"},
    "loss": {name: getattr(losses, name) for name in losses.__all__ if name != "Loss"},
    "optimizer": {name: getattr(optimizers, name) for name in optimizers.__all__ if name != "Optimizer"},
    "schedule": dict(schedules.BY_NAME),
    "initializer": dict(initializers.BY_NAME),
    "metric": dict(metrics.by_name),
}
# What may stand among the arguments of what: a file cannot hide a layer where nobody counts its weights.
_INSIDE = {
    "layer": ("layer", "initializer"), "loss": ("loss",), "optimizer": ("schedule",), "schedule": ("schedule",),
}  # fmt: skip
_DEEPEST = 50


def describe(thing: Any) -> Any:
    """A part of a model, or a plain value, as JSON: names, numbers, text and lists."""
    for kind, base in _BASES.items():
        if isinstance(thing, base):
            arguments = thing.config()  # type: ignore[attr-defined]
            return {kind: _name(kind, thing), "arguments": {key: describe(value) for key, value in arguments.items()}}
    if isinstance(thing, initializers._Named):
        return {"initializer": thing.name, "arguments": {key: describe(value) for key, value in thing.settings.items()}}
    if isinstance(thing, (tuple, list)):
        return [describe(value) for value in thing]
    if isinstance(thing, np.generic):
        thing = thing.item()
    if thing is None or isinstance(thing, (bool, int, float, str)):
        return thing
    raise InputError(
        f"{thing!r} cannot be saved: a model file holds numbers, text, tuples of them, layers, losses, optimisers, "
        "schedules and named initializers. Replace your function by a named one, or save model.values() yourself."
    )


def is_known(kind: str, thing: Any) -> bool:
    """Whether `thing` is pellucid's own, and not a class of the user's, even of the same name."""
    return KNOWN[kind].get(type(thing).__name__) is type(thing)


def _name(kind: str, thing: Any) -> str:
    return type(thing).__name__ if is_known(kind, thing) else OWN + type(thing).__name__


def makers_with(custom: Iterable[Any]) -> Makers:
    """The known parts and the user's `custom` ones: classes of layers, losses, optimisers, schedules; metrics."""
    makers = {kind: dict(known) for kind, known in KNOWN.items()}
    for part in custom:
        kinds = [kind for kind, base in _BASES.items() if isinstance(part, type) and issubclass(part, base)]
        if not kinds and not callable(part):
            raise InputError(
                f"custom=[{part!r}]: expected your own classes of layers, losses, optimisers or schedules, or metric "
                "functions, as in custom=[Square]."
            )
        kind = kinds[0] if kinds else "metric"
        makers[kind][OWN + getattr(part, "__name__", type(part).__name__)] = part
    return makers


def check_description(text: Any, held: int) -> None:
    """Refuse a description that is nested too deep, or asks for more numbers than the `held` ones of the file's arrays.

    Before anything is made of it: a layer allocates its weights when it is made.
    """
    if _asked(text, 0) > held:
        raise FileError("The file describes a larger network than the arrays it holds.")


def _asked(text: Any, depth: int) -> int:
    if depth > _DEEPEST:
        raise FileError(f"The file nests layers more than {_DEEPEST} deep.")
    if isinstance(text, list):
        return sum(_asked(value, depth + 1) for value in text)
    if not isinstance(text, dict):
        return 0
    size = sum(_asked(value, depth + 1) for value in text.values())
    arguments = text.get("arguments")
    if isinstance(arguments, dict) and isinstance(text.get("layer"), str) and not text["layer"].startswith(OWN):
        counts = [value for key, value in arguments.items() if key.startswith("n_") and type(value) is int]
        product = 1 if counts else 0
        for count in counts:
            product *= max(count, 1)
        size += product
    return size


def rebuild(text: Any, makers: Makers, kinds: tuple[str, ...]) -> Any:
    """The inverse of `describe`; a part must be of one of `kinds`."""
    if isinstance(text, list):
        return tuple(rebuild(value, makers, kinds) for value in text)
    if not isinstance(text, dict):
        return text
    found = [kind for kind in kinds if kind in text]
    if len(found) != 1 or set(text) != {found[0], "arguments"} or not isinstance(text["arguments"], dict):
        raise FileError(f"The file describes something that is not known: {str(text)[:80]}")
    kind = found[0]
    maker = look_up(kind, text[kind], makers)
    inside = _INSIDE.get(kind, ())
    arguments = {key: rebuild(value, makers, inside) for key, value in text["arguments"].items()}
    try:
        return call_by_name(maker, arguments)
    except PellucidError:
        raise
    except (TypeError, ValueError, AttributeError, ArithmeticError, LookupError) as error:
        raise FileError(f"The file's arguments do not fit {str(text[kind])[:60]}: {str(error)[:120]}") from None


def rebuild_one(text: Any, makers: Makers, kind: str) -> Any:
    """The part of `kind` that `text` describes, and nothing else: no number, no list of parts."""
    if not isinstance(text, dict):
        raise FileError(f"The file describes no {kind} where one belongs: {str(text)[:80]}")
    return rebuild(text, makers, (kind,))


def look_up(kind: str, name: Any, makers: Makers) -> Any:
    """The class or function of a name, or a sentence."""
    if isinstance(name, str) and name in makers[kind]:
        return makers[kind][name]
    shown, hint = str(name)[:60], "A newer version may know it."
    if shown.startswith(OWN):
        shown = shown.removeprefix(OWN)
        example = shown if shown.isidentifier() else "..."  # what a file holds is not printed as it is
        hint = f"It was a class or function of its writer: write pellucid.load(path, custom=[{example}])."
    raise FileError(f"The file holds the {kind} {shown!r}, which pellucid {__version__} does not know. {hint}")
