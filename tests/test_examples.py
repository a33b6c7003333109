"""Every example runs as it stands, in an empty folder, without a warning, and prints what it promises."""

import re
import runpy
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "examples"
EXAMPLES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "demo")  # `make demo` runs that one


def numbers(printed: str, pattern: str) -> list[float]:
    """What the group of `pattern` matches in each printed line that it fits, as numbers."""
    return [float(text) for text in re.findall(pattern, printed)]


def own_layer(printed):
    tanh, snake = numbers(printed, r"R2 +(-?[\d.]+)")
    assert tanh < 0 < 0.8 < snake <= 1


def own_loss(printed):
    asked, found = numbers(printed, r"(\d+)% wait less"), numbers(printed, r"([\d.]+)% of all do")
    assert asked == [10, 50, 90] and found == pytest.approx(asked, abs=4)
    minutes = numbers(printed, r"less than +([\d.]+) min")
    assert minutes == sorted(minutes)


def own_optimizer(printed):
    adam, lion = numbers(printed, r"([\d.]+)% of new digits")
    assert min(adam, lion) > 94


def own_metric(printed):
    right, error = numbers(printed, r"([\d.]+)% right"), numbers(printed, r"calibration error ([\d.]+)%")
    assert min(right) > 75 and abs(right[1] - right[0]) < 5 and 1.4 * error[0] < error[1]


def callbacks(printed):
    assert re.search(r"^stopped by good_enough after epoch \d+$", printed, re.M)
    assert [int(epoch) for epoch in numbers(printed, r"copy of epoch (\d+)")] == [10, 20]
    first, last = numbers(printed, r"([\d.]+) at (?:first|the end)")
    assert last > first


def checkpoint_and_resume(printed):
    assert "Left behind: run.safetensors, run.safetensors.1\n" in printed
    assert "12 epochs in its history, every bit as without the break: True\n" in printed
    assert numbers(printed, r"([\d.]+)% of new digits")[0] > 94


def sweep(printed):
    assert printed.startswith("60 networks: 10 seeds, 6 settings; ")
    assert re.search(r"^The first setting is ahead of the second for \d+ of 10 seeds\.$", printed, re.M)
    mean = numbers(printed, r"([\d.]+)% of new points")[0]
    low, high = (float(text) for text in re.findall(r"([\d.]+)% to ([\d.]+)% by luck", printed)[0])
    assert 80 < low + 3 < mean < high


def larger_than_memory(printed):
    assert "from a file: 80 MB as the network takes it" in printed and "from batches: 3 epochs" in printed
    assert min(numbers(printed, r"([\d.]+)% of new right")) > 98


def estimators(printed):
    rights = dict(re.findall(r"^(\w+): \d+ rows.* columns: ([\d.]+)% right", printed, re.M))
    assert set(rights) == {"iris", "wine", "breast_cancer"} and all(float(right) > 93 for right in rights.values())
    assert numbers(printed, r"([\d.]+)% of 540 new digits")[0] > 94
    covered, width, of_all = (
        numbers(printed, of)[0] for of in (r"([\d.]+)% of new pat", r", (\d+) wide", r"be (\d+) w")
    )
    assert 84 < covered < 94 and width < 0.8 * of_all
    assert "are the library's own gradients" in " ".join(printed.split())


def tables(printed):
    verdicts = dict(re.findall(r"^(\w+): (?:Accuracy|R2) (.*)$", printed, re.M))
    assert set(verdicts) == {"iris", "wine", "breast_cancer", "diabetes"}
    assert all("interval" in said and ("linear model" in said or "trees" in said) for said in verdicts.values())
    assert numbers(printed, r"([\d.]+)% of new rows lie")[0] > 75
    assert "['class_0' 'class_1' 'class_2']" in printed and "written: wine.csv, wine.html, wine.safetensors" in printed
    assert "bottle is left out" in printed and "'lost' (line" in printed


NEEDS = {"estimators": "sklearn", "tables": "sklearn"}
PROMISES = {
    promise.__name__: promise
    for promise in (
        own_layer,
        own_loss,
        own_optimizer,
        own_metric,
        callbacks,
        checkpoint_and_resume,
        sweep,
        larger_than_memory,
        estimators,
        tables,
    )
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_prints_what_it_promises(name, tmp_path, monkeypatch, capsys):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [f"{name}.py"])
    runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
    printed = capsys.readouterr().out
    assert printed
    if name in PROMISES:
        PROMISES[name](printed)


def test_no_promise_is_left_without_its_example():
    assert set(PROMISES) <= set(EXAMPLES)
