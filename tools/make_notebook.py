"""Write examples/activation_functions.ipynb: the cells below, run in a fresh kernel, with what they printed.

The notebook that pellucid grew from, every cell of it in its order, its explanations set right. Cells marked with the
number that they had there print today, digit for digit, what they printed then.

    python tools/make_notebook.py
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

PLACE = Path(__file__).parents[1] / "examples" / "activation_functions.ipynb"

# A cell begins with a line "#% ...": "text", "code", or "seed N", code that was cell [N] of the first notebook.
SOURCE = r"""
#% text
# Activation functions

A dense layer computes `inputs @ weights + biases`, and an **activation function** then bends the result. This notebook
looks at the usual ones, tries ReLU and softmax in plain Python and in NumPy, and sends a spiral through two layers.

It follows the first chapters of *Neural Networks from Scratch in Python*. `pellucid.nnfs` has the names of that book's
code over pellucid's own layers; `nnfs.init()` seeds NumPy and makes its functions compute with the book's precision, so
that you get exactly the numbers you see here. Nothing else has to be installed: pellucid draws its own pictures.
#% seed 8
import numpy as np
import pellucid.nnfs as nnfs
from pellucid.nnfs.datasets import spiral_data

nnfs.init()
#% text
## Activation functions

**Step function**

$$y = \begin{cases}1 & \text{if } x > 0\\ 0 & \text{if } x \le 0\end{cases}$$

Very different inputs give the same output: 0.1 and 1000 both become 1. Worse for learning: its slope is 0 everywhere (and
at the jump there is none). A network learns by asking "if I move this weight a little, how does the result move?", and
behind a step the answer is always "not at all". So it is not used inside networks any more.

**Linear function**

$$y = x$$

Fine as the *last* activation of a network that predicts a number, whether what it has learned is a straight line or not.
Between layers it does nothing: we want a function that is not linear there (see "why" below).

**Sigmoid function**

$$y = \frac{1}{1 + e^{-x}}$$

Granular: every input has an output of its own, between 0 and 1, which also reads as a probability. That is why it is still
the last activation for yes-or-no questions. Inside deep networks it is not the best, and the exponential is not even the
main reason: its slope is at most 1/4 and almost 0 far from the middle, so through many sigmoids hardly any gradient is left.

**Rectified linear unit (ReLU)**

$$y = \begin{cases}x & \text{if } x > 0\\ 0 & \text{if } x \le 0\end{cases}$$

The usual choice between layers: not linear, because of its bend at 0, and easy to compute. Above 0 its slope is 1, so
gradients come through undiminished. Its weak spot: a unit that is below 0 for every sample has slope 0 for all of them and
never learns again. It is "dead".

Solid lines are the functions, dashed lines their slopes, both computed by pellucid's own layers:
#% code
from IPython.display import SVG

from pellucid.glass import activations

SVG(activations.draw(["Step", "Linear", "Sigmoid", "ReLU"]))
#% text
## Why use activation functions?

Not all problems are linear; in machine learning they usually are *not*. And layers without an activation between them
cannot help, however many there are: two of them are just one,

$$(x W_1 + b_1) W_2 + b_2 = x (W_1 W_2) + (b_1 W_2 + b_2).$$

Here are two layers and the single one that does the same:
#% code
x = np.array([[1.0, -2.0], [0.5, 3.0]])
W1, b1 = np.array([[2.0, 0.0, 1.0], [1.0, -1.0, 4.0]]), np.array([1.0, 0.0, -1.0])
W2, b2 = np.array([[1.0], [3.0], [-2.0]]), np.array([0.5])

two_layers = (x @ W1 + b1) @ W2 + b2
one_layer = x @ (W1 @ W2) + (b1 @ W2 + b2)
print(two_layers.ravel(), one_layer.ravel())
#% text
With a ReLU between them that is no longer so, and the more units there are, the more bends the whole function has.
#% seed 9
# ReLU Activation Code
inputs = [0,2,-1,3.3,-2.7,1.1,2.2,-100]

output = []
for i in inputs:
    if i > 0:
        output.append(i)
    else:
        output.append(0)

print(type(output))
print(output)
#% seed 10
# ReLU with numpy
inputs = [0,2,-1,3.3,-2.7,1.1,2.2,-100]
output = np.maximum(0, inputs)
print(type(output))
print(output)
#% seed 11
# ReLU Activation class
class Activation_ReLU:

    # forward pass
    def forward(self, inputs):
        # Calculate output values from input
        self.output = np.maximum(0, inputs)
#% seed 15
class Layer_Dense:

    def __init__(self, n_inputs, n_neurons):
        # Initialize weights and biases
        # pass # Using pass statement as a placeholder
        self.weights = 0.01 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))

    # Forward pass
    def forward(self, inputs):
        # Calculate output values from inputs, weights and biases
        #pass # using pass statements as a placeholder
        self.output = np.dot(inputs, self.weights) + self.biases
#% text
Random numbers come in a row that the seed alone decides, so which ones a cell gets depends on how many were drawn before.
When this notebook was first run, a spiral, a layer and another spiral (300 + 6 + 300 numbers) had been made by here. They
are made again, so that the cells below get the same numbers as then:
#% code
spiral_data(samples=100, classes=3)
Layer_Dense(2, 3)
spiral_data(samples=100, classes=3);
#% seed 16
# create dataset
X, y = spiral_data(samples=100, classes=3)

# Create Dense layer with 2 input features and 3 output values
dense1 = Layer_Dense(2, 3)

# Create ReLU activation (to be used with Dense layer):
activation1 = Activation_ReLU()

# make a forward pass of our training data through this layer
dense1.forward(X)

# Forward pass through activation func.
# Takes in output from previous layer
activation1.forward(dense1.output)

# See first few samples
print(activation1.output[:5])
#% text
What was below 0 has become 0. The first row is all zeros for another reason: the spiral starts at the point (0, 0), and
the biases are still 0. The numbers are small because the weights start small, at about 0.01.

## Softmax activation function

Softmax is meant for classification, where exactly one of several classes is right, and is used on the output of the last
layer: it turns any numbers into probabilities, all above 0 and 1 in sum. Larger stays larger, and what counts are the
*differences* between the numbers.
#% seed 17
# Softmax

# Values from the previous output when we described
# what a neural network is
layer_outputs = [4.8, 1.21, 2.385]

# e - mathematical constant, we use here to match constants convention
E = 2.71828182846

# For each value in a vector, calculate the exponential value
exp_values = []
for output in layer_outputs:
    exp_values.append(E ** output) # ** - Power
print('exponentiated values:')
print(exp_values)
#% seed 19
# Now normalize values
norm_base = sum(exp_values) # We sum all values
norm_values = []
for value in exp_values:
    norm_values.append(value / norm_base)
print('Normalized exponentiated values:')
print(norm_values)

print('Sum of normalized values:', sum(norm_values))
#% seed 20
# W/ Numpy

layer_outputs = [4.8, 1.21, 2.385]

# For each value in vector, calculate the exponential value
exp_values = np.exp(layer_outputs)
print('exponentiated values:')
print(exp_values)

# Now normalize values
norm_values = exp_values / np.sum(exp_values)
print('Normalized exponentiated values:')
print(norm_values)

print('Sum of normalized values:', np.sum(norm_values))
#% text
Once the sum is 1.0 and once 0.9999999999999999: each value is rounded to about 16 digits, and the sum shows it. It is not a
mistake. (The constant `E` above is also cut off after 12 digits; NumPy's is exact as far as the machine goes.)

In the class, the largest value of each row is subtracted first. That changes nothing, because only differences count, and
the cells after it show why it is done: the exponential of a large number is too large for the machine.
#% seed 31
class Activation_Softmax:

    def forward(self, inputs):

        exp_values = np.exp(inputs - np.max(inputs, axis=1,
                                            keepdims=True))
        probabilities = exp_values / np.sum(exp_values, axis=1,
                                            keepdims=True)
        self.output = probabilities
#% seed 32
print(np.exp(1))
#% seed 33
print(np.exp(10))
#% seed 34
print(np.exp(100))
#% seed 35
print(np.exp(1000))
#% text
`inf` and a warning: an overflow. After the subtraction the largest exponent is 0, so no exponential is above 1; those of
very negative numbers just come out as 0, which does no harm:
#% seed 36
print(np.exp(-np.inf), np.exp(0))
#% seed 37
softmax = Activation_Softmax()

softmax.forward([[1,2,3]])
print(softmax.output)
#% seed 38
softmax.forward([[-2,-1,0]])
print(softmax.output)
#% text
The same, as promised: 1, 2, 3 and -2, -1, 0 differ by the same steps. With steps half as large the probabilities move
closer together. Softmax is not about proportions, half the numbers is not the same thing:
#% seed 39
softmax.forward([[0.5,1,1.5]])
print(softmax.output)
#% seed 40
X, y = spiral_data(samples=100, classes=3)

dense1 = Layer_Dense(2, 3)

activation1 = Activation_ReLU()

dense2 = Layer_Dense(3, 3)

activation2 = Activation_Softmax()

dense1.forward(X)

activation1.forward(dense1.output)

dense2.forward(activation1.output)

activation2.forward(dense2.output)

print(activation2.output[:5])
#% text
About a third for each of the three classes: nothing has been learned yet, the network has no opinion.

## Where this goes

What is missing is the way back: how the loss changes with every weight. pellucid's layers have it, a few lines under the
forward pass and with its derivation, and they work the way you have just seen, one at a time:
#% code
from pellucid.layers import Dense, ReLU, Softmax

relu = ReLU()
print(relu.forward(np.array([[0, 2, -1, 3.3]])))
print(relu.backward(np.ones((1, 4))))
#% text
The network from above with more units, trained on the spiral:
#% code
import pellucid
from pellucid.losses import CategoricalCrossEntropy
from pellucid.optimizers import Adam

model = pellucid.Model(
    Dense(2, 64), ReLU(), Dense(64, 3), Softmax(),
    loss=CategoricalCrossEntropy(), optimizer=Adam(learning_rate=0.05), seed=0,
)
history = model.fit(X, y, epochs=300, progress=False)
print(model.summary())
#% code
print(f"right before training: {(activation2.output.argmax(axis=1) == y).mean():.0%}")
print(f"right after training: {(model.predict_classes(X) == y).mean():.0%}")
#% text
Each colour is where the network would say "this class"; the points are the spiral's, those it gets wrong are ringed:
#% code
SVG(model.regions_svg(X, y))
#% text
These points are the ones it was trained on. How good it is on others is another question, the one that counts:
#% code
X_new, y_new = spiral_data(samples=100, classes=3)
print(f"right on a spiral it has never seen: {(model.predict_classes(X_new) == y_new).mean():.0%}")
#% code
SVG(history.to_svg())
"""

_CELL = re.compile(r"^#% (\w+)(?: (\d+))?\n", re.M)


def cells(recipe: str = SOURCE) -> list[tuple[str, int | None, str]]:
    """(kind, number in the first notebook or None, source) of every cell."""
    parts = _CELL.split(recipe)[1:]
    return [
        (kind, int(number) if number else None, source.strip("\n"))
        for kind, number, source in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    ]


class Kernel(AsyncKernelManager):
    """The Python that runs this, whether or not it is registered with Jupyter."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        if os.name != "nt":  # sockets in the temporary folder instead of ports
            self.connection_file = os.path.join(os.environ["JUPYTER_RUNTIME_DIR"], "kernel.json")
            self.transport, self.ip = "ipc", os.path.join(os.environ["JUPYTER_RUNTIME_DIR"], "kernel")

    @property
    def kernel_spec(self) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


def run(recipe: str = SOURCE) -> Any:
    """The notebook of a recipe, run. Nothing is written but in a temporary folder."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for place, (kind, number, source) in enumerate(cells(recipe)):
        new = nbformat.v4.new_markdown_cell if kind == "text" else nbformat.v4.new_code_cell
        metadata = {"seed": number} if number is not None else {}
        notebook.cells.append(new(source, metadata=metadata, id=f"cell-{place}"))
    with tempfile.TemporaryDirectory() as folder:
        kept = dict.fromkeys(("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR"), folder)
        with mock.patch.dict(os.environ, {**kept, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}):
            client = NotebookClient(
                notebook,
                kernel_manager_class=Kernel,
                kernel_name="python3",
                timeout=120,
                record_timing=False,
                coalesce_streams=True,
                resources={"metadata": {"path": folder}},
            )
            client.execute()
    notebook.metadata["language_info"] = {"name": "python"}  # and not which version of Python it was
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.output_type == "stream":
                output.text = without_place(output.text)
    return notebook


def without_place(text: str) -> str:
    """A warning without the temporary file that the kernel gave the cell."""
    return re.sub(r"^\S*ipykernel\S*?:\d+: ", "", text, flags=re.M)


if __name__ == "__main__":
    nbformat.write(run(), PLACE)
    print(f"wrote {PLACE}")
