"""What a training run was like, epoch by epoch."""

from __future__ import annotations

from typing import Any

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

    def to_svg(self, name: str = "loss") -> str:
        """The curves of one figure as an SVG picture, written by pellucid itself."""
        from pellucid.glass import curves

        mark = (self.best_epoch, "best") if self.best_epoch is not None else None
        return curves.draw(self.curves(name), title=name, y_label=name, mark=mark)

    def plot(self, name: str = "loss") -> Any:
        """The curves of one figure with matplotlib; returns the figure. Needs the extra "plot"."""
        from pellucid.glass import plots

        return plots.plot_curves(self.curves(name), title=name, y_label=name)

    def __repr__(self) -> str:
        shown = ", ".join(f"{k}={v:.4g}" for k, v in self.last.items() if k != "epoch")
        return f"<History of {len(self)} epochs on {self.engine or 'no engine'}: {shown}>"
