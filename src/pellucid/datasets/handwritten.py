"""The real data set that comes with pellucid."""

from __future__ import annotations

import os

import numpy as np


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Real handwritten digits, 8 x 8 pixels: X (1797, 64) float32 from 0 to 1, labels int64 (1797,).

    Source: Alpaydin and Kaynak (1998), UCI Machine Learning Repository, CC BY 4.0 (licence beside the data).
    """
    path = os.path.join(os.path.dirname(__file__), "digits_data", "digits.npz")
    with np.load(path, allow_pickle=False) as file:
        images, labels = file["images"], file["labels"]
    return images.reshape(-1, 64).astype(np.float32) / 16, labels.astype(np.int64)
