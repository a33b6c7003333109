"""Which engine `auto` takes: the compiled one where it is there and the job is long enough to pay for compiling.

The costs are rough: a small operation, an entry of a layer's values, a parameter, a multiplication each have a price on
either engine, taken from the benchmarks (`make bench` draws them beside the measured crossover). Being wrong by a factor of
two costs a second at most.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

from pellucid.engines.streams import Stream
from pellucid.engines.work import Work

STARTING = 0.75  # seconds until a compiled program runs: 0.55 where it lies in the cache, 0.95 where it does not
SENDING = 1e-4  # seconds: a batch that comes by itself is sent to a program of its own


@dataclass(frozen=True)
class Prices:
    """Seconds for a step, a layer of it, an entry of a layer's values, a parameter's update, a multiplication and addition."""

    step: float
    layer: float
    entry: float
    parameter: float
    product: float


NUMPY = Prices(14e-6, 8e-6, 1.2e-9, 2.2e-9, 8e-12)
JAX = Prices(3e-6, 1e-6, 0.3e-9, 0.7e-9, 7e-12)


def seconds(work: Work, prices: Prices, epochs: int) -> float:
    """About how long `epochs` epochs take."""
    layers = [layer for _, layer in work.network.walk() if not layer.layers]
    parameters = sum(value.size for layer in layers for value in layer.values().values())
    widths = sum(max((value.shape[-1] for value in layer.values().values()), default=0) for layer in layers)
    rows = work.data.rows
    steps = work.data.steps * (prices.step + prices.layer * len(layers) + prices.parameter * parameters)
    return epochs * (steps + rows * (3.0 * parameters * prices.product + 2.0 * widths * prices.entry))


def installed() -> bool:
    """Whether JAX can be imported, without importing it."""
    return importlib.util.find_spec("jax") is not None


def wanted(work: Work, epochs: int) -> tuple[str, str]:
    """(the engine for `epochs` epochs of `work`, why)."""
    slow, fast = (seconds(work, prices, epochs) for prices in (NUMPY, JAX))
    job = f"about {slow:.1f} s of work for NumPy"
    if isinstance(work.data, Stream):
        fast += epochs * work.data.steps * SENDING
        job += f" if an epoch has {work.data.steps:,} batches" if work.data.guessed else ""
    if slow - fast <= STARTING:
        return "numpy", f"{job}: compiling would not pay"
    if not installed():
        return (
            "numpy",
            f'{job}, about {fast + STARTING:.1f} s compiled, but jax is not installed: pip install "pellucid[jax]"',
        )
    return "jax", f"{job}, about {fast + STARTING:.1f} s compiled"
