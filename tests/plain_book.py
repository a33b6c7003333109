"""The book's network once more, written straight from its formulas in float64: what the chapters' tests compare with."""

import numpy as np


def update(settings, state, value, gradient, iteration):
    """One parameter's next value by the rules of chapter 10; `state` is a dict that keeps the averages."""
    name, rate = settings["name"], settings["rate"] * (1 / (1 + settings.get("decay", 0.0) * iteration))
    if name == "SGD":
        step = settings.get("momentum", 0.0) * state.get("v", 0.0) - rate * gradient
        state["v"] = step
        return value + step
    if name == "Adagrad":
        state["c"] = state.get("c", 0.0) + gradient**2
        return value - rate * gradient / (np.sqrt(state["c"]) + 1e-7)
    if name == "RMSprop":
        state["c"] = settings["rho"] * state.get("c", 0.0) + (1 - settings["rho"]) * gradient**2
        return value - rate * gradient / (np.sqrt(state["c"]) + 1e-7)
    state["m"] = 0.9 * state.get("m", 0.0) + 0.1 * gradient
    state["c"] = 0.999 * state.get("c", 0.0) + 0.001 * gradient**2
    m, c = state["m"] / (1 - 0.9 ** (iteration + 1)), state["c"] / (1 - 0.999 ** (iteration + 1))
    return value - rate * m / (np.sqrt(c) + 1e-7)


def forward(X, parameters, last, masks):
    """(inputs of every dense layer, output) of dense layers with ReLU between them."""
    inputs, x = [], X
    for number, (weights, biases) in enumerate(parameters):
        inputs.append(x)
        x = x @ weights + biases
        if number < len(parameters) - 1:
            x = np.maximum(0, x) * (masks[number] if masks is not None else 1.0)
    if last == "softmax":
        x = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    elif last == "sigmoid":
        x = 1 / (1 + np.exp(-x))
    return inputs, x


def loss_and_slope(output, y, kind):
    """(mean loss, its gradient for what goes into the last activation)."""
    n, m = output.shape
    if kind == "cce":
        rows = np.eye(m)[y]
        return -np.log((output * rows).sum(axis=1)).mean(), (output - rows) / n
    if kind == "bce":
        return -(y * np.log(output) + (1 - y) * np.log(1 - output)).mean(), (output - y) / m / n
    if kind == "mse":
        return ((output - y) ** 2).mean(), 2 * (output - y) / m / n
    return np.abs(output - y).mean(), np.sign(output - y) / m / n


def train(X, y, parameters, last, kind, settings, epochs, l1=0.0, l2=0.0, batch=None, masks_of=None):
    """(parameters, (loss, penalty, output) of every step before its update). The penalty is that of the first layer."""
    X = np.asarray(X, np.float64)
    parameters = [(np.array(w, np.float64), np.array(b, np.float64)) for w, b in parameters]
    states, rows, iteration, size = [({}, {}) for _ in parameters], [], 0, batch or len(X)
    for _ in range(epochs):
        for at in range(0, len(X), size):
            masks = masks_of(len(X[at : at + size])) if masks_of else None
            inputs, output = forward(X[at : at + size], parameters, last, masks)
            loss, slope = loss_and_slope(output, y[at : at + size], kind)
            penalty = sum(l1 * np.abs(p).sum() + l2 * (p * p).sum() for p in parameters[0])
            rows.append((loss, penalty, output))
            new = []
            for number in reversed(range(len(parameters))):
                value, x = parameters[number], inputs[number]
                gradients = [x.T @ slope, slope.sum(axis=0, keepdims=True)]
                if number == 0:
                    gradients = [g + l1 * np.sign(p) + 2 * l2 * p for g, p in zip(gradients, value, strict=True)]
                slope = slope @ value[0].T * (x > 0)
                if masks is not None and number:
                    slope = slope * masks[number - 1]
                new.append(
                    tuple(
                        update(settings, state, p, g, iteration)
                        for state, p, g in zip(states[number], value, gradients, strict=True)
                    )
                )
            parameters, iteration = new[::-1], iteration + 1
    return parameters, rows
