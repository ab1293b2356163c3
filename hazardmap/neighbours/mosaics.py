"""Depth maps of several countries on one axis of probability and one grid, each cell with the map it came from."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox

from hazardmap import borders, checks
from hazardmap.errors import FootprintError
from hazardmap.footprint import scenario_table
from hazardmap.lazy import lazy
from hazardmap.neighbours.sourcemaps import CLASSES, SourceMap, cell_size, land_of, lands_of
from hazardmap.rivers.network import raster_on

__all__ = ["NO_MAP", "Mosaic", "mosaic"]

NO_MAP = 0
"""Number, in the raster ``map``, of a cell that no map owns; maps count from 1."""

Integers = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]

# Cell centres are carried into another CRS on nodes, and interpolated in between to this part of a cell.
_OFF = 0.01
_EARTH_M = 6_371_000.0


class Mosaic(NamedTuple):
    """Several maps as one raster.

    Attributes
    ----------
    depth : DataArray, shape (scenario, y, x)
        Metres, lazy; NaN where the map that owns a cell has no value, and where no map reaches. The coordinate
        ``map``, ``(y, x)`` and as lazy, is the number of the map that owns each cell (:data:`NO_MAP` for none).
    scenarios : DataFrame
        One row per class. A return period, and a probability, only where all maps of the class have the same.
    maps : DataFrame
        What each map says of itself: ``number, map, country, scenario, label, class, return_period, probability``.
    notes : tuple of str
        What differs between the maps.
    """

    depth: xr.DataArray
    scenarios: pd.DataFrame
    maps: pd.DataFrame
    notes: tuple[str, ...]


def mosaic(maps: Sequence[SourceMap], territories: gpd.GeoDataFrame | None = None) -> Mosaic:
    """Lay maps beside each other on the grid of the finest, without reading them.

    Every cell belongs to one map. In a territory that names a map (column ``map``) it is that map. In any other
    territory of a country that has maps, these are the other maps of that country only,
    so a gap in them stays a gap even where a neighbour's map reaches over the border. Elsewhere all maps take part.
    Of the maps that take part, the first in order that has a value there in any scenario owns the cell.

    The finest map stays as it is. Of a coarser one, and of one in another CRS, each cell takes the value of the source
    cell that its centre lies in: no depth is made up, and edges move by at most half the diagonal of a fine cell.

    Parameters
    ----------
    maps : sequence of SourceMap
        From :func:`hazardmap.neighbours.sourcemaps.source_maps`, in order of precedence.
    territories : GeoDataFrame, optional
        Polygons with the column ``country``, of any level. Without them all maps take part everywhere.

    Returns
    -------
    Mosaic

    Raises
    ------
    FootprintError
        When there is no map, or two have one name.
    NoOverlapError
        When a map lies outside the territories of its country.

    Examples
    --------
    >>> import rioxarray
    >>> from hazardmap.neighbours.sourcemaps import source_maps
    >>> def made(values, left, country, period):
    ...     x = left + np.arange(len(values)) + 0.5
    ...     cells = xr.DataArray([values] * 2, dims=("y", "x"), coords={"y": [1.5, 0.5], "x": x}, attrs={"units": "m"})
    ...     described = {"country": country, "class": "medium", "return_period": period}
    ...     return {"layer": cells.rio.write_crs("EPSG:3035"), **described}
    >>> joined = mosaic(source_maps([made([1.0, 2.0], 0, "NL", 100), made([3.0, 4.0], 3, "DE", 200)]))
    >>> joined.depth.values[0, 0].tolist(), joined.depth["map"].values[0].tolist()
    ([1.0, 2.0, nan, 3.0, 4.0], [1, 1, 0, 2, 2])
    >>> joined.scenarios.loc["medium", "label"]
    'NL: T100; DE: T200'
    """
    names = [each.name for each in maps]
    if not names or len(set(names)) < len(names):
        raise FootprintError(f"the mosaic has the maps {names}; expected at least one, with distinct names")
    grids = [each.grid for each in maps]
    finest = int(np.argmin([cell_size(grid) for grid in grids]))
    lands = {} if territories is None else lands_of(maps, territories, crs=str(grids[finest].crs))
    grid = _extended(grids[finest], [_extent(each, grids[finest]) for each in grids], maps[finest].depth)
    table = _described(maps)
    scenarios = _scenarios(table)
    own = [] if territories is None else [land_of(each, territories) for each in maps]
    laid = _Laid(list(maps), grids, grid, lands, own, list(scenarios.index))
    dtype = np.result_type(*(each.depth.dtype for each in maps))
    cells = tuple(grid.shape)
    depth = lazy(("scenario", "y", "x"), (len(scenarios), *cells), dtype, partial(_read_depth, laid, dtype))
    owner = lazy(("y", "x"), cells, np.int16, partial(_read_owner, laid))
    frame = raster_on(grid, owner)
    joined = xr.DataArray(
        depth,
        coords={**frame.coords, "scenario": list(scenarios.index), "map": frame},
        attrs={"units": "m"},
    )
    joined.encoding["preferred_chunks"] = maps[finest].depth.encoding.get("preferred_chunks", {})
    notes = _notes(maps, grids, finest, table, own)
    return Mosaic(joined, scenarios, table, tuple(notes))


def _extent(grid: GeoBox, target: GeoBox) -> shapely.Geometry:
    """Extent of a grid in the CRS of another one."""
    box = np.array([shapely.box(*grid.extent.boundingbox)], dtype=object)
    return borders.to_crs(box, str(grid.crs), str(target.crs))[0]


def _extended(grid: GeoBox, extents: Sequence[shapely.Geometry], depth: xr.DataArray) -> GeoBox:
    """Extend a grid to all extents, by whole blocks of its file, so that no block is decoded twice."""
    to_cells = ~grid.transform
    corners = [to_cells * corner for box in shapely.bounds(extents) for corner in (box[:2], box[2:])]
    columns, rows = np.array(corners).T
    blocks = depth.encoding.get("preferred_chunks", {})
    above, below = _beyond(rows, grid.shape[0], int(blocks.get("y", 1)))
    left, right = _beyond(columns, grid.shape[1], int(blocks.get("x", 1)))
    shape = (grid.shape[0] + above + below, grid.shape[1] + left + right)
    return GeoBox(shape, grid.transform * Affine.translation(-left, -above), grid.crs)


def _beyond(cells: npt.NDArray[np.float64], size: int, block: int) -> tuple[int, int]:
    """How many cells to add before and after; an edge that is off by rounding only adds none."""
    before = max(0, int(np.ceil(-cells.min() - 1e-6)))
    after = max(0, int(np.ceil(cells.max() - size - 1e-6)))
    return -(-before // block) * block, after


def _described(maps: Sequence[SourceMap]) -> pd.DataFrame:
    tables = [
        each.scenarios.reset_index().assign(number=number, map=each.name, country=each.country)
        for number, each in enumerate(maps, start=1)
    ]
    columns = ["number", "map", "country", "scenario", "label", "class", "return_period", "probability"]
    return pd.concat(tables, ignore_index=True)[[*columns, "probability_kind"]]


def _scenarios(table: pd.DataFrame) -> pd.DataFrame:
    """One row per class; what the maps do not agree on is left open."""
    rows = []
    for name in (each for each in CLASSES if (table["scenario"] == each).any()):
        own = table[table["scenario"] == name]
        words = "; ".join(f"{row.map}: {row.label}" for row in own.itertuples())
        rows.append(
            {
                "id": name,
                "class": name,
                "label": own["label"].iloc[0] if len(set(own["label"])) == 1 else words,
                **{key: _common(own[key]) for key in ("return_period", "probability", "probability_kind")},
            }
        )
    return scenario_table([{key: value for key, value in row.items() if value is not None} for row in rows])


def _common(values: pd.Series) -> Any:
    """Return the value that all maps have, or None."""
    return values.iloc[0] if values.notna().all() and len(set(values)) == 1 else None


def _notes(
    maps: Sequence[SourceMap],
    grids: Sequence[GeoBox],
    finest: int,
    table: pd.DataFrame,
    own_land: Sequence[str],
) -> list[str]:
    notes = []
    sizes = [cell_size(grid) for grid in grids]
    moved = [
        f"{each.name} ({size:.3g} m)"
        for each, grid, size in zip(maps, grids, sizes, strict=True)
        if not _on_grid(grid, grids[finest])
    ]
    if moved:
        notes.append(
            f"laid on the grid of {maps[finest].name} ({sizes[finest]:.3g} m) by nearest cell, "
            f"so that no depth is made up: {', '.join(moved)}"
        )
    for name, own in table.groupby("scenario", sort=False):
        if own["return_period"].isna().any() or len(set(own["return_period"])) > 1:
            each = (f"{row.map} {_period(row.return_period)}" for row in own.itertuples())
            notes.append(f"scenario {name} is one class but not one event: {', '.join(each)}")
        absent = sorted({each.name for each in maps} - set(own["map"]))
        if absent:
            notes.append(f"scenario {name} is not mapped by {', '.join(absent)}: not covered there")
    return notes + _overlaps(maps, grids, finest, own_land)


def _period(years: float) -> str:
    return "without return period" if np.isnan(years) else f"{years:g} years"


def _on_grid(grid: GeoBox, other: GeoBox) -> bool:
    """Whether the cells of a grid are cells of another one."""
    if not checks.same_crs(str(grid.crs), str(other.crs)):
        return False
    step = ~other.transform * grid.transform
    off = np.array([abs(step.a) - 1, abs(step.e) - 1, step.c - round(step.c), step.f - round(step.f)])
    return bool((np.abs(off) < 1e-3).all())


def _overlaps(
    maps: Sequence[SourceMap],
    grids: Sequence[GeoBox],
    finest: int,
    own_land: Sequence[str],
) -> list[str]:
    """Say where two rasters reach over the same land, and which of them counts there."""
    crs = str(grids[finest].crs)
    extents = [_extent(grid, grids[finest]) for grid in grids]
    notes = []
    for i, first in enumerate(maps):
        for j, second in enumerate(maps[i + 1 :], start=i + 1):
            both = shapely.intersection(extents[i], extents[j])
            if shapely.area(both) <= 1e-9 * shapely.area(extents[i]):
                continue
            area = borders.amounts(np.array([both], dtype=object), crs)[0] / 1e6
            rule = "where both have a value the first counts"
            if own_land and own_land[i] != own_land[j]:
                whose = "country" if first.country != second.country else "land"
                rule = f"each counts in its own {whose}, and elsewhere the first that has a value"
            notes.append(f"the rasters of {first.name} and {second.name} overlap on {area:.3g} km2; {rule}")
    return notes


class _Laid(NamedTuple):
    """All that is needed to read a window of the mosaic."""

    maps: list[SourceMap]
    grids: list[GeoBox]
    grid: GeoBox
    lands: dict[str, shapely.Geometry]
    own_land: list[str]
    scenarios: list[str]


class _Place(NamedTuple):
    """Cells of one map under the cells of a window; broadcast against each other, meaningless where not inside."""

    row: Integers
    column: Integers
    inside: npt.NDArray[np.bool_]


def _read_owner(laid: _Laid, key: tuple[slice, ...]) -> npt.NDArray[np.int16]:
    rows, columns = key
    return _owners(laid, rows, columns, [_place(laid.grid, grid, rows, columns) for grid in laid.grids])


def _read_depth(laid: _Laid, dtype: npt.DTypeLike, key: tuple[slice, ...]) -> npt.NDArray[Any]:
    wanted, rows, columns = key
    places = [_place(laid.grid, grid, rows, columns) for grid in laid.grids]
    owners = _owners(laid, rows, columns, places)
    names = laid.scenarios[wanted]
    found = np.full((len(names), *owners.shape), np.nan, dtype=dtype)
    for number, (each, place) in enumerate(zip(laid.maps, places, strict=True), start=1):
        own = owners == number
        if own.any():
            known = [position for position, name in enumerate(names) if name in each.scenarios.index]
            numbers = [int(each.scenarios.index.get_loc(names[position])) for position in known]
            for position, values in zip(known, _values(each, numbers, place, own), strict=True):
                found[position][own] = values
    return found


def _owners(laid: _Laid, rows: slice, columns: slice, places: Sequence[_Place]) -> npt.NDArray[np.int16]:
    """Find the number of the map that owns each cell of a window."""
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    owners = np.full(shape, NO_MAP, dtype=np.int16)
    if not owners.size:
        return owners
    taking_part = [place.inside for place in places]
    if laid.lands:
        land = borders.drawn(np.array(list(laid.lands.values()), dtype=object), laid.grid, rows, columns)
        numbers = {name: number for number, name in enumerate(laid.lands, start=1)}
        own = [(land == 0) | (land == numbers[name]) for name in laid.own_land]
        taking_part = [inside & here for inside, here in zip(taking_part, own, strict=True)]
    contested = np.sum(taking_part, axis=0) > 1
    for number, part in reversed(list(enumerate(taking_part, start=1))):
        owners[np.broadcast_to(part, shape)] = number
    for number, (each, place, part) in reversed(list(enumerate(zip(laid.maps, places, taking_part, strict=True), 1))):
        asked = part & contested
        if asked.any():
            owners[asked] = np.where(_has_value(each, place, asked), number, owners[asked])
    return owners


def _has_value(each: SourceMap, place: _Place, asked: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    known = [~np.isnan(values) for values in _values(each, range(each.depth.sizes["scenario"]), place, asked)]
    return np.asarray(np.any(known, axis=0))


def _values(
    each: SourceMap, scenarios: Sequence[int], place: _Place, asked: npt.NDArray[np.bool_]
) -> list[npt.NDArray[Any]]:
    """Values of a map at some cells of a window, one array per scenario."""
    row, column = (np.broadcast_to(index, asked.shape)[asked] for index in (place.row, place.column))
    top, left = int(row.min()), int(column.min())
    rows, columns = slice(top, int(row.max()) + 1), slice(left, int(column.max()) + 1)
    cell = (row - top) * (columns.stop - left) + (column - left)
    return [each.depth[number, rows, columns].to_numpy().ravel().take(cell) for number in scenarios]


def _place(grid: GeoBox, other: GeoBox, rows: slice, columns: slice) -> _Place:
    """Cells of another grid that the centres of a window of cells lie in."""
    row, column = (np.arange(each.start, each.stop) + 0.5 for each in (rows, columns))
    old, new = pyproj.CRS(str(grid.crs)), pyproj.CRS(str(other.crs))
    if old == new:
        x, y = grid.transform.c + grid.transform.a * column, grid.transform.f + grid.transform.e * row
        place = (y - other.transform.f) / other.transform.e, (x - other.transform.c) / other.transform.a
        down, right = place[0][:, None], place[1][None, :]
    else:
        down, right = _carried(grid, other, row, column, pyproj.Transformer.from_crs(old, new, always_xy=True))
    inside = (down >= 0) & (down < other.shape[0]) & (right >= 0) & (right < other.shape[1])  # false for NaN
    with np.errstate(invalid="ignore"):
        return _Place(np.floor(down).astype(np.int64), np.floor(right).astype(np.int64), inside)


def _carried(
    grid: GeoBox, other: GeoBox, row: npt.NDArray[Any], column: npt.NDArray[Any], transformer: pyproj.Transformer
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Row and column on another grid, in another CRS, of cell centres: exact on nodes, interpolated in between."""
    smaller = min(cell_size(grid), cell_size(other))
    step = max(1, int(np.sqrt(8 * _EARTH_M * _OFF * smaller) / cell_size(grid)))
    nodes = [np.arange(each[0], each[-1] + step + 1, step) for each in (row, column)]
    x, y = np.meshgrid(grid.transform.c + grid.transform.a * nodes[1], grid.transform.f + grid.transform.e * nodes[0])
    x, y = transformer.transform(x, y)
    found = []
    for values in ((y - other.transform.f) / other.transform.e, (x - other.transform.c) / other.transform.a):
        known = np.where(np.isfinite(values), values, np.nan)
        found.append(_between(_between(known.T, row, nodes[0]).T, column, nodes[1]))
    return found[0], found[1]


def _between(values: npt.NDArray[np.float64], at: npt.NDArray[Any], nodes: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Interpolate the last axis linearly from evenly spaced nodes."""
    step = nodes[1] - nodes[0]
    part = (at - nodes[0]) / step
    left = np.minimum(part.astype(np.int64), len(nodes) - 2)
    right = part - left
    return np.asarray(values[:, left] * (1 - right) + values[:, left + 1] * right)
