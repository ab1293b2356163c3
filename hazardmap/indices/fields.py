"""Functions of whole series applied to fields: at once in memory, block by block where they are in dask chunks."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from hazardmap.errors import GridError

__all__ = ["over_time", "real"]

Array = npt.NDArray[Any]


def over_time(
    function: Callable[..., Array], data: xr.DataArray, *others: xr.DataArray, time: xr.DataArray | None = None
) -> xr.DataArray:
    """Apply a function of whole series to fields.

    Parameters
    ----------
    function : function
        Takes one array per field, of shape (time, ...), and returns one. A field without time comes with a time
        axis of length 1. It sees some cells at a time, so that it must not mix them.
    data : DataArray (time, ...)
        Dask chunks in time are put together (and cut in space to the size that dask is set to).
    *others : DataArray
        With the same time axis or none, and the dimensions of ``data`` or some of them.
    time : DataArray, optional
        Time axis of what the function returns, where it is another one.

    Returns
    -------
    DataArray
        With dimensions and coordinates of ``data``; float32 where ``data`` is, otherwise float64; no attributes.

    Raises
    ------
    GridError
        When coordinates differ.
    """
    first = data.transpose("time", ...)
    fields = [first, *(_like(other, first) for other in others)]
    dtype = real(first.dtype)
    if all(field.chunks is None for field in fields):
        values: Any = function(*(field.to_numpy() for field in fields)).astype(dtype, copy=False)
    else:
        import dask.array

        da: Any = dask.array
        array = first.chunk().data if first.chunks is None else first.data
        if array.numblocks[0] > 1:
            array = array.rechunk({0: -1, **dict.fromkeys(range(1, array.ndim), "auto")})
        arrays = [array]
        for field in fields[1:]:
            sizes = tuple(n if n == 1 else pieces for n, pieces in zip(field.shape, array.chunks, strict=True))
            arrays.append(da.asarray(field.data).rechunk(sizes))
        chunks = ((first.sizes["time"] if time is None else len(time),), *array.chunks[1:])
        empty = np.empty((0,) * array.ndim, dtype=dtype)
        values = da.map_blocks(function, *arrays, dtype=dtype, chunks=chunks, meta=empty)
    coords = dict(first.coords)
    if time is not None:
        coords = {name: field for name, field in coords.items() if "time" not in field.dims} | {"time": time}
    return xr.DataArray(values, coords=coords, dims=first.dims).transpose(*data.dims)


def real(dtype: npt.DTypeLike) -> np.dtype[Any]:
    """Return the type of results: float32 for float32, float64 for anything else."""
    return np.dtype("float32" if np.dtype(dtype) == np.float32 else "float64")


def _like(field: xr.DataArray, first: xr.DataArray) -> xr.DataArray:
    """Return a field with the dimensions of the first one; along those that it does not have, its length is 1."""
    strange = [dim for dim in field.dims if dim not in first.dims]
    try:
        xr.align(field, first, join="exact", copy=False)
    except ValueError:
        strange = [dim for dim in field.dims if dim in first.dims]
    if strange:
        raise GridError(
            f"two fields differ along {', '.join(map(str, strange))}; expected the same places and times; "
            "align or interpolate one to the other first"
        )
    return field.expand_dims([dim for dim in first.dims if dim not in field.dims]).transpose(*first.dims)
