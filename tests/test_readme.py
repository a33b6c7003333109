"""The README is true: its snippets run, print what stands below them, and its links lead somewhere."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from pellucid import nnfs

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "CONTRIBUTING.md"]


def blocks(page: str) -> list[tuple[str, str]]:
    """(language, text) of every fenced block."""
    return re.findall(r"^```(\w*)\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.parametrize("page", PAGES)
def test_snippets_run_and_print_what_stands_below(page, tmp_path, monkeypatch, request):
    monkeypatch.chdir(tmp_path)
    request.addfinalizer(lambda: nnfs.init().restore())  # a page may show the book's init, which changes NumPy
    names: dict[str, object] = {"__name__": "readme"}
    printed, ran = "", 0
    for language, text in blocks(page):
        if language == "python":
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(text, f"{page}, snippet {ran + 1}", "exec"), names)
            printed, ran = out.getvalue(), ran + 1
        elif language == "text":
            assert printed.rstrip() == text.rstrip()
    assert ran


@pytest.mark.parametrize("page", [*PAGES, "CHANGELOG.md"])
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text(encoding="utf-8")):
        assert target.startswith("http") or (ROOT / target).exists(), f"{page} links to {target}"


def test_make_knows_every_command_that_the_pages_name():
    rules = set(re.findall(r"^([\w.-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for page in PAGES:
        for name in re.findall(r"\bmake ([a-z]+)\b(?= |`|$)", "\n".join(t for lang, t in blocks(page) if not lang)):
            assert name in rules, f"{page}: make {name}"


def test_decisions_are_numbered_without_a_gap():
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
