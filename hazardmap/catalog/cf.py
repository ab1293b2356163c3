"""What the CF conventions say of a grid: its axes, its CRS, its times; the same for NetCDF and for Zarr."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import rioxarray  # noqa: F401  (registers the .rio accessor)
import xarray as xr
from affine import Affine
from pyproj.exceptions import CRSError

from hazardmap.catalog.card import nearest
from hazardmap.errors import FileError, GridError, LayerError
from hazardmap.files import require_below
from hazardmap.lazy import lazy, real_type

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from hazardmap.catalog.card import Layer

__all__ = ["broken", "gridded"]

_X = {"projection_x_coordinate", "longitude", "degrees_east", "degree_east", "x", "lon", "easting"}
_Y = {"projection_y_coordinate", "latitude", "degrees_north", "degree_north", "y", "lat", "northing"}
_DEGREES = {"longitude", "latitude", "degrees_east", "degree_east", "degrees_north", "degree_north", "lon", "lat"}
_ROTATED_X = {"grid_longitude", "rlon"}
_ROTATED_Y = {"grid_latitude", "rlat"}
_WGS84_M = 6_378_137.0
_NO_TIME = re.compile(r"unable to decode time units '([^']*)'")
MAX_WKT = 20_000
"""Longest text that is parsed as a CRS."""


def gridded(layer: Layer, data: xr.Dataset, file: Path) -> tuple[xr.DataArray, Any, list[str]]:
    """Return one variable of a data set as a lazy raster.

    Parameters
    ----------
    layer : Layer
        Its card.
    data : Dataset
        Opened and decoded; nothing of the variable has been read.
    file : Path
        Named in errors.

    Returns
    -------
    raster : DataArray
        ``(y, x)`` or ``(time, y, x)``, with the units of the file in ``attrs``. Where the file gives bounds of its
        times, each time is the middle of its interval; a calendar of its own stays what it is (cftime).
    crs : CRS or None
        What the file says. A rotated pole is read as a map projection in metres: its degrees as a plate carrée.
    notes : list of str
        What is legal but doubtful.

    Raises
    ------
    GridError
        When the grid is curvilinear or irregular, or lies on a rotated pole that the file does not describe.
    LayerError
        When it does not hold one variable on a grid, or the card names none of several.
    """
    variable = _variable(layer, data)
    notes: list[str] = []
    rotated = _rotated(variable)
    x_name = _axis(variable, _ROTATED_X if rotated else _X, "x", layer.name)
    y_name = _axis(variable, _ROTATED_Y if rotated else _Y, "y", layer.name)
    require_below(variable.size, "CELLS", what=f"cells of layer {layer.name}")
    block = _block(variable)
    require_below(math.prod(block.values()), "BLOCK_CELLS", what=f"cells of a block of layer {layer.name}")
    said = _mapping(variable, data, layer)
    times = _times(variable, data, layer, notes)
    crs = _rotated_crs(said, layer, notes) if rotated else _crs(variable, said, x_name, layer, notes)
    variable = _ordered(variable.rename({x_name: "x", y_name: "y"}), layer, notes)
    raster = _lazily(variable, layer, file)
    if "time" in raster.dims and times is not None:
        raster = raster.assign_coords(time=times)
    if rotated:
        raster = _in_metres(raster)
    raster.encoding["preferred_chunks"] = {"y": block[y_name], "x": block[x_name]}
    transform = _transform(raster["x"].to_numpy(), raster["y"].to_numpy(), name=layer.name)
    return raster.rio.write_transform(transform), crs, notes


def broken(file: Path, error: Exception, kind: str = "NetCDF") -> FileError:
    """Return the error of a file that a library cannot read: broken bytes, or times that count no days."""
    reason = " ".join(str(error).split())[:200]
    counted = _NO_TIME.search(reason)
    if counted:
        return FileError(
            f"{file} counts its times in {counted[1]!r}, which makes no dates (months and years have no one length); "
            "expected 'days since' a date; write them anew, such as with cdo settaxis,1990-01-01,00:00:00,1month IN OUT"
        )
    return FileError(f"{file} cannot be read as {kind} ({reason}); expected a whole file; fetch or write it again")


def _lazily(variable: xr.DataArray, layer: Layer, file: Path) -> xr.DataArray:
    """Wrap a variable, so that each part is turned into our types as it is read."""
    stored = variable.dtype
    if stored.kind not in "iuf" or (layer.integer and stored.kind == "f"):
        raise LayerError(f"layer {layer.name} holds {stored} values; expected numbers (codes if 'integer'); convert it")
    dtype = stored if layer.integer else real_type(stored)

    def read(key: tuple[slice, ...]) -> NDArray[Any]:
        try:
            values = np.array(variable[key].to_numpy(), dtype=dtype)
        except (OSError, RuntimeError, ValueError) as error:
            raise broken(file, error) from None
        if layer.dry_is_nodata:
            values[np.isnan(values)] = 0
        return values

    coordinates: dict[str, Any] = {axis: variable[axis].to_numpy().astype("float64") for axis in ("y", "x")}
    if "time" in variable.dims:
        coordinates["time"] = variable["time"].to_numpy()
    dims = tuple(str(dimension) for dimension in variable.dims)
    raster = xr.DataArray(lazy(dims, variable.shape, dtype, read), coords=coordinates, name=layer.name)
    raster.attrs["units"] = variable.attrs.get("units")
    if layer.integer and "_FillValue" in variable.attrs:
        raster.attrs["_FillValue"] = stored.type(variable.attrs["_FillValue"])
    return raster


def _variable(layer: Layer, data: xr.Dataset) -> xr.DataArray:
    if layer.variable is not None:
        if layer.variable not in data.data_vars:
            names = [str(name) for name in data.data_vars]
            raise LayerError(
                f"layer {layer.name} has no variable {layer.variable!r}{nearest(layer.variable, names)}; "
                f"it has {', '.join(names)}; correct 'variable' on the card"
            )
        return data[layer.variable]
    grids = [str(name) for name, each in data.data_vars.items() if each.ndim >= 2]
    if len(grids) != 1:
        raise LayerError(
            f"layer {layer.name} has {len(grids)} variables on a grid ({', '.join(grids)[:300] or 'none'}); "
            "expected one; name it on the card, such as 'variable: ...'"
        )
    return data[grids[0]]


def _block(variable: xr.DataArray) -> dict[str, int]:
    """Size of the blocks of a variable in its file, by dimension; single rows where it is stored in one piece."""
    sizes = {str(dimension): size for dimension, size in variable.sizes.items()}
    stored = variable.encoding.get("chunksizes") or variable.encoding.get("chunks")
    if stored:
        return dict(zip(sizes, stored, strict=True))
    last = list(sizes)[-1]
    return {dimension: size if dimension == last else 1 for dimension, size in sizes.items()}


def _marks(coordinate: xr.DataArray) -> set[str]:
    """Collect what a coordinate says of itself."""
    said = (coordinate.name, coordinate.attrs.get("standard_name"), coordinate.attrs.get("units"))
    return {str(each).lower() for each in said if each is not None}


def _axis(variable: xr.DataArray, known: set[str], axis: str, name: str) -> str:
    """Dimension that runs along x or y."""
    found = [
        str(dimension)
        for dimension in variable.dims
        if dimension in variable.coords and _marks(variable[dimension]) & known
    ]
    if len(found) == 1:
        return found[0]
    curved = [str(each) for each, coordinate in variable.coords.items() if coordinate.ndim == 2]
    if curved:
        raise GridError(
            f"layer {name} lies on a curvilinear grid ({', '.join(curved)} are two-dimensional); "
            "expected rows along x and columns along y; warp it first"
        )
    raise GridError(
        f"layer {name} has the dimensions {variable.dims} but none with coordinates along {axis}; "
        f"expected one such as {'lon' if axis == 'x' else 'lat'} or {axis}; add coordinates with CF names to the file"
    )


def _mapping(variable: xr.DataArray, data: xr.Dataset, layer: Layer) -> dict[str, Any]:
    """Return what the grid mapping of a variable says; nothing where it has none."""
    name = str(variable.encoding.get("grid_mapping", variable.attrs.get("grid_mapping", ""))).split(":")[0].strip()
    said = dict(data[name].attrs) if name in data.variables else {}
    wkt = next((said[key] for key in ("crs_wkt", "spatial_ref") if said.get(key)), None)
    if wkt is not None and len(str(wkt)) > MAX_WKT:
        raise FileError(f"layer {layer.name} describes its CRS in {len(str(wkt)):,} characters; expected {MAX_WKT:,}")
    return {**said, "name": name, "wkt": wkt} if said else {}


def _crs(variable: xr.DataArray, said: dict[str, Any], x_name: str, layer: Layer, notes: list[str]) -> Any:
    """CRS of the grid mapping of a variable; WGS 84 where coordinates are degrees and nothing else is said."""
    wkt = said.get("wkt")
    degrees = bool(_marks(variable[x_name]) & _DEGREES)
    if degrees and wkt is None and not {"semi_major_axis", "earth_radius", "longitude_of_prime_meridian"} & set(said):
        if layer.crs is None:
            notes.append(f"{layer.name}: its longitudes and latitudes are taken as WGS 84 (EPSG:4326)")
        return None if layer.crs else pyproj.CRS("EPSG:4326")
    return _parsed(said, layer) if said else None


def _parsed(said: dict[str, Any], layer: Layer) -> pyproj.CRS:
    """Return the CRS that a grid mapping describes."""
    try:
        return pyproj.CRS.from_user_input(str(said["wkt"])) if said["wkt"] is not None else pyproj.CRS.from_cf(said)
    except (CRSError, KeyError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise FileError(
            f"layer {layer.name}: its grid mapping {said['name']!r} is no CRS ({reason}); expected one of CF; "
            "correct it"
        ) from None


def _rotated(variable: xr.DataArray) -> bool:
    """Whether the axes of a variable run along a rotated pole."""
    known = _ROTATED_X | _ROTATED_Y
    marked = any(_marks(coordinate) & known for coordinate in variable.coords.values())
    return marked or bool(known & {str(dimension) for dimension in variable.dims})


def _rotated_crs(said: dict[str, Any], layer: Layer, notes: list[str]) -> pyproj.CRS:
    """Return a rotated pole as a map projection: the plate carrée of its degrees, in metres.

    The library of projections knows the rotated degrees themselves as degrees, so that nothing above could tell them
    from true ones. As a projection they have a scale, an area and a place on earth like any other grid.
    """
    if not said:
        raise GridError(
            f"layer {layer.name} lies on a rotated pole but has no grid mapping that says where the pole is; expected "
            "a variable with grid_mapping_name rotated_latitude_longitude; add it, or warp the file to degrees"
        )
    try:
        pole = {**_parsed(said, layer).to_cf(), **{key: value for key, value in said.items() if value is not None}}
        turn = float(pole.get("north_pole_grid_longitude", 0.0))
        where = float(pole["grid_north_pole_latitude"]), float(pole["grid_north_pole_longitude"])
        crs = pyproj.CRS(
            f"+proj=ob_tran +o_proj=eqc +o_lat_p={where[0]!r} +o_lon_p={turn!r} +lon_0={where[1] + 180.0!r} "
            "+datum=WGS84 +units=m +type=crs"
        )
    except (CRSError, KeyError, ValueError, TypeError) as error:
        raise GridError(
            f"layer {layer.name}: its grid mapping {said['name']!r} does not say where the rotated pole is ({error}); "
            "expected grid_north_pole_latitude and grid_north_pole_longitude; add them"
        ) from None
    notes.append(f"{layer.name}: it lies on a rotated pole, is read as it is, and its datum is taken as WGS 84")
    return crs


def _in_metres(raster: xr.DataArray) -> xr.DataArray:
    """Turn rotated degrees into metres of their plate carrée."""
    per_degree = math.radians(_WGS84_M)
    return raster.assign_coords({axis: raster[axis].to_numpy() * per_degree for axis in ("y", "x")})


def _times(variable: xr.DataArray, data: xr.Dataset, layer: Layer, notes: list[str]) -> NDArray[Any] | None:
    """Return the middle of the interval of each time, where the file gives their bounds."""
    for dimension in variable.dims:
        axis = variable.coords.get(dimension)
        said = {} if axis is None else {**axis.encoding, **axis.attrs}
        if "climatology" in said:
            raise LayerError(
                f"layer {layer.name} is a climatology (means over many years); expected a series of times; "
                "take the series that it was made from"
            )
        name = said.get("bounds")
        if axis is None or axis.dtype.kind not in "MO" or name not in data.variables:
            continue
        bounds = data[name].to_numpy()
        if bounds.shape != (axis.size, 2) or bounds.dtype.kind not in "MO":
            raise LayerError(
                f"layer {layer.name}: the bounds {name!r} of its times have the shape {bounds.shape} ({bounds.dtype}); "
                f"expected two times for each of {axis.size}; correct the file"
            )
        if (bounds[:, 1] < bounds[:, 0]).any():
            raise LayerError(f"layer {layer.name}: a time ends before it begins ({name}); expected the reverse; sort")
        notes.append(f"{layer.name}: the bounds of its times say what each value is for")
        return np.asarray(bounds[:, 0] + (bounds[:, 1] - bounds[:, 0]) / 2)
    return None


def _ordered(variable: xr.DataArray, layer: Layer, notes: list[str]) -> xr.DataArray:
    """Drop dimensions of length one, and order the others as (time, y, x)."""
    for dimension in [each for each in variable.dims if each not in ("x", "y")]:
        if variable.sizes[dimension] == 1:
            at = str(variable[dimension].to_numpy()[0])[:40] if dimension in variable.coords else "its only entry"
            notes.append(f"{layer.name}: only {dimension} {at} exists, and is taken")
            variable = variable.isel({dimension: 0}, drop=True)
    others = [str(each) for each in variable.dims if each not in ("x", "y")]
    times = [each for each in others if each in variable.coords and variable[each].dtype.kind in "mMO"]
    if others != times or len(times) > 1:
        raise LayerError(
            f"layer {layer.name} has the dimensions {variable.dims}; expected (y, x) or (time, y, x) with times that "
            "can be read; cut it first"
        )
    return variable.rename(dict.fromkeys(times, "time")).transpose(*(["time"] if times else []), "y", "x")


def _transform(x: NDArray[np.float64], y: NDArray[np.float64], *, name: str) -> Affine:
    if min(len(x), len(y)) < 2 or not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise GridError(f"layer {name} has {len(y)} x {len(x)} cells with places; expected two or more along x and y")
    dx, dy = (x[-1] - x[0]) / (len(x) - 1), (y[-1] - y[0]) / (len(y) - 1)
    return Affine(dx, 0, x[0] - dx / 2, 0, dy, y[0] - dy / 2)
