"""The notebooks about drawings and about NaN run, cell by cell, and say today what stands in them."""

import importlib.util
import re
import sys
import warnings
from pathlib import Path

import pytest

from picture_checks import check

TOOLS = Path(__file__).parents[1] / "tools"
MISSING = [name for name in ("nbformat", "nbclient", "ipykernel") if importlib.util.find_spec(name) is None]


def words(output):
    """What an output says, without its numbers: these differ in their last digits from machine to machine."""
    assert output.output_type != "error", output
    text = output.get("text") or output.data["text/plain"]
    return re.sub(r"-?\d[\d.,]*(?:e[+-]?\d+)?", "#", " ".join(text.split()))


@pytest.fixture(scope="module", params=["make_nonfinite", "make_drawings"])
def notebooks(request):
    """(name, the notebook as it is stored, as it is when run)."""
    if MISSING:
        pytest.skip(f"not installed: {', '.join(MISSING)}")
    import nbformat

    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("default")  # what Jupyter's packages warn each other about
        patch.setattr(sys, "path", [str(TOOLS), *sys.path])
        maker = importlib.import_module(request.param)
        return request.param, nbformat.read(maker.PLACE, as_version=4), maker.run(maker.SOURCE)


def test_a_notebook_says_what_stands_in_it(notebooks):
    name, stored, executed = notebooks
    assert [cell.source for cell in stored.cells] == [cell.source for cell in executed.cells]
    pairs = zip(stored.cells, executed.cells, strict=True)
    for old, new in pairs:
        for before, now in zip(old.get("outputs", ()), new.get("outputs", ()), strict=True):
            assert words(before) == words(now)
            assert set(before.get("data", ())) == set(now.get("data", ()))
    printed = " ".join(output.get("text", "") for cell in executed.cells for output in cell.get("outputs", ()))
    if name == "make_nonfinite":
        for cause in (
            "learning rate is too high",
            "Row of X: 17.",
            "ToLengthOne is your own",
            "epsilon=1e-7",
            "weights[1, 0] = inf",
        ):
            assert cause in " ".join(printed.split())
    else:
        pictures = [
            o.data["image/svg+xml"]
            for c in executed.cells
            for o in c.get("outputs", ())
            if "image/svg+xml" in o.get("data", ())
        ]
        assert len(pictures) == 8
        for picture in pictures:
            check(picture)
        assert "of the digits" in printed
