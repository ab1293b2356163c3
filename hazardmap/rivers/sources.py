"""The source of every cell, and the share of each country in the area upstream of it."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from odc.geo.geobox import GeoBox

from hazardmap import checks
from hazardmap.coverage import Block, Window, zonal
from hazardmap.errors import LayerError
from hazardmap.rivers.branches import with_branches
from hazardmap.rivers.cells import look_up
from hazardmap.rivers.network import Network, north_up, raster_on

__all__ = ["UNKNOWN_SOURCE", "Reaches", "at_cells", "reaches"]

OUTSIDE = "outside"
UNKNOWN = "unknown"
UNKNOWN_SOURCE = 0

_GAP = 0.01  # share of the basin that a runoff raster may miss (its coast, as a rule)
_WHOLE = 1e-9  # a cell whose countries leave less than this of it open is theirs: that much is rounding
_OVERLAP = 1e-6  # share of a cell by which countries may overlap before a note says so

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Reaches:
    """River reaches of a region, the cells that each may flood, and where its water comes from.

    Parameters
    ----------
    source : DataArray
        ``(y, x)``, int32: the source of each cell, 0 where it is unknown.
    table : DataFrame
        One row per source: ``source``, ``x``, ``y`` (CRS of the cells), ``area_km2`` (upstream), ``below`` (the source
        that it flows into, 0 where none is known), and for branches given as links ``branch`` (else empty) and
        ``discharge_share`` (else NaN).
    shares : DataFrame
        ``source``, ``origin``, ``share``; sums to 1 for every source, of which 0 has the origin ``unknown``.
    meaning : str
        What a share is a share of.
    notes : tuple of str
        What is legal but doubtful.
    """

    source: xr.DataArray
    table: pd.DataFrame
    shares: pd.DataFrame
    meaning: str
    notes: tuple[str, ...] = ()


def reaches(
    directions: xr.DataArray,
    countries: gpd.GeoDataFrame,
    *,
    min_area_km2: float = 50.0,
    runoff: xr.DataArray | None = None,
    lowland: gpd.GeoDataFrame | None = None,
    links: gpd.GeoDataFrame | None = None,
    link_reach_m: float = 5000.0,
) -> Reaches:
    """Source of every cell, and the share of each country in the area upstream of it.

    Parameters
    ----------
    directions : DataArray
        ``(y, x)``, D8 codes as in :func:`~hazardmap.rivers.upstream_area`.
    countries : GeoDataFrame
        Polygons with a column ``country`` (or another origin, such as ``sea``), in the CRS of the directions. A cell
        counts by the fraction of it that each covers; what none of them covers has the origin ``outside``.
    min_area_km2 : float
        A cell is a source from this upstream area on.
    runoff : DataArray, optional
        ``(y, x)``, runoff or precipitation (mm, or any other depth), in any CRS, usually coarser: shares are then
        weighted by it. A cell takes the value at its centre.
    lowland : GeoDataFrame, optional
        Polygons where the directions cannot be trusted, such as diked land: cells there, and cells that drain to a
        river there, have no known source.
    links : GeoDataFrame, optional
        River branches: lines that start where the branch leaves its parent, with ``id``, and where known ``parent``
        (the id of another link; missing for a river of the grid) and ``discharge_share``. Cells whose source is
        unknown take the nearest branch within ``link_reach_m``.
    link_reach_m : float
        Distance in metres up to which a branch may flood.

    Returns
    -------
    Reaches
        On the grid of the directions, north up, widened by whole cells to hold the links.

    Raises
    ------
    GridError
        When the values are no D8 codes, or water runs in a circle.
    LayerError
        When countries lack the column ``country``, the runoff is negative or misses part of the basin, or a link
        starts on no river.
    CRSMismatchError
        When countries, lowland or links are in another CRS.

    Notes
    -----
    Where a river splits, the water divides but its mix does not change: a branch has the shares of its parent where
    it leaves. Tributaries further down a branch are not added.
    """
    if not (np.isfinite(min_area_km2) and min_area_km2 > 0):
        raise LayerError(f"min_area_km2 is {min_area_km2}; expected km2 above 0; 50 suits a grid of 30 arc-seconds")
    network = Network.of(directions)
    area = network.accumulate(network.cell_km2)
    stream = np.flatnonzero(network.known & (area >= min_area_km2))
    if stream.size == 0:
        raise LayerError(
            f"no river drains {min_area_km2:g} km2; the largest drains {area.max():.3g}; lower min_area_km2"
        )
    weight, notes = (np.ones(area.size), []) if runoff is None else _runoff(network, runoff)
    covered, overlaps = _covered(network, countries)
    shares = _shares(network, covered, stream, weight)
    position = network.drains_to(stream)
    if lowland is not None:
        position[_hidden(network, stream, position, lowland)] = -1
    notes += overlaps
    x, y = network.centres(stream)
    table = pd.DataFrame({"source": np.arange(1, stream.size + 1, dtype=np.int32), "x": x, "y": y})
    table = table.assign(area_km2=area[stream], below=network.below(stream) + 1, branch="", discharge_share=np.nan)
    source = raster_on(network.grid, (position + 1).astype(np.int32).reshape(network.grid.shape))
    if links is not None:
        source, table, shares = with_branches(source, table, shares, links, reach_m=link_reach_m)
        notes.append(
            f"{len(links)} river branches were added by explicit links: each has the mix of the river that it leaves, "
            f"for cells of unknown source up to {link_reach_m:g} m from it"
        )
    unknown = pd.DataFrame({"source": [UNKNOWN_SOURCE], "origin": [UNKNOWN], "share": [1.0]})
    return Reaches(
        source=source,
        table=table,
        shares=pd.concat([unknown, shares], ignore_index=True).astype({"source": "int32"}),
        meaning="share of upstream area" if runoff is None else "share of upstream runoff",
        notes=tuple(notes),
    )


def at_cells(reaches: Reaches, grid: GeoBox) -> xr.DataArray:
    """Source of each cell of another grid, looked up at the cell's centre when it is read.

    Parameters
    ----------
    reaches : Reaches
        From :func:`reaches`.
    grid : GeoBox
        Any grid, in any CRS.

    Returns
    -------
    DataArray
        ``(y, x)``, int32 on ``grid``, lazy: a window that is read is computed alone, from any thread; 0 outside.
    """
    return look_up(reaches.source, grid, missing=UNKNOWN_SOURCE)


@dataclass(frozen=True)
class _Cells:
    """The basin's cells as a raster of ones, each its own source: an overlay of it measures every cell."""

    grid: GeoBox
    known: npt.NDArray[np.bool_]

    def windows(self) -> list[Window]:
        rows, columns = self.grid.shape
        height = max(1, 1_000_000 // columns)
        return [(row, 0, min(height, rows - row), columns) for row in range(0, rows, height)]

    def read(self, window: Window) -> Block:
        row, _, height, columns = window
        cells = np.arange(row * columns, (row + height) * columns, dtype=np.int32).reshape(height, columns)
        values = np.where(self.known[cells], 1.0, np.nan)
        return Block(window=window, values=values[None], source=cells)


def _covered(network: Network, countries: gpd.GeoDataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Km2 of each cell in each country: a long table ``origin, cell, km2`` that sums to the cells."""
    checks.require_features(countries, name="countries")
    if "country" not in countries:
        raise LayerError("countries have no column 'country'; expected ISO 3166-1 codes; map the column on the card")
    checks.require_same_crs(countries, str(network.grid.crs), name="countries", other="the flow directions")
    found = zonal(countries.geometry.to_numpy(), _Cells(network.grid, network.known), levels=(0.5,)).by_source
    covered = pd.DataFrame(
        {
            "origin": countries["country"].astype(str).to_numpy()[found["shape"]],
            "cell": found["source"].to_numpy(dtype=np.int64),
            "km2": found["amount"].to_numpy() / 1e6,
        }
    )
    covered = covered.groupby(["origin", "cell"], as_index=False)["km2"].sum()
    cell = network.cell_km2
    total = np.bincount(covered["cell"], covered["km2"], minlength=cell.size)
    excess = np.where(network.known, total - cell, 0.0)
    notes = []
    if (excess > _OVERLAP * cell).any():
        notes.append(
            f"countries overlap by {np.maximum(excess, 0).sum():.3g} km2 in the basin; divided in proportion there"
        )
    scale = np.where(total > cell, cell / np.where(total > 0, total, 1.0), 1.0)
    covered["km2"] *= scale[covered["cell"]]
    left = np.where(-excess > _WHOLE * cell, -excess, 0.0)
    cells = np.flatnonzero(left)
    outside = pd.DataFrame({"origin": OUTSIDE, "cell": cells, "km2": left[cells]})
    return pd.concat([covered, outside], ignore_index=True), notes


def _shares(network: Network, covered: pd.DataFrame, stream: Integers, weight: Floats) -> pd.DataFrame:
    """Share of each origin upstream of the stream cells, one origin at a time: no array holds all of them."""
    columns = {}
    for origin, cells in covered.groupby("origin", sort=True):
        amount = np.bincount(cells["cell"], cells["km2"], minlength=weight.size) * weight
        columns[str(origin)] = network.accumulate(amount)[stream]
    wide = pd.DataFrame(columns, index=pd.RangeIndex(1, stream.size + 1, name="source"))
    total = wide.sum(axis=1)
    wide = wide.div(total.where(total > 0, 1.0), axis=0)
    wide[UNKNOWN] = (total <= 0).astype(float)  # not one drop of runoff upstream: nobody can say
    long = wide.reset_index().melt("source", var_name="origin", value_name="share")
    return long[long["share"] > 0].sort_values(["source", "origin"], ignore_index=True)


def _runoff(network: Network, runoff: xr.DataArray) -> tuple[Floats, list[str]]:
    """Runoff at each cell of the network; little gaps are filled with 0 and noted."""
    values = look_up(north_up(runoff, name="runoff").astype(float), network.grid, missing=np.nan).to_numpy().ravel()
    if (values[network.known] < 0).any():
        raise LayerError(
            f"runoff is {np.nanmin(values):g} somewhere; expected 0 or more; mask its no-data value as NaN"
        )
    gap = network.known & ~np.isfinite(values)
    missing = network.cell_km2[gap].sum() / network.cell_km2.sum()
    if missing > _GAP:
        raise LayerError(
            f"runoff misses {missing:.0%} of the basin; expected a value everywhere upstream; use a larger raster"
        )
    notes = [f"runoff misses {missing:.2%} of the basin, which takes no part in the shares"] if gap.any() else []
    return np.where(np.isfinite(values), values, 0.0), notes


def _hidden(network: Network, stream: Integers, position: Integers, lowland: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    """Cells whose centre lies in the lowland, or whose river does."""
    from rasterio.features import rasterize

    checks.require_same_crs(lowland, str(network.grid.crs), name="lowland", other="the flow directions")
    shapes = [(shape, 1) for shape in lowland.geometry if shape is not None and not shape.is_empty]
    if not shapes:
        return np.zeros(position.size, dtype=bool)
    low = rasterize(shapes, out_shape=network.grid.shape, transform=network.grid.transform, dtype="uint8").ravel() == 1
    hidden: npt.NDArray[np.bool_] = low | ((position >= 0) & low[stream[position]])
    return hidden
