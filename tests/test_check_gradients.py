"""check_gradients: what is right is called right, what is wrong is called wrong, and by its name.

The product's checker is itself checked here against `gradients.numeric_gradient`, which shares no line with it.
"""

import copy
import html
import json
import subprocess
import sys

import numpy as np
import pytest

import backward_mutations
import pellucid
import random_layers
import wrong_layers as wrong
import wrong_losses as wrong_too
from cases import LAYERS, LOSSES, doutput, inputs, loss_outputs, loss_targets, prepared
from gradients import numeric_gradient
from pellucid import check_gradients, layers, losses
from pellucid.errors import ContractError, InputError
from pellucid.glass.gradients.differences import at_step, confirmed, grain_of, slope
from pellucid.glass.gradients.judging import measured
from pellucid.glass.gradients.subjects import LayerSubject, LossSubject
from pellucid.layers import (
    BatchNorm,
    Dense,
    Dropout,
    Layer,
    LayerNorm,
    ReLU,
    Sequential,
    Sigmoid,
    Softmax,
    Step,
    Tanh,
)  # fmt: skip
from pellucid.losses import CategoricalCrossEntropy, MeanSquaredError, SoftmaxCrossEntropy


def statuses(report):
    return {name: one.status for name, one in report.parameters.items()}


# -- what is right -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", LAYERS, ids=str)
def test_every_layer_is_right_with_and_without_inputs(case):
    for report in (check_gradients(case.make()), check_gradients(case.make(), inputs(case), training=case.training)):
        assert report.ok and not report.findings, report
        assert all(one.checked == min(one.entries, 200) for one in report.parameters.values()), report


@pytest.mark.parametrize("case", LOSSES, ids=str)
def test_every_loss_is_right_with_and_without_data(case):
    for report in (check_gradients(case.make()), check_gradients(case.make(), loss_outputs(case), loss_targets(case))):
        assert report.ok and not report.findings, report


def no_false_verdict(seeds):
    for seed in seeds:
        thing, given = random_layers.case(np.random.default_rng(seed))
        report = check_gradients(thing, *given, rng=seed)
        assert not report.wrong, f"seed {seed}\n{report}"
        assert report.ok, f"seed {seed}\n{report}"


def test_no_false_verdict_on_random_layers_losses_and_networks():
    no_false_verdict(range(25))


@pytest.mark.slow
def test_no_false_verdict_on_a_thousand_more():
    no_false_verdict(range(25, 1025))


# -- against the independent checker -------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [case for case in LAYERS if case.name.split(",")[0] != "Step"], ids=str)
def test_what_it_expects_is_what_the_independent_checker_finds(case):
    x = inputs(case)
    dy = doutput(case, prepared(case).forward(x).shape)
    subject = LayerSubject(prepared(case), x, dy, case.training)
    values = subject.values()
    largest = 0.0
    pairs = []
    for key, at in values.items():
        independent = numeric_gradient(lambda to, key=key, values=values: subject.terms({**values, key: to}), at)
        mine = measured(subject, values, key, np.zeros(at.shape), list(np.ndindex(at.shape)), 0.0)
        found = np.array([one.value for one in mine.slopes]).reshape(at.shape)
        largest = max(largest, np.abs(independent).max())
        pairs.append((found, independent))
    for found, independent in pairs:
        np.testing.assert_allclose(found, independent, rtol=1e-8, atol=1e-9 * largest)


@pytest.mark.parametrize("case", LOSSES, ids=str)
def test_and_so_for_losses(case):
    weights = np.random.default_rng(3).uniform(0.5, 1.5, 4)
    subject = LossSubject(case.make(), loss_outputs(case), loss_targets(case), weights)
    at = subject.outputs
    independent = numeric_gradient(lambda to: subject.terms({"outputs": to}), at)
    mine = measured(subject, {"outputs": at}, "outputs", np.zeros(at.shape), list(np.ndindex(at.shape)), 0.0)
    np.testing.assert_allclose([one.value for one in mine.slopes], independent.ravel(), rtol=1e-8, atol=1e-9)


# -- what is wrong -------------------------------------------------------------------------------------------------------

# The wrong layers and losses of the tests: what is found, and what it is called (a gradient's kind, or a finding's).
CAUGHT = {
    "BiasesDividedByRows": (lambda: wrong.BiasesDividedByRows(5, 3), "biases", "a mean for a sum"),
    "MeanForSum": (lambda: wrong.MeanForSum(), "inputs", "normalising sum"),
    "TransposedWeights": (lambda: wrong.TransposedWeights(5, 3), "weights", "transposed"),
    "TransposedWeights, square": (lambda: wrong.TransposedWeights(5, 5), "weights", "transposed"),
    "NoPenaltyGradient": (lambda: wrong.NoPenaltyGradient(5, 3, weight_l2=0.1), "weights", "penalty"),
    "BatchNormWithoutMeanTerms": (lambda: wrong.BatchNormWithoutMeanTerms(5), "inputs", "batch statistics"),
    "NoShortCut": (lambda: wrong.NoShortCut(Dense(5, 5), Tanh()), "inputs", "a missing term"),
    "BatchStatisticsInPrediction": (lambda: wrong.BatchStatisticsInPrediction(5), "inputs", "batch statistics"),
    "InPlaceOnDoutput": (lambda: wrong.InPlaceOnDoutput(), None, "writes"),
    "GradientsPileUp": (lambda: wrong.GradientsPileUp(5, 3), None, "piles up"),
    "StaleMask": (lambda: wrong.StaleMask(0.4), None, "stale record"),
    "StateMovesInPrediction": (lambda: wrong.StateMovesInPrediction(5), None, "not repeatable"),
    "SharedRecord": (lambda: wrong.SharedRecord(), None, "shared record"),
    "SparesTooMuch": (lambda: wrong.SparesTooMuch(5, 3), None, "first layer"),
    "RecordInADict": (lambda: wrong.RecordInADict(), None, "contract"),
    "ForgetsItsState": (lambda: wrong.ForgetsItsState(5), None, "stale record"),
    "WrongSign": (lambda: wrong_too.WrongSign(), "outputs", "wrong sign"),
    "MeanOverTheBatch": (lambda: wrong_too.MeanOverTheBatch(), None, "rows"),
    "GradientDividedByRows": (lambda: wrong_too.GradientDividedByRows(), "outputs", "a mean for a sum"),
    "PairWithoutSmoothing": (lambda: wrong_too.PairWithoutSmoothing(label_smoothing=0.1), None, "pair"),
    "InPlaceOnOutputs": (lambda: wrong_too.InPlaceOnOutputs(), None, "writes"),
    "LossesPileUp": (lambda: wrong_too.LossesPileUp(), None, "not repeatable"),
    "SharedByCopies": (lambda: wrong_too.SharedByCopies(), None, "shared record"),
    "JudgedOtherwise": (lambda: wrong_too.JudgedOtherwise(), None, "pair"),
}
# Wrong in another way than in the gradient: right here, at most with a note. Their own checks catch them.
RIGHT_GRADIENTS = {
    "SigmoidThatOverflows": (lambda: wrong.SigmoidThatOverflows(), "it warns at inputs of -1000, where its value is right"),
    "Float64Constant": (lambda: wrong.Float64Constant(), "its dtype, a note"),
    "TiedToTheOrderInMemory": (lambda: wrong.TiedToTheOrderInMemory(), "only arrays in another order in memory show it"),
    "WholeNumbersOnly": (lambda: wrong.WholeNumbersOnly(), "its outputs for whole-number inputs"),
    "ListsRepeated": (lambda: wrong.ListsRepeated(), "its outputs for lists"),
    "RecordIsPickled": (lambda: wrong.RecordIsPickled(), "what a copy keeps"),
    "KeepsOtherThanItWasGiven": (lambda: wrong.KeepsOtherThanItWasGiven(0.2), "what its repr says"),
    "NumpyNumbersStay": (lambda: wrong.NumpyNumbersStay(0.2), "what its repr says"),
    "InfiniteAtZero": (lambda: wrong_too.InfiniteAtZero(), "its loss at a probability of exactly 0"),
    "BroadcastTargets": (lambda: wrong_too.BroadcastTargets(), "targets of another shape are not refused"),
    "DoubleInTheMiddle": (lambda: wrong_too.DoubleInTheMiddle(), "its dtype in between"),
    "UnsignedTargetsWrap": (lambda: wrong_too.UnsignedTargetsWrap(), "its gradient for unsigned targets, a note: see below"),
    "KeepsItsRecord": (lambda: wrong_too.KeepsItsRecord(), "what a copy keeps"),
    "TargetsAsTheyCome": (lambda: wrong_too.TargetsAsTheyCome(), "what it makes of targets at the border"),
}  # fmt: skip


@pytest.mark.parametrize("name", CAUGHT)
def test_a_wrong_one_is_caught_and_named(name):
    make, key, kind = CAUGHT[name]
    report = check_gradients(make())
    assert report.wrong and not report.ok
    found = [finding.kind for finding in report.findings if finding.wrong]
    if key is None:
        assert kind in found, report
    else:
        assert (report.parameters[key].status, report.parameters[key].kind) == ("wrong", kind), report
        assert report.worst is report.parameters[key] and report.worst.sentence
        others = [one for one in report.parameters.values() if one.name != key]
        assert all(one.status == "ok" for one in others), report
    with pytest.raises(ContractError, match="WRONG"):
        report.raise_if_wrong()


@pytest.mark.parametrize("name", RIGHT_GRADIENTS)
def test_what_is_wrong_otherwise_has_right_gradients(name):
    report = check_gradients(RIGHT_GRADIENTS[name][0]())
    assert report.ok and report.raise_if_wrong() is report, report


def test_targets_that_wrap_around_are_wrong_where_they_are_given_and_a_note_elsewhere():
    outputs = np.array([[0.2, 0.8], [0.6, 0.4], [0.5, 0.5]])
    targets = np.array([[0, 1], [1, 0], [0, 1]], np.uint8)
    assert check_gradients(wrong_too.UnsignedTargetsWrap(), outputs, targets).parameters["outputs"].status == "wrong"
    assert check_gradients(CategoricalCrossEntropy(), outputs, targets).ok
    report = check_gradients(wrong_too.UnsignedTargetsWrap())
    assert [(finding.kind, finding.wrong) for finding in report.findings] == [("whole numbers", False)]


def test_every_wrong_layer_and_loss_of_the_tests_is_in_one_of_the_tables():
    known = {name.split(",")[0] for name in (*CAUGHT, *RIGHT_GRADIENTS)}
    for module, base in ((wrong, Layer), (wrong_too, losses.Loss)):
        for name, kind in vars(module).items():
            if (
                isinstance(kind, type)
                and issubclass(kind, base)
                and kind.__module__ == module.__name__
                and name[0] != "_"
            ):
                assert name in known, f"{name}: caught by check_gradients, or out of its reach?"


def missed(mutants):
    for mutant in mutants:
        given = inputs(mutant.case) if len(mutant.case.shape) != 2 else None
        if not check_gradients(mutant.make(), given).wrong:
            yield str(mutant)


def test_mutations_of_backward_are_found():
    assert not list(missed(backward_mutations.mutants(25, seed=20)))


@pytest.mark.slow
def test_ninety_nine_of_a_hundred_mutations_of_backward_are_found():
    overlooked = list(missed(backward_mutations.mutants(600, seed=21)))
    assert len(overlooked) <= 6, "\n\n".join(overlooked)


# -- what sort of mistake it is ------------------------------------------------------------------------------------------


def with_backward(base, backward, **names):
    """A subclass with another backward; what it returns are the inputs' gradients, kept as they must be."""

    def run(self, doutput):
        self.dinputs = backward(self, doutput, base.backward(self, doutput))
        return self.dinputs

    return type("Mine", (base,), {"backward": run, **names})


def setting_gradient(base, name, of):
    """A subclass whose gradient of one parameter is `of` (layer, doutput)."""

    def run(self, doutput):
        dinputs = base.backward(self, doutput)
        setattr(self, "d" + name, of(self, doutput))
        return dinputs

    return type("Mine", (base,), {"backward": run})


class Square(Layer):
    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs * inputs
        return self.output

    def backward(self, doutput):
        self.dinputs = 2.0 * self.inputs * doutput
        return self.dinputs


class Scaled(Layer):
    def __init__(self, times):
        self.times = times

    def forward(self, inputs):
        self.inputs = inputs
        self.output = self.times * inputs
        return self.output

    def backward(self, doutput):
        self.dinputs = doutput
        return self.dinputs


def no_rows(self, dy):
    return self.inputs[-1][:, None] * dy[-1]


KINDS = [
    ("inputs", "wrong sign", lambda: with_backward(Tanh, lambda s, dy, dx: -dx)()),
    ("inputs", "half", lambda: with_backward(Square, lambda s, dy, dx: s.inputs * dy)()),
    ("inputs", "twice", lambda: with_backward(Tanh, lambda s, dy, dx: 2 * dx)()),
    ("inputs", "a factor", lambda: with_backward(Tanh, lambda s, dy, dx: 1.234 * dx)()),
    ("inputs", "a mean for a sum", lambda: with_backward(Tanh, lambda s, dy, dx: dx / dx.shape[1])()),
    ("inputs", "a sum for a mean", lambda: with_backward(Tanh, lambda s, dy, dx: dx * len(dx))()),
    ("inputs", "a setting", lambda: Scaled(1.7)),
    ("inputs", "rounded", lambda: with_backward(Tanh, lambda s, dy, dx: dx * (1 + 4e-7))()),
    ("inputs", "wrong record", lambda: with_backward(Tanh, lambda s, dy, dx: dy * (1 - s.inputs**2))()),
    ("inputs", "wrong record", lambda: with_backward(Square, lambda s, dy, dx: 2 * s.output * dy)()),
    ("inputs", "a missing factor", lambda: with_backward(Square, lambda s, dy, dx: 2 * s.inputs)()),
    ("inputs", "a factor too many", lambda: with_backward(Square, lambda s, dy, dx: dx * dy)()),
    ("inputs", "another sample", lambda: with_backward(Tanh, lambda s, dy, dx: dx[::-1])()),
    ("inputs", "nothing", lambda: with_backward(Tanh, lambda s, dy, dx: 0 * dx)()),
    ("inputs", "nothing", lambda: with_backward(Tanh, lambda s, dy, dx: None)()),
    ("inputs", "no array", lambda: with_backward(Tanh, lambda s, dy, dx: (dx, dx))()),
    ("inputs", "shape", lambda: with_backward(Tanh, lambda s, dy, dx: dx.sum(axis=0))()),
    ("inputs", "not finite", lambda: with_backward(Tanh, lambda s, dy, dx: np.where(dx > 0.1, np.nan, dx))()),
    ("inputs", "partly", lambda: with_backward(ReLU, lambda s, dy, dx: dy)()),
    ("inputs", "flat forward", lambda: with_backward(Step, lambda s, dy, dx: dy)()),
    ("inputs", "row statistics", lambda: with_backward(LayerNorm, lambda s, dy, dx: s.gamma * s.inverse_std * dy)(6)),
    ("inputs", "normalising sum", lambda: with_backward(Softmax, lambda s, dy, dx: s.output * dy)()),
    ("inputs", "batch statistics", lambda: with_backward(
        BatchNorm, lambda s, dy, dx: dx + s.normalized * s.dgamma / len(dy) * s.gamma * s.inverse_std)(5)),
    ("weights", "one sample", lambda: setting_gradient(Dense, "weights", no_rows)(5, 3)),
    ("weights", "penalty", lambda: setting_gradient(
        Dense, "weights", lambda s, dy: s.inputs.T @ dy + 0.1 * s.weights)(5, 3, weight_l2=0.1)),
    ("biases", "wrong axis", lambda: setting_gradient(
        Dense, "biases", lambda s, dy: np.full(3, dy.sum()))(5, 3)),
    ("biases", "nothing", lambda: setting_gradient(Dense, "biases", lambda s, dy: None)(5, 3)),
    ("biases", "shape", lambda: setting_gradient(
        Dense, "biases", lambda s, dy: dy.sum(axis=0, keepdims=True))(5, 3)),
    ("gamma", "a formula", lambda: setting_gradient(
        BatchNorm, "gamma", lambda s, dy: np.tanh(dy * s.normalized).sum(axis=0))(5)),
]  # fmt: skip


@pytest.mark.parametrize("key, kind, make", KINDS, ids=[f"{key}: {kind}" for key, kind, _ in KINDS])
def test_a_mistake_is_called_by_its_name(key, kind, make):
    report = check_gradients(make())
    one = report.parameters[key]
    assert (one.status, one.kind) == ("wrong", kind), report
    assert len(one.sentence) > 20


SAID = [
    (lambda: with_backward(ReLU, lambda s, dy, dx: dy)(), "wrong exactly where inputs is at most 0"),
    (lambda: with_backward(Square, lambda s, dy, dx: np.clip(dx, -2 * abs(dy), 2 * abs(dy)))(), "abs(inputs) is large"),
    (lambda: Scaled(1.7), "lacks the factor times = 1.7"),
    (lambda: with_backward(Tanh, lambda s, dy, dx: dy * (1 - s.inputs**2))(), "self.output is what the formula needs"),
    (lambda: with_backward(Tanh, lambda s, dy, dx: dx[::-1])(), "Row 0 holds the gradient of row 6"),
    (lambda: with_backward(Tanh, lambda s, dy, dx: dx * (np.arange(7) != 2)[:, None])(), "wrong exactly in row 2"),
    (lambda: setting_gradient(Dense, "weights", no_rows)(5, 3), "gradient of row 6 alone"),
    (lambda: setting_gradient(Dense, "biases", lambda s, dy: dy.mean(axis=0))(5, 3), "there are 7 rows of the batch"),
]  # fmt: skip


@pytest.mark.parametrize("make, words", SAID, ids=[words for _, words in SAID])
def test_what_is_said_holds_the_figures(make, words):
    assert words in " ".join(str(check_gradients(make())).split())


class Doubled(Tanh):
    """Not linear in what comes from above."""

    def backward(self, doutput):
        return super().backward(doutput) * np.sign(doutput) * np.sign(doutput + 1e-9)


class OwnNoise(Layer):
    rng = np.random.default_rng(0)

    def forward(self, inputs):
        self.output = inputs + self.rng.standard_normal(inputs.shape)
        return self.output

    def backward(self, doutput):
        return doutput


class Remembers(Tanh):
    def forward(self, inputs):
        if not hasattr(self, "first"):
            self.first = np.tanh(inputs)
        return super().forward(inputs)

    def backward(self, doutput):
        return doutput * (1.0 - self.first**2)


class Raises(Tanh):
    def backward(self, doutput):
        return doutput * self.outptu


class AbsoluteFromAbove(Tanh):
    def backward(self, doutput):
        return super().backward(abs(doutput))


MANNERS = [
    (OwnNoise, "not repeatable"),
    (Remembers, "an earlier pass"),
    (Raises, "raises"),
    (AbsoluteFromAbove, "not linear"),
    (lambda: with_backward(Tanh, lambda s, dy, dx: np.multiply(dy, 1 - s.output**2, out=dy))(), "writes"),
]


@pytest.mark.parametrize("make, kind", MANNERS, ids=[kind for _, kind in MANNERS])
def test_what_is_wrong_besides_the_value_is_found(make, kind):
    report = check_gradients(make())
    assert kind in [finding.kind for finding in report.findings if finding.wrong], report
    assert not report.ok


def test_a_typing_mistake_is_told_with_its_place():
    assert "AttributeError" in str(check_gradients(Raises())) and "test_check_gradients.py, line" in str(
        check_gradients(Raises())
    )


# -- kinks ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [0.0, 1e-9, -1e-7, 2**-13, -(2**-12), 2 / 3 * 2**-12, 1e-3])
def test_a_slope_near_a_corner_is_right_or_doubted(offset):
    """The corner of abs(x) at any distance, two thirds of a step among them, where the two differences agree by chance."""
    terms = lambda t: np.array([abs(offset + t), 3.0 * t])  # noqa: E731
    one = confirmed(terms, terms(0.0), 1.0)
    if abs(offset) < 2**-22:  # nearer than the smallest steps
        assert one is None and not slope(terms, terms(0.0), 1.0).resolved
    else:
        assert one is not None and one.value == pytest.approx(3.0 + np.sign(offset), abs=1e-9 + one.doubt)
        assert one.doubt < 1e-4


def test_the_doubt_is_never_smaller_than_the_error():
    rng = np.random.default_rng(5)
    for function, derivative in ((np.sin, np.cos), (np.exp, np.exp), (np.tanh, lambda x: 1 - np.tanh(x) ** 2)):
        for x in rng.uniform(-3, 3, 50):
            terms = lambda t, f=function, x=x: np.array([f(x + t)])  # noqa: E731
            one = slope(terms, terms(0.0), 1.0)
            assert abs(one.value - derivative(x)) <= one.doubt + 1e-15 and one.doubt < 1e-6


def test_a_jump_is_no_slope():
    terms = lambda t: np.array([float(t > 1e-5), t])  # noqa: E731
    assert at_step(terms, terms(0.0), 2.0**-12, 0.0).doubt > 1.0
    assert slope(terms, terms(0.0), 1.0).value == pytest.approx(1.0, abs=1e-6)


def test_what_a_forward_is_rounded_to_is_seen():
    x = np.linspace(0.5, 2.0, 40)
    assert grain_of(lambda t: np.tanh(x + t)) < 1e-15
    assert 1e-10 < grain_of(lambda t: np.tanh((x + t).astype(np.float32)).astype(np.float64)) < 1e-6


def test_zeros_before_a_relu_are_moved_away_from_or_named():
    assert check_gradients(ReLU(), np.zeros((3, 4))).ok
    report = check_gradients(ReLU(), np.zeros((3, 4)), exact=True)
    assert not report.ok and not report.wrong and statuses(report) == {"inputs": "not judged"}
    assert report.parameters["inputs"].on_kinks == 12 and "12 of 12 entries lie on a kink" in str(report)


def test_a_penalty_at_its_corner_is_no_mistake():
    assert check_gradients(Dense(4, 3, weight_l1=0.1, bias_l1=0.2)).ok
    assert not check_gradients(Dense(4, 3, bias_l1=0.2), exact=True).wrong


class TwoCornersThatCancel(Layer):
    """relu(x) - relu(-x) = x: its backward is wrong at exactly 0, where nobody can see a corner."""

    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.maximum(inputs, 0) - np.maximum(-inputs, 0)
        return self.output

    def backward(self, doutput):
        return doutput * ((self.inputs > 0) * 1.0 + (self.inputs < 0))


def test_a_point_of_measure_zero_makes_nobody_wrong():
    report = check_gradients(TwoCornersThatCancel(), np.array([[0.0, 1.0], [2.0, -3.0]]))
    assert not report.wrong
    assert check_gradients(TwoCornersThatCancel()).ok


class HalfPrecisionInside(Tanh):
    def forward(self, inputs):
        self.output = np.tanh(inputs.astype(np.float32)).astype(inputs.dtype)
        return self.output


def test_a_forward_that_rounds_to_float32_is_not_called_wrong():
    assert check_gradients(HalfPrecisionInside()).ok
    report = check_gradients(with_backward(HalfPrecisionInside, lambda s, dy, dx: 1.01 * dx)())
    assert report.parameters["inputs"].status == "wrong", "a hundredth is more than float32 rounds"


# -- substitutes ---------------------------------------------------------------------------------------------------------


class StraightThrough(Layer):
    substitute_gradient = True

    def forward(self, inputs):
        self.output = np.sign(inputs)
        return self.output

    def backward(self, doutput):
        return doutput


def test_a_declared_substitute_is_no_mistake_and_an_undeclared_one_is():
    report = check_gradients(StraightThrough())
    assert report.ok and statuses(report) == {"inputs": "substitute"} and "StraightThrough() declares" in str(report)
    undeclared = type("Undeclared", (StraightThrough,), {"substitute_gradient": False})
    assert "substitute_gradient = True" in check_gradients(undeclared()).parameters["inputs"].sentence


def test_behind_a_substitute_every_layer_is_judged_alone():
    good = pellucid.Model(Dense(4, 6), Step("straight_through"), Dense(6, 2), loss=MeanSquaredError())
    report = good.check_gradients()
    assert report.ok and statuses(report)["0.weights"] == "substitute" and statuses(report)["2.weights"] == "ok"
    bad = pellucid.Model(
        wrong.BiasesDividedByRows(4, 6), Step("straight_through"), Dense(6, 2), loss=MeanSquaredError()
    )
    report = bad.check_gradients()
    assert report.wrong and "layer 0, BiasesDividedByRows" in str(report), report


# -- models --------------------------------------------------------------------------------------------------------------


def classifier(**options):
    chain = (Dense(2, 7, weight_l2=0.01, bias_l1=0.02), BatchNorm(7), ReLU(), Dropout(0.3), Dense(7, 3), Softmax())
    return pellucid.Model(
        *chain, loss=CategoricalCrossEntropy(class_weights=(1.0, 2.0, 0.5), label_smoothing=0.1), **options
    )


def test_a_whole_model_with_penalty_class_weights_dropout_and_batch_norm():
    X, y = pellucid.datasets.spiral(samples=20, classes=3, rng=0)
    model = classifier()
    for report in (
        model.check_gradients(),
        model.check_gradients(X, y, sample_weight=np.linspace(0.1, 2.0, 60), training=True, entries=25),
        model.check_gradients(X, y, exact=True, entries=10),
    ):
        assert not report.wrong and report.parameters["inputs"].status == "ok", report
        assert list(report.parameters) == [
            "inputs", "0.weights", "0.biases", "1.gamma", "1.beta", "4.weights", "4.biases",
        ]  # fmt: skip
    assert "32, 2" in str(report), "32 of the 60 rows are looked at"


def test_the_layer_at_fault_is_named():
    chain = (Dense(4, 5), Sequential(Sigmoid(), wrong.MeanForSum()), Dense(5, 3), Softmax())
    report = pellucid.Model(*chain, loss=CategoricalCrossEntropy()).check_gradients()
    assert report.parameters["0.weights"].status == "wrong" and report.parameters["2.weights"].status == "ok"
    assert [finding.kind for finding in report.findings] == ["layer 1.1, MeanForSum"]
    assert "(normalising sum)" in report.findings[0].sentence


def test_the_loss_at_fault_is_named():
    report = pellucid.Model(Dense(4, 5), Tanh(), Dense(5, 3), loss=wrong_too.WrongSign()).check_gradients()
    assert "the loss, WrongSign" in [finding.kind for finding in report.findings]
    pair = wrong_too.PairWithoutSmoothing(label_smoothing=0.2)
    assert "pair" in [f.kind for f in pellucid.Model(Dense(4, 3), Softmax(), loss=pair).check_gradients().findings]


@pytest.mark.parametrize(
    "last, loss", [(Softmax(), CategoricalCrossEntropy()), (Sigmoid(), losses.BinaryCrossEntropy())], ids=repr
)
def test_a_network_that_is_certain_is_right(last, loss):
    model = pellucid.Model(Dense(4, 3), last, loss=loss)
    model.layers[0].weights = model.layers[0].weights * 200
    assert model.check_gradients().ok
    X = np.random.default_rng(0).normal(size=(6, 4))
    assert model.check_gradients(
        X, (X[:, :3] > 0).astype(float) if last.__class__ is Sigmoid else X[:, :3].argmax(axis=1)
    ).ok


def test_a_chain_without_a_loss_names_its_layer_too():
    report = check_gradients(Sequential(Dense(4, 5), wrong.BiasesDividedByRows(5, 3), Tanh()))
    assert statuses(report)["1.biases"] == "wrong" and report.findings[0].kind == "layer 1, BiasesDividedByRows"


def test_of_a_large_array_some_entries_are_compared_one_by_one_and_all_together():
    report = check_gradients(Dense(60, 50), entries=20)
    assert report.ok and (report.parameters["weights"].checked, report.parameters["weights"].entries) == (20, 3000)

    def one_entry_off(self, dy):
        gradient = self.inputs.T @ dy
        gradient[17, 31] += 1.0
        return gradient

    report = check_gradients(setting_gradient(Dense, "weights", one_entry_off)(60, 50), entries=20)
    assert (
        report.parameters["weights"].status == "wrong"
        and "Right in 2999 of 3000" in report.parameters["weights"].sentence
    )


# -- the user's object ---------------------------------------------------------------------------------------------------


def snapshot(layer):
    return [(path, dict(vars(inner))) for path, inner in layer.walk()]


@pytest.mark.parametrize("trained", [False, True])
def test_nothing_of_the_users_is_touched(trained):
    X, y = pellucid.datasets.spiral(samples=10, classes=3, rng=0)
    model = classifier()
    if trained:
        model.fit(X, y, epochs=2)
    before, state, X_bytes = snapshot(model.network), copy.deepcopy(model.values()), X.tobytes()
    model.check_gradients(X, y, entries=5)
    check_gradients(model.network, X, entries=5)
    for (_, own), (_, after) in zip(before, snapshot(model.network), strict=True):
        assert own.keys() == after.keys() and all(after[name] is value for name, value in own.items())
    assert all(model.values()[key].tobytes() == value.tobytes() for key, value in state.items())
    assert X.tobytes() == X_bytes


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_not_even_by_a_layer_that_writes_into_everything():
    class Writes(Dense):
        def forward(self, inputs):
            inputs += 1.0
            return super().forward(inputs)

        def backward(self, doutput):
            self.weights *= 2.0
            self.dweights += 1.0
            return super().backward(doutput)

    layer = Writes(3, 2)
    layer.dweights = np.zeros((3, 2))
    x, weights = np.ones((4, 3)), layer.weights.copy()
    x.flags.writeable = False
    report = check_gradients(layer, x)
    assert "writes" in [finding.kind for finding in report.findings]
    np.testing.assert_array_equal(layer.weights, weights)
    np.testing.assert_array_equal(layer.dweights, 0.0)
    outputs, targets = np.ones((3, 2)), np.zeros((3, 2))
    check_gradients(wrong_too.InPlaceOnOutputs(), outputs, targets)
    assert (outputs == 1).all() and (targets == 0).all()


def test_the_same_seed_gives_the_same_report():
    assert (
        str(check_gradients(Tanh(), rng=3))
        == str(check_gradients(Tanh(), rng=3))
        != str(check_gradients(Tanh(), rng=4))
    )


# -- what it is given ----------------------------------------------------------------------------------------------------


class Images(Layer):
    """Takes images of two channels alone."""

    def forward(self, inputs):
        if inputs.ndim != 4 or inputs.shape[1] != 2:
            raise ValueError("images only")
        self.inputs, self.output = inputs, inputs.mean(axis=(2, 3))
        return self.output

    def backward(self, doutput):
        _, _, height, width = self.inputs.shape
        self.dinputs = np.broadcast_to(doutput[:, :, None, None] / (height * width), self.inputs.shape).copy()
        return self.dinputs


class Logarithm(Layer):
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.log(inputs)
        return self.output

    def backward(self, doutput):
        return doutput / self.inputs


class Picky(Layer):
    def forward(self, inputs):
        raise ValueError("needs 777 values")


class Embedding(Layer):
    params = ("table",)

    def __init__(self, n):
        self.n, self.table = n, np.linspace(-1.0, 1.0, 3 * n).reshape(n, 3)

    def forward(self, inputs):
        self.inputs = inputs
        self.output = self.table[inputs]
        return self.output

    def backward(self, doutput):
        self.dtable = np.zeros_like(self.table)
        np.add.at(self.dtable, self.inputs, doutput)
        return np.zeros(self.inputs.shape)


def test_inputs_are_found_that_a_layer_takes():
    assert "(7, 2, 4, 6)" in str(check_gradients(Images()))
    assert check_gradients(Images()).ok and check_gradients(Logarithm()).ok
    assert check_gradients(layers.Reshape((3, 2))).ok and check_gradients(Sequential(layers.Flatten(), Dense(12, 2))).ok


def test_whole_number_inputs_have_no_gradient():
    report = check_gradients(Embedding(4), np.array([[0, 1], [3, 3], [2, 0]]))
    assert report.ok and statuses(report) == {"table": "ok"}


def test_targets_of_a_loss_of_ones_own_are_found():
    class Focal(losses.Loss):
        fits = ("Softmax",)

        def forward(self, outputs, targets):
            self.outputs = outputs
            rows = np.eye(outputs.shape[1])[targets] if targets.ndim == 1 else targets
            self.rows = rows
            return -(rows * (1 - outputs) ** 2 * np.log(outputs)).sum(axis=1)

        def backward(self):
            p = self.outputs
            return -self.rows * ((1 - p) ** 2 / p - 2 * (1 - p) * np.log(p))

    assert check_gradients(Focal()).ok


@pytest.mark.parametrize(
    "call, sentence",
    [
        (lambda: check_gradients(Tanh), r"Tanh is a class. Make one of it: check_gradients\(Tanh"),
        (lambda: check_gradients("Tanh"), "no layer, no loss and no model. Expected one such as Dense"),
        (lambda: check_gradients(Picky()), r"takes none of the \d+ shapes tried.*777 values.*Give inputs"),
        (lambda: check_gradients(Tanh(), np.ones((2, 2)), np.ones(2)), "A layer has no targets"),
        (lambda: check_gradients(MeanSquaredError(), np.ones((2, 2))), "both or neither"),
        (lambda: check_gradients(MeanSquaredError(), np.ones((2, 2)), np.ones((3, 2))), "one target a row"),
        (lambda: check_gradients(Tanh(), np.ones((0, 2))), "at least one row"),
        (lambda: check_gradients(Tanh(), entries=0), "entries=0"),
        (lambda: check_gradients(pellucid.Model(Tanh()), np.ones((2, 2)), np.ones((2, 2))), "has no loss"),
        (
            lambda: check_gradients(classifier(), np.ones((2, 2)), np.zeros(3, int)),
            "2 rows and y has 3: give one a row",
        ),
        (lambda: classifier().check_gradients(y=np.zeros(3, int)), "given without X"),
        (lambda: check_gradients(SoftmaxCrossEntropy(), np.ones((3, 2)), np.ones((3, 4))), "targets of shape"),
    ],
)
def test_what_cannot_be_checked_is_refused_in_a_sentence(call, sentence):
    with pytest.raises((InputError, ContractError), match=sentence):
        call()


# -- the report ----------------------------------------------------------------------------------------------------------


def test_the_report_fits_eighty_columns_and_says_the_verdict_first():
    for make, *_ in (*list(CAUGHT.values())[::6], (lambda: classifier(),), (lambda: Dense(300, 400),)):
        text = str(check_gradients(make()))
        assert max(map(len, text.splitlines())) <= 80, text
    lines = str(check_gradients(Dense(5, 3))).splitlines()
    assert lines[:3] == ["Dense(5, 3)", "OK: 3 gradients right.", ""]
    assert lines[3].split()[:4] == ["gradient", "of", "verdict", "entries"] and lines[4].split()[:3] == [
        "inputs",
        "ok",
        "35/35",
    ]


def test_the_report_is_json_and_html():
    report = check_gradients(wrong.BiasesDividedByRows(5, 3))
    made = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert made["parameters"]["biases"]["kind"] == "a mean for a sum" and made["wrong"] and not made["ok"]
    assert made["parameters"]["biases"]["found"] == pytest.approx(made["parameters"]["biases"]["expected"] / 7)
    nan = check_gradients(with_backward(Tanh, lambda s, dy, dx: dx * np.nan)())
    assert json.loads(json.dumps(nan.to_dict(), allow_nan=False))["parameters"]["inputs"]["found"] is None
    page = report._repr_html_()
    assert "<strong>wrong</strong>" in page and '<th scope="row"' in page and html.escape(report.verdict()) in page
    named = check_gradients(type("Tag", (Tanh,), {"__repr__": lambda self: "<script>"})())
    assert "<script>" not in named._repr_html_()


def test_importing_pellucid_does_not_load_it():
    code = "import sys, pellucid; print([m for m in sys.modules if 'gradients' in m]); print(pellucid.check_gradients.__name__)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.split() == ["[]", "check_gradients"]
