"""What the kernels take and give: named tuples of arrays, which numba takes apart by itself.

All coordinates are in cells of a north-up raster: x is a column, y a row, both growing from the upper left corner.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CHUNK",
    "CLASSES",
    "COVERED",
    "INTEGRAL",
    "MAXIMUM",
    "MINIMUM",
    "TOTAL",
    "Cells",
    "Floats",
    "Integers",
    "Ledger",
    "Lines",
    "Marks",
    "Points",
    "Polygons",
    "Runs",
    "Selection",
    "Sums",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Marks = NDArray[np.bool_]

COVERED, TOTAL, MINIMUM, MAXIMUM, INTEGRAL, CLASSES = range(6)
"""Rows of the statistics; the amounts per class begin at the last."""

CHUNK = 256
"""Cells that are looked up at a time: few enough to stay in the fastest cache."""


class Polygons(NamedTuple):
    """Polygons: part p has the rings first[p] to first[p + 1]; ring r has the vertices rings[r] to rings[r + 1]."""

    owner: Integers  # (p,) the shape that a part belongs to, ascending
    bounds: Floats  # (p, 4) left, top, right, bottom
    area: Floats  # (p,) in cells
    first: Integers  # (p + 1,) first ring
    rings: Integers  # (r + 1,) first vertex
    turn: Floats  # (r,) 1, or -1 where a ring runs against its role
    vertices: Floats  # (v, 2)


class Lines(NamedTuple):
    """Lines: part p has the vertices first[p] to first[p + 1]."""

    owner: Integers  # (p,)
    bounds: Floats  # (p, 4)
    first: Integers  # (p + 1,)
    vertices: Floats  # (v, 2)
    length: Floats  # (v,) metres from a vertex to the next one


class Points(NamedTuple):
    """Points."""

    owner: Integers  # (p,)
    vertices: Floats  # (p, 2)


class Selection(NamedTuple):
    """The parts that touch a block, and the row of the sums that each adds to."""

    part: Integers
    row: Integers


class Runs(NamedTuple):
    """Runs of at most CHUNK neighbouring cells in one row of a block, of which a shape covers the same part."""

    owner: Integers  # (n,) row of the sums that it adds to
    row: Integers  # (n,)
    start: Integers  # (n,) first column
    stop: Integers  # (n,) last column + 1
    part: Floats  # (n,) of each cell; of lines the metres, of points 1


class Cells(NamedTuple):
    """One block, and how its cells are to be judged."""

    row: int
    column: int
    values: NDArray[Any]  # (S, h, w); NaN is missing
    series: NDArray[Any]  # (h, w, S) the same, scenario by scenario beside each other, where there are many; or empty
    areas: Floats  # (h, pieces, k) polynomial of the cell area along each piece of a row, highest power first
    step: int  # columns in a piece
    source: NDArray[np.int32]  # (h, w), or empty where nobody asks
    edges: NDArray[Any]  # (L,) class edges, ascending, of the type of the values
    sign: float  # 1 where higher is worse, -1 (also of the edges) where lower is
    response: Floats  # (S, h, w) function of the values, or empty
    curves: Floats  # (c, 2, k) x and y of piecewise-linear functions of the values, or empty
    curve_of: Integers  # (m,) which of them each shape follows, by row of the sums; -1 is none


class Sums(NamedTuple):
    """What is added up, one row per shape."""

    inside: Floats  # (m,)
    stats: Floats  # (m, CLASSES + L, S): what is listed above, then the amount per class


class Ledger(NamedTuple):
    """Amounts per source of the shape at hand: a hash table of sources, and the records that were closed."""

    table: NDArray[np.int32]  # place of a source in the lists below, or -1
    sources: NDArray[np.int32]  # (k,)
    where: Integers  # (k,) place in the table
    amounts: Floats  # (k, S, L)
    counts: Integers  # sources held, records, the shape at hand (row of the sums)
    keys: NDArray[np.int32]  # (records, 4) row of the sums, scenario, class, source
    values: Floats  # (records,)
