"""The metrics against scikit-learn's, on random answers of every form."""

import numpy as np
import pytest

from pellucid import metrics
from pellucid.losses import Quantile

peer = pytest.importorskip("sklearn.metrics")


def answers(seed: int, classes: int = 5, rows: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """(probabilities (rows, classes), labels (rows,)): better than chance, every class there."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(rows) % classes)
    scores = rng.standard_normal((rows, classes)) + 1.2 * np.eye(classes)[labels]
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True), labels


SEEDS = range(5)


@pytest.mark.parametrize("seed", SEEDS)
def test_figures_of_classes(seed):
    outputs, labels = answers(seed)
    chosen = outputs.argmax(axis=1)
    np.testing.assert_array_equal(metrics.confusion_matrix(outputs, labels), peer.confusion_matrix(labels, chosen))
    assert metrics.accuracy(outputs, labels) == pytest.approx(peer.accuracy_score(labels, chosen), rel=1e-12)
    for ours, theirs in (
        (metrics.precision, peer.precision_score),
        (metrics.recall, peer.recall_score),
        (metrics.f1, peer.f1_score),
    ):
        for average in ("macro", None):
            expected = theirs(labels, chosen, average=average, zero_division=0)
            np.testing.assert_allclose(ours(outputs, labels, average=average), expected, rtol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_class_without_rows_and_one_that_is_never_chosen(seed):
    outputs, labels = answers(seed, classes=5)
    labels, outputs = np.where(labels == 4, 0, labels), outputs * [1, 1, 1, 0, 0]
    chosen = outputs.argmax(axis=1)
    for ours, theirs in ((metrics.precision, peer.precision_score), (metrics.recall, peer.recall_score)):
        expected = theirs(labels, chosen, average="macro", zero_division=0)
        assert ours(outputs, labels) == pytest.approx(expected, rel=1e-12)
    assert metrics.f1(outputs, labels) == pytest.approx(peer.f1_score(labels, chosen, average="macro"), rel=1e-12)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", SEEDS)
def test_top_k(seed, k):
    outputs, labels = answers(seed)
    expected = 1.0 if k == 5 else peer.top_k_accuracy_score(labels, outputs, k=k)
    assert metrics.top_k_accuracy(outputs, labels, k) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_yes_or_no(seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, 50)
    outputs = np.clip(labels + rng.normal(0, 0.5, 50), 0, 1)[:, None]
    chosen = outputs[:, 0] > 0.5
    assert metrics.accuracy(outputs, labels) == pytest.approx(peer.accuracy_score(labels, chosen), rel=1e-12)
    assert metrics.f1(outputs, labels, average=None)[1] == pytest.approx(peer.f1_score(labels, chosen), rel=1e-12)


@pytest.mark.parametrize("columns", [1, 3])
@pytest.mark.parametrize("seed", SEEDS)
def test_figures_of_numbers(seed, columns):
    """R2 of several outputs: all errors against all deviations, which scikit-learn calls variance weighted."""
    rng = np.random.default_rng(seed)
    targets = rng.normal(5.0, [[2.0, 0.5, 9.0][:columns]], (40, columns))
    outputs = targets + rng.normal(0.1, 1.0, (40, columns))
    expected = peer.r2_score(targets, outputs, multioutput="variance_weighted")
    assert metrics.r2(outputs, targets) == pytest.approx(expected, rel=1e-12)
    assert metrics.mae(outputs, targets) == pytest.approx(peer.mean_absolute_error(targets, outputs), rel=1e-12)
    assert metrics.rmse(outputs, targets) ** 2 == pytest.approx(peer.mean_squared_error(targets, outputs), rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_pinball_loss(seed):
    """Each level's figure is scikit-learn's; ours is their mean, as is that of the loss."""
    rng, levels = np.random.default_rng(seed), (0.05, 0.3, 0.5, 0.95)
    targets, outputs = rng.normal(5.0, 2.0, (40, 2)), np.sort(rng.normal(5.0, 2.0, (40, 2, 4)))
    theirs = [peer.mean_pinball_loss(targets, outputs[..., k], alpha=level) for k, level in enumerate(levels)]
    assert metrics.pinball(outputs.reshape(40, 8), targets, levels) == pytest.approx(np.mean(theirs), rel=1e-12)
    assert Quantile(levels).forward(outputs.reshape(40, 8), targets).mean() == pytest.approx(np.mean(theirs), rel=1e-12)


def test_r2_of_constant_targets():
    constant = np.full((5, 1), 3.0)
    for outputs in (constant, constant + np.eye(5)[:, :1]):
        assert metrics.r2(outputs, constant) == peer.r2_score(constant, outputs)
