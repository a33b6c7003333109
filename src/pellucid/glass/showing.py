"""What a notebook shows of a model, a layer, a history or a recording: its picture and the table behind it.

The HTML form holds the picture as an image, because pages that show notebooks (GitHub among them) strip SVG elements out
of HTML and leave images alone. No form holds a script, and none needs a style sheet.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from pellucid.glass import activations, histograms, network
from pellucid.glass.svg import escape
from pellucid.layer import Layer

_CELL = "text-align:right;padding:0.2em 0.7em"
_HEAD = "text-align:left;padding:0.2em 0.7em"
LARGE = 2_000_000  # parameters; of a larger model no histogram is made unasked


def bundle(svg: str, table: str, plain: str) -> dict[str, str]:
    """The forms of one picture by their media type."""
    described = re.search(r"<desc>(.*?)</desc>", svg, re.DOTALL)
    words = described[1] if described else escape("a picture")
    source = base64.b64encode(svg.encode()).decode()
    image = f'<img style="max-width:100%" alt="{words}" src="data:image/svg+xml;base64,{source}"/>'
    for cell, style in (("<td", _CELL), ('<th scope="col"', _CELL), ('<th scope="row"', _HEAD)):
        table = table.replace(f"{cell}>", f'{cell} style="{style}">')
    wide = '<div style="overflow-x:auto" tabindex="0" role="group" aria-label="The numbers">'  # scrolls on narrow pages
    page = f"{image}<details><summary>The numbers</summary>{wide}{table}</div></details>"
    return {"image/svg+xml": svg, "text/html": page, "text/plain": plain}


def of_model(model: Any) -> dict[str, str]:
    """A model: its network, its weights, its layers."""
    plain = repr(model)
    try:
        return bundle(network.draw(model), network.table(model), f"{plain}\n\n{model.summary()}")
    except Exception:  # a cell that only wants to show something must not fail
        return {"text/plain": plain}


def of_history(history: Any) -> dict[str, str]:
    """A history: the curves of its loss, and below them what was found."""
    plain = repr(history)
    if "loss" not in history.names:
        return {"text/plain": plain}
    try:
        forms = bundle(history.to_svg(), history.table(form="html"), plain)
        if history.findings:
            forms["text/html"] += history.findings.to_html()
        return forms
    except Exception:  # as above
        return {"text/plain": plain}


def of_layer(layer: Layer) -> dict[str, str]:
    """A layer: an activation's curve, the histograms of its parameters, the units of a chain; or only its line."""
    plain = repr(layer)
    try:
        if layer.layers:
            return bundle(network.draw(layer, title=type(layer).__name__), network.table(layer), plain)
        if layer.params and sum(value.size for value in layer.values().values()) <= LARGE:
            return bundle(histograms.draw(layer, title=plain), histograms.table(layer), plain)
        if not layer.params and type(layer).__name__ in activations.NAMES:
            return bundle(activations.draw([layer], title=plain), activations.table(layer), plain)
    except Exception:  # as above
        return {"text/plain": plain}
    return {"text/plain": plain}
