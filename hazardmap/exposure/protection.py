"""Protection standards as a layer of their own: which one each row takes."""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from hazardmap import borders, checks
from hazardmap.errors import LayerError

__all__ = ["Parts", "Standards", "lowest", "parts_of", "standards_of"]

Floats = npt.NDArray[np.float64]

# Two layers drawn by two authorities never share their edges: slivers up to this part of a row say nothing.
_SLIVER = 0.01

# Edges carried between two CRSs stay within a metre of straight: what is narrower is no land.
_WIDTH_M = 2.0
_DEGREE_M = 111_320


class Standards(NamedTuple):
    """Land by protection standard, from low to high, without overlaps; in EPSG:4326."""

    shapes: npt.NDArray[np.object_]
    years: Floats


def standards_of(layer: gpd.GeoDataFrame) -> Standards:
    """Return the land of each standard; where two overlap, the lower one counts.

    Parameters
    ----------
    layer : GeoDataFrame
        Polygons with the column ``protection`` in years; those without a number have none.

    Raises
    ------
    LayerError
        When it holds no polygons, or a standard is no number of years above 0.
    """
    checks.require_features(layer, name="protection")
    checks.require_dimension(layer, 2, name="protection")
    checks.require_numbers(layer, "protection", name="protection")
    years = layer["protection"].to_numpy(dtype=float, na_value=np.nan)
    if (years <= 0).any():
        raise LayerError(
            f"protection: a standard is {np.nanmin(years):g} years; expected more than 0; leave it out where none"
        )
    distinct = np.unique(years[~np.isnan(years)])
    polygons = borders.to_crs(layer.geometry.to_numpy(), layer.crs, 4326)
    shapes, lower = np.empty(len(distinct), dtype=object), shapely.Polygon()
    for k, each in enumerate(distinct):
        own = shapely.union_all(polygons[years == each])
        shapes[k] = shapely.difference(own, lower)
        lower = shapely.union(lower, own)
    kept = ~shapely.is_empty(shapes)
    return Standards(shapes[kept], distinct[kept])


class Parts(NamedTuple):
    """Territories cut by protection standard; the parts of one add up to it."""

    land: gpd.GeoDataFrame  # one row a part, with the columns of its territory
    territory: npt.NDArray[np.int64]  # number of the territory
    years: Floats  # standard; NaN is none
    split: npt.NDArray[np.bool_]  # whether the territory has several


def parts_of(land: gpd.GeoDataFrame, standards: Standards | None) -> Parts:
    """Cut territories by protection standard, so that what is counted cell by cell takes the standard of its place.

    Parameters
    ----------
    land : GeoDataFrame
        Territories.
    standards : Standards, optional
        Without them every territory is one part without a standard.

    Examples
    --------
    >>> ring = gpd.GeoDataFrame({"protection": [100]}, geometry=[shapely.box(5, 51, 6, 52)], crs=4326)
    >>> land = gpd.GeoDataFrame({"id": ["W"]}, geometry=[shapely.box(5, 51, 7, 52)], crs=4326)
    >>> parts = parts_of(land, standards_of(ring))
    >>> parts.years.tolist(), parts.land.bounds['minx'].tolist()
    ([100.0, nan], [5.0, 6.0])
    """
    if standards is None or not len(standards.years):
        count = len(land)
        return Parts(land, np.arange(count), np.full(count, np.nan), np.zeros(count, dtype=bool))
    cut = borders.cut(land.geometry.to_numpy(), borders.to_crs(standards.shapes, 4326, land.crs))
    pieces = gpd.GeoDataFrame({"shape": cut.shape, "standard": cut.territory}, geometry=cut.geometry, crs=land.crs)
    area = shapely.area(cut.geometry)
    main = pd.Series(area).groupby(cut.shape).transform("idxmax").to_numpy()
    width = 2 * area / shapely.length(cut.geometry) * (_DEGREE_M if pieces.crs.is_geographic else 1)
    thin = width < _WIDTH_M
    pieces["standard"] = np.where(thin, cut.territory[main], cut.territory)
    order = np.where(pieces["standard"] == borders.OUTSIDE, len(standards.years), pieces["standard"])
    found = pieces.assign(standard=order).dissolve(["shape", "standard"]).reset_index()
    territory = found["shape"].to_numpy()
    return Parts(
        land=land.iloc[territory].reset_index(drop=True).set_geometry(found.geometry),
        territory=territory,
        years=np.append(standards.years, np.nan)[found["standard"]],
        split=np.bincount(territory)[territory] > 1,
    )


def lowest(pieces: gpd.GeoSeries, standards: Standards) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return the lowest standard that each piece lies in, and whether it lies in several.

    What lies in no standard at all is lower than any, so that nothing is taken as protected that is not.

    Parameters
    ----------
    pieces : GeoSeries, EPSG:4326
        Points, lines or polygons; None where there is no place.
    standards : Standards

    Returns
    -------
    years : ndarray of float
        NaN where there is none.
    several : ndarray of bool

    Examples
    --------
    >>> rings = gpd.GeoDataFrame(
    ...     {"protection": [100, 1000]}, geometry=[shapely.box(5, 51, 6, 52), shapely.box(6, 51, 7, 52)], crs=4326
    ... )
    >>> houses = gpd.GeoSeries([shapely.box(5.9, 51.4, 6.2, 51.5), shapely.Point(6.5, 51.5), shapely.Point(8, 51.5)])
    >>> years, several = lowest(houses, standards_of(rings))
    >>> years.tolist(), several.tolist()
    ([100.0, 1000.0, nan], [True, False, False])
    """
    geometry = pieces.to_numpy()
    years, several = np.full(len(geometry), np.inf), np.zeros(len(geometry), dtype=bool)
    known = np.flatnonzero(~shapely.is_missing(geometry))
    cut = borders.cut(geometry[known], standards.shapes)
    piece = known[cut.shape]
    size = borders.planar_size(cut.geometry)
    whole = np.bincount(piece, weights=size, minlength=len(geometry))[piece]
    share = np.divide(size, whole, out=np.ones_like(size), where=whole > 0)  # a line may have no length
    own = np.where(cut.territory == borders.OUTSIDE, 0.0, np.append(standards.years, 0.0)[cut.territory])
    kept = share > _SLIVER
    np.minimum.at(years, piece[kept], own[kept])
    several = np.bincount(piece[kept], minlength=len(geometry)) > 1
    return np.where(np.isfinite(years) & (years > 0), years, np.nan), several
