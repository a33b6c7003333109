"""An explanation as HTML: layers and units that open and close, without any script, on light and dark pages."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from pellucid.glass.explain.arithmetic import figure
from pellucid.glass.explain.equation import Block, Equation, Section, View, added

SMALL = 60  # equations; up to here every layer stands open

_LIGHT = "--ink:#1b1f24;--soft:#4d5661;--paper:#fff;--line:#8c959f;--tint:#f3f5f8;--accent:#0b4f85"
_DARK = "--ink:#e9eef4;--soft:#b3bdc8;--paper:#14181d;--line:#6b7683;--tint:#1f252c;--accent:#8cc4f5"
_STYLE = f"""
.pellucid-explain{{{_LIGHT};color:var(--ink);background:var(--paper);border:1px solid var(--line);border-radius:6px;
padding:.8em 1em;font:14px/1.5 system-ui,"Helvetica Neue",Arial,sans-serif;text-align:left;color-scheme:light;
overflow-wrap:anywhere;max-width:72em}}
@media screen and (prefers-color-scheme:dark){{.pellucid-explain{{{_DARK};color-scheme:dark}}}}
body[data-jp-theme-light="true"] .pellucid-explain,body.vscode-light .pellucid-explain{{{_LIGHT};color-scheme:light}}
body[data-jp-theme-light="false"] .pellucid-explain,body.vscode-dark .pellucid-explain{{{_DARK};color-scheme:dark}}
.pellucid-explain p{{margin:.2em 0;color:var(--soft);background:none}}
.pellucid-explain .part{{font-size:1.15em;font-weight:600;margin:.9em 0 .3em;color:var(--ink)}}
.pellucid-explain details{{border-left:2px solid var(--line);margin:.35em 0;padding:0 0 0 .7em}}
.pellucid-explain summary{{cursor:pointer;padding:.2em .3em;border-radius:4px}}
.pellucid-explain summary:hover{{background:var(--tint)}}
.pellucid-explain summary:focus-visible,.pellucid-explain .wide:focus-visible{{outline:2px solid var(--accent)}}
.pellucid-explain .title{{font-weight:600}}
.pellucid-explain .beside{{color:var(--soft);margin-left:1em}}
.pellucid-explain details[open]>summary>.beside{{display:none}}
.pellucid-explain .formula,.pellucid-explain .eq,.pellucid-explain table{{font:13px/1.55 ui-monospace,SFMono-Regular,Menlo,
Consolas,monospace}}
.pellucid-explain .formula{{color:var(--accent);margin:.2em 0}}
.pellucid-explain .eq{{display:grid;grid-template-columns:max-content 1fr;column-gap:.5em;margin:.35em 0}}
.pellucid-explain .eq .row{{grid-column:2;padding-left:1.2em;text-indent:-1.2em}}
.pellucid-explain .eq .name{{grid-column:1;grid-row:1}}
.pellucid-explain .eq .symbols,.pellucid-explain .note{{color:var(--soft)}}
.pellucid-explain .result{{font-weight:600}}
.pellucid-explain .wide{{overflow-x:auto}}
.pellucid-explain table{{border-collapse:collapse;margin:.3em 0;background:none;width:auto}}
.pellucid-explain th,.pellucid-explain td{{text-align:right;padding:.15em .7em;border-bottom:1px solid var(--line);
background:none;color:var(--ink);font-weight:400;white-space:nowrap}}
.pellucid-explain thead th{{color:var(--soft);vertical-align:bottom;white-space:normal;overflow-wrap:normal}}
.pellucid-explain th[scope=row]{{text-align:left}}
.pellucid-explain td:last-child{{font-weight:600}}
.pellucid-explain .check{{border-top:1px solid var(--line);margin-top:.8em;padding-top:.5em}}
@media (max-width:40em){{.pellucid-explain .eq,.pellucid-explain .eq div{{display:block}}}}
""".strip().replace("\n", "")  # fmt: skip


def render(
    name: str,
    head: Sequence[str],
    parts: Sequence[tuple[str, Sequence[Section]]],
    tail: Sequence[str],
    view: View,
    document: bool,
) -> str:
    """The whole explanation, as a part of a page or as a page. It can be read where the style sheet is taken away."""
    few = sum(len(list(s.equations(view.depth))) for _, sections in parts for s in sections) <= SMALL
    body = [f'<div class="title">{_escape(name)}</div>', *(f"<p>{_escape(sentence)}</p>" for sentence in head)]
    for heading, sections in parts:
        body.append(f'<div class="part"><strong>{_escape(heading)}</strong></div>')
        body += [_section(section, view, few) for section in sections]
    body.append('<div class="check"><div class="title">Check</div>')
    body += [*(f"<p>{_escape(sentence)}</p>" for sentence in tail), "</div>"]
    inside = f"<style>{_STYLE}</style>" + "\n".join(body)
    if not document:
        return f'<div class="pellucid-explain" role="group" aria-label="Explanation">{inside}</div>'
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Explanation of a pass</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<style>body{margin:1em;background:#fff}@media screen and (prefers-color-scheme:dark){body{background:#0d1116}}"
        "h1{font:600 1.3em system-ui,Arial,sans-serif;margin:.2em 0 .6em}"
        "@media screen and (prefers-color-scheme:dark){h1{color:#e9eef4}}</style></head>\n"
        f'<body><main><h1>Explanation of a pass</h1><div class="pellucid-explain">{inside}</div></main></body></html>\n'
    )


def _escape(text: str) -> str:
    return html.escape(text, quote=True)


def _section(section: Section, view: View, opened: bool) -> str:
    inside = [f'<div class="formula">{_escape(each)}</div>' for each in re.split(r"    |,  ", section.formula) if each]
    inside += [f"<p>{_escape(sentence)}</p>" for sentence in section.words]
    blocks = [block for block in section.blocks if block.level <= view.depth]
    inside += [part for block in blocks for part in _block(block, view, opened)]
    inside += [_section(inner, view, opened) for inner in section.sections]
    seen = next((word for word in section.words if re.match(r"d?output \(", word)), "")
    return _details(section.title, inside, opened, seen)


def _details(title: str, inside: Iterable[str], opened: bool, result: str = "") -> str:
    """What opens and closes; `result` stands beside the title of one that is closed at first, to be read at a glance."""
    beside = f'<span class="beside">{_escape(result)}</span>' if result and not opened else ""
    return (
        f'<details{" open" if opened else ""}><summary><span class="title">{_escape(title)}</span>{beside}</summary>'
        + "\n".join(inside)
        + "</details>"
    )


def _block(block: Block, view: View, opened: bool) -> Iterable[str]:
    made = []
    if block.style == "values":
        rows = [(name, [figure(number, view.digits) for number in row]) for name, row in block.rows]
        made.append(_table(block, rows))
    elif block.style == "table":
        made += [f'<div class="formula">{_escape(block.formula)}</div>'] if block.formula else []
        made.append(_equation_table(block, view))
    else:
        made += [_equation(equation, view.digits, block.style == "lines") for equation in block.equations]
    if block.after:
        made.append(f"<p>{_escape(block.after)}</p>")
    if block.title and (block.equations or block.rows):
        only = block.equations[0] if len(block.equations) == 1 else None
        result = f"{only.name} = {figure(only.value, view.digits)}" if only else ""
        yield _details(block.title, made, opened, result)
    else:
        yield from made


def _equation(equation: Equation, digits: int, symbols: bool) -> str:
    rows = [" ".join(added(row)) for row in equation.rows(digits, symbols)]
    cells = []
    for number, row in enumerate(rows):
        kind = "result" if number == len(rows) - 1 else "symbols" if symbols and number == 0 else "numbers"
        cells.append(f'<div class="row {kind}">= {_escape(row)}</div>')
    note = f'<div class="row note">{_escape(equation.note)}</div>' if equation.note else ""
    return f'<div class="eq"><div class="name">{_escape(equation.name)}</div>{"".join(cells)}{note}</div>'


def _equation_table(block: Block, view: View) -> str:
    rows = []
    for equation in block.equations:
        numbers = [figure(number, view.digits) for number in equation.numbers().values()]
        rows.append((equation.name, [*numbers, figure(equation.value, view.digits)]))
    return _table(block, rows)


_SIGNS = {"*": "×", "-": "−"}


def _table(block: Block, rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Figures under their heads, each with the sign that joins it to the one before."""
    first, *others = block.columns
    signs = ["", *(f"{_SIGNS[sign]} " for sign in block.signs), "= "] if block.signs else [""] * len(others)
    heads = f'<th scope="col">{_escape(first)}</th>' if first else "<td></td>"
    heads += "".join(f'<th scope="col">{_escape(head)}</th>' for head in others)
    lines = []
    for name, figures in rows:
        cells = "".join(f"<td>{mark}{_escape(cell)}</td>" for mark, cell in zip(signs, figures, strict=True))
        lines.append(f'<tr><th scope="row">{_escape(name)}</th>{cells}</tr>')
    label = _escape(block.title or "figures")
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="{label}"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )
