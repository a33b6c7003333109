"""The contenders of training_step.py, scaling.py and first_fit.py: the same network, data, batches and optimiser in each.

A contender is a function of `spec` (dims, batch, rows) that returns (turn, version); turn(steps) trains that many
steps, whole epochs each with a fresh shuffle, and returns seconds a step and the last loss.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

Turn = Callable[[int], dict[str, float]]
Spec = dict[str, Any]
RATE, BETA_1, BETA_2, EPSILON = 1e-5, 0.9, 0.999, 1e-7


def data(spec: Spec) -> tuple[np.ndarray, np.ndarray]:
    """Rows of float32 noise and labels that use every class."""
    rng = np.random.default_rng(0)
    rows, dims = spec["rows"], spec["dims"]
    return rng.standard_normal((rows, dims[0]), dtype=np.float32), rng.permutation(np.arange(rows) % dims[-1])


def epochs_of(steps: int, spec: Spec) -> int:
    """Whole epochs in `steps` steps; the rows are a whole number of batches."""
    epochs, rest = divmod(steps, spec["rows"] // spec["batch"])
    assert rest == 0
    return epochs


def pellucid_model(spec: Spec) -> Any:
    """The network of `spec` in pellucid."""
    import pellucid
    from pellucid.layers import Dense, ReLU, Softmax
    from pellucid.losses import CategoricalCrossEntropy
    from pellucid.optimizers import Adam

    layers: list[Any] = []
    for n_inputs, n_neurons in itertools.pairwise(spec["dims"]):
        layers += [Dense(n_inputs, n_neurons), ReLU()]
    layers[-1] = Softmax()
    optimizer = Adam(learning_rate=RATE)
    return pellucid.Model(*layers, loss=CategoricalCrossEntropy(), optimizer=optimizer, metrics=(), seed=0)


def pellucid(spec: Spec, engine: str = "numpy") -> tuple[Turn, str]:
    """Model.fit as a user calls it, the whole of it: checks at the border, history, values back to the network."""
    import pellucid

    X, y = data(spec)
    model = pellucid_model(spec)

    def turn(steps: int) -> dict[str, float]:
        begin = time.perf_counter()
        history = model.fit(X, y, epochs=epochs_of(steps, spec), batch_size=spec["batch"], engine=engine)
        seconds = time.perf_counter() - begin
        return {"seconds": seconds / steps, "loss": float(history["loss"][-1])}

    return turn, f"pellucid {pellucid.__version__}"


def pellucid_jax(spec: Spec) -> tuple[Turn, str]:
    """The same call with the compiled engine."""
    import jax

    turn, version = pellucid(spec, engine="jax")
    return turn, f"{version}, jax {jax.__version__}"


def jax_by_hand(spec: Spec) -> tuple[Turn, str]:
    """The loop somebody would write in JAX for this one network."""
    from jax_by_hand import contender

    turn: tuple[Turn, str] = contender(spec, data, (RATE, BETA_1, BETA_2, EPSILON))
    return turn


def torch(spec: Spec) -> tuple[Turn, str]:
    """PyTorch, eager, fused Adam, its own choice of threads; data are tensors before the clock starts."""
    import torch

    X, y = (torch.from_numpy(array) for array in data(spec))
    dims, batch = spec["dims"], spec["batch"]
    layers: list[Any] = []
    for n_inputs, n_neurons in itertools.pairwise(dims):
        layers += [torch.nn.Linear(n_inputs, n_neurons), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    loss_of = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE, betas=(BETA_1, BETA_2), eps=EPSILON, fused=True)

    def turn(steps: int) -> dict[str, float]:
        begin = time.perf_counter()
        for _ in range(epochs_of(steps, spec)):
            order = torch.randperm(len(X))
            for start in range(0, len(X), batch):
                rows = order[start : start + batch]
                loss = loss_of(network(X[rows]), y[rows])
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
        last = loss.item()
        return {"seconds": (time.perf_counter() - begin) / steps, "loss": last}

    return turn, f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads"


def torch_compiled(spec: Spec) -> tuple[Turn, str]:
    """PyTorch at its fastest: the whole step (rows, gradients, Adam) as one function through torch.compile."""
    import torch

    X, y = (torch.from_numpy(array) for array in data(spec))
    dims, batch = spec["dims"], spec["batch"]
    torch.manual_seed(0)
    linears = [torch.nn.Linear(n_inputs, n_neurons) for n_inputs, n_neurons in itertools.pairwise(dims)]
    parameters = [(linear.weight.detach(), linear.bias.detach()) for linear in linears]
    flat = [value for pair in parameters for value in pair]
    momentum, cache = ([torch.zeros_like(value) for value in flat] for _ in range(2))
    step_number = torch.zeros(())

    def loss_of(values: list[Any], inputs: Any, labels: Any) -> Any:
        for weights, biases in zip(values[:-2:2], values[1:-2:2], strict=True):
            inputs = torch.relu(torch.nn.functional.linear(inputs, weights, biases))
        return torch.nn.functional.cross_entropy(torch.nn.functional.linear(inputs, *values[-2:]), labels)

    @torch.compile
    def step(rows: Any) -> Any:
        gradients, loss = torch.func.grad_and_value(loss_of)(flat, X[rows], y[rows])
        step_number.add_(1)
        first, second = RATE / (1 - BETA_1**step_number), 1 / (1 - BETA_2**step_number)
        for value, m, c, gradient in zip(flat, momentum, cache, gradients, strict=True):
            m.mul_(BETA_1).add_(gradient, alpha=1 - BETA_1)
            c.mul_(BETA_2).addcmul_(gradient, gradient, value=1 - BETA_2)
            value.sub_(first * m / ((c * second).sqrt() + EPSILON))
        return loss

    @torch.no_grad()
    def turn(steps: int) -> dict[str, float]:
        begin = time.perf_counter()
        for _ in range(epochs_of(steps, spec)):
            order = torch.randperm(len(X))
            for start in range(0, len(X), batch):
                loss = step(order[start : start + batch])
        last = loss.item()
        return {"seconds": (time.perf_counter() - begin) / steps, "loss": last}

    return turn, f"PyTorch {torch.__version__}, torch.compile of the whole step"


def scikit_learn(spec: Spec) -> tuple[Turn, str]:
    """MLPClassifier.fit, warm-started so that neither compiling nor drawing weights is counted."""
    import sklearn
    from sklearn.neural_network import MLPClassifier

    X, y = data(spec)
    network = MLPClassifier(
        spec["dims"][1:-1], alpha=0.0, batch_size=spec["batch"], learning_rate_init=RATE, max_iter=1, tol=0.0,
        epsilon=EPSILON, n_iter_no_change=10**9, warm_start=True, random_state=0,
    )  # fmt: skip
    network.fit(X, y)

    def turn(steps: int) -> dict[str, float]:
        network.max_iter = epochs_of(steps, spec)
        begin = time.perf_counter()
        network.fit(X, y)
        seconds = time.perf_counter() - begin
        assert network.n_iter_ == network.max_iter
        return {"seconds": seconds / steps, "loss": float(network.loss_)}

    return turn, f"scikit-learn {sklearn.__version__}"


def matrix_products(spec: Spec) -> tuple[Turn, str]:
    """The products that no library can leave out: three a layer, two for the first, whose inputs need no gradient."""
    rng = np.random.default_rng(0)
    dims, batch = spec["dims"], spec["batch"]

    def draw(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, dtype=np.float32)

    work = [
        (draw(batch, n_inputs), draw(n_inputs, n_neurons), draw(batch, n_neurons))
        for n_inputs, n_neurons in itertools.pairwise(dims)
    ]

    def turn(steps: int) -> dict[str, float]:
        begin = time.perf_counter()
        for _ in range(steps):
            for inputs, weights, _ in work:
                inputs @ weights
            for inputs, weights, doutput in work[:0:-1]:
                inputs.T @ doutput
                doutput @ weights.T
            work[0][0].T @ work[0][2]
        return {"seconds": (time.perf_counter() - begin) / steps}

    return turn, f"NumPy {np.__version__}"


def book(spec: Spec) -> tuple[Turn, str]:
    """The book's shape of code: values by attribute, one optimiser call a layer, slots on the layers."""
    from book_shape import Adam, Dense, ReLU, SoftmaxCrossEntropy

    X, y = data(spec)
    dims, batch = spec["dims"], spec["batch"]
    denses = [Dense(n_inputs, n_neurons) for n_inputs, n_neurons in itertools.pairwise(dims)]
    chain: list[Any] = [layer for dense in denses for layer in (dense, ReLU())][:-1]
    last, optimizer = SoftmaxCrossEntropy(), Adam(RATE, EPSILON, BETA_1, BETA_2)
    rng = np.random.default_rng(0)

    def turn(steps: int) -> dict[str, float]:
        begin = time.perf_counter()
        for _ in range(epochs_of(steps, spec)):
            order = rng.permutation(len(X))
            for start in range(0, len(X), batch):
                rows = order[start : start + batch]
                outputs, labels = X[rows], y[rows]
                for layer in chain:
                    layer.forward(outputs)
                    outputs = layer.output
                loss = last.forward(outputs, labels)
                last.backward(last.output, labels)
                dvalues = last.dinputs
                for layer in reversed(chain):
                    layer.backward(dvalues)
                    dvalues = layer.dinputs
                optimizer.before()
                for layer in denses:
                    optimizer.update(layer)
                optimizer.after()
        assert math.isfinite(loss)
        return {"seconds": (time.perf_counter() - begin) / steps, "loss": float(loss)}

    return turn, f"NumPy {np.__version__}"


CONTENDERS = {
    "pellucid": pellucid,
    "pellucid, jax": pellucid_jax,
    "JAX by hand": jax_by_hand,
    "PyTorch": torch,
    "PyTorch compiled": torch_compiled,
    "scikit-learn": scikit_learn,
    "book's shape": book,
    "matrix products": matrix_products,
}
