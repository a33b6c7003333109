"""Write examples/drawings.ipynb: see make_notebook.py.

python tools/make_drawings.py
"""

from __future__ import annotations

from pathlib import Path

import nbformat
from make_notebook import run

PLACE = Path(__file__).parents[1] / "examples" / "drawings.ipynb"

SOURCE = r"""
#% text
# Looking at a network

Everything here is drawn by pellucid itself as SVG: no plotting library, nothing that runs in the page, readable on light and
dark pages, and with a table of the numbers behind it.
#% code
import numpy as np
import pellucid
from IPython.display import SVG
from pellucid.glass import filters, histograms, network, plane, timelines
from pellucid.layers import Dense, ReLU, Sigmoid, Softmax, Tanh
from pellucid.losses import BinaryCrossEntropy, CategoricalCrossEntropy
from pellucid.optimizers import Adam

X, y = pellucid.datasets.moons(200, noise=0.1)
model = pellucid.Model(
    Dense(2, 5), Tanh(), Dense(5, 2), Tanh(), Dense(2, 1), Sigmoid(),
    loss=BinaryCrossEntropy(), optimizer=Adam(learning_rate=0.03), seed=1,
)
timeline = timelines.Timeline(X, y[:, None])
history = model.fit(X, y[:, None], epochs=200, batch_size=50, callbacks=[timeline], engine="numpy", progress=False)
#% text
## The network
A model at the end of a cell draws itself. A line is as wide as its weight is large; vermillion and solid is positive, blue and
dashed negative. Of wide layers only the ends are drawn.
#% code
model
#% text
With names, in a title of your own; `model.to_svg()` is the text of the picture, to be written to a file.
#% code
SVG(model.to_svg(inputs=["across", "up"], outputs=["upper moon"], title="Which moon?"))
#% text
A layer draws itself, too: an activation function its curve and slope, a layer with parameters their histograms.
#% code
Tanh()
#% text
## What the layers do to the plane
The two moons cannot be parted by a straight line. Each layer bends the plane, and in the end a straight line will do. The grid
is that of the inputs, carried along; a layer of more than two units is seen along the two directions in which it spreads most.
#% code
SVG(plane.draw(model, X, y))
#% text
## Training, layer by layer
A `Timeline` is a callback. In a healthy network no layer's gradient is thousands of times smaller than another's.
#% code
timeline
#% code
SVG(timeline.to_svg("activations"))
#% text
## Where the weights lie
#% code
SVG(histograms.draw(model))
#% text
## What the first layer looks for
The weights from an image's pixels to one unit are an image themselves. Handwritten digits, with a penalty on large weights so
that what is not needed goes away:
#% code
digits, labels = pellucid.datasets.digits()
digits = digits.reshape(len(digits), -1)
reader = pellucid.Model(
    Dense(64, 16, weight_l2=3e-4), ReLU(), Dense(16, 10), Softmax(),
    loss=CategoricalCrossEntropy(), optimizer=Adam(learning_rate=0.01), seed=0,
)
reader.fit(digits, labels, epochs=30, batch_size=64, engine="numpy", progress=False)
print(f"{reader.evaluate(digits, labels)['accuracy']:.0%} of the digits it learned from are read right")
SVG(filters.draw(reader, order="largest"))
"""

if __name__ == "__main__":
    nbformat.write(run(SOURCE), PLACE)
    print(f"wrote {PLACE}")
