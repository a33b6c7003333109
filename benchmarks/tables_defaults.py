"""How the defaults of `pellucid train` on tables were chosen: a handful of recipes beside the three baselines.

    python benchmarks/tables_defaults.py [--seeds 5] [--tables iris,wine] [--recipes default,wide]

Every recipe is trained on every table with every seed (which also divides the rows), and judged on the rows set aside by
accuracy or R2. A recipe's rank on a table is that of its mean over the seeds. Wins, ties and losses of the recipe that is
the default are counted against each baseline on the same rows: a win is a mean difference of more than two standard
errors over the seeds. Nothing is timed. docs/decisions/0008-defaults-for-tables.md has the figures.
"""

import argparse
import json
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn import datasets

from pellucid.tables.baselines import FREQUENT, MEAN
from pellucid.tables.fitting import NETWORK, Watcher, answers, fit
from pellucid.tables.preparing import prepare
from pellucid.tables.scores import Scoring
from pellucid.tables.settings import Settings

RECIPES = {
    "default": {},
    "adam, constant": {
        "layers": (64, 64), "optimizer": "adam", "learning_rate": 0.005, "schedule": "constant", "dropout": 0.0,
    },
    "standard": {"numbers": "standard"},
    "normal": {"numbers": "normal"},
    "one layer": {"layers": (128,)},
    "wide": {"layers": (256, 256)},
    "three": {"layers": (128, 128, 128)},
    "no dropout": {"dropout": 0.0},
    "dropout 0.3": {"dropout": 0.3},
    "decay 0.01": {"weight_decay": 0.01},
    "decay 4": {"weight_decay": 4.0},
    "slow": {"learning_rate": 0.0005},
    "fast": {"learning_rate": 0.005},
    "cosine": {"schedule": "cosine"},
    "batch norm": {"batch_norm": True},
    "silu": {"activation": "silu"},
    "batch 32": {"batch_size": 32},
    "batch 256": {"batch_size": 256},
}  # fmt: skip


def of_sklearn(load):
    bunch = load()
    columns = {str(name): bunch.data[:, k] for k, name in enumerate(bunch.feature_names)}
    labels = [f"class {label}" for label in bunch.target] if bunch.target.dtype.kind == "i" else bunch.target
    return columns | {"target": labels}


def made_classes(rows, seed=0, **options):
    X, y = datasets.make_classification(rows, random_state=seed, **options)
    return {f"x{k}": X[:, k] for k in range(X.shape[1])} | {"target": [f"class {label}" for label in y]}


def friedman(rows, seed=0):
    X, y = datasets.make_friedman1(rows, noise=1.0, random_state=seed)
    return {f"x{k}": X[:, k] for k in range(X.shape[1])} | {"target": y}


def people(rows, seed=0):
    """What tables are like: skewed numbers, categories with rare values, holes, an interaction, noise."""
    rng = np.random.default_rng(seed)
    age, city = rng.integers(18, 80, rows), rng.zipf(1.6, rows) % 40
    income = np.exp(rng.normal(10, 1, rows))
    job, hours = rng.integers(0, 8, rows), rng.gamma(4.0, 10.0, rows)
    worth = 0.03 * (age - 45) + 0.8 * np.log(income / 22000) + 0.7 * rng.normal(size=40)[city]
    worth = worth + np.where(job > 4, 0.03 * (hours - 40), -0.5) + rng.normal(size=rows)
    holes = rng.random(rows) < 0.1
    columns = {
        "age": age, "income": np.where(holes, np.nan, income), "city": [f"city {c}" for c in city],
        "job": [f"job {j}" for j in job], "hours": hours, "noise": rng.normal(size=rows),
    }  # fmt: skip
    return columns, worth


def people_classes(rows):
    columns, worth = people(rows)
    return columns | {"target": np.where(worth > 0.5, "yes", "no").tolist()}


def people_numbers(rows):
    columns, worth = people(rows)
    return columns | {"target": 1000.0 * worth + 20_000}


TABLES = {
    "iris": lambda: of_sklearn(datasets.load_iris),
    "wine": lambda: of_sklearn(datasets.load_wine),
    "breast cancer": lambda: of_sklearn(datasets.load_breast_cancer),
    "diabetes": lambda: of_sklearn(datasets.load_diabetes),
    "digits": lambda: of_sklearn(datasets.load_digits),
    "friedman 1e3": lambda: friedman(1_000),
    "friedman 1e4": lambda: friedman(10_000),
    "clusters 1e3": lambda: made_classes(1_000, n_informative=8, n_classes=4),
    "clusters 1e4": lambda: made_classes(10_000, n_informative=10, n_classes=5, flip_y=0.05),
    "people classes 1e3": lambda: people_classes(1_000),
    "people classes 1e4": lambda: people_classes(10_000),
    "people numbers 1e3": lambda: people_numbers(1_000),
    "people numbers 1e4": lambda: people_numbers(10_000),
    "clusters 1e5": lambda: made_classes(100_000, n_informative=10, n_classes=5, flip_y=0.05),
}
LARGE = ("clusters 1e5",)  # two seeds and three recipes are enough to see that nothing is different there


def scores_of(data, options, seed, with_baselines):
    """{contender: main figure} of one training."""
    settings = replace(Settings(), **options, seed=seed)
    p = prepare(data, "target", settings)
    done = fit(p, p.split, Watcher(), "")
    scoring = Scoring(p.target.task, p.target.names, len(p.target.classes))
    truth = done.target.truth(p.typed)
    if with_baselines:
        found = answers(p, done)
        rows, given = found.rows, found.given
    else:
        rows, x, _ = done.judged
        given = {NETWORK: done.target.answers(done.model.predict(x))}
    figures = {name: scoring.of(a, truth[rows])[scoring.main] for name, a in given.items()}
    return {("constant" if name in (FREQUENT, MEAN) else name): value for name, value in figures.items()}


def measure(tables, recipes, seeds):
    """{table: {recipe or baseline: [figure per seed]}}."""
    found = {}
    for table in tables:
        data = TABLES[table]()
        own = found[table] = {}
        few = table in LARGE
        for recipe in [name for name in recipes if not few or name in recipes[:3]]:
            for seed in range(min(seeds, 2) if few else seeds):
                for name, value in scores_of(data, RECIPES[recipe], seed, recipe == recipes[0]).items():
                    own.setdefault(recipe if name == NETWORK else name, []).append(value)
        print(f"{table}: " + ", ".join(f"{k} {np.mean(v):.4f}" for k, v in own.items()), flush=True)
    return found


def summary(found, recipes):
    """Mean rank and mean figure of each recipe; wins, ties and losses of the first against each baseline."""
    small = {table: own for table, own in found.items() if all(recipe in own for recipe in recipes)}
    print(f"\n{'recipe':<16} mean rank  mean figure   (over {len(small)} tables)")
    means = np.array([[np.mean(own[recipe]) for recipe in recipes] for own in small.values()])
    ranks = (-means).argsort(axis=1).argsort(axis=1).mean(axis=0) + 1
    for k in np.argsort(ranks):
        print(f"{recipes[k]:<16} {ranks[k]:9.2f}  {means[:, k].mean():11.4f}")
    for baseline in ("constant", "a linear model", "gradient-boosted trees"):
        tally = {"wins": [], "ties": [], "losses": []}
        for table, own in found.items():
            d = np.array(own[recipes[0]]) - np.array(own[baseline])
            error = d.std(ddof=1) / np.sqrt(len(d)) if len(d) > 1 else np.inf
            tally["ties" if abs(d.mean()) <= 2 * error else "wins" if d.mean() > 0 else "losses"].append(table)
        print(
            f"{recipes[0]} against {baseline}: " + "; ".join(f"{k} {len(v)} ({', '.join(v)})" for k, v in tally.items())
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--recipes", default=";".join(RECIPES))
    parser.add_argument("--json", type=Path, help="Where the figures go.")
    options = parser.parse_args()
    tables = options.tables.split(",")
    warnings.simplefilter("ignore")
    found = measure(tables, options.recipes.split(";"), options.seeds)
    summary(found, options.recipes.split(";"))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    sys.exit(main())
