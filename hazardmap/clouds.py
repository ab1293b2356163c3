"""Clouds around sites: whose each site is, how far the next border lies, and the shape of a cloud on the ground.

Shapes are drawn in metres east and north of each site and carried to the ellipsoid by geodesics, so that a distance is
the same in every direction and at every latitude.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from hazardmap import borders, checks
from hazardmap.errors import LayerError, NoOverlapError
from hazardmap.wind import Sector, sector_shape

__all__ = ["LEAST_KM", "Cloud", "cloud_shapes", "distances_km", "sites_of"]

Cloud = float | Sequence[Sector]
"""A distance in metres to all sides, or the sectors of a plume."""

UNKNOWN = "unknown"

LEAST_KM = 1e-6
"""Nearer than this two shapes touch."""

_LINE_POINTS = 50
_QUARTER = 180  # steps of half a degree
_STEP = np.pi / 2 / _QUARTER
# A circle drawn in steps gets its own area, and so does what a straight border cuts off it.
_EVEN = float(np.sqrt(_STEP / np.sin(_STEP)))


def sites_of(sites: gpd.GeoDataFrame, territories: gpd.GeoDataFrame | None) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Say of each site whose it is, and how far the next other country is.

    A site on a border belongs to the first territory that touches it; an area in two countries to that in which the
    larger part lies. What the data themselves say (column ``country``) counts first.

    Parameters
    ----------
    sites : GeoDataFrame
        Points, lines or polygons, perhaps with ``id``, ``name``, ``country``; ``attrs["uncertainty_m"]`` says how far
        their places may be off.
    territories : GeoDataFrame, optional
        Polygons with the column ``country``, side by side.

    Returns
    -------
    sites : GeoDataFrame
        The same rows and columns, indexed by ``source`` (from 1), with ``id, name, country, neighbour`` (nearest
        other country) and ``border_km`` (distance to it on the ellipsoid; missing where there is none).
    notes : list of str
        What is doubtful.

    Raises
    ------
    LayerError
        When the sites have no CRS or no rows, or mix kinds of geometry; or an id is missing or occurs twice.
    NoOverlapError
        When a site lies outside every territory and does not say its country.
    """
    checks.require_features(sites, name="sites")
    checks.require_dimension(sites, None, name="sites")
    found = sites.reset_index(drop=True)
    found.index = pd.RangeIndex(1, len(found) + 1, name="source")
    if "id" in found.columns:
        checks.require_unique(found["id"], name="sites")
    else:
        found["id"] = found.index.astype(str)
    found["id"] = found["id"].astype(str)
    found["name"] = found["name"].fillna(found["id"]).astype(str) if "name" in found.columns else found["id"]
    notes = list(sites.attrs.get("notes", ()))
    said = found["country"] if "country" in found.columns else pd.Series(None, index=found.index)
    said = said.astype(object).where(said.notna() & (said != ""), None)
    odd = said[said.notna() & ~said.astype(str).str.fullmatch("[A-Z]{2}")]
    if len(odd):
        who, what = str(found.loc[odd.index[0], "name"]), str(odd.iloc[0])[:40]
        raise LayerError(
            f"sites: {who!r} has the country {what!r}; expected a code of two letters such as NL (ISO 3166-1); "
            "correct it, or leave it out where territories tell"
        )
    if territories is None:
        found["country"] = said.where(said.notna(), UNKNOWN).astype(str)
        if said.isna().any():
            notes.append(f"sites: the country of {int(said.isna().sum())} of {len(found)} is unknown; give territories")
        notes.append("sites: no territories are given, so no border is known, and the air criterion tells nothing")
        return found.assign(neighbour=None, border_km=np.nan), notes
    _require_territories(territories)
    layer = territories.attrs.get("layer") or {}
    notes.append(f"sites: borders, and the country of a site that does not say its own, are of {_named(layer)}")
    placed = _placed(found, territories, notes)
    outside = placed.isna() & said.isna()
    if outside.any():
        first = found[outside].iloc[0]
        raise NoOverlapError(
            f"{int(outside.sum())} of {len(found)} sites lie outside every territory, first {str(first['name'])!r}; "
            "expected sites inside; correct their place or CRS, or name their country in a column 'country'"
        )
    differ = said.notna() & placed.notna() & (said != placed)
    if differ.any():
        names = ", ".join(found.loc[differ, "name"].head(3))
        notes.append(
            f"sites: {int(differ.sum())} lie in another country than they say ({names}); what they say was taken"
        )
    found["country"] = said.where(said.notna(), placed).astype(str)
    found = _with_border(found, territories)
    radius = float(sites.attrs.get("uncertainty_m") or 0.0)
    near = found["border_km"] * 1000 < radius
    if radius and near.any():
        notes.append(f"sites: {int(near.sum())} lie nearer to a border than their place is known ({radius:,.0f} m)")
    return found, notes


def _named(layer: Mapping[str, Any]) -> str:
    return f"the layer {layer['name']!r}" if layer.get("name") else "territories without a card"


def _require_territories(territories: gpd.GeoDataFrame) -> None:
    checks.require_features(territories, name="territories")
    checks.require_dimension(territories, 2, name="territories")
    if "country" not in territories.columns:
        raise LayerError("territories lack the column 'country'; expected whose each is; map it on the card")


def _placed(sites: gpd.GeoDataFrame, territories: gpd.GeoDataFrame, notes: list[str]) -> pd.Series:
    """Return the country that each site lies in; missing outside of all."""
    land, _ = borders.disjoint(territories.geometry.to_numpy())
    pieces = borders.cut(borders.to_crs(sites.geometry.to_numpy(), sites.crs, territories.crs), land)
    table = pd.DataFrame(
        {"site": pieces.shape, "territory": pieces.territory, "size": borders.planar_size(pieces.geometry)}
    )
    table = table[table["territory"] != borders.OUTSIDE]
    table["country"] = territories["country"].astype(str).to_numpy()[table["territory"]]
    by_country = table.groupby(["site", "country"], sort=False, as_index=False)["size"].sum()
    split = int((by_country["site"].value_counts() > 1).sum())
    if split:
        notes.append(f"sites: {split} lie in more than one country; each went to the one with its larger part")
    largest = by_country.sort_values(["site", "size"], ascending=[True, False], kind="stable").groupby("site").first()
    return pd.Series(largest["country"].reindex(range(len(sites))).to_numpy(), index=sites.index, dtype=object)


def _with_border(sites: gpd.GeoDataFrame, territories: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add the nearest other country and the way to it."""
    country = territories["country"].astype(str).to_numpy()
    neighbour, distance = np.full(len(sites), None, dtype=object), np.full(len(sites), np.nan)
    crs, near, land = _conformal(sites, territories)
    lines, owner = _short_lines(land)
    for own in sites["country"].unique():
        rows, others = np.flatnonzero((sites["country"] == own).to_numpy()), np.flatnonzero(country[owner] != own)
        if not len(others):
            continue
        pairs = shapely.STRtree(lines[others]).query_nearest(near[rows], all_matches=False)
        here, there = rows[pairs[0]], others[pairs[1]]
        neighbour[here], distance[here] = country[owner[there]], _geodesic_km(near[here], lines[there], crs)
        abroad = np.flatnonzero(country != own)
        inside = shapely.STRtree(land[abroad]).query(near[rows], predicate="intersects")
        neighbour[rows[inside[0]]], distance[rows[inside[0]]] = country[abroad[inside[1]]], 0.0
    return sites.assign(neighbour=neighbour, border_km=distance)


def _short_lines(land: borders.Shapes) -> tuple[borders.Shapes, npt.NDArray[np.int64]]:
    """Cut outlines into short lines, among which the nearest is found quickly; and say whose each is."""
    lines, owner = [], []
    for number, shape in enumerate(land):
        for ring in shapely.get_parts(shapely.boundary(shape)):
            points = shapely.get_coordinates(ring)
            starts = range(0, len(points) - 1, _LINE_POINTS)
            lines += [shapely.linestrings(points[start : start + _LINE_POINTS + 1]) for start in starts]
            owner += [number] * len(starts)
    return np.array(lines, dtype=object), np.array(owner, dtype=np.int64)


def distances_km(sites: gpd.GeoDataFrame, territories: gpd.GeoDataFrame, within_km: float) -> pd.DataFrame:
    """Distances between sites and the territories that are near them.

    Parameters
    ----------
    sites : GeoDataFrame
        Indexed by ``source``.
    territories : GeoDataFrame
    within_km : float
        Farther pairs are left out.

    Returns
    -------
    DataFrame
        Columns ``source, territory`` (row number), ``distance_km``: on the ellipsoid, 0 where they touch.
    """
    crs, near, land = _conformal(sites, territories)
    here, there = shapely.STRtree(land).query(near, predicate="dwithin", distance=within_km * 1100)
    distance = _geodesic_km(near[here], land[there], crs)
    table = pd.DataFrame({"source": sites.index.to_numpy()[here], "territory": there, "distance_km": distance})
    return table[table["distance_km"] <= within_km].sort_values(["source", "territory"], ignore_index=True)


def _conformal(sites: gpd.GeoDataFrame, land: gpd.GeoDataFrame) -> tuple[pyproj.CRS, borders.Shapes, borders.Shapes]:
    """Carry sites and territories into one CRS in which the nearest point is the nearest on the ground."""
    west, south, east, north = sites.to_crs(4326).total_bounds
    crs = pyproj.CRS.from_proj4(f"+proj=tmerc +lat_0={(south + north) / 2} +lon_0={(west + east) / 2} +ellps=WGS84")
    near, far = (borders.to_crs(each.geometry.to_numpy(), each.crs, crs) for each in (sites, land))
    return crs, near, far


def _geodesic_km(one: borders.Shapes, other: borders.Shapes, crs: pyproj.CRS) -> npt.NDArray[np.float64]:
    """Length of the shortest way between pairs of shapes: found in a conformal CRS, measured on the ellipsoid."""
    lines = shapely.get_coordinates(shapely.shortest_line(one, other)).reshape(-1, 2, 2)
    lon, lat = pyproj.Transformer.from_crs(crs, 4326, always_xy=True).transform(lines[..., 0], lines[..., 1])
    _, _, metres = pyproj.Geod(ellps="WGS84").inv(lon[:, 0], lat[:, 0], lon[:, 1], lat[:, 1])
    return np.asarray(metres, dtype=np.float64) / 1000


def cloud_shapes(
    sites: borders.Shapes, clouds: Sequence[Cloud], *, crs: Any, uncertainty_m: float = 0.0
) -> borders.Shapes:
    """Draw the cloud of each site.

    Parameters
    ----------
    sites : ndarray of points, lines or polygons, shape (n,)
    clouds : sequence of Cloud, length n
    crs : anything that pyproj takes as a CRS
        Of the sites, and of what is returned.
    uncertainty_m : float
        How far the place of a site may be off: widens every cloud by as much.

    Returns
    -------
    ndarray of polygons, shape (n,)
        All places that lie in the cloud of some point of the site. Circles are drawn in steps of half a degree so that
        they have their own area. Farther than 100 km from the middle of a long site distances are off by 0.004 %.

    Examples
    --------
    >>> shape = cloud_shapes(np.array([shapely.Point(6, 51)]), [1000.0], crs=4326)
    >>> round(float(borders.amounts(shape, 4326)[0]) / 1e6, 5)
    3.14159
    """
    lonlat = borders.to_crs(sites, crs, 4326)
    centre = shapely.get_coordinates(shapely.centroid(lonlat))
    found = [
        _carried(_cloud(_carried(site, at, inverse=True), cloud, uncertainty_m), at)
        for site, at, cloud in zip(lonlat, centre, clouds, strict=True)
    ]
    return borders.to_crs(np.array(found, dtype=object), 4326, crs)


def _cloud(site: shapely.Geometry, cloud: Cloud, uncertainty_m: float) -> shapely.Geometry:
    """Draw one cloud around a site, in metres."""
    if isinstance(cloud, int | float):
        return _widened(site, cloud + uncertainty_m)
    swept = [_swept(site, sector_shape(sector)) for sector in cloud]
    return _widened(shapely.union_all([site, *swept]), uncertainty_m)


def _widened(shape: shapely.Geometry, metres: float) -> shapely.Geometry:
    return shapely.buffer(shape, metres * _EVEN, quad_segs=_QUARTER) if metres else shape


def _swept(site: shapely.Geometry, sector: shapely.Polygon) -> shapely.Geometry:
    """Return everything that a sector covers whose point moves along the site, or along its edge.

    From inside an area the sector reaches nothing outside of it that it does not reach from the edge.
    """
    corners = shapely.get_coordinates(sector)
    chains = [site] if shapely.get_dimensions(site) == 0 else shapely.get_parts(_lines(site))
    found = []
    for chain in chains:
        points = shapely.get_coordinates(chain)
        for start, stop in zip(points, points[1:] if len(points) > 1 else points, strict=False):
            both = np.vstack([corners + start, corners + stop])
            found.append(shapely.convex_hull(shapely.multipoints(both)))
    return shapely.union_all(found)


def _lines(site: shapely.Geometry) -> shapely.Geometry:
    return shapely.boundary(site) if shapely.get_dimensions(site) == 2 else site


def _carried(shape: shapely.Geometry, at: npt.NDArray[np.float64], *, inverse: bool = False) -> shapely.Geometry:
    """Carry a shape from metres east and north of a place to degrees, or back, by geodesics from that place."""
    geod = pyproj.Geod(ellps="WGS84")

    def move(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        lon, lat = (np.full(len(xy), each) for each in at)
        if inverse:
            azimuth, _, metres = geod.inv(lon, lat, xy[:, 0], xy[:, 1])
            return np.column_stack([metres * np.sin(np.radians(azimuth)), metres * np.cos(np.radians(azimuth))])
        azimuth = np.degrees(np.arctan2(xy[:, 0], xy[:, 1]))
        east, north, _ = geod.fwd(lon, lat, azimuth, np.hypot(xy[:, 0], xy[:, 1]))
        # a shape across the antimeridian stays in one piece, beyond 180 degrees
        east = np.where(east - lon > 180, east - 360, np.where(east - lon < -180, east + 360, east))
        return np.column_stack([east, north])

    return shapely.transform(shape, move)
