"""Walking along a border and looking at rasters on either side of it: where they change, to the millimetre."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
import xarray as xr
from odc.geo.geobox import GeoBox

from hazardmap.borders import to_crs

__all__ = [
    "Cells",
    "Path",
    "Pieces",
    "Track",
    "cells_inside",
    "cells_of",
    "path_between",
    "pieces_of",
    "tracks",
    "values_at",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Steps so short are straight in every CRS, to 2 mm.
_STEP_M = 250.0
_DEGREE = 1 / 111_320

# Cells are read in squares of this many, about the blocks of a file.
_TILE = 512

_GEOD = pyproj.Geod(ellps="WGS84")


class Path(NamedTuple):
    """The border between two lands, as n short straight steps in the order they are walked.

    ``line`` says which steps hang together; ``side`` is -1 where the first land lies left of the step, else 1.
    """

    start: Floats  # (n, 2) longitude and latitude, WGS 84
    stop: Floats  # (n, 2)
    azimuth: Floats  # (n,) degrees
    length: Floats  # (n,) metres on the ellipsoid
    line: Integers  # (n,)
    side: Integers  # (n,)

    def at(self, step: Integers, part: Floats) -> Floats:
        """Longitude and latitude at parts (0 to 1) of steps."""
        return np.asarray(self.start[step] + part[:, None] * (self.stop[step] - self.start[step]))


class Track(NamedTuple):
    """Row and column of a raster, with fractions, at the start and at the stop of every step."""

    row: Floats  # (2, n)
    column: Floats  # (2, n)
    shape: tuple[int, int]


class Pieces(NamedTuple):
    """Pieces of steps on each of which every track stays within one cell."""

    step: Integers  # (k,)
    first: Floats  # (k,) part of the step, from 0
    last: Floats  # (k,) to 1


class Cells(NamedTuple):
    """A cell of a raster for each of k pieces; meaningless where not inside."""

    row: Integers  # (k,)
    column: Integers  # (k,)
    inside: npt.NDArray[np.bool_]  # (k,)


def path_between(one: shapely.Geometry, other: shapely.Geometry, crs: Any) -> Path:
    """Walk the line that two lands share.

    Parameters
    ----------
    one, other : polygon or multipolygon
        Side by side, from one border layer, so that they share their vertices; edges are straight in ``crs``.
    crs : anything that pyproj takes as a CRS

    Returns
    -------
    Path
        Without steps where they share no line.

    Examples
    --------
    >>> path = path_between(shapely.box(5, 50, 6, 51), shapely.box(6, 50, 7, 51), 4326)
    >>> float(round(path.length.sum() / 1000, 1))
    111.2
    """
    shared = shapely.intersection(shapely.boundary(one), shapely.boundary(other))
    parts = shapely.get_parts(shared)
    merged = shapely.line_merge(shapely.multilinestrings(parts[shapely.get_dimensions(parts) == 1]))
    lines = shapely.get_parts(merged)
    lines = lines[~shapely.is_empty(lines)]
    unit = _DEGREE if pyproj.CRS.from_user_input(crs).is_geographic else 1.0
    lines = shapely.segmentize(lines, _STEP_M * unit)
    sides = np.array([_side(line, one) for line in lines], dtype=np.int64)
    lonlat, number = shapely.get_coordinates(to_crs(lines, crs, 4326), return_index=True)
    together = number[1:] == number[:-1]
    start, stop, line = lonlat[:-1][together], lonlat[1:][together], number[1:][together]
    azimuth, _, length = _GEOD.inv(*start.T, *stop.T)
    steps = Path(start, stop, np.asarray(azimuth), np.asarray(length), line, sides[line])
    kept = steps.length > 0
    return Path(start[kept], stop[kept], steps.azimuth[kept], steps.length[kept], line[kept], steps.side[kept])


def _side(line: shapely.LineString, land: shapely.Geometry) -> int:
    """Whether land lies left (-1) or right (1) of a line: asked beside the middle of its longest step."""
    points = shapely.get_coordinates(line)
    along = np.diff(points, axis=0)
    longest = int(np.argmax(np.hypot(*along.T)))
    x, y = along[longest]
    left = (points[longest] + points[longest + 1]) / 2 + 1e-3 * np.array([-y, x])
    return -1 if shapely.contains_xy(land, *left) else 1


def tracks(path: Path, grid: GeoBox, *, offset_m: float) -> tuple[Track, Track]:
    """Find the cells of a grid beside a border.

    Parameters
    ----------
    path : Path
    grid : GeoBox
    offset_m : float
        How far from the border, square to it.

    Returns
    -------
    first, second : Track
        On the side of the first land, and on the side of the second.
    """
    transformer = pyproj.Transformer.from_crs(4326, str(grid.crs), always_xy=True)
    found = []
    for turn in (90.0, -90.0):
        azimuth, distance = path.azimuth + turn * path.side, np.full(len(path.length), offset_m)
        lonlat = [_GEOD.fwd(ends[:, 0], ends[:, 1], azimuth, distance)[:2] for ends in (path.start, path.stop)]
        x, y = np.stack([transformer.transform(*each) for each in lonlat], axis=1)
        row, column = (y - grid.transform.f) / grid.transform.e, (x - grid.transform.c) / grid.transform.a
        found.append(Track(row, column, (int(grid.shape[0]), int(grid.shape[1]))))
    return found[0], found[1]


def pieces_of(all_tracks: Sequence[Track]) -> Pieces:
    """Cut steps wherever a track crosses the edge of a cell; steps that no track sees are left out."""
    seen = np.flatnonzero(np.any([_sees(each) for each in all_tracks], axis=0))
    ends = np.concatenate([np.zeros(len(seen)), np.ones(len(seen))])
    crossings = [(np.concatenate([seen, seen]), ends)]
    for each in all_tracks:
        crossings += [_crossings(each.row, each.shape[0]), _crossings(each.column, each.shape[1])]
    step, part = (np.concatenate(values) for values in zip(*crossings, strict=True))
    kept = np.isin(step, seen)
    step, part = step[kept], part[kept]
    order = np.lexsort((part, step))
    step, part = step[order], part[order]
    whole = (step[1:] == step[:-1]) & (part[1:] - part[:-1] > 1e-9)
    return Pieces(step[:-1][whole], part[:-1][whole], part[1:][whole])


def _sees(each: Track) -> npt.NDArray[np.bool_]:
    """Whether a step may lie on the raster of a track."""
    low = [values.min(axis=0) for values in (each.row, each.column)]
    high = [values.max(axis=0) for values in (each.row, each.column)]
    return np.asarray(
        (high[0] >= 0) & (low[0] <= each.shape[0]) & (high[1] >= 0) & (low[1] <= each.shape[1])
    )  # false for NaN


def _crossings(place: Floats, size: int) -> tuple[Integers, Floats]:
    """Step and part of it where a place passes a whole number, the edge of a cell."""
    with np.errstate(invalid="ignore"):
        first = np.ceil(np.clip(np.nanmin(place, axis=0), 0, size))
        last = np.floor(np.clip(np.nanmax(place, axis=0), 0, size))
    count = np.maximum(np.nan_to_num(last - first + 1), 0).astype(np.int64)
    step = np.repeat(np.arange(len(count)), count)
    within = np.arange(len(step)) - np.repeat(np.cumsum(count) - count, count)
    with np.errstate(invalid="ignore", divide="ignore"):
        part = (first[step] + within - place[0, step]) / (place[1, step] - place[0, step])
    inside = (part > 0) & (part < 1)  # false for NaN: along an edge nothing is crossed
    return step[inside], part[inside]


def cells_of(each: Track, pieces: Pieces) -> Cells:
    """Cell that a track is in, on each piece."""
    row, column = _middle(each, pieces)
    inside = (row >= 0) & (row < each.shape[0]) & (column >= 0) & (column < each.shape[1])  # false for NaN
    with np.errstate(invalid="ignore"):
        return Cells(np.floor(row).astype(np.int64), np.floor(column).astype(np.int64), inside)


def cells_inside(own: Track, across: Track, pieces: Pieces) -> Cells:
    """Next cell inside its own land, where a track is in a cell whose centre lies across the border.

    A raster that was cut at the border lacks such cells.

    Parameters
    ----------
    own, across : Track
        Right beside the border, on either side.
    pieces : Pieces

    Returns
    -------
    Cells
        Not ``inside`` where the centre of the cell lies in its own land.
    """
    place = np.stack(_middle(own, pieces))
    along = np.stack([(stop - start)[pieces.step] for start, stop in (own.row, own.column)])
    inward = np.stack([-along[1], along[0]])  # square to the border, in cells
    towards = place - np.stack(_middle(across, pieces))
    inward = inward * np.sign((inward * towards).sum(axis=0))
    with np.errstate(invalid="ignore"):
        cell = np.floor(place)
        abroad = ((cell + 0.5 - place) * inward).sum(axis=0) < 0
        by_row = np.abs(inward[0]) > np.abs(inward[1])
        cell = cell + np.where(by_row, [np.sign(inward[0]), np.zeros_like(by_row)], [0 * inward[1], np.sign(inward[1])])
        inside = abroad & (cell >= 0).all(axis=0) & (cell < np.array(own.shape)[:, None]).all(axis=0)
        return Cells(cell[0].astype(np.int64), cell[1].astype(np.int64), inside)


def _middle(each: Track, pieces: Pieces) -> tuple[Floats, Floats]:
    """Row and column of a track in the middle of each piece."""
    part = (pieces.first + pieces.last) / 2
    row, column = (start[pieces.step] + part * (stop - start)[pieces.step] for start, stop in (each.row, each.column))
    return row, column


def values_at(raster: xr.DataArray, cells: Cells, asked: npt.NDArray[np.bool_]) -> Floats:
    """Values of a raster in some cells.

    Parameters
    ----------
    raster : DataArray, shape (scenario, y, x)
        Read in small squares, only where asked.
    cells : Cells
    asked : ndarray of bool, shape (k,)

    Returns
    -------
    ndarray, shape (scenario, k)
        NaN where not asked, and outside the raster.
    """
    found = np.full((raster.sizes["scenario"], len(asked)), np.nan)
    chosen = np.flatnonzero(asked & cells.inside)
    row, column = cells.row[chosen], cells.column[chosen]
    tile = (row // _TILE) * (raster.sizes["x"] // _TILE + 1) + column // _TILE
    order = np.argsort(tile, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(tile[order])) + 1):
        if len(group):
            top, left = row[group].min(), column[group].min()
            window = raster[:, top : row[group].max() + 1, left : column[group].max() + 1].to_numpy()
            found[:, chosen[group]] = window[:, row[group] - top, column[group] - left]
    return found
