"""Rasters of land use laid over a footprint: area and damage by class and territory, cell by cell."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import xarray as xr

from hazardmap import borders
from hazardmap.coverage import Curves
from hazardmap.curves import DamageTables
from hazardmap.curves.damage import NO_CURVE
from hazardmap.errors import LayerError, TableError
from hazardmap.exposure.cellwise import gather, ground, measured_cells
from hazardmap.exposure.losses import listed_prices, response_of
from hazardmap.exposure.measure import Measured
from hazardmap.exposure.rows import OUTSIDE, only_where
from hazardmap.footprint import Footprint

__all__ = ["CLASSES", "overlay_landuse"]

CLASSES = ("class", "classes")
"""Units of a raster whose values are codes of classes."""


def overlay_landuse(
    name: str,
    raster: xr.DataArray,
    land: gpd.GeoDataFrame,
    footprint: Footprint,
    tables: DamageTables,
    *,
    scheduler: str | None = None,
) -> tuple[gpd.GeoDataFrame, Measured]:
    """Measure each class of a land-use raster per territory, and what water does to it.

    Each cell is a small polygon, cut at the borders and laid over the cells of the footprint, like any other asset:
    polygons of the same classes give the same figures. The price of a class is that of its curve in the country,
    times the built share of the class.

    Parameters
    ----------
    name : str
        Name of the layer.
    raster : DataArray, shape (y, x)
        Codes; NaN is missing.
    land : GeoDataFrame
        Territories.
    footprint : Footprint
    tables : DamageTables
    scheduler : str, optional
        Address of a cluster.

    Returns
    -------
    pieces : GeoDataFrame
        One per territory and class, with the columns ``price, damage_unit, curve_end``.
    found : Measured
        Amounts are m2 of land.

    Raises
    ------
    TableError
        When a class has no row in the table of land use, or no price in a country.
    LayerError
        When a value is no whole number.
    """
    codes = np.array(sorted(tables.landuse), dtype=np.int64)
    names = np.array([tables.landuse[code].curve for code in codes], dtype=object)
    by_code, ends = response_of(names, tables, name=name)

    def coded(values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        full = ~np.isnan(values.astype(float))
        present = np.unique(values[full])
        _require_known(present, codes, name=name)
        return np.asarray(full, dtype=bool)

    def respond(values: npt.NDArray[np.float64]) -> Curves:
        return Curves(by_code.nodes, by_code.which[np.searchsorted(codes, values)])

    keys, blocks = [np.empty((0, 2), dtype=np.int64)], []
    for cut in measured_cells(name, raster, land, footprint, keep=coded, respond=respond, scheduler=scheduler):
        keys.append(np.column_stack([cut.territory, np.searchsorted(codes, cut.values)[cut.cell]]))
        blocks.append(cut.found)
    present, group = np.unique(np.concatenate(keys), axis=0, return_inverse=True)
    territory, number = present.T
    country = np.where(territory == borders.OUTSIDE, OUTSIDE, land["country"].astype(str).to_numpy()[territory])
    curves = only_where(names != NO_CURVE, names)[number]
    price, unit = listed_prices(curves, country, tables, name=name)
    share = np.array([tables.landuse[code].built_share for code in codes])[number]
    pieces = gpd.GeoDataFrame(
        {
            "layer": name,
            "kind": "land use",
            "asset": [str(code) for code in codes[number]],
            "name": [tables.landuse[code].name for code in codes[number]],
            "territory": territory,
            "value": np.nan,
            "value_unit": None,
            "price": price * share,
            "damage_unit": [None if each is None else _per_land(each, name=name) for each in unit],
            "curve_end": ends[number],
        },
        geometry=ground(land, territory),
    )
    return pieces, gather(blocks, group.ravel(), len(present), len(footprint.scenarios))


def _require_known(present: npt.NDArray[np.float64], codes: npt.NDArray[np.int64], *, name: str) -> None:
    if (present != np.round(present)).any():
        odd = present[present != np.round(present)][0]
        raise LayerError(
            f"{name} holds the class {odd:g}; expected whole numbers; a raster of classes is not resampled"
        )
    strange = present[~np.isin(present, codes)]
    if len(strange):
        raise TableError(
            f"{name} holds the class {strange[0]:g}, which the table of land use does not; expected a row with its "
            "curve and built share; add it (curve 'none' if water does not damage it)"
        )


def _per_land(unit: str, *, name: str) -> str:
    currency, _, per = unit.partition("/")
    if per != "m2":
        raise TableError(f"{name} has a price in {unit!r}; expected one per m2, such as EUR/m2; convert it")
    return currency.strip()
