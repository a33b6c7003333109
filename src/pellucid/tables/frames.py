"""Frames of pandas, polars and pyarrow, through narwhals: their columns in chunks, typed where the frame types them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pellucid.errors import DataError, InputError, missing_extra
from pellucid.tables import objects
from pellucid.tables.table import Chunk, Table, steps


def from_frame(data: Any) -> Table:
    """The table of a data frame. The index of a pandas frame is no column: reset_index() makes it one."""
    if isinstance(data, type) or not any(hasattr(data, name) for name in ("columns", "column_names", "collect_schema")):
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
    """Two columns of one name, which pandas allows, and names that become the same as text."""
    names = [str(name) for name in getattr(data, "columns", ()) if not hasattr(name, "to_numpy")]
    for at, name in enumerate(names):
        if name in names[:at]:
            raise DataError(f"two columns are called {name!r}. Give each its own name.")


class FrameTable(Table):
    """The columns of a frame, converted a chunk at a time."""

    def __init__(self, frame: Any, origin: str) -> None:
        self._frame = frame
        self.names = [str(name) for name in frame.columns]
        self.origin, self.digest, self.notices, self.decimal, self.kinds = origin, "", [], ".", {}
        self._forms: dict[str, str] = {}
        for name, series in zip(self.names, frame.iter_columns(), strict=True):
            values = _values(series)
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
                name: objects.convert(_values(series), self._forms[name], name)
                for name, series in zip(self.names, part.iter_columns(), strict=True)
            })  # fmt: skip

    def __len__(self) -> int:
        return len(self._frame)


def _values(series: Any) -> Any:
    """What a series holds: an array where its dtype has one in NumPy, else a list of Python's own objects."""
    import narwhals

    dtype = series.dtype
    if dtype.is_integer() and (series.null_count() or dtype in (narwhals.Int128, narwhals.UInt128)):
        return _whole(series)  # NumPy's would be floats, which lose whole numbers beyond 2**53
    plain = (narwhals.Boolean, narwhals.Datetime, narwhals.Date, narwhals.Duration)
    if dtype in plain or (dtype.is_numeric() and dtype != narwhals.Decimal):
        return np.asarray(series.to_numpy())
    values = series.to_list()
    if dtype == narwhals.Unknown and values and isinstance(values[0], np.generic):
        return np.asarray(series.to_numpy())
    return values


def _whole(series: Any) -> Any:
    largest = max(abs(int(series.min() or 0)), abs(int(series.max() or 0))) if series.null_count() < len(series) else 0
    return series.to_list() if largest > 2**53 else np.asarray(series.to_numpy(), np.float64)
