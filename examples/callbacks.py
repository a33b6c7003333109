"""Callbacks: plain functions of (model, row), called after every epoch. One that returns True ends the training.

`row` holds the epoch's figures by name: epoch, loss, learning_rate, the metrics, and with validation data val_loss and
so on. What a callback adds to it becomes a curve of the history. In a callback the model stands where the epoch left it:
it can be asked, copied and saved.
"""

import copy
import time

import numpy as np

import pellucid
from pellucid.datasets import moons
from pellucid.layers import Dense, Sigmoid, Tanh
from pellucid.losses import BinaryCrossEntropy
from pellucid.optimizers import Adam


def show(every):
    """Print the figures of every `every`-th epoch: a callback with a setting is a function that makes one."""

    def show_row(model, row):
        if row["epoch"] % every == 0:
            print(f"epoch {row['epoch']:3}: loss {row['loss']:.3f}, {row['val_accuracy']:.1%} of new points right")

    return show_row


def within(seconds):
    """Stop when `seconds` have passed."""
    start = time.monotonic()
    return lambda model, row: time.monotonic() - start > seconds


def good_enough(model, row):
    """Stop at 99 % on the validation data."""
    return row["val_accuracy"] >= 0.99


def length_of_weights(model, row):
    """A figure of one's own in the history."""
    row["weights"] = float(np.linalg.norm(model.layers[0].weights))


class Copies:
    """A copy of the network at chosen epochs. A callback that remembers is an object that can be called."""

    def __init__(self, *epochs):
        self.epochs, self.models = epochs, {}

    def __call__(self, model, row):
        if row["epoch"] in self.epochs:
            self.models[row["epoch"]] = copy.deepcopy(model)


def main() -> None:
    """All of them in one training."""
    X, y = moons(samples=200, rng=0)
    X_new, y_new = moons(samples=500, rng=1)
    new = X_new, y_new[:, None]  # one yes or no a row: a column
    model = pellucid.Model(
        Dense(2, 16), Tanh(), Dense(16, 1), Sigmoid(), loss=BinaryCrossEntropy(), optimizer=Adam(0.02), seed=0
    )
    copies = Copies(10, 20)
    history = model.fit(
        X, y[:, None], epochs=500, validation_data=new,
        callbacks=[show(every=25), length_of_weights, copies, good_enough, within(seconds=60)],
    )  # fmt: skip
    print(f"{history.stopped} after epoch {len(history)}")
    print(f"length of the first weights: {history['weights'][0]:.2f} at first, {history['weights'][-1]:.2f} at the end")
    for epoch, earlier in copies.models.items():
        print(f"the copy of epoch {epoch}: {earlier.evaluate(*new)['accuracy']:.1%} of new points right")


if __name__ == "__main__":
    main()
