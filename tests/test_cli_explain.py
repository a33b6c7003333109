"""`pellucid explain`: a row of data, or of random numbers, in each form."""

import json
import re

import numpy as np
import pytest

import pellucid
from command_line import pellucid_does
from explained import gradients_of
from pellucid.cli import explaining
from pellucid.layers import Dense, Flatten, ReLU, Softmax
from pellucid.losses import CategoricalCrossEntropy, MeanSquaredError


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "spiral.safetensors"
    made = pellucid.Model(Dense(2, 16), ReLU(), Dense(16, 3), Softmax(), loss=CategoricalCrossEntropy(), seed=1)
    X, y = pellucid.datasets.make("spiral", 60, 0)
    made.fit(X, y, epochs=5, progress=False, engine="numpy")
    made.save(path)
    return path


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "rows.npz"
    rng = np.random.default_rng(0)
    np.savez(path, X=rng.normal(size=(5, 2)).astype(np.float32), y=np.array([0, 1, 2, 0, 1]))
    return path


def test_a_row_of_a_file_as_text(model, table):
    out, err = pellucid_does("explain", model, table, "--row", 3)
    assert err == "" and max(map(len, out.splitlines())) <= 80
    with np.load(table) as held:
        expected = pellucid.load(model).explain(held["X"][3], int(held["y"][3]))
    assert out == expected.text(hints=explaining.HINTS) + "\n"
    assert " ".join(out.split()).endswith(
        "More: --layer 2 (a layer in detail), --units 4 or --units all (all layers), --html FILE (to open and close)."
    )
    assert [line for line in out.splitlines() if line.isupper()] == ["FORWARD", "LOSS", "BACKWARD", "UPDATE", "CHECK"]


def test_several_rows_less_depth_fewer_digits(model, table):
    out, _ = pellucid_does("explain", model, table, "--row", 0, "--row", 4, "--depth", 2, "--units", 2, "--digits", 4)
    assert "2 samples" in out and "14 more units not shown" in out and "dweights[" not in out
    assert not re.search(r"= \d\.\d{5,}", out.partition("FORWARD")[2])


def test_more_is_shown_by_what_the_last_line_says(model, table):
    short, _ = pellucid_does("explain", model, table)
    one, _ = pellucid_does("explain", model, table, "--layer", 2)
    four, _ = pellucid_does("explain", model, table, "--units", 4)
    everything, _ = pellucid_does("explain", model, table, "--units", "all")
    assert "Layer 2: Dense(16, 3)" in one and "Layer 0" not in one and "weights of layer 2" in one
    assert len(short) < len(four) < len(everything)
    assert "not shown" not in everything and "together)" not in everything and "dweights[15,2]" in everything
    assert "Shorter: fewer --units" in everything


def test_json_alone_on_standard_output(model, table, tmp_path):
    page = tmp_path / "page.html"
    out, err = pellucid_does("explain", model, table, "--json", "--html", page)
    assert err == f"Written: {page}\n"
    found, stored = gradients_of(json.loads(out)), pellucid.load(model).values()
    assert {key: value.shape for key, value in found.items()} == {key: value.shape for key, value in stored.items()}


def test_a_page_and_a_document(model, tmp_path):
    page = tmp_path / "page.html"
    out, _ = pellucid_does("explain", model, "spiral", "-n", 30, "--row", 7, "--html", page)
    assert out == f"Written: {page}\n"
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>") and "Layer 0: Dense(2, 16)" in text and "<script" not in text
    latex, _ = pellucid_does("explain", model, "spiral", "-n", 30, "--latex", "--depth", 2)
    assert latex.startswith(r"\documentclass") and latex.endswith("\\end{document}\n")


def test_without_data_or_answers_the_prediction(model, table, tmp_path):
    out, err = pellucid_does("explain", model)
    assert "a row of 2 random numbers" in err and out.startswith("Model(") and "BACKWARD" not in out
    out, err = pellucid_does("explain", model, table, "--prediction")
    assert err == "" and "The prediction for one sample" in " ".join(out.split()) and "BACKWARD" not in out
    np.save(tmp_path / "X.npy", np.zeros((4, 2)))
    assert "prediction" in pellucid_does("explain", model, tmp_path / "X.npy", "--prediction", "--row", 3)[0]


def test_numbers_as_targets(tmp_path):
    made = pellucid.Model(Dense(1, 3), ReLU(), Dense(3, 1), loss=MeanSquaredError())
    made.save(tmp_path / "sine.safetensors")
    out, _ = pellucid_does("explain", tmp_path / "sine.safetensors", "sine", "--row", 5)
    assert "(output - target)**2" in out
    pellucid.Model(Dense(1, 1)).save(tmp_path / "bare.safetensors")
    assert "The prediction" in pellucid_does("explain", tmp_path / "bare.safetensors", "sine")[0]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--row", "5"], 2, "has 5 rows, numbered from 0"),
        (["--row", "-1"], 2, "--row"),
        (["--json", "--latex"], 2, "leave one of them out"),
        (["--depth", "4"], 2, "--depth"),
        (["--layer", "7"], 2, "this network's layers, 0, 1, 2, 3"),
        (["--units", "many"], 2, 'from 1 to 4096 or "all"'),
        (["--html", "/nowhere/at/all.html"], 2, "no folder"),
    ],
)
def test_a_wrong_command_is_told(model, table, arguments, code, words):
    _, err = pellucid_does("explain", model, table, *arguments, code=code)
    assert words in err


def test_what_cannot_be_explained_is_told(model, tmp_path):
    assert "no model file" in pellucid_does("explain", tmp_path / "none.safetensors", code=2)[1]
    assert "neither a file nor a data set" in pellucid_does("explain", model, "nothing", code=2)[1]
    pellucid.Model(Flatten()).save(tmp_path / "flat.safetensors")
    assert "give DATA" in pellucid_does("explain", tmp_path / "flat.safetensors", code=2)[1]
    assert "takes 2 number" in pellucid_does("explain", model, "digits", code=3)[1]
