"""`pellucid train` on tables, as somebody types it: what is said, what is written, and what a wrong command is told."""

import json
import shlex

import numpy as np
import pytest

import pellucid
from command_line import interrupted, pellucid_does
from pellucid import tables
from pellucid.cli import source
from pellucid.options import in_a_shell
from pellucid.tables import fitting
from pellucid.tables.settings import settings
from table_models import in_folder_of_people, people, write

QUICK = ["--layers", "8", "--epochs", "6", "--drop", "pay"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    in_folder_of_people(tmp_path, monkeypatch)
    return tmp_path


def names(folder):
    return {path.name for path in folder.iterdir()} - {"people.csv"}


def test_a_run_writes_model_report_and_the_settings_that_repeat_it_exactly(folder):
    out, _ = pellucid_does("train", "people.csv", "--target", "income", *QUICK, "--type", "age=number", "--seed", 3)
    assert names(folder) == {"people.safetensors", "people.html", "people.run.toml"}
    for words in ("because", "task: classification", "rows: ", "epoch 5/6", "this network", "a linear model",
                  "Accuracy ", "wrote people.safetensors, people.html, people.run.toml", "next: pellucid predict"):  # fmt: skip
        assert words in out, words
    first = (folder / "people.safetensors").read_bytes()
    model = tables.load("people.safetensors")
    assert model.verdict in out and model.verdict.split(" on ")[0] in (folder / "people.html").read_text()
    pellucid_does("train", "--config", "people.run.toml", "-q")
    assert (folder / "people.safetensors").read_bytes() == first
    pellucid_does("train", "--config", "people.run.toml", "-q", "--seed", 4, "-o", "other.safetensors", "--no-report")
    assert tables.load("other.safetensors").model.seed == 4 and not (folder / "other.html").exists()
    pellucid_does("train", "--config", "other.run.toml", "-q")
    assert (folder / "other.safetensors").exists() and not (folder / "other.html").exists()


@pytest.mark.filterwarnings("ignore::pellucid.errors.DataWarning")
def test_python_and_the_command_line_train_the_same_network(folder):
    """The same file to the last bit, but for the sentences that name options: each speaks its reader's language."""
    pellucid_does("train", "people.csv", "--target", "income", *QUICK, "-q")
    model = tables.train("people.csv", "income", layers=(8,), epochs=6, drop=["pay"])
    with in_a_shell():
        same = tables.train("people.csv", "income", layers=(8,), epochs=6, drop=["pay"])
    same.save("python.safetensors")
    assert (folder / "python.safetensors").read_bytes() == (folder / "people.safetensors").read_bytes()
    assert all(np.array_equal(value, same.model.values()[key]) for key, value in model.model.values().items())
    assert {key for key, value in model.record.items() if value != same.record[key]} <= {"plan", "warnings", "limits"}
    assert "time='COLUMN'" in str(model.record["limits"]) and "--time COLUMN" in str(same.record["limits"])


def test_a_dry_run_shows_the_plan_and_writes_nothing(folder, monkeypatch):
    monkeypatch.setattr(fitting.Model, "fit", None)
    out, _ = pellucid_does("train", "people.csv", "--target", "income", "--dry-run", "--only", "age", "--only", "city")
    assert "joined" in out and "because" in out and "dry run" in out and names(folder) == set()


def test_json_has_standard_output_for_itself(folder):
    out, error = pellucid_does("train", "people.csv", "--target", "income", *QUICK, "--json", "--no-report")
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events] == ["plan", "start", *["epoch"] * 6, "result"]
    plan, start, result = events[0], events[1], events[-1]
    assert {column["name"] for column in plan["columns"]} == set(people(1)) and plan["task"] == "classification"
    assert start["network"].endswith("-8-2") and start["parameters"] > 50
    assert result["verdict"]["wins"] in (True, False, None) and "accuracy" in result["scores"]["this network"]
    assert result["files"] == ["people.safetensors", "people.run.toml"] and "task: classification" in error


def test_folds_intervals_weights_and_groups_can_be_typed(folder):
    pellucid_does("train", "people.csv", "--target", "pay", "--drop", "income", "--layers", "8", "--epochs", 4,
                  "--interval", 90, "--time", "joined", "-q", "-o", "pay.safetensors")  # fmt: skip
    record = tables.load("pay.safetensors").record
    assert record["interval"]["level"] == 0.9 and record["split"]["method"] == "time"
    out, _ = pellucid_does("train", "people.csv", "--target", "pay", "--time", "joined", "--dry-run")
    (line,) = [line for line in out.splitlines() if line.startswith("joined")]
    assert line.split()[1] == "time" and "date: day of year and weekday are inputs, the moment is none" in line
    out, _ = pellucid_does("train", "people.csv", "--target", "pay", "--target", "age", "--drop", "income", "--layers", "8",
                           "--epochs", 4, "--interval", 90, "-o", "two.safetensors")  # fmt: skip
    held = tables.load("two.safetensors").record["interval"]["of"]
    for name, one in held.items():
        assert f"{name}: {100 * one['coverage']:.1f} % of the rows lie in their 90 % interval" in out
    assert list(held) == ["pay", "age"] and "Quantile" in out
    out, _ = pellucid_does("train", "people.csv", "--target", "income", *QUICK, "--folds", 2, "--class-weights", "balanced",
                           "--no-rows", "-o", "folds.safetensors")  # fmt: skip
    record = tables.load("folds.safetensors").record
    assert "fold 2 of 2" in out and len(record["folds"]) == 2 and record["metric"] == "balanced_accuracy"
    assert record["worst"] == []
    pellucid_does("train", "--config", "folds.run.toml", "-q", "-o", "again.safetensors")
    assert tables.load("again.safetensors").record["scores"] == record["scores"]


def test_every_setting_can_be_typed_and_is_read_back(folder):
    options = {"na": ["?"], "drop": ["pay"], "types": ["age=number"], "numbers": "log", "separator": ",", "decimal": ".",
               "encoding": "utf-8", "header": True, "layers": "6,5", "activation": "tanh", "dropout": 0.25,
               "batch_norm": True, "loss": "categorical_cross_entropy", "optimizer": "adamw", "learning_rate": 0.004,
               "weight_decay": 0.5, "schedule": "cosine", "epochs": 3, "batch_size": 16, "patience": 7, "dtype": "float64",
               "engine": "numpy", "validation": 0.3, "test": 0.25, "task": "classification", "seed": 9}  # fmt: skip
    typed = []
    for name, value in options.items():
        flag = f"--{'type' if name == 'types' else name.replace('_', '-')}"
        for one in value if isinstance(value, list) else [value]:
            typed += [flag] if one is True else [flag, str(one)]
    pellucid_does("train", "people.csv", "--target", "income", *typed, "-q", "--no-report")
    model = tables.load("people.safetensors")
    options |= {"types": {"age": "number"}, "layers": (6, 5)}
    command = model.record["command"]
    assert command == settings(options).as_command("people.csv", ["income"])
    pellucid_does(*shlex.split(command)[1:], "-q", "--no-report", "-o", "again.safetensors")
    assert tables.load("again.safetensors").record["command"] == command
    both = [model.model.values(), tables.load("again.safetensors").model.values()]
    assert all(np.array_equal(both[0][key], both[1][key]) for key in both[0])


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["none.csv", "--target", "y"], 2, "no file"),
        (["people.csv"], 2, "target"),
        (["people.csv", "--target", "incom"], 2, "income"),
        (["people.csv", "--target", "income", "-n", "5"], 2, "-n is for arrays"),
        (["people.csv", "--target", "income", "--checkpoint", "x"], 2, "--checkpoint is for arrays"),
        (["spiral", "--folds", "3"], 2, "--folds is for tables"),
        (["spiral", "--target", "a", "--target", "b"], 2, "Several targets"),
        (["people.csv", "--target", "income", "--type", "age"], 2, "COLUMN=KIND"),
        (["people.csv", "--target", "income", "--interval", "90"], 2, "interval"),
        (["people.csv", "--target", "income", "--loss", "huber"], 2, "--loss"),
        (["people.csv", "--target", "income", "--group", "city", "--time", "joined"], 2, "not both"),
        (["people.csv", "--target", "income", "--time", "city"], 3, "--type city=date"),
        (["people.csv", "--target", "income", "-o", "people.bin"], 2, ".safetensors"),
        (["people.csv", "--target", "income", "-o", "no/where.safetensors"], 2, "cannot be written"),
        (["ragged.csv", "--target", "b"], 3, "line 3"),
        (["empty.csv", "--target", "b"], 3, "empty"),
    ],
)
def test_a_wrong_command_gets_one_sentence_its_code_and_no_file(folder, arguments, code, words):
    (folder / "ragged.csv").write_text("a,b\n1,2\n1,2,3\n4,5\n")
    (folder / "empty.csv").write_text("")
    before = names(folder)
    out, error = pellucid_does("train", *arguments, code=code)
    last = error.strip().splitlines()[-1]
    assert last.startswith("Error: ") and words in last and "Traceback" not in error and "epoch" not in out, error
    assert names(folder) == before


def test_the_network_is_kept_where_something_fails_late(folder, monkeypatch):
    def fail(*_, **__):
        raise pellucid.errors.FileError("no page")

    monkeypatch.setattr("pellucid.report.html", fail)
    _, error = pellucid_does("train", "people.csv", "--target", "income", *QUICK, code=3)
    assert "people.safetensors holds the network" in error and "no page" in error
    assert names(folder) == {"people.safetensors"} and tables.load("people.safetensors").verdict


def test_the_places_of_all_files_are_tried_before_training(folder, monkeypatch):
    monkeypatch.setattr(fitting.Model, "fit", None)
    (folder / "people.html").mkdir()
    _, error = pellucid_does("train", "people.csv", "--target", "income", *QUICK, code=2)
    assert "people.html is a folder" in error


def test_a_changed_file_is_noticed_when_a_run_is_repeated(folder):
    pellucid_does("train", "people.csv", "--target", "income", *QUICK, "-q", "--no-report")
    write(folder / "people.csv", people(119))
    _, error = pellucid_does("train", "--config", "people.run.toml", "-q", "--no-report")
    assert "has changed since" in error


def test_figures_of_the_file_that_was_learned_from_are_said_to_flatter(folder):
    pellucid_does("train", "people.csv", "--target", "income", "--layers", "4", "--epochs", "1", "-q", "--no-report")
    assert "it has seen most of these rows" in pellucid_does("evaluate", "people.safetensors", "people.csv")[1]
    write(folder / "others.csv", people(60, seed=5))
    assert "seen" not in pellucid_does("evaluate", "people.safetensors", "others.csv")[1]
    with pytest.warns(UserWarning, match="flatter"):
        tables.load("people.safetensors").evaluate("people.csv")


@pytest.mark.parametrize("name", ["Anna's.safetensors", 'a\\tb "c".safetensors', "no.run.safetensors"])
def test_a_file_of_any_name_is_written_again_where_a_run_is_repeated(folder, name):
    short = ("--layers", "4", "--epochs", "1", "-q", "--no-report")
    pellucid_does("train", "people.csv", "--target", "income", *short, "-o", name)
    first = (folder / name).read_bytes()
    (folder / name).unlink()
    pellucid_does("train", "--config", name.removesuffix(".safetensors") + ".run.toml", "-q")
    assert len((folder / name).read_bytes()) == len(first) and not list(folder.glob("*.html"))


def test_names_of_files_lose_the_endings_of_tables():
    assert [source.stem(name) for name in ("a/people.csv.gz", "b.tsv", "c.v2.csv")] == ["people", "b", "c.v2"]


def test_control_c_keeps_the_best_network_and_writes_it(folder):
    options = [
        "--target",
        "income",
        "--layers",
        "8",
        "--drop",
        "pay",
        "--epochs",
        "1000000",
        "--patience",
        "0",
        "--no-report",
    ]
    code, out, error = interrupted("train", "people.csv", *options)
    assert code == 130, error
    assert "interrupted" in out and len(tables.load("people.safetensors").model.history) >= 20
