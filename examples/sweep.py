"""How much of a result is the setting, and how much is luck: every setting with ten seeds, all trained in one call.

One network with each learning rate says little: with another seed the order may turn round. So each setting is trained
ten times, with other initial weights, batches and dropout masks, and the spread stands beside the mean.
"""

import pellucid
from pellucid.datasets import moons
from pellucid.layers import Dense, ReLU, Sigmoid
from pellucid.losses import BinaryCrossEntropy
from pellucid.optimizers import Adam


def main() -> None:
    """Three learning rates, with and without a penalty on the weights, ten seeds each: sixty networks."""
    X, y = moons(samples=200, rng=0)
    X_new, y_new = moons(samples=500, rng=1)
    pattern = pellucid.Model(Dense(2, 16), ReLU(), Dense(16, 1), Sigmoid(), loss=BinaryCrossEntropy(), optimizer=Adam())
    result = pellucid.sweep(
        pattern, X, y[:, None], seeds=10, learning_rate=[0.001, 0.01, 0.1], weight_l2=[0.0, 0.01],
        epochs=30, batch_size=32, validation_data=(X_new, y_new[:, None]),
    )  # fmt: skip
    print(result)

    first = result.spread("val_accuracy")[0]
    print(
        f"the best setting: {first['mean']:.1%} of new points right on the average, "
        f"{first['min']:.1%} to {first['max']:.1%} by luck alone"
    )
    scores = result.best.evaluate(X_new, y_new[:, None])
    print(f"the best network: {scores['accuracy']:.1%}")


if __name__ == "__main__":
    main()
