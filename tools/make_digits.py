"""Makes the bundled digits from an installed scikit-learn (which ships the UCI set): python tools/make_digits.py"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

FOLDER = Path(__file__).parent.parent / "src" / "pellucid" / "datasets" / "digits_data"


def main() -> None:
    """Write digits.npz: images uint8 (1797, 8, 8) with values 0..16, labels uint8 (1797,)."""
    bunch = load_digits()
    images, labels = bunch.images.astype(np.uint8), bunch.target.astype(np.uint8)
    assert images.shape == (1797, 8, 8) and images.max() == 16
    FOLDER.mkdir(exist_ok=True)
    np.savez_compressed(FOLDER / "digits.npz", images=images, labels=labels)


if __name__ == "__main__":
    main()
