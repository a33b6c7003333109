"""Findings while the compiled engine trains: the same as on NumPy, and the same bits with and without them."""

import pytest

import pellucid
from pellucid.glass.diagnose import watch
from pellucid.layers import BatchNorm, Dense, Dropout, ReLU, Softmax
from pellucid.losses import CategoricalCrossEntropy, MeanSquaredError
from pellucid.optimizers import SGD, Adam
from planted_faults import shifted


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    monkeypatch.setattr(watch, "UNNOTICED", 60.0)
    monkeypatch.setattr(watch, "SHARE", 1e9)
    monkeypatch.setattr(watch, "EARLIEST", 0.0)


def test_the_same_bits_come_out_with_and_without_findings():
    X, y = pellucid.datasets.spiral(rng=0)
    ends = []
    for findings in (True, False):
        layers = Dense(2, 16), BatchNorm(16), ReLU(), Dropout(0.2), Dense(16, 3), Softmax()
        model = pellucid.Model(*layers, loss=CategoricalCrossEntropy(), optimizer=Adam(0.01), seed=0)
        history = model.fit(X, y, epochs=9, batch_size=32, engine="jax", findings=findings)
        assert history.engine == "jax"
        ends.append(({key: value.tobytes() for key, value in model.values().items()}, history["loss"]))
    assert ends[0] == ends[1]


def test_dead_units_are_found():
    X, y = shifted(0)
    model = pellucid.Model(Dense(3, 8), ReLU(), Dense(8, 1), loss=MeanSquaredError(), optimizer=SGD(0.01), seed=0)
    found = model.fit(X, y, epochs=50, batch_size=32, engine="jax").findings
    assert found.names == ["unscaled-inputs", "dead-units"] and found["dead-units"].figure == 1.0
