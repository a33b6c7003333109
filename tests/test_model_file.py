"""A saved model is the same model, and a checkpoint goes on bit for bit."""

import json
import os
import random

import numpy as np
import pytest

import pellucid
from pellucid import initializers, schedules
from pellucid.errors import FileError, InputError
from pellucid.exchange import atomic, container
from pellucid.layers import BatchNorm, Dense, Dropout, Layer, ReLU, Residual, Softmax, Tanh
from pellucid.losses import CategoricalCrossEntropy
from pellucid.optimizers import Adam

X = np.random.default_rng(0).standard_normal((80, 2)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


def rich_model(**changes):
    given = {
        "loss": CategoricalCrossEntropy(class_weights=(1, 2), label_smoothing=0.1),
        "optimizer": Adam(schedules.WarmUp(schedules.Cosine(0.01, 300), 10), clip_norm=1.0),
        **changes,
    }
    return pellucid.Model(
        Dense(2, 6, initializer=initializers.normal(0.5), weight_l2=1e-3), BatchNorm(6), ReLU(), Dropout(0.3),
        Residual(Dense(6, 6), Tanh()), Dense(6, 2), Softmax(), **given,
    )  # fmt: skip


def digest(model):
    return {key: value.tobytes() for key, value in model.values().items()}


def test_save_and_load_give_the_same_model(tmp_path):
    model = rich_model()
    model.fit(X, Y, epochs=3, batch_size=32)
    model.save(tmp_path / "m.safetensors")
    twin = pellucid.load(tmp_path / "m.safetensors")
    assert repr(twin) == repr(model) and digest(twin) == digest(model)
    assert twin.history.epochs == model.history.epochs
    assert [p.name for p in tmp_path.iterdir()] == ["m.safetensors"]


def test_the_safetensors_library_finds_pytorchs_names_and_shapes(tmp_path):
    numpy_reader = pytest.importorskip("safetensors.numpy")
    model = rich_model()
    model.save(tmp_path / "m.safetensors")
    arrays = numpy_reader.load_file(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(arrays["0.weight"], model.layers[0].weights.T)
    assert set(arrays) >= {"0.bias", "1.weight", "1.running_mean", "1.running_var", "4.0.weight"}


@pytest.mark.parametrize("stop", [1, 4])
def test_a_resumed_run_is_bit_identical(tmp_path, stop):
    path = tmp_path / "run.safetensors"
    settings = {"batch_size": 16, "validation_fraction": 0.2, "checkpoint": path}
    rich_model().fit(X, Y, epochs=stop, **settings)
    resumed, undisturbed = rich_model(), rich_model()
    history = resumed.fit(X, Y, epochs=7, resume=True, **settings)
    whole = undisturbed.fit(X, Y, epochs=7, batch_size=16, validation_fraction=0.2)
    assert digest(resumed) == digest(undisturbed) and history.epochs == whole.epochs


def test_a_plateau_and_early_stopping_go_on_too(tmp_path):
    def model():
        return rich_model(optimizer=Adam(schedules.Plateau(0.01, patience=1)))

    settings = {"validation_data": (X, 1 - Y), "early_stopping": 6}
    part, whole = model(), model()
    model().fit(X, Y, epochs=3, checkpoint=tmp_path / "run", **settings)
    resumed = part.fit(X, Y, epochs=30, checkpoint=tmp_path / "run", resume=True, **settings)
    undisturbed = whole.fit(X, Y, epochs=30, **settings)
    assert resumed.epochs == undisturbed.epochs and resumed.stopped == undisturbed.stopped
    assert digest(part) == digest(whole)


def test_the_generation_before_serves_when_the_newest_is_damaged(tmp_path):
    path = tmp_path / "run"
    model = rich_model()
    model.fit(X, Y, epochs=3, checkpoint=path)
    path.write_bytes(path.read_bytes()[:-5])
    twin = rich_model()
    with pytest.warns(UserWarning, match="older one.*run: it is damaged"):
        assert len(twin.fit(X, Y, epochs=3, checkpoint=path, resume=True)) == 3
    assert digest(twin) == digest(model)


def test_other_settings_are_refused(tmp_path):
    rich_model().fit(X, Y, epochs=1, checkpoint=tmp_path / "run")
    with pytest.raises(FileError, match="another seed"):
        rich_model(seed=1).fit(X, Y, epochs=2, checkpoint=tmp_path / "run", resume=True)


def test_a_users_layer_needs_its_class_to_load(tmp_path):
    class Doubled(Layer):
        def __init__(self, factor):
            self.factor = factor

        def forward(self, inputs):
            self.output = inputs * self.factor
            return self.output

    model = pellucid.Model(Dense(2, 2), Doubled(2.0))
    model.save(tmp_path / "m")
    with pytest.raises(FileError, match=r"custom=\[Doubled\]"):
        pellucid.load(tmp_path / "m")
    np.testing.assert_array_equal(pellucid.load(tmp_path / "m", custom=[Doubled]).predict(X), model.predict(X))


def test_what_cannot_be_saved_says_so(tmp_path):
    with pytest.raises(InputError, match="cannot be saved"):
        rich_model(optimizer=Adam(lambda step: 0.1)).save(tmp_path / "m")
    assert not list(tmp_path.iterdir())


def retold(data, change):
    """The same file with its description changed and a right digest, as an attacker would make it."""
    arrays, metadata = container.decode(data)
    content = json.loads(metadata["model"])
    change(content)
    return container.encode(arrays, {"format": "pellucid", "model": json.dumps(content)})


LIES = [
    lambda c: c["network"][0].update(layer="Popen"),
    lambda c: c["network"][0].update(layer="__import__"),
    lambda c: c["network"][0]["arguments"].update(n_neurons=10**9),
    lambda c: c["network"][0]["arguments"].update(n_neurons=7),
    lambda c: c["network"][0]["arguments"].update(extra=1),
    lambda c: c["network"][0]["arguments"].update(initializer="os.system"),
    lambda c: c["network"].pop(5),
    lambda c: c["network"].pop(0),
    lambda c: c.update(network=[]),
    lambda c: c.update(network={"layer": "Dense", "arguments": {}}),
    lambda c: c.update(loss={"loss": "Model", "arguments": {}}),
    lambda c: c.update(optimizer=None, seed="x"),
    lambda c: c.update(dtype="object"),
    lambda c: c.update(metrics=["eval"]),
    lambda c: c.update(history="none"),
    lambda c: c.update(history=[{"epoch": 1, "loss": 10**400}]),
    lambda c: c.pop("network"),
]


@pytest.mark.parametrize("lie", LIES)
def test_a_file_that_lies_is_refused(tmp_path, lie):
    rich_model().save(tmp_path / "m")
    (tmp_path / "m").write_bytes(retold((tmp_path / "m").read_bytes(), lie))
    with pytest.raises(FileError):
        pellucid.load(tmp_path / "m")


@pytest.mark.parametrize("best", [10**400, float("nan"), "low", True])
def test_a_checkpoint_that_lies_of_its_best_loss_is_refused(tmp_path, best):
    """Before training goes on: no loss is lower than NaN, and early stopping would never stop."""
    path = tmp_path / "run.safetensors"
    settings = {"checkpoint": path, "validation_data": (X, Y), "early_stopping": 5}
    rich_model().fit(X, Y, epochs=2, **settings)
    arrays, metadata = container.read(path)
    metadata["progress"] = json.dumps(json.loads(metadata["progress"]) | {"best_loss": best})
    path.write_bytes(container.encode(arrays, metadata))
    for read in (lambda: pellucid.load(path), lambda: rich_model().fit(X, Y, epochs=4, resume=True, **settings)):
        with pytest.raises(FileError, match="best loss"):
            read()


def mutated(data, rng):
    """One random change: a flipped byte, a cut, a piece repeated, a number in the header."""
    data = bytearray(data)
    kind = rng.randrange(4)
    at = rng.randrange(len(data)) if kind else rng.randrange(600)
    if kind < 2:
        data[at] ^= 1 << rng.randrange(8)
    elif kind == 2:
        del data[at:]
    else:
        data[at:at] = data[at : at + rng.randrange(1, 50)]
    return bytes(data)


def test_mutated_files_are_refused_by_our_own_error(tmp_path):
    rich_model().save(tmp_path / "m")
    data, rng, refused = (tmp_path / "m").read_bytes(), random.Random(0), 0
    for _ in range(20_000):
        changed = mutated(data, rng)
        if changed == data:
            continue
        with pytest.raises(FileError):
            container.decode(changed)
        refused += 1
    assert refused > 19_000


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff" * 100, (2**40).to_bytes(8, "little") + b"{}"])
def test_foreign_files_are_refused(tmp_path, content):
    (tmp_path / "m").write_bytes(content)
    with pytest.raises(FileError, match="m: it"):
        pellucid.load(tmp_path / "m")
    with pytest.raises(FileError, match="cannot be read"):
        pellucid.load(tmp_path / "absent")


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
def test_a_failing_disk_leaves_the_old_file(tmp_path, monkeypatch, call):
    model = rich_model()
    model.save(tmp_path / "m")
    before = (tmp_path / "m").read_bytes()
    model.fit(X, Y, epochs=1)

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(FileError, match="No space left on device.*untouched"):
            model.save(tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["m"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_a_device_or_pipe_is_never_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    model = rich_model()
    for write in (model.save, lambda path: model.fit(X, Y, epochs=1, checkpoint=path)):
        with pytest.raises(FileError, match="a device or a pipe.*Name an ordinary file"):
            write(pipe)
        with pytest.raises(FileError, match="is a folder. Name a file"):
            write(tmp_path)
    assert pipe.is_fifo() and [p.name for p in tmp_path.iterdir()] == ["pipe"]


def test_generations_keep_the_file_before(tmp_path):
    for content in (b"one", b"two", b"three"):
        atomic.write_generations(tmp_path / "m", content)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"m": b"three", "m.1": b"two"}
