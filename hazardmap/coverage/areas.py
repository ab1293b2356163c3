"""How large the cells of a grid are on the ellipsoid, and how its rows and columns lie."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pyproj
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from scipy.interpolate import CubicSpline, RectBivariateSpline

from hazardmap.coverage.blocks import Window
from hazardmap.errors import GridError

__all__ = ["Frame", "authalic", "cell_areas", "ellipsoid_of", "frame_of"]

Floats = NDArray[np.float64]

KNOT_M = 10_000.0
"""Distance of the places at which the scale of a projection is asked for; it is smooth in between."""

STEP_M = 1_000.0
"""Over which differences are taken: right to 1e-10, between what the formula leaves out and rounding errors."""

MOST_KNOTS = 64
"""Per axis. Over 5,000 km these are 80 km apart: a cubic spline is then still right to 1e-10."""


@dataclass(frozen=True)
class Frame:
    """A grid as the kernels see it: north up and west left, whichever way its file runs."""

    grid: GeoBox

    @cached_property
    def crs(self) -> pyproj.CRS:
        """CRS of the grid."""
        return pyproj.CRS(str(self.grid.crs))

    @cached_property
    def metre(self) -> float:
        """Metres in one unit of a projected CRS."""
        return float(self.crs.axis_info[0].unit_conversion_factor)

    @property
    def cell(self) -> tuple[float, float]:
        """Width and height of a cell in units of the CRS, both positive."""
        return abs(self.grid.affine.a), abs(self.grid.affine.e)

    @cached_property
    def corner(self) -> tuple[float, float]:
        """Coordinates of the north-western corner."""
        west, _, _, north = self.grid.boundingbox.bbox
        return west, north

    def upright(self, window: Window) -> Window:
        """Window of the file as a window of the upright grid, and back."""
        row, column, height, width = window
        rows, columns = self.grid.shape
        if self.grid.affine.e > 0:
            row = rows - row - height
        if self.grid.affine.a < 0:
            column = columns - column - width
        return row, column, height, width

    def turned(self, array: NDArray[Any]) -> NDArray[Any]:
        """Cells ``(..., y, x)`` of a window, north up and west left."""
        if self.grid.affine.e > 0:
            array = array[..., ::-1, :]
        if self.grid.affine.a < 0:
            array = array[..., ::-1]
        return np.ascontiguousarray(array)

    def to_cells(self, coordinates: Floats) -> Floats:
        """Coordinates (v, 2) of the CRS as columns and rows of the upright grid.

        What lies so near to an edge of a cell that float64 cannot tell is put on it: a shape that was drawn along the
        grid shall not reach into the next cell by a rounding error.
        """
        (west, north), (width, height) = self.corner, self.cell
        cells = np.empty_like(coordinates)
        np.subtract(coordinates[:, 0], west, out=cells[:, 0])
        np.subtract(north, coordinates[:, 1], out=cells[:, 1])
        cells[:, 0] /= width
        cells[:, 1] /= height
        edges = np.rint(cells)
        doubt = 4.0 * np.finfo(float).eps * max(abs(west), abs(north)) / min(width, height)
        np.copyto(cells, edges, where=np.abs(cells - edges) < doubt)
        return cells

    def from_cells(self, columns: Floats, rows: Floats) -> tuple[Floats, Floats]:
        """Coordinates of columns and rows of the upright grid."""
        (west, north), (width, height) = self.corner, self.cell
        return west + np.asarray(columns) * width, north - np.asarray(rows) * height

    def to_lonlat(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Longitudes and latitudes in degrees, on the datum of the grid."""
        if self.crs.is_geographic:
            degrees = np.degrees(self.metre)  # the unit of an angle is given in radians
            return np.asarray(x) * degrees, np.asarray(y) * degrees
        lon, lat = self._to_geodetic.transform(x, y)
        return np.asarray(lon), np.asarray(lat)

    @cached_property
    def _to_geodetic(self) -> pyproj.Transformer:
        return pyproj.Transformer.from_crs(self.crs, self.crs.geodetic_crs, always_xy=True)

    def areas(self, window: Window) -> tuple[Floats, int]:
        """Cell areas of an upright window, as the kernels take them.

        Returns
        -------
        array (h, pieces, k)
            Polynomial of the area in m2 along each piece of a row, highest power first.
        int
            Columns in a piece.
        """
        row, column, height, width = window
        if self.crs.is_geographic:
            _, latitudes = self.from_cells(np.zeros(1), np.arange(row, row + height + 1.0))
            _, latitudes = self.to_lonlat(latitudes, latitudes)
            zones = -np.diff(authalic(self.crs, np.clip(latitudes, -90.0, 90.0)))
            return (zones * self.cell[0] * self.metre)[:, None, None], width
        planar = self.cell[0] * self.cell[1] * self.metre**2
        scale = self._scale
        if isinstance(scale, float):
            return np.full((height, 1, 1), planar / scale), width
        step = max(1, int(KNOT_M / self.metre / self.cell[0]))
        pieces = -(-width // step)
        knots = step * np.arange(max(pieces + 1, 4))
        centres = np.arange(row, row + height) + 0.5
        areas = planar / scale(centres, column + 0.5 + knots)
        powers = CubicSpline(knots, areas, axis=1).c[:, :pieces]
        return np.ascontiguousarray(powers.transpose(2, 1, 0)), step

    @cached_property
    def _scale(self) -> Any:
        """Planar area over area on the ellipsoid: one number, or a spline over rows and columns.

        By differences of what places of the grid are on the ellipsoid, not by the scale that PROJ states: that is one
        of a sphere where a projection is made for a sphere, as the one of web maps is (0.7 % at the equator).
        """
        rows, columns = self.grid.shape
        margin = KNOT_M / self.metre
        axes = []
        for cells, size in ((rows, self.cell[1]), (columns, self.cell[0])):
            count = int(np.clip(cells * size / margin, 8, MOST_KNOTS))
            axes.append(np.linspace(0.0, max(cells, 4) + 4 * margin / size, count))
        x, y = self.from_cells(*np.meshgrid(axes[1], axes[0]))
        with np.errstate(invalid="ignore"):  # of places that are none; refused below
            area = np.linalg.norm(np.cross(self._slope(x, y, 1.0, 0.0), self._slope(x, y, 0.0, 1.0)), axis=-1)
            scale = 1.0 / area
        if not np.isfinite(scale).all():
            raise GridError(
                f"the raster reaches beyond where {self.crs.name} has a scale; expected a grid within its area of use; "
                "cut it, or warp it to another CRS"
            )
        if np.ptp(scale) < 1e-8:  # 1e-10 for an equal-area projection
            return float(np.round(scale.mean(), 8))
        return RectBivariateSpline(axes[0], axes[1], scale)

    def _slope(self, x: Floats, y: Floats, east: float, north: float) -> Floats:
        """How a place on the ellipsoid (x, y, z) moves per planar metre: central differences of the fourth order."""
        slope = np.zeros((*x.shape, 3))
        for times, weight in ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12)):
            step = times * STEP_M / self.metre
            slope += weight / STEP_M * _place(self.crs, *self.to_lonlat(x + step * east, y + step * north))
        return slope


@lru_cache(maxsize=8)
def frame_of(grid: GeoBox) -> Frame:
    """Frame of a grid; the scale of its projection is asked for once."""
    return Frame(grid)


def ellipsoid_of(crs: pyproj.CRS) -> pyproj.Geod:
    """Ellipsoid of a CRS."""
    ellipsoid = crs.get_geod()
    if ellipsoid is None:
        raise GridError(f"{crs.name} has no ellipsoid; expected a CRS of the earth; use another one")
    return ellipsoid


def _place(crs: pyproj.CRS, longitude: Floats, latitude: Floats) -> Floats:
    """Geocentric coordinates of places on the ellipsoid: J. P. Snyder (1987), USGS PP 1395, eq. 4-20."""
    ellipsoid = ellipsoid_of(crs)
    lon, lat = np.radians(longitude), np.radians(latitude)
    radius = ellipsoid.a / np.sqrt(1.0 - ellipsoid.es * np.sin(lat) ** 2)
    x, y = radius * np.cos(lat) * np.cos(lon), radius * np.cos(lat) * np.sin(lon)
    return np.stack([x, y, radius * (1.0 - ellipsoid.es) * np.sin(lat)], axis=-1)


def authalic(crs: pyproj.CRS, latitude: Floats) -> Floats:
    """Area between the equator and a latitude (degrees), in m2 per radian of longitude.

    Closed form on the ellipsoid of the CRS: J. P. Snyder (1987), USGS PP 1395, eq. 3-12.

    Examples
    --------
    >>> float(round(4e-12 * np.pi * authalic(pyproj.CRS(4326), np.array([90.0]))[0], 6))  # million km2 of earth
    510.065622
    """
    ellipsoid = ellipsoid_of(crs)
    sine = np.sin(np.radians(latitude))
    if ellipsoid.es == 0.0:
        return np.asarray(ellipsoid.a**2 * sine)
    e = np.sqrt(ellipsoid.es)
    return np.asarray(0.5 * ellipsoid.b**2 * (sine / (1.0 - (e * sine) ** 2) + np.arctanh(e * sine) / e))


def cell_areas(grid: GeoBox, window: Window) -> Floats:
    """Ellipsoidal areas of the cells of a window.

    On grids of longitude and latitude in closed form; on projected grids the planar area over the areal scale at the
    centre of the cell (interpolated smoothly, to 1e-9); the same everywhere where the projection keeps areas.

    Parameters
    ----------
    grid : GeoBox
        Grid of the raster.
    window : Window
        Row, column, height, width.

    Returns
    -------
    array
        Square metres on the ellipsoid of the CRS; broadcasts to (height, width).

    Examples
    --------
    >>> from affine import Affine
    >>> globe = GeoBox((180, 360), Affine(1, 0, -180, 0, -1, 90), "EPSG:4326")
    >>> areas = np.broadcast_to(cell_areas(globe, (0, 0, 180, 360)), (180, 360))
    >>> float(round(areas.sum() / 1e12, 6))  # million km2
    510.065622
    """
    frame = frame_of(grid)
    powers, step = frame.areas(frame.upright(window))
    if powers.shape[2] == 1:
        areas = powers[:, :, 0]
    else:
        columns = np.arange(window[3])
        piece = columns // step
        areas = np.zeros((window[2], window[3]))
        for power in range(powers.shape[2]):
            areas = areas * (columns - piece * step) + powers[:, piece, power]
    if grid.affine.e > 0:
        areas = areas[::-1]
    return areas[:, ::-1] if grid.affine.a < 0 else areas
