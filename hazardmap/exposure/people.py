"""Rasters of counts (people per cell) laid over a footprint on another grid, block by block."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import xarray as xr

from hazardmap import checks
from hazardmap.errors import LayerError, UnitsError
from hazardmap.exposure.cellwise import gather, ground, measured_cells, scaled
from hazardmap.exposure.measure import Measured
from hazardmap.footprint import Footprint

__all__ = ["overlay_counts"]


def overlay_counts(
    name: str, counts: xr.DataArray, land: gpd.GeoDataFrame, footprint: Footprint, *, scheduler: str | None = None
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
    scheduler : str, optional
        Address of a cluster.

    Returns
    -------
    pieces : GeoDataFrame
        One per territory that holds a count, and one for what lies outside all.
    found : Measured
        Amounts are counts.

    Raises
    ------
    UnitsError
        When the raster has no units, or those of an intensity, such as a depth in m.
    LayerError
        When a count is negative.
    """
    _require_counts(counts.attrs.get("units"), name=name)

    def counted(values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        if (values < 0).any():
            raise LayerError(
                f"{name} holds a count of {np.nanmin(values):g}; expected 0 or more; mark missing as nodata"
            )
        return np.nan_to_num(values) > 0

    owners, blocks = [], []
    cuts = measured_cells(name, counts, land, footprint, keep=counted, scheduler=scheduler)
    for cell, territory, values, found in cuts:
        whole = np.bincount(cell, weights=found.amount, minlength=len(values))
        owners.append(territory)
        blocks.append(scaled(found, (values.astype(float) / whole)[cell]))
    number = np.concatenate(owners) if owners else np.empty(0, dtype=np.int64)
    present = np.unique(number)
    pieces = gpd.GeoDataFrame(
        {
            "layer": name,
            "kind": "counts",
            "asset": name,
            "name": None,
            "territory": present,
            "value": np.nan,
            "value_unit": None,
        },
        geometry=ground(land, present),
    )
    return pieces, gather(blocks, np.searchsorted(present, number), len(present), len(footprint.scenarios))


def _require_counts(units: str | None, *, name: str) -> None:
    """Refuse units that cannot be added up over cells."""
    if not units:
        raise UnitsError(f"{name} has no units; expected counts such as 'people'; set {name}.attrs['units']")
    if checks.is_intensity(str(units)):
        raise UnitsError(
            f"{name} is a raster in {str(units)!r}, which says how strong something is in each cell; expected how much "
            "there is, such as people, EUR, t, MW or class; name it under 'hazards', or another layer in 'assets'"
        )
