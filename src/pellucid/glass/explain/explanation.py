"""An explanation: the arithmetic of one pass, to be printed, shown, set or read by a program."""

from __future__ import annotations

import functools
import json
from typing import Any

import numpy as np

from pellucid.arrays import as_json
from pellucid.glass.explain import changes, describe, loss, update, views
from pellucid.glass.explain.checks import Verdict, verify
from pellucid.glass.explain.equation import Section, View
from pellucid.glass.explain.latex import render as as_latex
from pellucid.glass.explain.page import render as as_html
from pellucid.glass.explain.record import Record
from pellucid.glass.explain.text import render as as_text
from pellucid.glass.explain.text import wrapped

LONG = 200  # lines of text after which it is said how to have fewer
# What to write to see more, or less: {layer} is the layer with the most weights.
IN_PYTHON = (
    'More: text(layer={layer}) (a layer in detail), text(units=4) or text(units="all") (all layers).',
    "Shorter: fewer units; depth=2 (no single weights) or depth=1 (the layers alone).",
)


class Explanation:
    """One pass of a model over one or a few samples, with every number behind it.

    `print(explanation)` is text for 80 columns; in a notebook it shows itself, with layers and units to open. `text`,
    `html` and `to_latex` take `units`, how many units of a layer and terms of a sum are shown (the rest is summed and
    said to be; "all" for every one), `depth` (1 layers, 2 units, 3 every weight), `digits` (decimals) and `layer`, to show
    one layer alone or a few: a number, a path such as "2.1", or a list of them. Whatever is shown has been recomputed from
    its own printed figures before; ExplanationError where that fails. `to_json` holds every number.

    `outputs` (rows, outputs); with targets: `loss`, `gradients` and, after an update, `updated`, by parameter's key.

    >>> import pellucid
    >>> from pellucid.layers import Dense
    >>> from pellucid.losses import MeanSquaredError
    >>> dense = Dense(2, 1)
    >>> dense.weights = np.array([[0.5], [-1.0]])
    >>> model = pellucid.Model(dense, loss=MeanSquaredError(), dtype="float64")
    >>> explanation = model.explain([1.0, 2.0], [0.0])
    >>> explanation.loss, explanation.gradients["0.weights"].ravel()
    (2.25, array([-3., -6.]))
    """

    def __init__(self, record: Record, name: str) -> None:
        self.record, self.name = record, name
        self.check()

    @property
    def outputs(self) -> np.ndarray:
        """What the network returned, (rows, outputs)."""
        return self.record.outputs

    @property
    def loss(self) -> float | None:
        """The mean loss of the samples, penalties included; None where a prediction is explained."""
        return None if self.record.loss is None else self.record.loss.value

    @property
    def gradients(self) -> dict[str, np.ndarray]:
        """The gradient of every parameter, by key such as "0.weights"."""
        return self.record.gradients()

    @property
    def updated(self) -> dict[str, np.ndarray]:
        """Every parameter after the update, by key; empty where none was asked for."""
        return {} if self.record.update is None else {k: p.new for k, p in self.record.update.parameters.items()}

    def check(self, units: int = 4, depth: int = 3, digits: int = 9) -> Verdict:
        """Recompute what is shown from its printed figures; ExplanationError for the first line that does not add up."""
        return self._shown(views.asked(self.record, units, depth, digits, None))[1]

    @functools.cached_property
    def _cache(self) -> dict[View, tuple[list[tuple[str, list[Section]]], Verdict]]:
        return {}

    def _shown(self, view: View) -> tuple[list[tuple[str, list[Section]]], Verdict]:
        """The parts (heading, sections), and the verdict over every line in them."""
        if view not in self._cache:
            parts = self._parts(view)
            lines = [line for _, sections in parts for section in sections for line in section.equations(view.depth)]
            self._cache[view] = parts, verify(lines, view.digits)
        return self._cache[view]

    def _parts(self, view: View) -> list[tuple[str, list[Section]]]:
        layers = list(views.chosen(self.record.layers, view))
        made = [("Forward", [describe.forward(layer, view) for layer in layers])]
        if self.record.loss is not None:
            back = [describe.backward(layer, view) for layer in reversed(layers) if views.has_backward(layer, view)]
            if layers[-1] is self.record.layers[-1]:
                made.append(("Loss", [loss.describe(self.record.loss, view)]))
                back.insert(0, loss.describe_backward(self.record.loss, view))
            made.append(("Backward", back))
        changed = self.record.update
        if changed is not None and changed.shown(view):
            made.append(("Update", [(changes if view.short else update).describe(changed, view)]))
        return made

    def _head(self, view: View) -> list[str]:
        """What is explained, in sentences."""
        rows = len(self.record.inputs)
        samples = "one sample" if rows == 1 else f"{rows} samples"
        if self.record.loss is None:
            sentences = [f"The prediction for {samples}."]
        else:
            mode = "as a step of training" if self.record.training else "as in prediction"
            sentences = [f"{samples.capitalize()}, {mode}: loss {self.record.loss.value:.9g}."]
        if rows == 1:
            sentences.append("output[0] is the first unit: the sample's own index, always 0, is left out.")
        else:
            sentences.append("output[1,0] is the first unit of sample 1.")
        sentences.append(f"Computed in float64 from the model's {self.record.dtype} values.")
        return [*sentences, views.in_short(self.record, view)] if view.short else sentences

    def _tail(self, verdict: Verdict, view: View) -> list[str]:
        """What has been checked, in sentences."""
        sentences = [verdict.in_short() if view.short else str(verdict)]
        for dtype, apart in self.record.agreement.items():
            if dtype == "float64":
                sentences.append(
                    "The factors, multiplied out from the loss to the first layer, are the library's own gradients "
                    f"(largest relative difference {apart:.1g})."
                )
            else:
                sentences.append(f"Training computes in {dtype}: there the gradients differ by {apart:.1g}.")
        return sentences

    def text(
        self, units: int | str | None = None, depth: int | None = None, digits: int | None = None, layer: Any = None,
        hints: tuple[str, str] = IN_PYTHON,
    ) -> str:  # fmt: skip
        """Plain text, at most 80 columns wide.

        Of a network that could not be worked out on paper, and without `units` or `layer`, as much as two screens hold: of
        each layer the units that the loss feels most, with 6 digits. Otherwise 4 units, depth 3, 9 digits are usual.
        `hints`: what the last line says to see more, and to see less.
        """
        if units is not None or layer is not None:
            view = views.asked(self.record, units, depth, digits, layer)
            shown = self._as_text(view)
        else:
            for view in views.candidates(self.record, depth, digits):
                shown = self._as_text(view)
                if views.fits(shown, view):
                    break
        if view.short:
            return f"{shown}\n{wrapped(hints[0].format(layer=views.widest(self.record)))}"
        return (
            f"{shown}\n{wrapped(hints[1])}"
            if shown.count("\n") > LONG and (view.depth, view.units) != (1, 1)
            else shown
        )

    def _as_text(self, view: View) -> str:
        parts, verdict = self._shown(view)
        return as_text(self.name, self._head(view), parts, self._tail(verdict, view), view)

    def html(
        self, units: int | str = 8, depth: int = 3, digits: int = 9, document: bool = False, layer: Any = None
    ) -> str:
        """HTML without any script: layers and units open and close. `document`: a whole page instead of a part of one."""
        view = views.asked(self.record, units, depth, digits, layer)
        parts, verdict = self._shown(view)
        return as_html(self.name, self._head(view), parts, self._tail(verdict, view), view, document)

    def to_latex(
        self, units: int | str = 4, depth: int = 3, digits: int = 9, document: bool = False, layer: Any = None
    ) -> str:
        r"""Aligned equations for LaTeX with amsmath. `document`: with everything around it to be compiled as it is."""
        view = views.asked(self.record, units, depth, digits, layer)
        parts, verdict = self._shown(view)
        return as_latex(self.name, self._head(view), parts, self._tail(verdict, view), view, document)

    def to_json(self, indent: int | None = None) -> str:
        """Every number, to the last bit, as JSON; `explain/record.py` says what stands where.

        ``layers``: rule, inputs, output, doutput, dinputs, parameters, gradients and the rule's own factors of each, in
        order; ``loss``: from outputs and targets to the ``doutputs`` where backward starts; ``update``; ``agreement``.
        """
        record = self.record
        made = {
            "format": "pellucid explanation 1",
            "model": self.name,
            "training": record.training,
            "dtype": record.dtype,
            "inputs": record.inputs,
            "outputs": record.outputs,
            "layers": [layer.as_dict() for layer in record.layers],
            "loss": None if record.loss is None else record.loss.as_dict(),
            "update": None if record.update is None else record.update.as_dict(),
            "agreement": record.agreement,
        }
        return json.dumps(as_json(made, null=False), indent=indent, allow_nan=False, ensure_ascii=False)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Explanation of {self.name}: print it, or show it in a notebook>"

    def _repr_html_(self) -> str:
        return self.html()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": self.text()}
