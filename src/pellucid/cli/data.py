"""`pellucid data`: draw a data set."""

from __future__ import annotations

import click

from pellucid import datasets


@click.command("data")
@click.argument("name", type=click.Choice(list(datasets.BY_NAME)))
@click.option("-n", type=click.IntRange(min=1), help="Points in all. Default: as many as the set has by itself.")
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=0, show_default=True)
@click.option("--noise", type=float, help="How noisy they are. Default: the set's own.")
@click.option("-o", "--output", help="A .csv, .npy or .npz file. Default: CSV on standard output.")
def command(name: str, n: int | None, seed: int, noise: float | None, output: str | None) -> None:
    """Draw the data set NAME: one line a point, its inputs x1, x2 ... and its answer y.

    Example: pellucid data moons -n 500 --seed 0 > moons.csv
    """
    from pellucid.cli import rows, source

    if output is not None:
        source.writable(output)
    drawn = source.load(name, rows=n, seed=seed, noise=noise)
    X, y = drawn.X.reshape(len(drawn.X), -1), drawn.y.reshape(len(drawn.X), -1)
    if output is not None and output.endswith(".npz"):
        rows.write_npz(output, X=drawn.X, y=drawn.y)
    else:
        answers = ["y"] if y.shape[1] == 1 else [f"y{i + 1}" for i in range(y.shape[1])]
        rows.write([*(f"x{i + 1}" for i in range(X.shape[1])), *answers], [X, y], output)
