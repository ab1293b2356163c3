"""Rasters for the browser: one stack of small whole numbers that gives colour, legend and the value on click.

A raster keeps its own cells, so that a click reads the very cell of the source. The page finds the cell of a place by
itself: from degrees directly, for any other CRS between the nodes of a lattice that is fine enough to be off by less
than a twentieth of a cell. Rasters beyond the limit are reduced to the worst of each block of cells.
"""

import math
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from odc.geo.geobox import GeoBox
from pyproj import CRS, Geod, Transformer

from hazardmap import checks
from hazardmap.outputs.webmap.codec import pack

__all__ = ["MAX_CELLS", "EncodedRaster", "encode_raster", "origin_codes", "zoom_limit"]

Floats = npt.NDArray[np.float32]

MAX_CELLS = 6_500_000
"""Cells of one scenario that the page takes as they are; beyond, the worst of each block."""

# A coarse raster is hidden where one of its cells would be wider than this on the screen.
_WIDEST_CELL_PX = 24
_MERCATOR_EQUATOR_M = 40_075_016.686
_MISSING = 0
# One less than two bytes hold: the page has a use for the last.
_HIGHEST_CODE = 2**16 - 2
# Steps between the least and the greatest value; fewer in a long series, which is read for its course.
_STEPS, _STEPS_OF_SERIES = 200, 60
_MANY = 12
# How far off, in cells, the lattice of a projected raster may be, and the most nodes along a side.
_LATTICE_OFF = 0.05
_MOST_NODES = 257


class EncodedRaster(NamedTuple):
    """What the page needs to draw and to read a raster: a description (JSON), and the cells (gzip)."""

    description: dict[str, Any]
    payload: bytes


def encode_raster(
    values: xr.DataArray,
    *,
    levels: tuple[float, ...],
    worse: str = "higher",
    units: str = "",
    origins: "npt.NDArray[np.int64] | None" = None,
    max_cells: int = MAX_CELLS,
    max_bytes: int | None = None,
) -> EncodedRaster:
    """Encode a raster of scenarios.

    Parameters
    ----------
    values : DataArray
        ``(scenario, y, x)``, NaN for missing, 0 for none; any CRS.
    levels : tuple of float
        Class edges from mild to bad. Rounding never moves a value across an edge, nor a wet cell to dry.
    worse : {"higher", "lower"}
    units : str
        Metres are kept to decimetres where the levels allow it.
    origins : ndarray of int, shape (y, x), optional
        Code of the mix of origins of each cell, 0 for none; see :func:`origin_codes`.
    max_cells : int
        Cells of one scenario above which blocks of cells are drawn as one, the worst of them.
    max_bytes : int, optional
        Size of the payload above which the same is done.

    Returns
    -------
    EncodedRaster
        With ``worst_of`` in its description: how many cells a block is wide and high, 1 for cells as they are.
    """
    grid = checks.grid_of(values, name="the raster of the map")
    factor = max(1, math.ceil(math.sqrt(grid.shape[0] * grid.shape[1] / max_cells)))
    reduced, codes, grid = _reduced(values, origins, grid, factor, worse)
    scale = _scale(reduced, levels, worse, units)
    encoded, step = _encoded(reduced, codes, grid, scale, factor), 1
    while max_bytes is not None and len(encoded.payload) > max_bytes and max(reduced.shape[1:]) > step:
        step = max(step + 1, math.ceil(step * math.sqrt(len(encoded.payload) / max_bytes)))
        encoded = _encoded(*_reduced(reduced, codes, grid, step, worse), scale, factor * step)
    return encoded


def _encoded(
    values: Floats, codes: "npt.NDArray[np.int64] | None", grid: GeoBox, scale: "_Scale", factor: int
) -> EncodedRaster:
    cell_m = _cell_size_m(grid)
    values, codes, grid = _north_up(values, codes, grid)
    stack = np.stack([_quantised(layer, scale) for layer in values])
    coding, body = _smaller(stack)
    if codes is not None:
        # of a cell that stays dry nobody asks where the water comes from
        codes = np.where((stack >= scale.starts[int(scale.none)]).any(axis=0), codes, 0)
        body += _planes(codes.astype(np.uint16))
    place, nodes = _placed(grid)
    body += nodes
    description = place | {
        "columns": grid.shape[1],
        "rows": grid.shape[0],
        "scenarios": len(stack),
        "bytes": stack.dtype.itemsize,
        "coding": coding,
        "origins": codes is not None,
        "step": scale.step,
        "lowest": scale.lowest,
        "decimals": max(0, -math.ceil(math.log10(scale.step) - 1e-9)),
        "starts": scale.starts,
        "classes": scale.classes,
        "cell_m": [round(side) for side in cell_m],
        "worst_of": factor,
    }
    return EncodedRaster(description, pack(body))


def zoom_limit(cell_m: float, latitude: float) -> int:
    """Last zoom level at which a raster of such cells may be drawn without looking sharper than it is.

    A cell then measures at most 24 pixels on the screen.

    Examples
    --------
    >>> zoom_limit(926, 51)
    11
    """
    metres_per_pixel = _MERCATOR_EQUATOR_M / 256 * math.cos(math.radians(latitude))
    return math.floor(math.log2(_WIDEST_CELL_PX * metres_per_pixel / cell_m))


def origin_codes(source: npt.NDArray[np.int32], shares: pd.DataFrame) -> tuple[npt.NDArray[np.int64], list[list[Any]]]:
    """Turn sources into codes of their mix of origins, in whole per cent.

    Parameters
    ----------
    source : ndarray of int, shape (y, x)
    shares : DataFrame
        Columns ``source, origin, share``.

    Returns
    -------
    codes : ndarray of int, shape (y, x)
        0 where a source has no shares; else the number (from 1) of a mix.
    mixes : list
        Each a list of ``[origin, per cent]``, the greatest first.
    """
    table = shares.pivot_table(index="source", columns="origin", values="share", aggfunc="sum", fill_value=0.0)
    percent = np.rint(table.to_numpy() * 100).astype(int)
    present = np.isin(table.index.to_numpy(), np.unique(source))
    percent, known = percent[present], table.index.to_numpy()[present]
    if not len(known):
        return np.zeros(source.shape, dtype=np.int64), []
    distinct, which = np.unique(percent, axis=0, return_inverse=True)
    position = np.clip(np.searchsorted(known, source), 0, len(known) - 1)
    codes = np.where(known[position] == source, which.reshape(-1)[position] + 1, 0)
    names = [str(name) for name in table.columns]
    return codes, [_mix(names, row) for row in distinct.tolist()]


def _mix(names: list[str], percent: list[int]) -> list[list[Any]]:
    """Return what is there, the greatest first."""
    order = sorted((-part, name) for name, part in zip(names, percent, strict=True) if part)
    return [[name, -part] for part, name in order]


# ------------------------------------------------------------------------------------------------------------- grids


def _reduced(
    values: xr.DataArray | Floats, origins: "npt.NDArray[np.int64] | None", grid: GeoBox, factor: int, worse: str
) -> tuple[Floats, "npt.NDArray[np.int64] | None", GeoBox]:
    """Read every scenario, as the worst of each block of ``factor`` x ``factor`` cells."""
    if factor == 1:
        return np.asarray(values).astype(np.float32, copy=False), origins, grid
    rows, columns = (math.ceil(side / factor) for side in grid.shape)
    out = np.empty((len(values), rows, columns), dtype=np.float32)
    codes = None if origins is None else np.zeros((rows, columns), dtype=np.int64)
    for row in range(rows):
        strip = np.asarray(values[:, row * factor : (row + 1) * factor]).astype(np.float32, copy=False)
        blocks = _blocks(strip, columns, factor, np.float32(np.nan))
        filled = np.where(np.isnan(blocks), -np.inf if worse == "higher" else np.inf, blocks)
        worst = filled.argmax(axis=2) if worse == "higher" else filled.argmin(axis=2)
        out[:, row] = np.take_along_axis(blocks, worst[:, :, None], axis=2)[:, :, 0]
        if origins is not None and codes is not None:
            cells = _blocks(origins[None, row * factor : (row + 1) * factor], columns, factor, 0)
            codes[row] = np.take_along_axis(cells[0], worst[-1][:, None], axis=1)[:, 0]
    transform = grid.transform * grid.transform.scale(factor)
    return out, codes, GeoBox((rows, columns), transform, grid.crs)


def _blocks(strip: npt.NDArray[Any], columns: int, factor: int, fill: Any) -> npt.NDArray[Any]:
    """``(S, up to factor, width)`` as ``(S, columns, factor * factor)``, padded."""
    count, height, width = strip.shape
    padded = np.full((count, factor, columns * factor), fill, dtype=strip.dtype)
    padded[:, :height, :width] = strip
    return padded.reshape(count, factor, columns, factor).transpose(0, 2, 1, 3).reshape(count, columns, -1)


def _north_up(
    values: Floats, codes: "npt.NDArray[np.int64] | None", grid: GeoBox
) -> tuple[Floats, "npt.NDArray[np.int64] | None", GeoBox]:
    if float(grid.transform.e) < 0:
        return values, codes, grid
    return values[:, ::-1], None if codes is None else codes[::-1], grid.flipy()


def _placed(grid: GeoBox) -> tuple[dict[str, Any], bytes]:
    """Say how a place becomes column and row: the description, and the nodes of the lattice (float32)."""
    transform = grid.transform
    if CRS.from_user_input(str(grid.crs)).is_geographic:
        place = {"left": transform.c, "top": transform.f, "width": transform.a, "height": abs(float(transform.e))}
        return {"crs": "degrees"} | place, b""
    from rasterio.warp import transform_bounds

    box = grid.boundingbox
    bounds = transform_bounds(str(grid.crs), "EPSG:3857", box.left, box.bottom, box.right, box.top, densify_pts=101)
    count, nodes = 3, _cells_at(grid, bounds, 3)
    while count < _MOST_NODES:
        finer = _cells_at(grid, bounds, 2 * count - 1)
        off = np.abs(finer - _between_nodes(nodes)).max()
        if off < _LATTICE_OFF:
            break
        count, nodes = 2 * count - 1, finer
    west, south, east, north = (value / _MERCATOR_EQUATOR_M for value in bounds)
    lattice = {"west": west + 0.5, "east": east + 0.5, "north": 0.5 - north, "south": 0.5 - south, "nodes": count}
    return {"crs": "lattice", "lattice": lattice}, nodes.astype("<f4").tobytes()


def _cells_at(grid: GeoBox, bounds: tuple[float, ...], count: int) -> npt.NDArray[np.float64]:
    """Columns and rows, (2, count, count), at the nodes of a lattice over bounds in Web Mercator; north first."""
    west, south, east, north = bounds
    x, y = np.meshgrid(np.linspace(west, east, count), np.linspace(north, south, count))
    own = Transformer.from_crs("EPSG:3857", str(grid.crs), always_xy=True).transform(x, y)
    column, row = ~grid.transform * own
    return np.stack([column, row])


def _between_nodes(nodes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return a lattice with nodes halfway between, interpolated."""
    for axis in (1, 2):
        first = np.take(nodes, range(nodes.shape[axis] - 1), axis=axis)
        second = np.take(nodes, range(1, nodes.shape[axis]), axis=axis)
        where = range(1, nodes.shape[axis])
        nodes = np.insert(nodes, where, (first + second) / 2, axis=axis)
    return nodes


def _cell_size_m(grid: GeoBox) -> tuple[float, float]:
    """Width and height of the middle cell in metres."""
    transform = grid.transform
    if not CRS.from_user_input(str(grid.crs)).is_geographic:
        return abs(transform.a), abs(transform.e)
    x, y = transform * (grid.shape[1] / 2, grid.shape[0] / 2)
    geod = Geod(ellps="WGS84")
    _, _, width = geod.inv(x, y, x + abs(transform.a), y)
    _, _, height = geod.inv(x, y, x, y + abs(transform.e))
    return float(width), float(height)


# ------------------------------------------------------------------------------------------------------------ values


class _Scale(NamedTuple):
    """Code 0 is missing; code k + 1 is ``lowest + k * step``; ``starts`` holds the first code of each interval.

    The intervals, in rising order of the value, are none (0 only, where higher is worse and nothing is below 0),
    then what lies between the edges. ``classes`` gives the class of each interval: -1 is milder than every class.
    """

    lowest: float
    step: float
    starts: list[int]
    edges: tuple[float, ...]
    side: Literal["left", "right"]
    codes: int
    none: bool
    classes: list[int]


def _scale(values: Floats, levels: tuple[float, ...], worse: str, units: str) -> _Scale:
    edges = tuple(sorted(levels))
    known = values[np.isfinite(values)]
    least, most = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    none = worse == "higher" and least >= 0 and edges[0] >= 0
    mildest = -1
    if none and edges[0] == 0:  # a class from 0 begins just above none: there is nothing milder between the two
        edges, mildest = edges[1:], 0
    lowest = 0.0 if none else min(least, edges[0])
    gaps = np.diff([0.0, *edges] if none else edges)
    finest = float(gaps.min()) if gaps.size else math.inf
    parts = _STEPS if len(values) <= _MANY else _STEPS_OF_SERIES
    step = 0.1 if units == "m" else _nice(max(max(most, *edges[-1:]) - lowest, 1e-6) / parts)
    while step >= finest:
        step = _nice(step / 2)
    lowest = math.floor(lowest / step) * step
    # half-open towards worse: an edge itself belongs to the worse class
    side: Literal["left", "right"] = "right" if worse == "higher" else "left"
    round_up = math.ceil if worse == "higher" else lambda ratio: math.floor(ratio) + 1
    starts = [1, 2] if none else [1]
    starts += [max(1, round_up(round((edge - lowest) / step, 9)) + 1) for edge in edges]
    top = math.floor((most - lowest) / step) + 2
    rising = range(mildest, mildest + len(edges) + 1) if worse == "higher" else range(len(edges) - 1, -2, -1)
    classes = [-1, *rising] if none else [*rising]
    return _Scale(lowest, step, starts, edges, side, min(max(top, starts[-1]), _HIGHEST_CODE), none, classes)


def _nice(number: float) -> float:
    """Greatest of 1, 2, 5 times a power of ten that is not above ``number``."""
    power = 10.0 ** math.floor(math.log10(number) + 1e-9)
    return next(k * power for k in (5, 2, 1) if k * power <= number * (1 + 1e-9))


def _quantised(values: Floats, scale: _Scale) -> npt.NDArray[Any]:
    """Round to codes, each within the codes of its own interval."""
    exact = values.astype(np.float64)
    interval = np.searchsorted(np.asarray(scale.edges), exact, side=scale.side)
    if scale.none:
        interval = np.where(exact == 0, 0, interval + 1)
    first = np.asarray(scale.starts)[interval]
    last = np.asarray([*scale.starts[1:], scale.codes + 1])[interval] - 1
    with np.errstate(invalid="ignore"):
        code = np.rint((exact - scale.lowest) / scale.step) + 1
    code = np.clip(code, first, np.maximum(first, last))
    kind = np.uint8 if scale.codes < 256 else np.uint16
    return np.where(np.isnan(exact), _MISSING, code).astype(kind)


def _smaller(stack: npt.NDArray[Any]) -> tuple[str, bytes]:
    """Return the smallest of the plain stack, its steps from scenario to scenario, and those from west to east."""
    differences = stack.copy()
    differences[1:] -= stack[:-1]
    row = stack.copy()
    row[..., 1:] -= stack[..., :-1]
    ways = {"plain": _planes(stack), "difference": _planes(differences), "row": _planes(row)}
    best = min(ways, key=lambda way: (len(pack(ways[way])), way))
    return best, ways[best]


def _planes(values: npt.NDArray[Any]) -> bytes:
    """Bytes of whole numbers: all the low ones, then all the high ones."""
    low = (values & 255).astype(np.uint8).tobytes()
    return low if values.dtype.itemsize == 1 else low + (values >> 8).astype(np.uint8).tobytes()
