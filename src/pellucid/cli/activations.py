"""`pellucid activations`: what activation functions are, cost, and do."""

from __future__ import annotations

import click

from pellucid import pieces
from pellucid.cli.output import Output


@click.command("activations")
@click.argument("names", nargs=-1, type=click.Choice(list(pieces.ACTIVATIONS)), metavar="[NAME]...")
@click.option("-o", "--output", help="An SVG picture of all of them.")
@click.option("--train/--no-train", default=True, show_default=True, help="Train the same network with four of them.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines on standard output.")
def command(names: tuple[str, ...], output: str | None, train: bool, as_json: bool) -> None:
    """Every activation function: formula, curve and slope, what it costs here, where it learns nothing, and what the
    same small network learns with four of them.

    Example: pellucid activations -o activations.svg
    """
    from pellucid.cli import lesson

    lesson.tell(list(names or pieces.ACTIVATIONS), output, train, Output(as_json))
