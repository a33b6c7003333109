"""The notebook about findings runs, cell by cell, and says today what stands in it."""

import ast
import json
import re
from pathlib import Path

from pellucid.glass.diagnose import watch

PLACE = Path(__file__).parents[1] / "examples" / "diagnose.ipynb"


def words(text):
    """Without its numbers, which differ in their last digits from machine to machine."""
    return re.sub(r"-?\d[\d.,]*(?:e[+-]?\d+)?", "#", " ".join(text.split()))


def said(cell):
    """What a cell printed and returned, without the progress line, which depends on who looks."""
    texts = []
    for output in cell["outputs"]:
        assert output["output_type"] != "error"
        if output["output_type"] == "stream":
            texts.append("".join(output["text"]))
        elif output["output_type"] == "execute_result":
            texts.append("".join(output["data"]["text/plain"]))
            assert "".join(output["data"]["text/html"]).startswith("<section")
    return " ".join(texts)


def test_the_notebook_says_what_stands_in_it(capsys, monkeypatch):
    monkeypatch.setattr(watch, "UNNOTICED", 60.0)
    names = {"__name__": "notebook"}
    cells = [cell for cell in json.loads(PLACE.read_text())["cells"] if cell["cell_type"] == "code"]
    for cell in cells:
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "<cell>", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last is not None else None
        printed = capsys.readouterr().out + ("" if value is None else repr(value))
        assert words(printed) == words(said(cell))
    everything = " ".join(map(said, cells))
    for name in ("unscaled-inputs", "dead-units", "vanishing-gradients", "duplicated-rows"):
        assert f"{name}  " in everything
    assert len(re.findall("Nothing found", everything)) == 2
