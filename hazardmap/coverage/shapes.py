"""Shapes as the kernels take them: parts with rings that turn the right way, in cells of an upright grid."""

from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from hazardmap.coverage.areas import Frame
from hazardmap.coverage.geodesy import densified, segment_lengths
from hazardmap.coverage.tuples import Lines, Points, Polygons
from hazardmap.errors import CoordinatesError, GeometryError

__all__ = ["Parts", "arrays_of", "parts_of"]

Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]

KINDS = {0: 0, 4: 0, 1: 1, 2: 1, 5: 1, 3: 2, 6: 2}
"""Dimension by shapely's type number; a collection (7) has none."""

SEGMENT_M = 1_000.0
"""Longest piece of a line whose length on the ellipsoid is taken to be spread evenly over it."""


class Parts(NamedTuple):
    """Single shapes of one kind, and which cells they may touch."""

    dimension: int
    """0 points, 1 lines, 2 polygons."""

    shapes: Shapes
    """In the CRS of the grid."""

    owner: NDArray[np.int64]
    """The shape that a part belongs to, ascending."""

    first: NDArray[np.bool_]
    """False where a part is one that was there already, seen 360 degrees further."""

    bounds: Floats
    """Left, top, right and bottom in cells; of points column and row."""

    boxes: NDArray[np.int64]
    """First row, first column, last row + 1, last column + 1 of the cells that a part may touch."""


def parts_of(geometry: Shapes, frame: Frame) -> list[Parts]:
    """Take shapes apart into points, lines and polygons: all that must be known to say which blocks they touch.

    Parameters
    ----------
    geometry : array (n,) of shapely geometries
        In the CRS of the grid.
    frame : Frame
        The grid.

    Returns
    -------
    list of Parts
        Of each kind that occurs. A part's owner is its place in ``geometry``.

    Raises
    ------
    GeometryError
        When a shape is missing or a collection, or jumps over half the globe.
    CoordinatesError
        When a coordinate is not finite.
    """
    kinds = _kinds_of(geometry)
    found = []
    for kind in np.unique(kinds[kinds >= 0]):
        shapes, owner = _pieces(geometry, np.flatnonzero(kinds == kind))
        extent = shapely.get_coordinates(shapes) if kind == 0 else shapely.bounds(shapes)
        _require_finite(extent, owner)
        first = np.ones(len(shapes), dtype=bool)
        if frame.crs.is_geographic:
            shapes, owner, first = _around_the_globe(shapes, owner, frame)
            extent = shapely.get_coordinates(shapes) if kind == 0 else shapely.bounds(shapes)
        bounds = _in_cells(extent, frame)
        found.append(Parts(int(kind), shapes, owner, first, bounds, _boxes(bounds, int(kind))))
    return found


def arrays_of(parts: Parts, frame: Frame) -> Polygons | Lines | Points:
    """Vertices of parts as the kernels take them.

    Raises
    ------
    GeometryError
        When a polygon crosses itself so that its area means nothing.
    """
    if parts.dimension == 0:
        return Points(parts.owner, parts.bounds)
    return _polygons(parts, frame) if parts.dimension == 2 else _lines(parts, frame)


def _kinds_of(geometry: Shapes) -> NDArray[np.int8]:
    """Dimension of every shape; -1 where it is empty."""
    types = shapely.get_type_id(geometry)
    wrong = np.flatnonzero((types < 0) | (types > 6))
    if wrong.size:
        found = "missing" if types[wrong[0]] < 0 else "a GeometryCollection"
        raise GeometryError(
            f"shape {wrong[0]} is {found}; expected a polygon, a line or a point; "
            f"drop it, or take it apart with explode() ({wrong.size} such)"
        )
    kinds: NDArray[np.int8] = np.array([KINDS[number] for number in range(7)], dtype=np.int8)[types]
    kinds[shapely.is_empty(geometry)] = -1
    return kinds


def _pieces(geometry: Shapes, index: NDArray[np.int64]) -> tuple[Shapes, NDArray[np.int64]]:
    """Single parts and their owners."""
    shapes = geometry if len(index) == len(geometry) else geometry[index]
    if not (shapely.get_type_id(shapes) > 3).any():
        return shapes, index
    shapes, inner = shapely.get_parts(shapes, return_index=True)
    kept = ~shapely.is_empty(shapes)
    return shapes[kept], index[inner[kept]]


def _require_finite(extent: Floats, owner: NDArray[np.int64]) -> None:
    """Refuse coordinates that are no numbers."""
    if not np.isfinite(extent).all():
        first = owner[np.flatnonzero(~np.isfinite(extent).all(axis=1))[0]]
        raise CoordinatesError(f"shape {first} has a coordinate that is not finite; expected numbers; correct it")


def _require_valid(shapes: Shapes, index: NDArray[np.int64]) -> None:
    """Refuse polygons that cross themselves; one that only touches itself keeps its area and may stay."""
    for place in np.flatnonzero(~shapely.is_valid(shapes)):
        shape = shapes[place]
        repaired = shapely.make_valid(shape)
        if not np.isclose(repaired.area, shape.area, rtol=1e-9, atol=0.0):
            raise GeometryError(
                f"shape {index[place]} is not valid ({shapely.is_valid_reason(shape)}); expected rings that do not "
                "cross; repair it with make_valid()"
            )


def _around_the_globe(
    shapes: Shapes, owner: NDArray[np.int64], frame: Frame
) -> tuple[Shapes, NDArray[np.int64], NDArray[np.bool_]]:
    """Repeat what lies off a grid of longitudes, but on it after a turn of 360 degrees."""
    turn = 2.0 * np.pi / frame.metre
    west = frame.corner[0]
    east = west + frame.grid.shape[1] * frame.cell[0]
    bounds = shapely.bounds(shapes)
    _require_short_jumps(shapes, owner, bounds, turn)
    found, owners = [shapes], [owner]
    for by in (-turn, turn):
        here = (bounds[:, 0] + by < east) & (bounds[:, 2] + by > west) & (east - west <= turn * (1 + 1e-9))
        if here.any():
            found.append(shapely.transform(shapes[here], lambda xy, by=by: xy + np.array([by, 0.0])))
            owners.append(owner[here])
    everything, whose = np.concatenate(found), np.concatenate(owners)
    order = np.argsort(whose, kind="stable")
    return everything[order], whose[order], order < len(shapes)


def _require_short_jumps(shapes: Shapes, owner: NDArray[np.int64], bounds: Floats, turn: float) -> None:
    """Refuse an edge that jumps over more than half the globe: it was meant to cross the antimeridian."""
    wide = np.flatnonzero(bounds[:, 2] - bounds[:, 0] > turn / 2)
    for place in wide:
        xy, ring = shapely.get_coordinates(shapely.get_parts(shapely.boundary(shapes[place])), return_index=True)
        if shapely.get_dimensions(shapes[place]) == 1:
            xy, ring = shapely.get_coordinates(shapes[place : place + 1], return_index=True)
        jumps = np.abs(np.diff(xy[:, 0]))[ring[1:] == ring[:-1]]
        if (jumps > turn / 2).any():
            raise GeometryError(
                f"shape {owner[place]} has an edge over {jumps.max():.6g} degrees of longitude; expected less than "
                "half the globe; split it at the antimeridian, or add vertices with shapely.segmentize()"
            )


def _polygons(parts: Parts, frame: Frame) -> Polygons:
    _require_valid(parts.shapes, parts.owner)
    rings, first = _rings(parts.shapes)
    vertices = frame.to_cells(shapely.get_coordinates(parts.shapes))
    signed = _ring_areas(vertices, rings)
    outer = np.zeros(len(signed), dtype=bool)
    outer[first[:-1]] = True
    turn = np.where((signed < 0.0) == outer, 1.0, -1.0)  # rows grow downwards: an outer ring is negative
    area = np.add.reduceat(np.where(outer, np.abs(signed), -np.abs(signed)), first[:-1])
    return Polygons(parts.owner, parts.bounds, area, first, rings, turn, vertices)


def _rings(polygons: Shapes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First vertex of every ring, first ring of every polygon, and the ends; rings are only made where holes are."""
    holes = shapely.get_num_interior_rings(polygons)
    of_holed = np.repeat(holes > 0, holes + 1)
    vertices = np.empty(len(of_holed), dtype=np.int64)
    vertices[~of_holed] = shapely.get_num_coordinates(polygons[holes == 0])
    vertices[of_holed] = shapely.get_num_coordinates(shapely.get_rings(polygons[holes > 0]))
    return _starts(vertices), _starts(holes + 1)


def _starts(sizes: NDArray[Any]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])


def _ring_areas(vertices: Floats, rings: NDArray[np.int64]) -> Floats:
    """Signed area of closed rings (shoelace formula, seen from their first vertex)."""
    origin = np.repeat(vertices[rings[:-1]], np.diff(rings), axis=0)
    x, y = (vertices - origin).T
    cross = np.zeros(len(vertices))
    cross[:-1] = x[:-1] * y[1:] - x[1:] * y[:-1]  # from the last vertex of a ring to the next ring: the origin, so 0
    return 0.5 * np.add.reduceat(cross, rings[:-1])


def _lines(parts: Parts, frame: Frame) -> Lines:
    longest = np.degrees(SEGMENT_M / 6_371_000.0) if frame.crs.is_geographic else SEGMENT_M / frame.metre
    first = _starts(shapely.get_num_coordinates(parts.shapes))
    xy, first = densified(shapely.get_coordinates(parts.shapes), first, longest)
    length = segment_lengths(frame, xy)
    length[first[1:] - 1] = 0.0
    return Lines(parts.owner, parts.bounds, first, frame.to_cells(xy), length)


def _in_cells(extent: Floats, frame: Frame) -> Floats:
    """Columns and rows of points; left, top, right and bottom of bounds."""
    if extent.shape[1] == 2:
        return frame.to_cells(extent)
    west, south, east, north = extent.T
    upper = frame.to_cells(np.column_stack([west, north]))
    lower = frame.to_cells(np.column_stack([east, south]))
    return np.hstack([upper, lower])


def _boxes(bounds: Floats, dimension: int) -> NDArray[np.int64]:
    """Cells that parts may touch. What ends on an edge counts to the cell behind it, but for polygons."""
    left, top, right, bottom = bounds.T if bounds.shape[1] == 4 else (*bounds.T, *bounds.T)
    boxes = np.empty((len(bounds), 4), dtype=np.int64)
    boxes[:, 0], boxes[:, 1] = _whole(np.floor(top)), _whole(np.floor(left))
    if dimension == 2:
        boxes[:, 2], boxes[:, 3] = _whole(np.ceil(bottom)), _whole(np.ceil(right))
    elif dimension == 1:
        boxes[:, 2], boxes[:, 3] = _whole(np.floor(bottom) + 1), _whole(np.floor(right) + 1)
    else:
        boxes[:, 2:] = boxes[:, :2] + 1
    return boxes


def _whole(cells: Floats) -> NDArray[np.int64]:
    """Integers, also of what lies absurdly far away."""
    return np.clip(cells, -(2.0**40), 2.0**40, out=cells).astype(np.int64)
