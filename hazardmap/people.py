"""Rasters of counts (people per cell) laid over a footprint on another grid, block by block."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from hazardmap import borders, checks
from hazardmap.coverage import cells, windows_of
from hazardmap.errors import LayerError, UnitsError
from hazardmap.footprint import Footprint
from hazardmap.measure import KEYS, Measured, measure

__all__ = ["overlay_counts"]


def overlay_counts(
    name: str, counts: xr.DataArray, land: gpd.GeoDataFrame, footprint: Footprint
) -> tuple[gpd.GeoDataFrame, Measured]:
    """Measure the counts of a raster per territory.

    Each cell that holds a count is a small polygon over which the count is spread evenly. It is cut at the borders
    and laid over the cells of the footprint, so that counts are neither lost nor made.

    Parameters
    ----------
    name : str
        Name of the layer.
    counts : DataArray, shape (y, x)
        Counts per cell, with ``attrs["units"]``.
    land : GeoDataFrame
        Territories.
    footprint : Footprint

    Returns
    -------
    pieces : GeoDataFrame
        One per territory that holds a count, and one for what lies outside all.
    found : Measured
        Amounts are counts.

    Raises
    ------
    UnitsError
        When the raster has no units.
    LayerError
        When a count is negative.
    """
    if not counts.attrs.get("units"):
        raise UnitsError(f"{name} has no units; expected counts such as 'people'; set {name}.attrs['units']")
    grid = checks.grid_of(counts, name=name)
    owners, blocks = [], []
    for window in windows_of(counts):
        row, column, height, width = window
        values = counts[row : row + height, column : column + width].to_numpy()
        if (values < 0).any():
            raise LayerError(
                f"{name} holds a count of {np.nanmin(values):g}; expected 0 or more; mark missing as nodata"
            )
        full = np.nan_to_num(values) > 0
        if not full.any():
            continue
        shapes = borders.to_crs(cells(grid, window, full), str(grid.crs), land.crs)
        cut = borders.cut(shapes, land.geometry.to_numpy())
        found = measure(borders.to_crs(cut.geometry, land.crs, footprint.crs), footprint)
        owners.append(cut.territory)
        blocks.append(_as_counts(found, cut.shape, values[full].astype(float)))
    number = np.concatenate(owners) if owners else np.empty(0, dtype=np.int64)
    present = np.unique(number)
    pieces = gpd.GeoDataFrame(
        {
            "layer": name,
            "asset": name,
            "name": None,
            "territory": present,
            "value": np.nan,
            "value_unit": None,
        },
        geometry=_ground(land, present),
    )
    return pieces, _gather(blocks, np.searchsorted(present, number), len(present), len(footprint.scenarios))


def _ground(land: gpd.GeoDataFrame, number: npt.NDArray[np.int64]) -> gpd.GeoSeries:
    """Return the territories as the geometry of what was counted in them; none for what lies outside."""
    shapes = borders.to_crs(land.geometry.to_numpy(), land.crs, 4326)
    return gpd.GeoSeries([None if k == borders.OUTSIDE else shapes[k] for k in number], crs=4326)


def _as_counts(found: Measured, cell: npt.NDArray[np.int64], count: npt.NDArray[np.float64]) -> Measured:
    """Turn square metres of pieces of cells into counts."""
    whole = np.bincount(cell, weights=found.amount, minlength=len(count))
    density = (count / whole)[cell]
    by_shape = pd.Series(density)
    return found._replace(
        amount=found.amount * density,
        covered=found.covered * density[:, None],
        total=found.total * density[:, None],
        parts=found.parts.assign(amount=found.parts["amount"] * by_shape.reindex(found.parts["shape"]).to_numpy()),
        reached=found.reached.assign(
            amount=found.reached["amount"] * by_shape.reindex(found.reached["shape"]).to_numpy()
        ),
    )


def _gather(blocks: list[Measured], group: npt.NDArray[np.int64], groups: int, scenarios: int) -> Measured:
    """Add the pieces of all blocks up by group."""
    starts = np.cumsum([0, *(len(block.amount) for block in blocks)])

    def summed(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        out = np.zeros((groups, *values.shape[1:]))
        np.add.at(out, group, values)
        return out

    def extreme(values: npt.NDArray[np.float64], reduce: np.ufunc) -> npt.NDArray[np.float64]:
        out = np.full((groups, scenarios), np.nan)
        reduce.at(out, group, values)
        return out

    def table(key: str) -> pd.DataFrame:
        tables = [
            getattr(block, "parts" if key == "source" else "reached").assign(
                shape=lambda t, start=start: group[t["shape"].to_numpy() + start]
            )
            for block, start in zip(blocks, starts, strict=False)
        ]
        return pd.concat(tables, ignore_index=True).groupby([*KEYS, key], as_index=False)["amount"].sum()

    if not blocks:
        from hazardmap.measure import nothing

        return nothing(scenarios)
    column = {name: np.concatenate([getattr(block, name) for block in blocks]) for name in Measured._fields[:5]}
    return Measured(
        summed(column["amount"]),
        summed(column["covered"]),
        summed(column["total"]),
        extreme(column["minimum"], np.fmin),
        extreme(column["maximum"], np.fmax),
        table("source"),
        table("origin"),
    )
