"""The worked example that half the tutorials on backpropagation print: two inputs, two hidden units, two outputs.

M. Mazur, *A Step by Step Backpropagation Example* (2015): sigmoids, half the squared error, learning rate 0.5. Its eight
weights after one step are published to nine digits. It leaves the biases as they are, and its two units of a layer share
one; neither touches the figures of the first step.
"""

import numpy as np
import pytest

import pellucid
from pellucid.layers import Dense, Sigmoid
from pellucid.losses import Loss, MeanSquaredError
from pellucid.optimizers import SGD

INPUTS, TARGETS = np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]])
# Published as w1, w2 into the first hidden unit and w3, w4 into the second: here a column each, (inputs, neurons).
HIDDEN, OUTPUT = np.array([[0.15, 0.25], [0.20, 0.30]]), np.array([[0.40, 0.50], [0.45, 0.55]])
HIDDEN_AFTER = np.array([[0.149780716, 0.24975114], [0.19956143, 0.29950229]])
OUTPUT_AFTER = np.array([[0.35891648, 0.511301270], [0.408666186, 0.561370121]])


class HalfSquaredError(Loss):
    """Half the squared error, summed over the outputs, as the example has it: a loss of one's own."""

    def forward(self, outputs, targets):
        self.error = outputs - targets
        return (0.5 * self.error * self.error).sum(axis=1)

    def backward(self):
        return self.error


def example_layers():
    hidden, output = Dense(2, 2), Dense(2, 2)
    hidden.weights, hidden.biases = HIDDEN.copy(), np.full(2, 0.35)
    output.weights, output.biases = OUTPUT.copy(), np.full(2, 0.60)
    return hidden, Sigmoid(), output, Sigmoid()


# With two outputs the mean of the squares is half their sum: both losses are the example's.
@pytest.mark.parametrize("loss", [MeanSquaredError(), HalfSquaredError()], ids=["mean squared", "half squared"])
def test_through_a_model_and_fit(loss):
    model = pellucid.Model(*example_layers(), loss=loss, optimizer=SGD(0.5), dtype="float64")
    np.testing.assert_allclose(model.predict(INPUTS), [[0.75136507, 0.772928465]], atol=5e-10, rtol=0)
    history = model.fit(INPUTS, TARGETS, epochs=1, progress=False)
    assert history["loss"][0] == pytest.approx(0.298371109, abs=5e-10)
    np.testing.assert_allclose(model.layers[0].weights, HIDDEN_AFTER, atol=5e-9, rtol=0)
    np.testing.assert_allclose(model.layers[2].weights, OUTPUT_AFTER, atol=5e-9, rtol=0)
    assert model.layers[0].weights[0, 0] == pytest.approx(0.149780716, abs=5e-10)
    assert model.layers[2].weights[0, 0] == pytest.approx(0.35891648, abs=5e-9)


def test_by_hand_a_layer_at_a_time():
    hidden, hidden_sigmoid, output, output_sigmoid = example_layers()
    loss = HalfSquaredError()
    outputs = output_sigmoid.forward(output.forward(hidden_sigmoid.forward(hidden.forward(INPUTS))))
    assert hidden.output[0, 0] == pytest.approx(0.3775, abs=1e-12)
    assert hidden_sigmoid.output[0, 0] == pytest.approx(0.593269992, abs=5e-10)
    assert loss.forward(outputs, TARGETS)[0] == pytest.approx(0.298371109, abs=5e-10)

    hidden.backward(hidden_sigmoid.backward(output.backward(output_sigmoid.backward(loss.backward()))))
    optimizer = SGD(0.5)
    for layer, after in ((hidden, HIDDEN_AFTER), (output, OUTPUT_AFTER)):
        weights, _ = optimizer.update(layer.weights, layer.dweights, (), (0.5,))
        np.testing.assert_allclose(weights, after, atol=5e-9, rtol=0)


def test_the_ten_thousandth_pass_has_the_published_error():
    """0.0000351085, when the biases stay as they are: only the weights are updated."""
    layers, loss = example_layers(), HalfSquaredError()
    hidden, _, output, _ = layers
    for _ in range(10_000):
        x = INPUTS
        for layer in layers:
            x = layer.forward(x)
        error = loss.forward(x, TARGETS)[0]
        gradient = loss.backward()
        for layer in reversed(layers):
            gradient = layer.backward(gradient)
        hidden.weights = hidden.weights - 0.5 * hidden.dweights
        output.weights = output.weights - 0.5 * output.dweights
    assert error == pytest.approx(0.0000351085, abs=5e-11)
