"""Small tables, a folder with one, and networks trained on them by hand, for the tests of what comes after training."""

import numpy as np

import pellucid
from pellucid.layers import Dense, OrderedQuantiles, Sigmoid, Softmax, Tanh
from pellucid.losses import BinaryCrossEntropy, CategoricalCrossEntropy, MeanSquaredError, Quantile
from pellucid.optimizers import Adam
from pellucid.tables import baselines
from pellucid.tables.encoder import Encoder
from pellucid.tables.plan import plan
from pellucid.tables.reading import read
from pellucid.tables.target import Target
from pellucid.tables.trained import TableModel
from pellucid.tables.typed import typed

CITIES = ["Bern", "Basel", "Chur"]


def people(rows=60, seed=0):
    """Columns of text as in a file: age (some empty), city, smoker, joined, income (high or low), pay."""
    rng = np.random.default_rng(seed)
    age, city = rng.integers(18, 80, rows), rng.integers(0, 3, rows)
    pay = 1000.0 * age + 20_000.0 * (city == 0) + rng.normal(0, 3000, rows)
    return {
        "age": ["" if i % 20 == 5 else str(a) for i, a in enumerate(age)],
        "city": [CITIES[c] for c in city],
        "smoker": [["no", "yes"][i] for i in rng.integers(0, 2, rows)],
        "joined": [str(np.datetime64("2015-01-01") + d) for d in rng.integers(0, 3000, rows)],
        "income": ["high" if p > 55_000 else "low, or none" for p in pay],  # a label that a CSV must quote
        "pay": [f"{p:.2f}" for p in pay],
    }


def write(path, columns, separator=","):
    """A CSV file of columns of text."""
    lines = [
        separator.join(f'"{c}"' if separator in c else c for c in row) for row in zip(*columns.values(), strict=True)
    ]
    path.write_text("\n".join([separator.join(columns), *lines]) + "\n", encoding="utf-8")
    return path


def trained(columns, target, epochs=20, sigmoid=False, **options):
    """A `TableModel` of `columns`, learned from all rows but the last ten."""
    table = read(columns)
    targets = [target] if isinstance(target, str) else target
    made = plan(table, target, drop=[name for name in ("income", "pay") if name in table.names and name not in targets])
    cells = typed(table, made)
    chosen = np.arange(cells.rows - 10)
    encoder, goal = Encoder.fit(made, cells, chosen), Target.fit(made, cells, rows=chosen, **options)
    outputs = 1 if sigmoid else goal.n_outputs
    quantiles = (
        ((OrderedQuantiles(len(goal.levels)),), Quantile(tuple(goal.levels)))
        if goal.levels
        else ((), MeanSquaredError())
    )
    last, loss = {
        "classification": ((Sigmoid(),), BinaryCrossEntropy())
        if sigmoid
        else ((Softmax(),), CategoricalCrossEntropy()),
        "multilabel": ((Sigmoid(),), BinaryCrossEntropy()),
        "regression": quantiles,
    }[goal.task]
    network = pellucid.Model(
        Dense(len(encoder.features), 8), Tanh(), Dense(8, outputs), *last, loss=loss, optimizer=Adam(0.02)
    )
    X, y = encoder.transform(cells)[chosen], goal.encode(cells)[chosen]
    network.fit(X, y[:, None] if sigmoid else y, epochs=epochs, batch_size=10, findings=False)
    record = {
        "metric": "accuracy" if goal.classes else "r2",
        "verdict": {"text": "Better than the mean.", "wins": True},
    }
    return TableModel(network, encoder, goal, record)


def in_folder_of_people(folder, monkeypatch):
    """Work in `folder`, beside people.csv; no trees are grown, and files say when that was, always the same."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(baselines, "_trees_there", lambda: False)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    write(folder / "people.csv", people(120))
