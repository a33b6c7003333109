"""An estimator as a model file: `pellucid.load` reads the network in it, the estimator's `load` all of it.

Nothing in the file is ever run: parameters and figures are plain JSON, arrays are arrays.
"""

from __future__ import annotations

import json
import os
from typing import Any, TypeVar

import numpy as np
from sklearn.preprocessing import LabelBinarizer

from pellucid.errors import FileError, InputError
from pellucid.layers import BatchNorm, Dense

Path = str | os.PathLike[str]
Self = TypeVar("Self", bound="SaveAndLoad")
_FIGURES = (
    "n_iter_", "t_", "n_outputs_", "n_layers_", "n_features_in_", "loss_", "best_loss_", "loss_curve_",
    "validation_scores_", "validation_loss_curve_", "best_validation_score_", "_no_improvement_count", "out_activation_",
)  # fmt: skip


class SaveAndLoad:
    """`save` and `load` of an estimator."""

    def save(self, path: Path) -> None:
        """Write the fitted estimator to one .safetensors file, whole or not at all.

        It holds parameters, network and figures, not the optimiser's running sums: `partial_fit` after `load` begins with
        fresh ones. A `random_state` that is a generator is left out.
        """
        from pellucid.exchange import model_file

        model = self.to_model()  # type: ignore[attr-defined]
        model_file.save(model, path, {"estimator": json.dumps(self._described(), separators=(",", ":"))})

    @classmethod
    def load(cls: type[Self], path: Path) -> Self:
        """The estimator in a file that `save` wrote; anything else is a `FileError`."""
        from pellucid.exchange import container, model_file

        model, (_, metadata) = model_file.load(path), container.read(path)
        if "estimator" not in metadata:
            raise FileError(f"{path} holds a network, but no estimator: pellucid.load(path) reads it.")
        content = container.parse(metadata["estimator"])
        if content.get("class") != cls.__name__:
            raise FileError(
                f"{path} holds an estimator of class {str(content.get('class'))[:40]!r}, not {cls.__name__}."
            )
        try:
            made = cls(**_parameters(content["parameters"]))
            made._restore(content["fitted"], model)
            made._ready()  # type: ignore[attr-defined]
        except FileError:
            raise
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise FileError(f"{path} does not describe an estimator that can be built: {str(error)[:160]}") from None
        return made

    def _described(self) -> dict[str, Any]:
        from pellucid.exchange.description import describe

        parameters = {}
        for name, value in self.get_params().items():  # type: ignore[attr-defined]
            if name == "random_state" and not isinstance(value, (int, np.integer)):
                value = None
            parameters[name] = _mapping(value) if isinstance(value, dict) else describe(value)
        fitted = {name: _plain(getattr(self, name)) for name in _FIGURES if hasattr(self, name)}
        if hasattr(self, "feature_names_in_"):
            fitted["feature_names_in_"] = list(self.feature_names_in_)
        if hasattr(self, "calibration_errors_"):
            fitted["calibration_errors_"] = self.calibration_errors_.tolist()
        if hasattr(self, "classes_") and hasattr(self, "_label_binarizer"):
            fitted |= {"classes_": _labels(self.classes_), "labels": self._label_binarizer.y_type_}
        return {"class": type(self).__name__, "parameters": parameters, "fitted": fitted}

    def _restore(self, fitted: dict[str, Any], model: Any) -> None:
        vars(self).update({name: fitted[name] for name in _FIGURES if name in fitted})
        layers = model.network.layers
        self.coefs_ = [layer.weights for layer in layers if isinstance(layer, Dense)]
        self.intercepts_ = [layer.biases for layer in layers if isinstance(layer, Dense)]
        norms: list[Any] = [layer.values() for layer in layers if isinstance(layer, BatchNorm)]
        self.batch_norms_ = norms or [None] * (len(self.coefs_) - 1)
        if "feature_names_in_" in fitted:
            self.feature_names_in_ = np.array(fitted["feature_names_in_"], object)
        if "calibration_errors_" in fitted:
            self.calibration_errors_ = np.array(fitted["calibration_errors_"], self.coefs_[0].dtype)
        if "classes_" in fitted:
            self.classes_ = np.array(fitted["classes_"]["values"], np.dtype(str(fitted["classes_"]["dtype"])))
            self._label_binarizer = LabelBinarizer()
            vars(self._label_binarizer).update(classes_=self.classes_, y_type_=fitted["labels"], sparse_input_=False)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value.item() if isinstance(value, np.generic) else value


def _labels(values: np.ndarray) -> dict[str, Any]:
    if values.dtype.kind not in "biufUO" or not all(isinstance(v, (str, bool, int, float)) for v in values.tolist()):
        raise InputError(f"Classes of dtype {values.dtype} cannot be saved: expected text or numbers.")
    return {"dtype": values.dtype.str, "values": values.tolist()}


def _mapping(value: dict[Any, Any]) -> dict[str, Any]:
    return {"keys": [_plain(key) for key in value], "values": [_plain(entry) for entry in value.values()]}


def _parameters(described: dict[str, Any]) -> dict[str, Any]:
    from pellucid.exchange.description import makers_with, rebuild

    makers, parameters = makers_with(()), {}
    for name, value in described.items():
        mapping = isinstance(value, dict) and set(value) == {"keys", "values"}
        parameters[name] = (
            dict(zip(value["keys"], value["values"], strict=True)) if mapping else rebuild(value, makers, ("layer",))
        )
    return parameters
