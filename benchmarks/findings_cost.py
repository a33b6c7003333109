"""What the findings that `fit` looks for cost: the same fit with and without them, in pairs.

Run it as `python benchmarks/findings_cost.py [--quick]`. Both halves of a pair run in this process one after the other,
in turns first and second; the figure is the median over the pairs of with / without - 1.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any

from training_contenders import data, epochs_of
from training_step import NETWORKS
from verdict import Goal, table

GOAL = 0.05


def fits(spec: dict[str, Any], engine: str) -> Any:
    """A function (steps, findings) that trains a fresh copy of the network and returns seconds."""
    import copy
    import itertools

    import pellucid
    from pellucid.layers import Dense, ReLU, Softmax
    from pellucid.losses import CategoricalCrossEntropy
    from pellucid.optimizers import Adam

    X, y = data(spec)
    layers: list[Any] = []
    for n_inputs, n_neurons in itertools.pairwise(spec["dims"]):
        layers += [Dense(n_inputs, n_neurons), ReLU()]
    layers[-1] = Softmax()
    model = pellucid.Model(*layers, loss=CategoricalCrossEntropy(), optimizer=Adam(1e-5), metrics=(), seed=0)

    def turn(steps: int, findings: bool) -> float:
        fresh = copy.deepcopy(model)
        begin = time.perf_counter()
        fresh.fit(
            X,
            y,
            epochs=epochs_of(steps, spec),
            batch_size=spec["batch"],
            engine=engine,
            progress=False,
            findings=findings,
        )
        return time.perf_counter() - begin

    return turn


def measure(quick: bool = False, engine: str = "numpy") -> dict[str, Any]:
    """All networks, one after the other."""
    pairs, seconds = (4, 0.2) if quick else (20, 1.0)
    found: dict[str, Any] = {}
    for name, spec in NETWORKS.items():
        turn, quantum = fits(spec, engine), spec["rows"] // spec["batch"]
        turn(quantum, True)
        steps = quantum * max(1, round(seconds / turn(quantum, False)))
        steps = quantum * max(1, round(steps / quantum * seconds / turn(steps, False)))
        turn(steps, True)
        with_, without = [], []
        for number in range(pairs):
            for findings in (True, False) if number % 2 else (False, True):
                (with_ if findings else without).append(turn(steps, findings))
        found[name] = {"steps": steps, "with": with_, "without": without}
        print(f"  {name}: done", file=sys.stderr)
    return {"engine": engine, "networks": found}


def _more(work: dict[str, Any]) -> list[float]:
    return [a / b - 1.0 for a, b in zip(work["with"], work["without"], strict=True)]


def report(result: dict[str, Any]) -> str:
    """The table, in Markdown."""
    rows = [
        [name, str(work["steps"]), f"{statistics.median(work['without']):.3g} s", f"{statistics.median(_more(work)):+.1%}",
         f"{min(_more(work)):+.1%} to {max(_more(work)):+.1%}"]
        for name, work in result["networks"].items()
    ]  # fmt: skip
    return f"Engine {result['engine']}:\n\n" + table(
        ["network", "steps", "a fit without", "with findings", "pairs"], rows
    )


def goals(result: dict[str, Any]) -> list[Goal]:
    """At most a twentieth of the training time."""
    return [
        Goal(
            f"findings, {result['engine']}, {name}: share of training time",
            statistics.median(_more(work)),
            GOAL,
            "at most",
        )
        for name, work in result["networks"].items()
    ]


if __name__ == "__main__":
    for chosen in ("numpy", "jax") if "--jax" in sys.argv else ("numpy",):
        outcome = measure("--quick" in sys.argv, chosen)
        print(report(outcome))
        print("\n".join(str(goal) for goal in goals(outcome)))
