"""`pellucid report`: one HTML page on a trained network."""

from __future__ import annotations

import os

import click

from pellucid.cli.output import Output


@click.command("report")
@click.argument("model_file", metavar="MODEL")
@click.option("-o", "--output", metavar="FILE", help="Where the page goes; MODEL's name with .html unless given.")
@click.option("--no-rows", is_flag=True, help="Show no row of the data, for private data.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line on standard output.")
def command(model_file: str, output: str | None, no_rows: bool, as_json: bool) -> None:
    """Write what is known of MODEL as one HTML page: verdict, columns, mistakes, curves, health, how to repeat it.

    The page needs no network and no script, and it can be printed.

    Example: pellucid report people.safetensors -o people.html
    """
    from pellucid import report
    from pellucid.cli import source
    from pellucid.errors import FileError, InputError
    from pellucid.exchange.atomic import write_atomic
    from pellucid.exchange.model_file import load

    path = output or os.path.splitext(model_file)[0] + ".html"
    if not path.lower().endswith((".html", ".htm")):
        raise InputError(f"-o {path}: a report is an HTML page; expected a name that ends in .html.")
    model = load(source.existing_model(model_file))
    try:
        page = report.html(model, rows=not no_rows)
    except FileError as error:
        raise FileError(f"{model_file}: {error}") from None
    write_atomic(path, page.encode())
    out = Output(as_json)
    out.say(f"Report: {path} ({os.path.getsize(path) // 1000 + 1} kB). Open it in a browser.")
    out.event("report", path=path, bytes=os.path.getsize(path))
