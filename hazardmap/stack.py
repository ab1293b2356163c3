"""Rasters of several scenarios as one, read only where and when they are looked at."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from hazardmap import checks
from hazardmap.errors import LayerError

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
    factors = [
        checks.factor_to(units, raster.attrs.get("units"), name=name)
        for raster, name in zip(rasters, names, strict=True)
    ]
    first = rasters[0]
    lazy = indexing.LazilyIndexedArray(_Stack(list(rasters), list(names), factors, least))
    variable = xr.Variable(("scenario", "y", "x"), lazy, encoding={"preferred_chunks": _blocks(first)})
    coords: dict[str, Any] = {k: first.coords[k] for k in ("y", "x", "spatial_ref") if k in first.coords}
    return xr.DataArray(variable, coords={**coords, "scenario": list(names)}, attrs={"units": units})


def _blocks(raster: xr.DataArray) -> dict[str, int]:
    """Return the block sizes of the file (or of the dask chunks), so that no block is decoded twice."""
    if raster.chunks is not None:
        return {str(d): int(sizes[0]) for d, sizes in zip(raster.dims, raster.chunks, strict=True)}
    chunks = raster.encoding.get("preferred_chunks", {})
    return {d: int(size) for d, size in chunks.items() if d in ("y", "x")}


class _Stack(BackendArray):
    """What xarray asks for values: one layer after the other, only the window wanted."""

    def __init__(self, rasters: list[xr.DataArray], names: list[str], factors: list[float], least: float) -> None:
        self.rasters, self.names, self.factors, self.least = rasters, names, factors, least
        self.shape = (len(rasters), *rasters[0].shape)
        # float64 holds the float32 of a file exactly, and integers up to 2**53
        single = all(r.dtype == np.float32 for r in rasters)
        self.dtype = np.dtype("float32" if single else "float64")

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> np.ndarray[Any, Any]:
        scenario, rows, columns = key
        wanted = np.arange(self.shape[0])[scenario]
        found = [self._layer(int(k), rows, columns) for k in np.atleast_1d(wanted)]
        return found[0] if np.ndim(wanted) == 0 else np.stack(found)

    def _layer(self, number: int, rows: Any, columns: Any) -> np.ndarray[Any, Any]:
        values = self.rasters[number].isel(y=rows, x=columns).to_numpy().astype(self.dtype, copy=False)
        if self.factors[number] != 1.0:
            values = values * self.dtype.type(self.factors[number])
        if values.size and np.nanmin(values, initial=np.inf) < self.least:
            raise LayerError(
                f"{self.names[number]} holds a value of {np.nanmin(values):g}; expected {self.least:g} or more; "
                "mark what is missing as nodata"
            )
        return values
