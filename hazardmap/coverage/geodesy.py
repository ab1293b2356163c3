"""Lengths and areas of shapes on the ellipsoid."""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from hazardmap.coverage.areas import Frame, authalic, ellipsoid_of

__all__ = ["densified", "polygon_areas", "segment_lengths"]

Floats = NDArray[np.float64]

GAUSS = 0.5 / np.sqrt(3.0)
"""Places of the two-point Gauss-Legendre rule, from the middle, in parts of the interval."""


def densified(xy: Floats, first: NDArray[Any], longest: float) -> tuple[Floats, NDArray[np.int64]]:
    """Add vertices, so that no segment is longer than ``longest``.

    Parameters
    ----------
    xy : array (v, 2)
        Vertices of all lines or rings, one after the other.
    first : array (k + 1,)
        Where each begins, and the end.
    longest : float
        In the units of the coordinates.

    Examples
    --------
    >>> xy, first = densified(np.array([[0.0, 0.0], [3.0, 0.0], [9.0, 9.0]]), np.array([0, 2, 3]), 2.0)
    >>> xy.tolist(), first.tolist()
    ([[0.0, 0.0], [1.5, 0.0], [3.0, 0.0], [9.0, 9.0]], [0, 3, 4])
    """
    first = np.asarray(first, dtype=np.int64)
    steps = np.diff(xy, axis=0, append=xy[-1:])
    steps[first[1:] - 1] = 0.0
    pieces = np.maximum(np.ceil(np.hypot(steps[:, 0], steps[:, 1]) / longest), 1.0).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(pieces)])
    if starts[-1] == len(xy):
        return xy, first
    index = np.repeat(np.arange(len(xy)), pieces)
    part = (np.arange(starts[-1]) - starts[index]) / pieces[index]
    return xy[index] + part[:, None] * steps[index], starts[first]


def segment_lengths(frame: Frame, vertices: Floats) -> Floats:
    """Metres on the ellipsoid from each vertex to the next one (the last gets 0).

    The course runs straight in longitude and latitude between vertices that lie close together; its length is
    integrated with the radii of curvature of the ellipsoid (two-point Gauss-Legendre). For segments of 1 km the
    result is the geodesic length to 1e-8.

    Parameters
    ----------
    frame : Frame
        Grid whose CRS the vertices use.
    vertices : array (v, 2)
        Coordinates of the CRS.
    """
    lon, lat = frame.to_lonlat(vertices[:, 0], vertices[:, 1])
    ellipsoid = ellipsoid_of(frame.crs)
    lon, lat = np.radians(lon), np.radians(lat)
    d_lon, d_lat = np.diff(lon), np.diff(lat)
    d_lon = d_lon - 2 * np.pi * np.round(d_lon / (2 * np.pi))
    middle = 0.5 * (lat[1:] + lat[:-1])
    lengths = np.zeros(len(vertices))
    for offset in (-GAUSS, GAUSS):
        at = middle + offset * d_lat
        bend = 1.0 - ellipsoid.es * np.sin(at) ** 2
        east = ellipsoid.a / np.sqrt(bend) * np.cos(at) * d_lon
        north = ellipsoid.a * (1.0 - ellipsoid.es) / bend**1.5 * d_lat
        lengths[:-1] += 0.5 * np.hypot(east, north)
    return lengths


def polygon_areas(frame: Frame, polygons: NDArray[np.object_]) -> Floats:
    """Square metres of polygons on the ellipsoid, their edges being straight in the CRS of the frame.

    Green's theorem in longitude and latitude: the area between an edge and the equator is the integral of
    :func:`~hazardmap.coverage.areas.authalic` over longitude (Simpson's rule on densified edges).

    Parameters
    ----------
    frame : Frame
        Grid whose CRS the polygons use.
    polygons : array (n,) of polygons or multipolygons
        In that CRS.
    """
    longest = 0.5 / np.degrees(frame.metre) if frame.crs.is_geographic else 500.0 / frame.metre
    areas = np.zeros(len(polygons))
    parts, owner = shapely.get_parts(polygons, return_index=True)
    solid = (shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)
    if not solid.any():
        return areas
    _, xy, (rings, first) = shapely.to_ragged_array(parts[solid], include_z=False)
    xy, rings = densified(xy, rings, longest)
    signed = np.abs(_ring_integrals(frame, xy, rings))
    signed[np.setdiff1d(np.arange(len(signed)), first[:-1])] *= -1.0
    np.add.at(areas, owner[solid], np.add.reduceat(signed, first[:-1]))
    return areas


def _ring_integrals(frame: Frame, xy: Floats, rings: NDArray[Any]) -> Floats:
    """Area between each ring and the equator; a ring around a pole is closed by that pole."""
    lon, lat = frame.to_lonlat(xy[:, 0], xy[:, 1])
    d_lon = np.diff(np.radians(lon), append=0.0)
    d_lon[rings[1:] - 1] = 0.0
    d_lon -= 2 * np.pi * np.round(d_lon / (2 * np.pi)) if not frame.crs.is_geographic else 0.0
    following = np.append(lat[1:], lat[-1])
    mean = (
        authalic(frame.crs, lat) + 4 * authalic(frame.crs, 0.5 * (lat + following)) + authalic(frame.crs, following)
    ) / 6
    integrals = np.add.reduceat(mean * d_lon, rings[:-1])
    winding = np.round(np.add.reduceat(d_lon, rings[:-1]) / (2 * np.pi))
    pole = authalic(frame.crs, np.array([90.0]))[0] * np.sign(np.add.reduceat(lat, rings[:-1]))
    return np.asarray(integrals - winding * 2 * np.pi * pole)
