"""Layers in the shape that *Neural Networks from Scratch in Python* teaches, in our own words, for comparison only.

The shape: every value passed by attribute, each layer's parameters and Adam slots kept on the layer and updated array
by array, softmax and loss joined in one object. float32 throughout, which the book's `nnfs.init()` arranges.
"""

from __future__ import annotations

import numpy as np

_RNG = np.random.default_rng(0)


class Dense:
    """Weights (n_inputs, n_neurons), biases (1, n_neurons)."""

    def __init__(self, n_inputs: int, n_neurons: int) -> None:
        # The book draws with 0.01; He's scale lets the wide network learn too, and costs the same.
        scale = np.sqrt(2 / n_inputs).astype(np.float32)
        self.weights = scale * _RNG.standard_normal((n_inputs, n_neurons), dtype=np.float32)
        self.biases = np.zeros((1, n_neurons), dtype=np.float32)

    def forward(self, inputs: np.ndarray) -> None:
        """Keep inputs, set output."""
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases

    def backward(self, dvalues: np.ndarray) -> None:
        """Set the gradients of weights, biases and inputs."""
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)


class ReLU:
    """max(0, x)."""

    def forward(self, inputs: np.ndarray) -> None:
        """Keep inputs, set output."""
        self.inputs = inputs
        self.output = np.maximum(0, inputs)

    def backward(self, dvalues: np.ndarray) -> None:
        """A copy, with zeros where the input was not positive."""
        self.dinputs = dvalues.copy()
        self.dinputs[self.inputs <= 0] = 0


class SoftmaxCrossEntropy:
    """Softmax and categorical cross-entropy together, for the simple gradient."""

    def forward(self, inputs: np.ndarray, labels: np.ndarray) -> float:
        """Set output (probabilities) and return the mean loss."""
        powers = np.exp(inputs - np.max(inputs, axis=1, keepdims=True))
        self.output = powers / np.sum(powers, axis=1, keepdims=True)
        clipped = np.clip(self.output, 1e-7, 1 - 1e-7)
        return float(np.mean(-np.log(clipped[range(len(labels)), labels])))

    def backward(self, dvalues: np.ndarray, labels: np.ndarray) -> None:
        """Probabilities less one at the label, divided by the batch."""
        samples = len(dvalues)
        self.dinputs = dvalues.copy()
        self.dinputs[range(samples), labels] -= 1
        self.dinputs = self.dinputs / samples


class Adam:
    """Adam with its slots on the layers."""

    def __init__(self, rate: float, epsilon: float, beta_1: float, beta_2: float) -> None:
        self.rate, self.epsilon, self.beta_1, self.beta_2, self.steps = rate, epsilon, beta_1, beta_2, 0

    def before(self) -> None:
        """The book decays the rate here; without decay there is nothing to do."""

    def after(self) -> None:
        """Count the step."""
        self.steps += 1

    def update(self, layer: Dense) -> None:
        """Move one layer's weights and biases."""
        for name in ("weights", "biases"):
            gradient = getattr(layer, "d" + name)
            if not hasattr(layer, name + "_momentum"):
                setattr(layer, name + "_momentum", np.zeros_like(gradient))
                setattr(layer, name + "_cache", np.zeros_like(gradient))
            momentum = self.beta_1 * getattr(layer, name + "_momentum") + (1 - self.beta_1) * gradient
            cache = self.beta_2 * getattr(layer, name + "_cache") + (1 - self.beta_2) * gradient**2
            setattr(layer, name + "_momentum", momentum)
            setattr(layer, name + "_cache", cache)
            momentum_corrected = momentum / (1 - self.beta_1 ** (self.steps + 1))
            cache_corrected = cache / (1 - self.beta_2 ** (self.steps + 1))
            change = -self.rate * momentum_corrected / (np.sqrt(cache_corrected) + self.epsilon)
            setattr(layer, name, getattr(layer, name) + change)
