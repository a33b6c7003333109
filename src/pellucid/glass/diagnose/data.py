"""Rules about the rows as a whole: what they hold, how often, in which order, on which side of the split.

These look at all rows, not at those of the pass, and so cost the more the more there are.
"""

from __future__ import annotations

import numpy as np

from pellucid.glass.diagnose.finding import Finding
from pellucid.glass.diagnose.look import Look, Material
from pellucid.network import working_copy

TABLE = 32  # columns: in images and the like, places that are always the same (the border) are common and harmless
MANY = 0.5  # of the columns of an image


def constant_columns(material: Material) -> np.ndarray:
    """The numbers of the columns that hold one single value."""
    x = material.x.reshape(len(material.x), -1)
    candidates = np.flatnonzero((x[:256] == x[:1]).all(axis=0))
    if len(candidates) and len(x) > 256:
        candidates = candidates[(x[:, candidates] == x[0, candidates]).all(axis=0)]
    return candidates


def constant_inputs(seen: Look) -> Finding | None:
    """Columns that say nothing, since they are the same in every row."""
    columns, width = constant_columns(seen.material), seen.material.x[0].size
    if len(seen.material.x) < 16 or not len(columns) or (width > TABLE and len(columns) < MANY * width):
        return None
    shown = ", ".join(str(number) for number in columns[:8]) + (", ..." if len(columns) > 8 else "")
    word = f"column {shown} holds" if len(columns) == 1 else f"columns {shown} hold"
    return Finding(
        "constant-inputs", "inputs",
        f"{word} the same value in all {len(seen.material.x):,} rows, {len(columns)} of {width} columns in all.",
        "a column that was filled with a default, or lost when the data were put together; the weights behind it are never "
        "used as weights.",
        "leave these columns out; or find out where their values went.",
        len(columns) / width, None, tuple(columns.tolist()),
    )  # fmt: skip


KINDS = 10.0  # kinds of rows for each row: of fewer kinds (truth tables, dice) some are equal by nature
TWICE = 0.05  # of the validation rows. Healthy splits of measured numbers: 0


def _hashes(rows: np.ndarray) -> np.ndarray:
    """A 64-bit number for each row that depends on every bit of it; uint64 (rows,)."""
    words = np.ascontiguousarray(rows.reshape(len(rows), -1) + 0.0).view(np.uint32)  # + 0.0: -0.0 and 0.0 are equal
    weights = np.random.default_rng(words.shape[1]).integers(1, 2**63, words.shape[1], np.uint64) | np.uint64(1)
    out = np.empty(len(words), np.uint64)
    for at in range(0, len(words), 4096):
        out[at : at + 4096] = (words[at : at + 4096].astype(np.uint64) * weights).sum(axis=1, dtype=np.uint64)
    return out


def shared_rows(material: Material) -> np.ndarray:
    """Which validation rows occur among the training rows with the same target, bool (rows,)."""
    if material.valid is None or material.y is None:
        return np.zeros(0, bool)
    x, (other, answers) = material.x, material.valid
    some = x[:256].reshape(min(len(x), 256), -1)[:, :: max(1, x[0].size // 64)]
    kinds = np.log([len(np.unique(column)) for column in some.T]).sum()
    if kinds < np.log(KINDS * len(x)) and len(np.unique(some, axis=0)) < len(some):
        return np.zeros(len(other), bool)
    return np.isin(_hashes(other) ^ _hashes(answers), _hashes(x) ^ _hashes(material.y))


def duplicated_rows(seen: Look) -> Finding | None:
    """Validation rows that were trained on."""
    shared = shared_rows(seen.material)
    if not len(shared) or shared.mean() < TWICE or shared.sum() < 2:
        return None
    first = ", ".join(str(number) for number in np.flatnonzero(shared)[:5])
    return Finding(
        "duplicated-rows", "validation data",
        f"{int(shared.sum()):,} of {len(shared):,} validation rows ({shared.mean():.0%}) are among the training rows too, "
        f"the first of them {first}: the validation figures are better than the network.",
        "the data hold the same rows more than once, or were split after rows had been repeated, or the same data were "
        "given twice.",
        "X = np.unique(X, axis=0) (with its labels) before splitting; repeat rows of rare classes after it.",
        float(shared.mean()), None, tuple(np.flatnonzero(shared)[:1000].tolist()),
    )  # fmt: skip


def class_counts(material: Material, outputs: np.ndarray) -> np.ndarray | None:
    """How often each class occurs, (K,); None where the targets are no classes."""
    y = material.y
    if y is None or outputs.ndim != 2:
        return None
    if y.ndim == 1 and y.dtype.kind in "iu":
        return np.bincount(y, minlength=outputs.shape[1])
    if y.ndim == 2 and y.shape[1] == 1 and bool(((y == 0) | (y == 1)).all()):
        ones = int(y.sum())
        return np.array([len(y) - ones, ones])
    if y.ndim == 2 and y.shape[1] > 1 and bool(((y == 0) | (y == 1)).all()) and bool((y.sum(axis=1) == 1).all()):
        return np.asarray(y.sum(axis=0).astype(int))
    return None


RARE = 0.2  # of the share that it would have if all classes had the same. The sets of pellucid: 0.97 and more
FOUND = 0.5  # of a rare class's rows that the network must find to be left in peace


def class_imbalance(seen: Look) -> Finding | None:
    """A class so rare that it pays to ignore it, and nothing that makes up for it."""
    counts = class_counts(seen.material, seen.outputs)
    handled = seen.material.weights is not None or getattr(seen.loss, "class_weights", None) is not None
    if counts is None or handled or len(counts) < 2 or seen.loss is None or counts.sum() < 20:
        return None
    share = counts / counts.sum()
    rare = [int(k) for k in np.flatnonzero((share < RARE / len(counts)) & (counts > 0))]
    if seen.trained:
        rare = [k for k in rare if _recall(seen, k) < FOUND]
    if not rare:
        return None
    worst = min(rare, key=lambda k: share[k])
    weights = ", ".join(f"{counts.sum() / (len(counts) * max(count, 1)):.3g}" for count in counts)
    fix = (
        f"CategoricalCrossEntropy(class_weights=({weights})), which makes every class count alike"
        if getattr(seen.loss, "class_weights", ()) is None
        else f"sample_weight in fit, {counts.max() / max(counts[worst], 1):.3g} for the rows of class {worst} and 1 for others"
    )
    found = f", and the network finds {_recall(seen, worst):.0%} of them" if seen.trained else ""
    return Finding(
        "class-imbalance", "targets",
        f"class {worst} has {counts[worst]:,} of {counts.sum():,} rows ({share[worst]:.1%}){found}. Always answering class "
        f"{int(counts.argmax())} is right in {share.max():.1%} of the rows.",
        "the classes are as rare in the data as in life; accuracy hides it.",
        f"{fix}; judge by metrics=['f1'] or the recall of each class.",
        float(share[worst] * len(counts)), None, tuple(rare),
    )  # fmt: skip


def _recall(seen: Look, k: int) -> float:
    """The share of the rows of class k, of up to 256 of all of them, that the network finds."""
    y = np.asarray(seen.material.y)
    true = y if y.ndim == 1 else y[:, 0].astype(int) if y.shape[1] == 1 else y.argmax(axis=1)
    outputs = working_copy(seen.network, training=False).forward(seen.material.x[np.flatnonzero(true == k)[:256]])
    given = (outputs[:, 0] > 0.5).astype(int) if outputs.shape[1] == 1 else outputs.argmax(axis=1)
    return float((given == k).mean())


SORTED = 0.5  # of the targets' variance lies between batches. Rows in random order: 1 / batch size, 0.03 for 32


def between_batches(material: Material) -> float:
    """The share of the targets' variance that lies between the batches as they are visited, 0 to 1; 0 if shuffled."""
    y, size = material.y, material.batch_size
    if material.shuffle or y is None or size is None or size < 4 or len(y) < 3 * size:
        return 0.0
    whole = len(y) // size * size
    rows = y[:whole].astype(float)
    if y.ndim == 1:
        rows = (rows[:, None] == np.unique(y)[None, :64]).astype(float)
    rows = rows.reshape(whole, -1)
    total = rows.var(axis=0).sum()
    within = rows.reshape(whole // size, size, -1).var(axis=1).mean(axis=0).sum()
    return float(1.0 - within / total) if total > 0 else 0.0


def sorted_batches(seen: Look) -> Finding | None:
    """Rows in the order of their targets, never shuffled: each batch knows one class only."""
    share = between_batches(seen.material)
    if share < SORTED:
        return None
    return Finding(
        "sorted-batches", "training",
        f"the rows come in the order of their targets and are not shuffled: {share:.0%} of the targets' variance lies between "
        "the batches, so that each of them teaches one kind of answer and undoes what the one before taught.",
        "shuffle=False with rows that are sorted, or were put together class by class.",
        "fit(..., shuffle=True), which is the default; or shuffle the rows once before.",
        share,
    )  # fmt: skip
