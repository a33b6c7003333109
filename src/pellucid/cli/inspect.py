"""`pellucid inspect`: what is in a data file, a data set or a model file."""

from __future__ import annotations

import click

from pellucid.cli.output import Output


@click.command("inspect")
@click.argument("thing", metavar="DATA|MODEL")
@click.option("-t", "--target", help="Name of the array in a data file that holds the answers.")
@click.option("--svg", metavar="FILE", help="Write a drawing of the MODEL's units and weights to FILE.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line on standard output.")
def command(thing: str, target: str | None, svg: str | None, as_json: bool) -> None:
    """Rows, ranges and oddities of DATA, or layers, history and versions of a MODEL.

    Example: pellucid inspect digits
    """
    from pellucid.cli import looking

    looking.look(thing, target, Output(as_json), svg)
