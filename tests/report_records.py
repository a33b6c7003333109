"""Records of training runs as `pellucid train` writes them, and small models that go with them."""

import numpy as np

import pellucid
from pellucid.layers import Dense, Dropout, ReLU, Softmax
from pellucid.losses import CategoricalCrossEntropy, MeanSquaredError

NASTY = "<img src=x onerror=alert(1)>\"'&amp;</title></style><script>alert(2)</script>"


BASELINES = ("most frequent class", "logistic regression", "gradient boosting")


def edges(value, by=0.02):
    return {"value": value, "low": value - by, "high": value + by}


def column(name, kind="number", reason="", **more):
    return {
        "name": name, "kind": kind, "rule": f"every value reads as a {kind}", "reason": reason, "missing": 3,
        "distinct": 40, "examples": ["1", "2.5"], **more,
    }  # fmt: skip


def shared(names):
    """What both kinds of task have."""
    columns = [column(name) for name in names]
    columns += [column("id", "ignored", "identifier"), column("income", "category", "target", examples=["low", "high"])]
    return {
        "created": "2026-05-04T10:20:30+00:00", "command": "pellucid train people.csv --target income",

        "python": "import pellucid\nmodel = pellucid.train('people.csv', target='income')",
        "run_toml": "target = 'income'\nseed = 0\n",
        "versions": {"pellucid": "0.1.0", "numpy": "2.4.0", "python": "3.11.9"},
        "data": {"name": "people.csv", "origin": "people.csv, UTF-8, separated by commas", "rows": 1500, "columns": 6,
                 "sha256": "9f" * 32, "dropped": 2},
        "plan": {"columns": columns, "targets": ["income"], "rows": 1500},
        "warnings": [{"what": "constant", "column": "planet", "text": "planet never changes.", "flag": "--drop planet"}],
        "split": {"method": "stratified", "seed": 0, "train": 960, "validation": 240, "test": 300,
                  "why": "Each part has the same share of every class."},
        "network": {"shape": [4, 12, 3], "activation": "relu", "parameters": 99, "batch_size": 32, "best_epoch": None},
        "importance": [{"column": name, "drop": 0.2 / (i + 1) - 0.05, "low": 0.15 / (i + 1) - 0.07, "high": 0.25 / (i + 1) - 0.03}
                       for i, name in enumerate(names)],
        "worst": [{"line": 17 + i, "values": {name: str(i) for name in names}, "true": "low", "predicted": "high",
                   "loss": 4.0 - i / 3} for i in range(6)],
        "health": {"findings": [{"text": "Layer 0 has 2 dead units.", "severity": "finding", "name": "dead-units",
                                 "where": "layer 0", "says": "2 of 12 units are dead.", "cause": "a large step.",
                                 "advice": "LeakyReLU().", "page": "pellucid diagnose --page dead-units"}],
                   "gradients": {"0 Dense(4, 12)": [1.0, 0.5, 0.3, None, 0.1], "2 Dense(12, 3)": [2.0, 0.9, 0.7, 0.5, 0.4]},
                   "dead": {"1 ReLU()": 0.17}},
        "limits": ["The test rows come from the same file.", "No cause is shown, only what goes together."],
    }  # fmt: skip


def classes(names=("age", "city", "hours", "children"), labels=("low", "middle", "high")):
    """A classification."""
    counts = np.full((len(labels), len(labels)), 7) + np.diag(np.full(len(labels), 80))
    return shared(names) | {
        "target": {"names": ["income"], "task": "classification", "classes": list(labels), "why": "The target is text."},
        "metric": "accuracy",
        "scores": {
            "this network": {"accuracy": edges(0.86), "balanced_accuracy": edges(0.84)},
            "most frequent class": {"accuracy": edges(0.41), "balanced_accuracy": edges(0.333, 0.0)},
            "logistic regression": {"accuracy": edges(0.81), "balanced_accuracy": edges(0.80)},
            "gradient boosting": {"accuracy": edges(0.855), "balanced_accuracy": None},
        },
        "differences": {name: edges(by) for name, by in zip(BASELINES, (0.45, 0.05, 0.005), strict=True)},
        "verdict": {"text": "The network is better than logistic regression, not clearly than boosting.", "wins": None},
        "folds": None, "rows_judged": 300,
        "confusion": {"labels": list(labels), "counts": counts.tolist()},
        "per_class": [{"label": label, "precision": 0.8, "recall": 0.9, "f1": 0.85, "rows": 100} for label in labels],
        "numbers": None, "interval": None,
    }  # fmt: skip


def numbers(names=("age", "city", "hours", "children"), target="income"):
    """A regression with intervals, in folds."""
    draw = np.random.default_rng(0)
    true = np.exp(draw.normal(10, 0.5, 300))
    predicted = true * np.exp(draw.normal(0, 0.2, 300))
    return shared(names) | {
        "target": {"names": [target], "task": "regression", "classes": [], "why": "The target is a number with 1,200 values."},
        "metric": "r2",
        "scores": {"this network": {"r2": edges(0.71), "rmse": edges(5012.3, 400)},
                   "mean": {"r2": edges(-0.01), "rmse": edges(9210.0, 500)},
                   "linear regression": {"r2": edges(0.78), "rmse": edges(4410.0, 350)}},
        "differences": {"mean": edges(0.72), "linear regression": edges(-0.07)},
        "verdict": {"text": "Linear regression is better. Use it.", "wins": False},
        "folds": [{"r2": 0.7, "rmse": 5000.0}, {"r2": 0.72, "rmse": 4900.0}],
        "confusion": None, "per_class": None,
        "numbers": {target: {"true": true.tolist(), "predicted": predicted.tolist()}},
        "interval": {"level": 0.9, "coverage": 0.883, "low": 0.85, "high": 0.91, "width": 12000.0},
    }  # fmt: skip


def model_of(n_outputs=3, n_inputs=4, epochs=30):
    """A small trained network."""
    draw = np.random.default_rng(1)
    X = draw.normal(size=(120, n_inputs)).astype("float32")
    if n_outputs > 1:
        y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5) * (n_outputs > 2)
        model = pellucid.Model(
            Dense(n_inputs, 12), ReLU(), Dropout(0.1), Dense(12, n_outputs), Softmax(), loss=CategoricalCrossEntropy()
        )
    else:
        y = X[:, :1] * 2.0
        model = pellucid.Model(Dense(n_inputs, 12), ReLU(), Dense(12, 1), loss=MeanSquaredError())
    model.fit(X, y, epochs=epochs, batch_size=32, validation_fraction=0.25, findings=False, progress=False)
    return model


class Recorded:
    """What the report asks of a model of a table."""

    def __init__(self, model, record, features=None):
        self.model, self.record = model, record
        if features is not None:
            self.encoder = type("Encoder", (), {"features": list(features)})()
