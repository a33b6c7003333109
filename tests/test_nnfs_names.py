"""Every name, argument and default of the book, both eras; model files; pictures in folders."""

import copy
import inspect
import json
import struct
import sys
import zlib

import numpy as np
import pytest

import pellucid
import pellucid.nnfs as nnfs
from pellucid.errors import ContractError, DataError, FileError, InputError, MissingExtraError
from pellucid.exchange import container
from pellucid.layers import Dense, ReLU, Sequential, Softmax, Tanh
from pellucid.losses import CategoricalCrossEntropy
from pellucid.nnfs.datasets import spiral_data

REGULARIZERS = {
    "weight_regularizer_l1": 0, "weight_regularizer_l2": 0, "bias_regularizer_l1": 0, "bias_regularizer_l2": 0,
}  # fmt: skip
REQUIRED = inspect.Parameter.empty
CONSTRUCTORS = {
    "Layer_Dense": {"n_inputs": REQUIRED, "n_neurons": REQUIRED, **REGULARIZERS},
    "Layer_Dropout": {"rate": REQUIRED},
    "Layer_Input": {},
    "Activation_ReLU": {},
    "Activation_Softmax": {},
    "Activation_Sigmoid": {},
    "Activation_Linear": {},
    "Optimizer_SGD": {"learning_rate": 1.0, "decay": 0.0, "momentum": 0.0},
    "Optimizer_Adagrad": {"learning_rate": 1.0, "decay": 0.0, "epsilon": 1e-7},
    "Optimizer_RMSprop": {"learning_rate": 0.001, "decay": 0.0, "epsilon": 1e-7, "rho": 0.9},
    "Optimizer_Adam": {"learning_rate": 0.001, "decay": 0.0, "epsilon": 1e-7, "beta_1": 0.9, "beta_2": 0.999},
    "Loss_CategoricalCrossentropy": {},
    "Loss_BinaryCrossentropy": {},
    "Loss_MeanSquaredError": {},
    "Loss_MeanAbsoluteError": {},
    "Activation_Softmax_Loss_CategoricalCrossentropy": {},
    "Accuracy_Categorical": {"binary": False},
    "Accuracy_Regression": {},
    "Model": {},
}
LAYER = {"forward": ["inputs", "training"], "backward": ["dvalues"]}
OPTIMIZER = {"pre_update_params": [], "update_params": ["layer"], "post_update_params": []}
LOSS = {
    "forward": ["y_pred", "y_true"],
    "backward": ["dvalues", "y_true"],
    "regularization_loss": ["layer"],
    "remember_trainable_layers": ["trainable_layers"],
    "calculate": ["output", "y", "include_regularization"],
    "calculate_accumulated": ["include_regularization"],
    "new_pass": [],
}
ACCURACY = {
    "compare": ["predictions", "y"],
    "calculate": ["predictions", "y"],
    "calculate_accumulated": [],
    "new_pass": [],
}
METHODS = {
    **{name: LAYER for name in CONSTRUCTORS if name.startswith(("Layer", "Activation")) and "Loss" not in name},
    **{name: OPTIMIZER for name in CONSTRUCTORS if name.startswith("Optimizer")},
    **{name: LOSS for name in [*CONSTRUCTORS, "Loss"] if name.startswith("Loss")},
    "Layer_Dense": {**LAYER, "get_parameters": [], "set_parameters": ["weights", "biases"]},
    "Activation_Softmax_Loss_CategoricalCrossentropy": {
        "forward": ["inputs", "y_true"],
        "backward": ["dvalues", "y_true"],
    },
    "Accuracy": ACCURACY,
    "Accuracy_Categorical": {**ACCURACY, "init": ["y"]},
    "Accuracy_Regression": {**ACCURACY, "init": ["y", "reinit"]},
    "Model": {
        "add": ["layer"],
        "set": ["loss", "optimizer", "accuracy"],
        "finalize": [],
        "train": ["X", "y", "epochs", "batch_size", "print_every", "validation_data"],
        "forward": ["X", "training"],
        "backward": ["output", "y"],
        "evaluate": ["X_val", "y_val", "batch_size"],
        "predict": ["X", "batch_size"],
        "get_parameters": [],
        "set_parameters": ["parameters"],
        "save_parameters": ["path"],
        "load_parameters": ["path"],
        "save": ["path"],
        "load": ["path"],
    },
}


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_constructors(name):
    signature = inspect.signature(getattr(nnfs, name))
    assert {key: parameter.default for key, parameter in signature.parameters.items()} == CONSTRUCTORS[name]


@pytest.mark.parametrize("name", METHODS)
def test_methods(name):
    made = getattr(nnfs, name)
    for method, arguments in METHODS[name].items():
        given = [key for key in inspect.signature(getattr(made, method)).parameters if key != "self"]
        assert given == arguments, f"{name}.{method}"


def test_star_import_gives_every_name():
    names = {}
    exec("from pellucid.nnfs import *", names)
    assert {
        *CONSTRUCTORS,
        "Loss",
        "Accuracy",
        "load_mnist_dataset",
        "create_data_mnist",
        "fashion_mnist_labels",
    } <= set(names)


def test_mode_of_dropout_and_the_rest():
    np.random.seed(0)
    X = np.ones((50, 10))
    assert (nnfs.Layer_Dropout(0.5).forward(X) == 0).any()  # chapter 15: always training
    assert (nnfs.Layer_Dropout(0.5).forward(X, False) == 1).all()  # chapters 18 to 22
    for layer in (nnfs.Layer_Input(), nnfs.Activation_Linear()):
        assert layer.forward(X, True) is not None and layer.output.shape == X.shape


def test_attributes_and_lists_like_in_the_book():
    dense = nnfs.Layer_Dense(3, 2, weight_regularizer_l2=5e-4)
    dense.forward([[1, 2, 3]])
    dense.backward([[1.0, 1.0]])
    assert dense.weights.shape == dense.dweights.shape == (3, 2)
    assert dense.biases.shape == dense.dbiases.shape == (1, 2)
    assert dense.dinputs.shape == (1, 3)
    assert dense.weight_regularizer_l2 == 5e-4
    dense.weight_regularizer_l1 = 1.0
    assert nnfs.Loss().regularization_loss(dense) == pytest.approx(
        np.abs(dense.weights).sum() + 5e-4 * (dense.weights**2).sum()
    )
    softmax = nnfs.Activation_Softmax()
    softmax.forward([[1, 2, 3]])
    assert str(softmax.output) == "[[0.09003057 0.24472847 0.66524096]]"
    assert softmax.predictions(softmax.output).tolist() == [2]
    assert nnfs.Activation_Sigmoid().predictions(np.array([[0.4], [0.6]])).tolist() == [[0], [1]]
    step, tanh = nnfs.Activation_Step(), nnfs.Activation_Tanh()
    assert step.forward(np.array([[-1.0, 2.0]])).tolist() == [[0.0, 1.0]]
    assert tanh.forward(np.zeros((1, 1))).tolist() == [[0.0]]


def test_a_readers_own_layer_has_its_penalty_too():
    class Own:
        weight_regularizer_l1, weight_regularizer_l2 = 0.1, 0.2
        weights, biases = np.array([[1.0, -2.0]]), np.array([[3.0]])

    assert nnfs.Loss().regularization_loss(Own()) == pytest.approx(0.1 * 3 + 0.2 * 5)


def test_weights_are_drawn_as_in_the_book_and_kept_by_copies():
    np.random.seed(3)
    dense = nnfs.Layer_Dense(2, 3)
    np.testing.assert_allclose(dense.weights, 0.01 * np.random.RandomState(3).randn(2, 3), rtol=1e-15)
    twin = copy.deepcopy(dense)
    np.testing.assert_array_equal(twin.weights, dense.weights)
    assert repr(twin) == "Layer_Dense(2, 3)"


def test_the_books_parts_train_in_a_model_of_pellucid():
    X, y = pellucid.datasets.spiral(samples=30, classes=3, rng=0)
    layers = nnfs.Layer_Dense(2, 16), nnfs.Activation_ReLU(), nnfs.Layer_Dense(16, 3), Softmax()
    optimizer = nnfs.Optimizer_Adam(learning_rate=0.05, decay=1e-3)
    model = pellucid.Model(*layers, loss=CategoricalCrossEntropy(), optimizer=optimizer)
    history = model.fit(X, y, epochs=150)
    assert history["loss"][-1] < 0.95 * history["loss"][0]
    assert history["learning_rate"][-1] == pytest.approx(0.05 / (1 + 1e-3 * 149))
    with pytest.raises(ContractError, match="not a layer"):
        pellucid.Model(nnfs.Layer_Dense(2, 2), nnfs.Layer_Dropout(0.1))


def test_pellucids_layers_train_in_a_model_of_the_book(capsys):
    np.random.seed(0)
    X, y = spiral_data(samples=20, classes=3)
    model = nnfs.Model()
    for layer in (Dense(2, 8), Tanh(), nnfs.Layer_Dense(8, 3), nnfs.Activation_Softmax()):
        model.add(layer)
    model.set(
        loss=nnfs.Loss_CategoricalCrossentropy(),
        optimizer=nnfs.Optimizer_Adam(0.05),
        accuracy=nnfs.Accuracy_Categorical(),
    )
    before = model.layers[0].weights.copy()
    model.train(X, y, epochs=2)  # finalize() is called where it was forgotten
    assert not np.array_equal(before, model.layers[0].weights)
    for layer in (Sequential(ReLU()), pellucid.layers.BatchNorm(3)):
        with pytest.raises(ContractError, match=r"pellucid\.Model"):
            model.add(layer)


def test_layers_know_their_neighbours_and_can_move_to_a_model_of_pellucid():
    model = regression()
    twin = copy.deepcopy(model)
    twin.predict(DATA[0])
    for one in (model, twin):
        assert one.layers[0].prev is one.input_layer and one.layers[0].next is one.layers[1]
        assert one.layers[-1].next is one.loss
    assert nnfs.Activation_ReLU().prev is None
    moved = pellucid.Model(*[layer for layer in model.layers if not isinstance(layer, nnfs.Layer_Dropout)])
    np.testing.assert_allclose(moved.predict(DATA[0]), model.predict(DATA[0]), rtol=1e-5)


# -- files -------------------------------------------------------------------------------------------------------------


def regression():
    model = nnfs.Model()
    for layer in (nnfs.Layer_Dense(1, 4, bias_regularizer_l2=1e-3), nnfs.Activation_ReLU(), nnfs.Layer_Dropout(0.1),
                  nnfs.Layer_Dense(4, 1), nnfs.Activation_Linear()):  # fmt: skip
        model.add(layer)
    model.set(
        loss=nnfs.Loss_MeanSquaredError(), optimizer=nnfs.Optimizer_SGD(decay=1e-3), accuracy=nnfs.Accuracy_Regression()
    )
    model.finalize()
    return model


DATA = np.linspace(0, 1, 20).reshape(-1, 1), np.linspace(0, 2, 20).reshape(-1, 1)


def test_save_and_load(tmp_path, capsys):
    model = regression()
    model.train(*DATA, epochs=3)
    model.save(tmp_path / "a.model")
    state = np.random.get_state()[1].copy()
    loaded = nnfs.Model.load(tmp_path / "a.model")
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    np.testing.assert_array_equal(loaded.predict(DATA[0]), model.predict(DATA[0]))
    assert [repr(layer) for layer in loaded.layers] == [repr(layer) for layer in model.layers]
    assert loaded.layers[0].bias_regularizer_l2 == 1e-3
    assert loaded.optimizer.decay == 1e-3 and loaded.optimizer.iterations == 0
    capsys.readouterr()
    model.evaluate(*DATA, batch_size=7)
    expected = capsys.readouterr().out
    loaded.evaluate(*DATA, batch_size=7)
    assert capsys.readouterr().out == expected != ""
    loaded.train(*DATA, epochs=1)


def test_parameters_alone(tmp_path):
    model, other = regression(), regression()
    model.save_parameters(tmp_path / "a.parms")
    other.load_parameters(tmp_path / "a.parms")
    np.testing.assert_array_equal(other.predict(DATA[0]), model.predict(DATA[0]))
    untrained = nnfs.Model()  # a network for prediction needs no loss
    for layer in (nnfs.Layer_Dense(1, 4), nnfs.Activation_ReLU(), nnfs.Layer_Dense(4, 1)):
        untrained.add(layer)
    untrained.set_parameters(model.get_parameters())
    np.testing.assert_array_equal(untrained.predict(DATA[0]), model.predict(DATA[0]))
    untrained.save(tmp_path / "b.model")
    np.testing.assert_array_equal(nnfs.Model.load(tmp_path / "b.model").predict(DATA[0]), model.predict(DATA[0]))


def test_a_class_of_the_users_is_not_saved(tmp_path):
    class Activation_ReLU(nnfs.Activation_ReLU):
        pass

    model = regression()
    model.add(Activation_ReLU())
    with pytest.raises(InputError, match="save_parameters"):
        model.save(tmp_path / "a.model")
    assert not (tmp_path / "a.model").exists()


def changed(path, **changes):
    """The file with something else in its description."""
    arrays, metadata = container.read(path)
    content = {**json.loads(metadata["nnfs"]), **changes}
    path.write_bytes(container.encode(arrays, {"nnfs": json.dumps(content)}))
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": {"loss": "eval", "arguments": {}}},
        {"loss": {"loss": "Loss_MeanSquaredError", "arguments": {"x": 1}}},
        {"optimizer": {"optimizer": "Optimizer_SGD", "arguments": {"decay": [1]}}},
        {"optimizer": {"optimizer": "Optimizer_SGD", "arguments": {}, "more": 1}},
        {"layers": [{"layer": "Layer_Dense", "arguments": {"n_inputs": 10**9, "n_neurons": 10**9}}]},
        {"layers": [{"layer": "Layer_Dropout", "arguments": {"rate": 2.0}}]},
        {"layers": 7},
        {"parameters": 1},
        {"precision": "much"},
    ],
    ids=str,
)
def test_what_is_not_known_in_a_file_is_refused(tmp_path, changes):
    regression().save(tmp_path / "a.model")
    with pytest.raises(FileError, match=r"a\.model"):
        nnfs.Model.load(changed(tmp_path / "a.model", **changes))


def test_other_files_are_refused(tmp_path):
    model = pellucid.Model(Dense(2, 1))
    model.save(tmp_path / "other.safetensors")
    for name, said in (("other.safetensors", r"pellucid\.load"), ("none", "cannot be read")):
        with pytest.raises(FileError, match=said):
            nnfs.Model.load(tmp_path / name)
    (tmp_path / "text").write_text("hello, this is no model")
    with pytest.raises(FileError):
        nnfs.Model.load(tmp_path / "text")


# -- pictures ----------------------------------------------------------------------------------------------------------


def write_png(path, grey):
    """A grey PNG file of 8 bits (W3C, Portable Network Graphics, section 11.2: colour type 0)."""
    rows = b"".join(b"\0" + row.tobytes() for row in grey)
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", *grey.shape[::-1], 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    body = b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def test_folders_of_pictures(tmp_path):
    pytest.importorskip("matplotlib")
    pictures = np.random.RandomState(0).randint(0, 256, (6, 4, 3)).astype(np.uint8)
    for number, picture in enumerate(pictures):
        write_png(tmp_path / ("test" if number == 5 else "train") / str(9 - number % 2) / f"{number}.png", picture)
    (tmp_path / "train" / "8" / "notes.txt").write_text("not a picture")
    X, y, X_test, y_test = nnfs.create_data_mnist(tmp_path)
    np.testing.assert_array_equal(X, pictures[[1, 3, 0, 2, 4]])  # by label, then by name
    assert y.tolist() == [8, 8, 9, 9, 9] and y.dtype == X.dtype == np.uint8
    np.testing.assert_array_equal(X_test, pictures[[5]])
    assert y_test.tolist() == [8]
    write_png(tmp_path / "train" / "8" / "odd.png", pictures[0][:2])
    with pytest.raises(DataError, match="same size"):
        nnfs.load_mnist_dataset("train", tmp_path)
    (tmp_path / "train" / "8" / "odd.png").write_text("not a picture")
    with pytest.raises(DataError, match="not a PNG"):
        nnfs.load_mnist_dataset("train", tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no folder"):
        nnfs.load_mnist_dataset("empty", tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        nnfs.load_mnist_dataset("nowhere", tmp_path)


def test_pictures_without_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.image", None)
    with pytest.raises(MissingExtraError, match=r'pip install "pellucid\[plot\]"'):
        nnfs.load_mnist_dataset("train", tmp_path)
