"""Seams: where depth maps of neighbouring countries do not line up along their border."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from hazardmap.neighbours.sourcemaps import CLASSES, SourceMap, land_of, lands_of
from hazardmap.neighbours.walk import (
    Cells,
    Path,
    Pieces,
    Track,
    cells_inside,
    cells_of,
    path_between,
    pieces_of,
    tracks,
    values_at,
)

__all__ = ["COLUMNS", "NOT_COVERED", "ONE_SIDE", "PERIODS", "STEP", "seams"]

NOT_COVERED = "not covered"
ONE_SIDE = "wet on one side only"
STEP = "step in depth"
PERIODS = "unlike return periods"

COLUMNS = (
    "scenario",
    "map_a",
    "map_b",
    "country_a",
    "country_b",
    "kind",
    "length_m",
    "depth_a",
    "depth_b",
    "step_m",
    "label_a",
    "label_b",
    "return_period_a",
    "return_period_b",
)

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

# Beside the border a map is asked this far inside its own land.
_NEAR_M = 0.05

# Places hold to the metre: where two maps cross a cell edge that far apart, it is one edge.
_SHORTEST_M = 1.0


def seams(
    maps: Sequence[SourceMap], territories: gpd.GeoDataFrame, *, step_m: float = 0.5, wet_m: float = 0.1
) -> gpd.GeoDataFrame:
    """Find where maps of neighbouring countries do not line up.

    Both maps are asked right beside the border (5 cm), each on its own side. Where a map has no value there, and the
    centre of its cell lies across the border, the next cell inside is asked instead: a map that was cut at the border
    lacks the others. Stretches end where a cell ends; one shorter than a metre is none. What both maps show alike on
    both sides of the border, such as a flood that ends at a dike along it, is no seam.

    Parameters
    ----------
    maps : sequence of SourceMap
        From :func:`hazardmap.neighbours.sourcemaps.source_maps`.
    territories : GeoDataFrame
        Polygons with the column ``country``, from one border layer: neighbours share their vertices. With the column
        ``map``, two maps of one country have a border between them too.
    step_m : float
        From what difference in depth on (metres) two wet sides make a step.
    wet_m : float
        From what depth on (metres) a side is wet.

    Returns
    -------
    GeoDataFrame
        One row per stretch, scenario and kind; LineString in EPSG:4326. Columns: :data:`COLUMNS`. ``length_m`` is
        geodesic; ``depth_a`` and ``depth_b`` are means along the stretch, NaN where not covered; ``step_m`` is the
        largest difference on it. Kinds: ``not covered`` (one map, or both, has no value, though a raster reaches
        there), ``wet on one side only``, ``step in depth`` (both wet), ``unlike return periods`` (both known, one at
        least wet, and not known to be the same event). A stretch may have a row of several kinds.
        ``attrs["notes"]`` has the total length of each kind.

    Raises
    ------
    ValueError
        When a threshold is not above 0.
    NoOverlapError
        When a map lies outside the territories of its country.

    Examples
    --------
    >>> import rioxarray, xarray as xr
    >>> from hazardmap.neighbours.sourcemaps import source_maps
    >>> def made(value, left, country):
    ...     coords = {"y": [3_000_150.0, 3_000_050.0], "x": [left + 50.0, left + 150.0]}
    ...     cells = xr.DataArray(np.full((2, 2), value), dims=("y", "x"), coords=coords, attrs={"units": "m"})
    ...     layer = cells.rio.write_crs("EPSG:3035")
    ...     return {"layer": layer, "country": country, "class": "medium", "return_period": 100}
    >>> maps = source_maps([made(2.0, 4_000_000, "NL"), made(1.2, 4_000_200, "DE")])
    >>> land = [shapely.box(x, 2_999_900, x + 200, 3_000_300) for x in (4_000_000, 4_000_200)]
    >>> found = seams(maps, gpd.GeoDataFrame({"country": ["NL", "DE"]}, geometry=land, crs=3035))
    >>> found[["kind", "length_m", "step_m"]].round(1).values.tolist()
    [['step in depth', 200.0, 0.8]]
    """
    if not (step_m > 0 and wet_m > 0):
        raise ValueError(f"step_m is {step_m} and wet_m {wet_m}; expected depths above 0 in metres")
    lands = lands_of(maps, territories, crs=territories.crs)
    tables, notes = [], []
    walked = 0.0
    for one, other in combinations(lands, 2):
        path = path_between(lands[one], lands[other], territories.crs)
        if len(path.length):
            sides = [[each for each in maps if land_of(each, territories) == land] for land in (one, other)]
            found, length = _along(path, sides[0], sides[1], step_m, wet_m)
            tables.append(found)
            walked += length
        elif shapely.distance(lands[one], lands[other]) == 0:
            notes.append(
                f"the territories of {one} and {other} meet but share no line, so no seam was looked for; "
                "use one border layer for both"
            )
    filled = [table for table in tables if len(table)]
    table = pd.concat(filled, ignore_index=True) if filled else _frame([])
    order = {name: number for number, name in enumerate(CLASSES)}
    table = table.sort_values("scenario", key=lambda names: names.map(order), kind="stable", ignore_index=True)
    table.attrs["notes"] = notes + _notes(table, walked)
    return table


class _Side(NamedTuple):
    """What the maps of one country show along the border: values are (scenario, piece)."""

    depth: Floats  # on their own side, at most a cell inside
    here: Floats  # right beside the border, on their own side
    there: Floats  # right beside the border, on the other side
    number: Integers  # which of the maps it is
    reached: Flags  # (piece,) whether a raster reaches there


def _along(
    path: Path, one: Sequence[SourceMap], other: Sequence[SourceMap], step_m: float, wet_m: float
) -> tuple[gpd.GeoDataFrame, float]:
    """Return the seams along one border, and the length along which they were looked for."""
    names = [name for name in CLASSES if any(name in each.scenarios.index for each in (*one, *other))]
    beside = [tracks(path, each.grid, offset_m=_NEAR_M) for each in one]
    beyond = [tracks(path, each.grid, offset_m=_NEAR_M)[::-1] for each in other]
    pieces = pieces_of([each for pair in (*beside, *beyond) for each in pair])
    a, b = _look(one, beside, pieces, names), _look(other, beyond, pieces, names)
    length = path.length[pieces.step] * (pieces.last - pieces.first)
    apart = np.ones(max(len(length) - 1, 0), dtype=bool)
    if len(length):
        apart = (np.diff(pieces.step) > 1) | (np.diff(path.line[pieces.step]) != 0)
    rows: list[dict[str, Any]] = []
    for k, name in enumerate(names):
        for kind, (found, variant) in _kinds(a, b, k, _unlike(one, other, name), step_m, wet_m).items():
            kept = _runs(found, np.stack([variant, a.number[k], b.number[k]]), apart, length)
            for first, last in kept:
                run = slice(first, last)
                pair = one[a.number[k, first]], other[b.number[k, first]]
                there = np.where(found[run], (a.depth[k, run], b.depth[k, run]), np.nan)  # not on breaks
                row = _row(pair, name, kind, there, length[run])
                rows.append({**row, "geometry": _line(path, pieces, first, last)})
    walked = float(length[a.reached | b.reached].sum()) if len(length) else 0.0
    return _frame(rows), walked


def _look(maps: Sequence[SourceMap], beside: Sequence[tuple[Track, Track]], pieces: Pieces, names: list[str]) -> _Side:
    """Read what the maps of one country show along the border."""
    shape = (len(names), len(pieces.step))
    number = np.zeros(shape, dtype=np.int64)
    depth, there = np.full(shape, np.nan), np.full(shape, np.nan)
    reached = np.zeros(shape[1], dtype=bool)
    for k, (each, (own, across)) in enumerate(zip(maps, beside, strict=True)):
        cells = cells_of(own, pieces)
        reached |= cells.inside
        _fill(depth, number, k, _read(each, cells, names, depth))
        _fill(there, number.copy(), k, _read(each, cells_of(across, pieces), names, there))
    here = depth.copy()
    for k, (each, (own, across)) in enumerate(zip(maps, beside, strict=True)):
        _fill(depth, number, k, _read(each, cells_inside(own, across, pieces), names, depth))
    return _Side(depth, here, there, number, reached)


def _fill(depth: Floats, number: Integers, k: int, found: Floats) -> None:
    """Fill in what is missing, and which map it is from."""
    fresh = np.isnan(depth) & ~np.isnan(found)
    depth[fresh], number[fresh] = found[fresh], k


def _read(each: SourceMap, cells: Cells, names: list[str], known: Floats) -> Floats:
    """Read cells of a map where a value is still missing; scenarios in the order of ``names``."""
    asked = np.asarray(np.isnan(known).any(axis=0))
    values = values_at(each.depth, cells, asked)
    found = np.full(known.shape, np.nan)
    for k, name in enumerate(names):
        if name in each.scenarios.index:
            found[k] = values[each.scenarios.index.get_loc(name)]
    return found


def _kinds(a: _Side, b: _Side, k: int, unlike: Flags, step_m: float, wet_m: float) -> dict[str, tuple[Flags, Integers]]:
    """Say for each kind of seam where it is, and what must not change along one stretch of it."""
    mine, yours = a.depth[k], b.depth[k]
    known = ~np.isnan(mine) & ~np.isnan(yours)
    wet = mine >= wet_m, yours >= wet_m  # false for NaN
    # at the same place, right beside the border on either side: what a shows there, and what b shows there
    places = [(a.here[k], b.there[k]), (a.there[k], b.here[k])]
    compared = np.any([~np.isnan(p) & ~np.isnan(q) for p, q in places], axis=0)
    as_known = compared & np.all([np.isnan(p) == np.isnan(q) for p, q in places], axis=0)
    as_wet = as_known & np.all([(p >= wet_m) == (q >= wet_m) for p, q in places], axis=0)
    as_deep = as_known & np.all([~(np.abs(p - q) >= step_m) for p, q in places], axis=0)
    missing = np.isnan(mine) + 2 * np.isnan(yours)
    one_missing = (missing == 1) | (missing == 2)
    return {
        NOT_COVERED: ((a.reached | b.reached) & (missing > 0) & ~(one_missing & as_known), missing),
        ONE_SIDE: (known & (wet[0] != wet[1]) & ~as_wet, wet[0].astype(np.int64)),
        STEP: (wet[0] & wet[1] & (np.abs(mine - yours) >= step_m) & ~as_deep, np.zeros(len(mine), dtype=np.int64)),
        PERIODS: (
            known & (wet[0] | wet[1]) & unlike[a.number[k], b.number[k]],
            np.zeros(len(mine), dtype=np.int64),
        ),
    }


def _unlike(one: Sequence[SourceMap], other: Sequence[SourceMap], name: str) -> Flags:
    """Whether two maps do not show the same event in a scenario, as far as one can know; (maps, maps)."""
    return np.array([[_differ(_said(p, name), _said(q, name)) for q in other] for p in one], dtype=bool)


def _said(each: SourceMap, name: str) -> tuple[str | None, float]:
    """Label and return period of a scenario."""
    if name not in each.scenarios.index:
        return None, np.nan
    row = each.scenarios.loc[name]
    return str(row["label"]), float(row["return_period"])


def _differ(one: tuple[str | None, float], other: tuple[str | None, float]) -> bool:
    if np.isnan(one[1]) and np.isnan(other[1]):
        return one[0] != other[0]
    return one[1] != other[1]


def _runs(found: Flags, same: Integers, apart: Flags, length: Floats) -> list[tuple[int, int]]:
    """First piece of each stretch, and the piece after its last; breaks shorter than a metre are bridged."""
    if not found.any():
        return []
    ends = apart | (found[1:] != found[:-1]) | np.any(same[:, 1:] != same[:, :-1], axis=0)
    first = np.concatenate([[0], np.flatnonzero(ends) + 1])
    last = np.concatenate([first[1:], [len(found)]])
    broken = np.concatenate([[0], np.cumsum(apart)])
    along = np.concatenate([[0.0], np.cumsum(length)])
    runs: list[tuple[int, int]] = []
    for start, stop in zip(first[found[first]].tolist(), last[found[first]].tolist(), strict=True):
        before, end = runs[-1] if runs else (start, start)
        near = along[start] - along[end] < _SHORTEST_M and broken[start] == broken[before]
        if runs and near and (same[:, start] == same[:, before]).all():
            runs[-1] = (before, stop)
        else:
            runs.append((start, stop))
    return [(start, stop) for start, stop in runs if along[stop] - along[start] >= _SHORTEST_M]


def _row(pair: tuple[SourceMap, SourceMap], name: str, kind: str, depths: Floats, length: Floats) -> dict[str, Any]:
    whole = float(length.sum())
    row: dict[str, Any] = {"scenario": name, "kind": kind, "length_m": whole}
    for letter, each, depth in zip("ab", pair, depths, strict=True):
        label, period = _said(each, name)
        row |= {f"map_{letter}": each.name, f"country_{letter}": each.country}
        row |= {f"label_{letter}": label, f"return_period_{letter}": period}
        row[f"depth_{letter}"] = _mean(depth, length)
    difference = np.abs(depths[0] - depths[1])
    row["step_m"] = float(np.fmax.reduce(difference))  # NaN where one is not covered
    return row


def _mean(depth: Floats, length: Floats) -> float:
    """Mean of what is known along a stretch; NaN where nothing is."""
    known = ~np.isnan(depth)
    return float(np.average(depth[known], weights=length[known])) if known.any() else np.nan


def _line(path: Path, pieces: Pieces, first: int, last: int) -> shapely.LineString:
    """Line from the start of a piece to the end of the last."""
    start, stop = pieces.step[first], pieces.step[last - 1]
    ends = path.at(pieces.step[[first, last - 1]], np.array([pieces.first[first], pieces.last[last - 1]]))
    points = np.concatenate([ends[:1], path.start[start + 1 : stop + 1], ends[1:]])
    return shapely.simplify(shapely.linestrings(points), 1e-9)  # 0.1 mm: drops what was only added to walk


def _frame(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    table = pd.DataFrame(rows, columns=[*COLUMNS, "geometry"])
    numbers = [name for name in COLUMNS if name.endswith("_m") or name.startswith(("depth", "return"))]
    table = table.astype(dict.fromkeys(numbers, "float64"))
    return gpd.GeoDataFrame(table, geometry="geometry", crs=4326)


def _notes(table: pd.DataFrame, walked: float) -> list[str]:
    if walked == 0:
        return ["seams: the maps share no border of the territories, so none was looked for"]
    if table.empty:
        return [f"seams: none along {walked / 1000:,.1f} km of border between the maps"]
    notes = []
    for kind, own in table.groupby("kind", sort=False):
        by_scenario = own.groupby("scenario", sort=False)["length_m"].sum() / 1000
        lengths = ", ".join(f"{name} {length:,.2f} km" for name, length in by_scenario.items())
        notes.append(f"seams, {kind}: {lengths} of {walked / 1000:,.1f} km of border between the maps")
    return notes
