"""What a training run was like, epoch by epoch."""

from __future__ import annotations

from typing import Any

from pellucid.errors import InputError

Row = dict[str, float]


class History:
    """The figures of every epoch, and how the run went.

    ``history["loss"]`` is the list of one figure over the epochs; ``history.epochs`` the list of rows. Names: `epoch`,
    `loss` (training, penalties included, taken while the weights were moving), `learning_rate`, each metric, and with
    validation data the same names with ``val_`` in front (taken at the epoch's end).
    """

    def __init__(self) -> None:
        self.epochs: list[Row] = []
        self.engine = ""
        self.engine_reason = ""
        self.stopped = ""  # why training ended
        self.best_epoch: int | None = None
        self.seconds = 0.0
        self.findings: list[Any] = []  # what `fit` found to be wrong: each finding's more() says more

    def __getitem__(self, name: str) -> list[float]:
        if name not in self.names:
            raise KeyError(f"{name!r} is not in this history; it has {', '.join(self.names)}")
        return [row.get(name, float("nan")) for row in self.epochs]

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def names(self) -> list[str]:
        """The names of all figures."""
        return list({name: None for row in self.epochs for name in row})

    @property
    def last(self) -> Row:
        """The last epoch's row."""
        return self.epochs[-1] if self.epochs else {}

    def curves(self, name: str = "loss") -> dict[str, list[float]]:
        """The training and, where there is one, the validation curve of one figure."""
        named = {"training": name, "validation": f"val_{name}"}
        return {label: self[key] for label, key in named.items() if key in self.names}

    def to_svg(self, name: str = "loss", log: bool = False) -> str:
        """The curves of one figure as an SVG picture, written by pellucid itself; `log`: on a logarithmic scale."""
        from pellucid.glass import curves

        return curves.draw(self._drawable(name), title=name, y_label=name, mark=self._mark(), log=log)

    def table(self, name: str = "loss", form: str = "text") -> str:
        """The numbers behind the curves of one figure, as "text" or "html"."""
        from pellucid.glass import curves

        return curves.table(self._drawable(name), caption=name, mark=self._mark(), form=form)

    def plot(self, name: str = "loss", log: bool = False) -> Any:
        """The curves of one figure with matplotlib; returns the figure, shows nothing. Needs the extra "plot"."""
        from pellucid.glass import plots

        return plots.plot_curves(self._drawable(name), title=name, y_label=name, mark=self._mark(), log=log)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """What a notebook shows: the loss, its numbers, and what was found."""
        from pellucid.glass import showing

        return showing.of_history(self)

    def _drawable(self, name: str) -> dict[str, list[float]]:
        drawable = self.curves(name)
        if not drawable:
            has = f"it has {', '.join(self.names)}" if self.epochs else "no epoch was trained"
            raise InputError(f"There is no {name!r} in this history to draw: {has}.")
        return drawable

    def _mark(self) -> tuple[int, str] | None:
        """The best epoch, where it is one of those that are drawn."""
        best = self.best_epoch
        return (best, "best") if best is not None and 1 <= best <= len(self) else None

    def __repr__(self) -> str:
        shown = ", ".join(f"{k}={v:.4g}" for k, v in self.last.items() if k != "epoch")
        lines = "".join(f"\n  {finding.line}" for finding in self.findings)
        return f"<History of {len(self)} epochs on {self.engine or 'no engine'}: {shown}>{lines}"
