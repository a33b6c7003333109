r"""An explanation as aligned equations for LaTeX, with amsmath."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Sequence

from pellucid.glass.explain.arithmetic import figure
from pellucid.glass.explain.equation import Block, Equation, Section, View

_ROOM = 72  # characters of a formula on a line of the page

_HEAD = r"""\documentclass[a4paper]{article}
\usepackage{amsmath}
\usepackage[margin=2cm]{geometry}
\allowdisplaybreaks
\begin{document}
"""


def render(
    name: str,
    head: Sequence[str],
    parts: Sequence[tuple[str, Sequence[Section]]],
    tail: Sequence[str],
    view: View,
    document: bool,
) -> str:
    """The whole explanation; with `document`, to be compiled as it is."""
    lines = [rf"\paragraph{{{_words(name)}}}", *map(_words, head)]
    for heading, sections in parts:
        lines.append(rf"\section*{{{_words(heading)}}}")
        for section in sections:
            lines += _section(section, view)
    lines += [r"\section*{Check}", *map(_words, tail)]
    text = "\n".join(lines) + "\n"
    return f"{_HEAD}{text}\\end{{document}}\n" if document else text


_SPECIAL = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_SPECIAL |= {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"}


def _words(text: str) -> str:
    """Text that LaTeX sets as it is."""
    made = "".join(
        _SPECIAL.get(character, rf"\{character}" if character in "#$%&_" else character) for character in text
    )
    return "".join(character if ord(character) < 128 else "?" for character in made)


def _section(section: Section, view: View) -> Iterable[str]:
    yield rf"\paragraph{{{_words(section.title)}}}"
    for formula in re.split(r"    |,  ", section.formula) if section.formula else ():
        yield rf"\texttt{{{_words(formula)}}}\\"
    yield from map(_words, section.words)
    for block in section.blocks:
        if block.level <= view.depth:
            yield from _block(block, view)
    for inner in section.sections:
        yield from _section(inner, view)


def _block(block: Block, view: View) -> Iterable[str]:
    if block.title:
        yield rf"\par\noindent\textit{{{_words(block.title)}}}"
    if block.style == "values":
        lines = [
            rf"{symbol(name)} &: " + r",\; ".join(
                rf"\text{{{_words(column)}}} = {number(value, view.digits)}"
                for column, value in zip(block.columns[1:], row, strict=True)
            )
            for name, row in block.rows
        ]  # fmt: skip
    else:
        lines = [" \\\\\n".join(_equation(equation, view.digits)) for equation in block.equations]
    if lines:
        yield r"\begin{align*}"
        yield " \\\\[4pt]\n".join(lines)
        yield r"\end{align*}"
    if block.after:
        yield _words(block.after)


def _equation(equation: Equation, digits: int) -> list[str]:
    """In symbols, with numbers, as products, and the result: one line each, or more for long sums."""
    given = equation.given
    rows = [
        [formula(term, lambda name: symbol(given[name][0]) if name in given else "") for term in equation.terms],
        [
            formula(term, lambda name: number(given[name][1], digits) if name in given else "")
            for term in equation.terms
        ],
    ]
    if equation.of_products:
        rows.append([number(part, digits) for part in equation.parts()])
    rows.append([number(equation.value, digits)])
    lines: list[str] = []
    for place, row in enumerate(rows):
        if place and row == rows[place - 1]:
            continue
        start = symbol(equation.name) if not lines else ""
        for part, signed in enumerate(_broken(row)):
            lines.append(rf"&\quad {signed}" if part else f"{start} &= {signed}")
    return lines


def _broken(row: Sequence[str]) -> list[str]:
    """The terms of a line, as many to a line of the page as it has room for."""
    lines, room = [row[0]], _ROOM - _width(row[0])
    for term in row[1:]:
        room -= _width(term) + 3
        if room < 0:
            lines.append(_sign(term))
            room = _ROOM - _width(term)
        else:
            lines[-1] += f" {_sign(term)}"
    return lines


def _width(term: str) -> int:
    """About how many characters wide a term is set."""
    return len(re.sub(r"\\[a-zA-Z]+|[{}\\_^]", "", term))


def _sign(term: str) -> str:
    return f"- {term[1:]}" if term.startswith("-") else f"+ {term}"


def number(value: float, digits: int) -> str:
    """A figure as it is printed elsewhere, its power of ten written out."""
    mantissa, _, exponent = figure(value, digits).partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def symbol(name: str) -> str:
    r"""``weights[0,1]`` as \mathrm{weights}_{0,1}."""
    derivative = re.fullmatch(r"d?\(d (.*)/d (.*)\)", name)
    if derivative:
        return rf"\frac{{\partial\, {symbol(derivative[1])}}}{{\partial\, {symbol(derivative[2])}}}"
    found = re.fullmatch(r"([A-Za-z_'.\d ]+?)(\[[\d,]*\])?( of [\d.]+)?", name)
    if not found:
        return rf"\text{{{_words(name)}}}"
    words = _words(found[1]).replace(" ", r"\ ").replace("'", r"{}^{\prime}")
    made = rf"\mathrm{{{words}}}" if len(found[1]) > 1 else found[1]
    if found[2]:
        made += f"_{{{found[2][1:-1]}}}"
    return made + (rf"^{{({found[3].removeprefix(' of ')})}}" if found[3] else "")


# -- formulas ----------------------------------------------------------------------------------------------------------

_CALLS = {"log": r"\ln", "tanh": r"\tanh", "max": r"\max", "min": r"\min", "sign": r"\operatorname{sign}"}
_RANK = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.Div: 4, ast.Pow: 3}


def formula(term: str, known: Callable[[str], str]) -> str:
    """A term in LaTeX; `known` gives what stands for a name, or nothing for a name that stands for itself."""
    return _set(ast.parse(term, mode="eval").body, known, 0)


def _set(node: ast.AST, known: Callable[[str], str], rank: int) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.Name):
        if node.id == "pi":
            return r"\pi"
        text = known(node.id) or symbol(node.id)
        return (
            rf"\left({text}\right)" if rank > 0 and (text.startswith("-") or (rank > 2 and r"\cdot" in text)) else text
        )
    if isinstance(node, ast.UnaryOp):
        text = f"-{_set(node.operand, known, 2)}"
        return rf"\left({text}\right)" if rank > 0 else text
    if isinstance(node, ast.Call):
        return _call(node, known)
    assert isinstance(node, ast.BinOp)
    if isinstance(node.op, ast.Div):
        return rf"\frac{{{_set(node.left, known, 0)}}}{{{_set(node.right, known, 0)}}}"
    if isinstance(node.op, ast.Pow):
        return rf"{{{_set(node.left, known, 3)}}}^{{{_set(node.right, known, 0)}}}"
    own = _RANK[type(node.op)]
    sign = {ast.Add: "+", ast.Sub: "-", ast.Mult: r"\cdot"}[type(node.op)]
    left = _set(node.left, known, own if own > 1 else 0)
    right = _set(node.right, known, own + (1 if own == 1 else 0))
    text = f"{left} {sign} {right}"
    return rf"\left({text}\right)" if rank > own else text


def _call(node: ast.Call, known: Callable[[str], str]) -> str:
    assert isinstance(node.func, ast.Name)
    name = node.func.id
    arguments = [_set(argument, known, 0) for argument in node.args]
    if name == "exp":
        return f"e^{{{arguments[0]}}}"
    if name == "log1p":
        return rf"\ln\left(1 + {arguments[0]}\right)"
    if name == "sqrt":
        return rf"\sqrt{{{arguments[0]}}}"
    if name == "abs":
        return rf"\left|{arguments[0]}\right|"
    inside = r",\, ".join(arguments)
    return rf"{_CALLS[name]}\left({inside}\right)"
