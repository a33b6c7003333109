"""The rows that the tests run over: every layer, loss and optimiser, in every configuration that computes otherwise.

A row is plain data: how to make the thing and what to feed it. What must hold for every row is written once, in
`layer_checks`, `lasting_checks`, `loss_checks` and `optimizer_checks`; the tests beside PyTorch, JAX and the compiled
engine read the same rows. Whoever adds a layer adds a row here, and a test says so where it is forgotten.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid import initializers, schedules
from pellucid.layer import Layer
from pellucid.layers import (
    ELU,
    GELU,
    SELU,
    BatchNorm,
    Dense,
    Dropout,
    Flatten,
    GaussianNoise,
    HardSigmoid,
    LayerNorm,
    LeakyReLU,
    Linear,
    Mish,
    OrderedQuantiles,
    ReLU,
    Reshape,
    Residual,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Step,
    Tanh,
)  # fmt: skip
from pellucid.losses import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Huber,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
    Poisson,
    Quantile,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
)  # fmt: skip
from pellucid.optimizers import SGD, AdaGrad, Adam, AdamW, Optimizer, RMSprop
from pellucid.randomness import Draws

HALF_OF_FLOAT32 = float(np.finfo(np.float32).max) / 2  # the difference of two such numbers is still finite
SQUARE_ROOT = 1e15  # its square is finite in float32, also when a few are added up


# -- layers ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LayerCase:
    """One layer in one configuration. 5 values in and 3 out wherever it may choose, so that nothing is square."""

    name: str  # the class first, so that `pytest -k` finds it
    make: Callable[[], Layer]
    shape: tuple[int, ...] = (4, 5)  # of the inputs, batch first
    training: bool = False
    kinks: tuple[float, ...] = ()  # inputs where the slope jumps; the points of a test keep away from them
    differentiable: bool = True  # False: what goes back is a named substitute, not the derivative
    mixes_rows: bool = False  # True: a row's output depends on the rows beside it, as it must
    largest: float = HALF_OF_FLOAT32  # up to which inputs the outputs are finite in float32
    seed: int = 0

    def __str__(self) -> str:
        return self.name


def inputs(case: LayerCase, dtype: Any = np.float64) -> np.ndarray:
    """Inputs for a row: from -4 to 4, none of them within 0.1 of a kink."""
    x = np.random.default_rng(case.seed).uniform(-4.0, 4.0, case.shape)
    for kink in case.kinks:
        x = np.where(np.abs(x - kink) < 0.1, kink + 0.25, x)
    return x.astype(dtype)


def doutput(case: LayerCase, shape: tuple[int, ...], dtype: Any = np.float64) -> np.ndarray:
    """A gradient that arrives from above: every entry another one, none of them 1."""
    return np.random.default_rng(case.seed + 1).uniform(-2.0, 2.0, shape).astype(dtype)


def prepared(case: LayerCase, dtype: Any = np.float64) -> Layer:
    """The row's layer with random values, none near 0, set to train or to predict, each layer with its own draws."""
    rng = np.random.default_rng(case.seed + 2)
    layer = case.make()
    for number, (_, inner) in enumerate(layer.walk()):
        for name in inner.params:
            shape = getattr(inner, name).shape
            setattr(inner, name, (rng.uniform(0.3, 1.0, shape) * rng.choice([-1, 1], shape)).astype(dtype))
        for name in inner.state:
            setattr(inner, name, rng.uniform(0.5, 1.5, getattr(inner, name).shape).astype(dtype))
        inner.training, inner.draws = case.training, Draws(7, epoch=1, step=2).of(number)
    return layer


LAYERS = (
    LayerCase("Dense", lambda: Dense(5, 3), largest=SQUARE_ROOT),
    LayerCase("Dense, one neuron", lambda: Dense(5, 1), largest=SQUARE_ROOT),
    LayerCase("Dense, l1", lambda: Dense(5, 3, weight_l1=0.1, bias_l1=0.3), largest=SQUARE_ROOT),
    LayerCase("Dense, l2", lambda: Dense(5, 3, weight_l2=0.2, bias_l2=0.05), largest=SQUARE_ROOT),
    LayerCase(
        "Dense, l1 of weights, l2 of biases", lambda: Dense(5, 3, weight_l1=0.1, bias_l2=0.2), largest=SQUARE_ROOT
    ),
    LayerCase("Dense, initializer by name", lambda: Dense(5, 3, "he_normal"), largest=SQUARE_ROOT),
    LayerCase("Dense, initializer", lambda: Dense(5, 3, initializers.normal(std=0.1)), largest=SQUARE_ROOT),
    LayerCase("Step", lambda: Step(), kinks=(0.0,)),
    LayerCase("Step, straight through", lambda: Step("straight_through"), kinks=(0.0,), differentiable=False),
    LayerCase("Step, clipped", lambda: Step("clipped"), kinks=(0.0,), differentiable=False),
    LayerCase("Linear", lambda: Linear()),
    LayerCase("Sigmoid", lambda: Sigmoid()),
    LayerCase("HardSigmoid", lambda: HardSigmoid(), kinks=(-3.0, 3.0)),
    LayerCase("Tanh", lambda: Tanh()),
    LayerCase("ReLU", lambda: ReLU(), kinks=(0.0,)),
    LayerCase("ReLU, of images", lambda: ReLU(), shape=(2, 3, 2, 2), kinks=(0.0,)),
    LayerCase("LeakyReLU", lambda: LeakyReLU(), kinks=(0.0,)),
    LayerCase("LeakyReLU, slope", lambda: LeakyReLU(slope=0.2), kinks=(0.0,)),
    LayerCase("ELU", lambda: ELU(), kinks=(0.0,)),
    LayerCase("ELU, alpha", lambda: ELU(alpha=0.5), kinks=(0.0,)),
    LayerCase("SELU", lambda: SELU(), kinks=(0.0,)),
    LayerCase("GELU", lambda: GELU()),
    LayerCase("SiLU", lambda: SiLU()),
    LayerCase("Mish", lambda: Mish()),
    LayerCase("Softplus", lambda: Softplus()),
    LayerCase("Softmax", lambda: Softmax()),
    LayerCase("Softmax, of sequences", lambda: Softmax(), shape=(2, 3, 5)),
    LayerCase("Dropout, predicting", lambda: Dropout(0.4)),
    LayerCase("Dropout, training", lambda: Dropout(0.4), training=True),
    LayerCase("Dropout, training, of nothing", lambda: Dropout(0.0), training=True),
    LayerCase("GaussianNoise, predicting", lambda: GaussianNoise(0.3)),
    LayerCase("GaussianNoise, training", lambda: GaussianNoise(0.3), training=True),
    LayerCase("BatchNorm, predicting", lambda: BatchNorm(5), largest=SQUARE_ROOT),
    LayerCase("BatchNorm, training", lambda: BatchNorm(5), training=True, mixes_rows=True, largest=SQUARE_ROOT),
    LayerCase(
        "BatchNorm, training, of sequences",
        lambda: BatchNorm(5, momentum=0.7, epsilon=1e-3),
        shape=(2, 3, 5),
        training=True,
        mixes_rows=True,
        largest=SQUARE_ROOT,
    ),
    LayerCase("LayerNorm", lambda: LayerNorm(5), largest=SQUARE_ROOT),
    LayerCase("LayerNorm, of sequences", lambda: LayerNorm(5, epsilon=1e-3), shape=(2, 3, 5), largest=SQUARE_ROOT),
    LayerCase("OrderedQuantiles", lambda: OrderedQuantiles(5), largest=HALF_OF_FLOAT32 / 4),
    LayerCase(
        "OrderedQuantiles, of two targets", lambda: OrderedQuantiles(), shape=(4, 6), largest=HALF_OF_FLOAT32 / 2
    ),
    LayerCase(
        "OrderedQuantiles, an even number, of sequences",
        lambda: OrderedQuantiles(4),
        shape=(2, 3, 4),
        largest=HALF_OF_FLOAT32 / 4,
    ),
    LayerCase("OrderedQuantiles, one", lambda: OrderedQuantiles(1)),
    LayerCase("Flatten", lambda: Flatten(), shape=(2, 3, 5)),
    LayerCase("Reshape", lambda: Reshape((5, 2)), shape=(3, 2, 5)),
    LayerCase("Residual", lambda: Residual(Dense(5, 5), Tanh()), largest=SQUARE_ROOT),
    LayerCase(
        "Residual, through a bottleneck", lambda: Residual(Dense(5, 3), ReLU(), Dense(3, 5)), largest=SQUARE_ROOT
    ),
    LayerCase(
        "Sequential", lambda: Sequential(Dense(5, 4, weight_l2=0.1), Sigmoid(), Dense(4, 3)), largest=SQUARE_ROOT
    ),
    LayerCase(
        "Sequential, nested, training",
        lambda: Sequential(
            Sequential(Dense(5, 4, bias_l1=0.1), BatchNorm(4), LeakyReLU(0.1)),
            Residual(LayerNorm(4), Dense(4, 4, weight_l2=0.1), Dropout(0.3)),
            GaussianNoise(0.1),
            Dense(4, 3),
            Softmax(),
        ),
        training=True,
        mixes_rows=True,
        largest=1e6,
        seed=3,
    ),
    LayerCase(
        "Sequential, nested, predicting",
        lambda: Sequential(Sequential(Dense(5, 4), BatchNorm(4), Mish()), Dropout(0.3), Dense(4, 3), Softmax()),
        largest=SQUARE_ROOT,
    ),
)


# -- losses ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LossCase:
    """One loss in one configuration, over 4 samples of 3 outputs."""

    name: str
    make: Callable[[], Loss]
    outputs: str  # what the network returns: "probabilities" (rows add up to 1), "chances" (each its own), "numbers"
    targets: str  # "labels", "one-hot", "shares" (rows add up to 1), "yes or no", "chances", "numbers", "one number"
    last: Callable[[], Layer] = Linear  # the layer before it in a whole network
    largest: float = HALF_OF_FLOAT32 / 8  # up to which outputs the loss is finite in float32
    seed: int = 0

    def __str__(self) -> str:
        return self.name


def loss_outputs(case: LossCase, dtype: Any = np.float64) -> np.ndarray:
    """Outputs (4, 3) for a row, none of them near a kink or a limit."""
    rng = np.random.default_rng(case.seed)
    drawn = rng.uniform(0.2, 1.0, (4, 3))
    if case.outputs == "probabilities":
        drawn = drawn / drawn.sum(axis=1, keepdims=True)
    elif case.outputs == "chances":
        drawn = 0.05 + 0.9 * (drawn - 0.2) / 0.8
    else:
        drawn = rng.uniform(-3.0, 3.0, (4, 3))
    return drawn.astype(dtype)


def loss_targets(case: LossCase, dtype: Any = np.float64) -> np.ndarray:
    """Targets for a row: int64 labels (4,), or (4, 3) of `dtype`."""
    rng = np.random.default_rng(case.seed + 1)
    labels = np.array([2, 0, 1, 2])
    if case.targets == "labels":
        return labels
    if case.targets == "one-hot":
        return np.eye(3, dtype=dtype)[labels]
    if case.targets == "yes or no":
        return rng.integers(0, 2, (4, 3)).astype(dtype)
    if case.targets == "one number":
        return rng.uniform(-3.0, 3.0, (4, 1)).astype(dtype)
    drawn = rng.uniform(0.1, 1.0, (4, 3)) if case.targets != "numbers" else rng.uniform(-3.0, 3.0, (4, 3))
    return (drawn / drawn.sum(axis=1, keepdims=True) if case.targets == "shares" else drawn).astype(dtype)


WEIGHTED = (1.0, 0.5, 3.0)
LOSSES = (
    LossCase("CategoricalCrossEntropy", CategoricalCrossEntropy, "probabilities", "labels", Softmax),
    LossCase("CategoricalCrossEntropy, one-hot", CategoricalCrossEntropy, "probabilities", "one-hot", Softmax),
    LossCase("CategoricalCrossEntropy, shares", CategoricalCrossEntropy, "probabilities", "shares", Softmax),
    LossCase("CategoricalCrossEntropy, class weights",
             lambda: CategoricalCrossEntropy(class_weights=WEIGHTED), "probabilities", "labels", Softmax),
    LossCase("CategoricalCrossEntropy, class weights, one-hot",
             lambda: CategoricalCrossEntropy(class_weights=WEIGHTED), "probabilities", "one-hot", Softmax),
    LossCase("CategoricalCrossEntropy, label smoothing",
             lambda: CategoricalCrossEntropy(label_smoothing=0.1), "probabilities", "labels", Softmax),
    LossCase("CategoricalCrossEntropy, not fused",
             CategoricalCrossEntropy, "probabilities", "labels", lambda: Sequential(Softmax())),
    LossCase("SoftmaxCrossEntropy", SoftmaxCrossEntropy, "numbers", "labels"),
    LossCase("SoftmaxCrossEntropy, one-hot", SoftmaxCrossEntropy, "numbers", "one-hot"),
    LossCase("SoftmaxCrossEntropy, class weights, label smoothing",
             lambda: SoftmaxCrossEntropy(class_weights=WEIGHTED, label_smoothing=0.2), "numbers", "labels"),
    LossCase("BinaryCrossEntropy", BinaryCrossEntropy, "chances", "yes or no", Sigmoid),
    LossCase("BinaryCrossEntropy, chances", BinaryCrossEntropy, "chances", "chances", Sigmoid),
    LossCase("BinaryCrossEntropy, not fused",
             BinaryCrossEntropy, "chances", "yes or no", lambda: Sequential(Sigmoid())),
    LossCase("SigmoidCrossEntropy", SigmoidCrossEntropy, "numbers", "yes or no"),
    LossCase("SigmoidCrossEntropy, chances", SigmoidCrossEntropy, "numbers", "chances"),
    LossCase("MeanSquaredError", MeanSquaredError, "numbers", "numbers", largest=SQUARE_ROOT),
    LossCase("MeanAbsoluteError", MeanAbsoluteError, "numbers", "numbers"),
    LossCase("Huber", Huber, "numbers", "numbers"),
    LossCase("Huber, delta", lambda: Huber(delta=2.5), "numbers", "numbers"),
    LossCase("Poisson", Poisson, "numbers", "yes or no", largest=80.0),
    LossCase("Poisson, of no whole numbers", Poisson, "numbers", "chances", largest=80.0),
    LossCase("Quantile, of three targets", lambda: Quantile((0.3,)), "numbers", "numbers"),
    LossCase("Quantile", Quantile, "numbers", "one number"),
    LossCase("Quantile, of three targets, ordered", lambda: Quantile((0.3,)), "numbers", "numbers", lambda: OrderedQuantiles(1)),
    LossCase("Quantile, ordered", lambda: Quantile((0.1, 0.3, 0.9)), "numbers", "one number", OrderedQuantiles),
)  # fmt: skip


# -- optimisers --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OptimizerCase:
    """One optimiser in one configuration."""

    name: str
    make: Callable[[], Optimizer]

    def __str__(self) -> str:
        return self.name


OPTIMIZERS = (
    OptimizerCase("SGD", lambda: SGD(0.1)),
    OptimizerCase("SGD, momentum", lambda: SGD(0.1, momentum=0.9)),
    OptimizerCase("SGD, nesterov", lambda: SGD(0.1, momentum=0.8, nesterov=True)),
    OptimizerCase("SGD, momentum, schedule", lambda: SGD(schedules.InverseTime(0.1, decay=0.05), momentum=0.5)),
    OptimizerCase("SGD, clip_value", lambda: SGD(0.1, clip_value=0.3)),
    OptimizerCase("SGD, clip_norm", lambda: SGD(0.1, clip_norm=0.2)),
    OptimizerCase("AdaGrad", lambda: AdaGrad(0.1)),
    OptimizerCase("AdaGrad, schedule", lambda: AdaGrad(schedules.StepDecay(0.1, every=3), epsilon=1e-3)),
    OptimizerCase("RMSprop", lambda: RMSprop(0.01)),
    OptimizerCase("RMSprop, rho", lambda: RMSprop(0.01, rho=0.5, epsilon=1e-4)),
    OptimizerCase("Adam", lambda: Adam(0.01)),
    OptimizerCase("Adam, betas", lambda: Adam(0.01, beta_1=0.7, beta_2=0.9, epsilon=1e-3)),
    OptimizerCase("Adam, schedule", lambda: Adam(schedules.Cosine(0.01, steps=30))),
    OptimizerCase("Adam, both clips", lambda: Adam(0.01, clip_value=0.5, clip_norm=0.7)),
    OptimizerCase("AdamW", lambda: AdamW(0.01)),
    OptimizerCase("AdamW, weight_decay", lambda: AdamW(schedules.WarmUp(0.01, steps=4), weight_decay=0.3)),
)
