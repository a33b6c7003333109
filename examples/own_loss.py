"""A loss of your own: the quantile loss, with which a network answers "how much at most, nine times out of ten?".

**Forward**   With ``e = target - output``: ``q * e`` where the output is too low, ``(q - 1) * e`` where it is too high;
the mean over the outputs of a sample.

**Backward**  ``d loss / d output = -q / M`` where too low, ``(1 - q) / M`` where too high, M outputs a sample. The two
are in balance where a share q of the targets lies below the output: that is the quantile.

The library has it too, for several levels at once: `pellucid.losses.Quantile`.

Source: Koenker and Bassett, *Regression Quantiles* (1978).
"""

import numpy as np

import pellucid
from pellucid.layers import Dense, Tanh
from pellucid.losses import Loss
from pellucid.optimizers import Adam


class Quantile(Loss):
    """The quantile loss for the share `q`, between 0 and 1."""

    def __init__(self, q: float) -> None:
        self.q = q

    def forward(self, outputs, targets):
        self.error = targets - outputs  # (B, M)
        too_low = (self.error > 0).astype(outputs.dtype)  # 1 or 0; without astype the result would be float64
        self.factor = too_low - (1.0 - self.q)  # q or q - 1
        return (self.factor * self.error).mean(
            axis=1
        )  # (B,): one loss a sample; the mean over them is not yours to take

    def backward(self):
        self.doutputs = -self.factor / self.error.shape[1]  # (B, M): the gradient of the summed losses
        return self.doutputs


def waiting_times(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Hour of the day (rows, 1) and minutes waited (rows, 1): longest at noon, and least certain then."""
    rng = np.random.default_rng(seed)
    hour = rng.uniform(0.0, 24.0, (rows, 1))
    usual = 5.0 + 10.0 * np.exp(-(((hour - 12.0) / 4.0) ** 2))
    return (hour - 12.0) / 12.0, usual * rng.gamma(4.0, 0.25, (rows, 1))


def main() -> None:
    """One network for each quantile, judged on days that it has not seen."""
    x, y = waiting_times(4000, seed=0)
    x_new, y_new = waiting_times(4000, seed=1)
    noon = np.array([[0.0]])
    for q in (0.1, 0.5, 0.9):
        model = pellucid.Model(Dense(1, 16), Tanh(), Dense(16, 1), loss=Quantile(q), optimizer=Adam(0.02))
        model.fit(x, y, epochs=25, batch_size=100)
        below = (y_new < model.predict(x_new)).mean()
        print(f"at noon {q:.0%} wait less than {model.predict(noon)[0, 0]:4.1f} min; on new days {below:.1%} of all do")


if __name__ == "__main__":
    main()
