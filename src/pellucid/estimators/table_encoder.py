"""The columns of a table as numbers: pellucid's own encoder among scikit-learn's transformers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted, validate_data

from pellucid.errors import DataError
from pellucid.tables.encoder import Encoder
from pellucid.tables.plan import plan
from pellucid.tables.reading import read


class TableEncoder(TransformerMixin, BaseEstimator):
    """Columns of numbers, words, dates, yes and no, with holes, to float32 features without any.

    Parameters
    ----------
    numbers : {"smooth", "standard", "log", "normal"}
        What is done to numbers; see `pellucid.tables.scaling`.
    max_categories, rare : int, int or None
        A category keeps its `max_categories` most frequent values with at least `rare` rows (None: 1 % of the rows, from 2
        to 10); the others, and those never seen, are one input, "other".
    types : dict or None
        Kinds that you know better: {"zip": "category"}.
    drop : sequence of str
        Columns that are no inputs.
    na : sequence of str
        Texts that mean a missing value.

    Attributes
    ----------
    plan_ : pellucid.tables.Plan
        What each column is taken for, and why. Identifiers, running text and constants become no inputs.
    encoder_ : pellucid.tables.Encoder
    n_features_in_, feature_names_in_ : as everywhere in scikit-learn

    `fit` and `transform` take pandas and polars frames, whose columns keep their names, and arrays, whose columns are called
    x0, x1 and so on.

    >>> import numpy as np
    >>> rows = np.array([[1.0, "red"], [2.0, "blue"], [3.0, "red"], [4.0, "blue"], [np.nan, "red"]], dtype=object)
    >>> encoder = TableEncoder(numbers="standard").fit(rows)
    >>> encoder.get_feature_names_out().tolist()
    ['x0', 'x0 is missing', 'x1=blue', 'x1=red']
    """

    def __init__(
        self,
        *,
        numbers: str = "smooth",
        max_categories: int = 50,
        rare: int | None = None,
        types: Mapping[str, str] | None = None,
        drop: Sequence[str] = (),
        na: Sequence[str] = (),
    ) -> None:
        self.numbers = numbers
        self.max_categories = max_categories
        self.rare = rare
        self.types = types
        self.drop = drop
        self.na = na

    def fit(self, X: Any, y: Any = None) -> TableEncoder:
        """Learn what the columns are and how they become features. `y` is not looked at."""
        from pellucid.tables.typed import typed

        table = read(self._columns(X, reset=True))
        if len(table) == 1:
            raise DataError("X has n_samples=1: in a single row every column is constant. Give the training rows.")
        self.plan_ = plan(table, types=self.types, drop=self.drop, na=self.na)
        self.encoder_ = Encoder.fit(
            self.plan_,
            typed(table, self.plan_),
            numbers=self.numbers,
            max_categories=self.max_categories,
            rare=self.rare,
        )
        return self

    def transform(self, X: Any) -> np.ndarray:
        """The features, float32 (rows, features), all finite."""
        check_is_fitted(self)
        return self.encoder_.transform(read(self._columns(X, reset=False)))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """The name of each feature: "age", "age is missing", "city=Bern"."""
        check_is_fitted(self)
        _check_feature_names_in(self, input_features, generate_names=True)
        return np.array(self.encoder_.features, dtype=object)

    def _columns(self, X: Any, reset: bool) -> Any:
        """`X` as `tables.read` takes it: a frame as it is, an array as named columns.

        Where `fit` saw names and `transform` sees none, or the other way round, columns count by their places, and
        scikit-learn warns of it.
        """
        if hasattr(X, "columns"):
            validate_data(self, X, reset=reset, skip_check_array=True)
            if reset:
                self._names = [str(name) for name in X.columns]
            elif not hasattr(self, "feature_names_in_"):
                return {name: X[column] for name, column in zip(self._names, X.columns, strict=True)}
            return X
        array = validate_data(self, X, reset=reset, dtype=None, ensure_all_finite=False)
        if reset:
            self._names = [f"x{number}" for number in range(array.shape[1])]
        return {name: _plain(array[:, number]) for number, name in enumerate(self._names)}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _plain(values: np.ndarray) -> np.ndarray | list[Any]:
    return values.tolist() if values.dtype.kind in "OUS" else values
