"""`pellucid check`: a model, a layer by its name, one in a file of one's own."""

import inspect
import json

import pytest

import pellucid
from command_line import pellucid_does
from pellucid import layers, losses
from pellucid.layers import Dense, Dropout, ReLU, Softmax
from pellucid.losses import CategoricalCrossEntropy

MINE = """
from dataclasses import dataclass

import numpy as np
from beside import one_half
from pellucid import Layer

class Right(Layer):
    params = ("weights",)
    def __init__(self, n, power=2):
        self.n, self.power, self.weights = n, power, np.ones(n)
    def forward(self, inputs):
        self.inputs = inputs
        self.output = self.weights * inputs**self.power
        return self.output
    def backward(self, doutput):
        self.dweights = (doutput * self.inputs**self.power).sum(axis=0)
        self.dinputs = doutput * self.weights * self.power * self.inputs**(self.power - 1)
        return self.dinputs

class Wrong(Right):
    def backward(self, doutput):
        return one_half * super().backward(doutput)

@dataclass
class Settings:
    n: int
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "beside.py").write_text("one_half = 0.5\n")
    (tmp_path / "broken.py").write_text("import nowhere_to_be_found\n")
    return tmp_path


@pytest.mark.parametrize("name", [n for n in (*layers.__all__, *losses.__all__) if n not in ("Layer", "Loss")])
def test_every_layer_and_loss_by_its_name(name):
    out, _ = pellucid_does("check", name)
    assert out.splitlines()[0].startswith(f"{name}(") and "OK: " in out


def test_a_layer_with_arguments():
    out, _ = pellucid_does("check", "Dense(4, 2, weight_l2=0.1)", "--seed", 3)
    assert out.splitlines()[0] == "Dense(4, 2, weight_l2=0.1)" and "8/8" in out
    out, _ = pellucid_does("check", "Residual()")
    assert "OK" in out


def test_one_of_ones_own_is_wrong_with_exit_code_1(mine):
    out, _ = pellucid_does("check", "mine.py:Right")
    assert out.startswith("Right(5)\nOK: 2 gradients right.")
    out, _ = pellucid_does("check", "mine.py:Right(3, power=3)")
    assert out.startswith("Right(3, power=3)")
    out, _ = pellucid_does("check", mine / "mine.py:Wrong", code=1)
    assert (
        "WRONG: 1 of 2 gradients is not the derivative of forward: inputs." in out
        and "half of what it should be" in out
    )
    printed, _ = pellucid_does("check", "mine.py:Wrong", "--json", code=1)
    event = json.loads(printed)
    assert event["event"] == "check" and event["parameters"]["inputs"]["kind"] == "half" and not event["ok"]


def test_a_model_needs_no_data(mine):
    model = pellucid.Model(Dense(2, 6), ReLU(), Dropout(0.2), Dense(6, 3), Softmax(), loss=CategoricalCrossEntropy())
    X, y = pellucid.datasets.spiral(samples=20, classes=3, rng=0)
    model.fit(X, y, epochs=2)
    model.save("spiral.safetensors")
    out, _ = pellucid_does("check", "spiral.safetensors")
    assert "OK: 5 gradients right." in out and "3.weights" in out
    event = json.loads(pellucid_does("check", "spiral.safetensors", "--json")[0])
    assert event["ok"] and set(event["parameters"]) == {"inputs", "0.weights", "0.biases", "3.weights", "3.biases"}


@pytest.mark.parametrize(
    "thing, code, sentence",
    [
        ("Dens", 2, "neither a model file (.safetensors) nor a layer. Layers and losses: "),
        ("Layer", 2, "neither a model file"),
        ("Dense(print(1))", 2, "plain numbers in brackets"),
        ("Dense(1", 2, "plain numbers in brackets"),
        ("Dense(0, 3)", 2, "n_inputs=0"),
        ("Dropout(1, 2, 3)", 2, "Write its arguments"),
        ("mine.py", 2, "which class of it? Write mine.py:MyLayer."),
        ("mine.py:Other", 2, "has no layer or loss 'Other'; it has Right, Wrong."),
        ("mine.py:Settings", 2, "has no layer or loss 'Settings'"),
        ("nowhere.py:Right", 2, "there is no such file"),
        ("broken.py:Right", 2, "cannot be run: ModuleNotFoundError"),
        ("nowhere.safetensors", 2, "There is no model file"),
    ],
)
def test_a_wrong_command_is_told_what_to_write(mine, thing, code, sentence):
    _, error = pellucid_does("check", thing, code=code)
    assert sentence in " ".join(error.split())


def test_the_help_says_that_a_file_is_run():
    out, _ = pellucid_does("check", "--help")
    assert "That runs the file" in " ".join(out.split())
    assert inspect.cleandoc(pellucid.cli.main.get_command(None, "check").help).count("\n") < 9
