"""Tables with a fault in them and tables without: what `tables.checks` and the plan have to find, and to be silent about.

`planted(seed)` yields (name, columns as text, target, what must be said: pairs of sort and column); `clean(seed)` yields
(name, columns as text, target). The text is that of a CSV file.
"""

import datetime

import numpy as np

from pellucid.tables.checks import check
from pellucid.tables.plan import plan
from pellucid.tables.table import Table
from pellucid.tables.target import Target
from pellucid.tables.typed import typed

SERIOUS = (
    "leakage",
    "duplicates",
    "imbalance",
    "identifier",
    "text",
    "constant",
    "class of one row",
    "time",
    "mostly missing",
    "strays",
)


def text(values):
    return [f"{value:.6g}" if isinstance(value, float) else str(value) for value in np.asarray(values).tolist()]


def warnings_of(columns, target, seed=0, **options):
    """All warnings of a table, its rows divided at random, 4 to 1."""
    table = Table({name: list(values) for name, values in columns.items()})
    made = plan(table, target, **options)
    cells = typed(table, made)
    goal = Target.fit(made, cells)
    cells = cells.take(np.flatnonzero(goal.known(cells)))
    order = np.random.default_rng(seed).permutation(cells.rows)
    cut = cells.rows // 5
    return [*made.warnings, *check(cells, made, goal, np.sort(order[cut:]), np.sort(order[:cut]), "random")]


def people(rng, rows=600):
    """Something like a customer file: (columns, risk), where the columns tell the risk in part."""
    age, income = rng.integers(18, 80, rows), np.exp(rng.normal(10.3, 0.5, rows)).round(2)
    city, tenure = rng.choice(["Bern", "Basel", "Zug", "Chur"], rows), rng.exponential(4.0, rows).round(1)
    risk = (
        0.03 * (age - 45)
        - 1.2 * (np.log(income) - 10.3)
        - 0.2 * (tenure - 4)
        + 0.5 * (city == "Zug")
        + rng.normal(0, 1, rows)
    )
    return {"age": text(age), "income": text(income), "city": text(city), "years here": text(tenure)}, risk


def flowers(binary=False):
    from sklearn.datasets import load_iris

    data = load_iris()
    columns = {name: text(values) for name, values in zip(data.feature_names, data.data.T, strict=True)}
    names = data.target_names[data.target]
    return columns, (["yes" if name == "setosa" else "no" for name in names] if binary else names.tolist())


def planted(seed=0):
    for number, make in enumerate(PLANTED):
        yield (make.__name__.removeprefix("_").replace("_", " "), *make(np.random.default_rng([seed, number])))


def _bought(risk):
    return np.where(risk > 0, "yes", "no")


def _the_target_again(rng):
    columns, risk = people(rng)
    return {**columns, "copy": text(_bought(risk)), "bought": text(_bought(risk))}, "bought", {("leakage", "copy")}


def _classes_under_other_names(rng):
    columns, kind = flowers()
    codes = {"setosa": "7", "versicolor": "3", "virginica": "5"}
    return {**columns, "code": [codes[name] for name in kind], "kind": kind}, "kind", {("leakage", "code")}


def _filled_in_afterwards(rng):
    columns, risk = people(rng)
    amount = [f"{value:.2f}" if r > 0 else "" for value, r in zip(rng.exponential(90, len(risk)), risk, strict=True)]
    return {**columns, "refund": amount, "bought": text(_bought(risk))}, "bought", {("leakage", "refund")}


def _score_of_another_model(rng):
    columns, risk = people(rng)
    score = np.clip((risk > 0) * 0.8 + rng.uniform(0.0, 0.2, len(risk)), 0, 1)
    return {**columns, "score": text(score), "bought": text(_bought(risk))}, "bought", {("leakage", "score")}


def _status_of_many_words(rng):
    columns, risk = people(rng)
    status = [rng.choice(["paid", "sent", "closed"] if r > 0 else ["open", "lost", "asked"]) for r in risk]
    return {**columns, "status": status, "bought": text(_bought(risk))}, "bought", {("leakage", "status")}


def _another_unit(rng):
    columns, risk = people(rng)
    price = 1000 * np.exp(0.3 * risk)
    return (
        {**columns, "price in cents": text(price * 100), "price": text(price)},
        "price",
        {("leakage", "price in cents")},
    )


def _with_tax(rng):
    columns, risk = people(rng)
    price = 1000 + 100 * risk
    gross = price * 1.081 + rng.normal(0, 1, len(risk))
    return {**columns, "gross": text(gross), "price": text(price)}, "price", {("leakage", "gross")}


def _the_logarithm(rng):
    columns, risk = people(rng)
    price = np.exp(1.5 * risk)
    return {**columns, "level": text(np.log(price)), "price": text(price)}, "price", {("leakage", "level")}


def _a_rounded_target(rng):
    columns, risk = people(rng)
    price = 1000 + 300 * risk
    band = (price // 100).astype(int)
    return {**columns, "band": text(band), "price": text(price)}, "price", {("leakage", "band")}


def _rows_sorted_by_class(rng):
    columns, kind = flowers()
    return {"Id": text(np.arange(1, 151)), **columns, "kind": kind}, "kind", {("identifier", "Id")}


def _customer_numbers(rng):
    columns, risk = people(rng)
    numbers = rng.permutation(90_000)[: len(risk)] + 10_000
    return (
        {"customer_id": text(numbers), **columns, "bought": text(_bought(risk))},
        "bought",
        {("identifier", "customer_id")},
    )


def _names_of_people(rng):
    columns, risk = people(rng)
    names = [
        f"{a}{b} {c}"
        for a, b, c in zip(*rng.choice(list("ABCDEFGHKLMNPRST"), (2, len(risk))), range(len(risk)), strict=True)
    ]
    return {"name": names, **columns, "bought": text(_bought(risk))}, "bought", {("identifier", "name")}


def _hexadecimal_keys(rng):
    columns, risk = people(rng)
    return (
        {**columns, "uuid": [rng.bytes(8).hex() for _ in risk], "price": text(risk)},
        "price",
        {("identifier", "uuid")},
    )


def _remarks(rng):
    columns, risk = people(rng)
    words = ["the", "customer", "said", "that", "it", "was", "not", "what", "he", "had", "wanted", "so"]
    remarks = [" ".join(rng.choice(words, 9)) for _ in risk]
    return {**columns, "remarks": remarks, "bought": text(_bought(risk))}, "bought", {("text", "remarks")}


def _one_in_fifty(rng):
    columns, risk = people(rng, 1500)
    fraud = np.where(risk > np.quantile(risk, 0.98), "fraud", "fine")
    return {**columns, "what": text(fraud)}, "what", {("imbalance", "what")}


def _a_long_tail_of_classes(rng):
    columns, risk = people(rng, 1000)
    return (
        {**columns, "grade": text(np.array(list("ABCD"))[np.searchsorted(np.quantile(risk, [0.5, 0.8, 0.96]), risk)])},
        "grade",
        {("imbalance", "grade")},
    )


def _rows_twice(rng):
    columns, risk = people(rng)
    columns = {**columns, "bought": text(_bought(risk))}
    again = rng.integers(0, len(risk), 150)
    return (
        {name: values + [values[row] for row in again] for name, values in columns.items()},
        "bought",
        {("duplicates", "")},
    )


def _a_class_of_one(rng):
    columns, kind = flowers()
    return {**columns, "kind": [*kind[:-1], "rosa"]}, "kind", {("class of one row", "kind")}


def _dates_and_chance(rng):
    columns, risk = people(rng)
    days = [
        str(datetime.date(2023, 1, 1) + datetime.timedelta(days=int(day))) for day in rng.integers(0, 700, len(risk))
    ]
    return {"ordered": days, **columns, "price": text(risk)}, "price", {("time", "ordered")}


def _several_faults(rng):
    columns, risk = people(rng, 1500)
    bought = np.where(risk > np.quantile(risk, 0.97), "yes", "no")
    shop = ["x"] * len(risk)
    columns = {
        "order no": text(np.arange(len(risk)) * 7 + 1000),
        **columns,
        "shop": shop,
        "sent": text(np.where(bought == "yes", 1, 0)),
    }
    expected = {("identifier", "order no"), ("constant", "shop"), ("leakage", "sent"), ("imbalance", "bought")}
    return {**columns, "bought": text(bought)}, "bought", expected


PLANTED = [
    _the_target_again, _classes_under_other_names, _filled_in_afterwards, _score_of_another_model, _status_of_many_words,
    _another_unit, _with_tax, _the_logarithm, _a_rounded_target, _rows_sorted_by_class, _customer_numbers, _names_of_people,
    _hexadecimal_keys, _remarks, _one_in_fifty, _a_long_tail_of_classes, _rows_twice, _a_class_of_one, _dates_and_chance,
    _several_faults,
]  # fmt: skip


def clean(seed=0):
    from sklearn import datasets

    rng = np.random.default_rng(seed + 1000)
    columns, kind = flowers()
    yield "iris", {**columns, "kind": kind}, "kind"
    columns, setosa = flowers(binary=True)
    yield "iris, the class that one petal tells", {**columns, "setosa": setosa}, "setosa"
    for name in ("wine", "breast_cancer", "diabetes"):
        data = getattr(datasets, f"load_{name}")()
        columns = {str(column): text(values) for column, values in zip(data.feature_names, data.data.T, strict=True)}
        target = data.target if name == "diabetes" else np.array([f"class {label}" for label in data.target])
        yield name, {**columns, "target": text(target)}, "target"
    made = {
        "blobs far apart": datasets.make_blobs(300, centers=[(-6, -6), (6, 6), (-6, 6)], random_state=seed),
        "two blobs far apart": datasets.make_blobs(300, centers=[(-5, -5, 3), (5, 5, -3)], random_state=seed),
        "a border across ten numbers": datasets.make_classification(
            800, 10, n_informative=6, class_sep=2.5, flip_y=0.0, random_state=seed
        ),
        "noisy classes": datasets.make_classification(600, 8, n_informative=4, flip_y=0.1, random_state=seed),
        "moons": datasets.make_moons(400, noise=0.1, random_state=seed),
        "circles": datasets.make_circles(400, noise=0.05, factor=0.5, random_state=seed),
    }
    for name, (X, y) in made.items():
        columns = {f"x{number}": text(values) for number, values in enumerate(X.T)}
        yield name, {**columns, "y": [f"c{label}" for label in y]}, "y"
    numbers = {
        "a plane": datasets.make_regression(500, 6, noise=5.0, random_state=seed),
        "a plane without noise": datasets.make_regression(500, 6, n_informative=6, noise=0.0, random_state=seed),
        "friedman 1": datasets.make_friedman1(500, noise=0.5, random_state=seed),
        "friedman 2": datasets.make_friedman2(500, noise=20.0, random_state=seed),
    }
    for name, (X, y) in numbers.items():
        yield name, {**{f"x{number}": text(values) for number, values in enumerate(X.T)}, "y": text(y)}, "y"
    x = np.linspace(-3, 3, 200)
    yield "a line of one number", {"x": text(x), "y": text(2 * x + 1)}, "y"
    columns, risk = people(rng)
    yield "people, bought or not", {**columns, "bought": text(_bought(risk))}, "bought"
    columns, risk = people(rng, 900)
    yield "people, what they pay", {**columns, "price": text(1000 + 300 * risk)}, "price"
    sex, place, age = (
        rng.choice(["f", "m"], 900),
        rng.choice(["1", "2", "3"], 900),
        rng.integers(1, 70, 900).astype(float),
    )
    lived = rng.random(900) < np.where(sex == "f", 0.75, 0.2) - 0.08 * (place == "3")
    ages = ["" if gone else f"{value:.0f}" for gone, value in zip(rng.random(900) < 0.2, age, strict=True)]
    columns = {"place": text(place), "sex": text(sex), "age": ages, "parents": text(rng.integers(0, 3, 900))}
    yield "a ship", {**columns, "lived": text(lived.astype(int))}, "lived"
    votes = (rng.random((400, 8)) < np.where(rng.random(400) < 0.5, 0.85, 0.15)[:, None]).astype(int)
    party = np.where(votes.sum(axis=1) + rng.normal(0, 0.7, 400) > 4, "left", "right")
    yield (
        "votes, yes or no",
        {**{f"v{n}": text(column) for n, column in enumerate(votes.T)}, "party": text(party)},
        "party",
    )
    bits = rng.integers(0, 2, (500, 4))
    noise = {f"n{number}": text(rng.normal(size=500)) for number in range(3)}
    yield "xor", {"a": text(bits[:, 0]), "b": text(bits[:, 1]), **noise, "y": text(bits[:, 0] ^ bits[:, 1])}, "y"


def decided_by_one(seed=0):
    """Tables without a leak that look as if they had one: a single column decides, and the others know nothing."""
    from sklearn import datasets

    options = {"n_redundant": 0, "n_clusters_per_class": 1, "class_sep": 2.0, "flip_y": 0.0, "random_state": seed}
    X, y = datasets.make_classification(600, 5, n_informative=1, **options)
    columns = {f"x{number}": text(values) for number, values in enumerate(X.T)}
    yield "one number parts the classes", {**columns, "y": [f"c{label}" for label in y]}, "y"
    X, y = datasets.make_regression(400, 10, n_informative=1, noise=1.0, random_state=seed)
    yield (
        "a line of one number among ten",
        {**{f"x{n}": text(values) for n, values in enumerate(X.T)}, "y": text(y)},
        "y",
    )
