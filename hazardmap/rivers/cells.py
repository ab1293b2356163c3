"""A raster looked up at the cells of another grid, window by window."""

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import xarray as xr
from odc.geo.geobox import GeoBox

from hazardmap import checks
from hazardmap.coverage.compiled import compiled
from hazardmap.lazy import lazy
from hazardmap.rivers.network import raster_on

__all__ = ["look_up"]

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

# Cell centres are transformed on nodes this far apart, and interpolated in between. The error of that is about
# step**2 / (8 * radius of the earth): half a metre, where a cell of flow directions measures hundreds.
_NODE_M = 5_000.0
_DEGREE_M = 111_320.0


def look_up(raster: xr.DataArray, grid: GeoBox, *, missing: float) -> xr.DataArray:
    """Values of a raster at the cell centres of another grid, computed when a window of them is read.

    Parameters
    ----------
    raster : DataArray
        ``(y, x)``, held in memory.
    grid : GeoBox
        Any grid, in any CRS.
    missing : float
        Value outside the raster.

    Returns
    -------
    DataArray
        ``(y, x)`` on ``grid``, lazy, of the type of the raster; safe to read from several threads.
    """
    read = partial(_window, raster.to_numpy(), checks.grid_of(raster), grid, missing)
    return raster_on(grid, lazy(("y", "x"), tuple(grid.shape), raster.dtype, read))


def _window(
    values: npt.NDArray[Any], grid: GeoBox, target: GeoBox, missing: float, key: tuple[slice, ...]
) -> npt.NDArray[Any]:
    """Look one window of the target grid up."""
    rows, columns = (np.arange(part.start, part.stop) for part in key)
    found = np.full((rows.size, columns.size), missing, dtype=values.dtype)
    if found.size:
        steps = _node_steps(target)
        row, column = _nodes(target, grid, rows, columns, steps)
        _pick(values, row, column, rows, columns, steps, found)
    return found


def _node_steps(grid: GeoBox) -> tuple[int, int]:
    """Rows and columns from one node to the next."""
    crs = pyproj.CRS(str(grid.crs))
    metres = _DEGREE_M if crs.is_geographic else crs.axis_info[0].unit_conversion_factor
    row, column = (max(1, int(_NODE_M / (metres * abs(size)))) for size in (grid.transform.e, grid.transform.a))
    return row, column


def _nodes(grid: GeoBox, other: GeoBox, rows: Index, columns: Index, steps: tuple[int, int]) -> tuple[Floats, Floats]:
    """Row and column on the other grid, with fractions, of nodes around the cells; NaN where there is no place."""
    row, column = (
        np.arange(index.min() // step, index.max() // step + 2) * step + 0.5
        for index, step in zip((rows, columns), steps, strict=True)
    )
    transform = grid.transform
    x, y = np.meshgrid(transform.c + transform.a * column, transform.f + transform.e * row)
    old, new = pyproj.CRS(str(grid.crs)), pyproj.CRS(str(other.crs))
    if old != new:  # a transformer of its own for each call: threads must not share one
        x, y = pyproj.Transformer.from_crs(old, new, always_xy=True).transform(x, y)
    transform = other.transform
    row, column = (y - transform.f) / transform.e, (x - transform.c) / transform.a
    return np.where(np.isfinite(row), row, np.nan), np.where(np.isfinite(column), column, np.nan)


@compiled
def _pick(
    values: npt.NDArray[Any],
    row_nodes: Floats,
    column_nodes: Floats,
    rows: Index,
    columns: Index,
    steps: tuple[int, int],
    out: npt.NDArray[Any],
) -> None:
    """Values at cell centres, whose places are interpolated between the nodes; ``out`` is left alone elsewhere."""
    first_row, first_column = rows.min() // steps[0], columns.min() // steps[1]
    for i in range(rows.size):
        above, down = rows[i] // steps[0] - first_row, rows[i] % steps[0] / steps[0]
        for j in range(columns.size):
            left, right = columns[j] // steps[1] - first_column, columns[j] % steps[1] / steps[1]
            row = _between(row_nodes, above, left, down, right)
            column = _between(column_nodes, above, left, down, right)
            if 0 <= row < values.shape[0] and 0 <= column < values.shape[1]:  # false for NaN
                out[i, j] = values[int(row), int(column)]


@compiled
def _between(nodes: Floats, i: int, j: int, down: float, right: float) -> float:
    """Bilinear interpolation."""
    upper = nodes[i, j] + right * (nodes[i, j + 1] - nodes[i, j])
    lower = nodes[i + 1, j] + right * (nodes[i + 1, j + 1] - nodes[i + 1, j])
    return float(upper + down * (lower - upper))
