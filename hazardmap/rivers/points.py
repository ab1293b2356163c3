"""Points brought to the river that they belong to."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj

from hazardmap import checks
from hazardmap.errors import LayerError
from hazardmap.rivers.sources import UNKNOWN_SOURCE, Reaches

__all__ = ["snap"]

Floats = npt.NDArray[np.float64]

_SAME_RIVER = 0.2  # relative difference in upstream area up to which it can be the river that is meant
_GEOID = pyproj.Geod(ellps="WGS84")
_METRES_PER_DEGREE = 110_000.0  # a little less than anywhere on earth: a first box must not lose a candidate


def snap(
    points: gpd.GeoDataFrame,
    reaches: Reaches,
    *,
    area_km2: npt.ArrayLike | None = None,
    radius_m: float = 5000.0,
) -> pd.DataFrame:
    """Source nearest to each point, on the river that is meant.

    Parameters
    ----------
    points : GeoDataFrame
        Points, in any CRS.
    reaches : Reaches
        From :func:`~hazardmap.rivers.reaches`. Branches given as links are left out: they have no cells of their own.
    area_km2 : array_like, optional
        Upstream area that each point should have; only sources within 20 % of it are taken. Without it a point beside
        a large river may snap to a brook.
    radius_m : float
        Geodesic distance in metres beyond which nothing is taken.

    Returns
    -------
    DataFrame
        ``source`` (0 where none was found), ``distance_m`` and ``area_km2`` (NaN there); indexed as the points.

    Raises
    ------
    LayerError
        When the frame is empty or holds anything but points.
    """
    checks.require_features(points, name="points")
    if not (points.geom_type == "Point").all():
        raise LayerError(f"points hold a {points.geom_type[points.geom_type != 'Point'].iloc[0]}; expected points only")
    rivers = reaches.table[reaches.table["branch"] == ""]
    lon, lat = _lonlat(
        rivers["x"].to_numpy(), rivers["y"].to_numpy(), checks.require_crs(reaches.source, name="source")
    )
    here = _lonlat(points.geometry.x.to_numpy(), points.geometry.y.to_numpy(), points.crs)
    number, area = rivers["source"].to_numpy(), rivers["area_km2"].to_numpy()
    wanted = np.broadcast_to(np.asarray(np.nan if area_km2 is None else area_km2, dtype=float), len(points))
    rows = []
    for x, y, want in zip(*here, wanted, strict=True):
        box = np.abs(lat - y) * _METRES_PER_DEGREE <= radius_m
        if np.isfinite(want):
            box &= np.abs(area - want) <= _SAME_RIVER * want
        near = np.flatnonzero(box)
        away = _GEOID.inv(np.full(near.size, x), np.full(near.size, y), lon[near], lat[near])[2]
        best = int(np.argmin(away)) if near.size else -1
        if best < 0 or away[best] > radius_m:
            rows.append((UNKNOWN_SOURCE, np.nan, np.nan))
        else:
            rows.append((number[near[best]], away[best], area[near[best]]))
    return pd.DataFrame(rows, columns=["source", "distance_m", "area_km2"], index=points.index).astype(
        {"source": "int32"}
    )


def _lonlat(x: Floats, y: Floats, crs: pyproj.CRS) -> tuple[Floats, Floats]:
    """Coordinates as longitude and latitude."""
    lon, lat = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    return lon, lat
