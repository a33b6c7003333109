"""Data larger than memory: a file that is read as training needs it, and batches that somebody makes on the way.

An array that NumPy has mapped into memory (`np.load(..., mmap_mode="r")`) goes to fit, evaluate and predict like any other;
where it is large, only the rows of the next steps are read. Where the data come from somewhere else (many files, a
database, a simulation), a function gives the batches of an epoch. Both train as arrays in memory do, bit for bit.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import pellucid
from pellucid.layers import Dense, ReLU, Softmax
from pellucid.losses import CategoricalCrossEntropy

ROWS, SIDE, BATCH = 200_000, 10, 500


def pictures(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise from 0 to 1 with a square that is a little brighter, in one of the four corners: which one?"""
    rng = np.random.default_rng(seed)
    x, y = rng.random((rows, SIDE, SIDE), np.float32), rng.integers(0, 4, rows)
    for corner, (top, left) in enumerate([(1, 1), (1, 6), (6, 1), (6, 6)]):
        x[y == corner, top : top + 3, left : left + 3] += 0.4
    return x.reshape(rows, -1) / 1.4, y


def write(path: Path) -> np.ndarray:
    """A file of half-precision numbers, written part by part; the labels, which are few, stay in memory."""
    file = np.lib.format.open_memmap(path, "w+", np.float16, (ROWS, SIDE * SIDE))
    labels = []
    for part in range(ROWS // 20_000):
        file[part * 20_000 : (part + 1) * 20_000], y = pictures(20_000, seed=part)
        labels.append(y)
    file.flush()
    return np.concatenate(labels)


def new_model() -> pellucid.Model:
    """A small network; accuracy is judged over all rows, whose outputs are kept for it."""
    return pellucid.Model(
        Dense(SIDE * SIDE, 32), ReLU(), Dense(32, 4), Softmax(), loss=CategoricalCrossEntropy(), seed=1
    )


def batches(epoch: int):
    """The batches of an epoch, made as they are asked for: the next one while a step runs.

    fit tells the number of the epoch to who wants to know it, so that a run can be resumed with the same batches.
    """
    for number in range(100):
        yield pictures(BATCH, seed=1000 + 100 * epoch + number)


def main(folder: Path) -> None:
    """Train from a file, and from batches."""
    y = write(folder / "pictures.npy")
    x_new, y_new = pictures(5_000, seed=99)

    x = np.load(folder / "pictures.npy", mmap_mode="r")
    model = new_model()
    model.fit(x, y, epochs=1, batch_size=BATCH)
    size = x.size * 4 / 1e6
    print(
        f"from a file: {size:.0f} MB as the network takes it; {model.evaluate(x_new, y_new)['accuracy']:.1%} of new right"
    )

    model = new_model()
    history = model.fit(batches, epochs=3, validation_data=(x_new, y_new))
    print(f"from batches: {len(history)} epochs, {history.last['val_accuracy']:.1%} of new right")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder))
