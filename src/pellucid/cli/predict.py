"""`pellucid predict`: a trained network's answers for the rows of a file."""

from __future__ import annotations

from typing import Any

import click

from pellucid.cli import source


@click.command("predict")
@click.argument("model")
@click.argument("data")
@click.option("-o", "--output", help="A .csv or .npy file. Default: CSV on standard output.")
@click.option("--proba", is_flag=True, help="The probability of every class instead of the most likely one.")
@click.option("-t", "--target", help="Name of the array in the file that is not an input.")
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=0, show_default=True, help="Of data that are drawn.")
@click.option("-n", type=click.IntRange(min=1), help="Rows of data that are drawn.")
@click.option("--noise", type=float, help="Noise of data that are drawn.")
@source.reading_options
def command(
    model: str,
    data: str,
    output: str | None,
    proba: bool,
    target: str | None,
    seed: int,
    n: int | None,
    noise: float | None,
    **reading: Any,
) -> None:
    """What the network in MODEL says about the rows of DATA, one line a row, in their order.

    Example: pellucid predict people.safetensors new_people.csv -o answers.csv
    """
    from pellucid.cli import answers, rows, tabular
    from pellucid.tables.trained import TableModel

    if output is not None:
        source.writable(output)
    trained = tabular.model(model)
    if isinstance(trained, TableModel):
        tabular.predict(trained, data, reading, proba, output)
        return
    tabular.refuse_table(model, data)
    x = answers.fitting(trained, source.inputs(data, target, n, seed, noise, answers.width(trained)), data)
    head, values = answers.of(trained, x, proba)
    rows.write(head, [values], output)
