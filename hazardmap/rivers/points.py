"""Points brought to the river that they belong to, and along it to the gauge that stands for them."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj

from hazardmap import checks
from hazardmap.errors import LayerError
from hazardmap.rivers.sources import UNKNOWN_SOURCE, Reaches

__all__ = ["nearest_gauge", "snap"]

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


def nearest_gauge(
    points: gpd.GeoDataFrame, gauges: gpd.GeoDataFrame, reaches: Reaches, *, radius_m: float = 5000.0
) -> pd.DataFrame:
    """Gauge nearest to each point along its river, upstream or downstream, where the river is still the same one.

    It is the same one as long as its upstream area differs by no more than 20 %: beyond a large tributary a gauge
    says little of the water at the point. Points and gauges are brought to the river by :func:`snap`.

    Parameters
    ----------
    points : GeoDataFrame
        Points, in any CRS; perhaps with the column ``upstream_km2``, which says which river is meant.
    gauges : GeoDataFrame
        Points with a column ``gauge`` (its name); perhaps with ``upstream_km2``, its published catchment area.
    reaches : Reaches
        From :func:`~hazardmap.rivers.reaches`.
    radius_m : float
        Distance in metres within which points and gauges find their river.

    Returns
    -------
    DataFrame
        ``gauge`` (None where there is none) and ``along_km``, its distance in km along the cells of the river (which
        zigzag: up to a fifth too long), positive downstream of the point (NaN where there is none); indexed as the
        points.

    Raises
    ------
    LayerError
        When a frame is empty or holds anything but points, or gauges have no names of their own.

    Examples
    --------
    >>> import rioxarray, shapely, xarray as xr
    >>> from hazardmap.rivers import reaches
    >>> places = {"y": [0.0, -0.1], "x": np.arange(5) / 10}
    >>> codes = xr.DataArray([[1.0, 1, 1, 1, 0], [247.0] * 5], dims=("y", "x"), coords=places).rio.write_crs(4326)
    >>> land = gpd.GeoDataFrame({"country": ["AA"]}, geometry=[shapely.box(-1, -1, 1, 1)], crs=4326)
    >>> river = reaches(codes, land, min_area_km2=1)
    >>> at = gpd.GeoDataFrame({"gauge": ["g"]}, geometry=[shapely.Point(0.4, 0)], crs=4326)
    >>> works = gpd.GeoDataFrame({"upstream_km2": [615, 123]}, geometry=gpd.points_from_xy([0.4, 0], [0, 0]), crs=4326)
    >>> nearest_gauge(works, at, river).to_numpy().tolist()
    [['g', 0.0], [None, nan]]
    """
    if "gauge" not in gauges.columns or gauges["gauge"].isna().any():
        raise LayerError("gauges lack names (column 'gauge'); expected one each; map the column on the card")
    checks.require_unique(gauges["gauge"], name="gauges")
    river = _River(reaches)
    at_point, at_gauge = (
        snap(each, reaches, area_km2=each.get("upstream_km2"), radius_m=radius_m)["source"].to_numpy()
        for each in (points, gauges)
    )
    names = gauges["gauge"].to_numpy(dtype=object)
    below_gauges = [river.downstream(source) for source in at_gauge]
    found = pd.DataFrame({"gauge": None, "along_km": np.nan}, index=points.index).astype({"gauge": object})
    for row, source in enumerate(at_point):
        below = river.downstream(source)
        away = [(below[g], name) for g, name in zip(at_gauge, names, strict=True) if g in below]
        away += [(-path[source], name) for path, name in zip(below_gauges, names, strict=True) if source in path]
        if away:
            found.iloc[row] = min(away, key=lambda each: abs(each[0]))[::-1]
    return found


class _River:
    """Sources in the order in which water passes them."""

    def __init__(self, reaches: Reaches) -> None:
        table = reaches.table[reaches.table["branch"] == ""].set_index("source")
        lon, lat = _lonlat(
            table["x"].to_numpy(), table["y"].to_numpy(), checks.require_crs(reaches.source, name="source")
        )
        self._place = dict(zip(table.index, zip(lon, lat, strict=True), strict=True))
        self._below = table["below"].to_dict()
        self._area = table["area_km2"].to_dict()

    def downstream(self, source: int) -> dict[int, float]:
        """Return km along the river to each source from one on, as far as the river is the same one."""
        found: dict[int, float] = {}
        along, here = 0.0, source
        while here != UNKNOWN_SOURCE and self._area[here] <= (1 + _SAME_RIVER) * self._area[source]:
            found[here] = along
            there = self._below[here]
            if there != UNKNOWN_SOURCE:
                along += _GEOID.inv(*self._place[here], *self._place[there])[2] / 1000
            here = there
        return found


def _lonlat(x: Floats, y: Floats, crs: pyproj.CRS) -> tuple[Floats, Floats]:
    """Coordinates as longitude and latitude."""
    lon, lat = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    return lon, lat
