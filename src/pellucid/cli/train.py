"""`pellucid train`: from data to a trained, judged and saved network."""

from __future__ import annotations

from typing import Any

import click

from pellucid import pieces
from pellucid.cli import config
from pellucid.cli.output import Output


@click.command("train")
@click.argument("data")
@click.option("-t", "--target", help="Name of the array in the file that holds the answers.")
@click.option("-n", type=click.IntRange(min=1), help="Points to draw, for a data set that is drawn.")
@click.option("--noise", type=float, help="How noisy they are.")
@click.option("--task", type=click.Choice(["auto", "classification", "regression"]), default="auto", show_default=True)
@click.option("--layers", default="64,64", show_default=True, help="Neurons of each hidden layer, or none.")
@click.option("--activation", type=click.Choice(list(pieces.ACTIVATIONS)), default="relu", show_default=True)
@click.option("--dropout", type=click.FloatRange(0, 1, max_open=True), default=0.0, show_default=True)
@click.option("--batch-norm", is_flag=True, help="Normalise before every activation.")
@click.option("--loss", type=click.Choice(["auto", *pieces.LOSSES]), default="auto", show_default=True)
@click.option("--optimizer", type=click.Choice(list(pieces.OPTIMIZERS)), default="adam", show_default=True)
@click.option("--learning-rate", type=click.FloatRange(min=0), help="Default: what suits the optimizer.")
@click.option("--schedule", type=click.Choice(list(pieces.SCHEDULES)), default="constant", show_default=True)
@click.option("--epochs", type=click.IntRange(min=0), default=200, show_default=True)
@click.option("--batch-size", type=click.IntRange(min=1), help="Rows a step. Default: 64, fewer for few rows.")
@click.option("--validation", type=click.FloatRange(0, 1, max_open=True), default=0.2, show_default=True,
              help="Share of the rows to stop by.")  # fmt: skip
@click.option("--test", type=click.FloatRange(0, 1, max_open=True), default=0.2, show_default=True,
              help="Share of the rows to judge on at the end.")  # fmt: skip
@click.option("--patience", type=click.IntRange(min=0), default=30, show_default=True,
              help="Stop after so many epochs without a better validation loss; 0 for never.")  # fmt: skip
@click.option("--scale", type=click.Choice(["auto", "none"]), default="auto", show_default=True,
              help="Bring inputs that are far from it to a size that networks learn well.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=0, show_default=True)
@click.option("--dtype", type=click.Choice(["float32", "float64"]), default="float32", show_default=True)
@click.option("--engine", default="auto", show_default=True)
@click.option("-o", "--output", help="The model file. Default: DATA.safetensors here. Pictures go beside it.")
@click.option("--picture/--no-picture", default=True, show_default=True, help="Curves and decision regions as SVG.")
@click.option("--checkpoint", help="A file saved after every epoch.")
@click.option("--resume", is_flag=True, help="Go on from the checkpoint, as if never stopped.")
@click.option("--config", is_eager=True, expose_value=False, callback=config.read,
              help="The run.toml of an earlier run; options given here come before it.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="JSON lines on standard output, everything else apart.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.pass_context
def command(ctx: click.Context, /, as_json: bool, quiet: bool, **settings: Any) -> int:
    """Train a network on DATA: a data set's name (spiral, digits, moons ...) or a .npz, .npy or idx file.

    Ctrl-C keeps the best network and writes it (exit code 130).

    Example: pellucid train spiral --layers 64,64 -o spiral.safetensors
    """
    from pellucid.cli.run import Run, Settings

    return Run(Settings(**settings), Output(as_json, quiet), ctx.meta.get(config.DIGEST, "")).go()
