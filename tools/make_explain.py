"""Write examples/explain.ipynb: see make_notebook.py.

python tools/make_explain.py
"""

from __future__ import annotations

from pathlib import Path

import nbformat
from make_notebook import run

PLACE = Path(__file__).parents[1] / "examples" / "explain.ipynb"

SOURCE = r"""
#% text
# Every number of one step

Half the tutorials on backpropagation work through the same network by hand: two inputs, two hidden units, two outputs, sigmoids,
learning rate 0.5. Here it is, with the weights they give it. `model.explain(x, y)` writes the whole of it out: what every unit
computes, the loss, every factor of the chain rule, and every weight after the step.
#% code
import numpy as np
import pellucid
from pellucid.layers import Dense, Dropout, ReLU, Sigmoid, Softmax
from pellucid.losses import CategoricalCrossEntropy, MeanSquaredError
from pellucid.optimizers import SGD, Adam

hidden, output = Dense(2, 2), Dense(2, 2)
hidden.weights, hidden.biases = np.array([[0.15, 0.25], [0.20, 0.30]]), np.full(2, 0.35)
output.weights, output.biases = np.array([[0.40, 0.50], [0.45, 0.55]]), np.full(2, 0.60)
model = pellucid.Model(
    hidden, Sigmoid(), output, Sigmoid(), loss=MeanSquaredError(), optimizer=SGD(0.5), dtype="float64"
)
model.explain([0.05, 0.10], [0.01, 0.99])
#% text
The weight that the tutorials call `w5` is `weights[0,0]` of layer 2. Its gradient, 0.082167041, is the product of three factors
in one row of a table, and `new weights[0,0]` is its value after the step: 0.35891648.

The last lines say what has been checked: each printed line was worked out again from the figures printed in it, and all
factors, multiplied out from the loss to the first layer, are the gradients that training uses. What fails this is not shown.

## As text
In a terminal, `print` gives the same, at most 80 columns wide. `depth` says how much: 1 the layers, 2 the units, 3 every weight;
`layer=2` shows one layer alone.
#% code
explanation = model.explain([0.05, 0.10], [0.01, 0.99])
print(explanation.text(depth=2, digits=4))
#% text
## A network of some size
Here a layer has 64 units. What is shown are the units and terms that matter most; the others are added up and named, so that the
figures still give the result. Layers and units open with a click, or with Enter.
#% code
X, y = pellucid.datasets.spiral(samples=100, classes=3, rng=0)
model = pellucid.Model(
    Dense(2, 64), ReLU(), Dropout(0.1), Dense(64, 3), Softmax(), loss=CategoricalCrossEntropy(), optimizer=Adam(0.05)
)
history = model.fit(X, y, epochs=20, progress=False)
model.explain(X[250], y[250])
#% text
As text, a network of this size comes in about two screens: of each layer the unit that the loss depends on most, of each sum the
largest terms. The gradient can be followed from the loss to the first layer: `dinputs` of each layer is the `doutput` of the one
before it. The last line says how to see more; `units="all"` is every weight there is.
#% code
deep = pellucid.Model(
    Dense(2, 64), ReLU(), Dense(64, 64), ReLU(), Dense(64, 3), Softmax(), loss=CategoricalCrossEntropy(), seed=1
)
print(deep.explain(X[250], y[250]))
#% text
Without a target it is the prediction that is explained, and without the update nothing of Adam is shown:
#% code
print(model.explain(X[250]).text(depth=1, digits=4))
print(sorted(model.explain(X[250], y[250], update=False).gradients))
#% text
## A layer of your own
needs nothing: its own backward, asked for one output at a time, says how each output depends on each input, and these factors add
up to its gradients. With its formula, `explain` prints and checks that as well.
#% code
from pellucid.glass import explain

class Square(pellucid.Layer):
    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs**2
        return self.output

    def backward(self, doutput):
        self.dinputs = 2 * self.inputs * doutput
        return self.dinputs

explain.register(Square, explain.Piece("x**2", "2 * x"))
own = pellucid.Model(Dense(2, 2), Square(), Dense(2, 1), loss=MeanSquaredError(), seed=1)
print(own.explain([0.5, -1.0], [1.0], update=False).text(digits=4))
#% text
## For programs and for papers
`to_json()` holds every number to the last bit: the gradients can be computed from it alone. `to_latex()` writes the equations.
#% code
import json

record = json.loads(explanation.to_json())
print(list(record))
layer = record["layers"][2]
print(layer["layer"], layer["rule"], np.array(layer["inputs"]).T @ np.array(layer["doutput"]))
print(explanation.to_latex(depth=2)[:430])
"""

if __name__ == "__main__":
    nbformat.write(run(SOURCE), PLACE)
    print(f"wrote {PLACE}")
