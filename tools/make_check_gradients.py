"""Write examples/check_gradients.ipynb: see make_notebook.py.

python tools/make_check_gradients.py
"""

from __future__ import annotations

from pathlib import Path

import nbformat
from make_notebook import run

PLACE = Path(__file__).parents[1] / "examples" / "check_gradients.ipynb"

SOURCE = r"""
#% text
# Is my backward pass right?

A layer of your own is a `forward` and a `backward`. Nothing tells you when `backward` is wrong: the network trains all the
same, a little worse, and you look for the reason elsewhere for a week. `pellucid.check_gradients` compares every gradient
with what it must be, and says what sort of mistake it is.

The idea is old and simple. A derivative says how much the output moves when one number moves a little. So move the number a
little, to both sides, and look:

$$\frac{\partial f}{\partial x} \approx \frac{f(x + h) - f(x - h)}{2h}$$

That needs `forward` alone, so it knows nothing of the mistakes in `backward`.
#% code
import numpy as np
import pellucid
from pellucid import Layer
from pellucid.layers import Dense, ReLU, Softmax
from pellucid.losses import CategoricalCrossEntropy

pellucid.check_gradients(Dense(5, 3))
#% text
No inputs were given: it found by itself that this layer takes rows of 5, drew some, and compared all 53 derivatives. The last
column is how far the two are apart, relative to their size: about 1e-12, which is rounding.

## A mean for a sum
Here is a layer that multiplies each feature with a number of its own. One line is wrong. Which?
#% code
class Scale(Layer):
    params = ("factors",)

    def __init__(self, n_features):
        self.n_features = n_features
        self.factors = np.ones(n_features)

    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs * self.factors
        return self.output

    def backward(self, doutput):
        self.dfactors = (doutput * self.inputs).mean(axis=0)
        self.dinputs = doutput * self.factors
        return self.dinputs

report = pellucid.check_gradients(Scale(4))
print(report)
#% text
The gradient that comes from above is already that of the mean loss, so a parameter that every row uses has to *add up* what
the rows say. With `.sum(axis=0)` it is right:
#% code
class Scale(Scale):
    def backward(self, doutput):
        self.dfactors = (doutput * self.inputs).sum(axis=0)
        self.dinputs = doutput * self.factors
        return self.dinputs

print(pellucid.check_gradients(Scale(4)).verdict())
#% text
## The inputs where the output belongs
The slope of tanh is $1 - t^2$, where $t$ is the *output*. It is easy to write down the wrong one:
#% code
class MyTanh(Layer):
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.tanh(inputs)
        return self.output

    def backward(self, doutput):
        self.dinputs = doutput * (1 - self.inputs**2)
        return self.dinputs

print(pellucid.check_gradients(MyTanh()))
#% text
## Right where you looked
A ReLU without its mask is right for every positive input. If you had tried it with positive numbers only, you would have
believed it:
#% code
class MyReLU(ReLU):
    def backward(self, doutput):
        self.dinputs = doutput
        return self.dinputs

print(pellucid.check_gradients(MyReLU()).parameters["inputs"].sentence)
#% text
## Corners
ReLU has no derivative at exactly 0, and differences across the corner give nonsense: half of both sides. The check sees that
it stands on a corner (differences with two step sizes do not fit together there) and moves the point a little. With
`exact=True` it stays, and says that it cannot tell:
#% code
print(pellucid.check_gradients(ReLU(), np.zeros((2, 3))).verdict())
print(pellucid.check_gradients(ReLU(), np.zeros((2, 3)), exact=True))
#% text
## More than the value
A gradient can be right and still not arrive: because it is added to the one of the step before, because `backward` writes into
the array of the layer above, because a record is left over from another pass.
#% code
class PilesUp(Scale):
    def backward(self, doutput):
        before = getattr(self, "dfactors", 0.0)
        dinputs = super().backward(doutput)
        self.dfactors = self.dfactors + before
        return dinputs

for finding in pellucid.check_gradients(PilesUp(4)).findings:
    print(finding.kind, "-", finding.sentence)
#% text
## A whole model
With loss, penalties, weights of classes, dropout (its mask is held still) and batch norm, in training and in prediction. Where
something is wrong, each layer is looked at alone, to say which:
#% code
X, y = pellucid.datasets.spiral(samples=100, classes=3, rng=0)
model = pellucid.Model(Dense(2, 6), MyTanh(), Dense(6, 3), Softmax(), loss=CategoricalCrossEntropy())
model.check_gradients(X, y)
#% text
`report.ok` is true or false, `report.raise_if_wrong()` makes a test of it, `report.to_dict()` is ready for JSON. From the
command line it is `pellucid check my_layers.py:Scale`.
"""

if __name__ == "__main__":
    nbformat.write(run(SOURCE), PLACE)
    print(f"wrote {PLACE}")
