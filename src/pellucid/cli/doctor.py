"""`pellucid doctor`: what is installed, and what to type where something is missing."""

from __future__ import annotations

import click

from pellucid.cli.output import Output


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON line on standard output.")
def command(as_json: bool) -> None:
    """Versions, engines, devices and extras, with the line that installs what is missing.

    Example: pellucid doctor
    """
    from pellucid.cli import health

    out = Output(as_json)
    found = health.examine()
    for name, words in health.sentences(found):
        out.say(f"{name:<10} {words}")
    out.event("doctor", **found)
