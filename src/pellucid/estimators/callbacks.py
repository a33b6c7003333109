"""scikit-learn's callbacks, where it has them (1.9 and later)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CallbackSupport: Any
try:
    from sklearn.callback import CallbackSupportMixin

    CallbackSupport = CallbackSupportMixin
except ImportError:  # an older scikit-learn
    CallbackSupport = type("CallbackSupport", (), {})


class Listener:
    """Tells scikit-learn's callbacks of every epoch."""

    def __init__(self, owner: Any, given: dict[str, Any], weights: Any, epochs: int | None) -> None:
        self.owner, self.given = owner, given
        self.metadata = None if weights is None else {"sample_weight": weights}
        self.root = owner._init_callback_context(max_subtasks=epochs)
        self.root.call_on_fit_task_begin(estimator=owner, **given, metadata=self.metadata)

    @classmethod
    def of(cls, owner: Any, X: Any, y: Any, weights: Any, epochs: int | None) -> Listener | None:
        """The listener of a training; None where nobody listens."""
        if not hasattr(owner, "_skl_callbacks") and not hasattr(owner, "_parent_callback_ctx"):
            return None
        return cls(owner, {"X": X, "y": y}, weights, epochs)

    def end(self) -> None:
        """The training is over."""
        self.root.call_on_fit_task_end(
            estimator=self.owner, **self.given, metadata=self.metadata, reconstruction_attributes={}
        )

    def epoch(self, attributes: Callable[[], dict[str, Any]]) -> bool:
        """An epoch (an iteration) is over, after which the estimator would have `attributes`; whether to stop."""
        task = self.root.subcontext(task_name="epoch")
        task.call_on_fit_task_begin(estimator=self.owner, **self.given, metadata=self.metadata)
        return bool(
            task.call_on_fit_task_end(
                estimator=self.owner, **self.given, metadata=self.metadata, reconstruction_attributes=attributes
            )
        )
