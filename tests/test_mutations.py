"""Files from anywhere: whatever their bytes, loading them ends in a model or in pellucid's own error.

Two kinds of mutation: bytes changed by chance, and descriptions changed on purpose with every digest correct, as
somebody would who wants to harm. Watched for each: the kind of error, warnings, the memory taken, and that it ends.
"""

import copy
import hashlib
import json
import math
import random
import signal
import tracemalloc
import warnings

import numpy as np
import pytest

import pellucid
from pellucid import initializers, schedules, tables
from pellucid.errors import FileError, PellucidError
from pellucid.layers import (
    ELU,
    BatchNorm,
    Dense,
    Dropout,
    Flatten,
    GaussianNoise,
    LayerNorm,
    LeakyReLU,
    Reshape,
    Residual,
    Sequential,
    Softmax,
    Step,
    Tanh,
)  # fmt: skip
from pellucid.losses import CategoricalCrossEntropy
from pellucid.optimizers import AdamW
from pellucid.tables.trained import TableModel
from table_models import people, trained

X = np.random.default_rng(0).standard_normal((20, 2)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
INPUTS = {name: values[:5] for name, values in people().items() if name not in ("income", "pay")}
BLANK = "0" * 64
TEXT, ARRAYS = 50, 8  # what may be taken for a byte of the file: "[]," are three bytes, and 64 as a list in a list
ALLOWANCE = 200_000  # what may be taken for any file


def new_model():
    return pellucid.Model(
        Dense(2, 6, initializer=initializers.normal(0.5), weight_l2=1e-3), BatchNorm(6), ELU(0.5), Dropout(0.3),
        Residual(Sequential(Dense(6, 6, "orthogonal"), Tanh()), LayerNorm(6)), LeakyReLU(0.1), GaussianNoise(0.1),
        Reshape((2, 3)), Flatten(), Step("clipped"), Dense(6, 2), Softmax(),
        loss=CategoricalCrossEntropy(class_weights=(1, 2), label_smoothing=0.1), metrics=["accuracy", "f1"],
        optimizer=AdamW(schedules.WarmUp(schedules.Plateau(0.01, patience=1), 10), clip_norm=1.0), seed=5,
    )  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The bytes of a model file, of a checkpoint, and of a model that was trained on a table."""
    folder, model = tmp_path_factory.mktemp("files"), new_model()
    model.fit(X, Y, epochs=2, batch_size=10, validation_fraction=0.2, checkpoint=folder / "run")
    model.save(folder / "model")
    trained(people(), "income", epochs=1).save(folder / "table")
    tables.load(folder / "table")  # what is imported now is not counted as the memory that a file takes
    return [(folder / name).read_bytes() for name in ("model", "run", "table")]


# -- files with every digest correct -----------------------------------------------------------------------------------


def opened(data):
    """(header, body) of a file; the description and the progress in the header as objects, not as text."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    for name in ("model", "progress", "table"):
        if name in header["__metadata__"]:
            header["__metadata__"][name] = json.loads(header["__metadata__"][name])
    return header, data[8 + length :]


def closed(header, body, spoil=lambda text: text):
    """The inverse, with the right digest. `spoil` may change the text of the description before it goes in."""
    if isinstance(header, dict) and isinstance(header.get("__metadata__"), dict):
        metadata = {**header["__metadata__"], "sha256": BLANK}
        for name in {"model", "progress", "table"} & set(metadata):
            if not isinstance(metadata[name], str):
                metadata[name] = spoil(json.dumps(metadata[name]))
        header = {**header, "__metadata__": metadata}
    text = json.dumps(header, separators=(",", ":")).encode()
    data = len(text).to_bytes(8, "little") + text + body
    mark = b'"sha256":"' + BLANK.encode()
    place = data.find(mark, 0, 8 + len(text)) + len(b'"sha256":"')
    return data[:place] + hashlib.sha256(data).hexdigest().encode() + data[place + 64 :] if mark in data else data


def retold(data, change, spoil=lambda text: text):
    """A file whose content `change` has changed in place, every digest correct."""
    header, body = opened(data)
    change(header)
    return closed(header, body, spoil)


def model_of(header):
    return header["__metadata__"]["model"]


# -- what is watched ---------------------------------------------------------------------------------------------------


class Endless(AssertionError):
    """Loading did not end."""


def _alarm(*_):
    raise Endless("loading a small file took more than a minute")


@pytest.fixture
def load(tmp_path):
    """`pellucid.load` of bytes, watched. Returns the model, or None where it was refused."""
    path = tmp_path / "m"
    if hasattr(signal, "setitimer"):
        before = signal.signal(signal.SIGALRM, _alarm)

    def watched(data):
        path.write_bytes(data)
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 60)
        tracemalloc.start()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                model = pellucid.load(path)
                return model if model.table is None else tables.load(path).model
        except FileError as error:
            assert str(error).startswith(str(path)) and len(str(error)) < len(str(path)) + 600
            return None
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            if hasattr(signal, "setitimer"):
                signal.setitimer(signal.ITIMER_REAL, 0)
            text = min(int.from_bytes(data[:8], "little"), len(data))
            allowed = TEXT * text + ARRAYS * (len(data) - text) + ALLOWANCE
            assert peak < allowed, f"{peak:,} bytes for a file of {len(data):,}, {text:,} of them text"

    yield watched
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, before)


def use(model):
    """A model that was let in can be used, or says what is wrong with it."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", UserWarning)  # a loss that does not fit, perhaps
        warnings.simplefilter("ignore", RuntimeWarning)  # weights of 1e38 overflow
        try:
            if model.table is not None:
                TableModel.of(model).predict(INPUTS)
            model.predict(X)
            model.fit(X, Y, epochs=1)
        except PellucidError:
            pass


# -- named attacks -----------------------------------------------------------------------------------------------------

HUGE = {"layer": "Dense", "arguments": {"n_inputs": 10**6, "n_neurons": 10**6}}
NORM = {"layer": "BatchNorm", "arguments": {"n_features": 10**12}}


def deep(levels, inner, wrap):
    for _ in range(levels):
        inner = wrap(inner)
    return inner


def network(change):
    return lambda header: change(model_of(header)["network"])


def arguments(number, **given):
    return network(lambda layers: layers[number]["arguments"].update(given))


def array(name, **given):
    return lambda header: header[name].update(given)


ATTACKS = {
    "more weights than the file holds": network(lambda n: n.__setitem__(0, HUGE)),
    "a list as a size": arguments(1, n_features=[50_000, 50_000]),
    "a float as a size": arguments(1, n_features=1e12),
    "true as a size": arguments(0, n_inputs=True),
    "a huge layer as a setting of another": arguments(2, alpha=HUGE),
    "a huge layer inside a chain": arguments(4, layers=[HUGE]),
    "a huge layer in the loss": lambda h: model_of(h)["loss"]["arguments"].update(label_smoothing=HUGE),
    "a huge layer in the optimiser": lambda h: model_of(h)["optimizer"]["arguments"].update(learning_rate=NORM),
    "a huge layer as the loss": lambda h: model_of(h).update(loss=HUGE),
    "a huge layer as an initializer": arguments(0, initializer=NORM),
    "a hundred thousand layers": network(lambda n: n.extend([{"layer": "ReLU", "arguments": {}}] * 100 + [5] * 10**5)),
    "layers nested 60 deep": arguments(4, layers=deep(60, [], lambda x: [{"layer": "Sequential", "arguments": {"layers": x}}])),
    "lists nested 900 deep": arguments(7, shape=deep(900, 1, lambda x: [x])),
    "a size of 4,000 digits": arguments(0, n_inputs=10**4000),
    "a negative size": arguments(1, n_features=-6),
    "sizes that give less than nothing": arguments(0, n_inputs=-(10**6), n_neurons=-(10**6)),
    "a shape that is no shape": arguments(7, shape=[-1]),
    "a momentum above 1": arguments(1, momentum=7.0),
    "an epsilon below 0": arguments(1, epsilon=-1e-5),
    "text for a number": arguments(2, alpha="0.5"),
    "not a number": arguments(2, alpha=math.nan),
    "infinity": arguments(6, std=math.inf),
    "an argument that nobody takes": arguments(9, gradient="clipped", __class__="os"),
    "an unknown layer": network(lambda n: n[9].update(layer="Popen")),
    "a layer of somebody's own": network(lambda n: n[9].update(layer="own Popen")),
    "terminal codes for a name": network(lambda n: n[9].update(layer="own \x1b]0;owned\x07" * 50)),
    "a private name": network(lambda n: n[9].update(layer="__class__")),
    "the base of all layers": network(lambda n: n[9].update(layer="Layer")),
    "a list for a name": network(lambda n: n[9].update(layer=["Step"])),
    "two kinds at once": network(lambda n: n[9].update(loss="Huber")),
    "a number for a layer": network(lambda n: n.append(3)),
    "a list for a layer": network(lambda n: n.append([])),
    "a loss for a layer": network(lambda n: n.append({"loss": "Huber", "arguments": {}})),
    "text for the network": lambda h: model_of(h).update(network="Dense"),
    "no network": lambda h: model_of(h).pop("network"),
    "an old name of a dtype": lambda h: model_of(h).update(dtype="a"),
    "a dtype of a million": lambda h: model_of(h).update(dtype="(1000000,)f4"),
    "objects": lambda h: model_of(h).update(dtype="object"),
    "a seed of text": lambda h: model_of(h).update(seed="0"),
    "a seed below 0": lambda h: model_of(h).update(seed=-1),
    "an unknown metric": lambda h: model_of(h).update(metrics=["eval"]),
    "text for the metrics": lambda h: model_of(h).update(metrics="accuracy"),
    "a metric twice": lambda h: model_of(h).update(metrics=["accuracy", "accuracy"]),
    "a number for the loss": lambda h: model_of(h).update(loss=1),
    "no optimiser": lambda h: model_of(h).update(optimizer=None),
    "a history of text": lambda h: model_of(h).update(history="long"),
    "a row of text": lambda h: model_of(h)["history"].append({"epoch": 3, "loss": "low"}),
    "a row without its epoch": lambda h: model_of(h)["history"].append({"loss": 1.0}),
    "an epoch without end": lambda h: model_of(h)["history"].append({"epoch": 10**300}),
    "an array of 4 TiB": array("0.weight", shape=[2**20, 2**20]),
    "an array of 2**300": array("0.weight", shape=[2**30] * 8 + [2**60]),
    "arrays on top of each other": lambda h: h["0.bias"].update(data_offsets=h["10.bias"]["data_offsets"]),
    "an array before the file": array("0.bias", data_offsets=[-24, 0]),
    "an unhashable dtype": array("0.bias", dtype=["F32"]),
    "an array of objects": array("0.bias", dtype="O"),
    "an array with a secret": array("0.bias", pickle="gASV"),
    "an array that is a number": lambda h: h.update({"0.bias": 3}),
    "a path for a name": lambda h: h.update({"../../etc/passwd\x00": h.pop("0.bias")}),
    "an array too few": lambda h: h.pop("10.bias"),
    "an array of another name": lambda h: h.update({"0.b": h.pop("0.bias")}),
    "an array of another shape": array("0.weight", shape=[2, 6]),
    "an array of another dtype": array("0.bias", dtype="I32"),
    "metadata of numbers": lambda h: h["__metadata__"].update(version=3),
    "no metadata": lambda h: h.pop("__metadata__"),
    "another format": lambda h: h["__metadata__"].update(format="pt"),
}  # fmt: skip


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_file_told_again_without_a_change_is_let_in(number, files, load):
    use(load(retold(files[number], lambda header: None)))


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused(name, files, load):
    assert load(retold(files[0], ATTACKS[name])) is None


def progress_of(header):
    return header["__metadata__"]["progress"]


LIES_ABOUT_A_RUN = {
    "an epoch below 0": lambda h: progress_of(h).update(epoch=-1),
    "half an epoch": lambda h: progress_of(h).update(epoch=1.5),
    "a step without end": lambda h: progress_of(h).update(step=10**300),
    "no best loss": lambda h: progress_of(h).pop("best_loss"),
    "a best loss of text": lambda h: progress_of(h).update(best_loss="inf"),
    "a schedule of text": lambda h: progress_of(h).update(schedule="Plateau"),
    "a schedule of other things": lambda h: progress_of(h).update(schedule={"cuts": "many"}),
    "cuts without end": lambda h: progress_of(h)["schedule"].update(cuts=math.inf),
    "a list for the progress": lambda h: h["__metadata__"].update(progress=[]),
    "a slot too few": lambda h: h.update({"slots/x": h.pop("slots/momentum/0.biases")}),
    "a slot of another shape": array("slots/momentum/0.weights", shape=[6, 2]),
    "a best value of another shape": array("best/0.weight", shape=[2, 6]),
    "a best value too few": lambda h: h.update({"best/x": h.pop("best/0.bias")}),
}  # fmt: skip


@pytest.mark.parametrize("name", LIES_ABOUT_A_RUN)
def test_a_lie_about_a_run_is_refused(name, files, load, tmp_path):
    lie = retold(files[1], LIES_ABOUT_A_RUN[name])
    assert load(lie) is None
    (tmp_path / "run").write_bytes(lie)
    model = new_model()
    before = {key: value.tobytes() for key, value in model.values().items()}
    with pytest.raises(FileError):
        model.fit(X, Y, epochs=5, batch_size=10, validation_fraction=0.2, checkpoint=tmp_path / "run", resume=True)
    assert {key: value.tobytes() for key, value in model.values().items()} == before


SPOILED = {
    "a name twice": lambda text: text.replace('"seed"', '"seed": 5, "seed"', 1),
    "a layer's argument twice": lambda text: text.replace('"rate"', '"rate": 0.1, "rate"', 1),
    "a hundred thousand brackets": lambda text: "[" * 10**5,
    "objects nested without end": lambda text: '{"a":' * 10**5,
    "a number of 5,000 digits": lambda text: text.replace('"seed": 5', '"seed": ' + "9" * 5000),
    "half of it": lambda text: text[: len(text) // 2],
    "nothing": lambda text: "",
    "half a character": lambda text: text.replace("accuracy", "\ud800"),
    "a word": lambda text: "null",
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_text_is_refused(name, files, load):
    assert load(retold(files[0], lambda header: None, SPOILED[name])) is None


# -- by chance, many times ---------------------------------------------------------------------------------------------


def by_chance(data, rng):
    """Bytes changed: one bit, a piece cut out, put in twice or overwritten, the end cut off, the length changed."""
    data, kind = bytearray(data), rng.randrange(7)
    header = 8 + int.from_bytes(data[:8], "little")
    at = rng.randrange(len(data) if rng.random() < 0.5 else header)
    size = rng.randrange(1, 60)
    if kind < 2:
        data[at] ^= 1 << rng.randrange(8)
    elif kind == 2:
        del data[at:]
    elif kind == 3:
        del data[at : at + size]
    elif kind == 4:
        data[at:at] = data[at : at + size]
    elif kind == 5:
        data[at : at + size] = rng.choice([b"\0", b"\xff", b"[", b'"', b"9"]) * size
    else:
        data[:8] = rng.choice([0, 1, header, 2**63, header - 8 + rng.randrange(-3, 4)]).to_bytes(8, "little")
    return bytes(data)


STRANGE = [
    None, True, False, -1, 0, 1, 3, 0.5, -0.0, 1e308, -1e308, 2**31, 2**63, 2**64, 10**18, 10**400, math.nan, math.inf,
    "", "x" * 3000, "Dense", "own Dense", "os.system", "__init__", "he_normal", "float64", "\ud800", [], {}, [[]], [1] * 500,
    HUGE, NORM, {"layer": "Reshape", "arguments": {"shape": [10**9, 10**9]}}, {"initializer": "orthogonal", "arguments": {}},
    {"schedule": "Cosine", "arguments": {"learning_rate": 0.1, "steps": 0}}, {"loss": "Huber", "arguments": {"delta": 0}},
    {"layer": "Residual", "arguments": {"layers": [{"layer": "Softmax", "arguments": {}}]}},
]  # fmt: skip


def places(thing, found=None):
    """(container, key) of everything inside a JSON value."""
    found = [] if found is None else found
    for key in thing if isinstance(thing, dict) else range(len(thing)) if isinstance(thing, list) else ():
        found.append((thing, key))
        places(thing[key], found)
    return found


def on_purpose(data, rng):
    """The description, the progress or an array's entry changed in one to three places, every digest correct."""

    def change(header):
        where = rng.choice([header["__metadata__"]] * 3 + [header])
        for _ in range(rng.randrange(1, 4)):
            here = [place for place in places(where) if place[1] != "sha256"]
            inside, key = rng.choice(here)
            kind, value = rng.randrange(9), inside[key]
            if kind < 4:
                inside[key] = copy.deepcopy(rng.choice(STRANGE))
            elif kind == 4:
                other, name = rng.choice(here)
                inside[key] = copy.deepcopy(other[name])
            elif kind == 5:
                del inside[key]
            elif kind == 6 and isinstance(inside, dict):
                inside[rng.choice(["n_inputs", "layers", "layer", "arguments", "self", "x", str(key) + "s"])] = value
            elif kind == 7 and isinstance(value, list):
                inside[key] = value * rng.randrange(2, 30)
            elif isinstance(value, (int, float)):
                inside[key] = value * rng.choice([-1, 0.5, 10, 1000, 10**9]) if rng.random() < 0.9 else str(value)
            else:
                inside[key] = deep(
                    rng.choice([3, 60, 280]), value, rng.choice([lambda x: [x], lambda x: {"layers": x}])
                )

    def twice(text):
        if rng.random() < 0.1:
            at = rng.choice([number for number, sign in enumerate(text) if sign == "{"] or [0]) + 1
            return text[:at] + text[at : at + rng.randrange(40)] + text[at:]
        return text

    return retold(data, change, twice)


def values_on_purpose(data, rng):
    """The arrays' bytes changed, every digest correct."""
    header, body = opened(data)
    body = bytearray(body)
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(body) // 4) * 4
        body[at : at + 4] = np.float32(rng.choice([np.nan, np.inf, -np.inf, 1e38, -1e38, -1.0, 1e-45])).tobytes()
    return closed(header, bytes(body))


def let_in(files, load, mutation, times, seed):
    """How many of so many mutated files were let in; each of those was used."""
    rng, count = random.Random(seed), 0
    for number in range(times):
        mutated = mutation(files[number % 3], rng)
        if mutated not in files:
            model = load(mutated)
            if model is not None:
                use(model)
                count += 1
    return count


def test_some_hundred_mutated_files(files, load):
    assert let_in(files, load, by_chance, 100, seed=1) == 0
    let_in(files, load, on_purpose, 120, seed=2)
    let_in(files, load, values_on_purpose, 20, seed=3)


@pytest.mark.slow
def test_files_changed_by_chance(files, load):
    assert let_in(files, load, by_chance, 8_000, seed=4) == 0


@pytest.mark.slow
def test_files_changed_on_purpose(files, load):
    assert 0 < let_in(files, load, on_purpose, 10_000, seed=5) < 5_000
    assert 0 < let_in(files, load, values_on_purpose, 2_000, seed=6) < 2_000


def test_arrays_take_a_few_times_their_size(load, tmp_path):
    model = pellucid.Model(Dense(300, 700))
    model.save(tmp_path / "large")
    data = (tmp_path / "large").read_bytes()
    assert len(data) > 800_000 and load(data) is not None  # which looks at the peak
