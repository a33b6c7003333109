"""Draws the README's picture: what the README's own network learns, on points that it has not seen."""

from pathlib import Path

import pellucid
from pellucid.glass import regions
from pellucid.layers import Dense, ReLU, Softmax
from pellucid.losses import CategoricalCrossEntropy
from pellucid.optimizers import Adam

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"


def main() -> None:
    """Train as the README does, draw, write."""
    X, y = pellucid.datasets.spiral(samples=1000, classes=3, rng=0)
    X_new, y_new = pellucid.datasets.spiral(samples=150, classes=3, rng=1)
    model = pellucid.Model(
        Dense(2, 64), ReLU(), Dense(64, 64), ReLU(), Dense(64, 3), Softmax(),
        loss=CategoricalCrossEntropy(), optimizer=Adam(learning_rate=0.005), seed=0,
    )  # fmt: skip
    model.fit(X, y, epochs=60, batch_size=64, engine="numpy")
    title = "Three arms of a spiral: what a 2-64-64-3 network learned"
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "spiral.svg").write_text(regions.draw(model.predict, X_new, y_new, title=title), encoding="utf-8")


if __name__ == "__main__":
    main()
