"""What one block needs to be summed: the shapes, where they touch, how values are judged. It can be sent elsewhere."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from hazardmap.coverage import kernels, tuples
from hazardmap.coverage.areas import Frame
from hazardmap.coverage.blocks import Block, Curves, Window
from hazardmap.coverage.bookkeeping import touching
from hazardmap.coverage.compiled import announce
from hazardmap.coverage.ledger import close, with_room
from hazardmap.coverage.shapes import Parts
from hazardmap.coverage.tally import tally, weigh
from hazardmap.errors import GridError

__all__ = ["Arrays", "Function", "Part", "Rule", "Task", "no_sums", "plan", "sum_block"]

Floats = NDArray[np.float64]
Arrays = tuples.Polygons | tuples.Lines | tuples.Points
Function = Callable[[NDArray[Any]], NDArray[Any]] | Curves

MOST_SOURCES = 1 << 20
"""Numbers that the table of sources at hand may hold."""


MANY = 16
"""From so many scenarios on, those of one cell are looked up together instead of the cells of one scenario."""


@dataclass(frozen=True)
class Rule:
    """How the values of cells are judged."""

    levels: tuple[float, ...]
    worse: str
    function: Function | None


@dataclass(frozen=True)
class Task:
    """One window, and the parts (of each kind) that touch it."""

    window: Window
    selections: tuple[NDArray[np.int64], ...]


@dataclass(frozen=True)
class Part:
    """Sums of one block: ``shapes`` says which rows of the result they add to."""

    shapes: NDArray[np.int64]
    sums: tuples.Sums
    keys: NDArray[np.int32]
    """Shape, scenario, class and source of each amount."""
    amounts: Floats
    source: int | None
    """The source of every cell, where there is but one."""


def plan(parts: Sequence[Parts], windows: Sequence[Window], frame: Frame) -> list[Task]:
    """List the windows that a shape really touches, in their order; the others are never read."""
    upright = np.array([frame.upright(window) for window in windows], dtype=np.int64).reshape(-1, 4)
    announce(kernels.cover_polygons)
    touched = [_touching(kind.boxes, upright) for kind in parts]
    tasks = []
    for k, window in enumerate(windows):
        selections = tuple(
            _really(kind, found[k], upright[k], frame) for kind, found in zip(parts, touched, strict=True)
        )
        if any(len(selection) for selection in selections):
            tasks.append(Task(window, selections))
    return tasks


def _touching(boxes: NDArray[np.int64], windows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Parts that touch each window, ascending."""
    order = np.argsort(windows[:, 0], kind="stable")
    down = windows[order]
    bottoms = np.maximum.accumulate(down[:, 0] + down[:, 2])
    first = np.searchsorted(bottoms, boxes[:, 0], side="right")
    counts = np.zeros(len(windows), dtype=np.int64)
    touching(boxes, down, first, counts, np.empty(0, dtype=np.int64))
    index = np.empty(counts.sum(), dtype=np.int64)
    ends = np.cumsum(counts) - counts
    touching(boxes, down, first, ends, index)
    found = [index] * len(windows)
    for place, end, count in zip(order, ends, counts, strict=True):
        found[place] = index[end - count : end]
    return found


def _really(kind: Parts, selection: NDArray[np.int64], window: NDArray[np.int64], frame: Frame) -> NDArray[np.int64]:
    """Nothing, where only bounding boxes reach into the window."""
    if kind.dimension == 0:
        return selection
    row, column, height, width = window
    boxes = kind.boxes[selection]
    contained = (boxes[:, 0] >= row) & (boxes[:, 2] <= row + height)
    contained &= (boxes[:, 1] >= column) & (boxes[:, 3] <= column + width)
    if contained.any() or not len(selection):
        return selection
    x, y = frame.from_cells(np.array([column, column + width]), np.array([row, row + height]))
    area = shapely.box(x[0], y[1], x[1], y[0])
    shapely.prepare(area)
    touched: NDArray[np.bool_] = shapely.intersects(area, kind.shapes[selection])
    return selection[touched]


def sum_block(task: Task, block: Block, arrays: Sequence[Arrays], frame: Frame, rule: Rule) -> Part:
    """Add up what the shapes cover of one block."""
    owners = [kind.owner[selection] for kind, selection in zip(arrays, task.selections, strict=True)]
    shapes, rows = _rows(owners)
    cells = _cells(block, task.window, frame, rule, shapes)
    scenarios, levels = len(cells.values), len(cells.edges)
    sums = no_sums(len(shapes), scenarios, levels)
    ledger = _ledger(scenarios, levels, wanted=cells.source.size > 0)
    for kind, selection, row in zip(arrays, task.selections, rows, strict=True):
        for runs, count in _runs(kind, tuples.Selection(selection, row), cells):
            ledger = tally(runs, count, cells, sums, ledger)
    ledger = with_room(ledger)
    close(ledger, -1)
    records = int(ledger.counts[1])
    keys = ledger.keys[:records].copy()
    keys[:, 0] = shapes[keys[:, 0]]
    source = block.source if isinstance(block.source, (int, np.integer)) else None
    return Part(shapes, sums, keys, ledger.values[:records].copy(), source)


def _runs(kind: Arrays, selection: tuples.Selection, cells: tuples.Cells) -> Iterator[tuple[tuples.Runs, int]]:
    """List what parts cover of a block: as many runs at a time as are in the list."""
    height, width = cells.values.shape[1:]
    at = np.zeros(2, dtype=np.int64)
    runs = kernels.room(height, width)
    while at[0] < len(selection.part):
        count = _KERNELS[type(kind)](kind, selection, (cells.row, cells.column, height, width), at, runs)
        if isinstance(kind, tuples.Polygons):
            weigh(runs, count, cells.areas, cells.step)
        yield runs, count


def _rows(owners: Sequence[NDArray[np.int64]]) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """Shapes that occur, ascending, and the row that each part adds to."""
    if len(owners) == 1:  # sorted already
        new = np.diff(owners[0], prepend=-1) > 0
        return owners[0][new], [np.cumsum(new) - 1]
    shapes = np.unique(np.concatenate(owners))
    return shapes, [np.searchsorted(shapes, owner) for owner in owners]


_KERNELS = {
    tuples.Polygons: kernels.cover_polygons,
    tuples.Lines: kernels.cover_lines,
    tuples.Points: kernels.cover_points,
}


def _cells(block: Block, window: Window, frame: Frame, rule: Rule, shapes: NDArray[np.int64]) -> tuples.Cells:
    """Arrays of a block as the kernels take them."""
    values = np.asarray(block.values)
    if values.ndim != 3 or values.shape[1:] != window[2:]:
        raise GridError(f"a block of {values.shape} came for the window {window}; expected (scenarios, height, width)")
    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float32 if values.dtype.itemsize < 4 else np.float64)
    values = frame.turned(values.astype(values.dtype.newbyteorder("="), copy=False))
    row, column, *_ = upright = frame.upright(window)
    areas, step = frame.areas(upright)
    sign = 1.0 if rule.worse == "higher" else -1.0
    source = block.source
    response, curves = _response(values, rule.function)
    return tuples.Cells(
        row=row,
        column=column,
        values=values,
        series=np.ascontiguousarray(values.transpose(1, 2, 0))
        if len(values) >= MANY
        else np.empty((0, 0, 0), values.dtype),
        areas=areas,
        step=step,
        source=frame.turned(source).astype(np.int32, copy=False)
        if isinstance(source, np.ndarray)
        else np.empty((0, 0), dtype=np.int32),
        edges=(sign * np.asarray(rule.levels, dtype=np.float64)).astype(values.dtype),
        sign=sign,
        response=response,
        curves=curves,
        curve_of=rule.function.which[shapes] if isinstance(rule.function, Curves) else np.empty(0, dtype=np.int64),
    )


def _response(values: NDArray[Any], function: Function | None) -> tuple[Floats, Floats]:
    """Values of a function for every cell; or the nodes of curves, which the kernel looks up where shapes lie."""
    no_response, no_curves = np.empty((0, 0, 0)), np.empty((0, 2, 0))
    if function is None:
        return no_response, no_curves
    if isinstance(function, Curves):
        return no_response, _nodes(function)
    response = np.ascontiguousarray(function(values), dtype=np.float64)
    if response.shape != values.shape:
        raise ValueError(f"the function returned {response.shape} for values of {values.shape}; expected as many")
    return response, no_curves


def _nodes(curves: Curves) -> Floats:
    """Nodes of all curves, of which the last one is repeated, endlessly far away, where others have more."""
    size = max(len(x) for x, _ in curves.nodes)
    nodes = np.empty((len(curves.nodes), 2, size))
    for k, (x, y) in enumerate(curves.nodes):
        nodes[k, 0, : len(x)], nodes[k, 0, len(x) :] = x, np.inf
        nodes[k, 1, : len(y)], nodes[k, 1, len(y) :] = y, y[-1]
    return nodes


def no_sums(shapes: int, scenarios: int, levels: int) -> tuples.Sums:
    """Return sums of nothing."""
    nothing = np.zeros(tuples.CLASSES + levels)
    nothing[tuples.MINIMUM], nothing[tuples.MAXIMUM] = np.inf, -np.inf
    stats = np.empty((shapes, len(nothing), scenarios))
    stats[:] = nothing[:, None]
    return tuples.Sums(inside=np.zeros(shapes), stats=stats)


def _ledger(scenarios: int, levels: int, *, wanted: bool) -> tuples.Ledger:
    """Room for the sources of one shape; next to nothing where nobody asks."""
    places = max(2 * tuples.CHUNK, min(4096, MOST_SOURCES // (scenarios * levels))) if wanted else 0
    return tuples.Ledger(
        table=np.full(1 << (2 * places).bit_length() if wanted else 0, -1, dtype=np.int32),
        sources=np.empty(places, dtype=np.int32),
        where=np.empty(places, dtype=np.int64),
        amounts=np.zeros((places, scenarios if wanted else 0, levels)),
        counts=np.array([0, 0, -1]),
        keys=np.empty((0, 4), dtype=np.int32),
        values=np.empty(0),
    )
