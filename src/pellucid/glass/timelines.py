"""How activations and gradients of every layer go over the epochs: a callback that records, and its pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.glass import curves
from pellucid.layers import Sequential
from pellucid.network import apart, named, own_arrays
from pellucid.randomness import Draws
from pellucid.step import Pass

MOST = 10  # layers in one picture
WHAT = {
    "activations": "output (root mean square)",
    "gradients": "gradient (root mean square)",
    "updates": "change in an epoch, as a share",
}


class Timeline:
    """A callback for `fit` that records, epoch by epoch, how large each layer's values and gradients are.

    ``timeline = Timeline(X, y)``, ``model.fit(X, y, callbacks=[timeline])``, ``timeline.to_svg("gradients")``. `X`, `y`
    as for `fit`; of more than `rows` rows an even choice is taken. Each epoch costs one pass over them. What is recorded,
    as the pass of a training step sees it: `activations`, the root mean square of each layer's output; `gradients`, that
    of the loss's gradient for all parameters of a layer; `updates`, by how much they moved in the epoch, as a share.

    Source: Glorot and Bengio, *Understanding the difficulty of training deep feedforward neural networks* (2010),
    figures 6 and 7.
    """

    def __init__(self, X: Any, y: Any, rows: int = 256) -> None:
        if isinstance(rows, bool) or not isinstance(rows, (int, np.integer)) or rows < 1:
            raise InputError(f"rows={rows!r}: expected how many rows to look at, such as 256.")
        self.X, self.y, self.rows = X, y, int(rows)
        self.activations: dict[str, list[float]] = {}
        self.gradients: dict[str, list[float]] = {}
        self.updates: dict[str, list[float]] = {}
        self._prepared: tuple[np.ndarray, Any] | None = None
        self._before: dict[str, np.ndarray] = {}

    def __call__(self, model: Any, row: dict[str, float]) -> None:
        """Record the epoch that has just ended."""
        x, y = self._data(model)
        one = Pass(apart(model.network), own_arrays(model._needs_loss().run_copy()), Draws(model.seed))
        with np.errstate(all="ignore"):
            one.run(x, y)
            for path, layer in one.network.walk():
                if path and not isinstance(layer, Sequential) and hasattr(layer, "output"):
                    self._add(self.activations, path, layer, _size(layer.output))
            for path, layer in one.network.walk():
                if layer.params:
                    self._add(
                        self.gradients, path, layer, _size(*(getattr(layer, f"d{name}") for name in layer.params))
                    )
        self._moved(one.network)

    def _moved(self, network: Any) -> None:
        now = {key: np.array(getattr(layer, name)) for key, layer, name in named(network, "params")}
        for path, layer in network.walk():
            keys = [f"{path}.{name}" if path else name for name in layer.params]
            if not keys or not self._before:
                continue
            size = _size(*(self._before[key] for key in keys))
            moved = _size(*(now[key] - self._before[key] for key in keys))
            self._add(self.updates, path, layer, moved / size if size else float("nan"))
        self._before = now

    def _data(self, model: Any) -> tuple[np.ndarray, Any]:
        if self._prepared is None:
            x = np.asarray(self.X, model.dtype)
            y = model._targets(self.y, x)
            chosen = np.unique(np.linspace(0, len(x) - 1, min(len(x), self.rows)).round().astype(int))
            self._prepared = x[chosen], y[chosen]
        return self._prepared

    @staticmethod
    def _add(record: dict[str, list[float]], path: str, layer: Any, value: float) -> None:
        record.setdefault(f"{path} {type(layer).__name__}", []).append(value)

    def to_svg(self, what: str = "activations", log: bool = True) -> str:
        """The curves of "activations", "gradients" or "updates", one a layer, as an SVG picture."""
        series, hidden = self._chosen(what)
        title = f"{what.capitalize()} by layer" + (f" ({len(series)} of {len(series) + hidden})" if hidden else "")
        return curves.draw(series, title=title, y_label=WHAT[what], log=log)

    def table(self, what: str = "activations", form: str = "html") -> str:
        """The numbers behind the curves, as "html" or "text"."""
        return curves.table(self._chosen(what)[0], caption=f"{what} by layer: {WHAT[what]}", form=form)

    def _chosen(self, what: str) -> tuple[dict[str, list[float]], int]:
        if what not in WHAT:
            raise InputError(f"{what!r} is not recorded: write one of {', '.join(WHAT)}.")
        record: dict[str, list[float]] = getattr(self, what)
        if not record:
            raise InputError(
                f"No {what} are recorded yet: model.fit(X, y, callbacks=[timeline]) for two epochs or more."
            )
        names = list(record)
        if len(names) > MOST:
            names = [names[i] for i in np.unique(np.linspace(0, len(names) - 1, MOST).round().astype(int))]
        return {name: record[name] for name in names}, len(record) - len(names)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        from pellucid.glass.showing import bundle

        what = "gradients" if self.gradients else "activations"
        if not getattr(self, what):
            return {"text/plain": repr(self)}
        return bundle(self.to_svg(what), self.table(what), self.table(what, "text"))

    def __repr__(self) -> str:
        epochs = max((len(values) for values in self.activations.values()), default=0)
        return f"<Timeline of {epochs} epochs and {len(self.activations)} layers>"


def _size(*arrays: Any) -> float:
    """The root mean square over all entries of some arrays."""
    count = sum(np.size(array) for array in arrays)
    return float(np.sqrt(sum(float(np.sum(np.square(np.asarray(array, float)))) for array in arrays) / max(count, 1)))
