"""What a flood means for people and services: thresholds tried side by side, ranges instead of one number."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from hazardmap.curves import speed_in_water
from hazardmap.errors import LayerError
from hazardmap.exposure import Exposure

__all__ = ["dry_floors", "loss_of_function", "people_range", "road_speeds", "sensitivity"]

STOREY_M = 2.65
"""Height of a storey, as Dutch maps of dry floors take it."""

_WHOLE = 1 - 1e-9


def loss_of_function(
    exposure: Exposure, layer: str, *, thresholds: Sequence[float] = (0.3, 0.6, 1.2), default: float = 0.6
) -> pd.DataFrame:
    """Say which assets stop working, for several depths at which they might.

    The depths named for substations differ by a factor of ten between sources, so that one number would say more
    than is known. An asset fails where the deepest water that touches it reaches the threshold.

    Parameters
    ----------
    exposure : Exposure
    layer : str
        Name of a layer of assets.
    thresholds : sequence of float
        Metres; see the table ``loss-of-function``.
    default : float
        The threshold to name where only one can be.

    Returns
    -------
    DataFrame
        One row per asset, scenario and threshold: ``layer, asset, name, scenario, threshold_m, default, depth_m,
        state``. ``state`` is ``lost``, ``works``, or ``unknown`` where data cover the asset only in part and none of
        what they cover is that deep.

    Raises
    ------
    LayerError
        When the intensity is no depth in metres, there is no such layer, or the default is no threshold.

    Examples
    --------
    A substation in 0.7 m of water:

    >>> import rioxarray, shapely, xarray as xr, hazardmap as hm
    >>> depth = xr.DataArray([[0.0, 0.7]], dims=("y", "x"), coords={"y": [0.5], "x": [0.5, 1.5]}, attrs={"units": "m"})
    >>> land = gpd.GeoDataFrame({"id": ["A"], "country": ["NL"]}, geometry=[shapely.box(0, 0, 2, 1)], crs=3035)
    >>> stations = gpd.GeoDataFrame({"id": ["s"]}, geometry=[shapely.Point(1.5, 0.5)], crs=3035)
    >>> found = hm.overlay(hm.flood(depth.rio.write_crs(3035)), land, {"stations": stations})
    >>> loss_of_function(found, "stations")[["threshold_m", "state"]].values.tolist()
    [[0.3, 'lost'], [0.6, 'lost'], [1.2, 'works']]
    """
    if default not in thresholds:
        raise LayerError(f"the default is {default} m; expected one of the thresholds {list(thresholds)}; add it")
    deepest = _deepest(exposure, layer)
    tables = [
        deepest.assign(threshold_m=edge, default=edge == default, state=_state(deepest, edge, ("lost", "works")))
        for edge in sorted(thresholds)
    ]
    table = pd.concat(tables).sort_index(kind="stable").reset_index(drop=True)
    return table[["layer", "asset", "name", "scenario", "threshold_m", "default", "depth_m", "state"]]


def sensitivity(lost: pd.DataFrame) -> pd.DataFrame:
    """Count the states of :func:`loss_of_function` per scenario and threshold: how much hangs on the threshold.

    Returns
    -------
    DataFrame
        Indexed by scenario and ``threshold_m``; columns ``lost, unknown, works``.
    """
    keys = ["scenario", "threshold_m"]
    counts = lost.pivot_table(index=keys, columns="state", aggfunc="size", fill_value=0, sort=False)
    return counts.reindex(columns=["lost", "unknown", "works"], fill_value=0)


def road_speeds(exposure: Exposure, layer: str, *, free_kmh: float = 80.0) -> pd.DataFrame:
    """Greatest safe speed on each road, in the deepest water on it; see :func:`hazardmap.curves.speed_in_water`.

    Parameters
    ----------
    exposure : Exposure
    layer : str
        Name of a layer of roads.
    free_kmh : float
        Speed on the dry road.

    Returns
    -------
    DataFrame
        One row per road and scenario: ``layer, asset, name, scenario, depth_m, speed_kmh``; NaN where nothing is
        known. Roads are impassable (speed 0) from 0.3 m on.

    Raises
    ------
    LayerError
        When the intensity is no depth in metres, or there is no such layer.

    Examples
    --------
    A road in 150 mm of water: 0.0009 x 150**2 - 0.5529 x 150 + 86.9448 km/h.

    >>> import rioxarray, shapely, xarray as xr, hazardmap as hm
    >>> depth = xr.DataArray([[0.0, 0.15]], dims=("y", "x"), coords={"y": [0.5], "x": [0.5, 1.5]}, attrs={"units": "m"})
    >>> land = gpd.GeoDataFrame({"id": ["A"], "country": ["NL"]}, geometry=[shapely.box(0, 0, 2, 1)], crs=3035)
    >>> roads = gpd.GeoDataFrame({"id": ["r"]}, geometry=[shapely.LineString([(1.1, 0.5), (1.9, 0.5)])], crs=3035)
    >>> found = hm.overlay(hm.flood(depth.rio.write_crs(3035)), land, {"roads": roads})
    >>> road_speeds(found, "roads")["speed_kmh"].round(1).tolist()
    [24.3]
    """
    deepest = _deepest(exposure, layer).reset_index(drop=True)
    speed = speed_in_water(deepest["depth_m"], free_kmh)
    return deepest.assign(speed_kmh=speed)[["layer", "asset", "name", "scenario", "depth_m", "speed_kmh"]]


def dry_floors(
    exposure: Exposure, layer: str, buildings: gpd.GeoDataFrame, *, storey_m: float = STOREY_M
) -> pd.DataFrame:
    """Say which buildings keep a dry floor: ``storeys x storey_m > depth``.

    Parameters
    ----------
    exposure : Exposure
    layer : str
        Name under which the buildings were laid over.
    buildings : GeoDataFrame
        The same buildings, with ``id`` and ``storeys``.
    storey_m : float
        Height of a storey in metres.

    Returns
    -------
    DataFrame
        One row per building and scenario: ``layer, asset, name, scenario, storeys, depth_m, dry_floor``, which is
        ``yes``, ``no`` or ``unknown``.

    Raises
    ------
    LayerError
        When the intensity is no depth in metres, there is no such layer, or the buildings have no storeys.

    Examples
    --------
    Houses of one storey (2.65 m) and of two (5.3 m) in 3 m of water:

    >>> import rioxarray, shapely, xarray as xr, hazardmap as hm
    >>> depth = xr.DataArray([[3.0, 3.0]], dims=("y", "x"), coords={"y": [0.5], "x": [0.5, 1.5]}, attrs={"units": "m"})
    >>> land = gpd.GeoDataFrame({"id": ["A"], "country": ["NL"]}, geometry=[shapely.box(0, 0, 2, 1)], crs=3035)
    >>> points = gpd.points_from_xy([0.5, 1.5], [0.5, 0.5])
    >>> houses = gpd.GeoDataFrame({"id": ["low", "high"], "storeys": [1, 2]}, geometry=points, crs=3035)
    >>> found = hm.overlay(hm.flood(depth.rio.write_crs(3035)), land, {"houses": houses})
    >>> dry_floors(found, "houses", houses)[["asset", "dry_floor"]].values.tolist()
    [['low', 'no'], ['high', 'yes']]
    """
    if not {"id", "storeys"} <= set(buildings.columns):
        raise LayerError(f"{layer} has no columns id and storeys; expected both; map them on the card")
    deepest = _deepest(exposure, layer).reset_index(drop=True)
    storeys = buildings.set_index(buildings["id"].astype(str))["storeys"].astype(float).reindex(deepest["asset"])
    height = storeys.to_numpy() * storey_m
    state = np.where(np.isnan(height), "unknown", _state(deepest, height, ("no", "yes")))
    table = deepest.assign(storeys=storeys.to_numpy(), dry_floor=state)
    return table[["layer", "asset", "name", "scenario", "storeys", "depth_m", "dry_floor"]]


def people_range(
    exposure: Exposure, layer: str, *, depths: Sequence[float] = (0.0, 0.1, 0.3, 0.5), unit: str = "people"
) -> pd.DataFrame:
    """Count people in water deeper than each of several depths, since no single depth says who is affected.

    Parameters
    ----------
    exposure : Exposure
    layer : str
        A population raster, or places with a value in people.
    depths : sequence of float
        Metres; each must be a class edge of the hazard. 0 is every wet place.
    unit : str
        Unit of the people in that layer: ``people`` of a raster or of areas, ``people in places hit`` of points.

    Returns
    -------
    DataFrame
        One row per scenario, territory and depth: ``scenario, territory, country, depth_m, people, not_covered``.
        ``not_covered`` lives where no data say anything.

    Raises
    ------
    LayerError
        When the intensity is no depth in metres, there is no such layer, it holds nothing in that unit, or a depth is
        no class edge.

    Examples
    --------
    100 people in 0.2 m of water and 40 in 0.4 m:

    >>> import rioxarray, shapely, xarray as xr, hazardmap as hm
    >>> depth = xr.DataArray([[0.2, 0.4]], dims=("y", "x"), coords={"y": [0.5], "x": [0.5, 1.5]}, attrs={"units": "m"})
    >>> depth = depth.rio.write_crs(3035)
    >>> people = depth.copy(data=[[100.0, 40.0]]).assign_attrs(units="people")
    >>> land = gpd.GeoDataFrame({"id": ["A"], "country": ["NL"]}, geometry=[shapely.box(0, 0, 2, 1)], crs=3035)
    >>> found = hm.overlay(hm.flood(depth, levels=[0.1, 0.3]), land, {"people": people})
    >>> people_range(found, "people", depths=[0.1, 0.3])[["depth_m", "people"]].values.tolist()
    [[0.1, 140.0], [0.3, 40.0]]
    """
    own = _layer(exposure, layer)
    levels = exposure.footprint.levels
    strange = [depth for depth in depths if depth not in levels]
    if strange:
        raise LayerError(
            f"{strange[0]} m is no class edge; expected some of {list(levels)}; add it to the levels of the hazard"
        )
    units = {*own["unit"], *own["value_unit"].dropna()}
    if unit not in units:
        raise LayerError(f"{layer} holds no {unit}; expected one of its units: {', '.join(sorted(units))}; name it")
    count = own["value"] if (own["value_unit"] == unit).any() else own["amount"]
    keys = ["scenario", "territory"]
    blind = (count * (1 - own["covered_fraction"])).groupby([own[key] for key in keys], sort=False).sum()
    country = own.groupby(keys, sort=False)["country"].first()
    flows = exposure.flows(without_origin=True)
    chosen = flows[(flows["measure"] == layer) & (flows["unit"] == unit)].drop_duplicates([*keys, "level"])
    tables = []
    for depth in sorted(depths):
        deeper = chosen[chosen["level"] >= depth].groupby(keys)["total"].sum()
        people = deeper.reindex(country.index, fill_value=0.0)
        columns = {"country": country, "depth_m": depth, "people": people, "not_covered": blind}
        tables.append(pd.DataFrame(columns).reset_index())
    return pd.concat(tables, ignore_index=True)


def _layer(exposure: Exposure, layer: str) -> pd.DataFrame:
    units = exposure.footprint.units
    if units != "m":
        raise LayerError(f"the intensity is in {units!r}; expected depths in m; overlay the flood without a rating")
    rows = pd.DataFrame(exposure.assets.drop(columns="geometry"))
    own = rows[rows["layer"] == layer]
    if own.empty:
        names = ", ".join(rows["layer"].unique())
        raise LayerError(f"there is no layer {layer!r} in the result; expected one of {names}; correct it")
    return own


def _deepest(exposure: Exposure, layer: str) -> pd.DataFrame:
    """Deepest water on each asset and scenario, over all its pieces, and whether all of it is covered."""
    own = _layer(exposure, layer)
    found = own.groupby(["layer", "asset", "scenario"], sort=False, as_index=False).agg(
        name=("name", "first"), depth_m=("maximum", "max"), covered=("covered_fraction", "min")
    )
    return found.assign(covered=found["covered"] >= _WHOLE)


def _state(
    deepest: pd.DataFrame, threshold: float | npt.NDArray[np.float64], words: tuple[str, str]
) -> npt.NDArray[np.str_]:
    """Say where water reaches a threshold, where it does not, and where that is not known."""
    reached = (deepest["depth_m"] >= threshold).to_numpy()
    return np.select([reached, deepest["covered"].to_numpy()], words, "unknown")
