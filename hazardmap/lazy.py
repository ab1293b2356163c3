"""Rasters of which nothing is read or computed before somebody asks for a part of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from xarray import Variable
from xarray.backends import BackendArray
from xarray.core import indexing

__all__ = ["Tiles", "lazy", "real_type"]

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


class Tiles:
    """A raster ``(layer, y, x)`` made tile by tile: each tile is computed once, and remembered while memory allows.

    For what needs a whole series to say anything about one step of it, such as an index of drought: whoever asks for
    one layer after the other would have it computed anew each time.

    Parameters
    ----------
    shape : tuple of int
        Of the raster.
    tile : tuple of int
        Rows and columns of a tile.
    compute : function
        Takes slices of rows and of columns; returns all layers there. It is called from several threads at once, but
        for each tile from one.
    most_bytes : int
        Memory for finished tiles; the one that was asked for the longest ago goes first.

    Examples
    --------
    >>> tiles = Tiles((2, 10, 10), (4, 5), lambda rows, columns: np.ones((2, rows.stop - rows.start, 5)))
    >>> tiles.read((slice(0, 1), slice(3, 6), slice(4, 7))).shape
    (1, 3, 3)
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        tile: tuple[int, int],
        compute: Callable[[slice, slice], NDArray[Any]],
        most_bytes: int = 256_000_000,
    ) -> None:
        self.shape, self.tile, self.compute, self.most_bytes = shape, tile, compute, most_bytes
        self._forget()

    def read(self, key: tuple[slice, ...]) -> NDArray[Any]:
        """Return a window of some layers."""
        layers, rows, columns = key
        (height, width) = self.tile
        return np.concatenate(
            [
                np.concatenate(
                    [
                        self._tile(i, j)[layers, _inside(rows, i * height, height), _inside(columns, j * width, width)]
                        for j in range(columns.start // width, -(-columns.stop // width))
                    ],
                    axis=2,
                )
                for i in range(rows.start // height, -(-rows.stop // height))
            ],
            axis=1,
        )

    def _tile(self, i: int, j: int) -> NDArray[Any]:
        with self._lock:
            busy = self._busy.setdefault((i, j), Lock())
        with busy:
            with self._lock:
                found = self._done.get((i, j))
                if found is not None:
                    self._done.move_to_end((i, j))
                    return found
            (height, width), (_, rows, columns) = self.tile, self.shape
            top, left = i * height, j * width
            made = self.compute(slice(top, min(top + height, rows)), slice(left, min(left + width, columns)))
            with self._lock:
                self._done[i, j] = made
                while len(self._done) > 1 and sum(each.nbytes for each in self._done.values()) > self.most_bytes:
                    self._done.popitem(last=False)
            return made

    def _forget(self) -> None:
        self._lock = Lock()
        self._busy: dict[tuple[int, int], Lock] = {}
        self._done: OrderedDict[tuple[int, int], NDArray[Any]] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        """Leave locks and finished tiles out: another machine makes its own."""
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._forget()


def _inside(asked: slice, start: int, size: int) -> slice:
    """Return the part of what is asked for that lies in a tile, counted from its start."""
    return slice(max(asked.start - start, 0), min(asked.stop - start, size))


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
