"""Depths for want of a flood map: how high land lies above its river, and a rule for the river's stage. Indicative."""

import numpy as np
import xarray as xr

from hazardmap import checks
from hazardmap.errors import LayerError
from hazardmap.rivers.network import Network, north_up, raster_on

__all__ = ["height_above_drainage", "screening_depth"]


def height_above_drainage(
    directions: xr.DataArray, elevation: xr.DataArray, *, min_area_km2: float
) -> tuple[xr.DataArray, xr.DataArray]:
    """Height of each cell above the river that it drains to (HAND), and the size of that river.

    Parameters
    ----------
    directions : DataArray
        ``(y, x)``, D8 codes as in :func:`~hazardmap.rivers.upstream_area`.
    elevation : DataArray
        ``(y, x)``, on the same grid; units of length in ``attrs``.
    min_area_km2 : float
        Upstream area from which on a cell counts as river.

    Returns
    -------
    height : DataArray
        ``(y, x)``, m; 0 on the river and where the land lies lower; NaN where nothing is known or no river is reached.
    area : DataArray
        ``(y, x)``, km2 upstream of the river cell that is reached; NaN likewise.

    Raises
    ------
    GridError
        When the rasters lie on different grids, or the directions are not valid.
    UnitsError
        When the elevation has no units of length.

    Notes
    -----
    Rennó et al. (2008), HAND, Remote Sensing of Environment 112, 3469-3481. Not valid in diked lowland, where land
    lies lower than the river beside it.
    """
    network = Network.of(directions)
    elevation = north_up(elevation, name="elevation")
    checks.require_same_grid(
        network.grid, checks.grid_of(elevation, name="elevation"), name="directions", other_name="elevation"
    )
    area = network.accumulate(network.cell_km2)
    stream = np.flatnonzero(network.known & (area >= min_area_km2))
    nearest = network.drains_to(stream)
    reached = nearest >= 0
    river = stream[nearest[reached]]
    level = elevation.to_numpy().ravel() * checks.factor_to("m", elevation.attrs.get("units"), name="elevation")
    height, size = np.full(area.size, np.nan), np.full(area.size, np.nan)
    height[reached] = np.maximum(level[reached] - level[river], 0.0)
    size[reached] = np.where(np.isnan(height[reached]), np.nan, area[river])
    shape = network.grid.shape
    return (
        raster_on(network.grid, height.reshape(shape), units="m"),
        raster_on(network.grid, size.reshape(shape), units="km2"),
    )


def screening_depth(
    height: xr.DataArray, area_km2: xr.DataArray, *, coefficient: float, exponent: float = 0.3
) -> xr.DataArray:
    """Depth of water that stands ``coefficient * area_km2 ** exponent`` metres above the nearest river. Indicative.

    Parameters
    ----------
    height, area_km2 : DataArray
        From :func:`height_above_drainage`.
    coefficient : float
        Stage in metres of a river with 1 km2 upstream of it. It carries the rarity of the flood.
    exponent : float
        How stage grows with upstream area.

    Returns
    -------
    DataArray
        ``(y, x)``, m; 0 is dry, NaN as in ``height``.

    Raises
    ------
    LayerError
        When the coefficient or the exponent is not a number above 0.

    Notes
    -----
    A power law of upstream area with the exponent 0.3 delineates floodplains in Nardi et al. (2019), GFPLAIN250m,
    Scientific Data 6, 180309. The law says how far a river may reach, not what a dike holds back.

    Examples
    --------
    >>> height = xr.DataArray([0.0, 3.0, 9.0])
    >>> screening_depth(height, xr.full_like(height, 100_000.0), coefficient=0.2).round(2).values.tolist()
    [6.32, 3.32, 0.0]
    """
    for name, value in (("coefficient", coefficient), ("exponent", exponent)):
        if not (np.isfinite(value) and value > 0):
            raise LayerError(f"{name} is {value}; expected a number above 0; coefficients of 0.1 to 0.4 are usual")
    depth = (coefficient * area_km2**exponent - height).clip(min=0.0)
    return depth.assign_attrs(units="m")
