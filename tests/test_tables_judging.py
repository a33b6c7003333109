"""Figures, their intervals, the baselines and the verdict, on plain arrays."""

import dataclasses

import numpy as np
import pytest

from pellucid import metrics
from pellucid.tables import baselines, intervals, judging
from pellucid.tables.baselines import Baselines
from pellucid.tables.intervals import Resampling
from pellucid.tables.scores import Scoring


@pytest.fixture
def rng():
    """Each test draws its own numbers: what it finds must not hang on the order in which the tests run."""
    return np.random.default_rng(3)


def probabilities(rng, rows, classes):
    p = rng.random((rows, classes)) + 1e-3
    return p / p.sum(axis=1, keepdims=True)


# -- figures ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [2, 5])
def test_figures_of_classes_are_those_of_metrics(rng, classes):
    p, y = probabilities(rng, 60, classes), rng.integers(0, classes, 60)
    found = Scoring("classification", ["y"], classes).of(p, y)
    assert next(iter(found)) == "accuracy"
    assert found["accuracy"] == pytest.approx(metrics.accuracy(p, y))
    assert found["f1"] == pytest.approx(metrics.f1(p, y))
    assert found["balanced_accuracy"] == pytest.approx(metrics.recall(p, y))
    assert found["log_loss"] == pytest.approx(-np.log(p[np.arange(60), y]).mean())
    assert next(iter(Scoring("classification", ["y"], classes, balanced=True).of(p, y))) == "balanced_accuracy"


def test_figures_of_numbers_are_those_of_metrics_far_from_zero_too(rng):
    y = rng.normal(size=(50, 1)) + 1e7
    answers = y + 0.3 * rng.normal(size=(50, 1))
    found = Scoring("regression").of(answers, y)
    for name in ("r2", "rmse", "mae"):
        assert found[name] == pytest.approx(getattr(metrics, name)(answers, y), rel=1e-9), name
    assert Scoring("regression").of(np.full((3, 1), 2.0), np.full((3, 1), 2.0))["r2"] == 1.0


def test_several_targets_have_figures_each_and_the_mean_r2_decides(rng):
    y = rng.normal(size=(40, 2)) * [1.0, 1000.0]
    answers = y + rng.normal(size=(40, 2)) * [0.1, 900.0]
    found = Scoring("regression", ["a", "b"]).of(answers, y)
    each = [metrics.r2(answers[:, [k]], y[:, [k]]) for k in (0, 1)]
    assert found["r2"] == pytest.approx(np.mean(each)) and found["r2 of b"] == pytest.approx(each[1])
    assert found["mae of a"] == pytest.approx(metrics.mae(answers[:, 0], y[:, 0]))


def test_figures_of_several_questions_by_hand():
    p = np.array([[0.9, 0.2], [0.6, 0.7], [0.1, 0.8]])
    y = np.array([[1, 0], [0, 1], [0, 0]])
    found = Scoring("multilabel", ["a", "b"]).of(p, y)
    assert found["accuracy"] == pytest.approx(4 / 6) and found["all_right"] == pytest.approx(1 / 3)
    assert found["f1"] == pytest.approx(2 / 3)  # both: one right yes, one wrong


def test_losses_of_rows_say_which_is_worst():
    scoring = Scoring("classification", ["y"], 2)
    losses = scoring.losses(np.array([[0.9, 0.1], [0.2, 0.8], [0.99, 0.01]]), np.array([0, 1, 1]))
    assert losses.argmax() == 2 and losses[2] == pytest.approx(-np.log(0.01))
    of_two = Scoring("regression", ["a", "b"]).losses(np.zeros((3, 2)), np.array([[0, 0], [1, 0], [0, 500]]))
    assert of_two[1] == of_two[2] == pytest.approx(2.25)  # whatever the unit


# -- intervals -------------------------------------------------------------------------------------------------------------


def test_intervals_hold_what_they_promise():
    """Of 200 tables whose true accuracy and R2 are known, about 95 % of the intervals must hold it."""
    rng, held, differ = np.random.default_rng(0), {"accuracy": 0, "balanced_accuracy": 0, "r2": 0}, 0
    classes, numbers = Scoring("classification", ["y"], 2), Scoring("regression")
    for trial in range(200):
        y = rng.integers(0, 2, 80)
        right = rng.random(80) < 0.85
        again = Resampling(80, trial, draws=300)
        own = classes.statistics(np.eye(2)[np.where(right, y, 1 - y)], y)
        for name, span in intervals.of_figures(classes, own, again).items():
            if name in held:
                held[name] += span["low"] <= 0.85 <= span["high"]
        other = classes.statistics(np.eye(2)[np.where(rng.random(80) < 0.85, y, 1 - y)], y)
        d = intervals.of_difference(classes, own, other, again)
        differ += d["low"] <= 0.0 <= d["high"]
        truth = rng.normal(size=(80, 1))
        noise = 0.5 * rng.normal(size=(80, 1))
        span = intervals.of_figures(numbers, numbers.statistics(truth + noise, truth), again)["r2"]
        held["r2"] += span["low"] <= 0.75 <= span["high"]
    assert all(0.90 <= count / 200 <= 0.99 for count in held.values()), held
    assert 0.92 <= differ / 200 <= 0.995, differ


def test_shares_have_wilsons_interval():
    low, high = intervals.of_share(0.5, 100)  # by hand: 0.5 -+ 0.09617
    assert (low, high) == pytest.approx((0.40383, 0.59617), abs=1e-4)
    assert intervals.of_share(1.0, 10)[1] == pytest.approx(1.0) and intervals.of_share(0.0, 0) == (0.0, 1.0)


def test_four_rows_more_are_not_yet_better():
    first = np.ones(30, bool)
    second = first & (np.arange(30) > 3)
    low, high = intervals.of_paired_shares(first, second)
    assert low < 0 < high
    assert intervals.of_paired_shares(first, np.arange(30) > 12)[0] > 0


def test_many_rows_in_blocks_have_the_same_spread_as_the_formula(rng):
    rows = 30_000
    scoring = Scoring("regression")
    y = rng.normal(size=(rows, 1))
    error = rng.normal(size=(rows, 1))
    span = intervals.of_figures(scoring, scoring.statistics(y + error, y), Resampling(rows, 0))["mae"]
    assert span["high"] - span["low"] == pytest.approx(2 * 1.96 * abs(error).std() / rows**0.5, rel=0.1)


def test_rows_of_a_group_are_drawn_together_and_the_interval_is_wider(rng):
    groups = np.repeat(np.arange(20), 20)
    y = rng.integers(0, 2, 400)
    right = np.repeat(rng.random(20) < 0.8, 20)  # whole groups are right or wrong
    scoring = Scoring("classification", ["y"], 2)
    own = scoring.statistics(np.eye(2)[np.where(right, y, 1 - y)], y)
    alone = intervals.of_figures(scoring, own, Resampling(400, 0))["accuracy"]
    together = intervals.of_figures(scoring, own, Resampling(400, 0, groups))["accuracy"]
    assert together["high"] - together["low"] > 2.5 * (alone["high"] - alone["low"])
    assert together["value"] == alone["value"] == pytest.approx(right.mean())


def test_few_groups_give_no_interval_and_no_verdict():
    groups = np.repeat(np.arange(4), 10)
    y = np.zeros(40, int)
    answers = {"this network": np.tile([0.9, 0.1], (40, 1)), baselines.LINEAR: np.tile([0.1, 0.9], (40, 1))}
    j = judging.Judged(np.arange(40), y, answers, Scoring("classification", ["y"], 2), Resampling(40, 0, groups))
    scores, differences = j.scores(), j.differences()
    assert np.isnan(scores["this network"]["accuracy"]["low"]) and differences[baselines.LINEAR]["value"] == 1.0
    verdict = judging.verdict(j, scores, differences)
    assert verdict["wins"] is None and "too few groups" in verdict["text"] and "nan" not in verdict["text"]


# -- baselines -------------------------------------------------------------------------------------------------------------


def test_the_linear_models_are_those_of_scikit_learn(rng):
    linear = pytest.importorskip("sklearn.linear_model")
    X = rng.normal(size=(200, 6))
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    y = (X @ rng.normal(size=6) + rng.normal(size=200) > 0).astype(int) + (X[:, 0] > 0.8)
    for labels in (y, np.minimum(y, 1)):
        own = baselines.logistic(X, np.eye(labels.max() + 1)[labels], X)
        theirs = linear.LogisticRegression(tol=1e-10, max_iter=5000).fit(X, labels).predict_proba(X)
        assert abs(own - theirs).max() < 1e-3
    weighted = linear.LogisticRegression(class_weight="balanced", tol=1e-10, max_iter=5000).fit(X, y).predict_proba(X)
    weights = Baselines("classification", 3, balanced=True).weights(y)
    assert abs(baselines.logistic(X, np.eye(3)[y], X, weights) - weighted).max() < 1e-3
    numbers = np.column_stack([X @ rng.normal(size=6), X[:, 1]]) + rng.normal(size=(200, 2))
    assert np.allclose(baselines.ridge(X, numbers, X), linear.Ridge(1.0).fit(X, numbers).predict(X))
    wide = X[:4] - X[:4].mean(axis=0)
    assert np.allclose(baselines.ridge(wide, numbers[:4], X), linear.Ridge(1.0).fit(wide, numbers[:4]).predict(X))


def test_the_constants_are_what_they_are_called():
    X, new = np.zeros((5, 0)), np.zeros((2, 0))
    assert Baselines("classification", 3).fit_predict(X, np.array([2, 2, 0, 1, 2]), new) == {
        baselines.FREQUENT: pytest.approx(np.tile([0.2, 0.2, 0.6], (2, 1)))
    }
    even = Baselines("classification", 2, balanced=True).fit_predict(X, np.array([1, 1, 0, 1, 0]), new)
    assert even[baselines.FREQUENT] == pytest.approx(np.full((2, 2), 0.5), abs=1e-5)
    assert even[baselines.FREQUENT].argmax(axis=1).tolist() == [1, 1]
    y = np.array([[0.0], [0.0], [1.0], [2.0], [7.0]])
    assert Baselines("regression").fit_predict(X, y, new)[baselines.MEAN].tolist() == [[2.0], [2.0]]
    assert Baselines("regression", median=True).fit_predict(X, y, new)[baselines.MEDIAN].tolist() == [[1.0], [1.0]]


def test_without_scikit_learn_two_baselines_remain_and_the_line_to_type(rng, monkeypatch):
    monkeypatch.setattr(baselines, "_trees_there", lambda: False)
    made = Baselines("regression")
    assert set(made.fit_predict(rng.normal(size=(9, 2)), rng.normal(size=(9, 1)), np.zeros((2, 2)))) == {
        baselines.MEAN, baselines.LINEAR,
    }  # fmt: skip
    assert 'pip install "pellucid[tabular]"' in made.note


@pytest.mark.parametrize("labels", [[0] * 9, [0] * 8 + [2], [1] * 4 + [2] * 5])
def test_trees_take_classes_of_one_row_and_classes_that_are_not_there(rng, labels):
    pytest.importorskip("sklearn")
    answers = Baselines("classification", 3).fit_predict(rng.normal(size=(9, 2)), np.array(labels), np.zeros((4, 2)))
    for given in answers.values():
        assert given.shape == (4, 3) and np.allclose(given.sum(axis=1), 1.0)


# -- the verdict -----------------------------------------------------------------------------------------------------------


def judged(own, *others, rows=300):
    """A network and baselines that are right that often, about the same rows."""
    y = np.zeros(rows, int)
    right = {name: np.arange(rows) < share * rows for name, share in zip(NAMES, (own, *others), strict=False)}
    answers = {name: np.eye(2)[np.where(yes, y, 1)] for name, yes in right.items()}
    return judging.Judged(np.arange(rows), y, answers, Scoring("classification", ["y"], 2), Resampling(rows))


NAMES = (judging.NETWORK, baselines.FREQUENT, baselines.LINEAR, baselines.TREES)


@pytest.mark.parametrize(
    ("shares", "wins", "words"),
    [
        ((0.9, 0.5, 0.7, 0.8), True, "Better than every baseline; the best of them is gradient-boosted trees"),
        ((0.9, 0.5, 0.7, 0.97), False, "loses to gradient-boosted trees, which reaches 97.0 %"),
        ((0.9, 0.5, 0.9, 0.91), None, "No clear difference to a linear model"),
        ((0.9, 0.5, 0.7, 0.91), None, "No clear difference to gradient-boosted trees"),
        ((0.6, 0.8, 0.7, 0.7), False, "loses to the most frequent class"),
    ],
)
def test_the_verdict_says_plainly_who_is_better(shares, wins, words):
    j = judged(*shares)
    scores, differences = j.scores(), j.differences()
    verdict = judging.verdict(j, scores, differences)
    assert verdict["wins"] is wins and words in verdict["text"], verdict
    assert next(iter(scores)) == judging.NETWORK and set(differences) == set(NAMES[1:])


def test_confusion_and_classes_are_counted():
    j = judged(0.9, 0.5, rows=10)
    assert judging.confusion(j, ["no", "yes"]) == {"labels": ["no", "yes"], "counts": [[9, 1], [0, 0]]}
    no, yes = judging.per_class(j, ["no", "yes"])
    assert (no["label"], no["precision"], no["recall"], no["rows"]) == ("no", 1.0, 0.9, 10)
    assert (yes["precision"], yes["recall"], yes["f1"], yes["rows"]) == (0.0, 0.0, 0.0, 0)


def test_coverage_is_counted():
    ends, truth = np.array([[0.0, 1.0], [0.0, 2.0], [5.0, 6.0]]), np.array([0.5, 3.0, 5.0])
    found = judging.interval(ends, truth, 0.9, Resampling(3))
    assert found["coverage"] == pytest.approx(2 / 3) and found["width"] == pytest.approx(4 / 3)
    assert found["low"] < 2 / 3 < found["high"] and found["level"] == 0.9


def test_the_intervals_of_several_targets_are_counted_each_by_itself():
    rows = np.zeros((4, 2))
    ends = np.stack(
        [np.tile([-1.0, 1.0], (4, 1)), np.array([[-1.0, 1.0], [1.0, 3.0], [-2.0, -1.0], [0.0, 8.0]])], axis=1
    )
    j = judging.Judged(
        np.arange(4), rows, {judging.NETWORK: rows}, Scoring("regression", ["a", "b"]), Resampling(4), ends=ends
    )
    found = judging.held(j, 0.9)
    assert found["level"] == 0.9 and list(found["of"]) == ["a", "b"]
    assert [(one["coverage"], one["width"]) for one in found["of"].values()] == [(1.0, 2.0), (0.5, 3.25)]
    a, b = judging.held_in_words(found)
    assert a.startswith("a: 100.0 % of the rows lie in their 90 % interval (") and b.startswith("b: 50.0 %")
    alone = judging.held(dataclasses.replace(j, ends=ends[:, :1], truth=rows[:, :1], answers={}), 0.9)
    assert alone == judging.interval(ends[:, 0], rows[:, 0], 0.9, j.again)
    assert judging.held_in_words(alone)[0].startswith("100.0 % of the rows")
    assert judging.held(dataclasses.replace(j, ends=None), 0.9) is None


def test_coverage_is_less_certain_where_groups_lie_inside_or_outside_together():
    group = np.repeat(np.arange(30), 10)
    ends, truth = np.tile([0.0, 1.0], (300, 1)), np.where(group % 5 == 0, 2.0, 0.5)
    each, whole = Resampling(300), Resampling(300, clusters=group)
    alone, together = (judging.interval(ends, truth, 0.8, again) for again in (each, whole))
    assert alone["coverage"] == together["coverage"] == 0.8
    assert together["high"] - together["low"] > 2.5 * (alone["high"] - alone["low"])  # sqrt(10) = 3.2 times
    few = judging.interval(ends, truth, 0.8, Resampling(300, clusters=group // 10))
    assert np.isnan(few["low"]) and np.isnan(few["high"])
