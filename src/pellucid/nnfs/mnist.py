"""The book's pictures: folders of PNG files, one folder a label.

What differs from the book: files are read in the order of their names, so that the data is the same on every machine,
and by matplotlib (``pip install "pellucid[plot]"``) in place of OpenCV.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from pellucid.errors import DataError, missing_extra

fashion_mnist_labels = {
    0: "T-shirt/top",
    1: "Trouser",
    2: "Pullover",
    3: "Dress",
    4: "Coat",
    5: "Sandal",
    6: "Shirt",
    7: "Sneaker",
    8: "Bag",
    9: "Ankle boot",
}


def load_mnist_dataset(dataset: str, path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (n, height, width) uint8 and labels (n,) uint8 from PATH/DATASET/LABEL/*.png, DATASET "train" or "test"."""
    read = _reader()
    folder = os.path.join(path, dataset)
    try:
        labels = sorted((name for name in os.listdir(folder) if name.isdecimal()), key=int)
    except OSError as error:
        raise DataError(
            f"{folder} cannot be read: {error.strerror}. Expected a folder for each label, with PNG files inside, as "
            "the book's fashion_mnist_images has them."
        ) from None
    pictures, targets = [], []
    for label in labels:
        inside = os.path.join(folder, label)
        for name in sorted(name for name in os.listdir(inside) if name.lower().endswith(".png")):
            pictures.append(_picture(read, os.path.join(inside, name)))
            targets.append(int(label))
            if pictures[-1].shape != pictures[0].shape:
                raise DataError(
                    f"{os.path.join(inside, name)} has shape {pictures[-1].shape}, the pictures before it "
                    f"{pictures[0].shape}: they must all have the same size."
                )
    if not pictures:
        raise DataError(f"{folder} holds no folder such as 0 with PNG files inside.")
    return np.array(pictures), np.array(targets).astype(np.uint8)


def create_data_mnist(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(X, y, X_test, y_test) from the folders "train" and "test" below `path`."""
    return (*load_mnist_dataset("train", path), *load_mnist_dataset("test", path))


def _reader() -> Any:
    try:
        from matplotlib.image import imread
    except ImportError:
        raise missing_extra("matplotlib", "plot", "Reading PNG files") from None
    return imread


def _picture(read: Any, path: str) -> np.ndarray:
    """A picture's values, 0 to 255; matplotlib gives them from 0 to 1."""
    try:
        values = read(path)
    except Exception as error:  # the decoder's own kinds of errors are many
        raise DataError(f"{path} is not a PNG file that can be read: {error}") from None
    return np.asarray(np.rint(values * 255)).astype(np.uint8)
