"""What went wrong while a program was compiled or run, told as a sentence with the layer, the line and the mend."""

from __future__ import annotations

import contextlib
import linecache
from collections.abc import Iterator
from types import FrameType, TracebackType

from pellucid.engines.work import Work
from pellucid.errors import ContractError, InputError, PellucidError
from pellucid.layer import Layer
from pellucid.losses import Loss
from pellucid.optimizers import Optimizer

_MENDS = (
    ("TracerBoolConversionError", "decides by the value of an array with Python's if, and, or, while or max(). Write "
     "xp.where(condition, one, other) with xp = inputs.__array_namespace__() instead."),
    ("TracerArrayConversionError", "hands its array to NumPy itself (np....). Ask the array for its library: "
     "xp = inputs.__array_namespace__(), then xp.exp(...) and so on."),
    ("TracerIntegerConversionError", "uses an array's value as a Python index. Compare with xp.arange(...) or use "
     "xp.where instead."),
    ("ConcretizationTypeError", "needs the value of an array as a Python number (float(), int(), range(), a shape). "
     "Keep it an array: xp.sum(...) instead of float(...)."),
    ("NonConcreteBooleanIndexError", "indexes with a mask, array[mask]. Write xp.where(mask, array, 0) instead."),
    ("UnexpectedTracerError", "kept an array of an earlier pass. Keep on self only what this pass has made."),
)  # fmt: skip
_IN_PLACE = ("does not support item assignment", "immutable", "item assignment", "read-only")
_END = "Or train it as it is, not compiled: fit(..., engine='numpy')."


@contextlib.contextmanager
def explained(work: Work) -> Iterator[None]:
    """Turn JAX's errors inside the block into pellucid's own; the original stays as the cause."""
    try:
        yield
    except PellucidError:
        raise
    except Exception as error:
        for kind, sentence in ((InputError, _no_memory(error, work)), (ContractError, _untraceable(error))):
            if sentence is not None:
                raise kind(sentence) from error
        raise


def _untraceable(error: Exception) -> str | None:
    """The sentence for a line that cannot be compiled; None where no layer, loss or optimiser of anybody is involved."""
    place = _place(error.__traceback__)
    if place is None:
        return None
    frame, line = place
    owner = type(frame.f_locals["self"]).__name__
    where = f"{owner}.{frame.f_code.co_name}, line {line} of {frame.f_code.co_filename}"
    text = linecache.getline(frame.f_code.co_filename, line).strip()
    return f"{where}{f' ({text})' if text else ''} {_mend(error)} {_END}"


def _mend(error: Exception) -> str:
    """What the line does, and what to write instead."""
    names = {kind.__name__ for kind in type(error).__mro__}
    for name, text in _MENDS:
        if name in names:
            return text
    if isinstance(error, (TypeError, ValueError)) and any(words in str(error) for words in _IN_PLACE):
        return "writes into an array (array[...] = ...). Make a new one: xp.where(condition, new, array)."
    if isinstance(error, AttributeError) and isinstance(error.obj, Optimizer) and error.name == "learning_rate":
        return "reads self.learning_rate. It comes anew with every step: (rate,) = rates."
    if isinstance(error, AttributeError) and isinstance(error.obj, (Layer, Loss, Optimizer)):
        return (
            f"reads self.{error.name} before this pass has set it. A compiled pass finds nothing of an earlier one: set it "
            "first, name it in state = (...) if it is to last, or make it an argument of the constructor."
        )
    first = next(iter(str(error).splitlines()), "")[:200].rstrip(".")
    return f"cannot be compiled: {type(error).__name__}: {first}. Use only what both NumPy and JAX arrays have."


def _place(trace: TracebackType | None) -> tuple[FrameType, int] | None:
    """The innermost line of a method of a layer, loss or optimiser."""
    found = None
    while trace is not None:
        asked = (
            trace.tb_frame.f_code.co_name == "__getattr__"
        )  # the base class says what is missing; the line asks for it
        if not asked and isinstance(trace.tb_frame.f_locals.get("self"), (Layer, Loss, Optimizer)):
            found = trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next
    return found


def _no_memory(error: Exception, work: Work) -> str | None:
    text = str(error)
    if "RESOURCE_EXHAUSTED" not in text and "Out of memory" not in text and not isinstance(error, MemoryError):
        return None
    arrays = {"X": work.data.x, "y": work.data.y} | ({} if work.valid_x is None else {"validation X": work.valid_x})
    sizes = ", ".join(f"{name} {array.nbytes / 1e6:,.0f} MB" for name, array in arrays.items())
    count = sum(value.nbytes for _, layer in work.network.walk() for value in layer.values().values())
    copies = 2 + len(work.optimizer.slots)
    return (
        f"The device has no memory left. Asked for: {sizes}, parameters {count / 1e6:,.0f} MB in {copies} copies "
        f"(values, gradients, optimiser), and a batch of {work.data.batch_size} rows through every layer. Lower "
        "batch_size, take a smaller network, or train on the processor: fit(..., engine='numpy')."
    )
