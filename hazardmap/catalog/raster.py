"""The door for rasters: GeoTIFF (also cloud-optimised) here, NetCDF and Zarr in their own modules."""

from __future__ import annotations

import contextlib
import math
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import rasterio
import rioxarray  # noqa: F401  (registers the .rio accessor)
import shapely
import xarray as xr
from rasterio.abc import FileContainer
from rasterio.enums import MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from hazardmap import checks
from hazardmap.catalog.card import is_store
from hazardmap.catalog.gdal import RASTER_OPTIONS
from hazardmap.catalog.place import DEGREES, agreed_crs, moved, wanted
from hazardmap.catalog.remote import Remote
from hazardmap.errors import FileError, GridError, LayerError, UnitsError
from hazardmap.files import format_of, require_below
from hazardmap.lazy import lazy, real_type

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from affine import Affine
    from numpy.typing import NDArray

    from hazardmap.catalog.card import Area, Layer

__all__ = ["extent", "open_raster"]


def open_raster(layer: Layer, file: Path | Remote, area: Area | None) -> tuple[xr.DataArray, list[str]]:
    """Open the raster of a layer lazily, and say what is doubtful about it.

    Parameters
    ----------
    layer : Layer
        Its card.
    file : Path or Remote
        What ``layer.file()`` returned, or a file on a web server.
    area : tuple of float, optional
        West, south, east, north in degrees.

    Returns
    -------
    raster : DataArray
        ``(y, x)`` or ``(time, y, x)``, with its units in ``attrs``.
    notes : list of str
        What is legal but doubtful.
    """
    if isinstance(file, Remote):
        if file.format != "GTiff":
            raise FileError(
                f"{file} is {file.format}; expected a GeoTIFF to be read in place; name it as 'url' instead"
            )
        raster, crs, notes = _open_geotiff(layer, file)
    elif is_store(file) or format_of(file) == "Zarr":
        from hazardmap.catalog.zarrstore import open_zarr

        raster, crs, notes = open_zarr(layer, file)
    elif format_of(file) == "NetCDF":
        from hazardmap.catalog.netcdf import open_netcdf

        raster, crs, notes = open_netcdf(layer, file)
    else:
        raster, crs, notes = _open_geotiff(layer, file)
    raster = raster.rio.write_crs(agreed_crs(layer, crs))
    raster.attrs["units"] = _agreed_units(layer, raster.attrs.get("units"))
    checks.grid_of(raster, name=f"layer {layer.name}")
    checks.require_range(raster, name=f"layer {layer.name}")
    if layer.dry_is_nodata:
        notes.append(f"{layer.name}: nodata inside the raster is taken as 0 (dry), as its card says")
    return (raster if area is None else _cropped(raster, area, name=layer.name)), notes


def extent(raster: xr.DataArray) -> shapely.Geometry:
    """Return the extent of a raster as a polygon in longitude and latitude."""
    return moved(shapely.box(*raster.rio.bounds(recalc=False)), raster.rio.crs, DEGREES)


def _open_geotiff(layer: Layer, file: Path | Remote) -> tuple[xr.DataArray, Any, list[str]]:
    with _opened(file) as source:
        band = _band(layer, source.count)
        _require_header(source, name=layer.name)
        shape, transform, crs = source.shape, source.transform, source.crs
        block = source.block_shapes[band - 1]
        stored = np.dtype(source.dtypes[band - 1])
        units, nodata = source.units[band - 1], source.nodatavals[band - 1]
    if layer.integer and stored.kind not in "iu":
        raise LayerError(f"layer {layer.name} holds {stored} but its card says integer; expected codes; correct one")
    if stored.kind not in "iuf":
        raise LayerError(f"layer {layer.name} holds {stored} values; expected numbers; convert it")
    if layer.integer:
        data = lazy(("y", "x"), shape, stored, partial(_read_codes, file, band))
    else:
        dtype = real_type(stored)
        missing = 0.0 if layer.dry_is_nodata else math.nan
        data = lazy(("y", "x"), shape, dtype, partial(_read_values, file, band, dtype, missing))
    raster = xr.DataArray(data, coords=_centres(shape, transform), name=layer.name)
    raster.encoding["preferred_chunks"] = {"y": block[0], "x": block[1]}
    raster.attrs["units"] = units
    if layer.integer and nodata is not None:
        raster.attrs["_FillValue"] = stored.type(nodata)
    return raster.rio.write_transform(transform), crs, []


@contextlib.contextmanager
def _opened(file: Path | Remote) -> Iterator[Any]:
    """Open a file as GeoTIFF and as nothing else, without files beside it and without a network."""
    troubles: list[FileError] = []
    try:
        with warnings.catch_warnings(), rasterio.Env(**RASTER_OPTIONS):
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            place: dict[str, Any] = {"fp": file}
            if isinstance(file, Remote):
                place = {"fp": file.name, "opener": _Served(file, troubles)}
            with rasterio.open(**place, driver="GTiff", sharing=False) as source:
                yield source
        if troubles:
            raise troubles[0]
    except RasterioError as error:
        if troubles:
            raise troubles[0] from None
        reason = " ".join(str(error).split())[:200]
        raise FileError(
            f"{file} cannot be read as GeoTIFF ({reason}); expected a whole file; fetch or write it again"
        ) from None


@FileContainer.register
class _Served:
    """A folder that holds one file on a web server, and nothing beside it, for GDAL to read through us."""

    def __init__(self, remote: Remote, troubles: list[FileError]) -> None:
        self._remote = remote
        self._troubles = troubles

    def open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        """Return a file object."""
        if mode[0] != "r" or not self.isfile(path):
            raise FileNotFoundError(path)
        return self._remote.open(self._troubles)

    def isfile(self, path: str) -> bool:
        """Whether that is our file."""
        return path.rpartition("/")[2] == self._remote.name

    def isdir(self, path: str) -> bool:
        """There are no folders in it."""
        return path == ""

    def ls(self, _: str) -> list[str]:
        """There is no telling what else the server has."""
        return []

    def mtime(self, _: str) -> int:
        """Return no age; it plays no part."""
        return 0

    def size(self, path: str) -> int:
        """Bytes of our file."""
        return self._remote.size if self.isfile(path) else 0


def _band(layer: Layer, count: int) -> int:
    if layer.band is None and count > 1:
        raise LayerError(f"layer {layer.name} has {count} bands; expected one; name it on the card, such as 'band: 1'")
    band = layer.band or 1
    if band > count:
        raise LayerError(f"layer {layer.name} has {count} bands but its card names band {band}; correct 'band'")
    return band


def _require_header(source: Any, *, name: str) -> None:
    rows, columns = source.shape
    require_below(rows * columns, "CELLS", what=f"cells of layer {name}")
    require_below(max(h * w for h, w in source.block_shapes), "BLOCK_CELLS", what=f"cells of a block of layer {name}")
    if source.transform.is_identity:
        raise GridError(
            f"layer {name} does not say where its cells are; expected a georeferenced raster; write its transform "
            "into the file (files beside it, such as .tfw, are not read)"
        )


def _read_values(
    file: Path | Remote, band: int, dtype: np.dtype[Any], missing: float, key: tuple[slice, ...]
) -> NDArray[Any]:
    """Read a window as real numbers: scale and offset applied, ``missing`` for nodata and for what is masked."""
    window = Window.from_slices(*key)
    with _opened(file) as source:
        nodata, only_nodata = source.nodatavals[band - 1], _masked_by_nodata_only(source, band)
        raw = source.read(band, window=window, masked=not only_nodata, out_dtype=dtype)
        scale, offset = source.scales[band - 1], source.offsets[band - 1]
    values: NDArray[Any] = np.ma.getdata(raw)
    mask = np.ma.getmask(raw)
    if only_nodata:  # the mask of GDAL would take as long as reading the values
        with np.errstate(over="ignore"):
            mask = False if nodata is None else values == dtype.type(nodata)
    if (scale, offset) != (1.0, 0.0):
        values = (values * scale + offset).astype(dtype)
    values[mask] = missing
    if missing == 0:
        values[np.isnan(values)] = 0
    return values


def _masked_by_nodata_only(source: Any, band: int) -> bool:
    """Whether a band of real numbers has no other mask than its nodata number, if any."""
    flags = set(source.mask_flag_enums[band - 1])
    return flags <= {MaskFlags.nodata, MaskFlags.all_valid} and source.dtypes[band - 1].startswith("float")


def _read_codes(file: Path | Remote, band: int, key: tuple[slice, ...]) -> NDArray[Any]:
    """Read a window as the integers that the file holds."""
    with _opened(file) as source:
        return np.asarray(source.read(band, window=Window.from_slices(*key)))


def _centres(shape: tuple[int, int], transform: Affine) -> dict[str, NDArray[np.float64]]:
    """Coordinates of the centres of the cells."""
    rows, columns = shape
    return {
        "y": transform.f + transform.e * (np.arange(rows) + 0.5),
        "x": transform.c + transform.a * (np.arange(columns) + 0.5),
    }


def _agreed_units(layer: Layer, found: Any) -> str:
    """Units on the card, else in the file; they may not contradict each other."""
    text = str(found).strip() if found else None
    if layer.integer:
        return "1"
    stated = layer.units if isinstance(layer.units, str) else None
    if stated is None and text is None:
        raise UnitsError(
            f"layer {layer.name} has no units in its file or on its card; expected some; "
            "add 'units: m' (or what it is) to the card, or 'integer: true' if it holds codes"
        )
    if stated and text and not checks.same_units(stated, text):
        raise UnitsError(
            f"layer {layer.name} is in {text!r} but its card says {stated!r}; expected one of them; "
            "correct the card, or convert the file"
        )
    return stated or text or ""


def _cropped(raster: xr.DataArray, area: Area, *, name: str) -> xr.DataArray:
    """Cut a raster to the cells that touch an area."""
    crs, transform = raster.rio.crs, raster.rio.transform(recalc=False)
    shape = wanted(area, raster.rio.bounds(recalc=False), crs, name=name)
    inverse = ~transform
    left, bottom, right, top = shape.bounds
    (x0, y0), (x1, y1) = inverse * (left, bottom), inverse * (right, top)
    rows = _span(y0, y1, raster.sizes["y"])
    columns = _span(x0, x1, raster.sizes["x"])
    cut = raster.isel(y=rows, x=columns)
    return cast(
        "xr.DataArray", cut.rio.write_transform(transform * type(transform).translation(columns.start, rows.start))
    )


def _span(one: float, other: float, size: int) -> slice:
    """Cells between two places along an axis, at least one; a billionth of a cell is no overlap."""
    low, high = sorted((one, other))
    start = min(max(math.floor(low + 1e-6), 0), size - 1)
    return slice(start, min(max(math.ceil(high - 1e-6), start + 1), size))
