"""`pellucid check`: whether every gradient of a model, a layer or a loss is the derivative of its forward."""

from __future__ import annotations

import click

from pellucid.cli.output import Output


@click.command("check")
@click.argument("thing", metavar="MODEL|LAYER")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the random inputs.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line on standard output.")
@click.pass_context
def command(ctx: click.Context, thing: str, seed: int, as_json: bool) -> None:
    """Compare all gradients with central differences. Exit code 1: one is wrong.

    LAYER: a name such as Dense, with numbers if you like, "Dense(5, 3)"; or one of your own, file.py:MyLayer or
    "file.py:MyLayer(3)". That runs the file. Losses, too. Needs no data.

    Example: pellucid check Dense
    """
    from pellucid.cli import checking

    out = Output(as_json)
    report = checking.check(thing, seed)
    out.say(str(report))
    out.event("check", **report.to_dict())
    if not report.ok:
        ctx.exit(1)
