"""What first_fit.py lets a fresh process do: import pellucid, fit one epoch, then see what a step costs from there on.

Run it as `python benchmarks/fresh_fit.py SPEC`, SPEC in JSON: dims, batch, rows, engine, seconds. Answers in JSON.
"""

import time

START = time.perf_counter()

import pellucid  # noqa: E402 - this is what is timed

_ = pellucid.Model, pellucid.layers.Dense, pellucid.losses.CategoricalCrossEntropy, pellucid.optimizers.Adam
IMPORT_SECONDS = time.perf_counter() - START

import json  # noqa: E402
import sys  # noqa: E402
from typing import Any  # noqa: E402

from training_contenders import data, pellucid_model  # noqa: E402

from pellucid import engines  # noqa: E402


def main() -> None:
    """Measure and print."""
    spec = json.loads(sys.argv[1])
    X, y = data(spec)
    model, made = pellucid_model(spec), []
    make = engines.make

    def kept(*arguments: Any) -> Any:
        engine, reason = make(*arguments)
        made.append(engine)
        return engine, reason

    engines.make = kept  # the engine knows how long it compiled; `fit` keeps it to itself

    def fit(epochs: int) -> float:
        begin = time.perf_counter()
        model.fit(X, y, epochs=epochs, batch_size=spec["batch"], engine=spec["engine"])
        return time.perf_counter() - begin

    first = fit(1)
    compiling = getattr(made[0], "compile_seconds", 0.0)
    steps = spec["rows"] // spec["batch"]
    pilot = min(fit(1), fit(1))
    pilot = fit(max(1, int(0.05 / pilot))) / max(1, int(0.05 / pilot))
    epochs = max(1, round(spec["seconds"] / pilot))
    step = min(fit(epochs) for _ in range(2)) / (epochs * steps)
    print(json.dumps({"import": IMPORT_SECONDS, "fit": first, "compile": compiling, "step": step}))


if __name__ == "__main__":
    main()
