"""The command line: what a person types, what comes back, and what a wrong command is told."""

import importlib.util
import json
import os
import subprocess
import sys

import click
import numpy as np
import pytest

import pellucid
from command_line import interrupted, pellucid_does
from pellucid import datasets
from pellucid.cli import COMMANDS, main
from pellucid.errors import missing_extra
from pellucid.layers import Dense, Softmax
from pellucid.losses import CategoricalCrossEntropy

QUICK = ["--layers", "8", "--epochs", "6", "-n", "90"]


def in_process_of_its_own(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "pellucid", *map(str, arguments)], capture_output=True, text=True, timeout=60, **options
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A small network of two inputs and two classes, in a file."""
    path = tmp_path_factory.mktemp("model") / "moons.safetensors"
    pellucid_does(
        "train", "moons", "-n", 300, "--layers", 16, "--epochs", 25, "--learning-rate", 0.02, "-q", "-o", path
    )
    return path


def values(path):
    return pellucid.load(path).values()


def same(first, second):
    return first.keys() == second.keys() and all(first[k].tobytes() == second[k].tobytes() for k in first)


# -- the group -----------------------------------------------------------------------------------------------------------


def test_help_names_every_command_and_loads_none_of_them():
    code = (
        "import sys\nfrom pellucid.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit as end:\n"
        "    print(end.code, [m for m in sys.modules if m.startswith('pellucid.cli.') or m.split('.')[0] in ('rich', 'jax')])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "0 []"
    for name, words in COMMANDS.items():
        assert any(line.split(None, 1) == [name, words] for line in out.splitlines() if line.strip())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_short_help_with_an_example_that_parses(name):
    out, _ = pellucid_does(name, "--help")
    command = main.get_command(click.Context(main), name)
    assert command.name == name and len(command.help.splitlines()) < 9
    example = next(line for line in command.help.splitlines() if "Example: pellucid" in line)
    words = example.split("Example: pellucid ")[1].split(" > ")[0].split()
    assert words[0] == name
    assert command.make_context(name, words[1:], resilient_parsing=False).params
    assert "Example: pellucid" in out


def test_version_and_module_and_script_are_the_same_thing():
    assert in_process_of_its_own("--version").stdout.split()[-1] == pellucid.__version__
    assert pellucid_does("--version")[0].split()[-1] == pellucid.__version__


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["trian"], 2, "trian"),
        (["train"], 2, "DATA"),
        (["train", "spiral", "--epochs", "many"], 2, "--epochs"),
        (["train", "nothing_of_that_name"], 2, "neither a file nor a data set"),
        (["train", "spiral", "--layers", "8,x"], 2, "such as 64,32"),
        (["train", "spiral", "--loss", "huber", "--task", "classification"], 2, "does not fit"),
        (["train", "spiral", "--loss", "binary_cross_entropy"], 2, "does not fit"),
        (["train", "spiral", "--resume"], 2, "--checkpoint"),
        (["train", "digits", "--noise", "0.3"], 2, "real images"),
        (["train", "spiral", "--engine", "abacus"], 2, "abacus"),
        (["train", "x.csv"], 2, "no file 'x.csv'"),
        (["train", "spiral", "-o", "model.bin"], 2, ".safetensors"),
        (["evaluate", "no.safetensors", "spiral"], 2, "no model file"),
        (["inspect", "no.npz"], 2, "neither"),
        (["predict", "no.safetensors", "spiral"], 2, "pellucid train"),
        (["data", "spirals"], 2, "spiral"),
        (["train", "spiral", "--config", "no.toml"], 2, "no.toml"),
    ],
)
def test_a_wrong_command_gets_one_sentence_and_its_code(folder, arguments, code, words):
    out, error = pellucid_does(*arguments, code=code)
    assert error.startswith("Error: ") and words in error and error.count("\n") == 1, error
    assert "Traceback" not in error and "epoch" not in out
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (missing_extra("jax", "jax", "The compiled engine"), 4),
        (pellucid.errors.DataError("no"), 3),
        (pellucid.errors.FileError("no"), 3),
        (pellucid.errors.NonFiniteError("no"), 1),
        (pellucid.errors.ContractError("no"), 2),
        (MemoryError(), 3),
        (OSError(28, "No space left on device", "x"), 2),
        (KeyboardInterrupt(), 130),
    ],
)
def test_every_kind_of_error_has_its_exit_code(monkeypatch, error, code):
    def fail(**_):
        raise error

    monkeypatch.setattr(main.get_command(None, "doctor"), "callback", fail)
    _, said = pellucid_does("doctor", code=code)
    assert len(said.split("\n")) <= 3 and said.strip().count("\n") == 0 and "Traceback" not in said


def test_debug_shows_the_traceback(folder):
    (folder / "x.csv").write_text("")
    for arguments in (["--debug", "train", "x.csv"], ["train", "x.csv", "--debug"]):
        _, error = pellucid_does(*arguments, code=3)
        assert "Traceback" in error and "DataError" in error and "\nError: x.csv" in error


def test_a_reader_that_has_had_enough_is_no_error():
    command = f"{sys.executable} -m pellucid data moons -n 50000 | head -n 1"
    ended = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert ended.stdout == "x1,x2,y\n" and ended.stderr == ""


# -- train ---------------------------------------------------------------------------------------------------------------


def test_a_run_writes_model_pictures_and_the_settings_that_repeat_it_exactly(folder):
    out, error = pellucid_does(
        "train", "moons", *QUICK, "--dropout", 0.1, "--batch-norm", "--seed", 3, "-o", "a.safetensors"
    )
    assert error == ""
    names = {"a.safetensors", "a_loss.svg", "a_accuracy.svg", "a_regions.svg", "a.run.toml"}
    assert {path.name for path in folder.iterdir()} == names
    assert all(name in out for name in names) and out.count("\n") < 25
    assert (folder / "a_regions.svg").read_text(encoding="utf-8").startswith("<svg")
    pellucid_does("train", "--config", "a.run.toml", "-o", "b.safetensors", "-q")
    pellucid_does("train", "--config", "b.run.toml", "-q", "--seed", 4, "-o", "c.safetensors")
    assert same(values("a.safetensors"), values("b.safetensors"))
    assert not same(values("a.safetensors"), values("c.safetensors"))


@pytest.mark.parametrize("options", [["--noise", 0], ["--task", "regression"], ["--loss", "huber"], []])
def test_a_spiral_has_its_ceiling_only_where_there_is_one(options, folder):
    out, _ = pellucid_does("train", "spiral", *QUICK, *options, "--no-picture", "-o", "a.safetensors")
    assert ("the best that anybody could reach" in out) == (not options) and (folder / "a.safetensors").exists()


def test_json_has_standard_output_for_itself(folder):
    out, error = pellucid_does("train", "spiral", *QUICK, "--json", "--no-picture")
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events] == ["start", *["epoch"] * 6, "result"]
    result = events[-1]
    assert "task: classification" in error and "18 rows not seen" in error
    assert set(result["scores"]) == {"this network", "the most frequent class", "a linear model"}
    assert result["ceiling"] == pytest.approx(datasets.spiral_ceiling()[0]) and result["seen"] is False
    assert result["rows_judged"] == 18 and result["files"] == ["spiral.safetensors", "spiral.run.toml"]
    most = result["scores"]["the most frequent class"]["accuracy"]["value"]
    assert most == pytest.approx(1 / 3)


def test_the_figures_in_the_table_are_those_of_the_file(folder):
    out, _ = pellucid_does("train", "spiral", *QUICK, "--json", "-q", "--test", 0.3)
    said = json.loads(out.splitlines()[-1])["scores"]["this network"]["accuracy"]["value"]
    out, _ = pellucid_does("evaluate", "spiral.safetensors", "spiral", "-n", 90, "--held-out", 0.3, "--json")
    assert json.loads(out)["accuracy"] == said


@pytest.mark.parametrize(
    ("validation", "words"), [(0.2, "18 rows that it was chosen by"), (0, "90 rows that it learned")]
)
def test_figures_on_rows_that_were_seen_are_said_to_be(folder, validation, words):
    out, error = pellucid_does("train", "xor", *QUICK, "--no-picture", "--test", 0, "--validation", validation)
    assert words in out and "flatter" in error


def test_the_output_is_tried_before_anything_is_trained(folder):
    (folder / "file").write_text("")
    for path in ("nowhere/a.safetensors", "file/a.safetensors"):
        out, error = pellucid_does("train", "spiral", "-o", path, code=2)
        assert out == "" and "cannot be written" in error
    (folder / "a.safetensors").mkdir()
    assert "is a folder" in pellucid_does("train", "spiral", "-o", "a.safetensors", code=2)[1]


def test_a_run_broken_off_and_resumed_is_the_undisturbed_one(folder):
    run = ["train", "moons", "--layers", "8", "-n", "90", "--no-picture", "-q"]
    pellucid_does(*run, "--epochs", 6, "-o", "whole.safetensors")
    pellucid_does(*run, "--epochs", 3, "-o", "half.safetensors", "--checkpoint", "run.safetensors")
    resumed = ["--checkpoint", "run.safetensors", "--resume", "-o", "resumed.safetensors"]
    pellucid_does(*run, "--epochs", 6, *resumed)
    assert same(values("whole.safetensors"), values("resumed.safetensors"))


def test_a_network_that_breaks_down_is_a_failed_run(folder):
    np.savez(folder / "wild.npz", X=np.random.RandomState(0).randn(60, 2), y=np.random.RandomState(1).randn(60))
    arguments = [
        "--optimizer",
        "sgd",
        "--learning-rate",
        "1e9",
        "--layers",
        "none",
        "--epochs",
        "99",
        "--scale",
        "none",
    ]
    _, error = pellucid_does("train", "wild.npz", *arguments, code=1)
    assert "learning rate" in error and not (folder / "wild.safetensors").exists()


def test_control_c_keeps_the_best_network_and_writes_it(tmp_path):
    path = tmp_path / "kept.safetensors"
    code, out, error = interrupted(
        "train", "moons", "--epochs", "1000000", "--patience", "0", "-o", str(path), seconds=60
    )
    assert code == 130 and error == ""
    assert "interrupted" in out and len(pellucid.load(path).history) >= 20


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals there")
@pytest.mark.parametrize("no_color", [False, True])
def test_a_terminal_gets_one_live_block_that_is_gone_afterwards(tmp_path, no_color):
    import pty

    main_end, far_end = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"} | ({"NO_COLOR": "1"} if no_color else {})
    process = subprocess.Popen(
        [sys.executable, "-m", "pellucid", "train", "moons", "--epochs", "150", "--patience", "0", "--no-picture"],
        stdout=far_end, stderr=far_end, stdin=far_end, cwd=tmp_path, env=environment,
    )  # fmt: skip
    os.close(far_end)
    shown = b""
    while True:
        try:
            piece = os.read(main_end, 65536)
        except OSError:  # the process has ended
            break
        if not piece:
            break
        shown += piece
    os.close(main_end)
    assert process.wait(timeout=60) == 0
    text = shown.decode()
    assert "at most" in text and "validation" in text  # the block
    assert "\x1b[1A\x1b[2K" in text  # was taken away again
    assert "epoch 50/150  loss" not in text  # plain lines are for pipes
    assert "this network" in text and "wrote moons.safetensors" in text
    assert not (no_color and any(f"\x1b[{code}" in text for code in ("31", "32", "33", "34", "35", "36", "38")))


# -- the other commands --------------------------------------------------------------------------------------------------


def test_evaluate_says_the_figures_and_minds_the_least_score(trained):
    out, _ = pellucid_does("evaluate", trained, "moons", "--json")
    figures = json.loads(out)
    X, y = datasets.make("moons", 3000, 1)
    expected = pellucid.load(trained).evaluate(X, y)
    assert figures["accuracy"] == expected["accuracy"] and figures["loss"] == pytest.approx(expected["loss"])
    assert figures["score"] == "accuracy" and figures["passed"] is True
    assert "seed 1" in pellucid_does("evaluate", trained, "moons", "--min-score", 0.5)[0]
    _, error = pellucid_does("evaluate", trained, "moons", "--min-score", 1.01, code=1)
    assert error.startswith("accuracy ") and "below the 1.01" in error
    pellucid_does("evaluate", trained, "moons", "--metric", "recall", "--min-score", 1.01, code=1)
    assert "write one of" in pellucid_does("evaluate", trained, "moons", "--metric", "beauty", code=2)[1]
    assert "does not fit" in pellucid_does("evaluate", trained, "moons", "--metric", "rmse", code=2)[1]
    assert "takes 2 number" in pellucid_does("evaluate", trained, "digits", code=3)[1]


def test_predict_takes_images_where_the_network_takes_rows(tmp_path):
    images, _ = pellucid.datasets.digits()
    model = pellucid.Model(Dense(64, 10), Softmax(), loss=CategoricalCrossEntropy())
    model.save(tmp_path / "m.safetensors")
    np.save(tmp_path / "images.npy", images[:3].reshape(3, 8, 8))
    out, _ = pellucid_does("predict", str(tmp_path / "m.safetensors"), str(tmp_path / "images.npy"))
    assert out.split() == ["class", *map(str, model.predict_classes(images[:3]))]


@pytest.mark.parametrize("command", ["predict", "evaluate", "explain", "diagnose"])
def test_rows_of_another_length_are_told_from_those_of_the_network(command, trained):
    _, said = pellucid_does(command, trained, "digits", code=3)
    assert "The network takes 2 number(s) a row, but digits has 64." in said


@pytest.mark.parametrize("command", ["evaluate", "explain", "diagnose"])
def test_images_are_looked_at_where_the_network_takes_rows(command, folder):
    model = pellucid.Model(Dense(12, 3), Softmax(), loss=CategoricalCrossEntropy())
    model.save("a.safetensors")
    images, labels = np.random.default_rng(0).random((30, 3, 4), np.float32), np.arange(30) % 3
    np.savez("images.npz", X=images, y=labels)
    assert pellucid_does(command, "a.safetensors", "images.npz")[0]


def test_predict_writes_classes_or_probabilities(trained, folder):
    X, y = datasets.make("moons", 40, 5)
    np.savez("points.npz", X=X, y=y)
    np.save("bare.npy", X)
    model = pellucid.load(trained)
    out, _ = pellucid_does("predict", trained, "points.npz")
    head, *lines = out.splitlines()
    assert head == "class" and [int(line) for line in lines] == model.predict_classes(X).tolist()
    assert pellucid_does("predict", trained, "bare.npy")[0] == out
    assert pellucid_does("predict", trained, "moons", "-n", 40, "--seed", 5)[0] == out
    pellucid_does("predict", trained, "points.npz", "--proba", "-o", "p.csv")
    read = np.loadtxt("p.csv", delimiter=",", skiprows=1, dtype=np.float32)
    assert (folder / "p.csv").read_text().startswith("p0,p1\n") and np.array_equal(read, model.predict(X))
    pellucid_does("predict", trained, "points.npz", "--proba", "-o", "p.npy")
    assert np.array_equal(np.load("p.npy"), model.predict(X))
    assert ".csv or .npy" in pellucid_does("predict", trained, "points.npz", "-o", "p.doc", code=2)[1]


def test_a_damaged_model_file_is_bad_data(trained, folder):
    data = bytearray(trained.read_bytes())
    data[-1] ^= 1
    (folder / "bad.safetensors").write_bytes(data)
    for command in (["inspect", "bad.safetensors"], ["predict", "bad.safetensors", "moons"]):
        assert "damaged" in pellucid_does(*command, code=3)[1]


def test_inspect_tells_what_a_model_is(trained):
    out, _ = pellucid_does("inspect", trained)
    assert "Dense(2, 16" in out and f"pellucid {pellucid.__version__}" in out and "25 epochs" in out and "▁" in out
    facts = json.loads(pellucid_does("inspect", trained, "--json")[0])
    assert facts["parameters"] == 2 * 16 + 16 + 16 * 2 + 2 and facts["epochs"] == 25 and facts["seed"] == 0


def test_inspect_draws_a_model(trained, folder):
    facts = json.loads(pellucid_does("inspect", trained, "--svg", "net.svg", "--json")[0])
    assert facts["svg"] == "net.svg" and (folder / "net.svg").read_text().startswith("<svg")
    assert "drawing written to net.svg" in pellucid_does("inspect", trained, "--svg", "net.svg")[0]
    assert "draws a model" in pellucid_does("inspect", "moons", "--svg", "net.svg", code=2)[1]


def test_inspect_tells_what_data_are(folder):
    X = np.random.RandomState(0).randn(50, 3)
    X[:, 1], X[7, 2] = 4.0, np.nan
    np.savez("odd.npz", X=X, y=np.arange(50) % 3 * 2)
    out, error = pellucid_does("inspect", "odd.npz")
    assert "1 of 3 features never change: 1" in out and "(7, 2)" in out and "classification" in out
    assert "0: 17, 1: 0, 2: 17, 3: 0, 4: 16" in out and "no row has class 1, 3" in error
    facts = json.loads(pellucid_does("inspect", "odd.npz", "--json")[0])
    assert (facts["nan"], facts["constant"], facts["classes"]) == (1, [1], [17, 0, 17, 0, 16])
    assert json.loads(pellucid_does("inspect", "waves", "--json")[0])["task"] == "regression"


@pytest.mark.parametrize("name", datasets.BY_NAME)
def test_data_reads_back_to_the_same_numbers(name, folder):
    X, y = datasets.make(name, 20, 7)
    out, _ = pellucid_does("data", name, "-n", 20, "--seed", 7)
    head, *lines = out.splitlines()
    assert head == ",".join([*(f"x{i + 1}" for i in range(X.shape[1])), "y"])
    table = np.array([line.split(",") for line in lines])
    assert np.array_equal(table[:, :-1].astype(X.dtype), X)
    assert np.array_equal(table[:, -1].astype(y.dtype), y.ravel())
    pellucid_does("data", name, "-n", 20, "--seed", 7, "-o", "d.npz")
    assert np.array_equal(datasets.read("d.npz")[0], X)
    pellucid_does("data", name, "-n", 20, "--seed", 7, "-o", "d.csv")
    assert (folder / "d.csv").read_text() == out


@pytest.mark.parametrize(
    ("engines", "switch", "words"),
    [
        (["numpy", "jax"], "off", "off, as PELLUCID_COMPILE_CACHE says"),
        (["numpy", "jax"], "/kept/here", "compiled programs in /kept/here (PELLUCID_COMPILE_CACHE=off for none"),
        (["numpy"], "", "none: it keeps compiled programs, and there is no jax"),
    ],
)
def test_doctor_says_where_compiled_programs_are_kept_and_how_to_switch_that_off(engines, switch, words, monkeypatch):
    from pellucid.cli import health

    monkeypatch.setenv("PELLUCID_COMPILE_CACHE", switch)
    monkeypatch.setattr(health.engines, "available", lambda: engines)
    monkeypatch.setattr(health.engines, "devices", lambda: ["cpu"])
    assert words in pellucid_does("doctor")[0]


def test_doctor_names_what_is_missing_with_the_line_that_installs_it(monkeypatch):
    from pellucid.cli import health

    def version(name):
        if name == "matplotlib":
            raise health.metadata.PackageNotFoundError(name)
        return "9.9"

    required = [
        'jax>=0.6; extra == "jax"',
        "numpy>=2.0",
        'matplotlib>=3.8; extra == "plot"',
        'pellucid[jax]; extra == "all"',
    ]
    monkeypatch.setattr(health.metadata, "version", version)
    monkeypatch.setattr(health.metadata, "requires", lambda name: required)
    out, _ = pellucid_does("doctor")
    assert 'matplotlib missing: pip install "pellucid[plot]"' in out and "jax 9.9" in out
    found = json.loads(pellucid_does("doctor", "--json")[0])
    assert found["extras"] == {"jax": {"jax": "9.9"}, "plot": {"matplotlib": None}}
    assert found["numpy"] == np.__version__ and found["usable_cpus"] >= 1
    assert found["engines"] == (["numpy", "jax"] if importlib.util.find_spec("jax") else ["numpy"])
