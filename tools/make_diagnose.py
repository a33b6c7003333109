"""Write examples/diagnose.ipynb: see make_notebook.py.

python tools/make_diagnose.py
"""

from __future__ import annotations

from pathlib import Path

import nbformat
from make_notebook import run

PLACE = Path(__file__).parents[1] / "examples" / "diagnose.ipynb"

SOURCE = r"""
#% text
# What is wrong with this network?

A loss that will not fall says that something is wrong, and not what. `model.diagnose(X, y)` looks at the data, the weights, one
forward and one backward pass, and the optimiser's next step, and says what it found: where, how much, the likely cause, what to
try. `fit` looks by itself now and then, for a twentieth of its time at most.
#% code
import numpy as np
import pellucid
from pellucid.layers import Dense, ReLU, Sigmoid, Softmax
from pellucid.losses import CategoricalCrossEntropy, MeanSquaredError
from pellucid.optimizers import SGD, Adam

rng = np.random.default_rng(0)
X = rng.normal(100.0, 1.0, (300, 3))
y = (X - 100.0) @ np.array([[1.0], [2.0], [-1.0]]) + rng.normal(0.0, 0.1, (300, 1))
#% text
## A regression that learns nothing
Three inputs around 100, a target that is a plain sum of them, eight hidden units. It runs without a complaint, and the best that
one can say of the answers is that they are the mean of the targets.
#% code
def network():
    return pellucid.Model(
        Dense(3, 8), ReLU(), Dense(8, 1), loss=MeanSquaredError(), optimizer=SGD(0.01), metrics=["r2"], seed=0
    )

model = network()
history = model.fit(X, y, epochs=50, batch_size=32)
print(f"R2 = {model.evaluate(X, y)['r2']:.2f}")
#% text
The history holds what `fit` found, and shows it below its curve:
#% code
history.findings
#% text
Asked on demand, the same comes out. Each finding is an object, and prints its page with `more()`.
#% code
finding = model.diagnose(X, y)["dead-units"]
print(finding.name, finding.layer, finding.units, finding.figure, finding.page)
#% text
Now exactly what it says:
#% code
mean, std = X.mean(axis=0), X.std(axis=0)
mended = network()
history = mended.fit((X - mean) / std, y, epochs=50, batch_size=32)
print(f"R2 = {mended.evaluate((X - mean) / std, y)['r2']:.2f}")
print(history.findings)
#% text
## Before any training
Most faults are there before the first step, and so are cheapest to find then. A deep network of sigmoids, whose first layers will
get next to nothing of the gradient:
#% code
X, y = pellucid.datasets.spiral(rng=0)
inner = [layer for _ in range(6) for layer in (Dense(16, 16), Sigmoid())]
deep = pellucid.Model(Dense(2, 16), Sigmoid(), *inner, Dense(16, 3), Softmax(), loss=CategoricalCrossEntropy(), seed=0)
print(deep.diagnose(X, y))
#% text
## The data
Rows that are on both sides of the split make the validation figures better than the network is:
#% code
X, y = pellucid.datasets.moons(100, rng=0)
again = rng.integers(0, 100, 400)
layers = Dense(2, 16), ReLU(), Dense(16, 2), Softmax()
small = pellucid.Model(*layers, loss=CategoricalCrossEntropy(), optimizer=Adam(0.01), seed=0)
print(small.diagnose(X[again[:300]], y[again[:300]], (X[again[300:]], y[again[300:]])))
#% text
## And where all is well?
Nothing is said.
#% code
layers = Dense(2, 16), ReLU(), Dense(16, 2), Softmax()
fine = pellucid.Model(*layers, loss=CategoricalCrossEntropy(), optimizer=Adam(0.01), seed=0)
print(fine.fit(X, y, epochs=40, batch_size=20, validation_data=pellucid.datasets.moons(200, rng=1)).findings)
"""

if __name__ == "__main__":
    nbformat.write(run(SOURCE), PLACE)
    print(f"wrote {PLACE}")
