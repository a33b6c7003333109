"""Whatever `fit` can do, it does compiled as it does on NumPy: the same epochs, the same figures, the same decisions."""

import copy
import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import schedules
from pellucid.errors import NonFiniteError
from pellucid.layer import Layer
from pellucid.layers import BatchNorm, Dense, Dropout, Flatten, GaussianNoise, ReLU, Residual, Sigmoid, Softmax, Tanh
from pellucid.losses import BinaryCrossEntropy, CategoricalCrossEntropy, Huber, MeanSquaredError
from pellucid.network import working_copy
from pellucid.optimizers import SGD, Adam, AdamW, RMSprop
from pellucid.randomness import Draws
from twins import X, Y, apart, both, chunks_of, digest, rich, run, small

WEIGHTS = np.random.default_rng(1).uniform(0.1, 2.0, len(X))
NEW = X[::3] + 0.05, Y[::3]
EXAMPLES = Path(pellucid.__file__).parents[2] / "examples"


def alike(make: Any, *data: Any, tolerance: float = 1e-12, **fit: Any) -> pellucid.Model:
    """Values and every figure of every epoch agree; the compiled model."""
    on_numpy, compiled = both(make, *data, **fit)
    assert apart(compiled.values(), on_numpy.values()) <= tolerance
    ours, theirs = compiled.history, on_numpy.history
    assert ours.names == theirs.names and len(ours) == len(theirs) and ours.stopped == theirs.stopped
    assert ours.best_epoch == theirs.best_epoch
    for name in ours.names:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-9, atol=1e-12, err_msg=name)
    return compiled


def precise(optimizer: Any = None, loss: Any = None, **settings: Any) -> pellucid.Model:
    layers = Dense(2, 8, weight_l2=1e-3), Tanh(), BatchNorm(8), Dropout(0.2), Dense(8, 3), Softmax()
    loss = loss or CategoricalCrossEntropy()
    return pellucid.Model(
        *layers, loss=loss, optimizer=optimizer or SGD(0.1, momentum=0.9), dtype="float64", **settings
    )


# -- figures and decisions ---------------------------------------------------------------------------------------------


def worst(outputs: np.ndarray, targets: np.ndarray) -> float:
    """A metric of a user's: it sees the outputs of an epoch beside the targets in the same order."""
    return float(outputs[np.arange(len(targets)), targets].min())


FITS = {
    "all rows at once": {},
    "mini-batches": {"batch_size": 40},
    "a short last batch": {"batch_size": 32},
    "a last batch of one row": {"batch_size": 119},
    "not shuffled": {"batch_size": 40, "shuffle": False},
    "sample weights": {"batch_size": 40, "sample_weight": WEIGHTS},
    "validation data": {"batch_size": 40, "validation_data": NEW},
    "a validation fraction": {"batch_size": 32, "validation_fraction": 0.25, "sample_weight": WEIGHTS},
}


@pytest.mark.parametrize("fit", FITS.values(), ids=FITS.keys())
def test_ways_to_fit(fit):
    alike(lambda: precise(metrics=["accuracy", worst]), X, Y, epochs=6, **fit)


MODELS = {
    "class weights": lambda: precise(loss=CategoricalCrossEntropy(class_weights=(1.0, 0.2, 3.0))),
    "label smoothing": lambda: precise(loss=CategoricalCrossEntropy(label_smoothing=0.1)),
    "no metrics": lambda: precise(metrics=[]),
    "a limit on every entry": lambda: precise(SGD(0.1, momentum=0.9, clip_value=0.01)),
    "a limit on the length": lambda: precise(RMSprop(0.01, clip_norm=0.05)),
    "a schedule": lambda: precise(Adam(schedules.WarmUp(schedules.Cosine(0.01, steps=20), steps=5))),
    "a function of the step": lambda: precise(AdamW(lambda step: 0.01 / (1 + step))),
    "a schedule that watches": lambda: precise(SGD(schedules.Plateau(0.3, patience=1, factor=0.2))),
    "a big seed": lambda: precise(seed=2**40),
    "the biggest seed": lambda: precise(seed=2**64 - 1),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())
def test_models(make):
    alike(make, X, Y, epochs=8, batch_size=40, validation_data=NEW)


def test_a_plateau_cuts_the_rate_at_the_same_epoch():
    compiled = alike(MODELS["a schedule that watches"], X, Y, epochs=30, batch_size=32)
    assert len(set(compiled.history["learning_rate"])) > 2


def test_penalties_of_every_kind():
    def make():
        layers = Dense(2, 6, weight_l1=0.01, bias_l1=0.02), Tanh(), Dense(6, 3, weight_l2=0.02, bias_l2=0.03), Softmax()
        return pellucid.Model(*layers, loss=CategoricalCrossEntropy(), optimizer=SGD(0.1), dtype="float64")

    alike(make, X, Y, epochs=8, batch_size=32)


def test_regression_of_many_outputs_and_of_whole_numbers():
    targets = np.stack([X[:, 0] * X[:, 1], X[:, 0], X.sum(axis=1), X[:, 1] ** 2], axis=1)

    def make(loss, outputs=4):
        layers = Dense(2, 8), Tanh(), Dense(8, outputs)
        return lambda: pellucid.Model(*copy.deepcopy(layers), loss=loss, optimizer=SGD(0.1), dtype="float64")

    alike(make(MeanSquaredError()), X, targets, epochs=5, batch_size=32)
    alike(make(Huber(0.3)), X, targets, epochs=5, batch_size=32)
    alike(make(MeanSquaredError(), 1), X, Y[:, None].astype(np.uint8), epochs=5, batch_size=32)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64, bool, float])
def test_labels_of_every_type(dtype):
    def make():
        return pellucid.Model(
            Dense(2, 3), Softmax(), loss=CategoricalCrossEntropy(), optimizer=SGD(0.1), dtype="float64"
        )

    labels = (Y > 0).astype(dtype)
    alike(make, X, labels, epochs=2, batch_size=32)


def test_images_through_flatten():
    rng = np.random.default_rng(1)
    images, labels = rng.uniform(0, 1, (50, 3, 4, 4)), rng.integers(0, 2, (50, 1)).astype(float)

    def make():
        return pellucid.Model(
            ReLU(), Flatten(), Dense(48, 8), Residual(Dense(8, 8), Tanh()), Dense(8, 1), Sigmoid(),
            loss=BinaryCrossEntropy(), optimizer=SGD(0.2), dtype="float64",
        )  # fmt: skip

    alike(make, images, labels, epochs=5, batch_size=16, validation_fraction=0.2)


# -- random bits -------------------------------------------------------------------------------------------------------


class Shown(Layer):
    """Dropout whose mask is the output, and noise beside it: a training shows what was drawn."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def forward(self, inputs):
        self.inputs = inputs
        if self.training:
            self.output = self.draws.keep(inputs, self.rate).astype(inputs.dtype) + 2.0 * self.draws.uniform(inputs)
        else:
            self.output = inputs
        return self.output

    def backward(self, doutput):
        self.dinputs = 0.0 * doutput
        return self.dinputs


@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1, 2**40])
@pytest.mark.parametrize("fit", [{}, {"batch_size": 32}, {"batch_size": 32, "shuffle": False}], ids=str)
def test_masks_are_bit_for_bit_those_of_numpy(seed, fit):
    """Of every step of three epochs, the short batch included: seen through a metric, which gets the outputs."""
    drawn: dict[str, list[np.ndarray]] = {}
    for engine in ("numpy", "jax"):
        seen = drawn.setdefault(engine, [])

        def keep(outputs, targets, seen=seen):
            seen.append(np.array(outputs))
            return 0.0

        model = pellucid.Model(Tanh(), Shown(0.3), loss=MeanSquaredError(), metrics=[keep], seed=seed)
        model.fit(X, X, epochs=3, engine=engine, **fit)
    for on_numpy, compiled in zip(drawn["numpy"], drawn["jax"], strict=True):
        np.testing.assert_array_equal(compiled, on_numpy)
    assert not np.array_equal(drawn["jax"][0], drawn["jax"][1])
    size = fit.get("batch_size", len(X))
    by_hand = working_copy(model.network, True, Draws(seed, epoch=1, step=len(X) // size - (size == len(X))))
    np.testing.assert_array_equal(
        by_hand.forward(X[: len(X) % size or size]), drawn["jax"][1][-(len(X) % size or size) :]
    )


def test_noise_differs_by_no_more_than_a_logarithm_does():
    def make():
        layers = Dense(2, 8), GaussianNoise(0.3), Tanh(), Dense(8, 3), Softmax()
        return pellucid.Model(*layers, loss=CategoricalCrossEntropy(), optimizer=SGD(0.1), dtype="float64")

    alike(make, X, Y, epochs=10, batch_size=32)


def test_running_statistics():
    compiled = alike(precise, X, Y, epochs=10, batch_size=32)
    norm = compiled.layers[2]
    assert (norm.running_mean != 0).all() and (norm.running_variance != 1).all()
    np.testing.assert_allclose(compiled.evaluate(X, Y)["loss"], compiled.evaluate(X, Y, batch_size=7)["loss"])


# -- stopping and looking ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [1, 4, 256])
def test_a_callback_finds_the_model_as_its_epoch_left_it(chunk):
    """Also in the middle of a chunk; a copy made there goes on from there."""
    seen, copies = [], []

    def look(model, row):
        seen.append((row["epoch"], digest(model)))
        if row["epoch"] == 3:
            copies.append(copy.deepcopy(model))

    model = small()
    with chunks_of(chunk):
        model.fit(X, Y, epochs=9, batch_size=50, engine="jax", callbacks=[look])
    for epoch, digest_then in seen[::4]:
        fewer = small()
        fewer.fit(X, Y, epochs=epoch, batch_size=50, engine="jax")
        assert digest(fewer) == digest_then
    copies[0].fit(X, Y, epochs=6, batch_size=50, engine="jax")
    assert digest(copies[0]) == digest(model)


@pytest.mark.parametrize("chunk", [1, 4, 256])
def test_a_callback_stops(chunk):
    def enough(model, row):
        return row["epoch"] == 6

    model, expected = small(), small()
    with chunks_of(chunk):
        history = model.fit(X, Y, epochs=1000, batch_size=50, engine="jax", callbacks=[enough])
    expected.fit(X, Y, epochs=6, batch_size=50, engine="jax")
    assert len(history) == 6 and history.stopped == "stopped by enough"
    assert digest(model) == digest(expected)
    model.fit(X, Y, epochs=2, batch_size=50, engine="jax")
    expected.fit(X, Y, epochs=2, batch_size=50, engine="jax")
    assert digest(model) == digest(expected) and len(model.history) == 8


def test_early_stopping_keeps_the_best_and_stops_where_numpy_does():
    def make():
        layers = Dense(2, 32), Tanh(), Dense(32, 3), Softmax()
        return pellucid.Model(*layers, loss=CategoricalCrossEntropy(), optimizer=Adam(0.1), dtype="float64")

    few, fit = slice(0, None, 6), {"validation_data": (X[1::2], Y[1::2])}
    compiled = alike(
        make, X[few], Y[few], epochs=400, early_stopping=pellucid.EarlyStopping(patience=15), tolerance=1e-9, **fit
    )
    history = compiled.history
    assert history.stopped.startswith("no better validation loss") and 15 < len(history) < 400
    assert history.best_epoch == len(history) - 15 == 1 + int(np.argmin(history["val_loss"]))
    np.testing.assert_allclose(compiled.evaluate(X[1::2], Y[1::2])["loss"], min(history["val_loss"]), rtol=1e-12)


def test_a_broken_training_gives_the_last_good_values_back():
    """On both engines, at the same epoch, whatever the chunk."""
    outcomes = {}
    for engine, chunk in (("numpy", 1), ("jax", 1), ("jax", 16)):
        model = small(optimizer=SGD(lambda step: 0.01 if step < 7 else 1e300))
        with chunks_of(chunk), pytest.raises(NonFiniteError, match=r"broke down in epoch (\d+)") as error:
            model.fit(X, Y, epochs=50, engine=engine)
        outcomes[engine, chunk] = str(error.value).split(":")[0], len(model.history), digest(model)
        assert all(np.isfinite(value).all() for value in model.values().values())
        model.optimizer = SGD(0.01)
        model.fit(X, Y, epochs=2, engine=engine)
    assert outcomes["jax", 1] == outcomes["jax", 16]
    assert outcomes["jax", 1][:2] == outcomes["numpy", 1][:2]


def test_an_error_in_a_callback_leaves_a_whole_epoch():
    def fail(model, row):
        if row["epoch"] == 4:
            raise RuntimeError("mine")

    model, expected = small(), small()
    with pytest.raises(RuntimeError, match="mine"):
        model.fit(X, Y, epochs=9, engine="jax", callbacks=[fail])
    expected.fit(X, Y, epochs=4, engine="jax")
    assert digest(model) == digest(expected) and len(model.history) == 4
    model.fit(X, Y, epochs=1, engine="jax")


# -- other processes ---------------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from twins import X, Y, digest, rich
model = rich()
def die(model, row):
    if len(sys.argv) > 2 and row["epoch"] == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
model.fit(X, Y, epochs=12, batch_size=50, validation_fraction=0.1, engine="jax", callbacks=[die],
          checkpoint=sys.argv[1], resume=True)
print(digest(model), repr(model.history.epochs))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_killed_and_resumed(tmp_path):
    expected = rich()
    expected.fit(X, Y, epochs=12, batch_size=50, validation_fraction=0.1, engine="jax")
    path = str(tmp_path / "run.safetensors")
    killed = run(KILLED, path, "7", check=False)
    assert killed.returncode == -signal.SIGKILL
    resumed = run(KILLED, path)
    assert resumed.stdout.strip() == f"{digest(expected)} {expected.history.epochs!r}"


INTERRUPTED = """
import pickle, sys, threading, os, signal, time
import numpy as np
from twins import digest, small
import pellucid
X = np.random.default_rng(0).standard_normal((int(sys.argv[1]), 2)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)
if sys.argv[2] != "choose":
    from pellucid.engines import jax_engine
    jax_engine._chunk = lambda *_: int(sys.argv[2])
small().fit(X, Y, epochs=1, batch_size=50, engine="jax")
def interrupt():
    time.sleep(0.4)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt).start()
model = small()
history = model.fit(X, Y, epochs=10**6, batch_size=50, engine="jax")
assert history.stopped == "interrupted", history.stopped
again = small()
again.fit(X, Y, epochs=len(history), batch_size=50, engine="jax")
assert len(history) > 0 and digest(model) == digest(again)
assert history.epochs == again.history.epochs
model.fit(X, Y, epochs=3, batch_size=50, engine="jax")
again.fit(X, Y, epochs=3, batch_size=50, engine="jax")
assert digest(model) == digest(again)
print("whole", len(history))
"""


@pytest.mark.parametrize("rows, chunk", [("300", "choose"), ("50", "256"), ("3000", "1"), ("20000", "4")])
def test_ctrl_c_leaves_a_whole_epoch_and_its_history(rows, chunk):
    """A real SIGINT, in a network whose chunk is short, is all, is one epoch, is being waited for."""
    assert run(INTERRUPTED, rows, chunk).stdout.startswith("whole")


# -- the user's own parts ----------------------------------------------------------------------------------------------


def example(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_examples_layer_loss_optimiser_and_metric():
    snake, quantile = example("own_layer").Snake, example("own_loss").Quantile
    lion, metric = example("own_optimizer").Lion, example("own_metric").calibration_error
    x = np.linspace(-3, 3, 60)[:, None]

    def regression():
        layers = Dense(1, 8), snake(8), Dense(8, 1)
        return pellucid.Model(*layers, loss=quantile(0.7), optimizer=SGD(0.05, momentum=0.9), dtype="float64")

    alike(regression, x, np.sin(x), epochs=20, batch_size=25)
    alike(lambda: precise(lion(0.001), metrics=["accuracy", metric]), X, Y, epochs=5, batch_size=50)


def test_the_example_of_checkpoints_says_the_same_compiled(tmp_path):
    """`examples/checkpoint_and_resume.py`, its every fit compiled."""
    code = (EXAMPLES / "checkpoint_and_resume.py").read_text().replace("batch_size=64", 'batch_size=64, engine="jax"')
    assert code.count('engine="jax"') >= 3
    path = tmp_path / "example.py"
    path.write_text(code)
    done = subprocess.run([sys.executable, path, str(tmp_path)], capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    assert "every bit as without the break: True" in done.stdout
