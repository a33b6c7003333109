"""One model under many threads: no wrong answer, no half a network, whatever the others do."""

import copy
import pickle
import sys
import threading

import numpy as np
import pytest

import pellucid
from pellucid.errors import InputError
from pellucid.layers import BatchNorm, Dense, Dropout, ReLU, Residual, Softmax, Tanh
from pellucid.losses import CategoricalCrossEntropy
from pellucid.optimizers import Adam

X = np.random.default_rng(0).standard_normal((24, 2)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


def new_model(seed=0):
    return pellucid.Model(
        Dense(2, 5), BatchNorm(5), ReLU(), Dropout(0.2), Residual(Dense(5, 5), Tanh()), Dense(5, 2), Softmax(),
        loss=CategoricalCrossEntropy(), optimizer=Adam(0.01), seed=seed,
    )  # fmt: skip


def digest(model):
    return b"".join(value.tobytes() for value in model.values().values())


@pytest.fixture(autouse=True)
def _switch_all_the_time():
    """Threads take turns after a microsecond instead of five milliseconds."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(*jobs):
    """Run `jobs` in a thread each, all starting at once; what one of them raises is raised here."""
    errors, start = [], threading.Barrier(len(jobs))

    def run(job):
        try:
            start.wait()
            job()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_eight_threads_get_the_answers_that_one_gets():
    model = new_model()
    model.fit(X, Y, epochs=3, batch_size=8)
    rows = [X[number : number + 1 + number % 3] for number in range(8)]
    expected = [(model.predict(x).tobytes(), model.predict_classes(x).tobytes()) for x in rows]
    judged = model.evaluate(X, Y)
    wrong, asked = [], []

    def ask(number):
        x = rows[number]
        for turn in range(250):
            answers = model.predict(x).tobytes(), model.predict_classes(x, batch_size=1).tobytes()
            asked.append(number)
            if answers[0] != expected[number][0] or len(answers[1]) != len(expected[number][1]):
                wrong.append(number)
            if turn % 50 == 0 and model.evaluate(X, Y) != judged:
                wrong.append(number)

    together(*[lambda number=number: ask(number) for number in range(8)])
    assert len(asked) == 2000 and not wrong
    assert not hasattr(model.layers[0], "inputs")


def watched(look, epochs=40):
    """(what `look` saw of a model while it trained, the same for every network that was ever whole)."""
    model = new_model()
    whole, seen, done = {digest(model): 0}, [], threading.Event()

    def remember(model, row):
        whole[digest(model)] = row["epoch"]

    def train():
        try:
            model.fit(X, Y, epochs=epochs, batch_size=6, callbacks=[remember])
        finally:
            done.set()

    def watch():
        while not done.is_set():
            seen.append(look(model))

    together(train, watch, watch)
    return seen, whole


def test_values_read_while_the_model_trains_are_those_of_one_epoch():
    seen, whole = watched(digest)
    assert len(seen) > 10 and set(seen) <= set(whole) and len(set(seen)) > 1


@pytest.mark.parametrize("way", ["copy", "pickle"])
def test_a_copy_made_while_the_model_trains_is_of_one_epoch_and_trains(way):
    make = copy.deepcopy if way == "copy" else lambda model: pickle.loads(pickle.dumps(model))
    twins, whole = watched(make, epochs=25)
    assert len(twins) > 2 and {digest(twin) for twin in twins} <= set(whole)
    twins[-1].fit(X, Y, epochs=1)


def test_a_file_written_while_the_model_trains_is_of_one_epoch(tmp_path):
    def save(model):
        path = tmp_path / f"{threading.get_ident()}"
        model.save(path)
        return digest(pellucid.load(path))

    seen, whole = watched(save, epochs=25)
    assert len(seen) > 2 and set(seen) <= set(whole)


def test_two_models_train_side_by_side_as_they_do_alone():
    alone = []
    for seed in (1, 2):
        model = new_model(seed)
        model.fit(X, Y, epochs=12, batch_size=6)
        alone.append(digest(model))
    models = [new_model(seed) for seed in (1, 2)]
    together(*[lambda model=model: model.fit(X, Y, epochs=12, batch_size=6) for model in models])
    assert [digest(model) for model in models] == alone


def test_one_model_is_not_trained_twice_at_once():
    model, refused = new_model(), []

    def fit_again(model, row):
        with pytest.raises(InputError, match=r"being trained already.*copy.deepcopy\(model\)"):
            model.fit(X, Y, epochs=1)
        refused.append(row["epoch"])

    model.fit(X, Y, epochs=2, callbacks=[fit_again])
    assert refused == [1, 2]
    model.fit(X, Y, epochs=1)
