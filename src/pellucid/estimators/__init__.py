"""pellucid's networks as scikit-learn estimators: change one import.

``from pellucid.estimators import MLPClassifier`` in place of ``from sklearn.neural_network import MLPClassifier``: the same
parameters, attributes, methods, errors and warnings, and what theirs have not: dropout, batch normalisation, class weights,
an activation for each layer, more losses, validation data of your own, intervals, a compiled engine, `save` and `load`.
`TableEncoder` turns the columns of a table into numbers. Needs scikit-learn: ``pip install "pellucid[tabular]"``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.estimators.classifier import MLPClassifier
    from pellucid.estimators.regressor import MLPRegressor
    from pellucid.estimators.table_encoder import TableEncoder

__all__ = ["MLPClassifier", "MLPRegressor", "TableEncoder"]

_HOME = {"MLPClassifier": "classifier", "MLPRegressor": "regressor", "TableEncoder": "table_encoder"}


def __getattr__(name: str) -> Any:
    """scikit-learn takes a second to import: the first estimator that is used brings it in."""
    if name not in _HOME:
        raise AttributeError(f"module 'pellucid.estimators' has no attribute {name!r}")
    import importlib

    try:
        made = getattr(importlib.import_module(f"pellucid.estimators.{_HOME[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("sklearn", "scipy"):
            raise
        from pellucid.errors import missing_extra

        raise missing_extra("scikit-learn", "tabular", f"pellucid.estimators.{name}") from error
    globals()[name] = made
    return made


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
