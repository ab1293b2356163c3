"""Sums over runs of cells: what a shape covers, turned into its statistics and into amounts by source.

Compiled function by function, each when it is first needed: many of them are not needed most of the time.
numba notices a change only in the file of the kernel that it cached: whoever changes ledger.py or the tuples has to
touch this file too.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazardmap.coverage.compiled import as_real, as_whole, compiled, summing
from hazardmap.coverage.ledger import close, find, lacks_room, with_room
from hazardmap.coverage.tuples import (
    CHUNK,
    CLASSES,
    COVERED,
    INTEGRAL,
    MAXIMUM,
    MINIMUM,
    TOTAL,
    Cells,
    Floats,
    Ledger,
    Runs,
    Sums,
)

__all__ = ["tally", "weigh"]


def tally(runs: Runs, count: int, cells: Cells, sums: Sums, ledger: Ledger) -> Ledger:
    """Add the first runs of a list to the sums of their shapes; return the ledger, which may have grown.

    Of a single cell ``part`` is the amount already; see :func:`weigh`.
    """
    areas, step = cells.areas, cells.step
    _measure(runs, count, areas, step, sums.inside)
    if cells.series.size:
        _sum_series(runs, count, cells.series, areas, step, cells.edges, cells.sign, sums.stats)
    else:
        _sum_cells(runs, count, cells.values, cells.edges, cells.sign, sums.stats)
        _sum_runs(runs, count, cells.values, areas, step, cells.edges, cells.sign, sums.stats)
    if cells.response.size or cells.curves.size:
        _respond(runs, count, cells, sums.stats)
    first = 0 if cells.source.size else count
    while first < count:
        ledger = with_room(ledger)
        first = _attribute(runs, first, count, cells, ledger)
    return ledger


# --------------------------------------------------------------------------------------------- how much a cell is


@compiled
def weigh(runs: Any, count: int, areas: Floats, step: int) -> None:
    """Turn the covered parts of single cells into square metres."""
    _, rows, starts, stops, parts = runs
    degree = areas.shape[2]
    for r in range(count):
        if stops[r] - starts[r] == 1:
            piece = starts[r] // step
            t = float(starts[r] - piece * step)
            area = areas[rows[r], piece, 0]
            for k in range(1, degree):
                area = area * t + areas[rows[r], piece, k]
            parts[r] *= area


@compiled
def _measure(runs: Any, count: int, areas: Floats, step: int, inside: Floats) -> None:
    """Add up how much of each shape lies on cells at all."""
    owners, rows, starts, stops, parts = runs
    chunk = np.empty(CHUNK)
    even = areas.shape[2] == 1
    for r in range(count):
        size = stops[r] - starts[r]
        if size == 1:
            inside[owners[r]] += parts[r]
        elif even:
            inside[owners[r]] += parts[r] * areas[rows[r], 0, 0] * size
        else:
            _amounts(areas, rows[r], step, starts[r], parts[r], chunk[:size])
            for j in range(size):
                inside[owners[r]] += chunk[j]


@summing
def _amounts(areas: Floats, row: int, step: int, start: int, part: float, amount: Floats) -> None:
    """Square metres on a run of cells of which the same part is covered."""
    if areas.shape[2] == 1:
        amount[:] = part * areas[row, 0, 0]
        return
    j = 0
    while j < len(amount):  # one polynomial after the other
        piece = (start + j) // step
        first = start + j - piece * step
        these = amount[j : min(len(amount), j + step - first)]
        for i in range(len(these)):
            these[i] = areas[row, piece, 0]
        for k in range(1, areas.shape[2]):
            for i in range(len(these)):
                these[i] = these[i] * float(first + i) + areas[row, piece, k]
        for i in range(len(these)):
            these[i] *= part
        j += len(these)


# -------------------------------------------------------------------------------------------------------- statistics


@compiled
def _sum_cells(runs: Any, count: int, values: NDArray[Any], edges: NDArray[Any], sign: float, stats: Floats) -> None:
    """Add single cells to the statistics (m, CLASSES + L, S).

    All in one function: handing arrays on for every cell would take several times as long.
    """
    owners, rows, starts, stops, parts = runs
    for r in range(count):
        if stops[r] - starts[r] > 1:
            continue
        k, row, column, amount = owners[r], rows[r], starts[r], parts[r]
        for s in range(values.shape[0]):
            value = values[s, row, column]
            if value != value:  # noqa: PLR0124  (NaN is not itself)
                continue
            stats[k, COVERED, s] += amount
            stats[k, TOTAL, s] += amount * value
            if value < stats[k, MINIMUM, s]:  # noqa: PLR1730  (min() is slow: it thinks of NaN)
                stats[k, MINIMUM, s] = value
            if value > stats[k, MAXIMUM, s]:  # noqa: PLR1730
                stats[k, MAXIMUM, s] = value
            level = -1
            while level + 1 < len(edges) and value * sign >= edges[level + 1]:
                level += 1
            if level >= 0:
                stats[k, CLASSES + level, s] += amount


@compiled
def _sum_runs(
    runs: Any,
    count: int,
    values: NDArray[Any],
    areas: Floats,
    step: int,
    edges: NDArray[Any],
    sign: float,
    stats: Floats,
) -> None:
    """Add neighbouring cells to the statistics, several at a time."""
    owners, rows, starts, stops, parts = runs
    chunk = np.empty(CHUNK)
    for r in range(count):
        size = stops[r] - starts[r]
        if size == 1:
            continue
        amount = chunk[:size]
        _amounts(areas, rows[r], step, starts[r], parts[r], amount)
        for s in range(values.shape[0]):
            _add_cells(values[s, rows[r], starts[r] : stops[r]], amount, edges, sign, stats[owners[r], :, s])


@compiled
def _add_cells(values: NDArray[Any], amount: Floats, edges: NDArray[Any], sign: float, stats: Floats) -> None:
    """Add neighbouring cells to the statistics (CLASSES + L,) of one scenario, several at a time."""
    covered, total = _integrate(values, amount)
    if covered == 0.0:
        return
    low, high = _extremes(values)
    stats[COVERED] += covered
    stats[TOTAL] += total
    stats[MINIMUM] = min(stats[MINIMUM], low)
    stats[MAXIMUM] = max(stats[MAXIMUM], high)
    _classify(values, amount, edges, sign, stats[CLASSES:])


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


@compiled
def _extremes(values: NDArray[Any]) -> tuple[float, float]:
    """Least and greatest value, NaN left out.

    Compared as whole numbers, which keep the order: compilers do not compare reals several at a time, since NaN has
    no place in it.
    """
    least, most = as_whole(values.dtype.type(np.inf)), as_whole(values.dtype.type(-np.inf))
    low, high = least, most
    for j in range(len(values)):
        value = values[j]
        known = value == value  # noqa: PLR0124
        low = min(low, as_whole(value) if known else least)
        high = max(high, as_whole(value) if known else most)
    return float(as_real(low)), float(as_real(high))


@summing
def _between(values: NDArray[Any], amount: Floats, sign: float, edge: float, above: float) -> float:
    """Amount on the cells of one class."""
    total = 0.0
    for j in range(len(amount)):
        worse = values[j] * sign
        total += amount[j] if edge <= worse and not worse >= above else 0.0
    return total


@compiled
def _sum_series(
    runs: Any,
    count: int,
    series: NDArray[Any],
    areas: Floats,
    step: int,
    edges: NDArray[Any],
    sign: float,
    stats: Floats,
) -> None:
    """Add runs to the statistics where there are many scenarios: cell by cell, several scenarios at a time."""
    owners, rows, starts, stops, parts = runs
    chunk = np.empty(CHUNK)
    for r in range(count):
        amount = chunk[: stops[r] - starts[r]]
        amount[0] = parts[r]
        if len(amount) > 1:
            _amounts(areas, rows[r], step, starts[r], parts[r], amount)
        for j in range(len(amount)):
            _add_series(series[rows[r], starts[r] + j], edges, sign, stats[owners[r]], amount[j])


@summing
def _add_series(values: NDArray[Any], edges: NDArray[Any], sign: float, stats: Floats, amount: float) -> None:
    """Add the amount on one cell, in many scenarios, to the statistics (CLASSES + L, S) of a shape."""
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


# ------------------------------------------------------------------------------------------------ function of values


@compiled
def _respond(runs: Any, count: int, cells: Any, stats: Floats) -> None:
    """Integrate the function of the values over the runs."""
    owners, rows, starts, stops, parts = runs
    values, response, areas, step = cells.values, cells.response, cells.areas, cells.step
    curves, curve_of = cells.curves, cells.curve_of
    chunk = np.empty(CHUNK)
    given = response.shape[0] > 0
    for r in range(count):
        if not given and curve_of[owners[r]] < 0:
            continue
        amount = chunk[: stops[r] - starts[r]]
        amount[0] = parts[r]
        if len(amount) > 1:
            _amounts(areas, rows[r], step, starts[r], parts[r], amount)
        for s in range(values.shape[0]):
            run = values[s, rows[r], starts[r] : stops[r]]
            if given:
                found = _weighted(run, response[s, rows[r], starts[r] : stops[r]], amount)
            else:
                found = _interpolated(run, curves[curve_of[owners[r]]], amount)
            stats[owners[r], INTEGRAL, s] += found


@summing
def _weighted(values: NDArray[Any], response: Floats, amount: Floats) -> float:
    """Integral of what a function made of the values."""
    total = 0.0
    for j in range(len(amount)):
        total += amount[j] * response[j] if values[j] == values[j] else 0.0  # NaN is not itself
    return total


@compiled
def _interpolated(values: NDArray[Any], curve: Floats, amount: Floats) -> float:
    """Integral of a piecewise-linear function of the values, constant beyond its ends."""
    last = curve.shape[1] - 1
    total = 0.0
    for j in range(len(amount)):
        value = values[j]
        if value != value:  # noqa: PLR0124
            continue
        if value <= curve[0, 0]:
            total += amount[j] * curve[1, 0]
        elif value >= curve[0, last]:
            total += amount[j] * curve[1, last]
        else:
            k = 1
            while curve[0, k] < value:
                k += 1
            part = (value - curve[0, k - 1]) / (curve[0, k] - curve[0, k - 1])
            total += amount[j] * (curve[1, k - 1] + part * (curve[1, k] - curve[1, k - 1]))
    return total


# ----------------------------------------------------------------------------------------------------------- sources


@compiled
def _attribute(runs: Any, first: int, count: int, cells: Any, ledger: Any) -> int:
    """Add runs to the sources of their cells, as long as the ledger has room; return the next run.

    It is closed whenever another shape begins, or it is full.
    """
    r = first
    while r < count:
        if runs.owner[r] != ledger.counts[2] or ledger.counts[0] + CHUNK > len(ledger.sources):
            if lacks_room(ledger):
                return r
            close(ledger, runs.owner[r])
        r = _attribute_shape(runs, r, count, cells, ledger)
    return r


@compiled
def _attribute_shape(runs: Any, begin: int, count: int, cells: Any, ledger: Any) -> int:
    """Add runs of one shape to the ledger, as long as it has room; return the next run."""
    owners, rows, starts, stops, parts = runs
    values, sources, areas, edges = cells.values, cells.source, cells.areas, cells.edges
    step, sign = cells.step, cells.sign
    held, amounts, counts = ledger.sources, ledger.amounts, ledger.counts
    chunk = np.empty(CHUNK)
    place = -1
    r = begin
    while r < count and owners[r] == owners[begin] and counts[0] + CHUNK <= len(held):
        row, start = rows[r], starts[r]
        while start < stops[r]:
            source = sources[row, start]
            if place < 0 or held[place] != source:
                place = find(ledger, source)
            if stops[r] - starts[r] > 1:
                stop = start + _alike(sources[row, start : stops[r]])
                amount = chunk[: stop - start]
                _amounts(areas, row, step, start, parts[r], amount)
                for s in range(values.shape[0]):
                    _classify(values[s, row, start:stop], amount, edges, sign, amounts[place, s])
                start = stop
                continue
            for s in range(values.shape[0]):
                level = -1
                while level + 1 < len(edges) and values[s, row, start] * sign >= edges[level + 1]:
                    level += 1
                if level >= 0:
                    amounts[place, s, level] += parts[r]
            start += 1
        r += 1
    return r


@compiled
def _alike(sources: NDArray[np.int32]) -> int:
    """Return how many of the first cells have one source."""
    others = 0
    for j in range(len(sources)):  # several at a time: mostly all are alike
        others |= sources[j] ^ sources[0]
    if others == 0:
        return len(sources)
    size = 1
    while sources[size] == sources[0]:
        size += 1
    return size


@compiled
def _classify(values: NDArray[Any], amount: Floats, edges: NDArray[Any], sign: float, by_class: Floats) -> None:
    """Add neighbouring cells to the amounts (L,) by class."""
    for level in range(len(edges)):
        above = edges[level + 1] if level + 1 < len(edges) else np.inf
        by_class[level] += _between(values, amount, sign, edges[level], above)
