"""Cells of one raster laid over a footprint on another grid, block by block, and added up by group."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from hazardmap import borders, checks
from hazardmap.coverage import Curves, cells, windows_of
from hazardmap.exposure.measure import KEYS, Measured, measure, nothing
from hazardmap.footprint import Footprint

__all__ = ["Cut", "gather", "ground", "measured_cells", "scaled"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_SUMS = ["amount", "loss"]


class Cut(NamedTuple):
    """Cells of one block, cut at the borders and measured."""

    cell: Integers  # number of the cell that each piece belongs to
    territory: Integers  # where it lies
    values: npt.NDArray[Any]  # value of each cell
    found: Measured


def measured_cells(
    name: str,
    raster: xr.DataArray,
    land: gpd.GeoDataFrame,
    footprint: Footprint,
    *,
    keep: Callable[[npt.NDArray[Any]], npt.NDArray[np.bool_]],
    respond: Callable[[npt.NDArray[Any]], Curves] | None = None,
    scheduler: str | None = None,
) -> Iterator[Cut]:
    """Cut the cells of a raster at the borders, and measure them on a footprint, block by block.

    Parameters
    ----------
    name : str
        Name of the layer.
    raster : DataArray, shape (y, x)
    land : GeoDataFrame
        Territories.
    footprint : Footprint
    keep : function
        Which cells of a block count, from their values.
    respond : function, optional
        Which curve each piece follows, from the value of its cell.
    scheduler : str, optional
        Address of a cluster that the blocks of the footprint are sent to.
    """
    grid = checks.grid_of(raster, name=name)
    for window in windows_of(raster):
        row, column, height, width = window
        block = raster[row : row + height, column : column + width].to_numpy()
        full = keep(block)
        if not full.any():
            continue
        shapes = borders.to_crs(cells(grid, window, full), str(grid.crs), land.crs)
        cut = borders.cut(shapes, land.geometry.to_numpy())
        values = block[full]
        response = None if respond is None else respond(values[cut.shape])
        found = measure(borders.to_crs(cut.geometry, land.crs, footprint.crs), footprint, response, scheduler=scheduler)
        yield Cut(cut.shape, cut.territory, values, found)


def scaled(found: Measured, factor: Floats) -> Measured:
    """Multiply all amounts of each shape by its factor."""

    def table(values: pd.DataFrame) -> pd.DataFrame:
        by_row = factor[values["shape"].to_numpy()]
        return values.assign(**{name: values[name] * by_row for name in _SUMS})

    parts = table(found.parts)
    return found._replace(
        amount=found.amount * factor,
        covered=found.covered * factor[:, None],
        total=found.total * factor[:, None],
        parts=parts,
        reached=table(found.reached),
        alone=parts if found.alone is found.parts else table(found.alone),
        loss=found.loss * factor[:, None],
    )


def gather(blocks: list[Measured], group: Integers, groups: int, scenarios: int) -> Measured:
    """Add the pieces of all blocks up by group.

    Parameters
    ----------
    blocks : list of Measured
    group : ndarray of int
        Group of every piece of every block, one block after the other.
    groups, scenarios : int
        How many there are.
    """
    if not blocks:
        return nothing(scenarios)
    starts = np.cumsum([0, *(len(block.amount) for block in blocks)])
    column = {name: np.concatenate([getattr(block, name) for block in blocks]) for name in _COLUMNS}

    def summed(name: str) -> Floats:
        values = column[name]
        out = np.zeros((groups, *values.shape[1:]))
        np.add.at(out, group, values)
        return out

    def reduced(name: str, reduce: np.ufunc) -> Floats:
        out = np.full((groups, scenarios), np.nan)
        reduce.at(out, group, column[name])
        return out

    def table(name: str, key: str) -> pd.DataFrame:
        tables = [
            values.assign(shape=group[values["shape"].to_numpy() + start])
            for values, start in zip((getattr(block, name) for block in blocks), starts, strict=False)
        ]
        return pd.concat(tables, ignore_index=True).groupby([*KEYS, key], as_index=False)[_SUMS].sum()

    parts = table("parts", "source")
    known = np.zeros((groups, scenarios))
    np.add.at(known, group, ~np.isnan(column["loss"]))
    column["loss"] = np.nan_to_num(column["loss"])
    return Measured(
        amount=summed("amount"),
        covered=summed("covered"),
        total=summed("total"),
        minimum=reduced("minimum", np.fmin),
        maximum=reduced("maximum", np.fmax),
        parts=parts,
        reached=table("reached", "origin"),
        alone=parts if all(block.alone is block.parts for block in blocks) else table("alone", "source"),
        loss=np.where(known > 0, summed("loss"), np.nan),
    )


_COLUMNS = ("amount", "covered", "total", "minimum", "maximum", "loss")


def ground(land: gpd.GeoDataFrame, number: Integers) -> gpd.GeoSeries:
    """Return the territories as the geometry of what was counted in them; none for what lies outside."""
    shapes = borders.to_crs(land.geometry.to_numpy(), land.crs, 4326)
    return gpd.GeoSeries([None if k == borders.OUTSIDE else shapes[k] for k in number], crs=4326)
