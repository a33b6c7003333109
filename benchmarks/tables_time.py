"""What the column that divides the rows by time should give the network: nothing, what comes round again, or all of a date.

    python benchmarks/tables_time.py [--seeds 2] [--tables "two years,weather"]

Sales made up of a weekday, a season, a price and noise, over spans of time, with and without growth; and, where the package
vega_datasets is installed, Seattle's weather by day and its temperature by hour. The latest fifth judges. Nothing is timed.
docs/decisions/0008-defaults-for-tables.md has the figures.
"""

import argparse
import csv
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from pellucid import tables
from pellucid.tables.fitting import NETWORK

WAYS = ("nothing", "what comes round", "all of the date")


def sales(days, growth, seed):
    """Two rows a day; `growth`: what is added in a year."""
    rng, day = np.random.default_rng(seed), np.arange(2 * days) // 2
    week = np.array([0.0, 1.0, 0.0, 2.0, 5.0, 9.0, 4.0])[(day + 6) % 7]
    season, price = 4.0 * np.sin(2.0 * np.pi * day / 365.25), rng.uniform(1.0, 5.0, len(day))
    sold = 20.0 + week + season - 2.0 * price + growth * day / 365.25 + rng.normal(0.0, 1.5, len(day))
    return {"date": [str(np.datetime64("2020-03-01") + d) for d in day], "price": price, "y": sold}


def measured(file, target, columns, rows=None):
    """Columns of a table that vega_datasets brings."""
    path = Path(find_spec("vega_datasets").origin).parent / "_data" / file
    with path.open(newline="") as lines:
        found = list(csv.DictReader(lines))[:rows]
    made = {name: [row[name] for row in found] for name in columns}
    if not columns:  # a table needs an input even where the date is none
        made["noise"] = np.random.default_rng(0).normal(size=len(found))
    return {"date": [row["date"].replace("/", "-") for row in found], **made, "y": [row[target] for row in found]}


def all_tables():
    """{name: how to make it}."""
    made = {
        "half a year": lambda: sales(180, 0.0, 1), "two years": lambda: sales(730, 0.0, 2),
        "two years, growing": lambda: sales(730, 6.0, 3), "four years, growing": lambda: sales(1460, 6.0, 4),
    }  # fmt: skip
    if find_spec("vega_datasets"):
        daily = ("precipitation", "wind", "weather")
        made["weather, two years"] = lambda: measured("seattle-weather.csv", "temp_max", daily, 731)
        made["weather, four years"] = lambda: measured("seattle-weather.csv", "temp_max", daily)
        made["temperature by hour, a year"] = lambda: measured("seattle-temps.csv", "temp", ())
    return made


def r2(columns, way, seed):
    """Of the network, on the latest rows."""
    columns = columns | ({"moment": columns["date"]} if way == "all of the date" else {})
    drop = [] if way == "what comes round" else ["date"]
    record = tables.train(columns, "y", time="date", drop=drop, task="regression", seed=seed).record
    return record["scores"][NETWORK]["r2"]["value"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--tables", default="")
    options = parser.parse_args()
    print("| R2 with |", " | ".join(WAYS), "|\n|---|", "---|" * len(WAYS), sep="")
    for name, make in all_tables().items():
        if options.tables and name not in options.tables.split(","):
            continue
        columns = make()
        means = [np.mean([r2(columns, way, seed) for seed in range(options.seeds)]) for way in WAYS]
        print("|", name, "|", " | ".join(f"{mean:.2f}" for mean in means), "|", flush=True)


if __name__ == "__main__":
    main()
