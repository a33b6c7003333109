"""Checkpoints: training that goes on after a crash, bit for bit as if nothing had happened.

`fit(..., checkpoint=PATH)` writes the whole state of training after every epoch: parameters, the optimiser's running
sums, the epoch, the best network so far. It is there whole or not at all, whenever the power fails, and the one before is
kept beside it as PATH.1. With `resume=True` the same script, started again, goes on from it.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import pellucid
from pellucid.datasets import digits, split
from pellucid.layers import BatchNorm, Dense, Dropout, ReLU, Softmax
from pellucid.losses import CategoricalCrossEntropy
from pellucid.optimizers import Adam
from pellucid.schedules import Cosine

X, y, X_NEW, y_NEW = split(*digits(), fraction=0.2, seed=0)


def new_model() -> pellucid.Model:
    """Everything random in it, weights, dropout and the order of the rows, is a function of the seed."""
    return pellucid.Model(
        Dense(64, 64), BatchNorm(64), ReLU(), Dropout(0.3), Dense(64, 10), Softmax(),
        loss=CategoricalCrossEntropy(), optimizer=Adam(Cosine(0.005, steps=12 * 23)), seed=7,
    )  # fmt: skip


def power_cut(model, row):
    """Stands for whatever ends a process: here, in the middle of the work, an error."""
    if row["epoch"] == 8:
        raise RuntimeError("no more power")


def main(folder: Path) -> None:
    """Twelve epochs without a break, and twelve epochs with one."""
    undisturbed = new_model()
    undisturbed.fit(X, y, epochs=12, batch_size=64)

    path = folder / "run.safetensors"
    try:
        new_model().fit(X, y, epochs=12, batch_size=64, checkpoint=path, callbacks=[power_cut])
    except RuntimeError as error:
        print(f"stopped: {error}. Left behind: {', '.join(sorted(file.name for file in folder.iterdir()))}")

    resumed = new_model()  # the same script, started again
    history = resumed.fit(X, y, epochs=12, batch_size=64, checkpoint=path, resume=True)
    same = all(np.array_equal(value, undisturbed.values()[key]) for key, value in resumed.values().items())
    print(f"resumed: {len(history)} epochs in its history, every bit as without the break: {same}")

    model = pellucid.load(path)  # a checkpoint is a model file, too
    print(f"loaded: {model.evaluate(X_NEW, y_NEW)['accuracy']:.1%} of new digits right")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder))
