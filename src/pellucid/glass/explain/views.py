"""How much of an explanation is shown: what was asked for or, of networks of some size, what can be read at a glance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.glass.explain.equation import View
from pellucid.glass.explain.record import LayerRecord, Record

_LINES = 125  # of the short form: about two screens
_BY_HAND = 24  # parameters; up to here everything is shown, as one works it out on paper
_MOST = 4096

# From the fullest to the shortest: (units, depth)
_SHORTER = ((4, 3), (3, 3), (2, 3), (1, 3), (1, 2), (1, 1))


def asked(record: Record, units: Any, depth: Any, digits: Any, layer: Any) -> View:
    """The view with these settings; InputError where one cannot be shown. `units`: a number, or "all". None: as usual."""
    units, depth, digits = (usual if value is None else value for value, usual in ((units, 4), (depth, 3), (digits, 9)))
    if isinstance(units, str) and units == "all":
        units = max(_MOST, *(array.size for one in record.walk() for array in (one.inputs, one.output)))
    else:
        _check("units", units, _MOST, ' or "all"')
    _check("depth", depth, 3)
    _check("digits", digits, 12, low=2)
    return View(int(units), int(depth), int(digits), layers=_paths(record, layer))


def _check(name: str, value: Any, high: int, other: str = "", low: int = 1) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
        raise InputError(f"{name}={value!r}: expected a whole number from {low} to {high}{other}.")


def _paths(record: Record, layer: Any) -> tuple[str, ...]:
    """The paths of the layers asked for: a number, a path such as "2.1", or several of them."""
    if layer is None:
        return ()
    known = [one.path for one in record.walk()]
    several = layer if isinstance(layer, (tuple, list, set, range)) else (layer,)
    for path in several:
        if isinstance(path, bool) or str(path) not in known:
            raise InputError(f"layer={path!r}: expected one of this network's layers, {', '.join(known)}.")
    return tuple(str(path) for path in several)


def chosen(layers: Iterable[LayerRecord], view: View) -> Iterator[LayerRecord]:
    """The layers to show, those inside others by themselves where they alone are asked for."""
    for layer in layers:
        if not view.layers or layer.path in view.layers:
            yield layer
        else:
            yield from chosen(layer.layers, view)


def has_backward(layer: LayerRecord, view: View) -> bool:
    """Whether a layer's backward is described; of one that is a part of the loss, the short form says so there."""
    return layer.doutput is not None or (layer.fused and not view.short)


def fits(text: str, view: View) -> bool:
    """Whether a text is short enough; twice as long is, where nothing would be left otherwise but the layers' names."""
    return text.count("\n") < (_LINES if view.depth == 3 else 2 * _LINES)


def candidates(record: Record, depth: Any, digits: Any) -> list[View]:
    """The views to choose from where it was not said how many units are wanted: the first that is short enough."""
    usual = asked(record, None, depth, digits, None)
    if sum(gradient.size for gradient in _parameters(record)) <= _BY_HAND:
        return [usual]
    return [View(units, deep, digits or 6, short=True) for units, deep in _SHORTER if depth in (None, deep)]


def _parameters(record: Record) -> Iterator[np.ndarray]:
    for layer in record.walk():
        for name in layer.layer.params:
            yield np.asarray(getattr(layer.layer, name))


def widest(record: Record) -> str:
    """The path of the layer to look at next: that with the most parameters."""

    def size(layer: LayerRecord) -> int:
        return sum(np.asarray(getattr(layer.layer, name)).size for name in layer.layer.params)

    return max(record.walk(), key=size).path


def in_short(record: Record, view: View) -> str:
    """What the short form leaves out, in a sentence."""
    if view.depth == 1:
        return "Short form: the layers alone."
    one = view.units == 1
    units = "unit" if one else f"{view.units} units"
    which = "that the loss depends on most" if record.loss is not None else f"of the largest output{'' if one else 's'}"
    terms = f"of each sum the {max(view.units, 2)} largest terms, the others as one number"
    return f"Short form: of each layer the {units} {which}, {terms}.{' No single weights.' if view.depth == 2 else ''}"
