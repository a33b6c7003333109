"""Numbers of a column brought to the size that a network likes: four ways, all bounded, all finite.

``standard``  (x - mean) / spread
``smooth``    z / sqrt(1 + (z / 3)**2) with z = (x - median) / (quartile range / 1.349): outliers bend towards ±3
              (Holzmüller and others 2024, *Better by Default*, section 3, "robust scale and smooth clip")
``log``       sign(x - median) * log(1 + |x - median| / unit), then as standard: for numbers over many powers of ten
``normal``    the quantile of x, as the value of a normal variable at that quantile: only the order counts

An empty value becomes 0, the middle; so does everything in a column that never changed in training.
"""

from __future__ import annotations

from typing import Any

import numpy as np

HOW = ("standard", "smooth", "log", "normal")
BOUND = 1e4  # no training row of n lies further than sqrt(n) spreads from the mean; what does is no reason for infinity
KNOTS = 257  # quantiles that are kept for "normal"


def fit(values: np.ndarray, how: str) -> dict[str, Any]:
    """What `apply` needs, learned from float64 (rows,): plain numbers by name. Empty (NaN) and infinite ones are left out."""
    values = values[np.isfinite(values)]
    if not len(values) or values.min() == values.max():
        return {"scale": "standard", "center": float(values[0]) if len(values) else 0.0, "spread": 0.0}
    if how == "normal":
        knots = np.unique(np.quantile(values, np.linspace(0, 1, KNOTS), method="nearest"))
        return {"scale": how, "knots": knots.tolist(), "scores": _scores(values, knots)}
    if how == "standard":
        return {"scale": how, **_moments(values)}
    center = float(np.median(values))
    if how == "smooth":
        return {"scale": how, "center": center, "spread": _robust_spread(values)}
    with np.errstate(over="ignore"):
        unit = float(np.median(np.abs(values - center)[values != center]))
    unit = unit if np.isfinite(unit) and unit > 0.0 else 1.0
    return {"scale": how, "offset": center, "unit": unit, **_moments(_signed_log(values, center, unit))}


def apply(record: dict[str, Any], values: np.ndarray) -> np.ndarray:
    """Float64 (rows,) within ±BOUND, whatever the values; each row by itself."""
    how = record["scale"]
    with np.errstate(all="ignore"):
        if how == "normal":
            z: np.ndarray = np.interp(values, record["knots"], record["scores"])
        elif record["spread"] == 0.0:
            z = np.zeros(len(values))
        else:
            if how == "log":
                values = _signed_log(values, record["offset"], record["unit"])
            z = np.minimum(np.maximum((values - record["center"]) / record["spread"], -BOUND), BOUND)  # NaN stays NaN
            if how == "smooth":
                z = z / np.sqrt(1.0 + (z / 3.0) ** 2)
    z[np.isnan(z)] = 0.0
    return z


def _moments(values: np.ndarray) -> dict[str, float]:
    """Mean and spread, computed on values below 1 in size so that 1e308 squared is no trouble."""
    size = float(np.abs(values).max()) or 1.0
    small = values / size
    mean, spread = float(small.mean()), float(small.std())
    return {"center": mean * size, "spread": spread * size}


def _robust_spread(values: np.ndarray) -> float:
    """The spread that a normal variable with these quartiles has; half the range where the quartiles are the same."""
    low, high = np.quantile(values, [0.25, 0.75])
    spread = float(high / 1.349 - low / 1.349)
    if spread == 0.0:
        spread = float(values.max() / 2 - values.min() / 2)
    return spread if np.isfinite(spread) and spread > 0.0 else 1.0


def _signed_log(values: np.ndarray, offset: float, unit: float) -> np.ndarray:
    with np.errstate(over="ignore"):
        away = np.clip(values - offset, -1e308, 1e308)
        logs: np.ndarray = np.sign(away) * np.log1p(np.minimum(np.abs(away) / unit, 1e308))
    return logs


def _scores(values: np.ndarray, knots: np.ndarray) -> list[float]:
    """For each knot, the normal variable at the middle of the ranks that equal it."""
    ordered = np.sort(values)
    ranks = (np.searchsorted(ordered, knots, "left") + np.searchsorted(ordered, knots, "right")) / (2 * len(ordered))
    from statistics import NormalDist  # needed by nothing else, and not quick to load

    normal = NormalDist()
    return [normal.inv_cdf(min(max(rank, 1e-4), 1 - 1e-4)) for rank in ranks.tolist()]
