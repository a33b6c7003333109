"""What the findings that `fit` looks for cost: the same fit with and without them, in pairs.

Run it as `python benchmarks/findings_cost.py [--quick]`. Both halves of a pair run in this process one after the other,
in turns first and second; the figure is the median over the pairs of with / without - 1. Every fit has several epochs, as
fits have, and lasts about a second, or as long as so many epochs take.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any

from training_contenders import data, epochs_of
from training_step import NETWORKS
from turns import duration
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


def pairs_of(name: str, spec: dict[str, Any], engine: str, pairs: int, seconds: float) -> dict[str, Any]:
    """How long the fits of one network took, pair by pair."""
    turn, quantum = fits(spec, engine), spec["rows"] // spec["batch"]
    turn(quantum, True)
    steps = quantum * max(4, round(0.2 * seconds / turn(quantum, False)))
    steps = quantum * max(4, round(steps / quantum * seconds / turn(steps, False)))
    turn(steps, True)
    with_, without = [], []
    for number in range(pairs):
        for findings in (True, False) if number % 2 else (False, True):
            (with_ if findings else without).append(turn(steps, findings))
    print(f"  {engine}, {name}: done", file=sys.stderr)
    return {"steps": steps, "with": with_, "without": without}


def measure(quick: bool = False) -> dict[str, Any]:
    """All networks on each engine that is there, one after the other."""
    from pellucid import engines

    pairs, seconds = (3, 0.2) if quick else (9, 1.0)
    found = {
        engine: {name: pairs_of(name, spec, engine, pairs, seconds) for name, spec in NETWORKS.items()}
        for engine in engines.available()
    }
    return {"engines": found}


def report(result: dict[str, Any]) -> str:
    """The table, in Markdown."""
    rows = [
        [name, engine, f"{work['steps']:,}", duration(statistics.median(work["without"])),
         f"{statistics.median(_more(work)):+.1%}", f"{min(_more(work)):+.1%} to {max(_more(work)):+.1%}"]
        for engine, networks in result["engines"].items() for name, work in networks.items()
    ]  # fmt: skip
    return "What a fit takes more with findings than without:\n\n" + table(
        ["network", "engine", "steps", "a fit without", "more", "pairs"], rows
    )


def _more(work: dict[str, Any]) -> list[float]:
    return [a / b - 1.0 for a, b in zip(work["with"], work["without"], strict=True)]


def goals(result: dict[str, Any]) -> list[Goal]:
    """At most a twentieth of the training time."""
    found = []
    for engine, networks in result["engines"].items():
        for name, work in networks.items():
            note = f"pairs from {min(_more(work)):+.1%} to {max(_more(work)):+.1%}"
            what = f"findings, {engine}, {name}: share of training time"
            found.append(Goal(what, statistics.median(_more(work)), GOAL, "at most", note))
    return found


if __name__ == "__main__":
    outcome = measure("--quick" in sys.argv)
    print(report(outcome))
    print("\n".join(str(goal) for goal in goals(outcome)))
