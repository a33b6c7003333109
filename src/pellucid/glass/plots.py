"""The same pictures with matplotlib, for papers and for those who go on drawing in them. Needs the extra "plot".

A figure comes back without being shown: nothing of matplotlib's global state (current figure, style, backend) is touched.
A notebook shows it when it is the cell's last value; ``figure.savefig("regions.pdf")`` writes it.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from pellucid.errors import missing_extra
from pellucid.glass import regions, sketch, surface
from pellucid.glass.colours import SERIES, UNKNOWN, style
from pellucid.glass.curves import Mark, Series, checked
from pellucid.glass.field import Field, Predict, checked_names, decided, margins, survey

_MARKERS = {
    "circle": "o", "square": "s", "triangle": "^", "diamond": "D", "wedge": "v", "plus": "P", "star": "*", "cross": "X",
}  # fmt: skip
_INK = "#1B1F24"


def plot_curves(
    series: Series, title: str, y_label: str, x_label: str = "epoch", mark: Mark | None = None, log: bool = False
) -> Any:
    """One curve a series, as a matplotlib Figure; arguments as for `pellucid.glass.curves.draw`."""
    arrays = checked(series, mark)
    figure, axes = _figure((6.8, 3.8))
    for place, (name, values) in enumerate(arrays.items()):
        colour, dash, shape = style(place)
        look = {"color": colour, "marker": _MARKERS[shape], "markevery": max(1, len(values) // 7), "markersize": 5}
        line = (0, tuple(float(part) / 2 for part in dash.split())) if dash else "-"
        shown = np.where(np.isfinite(values) & ((values > 0) | (not log)), values, np.nan)
        axes.plot(np.arange(1, len(values) + 1), shown, linestyle=line, label=_plain(name), **look)
    if mark is not None:
        axes.axvline(mark[0], color=_INK, linestyle=":", linewidth=1, label=_plain(f"{mark[1]}: {mark[0]}"))
    axes.set(title=_plain(title), xlabel=_plain(x_label), ylabel=_plain(y_label), yscale="log" if log else "linear")
    axes.grid(axis="y", color="#DDE2E7")
    axes.legend()
    return figure


def plot_regions(
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
    cells: int = 200,
) -> Any:
    """What a network of one or two inputs has learned, as a matplotlib Figure.

    Arguments and what is drawn: as for `pellucid.glass.regions.draw`, with all points.
    """
    _matplotlib()
    field = survey(predict, X, y, test, cells, task)
    labels = sketch.input_names(field, inputs)
    figure, axes = _figure((6.8, 5.0))
    if len(labels) == 1:
        _curve(axes, field, output)
        axes.set(title=_plain(title or "Fitted curve"), ylabel=_plain(output))
    elif field.classes:
        _regions(axes, field, checked_names(names, field.classes))
        axes.set(title=_plain(title or "Decision regions"), ylabel=_plain(labels[1]))
    else:
        _surface(figure, axes, field, output)
        axes.set(title=_plain(title or "Predicted value"), ylabel=_plain(labels[1]))
    axes.set_xlabel(_plain(labels[0]))
    figure.legend(loc="outside right upper" if field.classes or len(labels) == 1 else "outside lower center")
    return figure


def _matplotlib() -> Any:
    try:
        import matplotlib
    except ImportError:
        raise missing_extra("matplotlib", "plot", "Drawing with matplotlib") from None
    return matplotlib


def _figure(size: tuple[float, float]) -> tuple[Any, Any]:
    """A figure of its own, known to nobody else, with one set of axes. A notebook shows it through `_repr_png_`."""
    _matplotlib()
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=size, layout="constrained")
    figure._repr_png_ = partial(_png, figure)
    return figure, figure.add_subplot()


def _png(figure: Any) -> bytes:
    memory = io.BytesIO()
    figure.savefig(memory, format="png")
    return memory.getvalue()


def _plain(words: Any) -> str:
    """Text that matplotlib shows as it is: a dollar sign would begin a formula, an underscore hides a legend's row."""
    escaped = str(words).replace("$", r"\$")
    return "\u200b" + escaped if escaped.startswith("_") else escaped


def _extent(field: Field) -> tuple[float, ...]:
    return (*field.limits[0], *field.limits[1])


def _lines(axes: Any, values: list[np.ndarray], field: Field) -> None:
    """The lines along which functions on the grid are 0."""
    from pellucid.glass.contour import zero_lines

    (left, right), (low, high) = field.limits
    up, across = field.outputs.shape[:2]
    for line in [line for value in values for line in zero_lines(value)]:
        places = (line + 0.5) * ((right - left) / across, (high - low) / up) + (left, low)
        axes.plot(*places.T, color=_INK, linewidth=1.2)


def _regions(axes: Any, field: Field, names: list[str]) -> None:
    shades = regions.class_palette()[regions.class_shades(field.outputs)]
    axes.imshow(shades, origin="lower", extent=_extent(field), aspect="auto", interpolation="nearest")
    _lines(axes, margins(field.outputs), field)
    for group, name in enumerate(names):
        colour, _, shape = style(group)
        for test in (False, True):
            mine = (field.y == group) & (field.test == test)
            if mine.any():
                look = (
                    {"facecolors": "white", "edgecolors": colour}
                    if test
                    else {"facecolors": colour, "edgecolors": _INK}
                )
                words = _plain(f"{name} (test)" if test else name)
                axes.scatter(
                    *field.x[mine].T, s=22, marker=_MARKERS[shape], linewidths=0.9, label=words, zorder=3, **look
                )
    if field.wrong.any():
        look = {"facecolors": "none", "edgecolors": _INK}
        axes.scatter(*field.x[field.wrong].T, s=90, linewidths=1, label="wrong", zorder=4, **look)
    if (decided(field.outputs) < 0).any():
        axes.scatter([], [], marker="s", s=60, color=UNKNOWN, label="no number (NaN)")


def _surface(figure: Any, axes: Any, field: Field, output: str) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize

    low, high = surface.value_limits(field)
    table = surface.value_colours(np.linspace(low, high, 255), low, high) / 255.0
    colours = ListedColormap(table).with_extremes(bad=UNKNOWN)
    scale = Normalize(low, high)
    values = np.ma.masked_invalid(field.outputs[..., 0])
    look: dict[str, Any] = {"cmap": colours, "norm": scale}
    axes.imshow(values, origin="lower", extent=_extent(field), aspect="auto", **look)
    if low < 0.0 < high:
        _lines(axes, [field.outputs[..., 0]], field)
    for test, words in ((False, "training"), (True, "test")):
        mine = (field.test == test) & np.isfinite(field.y)
        if mine.any():
            shape = {"marker": "D", "label": words} if test else {"marker": "o", "label": words}
            axes.scatter(
                *field.x[mine].T, c=field.y[mine], s=24, edgecolors=_INK, linewidths=0.8, zorder=3, **shape, **look
            )
    figure.colorbar(ScalarMappable(scale, colours), ax=axes, label=_plain(output))


def _curve(axes: Any, field: Field, output: str) -> None:
    for test, words in ((False, "training"), (True, "test")):
        mine = field.test == test
        if mine.any():
            fill = "white" if test else SERIES[0]
            axes.scatter(field.x[mine, 0], field.y[mine], s=22, facecolors=fill, edgecolors=SERIES[0], label=words)
    (low, high), values = field.limits[0], field.outputs[:, 0]
    x = low + (np.arange(len(values)) + 0.5) * (high - low) / len(values)
    axes.plot(x, values, color=SERIES[1], linewidth=2, label=_plain(f"predicted {output}"))
