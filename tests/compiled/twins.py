"""What the tests of the compiled engine share: the same training on both engines, and how far apart they end."""

import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import pellucid
from pellucid.engines import jax_engine
from pellucid.layer import Layer
from pellucid.layers import BatchNorm, Dense, Dropout, ReLU, Residual, Softmax, Tanh
from pellucid.losses import CategoricalCrossEntropy
from pellucid.optimizers import Adam

X, Y = pellucid.datasets.spiral(samples=40, classes=3, rng=0)
X, Y = X.astype(np.float32), Y.astype(np.int64)

Values = dict[str, np.ndarray]


class Scale(Layer):
    """A layer of a user's, for inputs with any number of axes: a factor and a shift for each feature."""

    params = ("factor", "shift")

    def __init__(self, n_features: int) -> None:
        self.n_features = n_features
        self.factor = np.linspace(0.7, 1.3, n_features).astype(np.float32)
        self.shift = np.linspace(-0.2, 0.3, n_features).astype(np.float32)

    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs * self.factor + self.shift
        return self.output

    def backward(self, doutput):
        over = tuple(range(doutput.ndim - 1))
        self.dfactor = (doutput * self.inputs).sum(axis=over)
        self.dshift = doutput.sum(axis=over)
        self.dinputs = doutput * self.factor
        return self.dinputs


def small(seed: int = 0, optimizer: Any = None, **settings: Any) -> pellucid.Model:
    """A network that is quickly compiled: two inputs, three classes."""
    chosen = optimizer if optimizer is not None else Adam(0.01)
    return pellucid.Model(
        Dense(2, 8), ReLU(), Dense(8, 3), Softmax(),
        loss=CategoricalCrossEntropy(), optimizer=chosen, seed=seed, **settings,
    )  # fmt: skip


def rich(seed: int = 0, optimizer: Any = None, **settings: Any) -> pellucid.Model:
    """A network of everything that lasts or is drawn: dropout, running statistics, penalties, a block."""
    return pellucid.Model(
        Dense(2, 16, weight_l2=1e-3, bias_l1=1e-4), BatchNorm(16), ReLU(), Dropout(0.2),
        Residual(Dense(16, 16), Tanh()), Dense(16, 3), Softmax(),
        loss=CategoricalCrossEntropy(label_smoothing=0.05), optimizer=optimizer or Adam(0.01, clip_norm=1.0), seed=seed,
        **settings,
    )  # fmt: skip


@contextlib.contextmanager
def chunks_of(epochs: int) -> Iterator[None]:
    """Programs of so many epochs; those of one compile fastest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jax_engine, "_chunk", lambda *_: epochs)
        yield


def both(make: Callable[[], pellucid.Model], *data: Any, **fit: Any) -> tuple[pellucid.Model, pellucid.Model]:
    """(a model trained on NumPy, its twin trained compiled)."""
    models = make(), make()
    for model, engine in zip(models, ("numpy", "jax"), strict=True):
        history = model.fit(*data, engine=engine, progress=False, **fit)
        assert history.engine == engine
    return models


def apart(given: Values, expected: Values) -> float:
    """The largest difference, beside the largest entry of its array (of 1 where all entries are smaller)."""
    assert given.keys() == expected.keys()
    largest = 0.0
    for name, array in expected.items():
        assert given[name].dtype == array.dtype and given[name].shape == array.shape, name
        scale = max(1.0, float(np.abs(array).max(initial=0.0)))
        largest = max(largest, float(np.abs(given[name] - array).max(initial=0.0)) / scale)
    return largest


def digest(model: pellucid.Model) -> str:
    """Every parameter and state, to the last bit."""
    content = b"".join(key.encode() + value.tobytes() for key, value in model.values().items())
    return hashlib.sha256(content).hexdigest()


def lasting_objects(model: pellucid.Model) -> list[Any]:
    return [*(layer for _, layer in model.network.walk()), model.loss, model.optimizer]


def no_tracer(model: pellucid.Model) -> None:
    """Nothing of a trace stays on any object of the user's."""
    for thing in lasting_objects(model):
        for name, value in [*vars(thing).items(), *vars(type(thing)).items()]:
            leaves = jax.tree.leaves(value) if isinstance(value, (tuple, list, dict)) else [value]
            assert not any(isinstance(leaf, (jax.core.Tracer, jax.Array)) for leaf in leaves), (
                f"{type(thing).__name__}.{name}"
            )


_compiled: list[str] = []
jax.monitoring.register_event_duration_secs_listener(
    lambda event, seconds, **more: _compiled.append(event) if event.endswith("backend_compile_duration") else None
)


def compilations() -> int:
    """How many programs this process has compiled so far, by JAX's own count."""
    return len(_compiled)


def run(code: str, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
    """A fresh Python process over `code`, which finds this folder's modules."""
    paths = [str(Path(__file__).parent), str(Path(__file__).parent.parent), str(Path(pellucid.__file__).parent.parent)]
    settings = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **environment}
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=settings)
    assert not check or done.returncode == 0, done.stderr
    return done
