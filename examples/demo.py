"""make demo: a spiral and real handwritten digits, learned in front of you, and judged on data not seen in training."""

from pathlib import Path

import pellucid
from pellucid.datasets import digits, spiral, spiral_ceiling, split
from pellucid.layers import Dense, Dropout, ReLU, Softmax
from pellucid.losses import CategoricalCrossEntropy
from pellucid.optimizers import Adam
from pellucid.schedules import Cosine

FOLDER = Path("demo")


def learn_spiral(seed: int = 0) -> float:
    """Train on one spiral, judge on another of the same generator; returns the accuracy there."""
    X, y = spiral(samples=1000, classes=3, rng=0)
    X_new, y_new = spiral(samples=1000, classes=3, rng=1)
    model = pellucid.Model(
        Dense(2, 64, initializer="he_normal"), ReLU(), Dense(64, 64, initializer="he_normal"), ReLU(), Dense(64, 3), Softmax(),
        loss=CategoricalCrossEntropy(), optimizer=Adam(Cosine(0.01, steps=100 * 24)), seed=seed,
    )  # fmt: skip
    print("Spiral: 3 arms of 1,000 points")
    print(model.summary())
    history = model.fit(X, y, epochs=100, batch_size=128, validation_data=(X_new, y_new))
    accuracy = model.evaluate(X_new, y_new)["accuracy"]
    ceiling, by_class = spiral_ceiling()
    print(f"\naccuracy on a spiral never seen: {accuracy:.1%}")
    print(
        f"the best that anybody could reach there: {ceiling:.1%} ({', '.join(f'{share:.0%}' for share in by_class)} by arm),"
        "\nbecause the points' noise makes the arms overlap (on 3,000 points luck adds or takes half a per cent)."
        "\nA higher training accuracy is memory, not skill.\n"
    )
    model.save(FOLDER / "spiral.safetensors")
    draw(model, history, "spiral", (X_new, y_new))
    return accuracy


def learn_digits(seed: int = 0) -> float:
    """Train on 80 % of the handwritten digits, judge on the rest; returns the accuracy there."""
    X, y, X_new, y_new = split(*digits(), fraction=0.2, seed=0)
    model = pellucid.Model(
        Dense(64, 128, initializer="he_normal"), ReLU(), Dropout(0.3), Dense(128, 10), Softmax(),
        loss=CategoricalCrossEntropy(), optimizer=Adam(Cosine(0.005, steps=40 * 23)), seed=seed,
    )  # fmt: skip
    print(f"Digits: {len(X):,} handwritten digits of 8 x 8 pixels")
    print(model.summary())
    history = model.fit(X, y, epochs=40, batch_size=64, validation_data=(X_new, y_new))
    accuracy = model.evaluate(X_new, y_new)["accuracy"]
    print(f"\naccuracy on {len(X_new)} digits never seen: {accuracy:.1%}\n")
    model.save(FOLDER / "digits.safetensors")
    draw(model, history, "digits")
    return accuracy


def draw(model: pellucid.Model, history: pellucid.History, name: str, points: tuple | None = None) -> None:
    """Curves, and for two inputs the decision regions, as SVG pictures."""
    for figure in ("loss", "accuracy"):
        (FOLDER / f"{name}_{figure}.svg").write_text(history.to_svg(figure), encoding="utf-8")
    if points is not None:
        (FOLDER / f"{name}_regions.svg").write_text(model.regions_svg(*points), encoding="utf-8")


def main() -> None:
    """Both, and what to try next."""
    FOLDER.mkdir(exist_ok=True)
    learn_spiral()
    learn_digits()
    print(f"Written to {FOLDER}/: " + ", ".join(sorted(path.name for path in FOLDER.iterdir())))
    print(
        "Look at demo/spiral_regions.svg in a browser. Then open examples/demo.py, change Dense(2, 64) to Dense(2, 4), or\n"
        "the learning rate 0.01 to 1.0, and run make demo again."
    )


if __name__ == "__main__":
    main()
