"""The metrics against counting by hand, and at the edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid import metrics
from pellucid.errors import DataError, InputError

LABELS = np.array([0, 0, 0, 1, 1, 2])
CHOSEN = np.array([0, 0, 1, 1, 2, 2])
ROWS = np.eye(3)[CHOSEN] * 0.8 + 0.1


def test_counted_by_hand():
    np.testing.assert_array_equal(metrics.confusion_matrix(ROWS, LABELS), [[2, 1, 0], [0, 1, 1], [0, 0, 1]])
    assert metrics.accuracy(ROWS, LABELS) == pytest.approx(4 / 6)
    np.testing.assert_allclose(metrics.precision(ROWS, LABELS, average=None), [2 / 2, 1 / 2, 1 / 2])
    np.testing.assert_allclose(metrics.recall(ROWS, LABELS, average=None), [2 / 3, 1 / 2, 1 / 1])
    np.testing.assert_allclose(metrics.f1(ROWS, LABELS, average=None), [4 / 5, 1 / 2, 2 / 3])
    assert metrics.precision(ROWS, LABELS) == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)


@pytest.mark.parametrize("metric", [metrics.accuracy, metrics.precision, metrics.recall, metrics.f1])
def test_every_form_of_the_same_answer_counts_the_same(metric):
    figures = [metric(outputs, targets) for outputs in (ROWS, CHOSEN) for targets in (LABELS, np.eye(3)[LABELS])]
    assert figures == [figures[0]] * 4
    assert metric(ROWS.tolist(), LABELS.tolist()) == figures[0]


def test_one_output_says_yes_above_a_half():
    outputs, targets = np.array([[0.9], [0.5], [0.2], [0.51]]), np.array([[1], [1], [0], [0]])
    assert metrics.accuracy(outputs, targets) == metrics.accuracy(outputs, targets[:, 0]) == 0.5
    np.testing.assert_array_equal(metrics.confusion_matrix(outputs, targets), [[1, 1], [1, 1]])


def test_several_yes_or_no_outputs_count_answers():
    outputs = np.array([[0.9, 0.8, 0.1], [0.2, 0.2, 0.2]])
    assert metrics.accuracy(outputs, np.array([[1, 1, 1], [0, 0, 1]])) == pytest.approx(4 / 6)


def test_a_class_that_nobody_has_does_not_lower_the_mean():
    five = np.hstack([ROWS, np.zeros((6, 2))])
    for metric in (metrics.precision, metrics.recall, metrics.f1):
        assert metric(five, LABELS) == metric(ROWS, LABELS)
        np.testing.assert_array_equal(metric(five, LABELS, average=None)[3:], 0.0)


def test_top_k_accuracy():
    outputs = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.3, 0.5, 0.2]])
    targets = np.array([1, 1, 2])
    assert [metrics.top_k_accuracy(outputs, targets, k) for k in (1, 2, 3)] == pytest.approx([0.0, 2 / 3, 1.0])


def test_errors_of_numbers():
    outputs, targets = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 0.0], [3.0, 8.0]])
    assert metrics.rmse(outputs, targets) == pytest.approx(np.sqrt((4 + 16) / 4))
    assert metrics.mae(outputs, targets) == pytest.approx(6 / 4)
    assert metrics.r2(outputs, targets) == pytest.approx(1 - 20 / (2 + 32))


def test_r2_of_a_constant_target():
    constant = np.full((4, 1), 7.0)
    assert metrics.r2(constant, constant) == 1.0 and metrics.r2(constant + np.eye(4)[:, :1], constant) == 0.0


QUANTILES = np.array([[1.0, 2.0, 4.0], [0.0, 5.0, 6.0]])


def test_figures_of_quantiles():
    levels = (0.1, 0.5, 0.9)
    costs = [0.1 * 2, 0.5 * 1, 0.1 * 1, 0.1 * 7, 0.5 * 2, 0.9 * 1]  # of targets 3 and 7, counted by hand
    for targets in ([3.0, 7.0], [[3.0], [7.0]]):
        assert metrics.pinball(QUANTILES, targets, levels) == pytest.approx(np.mean(costs))
        assert metrics.coverage(QUANTILES, targets) == 0.5
    assert metrics.coverage(QUANTILES, [1.0, 6.0]) == 1.0  # the ends belong to the interval
    assert metrics.coverage(QUANTILES[:, 1:2], [2.0, 6.0]) == 0.5  # of one quantile: what lies up to it
    assert metrics.coverage(QUANTILES.reshape(1, 6), [[3.0, 7.0]]) == 0.5  # two targets


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40))
def test_the_matrix_holds_every_row_once(pairs):
    chosen, true = np.array(pairs).T
    matrix = metrics.confusion_matrix(chosen, true, classes=5)
    assert matrix.sum() == len(pairs)
    assert np.trace(matrix) / len(pairs) == pytest.approx(metrics.accuracy(chosen, true))
    np.testing.assert_array_equal(matrix.sum(axis=1), np.bincount(true, minlength=5))
    np.testing.assert_array_equal(matrix.sum(axis=0), np.bincount(chosen, minlength=5))
    for metric in (metrics.precision, metrics.recall, metrics.f1):
        assert 0.0 <= metric(chosen, true) <= 1.0


def test_every_metric_has_a_name_that_a_model_takes():
    public = {n for n, v in vars(metrics).items() if callable(v) and getattr(v, "__module__", "") == "pellucid.metrics"}
    helpers = {"labels_of", "confusion_matrix"} | {name for name in public if name.startswith("_")}
    assert set(metrics.by_name) == public - helpers


@pytest.mark.parametrize(
    "call, error, sentence",
    [
        (lambda: metrics.accuracy(ROWS, LABELS[:4]), DataError, "6 rows and targets 4"),
        (lambda: metrics.accuracy(ROWS[:0], LABELS[:0]), DataError, "at least one"),
        (lambda: metrics.accuracy(np.ones((2, 3, 4)), LABELS), DataError, r"shape \(2, 3, 4\)"),
        (lambda: metrics.confusion_matrix(CHOSEN, LABELS, classes=2), DataError, "2 classes got labels from 0 to 2"),
        (lambda: metrics.confusion_matrix(CHOSEN - 1, LABELS), DataError, "labels from -1"),
        (lambda: metrics.top_k_accuracy(ROWS, LABELS, k=4), DataError, r"k=4.*def top_2\(outputs, targets\)"),
        (lambda: metrics.rmse(ROWS, LABELS), DataError, r"shape \(6, 3\), targets \(6,\)"),
        (lambda: metrics.coverage(ROWS, LABELS[:4]), DataError, r"shape \(6, 3\), targets \(4,\)"),
        (lambda: metrics.coverage(ROWS[:0], LABELS[:0]), DataError, "at least one row"),
        (lambda: metrics.pinball(ROWS, LABELS, (0.1, 0.9)), DataError, "2 levels got 3 output"),
        (lambda: metrics.precision(ROWS, LABELS, average="micro"), InputError, "'micro'.*'macro'"),
    ],
)
def test_what_cannot_be_counted_is_refused_in_a_sentence(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()
