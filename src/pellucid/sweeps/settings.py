"""What varies in a sweep: names and values in, one untrained model for each combination out."""

from __future__ import annotations

import contextlib
import copy
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from pellucid.engines.varying import Place
from pellucid.errors import InputError
from pellucid.layer import Layer, call_by_name
from pellucid.model import Model
from pellucid.randomness import check_seed, generator

Settings = dict[str, Any]
OF_FIT = ("batch_size",)  # what may vary, too, but is no setting of the model


def seeds_of(given: Any) -> list[int]:
    """A number of seeds, counted from 0, or the seeds themselves."""
    if isinstance(given, (int, np.integer)) and not isinstance(given, bool):
        if given < 1:
            raise InputError(f"seeds={given}: expected a number of at least 1, such as seeds=10, or a list of seeds.")
        return list(range(int(given)))
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InputError(f"seeds={given!r}: expected how many (seeds=10), or which (seeds=[3, 4, 5]).")
    seeds = [check_seed(seed) for seed in given]
    if not seeds or len(set(seeds)) < len(seeds):
        raise InputError(f"seeds={seeds}: expected at least one, and each only once.")
    return seeds


def combinations(given: Settings) -> list[Settings]:
    """Every combination of the values: a list stands for its items one after the other, anything else for itself."""
    lists = {name: value if isinstance(value, list) else [value] for name, value in given.items()}
    for name, values in lists.items():
        if not values:
            raise InputError(f"{name}=[]: expected at least one value.")
    return [dict(zip(lists, values, strict=True)) for values in itertools.product(*lists.values())]


@contextlib.contextmanager
def lists_explained(given: Settings) -> Iterator[None]:
    """Where a tuple or an array is refused as a value: its values were perhaps meant to be tried one after the other."""
    try:
        yield
    except InputError as error:
        for name, value in given.items():
            if isinstance(value, (tuple, range, np.ndarray)) and str(error).startswith(f"{name}="):
                raise InputError(f"{error} To try several, write a list: {name}=list(...).") from None
        raise


class Pattern:
    """The model that a sweep repeats, and where each of the varying settings stands in it."""

    def __init__(self, model: Model, names: Iterable[str]) -> None:
        if model._state.epoch or model._state.step:
            raise InputError(
                f"The model of a sweep is only the pattern of its networks, but this one is trained ({model._state.epoch} "
                "epochs). Give a new one: pellucid.Model(...)."
            )
        self.model = model
        self.places = {name: self._places(name) for name in names if name not in OF_FIT}
        self.template: tuple[Settings, Model] | None = None
        self.drawn = {path for path, layer in self._layers_as_drawn()}

    def _places(self, name: str) -> list[Place]:
        """Where a setting stands: in the optimiser, the loss, or every layer that has it; "2.rate" is that of layer 2."""
        path, _, last = name.rpartition(".")
        if not path:
            for owner in ("optimizer", "loss"):
                if name in getattr(self.model, owner).config():
                    return [Place(owner, name)]
        layers = [(at, layer) for at, layer in self.model.network.walk() if at and (at == path or not path)]
        found = [Place(at, last) for at, layer in layers if last in layer.config()]
        if not found:
            raise InputError(f"{name!r} is not a setting of this model. It has {', '.join(self._names())}.")
        return found

    def _names(self) -> list[str]:
        configs = [self.model.optimizer.config(), self.model.loss.config() if self.model.loss else {}]
        configs += [layer.config() for at, layer in self.model.network.walk() if at]
        stars = {"layers", "n_inputs", "n_neurons"}
        return [*OF_FIT, *dict.fromkeys(name for config in configs for name in config if name not in stars)]

    def _layers_as_drawn(self) -> Iterator[tuple[str, Layer]]:
        """The layers whose parameters are what the model's seed drew; all others were set by hand, and keep theirs."""
        for number, (path, layer) in enumerate(self.model.network.walk()):
            fresh = layer.run_copy()
            fresh.initialize(generator(self.model.seed, "weights", number))
            same = [
                np.array_equal(getattr(layer, n), np.asarray(getattr(fresh, n), self.model.dtype)) for n in layer.params
            ]
            if layer.params and all(same):
                yield path, layer

    def made(self, seed: int, settings: Settings) -> Model:
        """A model of its own, as if made with this seed and these settings; not trained.

        Whatever does not depend on the seed is made and checked once for the settings: `Model(...)` for every seed would
        take as long as some epochs of a small network.
        """
        if self.template is None or self.template[0] is not settings:
            self.template = settings, self._with(settings)
        model = copy.copy(self.template[1])
        model.seed, model._state = seed, type(model._state)()
        model.loss, model.optimizer = model._needs_loss().run_copy(), copy.deepcopy(model.optimizer)
        model._chosen = self.model._chosen
        for number, (path, layer) in enumerate(model.network.walk()):
            if path in self.drawn:
                layer.initialize(generator(seed, "weights", number))
            for name, value in layer.values().items():
                setattr(layer, name, np.array(value, model.dtype))
        return model

    def _with(self, settings: Settings) -> Model:
        """A model with these settings."""
        pattern, changes = self.model, self._changes(settings)
        network = copy.deepcopy(pattern.network)
        for path, layer in network.walk():
            if path in changes:
                _change(path, layer, changes[path])
        model = Model(
            *network.layers,
            loss=_changed(pattern.loss, changes.get("loss", {})),
            optimizer=_changed(pattern.optimizer, changes.get("optimizer", {})),
            dtype=pattern.dtype,
        )
        model.metrics, model._chosen = pattern.metrics, True
        return model

    def _changes(self, settings: Settings) -> dict[str, Settings]:
        """By owner: what is set there."""
        changes: dict[str, Settings] = {}
        for name, value in settings.items():
            for place in self.places.get(name, ()):
                changes.setdefault(place.owner, {})[place.name] = copy.deepcopy(value)
        return changes


def _changed(thing: Any, changes: Settings) -> Any:
    """Another loss or optimiser of the same kind, made by its constructor."""
    return type(thing)(**{**copy.deepcopy(thing.config()), **changes})


def _change(path: str, layer: Layer, changes: Settings) -> None:
    """Give a layer what its constructor makes of other settings; its parameters and state stay."""
    values, made = layer.values(), call_by_name(type(layer), {**layer.config(), **changes})
    for name, value in made.values().items():
        if np.shape(value) != np.shape(values[name]):
            raise InputError(
                f"Layer {path}: {', '.join(f'{n}={v!r}' for n, v in changes.items())} changes the shape of its {name} from "
                f"{np.shape(values[name])} to {np.shape(value)}. A sweep is of networks of one shape."
            )
    vars(layer).update(vars(made), **values)
