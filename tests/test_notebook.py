"""The notebook that pellucid grew from prints, to the last digit, what it printed when it was first run.

`data/notebook_outputs.json` holds those outputs by the number of their cell.
"""

import contextlib
import importlib.util
import io
import json
import re
import warnings
from pathlib import Path

import pytest

import pellucid.nnfs as nnfs

ROOT = Path(__file__).parents[1]
EXPECTED = json.loads((Path(__file__).parent / "data" / "notebook_outputs.json").read_text(encoding="utf-8"))
NEEDED = ("nbformat", "nbclient", "ipykernel")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]


@pytest.fixture(scope="module")
def maker():
    """tools/make_notebook.py as a module."""
    if MISSING:
        pytest.skip(f"not installed: {', '.join(MISSING)}")
    spec = importlib.util.spec_from_file_location("make_notebook", ROOT / "tools" / "make_notebook.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def stored(maker):
    return maker.nbformat.read(ROOT / "examples" / "activation_functions.ipynb", as_version=4)


@pytest.fixture(scope="module")
def executed(maker):
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # what Jupyter's packages warn each other about
        return maker.run()


def printed(cell):
    """Text by stream, of one cell."""
    streams = {}
    for output in cell.outputs:
        assert output.output_type != "error", output
        if output.output_type == "stream":
            streams[output.name] = streams.get(output.name, "") + output.text
    return streams


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def numbers_apart(text):
    """(text without its numbers, the numbers)."""
    number = r"-?\d+\.?\d*(?:e[+-]\d+)?"
    return re.sub(number, "#", text), [float(found) for found in re.findall(number, text)]


def test_every_cell_of_the_first_notebook_is_there_in_its_order(maker):
    assert [number for _, number, _ in maker.cells() if number is not None] == [int(number) for number in EXPECTED]


def test_the_stored_notebook_is_the_one_that_the_tool_makes(maker, stored):
    assert [cell.source for cell in stored.cells] == [source for _, _, source in maker.cells()]
    assert not re.search(
        r"/tmp|/home|/root|/Users", (ROOT / "examples" / "activation_functions.ipynb").read_text("utf-8")
    )


@pytest.mark.parametrize("which", ["stored", "executed"])
def test_its_cells_print_what_they_printed_then(which, request):
    notebook = request.getfixturevalue(which)
    found = {str(cell.metadata["seed"]): printed(cell) for cell in code(notebook) if "seed" in cell.metadata}
    assert found == EXPECTED


def test_the_cells_after_it_print_what_is_stored(stored, executed):
    """Figures of a training differ a little between machines, words and pictures do not."""
    for old, new in zip(code(stored), code(executed), strict=True):
        assert [output.get("data", {}).keys() for output in old.outputs] == [
            output.get("data", {}).keys() for output in new.outputs
        ]
        assert printed(old).keys() == printed(new).keys()
        for stream, text in printed(old).items():
            (words, figures), (new_words, new_figures) = numbers_apart(text), numbers_apart(printed(new)[stream])
            assert words == new_words
            assert figures == pytest.approx(new_figures, abs=5), "per cent of the points"


def test_the_network_has_learned(executed):
    texts = "".join(printed(cell).get("stdout", "") for cell in code(executed))
    before, after, new = (
        int(re.search(f"{words}: (\\d+)%", texts)[1]) for words in ("before training", "after training", "never seen")
    )
    assert before < 50 < 75 < new <= after


def test_the_digits_without_a_kernel(maker):
    """The same cells in this process: no Jupyter between the digits and NumPy."""
    names, found = {"__name__": "notebook"}, {}
    with nnfs.init():
        for kind, number, source in maker.cells():
            if number is None and not source.startswith("spiral_data"):
                continue
            out = io.StringIO()
            with contextlib.redirect_stdout(out), warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                exec(compile(source, f"<cell {number}>", "exec"), names)
            assert kind == "seed" or not out.getvalue()
            if number is not None:
                found[str(number)] = out.getvalue()
                assert [str(w.message) for w in seen] == (["overflow encountered in exp"] if number == 35 else [])
    assert found == {number: streams.get("stdout", "") for number, streams in EXPECTED.items()}
