"""Compiled loops around the kernels: which shapes touch which windows, and adding the sums of a block to all."""

from hazardmap.coverage.compiled import compiled
from hazardmap.coverage.tuples import MAXIMUM, MINIMUM, Floats, Integers

__all__ = ["merge", "touching"]


@compiled
def touching(boxes: Integers, windows: Integers, counts: Integers, index: Integers) -> None:
    """Which boxes (first row, first column, last row + 1, last column + 1) touch which windows.

    Called twice: with an empty ``index`` it only counts.
    """
    place = 0
    for w in range(len(windows)):
        row, column = windows[w, 0], windows[w, 1]
        bottom, right = row + windows[w, 2], column + windows[w, 3]
        begin = place
        for b in range(len(boxes)):
            if boxes[b, 0] < bottom and boxes[b, 2] > row and boxes[b, 1] < right and boxes[b, 3] > column:
                if len(index) > 0:
                    index[place] = b
                place += 1
        counts[w] = place - begin


@compiled
def merge(inside: Floats, stats: Floats, shapes: Integers, more_inside: Floats, more_stats: Floats) -> None:
    """Add the sums of some shapes to those of all."""
    for k in range(len(shapes)):
        inside[shapes[k]] += more_inside[k]
        for s in range(stats.shape[1]):
            to, more = stats[shapes[k], s], more_stats[k, s]
            low, high = min(to[MINIMUM], more[MINIMUM]), max(to[MAXIMUM], more[MAXIMUM])
            for column in range(len(to)):
                to[column] += more[column]
            to[MINIMUM], to[MAXIMUM] = low, high
