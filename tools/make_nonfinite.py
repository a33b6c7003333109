"""Write examples/nonfinite.ipynb: see make_notebook.py.

python tools/make_nonfinite.py
"""

from __future__ import annotations

from pathlib import Path

import nbformat
from make_notebook import run

PLACE = Path(__file__).parents[1] / "examples" / "nonfinite.ipynb"

SOURCE = r"""
#% text
# Where did the NaN come from?

One value that is not a number makes every number after it one, so a loss of `nan` says nothing about where it began. When
training breaks down, pellucid takes the last good values back, runs the same steps again on NumPy (the seed makes the same
batches and the same dropout masks), follows every value through the step that fails, and tells you the first operation that
made one: layer, line, rows, numbers, and what to try. It does so for your own layers, too, and for the compiled engine.
#% code
import textwrap
import numpy as np
import pellucid
from pellucid import Layer
from pellucid.errors import NonFiniteError
from pellucid.layers import Dense, ReLU, Tanh
from pellucid.losses import MeanSquaredError
from pellucid.optimizers import SGD, Adam

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 3))
y = X[:, :1] * X[:, 1:2]

def try_it(model, X=X, **options):
    try:
        model.fit(X, y, epochs=50, batch_size=20, engine="numpy", progress=False, **options)
    except NonFiniteError as error:
        print(textwrap.fill(str(error), 100))
        return error
#% text
## The learning rate is too high
The first operation to fail is only where it came to light; the weights had been growing before. What they began as, and which
learning rate would have done, is found by trying it.
#% code
error = try_it(pellucid.Model(Dense(3, 8), ReLU(), Dense(8, 1), loss=MeanSquaredError(), optimizer=SGD(5.0)))
#% text
The parts of the sentence are attributes of the error:
#% code
for name in ("cause", "phase", "layer", "path", "operation", "epoch", "step", "values"):
    print(f"{name:>10}: {getattr(error, name)}")
#% text
## A row that is a slip
NaN and infinity in `X` are refused before training. A number that is only far too large is not, and the loss squares it.
#% code
slip = X.copy()
slip[17, 2] = 3e37
error = try_it(pellucid.Model(Dense(3, 8), ReLU(), Dense(8, 1), loss=MeanSquaredError()), slip)
#% text
## A layer of one's own
This one divides by the size of its inputs, and `ReLU` gives a row of zeros sooner or later.
#% code
class ToLengthOne(Layer):
    def forward(self, inputs):
        self.inputs = inputs
        self.length = (inputs * inputs).sum(axis=1, keepdims=True) ** 0.5
        self.output = inputs / self.length
        return self.output

    def backward(self, doutput):
        along = (doutput * self.output).sum(axis=1, keepdims=True)
        self.dinputs = (doutput - along * self.output) / self.length
        return self.dinputs

error = try_it(pellucid.Model(Dense(3, 2), ReLU(), ToLengthOne(), Dense(2, 1), loss=MeanSquaredError()))
#% text
What is thrown away again is not blamed: `np.where(x > 0, np.log(x), 0.0)` makes NaN on the way, and none comes out.

## An update
Where a column of `X` is all zeros, so is the gradient of its weights, and an optimiser whose `epsilon` is too small for float32
divides 0 by 0.
#% code
column = X.copy()
column[:, 0] = 0.0
error = try_it(pellucid.Model(Dense(3, 8), Tanh(), Dense(8, 1), loss=MeanSquaredError(), optimizer=Adam(epsilon=1e-60)), column)
#% text
## A prediction
A model that already returns NaN can be asked, too:
#% code
from pellucid.glass import nonfinite

model = pellucid.Model(Dense(3, 4), Tanh(), Dense(4, 1))
model.layers[2].weights[1, 0] = np.inf
print(nonfinite.trace(model, X))
"""

if __name__ == "__main__":
    nbformat.write(run(SOURCE), PLACE)
    print(f"wrote {PLACE}")
