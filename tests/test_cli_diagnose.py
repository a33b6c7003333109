"""`pellucid diagnose`: sentences for a person, lines for a program."""

import json

import numpy as np
import pytest

import pellucid
from command_line import pellucid_does
from pellucid.layers import Dense, ReLU, Softmax
from pellucid.losses import CategoricalCrossEntropy, MeanSquaredError
from pellucid.optimizers import SGD, Adam
from planted_faults import shifted


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A healthy network of moons, and a dead one with the rows that killed it."""
    path = tmp_path_factory.mktemp("models")
    X, y = pellucid.datasets.moons(rng=0)
    healthy = pellucid.Model(Dense(2, 16), ReLU(), Dense(16, 2), Softmax(), loss=CategoricalCrossEntropy(),
                             optimizer=Adam(0.02), seed=0)  # fmt: skip
    healthy.fit(X, y, epochs=40, batch_size=32)
    healthy.save(path / "healthy.safetensors")
    X, y = shifted(0)
    dead = pellucid.Model(Dense(3, 8), ReLU(), Dense(8, 1), loss=MeanSquaredError(), optimizer=SGD(0.01), seed=0)
    dead.fit(X, y, epochs=20, batch_size=32)
    dead.save(path / "dead.safetensors")
    np.savez(path / "rows.npz", X=X, y=y)
    return path


def test_a_healthy_network_gets_one_line(folder):
    out, err = pellucid_does("diagnose", folder / "healthy.safetensors", "moons")
    assert out.startswith("moons: 200 rows, drawn with seed 0\n\nNothing found") and not err


def test_a_finding_is_sentences(folder):
    out, _ = pellucid_does("diagnose", folder / "dead.safetensors", folder / "rows.npz")
    assert "dead-units  layer 1, ReLU()\n    8 of 8 units are 0 for all 300 rows" in out
    assert "likely cause: the inputs are far from 0" in out and "try: standardise the inputs" in out
    assert max(map(len, out.splitlines())) <= 100


def test_a_program_gets_a_json_line_a_finding(folder):
    out, err = pellucid_does("diagnose", folder / "dead.safetensors", folder / "rows.npz", "--json")
    *findings, result = map(json.loads, out.splitlines())
    assert result == {"event": "result", "findings": ["unscaled-inputs", "dead-units"]}
    assert [f["name"] for f in findings] == result["findings"] and all(f["event"] == "finding" for f in findings)
    assert findings[1]["layer"] == "1" and findings[1]["units"] == list(range(8)) and findings[1]["figure"] == 1.0
    assert "dead-units" in err


def test_other_rows_tell_of_leaks(folder):
    arguments = "diagnose", folder / "healthy.safetensors", "moons", "--validation"
    X, y = pellucid.datasets.moons(rng=0)
    np.savez(folder / "leak.npz", X=X[:50], y=y[:50])
    assert "50 of 50 validation rows (100%)" in pellucid_does(*arguments, folder / "leak.npz")[0]
    assert "Nothing found" in pellucid_does(*arguments, "moons")[0]  # drawn with another seed


def test_what_cannot_be_diagnosed_gets_a_sentence(folder):
    assert "no model file" in pellucid_does("diagnose", folder / "gone.safetensors", "moons", code=2)[1]
    assert (
        "neither a file nor a data set" in pellucid_does("diagnose", folder / "healthy.safetensors", "gone", code=2)[1]
    )
    assert pellucid_does("diagnose", folder / "healthy.safetensors", folder / "rows.npz", code=3)[1]


def test_the_page_of_a_finding_is_printed():
    out, _ = pellucid_does("diagnose", "--page", "dead-units")
    assert out.startswith("# dead-units\n") and "**What to try.**" in out
    assert "Findings: class-imbalance" in pellucid_does("diagnose", "--page", "gone", code=2)[1]
