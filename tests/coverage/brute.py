"""Rasters in memory, and an overlay that asks shapely for every cell: slow, simple, and another author's geometry."""

import numpy as np
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from hazardmap.coverage import Block, cell_areas


class Memory:
    """A reader of arrays (S, h, w). It remembers which windows were read."""

    def __init__(self, values, affine, crs="EPSG:3035", *, source=None, windows=None):
        values = np.asarray(values)
        self.values = values if values.ndim == 3 else values[None]
        self.grid = GeoBox(self.values.shape[1:], affine, crs)
        self.source = source
        self._windows = windows or [(0, 0, *self.values.shape[1:])]
        self.was_read = []

    def windows(self):
        return self._windows

    def read(self, window):
        self.was_read.append(window)
        row, column, height, width = window
        part = slice(row, row + height), slice(column, column + width)
        source = self.source[part] if isinstance(self.source, np.ndarray) else self.source
        return Block(window, self.values[(slice(None), *part)], source)


def tiles(rows, columns, height, width):
    """Windows of a raster."""
    return [
        (row, column, min(height, rows - row), min(width, columns - column))
        for row in range(0, rows, height)
        for column in range(0, columns, width)
    ]


def plane(values, *, cell=10.0, left=4_000_000.0, top=3_000_000.0, **options):
    """Raster of square cells, north up, in an equal-area projection."""
    return Memory(values, Affine(cell, 0, left, 0, -cell, top), **options)


def at(grid, shape):
    """Shape given in columns and rows of a grid, in its CRS."""
    affine = grid.affine
    return shapely.transform(
        shape, lambda xy: np.column_stack([affine.c + affine.a * xy[:, 0], affine.f + affine.e * xy[:, 1]])
    )


def every_cell(shape, reader, levels, worse="higher"):
    """Intersect a polygon with every cell: covered, total, bounds of minimum and maximum, amounts by class, per scenario."""
    _, rows, columns = reader.values.shape
    affine = reader.grid.affine
    x, y = np.meshgrid(affine.c + affine.a * np.arange(columns), affine.f + affine.e * np.arange(rows))
    x2, y2 = x + affine.a, y + affine.e
    boxes = shapely.box(np.minimum(x, x2), np.minimum(y, y2), np.maximum(x, x2), np.maximum(y, y2))
    fraction = shapely.area(shapely.intersection(shape, boxes)) / abs(affine.a * affine.e)
    amount = fraction * cell_areas(reader.grid, (0, 0, rows, columns))
    sign = 1 if worse == "higher" else -1
    found = []
    for values in reader.values:
        known = ~np.isnan(values) & (fraction > 1e-9 * min(1.0, fraction.sum()))
        perhaps = values[~np.isnan(values) & (fraction > 0)]  # by a rounding error, or really
        value, weight = values[known].astype(float), amount[known]
        level = np.searchsorted(sign * np.asarray(levels, values.dtype), sign * values[known], side="right") - 1
        found.append(
            {
                "covered": weight.sum(),
                "total": (weight * value).sum(),
                "minimum": (perhaps.min(initial=np.inf), value.min(initial=np.inf)),
                "maximum": (value.max(initial=-np.inf), perhaps.max(initial=-np.inf)),
                "by_class": np.array([weight[level == k].sum() for k in range(len(levels))]),
            }
        )
    return amount.sum(), found
