"""An estimator as a model file: `pellucid.load` reads the network in it, the estimator's `load` all of it.

Nothing in the file is ever run: parameters and figures are plain JSON, arrays are arrays. What is read is checked: the
parameters as `fit` checks them, the figures by type, and all of it against the network.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from sklearn.base import is_classifier
from sklearn.preprocessing import LabelBinarizer

from pellucid.errors import FileError, InputError
from pellucid.estimators.settings import hidden_sizes
from pellucid.layers import BatchNorm, Dense

Path = str | os.PathLike[str]
Self = TypeVar("Self", bound="SaveAndLoad")
Check = Callable[[Any], bool]
_LARGEST = 2**28  # bytes that the names of classes may take: "U999999999" is a short dtype for a large array


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _is_curve(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_number, value))


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


_FIGURES: dict[str, Check] = {
    "n_iter_": _is_count, "t_": _is_count, "n_outputs_": _is_count, "n_layers_": _is_count, "n_features_in_": _is_count,
    "_no_improvement_count": _is_count, "loss_": _is_number, "best_loss_": _or_none(_is_number), "loss_curve_": _is_curve,
    "validation_scores_": _or_none(_is_curve), "validation_loss_curve_": _or_none(_is_curve),
    "best_validation_score_": _or_none(_is_number), "out_activation_": lambda value: isinstance(value, str),
}  # fmt: skip


class SaveAndLoad:
    """`save` and `load` of an estimator."""

    n_features_in_: int
    n_layers_: int
    n_outputs_: int
    out_activation_: str

    def save(self, path: Path) -> None:
        """Write the fitted estimator to one .safetensors file, whole or not at all.

        It holds parameters, network and figures, not the optimiser's running sums: `partial_fit` after `load` begins with
        fresh ones. A `random_state` that is a generator is left out.
        """
        from pellucid.exchange import model_file

        model = self.to_model()  # type: ignore[attr-defined]
        self._validate_params()  # type: ignore[attr-defined]
        if not _alike(self._made().layers, model.layers):  # type: ignore[attr-defined]
            raise InputError(
                "The parameters were changed after fit and describe another network than the fitted one: set them back, or "
                "fit again, before save."
            )
        model_file.save(model, path, {"estimator": json.dumps(self._described(), separators=(",", ":"))})

    @classmethod
    def load(cls: type[Self], path: Path, custom: Sequence[Any] = ()) -> Self:
        """The estimator in a file that `save` wrote; anything else is a `FileError`.

        `custom`: your own layer classes among the activations, as for `pellucid.load`.
        """
        from pellucid.exchange import container, model_file
        from pellucid.exchange.contents import UNFIT

        model, (_, metadata) = model_file.load(path, custom), container.read(path)
        if "estimator" not in metadata:
            raise FileError(f"{path} holds a network, but no estimator: pellucid.load(path) reads it.")
        try:
            content = container.parse(metadata["estimator"])
            if content.get("class") != cls.__name__:
                raise FileError(
                    f"it holds an estimator of class {str(content.get('class'))[:40]!r}, not {cls.__name__}."
                )
            made = cls(**_parameters(content["parameters"], custom))
            made._validate_params()  # type: ignore[attr-defined]
            made._restore(content["fitted"], model)
        except FileError as error:
            raise FileError(f"{path}: {error}") from None
        except UNFIT as error:
            raise FileError(f"{path} does not describe an estimator that can be built: {str(error)[:160]}") from None
        return made

    def _described(self) -> dict[str, Any]:
        parameters = {}
        for name, value in self.get_params().items():  # type: ignore[attr-defined]
            if name == "random_state" and not isinstance(value, (int, np.integer)):
                value = None
            parameters[name] = _described_parameter(value)
        fitted = {name: _plain(getattr(self, name)) for name in _FIGURES if hasattr(self, name)}
        if hasattr(self, "feature_names_in_"):
            fitted["feature_names_in_"] = list(self.feature_names_in_)
        if hasattr(self, "calibration_errors_"):
            fitted["calibration_errors_"] = self.calibration_errors_.tolist()
        if hasattr(self, "classes_") and hasattr(self, "_label_binarizer"):
            fitted |= {"classes_": _labels(self.classes_), "labels": self._label_binarizer.y_type_}
        return {"class": type(self).__name__, "parameters": parameters, "fitted": fitted}

    def _restore(self, fitted: dict[str, Any], model: Any) -> None:
        """Take the figures of a file, each of its kind, and the network, which is the one that the parameters describe."""
        for name, check in _FIGURES.items():
            if name in fitted and not check(fitted[name]):
                raise FileError(f"its {name} is no such figure: {str(fitted[name])[:60]}")
        vars(self).update({name: fitted[name] for name in _FIGURES if name in fitted})
        hidden_sizes(self.hidden_layer_sizes)  # type: ignore[attr-defined]
        layers = model.network.layers
        self.coefs_ = [layer.weights for layer in layers if isinstance(layer, Dense)]
        self.intercepts_ = [layer.biases for layer in layers if isinstance(layer, Dense)]
        norms: list[Any] = [layer.values() for layer in layers if isinstance(layer, BatchNorm)]
        self.batch_norms_ = norms or [None] * (len(self.coefs_) - 1)
        if is_classifier(self):
            self._restore_classes(fitted["classes_"], fitted["labels"])
        if "feature_names_in_" in fitted:
            self._restore_names(fitted["feature_names_in_"])
        if "calibration_errors_" in fitted:
            self._restore_errors(fitted["calibration_errors_"])
        self._check_network(model, fitted.get("out_activation_"))

    def _check_network(self, model: Any, out_activation: Any) -> None:
        if not _alike(self._ready().layers, model.layers):  # type: ignore[attr-defined]
            raise FileError("its network is not the one that its parameters describe.")
        counts = self.n_features_in_, self.n_layers_, self.n_outputs_
        outputs = self._outputs_of(self.coefs_[-1].shape[1])  # type: ignore[attr-defined]
        expected = self.coefs_[0].shape[0], len(self.coefs_) + 1, outputs
        if counts != expected or out_activation != self.out_activation_:
            raise FileError(f"its figures {counts} are not those of its network, {expected}.")

    def _restore_names(self, names: Any) -> None:
        if not isinstance(names, list) or len(names) != len(self.coefs_[0]) or not all(type(n) is str for n in names):
            raise FileError(f"its feature_names_in_ are not the names of {len(self.coefs_[0])} columns.")
        self.feature_names_in_ = np.array(names, object)

    def _restore_errors(self, errors: Any) -> None:
        found = np.array(errors, self.coefs_[0].dtype)
        if found.ndim != 2 or found.shape[1] != self.n_outputs_ or not len(found):
            raise FileError("its calibration_errors_ are not a table (rows, targets).")
        if not np.isfinite(found).all() or (found < 0.0).any() or (np.diff(found, axis=0) < 0.0).any():
            raise FileError("its calibration_errors_ are not sizes of errors in ascending order.")
        self.calibration_errors_ = found

    def _restore_classes(self, given: Any, kind: Any) -> None:
        dtype, values = np.dtype(str(given["dtype"])), given["values"]
        if dtype.kind not in "biufUO" or not isinstance(values, list) or dtype.itemsize * len(values) > _LARGEST:
            raise FileError(f"its classes are not labels: {str(given)[:60]}")
        self.classes_ = np.array(values, dtype)
        same = self.classes_.ndim == 1 and _labels(self.classes_) == given
        if not same or not [type(v) for v in self.classes_.tolist()] == [type(v) for v in values]:
            raise FileError(f"its classes are not labels of dtype {dtype}: {str(values)[:60]}")
        if (self.classes_[1:] <= self.classes_[:-1]).any():
            raise FileError("its classes are not in ascending order.")
        fits = {
            "multiclass": len(values) > 2,
            "binary": 0 < len(values) <= 2,
            "multilabel-indicator": self.n_outputs_ < 2**20,
        }
        if not isinstance(kind, str) or not fits.get(kind, False):
            raise FileError(f"{len(values)} classes are no target of the kind {str(kind)[:40]!r}.")
        self._label_binarizer = LabelBinarizer()
        several = kind == "multilabel-indicator"
        classes = np.arange(self.n_outputs_) if several else self.classes_
        vars(self._label_binarizer).update(classes_=classes, y_type_=kind, sparse_input_=False)


def _alike(layers: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether the layers are of the same kinds and settings, whatever their weights."""
    from pellucid.exchange.description import describe

    return [describe(layer) for layer in layers] == [describe(layer) for layer in others]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value.item() if isinstance(value, np.generic) else value


def _labels(values: np.ndarray) -> dict[str, Any]:
    plain = values.dtype.kind in "biufUO" and values.nbytes <= _LARGEST
    if not plain or not all(isinstance(v, (str, bool, int, float)) for v in values.tolist()):
        raise InputError(f"Classes of dtype {values.dtype} cannot be saved: expected text or numbers.")
    return {"dtype": values.dtype.str, "values": values.tolist()}


def _described_parameter(value: Any) -> Any:
    """A parameter as JSON: what `describe` takes, an array as a list, and dicts of class to weight."""
    from pellucid.exchange.description import describe

    if isinstance(value, dict):
        keys, values = ([_plain(entry) for entry in part] for part in (value.keys(), value.values()))
        if not all(isinstance(entry, (str, bool, int, float)) for entry in keys + values):
            raise InputError(f"class_weight={value!r} cannot be saved: expected text or numbers, and their weights.")
        return {"keys": keys, "values": values}
    if isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        return [_described_parameter(entry) for entry in value]
    return describe(value.tolist() if isinstance(value, np.ndarray) else value)


def _parameters(described: dict[str, Any], custom: Sequence[Any]) -> dict[str, Any]:
    from pellucid.exchange.description import makers_with, rebuild

    makers = makers_with(custom)

    def rebuilt(value: Any) -> Any:
        if isinstance(value, dict) and set(value) == {"keys", "values"}:
            if not all(_is_number(weight) for weight in value["values"]):
                raise FileError(f"its weights of classes are no numbers: {str(value['values'])[:60]}")
            return dict(zip(value["keys"], value["values"], strict=True))
        if isinstance(value, list) and any(isinstance(entry, dict) and "keys" in entry for entry in value):
            return [rebuilt(entry) for entry in value]
        return rebuild(value, makers, ("layer",))

    return {name: rebuilt(value) for name, value in described.items()}
