"""The notebook about checking gradients runs, cell by cell, and says today what stands in it."""

import importlib.util
import sys
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MISSING = [name for name in ("nbformat", "nbclient", "ipykernel") if importlib.util.find_spec(name) is None]


def said(notebook):
    """Of every cell what it says in words: tables of figures differ in their last digit from machine to machine."""
    lines = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            assert output.output_type != "error", output
            text = output.get("text") or output.data["text/plain"]
            lines.append(
                [line for line in text.splitlines() if not any(sign in line for sign in ("  ok  ", "  wrong  "))]
            )
    return lines


@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
def test_the_notebook_says_what_stands_in_it(monkeypatch):
    import nbformat

    monkeypatch.setattr(sys, "path", [str(ROOT / "tools"), *sys.path])
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # what Jupyter's packages warn each other about
        maker = importlib.import_module("make_check_gradients")
        executed = maker.run(maker.SOURCE)
    stored = nbformat.read(maker.PLACE, as_version=4)
    assert [cell.source for cell in stored.cells] == [cell.source for cell in executed.cells]
    assert said(stored) == said(executed)
    words = "\n".join(line for lines in said(stored) for line in lines)
    assert words.count("WRONG: ") == 3 and words.count("OK: ") == 3 and "layer 1, MyTanh" in words
