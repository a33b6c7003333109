"""The faults of the book's published code, one test each: mended in `pellucid.nnfs`."""

import copy
import pickle
import warnings

import numpy as np
import pytest

import pellucid.nnfs as nnfs
from pellucid.errors import ContractError, DataError, FileError, InputError
from pellucid.nnfs import (
    Accuracy,
    Accuracy_Categorical,
    Accuracy_Regression,
    Activation_Linear,
    Activation_ReLU,
    Activation_Sigmoid,
    Activation_Softmax,
    Activation_Softmax_Loss_CategoricalCrossentropy,
    Layer_Dense,
    Layer_Dropout,
    Loss_BinaryCrossentropy,
    Loss_CategoricalCrossentropy,
    Loss_MeanAbsoluteError,
    Loss_MeanSquaredError,
    Model,
    Optimizer_Adagrad,
    Optimizer_Adam,
    Optimizer_RMSprop,
    Optimizer_SGD,
)

RNG = np.random.RandomState


def small(*layers, **settings):
    model = Model()
    for layer in layers:
        model.add(layer)
    model.set(**settings)
    model.finalize()
    return model


def classifier(**changes):
    settings = {
        "loss": Loss_CategoricalCrossentropy(),
        "optimizer": Optimizer_Adam(),
        "accuracy": Accuracy_Categorical(),
    }
    return small(
        Layer_Dense(2, 4), Activation_ReLU(), Layer_Dense(4, 3), Activation_Softmax(), **{**settings, **changes}
    )


def regression(*layers, **changes):
    settings = {"loss": Loss_MeanSquaredError(), "optimizer": Optimizer_Adam(), "accuracy": Accuracy_Regression()}
    return small(*layers, **{**settings, **changes})


def data(rows=12):
    X = RNG(0).randn(rows, 2)
    return X, np.arange(rows) % 3


def slope_by_differences(loss, outputs, y, h=1e-6):
    slope = np.zeros_like(outputs)
    for at in np.ndindex(outputs.shape):
        moved = [outputs.copy() for _ in range(2)]
        moved[0][at] += h
        moved[1][at] -= h
        slope[at] = (loss.calculate(moved[0], y) - loss.calculate(moved[1], y)) / (2 * h)
    return slope


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        (Loss_MeanAbsoluteError(), RNG(1).randn(4, 3)),
        (Loss_MeanSquaredError(), RNG(1).randn(4, 3)),
        (Loss_BinaryCrossentropy(), RNG(1).randint(0, 2, (4, 3))),
        (Loss_CategoricalCrossentropy(), np.array([0, 2, 1, 0])),
    ],
    ids=lambda value: type(value).__name__,
)
def test_1_gradients_of_the_losses_point_uphill(loss, y):
    outputs = RNG(2).uniform(0.1, 0.9, (4, 3))
    loss.backward(outputs, y)
    np.testing.assert_allclose(loss.dinputs, slope_by_differences(loss, outputs, y), atol=1e-8)


def test_2_accumulated_accuracy_of_several_outputs_stays_at_most_1():
    y = RNG(0).randint(0, 2, (6, 4))
    for accuracy, targets in ((Accuracy_Categorical(binary=True), y), (Accuracy_Regression(), y[:, :3] * 1.0)):
        accuracy.init(targets)
        accuracy.new_pass()
        assert accuracy.calculate(targets, targets) == 1.0
        accuracy.calculate(targets[:2], targets[:2])
        assert accuracy.calculate_accumulated() == 1.0
    accuracy.new_pass()
    with pytest.raises(InputError, match="calculate"):
        accuracy.calculate_accumulated()


def test_3_a_column_against_a_row_of_targets_is_refused():
    column, row = np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([1.0, 2.0, 3.0, 4.0])
    for loss in (Loss_MeanSquaredError(), Loss_MeanAbsoluteError(), Loss_BinaryCrossentropy()):
        with pytest.raises(DataError, match="column"):
            loss.calculate(column, row)
        with pytest.raises(DataError):
            loss.backward(column, row)
    accuracy = Accuracy_Regression()
    accuracy.init(row)
    with pytest.raises(DataError, match=r"reshape\(-1, 1\)"):
        accuracy.calculate(column, row)
    with pytest.raises(DataError, match=r"binary=True.*reshape"):
        Accuracy_Categorical(binary=True).calculate(column > 2, row > 2)
    with pytest.raises(DataError, match="rows"):
        Loss_MeanSquaredError().calculate(column, column[:3])
    with pytest.raises(DataError, match="one axis"):
        Loss_MeanSquaredError().calculate(row, row)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "float32", "bool"])
def test_4_one_hot_labels_of_any_dtype(dtype):
    outputs, labels = np.array([[0.7, 0.1, 0.2], [0.3, 0.3, 0.4]]), np.array([0, 2])
    loss, both = Loss_CategoricalCrossentropy(), Activation_Softmax_Loss_CategoricalCrossentropy()
    loss.backward(outputs, np.eye(3)[labels].astype(dtype))
    np.testing.assert_allclose(loss.dinputs, [[-1 / 0.7 / 2, 0, 0], [0, 0, -1 / 0.4 / 2]])
    both.backward(outputs, np.eye(3)[labels].astype(dtype))
    np.testing.assert_allclose(both.dinputs, (outputs - np.eye(3)[labels]) / 2)


def test_5_a_model_of_one_layer(capsys):
    X, _ = data()
    model = regression(Layer_Dense(2, 1))
    assert model.layers[0].prev is model.input_layer and model.layers[0].next is model.loss
    model.train(X, X[:, :1] * 2.0, epochs=1)
    assert model.predict(X).shape == (12, 1)
    assert "epoch: 1" in capsys.readouterr().out


def test_6_a_model_that_ends_in_a_dense_layer_or_a_readers_own(capsys):
    class Own:
        def forward(self, inputs, training):
            self.output = inputs * 2

        def backward(self, dvalues):
            self.dinputs = dvalues * 2

    X, _ = data()
    for layers in ([Layer_Dense(2, 4), Activation_ReLU(), Layer_Dense(4, 1)], [Layer_Dense(2, 1), Own()]):
        model = regression(*layers)
        before = model.get_parameters()[0][0].copy()
        model.train(X, X[:, :1], epochs=2, batch_size=5, print_every=100)
        assert not np.array_equal(before, model.get_parameters()[0][0])
    assert capsys.readouterr().out.count("training, acc: 0.") == 4


def test_7_another_loss_gets_its_own_gradient(capsys):
    X, y = data()
    model = classifier()
    assert model.softmax_classifier_output is not None
    model.set(loss=Loss_MeanSquaredError(), accuracy=Accuracy_Regression())
    rows = np.eye(3)[y]
    output = model.forward(X, training=True)
    model.backward(output, rows)
    assert model.softmax_classifier_output is None
    slope = Loss_MeanSquaredError().backward(output, rows)
    softmax = Activation_Softmax()
    softmax.output = output
    np.testing.assert_allclose(model.layers[-1].dinputs, softmax.backward(slope), atol=1e-15)
    model.layers.append(Activation_Linear())  # layers that change are linked anew, too
    model.forward(X, training=False)
    assert model.output_layer_activation is model.layers[-1]


@pytest.mark.parametrize("second", [Optimizer_Adam, Optimizer_RMSprop, Optimizer_Adagrad, Optimizer_SGD])
@pytest.mark.parametrize("first", [Optimizer_Adam, Optimizer_RMSprop, Optimizer_Adagrad])
def test_8_another_optimizer_starts_afresh(first, second, capsys):
    X, y = data()
    model = classifier(optimizer=first(learning_rate=0.01))
    model.train(X, y, epochs=3)
    fresh = classifier(optimizer=second(learning_rate=0.01))
    fresh.set_parameters(model.get_parameters())
    model.set(optimizer=second(learning_rate=0.01))
    model.train(X, y, epochs=3)
    fresh.train(X, y, epochs=3)
    for a, b in zip(model.get_parameters(), fresh.get_parameters(), strict=True):
        np.testing.assert_array_equal(a[0], b[0])


def test_8_state_lies_on_the_layer_and_goes_with_copies(capsys):
    X, y = data()
    model = classifier(optimizer=Optimizer_SGD(learning_rate=0.1, momentum=0.9))
    model.train(X, y, epochs=3)
    assert model.layers[0].weight_momentums.shape == (2, 4)
    assert model.layers[0].bias_momentums.shape == (1, 4)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        keep = copy.deepcopy(model)
        twin.train(X, y, epochs=3)
        keep.train(X, y, epochs=3)
        np.testing.assert_array_equal(twin.get_parameters()[0][0], keep.get_parameters()[0][0])
    fresh = classifier(optimizer=Optimizer_SGD(learning_rate=0.1, momentum=0.9))
    fresh.set_parameters(model.get_parameters())
    fresh.train(X, y, epochs=3)
    assert not np.array_equal(fresh.get_parameters()[0][0], keep.get_parameters()[0][0])


def test_9_calculate_needs_no_new_pass():
    outputs, y = np.array([[0.7, 0.3], [0.2, 0.8]]), np.array([0, 1])
    loss = Loss_CategoricalCrossentropy()
    value = loss.calculate(outputs, y)
    assert value == pytest.approx(-(np.log(0.7) + np.log(0.8)) / 2)
    assert loss.calculate_accumulated() == pytest.approx(value)
    assert loss.calculate(outputs, y, include_regularization=True) == (pytest.approx(value), 0)
    loss.new_pass()
    with pytest.raises(InputError, match="calculate"):
        loss.calculate_accumulated()
    assert Accuracy_Categorical().calculate(np.array([0, 1]), y) == 1.0


def test_10_extreme_values_and_impossible_labels():
    loss = Loss_CategoricalCrossentropy()
    loss.backward(np.array([[0.0, 1.0]]), np.array([1]))
    assert np.isfinite(loss.dinputs).all() and loss.dinputs[0, 1] == -1.0
    loss.backward(np.array([[0.0, 1.0]]), np.array([0]))
    assert np.isfinite(loss.dinputs).all()
    for label in (-1, 2):
        with pytest.raises(DataError, match="labels go from 0 to 1"):
            loss.calculate(np.array([[0.5, 0.5]]), np.array([label]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Activation_Sigmoid().forward(np.array([[-1000.0, 1000.0]])).tolist() == [[0.0, 1.0]]
    with pytest.raises(InputError, match="dropped"):
        Layer_Dropout(1.0)


def test_11_dropout_backward_after_a_pass_that_dropped_nothing():
    dropout = Layer_Dropout(0.5)
    np.random.seed(0)
    dropout.forward(np.ones((4, 3)))
    assert (dropout.output == 0).any()
    dropout.forward(np.ones((2, 3)), False)
    np.testing.assert_array_equal(dropout.backward(np.full((2, 3), 7.0)), np.full((2, 3), 7.0))
    dropout.forward(np.ones((200, 50)), training=True)
    np.testing.assert_array_equal(dropout.backward(np.ones((200, 50))), dropout.binary_mask)
    assert dropout.output.mean() == pytest.approx(1.0, abs=0.05)
    assert dropout.rate == 0.5 and repr(dropout) == "Layer_Dropout(0.5)"


def test_12_a_file_holds_the_model_and_nothing_else(tmp_path, capsys):
    X, y = data()
    model = classifier()
    model.train(X, y, epochs=3)
    model.save(tmp_path / "a.model")
    small_file = (tmp_path / "a.model").stat().st_size
    assert small_file < 3000
    assert b"momentum" not in (tmp_path / "a.model").read_bytes()


class Trap:
    ran = False

    def __reduce__(self):
        return (setattr, (Trap, "ran", True))


@pytest.mark.parametrize("load", ["load", "load_parameters"])
def test_12_loading_runs_no_code(tmp_path, load):
    path = tmp_path / "trap.model"
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(FileError, match="pickle"):
        getattr(classifier(), load)(path)
    assert not Trap.ran


def test_13_a_batch_size_of_nothing_is_refused():
    X, y = data()
    for size in (0, -1, 2.5, True):
        with pytest.raises(InputError, match="batch_size"):
            classifier().train(X, y, batch_size=size)
        with pytest.raises(InputError, match="batch_size"):
            classifier().evaluate(X, y, batch_size=size)
        with pytest.raises(InputError, match="batch_size"):
            classifier().predict(X, batch_size=size)
    with pytest.raises(InputError, match="print_every"):
        classifier().train(X, y, print_every=0)


# -- slips that the book's code meets with something obscure ---------------------------------------------------------------


def test_slips_end_with_a_sentence():
    X, y = data()
    with pytest.raises(ContractError, match=r"write model.add\(Activation_ReLU"):
        Model().add(Activation_ReLU)
    with pytest.raises(ContractError, match="is not a layer"):
        Model().add("ReLU")
    with pytest.raises(ContractError, match=r"write loss=Loss_MeanSquaredError\(\)"):
        Model().set(loss=Loss_MeanSquaredError)
    with pytest.raises(InputError, match="no layers"):
        Model().finalize()
    with pytest.raises(InputError, match="no optimizer"):
        small(Layer_Dense(2, 1), loss=Loss_MeanSquaredError(), accuracy=Accuracy_Regression()).train(X, y)
    relu = Activation_ReLU()
    with pytest.raises(ContractError, match="twice"):
        small(Layer_Dense(2, 2), relu, Layer_Dense(2, 2), relu)
    with pytest.raises(DataError, match="one target a row"):
        classifier().train(X, y[:5])
    with pytest.raises(InputError, match="pair"):
        classifier().train(X, y, epochs=0, validation_data=X)
    with pytest.raises(DataError, match="expected 2"):
        Layer_Dense(2, 3).forward([[1.0, 2.0, 3.0]])
    with pytest.raises(DataError, match="shape"):
        Layer_Dense(2, 3).set_parameters(np.ones((3, 2)), np.ones((1, 3)))
    with pytest.raises(DataError, match="pairs"):
        classifier().set_parameters([])
    with pytest.raises(InputError, match="init"):
        Accuracy_Regression().calculate(X, X)
    for wrong in (Accuracy().compare, nnfs.Loss().forward, nnfs.Loss().backward):
        with pytest.raises(InputError, match="has no"):
            wrong(X, X)
    with pytest.raises(InputError, match="decay"):
        Optimizer_Adam(decay=-1.0)
    with pytest.raises(InputError, match="expected a number"):
        Optimizer_Adam(learning_rate=lambda step: 0.1)
