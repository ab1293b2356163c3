"""The door for NetCDF: regular grids that follow the CF conventions, alone or in a series of times."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import h5py
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

__all__ = ["open_netcdf"]

_X = {"projection_x_coordinate", "longitude", "degrees_east", "degree_east", "x", "lon", "easting"}
_Y = {"projection_y_coordinate", "latitude", "degrees_north", "degree_north", "y", "lat", "northing"}
_DEGREES = {"longitude", "latitude", "degrees_east", "degree_east", "degrees_north", "degree_north", "lon", "lat"}
_ROTATED = {"grid_longitude", "grid_latitude", "rlon", "rlat"}
MAX_WKT = 20_000
"""Longest text that is parsed as a CRS."""


def open_netcdf(layer: Layer, file: Path) -> tuple[xr.DataArray, Any, list[str]]:
    """Open one variable of a NetCDF file lazily.

    Returns
    -------
    raster : DataArray
        ``(y, x)`` or ``(time, y, x)``, with the units of the file in ``attrs``.
    crs : CRS or None
        What the file says.
    notes : list of str
        What is legal but doubtful.

    Raises
    ------
    FileError
        When the file is broken, or takes data from other files.
    GridError
        When the grid is curvilinear, rotated or irregular.
    LayerError
        When it does not hold one variable on a grid, or the card names none of several.
    """
    variable, data = _variable(layer, _dataset(layer, file))
    x_name, y_name = _axis(variable, _X, "x", layer.name), _axis(variable, _Y, "y", layer.name)
    notes: list[str] = []
    require_below(variable.size, "CELLS", what=f"cells of layer {layer.name}")
    block = _block(variable)
    require_below(math.prod(block.values()), "BLOCK_CELLS", what=f"cells of a block of layer {layer.name}")
    crs = _crs(variable, data, x_name, layer, notes)
    variable = _ordered(variable.rename({x_name: "x", y_name: "y"}), layer, notes)
    raster = _lazily(variable, layer, file)
    raster.encoding["preferred_chunks"] = {"y": block[y_name], "x": block[x_name]}
    transform = _transform(raster["x"].to_numpy(), raster["y"].to_numpy(), name=layer.name)
    return raster.rio.write_transform(transform), crs, notes


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
            raise _broken(file, error) from None
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


def _dataset(layer: Layer, file: Path) -> xr.Dataset:
    with file.open("rb") as stream:
        classic = stream.read(3) == b"CDF"
    if not classic:
        _require_self_contained(file)
    try:
        return xr.open_dataset(
            file,
            engine="scipy" if classic else "h5netcdf",
            cache=False,
            mask_and_scale=not layer.integer,
            decode_coords="all",
            decode_timedelta=False,
        )
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
        raise _broken(file, error) from None


def _broken(file: Path, error: Exception) -> FileError:
    reason = " ".join(str(error).split())[:200]
    return FileError(f"{file} cannot be read as NetCDF ({reason}); expected a whole file; fetch or write it again")


def _require_self_contained(file: Path) -> None:
    """Refuse an HDF5 file that takes data from other files: it could show any file of this machine as pixels."""
    try:
        with h5py.File(file, "r") as root:
            outside = _outside(root)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise _broken(file, error) from None
    if outside:
        raise FileError(
            f"{file} takes {outside!r} from another file (external link, external storage or virtual data set); "
            "expected all data inside; repack it with nccopy or h5repack"
        )


def _outside(root: h5py.File) -> str | None:
    """Name of the first object whose data are not in the file; soft links lead to objects that are seen anyway."""
    groups, seen = [root], set()
    while groups:
        group = groups.pop()
        for name in group:
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                return str(name)
            if not isinstance(link, h5py.HardLink):
                continue
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:
                continue
            seen.add(address)
            require_below(len(seen), "COLUMNS", what="objects in a NetCDF file")
            if isinstance(item, h5py.Group):
                groups.append(item)
            elif isinstance(item, h5py.Dataset) and (item.external or item.is_virtual):
                return str(item.name)
    return None


def _variable(layer: Layer, data: xr.Dataset) -> tuple[xr.DataArray, xr.Dataset]:
    if layer.variable is not None:
        if layer.variable not in data.data_vars:
            names = [str(name) for name in data.data_vars]
            raise LayerError(
                f"layer {layer.name} has no variable {layer.variable!r}{nearest(layer.variable, names)}; "
                f"it has {', '.join(names)}; correct 'variable' on the card"
            )
        return data[layer.variable], data
    grids = [str(name) for name, each in data.data_vars.items() if each.ndim >= 2]
    if len(grids) != 1:
        raise LayerError(
            f"layer {layer.name} has {len(grids)} variables on a grid ({', '.join(grids)[:300] or 'none'}); "
            "expected one; name it on the card, such as 'variable: ...'"
        )
    return data[grids[0]], data


def _block(variable: xr.DataArray) -> dict[str, int]:
    """Size of the blocks of a variable in its file, by dimension; single rows where it is stored in one piece."""
    sizes = {str(dimension): size for dimension, size in variable.sizes.items()}
    stored = variable.encoding.get("chunksizes")
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
    if any(_marks(coordinate) & _ROTATED for coordinate in variable.coords.values()) or _ROTATED & set(variable.dims):
        raise GridError(
            f"layer {name} lies on a rotated pole; expected a grid along longitude and latitude or a map projection; "
            "warp it first, such as with CDO remapbil"
        )
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


def _crs(variable: xr.DataArray, data: xr.Dataset, x_name: str, layer: Layer, notes: list[str]) -> Any:
    """CRS of the grid mapping of a variable; WGS 84 where coordinates are degrees and nothing else is said."""
    mapping = str(variable.encoding.get("grid_mapping", variable.attrs.get("grid_mapping", ""))).split(":")[0].strip()
    said = dict(data[mapping].attrs) if mapping in data.variables else {}
    wkt = next((said[key] for key in ("crs_wkt", "spatial_ref") if said.get(key)), None)
    if wkt is not None and len(str(wkt)) > MAX_WKT:
        raise FileError(f"layer {layer.name} describes its CRS in {len(str(wkt)):,} characters; expected {MAX_WKT:,}")
    degrees = bool(_marks(variable[x_name]) & _DEGREES)
    if degrees and wkt is None and not {"semi_major_axis", "earth_radius", "longitude_of_prime_meridian"} & set(said):
        if layer.crs is None:
            notes.append(f"{layer.name}: its longitudes and latitudes are taken as WGS 84 (EPSG:4326)")
        return None if layer.crs else pyproj.CRS("EPSG:4326")
    if not said:
        return None
    try:
        return pyproj.CRS.from_user_input(str(wkt)) if wkt is not None else pyproj.CRS.from_cf(said)
    except (CRSError, KeyError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise FileError(
            f"layer {layer.name}: its grid mapping {mapping!r} is no CRS ({reason}); expected one of CF; correct it"
        ) from None


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
