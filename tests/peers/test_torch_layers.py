"""Layers against PyTorch's, in float64: activations, dense, normalisation; values and gradients."""

from typing import Any

import numpy as np
import pytest

from pellucid import layers
from pellucid.layers import BatchNorm, Dense, LayerNorm

torch = pytest.importorskip("torch")
functional = torch.nn.functional


def tensor(array: np.ndarray, grad: bool = False) -> Any:
    return torch.tensor(np.asarray(array), dtype=torch.float64, requires_grad=grad)


ACTIVATIONS = [
    (layers.Sigmoid(), torch.sigmoid),
    (layers.HardSigmoid(), functional.hardsigmoid),
    (layers.Tanh(), torch.tanh),
    (layers.ReLU(), functional.relu),
    (layers.LeakyReLU(0.2), lambda x: functional.leaky_relu(x, 0.2)),
    (layers.ELU(0.7), lambda x: functional.elu(x, 0.7)),
    (layers.SELU(), functional.selu),
    (layers.GELU(), lambda x: functional.gelu(x, approximate="tanh")),
    (layers.SiLU(), functional.silu),
    (layers.Mish(), functional.mish),
    (layers.Softplus(), functional.softplus),
    (layers.Softmax(), lambda x: functional.softmax(x, dim=-1)),
    (layers.Linear(), lambda x: x * 1.0),
]


@pytest.mark.parametrize("layer, peer", ACTIVATIONS, ids=[repr(layer) for layer, _ in ACTIVATIONS])
def test_activations_and_their_gradients(layer, peer):
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-5, 5, (40, 5)), [[-50.0, -20.0, 0.25, 20.0, 50.0]]])
    dy = rng.standard_normal(x.shape)
    there = tensor(x, grad=True)
    output = peer(there)
    output.backward(tensor(dy))
    np.testing.assert_allclose(layer.forward(x), output.detach(), rtol=1e-8, atol=1e-12)  # softplus is exact here
    np.testing.assert_allclose(layer.backward(dy), there.grad, rtol=1e-7, atol=1e-8)


def test_dense():
    dense, peer = Dense(5, 3), torch.nn.Linear(5, 3, dtype=torch.float64)
    dense.weights, dense.biases = peer.weight.detach().numpy().T, peer.bias.detach().numpy()
    x, dy = np.random.default_rng(0).standard_normal((2, 4, 5))
    there = tensor(x, grad=True)
    output = peer(there)
    output.backward(tensor(dy[:, :3]))
    np.testing.assert_allclose(dense.forward(x), output.detach(), rtol=1e-12)
    np.testing.assert_allclose(dense.backward(dy[:, :3]), there.grad, rtol=1e-12)
    np.testing.assert_allclose(dense.dweights, peer.weight.grad.T, rtol=1e-12)
    np.testing.assert_allclose(dense.dbiases, peer.bias.grad, rtol=1e-12)


def test_batch_norm_in_training_and_in_prediction():
    """Its momentum is one minus PyTorch's, and its running variance divides by N where PyTorch's divides by N - 1."""
    rows, rng = 16, np.random.default_rng(0)
    norm, peer = BatchNorm(5, momentum=0.8), torch.nn.BatchNorm1d(5, momentum=0.2, dtype=torch.float64)
    norm.gamma, norm.beta = rng.uniform(0.5, 2, 5), rng.standard_normal(5)
    norm.running_mean, norm.running_variance = np.zeros(5), np.ones(5)
    peer.weight.data, peer.bias.data = tensor(norm.gamma), tensor(norm.beta)
    norm.training, varied = True, 0.0
    for step in range(10):
        x, dy = rng.normal(2.0, 3.0, (2, rows, 5))
        there = tensor(x, grad=True)
        peer.zero_grad()
        output = peer(there)
        output.backward(tensor(dy))
        np.testing.assert_allclose(norm.forward(x), output.detach(), rtol=1e-10)
        np.testing.assert_allclose(norm.backward(dy), there.grad, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(norm.dgamma, peer.weight.grad, rtol=1e-10)
        np.testing.assert_allclose(norm.dbeta, peer.bias.grad, rtol=1e-10)
        np.testing.assert_allclose(norm.running_mean, peer.running_mean, rtol=1e-12)
        start = 0.8 ** (step + 1)  # what is left of the ones that both began with
        varied = (peer.running_var.numpy() - start) * (rows - 1) / rows + start
        np.testing.assert_allclose(norm.running_variance, varied, rtol=1e-12)
    norm.training = False
    peer.eval()
    peer.running_var = tensor(norm.running_variance)
    there = tensor(x, grad=True)
    output = peer(there)
    output.backward(tensor(dy))
    np.testing.assert_allclose(norm.forward(x), output.detach(), rtol=1e-12)
    np.testing.assert_allclose(norm.backward(dy), there.grad, rtol=1e-12)


def test_layer_norm():
    rng = np.random.default_rng(0)
    norm, peer = LayerNorm(5), torch.nn.LayerNorm(5, dtype=torch.float64)
    norm.gamma, norm.beta = rng.uniform(0.5, 2, 5), rng.standard_normal(5)
    peer.weight.data, peer.bias.data = tensor(norm.gamma), tensor(norm.beta)
    x, dy = rng.standard_normal((2, 4, 3, 5))
    there = tensor(x, grad=True)
    output = peer(there)
    output.backward(tensor(dy))
    np.testing.assert_allclose(norm.forward(x), output.detach(), rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(norm.backward(dy), there.grad, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(norm.dgamma, peer.weight.grad, rtol=1e-10)
