"""Lines along which a function on a grid is 0: the border between two decisions."""

from __future__ import annotations

import numpy as np

# Which edges of a cell the line crosses, by its corners above 0: bit 0 lower left, 1 lower right, 2 upper right, 3 upper
# left. Edges: 0 bottom, 1 right, 2 top, 3 left. Where two lines cross (5 and 10) the corners above 0 are kept apart.
# Source: Lorensen and Cline, *Marching Cubes* (1987), in two dimensions.
_CROSSED = {
    1: [(3, 0)], 2: [(0, 1)], 3: [(3, 1)], 4: [(1, 2)], 5: [(3, 0), (1, 2)], 6: [(0, 2)], 7: [(3, 2)],
    8: [(2, 3)], 9: [(2, 0)], 10: [(0, 1), (2, 3)], 11: [(2, 1)], 12: [(1, 3)], 13: [(1, 0)], 14: [(0, 3)],
}  # fmt: skip

Edge = tuple[int, int, int]  # 0 (rightwards) or 1 (upwards) from the node (row, column)


def zero_lines(values: np.ndarray) -> list[np.ndarray]:
    """The lines where `values` (rows, columns) are 0, each (n, 2) in fractions of columns and rows, linear in between.

    Cells with a corner that is no number have no line.
    """
    above = values > 0
    corners = (above[:-1, :-1], above[:-1, 1:], above[1:, 1:], above[1:, :-1])
    case = np.sum([corner << bit for bit, corner in enumerate(corners)], axis=0)
    finite = np.isfinite(values)
    whole = finite[:-1, :-1] & finite[:-1, 1:] & finite[1:, 1:] & finite[1:, :-1]
    links: dict[Edge, list[Edge]] = {}
    for row, column in np.argwhere(whole & (case > 0) & (case < 15)).tolist():
        edges = ((0, row, column), (1, row, column + 1), (0, row + 1, column), (1, row, column))
        for start, end in _CROSSED[int(case[row, column])]:
            links.setdefault(edges[start], []).append(edges[end])
            links.setdefault(edges[end], []).append(edges[start])
    return [_placed(line, values) for line in _chained(links)]


def _chained(links: dict[Edge, list[Edge]]) -> list[list[Edge]]:
    """The links as long lines: open ones from their ends, then what is left, which are rings."""
    lines = []
    for start in [*(edge for edge, near in links.items() if len(near) == 1), *links]:
        line = [start]
        while links.get(line[-1]):
            after = links[line[-1]].pop()
            links[after].remove(line[-1])
            line.append(after)
        if len(line) > 1:
            lines.append(line)
    return lines


def _placed(line: list[Edge], values: np.ndarray) -> np.ndarray:
    """Where on its edge each crossing lies."""
    kind, row, column = np.array(line).T
    first, second = values[row, column], values[row + kind, column + 1 - kind]
    share = first / (first - second)
    return np.c_[column + share * (1 - kind), row + share * kind]
