"""`pellucid explain`: the arithmetic of one sample, every product, sum and chain-rule factor."""

from __future__ import annotations

from typing import Any

import click

from pellucid.cli import source


@click.command("explain")
@click.argument("model")
@click.argument("data", required=False)
@click.option(
    "--row", "rows", type=click.IntRange(min=0), multiple=True, help="Row of DATA, from 0; repeat it for several."
)
@click.option("--prediction", is_flag=True, help="The way forward alone, as in predict; DATA needs no answers.")
@click.option("--layer", "layers", metavar="NUMBER", multiple=True, help="This layer alone; repeat it for several.")
@click.option(
    "--units", metavar="N|all", help="How many units of a layer and terms of a sum. Default: what two screens hold."
)
@click.option("--depth", type=click.IntRange(1, 3), help="1: layers, 2: units, 3: weights.")
@click.option("--digits", type=click.IntRange(2, 12), help="Decimals. Default: 9, or 6 in the short form.")
@click.option("--html", metavar="FILE", help="Write a page whose layers and units open and close.")
@click.option("--json", "as_json", is_flag=True, help="Every number as JSON on standard output.")
@click.option("--latex", is_flag=True, help="A LaTeX document on standard output.")
@source.reading_options
@click.option("-t", "--target", help="Name of the array in the file that holds the answers.")
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=0, show_default=True, help="Of data that are drawn.")
@click.option("-n", type=click.IntRange(min=1), help="Rows of data that are drawn.")
@click.option("--noise", type=float, help="Noise of data that are drawn.")
def command(model: str, data: str | None, rows: tuple[int, ...], **options: Any) -> None:
    """Forward, loss, backward and the next update of the network in MODEL for one row of DATA, with all its numbers.

    Of larger networks the short form: the units that matter most, the rest of each sum as one number. More: --layer 2,
    --units 4 or all, or --html, where layers open and close. Without DATA: the prediction for a row of random numbers.

    Example: pellucid explain spiral.safetensors spiral --row 10
    """
    from pellucid.cli import explaining

    explaining.explain(model, data, rows or (0,), **options)
