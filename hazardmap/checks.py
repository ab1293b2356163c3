"""The questions asked of data at the door, so that nobody has to ask them again inside."""

import math
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox

from hazardmap.errors import CoordinatesError, CRSMismatchError, GridError, LayerError, MissingCRSError, UnitsError

__all__ = [
    "crs_name",
    "factor_to",
    "grid_of",
    "is_intensity",
    "kelvin_offset",
    "require_area",
    "require_crs",
    "require_dimension",
    "require_features",
    "require_numbers",
    "require_range",
    "require_same_crs",
    "require_same_grid",
    "require_unique",
    "same_crs",
    "same_units",
]

# What each canonical unit may be called, and the factor that turns it into the canonical one. A short table
# is enough: an unknown unit is refused, never guessed.
_UNITS: dict[str, dict[str, float]] = {
    "m": {"m": 1.0, "metre": 1.0, "meter": 1.0, "metres": 1.0, "meters": 1.0, "dm": 0.1, "cm": 0.01, "mm": 0.001},
    "m/s": {"m/s": 1.0, "m s-1": 1.0, "km/h": 1 / 3.6},
    "people": {"people": 1.0, "persons": 1.0, "inhabitants": 1.0, "count": 1.0},
    "km2": {"km2": 1.0, "m2": 1e-6, "ha": 0.01},
    "mm": {"mm": 1.0, "m": 1000.0, "cm": 10.0, "kg m-2": 1.0, "kg/m2": 1.0, "kg m**-2": 1.0},
    "mm/day": {
        **dict.fromkeys(("mm/day", "mm/d", "mm d-1", "mm day-1", "kg m-2 d-1", "kg m-2 day-1"), 1.0),
        **dict.fromkeys(("kg m-2 s-1", "kg/m2/s", "kg/m^2/s", "kg m**-2 s**-1", "mm/s", "mm s-1"), 86_400.0),
        **dict.fromkeys(("mm/h", "mm h-1", "mm/hr", "mm hr-1"), 24.0),
        **dict.fromkeys(("m/day", "m/d", "m d-1", "m day-1"), 1000.0),
        **dict.fromkeys(("m/s", "m s-1"), 86_400_000.0),
    },
    "mm/month": {"mm/month": 1.0, "mm month-1": 1.0},
    "degC": dict.fromkeys(("degC", "°C", "C", "celsius", "Celsius", "deg_C", "degrees_C", "degree_Celsius"), 1.0),
    "K": dict.fromkeys(("K", "kelvin", "Kelvin", "degK"), 1.0),
    "t": {"t": 1.0, "tonne": 1.0, "tonnes": 1.0, "kg": 0.001, "kt": 1000.0},
    "MW": {"MW": 1.0, "kW": 0.001, "GW": 1000.0},
}

# Those that say how strong something is: adding them up over cells says nothing.
_INTENSITIES = ("m", "m/s", "mm", "mm/day", "mm/month", "degC", "K")


def crs_name(crs: Any) -> str:
    """Return a CRS in a few characters: its authority code, or the start of its name."""
    if crs is None:
        return "no CRS"
    known = pyproj.CRS.from_user_input(crs)
    code = known.to_authority()
    return ":".join(code) if code else known.name[:40]


def same_crs(one: Any, other: Any) -> bool:
    """Whether two CRSs are the same; the order in which they name their axes does not count.

    Examples
    --------
    >>> same_crs("EPSG:4326", "OGC:CRS84"), same_crs("EPSG:4326", "EPSG:4258")
    (True, False)
    """
    first, second = pyproj.CRS.from_user_input(one), pyproj.CRS.from_user_input(other)
    if first.equals(second, ignore_axis_order=True):
        return True
    codes = first.to_authority(min_confidence=70), second.to_authority(min_confidence=70)
    return codes[0] is not None and codes[0] == codes[1]


def require_crs(data: gpd.GeoDataFrame | xr.DataArray, *, name: str) -> pyproj.CRS:
    """CRS of a frame or a raster; data without one are refused.

    Raises
    ------
    MissingCRSError
        When the data do not say which CRS they use.
    """
    if isinstance(data, xr.DataArray):
        import rioxarray  # noqa: F401  (registers the .rio accessor)

        crs, cure = data.rio.crs, "rio.write_crs"
    else:
        crs, cure = data.crs, "set_crs"
    if crs is None:
        raise MissingCRSError(f"{name} has no CRS; every layer needs one; use {name}.{cure}('EPSG:...')")
    return pyproj.CRS.from_user_input(crs)


def require_same_crs(features: gpd.GeoDataFrame, crs: Any, *, name: str, other: str) -> None:
    """Refuse features whose CRS differs from ``crs``.

    Raises
    ------
    CRSMismatchError
        With both CRSs, and the call that cures it.
    """
    found = require_crs(features, name=name)
    expected = pyproj.CRS.from_user_input(crs)
    if not same_crs(found, expected):
        raise CRSMismatchError(
            f"{name} is in {crs_name(found)} but {other} is in {crs_name(expected)}; "
            f"use {name}.to_crs('{crs_name(expected)}')"
        )


def require_features(features: gpd.GeoDataFrame, *, name: str) -> None:
    """Refuse a frame that is empty, has no CRS, or holds coordinates that cannot be a place on earth.

    Raises
    ------
    LayerError
        When the frame is empty or a geometry is missing.
    MissingCRSError
        When it has no CRS.
    CoordinatesError
        When a coordinate is not finite, or a longitude or latitude is out of range.
    """
    if features.empty:
        raise LayerError(f"{name} is empty; expected at least one feature; check its file, layer name and area")
    crs = require_crs(features, name=name)
    geometry = features.geometry.to_numpy()
    missing = int((shapely.is_missing(geometry) | shapely.is_empty(geometry)).sum())
    if missing:
        raise LayerError(
            f"{name} has {missing} features without geometry; expected none; drop them with {name}.dropna()"
        )
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise CoordinatesError(
            f"{name} has coordinates that are not finite (NaN or infinite); expected numbers; correct the rows"
        )
    if crs.is_geographic:
        _require_degrees(shapely.bounds(geometry), name=name)


def require_unique(ids: pd.Series, *, name: str) -> None:
    """Refuse ids that are missing or occur twice.

    Raises
    ------
    LayerError
        With the first id that does.
    """
    if ids.isna().any():
        raise LayerError(f"{name} has {int(ids.isna().sum())} rows without an id; expected one each; fill them in")
    if ids.duplicated().any():
        twice = ids[ids.duplicated()].iloc[0]
        raise LayerError(f"{name} has the id {str(twice)!r} more than once; expected distinct ids; correct the rows")


def require_dimension(features: gpd.GeoDataFrame, dimension: int | None, *, name: str) -> int:
    """Return the dimension of the geometries (0 points, 1 lines, 2 polygons); refuse mixed or other kinds.

    Raises
    ------
    LayerError
        When the kinds are mixed, or not the one asked for.
    """
    kinds = ("points", "lines", "polygons")
    geometry = features.geometry.to_numpy()
    found = sorted({int(d) for d in shapely.get_dimensions(geometry)})
    if (shapely.get_type_id(geometry) == 7).any():
        raise LayerError(f"{name} holds geometry collections; expected points, lines or polygons; use {name}.explode()")
    if len(found) > 1 or (dimension is not None and found != [dimension]):
        expected = "one kind" if dimension is None else kinds[dimension]
        raise LayerError(
            f"{name} holds {' and '.join(kinds[d] for d in found)}; expected {expected}; use one layer per kind"
        )
    return found[0]


def _require_degrees(bounds: np.ndarray[Any, Any], *, name: str) -> None:
    """Refuse longitudes outside -180..360 and latitudes outside -90..90."""
    west, south = bounds[:, 0].min(), bounds[:, 1].min()
    east, north = bounds[:, 2].max(), bounds[:, 3].max()
    if south < -90 or north > 90:
        worst = south if south < -90 else north
        raise CoordinatesError(
            f"{name} has a latitude of {worst:g}; expected -90..90; check whether its coordinates are swapped or metric"
        )
    if west < -180 or east > 360:
        worst = west if west < -180 else east
        raise CoordinatesError(
            f"{name} has a longitude of {worst:g}; expected -180..360; check whether its coordinates are metric"
        )


def grid_of(field: xr.DataArray, *, name: str = "raster") -> GeoBox:
    """Grid (shape, transform and CRS in one) of a raster whose last dimensions are ``y, x``.

    Raises
    ------
    MissingCRSError
        When the raster has no CRS.
    GridError
        When its dimensions are not ``(..., y, x)``, or its cells are not of one size, or it is rotated, or its
        coordinates lie elsewhere than its transform says.
    """
    crs = require_crs(field, name=name)
    if field.dims[-2:] != ("y", "x"):
        raise GridError(f"{name} has the dimensions {field.dims}; expected (..., 'y', 'x'); rename or transpose them")
    if min(field.shape[-2:]) < 1:
        raise GridError(f"{name} has no cells; expected at least one; check the area it was cut to")
    transform = field.rio.transform(recalc=False)
    if transform.b or transform.d:
        raise GridError(f"{name} lies on a rotated grid; expected rows along x and columns along y; warp it first")
    for axis in ("x", "y"):
        if axis in field.coords and field[axis].size > 2:
            steps = np.diff(field[axis].to_numpy())
            if not np.allclose(steps, steps[0], rtol=1e-3):
                raise GridError(f"{name} has cells of unlike size along {axis}; expected a regular grid; warp it first")
    _require_placed(field, transform, name=name)
    rows, columns = field.shape[-2:]
    return GeoBox((rows, columns), transform, crs)


# Of a cell; coordinates in single precision are off by their own rounding besides.
_PLACED = 0.1


def _require_placed(field: xr.DataArray, transform: Affine, *, name: str) -> None:
    """Refuse coordinates that left the transform behind, as those of a coarsened raster do."""
    for axis, start, step in (("x", transform.c, transform.a), ("y", transform.f, transform.e)):
        if axis not in field.coords:
            continue
        ends = field[axis][[0, -1]].to_numpy()
        found, places = ends.astype(float), start + step * (np.array([0, field.sizes[axis] - 1]) + 0.5)
        rounding = 2 * np.finfo(ends.dtype).eps * np.abs(found).max() if ends.dtype.kind == "f" else 0.0
        if (np.abs(found - places) > _PLACED * abs(step) + rounding).any():
            raise GridError(
                f"{name} has cells from {found[0]:.10g} to {found[1]:.10g} along {axis}, but its transform says from "
                f"{places[0]:.10g} to {places[1]:.10g}; expected one grid; write the right transform with "
                "rio.write_transform (after coarsening: raster.rio.transform(recalc=True))"
            )


def require_range(raster: xr.DataArray, *, name: str) -> None:
    """Refuse a raster in degrees whose cells cannot be places on earth.

    Raises
    ------
    CoordinatesError
        When the centre of a cell is out of range.
    """
    if require_crs(raster, name=name).is_geographic:
        x, y = raster["x"].to_numpy(), raster["y"].to_numpy()
        _require_degrees(np.array([[x.min(), y.min(), x.max(), y.max()]]), name=name)


def require_area(area: Any) -> tuple[float, float, float, float]:
    """Return an area as west, south, east, north in degrees; refuse what is none.

    Raises
    ------
    CoordinatesError
        When it is not four finite numbers in that order and in range.

    Examples
    --------
    >>> require_area([5, 50, 7, 52])
    (5.0, 50.0, 7.0, 52.0)
    """
    numbers = list(area) if isinstance(area, list | tuple) else []
    if len(numbers) != 4 or not all(isinstance(each, int | float) and math.isfinite(each) for each in numbers):
        raise CoordinatesError(f"the area is {area!r}; expected [west, south, east, north] in degrees; correct it")
    west, south, east, north = (float(each) for each in numbers)
    if not (-180 <= west < east <= 360 and -90 <= south < north <= 90):
        raise CoordinatesError(
            f"the area is {numbers}; expected [west, south, east, north] in degrees, west < east and south < north; "
            "correct their order and range"
        )
    return west, south, east, north


def require_same_grid(grid: GeoBox, other: GeoBox, *, name: str, other_name: str) -> None:
    """Refuse two rasters that are not on one grid (shape, transform to a thousandth of a cell, CRS).

    Raises
    ------
    GridError
        With what differs.
    """
    cell = abs(grid.transform.a)
    near = all(math.isclose(a, b, abs_tol=1e-3 * cell) for a, b in zip(grid.transform, other.transform, strict=True))
    if grid.shape != other.shape or not near or not same_crs(str(grid.crs), str(other.crs)):
        raise GridError(
            f"{name} lies on {_describe(grid)} but {other_name} lies on {_describe(other)}; "
            "the scenarios of one footprint need one grid; warp one onto the other with rio.reproject_match"
        )


def _describe(grid: GeoBox) -> str:
    """Return a grid in a few words."""
    rows, columns = grid.shape
    left, top = grid.transform.c, grid.transform.f
    return f"{rows} x {columns} cells from ({left:.10g}, {top:.10g}) in {crs_name(str(grid.crs))}"


def factor_to(units: str, found: str | None, *, name: str) -> float:
    """Return the factor that turns values in ``found`` into ``units``.

    Raises
    ------
    UnitsError
        When the data carry no units, or units that cannot become ``units``.

    Examples
    --------
    >>> factor_to("m", "cm", name="depth")
    0.01
    """
    known = _UNITS.get(units, {units: 1.0})
    if found is None or not str(found).strip():
        raise UnitsError(f"{name} has no units; expected {units!r}; name them on its card or in attrs['units']")
    if str(found).strip() not in known:
        raise UnitsError(f"{name} is in {found!r}; expected {units!r} or one of {', '.join(known)}; convert it first")
    return known[str(found).strip()]


def kelvin_offset(found: str | None, *, name: str) -> float:
    """Return what must be added to temperatures in ``found`` to have degrees Celsius.

    Raises
    ------
    UnitsError
        When the data carry no units, or none of temperature.

    Examples
    --------
    >>> kelvin_offset("K", name="temperature"), kelvin_offset("degC", name="temperature")
    (-273.15, 0.0)
    """
    if str(found).strip() in _UNITS["K"]:
        return -273.15
    try:
        factor_to("degC", found, name=name)
    except UnitsError as error:
        raise UnitsError(str(error).replace("expected 'degC' or one of", "expected 'K', 'degC' or one of")) from None
    return 0.0


def is_intensity(units: str) -> bool:
    """Whether units are those of a depth, a speed, rain or a temperature: they say how strong, not how much.

    Examples
    --------
    >>> is_intensity("cm"), is_intensity("people"), is_intensity("EUR")
    (True, False, False)
    """
    return any(units.strip() in _UNITS[kind] for kind in _INTENSITIES)


def same_units(one: str, other: str) -> bool:
    """Whether two names mean the same units.

    Examples
    --------
    >>> same_units("m", "metre"), same_units("m", "cm")
    (True, False)
    """
    return one == other or any(
        known.get(one) is not None and known.get(one) == known.get(other) for known in _UNITS.values()
    )


def require_numbers(features: pd.DataFrame, column: str, *, name: str) -> None:
    """Refuse a column that is absent, or does not hold numbers; missing ones (NaN) pass.

    Raises
    ------
    LayerError
        With what was found, such as the text ``'1,200'``.
    """
    if column not in features.columns:
        raise LayerError(
            f"{name} has no column {column!r}; expected numbers in it; it has {', '.join(map(str, features.columns))}"
        )
    values = features[column]
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        some = values.dropna()
        found = repr(some.iloc[0]) if len(some) else "nothing"
        raise LayerError(
            f"{name}: the column {column!r} holds {found} ({values.dtype}); expected numbers; "
            "write them without thousands separators and with a decimal point"
        )
    if np.isinf(values.to_numpy(dtype=float, na_value=np.nan)).any():
        raise LayerError(f"{name}: the column {column!r} holds infinity; expected finite numbers; correct the rows")
