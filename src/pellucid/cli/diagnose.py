"""`pellucid diagnose`: what is wrong with a network, or with the data that it learns from."""

from __future__ import annotations

from typing import Any

import click

from pellucid.cli import source
from pellucid.cli.output import Output


def show_page(ctx: click.Context, parameter: click.Parameter, name: str | None) -> None:
    """The callback of --page."""
    if name is not None:
        from pellucid.glass.diagnose.finding import page

        click.echo(page(name))
        ctx.exit()


@click.command("diagnose")
@click.argument("model")
@click.argument("data")
@click.option("-t", "--target", help="Name of the array in the file that holds the answers.")
@click.option("--validation", metavar="DATA", help="Other rows: tells overfitting, and rows that are on both sides.")
@click.option(
    "--seed", type=click.IntRange(0, 2**64 - 1), help="Of data that are drawn. Default: the network's own seed."
)
@click.option("-n", type=click.IntRange(min=1), help="Rows of data that are drawn.")
@click.option("--noise", type=float, help="Noise of data that are drawn.")
@source.reading_options
@click.option("--page", is_eager=True, expose_value=False, callback=show_page, metavar="NAME",
              help="Print the page of a finding, such as dead-units, and do nothing else.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON line a finding on standard output.")
def command(model: str, data: str, as_json: bool, **options: Any) -> None:
    """What is wrong, or likely to be, with the network in MODEL on DATA, the rows it learned from.

    Each finding says where, how much, why and what to try; a healthy network gets one line. Findings are no errors: the
    exit code is 0.

    Example: pellucid diagnose moons.safetensors moons
    """
    from pellucid.cli.examining import examine

    out = Output(as_json)
    findings, about = examine(model, data, **options)
    out.say(about)
    out.say()
    out.say(findings.text(out.width))
    for finding in findings:
        out.event("finding", **finding.as_dict())
    out.event("result", findings=findings.names)
