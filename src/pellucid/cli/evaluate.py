"""`pellucid evaluate`: how good a trained network is."""

from __future__ import annotations

from typing import Any

import click

from pellucid.cli import source
from pellucid.cli.output import Output, number

LESS_IS_BETTER = ("loss", "log_loss", "rmse", "mae", "width", "pinball")


@click.command("evaluate")
@click.argument("model")
@click.argument("data")
@click.option("-t", "--target", help="Name of the array in the file that holds the answers.")
@click.option("--min-score", type=float, help="Exit with code 1 where the score is below this.")
@click.option("--metric", help="What the score is. Default: accuracy for classes, r2 for numbers.")
@click.option("--held-out", type=click.FloatRange(0, 1, min_open=True, max_open=True),
              help="Judge only the share that train --test SHARE set aside.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**64 - 1),
              help="Of data that are drawn. Default: the network's own seed plus 1, so that no row was trained on.")  # fmt: skip
@click.option("-n", type=click.IntRange(min=1), help="Rows of data that are drawn.")
@click.option("--noise", type=float, help="Noise of data that are drawn.")
@source.reading_options
@click.option("--json", "as_json", is_flag=True, help="One JSON line on standard output.")
def command(model: str, data: str, min_score: float | None, metric: str | None, as_json: bool, **options: Any) -> int:
    """Figures of the network in MODEL on DATA, whose answers are known.

    Example: pellucid evaluate digits.safetensors digits --held-out 0.2 --min-score 0.95
    """
    from pellucid.cli.judging import judge

    out = Output(as_json)
    figures, score, about = judge(model, data, metric, out, **options)
    out.say(about)
    if not as_json:
        out.table(["figure", "value"], [[name, number(value)] for name, value in figures.items()])
    if min_score is not None and score.partition(" of ")[0] in LESS_IS_BETTER:
        raise click.UsageError(f"--min-score: of {score}, less is better. Choose --metric accuracy, f1 or r2.")
    passed = min_score is None or figures[score] >= min_score
    out.event("result", **figures, score=score, passed=passed)
    if not passed:
        click.echo(f"{score} {number(figures[score])} is below the {min_score:g} asked for.", err=True)
    return 0 if passed else 1
