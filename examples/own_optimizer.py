"""An optimiser of your own: Lion, which remembers one running average and steps by its sign alone.

**Update**  ``w = w - rate * (sign(beta_1 * m + (1 - beta_1) * g) + weight_decay * w)``, then
``m = beta_2 * m + (1 - beta_2) * g``

Every entry moves by the same amount, so a good rate is about a tenth of Adam's, and memory is half of it.

Source: Chen et al., *Symbolic Discovery of Optimization Algorithms* (2023), algorithm 2.
"""

import pellucid
from pellucid.datasets import digits, split
from pellucid.layers import Dense, ReLU, Softmax
from pellucid.losses import CategoricalCrossEntropy
from pellucid.optimizers import Adam, Optimizer


class Lion(Optimizer):
    """Lion. `learning_rate`: a number or a schedule; `weight_decay` pulls every parameter towards 0."""

    slots = ("momentum",)  # what is remembered of each parameter; starts at 0

    def __init__(self, learning_rate=0.0003, beta_1=0.9, beta_2=0.99, weight_decay=0.0):
        super().__init__(learning_rate)
        self.beta_1, self.beta_2, self.weight_decay = beta_1, beta_2, weight_decay

    def update(self, param, grad, slots, rates):
        """Entry by entry: an engine may hand over a whole matrix, or a slice of all parameters in a row."""
        xp = param.__array_namespace__()
        (momentum,), (rate,) = slots, rates
        direction = xp.sign(self.beta_1 * momentum + (1.0 - self.beta_1) * grad)
        param = param - rate * (direction + self.weight_decay * param)
        return param, (self.beta_2 * momentum + (1.0 - self.beta_2) * grad,)


def accuracy(optimizer: Optimizer) -> float:
    """On handwritten digits not seen in training."""
    X, y, X_new, y_new = split(*digits(), fraction=0.2, seed=0)
    model = pellucid.Model(
        Dense(64, 64), ReLU(), Dense(64, 10), Softmax(),
        loss=CategoricalCrossEntropy(), optimizer=optimizer, seed=0,
    )  # fmt: skip
    model.fit(X, y, epochs=20, batch_size=64)
    return model.evaluate(X_new, y_new)["accuracy"]


def main() -> None:
    """Lion beside Adam on the same digits, from the same initial weights, over the same batches."""
    for optimizer in (Adam(0.003), Lion(0.0005)):
        print(f"{type(optimizer).__name__:4}  {accuracy(optimizer):.1%} of new digits")


if __name__ == "__main__":
    main()
