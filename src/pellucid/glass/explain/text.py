"""An explanation as plain text, at most 80 columns wide."""

from __future__ import annotations

import dataclasses
import re
import textwrap
from collections.abc import Iterable, Sequence

from pellucid.glass.explain.arithmetic import figure
from pellucid.glass.explain.equation import Block, Equation, Section, View, added

WIDTH = 80


def render(
    name: str, head: Sequence[str], parts: Sequence[tuple[str, Sequence[Section]]], tail: Sequence[str], view: View
) -> str:
    """The whole text. `parts`: (heading, sections); `head` and `tail`: sentences before and after."""
    if view.short:
        head, tail = [" ".join(head)], [" ".join(tail)]
    lines = [*_wrapped(name, ""), *(line for sentence in head for line in _wrapped(sentence, ""))]
    for heading, sections in parts:
        lines += _heading(heading, view)
        said: set[str] = set()
        for section in sections:
            made = list(_close(section, view, "", said) if view.short else _section(section, view, ""))
            lines += made if view.short and (len(made) < 4 or not lines[-1].startswith(" ")) else ["", *made]
    lines += _heading("Check", view)
    lines += [line for sentence in tail for line in _wrapped(sentence, "")]
    return "\n".join(line.rstrip() for line in lines)


def wrapped(text: str) -> str:
    """Text in lines of at most 80 columns."""
    return "\n".join(_wrapped(text, ""))


def _heading(words: str, view: View) -> list[str]:
    return ["", words.upper()] if view.short else ["", words.upper(), "=" * len(words)]


def _wrapped(text: str, indent: str, hanging: str = "") -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent + hanging, break_on_hyphens=False
    ) or [indent]


def _close(section: Section, view: View, indent: str, said: set[str]) -> Iterable[str]:
    """A section of the short form: no empty lines in it, no formula twice, what is left out in one sentence."""
    yield from _wrapped(section.title, indent, "  ")
    inside = indent + "  "
    formulas = [formula for formula in re.split(r"    |,  ", section.formula) if formula and formula not in said]
    yield from _filled(formulas, inside) if formulas else ()
    said.update(formulas)
    blocks = [block for block in section.blocks if block.level <= view.depth]
    words = [word if word.endswith(".") else f"{word}." for word in section.words]
    words += [block.after for block in blocks if block.after and block.after not in said]
    said.update(block.after for block in blocks if not block.after.endswith("shown."))
    yield from _wrapped(_joined(words), inside) if words else ()
    for block in blocks:
        yield from _block(dataclasses.replace(block, after=""), view, inside)
    for inner in section.sections:
        yield from _close(inner, view, inside, said)


def _joined(sentences: Sequence[str]) -> str:
    """In one paragraph, all that is not shown in one sentence."""
    text = " ".join(sentences)
    left = re.findall(r"([\d,]+) more (.+?) not shown\.", text)
    kept = re.sub(r"[\d,]+ more .+? not shown\. ?", "", text).strip()
    return " ".join(filter(None, (kept, f"Not shown: {', '.join(map(' '.join, left))}." if left else "")))


def _filled(formulas: Iterable[str], indent: str) -> Iterable[str]:
    """Formulas, as many to a line as fit."""
    line = ""
    for formula in formulas:
        if line and len(indent) + len(line) + len(formula) + 4 > WIDTH:
            yield from _wrapped(f"{line},", indent, "  ")
            line = ""
        line += f",  {formula}" if line else formula
    yield from _wrapped(line, indent, "  ")


def _section(section: Section, view: View, indent: str) -> Iterable[str]:
    yield from _wrapped(section.title, indent, "  ")
    inside = indent + "  "
    for formula in re.split(r"    |,  ", section.formula) if section.formula else ():
        yield from _wrapped(formula, inside, "  ")
    for sentence in section.words:
        yield from _wrapped(sentence, inside)
    for block in section.blocks:
        if block.level <= view.depth:
            yield from _block(block, view, inside)
    for inner in section.sections:
        yield from ["", *_section(inner, view, inside)]


def _block(block: Block, view: View, indent: str) -> Iterable[str]:
    if (block.equations or block.rows) and not view.short:
        yield ""
    if block.title:
        yield from _wrapped(block.title, indent)
    inside = indent + "  " if block.title else indent
    if block.style == "values":
        yield from table(
            block.columns, [(name, [figure(n, view.digits) for n in row]) for name, row in block.rows], (), inside
        )
    elif block.style == "table":
        yield from _wrapped(block.formula, inside) if block.formula else ()
        yield from _equation_table(block, view, inside)
    else:
        for equation in block.equations:
            yield from _equation(equation, view, block.style == "lines", inside)
    if block.after:
        yield from _wrapped(block.after, inside)


def _equation(equation: Equation, view: View, symbols: bool, indent: str) -> Iterable[str]:
    """On one line where it fits; else a line for the symbols, one with numbers, one of products, and the result.

    In the short form the result stands behind the products where it fits.
    """
    rows = equation.rows(view.digits, symbols)
    note = f"   {equation.note}" if equation.note else ""
    whole = f"{indent}{equation.name} = " + " = ".join(" ".join(added(row)) for row in rows) + note
    if len(whole) <= WIDTH:
        yield whole
        return
    start = indent + equation.name
    if len(start) > WIDTH // 3:
        yield start
        start = indent + "  "
    lines = [added(row) for row in rows]
    if view.short and len(f"{start} = {' '.join(lines[-2])} = {lines[-1][0]}") <= WIDTH:
        lines[-2:] = [[*lines[-2], f"= {lines[-1][0]}"]]
    for line in lines:
        yield from _terms(line, f"{start} = ")
        start = " " * len(start)
    if equation.note:
        yield from _wrapped(equation.note, indent + "  ")


def _terms(terms: Sequence[str], start: str) -> Iterable[str]:
    """The terms of one line, broken between them, or inside one that is too long by itself."""
    line, hanging = start, " " * len(start)
    for term in terms:
        if line.strip(" =") and line not in (start, hanging) and len(line) + len(term) > WIDTH:
            yield line
            line = hanging
        line += term + " "
        if len(line.rstrip()) > WIDTH:
            broken = _broken(line, hanging + "  ")
            yield from broken[:-1]
            line = broken[-1] + " "
    yield line


def _broken(line: str, hanging: str) -> list[str]:
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(
        line.strip(),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=hanging,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _equation_table(block: Block, view: View, indent: str) -> Iterable[str]:
    rows = []
    for equation in block.equations:
        numbers = [figure(number, view.digits) for number in equation.numbers().values()]
        rows.append((equation.name, [*numbers, figure(equation.value, view.digits)]))
    yield from table(block.columns, rows, block.signs, indent)


def table(
    columns: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]], signs: Sequence[str], indent: str
) -> Iterable[str]:
    """Figures to the right under heads that are broken to fit; `signs` stand between them, "=" before the last."""
    between = ["  ", *(f" {sign} " for sign in signs), " = "] if signs else ["  "] * (len(columns) - 1)
    cells = [[name, *figures] for name, figures in rows]
    widths = []
    for number, head in enumerate(columns):
        words = [len(word) for word in head.split()] if number else []
        widths.append(max([len(row[number]) for row in cells] + words + [1]))
    heads = [textwrap.wrap(head, width) or [""] for head, width in zip(columns, widths, strict=True)]
    height = max(len(head) for head in heads)
    for line in range(height):
        yield indent + _across(
            [[""] * (height - len(head)) + head for head in heads], line, widths, [" " * len(b) for b in between]
        )
    for row in cells:
        yield indent + _across([[cell] for cell in row], 0, widths, between)


def _across(cells: Sequence[Sequence[str]], line: int, widths: Sequence[int], between: Sequence[str]) -> str:
    made = cells[0][line].ljust(widths[0])
    for cell, width, gap in zip(cells[1:], widths[1:], between, strict=True):
        made += gap + cell[line].rjust(width)
    return made
