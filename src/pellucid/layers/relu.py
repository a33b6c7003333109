"""The rectified linear unit and the leaky one."""

from __future__ import annotations

from pellucid.arrays import Array, check_number
from pellucid.layer import Layer


class ReLU(Layer):
    """Rectified linear unit: what is above 0 passes, the rest becomes 0.

    **Forward**  ``output = max(x, 0)``

    **Backward**  The slope is 1 above 0 and 0 below: ``dinputs = doutput`` where ``x > 0``, otherwise 0 (at the kink,
    too). A unit that is below 0 for every sample gets no gradient and never comes back: it is dead.

    inputs, output: any shape.

    Source: *Neural Networks from Scratch in Python* (2020), chapters 4 and 9.

    >>> import numpy as np
    >>> relu = ReLU()
    >>> relu.forward(np.array([[0, 2, -1, 3.3, -2.7]])), relu.backward(np.ones((1, 5)))
    (array([[0. , 2. , 0. , 3.3, 0. ]]), array([[0., 1., 0., 1., 0.]]))
    """

    def forward(self, inputs: Array) -> Array:
        xp = inputs.__array_namespace__()
        self.inputs = inputs
        self.output = xp.maximum(inputs, 0)
        return self.output

    def backward(self, doutput: Array) -> Array:
        self.doutput = doutput
        self.dinputs = doutput * (self.output > 0)
        return self.dinputs


class LeakyReLU(Layer):
    """Leaky ReLU: below 0 a small slope is left, so that no unit can die.

    **Forward**  ``output = x if x > 0 else slope * x``

    **Backward**  ``dinputs = doutput`` where ``x > 0``, otherwise ``slope * doutput``.

    inputs, output: any shape. Parameter: `slope` below 0.

    Source: Maas, Hannun and Ng, *Rectifier Nonlinearities Improve Neural Network Acoustic Models* (2013), section 2.

    >>> import numpy as np
    >>> LeakyReLU(slope=0.1).forward(np.array([[-2.0, 3.0]]))
    array([[-0.2,  3. ]])
    """

    def __init__(self, slope: float = 0.01) -> None:
        check_number("LeakyReLU: slope", slope)
        self.slope = float(slope)

    def forward(self, inputs: Array) -> Array:
        xp = inputs.__array_namespace__()
        self.inputs = inputs
        self.output = xp.maximum(inputs, 0) + self.slope * xp.minimum(
            inputs, 0
        )  # NumPy's where takes ten times as long
        return self.output

    def backward(self, doutput: Array) -> Array:
        self.doutput = doutput
        above = (self.inputs > 0).astype(doutput.dtype)
        self.dinputs = doutput * (above + self.slope * (1.0 - above))
        return self.dinputs
