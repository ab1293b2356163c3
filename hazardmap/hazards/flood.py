"""Floods: water depth per scenario, and which countries the water of each flooded cell comes from."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import geopandas as gpd
import pandas as pd
import xarray as xr

from hazardmap import rivers
from hazardmap.checks import grid_of
from hazardmap.errors import FootprintError
from hazardmap.footprint import LEAST, UNKNOWN_SOURCE, Footprint, scenario_table
from hazardmap.neighbours.mosaics import mosaic
from hazardmap.neighbours.seamlines import seams
from hazardmap.neighbours.sourcemaps import source_maps
from hazardmap.stack import stack

__all__ = ["flood"]

Scenarios = Sequence[Mapping[str, Any]]

_STATUS = ("official", "indicative", "synthetic")


def flood(
    depth: xr.DataArray | Scenarios,
    origin: xr.DataArray | None = None,
    territories: gpd.GeoDataFrame | None = None,
    lowland: gpd.GeoDataFrame | None = None,
    links: gpd.GeoDataFrame | None = None,
    runoff: xr.DataArray | None = None,
    *,
    levels: Sequence[float] = (0.1, 0.5, 1.0, 2.0, 4.0),
    min_upstream_km2: float = 50.0,
) -> Footprint:
    """Footprint of floods from depth rasters.

    A flooded cell takes the river reach that it drains to; the share of a country is its share of the upstream area
    of that reach. A share says how much of the land above the reach lies in a country, never who caused the flood.

    Parameters
    ----------
    depth : DataArray or sequence of mapping
        Water depth, 0 for dry and NaN for not modelled, with ``attrs["units"]``. One raster ``(y, x)``, a stack
        ``(scenario, y, x)`` whose coordinates along ``scenario`` may be ``label``, ``class`` and ``return_period``,
        or one mapping per scenario with ``layer`` (a raster), ``label``, ``class`` and ``return_period`` (years or
        None). All on one grid; but maps of several countries, whose mappings each name a ``country``, may lie on
        several: see :func:`hazardmap.neighbours.source_maps` and :func:`hazardmap.neighbours.mosaic`.
    origin : DataArray, optional
        Flow directions (D8). Without them every origin is ``unknown``.
    territories : GeoDataFrame, optional
        Countries of the whole river basin, with the column ``country``. A map counts in its own country, and where
        two maps meet at a border, their seams are looked for (:func:`hazardmap.neighbours.seamlines.seams`).
    lowland : GeoDataFrame, optional
        Land where flow directions do not tell which river floods it (behind dikes): ``unknown`` there, unless a
        link reaches it.
    links : GeoDataFrame, optional
        River branches that the flow directions cannot carry; see :func:`hazardmap.rivers.reaches`.
    runoff : DataArray, optional
        Mean runoff or precipitation (any unit of depth), usually coarser: shares are then weighted by it.
    levels : sequence of float
        Class edges in metres; the first says from what depth on a cell counts as flooded, 0 meaning any water. In a
        study also the name of the classes of a national map, such as ``de-lawa``.
    min_upstream_km2 : float
        A stream with less upstream area is no river reach.

    Returns
    -------
    Footprint
        Depth in metres on the grid of the rasters.

    Raises
    ------
    UnitsError
        When a raster has no units of length.
    GridError
        When the scenarios of one map are not on one grid.
    FootprintError
        When flow directions are given without territories, or a map is not as described above.
    NoOverlapError
        When a map lies outside the territories of its country.

    Examples
    --------
    >>> import rioxarray
    >>> depth = xr.DataArray([[0.0, 1.2]], dims=("y", "x"), coords={"y": [0.5], "x": [0.5, 1.5]}, attrs={"units": "m"})
    >>> footprint = flood(depth.rio.write_crs("EPSG:3035"))
    >>> footprint.shares.values.tolist()
    [[0, 'unknown', 1.0]]
    """
    depths = _depths(depth, territories, wet_m=max(float(levels[0]), LEAST) if len(levels) else LEAST)
    layers = [*depths.rasters, *(layer for layer in (origin, territories, lowland, links, runoff) if layer is not None)]
    source: xr.DataArray | int = UNKNOWN_SOURCE
    shares = pd.DataFrame({"source": [UNKNOWN_SOURCE], "origin": ["unknown"], "share": [1.0]})
    meaning = "share of upstream area"
    notes = [*(note for layer in layers for note in layer.attrs.get("notes", ())), *depths.notes]
    if origin is not None:
        if territories is None:
            raise FootprintError("flood has flow directions but no territories; expected both; name a border layer")
        found = rivers.reaches(
            origin, territories, min_area_km2=min_upstream_km2, lowland=lowland, links=links, runoff=runoff
        )
        source, shares = rivers.at_cells(found, grid_of(depths.intensity)), found.shares
        notes += found.notes
        meaning = found.meaning
    else:
        notes.append("no flow directions were given, so the origin of the water is unknown")
    return Footprint(
        hazard="flood",
        intensity=depths.intensity,
        units="m",
        levels=tuple(float(edge) for edge in levels),
        scenarios=depths.scenarios,
        source=source,
        shares=shares,
        meaning=meaning,
        status=_weakest(layers),
        notes=tuple(dict.fromkeys(notes)),
        inputs=tuple(layer.attrs["layer"] for layer in layers if layer.attrs.get("layer")),
        parameters={"levels": [float(edge) for edge in levels], "min_upstream_km2": float(min_upstream_km2)},
        maps=depths.maps,
        seams=depths.seams,
    )


class _Depths(NamedTuple):
    """Depths of all scenarios, the rasters that they come from, and where those do not line up."""

    intensity: xr.DataArray
    scenarios: pd.DataFrame
    rasters: list[xr.DataArray]
    notes: tuple[str, ...] = ()
    maps: pd.DataFrame | None = None
    seams: gpd.GeoDataFrame | None = None


def _depths(depth: xr.DataArray | Scenarios, territories: gpd.GeoDataFrame | None, *, wet_m: float) -> _Depths:
    """Stack the scenarios of one map, or lay several maps beside each other."""
    if isinstance(depth, xr.DataArray):
        depth = _split(depth)
    if not depth:
        raise FootprintError("flood has no depth raster; expected at least one scenario; list them under 'depth'")
    rasters = [item["layer"] for item in depth if "layer" in item]
    if any("country" in item or "map" in item for item in depth):
        maps = source_maps(depth)
        joined = mosaic(maps, territories)
        found = None if territories is None else seams(maps, territories, wet_m=wet_m)
        notes = (*joined.notes, *(() if found is None else found.attrs["notes"]))
        return _Depths(joined.depth, joined.scenarios, rasters, notes, joined.maps, found)
    table = scenario_table([_described(item) for item in depth])
    return _Depths(stack(rasters, list(table.index), units="m", least=0.0), table, rasters)


def _split(depth: xr.DataArray) -> list[dict[str, Any]]:
    """Return one mapping per layer of a raster."""
    if "scenario" not in depth.dims:
        return [{"layer": depth, "label": str(depth.name or "depth")}]
    found = []
    for number in range(depth.sizes["scenario"]):
        layer = depth.isel(scenario=number)
        known = {key: layer.coords[key].item() for key in ("label", "class", "return_period") if key in layer.coords}
        identity = layer.coords["scenario"].item() if "scenario" in layer.coords else None
        found.append({"id": identity, **known, "layer": layer.drop_vars("scenario", errors="ignore")})
    return found


def _described(item: Mapping[str, Any]) -> dict[str, Any]:
    known = {"layer", "id", "label", "class", "return_period", "probability", "probability_kind"}
    strange = sorted(set(item) - known)
    if strange:
        raise FootprintError(f"a scenario has the key {strange[0]!r}; expected some of {sorted(known)}; correct it")
    return {key: value for key, value in item.items() if key != "layer"}


def _weakest(layers: Sequence[xr.DataArray | gpd.GeoDataFrame]) -> str:
    """Return the weakest status among layers; what does not say is taken as indicative."""
    found: list[str] = [layer.attrs.get("layer", {}).get("status") or "indicative" for layer in layers]
    return max(found, key=_STATUS.index)
