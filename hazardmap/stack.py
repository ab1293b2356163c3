"""Rasters of several scenarios as one, read only where and when they are looked at."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from hazardmap import checks
from hazardmap.errors import LayerError
from hazardmap.lazy import lazy

__all__ = ["combine", "stack", "stack_velocities"]


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


def stack_velocities(
    rasters: Sequence[xr.DataArray | None], depth: xr.DataArray, names: Sequence[str]
) -> xr.DataArray | None:
    """Stack rasters of velocity beside a stack of depths; None where there are none.

    Parameters
    ----------
    rasters : sequence of DataArray or None, each (y, x)
        One per scenario, with ``attrs["units"]``; for all scenarios or for none.
    depth : DataArray, shape (scenario, y, x)
    names : sequence of str
        One per scenario.

    Returns
    -------
    DataArray, shape (scenario, y, x)
        Lazy, in m/s; NaN is missing.

    Raises
    ------
    LayerError
        When some scenarios have a velocity and others do not; a negative one when it is read.
    GridError
        When they are not on the grid of the depths.
    UnitsError
        When one has no units of velocity.
    """
    given = [raster for raster in rasters if raster is not None]
    if not given:
        return None
    if len(given) < len(rasters):
        bare = names[[raster is None for raster in rasters].index(True)]
        raise LayerError(f"scenario {bare!r} has no velocity but others have; expected it for all or none; add it")
    grid = checks.grid_of(depth, name="the depths")
    for raster, name in zip(given, names, strict=True):
        found = checks.grid_of(raster, name=f"velocity of {name}")
        checks.require_same_grid(grid, found, name="the depths", other_name=f"velocity of {name}")
    return stack(given, [f"velocity of {name}" for name in names], units="m/s", least=0.0)


def combine(function: Callable[..., npt.NDArray[Any]], *stacks: xr.DataArray) -> xr.DataArray:
    """Apply a function of cells to stacks on one grid, window by window, without reading them.

    Parameters
    ----------
    function : callable
        Of one array per stack, all of one shape; returns one of that shape.
    *stacks : DataArray, each (scenario, y, x)

    Returns
    -------
    DataArray, shape (scenario, y, x)
        Lazy, on the grid and in the type of the first.

    Raises
    ------
    GridError
        When they are not on one grid.

    Examples
    --------
    >>> import rioxarray
    >>> coords = {"y": [0.5], "x": [0.5, 1.5], "scenario": ["T10"]}
    >>> depth = xr.DataArray([[[0.0, 1.2]]], dims=("scenario", "y", "x"), coords=coords).rio.write_crs("EPSG:3035")
    >>> combine(np.multiply, depth, depth + 1).values.round(2).tolist()
    [[[0.0, 2.64]]]
    """
    first = stacks[0]
    grid = checks.grid_of(first, name="the first stack")
    for other in stacks[1:]:
        found = checks.grid_of(other, name="the second stack")
        checks.require_same_grid(grid, found, name="the first stack", other_name="the second")
    variable = lazy(("scenario", "y", "x"), first.shape, first.dtype, partial(_read_combined, function, stacks))
    combined = xr.DataArray(variable, coords=first.coords)
    combined.encoding["preferred_chunks"] = first.encoding.get("preferred_chunks", {})
    return combined


def _read_combined(
    function: Callable[..., npt.NDArray[Any]], stacks: Sequence[xr.DataArray], key: tuple[slice, ...]
) -> npt.NDArray[Any]:
    return function(*(each[key].to_numpy() for each in stacks)).astype(stacks[0].dtype, copy=False)


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
    if np.fmin.reduce(values, axis=None) < layer.least:  # no NaN counts
        raise LayerError(
            f"{layer.name} holds a value of {np.nanmin(values):g}; expected {layer.least:g} or more; "
            "mark what is missing as nodata"
        )
    return values
