"""Options in sentences: keywords for who writes Python, flags for who types commands, and no sentence that forgets whom."""

import ast
import inspect
import re
from pathlib import Path

import pytest

import pellucid
from command_line import pellucid_does
from pellucid import tables
from pellucid.errors import InputError
from pellucid.options import SEVERAL, in_a_shell, option
from pellucid.tables import Settings

SOURCE = Path(pellucid.__file__).parent
SENTENCES = [*SOURCE.glob("tables/*.py"), SOURCE / "estimators" / "table_encoder.py"]


@pytest.mark.parametrize(
    ("name", "value", "keyword", "flag"),
    [
        ("types", {"a b": "category"}, "types={'a b': 'category'}", "--type 'a b=category'"),
        ("drop", ["x", "y's"], "drop=['x', \"y's\"]", "--drop x --drop 'y'\"'\"'s'"),
        ("class_weights", "balanced", "class_weights='balanced'", "--class-weights balanced"),
        ("rows", False, "rows=False", "--no-rows"),
        ("header", True, "header=True", "--header"),
        ("test", 0.25, "test=0.25", "--test 0.25"),
        ("layers", (64, 32), "layers=(64, 32)", "--layers 64,32"),
        ("na", ..., "na=...", "--na ..."),
        ("drop", ["a\x1b[2J"], "drop=['a\\x1b[2J']", "--drop 'a\\x1b[2J'"),  # which a terminal would obey
    ],
)
def test_an_option_is_written_as_its_reader_writes_it(name, value, keyword, flag):
    assert option(name, value) == keyword
    with in_a_shell():
        assert option(name, value) == flag
    assert option(name, value) == keyword


def test_a_shell_is_left_behind_by_an_error_too():
    with pytest.raises(ValueError, match="some"), in_a_shell():
        raise ValueError("some")
    assert option("loss") == "loss"


@pytest.mark.parametrize("path", SENTENCES, ids=lambda path: path.name)
def test_no_sentence_of_a_table_names_a_flag_itself(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None
    }
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in prose]
    flags = [text for text in texts if isinstance(text, str) and re.search(r"(?<![\w-])--[a-z]", text)]
    assert [
        flag for flag in flags if flag not in ("--target", "Repeats this run: pellucid train --config THIS_FILE")
    ] == []


@pytest.mark.parametrize("path", SENTENCES, ids=lambda path: path.name)
def test_every_option_that_is_named_is_one(path):
    known = {*inspect.signature(Settings).parameters, "target"}
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    named = [node.args[0] for node in calls if isinstance(node.func, ast.Name) and node.func.id == "option"]
    assert {name.value for name in named if isinstance(name, ast.Constant)} <= known
    assert set(SEVERAL) <= known


def test_the_same_mistake_is_told_to_both(tmp_path):
    path = tmp_path / "few.csv"
    path.write_text("id,x,y\n" + "".join(f"{k},{k % 7},{'ab'[k % 2]}\n" for k in range(60)))
    with pytest.raises(InputError, match=r"^types names the column 'X', .* did you mean 'x'\?$"):
        tables.train(path, "y", types={"X": "category"})
    _, error = pellucid_does("train", path, "--target", "y", "--type", "X=category", code=2)
    assert error == "Error: --type names the column 'X', which the table has not: did you mean 'x'?\n"
