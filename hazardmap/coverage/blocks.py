"""Windows of a raster and what is read from them."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

__all__ = ["Block", "Curves", "Reader", "Window", "windows_of"]

Window = tuple[int, int, int, int]
"""Row, column, height and width of a part of a raster, in cells."""

VALUES_AT_ONCE = 4_000_000


class Block(NamedTuple):
    """What a reader returns for one window.

    Attributes
    ----------
    window : Window
        Row, column, height, width.
    values : array (S, h, w)
        float32 or float64, one layer per scenario; NaN is missing.
    source : array (h, w) of int32, int or None
        Source of every cell; one source for all of them; or None where nobody asks.
    """

    window: Window
    values: NDArray[Any]
    source: NDArray[np.int32] | int | None = None


class Curves(NamedTuple):
    """Piecewise-linear functions, constant beyond their ends, and which of them each shape follows.

    Attributes
    ----------
    nodes : sequence of (x, y)
        Of each function; x ascending.
    which : array (n,) of int
        Number of the function of each shape; -1 is none.
    """

    nodes: Sequence[tuple[Sequence[float], Sequence[float]]]
    which: NDArray[np.int64]


class Reader(Protocol):
    """Whoever gives blocks of one raster; a raster :class:`~hazardmap.footprint.Footprint` is one.

    ``read`` is called from several threads at once, and each window at most once.
    """

    @property
    def grid(self) -> GeoBox:
        """Shape, transform and CRS of the raster."""
        ...

    def windows(self) -> list[Window]:
        """Windows that cover the raster without overlap."""
        ...

    def read(self, window: Window) -> Block:
        """Read one window."""
        ...


def windows_of(raster: xr.DataArray) -> list[Window]:
    """Windows that cover a raster once, in the block order of its file.

    A window is made of whole blocks (``encoding["preferred_chunks"]`` of a file, chunks of a dask array), so that no
    block is decoded twice, and holds about four million values of all layers together.

    Parameters
    ----------
    raster : DataArray
        Dimensions ``(..., y, x)``; stays lazy.

    Returns
    -------
    list of Window
        From the first row down, and from the first column on.

    Examples
    --------
    >>> windows_of(xr.DataArray(np.zeros((2, 3)), dims=("y", "x")))
    [(0, 0, 2, 3)]
    """
    rows, columns = raster.shape[-2:]
    layers = int(np.prod(raster.shape[:-2]))
    cells = max(1, VALUES_AT_ONCE // max(layers, 1))
    heights, widths = _blocks(raster, "y", rows), _blocks(raster, "x", columns)
    widths = _merged(widths, max(1, cells // max(heights)))
    if len(widths) == 1:
        heights = _merged(heights, max(1, cells // columns))
    return [
        (row, column, height, width)
        for row, height in zip(_starts(heights), heights, strict=True)
        for column, width in zip(_starts(widths), widths, strict=True)
    ]


def _blocks(raster: xr.DataArray, dimension: str, size: int) -> list[int]:
    """Sizes of the blocks along one dimension."""
    if raster.chunks is not None:
        return list(raster.chunksizes[dimension])
    step = int(raster.encoding.get("preferred_chunks", {}).get(dimension, size if dimension == "x" else 1))
    step = min(max(step, 1), size)
    return [min(step, size - start) for start in range(0, size, step)]


def _merged(sizes: Sequence[int], limit: int) -> list[int]:
    """Merge neighbouring blocks as long as they stay within the limit."""
    merged = [sizes[0]]
    for size in sizes[1:]:
        if merged[-1] + size <= limit:
            merged[-1] += size
        else:
            merged.append(size)
    return merged


def _starts(sizes: Sequence[int]) -> list[int]:
    return [int(start) for start in np.cumsum([0, *sizes[:-1]])]
