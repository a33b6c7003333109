"""The contract of a layer, in one class.

A layer is written the way a book writes it: `forward` and `backward` return their values and keep what they saw on
`self`, so that a person can stop anywhere and look. A pass that nobody asked to look at runs on a *copy* of the
layer, and that copy is the record of the pass. So the same lines are inspectable, safe under threads, and traceable.

=============  ==============================================  =====================  =================================
kind           declared by                                     example                lives
=============  ==============================================  =====================  =================================
configuration  constructor arguments, kept under their names   ``rate``               for ever
parameters     ``params``, a tuple of names                    ``weights``            trained; gradient is ``dweights``
state          ``state``, a tuple of names                     ``running_mean``       changed by a training pass, kept
record         all the rest                                    ``inputs``, ``mask``   until the next pass, never copied
=============  ==============================================  =====================  =================================

A layer of your own is a class with `forward` and `backward`:

>>> import numpy as np
>>> class Square(Layer):
...     def forward(self, inputs):
...         self.inputs = inputs
...         self.output = inputs**2
...         return self.output
...     def backward(self, doutput):
...         self.dinputs = 2 * self.inputs * doutput
...         return self.dinputs
>>> square = Square()
>>> square.forward(np.array([[1.0, 3.0]])), square.backward(np.ones((1, 2)))
(array([[1., 9.]]), array([[2., 6.]]))
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from pellucid.arrays import Array
from pellucid.errors import ContractError
from pellucid.randomness import Draws

_SHARED = (dict, list, set, bytearray)


class Layer:
    """Base of every layer: subclass it, write `forward` and `backward`, name your `params` and `state`."""

    params: ClassVar[tuple[str, ...]] = ()
    state: ClassVar[tuple[str, ...]] = ()

    # What the run decides, set on the copies that run: never by the user, never saved.
    training: bool = False
    needs_dinputs: bool = True  # the first layer's dinputs is needed by nobody in training
    draws: Draws = Draws(0)

    layers: tuple[Layer, ...] = ()  # the children of a composite

    @property
    def substitute_gradient(self) -> bool:
        """Whether `backward` is, on purpose, not the derivative of `forward`. A class of yours may set it to True."""
        return False

    def forward(self, inputs: Array) -> Array:
        """The layer's values for `inputs` (B, ...); keeps `inputs` and `output`."""
        raise ContractError(f"{type(self).__name__} has no forward(self, inputs). Write it; it returns the output.")

    def backward(self, doutput: Array) -> Array:
        """The gradient for the inputs, from `doutput`, that of the output; keeps `dinputs` and each `d<param>`."""
        raise ContractError(f"{type(self).__name__} has no backward(self, doutput). Write it; it returns dinputs.")

    def penalty(self) -> Any:
        """What regularisation adds to the loss: a number. The backward pass already holds its gradient."""
        return sum((child.penalty() for child in self.layers), 0.0)

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw this layer's own parameters (not its children's) from `rng`. Nothing for a layer without any."""

    # -- what follows from the four kinds ---------------------------------------------------------------------------

    def config(self) -> dict[str, Any]:
        """The constructor's arguments by name, as given."""
        try:
            return {name: getattr(self, name) for name in _arguments(type(self))}
        except AttributeError as error:
            raise ContractError(
                f"{type(self).__name__}.__init__ takes {error.name!r} but does not keep it: write "
                f"self.{error.name} = {error.name} there, unchanged, so that it can be copied, saved and shown."
            ) from None

    def values(self) -> dict[str, Array]:
        """This layer's own parameters and state by name."""
        return {name: getattr(self, name) for name in (*self.params, *self.state)}

    def run_copy(self) -> Layer:
        """A shallow copy to run a pass on: it shares the parameters and gets a record of its own."""
        copy = object.__new__(type(self))
        copy.__dict__ = self.__dict__.copy()  # an eighth of predict's time faster than update()
        if self.layers:
            copy.layers = tuple([layer.run_copy() for layer in self.layers])
        return copy

    def walk(self, path: str = "") -> Iterator[tuple[str, Layer]]:
        """This layer and everything inside it, depth first, with paths such as "2" or "2.0"; its own path is ""."""
        yield path, self
        for number, child in enumerate(self.layers):
            yield from child.walk(f"{path}.{number}" if path else str(number))

    def __getstate__(self) -> dict[str, Any]:
        """What copy, deepcopy and pickle keep: everything that lasts, nothing of a pass."""
        kept = {**self.config(), **self.values()}
        return {**kept, "layers": self.layers} if self.layers else kept

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take that back. A layer of the user's goes through its constructor, which may derive more than it was given."""
        if type(self).__module__.partition(".")[0] != "pellucid":
            made = call_by_name(type(self), {name: state[name] for name in _arguments(type(self))})
            vars(self).update(vars(made))
        vars(self).update(state)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_shown(self)})"

    def __getattr__(self, name: str) -> Any:
        """Only asked for what is not there: most often the record of a pass that has not been made."""
        message = f"{type(self).__name__!r} object has no attribute {name!r}"
        if not name.startswith("_"):
            passes = "backward(doutput), after forward(inputs)," if name.startswith("d") else "forward(inputs)"
            message += f". If a pass keeps it, call {passes} first."
        raise AttributeError(message, name=name, obj=self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """What a notebook shows: an activation's curve, the histograms of the parameters."""
        from pellucid.glass import showing

        return showing.of_layer(self)


def call_by_name(maker: Any, arguments: dict[str, Any]) -> Any:
    """Call `maker`; what it takes with a star (the layers of a chain), and what stands before that, goes in order."""
    given = dict(arguments)
    if getattr(maker, "__init__", None) is object.__init__:  # inspect would copy all of sys.modules to find that out
        return maker(**given)
    parameters = list(inspect.signature(maker).parameters.values())
    stars = [number for number, parameter in enumerate(parameters) if parameter.kind is parameter.VAR_POSITIONAL]
    if not stars:
        return maker(**given)
    before = [given.pop(parameter.name) for parameter in parameters[: stars[0]]]
    return maker(*before, *given.pop(parameters[stars[0]].name, ()), **given)


def _arguments(kind: type[Layer]) -> tuple[str, ...]:
    """The names of a layer class's constructor arguments."""
    if kind.__init__ is object.__init__:
        return ()
    return tuple(name for name in inspect.signature(kind.__init__).parameters if name != "self")


def _shown(layer: Layer) -> str:
    """A layer's arguments as a person would type them: those without a default plainly, the rest when changed."""
    if type(layer).__init__ is object.__init__:
        return ""
    shown: list[str] = []
    plain = True
    for name, parameter in list(inspect.signature(type(layer).__init__).parameters.items())[1:]:
        value = getattr(layer, name)
        if parameter.kind is parameter.VAR_POSITIONAL:
            shown.extend(repr(item) for item in value)
        elif parameter.default is parameter.empty and plain and parameter.kind is not parameter.KEYWORD_ONLY:
            shown.append(repr(value))
        elif not _same(value, parameter.default):
            plain = False
            shown.append(f"{name}={value!r}")
        else:
            plain = False
    return ", ".join(shown)


def _same(value: Any, default: Any) -> bool:
    return value is default or (type(value) is type(default) and bool(np.all(value == default)))


def check_contract(layer: Layer) -> None:
    """Refuse what would go wrong silently: shared containers, hidden layers, parameters that are not there."""
    name = type(layer).__name__
    if not isinstance(layer, Layer):
        raise ContractError(
            f"{layer!r} is not a layer. Expected an object such as Dense(2, 3) or ReLU()"
            + (f"; {layer.__name__} is a class, write {layer.__name__}()." if isinstance(layer, type) else ".")
            + (" Write a star before a list of layers: Model(*layers)." if isinstance(layer, (list, tuple)) else "")
        )
    for key, value in vars(layer).items():
        if isinstance(value, _SHARED):
            raise ContractError(
                f"{name}.{key} is a {type(value).__name__}. A pass runs on a shallow copy of the layer, which would "
                "share it. Keep arrays, numbers, text or a tuple instead."
            )
        if isinstance(value, Layer) and key != "layers":
            raise ContractError(
                f"{name}.{key} is a layer that the network cannot see. Keep the inner layers as "
                f"self.layers = ({key}, ...), so that they are copied, trained and saved."
            )
    layer.config()
    for key in (*layer.params, *layer.state):
        if not hasattr(layer, key):
            raise ContractError(f"{name} names {key!r} in its params or state but has no such array after __init__.")
