"""What a network of one or two inputs has learned, as one SVG picture: decision regions, a surface, a fitted curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.glass import sketch, surface
from pellucid.glass.axes import Scale, frame
from pellucid.glass.colours import SERIES, UNKNOWN, rgb, style
from pellucid.glass.contour import zero_lines
from pellucid.glass.field import Field, Predict, certainty, checked_names, decided, margins, survey
from pellucid.glass.svg import document, marker, tag

_LEVELS = 16  # shades of one class, from a mere guess to certainty
_FAINT, _STRONG = 0.10, 0.46  # opacity of the first and the last
_NAMED = 12  # classes that the legend has room for


def draw(
    predict: Predict,
    X: Any,
    y: Any,
    *,
    test: tuple[Any, Any] | None = None,
    names: Sequence[Any] | None = None,
    inputs: Sequence[Any] | None = None,
    output: str = "value",
    title: str | None = None,
    task: str | None = None,
    cells: int = 128,
    max_points: int = 1500,
) -> str:
    """The picture of `predict` (such as ``model.predict``) over its inputs, with the points `X` (n, 1 or 2), `y`.

    Two inputs and classes: the region of each class, stronger where the network is surer, with the borders between
    them; points have shape and colour of their class, filled if trained on, hollow if in `test` = (X_test, y_test),
    ringed where the network is wrong. Two inputs and values: the surface in colours, points in the colour of their own
    value. One input: the fitted curve. Where `predict` returns NaN the picture is grey.

    `names` of the classes, `inputs` and `output` of the axes; `task` and `cells` as for `pellucid.glass.field.survey`;
    of more than `max_points` points an even choice is drawn (the counts are of all). InputError where no picture is
    possible.
    """
    field = survey(predict, X, y, test, cells, task)
    labels = sketch.input_names(field, inputs)
    shown = sketch.chosen(len(field.x), max_points)
    if field.x.shape[1] == 1:
        return surface.draw_curve(field, shown, labels[0], output, title or "Fitted curve")
    if field.classes:
        return _regions(field, shown, labels, checked_names(names, field.classes), title or "Decision regions")
    return surface.draw_surface(field, shown, labels, output, title or "Predicted value")


# -- classes over two inputs -----------------------------------------------------------------------------------------


def class_palette() -> np.ndarray:
    """Colour and opacity of every shade: (256, 4) uint8, `_LEVELS` of them a colour, the last for "no number"."""
    palette = np.zeros((256, 4), np.uint8)
    opacity = np.rint(np.linspace(_FAINT, _STRONG, _LEVELS) * 255)
    for turn, colour in enumerate(SERIES):
        palette[turn * _LEVELS : (turn + 1) * _LEVELS, :3] = rgb(colour)
        palette[turn * _LEVELS : (turn + 1) * _LEVELS, 3] = opacity
    palette[sketch.LAST] = (*rgb(UNKNOWN), 140)  # rings must show on it on light and on dark pages
    return palette


def class_shades(outputs: np.ndarray) -> np.ndarray:
    """The palette's place of every cell, (cells up, cells across) uint8."""
    labels = decided(outputs)
    level = np.rint(certainty(outputs) * (_LEVELS - 1)).astype(int)
    return np.where(labels < 0, sketch.LAST, (labels % len(SERIES)) * _LEVELS + level).astype(np.uint8)


def _regions(field: Field, shown: np.ndarray, inputs: list[str], names: list[str], title: str) -> str:
    x, y = sketch.scales(field)
    labels = decided(field.outputs)
    lines = [line for margin in margins(field.outputs) for line in zero_lines(margin)]
    body = [sketch.heading(title), sketch.cell_map(class_shades(field.outputs), class_palette(), x, y)]
    body += [
        sketch.borders(lines, labels.shape, x, y),
        *frame(x, y, inputs[0], inputs[1], grid=False),
        sketch.box(x, y),
    ]
    radius = sketch.radius(len(shown))
    for part in range(4):  # in turns, so that no class hides the others
        for group in range(field.classes):
            body += _class_points(field, shown[part::4], group, radius, x, y)
    wrong = sketch.pixels(field, shown[field.wrong[shown]], x, y)
    if wrong:
        body.append(_ring("".join(marker("circle", a, b, radius + 3) for a, b in wrong)))
    rows = [_class_row(number, name) for number, name in enumerate(names[:_NAMED])]
    rows += [("", f"and {len(names) - _NAMED} more")] if len(names) > _NAMED else []
    rows += sketch.kind_rows(field) + ([sketch.border_row("border")] if lines else [])
    rows += [(_ring(marker("circle", 0, 0, 6)), "wrong")] if field.wrong.any() else []
    rows += sketch.unknown_row(bool((labels < 0).any()), UNKNOWN) + [("", words) for words in _scores(field)]
    body += sketch.legend(rows, x.end + 26)
    return document(sketch.WIDTH, sketch.HEIGHT, title, _words(field, labels, inputs, names, len(shown)), body)


def _ring(path: str) -> str:
    return tag("path", d=path, fill="none", stroke="ink", stroke_width=1.2)


def _class_points(field: Field, rows: np.ndarray, group: int, radius: float, x: Scale, y: Scale) -> list[str]:
    colour, _, shape = style(group)
    parts = []
    for test in (False, True):
        chosen = rows[(field.y[rows] == group) & (field.test[rows] == test)]
        path = "".join(marker(shape, a, b, radius) for a, b in sketch.pixels(field, chosen, x, y))
        if path and test:
            parts.append(tag("path", d=path, fill="panel", stroke=colour, stroke_width=1.6))
        elif path:
            parts.append(tag("path", d=path, fill=colour, stroke="ink", stroke_width=0.7))
    return parts


def _class_row(number: int, name: str) -> tuple[str, str]:
    colour, _, shape = style(number)
    return tag("path", d=marker(shape, 0, 0, 5), fill=colour, stroke="ink", stroke_width=0.7), name


def _scores(field: Field, exact: bool = False) -> list[str]:
    """How many points are right, for the training and the test data."""
    words = []
    for test, name in ((False, "training"), (True, "test")):
        mine = field.test == test
        if mine.any():
            right = int((~field.wrong[mine]).sum())
            words.append(
                f"{name}: {right} of {mine.sum()} right" if exact else f"{name}: {right / mine.sum():.1%} right"
            )
    return words if field.test.any() else [words[0].removeprefix("training: ")]


def _words(field: Field, labels: np.ndarray, inputs: list[str], names: list[str], shown: int) -> str:
    """The picture in words."""
    sentences = [f"Decision regions of {len(names)} classes over {sketch.ranges(field, inputs)}."]
    for group, name in enumerate(names[:_NAMED]):
        sentences.append(f"{name}: {(labels == group).mean():.0%} of the area, {int((field.y == group).sum())} points.")
    sentences.append(f"Points: {', '.join(_scores(field, exact=True))}; wrong ones are ringed.")
    if (labels < 0).any():
        sentences.append(f"In {(labels < 0).mean():.0%} of the area the network returns no number.")
    return " ".join([*sentences, *sketch.thinned(field, shown)])
