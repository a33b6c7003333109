"""A metric of your own: any function of (outputs, targets) that returns a number.

This one asks whether the network knows what it knows. Of all answers that it gives with about 90 % confidence, 90 %
should be right. The calibration error is how far confidence and truth are apart, on average over the answers.

Source: Guo et al., *On Calibration of Modern Neural Networks* (2017), section 2.
"""

import numpy as np

import pellucid
from pellucid.datasets import spiral
from pellucid.layers import Dense, ReLU, Softmax
from pellucid.losses import CategoricalCrossEntropy
from pellucid.optimizers import Adam


def calibration_error(outputs, targets):
    """Mean gap between confidence and share of right answers, over ten bins of confidence. 0 is perfect.

    outputs (B, K): probabilities; targets (B,): labels.
    """
    confidence, right = outputs.max(axis=1), outputs.argmax(axis=1) == targets
    bins = np.minimum((confidence * 10).astype(int), 9)
    gaps = [abs(confidence[bins == one].mean() - right[bins == one].mean()) * (bins == one).sum() for one in set(bins)]
    return float(sum(gaps) / len(targets))


def main() -> None:
    """Train on and on with little data: as many answers are right as before, but the network is ever more sure of them."""
    X, y = spiral(samples=60, classes=3, rng=0)
    new = spiral(samples=200, classes=3, rng=1)
    model = pellucid.Model(
        Dense(2, 64), ReLU(), Dense(64, 64), ReLU(), Dense(64, 3), Softmax(),
        loss=CategoricalCrossEntropy(), optimizer=Adam(0.01), metrics=["accuracy", calibration_error], seed=0,
    )  # fmt: skip
    history = model.fit(X, y, epochs=600, validation_data=new)
    for epoch in (200, 600):
        row = history.epochs[epoch - 1]
        print(
            f"epoch {epoch}: on new points {row['val_accuracy']:.1%} right, "
            f"calibration error {row['val_calibration_error']:.1%}"
        )


if __name__ == "__main__":
    main()
