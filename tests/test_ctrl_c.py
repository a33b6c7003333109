"""Ctrl-C after a training: the network is kept, no file is half-written, and a sentence says what is left out."""

import json
import os
import re
import shlex
import warnings
from pathlib import Path

import numpy as np
import pytest

import pellucid
from command_line import ctrl_c_within, interrupted, pellucid_does
from pellucid import report, tables
from pellucid.cli import run, scaling, table_run
from pellucid.errors import DataWarning
from pellucid.exchange import atomic
from pellucid.tables import fitting, record, training
from table_models import in_folder_of_people, people, write

QUICK = ["--layers", "8", "--epochs", "6", "--drop", "pay"]
TRAIN = ["train", "people.csv", "--target", "income", *QUICK]
FIGURES, WORTH, DIAGNOSIS = "the figures beside those of the baselines", "what each column is worth", "the diagnosis"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    in_folder_of_people(tmp_path, monkeypatch)
    rng = np.random.default_rng(0)
    X = 100.0 + rng.normal(size=(90, 2))
    np.savez(tmp_path / "points.npz", X=X, y=(X[:, 0] > X[:, 1]).astype(int))
    return tmp_path


def names():
    return {path.name for path in Path().iterdir()} - {"people.csv", "points.npz"}


def values(model):
    return {key: value.tobytes() for key, value in model.values().items()}


def the_sentence(error):
    """The one line that says what became of the run."""
    (line,) = [line for line in error.splitlines() if "Interrupted" in line]
    assert line.startswith("Note: Interrupted after the training: wrote ") and line.endswith(".")
    return line


STAGES = [
    (training, "answers", [FIGURES, WORTH, DIAGNOSIS]),
    (training, "Resampling", [FIGURES, WORTH, DIAGNOSIS]),
    (record, "importance", [WORTH, DIAGNOSIS]),
    (record, "health", [DIAGNOSIS]),
    (table_run.TableRun, "tell", []),
    (report, "html", []),
]


@pytest.mark.parametrize(("owner", "name", "missing"), STAGES, ids=[name for _, name, _ in STAGES])
def test_a_table_s_network_is_kept_whatever_ctrl_c_ends(monkeypatch, owner, name, missing):
    pellucid_does(*TRAIN, "-o", "undisturbed.safetensors")
    with monkeypatch.context() as patched:
        ctrl_c_within(patched, owner, name)
        _, error = pellucid_does(*TRAIN, code=130)
    said = the_sentence(error)
    assert "wrote people.safetensors and people.run.toml; left out: " in said
    assert [
        part for part in (FIGURES, WORTH, DIAGNOSIS) if part in said
    ] == missing and "the report (people.html)" in said
    assert {"people.safetensors", "people.run.toml"} == {name for name in names() if name.startswith("people")}
    kept, whole = tables.load("people.safetensors"), tables.load("undisturbed.safetensors")
    assert values(kept.model) == values(whole.model) and bool(kept.verdict) == (FIGURES not in missing)
    assert {key for key in kept.record if kept.record[key] != whole.record[key]} <= {"notes"}
    assert ("Interrupted" in " ".join(kept.record["notes"])) == bool(missing)


@pytest.mark.parametrize("owner", [training, report], ids=["no figures", "no report"])
def test_the_commands_that_the_sentence_names_make_the_rest(monkeypatch, owner):
    with monkeypatch.context() as patched:
        ctrl_c_within(patched, owner, "answers" if owner is training else "html")
        _, error = pellucid_does(*TRAIN, code=130)
    named = the_sentence(error).rstrip(".").removesuffix(", or the same command again for all")
    commands = re.split(r"(?:,| and|:) pellucid ", named)[1:]
    assert [command.split()[0] for command in commands] == (["evaluate", "diagnose"] * (owner is training)) + ["report"]
    write(Path("OTHER_ROWS.csv"), people(60, seed=3))
    for command in commands:
        out, _ = pellucid_does(*shlex.split(command))
        assert out
    assert "people.html" in names()
    assert ("Interrupted after the training" in Path("people.html").read_text()) == (owner is training)


def test_a_report_is_there_whole_or_not_at_all(monkeypatch):
    """Ctrl-C in the middle of writing it: the one of an earlier network stays to the last byte, and that is said."""
    Path("people.html").write_text("earlier")
    with monkeypatch.context() as patched:
        ctrl_c_within(patched, atomic.os, "replace", lambda source, target: str(target).endswith(".html"))
        _, error = pellucid_does(*TRAIN, code=130)
    assert "the report (people.html, which is of an earlier network)" in the_sentence(error)
    assert Path("people.html").read_text() == "earlier"
    assert names() == {"people.html", "people.safetensors", "people.run.toml"}, "no file that was begun is left"


@pytest.mark.parametrize("stage", ["widen", "network"])
def test_a_network_is_whole_or_there_is_none(monkeypatch, stage):
    """Ctrl-C waits while intervals are widened; before there is a network, nothing is written."""
    ctrl_c_within(monkeypatch, fitting, stage)
    _, error = pellucid_does(
        "train", "people.csv", "-t", "pay", "--drop", "income", "--interval", "80", *QUICK[:4], code=130
    )
    if stage == "network":
        assert error.splitlines()[-1] == "Interrupted." and names() == set()
    else:
        assert FIGURES in the_sentence(error) and names() == {"people.safetensors", "people.run.toml"}
        assert tables.load("people.safetensors").predict_interval("people.csv").shape == (120, 2)


def test_ctrl_c_in_a_fold_judges_by_the_folds_before_it(monkeypatch):
    calls = []
    ctrl_c_within(monkeypatch, fitting, "features", lambda *_: calls.append(1) or len(calls) == 3)
    pellucid_does(*TRAIN, "--folds", "3", code=130)
    kept = tables.load("people.safetensors").record
    assert len(kept["folds"]) == 1 and "people.html" in names()
    assert "the network is judged by 1 of 3 folds." in kept["notes"][-1]


def test_python_is_warned_of_folds_that_do_not_judge(monkeypatch):
    calls = []
    ctrl_c_within(monkeypatch, fitting, "features", lambda *_: calls.append(1) or len(calls) == 2)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model = tables.train("people.csv", "income", layers=(8,), epochs=6, drop=["pay"], folds=3)
    assert "judged on rows that it was chosen by, by no fold" in str(said[-1].message)
    assert model.record["folds"] is None


def test_python_gets_the_network_and_a_warning(monkeypatch):
    ctrl_c_within(monkeypatch, record, "importance")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model = tables.train("people.csv", "income", layers=(8,), epochs=6, drop=["pay"])
    assert {(warning.category, Path(warning.filename).name) for warning in said} == {(DataWarning, "test_ctrl_c.py")}
    assert f"the network is whole, but {WORTH} and {DIAGNOSIS} are left out" in str(said[-1].message)
    assert model.verdict and "importance" not in model.record and len(model.predict("people.csv")) == 120
    model.report("python.html")
    assert "left out" in Path("python.html").read_text()


ARRAYS = [
    (run.Baselines, "fit_predict", True, {"points_loss.svg", "points_accuracy.svg", "points_regions.svg"}),
    (run, "Resampling", True, {"points_loss.svg", "points_accuracy.svg", "points_regions.svg"}),
    (run.Run, "_regions", False, {"points_regions.svg"}),
    (scaling, "fold_into", True, {"points_loss.svg", "points_accuracy.svg", "points_regions.svg"}),
]


@pytest.mark.parametrize(("owner", "name", "unjudged", "pictures"), ARRAYS, ids=[name for _, name, _, _ in ARRAYS])
def test_a_network_of_arrays_is_kept_whatever_ctrl_c_ends(monkeypatch, owner, name, unjudged, pictures):
    train = ["train", "points.npz", "--layers", "8", "--epochs", "6"]
    pellucid_does(*train, "-o", "undisturbed.safetensors")
    with monkeypatch.context() as patched:
        ctrl_c_within(patched, owner, name)
        _, error = pellucid_does(*train, code=130)
    said = the_sentence(error)
    assert (FIGURES in said) == unjudged and all(picture in said for picture in pictures)
    assert ("pellucid evaluate points.safetensors points.npz --held-out 0.2" in said) == unjudged
    usual = {"points_loss.svg", "points_accuracy.svg", "points_regions.svg"}
    written = {"points.safetensors", "points.run.toml"} | usual - pictures
    assert {name for name in names() if name.startswith("points")} == written
    kept, whole = (pellucid.load(f"{name}.safetensors") for name in ("points", "undisturbed"))
    assert values(kept) == values(whole) and len(kept.history) == len(whole.history)
    pellucid_does("evaluate", "points.safetensors", "points.npz", "--held-out", "0.2")
    pellucid_does("report", "points.safetensors")


@pytest.mark.parametrize(
    ("command", "within", "model"),
    [
        (TRAIN, "pellucid.tables.training.answers", "people"),
        (["train", "points.npz", "--epochs", "6"], "pellucid.cli.run.Resampling", "points"),
    ],
    ids=["table", "arrays"],
)
@pytest.mark.skipif(os.name == "nt", reason="Windows delivers no SIGINT to a child")
def test_a_command_that_gets_ctrl_c_from_outside(command, within, model):
    code, _, error = interrupted(*command, within=within, seconds=60)
    assert code == 130 and f"wrote {model}.safetensors and {model}.run.toml" in the_sentence(error)
    assert (
        names() == {f"{model}.safetensors", f"{model}.run.toml"}
        and len(pellucid.load(f"{model}.safetensors").history) == 6
    )


def test_a_program_that_reads_json_is_told(monkeypatch):
    ctrl_c_within(monkeypatch, record, "health")
    out, _ = pellucid_does(*TRAIN, "--json", "--no-report", code=130)
    last = json.loads(out.splitlines()[-1])
    assert last == {"event": "interrupted", "left_out": [DIAGNOSIS], "files": ["people.safetensors", "people.run.toml"]}
