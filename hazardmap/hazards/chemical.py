"""Chemical sites: how far an accident reaches, where the wind takes it, and whose site it comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from hazardmap import wind
from hazardmap.chemistry import Substances
from hazardmap.clouds import Cloud, cloud_shapes, sites_of
from hazardmap.consequences import DAY, NIGHT, Distance, Weather
from hazardmap.consequences.numbers import require_positive
from hazardmap.errors import ReleaseError
from hazardmap.footprint import Footprint, scenario_table, weakest_status
from hazardmap.releases import Effect, EffectName, Inventory, Options, effect_of

__all__ = ["chemical"]

Radii = float | Sequence[float]


def chemical(  # noqa: PLR0913  (a study sets each by itself)
    sites: gpd.GeoDataFrame,
    territories: gpd.GeoDataFrame | None = None,
    *,
    effect: EffectName = "distance",
    radius_m: Radii | None = None,
    substance: str | None = None,
    quantity_t: float | None = None,
    release_min: float = 10.0,
    thresholds: str | Sequence[float | str] | None = None,
    wind_from_deg: float | None = None,
    wind_speed: float | None = None,
    stability: str | None = None,
    terrain: str = "rural",
    wind_rose: Sequence[Mapping[str, Any]] | pd.DataFrame | None = None,
    probabilities: Sequence[float] = (0.01, 0.02, 0.05, 0.1, 0.2),
    air_criterion_km: float = 15.0,
    substances: Substances | None = None,
) -> Footprint:
    """Footprint of accidents at chemical sites: screening, no safety assessment.

    Each site is a source of its own, with its country as the one origin; its clouds keep it on both sides of a border.
    All sites are shown at once: what could happen at each, not what happens together.

    Parameters
    ----------
    sites : GeoDataFrame
        Points, lines or polygons, perhaps with the columns ``id``, ``name``, ``country``, ``substance`` (name or CAS
        number), ``quantity`` with its unit in the column ``unit`` or in ``attrs["units"]``. How far their places may
        be off (``attrs["uncertainty_m"]``) widens every distance.
    territories : GeoDataFrame, optional
        Polygons with the column ``country``: a site comes from the one it lies in, unless it says so itself.
    effect : {"distance", "toxic", "heat", "overpressure"}
        What is drawn: given distances (``radius_m``; without them the distance class of each substance, after
        KAS-18); how far a toxic cloud, the heat of a fireball, or an explosion reaches a threshold.
    radius_m : float or sequence of float, optional
        Distances in metres, for the effect ``distance``.
    substance : str, optional
        Substance of every site that does not name its own: a what-if.
    quantity_t : float, optional
        Tonnes at every site that does not say its own: likewise.
    release_min : float
        Minutes in which a toxic quantity is released; 0 is at once.
    thresholds : sequence or str, optional
        Class edges from mild to bad: names of guideline values (``AEGL-2``) or ppm, kW/m2, kPa; or, for heat and
        overpressure, a scheme of the table ``effect-thresholds``, such as ``fr-2005``. Default AEGL-2 and -3; the
        scheme ``default``: 3, 10, 20, 35 kW/m2; 2, 5, 10, 30 kPa.
    wind_from_deg : float, optional
        Where the wind comes FROM, clockwise from north. Without it, and below 1 m/s, a cloud may go anywhere: discs.
    wind_speed : float, optional
        In m/s at 10 m. Default 5 by day (D) and 1.5 by night (F), the usual screening pair.
    stability : {"A", "B", "C", "D", "E", "F"}, optional
        Pasquill class; D where only a wind speed is given.
    terrain : {"rural", "urban"}
    wind_rose : DataFrame or sequence of mapping, optional
        Columns ``from_deg, speed_ms, stability, frequency``; see :func:`hazardmap.wind.wind_rose`. The intensity is
        then the probability of exposure given a release, one scenario per threshold. In a study also the path of a
        table with the frequency under ``value``.
    probabilities : sequence of float
        Class edges of that probability.
    air_criterion_km : float
        Distance to a border below which a site is reported to the other country: 15 km for air in the UNECE
        Industrial Accidents Convention (indicative: verify with the decision).
    substances : Substances, optional
        What is known of substances; default :func:`hazardmap.substances`. In a study also the path of a table.

    Returns
    -------
    Footprint
        Features in the CRS of the sites, with the columns ``site, name, distance_m, method, flags``; ``sites`` holds
        the sites with ``border_km``, ``neighbour`` and ``air_criterion``.

    Raises
    ------
    ReleaseError
        When a wind, a quantity, a threshold or a distance cannot be, or options contradict each other.
    SubstanceError
        When a substance is not known (the nearest names are offered), or a CAS number cannot be.
    UnitsError
        When a quantity has no unit.
    NoOverlapError
        When a site lies outside every territory and does not say its country.

    Examples
    --------
    >>> import shapely
    >>> sites = gpd.GeoDataFrame({"country": ["NL"]}, geometry=[shapely.Point(5.8, 50.97)], crs=4326)
    >>> footprint = chemical(sites, radius_m=[5000, 15000])
    >>> footprint.levels, footprint.worse, footprint.origins()
    ((15000.0, 5000.0), 'lower', ['NL'])
    """
    places, notes = sites_of(sites, territories)
    criterion = require_positive(air_criterion_km, "air_criterion_km")
    options = Options(radius_m, substance, quantity_t, release_min, thresholds, substances)
    chosen = effect_of(effect, places, options, units=sites.attrs.get("units"))
    weathers = _weathers(effect, wind_from_deg, wind_speed, stability, terrain)
    radius = float(sites.attrs.get("uncertainty_m") or 0.0)
    if wind_rose is not None:
        _refuse_one_wind(wind_from_deg, wind_speed, stability)
    rose = None if wind_rose is None else wind.wind_rose(wind_rose)
    if rose is None or not chosen.windy:
        drawn = _by_weather(places, chosen, weathers, radius)
    else:
        drawn = _by_rose(places, chosen, rose, probabilities, radius, terrain)
    if radius:
        notes.append(f"sites: places are known to {radius:,.0f} m only, so every distance is {radius:,.0f} m longer")
    if not chosen.windy and (wind_from_deg is not None or wind_rose is not None):
        notes.append(f"the wind has no part in {effect}: its zones are discs")
    elif rose is not None or weathers[0].wind_from_deg is not None:
        notes.append("clouds in a wind are as wide as a passive plume after Briggs; a dense cloud is wider")
    elif wind_from_deg is not None:
        notes.append(f"a wind of {wind_speed:g} m/s has no direction (below {wind.CALM_MS:g} m/s): discs")
    layers = [layer for layer in (sites, territories) if layer is not None]
    inputs = [layer.attrs["layer"] for layer in layers if layer.attrs.get("layer")]
    return Footprint(
        hazard="chemical",
        intensity=drawn.features,
        units=drawn.units,
        levels=drawn.levels,
        scenarios=scenario_table(drawn.scenarios),
        shares=pd.DataFrame({"source": places.index, "origin": places["country"].to_numpy(), "share": 1.0}),
        worse=drawn.worse,
        meaning="country of the site",
        status=weakest_status(layers),
        notes=tuple(dict.fromkeys([*notes, *chosen.notes, *_doubts(drawn.features), _SCREENING])),
        inputs=(*inputs, *chosen.inputs),
        parameters={
            "effect": effect,
            "radius_m": radius_m,
            "substance": substance,
            "quantity_t": quantity_t,
            "release_min": release_min,
            "thresholds": list(chosen.names),
            "wind_from_deg": wind_from_deg,
            "wind_speed": wind_speed,
            "stability": stability,
            "terrain": terrain,
            "wind_rose": wind_rose is not None,
            "air_criterion_km": criterion,
            "uncertainty_m": radius,
        },
        sites=_as_site_table(places, chosen, criterion, radius),
    )


def _as_site_table(places: gpd.GeoDataFrame, effect: Effect, criterion: float, radius: float) -> gpd.GeoDataFrame:
    """Return the sites with what they were taken to hold, and whether the other country is to be told of them."""
    held = [effect.held.get(source, Inventory(None, None)) for source in places.index]
    found = places.assign(
        substance=[each.substance.name if each.substance else None for each in held],
        quantity_t=[np.nan if each.quantity_t is None else each.quantity_t for each in held],
        air_criterion=places["border_km"] - radius / 1000 <= criterion,  # an uncertain place may lie nearer
    )
    found = gpd.GeoDataFrame(found[_SITE], geometry=places.geometry.to_numpy(), crs=places.crs)
    found.attrs = {"uncertainty_m": radius, "air_criterion_km": criterion}
    return found


_SITE = ["id", "name", "country", "neighbour", "border_km", "air_criterion", "substance", "quantity_t"]


_SCREENING = (
    "chemical: screening with plain formulas on flat ground, for each site by itself; no safety assessment, no "
    "statement about any plant"
)

_USUAL_MS = {"A": 2.0, "B": 2.0, "C": 3.0, "D": 5.0, "E": 3.0, "F": 1.5}


class _Drawn(NamedTuple):
    features: gpd.GeoDataFrame
    scenarios: list[dict[str, Any]]
    units: str
    levels: tuple[float, ...]
    worse: Literal["higher", "lower"]


def _weathers(
    effect: str, from_deg: float | None, speed: float | None, stability: str | None, terrain: str
) -> list[Weather]:
    """Return the winds to draw: the one that was given, or the usual pair of day and night."""
    if speed is None and stability is None:
        pair = [DAY, NIGHT] if effect == "toxic" else [DAY]
        return [replace(each, terrain=terrain, wind_from_deg=from_deg) for each in pair]  # type: ignore[arg-type]
    klass = "D" if stability is None else stability
    ms = _USUAL_MS.get(klass, 5.0) if speed is None else speed
    one = Weather(wind_speed_ms=ms, stability=klass, terrain=terrain, wind_from_deg=from_deg)  # type: ignore[arg-type]
    return [replace(one, wind_from_deg=None) if ms < wind.CALM_MS else one]


def _refuse_one_wind(*given: float | str | None) -> None:
    if any(each is not None for each in given):
        raise ReleaseError(
            "both a wind rose and one wind are given; expected one of them; leave out wind_rose, or wind_from_deg, "
            "wind_speed and stability"
        )


def _by_weather(places: gpd.GeoDataFrame, effect: Effect, weathers: list[Weather], radius: float) -> _Drawn:
    """Draw each threshold of each site in each weather."""
    if not effect.windy:
        weathers = weathers[:1]
    tables, scenarios = [], []
    for weather in weathers:
        scenario = _scenario(effect, weather, alone=len(weathers) == 1)
        scenarios.append(scenario)
        for k, level in enumerate(effect.levels):
            found = [effect.distance(source, k, weather) for source in places.index]
            clouds = [_cloud(each.distance_m, weather, windy=effect.windy) for each in found]
            tables.append(_features(places, found, clouds, radius).assign(scenario=scenario["id"], intensity=level))
    return _Drawn(_joined(tables, places), scenarios, effect.units, effect.levels, effect.worse)


def _scenario(effect: Effect, weather: Weather, *, alone: bool) -> dict[str, Any]:
    """Name a scenario by its weather, where the weather has a say."""
    if not effect.windy or (alone and not effect.modelled and weather.wind_from_deg is None):
        return {"id": effect.name, "label": effect.label or effect.name}
    from_deg = weather.wind_from_deg
    short = f"{weather.stability}{weather.wind_speed_ms:g}"
    label = f"{weather.stability}, {weather.wind_speed_ms:g} m/s"
    if from_deg is None:
        return {"id": short, "label": label}
    return {"id": f"{short}-{from_deg:g}", "label": f"{label}, {from_deg:g}\N{DEGREE SIGN}"}


def _cloud(distance_m: float, weather: Weather, *, windy: bool) -> Cloud:
    """Return a disc, or the sector that the wind leaves of it."""
    if weather.downwind_deg is None or not windy or distance_m <= 0:
        return distance_m
    half = wind.half_angle_deg(distance_m, weather)
    return [wind.Sector(distance_m, weather.downwind_deg - half, weather.downwind_deg + half)]


def _by_rose(
    places: gpd.GeoDataFrame,
    effect: Effect,
    rose: pd.DataFrame,
    probabilities: Sequence[float],
    radius: float,
    terrain: str,
) -> _Drawn:
    """Draw the probability of exposure, one scenario per threshold."""
    edges = _probabilities(probabilities)
    tables, scenarios = [], []
    for k, name in enumerate(effect.names):
        scenarios.append({"id": name, "label": name})
        by_level: list[list[Cloud]] = [[] for _ in edges]
        found = []
        for source in places.index:
            reaches = {weather: effect.distance(source, k, weather) for weather in wind.weathers_of(rose, terrain)}
            found.append(max(reaches.values(), key=lambda each: each.distance_m))
            metres = {weather: each.distance_m for weather, each in reaches.items()}
            areas = wind.sectors_of_rose(rose, metres.__getitem__, edges, terrain=terrain)
            for clouds, area in zip(by_level, areas, strict=True):
                clouds.append(area)
        for edge, clouds in zip(edges, by_level, strict=True):
            tables.append(_features(places, found, clouds, radius).assign(scenario=name, intensity=edge))
    return _Drawn(_joined(tables, places), scenarios, "1", edges, "higher")


def _probabilities(values: Sequence[float]) -> tuple[float, ...]:
    numbers = isinstance(values, list | tuple) and all(isinstance(each, int | float) for each in values)
    if not numbers or not values or not all(0 < each <= 1 for each in values):
        raise ReleaseError(f"the probabilities are {values!r}; expected shares above 0 and at most 1; correct them")
    return tuple(sorted({float(each) for each in values}))


def _features(
    places: gpd.GeoDataFrame, found: Sequence[Distance], clouds: Sequence[Cloud], radius: float
) -> gpd.GeoDataFrame:
    """Draw one cloud per site; a site from which nothing reaches anywhere has none."""
    some = np.array([bool(cloud) for cloud in clouds])
    own = places[some]
    drawn = [cloud for cloud in clouds if cloud]
    table = {
        "source": own.index.to_numpy(),
        "site": own["id"].to_numpy(),
        "name": own["name"].to_numpy(),
        "distance_m": [each.distance_m for each, keep in zip(found, some, strict=True) if keep],
        "method": [each.method for each, keep in zip(found, some, strict=True) if keep],
        "flags": ["; ".join(each.flags) for each, keep in zip(found, some, strict=True) if keep],
    }
    shapes = cloud_shapes(own.geometry.to_numpy(), drawn, crs=places.crs, uncertainty_m=radius)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, crs=places.crs))


def _joined(tables: list[gpd.GeoDataFrame], places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    filled = [table for table in tables if len(table)]
    if not filled:
        raise ReleaseError(
            f"nothing reaches a threshold at any of {len(places)} sites; expected one at least; "
            "check quantities and thresholds"
        )
    return gpd.GeoDataFrame(pd.concat(filled, ignore_index=True), crs=places.crs)


def _doubts(features: gpd.GeoDataFrame) -> list[str]:
    """Say which models were taken, and how often they were beyond their range."""
    methods = features["method"].value_counts().sort_index()
    flags = features.loc[features["flags"] != "", "flags"].str.split("; ").explode().value_counts().sort_index()
    return [
        f"distances: {', '.join(f'{method} ({count})' for method, count in methods.items())}",
        *(f"{count} of {len(features)} distances: {flag}" for flag, count in flags.items()),
    ]
