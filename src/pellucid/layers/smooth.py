"""Smooth relatives of ReLU: softplus, SiLU, Mish and GELU."""

from __future__ import annotations

from math import pi, sqrt

from pellucid.arrays import Array
from pellucid.functions import sigmoid, softplus
from pellucid.layer import Layer


class Softplus(Layer):
    """Softplus: a ReLU with its corner rounded off; always above 0.

    **Forward**  ``output = log(1 + exp(x)) = max(x, 0) + log(1 + exp(-abs(x)))``

    **Backward**  ``d/dx log(1 + exp(x)) = exp(x) / (1 + exp(x))``: ``dinputs = doutput * sigmoid(x)``.

    inputs, output: any shape.

    Source: Dugas et al., *Incorporating Second-Order Functional Knowledge* (2001), equation 4.

    >>> import numpy as np
    >>> Softplus().forward(np.array([[-1000.0, 0.0, 1000.0]])).round(4)
    array([[0.000e+00, 6.931e-01, 1.000e+03]])
    """

    def forward(self, inputs: Array) -> Array:
        self.inputs = inputs
        self.output = softplus(inputs)
        return self.output

    def backward(self, doutput: Array) -> Array:
        self.doutput = doutput
        self.dinputs = doutput * sigmoid(self.inputs)
        return self.dinputs


class SiLU(Layer):
    """Sigmoid linear unit (swish): the input times its own sigmoid.

    **Forward**  ``output = x * s`` with ``s = sigmoid(x)``

    **Backward**  By the product rule, ``s + x * s * (1 - s)``: ``dinputs = doutput * (s + output * (1 - s))``.

    inputs, output: any shape.

    Source: Hendrycks and Gimpel, *Gaussian Error Linear Units* (2016), section 2; Ramachandran et al. (2017).

    >>> import numpy as np
    >>> SiLU().forward(np.array([[-1.0, 0.0, 1.0]])).round(4)
    array([[-0.2689,  0.    ,  0.7311]])
    """

    def forward(self, inputs: Array) -> Array:
        self.inputs = inputs
        self.sigmoid = sigmoid(inputs)
        self.output = inputs * self.sigmoid
        return self.output

    def backward(self, doutput: Array) -> Array:
        self.doutput = doutput
        self.dinputs = doutput * (self.sigmoid + self.output * (1.0 - self.sigmoid))
        return self.dinputs


class Mish(Layer):
    """Mish: the input times the tanh of its softplus.

    **Forward**  ``output = x * t`` with ``t = tanh(softplus(x))``

    **Backward**  By the product and the chain rule, ``t + x * (1 - t**2) * sigmoid(x)``, since the slope of tanh is
    ``1 - t**2`` and that of softplus the sigmoid: ``dinputs = doutput * (t + x * (1 - t**2) * sigmoid(x))``.

    inputs, output: any shape.

    Source: Misra, *Mish: A Self Regularized Non-Monotonic Activation Function* (2020), equation 2.

    >>> import numpy as np
    >>> Mish().forward(np.array([[-1.0, 0.0, 1.0]])).round(4)
    array([[-0.3034,  0.    ,  0.8651]])
    """

    def forward(self, inputs: Array) -> Array:
        xp = inputs.__array_namespace__()
        self.inputs = inputs
        self.tanh = xp.tanh(softplus(inputs))
        self.output = inputs * self.tanh
        return self.output

    def backward(self, doutput: Array) -> Array:
        self.doutput = doutput
        slope = self.inputs * (1.0 - self.tanh * self.tanh) * sigmoid(self.inputs)
        self.dinputs = doutput * (self.tanh + slope)
        return self.dinputs


class GELU(Layer):
    """Gaussian error linear unit: the input times the chance that a normal draw lies below it, by tanh.

    **Forward**  ``output = x/2 * (1 + t)``, ``t = tanh(u)``, ``u = sqrt(2/pi) * (x + 0.044715 * x**3)``

    **Backward**  ``(1 + t)/2 + x/2 * (1 - t**2) * du/dx`` with ``du/dx = sqrt(2/pi) * (1 + 3 * 0.044715 * x**2)``.

    This is the usual approximation (at most 5e-4 from the exact form with the error function, which NumPy lacks).
    Inside u, x is limited to +-20, where tanh is +-1 to the last bit, so that x**3 cannot overflow into 0 * infinity.

    inputs, output: any shape.

    Source: Hendrycks and Gimpel, *Gaussian Error Linear Units* (2016), section 2.

    >>> import numpy as np
    >>> GELU().forward(np.array([[-1.0, 0.0, 1.0]])).round(4)
    array([[-0.1588,  0.    ,  0.8412]])
    """

    def forward(self, inputs: Array) -> Array:
        xp = inputs.__array_namespace__()
        self.inputs = inputs
        x = xp.clip(inputs, -20.0, 20.0)
        self.tanh = xp.tanh(sqrt(2.0 / pi) * x * (1.0 + 0.044715 * x * x))
        self.output = 0.5 * inputs * (1.0 + self.tanh)
        return self.output

    def backward(self, doutput: Array) -> Array:
        xp = doutput.__array_namespace__()
        self.doutput = doutput
        x = xp.clip(self.inputs, -20.0, 20.0)
        slope = sqrt(2.0 / pi) * (1.0 + 3.0 * 0.044715 * x * x)
        self.dinputs = doutput * (0.5 * (1.0 + self.tanh) + 0.5 * x * (1.0 - self.tanh * self.tanh) * slope)
        return self.dinputs
