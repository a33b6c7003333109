"""The NumPy engine for batches that come one after the other."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from pellucid.engines.numpy_engine import NumpyEngine, Snapshot
from pellucid.engines.streams import Stream, counted, mean_loss
from pellucid.engines.work import EpochResult


class NumpyStreamEngine(NumpyEngine):
    """Trains with NumPy on a `Stream`: the same steps, each on the next batch."""

    data: Stream

    def _epoch(self, epoch: int, rates: Any) -> EpochResult:
        losses, counts, outputs, targets = [], [], [], []
        with contextlib.closing(self.data.epoch(epoch)) as batches:
            for number, (x, y, weights) in enumerate(batches):
                self.draws.moment.epoch, self.draws.moment.step = epoch, number
                losses.append(float(self.step.run(x, y, weights)))
                counts.append(counted(self.work.loss, y, weights))
                if self.keep_outputs:
                    outputs.append(np.array(self.step.outputs()))
                    targets.append(y)
                self._update(tuple(rates[number].tolist()))
        loss = mean_loss(losses, counts)
        result = EpochResult(loss, self._finite(loss), Snapshot(self.lasting, self._state()))
        if outputs:
            result.outputs, result.targets = np.concatenate(outputs), np.concatenate(targets)
        return result
