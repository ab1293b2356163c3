"""Shapes as the kernels take them: parts with rings that turn the right way, in cells of an upright grid."""

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from hazardmap.coverage.areas import Frame
from hazardmap.coverage.geodesy import densified, segment_lengths
from hazardmap.coverage.tuples import Lines, Points, Polygons
from hazardmap.errors import CoordinatesError, GeometryError

__all__ = ["Parts", "parts_of"]

Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]

KINDS = {0: 0, 4: 0, 1: 1, 2: 1, 5: 1, 3: 2, 6: 2}
"""Dimension by shapely's type number; a collection (7) has none."""

SEGMENT_M = 1_000.0
"""Longest piece of a line whose length on the ellipsoid is taken to be spread evenly over it."""


class Parts(NamedTuple):
    """Parts of one kind."""

    kernel: Polygons | Lines | Points
    shapes: Shapes
    """The parts as shapely geometries, in the CRS of the grid."""

    boxes: NDArray[np.int64]
    """First row, first column, last row + 1, last column + 1 of the cells that a part may touch."""

    first: NDArray[np.bool_]
    """False where a part is one that was there already, seen 360 degrees further."""


def parts_of(geometry: Shapes, frame: Frame) -> list[Parts]:
    """Take shapes apart into polygons, lines and points.

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
        When a shape is missing, is a collection, or crosses itself so that its area means nothing.
    CoordinatesError
        When a coordinate is not finite.
    """
    kinds = _kinds_of(geometry)
    makers = (_points, _lines, _polygons)
    found = []
    for kind in np.unique(kinds[kinds >= 0]):
        shapes, owner = _pieces(geometry, np.flatnonzero(kinds == kind), kind)
        first = np.ones(len(shapes), dtype=bool)
        if frame.crs.is_geographic:
            shapes, owner, first = _around_the_globe(shapes, owner, frame)
        kernel, boxes = makers[kind](shapes, owner, frame)
        found.append(Parts(kernel, shapes, boxes, first))
    return found


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


def _pieces(geometry: Shapes, index: NDArray[np.int64], kind: int) -> tuple[Shapes, NDArray[np.int64]]:
    """Single parts and their owners."""
    shapes = geometry if len(index) == len(geometry) else geometry[index]
    bounds = shapely.bounds(shapes)
    if not np.isfinite(bounds).all():
        first = index[np.flatnonzero(~np.isfinite(bounds).all(axis=1))[0]]
        raise CoordinatesError(f"shape {first} has a coordinate that is not finite; expected numbers; correct it")
    if kind == 2:
        _require_valid(shapes, index)
    owner = index
    if (shapely.get_type_id(shapes) > 3).any():
        shapes, inner = shapely.get_parts(shapes, return_index=True)
        owner = index[inner]
        kept = ~shapely.is_empty(shapes)
        shapes, owner = shapes[kept], owner[kept]
    return shapes, owner


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


def _polygons(shapes: Shapes, owner: NDArray[np.int64], frame: Frame) -> tuple[Polygons, NDArray[np.int64]]:
    _, xy, (rings, first) = shapely.to_ragged_array(shapes, include_z=False)
    rings, first = rings.astype(np.int64), first.astype(np.int64)
    vertices = frame.to_cells(xy)
    signed = _ring_areas(vertices, rings)
    outer = np.zeros(len(signed), dtype=bool)
    outer[first[:-1]] = True
    turn = np.where((signed < 0.0) == outer, 1.0, -1.0)  # rows grow downwards: an outer ring is negative
    area = np.add.reduceat(np.where(outer, np.abs(signed), -np.abs(signed)), first[:-1])
    bounds = _bounds(shapes, frame)
    boxes = np.column_stack(
        [
            np.floor(bounds[:, 1]),
            np.floor(bounds[:, 0]),
            np.ceil(bounds[:, 3]),
            np.ceil(bounds[:, 2]),
        ]
    )
    return Polygons(owner, bounds, area, first, rings, turn, vertices), _whole(boxes)


def _ring_areas(vertices: Floats, rings: NDArray[np.int64]) -> Floats:
    """Signed area of closed rings (shoelace formula, seen from their first vertex)."""
    origin = np.repeat(vertices[rings[:-1]], np.diff(rings), axis=0)
    x, y = (vertices - origin).T
    cross = np.zeros(len(vertices))
    cross[:-1] = x[:-1] * y[1:] - x[1:] * y[:-1]  # from the last vertex of a ring to the next ring: the origin, so 0
    return 0.5 * np.add.reduceat(cross, rings[:-1])


def _lines(shapes: Shapes, owner: NDArray[np.int64], frame: Frame) -> tuple[Lines, NDArray[np.int64]]:
    longest = np.degrees(SEGMENT_M / 6_371_000.0) if frame.crs.is_geographic else SEGMENT_M / frame.metre
    _, xy, (first,) = shapely.to_ragged_array(_as_lines(shapes), include_z=False)
    xy, first = densified(xy, first, longest)
    length = segment_lengths(frame, xy)
    length[first[1:] - 1] = 0.0
    bounds = _bounds(shapes, frame)
    return Lines(owner, bounds, first, frame.to_cells(xy), length), _touched(bounds)


def _as_lines(shapes: Shapes) -> Shapes:
    """Rings as lines."""
    rings = shapely.get_type_id(shapes) == 2
    if not rings.any():
        return shapes
    shapes = shapes.copy()
    shapes[rings] = [shapely.LineString(ring.coords) for ring in shapes[rings]]
    return shapes


def _points(shapes: Shapes, owner: NDArray[np.int64], frame: Frame) -> tuple[Points, NDArray[np.int64]]:
    vertices = frame.to_cells(shapely.get_coordinates(shapes))
    return Points(owner, vertices), _touched(np.hstack([vertices, vertices]))


def _bounds(shapes: Shapes, frame: Frame) -> Floats:
    """Left, top, right, bottom in cells."""
    west, south, east, north = shapely.bounds(shapes).T
    upper = frame.to_cells(np.column_stack([west, north]))
    lower = frame.to_cells(np.column_stack([east, south]))
    return np.hstack([upper, lower])


def _touched(bounds: Floats) -> NDArray[np.int64]:
    """Cells that lines and points may touch: what ends on an edge counts to the cell behind it."""
    boxes = _whole(np.floor(bounds)[:, [1, 0, 3, 2]])
    boxes[:, 2:] += 1
    return boxes


def _whole(boxes: Floats) -> NDArray[np.int64]:
    """Integers, also of what lies absurdly far away."""
    return np.clip(boxes, -(2.0**40), 2.0**40, out=boxes).astype(np.int64, order="C")
