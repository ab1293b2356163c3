"""Compiled loops around the kernels: which shapes touch which windows, and adding the sums of a block to all."""

from hazardmap.coverage.compiled import compiled
from hazardmap.coverage.tuples import MAXIMUM, MINIMUM, Floats, Integers

__all__ = ["merge", "touching"]


@compiled
def touching(boxes: Integers, windows: Integers, first: Integers, ends: Integers, index: Integers) -> None:
    """Which boxes (first row, first column, last row + 1, last column + 1) touch which windows.

    Called twice: with an empty ``index`` it counts into ``ends``; then ``ends`` says where the boxes of each window
    begin, and moves on as they are entered. Windows are sorted by row; none before ``first`` touches a box.
    """
    for b in range(len(boxes)):
        for w in range(first[b], len(windows)):
            row, column = windows[w, 0], windows[w, 1]
            if row >= boxes[b, 2]:
                break
            if row + windows[w, 2] > boxes[b, 0] and column < boxes[b, 3] and column + windows[w, 3] > boxes[b, 1]:
                if len(index) > 0:
                    index[ends[w]] = b
                ends[w] += 1


@compiled
def merge(inside: Floats, stats: Floats, shapes: Integers, more_inside: Floats, more_stats: Floats) -> None:
    """Add the sums of some shapes to those of all."""
    for k in range(len(shapes)):
        inside[shapes[k]] += more_inside[k]
        to, more = stats[shapes[k]], more_stats[k]
        for row in range(stats.shape[1]):
            for s in range(stats.shape[2]):
                if row == MINIMUM:
                    to[row, s] = min(to[row, s], more[row, s])
                elif row == MAXIMUM:
                    to[row, s] = max(to[row, s], more[row, s])
                else:
                    to[row, s] += more[row, s]
