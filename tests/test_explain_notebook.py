"""The notebook about explanations runs, cell by cell, and says today what stands in it."""

import ast
import json
import re
from pathlib import Path

from pellucid.glass.explain import Explanation
from test_explain import check_html

PLACE = Path(__file__).parents[1] / "examples" / "explain.ipynb"


def words(text):
    """Without its numbers, which differ in their last digits from machine to machine."""
    return re.sub(r"-?\d[\d.,]*(?:e[+-]?\d+)?", "#", " ".join(text.split()))


def test_the_notebook_says_what_stands_in_it(capsys):
    names = {"__name__": "notebook"}
    cells = [cell for cell in json.loads(PLACE.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    shown = 0
    for cell in cells:
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "<cell>", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last is not None else None
        stored = {output["output_type"]: output for output in cell["outputs"]}
        assert "error" not in stored
        assert words(capsys.readouterr().out) == words("".join(stored.get("stream", {"text": ""})["text"]))
        if isinstance(value, Explanation):
            data = {kind: "".join(text) for kind, text in stored["execute_result"]["data"].items()}
            check_html(data["text/html"])
            if value.record.dtype == "float64":  # which units matter most of a trained network is another matter
                assert words(data["text/plain"]) == words(str(value)) and data["text/html"] == value.html()
            shown += 1
    assert shown == 2
