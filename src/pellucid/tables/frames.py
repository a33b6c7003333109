"""Frames of pandas, polars and pyarrow, through narwhals: their columns in chunks, typed where the frame types them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from pellucid.errors import DataError, InputError, missing_extra
from pellucid.tables import objects
from pellucid.tables.table import Chunk, Table, steps


def from_frame(data: Any) -> Table:
    """The table of a data frame. The index of a pandas frame is no column: reset_index() makes it one."""
    if isinstance(data, type) or not any(
        hasattr(type(data), name) for name in ("columns", "column_names", "collect_schema")
    ):
        raise InputError(
            f"a {type(data).__name__} is no table. Expected the path of a CSV file, a data frame, a dict of columns, "
            "a list of dicts or a structured array."
        )
    library = type(data).__module__.split(".")[0]
    try:
        import narwhals
    except ImportError:
        raise missing_extra("narwhals", "tabular", f"reading a frame of {library}") from None
    _refuse_repeats(data)
    try:
        frame = narwhals.from_native(data)
        if isinstance(frame, narwhals.LazyFrame):
            frame = frame.collect()
    except TypeError:
        raise InputError(
            f"a {type(data).__name__} of {library} is no frame that narwhals knows. Give a dict of columns."
        ) from None
    if not frame.columns or not len(frame):
        raise DataError(
            f"a frame of {len(frame)} rows and {len(frame.columns)} columns: expected one of each at least."
        )
    return FrameTable(frame, f"a {library} frame")


def _refuse_repeats(data: Any) -> None:
    """Two columns of one name, which pandas and pyarrow allow, and names that become the same as text."""
    if hasattr(type(data), "collect_schema"):
        return  # polars, which allows none
    names = [str(name) for name in getattr(data, "column_names", getattr(data, "columns", ()))]
    for name, count in Counter(names).items():
        if count > 1:
            raise DataError(f"{'two' if count == 2 else count} columns are called {name!r}. Give each its own name.")


class FrameTable(Table):
    """The columns of a frame, converted a chunk at a time."""

    def __init__(self, frame: Any, origin: str) -> None:
        self._frame = frame
        self.names = [str(name) for name in frame.columns]
        self.origin, self.digest, self.notices, self.kinds = origin, "", [], {}
        self.decimal, self.decimal_shown = ".", False
        self._forms: dict[str, str] = {}
        self._lists: dict[str, bool] = {}
        for name, series in zip(self.names, frame.iter_columns(), strict=True):
            self._lists[name] = _as_list(series)
            values = _values(series, self._lists[name])
            self._forms[name] = objects.form(values, name)
            if objects.categorical(series):
                self._forms[name] = "text"
                self.kinds[name] = "category"

    def chunks(self, rows: int = 50_000) -> Iterator[Chunk]:
        """All rows in order, `rows` at a time or fewer; every call starts from the first."""
        step = steps(rows, len(self.names))
        for start in range(0, len(self), step):
            part = self._frame[start : start + step]
            yield Chunk(start, None, {
                name: objects.convert(_values(series, self._lists[name]), self._forms[name], name)
                for name, series in zip(self.names, part.iter_columns(), strict=True)
            })  # fmt: skip

    def __len__(self) -> int:
        return len(self._frame)


def _as_list(series: Any) -> bool:
    """Whether a column comes as Python's own objects, since NumPy has no dtype for all that it holds."""
    import narwhals

    dtype = series.dtype
    if dtype in (narwhals.Int128, narwhals.UInt128):
        return True
    if dtype.is_integer():  # with a missing value, NumPy's are floats, which lose whole numbers beyond 2**53
        known = 0 < series.null_count() < len(series)
        return known and max(abs(int(series.min())), abs(int(series.max()))) > 2**53
    typed = dtype in (narwhals.Boolean, narwhals.Datetime, narwhals.Date, narwhals.Duration)
    return not typed and (not dtype.is_numeric() or dtype == narwhals.Decimal)


def _values(series: Any, as_list: bool) -> Any:
    """What a series, or a part of it, holds: an array, or a list where the whole of it needs one."""
    if not as_list:
        return np.asarray(series.to_numpy())
    values = series.to_list()
    plain = bool(values) and isinstance(values[0], np.generic)  # a sparse column: narwhals does not know its dtype
    return np.asarray(series.to_numpy()) if plain else values
