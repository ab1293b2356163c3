"""The compiled kernels: what polygons, lines and points cover of the cells of one block, added up per shape.

numba notices a change only in the file of the kernel that it cached: whoever changes ledger.py or the tuples has to
touch this file too.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazardmap.coverage.compiled import compiled, summing
from hazardmap.coverage.ledger import close, find
from hazardmap.coverage.tuples import (
    CLASSES,
    COVERED,
    INTEGRAL,
    MAXIMUM,
    MINIMUM,
    TOTAL,
    Floats,
    Integers,
)

__all__ = ["CHUNK", "sum_lines", "sum_points", "sum_polygons"]

CHUNK = 256
"""Cells that are looked up at a time: few enough to stay in the fastest cache."""

SLIVER = 1e-13
"""Covered fractions below this (in parts of shapes smaller than a cell) are rounding errors of sums."""

NOISE = 1e-15
"""Rounding errors of the sums along a row are as large as this, however small the shape."""

TOUCH = 1e-12
"""A segment that stays in a cell for less than this part of itself only touches it."""

# ---------------------------------------------------------------------------------------------- looking up the cells


@summing
def _weigh(areas: Floats, step: int, start: int, amount: Floats) -> float:
    """Turn fractions of cells of one row into square metres; return their sum."""
    total = 0.0
    if areas.shape[1] == 1:
        for j in range(len(amount)):
            amount[j] *= areas[0, 0]
            total += amount[j]
        return total
    for j in range(len(amount)):
        if amount[j] > 0.0:
            piece = (start + j) // step
            t = float(start + j - piece * step)
            area = areas[piece, 0]
            for k in range(1, areas.shape[1]):
                area = area * t + areas[piece, k]
            amount[j] *= area
            total += amount[j]
    return total


@compiled
def _interpolate(curve: Floats, value: float) -> float:
    """Value of a piecewise-linear function, constant beyond its ends."""
    last = curve.shape[1] - 1
    if value <= curve[0, 0]:
        return float(curve[1, 0])
    if value >= curve[0, last]:
        return float(curve[1, last])
    k = 1
    while curve[0, k] < value:
        k += 1
    part = (value - curve[0, k - 1]) / (curve[0, k] - curve[0, k - 1])
    return float(curve[1, k - 1] + part * (curve[1, k] - curve[1, k - 1]))


@compiled
def _tally(values: NDArray[Any], edges: NDArray[Any], sign: float, stats: Floats, amount: Floats) -> None:
    """Add the amounts on a run of cells, in one scenario, to the statistics of a shape."""
    covered, total = _integrate(values, amount)
    stats[COVERED] += covered
    stats[TOTAL] += total
    stats[MINIMUM], stats[MAXIMUM] = _extremes(values, amount, stats[MINIMUM], stats[MAXIMUM])
    for level in range(len(edges)):
        above = edges[level + 1] if level + 1 < len(edges) else np.inf
        stats[CLASSES + level] += _between(values, amount, sign, edges[level], above)


@compiled
def _tally_one(value: float, edges: NDArray[Any], sign: float, stats: Floats, s: int, amount: float) -> None:
    """Do the same for a single cell and all statistics (CLASSES + L, S)."""
    if amount <= 0.0 or value != value:  # noqa: PLR0124  (NaN is not itself)
        return
    stats[COVERED, s] += amount
    stats[TOTAL, s] += amount * value
    stats[MINIMUM, s] = min(stats[MINIMUM, s], value)
    stats[MAXIMUM, s] = max(stats[MAXIMUM, s], value)
    level = _class_of(value * sign, edges)
    if level >= 0:
        stats[CLASSES + level, s] += amount


@summing
def _tally_series(values: NDArray[Any], edges: NDArray[Any], sign: float, stats: Floats, amount: float) -> None:
    """Add the amount on one cell, in many scenarios, to the statistics of a shape: several scenarios at a time."""
    for s in range(len(values)):
        value = values[s]
        stats[COVERED, s] += amount if value == value else 0.0  # noqa: PLR0124  (NaN is not itself)
    for s in range(len(values)):
        value = float(values[s])
        stats[TOTAL, s] += amount * value if value == value else 0.0  # noqa: PLR0124
    for s in range(len(values)):
        value = float(values[s])
        stats[MINIMUM, s] = value if value < stats[MINIMUM, s] else stats[MINIMUM, s]  # noqa: FURB136
    for s in range(len(values)):
        value = float(values[s])
        stats[MAXIMUM, s] = value if value > stats[MAXIMUM, s] else stats[MAXIMUM, s]  # noqa: FURB136
    for level in range(len(edges)):
        above = edges[level + 1] if level + 1 < len(edges) else np.inf
        for s in range(len(values)):
            worse = values[s] * sign
            stats[CLASSES + level, s] += amount if edges[level] <= worse and not worse >= above else 0.0


@compiled
def _class_of(worse: float, edges: NDArray[Any]) -> int:
    """Class of a value; -1 where it is too mild, or missing."""
    level = -1
    while level + 1 < len(edges) and worse >= edges[level + 1]:
        level += 1
    return level


@summing
def _integrate(values: NDArray[Any], amount: Floats) -> tuple[float, float]:
    """Amount on cells that hold a value, and their integral. No branches: several cells are added at a time."""
    covered = 0.0
    total = 0.0
    for j in range(len(amount)):
        value = float(values[j])
        known = value == value  # noqa: PLR0124  (NaN is not itself)
        part = amount[j] if known else 0.0
        covered += part
        total += part * (value if known else 0.0)
    return covered, total


@summing
def _extremes(values: NDArray[Any], amount: Floats, low: float, high: float) -> tuple[float, float]:
    """Least and greatest value on the cells that are covered (no comparison holds for NaN)."""
    for j in range(len(amount)):
        value = float(values[j])
        if amount[j] > 0.0:
            low = value if value < low else low  # noqa: FURB136  (min() is slow on NaN)
            high = value if value > high else high  # noqa: FURB136
    return low, high


@summing
def _between(values: NDArray[Any], amount: Floats, sign: float, edge: float, above: float) -> float:
    """Amount on the cells of one class."""
    total = 0.0
    for j in range(len(amount)):
        worse = values[j] * sign
        total += amount[j] if edge <= worse and not worse >= above else 0.0
    return total


@compiled
def _respond(cells: Any, stats: Floats, row: int, start: int, amount: Floats) -> None:
    """Integrate the function of the values over a run of cells."""
    given = cells.response.shape[0] > 0
    for s in range(cells.values.shape[0]):
        integral = 0.0
        for j in range(len(amount)):
            value = cells.values[s, row, start + j]
            if amount[j] > 0.0 and value == value:  # noqa: PLR0124
                found = cells.response[s, row, start + j] if given else _interpolate(cells.curve, value)
                integral += amount[j] * found
        stats[INTEGRAL, s] += integral


@compiled
def _attribute(cells: Any, ledger: Any, k: int, row: int, start: int, amount: Floats) -> Any:
    """Add the amounts on a run of cells to the source of each cell."""
    if ledger.counts[0] + len(amount) > len(ledger.sources):
        ledger = close(ledger, k)
    sources = cells.source[row]
    place = -1
    for j in range(len(amount)):
        if amount[j] <= 0.0:
            continue
        source = sources[start + j]
        if place < 0 or ledger.sources[place] != source:
            place = find(ledger, source)
        for s in range(cells.values.shape[0]):
            level = _class_of(cells.values[s, row, start + j] * cells.sign, cells.edges)
            if level >= 0:
                ledger.amounts[place, s, level] += amount[j]
    return ledger


@compiled
def _add(cells: Any, stats: Floats, row: int, start: int, amount: Floats) -> None:
    """Add the amounts on a run of cells to the statistics of a shape (CLASSES + L, S)."""
    if cells.series.shape[0] > 0:
        for j in range(len(amount)):
            if amount[j] > 0.0:
                _tally_series(cells.series[row, start + j], cells.edges, cells.sign, stats, amount[j])
    elif len(amount) == 1:
        for s in range(cells.values.shape[0]):
            _tally_one(cells.values[s, row, start], cells.edges, cells.sign, stats, s, amount[0])
    else:
        for s in range(cells.values.shape[0]):
            _tally(cells.values[s, row, start : start + len(amount)], cells.edges, cells.sign, stats[:, s], amount)
    if cells.response.shape[0] > 0 or cells.curve.shape[1] > 0:
        _respond(cells, stats, row, start, amount)


# ------------------------------------------------------------------------------------------------------------ polygons


@compiled
def _span(line: Floats, a: float, b: float, depth: float) -> None:
    """Enter a piece of an edge within one row of cells, from column a to b, into the differences along that row.

    The running sum over ``line`` becomes the fraction of each cell that lies to the right of the piece; its sign says
    whether the edge runs down or up. Trapezoids as in font rasterisers (R. Levien, font-rs, 2016).
    """
    first = int(a)
    stop = math.ceil(b)
    if stop <= first + 1:
        middle = 0.5 * (a + b) - first
        line[first] += depth * (1.0 - middle)
        line[first + 1] += depth * middle
        return
    slope = depth / (b - a)
    before = 0.0
    for column in range(first, stop):
        left = max(a, float(column))
        right = min(b, float(column + 1))
        here = slope * (right - left) * (column + 1 - 0.5 * (left + right)) + slope * (left - a)
        line[column] += here - before
        before = here
    line[stop] += depth - before


@compiled
def _edge(acc: Floats, spans: Integers, width: int, height: int, edge: Any, turn: float) -> None:
    """Enter one edge (x0, y0, x1, y1) into the differences of a window of cells."""
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
        depth = turn * (below - top)
        a = min(x, last)
        b = max(x, last)
        if a < width:
            _clipped(acc[row], width, a, b, depth)
            spans[row, 0] = min(spans[row, 0], max(0, int(a)))
        spans[row, 1] = max(spans[row, 1], min(width, max(0, int(b)) + 2))
        x = last
        top = below
        row += 1


@compiled
def _clipped(line: Floats, width: int, a: float, b: float, depth: float) -> None:
    """Enter a piece of an edge, of which parts may lie left or right of the window."""
    if b <= 0.0:
        line[0] += depth
        return
    if a >= 0.0 and b <= width:
        _span(line, a, b, depth)
        return
    share = depth / (b - a)
    if a < 0.0:
        line[0] -= share * a
        a = 0.0
    b = min(b, float(width))
    _span(line, a, b, share * (b - a))


@compiled
def _outline(polygons: Any, part: int, acc: Floats, spans: Integers, box: Any) -> None:
    """Enter all edges of a part into the differences of a box of cells (left, top, width, height)."""
    left, top, width, height = box
    for i in range(height):
        spans[i, 0] = width
        spans[i, 1] = 0
    for ring in range(polygons.first[part], polygons.first[part + 1]):
        for i in range(polygons.rings[ring], polygons.rings[ring + 1] - 1):
            x0 = polygons.vertices[i, 0] - left
            y0 = polygons.vertices[i, 1] - top
            x1 = polygons.vertices[i + 1, 0] - left
            y1 = polygons.vertices[i + 1, 1] - top
            _edge(acc, spans, width, height, (x0, y0, x1, y1), polygons.turn[ring])


@compiled
def _fractions(line: Floats, start: int, run: float, sliver: float, fraction: Floats) -> float:
    """Sum differences up to covered fractions, wiping them out; return the sum so far."""
    covered = run if run > sliver else 0.0
    for j in range(len(fraction)):
        if line[start + j] != 0.0:
            run += line[start + j]
            line[start + j] = 0.0
            covered = run if run > sliver else 0.0
        fraction[j] = covered
    return run


@compiled
def sum_polygons(polygons: Any, selection: Any, cells: Any, sums: Any, ledger: Any) -> Any:
    """Add what polygons cover of one block: signed areas along each edge, summed up along each row of cells."""
    _, rows, columns = cells.values.shape
    acc = np.zeros((1, 2))
    spans = np.zeros((1, 2), np.int64)  # first and last touched column of each row
    chunk = np.empty(CHUNK)
    sourced = cells.source.shape[0] > 0
    for q in range(len(selection.part)):
        part = selection.part[q]
        k = selection.row[q]
        left = max(cells.column, math.floor(polygons.bounds[part, 0]))
        top = max(cells.row, math.floor(polygons.bounds[part, 1]))
        width = min(cells.column + columns, math.ceil(polygons.bounds[part, 2])) - left
        height = min(cells.row + rows, math.ceil(polygons.bounds[part, 3])) - top
        if width <= 0 or height <= 0 or polygons.area[part] <= 0.0:
            continue
        if acc.shape[0] < height or acc.shape[1] < width + 2:
            acc = np.zeros((max(height, acc.shape[0]), max(width + 2, acc.shape[1])))
            spans = np.zeros((acc.shape[0], 2), np.int64)
        _outline(polygons, part, acc, spans, (left, top, width, height))
        sliver = min(max(SLIVER * min(1.0, polygons.area[part]), NOISE), 1e-3 * polygons.area[part])
        for i in range(height):
            row = top + i - cells.row
            run = 0.0
            for start in range(spans[i, 0], spans[i, 1], CHUNK):
                amount = chunk[: min(CHUNK, spans[i, 1] - start)]
                column = left + start - cells.column
                run = _fractions(acc[i], start, run, sliver, amount)
                sums.inside[k] += _weigh(cells.areas[row], cells.step, column, amount)
                _add(cells, sums.stats[k], row, column, amount)
                if sourced:
                    ledger = _attribute(cells, ledger, k, row, column, amount)
            acc[i, width] = 0.0
            acc[i, width + 1] = 0.0
        if sourced:
            ledger = close(ledger, k)
    return ledger


# ---------------------------------------------------------------------------------------------------- lines and points


@compiled
def sum_lines(lines: Any, selection: Any, cells: Any, sums: Any, ledger: Any) -> Any:
    """Add what lines cover of one block: each segment is followed from cell to cell."""
    _, rows, columns = cells.values.shape
    amount = np.empty(1)
    sourced = cells.source.shape[0] > 0
    for q in range(len(selection.part)):
        k = selection.row[q]
        for i in range(lines.first[selection.part[q]], lines.first[selection.part[q] + 1] - 1):
            x0 = lines.vertices[i, 0] - cells.column
            y0 = lines.vertices[i, 1] - cells.row
            x1 = lines.vertices[i + 1, 0] - cells.column
            y1 = lines.vertices[i + 1, 1] - cells.row
            if max(x0, x1) < 0.0 or min(x0, x1) >= columns or max(y0, y1) < 0.0 or min(y0, y1) >= rows:
                continue
            column, row, before = _enter(x0, x1), _enter(y0, y1), 0.0
            while before < 1.0:
                right = _crossing(x0, x1, column)
                below = _crossing(y0, y1, row)
                after = min(right, below, 1.0)
                if after - before > TOUCH and 0 <= row < rows and 0 <= column < columns:
                    amount[0] = (after - before) * lines.length[i]
                    sums.inside[k] += amount[0]
                    _add(cells, sums.stats[k], row, column, amount)
                    if sourced:
                        ledger = _attribute(cells, ledger, k, row, column, amount)
                if right <= after:
                    column += 1 if x1 > x0 else -1
                if below <= after:
                    row += 1 if y1 > y0 else -1
                before = max(before, after)
        if sourced:
            ledger = close(ledger, k)
    return ledger


@compiled
def _enter(start: float, end: float) -> int:
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
def sum_points(points: Any, selection: Any, cells: Any, sums: Any, ledger: Any) -> Any:
    """Add the points of one block: a cell owns its upper and its left edge."""
    _, rows, columns = cells.values.shape
    amount = np.empty(1)
    sourced = cells.source.shape[0] > 0
    for q in range(len(selection.part)):
        part = selection.part[q]
        column = math.floor(points.vertices[part, 0]) - cells.column
        row = math.floor(points.vertices[part, 1]) - cells.row
        if 0 <= row < rows and 0 <= column < columns:
            k = selection.row[q]
            amount[0] = 1.0
            sums.inside[k] += 1.0
            _add(cells, sums.stats[k], row, column, amount)
            if sourced:
                ledger = close(_attribute(cells, ledger, k, row, column, amount), k)
    return ledger
