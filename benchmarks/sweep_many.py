"""What a network costs when many of its kind are trained: swept together, or one after the other.

Run it as `python benchmarks/sweep_many.py [--quick]`. 256 networks 2-64-3, batch 32, 320 rows, 100 epochs each: with 256
seeds, each of which has its own shuffles, and with 8 learning rates for each of 32 seeds, which share theirs. Everything
is counted: making the models, training, histories, values back on the models. Compiling is not: it is done once, in the
turns that do not count.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from turns import duration, median_ratio, spread, take_turns
from verdict import Goal, table

SPEC = {"networks": 256, "epochs": 100, "batch": 32, "examples": 320, "width": 64}
GOAL = 3.0  # times cheaper than one after the other, on the same engine
SWEPT, RATES = "swept, jax: 256 seeds", "swept, jax: 32 seeds, 8 learning rates"
ONE_BY_ONE, NUMPY = "one after the other, jax", "one after the other, NumPy"
Turn = Callable[[int], dict[str, float]]


def _pattern(spec: dict[str, Any], seed: int) -> Any:
    import pellucid
    from pellucid.layers import Dense, ReLU, Softmax
    from pellucid.losses import CategoricalCrossEntropy
    from pellucid.optimizers import Adam

    layers = Dense(2, spec["width"]), ReLU(), Dense(spec["width"], 3), Softmax()
    return pellucid.Model(*layers, loss=CategoricalCrossEntropy(), optimizer=Adam(1e-5), metrics=(), seed=seed)


def _data(spec: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((spec["examples"], 2), dtype=np.float32), rng.permutation(
        np.arange(spec["examples"]) % 3
    )


def swept(spec: dict[str, Any], rates: int) -> tuple[Turn, str]:
    """`pellucid.sweep` with so many learning rates, all networks at once, as often as is asked for, at least once."""
    import jax

    import pellucid

    X, y = _data(spec)
    options = {"epochs": spec["epochs"], "batch_size": spec["batch"], "engine": "jax", "progress": False}
    options |= {"seeds": spec["networks"] // rates, "learning_rate": [1e-5 / 2**n for n in range(rates)]}

    def turn(networks: int) -> dict[str, float]:
        times = max(1, round(networks / spec["networks"]))
        begin = time.perf_counter()
        for _ in range(times):
            result = pellucid.sweep(_pattern(spec, 0), X, y, **options)
        seconds = time.perf_counter() - begin
        assert result.stopped == "finished"
        return {
            "seconds": seconds / (times * spec["networks"]),
            "loss": statistics.fmean(r["loss"] for r in result.table),
        }

    return turn, f"pellucid {pellucid.__version__}, jax {jax.__version__}"


def one_by_one(spec: dict[str, Any], engine: str) -> tuple[Turn, str]:
    """A model and a `fit` for each seed."""
    import pellucid

    X, y = _data(spec)
    options = {"epochs": spec["epochs"], "batch_size": spec["batch"], "findings": False, "progress": False}

    def turn(networks: int) -> dict[str, float]:
        begin = time.perf_counter()
        for seed in range(networks):
            history = _pattern(spec, seed % spec["networks"]).fit(X, y, engine=engine, **options)
        return {"seconds": (time.perf_counter() - begin) / networks, "loss": float(history["loss"][-1])}

    return turn, f"pellucid {pellucid.__version__}"


CONTENDERS = {
    SWEPT: lambda spec: swept(spec, 1),
    RATES: lambda spec: swept(spec, 8),
    ONE_BY_ONE: lambda spec: one_by_one(spec, "jax"),
    NUMPY: lambda spec: one_by_one(spec, "numpy"),
}


def measure(quick: bool = False) -> dict[str, Any]:
    """All contenders in turns."""
    rounds, seconds = (3, 0.2) if quick else (11, 1.0)
    spec = {**SPEC, "networks": 32} if quick else SPEC
    return {"rounds": rounds, "spec": spec, "work": take_turns("sweep_many", list(CONTENDERS), spec, rounds, seconds)}


def goals(result: dict[str, Any]) -> list[Goal]:
    """The goal beside its figure."""
    seconds = result["work"]["seconds"]
    if not {SWEPT, RATES, ONE_BY_ONE} <= set(seconds):
        return []
    found = []
    for name in (SWEPT, RATES):
        low, high = spread(seconds[ONE_BY_ONE], seconds[name])
        figure = median_ratio(seconds[ONE_BY_ONE], seconds[name])
        what = f"{name}: times cheaper a network than one after the other"
        found.append(Goal(what, figure, GOAL, "at least", f"rounds from {low:.2f} to {high:.2f}"))
    return found


def report(result: dict[str, Any]) -> str:
    """The table, in Markdown."""
    spec, seconds = result["spec"], result["work"]["seconds"]
    steps = spec["epochs"] * -(-spec["examples"] // spec["batch"])
    rows = []
    for name, times in seconds.items():
        ratio = f"{median_ratio(seconds[NUMPY], times):.1f}" if NUMPY in seconds else "-"
        typical = statistics.median(times)
        rows.append([name, duration(typical), duration(typical / steps), ratio])
    shape = f"2-{spec['width']}-3, batch {spec['batch']}"
    text = f"{spec['networks']} networks {shape}, {spec['epochs']} epochs, median of the rounds:\n\n"
    text += table(["", "a network", "a step", "times NumPy's speed"], rows)
    return text + "".join(f"\nAbsent: {name}: {reason}.\n" for name, reason in result["work"]["absent"].items())


if __name__ == "__main__":
    outcome = measure("--quick" in sys.argv)
    print(report(outcome))
    print("\n".join(str(goal) for goal in goals(outcome)))
