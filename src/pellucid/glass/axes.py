"""Scales from data to pixels, round ticks, and the frame that carries them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.glass.svg import tag, text, width_of


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """About `count` round numbers (1, 2 or 5 times a power of ten apart) from `low` to `high`, both included."""
    if not (math.isfinite(low) and math.isfinite(high) and high > low):
        return [low] if math.isfinite(low) else []
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((power * m for m in (1, 2, 5, 10) if power * m >= rough * 0.999), power * 10)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12 - math.floor(math.log10(step))) for i in range(first, last + 1)]


def log_ticks(low: float, high: float, count: int = 6) -> list[float]:
    """Powers of ten from `low` to `high`, thinned to `count`; with fewer than two of them also 2 and 5 times, or linear."""
    powers = range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
    if len(powers) >= 2:
        every = math.ceil(len(powers) / count)
        return (
            [10.0**power for power in powers if power % every == 0]
            if len(powers) > count
            else [10.0**p for p in powers]
        )
    around = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    fine = [m * 10.0**power for power in around for m in (1, 2, 5) if low <= m * 10.0**power <= high]
    return fine if len(fine) >= 2 else [tick for tick in nice_ticks(low, high, 4) if tick > 0]


def label(value: float, step: float | None = None) -> str:
    """A number as a tick shows it: as many decimals as the `step` between ticks has; powers where it is long."""
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e6:
        return f"{value:.3g}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")
    if step is None:
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:.{decimals}f}"


@dataclass(frozen=True)
class Scale:
    """From data (`low` to `high`) to pixels (`start` to `end`); logarithmic if `log`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: Any) -> Any:
        """The pixel of `value`, a number or an array."""
        if self.log:
            share = (np.log10(value) - math.log10(self.low)) / (math.log10(self.high) - math.log10(self.low))
        else:
            share = (np.asarray(value, dtype=float) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self, count: int = 5) -> list[float]:
        """Round numbers inside the scale."""
        return log_ticks(self.low, self.high) if self.log else nice_ticks(self.low, self.high, count)

    def labels(self, ticks: Sequence[float]) -> list[str]:
        """The ticks as text."""
        step = None if self.log or len(ticks) < 2 else ticks[1] - ticks[0]
        return [label(tick, step) for tick in ticks]


def limits(values: Any, log: bool = False, pad: float = 0.05) -> tuple[float, float]:
    """The least and largest finite number of `values` with a margin of `pad`; room around a single one."""
    finite = np.asarray(values, dtype=float).ravel()
    finite = finite[np.isfinite(finite) & ((finite > 0) | (not log))]
    if not finite.size:
        return (0.1, 1.0) if log else (0.0, 1.0)
    low, high = float(finite.min()), float(finite.max())
    if log:
        margin = max((math.log10(high) - math.log10(low)) * pad, 0.05)
        return low * 10.0**-margin, high * 10.0**margin
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        margin = abs(low) * 0.1 or 1.0
    else:
        margin = (high - low) * pad
    return low - margin, high + margin


def label_room(low: float, high: float, log: bool = False, size: float = 11, count: int = 5) -> float:
    """The width that the tick labels of a vertical scale take."""
    scale = Scale(low, high, 0.0, 1.0, log)
    return max((width_of(shown, size) for shown in scale.labels(scale.ticks(count))), default=0.0)


def frame(x: Scale, y: Scale, x_label: str, y_label: str, whole: bool = False, grid: bool = True) -> list[str]:
    """Ticks, grid lines and both labels. `y.start` is the lower edge. `whole`: only whole numbers along x."""
    parts = []
    left, bottom, top = x.start, y.start, y.end
    across = [tick for tick in x.ticks(max(2, int((x.end - left) / 75))) if not whole or float(tick).is_integer()]
    for tick, shown in zip(across, x.labels(across), strict=True):
        at = float(x(tick))
        parts.append(tag("line", x1=at, y1=bottom, x2=at, y2=bottom + 4, stroke="axis"))
        parts.append(text(at, bottom + 17, shown, 11, "soft", anchor="middle"))
    up = y.ticks(5)
    for tick, shown in zip(up, y.labels(up), strict=True):
        at = float(y(tick))
        end = x.end if grid else left - 4
        parts.append(tag("line", x1=left, y1=at, x2=end, y2=at, stroke="grid" if grid else "axis"))
        parts.append(text(left - 8, at + 4, shown, 11, "soft", anchor="end"))
    parts.append(tag("line", x1=left, y1=bottom, x2=x.end, y2=bottom, stroke="axis"))
    parts.append(text((left + x.end) / 2, bottom + 36, x_label, 12, "soft", anchor="middle"))
    if y_label:
        at, middle = 18, (top + bottom) / 2
        turn = f"rotate(-90 {at} {middle:.1f})"
        parts.append(text(at, middle, y_label, 12, "soft", anchor="middle", transform=turn))
    return parts


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places near the `wanted` ones, at least `gap` apart and from `low` to `high` as far as there is room."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = [0.0] * len(wanted)
    at = low - gap
    for i in order:
        at = placed[i] = max(wanted[i], at + gap)
    at = high + gap
    for i in reversed(order):
        at = placed[i] = min(placed[i], at - gap)
    return placed
