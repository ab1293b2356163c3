"""How much there is of every shape in all, whether the raster reaches that far or not."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from hazardmap.coverage.areas import Frame
from hazardmap.coverage.geodesy import polygon_areas
from hazardmap.coverage.shapes import Parts
from hazardmap.coverage.tuples import Lines, Points

__all__ = ["amounts"]

Floats = NDArray[np.float64]


def amounts(inside: Floats, parts: Sequence[Parts], arrays: Sequence[Any], frame: Frame) -> Floats:
    """Square metres, metres, or number of points of whole shapes.

    Polygons are what lies inside the raster, as its cells say, and what does not, as the ellipsoid says: so that a
    shape that lies inside has no part outside, to the last digit.

    Parameters
    ----------
    inside : array (n,)
        What the kernels found on the cells.
    parts : sequence of Parts
        All parts of the shapes.
    arrays : sequence
        Their vertices, as the kernels take them.
    frame : Frame
        The grid.
    """
    amount = np.zeros(len(inside))
    for kind, kernel in zip(parts, arrays, strict=True):
        owner = kind.owner[kind.first]
        if isinstance(kernel, Points):
            amount += np.bincount(owner, minlength=len(amount))
        elif isinstance(kernel, Lines):
            lengths = np.add.reduceat(kernel.length, kernel.first[:-1])[kind.first]
            amount += np.bincount(owner, weights=lengths, minlength=len(amount))
        else:
            found = np.zeros(len(amount), dtype=bool)
            found[owner] = True
            amount[found] += inside[found]
            amount += np.bincount(owner, weights=_outside(kind.shapes[kind.first], frame), minlength=len(amount))
    return amount


def _outside(polygons: NDArray[np.object_], frame: Frame) -> Floats:
    """Square metres of polygons that lie off the grid."""
    region = _region(frame)
    west, south, east, north = shapely.bounds(region)
    areas = np.zeros(len(polygons))
    bounds = shapely.bounds(polygons)
    beyond = (bounds[:, 0] < west) | (bounds[:, 1] < south) | (bounds[:, 2] > east) | (bounds[:, 3] > north)
    if shapely.get_type_id(region) != 3:
        beyond |= ~shapely.covers(region, polygons)
    off = np.flatnonzero(beyond)
    if len(off):
        shapely.prepare(region)
        rest = polygons[off]
        cut = shapely.intersects(region, rest)
        rest[cut] = shapely.difference(rest[cut], region)
        areas[off] = polygon_areas(frame, rest)
    return areas


def _region(frame: Frame) -> shapely.Geometry:
    """Extent of the grid; on a grid of longitudes also one turn to the west and one to the east."""
    (west, north), (rows, columns) = frame.corner, frame.grid.shape
    width, height = columns * frame.cell[0], rows * frame.cell[1]
    turns: tuple[float, ...] = (0.0,)
    if frame.crs.is_geographic:
        turn = 2.0 * np.pi / frame.metre
        turns = (-turn, 0.0, turn) if width <= turn * (1 + 1e-9) else turns
    boxes = [shapely.box(west + by, north - height, west + by + width, north) for by in turns]
    return boxes[0] if len(boxes) == 1 else shapely.union_all(boxes)
