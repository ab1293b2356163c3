"""Who is to be told of a site, and which chain of countries leads from a flood over a site to its cloud."""

import geopandas as gpd
import pandas as pd

from hazardmap.clouds import distances_km
from hazardmap.errors import FootprintError
from hazardmap.exposure import Exposure

__all__ = ["chain", "notify"]

_NOTICE = [
    "scenario", "site", "name", "origin", "territory", "country", "abroad", "reason", "level", "area_km2",
    "distance_km",
]  # fmt: skip
_CHAIN = [
    "scenario", "level", "measure", "unit", "trigger", "origin", "site", "name", "territory", "country", "attributed",
]  # fmt: skip

CLOUD, CRITERION = "cloud", "air criterion"


def notify(exposure: Exposure) -> pd.DataFrame:
    """List the municipalities and states to notify of each site.

    Those that its cloud reaches, at home and abroad; and those of other countries within the air criterion of the
    UNECE Industrial Accidents Convention (15 km unless the hazard says otherwise; indicative).

    Parameters
    ----------
    exposure : Exposure
        Of a hazard that comes from sites, laid over the territories to be told.

    Returns
    -------
    DataFrame
        Columns ``scenario, site, name, origin`` (the site's country), ``territory, country, abroad, reason`` (cloud, or
        air criterion, which holds in every scenario), ``level`` (the worst that reaches it), ``area_km2`` (of the
        territory in the cloud), ``distance_km`` (from the site); by scenario, site and distance.

    Raises
    ------
    FootprintError
        When the hazard does not come from sites.

    Examples
    --------
    A site 2 km from the border, whose cloud of 1 km stays at home:

    >>> import shapely, hazardmap as hm
    >>> works = gpd.GeoDataFrame({"country": ["NL"]}, geometry=[shapely.Point(3.998e6, 3e6)], crs=3035)
    >>> boxes = [shapely.box(3.9e6, 2.9e6, 4e6, 3.1e6), shapely.box(4e6, 2.9e6, 4.1e6, 3.1e6)]
    >>> land = gpd.GeoDataFrame({"id": ["home", "abroad"], "country": ["NL", "DE"]}, geometry=boxes, crs=3035)
    >>> found = notify(hm.overlay(hm.chemical(works, radius_m=1000), land))
    >>> found[["territory", "reason", "distance_km"]].round(1).values.tolist()
    [['home', 'cloud', 0.0], ['abroad', 'air criterion', 2.0]]
    """
    sites = _sites(exposure)
    criterion = float(sites.attrs.get("air_criterion_km") or 15.0)
    criterion += float(sites.attrs.get("uncertainty_m") or 0.0) / 1000  # an uncertain place may lie nearer
    land = exposure.territories
    reached = exposure.by_source()
    reached = reached[reached["measure"] == "territories"]
    worst = "min" if exposure.footprint.worse == "lower" else "max"
    clouds = reached.groupby(["scenario", "source", "territory"], as_index=False).agg(
        level=("level", worst), area_km2=("summed", "sum")
    )
    farthest = max(criterion, _farthest_km(exposure))
    near = distances_km(sites, land, farthest)
    near["territory"] = land["id"].astype(str).to_numpy()[near["territory"]]
    clouds = clouds.merge(near, on=["source", "territory"], how="left").assign(reason=CLOUD)
    told = _described(clouds, sites, land)
    within = near[near["distance_km"] <= criterion].assign(scenario="", level=float("nan"), area_km2=float("nan"))
    strangers = _described(within.assign(reason=CRITERION), sites, land)
    table = pd.concat([told, strangers[strangers["abroad"]]], ignore_index=True)
    order = {name: number for number, name in enumerate(exposure.footprint.scenarios.index)}
    table = table.assign(order=table["scenario"].map(order).fillna(len(order)))
    return table.sort_values(["order", "site", "distance_km", "territory"], ignore_index=True)[_NOTICE]


def chain(exposure: Exposure) -> pd.DataFrame:
    """Follow the chain from the water of a flood over a site to its cloud: who is reached, and from whom in two steps.

    Parameters
    ----------
    exposure : Exposure
        Of a hazard that another one set off, such as ``natech``.

    Returns
    -------
    DataFrame
        Columns ``scenario, level, measure, unit, trigger`` (whose water reached the site), ``origin`` (the site's
        country), ``site, name, territory, country`` (where the cloud is), ``attributed``: what is reached times the
        share of the trigger. Adds up to the ``attributed`` of the flows over triggers and sites.

    Raises
    ------
    FootprintError
        When nothing set the hazard off.

    Examples
    --------
    Belgian water over a Dutch site, whose cloud of 1 km (pi km2) lies in Germany:

    >>> import rioxarray, shapely, xarray as xr, hazardmap as hm
    >>> flood = hm.Footprint(
    ...     hazard="flood", intensity=xr.DataArray([[[0.5]]], dims=("scenario", "y", "x")).rio.write_crs(3035),
    ...     units="m", levels=(0.1,), scenarios=hm.scenario_table([{"return_period": 100}]), source=7,
    ...     shares=pd.DataFrame({"source": [7], "origin": ["BE"], "share": [1.0]}),
    ... )
    >>> works = gpd.GeoDataFrame({"country": ["NL"]}, geometry=[shapely.Point(0.5, 0.5)], crs=3035)
    >>> land = gpd.GeoDataFrame({"id": ["A"], "country": ["DE"]}, geometry=[shapely.Point(0, 0).buffer(5000)], crs=3035)
    >>> found = chain(hm.overlay(hm.natech(flood, hm.chemical(works, radius_m=1000)), land))
    >>> found[["trigger", "origin", "country", "attributed"]].round(2).values.tolist()
    [['BE', 'NL', 'DE', 3.14]]
    """
    sites, triggers = _sites(exposure), exposure.footprint.triggers
    if triggers is None:
        raise FootprintError(
            f"{exposure.footprint.hazard} was set off by no other hazard; expected a result of natech; use flows()"
        )
    table = exposure.by_source().merge(
        triggers.rename(columns={"origin": "trigger"}), on=["scenario", "source"], how="left"
    )
    table = table.assign(trigger=table["trigger"].fillna("unknown"), share=table["share"].fillna(1.0))
    table["attributed"] *= table["share"]
    found = _described(table[table["attributed"] > 0], sites, exposure.territories)
    return found[_CHAIN].reset_index(drop=True)


def _sites(exposure: Exposure) -> gpd.GeoDataFrame:
    if exposure.footprint.sites is None:
        raise FootprintError(
            f"{exposure.footprint.hazard} comes from no sites; expected a result of chemical or natech; use flows()"
        )
    return exposure.footprint.sites


def _farthest_km(exposure: Exposure) -> float:
    """Return how far any cloud reaches."""
    features = gpd.GeoDataFrame(exposure.footprint.intensity)
    radius = float(_sites(exposure).attrs.get("uncertainty_m") or 0.0)
    return (float(features["distance_m"].max()) + radius) / 1000 * 1.01 if len(features) else 0.0


def _described(table: pd.DataFrame, sites: gpd.GeoDataFrame, land: gpd.GeoDataFrame) -> pd.DataFrame:
    """Put the names of sites and the countries of both ends beside numbers."""
    own = sites.loc[table["source"]]
    country = dict(zip(land["id"].astype(str), land["country"].astype(str), strict=True))
    found = table.assign(
        site=own["id"].to_numpy(),
        name=own["name"].to_numpy(),
        origin=own["country"].to_numpy(),
        country=table["territory"].map(country).fillna("outside"),
    )
    return found.assign(abroad=(found["country"] != found["origin"]) & (found["country"] != "outside"))
