"""Figures and sentences as a reader wants them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.glass.diagnose.curves import APART, FLATTENED, RISEN, UNDER

SHARES = {"accuracy", "balanced_accuracy", "binary_accuracy", "all_right", "precision", "recall", "f1", "coverage"}
ERRORS = {"loss", "rmse", "mae", "log_loss"}  # the smaller, the better
_NAMES = {
    "r2": "R²", "rmse": "root mean squared error", "mae": "mean absolute error", "f1": "F1", "loss": "loss",
    "all_right": "rows with every target right",
}  # fmt: skip
_DECIMALS = re.compile(r"-?\d{1,9}\.\d{5,40}", re.ASCII)
UNKNOWN = "–"


def metric_name(metric: str) -> str:
    """A metric's name in a sentence; "r2 of price" is that of one target."""
    kind, of, target = metric.partition(" of ")
    return _NAMES.get(kind, kind.replace("_", " ")) + of + target


def title(words: str) -> str:
    """With a capital at the beginning, the rest as it is."""
    return words[:1].upper() + words[1:]


def kind(metric: str) -> str:
    """What a metric counts: "r2 of price" is an "r2"."""
    return metric.partition(" of ")[0]


def plain(value: Any) -> str:
    """A text or a number, with four digits that count; those before the point are all written."""
    if value is None:
        return UNKNOWN
    if isinstance(value, str):
        return value
    if isinstance(value, int) or (1e3 <= abs(value) < 1e12) or (abs(value) < 1e3 and float(value).is_integer()):
        return f"{round(value):,}"
    return f"{value:.4g}"


def share(value: float | None, digits: int = 1) -> str:
    """A share as per cent."""
    return UNKNOWN if value is None else f"{100 * value:.{digits}f} %"


def score(metric: str, value: float | None) -> str:
    """A score in the form that its metric is read in."""
    if value is None:
        return UNKNOWN
    return share(value) if kind(metric) in SHARES else f"{value:.3f}" if kind(metric) == "r2" else plain(value)


def gain(metric: str, value: float | None) -> str:
    """A difference of two scores; between shares, in percentage points."""
    if value is None:
        return UNKNOWN
    return f"{100 * value:.1f} points" if kind(metric) in SHARES else score(metric, value)


def gain_span(metric: str, low: float | None, high: float | None) -> str:
    """The interval of a difference, or nothing."""
    if low is None or high is None:
        return ""
    low_words = f"{100 * low:.1f}" if kind(metric) in SHARES else score(metric, low)
    return f"{low_words} to {gain(metric, high)}"


def sentence(words: str) -> str:
    """`words` with a capital at the beginning and a full stop at the end."""
    words = words.strip()
    return title(words) + ("" if words[-1:] in ".!?" else ".") if words else ""


def short(words: str, most: int = 24) -> str:
    """`words`, cut where they are long; of a number with many decimals, the digits that count."""
    if _DECIMALS.fullmatch(words):
        return f"{float(words):.5g}" if abs(float(words)) < 1e5 else f"{float(words):.0f}"
    return words if len(words) <= most else words[: most - 1] + "…"


def unit(metric: str) -> float:
    """What a score is multiplied with on an axis: shares are drawn as per cent."""
    return 100.0 if kind(metric) in SHARES else 1.0


def span(metric: str, low: float | None, high: float | None) -> str:
    """An interval, or nothing."""
    return "" if low is None or high is None else f"{score(metric, low)} to {score(metric, high)}"


def counted(number: int | None, one: str, many: str = "") -> str:
    """A number with its noun."""
    return "" if number is None else f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: Sequence[str], most: int = 12) -> str:
    """Names after one another, the rest counted."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def cut(count: int, most: int) -> str:
    """What a table's caption says where it does not hold everything."""
    return f" (the first {most:,} of {count:,})" if count > most else ""


def story(train: Sequence[float], valid: Sequence[float], best: int | None) -> list[str]:
    """What the curves say of over- and underfitting, in sentences.

    The thresholds are those of `diagnose`. Their unit there is the loss of the best constant answer; a file of a model
    holds no rows to compute it from, and the loss of the first epoch stands in: not much above it where a first epoch
    teaches little, and far below where it has very many steps, which is why underfitting is said with a condition.
    """
    losses, others = np.asarray(train, float), np.asarray(valid, float)
    if not len(losses) or not np.isfinite(losses).all() or (len(others) and not np.isfinite(others).all()):
        return ["Some epochs have no finite loss: nothing is said of over- or underfitting."] if len(losses) else []
    if len(losses) < 3:
        return ["Too few epochs to say anything of over- or underfitting."]
    if not len(others):
        return [*_alone(losses), "No validation rows were set aside, so overfitting could not be seen here."]
    unit = max(float(losses[0]), float(others[0]), 1e-300)
    at = (best or int(others.argmin()) + 1) - 1
    said = [f"The validation loss is lowest in epoch {at + 1} of {len(others)}: {plain(float(others[at]))}."]
    window = max(1, len(others) // 10)
    smooth = np.convolve(others / unit, np.ones(window) / window, "valid")
    apart = float(others[at] - losses[at]) / unit
    if smooth[-1] - smooth.min() > RISEN and _risen(losses, at):
        said.append("After that it rises, and so does the training loss: training came apart there. A smaller learning rate "
                    "would help.")  # fmt: skip
    elif smooth[-1] - smooth.min() > RISEN:
        said.append("After that it rises while the training loss falls: what is learned there holds for the training rows "
                    "alone. That is overfitting; the network should be the one of the lowest point.")  # fmt: skip
    elif apart > APART:
        said.append("It is far above the training loss, which means overfitting. More rows, dropout or a smaller network "
                    "would help.")  # fmt: skip
    elif others[at] > UNDER * unit > losses[-1]:
        said.append("It hardly fell after the first epoch, although the training loss did: what the network learned since "
                    "does not carry over to other rows. More rows or better columns are needed.")  # fmt: skip
    elif others[at] > UNDER * unit:
        said.append("It hardly fell after the first epoch. Unless that one taught nearly everything, as it may where it has "
                    "many steps, this is underfitting: the columns say too little, or the network or its learning rate does "
                    "not suit them.")  # fmt: skip
    elif at + 1 > len(others) - max(1, len(others) // 10) and _falling(others / unit, FLATTENED / 4):
        said.append("It was still falling at the end: more epochs would help.")
    elif smooth[-1] - smooth.min() > RISEN / 3:
        said.append("After that it rises a little: longer training would only overfit.")
    else:
        said.append("It falls with the training loss and then levels off: neither over- nor underfitting stands out.")
    return said


def _alone(losses: np.ndarray) -> list[str]:
    if losses.min() > UNDER * losses[0]:
        return ["The training loss hardly fell after the first epoch. Unless that one taught nearly everything, as it may "
                "where it has many steps, this is underfitting."]  # fmt: skip
    if _risen(losses, int(losses.argmin())):
        return ["The training loss fell and rose again: training came apart. A smaller learning rate would help."]
    if _falling(losses / max(float(losses[0]), 1e-300)):
        return ["The training loss was still falling at the end: more epochs would help."]
    return ["The training loss fell and levelled off."]


def _risen(losses: np.ndarray, at: int) -> bool:
    """Whether the last tenth lies clearly above the epoch `at`."""
    tenth = max(1, len(losses) // 10)
    return bool(losses[-tenth:].mean() - losses[at] > RISEN * max(float(losses[0]), 1e-300))


def _falling(curve: np.ndarray, least: float = FLATTENED) -> bool:
    """Whether the last tenth lies clearly below the tenth before it, by more than `least`."""
    tenth = max(1, len(curve) // 10)
    return bool(curve[-2 * tenth : -tenth].mean() - curve[-tenth:].mean() > least)
