"""The compiled kernels: which cells of one block polygons, lines and points cover, as runs of cells.

Each fills a list of runs from where it stopped before: ``at`` holds the next part, and the next row or segment of it.
When it returns with ``at[0]`` at the end, all is said.

numba notices a change only in the file of the kernel that it cached: whoever changes the tuples has to touch this file
too.
"""

import math
from typing import Any

import numpy as np

from hazardmap.coverage.compiled import compiled
from hazardmap.coverage.tuples import CHUNK, Floats, Integers, Marks, Runs

__all__ = ["cover_lines", "cover_points", "cover_polygons", "room"]

ENOUGH = 16384
"""From so many runs on they are added up: few enough to stay in the second cache, or nearly."""

GROUP = 32
"""Columns that are passed together where no edge lies."""

SLIVER = 1e-13
"""Covered fractions below this (in parts of shapes smaller than a cell) are rounding errors of sums."""

NOISE = 1e-15
"""Rounding errors of the sums along a row are as large as this, however small the shape."""

TOUCH = 1e-12
"""A segment that stays in a cell for less than this part of itself only touches it."""


def room(rows: int, columns: int) -> Runs:
    """Make an empty list: what is entered at once, a row of cells or a segment, still fits when it is nearly full."""
    owner, row, start, stop = np.empty((4, ENOUGH + rows + columns), np.int64)
    return Runs(owner, row, start, stop, np.empty(len(owner)))


# ------------------------------------------------------------------------------------------------------------ polygons


@compiled
def _span(acc: Floats, marks: Marks, row: int, a: float, b: float, depth: float) -> None:
    """Enter a piece of an edge within one row of cells, from column a to b, into the differences along that row.

    The running sum along the row becomes the fraction of each cell that lies to the right of the piece; its sign says
    whether the edge runs down or up. Trapezoids as in font rasterisers (R. Levien, font-rs, 2016).
    """
    first = int(a)
    stop = max(math.ceil(b), first + 1)
    for group in range(first // GROUP, stop // GROUP + 1):
        marks[row, group] = True
    if stop == first + 1:
        middle = 0.5 * (a + b) - first
        acc[row, first] += depth * (1.0 - middle)
        acc[row, stop] += depth * middle
        return
    slope = depth / (b - a)
    before = 0.0
    for column in range(first, stop):
        left = max(a, float(column))
        right = min(b, float(column + 1))
        here = slope * (right - left) * (column + 1 - 0.5 * (left + right)) + slope * (left - a)
        acc[row, column] += here - before
        before = here
    acc[row, stop] += depth - before


@compiled
def _clipped(acc: Floats, marks: Marks, row: int, width: int, a: float, b: float, depth: float) -> None:
    """Enter a piece of an edge, of which parts may lie left or right of the box."""
    if a >= 0.0 and b <= width:
        _span(acc, marks, row, a, b, depth)
        return
    marks[row, 0] = True
    if b <= 0.0:
        acc[row, 0] += depth
        return
    share = depth / (b - a)
    if a < 0.0:
        acc[row, 0] -= share * a
        a = 0.0
    b = min(b, float(width))
    _span(acc, marks, row, a, b, share * (b - a))


@compiled
def _edge(acc: Floats, marks: Marks, width: int, height: int, edge: Any, turn: float) -> None:
    """Enter one edge (x0, y0, x1, y1) into the differences of a box of cells."""
    x0, y0, x1, y1 = edge
    if y0 > y1:
        x0, y0, x1, y1, turn = x1, y1, x0, y0, -turn
    if y0 == y1 or y1 <= 0.0 or y0 >= height:
        return
    slope = (x1 - x0) / (y1 - y0)
    top = max(y0, 0.0)
    bottom = min(y1, float(height))
    x = x0 if top == y0 else x0 + (top - y0) * slope
    row = int(top)
    while row < bottom:
        below = min(float(row + 1), bottom)
        last = x1 if below == y1 else x0 + (below - y0) * slope
        if min(x, last) < width:
            _clipped(acc, marks, row, width, min(x, last), max(x, last), turn * (below - top))
        x = last
        top = below
        row += 1


@compiled
def _outline(polygons: Any, part: int, acc: Floats, marks: Marks, box: Any) -> None:
    """Enter all edges of a part into the differences of a box of cells."""
    top, left, height, width = box
    rings, turns, vertices = polygons.rings, polygons.turn, polygons.vertices
    for ring in range(polygons.first[part], polygons.first[part + 1]):
        for i in range(rings[ring], rings[ring + 1] - 1):
            x0, y0 = vertices[i, 0] - left, vertices[i, 1] - top
            x1, y1 = vertices[i + 1, 0] - left, vertices[i + 1, 1] - top
            _edge(acc, marks, width, height, (x0, y0, x1, y1), turns[ring])


@compiled
def _cover(acc: Floats, marks: Marks, begin: int, box: Any, sliver: float, shape: int, runs: Any, count: int) -> Any:
    """Sum differences along rows up to runs of cells of which the same part is covered, and wipe them out.

    Box and runs are in cells of the block. Stops when the list is full; returns the next row and how long the list is.
    Rows before the first one are only wiped out: their runs are in another list.
    """
    owners, rows, starts, stops, parts = runs
    top, left, height, width = box
    i = 0
    while i < height and count < ENOUGH:
        part = 0.0
        start = 0
        while start < width:
            part += acc[i, start]
            acc[i, start] = 0.0
            stop = start + 1
            last = min(width, start + CHUNK)
            while stop < last and acc[i, stop] == 0.0:
                stop += 1
                while stop % GROUP == 0 and stop < last and not marks[i, stop // GROUP]:
                    stop += GROUP  # nothing was entered there
            stop = min(stop, last)
            if part > sliver and i >= begin:
                owners[count], rows[count], parts[count] = shape, top + i, part
                starts[count], stops[count] = left + start, left + stop
                count += 1
            start = stop
        acc[i, width] = 0.0
        acc[i, width + 1] = 0.0
        for group in range((width + 1) // GROUP + 1):
            marks[i, group] = False
        i += 1
    return i, count


@compiled
def cover_polygons(polygons: Any, selection: Any, block: Any, at: Integers, runs: Any) -> int:
    """List what polygons cover of one block: signed areas along each edge, summed up along each row of cells."""
    row, column, rows, columns = block
    acc = np.zeros((1, 2))
    marks = np.zeros((1, 1), np.bool_)  # groups of columns in which something is entered
    count = 0
    while at[0] < len(selection.part) and count < ENOUGH:
        part = selection.part[at[0]]
        left = max(column, math.floor(polygons.bounds[part, 0]))
        top = max(row, math.floor(polygons.bounds[part, 1]))
        width = min(column + columns, math.ceil(polygons.bounds[part, 2])) - left
        height = min(row + rows, math.ceil(polygons.bounds[part, 3])) - top
        if width > 0 and height > 0 and polygons.area[part] > 0.0:
            if acc.shape[0] < height or acc.shape[1] < width + 2:
                acc = np.zeros((max(height, acc.shape[0]), max(width + 2, acc.shape[1])))
                marks = np.zeros((acc.shape[0], acc.shape[1] // GROUP + 1), np.bool_)
            _outline(polygons, part, acc, marks, (top, left, height, width))
            sliver = min(max(SLIVER * min(1.0, polygons.area[part]), NOISE), 1e-3 * polygons.area[part])
            box = (top - row, left - column, height, width)
            at[1], count = _cover(acc, marks, at[1], box, sliver, selection.row[at[0]], runs, count)
            if at[1] < height:
                break
        at[0] += 1
        at[1] = 0
    return count


# ---------------------------------------------------------------------------------------------------- lines and points


@compiled
def cover_lines(lines: Any, selection: Any, block: Any, at: Integers, runs: Any) -> int:
    """List what lines cover of one block: each segment is followed from cell to cell."""
    top, left, rows, columns = block
    owners, where, starts, stops, parts = runs
    first, vertices, lengths = lines.first, lines.vertices, lines.length
    count = 0
    while at[0] < len(selection.part) and count < ENOUGH:
        part, shape = selection.part[at[0]], selection.row[at[0]]
        i = first[part] + at[1]
        if i + 1 >= first[part + 1]:
            at[0] += 1
            at[1] = 0
            continue
        at[1] += 1
        x0, y0 = vertices[i, 0] - left, vertices[i, 1] - top
        x1, y1 = vertices[i + 1, 0] - left, vertices[i + 1, 1] - top
        if max(x0, x1) < 0.0 or min(x0, x1) >= columns or max(y0, y1) < 0.0 or min(y0, y1) >= rows:
            continue
        column, row, before = _begin(x0, x1), _begin(y0, y1), 0.0
        while before < 1.0:
            right = _crossing(x0, x1, column)
            below = _crossing(y0, y1, row)
            after = min(right, below, 1.0)
            if after - before > TOUCH and 0 <= row < rows and 0 <= column < columns:
                owners[count], where[count], parts[count] = shape, row, (after - before) * lengths[i]
                starts[count], stops[count] = column, column + 1
                count += 1
            if right <= after:
                column += 1 if x1 > x0 else -1
            if below <= after:
                row += 1 if y1 > y0 else -1
            before = max(before, after)
    return count


@compiled
def _begin(start: float, end: float) -> int:
    """Cell in which a segment begins, along one axis: one that begins on an edge lies on the side it goes to."""
    cell = math.floor(start)
    return int(cell - 1) if end < start and cell == start else int(cell)


@compiled
def _crossing(start: float, end: float, cell: int) -> float:
    """Part of a segment at which it leaves a cell along one axis."""
    if end > start:
        return (cell + 1 - start) / (end - start)
    if end < start:
        return (cell - start) / (end - start)
    return np.inf


@compiled
def cover_points(points: Any, selection: Any, block: Any, at: Integers, runs: Any) -> int:
    """List the points of one block: a cell owns its upper and its left edge."""
    top, left, rows, columns = block
    owners, where, starts, stops, parts = runs
    vertices = points.vertices
    count = 0
    while at[0] < len(selection.part) and count < ENOUGH:
        part = selection.part[at[0]]
        column = math.floor(vertices[part, 0]) - left
        row = math.floor(vertices[part, 1]) - top
        if 0 <= row < rows and 0 <= column < columns:
            owners[count], where[count], parts[count] = selection.row[at[0]], row, 1.0
            starts[count], stops[count] = column, column + 1
            count += 1
        at[0] += 1
    return count
