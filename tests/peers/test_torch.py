"""Against PyTorch, in float64: a hundred steps on each loss and with each optimiser; the schedules."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import layers, losses, optimizers, schedules
from pellucid.layers import Dense, OrderedQuantiles, Sigmoid, Softmax, Tanh

torch = pytest.importorskip("torch")
functional = torch.nn.functional
RTOL = 1e-9
STEPS = 100


def tensor(array: np.ndarray, grad: bool = False) -> Any:
    return torch.tensor(np.asarray(array), dtype=torch.float64, requires_grad=grad)


# -- losses: 100 steps of gradient descent on the same small network ---------------------------------------------------

LABELS = np.arange(20) % 3
NUMBERS = np.random.default_rng(2).standard_normal((20, 3))
ANSWERS = (NUMBERS > 0).astype(float)
COUNTS = np.floor(np.abs(3 * NUMBERS))
INPUTS = np.random.default_rng(3).standard_normal((20, 5))
CLASS_WEIGHTS = (1.0, 0.5, 3.0)


def labels(_: Any = None) -> Any:
    return torch.tensor(LABELS)


def entropy(counts: Any) -> Any:
    """What the deviance has beyond the likelihood: it makes a perfect prediction's loss 0."""
    return (torch.xlogy(counts, counts) - counts).mean()


LEVELS = (0.1, 0.5, 0.9)


def pinball(error: Any) -> Any:
    return torch.maximum((1 - tensor(LEVELS)) * error, -tensor(LEVELS) * error).mean()


def ordered(z: Any) -> Any:
    """The middle one of three, and a step down and up from it."""
    low, middle, high = z.split(1, dim=1)
    return torch.cat([middle - functional.softplus(low), middle, middle + functional.softplus(high)], dim=1)


LOSSES: list[tuple[Any, Any, np.ndarray, Callable[[Any], Any]]] = [
    (losses.CategoricalCrossEntropy(), Softmax(), LABELS, lambda z: functional.cross_entropy(z, labels())),
    (losses.CategoricalCrossEntropy(), Softmax(), np.eye(3)[LABELS], lambda z: functional.cross_entropy(z, labels())),
    (losses.CategoricalCrossEntropy(CLASS_WEIGHTS), Softmax(), LABELS,
     lambda z: functional.cross_entropy(z, labels(), weight=tensor(np.array(CLASS_WEIGHTS)))),
    (losses.CategoricalCrossEntropy(label_smoothing=0.1), Softmax(), LABELS,
     lambda z: functional.cross_entropy(z, labels(), label_smoothing=0.1)),
    (losses.CategoricalCrossEntropy(), layers.Sequential(Softmax()), LABELS,
     lambda z: functional.nll_loss(torch.log(torch.softmax(z, 1)), labels())),
    (losses.SoftmaxCrossEntropy(), layers.Linear(), LABELS, lambda z: functional.cross_entropy(z, labels())),
    (losses.BinaryCrossEntropy(), Sigmoid(), ANSWERS,
     lambda z: functional.binary_cross_entropy_with_logits(z, tensor(ANSWERS))),
    (losses.BinaryCrossEntropy(), layers.Sequential(Sigmoid()), ANSWERS,
     lambda z: functional.binary_cross_entropy(torch.sigmoid(z), tensor(ANSWERS))),
    (losses.SigmoidCrossEntropy(), layers.Linear(), ANSWERS,
     lambda z: functional.binary_cross_entropy_with_logits(z, tensor(ANSWERS))),
    (losses.MeanSquaredError(), layers.Linear(), NUMBERS, lambda z: functional.mse_loss(z, tensor(NUMBERS))),
    (losses.MeanAbsoluteError(), layers.Linear(), NUMBERS, lambda z: functional.l1_loss(z, tensor(NUMBERS))),
    (losses.Huber(0.7), layers.Linear(), NUMBERS, lambda z: functional.huber_loss(z, tensor(NUMBERS), delta=0.7)),
    (losses.Poisson(), layers.Linear(), COUNTS,
     lambda z: functional.poisson_nll_loss(z, tensor(COUNTS)) + entropy(tensor(COUNTS))),
    (losses.Quantile(LEVELS), layers.Linear(), NUMBERS[:, :1], lambda z: pinball(z - tensor(NUMBERS[:, :1]))),
    (losses.Quantile(LEVELS), OrderedQuantiles(), NUMBERS[:, :1],
     lambda z: pinball(ordered(z) - tensor(NUMBERS[:, :1]))),
]  # fmt: skip


def both_networks(last: Any, loss: Any, optimizer: Any) -> tuple[pellucid.Model, Any]:
    """The same network, 5-4-3 with tanh and the same first weights, here and there."""
    model = pellucid.Model(Dense(5, 4), Tanh(), Dense(4, 3), last, loss=loss, optimizer=optimizer, dtype="float64")
    there = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.Tanh(), torch.nn.Linear(4, 3)).double()
    for number in (0, 2):
        there[number].weight.data = tensor(model.layers[number].weights.T)
        there[number].bias.data = tensor(model.layers[number].biases)
    return model, there


def train_there(
    there: Any, optimizer: Any, loss: Callable[[Any], Any], scheduler: Any = None, clip: Any = None
) -> list[float]:
    """The loss before each of the 100 steps."""
    seen = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        value = loss(there(tensor(INPUTS)))
        value.backward()
        if clip is not None:
            clip(there.parameters())
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        seen.append(value.item())
    return seen


def assert_same_run(model: pellucid.Model, there: Any, history: list[float], seen: list[float]) -> None:
    np.testing.assert_allclose(history, seen, rtol=RTOL)
    for number in (0, 2):
        np.testing.assert_allclose(model.layers[number].weights, there[number].weight.detach().T, rtol=RTOL, atol=1e-9)
        np.testing.assert_allclose(model.layers[number].biases, there[number].bias.detach(), rtol=RTOL, atol=1e-9)


@pytest.mark.parametrize("number", range(len(LOSSES)), ids=[f"{loss!r}, {last!r}" for loss, last, *_ in LOSSES])
@pytest.mark.filterwarnings("ignore:.*expects probabilities")
def test_a_hundred_steps_on_each_loss(number):
    loss, last, targets, peer = LOSSES[number]
    model, there = both_networks(last, loss, optimizers.SGD(0.2))
    history = model.fit(INPUTS, targets, epochs=STEPS, progress=False)["loss"]
    assert_same_run(model, there, history, train_there(there, torch.optim.SGD(there.parameters(), 0.2), peer))


def test_a_hundred_steps_with_weighted_samples():
    model, there = both_networks(Softmax(), losses.CategoricalCrossEntropy(), optimizers.SGD(0.2))
    weights = np.linspace(0.0, 2.0, 20)
    history = model.fit(INPUTS, LABELS, epochs=STEPS, sample_weight=weights, progress=False)["loss"]

    def weighted(z: Any) -> Any:
        return (functional.cross_entropy(z, labels(), reduction="none") * tensor(weights)).sum() / weights.sum()

    assert_same_run(model, there, history, train_there(there, torch.optim.SGD(there.parameters(), 0.2), weighted))


def test_a_hundred_steps_with_a_penalty():
    model = pellucid.Model(
        Dense(5, 4, weight_l2=0.01, bias_l1=0.02), Tanh(), Dense(4, 3),
        loss=losses.MeanSquaredError(), optimizer=optimizers.SGD(0.2), dtype="float64",
    )  # fmt: skip
    _, there = both_networks(layers.Linear(), losses.MeanSquaredError(), optimizers.SGD(0.2))
    for number in (0, 2):
        there[number].weight.data = tensor(model.layers[number].weights.T)
    there[0].bias.data = tensor(np.linspace(0.5, 1.0, 4))
    model.layers[0].biases = np.linspace(0.5, 1.0, 4)

    def penalized(z: Any) -> Any:
        squares, sizes = (there[0].weight ** 2).sum(), there[0].bias.abs().sum()
        return functional.mse_loss(z, tensor(NUMBERS)) + 0.01 * squares + 0.02 * sizes

    history = model.fit(INPUTS, NUMBERS, epochs=STEPS, progress=False)["loss"]
    assert_same_run(model, there, history, train_there(there, torch.optim.SGD(there.parameters(), 0.2), penalized))


# -- optimisers --------------------------------------------------------------------------------------------------------

OPTIMIZERS = [
    (optimizers.SGD(0.1), lambda p: torch.optim.SGD(p, 0.1)),
    (optimizers.SGD(0.1, momentum=0.9), lambda p: torch.optim.SGD(p, 0.1, momentum=0.9)),
    (optimizers.SGD(0.1, momentum=0.8, nesterov=True), lambda p: torch.optim.SGD(p, 0.1, momentum=0.8, nesterov=True)),
    (optimizers.AdaGrad(0.1), lambda p: torch.optim.Adagrad(p, 0.1, eps=1e-7)),
    (optimizers.RMSprop(0.003), lambda p: torch.optim.RMSprop(p, 0.003, alpha=0.9, eps=1e-7)),
    (optimizers.RMSprop(0.01, rho=0.99), lambda p: torch.optim.RMSprop(p, 0.01, alpha=0.99, eps=1e-7)),
    (optimizers.Adam(0.02), lambda p: torch.optim.Adam(p, 0.02, eps=1e-7)),
    (optimizers.Adam(0.02, 0.8, 0.95, 1e-3), lambda p: torch.optim.Adam(p, 0.02, (0.8, 0.95), 1e-3)),
    (optimizers.AdamW(0.02), lambda p: torch.optim.AdamW(p, 0.02, eps=1e-7, weight_decay=0.01)),
    (optimizers.AdamW(0.02, weight_decay=0.3), lambda p: torch.optim.AdamW(p, 0.02, eps=1e-7, weight_decay=0.3)),
]


@pytest.mark.parametrize("number", range(len(OPTIMIZERS)), ids=[repr(optimizer) for optimizer, _ in OPTIMIZERS])
def test_a_hundred_steps_of_each_optimiser(number):
    optimizer, peer = OPTIMIZERS[number]
    model, there = both_networks(layers.Linear(), losses.MeanSquaredError(), optimizer)
    history = model.fit(INPUTS, NUMBERS, epochs=STEPS, progress=False)["loss"]
    seen = train_there(there, peer(there.parameters()), lambda z: functional.mse_loss(z, tensor(NUMBERS)))
    assert_same_run(model, there, history, seen)


def clip_norm(parameters: Any) -> None:
    """As `clip_grad_norm_`, without the 1e-6 that it adds to the length."""
    gradients = [parameter.grad for parameter in parameters]
    length = torch.nn.utils.get_total_norm(gradients)
    for gradient in gradients:
        gradient *= min(1.0, 0.1 / length.item())


CLIPS = [
    ({"clip_norm": 0.1}, clip_norm),
    ({"clip_value": 0.02}, lambda parameters: torch.nn.utils.clip_grad_value_(parameters, 0.02)),
]


@pytest.mark.parametrize("limit, clip", CLIPS, ids=["norm", "value"])
def test_a_hundred_steps_with_clipping(limit, clip):
    model, there = both_networks(layers.Linear(), losses.MeanSquaredError(), optimizers.SGD(0.5, momentum=0.5, **limit))
    history = model.fit(INPUTS, NUMBERS, epochs=STEPS, progress=False)["loss"]
    peer = torch.optim.SGD(there.parameters(), 0.5, momentum=0.5)
    seen = train_there(there, peer, lambda z: functional.mse_loss(z, tensor(NUMBERS)), clip=clip)
    assert_same_run(model, there, history, seen)


# -- schedules ---------------------------------------------------------------------------------------------------------

rates = torch.optim.lr_scheduler
SCHEDULES = [
    (schedules.StepDecay(0.1, every=7, factor=0.3), lambda o: rates.StepLR(o, 7, 0.3)),
    (schedules.Exponential(0.1, factor=0.97), lambda o: rates.ExponentialLR(o, 0.97)),
    (schedules.Cosine(0.1, steps=STEPS, final=0.01), lambda o: rates.CosineAnnealingLR(o, STEPS, 0.01)),
    # PyTorch counts the steps from 1 to the last, and gives the end relative to the start (peak / 25).
    (schedules.OneCycle(0.1, steps=STEPS - 1, warm=(0.3 * STEPS - 1) / (STEPS - 1)),
     lambda o: rates.OneCycleLR(o, 0.1, total_steps=STEPS, cycle_momentum=False, final_div_factor=400)),
    (schedules.WarmUp(0.1, steps=9), lambda o: rates.LinearLR(o, start_factor=0.1, total_iters=9)),
    (schedules.InverseTime(0.1, decay=0.03), lambda o: rates.LambdaLR(o, lambda step: 1 / (1 + 0.03 * step))),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(SCHEDULES)), ids=[repr(schedule) for schedule, _ in SCHEDULES])
def test_schedules(number):
    schedule, peer = SCHEDULES[number]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.1)
    scheduler = peer(optimizer)
    for step in range(STEPS):
        assert float(schedule(step)) == pytest.approx(scheduler.get_last_lr()[0], rel=1e-9, abs=1e-14), step
        optimizer.step()
        if step < STEPS - 1:
            scheduler.step()


def test_plateau():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.1)
    scheduler = rates.ReduceLROnPlateau(optimizer, factor=0.5, patience=3, threshold=1e-3, min_lr=0.004)
    plateau = schedules.Plateau(0.1, factor=0.5, patience=3, threshold=1e-3, lowest=0.004)
    rng = np.random.default_rng(0)
    for epoch in range(STEPS):
        loss = 3.0 * math.exp(-epoch / 15) + 0.02 * rng.standard_normal() + 1.0
        scheduler.step(loss)
        plateau.watch(loss)
        assert float(plateau(0)) == pytest.approx(scheduler.get_last_lr()[0], rel=1e-12), epoch
    assert float(plateau(0)) < 0.1


def test_a_hundred_steps_under_a_schedule():
    model, there = both_networks(
        layers.Linear(), losses.MeanSquaredError(), optimizers.Adam(schedules.Cosine(0.05, STEPS))
    )
    history = model.fit(INPUTS, NUMBERS, epochs=STEPS, progress=False)["loss"]
    peer = torch.optim.Adam(there.parameters(), 0.05, eps=1e-7)
    scheduler = rates.CosineAnnealingLR(peer, STEPS)
    seen = train_there(there, peer, lambda z: functional.mse_loss(z, tensor(NUMBERS)), scheduler)
    assert_same_run(model, there, history, seen)
