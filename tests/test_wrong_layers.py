"""A checker must be able to fail: every check of the rows catches a wrong layer, loss or optimiser made for it."""

import numpy as np
import pytest

import lasting_checks
import layer_checks
import loss_checks
import optimizer_checks
import wrong_layers as wrong
import wrong_losses as wrong_too
from cases import LayerCase, LossCase, OptimizerCase
from gradients import OnAKink, assert_gradients, numeric_gradient
from pellucid.errors import ContractError
from pellucid.layers import Dense, Linear, Softmax, Tanh
from pellucid.schedules import Cosine

LAYER_CHECKS = {check.__name__: check for check in layer_checks.CHECKS + lasting_checks.CHECKS}
LOSS_CHECKS = {check.__name__: check for check in loss_checks.CHECKS}
OPTIMIZER_CHECKS = {check.__name__: check for check in optimizer_checks.CHECKS}

# Which check catches which fault. Others may, too; this one must.
GRADIENTS = "gradients_are_those_of_the_forward_pass"
LAYERS = [
    (LayerCase("biases divided by rows", lambda: wrong.BiasesDividedByRows(5, 3)), GRADIENTS),
    (LayerCase("mean for sum", lambda: wrong.MeanForSum()), GRADIENTS),
    (LayerCase("transposed weights", lambda: wrong.TransposedWeights(5, 3)), GRADIENTS),
    (LayerCase("no penalty gradient", lambda: wrong.NoPenaltyGradient(5, 3, weight_l2=0.1)), GRADIENTS),
    (LayerCase("no mean terms", lambda: wrong.BatchNormWithoutMeanTerms(5), training=True, mixes_rows=True), GRADIENTS),
    (LayerCase("no short cut", lambda: wrong.NoShortCut(Dense(5, 5), Tanh())), GRADIENTS),
    (LayerCase("overflow", lambda: wrong.SigmoidThatOverflows()), "finite_for_huge_inputs"),
    (LayerCase("batch statistics", lambda: wrong.BatchStatisticsInPrediction(5)), "predictions_do_not_depend_on_the_batch"),
    (LayerCase("float64 constant", lambda: wrong.Float64Constant()), "float32_stays_float32"),
    (LayerCase("in place on doutput", lambda: wrong.InPlaceOnDoutput(), kinks=(0.0,)), "arguments_are_only_read"),
    (LayerCase("order in memory", lambda: wrong.TiedToTheOrderInMemory(), kinks=(0.0,)), "the_order_in_memory_does_not_matter"),
    (LayerCase("whole numbers", lambda: wrong.WholeNumbersOnly(), kinks=(0.0,)), "whole_numbers_are_numbers"),
    (LayerCase("list twice", lambda: wrong.ListsRepeated()), "a_list_is_never_silently_wrong"),
    (LayerCase("gradients pile up", lambda: wrong.GradientsPileUp(5, 3)), "the_same_pass_gives_the_same_answer"),
    (LayerCase("stale mask", lambda: wrong.StaleMask(0.4)), "backward_belongs_to_the_last_forward"),
    (LayerCase("state moves", lambda: wrong.StateMovesInPrediction(5)), "a_pass_changes_state_and_record_only"),
    (LayerCase("shared record", lambda: wrong.SharedRecord()), "a_run_copy_leaves_nothing_on_the_original"),
    (LayerCase("spares too much", lambda: wrong.SparesTooMuch(5, 3)), "the_first_layer_may_spare_its_dinputs"),
    (LayerCase("record in a dict", lambda: wrong.RecordInADict()), "the_contract_is_kept"),
    (LayerCase("record is pickled", lambda: wrong.RecordIsPickled()), "copies_keep_what_lasts"),
    (LayerCase("forgets its state", lambda: wrong.ForgetsItsState(5), training=True), "the_model_file_keeps_what_lasts"),
    (LayerCase("rate that lies", lambda: wrong.KeepsOtherThanItWasGiven(0.2)), "repr_evaluates_to_an_equal_layer"),
    (LayerCase("numpy numbers", lambda: wrong.NumpyNumbersStay(0.2)), "numpy_numbers_are_python_numbers"),
]  # fmt: skip
NUMBERS = ("numbers", "numbers", Linear)
LOSSES = [
    (LossCase("wrong sign", wrong_too.WrongSign, *NUMBERS), "the_gradient_is_that_of_the_losses"),
    (LossCase("divided by rows", wrong_too.GradientDividedByRows, *NUMBERS), "a_training_steps_gradients_are_those_of_its_loss"),
    (LossCase("pair", lambda: wrong_too.PairWithoutSmoothing(label_smoothing=0.1), "probabilities", "labels", Softmax),
     "the_pair_is_the_last_layer_and_the_loss"),
    (LossCase("mean over the batch", wrong_too.MeanOverTheBatch, *NUMBERS), "every_sample_has_a_loss_of_its_own"),
    (LossCase("judged otherwise", wrong_too.JudgedOtherwise, *NUMBERS), "the_loss_that_is_judged_is_the_loss_that_is_trained"),
    (LossCase("float64 in the middle", wrong_too.DoubleInTheMiddle, *NUMBERS), "float32_stays_float32"),
    (LossCase("in place on outputs", wrong_too.InPlaceOnOutputs, *NUMBERS), "arguments_are_only_read"),
    (LossCase("unsigned targets", wrong_too.UnsignedTargetsWrap, "probabilities", "one-hot", Softmax),
     "whole_number_targets_are_numbers"),
    (LossCase("losses pile up", wrong_too.LossesPileUp, *NUMBERS), "the_same_pass_gives_the_same_answer"),
    (LossCase("infinite at 0", wrong_too.InfiniteAtZero, "chances", "yes or no"), "finite_at_the_limits"),
    (LossCase("broadcast targets", wrong_too.BroadcastTargets, *NUMBERS), "targets_of_another_shape_are_refused"),
    (LossCase("shared by copies", wrong_too.SharedByCopies, *NUMBERS), "a_run_copy_leaves_nothing_on_the_original"),
    (LossCase("keeps its record", wrong_too.KeepsItsRecord, *NUMBERS), "what_lasts_is_the_configuration"),
    (LossCase("targets as they come", wrong_too.TargetsAsTheyCome, *NUMBERS), "the_border_gives_the_network_what_the_loss_takes"),
]  # fmt: skip
OPTIMIZERS = [
    (OptimizerCase("momentum uphill", lambda: wrong_too.MomentumUphill(0.1, momentum=0.9)), "it_goes_downhill"),
    (OptimizerCase("no bias correction", lambda: wrong_too.NoBiasCorrection(0.01)), "the_updates_are_their_formula"),
    (OptimizerCase("decay in the gradient", lambda: wrong_too.DecayInTheGradient(0.01)), "the_updates_are_their_formula"),
    (OptimizerCase("float64 cache", lambda: wrong_too.DoubleCache(0.1)), "float32_stays_float32"),
    (OptimizerCase("clips in place", lambda: wrong_too.ClipsInPlace(0.1)), "the_gradient_is_only_read"),
    (OptimizerCase("norm of the slice", lambda: wrong_too.NormOfTheSlice(0.1)), "it_works_entry_by_entry"),
    (OptimizerCase("norm of the slice", lambda: wrong_too.NormOfTheSlice(0.1)), "the_engine_does_what_the_optimiser_says"),
    (OptimizerCase("counts its calls", lambda: wrong_too.CountsItsCalls(0.1)), "nothing_is_kept_between_updates_but_slots"),
    (OptimizerCase("one rate", lambda: wrong_too.OneRateAtATime(Cosine(0.1, 30))), "rates_of_many_steps_are_those_of_each"),
    (OptimizerCase("forgets its settings", lambda: wrong_too.ForgetsItsSettings(0.5)), "what_lasts_is_the_configuration"),
    (OptimizerCase("numpy rates", lambda: wrong_too.NumpyRatesStay(0.5)), "numpy_numbers_are_python_numbers"),
]  # fmt: skip

EACH = [
    *((case, LAYER_CHECKS, name) for case, name in LAYERS),
    *((case, LOSS_CHECKS, name) for case, name in LOSSES),
    *((case, OPTIMIZER_CHECKS, name) for case, name in OPTIMIZERS),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the overflow is the fault
@pytest.mark.parametrize("case, checks, name", EACH, ids=[f"{case.name}: {name}" for case, _, name in EACH])
def test_the_fault_is_caught_by(case, checks, name):
    with pytest.raises((AssertionError, FloatingPointError, ContractError)) as caught:
        checks[name](case)
    assert not isinstance(caught.value, OnAKink), "the checker's own point was badly chosen"


def test_every_check_has_a_fault_that_it_catches():
    for rows, checks in ((LAYERS, LAYER_CHECKS), (LOSSES, LOSS_CHECKS), (OPTIMIZERS, OPTIMIZER_CHECKS)):
        unproven = checks.keys() - {name for _, name in rows}
        assert not unproven, f"no wrong one shows that these can fail: {', '.join(sorted(unproven))}"


# -- the gradient checker itself ---------------------------------------------------------------------------------------


def test_the_checker_knows_the_derivative_of_what_everybody_knows():
    x = np.array([[0.3, -1.2], [2.0, 0.7]])
    np.testing.assert_allclose(numeric_gradient(np.sin, x), np.cos(x), rtol=1e-11)
    np.testing.assert_allclose(numeric_gradient(lambda v: v**3, x, weight=x), 3 * x**3, rtol=1e-10)


@pytest.mark.parametrize("offset", [0.0, 1e-4, -1e-4, 3e-4])
def test_the_checker_refuses_a_kink(offset):
    with pytest.raises(OnAKink):
        numeric_gradient(np.abs, np.array([1.0, offset]))


def test_the_checker_sees_a_part_in_a_million():
    right = {"w": np.array([1.0, 1e-3, 0.0])}
    assert_gradients(right, right)
    for wrong_by in ([1e-6, 0, 0], [0, 1e-9, 0], [0, 0, 1e-9]):
        with pytest.raises(AssertionError):
            assert_gradients({"w": right["w"] + wrong_by}, right)
    with pytest.raises(AssertionError, match="shape"):
        assert_gradients({"w": np.zeros((1, 3))}, {"w": np.zeros(3)})
