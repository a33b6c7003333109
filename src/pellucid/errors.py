"""Every exception of pellucid, and its warnings about data: a sentence for the person who made the mistake.

A message says what was given, what was expected and what to write instead. Each class also derives from
the built-in exception a Python programmer would expect, so that ``except ValueError`` keeps working.
"""

from __future__ import annotations

from typing import Any


class PellucidError(Exception):
    """The base of every error that pellucid raises on purpose."""


class InputError(PellucidError, ValueError):
    """An argument that cannot work: a shape, a label, an empty array, an impossible setting."""


class DataError(InputError):
    """Data (arrays, rows, a data file) that cannot be used as given."""


class ContractError(PellucidError, TypeError):
    """A layer, loss, optimiser or metric that does not keep the contract."""


class FileError(PellucidError, OSError):
    """A file that cannot be written or read, or is damaged, foreign or truncated."""


class MissingExtraError(PellucidError, ImportError):
    """An optional library is needed; the message holds the line to type."""


class NonFiniteError(PellucidError, FloatingPointError):
    """Loss or parameters became NaN or infinite during training; the last good values are back.

    What is known of the first operation that made one: `layer` and its `path` ("Dense(2, 64)", "0"), `operation` ("exp",
    "matmul", ...), `phase` ("input", "parameters", "forward", "loss", "backward", "update"), `line` of code, `epoch` and
    `step` (from 1), `rows` of X, `values` responsible in words, `cause` ("learning rate", "input", "layer", ...).
    """

    def __init__(self, message: str = "", **known: Any) -> None:
        super().__init__(message)
        self.layer: str = known.get("layer", "")
        self.path: str = known.get("path", "")
        self.operation: str = known.get("operation", "")
        self.phase: str = known.get("phase", "")
        self.line: str = known.get("line", "")
        self.epoch: int | None = known.get("epoch")
        self.step: int | None = known.get("step")
        self.rows: list[int] = known.get("rows", [])
        self.values: list[str] = known.get("values", [])
        self.cause: str = known.get("cause", "")
        self.advice: str = known.get("advice", "")


class DataWarning(UserWarning):
    """Something about data that is worth a second look, in a sentence; the work goes on."""


class ExplanationError(PellucidError, ArithmeticError):
    """Figures of an explanation that do not add up: it is not shown."""


def missing_extra(library: str, extra: str, purpose: str) -> MissingExtraError:
    """The error for an absent optional library, with the line that installs it."""
    return MissingExtraError(f'{purpose} needs {library}, which is not installed: pip install "pellucid[{extra}]"')
