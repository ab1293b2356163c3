"""Statistics of shapes over every scenario of a raster."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hazardmap.coverage.areas import frame_of
from hazardmap.coverage.blocks import Curves, Reader
from hazardmap.coverage.records import Records
from hazardmap.errors import HazardmapError

if TYPE_CHECKING:
    from hazardmap.coverage.plan import Function, Part, Task
    from hazardmap.coverage.tuples import Sums

__all__ = ["Zonal", "zonal"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Zonal:
    """What n shapes cover of a raster with S scenarios, in L classes.

    Amounts are square metres on the ellipsoid for polygons, metres on the ellipsoid for lines, and 1 for each point.

    Attributes
    ----------
    amount : array (n,)
        The whole shape.
    inside : array (n,)
        The part of it inside the extent of the raster.
    covered : array (n, S)
        The part of it on cells that hold a value.
    total : array (n, S)
        Integral of the intensity over the covered amount; the mean is ``total / covered``.
    minimum, maximum : array (n, S)
        Over the cells that are covered, however little; NaN where none is.
    by_class : array (n, S, L)
        Amount per class; what is milder than the first class edge is in none.
    by_source : DataFrame
        Columns ``shape, scenario, level, source, amount``: ``by_class`` by the source of each cell, without zeros.
        Empty where the reader gives no sources.
    integral : array (n, S) or None
        Integral of the function of the intensity over the covered amount, where one was given; 0 for a shape that
        follows no curve.
    """

    amount: Floats
    inside: Floats
    covered: Floats
    total: Floats
    minimum: Floats
    maximum: Floats
    by_class: Floats
    by_source: pd.DataFrame
    integral: Floats | None = None


def zonal(
    geometry: NDArray[Any],
    reader: Reader,
    *,
    levels: Sequence[float],
    worse: Literal["higher", "lower"] = "higher",
    function: "Function | tuple[Sequence[float], Sequence[float]] | None" = None,
    threads: int = 2,
    scheduler: str | None = None,
) -> Zonal:
    """Add up, per shape and scenario, what lies on the cells that the shape covers.

    A cell counts by the fraction of it that is covered, times its area on the ellipsoid. The geometry is intersected
    once, whatever the number of scenarios. The raster is read window by window, each at most once, and not at all
    where no shape lies; memory holds a few windows and the result. Results are added in the order of the windows, so
    that they are the same to the last bit whatever the number of threads or workers.

    Lines on the edge between two cells count to the southern or the eastern one, and so do points; what lies exactly
    on the southern or eastern edge of the raster is outside.

    Parameters
    ----------
    geometry : array (n,) of shapely geometries
        Polygons, lines and points (or several of one kind in one), in the CRS of the grid, mixed as you like.
    reader : Reader
        Gives the blocks, such as a raster footprint.
    levels : sequence of float
        Class edges, from mild to bad. Class k runs from ``levels[k]`` (included) to ``levels[k + 1]`` towards worse.
        They are compared in the precision of the raster: a float32 cell that says 0.7 is in the class from 0.7 on.
    worse : {"higher", "lower"}
        Which way is worse.
    function : callable, (x, y) or Curves, optional
        What to integrate besides the intensity itself, such as a depth-damage curve: nodes of a piecewise-linear
        function, constant beyond its ends (fast); several of these, of which each shape follows one; or a vectorised
        function of the values ``(S, h, w)``.
    threads : int
        How many windows are read and summed at a time, each thread with its own handle where the reader has them.
    scheduler : str, optional
        Address of a dask.distributed scheduler, to which the windows are sent instead (extra ``dask``).

    Returns
    -------
    Zonal

    Raises
    ------
    GeometryError
        When a shape is missing, a collection, crosses itself, or jumps over half the globe.
    CoordinatesError
        When a coordinate is not finite.
    HazardmapError
        When the kernels cannot be compiled on this machine.
    MissingExtraError
        When a scheduler is named and dask.distributed is not installed.

    Examples
    --------
    One cell and a half, of which half a cell is below the class edge:

    >>> import shapely
    >>> from affine import Affine
    >>> from odc.geo.geobox import GeoBox
    >>> from hazardmap.coverage import Block
    >>> class Depths:
    ...     grid = GeoBox((1, 2), Affine(10, 0, 4_000_000, 0, -10, 3_000_000), "EPSG:3035")
    ...     def windows(self):
    ...         return [(0, 0, 1, 2)]
    ...     def read(self, window):
    ...         return Block(window, np.array([[[0.2, 1.0]]]), source=7)
    >>> square = shapely.box(4_000_005, 2_999_990, 4_000_020, 3_000_000)
    >>> result = zonal(np.array([square]), Depths(), levels=[0.5])
    >>> result.amount, result.total, result.by_class[:, 0, 0]
    (array([150.]), array([[110.]]), array([100.]))
    """
    plan_module, shapes_module, amounts = _kernels()
    geometry = np.asarray(geometry, dtype=object)
    if isinstance(function, tuple) and not isinstance(function, Curves):
        function = Curves((function,), np.zeros(len(geometry), dtype=np.int64))
    rule = plan_module.Rule(tuple(float(level) for level in levels), worse, function)
    frame = frame_of(reader.grid)
    parts = shapes_module.parts_of(geometry, frame)
    tasks = plan_module.plan(parts, reader.windows(), frame)

    with ThreadPoolExecutor(1, thread_name_prefix="hazardmap") as aside:
        arrays = aside.submit(lambda: [shapes_module.arrays_of(kind, frame) for kind in parts])

        def work(task: "Task") -> "Part":
            block = reader.read(task.window)  # the first ones while the vertices are being prepared
            part: Part = plan_module.sum_block(task, block, arrays.result(), frame, rule)
            return part

        if scheduler is None:
            results = _run_in_threads(work, tasks, threads)
        else:
            from hazardmap.coverage.cluster import run_on_cluster

            results = run_on_cluster(scheduler, tasks, (reader, arrays.result(), frame, rule))
        sums, records = _gather(results, len(geometry), reader, len(rule.levels))
        amount = amounts(sums.inside, parts, arrays.result(), frame)
    return _zonal(amount, sums, records, integrated=function is not None)


def _kernels() -> tuple[Any, Any, Any]:
    """Load what needs numba."""
    try:
        from hazardmap.coverage import plan, shapes
        from hazardmap.coverage.amounts import amounts
    except ImportError as error:
        raise HazardmapError(
            f"numba cannot be loaded ({error}); expected a platform that it supports; "
            "reinstall it with 'pip install --force-reinstall numba'"
        ) from error
    return plan, shapes, amounts


def _run_in_threads(work: Callable[["Task"], "Part"], tasks: Sequence["Task"], threads: int) -> Iterator["Part"]:
    """Results in the order of the tasks, of which only a few are under way or waiting to be added."""
    pool = ThreadPoolExecutor(max(1, threads), thread_name_prefix="hazardmap")
    waiting: deque[Any] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(work, task))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _gather(results: Iterator["Part"], size: int, reader: Reader, levels: int) -> tuple["Sums", Records]:
    """Add the sums of all blocks, in the order of the windows."""
    from hazardmap.coverage.plan import no_sums

    sums, records = None, Records()
    for part in results:
        if sums is None:
            sums = no_sums(size, part.sums.stats.shape[2], levels)
        _merge(sums, part)
        records.add(part)
    if sums is None:
        scenarios = len(reader.read((0, 0, 1, 1)).values)  # nothing was read: only the shape of the result is asked
        sums = no_sums(size, scenarios, levels)
    return sums, records


def _zonal(amount: Floats, sums: "Sums", records: Records, *, integrated: bool) -> Zonal:
    """Name what was added up."""
    from hazardmap.coverage import tuples

    stats = sums.stats
    nothing = stats[:, tuples.COVERED] == 0.0
    by_class = np.moveaxis(stats[:, tuples.CLASSES :], 1, 2)
    return Zonal(
        amount=amount,
        inside=sums.inside,
        covered=stats[:, tuples.COVERED],
        total=stats[:, tuples.TOTAL],
        minimum=np.where(nothing, np.nan, stats[:, tuples.MINIMUM]),
        maximum=np.where(nothing, np.nan, stats[:, tuples.MAXIMUM]),
        by_class=by_class,
        by_source=records.table(by_class),
        integral=stats[:, tuples.INTEGRAL] if integrated else None,
    )


def _merge(sums: "Sums", part: "Part") -> None:
    """Add the sums of one block to those of all."""
    from hazardmap.coverage.bookkeeping import merge

    merge(sums.inside, sums.stats, part.shapes, part.sums.inside, part.sums.stats)
