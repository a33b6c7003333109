"""`pellucid train`: from data to a trained, judged and saved network."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from pellucid import pieces
from pellucid.cli import config, source
from pellucid.cli.output import Output

# Options that say something about one sort of data alone, as they are typed.
OF_TABLES = {
    "types": "--type", "drop": "--drop", "only": "--only", "na": "--na", "numbers": "--numbers", "group": "--group",
    "time": "--time", "folds": "--folds", "class_weights": "--class-weights", "interval": "--interval",
    "weight_decay": "--weight-decay", "rows": "--no-rows", "report": "--report", "dry_run": "--dry-run",
    "separator": "--separator", "decimal": "--decimal", "encoding": "--encoding", "header": "--header",
}  # fmt: skip
OF_ARRAYS = {
    "n": "-n", "noise": "--noise", "scale": "--scale", "checkpoint": "--checkpoint", "resume": "--resume",
    "picture": "--picture",
}  # fmt: skip


def options_of_tables(command: Any) -> Any:
    """What can be said of columns and rows."""
    for option in reversed((
        click.option("--type", "types", multiple=True, metavar="COLUMN=KIND",
                     help="What a column is: number, category, boolean, date, ignored. May be given again."),
        click.option("--drop", multiple=True, metavar="COLUMN", help="Not to be learned from. May be given again."),
        click.option("--only", multiple=True, metavar="COLUMN", help="Alone to be learned from. May be given again."),
        click.option("--numbers", type=click.Choice(["standard", "smooth", "log", "normal"]),
                     help="What is done to numbers. Default: smooth."),
        click.option("--group", metavar="COLUMN", help="Rows of one group are never on both sides of the split."),
        click.option("--time", metavar="COLUMN",
                     help="The latest rows judge. Of dates, weekday, hour, day of year are inputs; the moment is none."),
        click.option("--folds", type=click.IntRange(min=2), help="Judge by so many networks, every row once."),
        click.option("--class-weights", type=click.Choice(["balanced"]), help="Every class counts alike."),
        click.option("--interval", type=click.FloatRange(0, 100, min_open=True, max_open=True), metavar="PERCENT",
                     help="Two ends for every number, between which so many lie: 90."),
        click.option("--weight-decay", type=click.FloatRange(min=0),
                     help="Of adamw: keeps weights below about 1 / this. Default: 1."),
        click.option("--rows/--no-rows", default=True, help="--no-rows: no cell in the files but names of categories."),
        click.option("--report/--no-report", default=True, help="An HTML page beside the model."),
        click.option("--dry-run", is_flag=True, help="Show what would be done with the columns, and stop."),
    )):  # fmt: skip
        command = option(command)
    return command


@click.command("train")
@click.argument("data")
@click.option("-t", "--target", multiple=True, metavar="COLUMN",
              help="The column, or array in the file, that holds the answers. Of a table, several may be given.")  # fmt: skip
@click.option("-n", type=click.IntRange(min=1), help="Points to draw, for a data set that is drawn.")
@click.option("--noise", type=float, help="How noisy they are.")
@click.option("--task", type=click.Choice(["auto", "classification", "regression"]), default="auto", show_default=True)
@click.option("--layers", default="64,64", show_default=True, help="Neurons of each hidden layer, or none.")
@click.option("--activation", type=click.Choice(list(pieces.ACTIVATIONS)), default="relu", show_default=True)
@click.option("--dropout", type=click.FloatRange(0, 1, max_open=True), default=0.0, show_default=True)
@click.option("--batch-norm/--no-batch-norm", default=False, help="Normalise before every activation.")
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
@click.option("--engine", type=click.Choice(["auto", "numpy", "jax"]), default="auto", show_default=True)
@click.option("-o", "--output", help="The model file. Default: DATA.safetensors here. Pictures go beside it.")
@click.option("--picture/--no-picture", default=True, show_default=True, help="Curves and decision regions as SVG.")
@click.option("--checkpoint", help="A file saved after every epoch.")
@click.option("--resume", is_flag=True, help="Go on from the checkpoint, as if never stopped.")
@options_of_tables
@source.reading_options
@click.option("--config", is_eager=True, expose_value=False, callback=config.read,
              help="The run.toml of an earlier run; options given here come before it.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="JSON lines on standard output, everything else apart.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.pass_context
def command(ctx: click.Context, /, as_json: bool, quiet: bool, **settings: Any) -> int:
    """Train on DATA: a table (.csv), a set's name (spiral, digits ...), or a .npz, .npy or idx file.

    The defaults are those for arrays; --dry-run shows those for a table. Ctrl-C keeps the best network (exit code 130).

    Example: pellucid train people.csv --target income
    """
    given = {name: settings[name] for name in settings if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT}
    out, digest = Output(as_json, quiet), ctx.meta.get(config.DIGEST, "")
    if source.is_table(settings["data"]):
        from pellucid.cli.table_run import TableRun

        _refuse(given, OF_ARRAYS, "arrays and sets that are drawn", "a table")
        return TableRun(given, out, digest).go()
    from pellucid.cli.run import Run

    _refuse(given, OF_TABLES, "tables (.csv, .tsv, .txt, or .gz of them)", "none")
    if len(settings["target"]) > 1:
        raise click.UsageError("Several targets are for tables: of a file of arrays, name one array.")
    own = {name: value for name, value in settings.items() if name not in OF_TABLES}
    own["target"] = settings["target"][0] if settings["target"] else None
    return Run(config.Settings(**own), out, digest).go()


def _refuse(given: dict[str, Any], options: dict[str, str], what: str, data: str) -> None:
    for name in given:
        if name in options:
            raise click.UsageError(f"{options[name]} is for {what}, and {given['data']} is {data}: leave it out.")
