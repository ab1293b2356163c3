"""Rasters of which nothing is read or computed before somebody asks for a part of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from xarray import Variable
from xarray.backends import BackendArray
from xarray.core import indexing

__all__ = ["lazy", "real_type"]

Read = Callable[[tuple[slice, ...]], NDArray[Any]]


def lazy(dims: tuple[str, ...], shape: tuple[int, ...], dtype: DTypeLike, read: Read) -> Variable:
    """Return an xarray variable that calls ``read`` for each part that is asked for.

    Parameters
    ----------
    dims, shape, dtype
        As of the whole array.
    read : function
        Takes one slice per dimension, with start and stop inside the shape and step 1; returns that part. It is
        called from several threads at once.

    Examples
    --------
    >>> part = lazy(("y", "x"), (1000, 1000), "int64", lambda key: np.full((key[0].stop - key[0].start, 2), 7))
    >>> int(part[3:5, 0:2].sum())
    28
    """
    return Variable(dims, indexing.LazilyIndexedArray(_Lazy(shape, np.dtype(dtype), read)))


def real_type(stored: np.dtype[Any]) -> np.dtype[Any]:
    """Return the smallest real type that holds every value of a stored one, and NaN.

    Examples
    --------
    >>> str(real_type(np.dtype("int16"))), str(real_type(np.dtype("int32")))
    ('float32', 'float64')
    """
    return np.dtype("float32" if stored.itemsize <= 2 or stored == np.dtype("float32") else "float64")


class _Lazy(BackendArray):  # type: ignore[misc, no-untyped-call, unused-ignore]
    """The one class that xarray needs to index a file."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], read: Read) -> None:
        self.shape = shape
        self.dtype = dtype
        self._read = read

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._part)

    def _part(self, key: tuple[int | slice, ...]) -> NDArray[Any]:
        """Read the smallest window around what is asked for, and take that from it."""
        around: list[slice] = []
        inside: list[slice | int] = []
        for size, each in zip(self.shape, key, strict=True):
            steps = range(size)[each] if isinstance(each, slice) else range(each % size, each % size + 1)
            first, last = min(steps, default=0), max(steps, default=-1)
            around.append(slice(first, last + 1))
            inside.append(slice(None, None, each.step) if isinstance(each, slice) else 0)
        return self._read(tuple(around))[tuple(inside)]
