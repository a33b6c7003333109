"""A layer of your own: Snake, a wave on a straight line, whose frequency is learned along with the weights.

**Forward**   ``y = x + sin(a x)**2 / a``

**Backward**  With ``sin(u)**2`` having the slope ``sin(2 u)``:

    dinputs = doutput * (1 + sin(2 a x))
    da      = sum over the batch of  doutput * (x * sin(2 a x) - sin(a x)**2 / a) / a

A network of ReLUs is a straight line beyond its training data. One with Snake goes on swinging.

Source: Ziyin, Hartwig and Ueda, *Neural Networks Fail to Learn Periodic Functions and How to Fix It* (2020).
"""

import numpy as np

import pellucid
from pellucid import Layer
from pellucid.layers import Dense, Tanh
from pellucid.losses import MeanSquaredError
from pellucid.optimizers import Adam


class Snake(Layer):
    """x + sin(a x)^2 / a, with one learned frequency a for each of `n_features` inputs."""

    params = ("a",)  # what is trained; backward keeps the gradient of a as da

    def __init__(self, n_features: int) -> None:
        self.n_features = n_features  # an argument stays under its name, for copies, files and repr
        self.a = np.ones(n_features, np.float32)

    def forward(self, inputs):
        xp = inputs.__array_namespace__()  # NumPy, or the compiler's arrays: the same line serves both
        self.inputs = inputs
        self.sine = xp.sin(self.a * inputs)
        self.slope = xp.sin(2.0 * self.a * inputs)
        self.output = inputs + self.sine**2 / self.a  # (B, F)
        return self.output

    def backward(self, doutput):
        by_a = (self.inputs * self.slope - self.sine**2 / self.a) / self.a  # (B, F)
        self.da = (doutput * by_a).sum(axis=0)  # (F,)
        self.dinputs = doutput * (1.0 + self.slope)  # (B, F)
        return self.dinputs


def learned(activation: Layer) -> float:
    """R2 on the half wave that follows the training data: 1 is perfect, below 0 is worse than guessing the mean."""
    x = np.linspace(-2 * np.pi, 2 * np.pi, 200)[:, None]
    beyond = np.linspace(2 * np.pi, 3 * np.pi, 50)[:, None]
    model = pellucid.Model(
        Dense(1, 16), activation, Dense(16, 1),
        loss=MeanSquaredError(), optimizer=Adam(0.02), metrics=["r2"], seed=0,
    )  # fmt: skip
    model.fit(x, np.sin(x), epochs=1000)
    return model.evaluate(beyond, np.sin(beyond))["r2"]


def main() -> None:
    """Learn two waves of a sine, and judge on the half wave after them."""
    print(f"beyond the training data, Tanh:  R2 {learned(Tanh()):6.2f}")
    print(f"beyond the training data, Snake: R2 {learned(Snake(16)):6.2f}")


if __name__ == "__main__":
    main()
