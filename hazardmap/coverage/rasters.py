"""Cells of a raster as shapes, to be overlaid like any other asset."""

from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from hazardmap.coverage.blocks import Window
from hazardmap.coverage.geodesy import densified
from hazardmap.errors import CoordinatesError

__all__ = ["cells"]

EDGE_M = 5_000.0
"""Longest piece of an edge that is carried to another CRS as a straight line: it then bends by less than 1 m."""


def cells(
    grid: GeoBox, window: Window, mask: NDArray[np.bool_] | None = None, *, crs: Any = None
) -> NDArray[np.object_]:
    """Cells of a window as polygons, from the first row on, west to east as they lie in the file.

    So a raster of counts (people) is overlaid with another raster without being resampled: each cell is a shape over
    which its count is spread evenly. Neighbours share their edges, also in another CRS, so that
    no count is lost between them and none is counted twice.

    Parameters
    ----------
    grid : GeoBox
        Grid of the raster.
    window : Window
        Row, column, height, width.
    mask : array (height, width) of bool, optional
        Which cells are wanted.
    crs : anything that pyproj understands, optional
        CRS of the result; edges are densified and carried over. By default the CRS of the grid: exact boxes.

    Returns
    -------
    array (n,) of polygons
        In the order of the cells, those of the mask only.

    Raises
    ------
    CoordinatesError
        When a cell has no place in the other CRS.

    Examples
    --------
    >>> from affine import Affine
    >>> grid = GeoBox((2, 2), Affine(100, 0, 4_000_000, 0, -100, 3_000_000), "EPSG:3035")
    >>> shapes = cells(grid, (0, 0, 2, 2), np.array([[True, False], [False, True]]))
    >>> shapely.bounds(shapes).tolist()
    [[4000000.0, 2999900.0, 4000100.0, 3000000.0], [4000100.0, 2999800.0, 4000200.0, 2999900.0]]
    """
    row, column, height, width = window
    mask = np.ones((height, width), dtype=bool) if mask is None else mask
    rows, columns = np.nonzero(mask)
    rows, columns = rows + row, columns + column
    affine = grid.affine
    x = np.sort(affine.c + affine.a * np.stack([columns, columns + 1]), axis=0)
    y = np.sort(affine.f + affine.e * np.stack([rows, rows + 1]), axis=0)
    boxes = shapely.box(x[0], y[0], x[1], y[1])
    here = pyproj.CRS(str(grid.crs))
    there = here if crs is None else pyproj.CRS.from_user_input(crs)
    if there == here or not len(boxes):
        return np.asarray(boxes, dtype=object)
    return _carried(boxes, here, there)


def _carried(boxes: NDArray[np.object_], here: pyproj.CRS, there: pyproj.CRS) -> NDArray[np.object_]:
    """Boxes in another CRS, their edges densified alike for both neighbours."""
    unit = here.axis_info[0].unit_conversion_factor * (6_371_000.0 if here.is_geographic else 1.0)
    xy = shapely.get_coordinates(boxes)
    xy, first = densified(xy, np.arange(0, len(xy) + 1, 5), EDGE_M / unit)
    x, y = pyproj.Transformer.from_crs(here, there, always_xy=True).transform(xy[:, 0], xy[:, 1])
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise CoordinatesError(
            f"a cell lies where {there.name} has no coordinates; expected cells within its area of use; mask the others"
        )
    rings = shapely.linearrings(np.column_stack([x, y]), indices=np.repeat(np.arange(len(boxes)), np.diff(first)))
    return np.asarray(shapely.polygons(rings), dtype=object)
