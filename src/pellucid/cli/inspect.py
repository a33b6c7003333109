"""`pellucid inspect`: what is in a data file, a data set or a model file."""

from __future__ import annotations

from typing import Any

import click

from pellucid.cli import source
from pellucid.cli.output import Output


@click.command("inspect")
@click.argument("thing", metavar="DATA|MODEL")
@click.option("-t", "--target", help="Name of the array or column that holds the answers.")
@click.option("--svg", metavar="FILE", help="Write a drawing of the MODEL's units and weights to FILE.")
@source.reading_options
@click.option("--json", "as_json", is_flag=True, help="One JSON line on standard output.")
def command(thing: str, target: str | None, svg: str | None, as_json: bool, **reading: Any) -> None:
    """Rows, ranges and oddities of DATA, what each column of a table is taken for, or what is in a MODEL.

    Example: pellucid inspect people.csv
    """
    from pellucid.cli import looking

    looking.look(thing, target, Output(as_json), svg, reading)
