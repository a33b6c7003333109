"""From a table to a trained, judged network: `pellucid.tables.train`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.tables.trained import TableModel


def train(
    data: Any,
    target: str | Sequence[str] | None = None,
    *,
    callbacks: Sequence[Callable[[Any, dict[str, float]], Any]] = (),
    **options: Any,
) -> TableModel:
    """Train a network on a table and judge it on rows that it has not seen. `options`: see `Settings`."""
    raise NotImplementedError
