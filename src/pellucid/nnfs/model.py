"""The book's Model: layers in a chain, trained in the order of the rows, with the book's lines printed.

The prints are those of the chapter whose script is run: `train` without `batch_size` is chapter 18's (a line an epoch,
validation at the end), with `batch_size`, be it None, that of chapters 19 to 22 (steps, training, validation each epoch).

What differs from the book:

* `finalize` works for a single layer, ends with any layer, and starts afresh: the simple gradient of softmax with
  cross-entropy is used exactly where the last layer and the loss are that pair *now*.
* The same layer twice, a batch size of 0, a missing loss and other slips end with a sentence.
* `save` and `load` use pellucid's own file and run nothing (see `pellucid.nnfs.files`).
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np

from pellucid.arrays import as_array
from pellucid.errors import ContractError, DataError, InputError
from pellucid.layer import Layer
from pellucid.nnfs import files
from pellucid.nnfs.layers import Activation_Softmax, BookLayer, Layer_Input
from pellucid.nnfs.losses import (
    Activation_Softmax_Loss_CategoricalCrossentropy,
    Loss,
    Loss_CategoricalCrossentropy,
)

_CHAPTER_18: Any = type("NotGiven", (), {"__repr__": lambda self: "not given"})()


class Model:
    """A network in the book's way: `add` layers, `set` loss, optimizer and accuracy, `finalize`, `train`."""

    def __init__(self) -> None:
        self.layers: list[Any] = []
        self.loss: Any = None
        self.optimizer: Any = None
        self.accuracy: Any = None
        self.softmax_classifier_output: Activation_Softmax_Loss_CategoricalCrossentropy | None = None
        self._finalized: tuple[Any, ...] = ()
        self._takes_training: list[bool] = []

    def add(self, layer: Any) -> None:
        """Put a layer behind those already there."""
        if isinstance(layer, type):
            raise ContractError(f"{layer.__name__} is a class: write model.add({layer.__name__}(...)).")
        if not (hasattr(layer, "forward") and hasattr(layer, "backward")):
            raise ContractError(f"{layer!r} is not a layer: it needs forward(inputs, training) and backward(dvalues).")
        if getattr(layer, "layers", ()) or set(getattr(layer, "params", ())) - {"weights", "biases"}:
            raise ContractError(f"The book's optimisers move weights and biases alone: {layer!r} needs pellucid.Model.")
        self.layers.append(layer)

    def set(self, *, loss: Any = None, optimizer: Any = None, accuracy: Any = None) -> None:
        """Choose loss, optimizer and accuracy, any of them; what is not named stays. Then call `finalize`."""
        for name, given in (("loss", loss), ("optimizer", optimizer), ("accuracy", accuracy)):
            if isinstance(given, type):
                raise ContractError(f"{name}={given.__name__} is a class: write {name}={given.__name__}().")
            if given is not None:
                setattr(self, name, given)

    def finalize(self) -> None:
        """Link the layers, and find those to train and the pair at the end. Again after a change."""
        if not self.layers:
            raise InputError("The model has no layers: model.add(Layer_Dense(2, 64)) first.")
        if len({id(layer) for layer in self.layers}) < len(self.layers):
            raise ContractError(
                "The same layer object was added twice: its gradient would be wrong. Make a second one."
            )
        self.input_layer = Layer_Input()
        for before, layer, after in zip(
            [self.input_layer, *self.layers[:-1]], self.layers, [*self.layers[1:], self.loss], strict=True
        ):
            if not isinstance(layer, Layer) or isinstance(layer, BookLayer):  # pellucid's own know no neighbours
                layer.prev, layer.next = before, after
        # Both eras: forward(inputs, training), or forward(inputs) as in the early chapters and in pellucid.
        self._takes_training = ["training" in inspect.signature(layer.forward).parameters for layer in self.layers]
        self.output_layer_activation = self.layers[-1]
        self.trainable_layers = [layer for layer in self.layers if hasattr(layer, "weights")]
        if isinstance(self.loss, Loss):
            self.loss.remember_trainable_layers(self.trainable_layers)
        pair = type(self.layers[-1]) is Activation_Softmax and type(self.loss) is Loss_CategoricalCrossentropy
        self.softmax_classifier_output = Activation_Softmax_Loss_CategoricalCrossentropy() if pair else None
        self._finalized = (*self.layers, self.loss)

    def train(
        self,
        X: Any,
        y: Any,
        *,
        epochs: int = 1,
        batch_size: int | None = _CHAPTER_18,
        print_every: int = 1,
        validation_data: Any = None,
    ) -> None:
        """Train for `epochs`, `batch_size` rows a step (None: all), in the order of the rows; print as the book does.

        X: (rows, inputs); y: as the loss takes it. `validation_data`: a pair (X, y).
        """
        X, y = self._ready(X, y, training=True)
        whole = {"epochs": epochs, "print_every": print_every}
        for name, value in whole.items():
            _check_whole(name, value)
        if hasattr(self.accuracy, "init"):
            self.accuracy.init(y)
        if batch_size is _CHAPTER_18:
            for epoch in range(1, epochs + 1):
                figures = self._step(X, y)
                if not epoch % print_every:
                    print(f"epoch: {epoch}, {self._line(*figures)}")
            if validation_data is not None:
                self.evaluate(*_pair(validation_data))
            return
        batches = list(_batches(len(X), batch_size))
        for epoch in range(1, epochs + 1):
            print(f"epoch: {epoch}")
            self._epoch(X, y, batches, print_every)
            if validation_data is not None:
                self.evaluate(*_pair(validation_data), batch_size=batch_size)

    def _epoch(self, X: np.ndarray, y: np.ndarray, batches: list[slice], print_every: int) -> None:
        """All steps of an epoch, with the lines of chapters 19 to 22."""
        self._new_pass()
        for step, rows in enumerate(batches):
            figures = self._step(X[rows], y[rows])
            if not step % print_every or step == len(batches) - 1:
                print(f"step: {step}, {self._line(*figures)}")
        data_loss, penalty = self.loss.calculate_accumulated(include_regularization=True)
        print(f"training, {self._line(self.accuracy.calculate_accumulated(), data_loss, penalty)}")

    def _step(self, X: np.ndarray, y: np.ndarray) -> tuple[Any, Any, Any]:
        """One step: (accuracy, data loss, penalties) of the forward pass before its update."""
        output = self.forward(X, training=True)
        data_loss, penalty = self.loss.calculate(output, y, include_regularization=True)
        accuracy = self.accuracy.calculate(self._predictions(output), y)
        self.backward(output, y)
        self.optimizer.pre_update_params()
        for layer in self.trainable_layers:
            self.optimizer.update_params(layer)
        self.optimizer.post_update_params()
        return accuracy, data_loss, penalty

    def _line(self, accuracy: Any, data_loss: Any, penalty: Any) -> str:
        return (
            f"acc: {accuracy:.3f}, loss: {data_loss + penalty:.3f} (data_loss: {data_loss:.3f}, "
            f"reg_loss: {penalty:.3f}), lr: {self.optimizer.current_learning_rate}"
        )

    def evaluate(self, X_val: Any, y_val: Any, *, batch_size: int | None = None) -> None:
        """Print accuracy and loss (without penalties) on other data; dropout and the like are off."""
        X, y = self._ready(X_val, y_val, training=False)
        self._new_pass()
        for rows in _batches(len(X), batch_size):
            output = self.forward(X[rows], training=False)
            self.loss.calculate(output, y[rows])
            self.accuracy.calculate(self._predictions(output), y[rows])
        accuracy, loss = self.accuracy.calculate_accumulated(), self.loss.calculate_accumulated()
        print(f"validation, acc: {accuracy:.3f}, loss: {loss:.3f}")

    def predict(self, X: Any, *, batch_size: int | None = None) -> np.ndarray:
        """The outputs (rows, outputs) for the rows of `X`: confidences, not classes."""
        self._refresh()
        X = as_array(X, "X")
        return np.vstack([self.forward(X[rows], training=False) for rows in _batches(len(X), batch_size)])

    def forward(self, X: Any, training: bool) -> Any:
        """The output for `X`; every layer keeps its own."""
        self._refresh()
        self.input_layer.forward(X, training)
        x = self.input_layer.output
        for layer, told in zip(self.layers, self._takes_training, strict=True):
            if told:
                layer.forward(x, training)
            else:
                layer.training = training
                layer.forward(x)
            x = layer.output  # a layer of the user's own may return nothing, as in the book
        return x

    def backward(self, output: Any, y: Any) -> None:
        """The gradients of the mean loss for `output` and `y`, kept on the layers."""
        layers = self.layers
        if self.softmax_classifier_output is not None:
            self.softmax_classifier_output.backward(output, y)
            gradient = layers[-1].dinputs = self.softmax_classifier_output.dinputs
            layers = layers[:-1]
        else:
            self.loss.backward(output, y)
            gradient = self.loss.dinputs
        for layer in reversed(layers):
            layer.backward(gradient)
            gradient = layer.dinputs

    # -- parameters and files --------------------------------------------------------------------------------------

    def get_parameters(self) -> list[Any]:
        """(weights, biases) of every layer that has them."""
        self._refresh()
        return [(layer.weights, layer.biases) for layer in self.trainable_layers]

    def set_parameters(self, parameters: Any) -> None:
        """Take over what `get_parameters` of an equal model gave."""
        self._refresh()
        parameters = list(parameters)
        if len(parameters) != len(self.trainable_layers):
            raise DataError(
                f"{len(parameters)} pairs (weights, biases) for {len(self.trainable_layers)} layers that have them."
            )
        for layer, (weights, biases) in zip(self.trainable_layers, parameters, strict=True):
            layer.set_parameters(weights, biases)

    def save_parameters(self, path: Any) -> None:
        """Write weights and biases to a file, whole or not at all."""
        files.save_parameters(self.get_parameters(), path)

    def load_parameters(self, path: Any) -> None:
        """Take over weights and biases from a file that `save_parameters` of an equal model wrote."""
        self.set_parameters(files.load_parameters(path))

    def save(self, path: Any) -> None:
        """Write layers, loss, optimizer settings and accuracy to a file; nothing of a pass, no optimiser's averages."""
        self._refresh()
        files.save(self, path)

    @staticmethod
    def load(path: Any) -> Model:
        """The model in a file that `save` wrote. Nothing in the file is run. Training starts its optimiser afresh."""
        return files.load(Model(), path)

    # -- checks ----------------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        """Layers or loss that changed since `finalize` are linked anew."""
        now = (*self.layers, self.loss)
        if len(now) != len(self._finalized) or any(a is not b for a, b in zip(now, self._finalized, strict=True)):
            self.finalize()

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_finalized": ()}  # a copy links its own layers

    def _ready(self, X: Any, y: Any, training: bool) -> tuple[np.ndarray, np.ndarray]:
        for name in ("loss", "accuracy", *(("optimizer",) if training else ())):
            if getattr(self, name) is None:
                raise InputError(f"The model has no {name}: model.set({name}=...), then model.finalize().")
        self._refresh()
        X, y = as_array(X, "X"), as_array(y, "y")
        if X.ndim < 2 or y.ndim == 0 or len(X) != len(y) or not len(X):
            raise DataError(f"X has shape {X.shape} and y {y.shape}: expected (rows, inputs) and one target a row.")
        return X, y

    def _new_pass(self) -> None:
        self.loss.new_pass()
        self.accuracy.new_pass()

    def _predictions(self, output: Any) -> Any:
        last = self.output_layer_activation
        return last.predictions(output) if hasattr(last, "predictions") else output


def _batches(rows: int, batch_size: int | None) -> Iterator[slice]:
    """The rows of each step, in order; the last may be short."""
    if batch_size is None:
        yield slice(0, rows)
        return
    _check_whole("batch_size", batch_size, " or None for all rows at once")
    for start in range(0, rows, batch_size):
        yield slice(start, min(start + batch_size, rows))


def _check_whole(name: str, value: Any, more: str = "") -> None:
    least = 0 if name == "epochs" else 1
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{name}={value!r}: expected a whole number of at least {least}{more}.")


def _pair(validation_data: Any) -> Any:
    if not isinstance(validation_data, (tuple, list)) or len(validation_data) != 2:
        raise InputError("validation_data: expected a pair, validation_data=(X_test, y_test).")
    return validation_data
