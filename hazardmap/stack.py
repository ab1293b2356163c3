"""Rasters of several scenarios as one, read only where and when they are looked at."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from hazardmap import checks
from hazardmap.errors import LayerError
from hazardmap.lazy import lazy

__all__ = ["stack"]


def stack(rasters: Sequence[xr.DataArray], names: Sequence[str], *, units: str, least: float = -np.inf) -> xr.DataArray:
    """Stack rasters on one grid along a new first dimension ``scenario``, without reading them.

    Parameters
    ----------
    rasters : sequence of DataArray, each (y, x)
        On one grid, with ``attrs["units"]``.
    names : sequence of str
        One id per scenario.
    units : str
        Units wanted; values are converted as they are read.
    least : float
        A smaller value than this is refused when it is read.

    Returns
    -------
    DataArray, shape (scenario, y, x)
        Lazy; float32 or float64; NaN is missing.

    Raises
    ------
    GridError
        When the rasters are not on one grid.
    UnitsError
        When one has no units, or of another kind.
    """
    grid = checks.grid_of(rasters[0], name=names[0])
    for raster, name in zip(rasters[1:], names[1:], strict=True):
        checks.require_same_grid(grid, checks.grid_of(raster, name=name), name=names[0], other_name=name)
    layers = [
        _Layer(raster, name, checks.factor_to(units, raster.attrs.get("units"), name=name), least)
        for raster, name in zip(rasters, names, strict=True)
    ]
    first = rasters[0]
    # float64 holds the float32 of a file exactly, and integers up to 2**53
    dtype = "float32" if all(raster.dtype == np.float32 for raster in rasters) else "float64"
    variable = lazy(("scenario", "y", "x"), (len(rasters), *first.shape), dtype, partial(_read, layers, dtype))
    coords: dict[str, Any] = {k: first.coords[k] for k in ("y", "x", "spatial_ref") if k in first.coords}
    stacked = xr.DataArray(variable, coords={**coords, "scenario": list(names)}, attrs={"units": units})
    stacked.encoding["preferred_chunks"] = _blocks(first)  # here: a DataArray forgets the encoding of a variable
    return stacked


def _blocks(raster: xr.DataArray) -> dict[str, int]:
    """Return the block sizes of the file (or of the dask chunks), so that no block is decoded twice."""
    if raster.chunks is not None:
        return {str(d): int(sizes[0]) for d, sizes in zip(raster.dims, raster.chunks, strict=True)}
    chunks = raster.encoding.get("preferred_chunks", {})
    return {d: int(size) for d, size in chunks.items() if d in ("y", "x")}


class _Layer(NamedTuple):
    """One raster of the stack, and what its values must be turned into."""

    raster: xr.DataArray
    name: str
    factor: float
    least: float


def _read(layers: list[_Layer], dtype: str, key: tuple[slice, ...]) -> npt.NDArray[Any]:
    """Read a window of some layers."""
    scenarios, rows, columns = key
    windows = [_window(layer, dtype, rows, columns) for layer in layers[scenarios]]
    return windows[0][np.newaxis] if len(windows) == 1 else np.stack(windows)


def _window(layer: _Layer, dtype: str, rows: slice, columns: slice) -> npt.NDArray[Any]:
    values = layer.raster.isel(y=rows, x=columns).to_numpy().astype(dtype, copy=False)
    if layer.factor != 1.0:
        values = values * np.asarray(layer.factor, dtype=dtype)
    if (values < layer.least).any():
        raise LayerError(
            f"{layer.name} holds a value of {np.nanmin(values):g}; expected {layer.least:g} or more; "
            "mark what is missing as nodata"
        )
    return values
