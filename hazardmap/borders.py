"""The arithmetic of borders: shapes cut at them, carried between coordinate systems, widened by what is not known."""

from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from hazardmap.errors import GeometryError

__all__ = [
    "OUTSIDE",
    "Pieces",
    "amounts",
    "cut",
    "discs",
    "disjoint",
    "drawn",
    "keep_dimension",
    "planar_size",
    "to_crs",
]

OUTSIDE = -1
"""Number of the territory of what lies outside every territory."""

Shapes = npt.NDArray[np.object_]
Integers = npt.NDArray[np.int64]

# Edges are straight in the CRS they come in. Cut into steps of 5 km before they are reprojected, they stay within a
# metre of that line up to 70 degrees of latitude (sagitta of a parallel: step**2 * tan(latitude) / (8 * radius)).
_STEP_M = 5_000.0
_FINE_M = 250.0
_DEGREE = 1 / 111_320  # of latitude, in metres; one of longitude is shorter

_DISC_VERTICES = 360


class Pieces(NamedTuple):
    """Shapes cut at borders; ``shape`` and ``territory`` count from 0, and ``OUTSIDE`` is outside every territory."""

    shape: Integers
    territory: Integers
    geometry: Shapes


def to_crs(geometry: Shapes, source: Any, target: Any, *, step_m: float = _STEP_M) -> Shapes:
    """Carry shapes into another CRS, their edges cut into short steps first (within a metre of straight).

    Parameters
    ----------
    geometry : ndarray of shapely geometries
    source, target : anything that pyproj takes as a CRS
    step_m : float
        Longest step of an edge. The deviation grows with its square: 0.7 m at 5 km, 2 mm at 250 m (at 52 N).

    Returns
    -------
    ndarray of shapely geometries

    Raises
    ------
    GeometryError
        When a shape has no place in the target CRS.
    """
    old, new = pyproj.CRS.from_user_input(source), pyproj.CRS.from_user_input(target)
    if old == new:
        return geometry
    transformer = pyproj.Transformer.from_crs(old, new, always_xy=True)
    dense = _segmentized(geometry, step_m * _DEGREE if old.is_geographic else step_m)
    moved = shapely.transform(dense, transformer.transform, interleaved=False)
    bad = ~np.isfinite(shapely.bounds(moved)).all(axis=1) & ~shapely.is_empty(geometry)
    if bad.any():
        raise GeometryError(
            f"{int(bad.sum())} shapes cannot be carried from {old.name} into {new.name}; "
            "expected shapes inside the area of both; clip them first"
        )
    return np.asarray(moved, dtype=object)


def _segmentized(geometry: Shapes, step: float) -> Shapes:
    """Cut edges into steps; what is shorter than one is left alone, since GEOS fails on lines without a length."""
    dense = np.array(geometry, dtype=object)
    long = shapely.length(dense) > step
    several = long & (shapely.get_type_id(dense) == 5)  # MultiLineString
    if several.any():
        parts, owner = shapely.get_parts(dense[several], return_index=True)
        has_length = shapely.length(parts) > 0
        dense[several] = shapely.multilinestrings(parts[has_length], indices=owner[has_length])
    dense[long] = shapely.segmentize(dense[long], step)
    return dense


def disjoint(territories: Shapes) -> tuple[Shapes, int]:
    """Take overlaps away from the later of two territories, so that no place is counted twice.

    Parameters
    ----------
    territories : ndarray of polygons

    Returns
    -------
    polygons : ndarray of polygons
        The same number, without overlaps.
    count : int
        How many pairs overlapped.

    Raises
    ------
    GeometryError
        When two overlap by more than a hundredth of the smaller: that is no sliver.
    """
    first, second = shapely.STRtree(territories).query(territories, predicate="intersects")
    pairs = sorted((int(i), int(j)) for i, j in zip(first, second, strict=True) if i < j)
    polygons, count = territories.copy(), 0
    for i, j in pairs:
        overlap = shapely.area(shapely.intersection(polygons[i], polygons[j]))
        smaller = min(shapely.area(polygons[i]), shapely.area(polygons[j]))
        if overlap <= 1e-12 * smaller:
            continue
        if overlap > 0.01 * smaller:
            raise GeometryError(
                f"territories {i} and {j} overlap by {overlap / smaller:.0%} of the smaller; expected areas side by "
                "side; use one level (countries or provinces, not both)"
            )
        polygons[j] = shapely.difference(polygons[j], polygons[i])
        count += 1
    return polygons, count


def cut(geometry: Shapes, territories: Shapes) -> Pieces:
    """Cut shapes at the borders of territories; the pieces of a shape add up to it.

    Both in one CRS; their edges are straight there. A point on a border, and a line along it, belong to the first
    territory that touches them, so that nothing counts twice.

    Parameters
    ----------
    geometry : ndarray of points, lines or polygons (single or multi)
    territories : ndarray of polygons without overlaps

    Returns
    -------
    Pieces
        Sorted by shape and territory; what lies outside every territory comes last in each shape.

    Examples
    --------
    >>> west, east = shapely.box(0, 0, 1, 2), shapely.box(1, 0, 2, 2)
    >>> pieces = cut(np.array([shapely.box(0.75, 0, 1.5, 1)]), np.array([west, east]))
    >>> pieces.territory.tolist(), shapely.area(pieces.geometry).tolist()
    ([0, 1], [0.25, 0.5])
    """
    owner, inside = shapely.STRtree(geometry).query(territories, predicate="covers")
    shape, territory = _first_owner(inside, owner)
    whole = Pieces(shape, territory, geometry[shape])
    crossing = np.setdiff1d(np.arange(len(geometry)), shape)
    areal = shapely.get_dimensions(geometry[crossing]) == 2
    found = [
        whole,
        _cut_polygons(geometry, territories, crossing[areal]),
        _cut_lines(geometry, territories, crossing[~areal]),
    ]
    shape, territory, pieces = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((np.where(territory == OUTSIDE, len(territories), territory), shape))
    return Pieces(shape[order], territory[order], pieces[order])


def _first_owner(shape: Integers, territory: Integers) -> tuple[Integers, Integers]:
    """Keep the first territory of each shape."""
    order = np.lexsort((territory, shape))
    shape, territory = shape[order].astype(np.int64), territory[order].astype(np.int64)
    first = np.ones(len(shape), dtype=bool)
    first[1:] = shape[1:] != shape[:-1]
    return shape[first], territory[first]


def _candidates(geometry: Shapes, territories: Shapes, crossing: Integers) -> tuple[Integers, Integers]:
    """Return pairs of a crossing shape and a territory that it touches, in order."""
    number, territory = shapely.STRtree(territories).query(geometry[crossing], predicate="intersects")
    order = np.lexsort((territory, number))
    return crossing[number[order]], territory[order].astype(np.int64)


def _cut_polygons(geometry: Shapes, territories: Shapes, crossing: Integers) -> Pieces:
    """Cut polygons that no single territory covers, all at once."""
    if not len(crossing):
        return _no_pieces()
    shape, territory = _candidates(geometry, territories, crossing)
    parts = keep_dimension(shapely.intersection(geometry[shape], territories[territory]), geometry[shape])
    start, stop = np.searchsorted(shape, crossing), np.searchsorted(shape, crossing, side="right")
    unions = np.array([shapely.union_all(parts[a:b]) for a, b in zip(start, stop, strict=True)], dtype=object)
    rest = keep_dimension(shapely.difference(geometry[crossing], unions), geometry[crossing])
    return _together(shape, territory, parts, crossing, _without_slivers(rest, shapely.area(geometry[crossing])))


def _without_slivers(rest: Shapes, whole: npt.NDArray[np.float64]) -> Shapes:
    """Drop what rounding leaves along a cut: parts of less than a millionth of a millionth of the shape."""
    parts, owner = shapely.get_parts(rest, return_index=True)
    solid = shapely.area(parts) > 1e-12 * whole[owner]
    kept = np.full(len(rest), shapely.Polygon(), dtype=object)
    for k in np.unique(owner[solid]):
        own = parts[solid & (owner == k)]
        kept[k] = own[0] if len(own) == 1 else shapely.multipolygons(own)
    return kept


def _cut_lines(geometry: Shapes, territories: Shapes, crossing: Integers) -> Pieces:
    """Cut lines and points that no single territory covers: each territory in turn takes from what is left.

    Always against polygons: the end of a cut line is rounded and need not lie on the line that it was cut from.
    """
    if not len(crossing):
        return _no_pieces()
    shape, territory = _candidates(geometry, territories, crossing)
    left = {int(k): geometry[k] for k in crossing}
    parts = np.empty(len(shape), dtype=object)
    for k, (i, j) in enumerate(zip(shape.tolist(), territory.tolist(), strict=True)):
        parts[k] = shapely.intersection(left[i], territories[j])
        left[i] = shapely.difference(left[i], territories[j])
    rest = np.array([left[int(k)] for k in crossing], dtype=object)
    return _together(
        shape, territory, keep_dimension(parts, geometry[shape]), crossing, keep_dimension(rest, geometry[crossing])
    )


def _together(shape: Integers, territory: Integers, parts: Shapes, crossing: Integers, rest: Shapes) -> Pieces:
    """Put what lies in territories and what lies outside together, without what is empty."""
    outside = np.full(len(crossing), OUTSIDE, dtype=np.int64)
    pieces = np.concatenate([parts, rest])
    keep = ~shapely.is_empty(pieces)
    return Pieces(np.concatenate([shape, crossing])[keep], np.concatenate([territory, outside])[keep], pieces[keep])


def planar_size(geometry: Shapes) -> npt.NDArray[np.float64]:
    """Return area of polygons, length of lines and number of points in the plane: enough to compare pieces of a shape.

    Examples
    --------
    >>> planar_size(np.array([shapely.box(0, 0, 2, 3), shapely.Point(1, 1)])).tolist()
    [6.0, 1.0]
    """
    dimension = shapely.get_dimensions(geometry)
    return np.asarray(
        np.select(
            [dimension == 2, dimension == 1],
            [shapely.area(geometry), shapely.length(geometry)],
            shapely.get_num_coordinates(geometry),
        ),
        dtype=np.float64,
    )


def keep_dimension(parts: Shapes, whole: Shapes) -> Shapes:
    """Drop what a cut left behind of a lower dimension: a polygon that only touches a border leaves a line there."""
    wanted = shapely.get_dimensions(whole)
    mixed = shapely.get_type_id(parts) == 7  # GeometryCollection
    for k in np.flatnonzero(mixed):
        members = shapely.get_parts(parts[k])
        parts[k] = shapely.union_all(members[shapely.get_dimensions(members) == wanted[k]])
    lower = (shapely.get_dimensions(parts) != wanted) & ~shapely.is_empty(parts)
    parts[lower] = shapely.from_wkt("POINT EMPTY")
    return parts


def _no_pieces() -> Pieces:
    return Pieces(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0, dtype=object))


def amounts(geometry: Shapes, crs: Any) -> npt.NDArray[np.float64]:
    """Amount of each shape on the ellipsoid: m2 of polygons, m of lines, number of points.

    Parameters
    ----------
    geometry : ndarray of shapely geometries, shape (n,)
    crs : anything that pyproj takes as a CRS

    Returns
    -------
    ndarray of float, shape (n,)

    Examples
    --------
    A degree square from 51 to 52 N on WGS 84:

    >>> round(float(amounts(np.array([shapely.box(5, 51, 6, 52)]), 4326)[0] / 1e6, ), 2)
    7725.7
    """
    geod = pyproj.CRS.from_user_input(crs).get_geod() or pyproj.Geod(ellps="WGS84")
    lonlat = to_crs(geometry, crs, pyproj.CRS.from_user_input(crs).geodetic_crs, step_m=_FINE_M)
    lonlat = _segmentized(lonlat, _FINE_M * _DEGREE)
    found = planar_size(lonlat)
    for k in np.flatnonzero(shapely.get_dimensions(lonlat) == 1):
        found[k] = geod.geometry_length(lonlat[k])
    for k in np.flatnonzero(shapely.get_dimensions(lonlat) == 2):
        found[k] = abs(geod.geometry_area_perimeter(shapely.orient_polygons(lonlat[k]))[0])
    return found


def discs(points: gpd.GeoDataFrame, radius_m: float) -> gpd.GeoDataFrame:
    """Geodesic discs around points whose place is known only to a radius.

    Parameters
    ----------
    points : GeoDataFrame of points
    radius_m : float
        Radius in metres.

    Returns
    -------
    GeoDataFrame
        The same rows and columns in EPSG:4326; each disc a polygon of 360 vertices on the ellipsoid of WGS 84.
    """
    lonlat = points.to_crs(4326)
    geod = pyproj.Geod(ellps="WGS84")
    azimuth = np.linspace(360.0, 0.0, _DISC_VERTICES, endpoint=False)
    x, y = shapely.get_x(lonlat.geometry.to_numpy()), shapely.get_y(lonlat.geometry.to_numpy())
    shape = (len(lonlat), _DISC_VERTICES)
    east, north, _ = geod.fwd(
        np.broadcast_to(x[:, None], shape).ravel(),
        np.broadcast_to(y[:, None], shape).ravel(),
        np.broadcast_to(azimuth, shape).ravel(),
        np.full(shape[0] * shape[1], radius_m),
    )
    rings = np.stack([east, north], axis=1).reshape(*shape, 2)
    return lonlat.set_geometry(gpd.GeoSeries(shapely.polygons(rings), index=lonlat.index, crs=4326))


def drawn(shapes: Shapes, grid: GeoBox, rows: slice, columns: slice) -> npt.NDArray[np.int16]:
    """Find the polygon that the centre of each cell of a window lies in.

    Parameters
    ----------
    shapes : ndarray of polygons, shape (n,)
        In the CRS of the grid; where two overlap, the first counts.
    grid : GeoBox
    rows, columns : slice
        The window.

    Returns
    -------
    ndarray of int, shape (rows, columns)
        Number of the polygon, from 1; 0 for none.

    Examples
    --------
    >>> grid = GeoBox((1, 3), Affine(1, 0, 0, 0, -1, 1), "EPSG:3035")
    >>> drawn(np.array([shapely.box(1, 0, 2, 1)]), grid, slice(0, 1), slice(0, 3)).tolist()
    [[0, 1, 0]]
    """
    from rasterio.features import rasterize

    transform = grid.transform * Affine.translation(columns.start, rows.start)
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    corners = np.array([transform * (-1, -1), transform * (shape[1] + 1, shape[0] + 1)])
    burnt = []
    for number, land in reversed(list(enumerate(shapes, start=1))):  # the last one drawn stays on top
        parts = shapely.get_parts(shapely.clip_by_rect(land, *corners.min(axis=0), *corners.max(axis=0)))
        burnt += [(part, number) for part in parts[shapely.get_dimensions(parts) == 2]]
    if not burnt:
        return np.zeros(shape, dtype=np.int16)
    found: npt.NDArray[np.int16] = rasterize(burnt, out_shape=shape, transform=transform, fill=0, dtype="int16")
    return found
