"""The contenders of predict_one.py: probabilities of one row of a 2-64-3 network, asked for again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

Turn = Callable[[int], dict[str, float]]
Spec = dict[str, Any]


def row() -> np.ndarray:
    """One row, shape (1, 2), float32."""
    return np.array([[0.3, -0.7]], dtype=np.float32)


def _repeat(predict: Callable[[Any], Any], x: Any) -> Turn:
    """A turn that predicts the same row `steps` times and checks that probabilities came out."""
    assert abs(float(predict(x).sum()) - 1) < 1e-5

    def turn(steps: int) -> dict[str, float]:
        begin = time.perf_counter()
        for _ in range(steps):
            predict(x)
        return {"seconds": (time.perf_counter() - begin) / steps}

    return turn


def pellucid(spec: Spec) -> tuple[Turn, str]:
    """Model.predict as a user calls it, checks at the border included."""
    import pellucid
    from pellucid.layers import Dense, ReLU, Softmax
    from pellucid.losses import CategoricalCrossEntropy
    from pellucid.optimizers import Adam

    model = pellucid.Model(
        Dense(2, 64), ReLU(), Dense(64, 3), Softmax(), loss=CategoricalCrossEntropy(), optimizer=Adam(), seed=0
    )
    return _repeat(model.predict, row()), f"pellucid {pellucid.__version__}"


def torch(spec: Spec) -> tuple[Turn, str]:
    """nn.Sequential under no_grad; the row is a tensor already, and a tensor comes out."""
    import torch

    network = torch.nn.Sequential(
        torch.nn.Linear(2, 64), torch.nn.ReLU(), torch.nn.Linear(64, 3), torch.nn.Softmax(dim=1)
    ).eval()

    def predict(x: Any) -> Any:
        with torch.no_grad():
            return network(x)

    return _repeat(predict, torch.from_numpy(row())), f"PyTorch {torch.__version__}"


def scikit_learn(spec: Spec) -> tuple[Turn, str]:
    """MLPClassifier.predict_proba."""
    import sklearn
    from sklearn.neural_network import MLPClassifier

    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((300, 2), dtype=np.float32), np.arange(300) % 3
    network = MLPClassifier((64,), max_iter=1, random_state=0).fit(X, y)
    return _repeat(network.predict_proba, row()), f"scikit-learn {sklearn.__version__}"


def plain_numpy(spec: Spec) -> tuple[Turn, str]:
    """The arithmetic and nothing else: no layers, no checks."""
    rng = np.random.default_rng(0)
    weights_1, biases_1 = rng.standard_normal((2, 64), dtype=np.float32), np.zeros(64, dtype=np.float32)
    weights_2, biases_2 = rng.standard_normal((64, 3), dtype=np.float32), np.zeros(3, dtype=np.float32)

    def predict(x: np.ndarray) -> np.ndarray:
        logits = np.maximum(x @ weights_1 + biases_1, 0) @ weights_2 + biases_2
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    return _repeat(predict, row()), f"NumPy {np.__version__}"


CONTENDERS = {"pellucid": pellucid, "PyTorch": torch, "scikit-learn": scikit_learn, "plain NumPy": plain_numpy}
