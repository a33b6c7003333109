"""From a table to a network with a verdict, on the tables that scikit-learn brings with it.

A table is a CSV file, a data frame, or a dict of columns; columns are read, typed and encoded by `pellucid.tables`, and
how is kept in the model file. Every network is judged beside a constant answer, a linear model and gradient-boosted trees
on rows that none of them has seen. Needs scikit-learn for the last of these and for the tables: ``pip install
"pellucid[tabular]"``.
"""

import csv
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine

import pellucid


def columns(loaded: Any) -> dict[str, Any]:
    """A table of scikit-learn's as a dict of columns; classes by their names."""
    names = getattr(loaded, "target_names", None)
    target = loaded.target if names is None else np.asarray(names)[loaded.target].astype(str)
    return {**dict(zip(loaded.feature_names, loaded.data.T, strict=True)), "target": target}


def three_tables() -> None:
    """Flowers, wines and tumours: the verdict is a sentence, whichever way it goes."""
    for load in (load_iris, load_wine, load_breast_cancer):
        model = pellucid.tables.train(columns(load()), "target", patience=10)
        print(f"{load.__name__[5:]}: {model.verdict}")


def interval() -> None:
    """How far a diabetes goes in a year, with two ends between which nine of ten should lie, judged by three folds."""
    model = pellucid.tables.train(columns(load_diabetes()), "target", interval=90, folds=3)
    print(f"diabetes: {model.verdict}")
    covered = model.record["interval"]
    print(f"          {covered['coverage']:.1%} of new rows lie in their interval of {covered['level']:.0%}")


def file_to_file() -> None:
    """A file that nobody cleaned, a model file that takes others like it, and a report for who has to decide."""
    table = columns(load_wine())
    with open("wine.csv", "w", newline="", encoding="utf-8") as file:
        write = csv.writer(file, delimiter=";")
        write.writerow(["bottle", *table])
        for number, row in enumerate(zip(*table.values(), strict=True)):
            write.writerow(
                [f"W{number:04d}", *("lost" if number % 60 == 7 and at == 2 else x for at, x in enumerate(row))]
            )
    with warnings.catch_warnings(record=True) as said:  # what is suspicious about the table
        warnings.simplefilter("always", pellucid.errors.DataWarning)
        model = pellucid.tables.train("wine.csv", "target", patience=10)
    model.save("wine.safetensors")
    model.report("wine.html")
    again = pellucid.tables.load("wine.safetensors")
    print(f"from the file: {again.predict(pellucid.tables.read('wine.csv').take([0, 70, 150]))}")
    print("\n".join(str(warning.message) for warning in said))
    print(f"written: {', '.join(sorted(path.name for path in Path().glob('wine*')))}")


def main() -> None:
    """All of it."""
    three_tables()
    interval()
    file_to_file()


if __name__ == "__main__":
    main()
