"""The NumPy engine for batches that come one after the other."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from pellucid.engines.numpy_engine import NumpyEngine, Snapshot
from pellucid.engines.streams import Stream
from pellucid.engines.work import EpochResult


class NumpyStreamEngine(NumpyEngine):
    """Trains with NumPy on a `Stream`: the same steps, each on the next batch."""

    data: Stream

    def _epoch(self, epoch: int, rates: Any) -> EpochResult:
        total, rows, outputs, targets = 0.0, 0, [], []
        with contextlib.closing(self.data.epoch(epoch)) as batches:
            for number, (x, y, weights) in enumerate(batches):
                self.draws.moment.epoch, self.draws.moment.step = epoch, number
                total += float(self.step.run(x, y, weights)) * len(x)
                rows += len(x)
                if self.keep_outputs:
                    outputs.append(np.array(self.step.outputs()))
                    targets.append(y)
                self._update(tuple(rates[number].tolist()))
        finite = bool(np.isfinite(total) and np.isfinite(self.flat.sum()))
        result = EpochResult(total / rows, finite, Snapshot(self.lasting, self._state()))
        if outputs:
            result.outputs, result.targets = np.concatenate(outputs), np.concatenate(targets)
        return result
