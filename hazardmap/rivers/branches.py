"""River branches that flow directions cannot carry, added by explicit links."""

import math
from graphlib import CycleError, TopologicalSorter

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox

from hazardmap import checks
from hazardmap.errors import LayerError
from hazardmap.rivers.network import raster_on

__all__ = ["with_branches"]

_START_M = 3_000.0  # how far the first vertex of a link may lie from its river: three cells of 30 arc-seconds

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]


def with_branches(
    source: xr.DataArray, table: pd.DataFrame, shares: pd.DataFrame, links: gpd.GeoDataFrame, *, reach_m: float
) -> tuple[xr.DataArray, pd.DataFrame, pd.DataFrame]:
    """Add a source for each branch, and give it to the cells without one that lie nearest to it.

    Parameters
    ----------
    source, table, shares
        As in :class:`~hazardmap.rivers.Reaches`.
    links : GeoDataFrame
        As in :func:`~hazardmap.rivers.reaches`.
    reach_m : float
        Distance in metres up to which a branch is taken.

    Returns
    -------
    source, table, shares
        With the branches; the grid is widened by whole cells to hold their surroundings.

    Raises
    ------
    LayerError
        When a link is no line, starts on no river, or its parents lead nowhere.
    CRSMismatchError
        When the links are in another CRS than the source.
    """
    grid = checks.grid_of(source, name="source")
    _require_lines(links, grid)
    to_metres = _local_metres(links, grid)
    lines = shapely.transform(links.geometry.to_numpy(), to_metres.transform, interleaved=False)
    rows = _rows(table, links, lines, to_metres)
    parts = [
        shares[shares["source"] == river].assign(source=source)
        for source, river in zip(rows["source"], rows["river"], strict=True)
    ]
    wide, cells = _widened(grid, source.to_numpy(), lines, reach_m, to_metres)
    _fill(wide, cells, lines, rows["source"].to_numpy(), reach_m, to_metres)
    return (
        raster_on(wide, cells),
        pd.concat([table, rows.drop(columns="river")], ignore_index=True),
        pd.concat([shares, *parts], ignore_index=True),
    )


def _require_lines(links: gpd.GeoDataFrame, grid: GeoBox) -> None:
    """Refuse links that are no lines, have no id of their own, or are in another CRS."""
    checks.require_features(links, name="links")
    checks.require_same_crs(links, str(grid.crs), name="links", other="the flow directions")
    if "id" not in links or not links["id"].is_unique:
        raise LayerError("links lack a unique column 'id'; expected one id per branch; map the column on the card")
    if not (links.geom_type == "LineString").all():
        kind = links.geom_type[links.geom_type != "LineString"].iloc[0]
        raise LayerError(f"links hold a {kind}; expected one LineString per branch, from where it leaves its parent")


def _local_metres(links: gpd.GeoDataFrame, grid: GeoBox) -> pyproj.Transformer:
    """Return a transformer to metres around the links, right to some metres within the 5 km that matter."""
    west, south, east, north = links.to_crs("EPSG:4326").total_bounds
    local = pyproj.CRS.from_proj4(f"+proj=aeqd +lat_0={(south + north) / 2} +lon_0={(west + east) / 2} +datum=WGS84")
    return pyproj.Transformer.from_crs(pyproj.CRS(str(grid.crs)), local, always_xy=True)


def _rows(table: pd.DataFrame, links: gpd.GeoDataFrame, lines: Shapes, to_metres: pyproj.Transformer) -> pd.DataFrame:
    """Rows of the branches in the table of sources, and the source on the grid whose water each carries (``river``)."""
    ids = [str(link) for link in links["id"]]
    line = dict(zip(ids, lines, strict=True))
    parents = _parents(links, ids)
    river: dict[str, int] = {}
    for link in _upstream_first(parents):
        parent = parents[link]
        river[link] = _river_at(table, line[link], link, to_metres) if parent is None else river[parent]
    start = shapely.get_coordinates(shapely.get_point(links.geometry.to_numpy(), 0))
    first = int(table["source"].max()) + 1
    rivers = [river[link] for link in ids]
    return pd.DataFrame(
        {
            "source": np.arange(first, first + len(ids), dtype=np.int32),
            "x": start[:, 0],
            "y": start[:, 1],
            "area_km2": table.set_index("source")["area_km2"].loc[rivers].to_numpy(),
            "below": 0,
            "branch": ids,
            "discharge_share": links["discharge_share"].to_numpy(float) if "discharge_share" in links else np.nan,
            "river": rivers,
        }
    )


def _parents(links: gpd.GeoDataFrame, ids: list[str]) -> dict[str, str | None]:
    """Parent of each link, None for a river of the grid."""
    named = links["parent"] if "parent" in links else [None] * len(links)
    parents = {link: None if pd.isna(parent) else str(parent) for link, parent in zip(ids, named, strict=True)}
    for link, parent in parents.items():
        if parent is not None and parent not in parents:
            raise LayerError(f"link {link!r} leaves {parent!r}; expected the id of another link, or none for the grid")
    return parents


def _upstream_first(parents: dict[str, str | None]) -> list[str]:
    """Order the links so that each comes after its parent."""
    try:
        return list(TopologicalSorter({a: () if b is None else (b,) for a, b in parents.items()}).static_order())
    except CycleError as error:
        raise LayerError(
            f"the links {', '.join(error.args[1])} leave each other in a circle; expected one of them to leave a river "
            "of the grid; empty its parent"
        ) from None


def _river_at(table: pd.DataFrame, line: shapely.LineString, link: str, to_metres: pyproj.Transformer) -> int:
    """Source of the largest river by the start of a link."""
    x, y = to_metres.transform(table["x"].to_numpy(), table["y"].to_numpy())
    away = np.hypot(x - line.coords[0][0], y - line.coords[0][1])
    near = table[away <= _START_M]
    if near.empty:
        raise LayerError(
            f"link {link!r} starts {away.min() / 1000:.3g} km from the nearest river of the grid; expected at most "
            f"{_START_M / 1000:g}; move its first vertex, or name its parent"
        )
    return int(near.loc[near["area_km2"].idxmax(), "source"])


def _widened(
    grid: GeoBox, cells: npt.NDArray[np.int32], lines: Shapes, reach_m: float, to_metres: pyproj.Transformer
) -> tuple[GeoBox, npt.NDArray[np.int32]]:
    """Return the grid with as many cells more as the surroundings of the links need."""
    west, south, east, north = shapely.total_bounds(lines)
    x, y = to_metres.transform(
        np.array([west - reach_m, east + reach_m])[[0, 0, 1, 1]],
        np.array([south - reach_m, north + reach_m])[[0, 1, 0, 1]],
        direction="INVERSE",
    )
    transform = grid.transform
    columns = (np.array(x) - transform.c) / transform.a
    rows = (np.array(y) - transform.f) / transform.e
    top, left = max(0, -math.floor(rows.min())), max(0, -math.floor(columns.min()))
    bottom = max(0, math.ceil(rows.max()) - grid.shape[0])
    right = max(0, math.ceil(columns.max()) - grid.shape[1])
    wide = np.pad(cells, ((top, bottom), (left, right)))
    return GeoBox(wide.shape, transform * Affine.translation(-left, -top), grid.crs), wide


def _fill(
    grid: GeoBox,
    cells: npt.NDArray[np.int32],
    lines: Shapes,
    sources: npt.NDArray[np.int32],
    reach_m: float,
    to_metres: pyproj.Transformer,
) -> None:
    """Give the nearest branch to the cells without a source, in place."""
    rows, columns = np.nonzero(cells == 0)
    transform = grid.transform
    x, y = to_metres.transform(transform.c + transform.a * (columns + 0.5), transform.f + transform.e * (rows + 0.5))
    west, south, east, north = shapely.total_bounds(lines)
    near = (x >= west - reach_m) & (x <= east + reach_m) & (y >= south - reach_m) & (y <= north + reach_m)
    rows, columns, points = rows[near], columns[near], shapely.points(x[near], y[near])
    found, line = shapely.STRtree(lines).query_nearest(points, max_distance=reach_m, all_matches=False)
    cells[rows[found], columns[found]] = sources[line]
