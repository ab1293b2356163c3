"""Floods: water depth per scenario, and which countries the water of each flooded cell comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr

from hazardmap import rivers
from hazardmap.checks import grid_of
from hazardmap.curves import Rating
from hazardmap.dikes import held_back
from hazardmap.errors import FootprintError
from hazardmap.footprint import (
    LEAST,
    UNKNOWN_SOURCE,
    Footprint,
    class_edges,
    require_positive,
    scenario_table,
    weakest_status,
)
from hazardmap.neighbours.mosaics import mosaic
from hazardmap.neighbours.seamlines import seams
from hazardmap.neighbours.sourcemaps import CLASSES, source_maps
from hazardmap.scenarios import require_labels, require_rising
from hazardmap.stack import combine, stack, stack_velocities

__all__ = ["flood"]

Scenarios = Sequence[Mapping[str, Any]]


DEPTH_LEVELS = (0.1, 0.5, 1.0, 2.0, 4.0)
"""Class edges of depths in metres, where none are named."""


def flood(  # noqa: PLR0913  (layers and options are the keys of a study)
    depth: xr.DataArray | Scenarios,
    origin: xr.DataArray | None = None,
    territories: gpd.GeoDataFrame | None = None,
    lowland: gpd.GeoDataFrame | None = None,
    links: gpd.GeoDataFrame | None = None,
    runoff: xr.DataArray | None = None,
    velocity: xr.DataArray | None = None,
    protected: gpd.GeoDataFrame | None = None,
    *,
    levels: Sequence[float] | None = None,
    min_upstream_km2: float = 50.0,
    rating: Rating | None = None,
    seam_step_m: float = 0.5,
    seam_wet_m: float | None = None,
) -> Footprint:
    """Footprint of floods from depth rasters.

    A flooded cell takes the river reach that it drains to; the share of a country is its share of the upstream area
    of that reach. A share says how much of the land above the reach lies in a country, never who caused the flood.

    Parameters
    ----------
    depth : DataArray or sequence of mapping
        Water depth, 0 for dry and NaN for not modelled, with ``attrs["units"]``. One raster ``(y, x)``, a stack
        ``(scenario, y, x)`` whose coordinates along ``scenario`` may be ``label``, ``class``, ``return_period`` and
        ``failure``, or one mapping per scenario, from frequent to rare, with ``layer`` (a raster), ``label``,
        ``class``, ``return_period`` (years or None), ``velocity`` (a raster) and ``failure`` (true where dikes are
        taken to fail). All on one grid; but maps of several countries, whose mappings each name a ``country``, may lie
        on several: see :func:`hazardmap.neighbours.source_maps` and :func:`hazardmap.neighbours.mosaic`.
    origin : DataArray, optional
        Flow directions (D8). Without them every origin is ``unknown``.
    territories : GeoDataFrame, optional
        Countries of the whole river basin, with the column ``country``. A map counts in its own country, and where
        two maps meet at a border, their seams are looked for (:func:`hazardmap.neighbours.seamlines.seams`). With the
        column ``map``, a map counts in the land that names it.
    lowland : GeoDataFrame, optional
        Land where flow directions do not tell which river floods it (behind dikes): ``unknown`` there, unless a
        link reaches it.
    links : GeoDataFrame, optional
        River branches that the flow directions cannot carry; see :func:`hazardmap.rivers.reaches`.
    runoff : DataArray, optional
        Mean runoff or precipitation (any unit of depth), usually coarser: shares are then weighted by it.
    velocity : DataArray, optional
        Velocity of the water with ``attrs["units"]``, on the grid of the depths: one raster ``(y, x)`` for all
        scenarios, or one per scenario; or in the mappings of ``depth``. Needs a ``rating``.
    protected : GeoDataFrame, optional
        Land behind dikes, perhaps with their standard in years in the column ``protection``: dry in scenarios that the
        dikes hold back; see :func:`hazardmap.dikes.held_back`.
    levels : sequence of float, optional
        Class edges in metres; the first says from what depth on a cell counts as flooded, 0 meaning any water. In a
        study also the name of the classes of a national map, such as ``de-lawa``. By default 0.1, 0.5, 1, 2 and 4 m,
        or the classes of the rating.
    min_upstream_km2 : float
        A stream with less upstream area is no river reach.
    rating : Rating, optional
        Rates depth and velocity together; the intensity is then the rating. From :func:`hazardmap.hazard_rating`; in
        a study its name, such as ``uk``.
    seam_step_m : float
        From what difference in depth on (metres) two wet sides of a border make a step.
    seam_wet_m : float, optional
        From what depth on (metres) a side of a border is wet; by default the first level of depths.

    Returns
    -------
    Footprint
        Depth in metres, or the rating, on the grid of the rasters.

    Raises
    ------
    UnitsError
        When a raster has no units of length.
    GridError
        When the scenarios of one map are not on one grid.
    FootprintError
        When flow directions are given without territories, a velocity without a rating or the other way round,
        return periods or labels are repeated, return periods are not sorted, or a map is not as described above.
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
    edges = _levels(levels, rating)
    if seam_wet_m is None:
        seam_wet_m = max(DEPTH_LEVELS[0] if rating is not None else edges[0], LEAST)
    require_positive(min_upstream_km2=min_upstream_km2, seam_step_m=seam_step_m, seam_wet_m=seam_wet_m)
    depths = _depths(_scenarios(depth, velocity), territories, rating, (seam_step_m, seam_wet_m))
    if protected is not None:
        depths = _behind_dikes(depths, protected)
    given = (origin, territories, lowland, links, runoff, protected)
    layers = [*depths.rasters, *(layer for layer in given if layer is not None)]
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
    rated = () if rating is None else rating.inputs
    units = "m" if rating is None else rating.units
    depths.intensity.attrs["units"] = units
    return Footprint(
        hazard="flood",
        intensity=depths.intensity,
        units=units,
        levels=edges,
        scenarios=depths.scenarios,
        source=source,
        shares=shares,
        meaning=meaning,
        status=weakest_status(layers, (str(table["status"]) for table in rated)),
        notes=tuple(dict.fromkeys(notes)),
        inputs=(*(layer.attrs["layer"] for layer in layers if layer.attrs.get("layer")), *rated),
        parameters={
            "levels": list(edges),
            "min_upstream_km2": float(min_upstream_km2),
            "rating": None if rating is None else rating.name,
            "seam_step_m": float(seam_step_m),
            "seam_wet_m": float(seam_wet_m),
        },
        maps=depths.maps,
        seams=depths.seams,
        rising=_rising(depths),
    )


def _levels(levels: Any, rating: Any) -> tuple[float, ...]:
    if rating is not None and not isinstance(rating, Rating):
        raise FootprintError(f"the rating is {rating!r}; expected one of hazardmap.hazard_rating; call that with it")
    if levels is None:
        return DEPTH_LEVELS if rating is None else rating.levels
    edges = class_edges(levels)
    if edges[0] < 0:
        raise FootprintError(f"levels begin at {edges[0]:g}; expected 0 or more, since dry land is 0; leave it out")
    return edges


class _Depths(NamedTuple):
    """Depths (or ratings) of all scenarios, the rasters that they come from, and where those do not line up."""

    intensity: xr.DataArray
    scenarios: pd.DataFrame
    rasters: list[xr.DataArray]
    failure: list[bool]
    notes: tuple[str, ...] = ()
    maps: pd.DataFrame | None = None
    seams: gpd.GeoDataFrame | None = None


def _depths(
    items: Scenarios, territories: gpd.GeoDataFrame | None, rating: Rating | None, thresholds: tuple[float, float]
) -> _Depths:
    """Stack the scenarios of one map, or lay several maps beside each other."""
    rasters = [item[key] for item in items for key in ("layer", "velocity") if item.get(key) is not None]
    if any("country" in item or "map" in item for item in items):
        return _several_maps(items, rasters, territories, rating, thresholds)
    table = scenario_table([_described(item) for item in items])
    names = list(table.index)
    absent = [name for name, item in zip(names, items, strict=True) if "layer" not in item]
    if absent:
        raise FootprintError(f"scenario {absent[0]!r} has no layer; expected a raster of depths; add 'layer'")
    failure = [_fails(item) for item in items]
    intensity = stack([item["layer"] for item in items], names, units="m", least=0.0)
    require_rising(table[~np.array(failure)], name="flood")
    require_labels(table, name="flood")
    speed = stack_velocities([item.get("velocity") for item in items], intensity, names)
    rated, notes = _rated(intensity, speed, rating)
    return _Depths(rated, table, rasters, failure, notes)


def _several_maps(
    items: Scenarios,
    rasters: list[xr.DataArray],
    territories: gpd.GeoDataFrame | None,
    rating: Rating | None,
    thresholds: tuple[float, float],
) -> _Depths:
    maps = source_maps(items)
    rated = [_rated(each.depth, each.velocity, rating) for each in maps]
    joined = mosaic(
        [replace(each, depth=intensity) for each, (intensity, _) in zip(maps, rated, strict=True)], territories
    )
    step_m, wet_m = thresholds
    found = None if territories is None else seams(maps, territories, step_m=step_m, wet_m=wet_m)
    notes = (*joined.notes, *rated[0][1], *(() if found is None else found.attrs["notes"]))
    failure = []
    for name in joined.scenarios.index:
        said = {_fails(item) for item in items if item["class"] == name}
        if len(said) > 1:
            raise FootprintError(
                f"scenario {name!r} is a failure of dikes on some maps only; expected it on all or none; name a class "
                "of its own for failures"
            )
        failure.append(said.pop())
    return _Depths(joined.depth, joined.scenarios, rasters, failure, notes, joined.maps, found)


def _fails(item: Mapping[str, Any]) -> bool:
    """Return whether the dikes fail in a scenario; the text "no" is not false, so that it is refused."""
    said = item.get("failure")
    if said is not None and not isinstance(said, bool | np.bool_):
        raise FootprintError(f"failure is {said!r}; expected true or false, without quotes; correct it")
    return bool(said)


def _rated(
    depth: xr.DataArray, velocity: xr.DataArray | None, rating: Rating | None
) -> tuple[xr.DataArray, tuple[str, ...]]:
    """Return depths as they are, or rated together with velocities."""
    if rating is None and velocity is None:
        return depth, ()
    if rating is None:
        raise FootprintError("flood has velocities but no rating; expected both; name a rating such as 'uk'")
    if velocity is None:
        raise FootprintError(
            f"flood has the rating {rating.name!r} but no velocities; expected a raster for every scenario; "
            "name them under 'velocity'"
        )
    note = (
        f"the intensity is the {rating.units} (rating {rating.name}) of depth and velocity; water of which no velocity "
        "is known is not covered"
    )
    weak = [item["name"] for item in rating.inputs if item["status"] == "indicative"]
    return combine(rating.at, depth, velocity), (
        note,
        *(f"{name} holds indicative numbers (status K or own); verify those you rely on" for name in weak),
    )


def _rising(depths: _Depths) -> tuple[str, ...]:
    """Scenarios from frequent to rare: those with a probability, or the classes of several maps; no failure."""
    ordered = depths.scenarios["probability"].notna().to_numpy() | (depths.maps is not None)
    return tuple(depths.scenarios.index[ordered & ~np.array(depths.failure)])


def _behind_dikes(depths: _Depths, protected: gpd.GeoDataFrame) -> _Depths:
    held, notes = held_back(depths.intensity, depths.scenarios, depths.failure, protected)
    return depths._replace(intensity=held, notes=(*depths.notes, *notes))


def _scenarios(depth: xr.DataArray | Scenarios, velocity: xr.DataArray | None) -> Scenarios:
    """Return one mapping per scenario, each with its velocity where there is one."""
    items = _split(depth) if isinstance(depth, xr.DataArray) else list(depth)
    if not items:
        raise FootprintError("flood has no depth raster; expected at least one scenario; list them under 'depth'")
    _require_rasters(items)
    if velocity is None:
        return items
    speeds = [item["layer"] for item in _split(velocity)] if "scenario" in velocity.dims else [velocity] * len(items)
    if len(speeds) != len(items):
        raise FootprintError(
            f"flood has {len(items)} scenarios of depth but {len(speeds)} of velocity; expected as many, or one "
            "velocity for all"
        )
    if any("velocity" in item for item in items):
        raise FootprintError("velocity is named twice; expected it for all scenarios or in each; drop one")
    if any("country" in item for item in items):
        raise FootprintError(
            "flood has one velocity for maps of several countries; expected one on the grid of each map; "
            "name it beside the layer of each scenario"
        )
    return [{**item, "velocity": speed} for item, speed in zip(items, speeds, strict=True)]


def _require_rasters(items: Scenarios) -> None:
    for number, item in enumerate(items, start=1):
        for key in ("layer", "velocity"):
            given = item.get(key)
            if given is not None and not isinstance(given, xr.DataArray):
                raise FootprintError(
                    f"the {key} of scenario {number} is a {type(given).__name__}; expected a raster; name another"
                )


def _split(depth: xr.DataArray) -> list[dict[str, Any]]:
    """Return one mapping per layer of a raster."""
    if "scenario" not in depth.dims:
        return [{"layer": depth, "label": str(depth.name or "depth")}]
    found = []
    for number in range(depth.sizes["scenario"]):
        layer = depth.isel(scenario=number)
        keys = ("label", "class", "return_period", "failure")
        known = {key: layer.coords[key].item() for key in keys if key in layer.coords}
        identity = layer.coords["scenario"].item() if "scenario" in layer.coords else None
        found.append({"id": identity, **known, "layer": layer.drop_vars("scenario", errors="ignore")})
    return found


def _described(item: Mapping[str, Any]) -> dict[str, Any]:
    beside = {"layer", "velocity", "failure"}
    known = {*beside, "id", "label", "class", "return_period", "probability", "probability_kind"}
    strange = sorted(set(item) - known)
    if strange:
        raise FootprintError(f"a scenario has the key {strange[0]!r}; expected some of {sorted(known)}; correct it")
    if item.get("class") not in (None, "", *CLASSES):
        raise FootprintError(
            f"a scenario has the class {item['class']!r}; expected one of {', '.join(CLASSES)}; or leave it out"
        )
    return {key: value for key, value in item.items() if key not in beside}
