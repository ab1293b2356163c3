"""From results (:class:`~hazardmap.exposure.Exposure`) to what a page shows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from hazardmap.outputs.webmap.contacts import Contacts, contacts_of
from hazardmap.outputs.webmap.hazardlayers import modelled_area, seam_layer, shape_layer, site_layer, zone_layer
from hazardmap.outputs.webmap.model import (
    Attribute,
    BaseMap,
    FeatureLayer,
    Hazard,
    Page,
    RasterStack,
    Scenario,
    Text,
)
from hazardmap.outputs.webmap.money import money_of
from hazardmap.outputs.webmap.page import thinned
from hazardmap.palette import palette_of

if TYPE_CHECKING:
    from hazardmap.exposure import Exposure
    from hazardmap.footprint import Footprint

__all__ = ["page_of"]

# Decimals that the method supports; tables and files keep the exact figures.
_INTENSITY_DIGITS = 1
# A layer of more features is there, but waits to be switched on.
_MOST_SHOWN = 2000
_PIECE = ["layer", "asset", "territory"]
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
# A place that is a point: its inhabitants are a fact about it, not people in the water.
_UNITS_OF_ONE = {"people in places hit": "people"}
# Of many scenarios only what colours the map and what popups tell.
_MANY_SCENARIOS = 12
_CODES = {"hit": 0, "partial": 1, "dry": 2, "not hit": 2, "not covered": 3}


def page_of(  # noqa: PLR0913  (those of webmap)
    exposures: Sequence[Exposure],
    *,
    title: Text,
    base: BaseMap,
    made: date | None,
    language: str = "en",
    note: Text | None = None,
    study: Mapping[str, Any] | None = None,
    contacts: Contacts | None = None,
    zones: bool = False,
    annual: Mapping[str, Any] | None = None,
) -> Page:
    """Gather what the map shows of one or more results."""
    territories = exposures[0].territories.to_crs(4326) if exposures else None
    countries = {} if territories is None else _countries(territories)
    inputs = {(item.get("name"), item.get("sha256")): item for result in exposures for item in result.inputs}
    return Page(
        title=title,
        hazards=tuple(_hazard(result, countries, zones=zones, annual=annual) for result in exposures),
        territories=territories,
        base=base,
        notes=tuple(dict.fromkeys(note for result in exposures for note in result.notes)),
        sources=tuple(inputs.values()),
        note=note,
        record=study,
        contacts=() if contacts is None else contacts_of(contacts),
        area=tuple(study["area"]) if study and study.get("area") else None,
        language=language,
        made=made,
    )


def _hazard(result: Exposure, countries: dict[str, str], *, zones: bool, annual: Mapping[str, Any] | None) -> Hazard:
    footprint = result.footprint
    scenarios = _scenarios(footprint)
    found, notes = zone_layer(result) if zones else (None, ())
    raster = None
    if footprint.is_raster:
        raster = RasterStack(intensity=footprint.intensity, source=footprint.source, shares=footprint.shares)
    sources = {_plain(item.get("name")): item for item in result.inputs}
    money = money_of(_numbered(result), result, annual)
    assets = [
        _asset_layer(str(name), group, result, sources.get(_plain(name), {}), money.attributes.get(str(name), ()))
        for name, group in money.rows.groupby("layer", sort=False)
    ]
    return Hazard(
        name=footprint.hazard,
        title=footprint.hazard,
        units=footprint.units,
        levels=footprint.levels,
        scenarios=scenarios,
        worse=footprint.worse,
        palette=palette_of(footprint.hazard),
        status=footprint.status,
        meaning=footprint.meaning,
        raster=raster,
        zones=found if zones or footprint.is_raster else shape_layer(footprint),
        modelled=modelled_area(footprint),
        seams=seam_layer(result),
        sites=site_layer(footprint),
        assets=tuple(assets),
        flows=_country_flows(result.flows(without_origin=True), countries),
        notes=(*notes, *money.notes),
    )


def _plain(name: Any) -> str:
    """Return a name by which ``power_plants`` finds the card ``power-plants``."""
    return str(name).replace("_", "-").casefold()


def _scenarios(footprint: Footprint) -> tuple[Scenario, ...]:
    return tuple(
        Scenario(
            id=str(identity),
            label=str(row["label"]),
            likelihood=None if pd.isna(row["class"]) else str(row["class"]),
            return_period=None if pd.isna(row["return_period"]) else float(row["return_period"]),
            month=str(identity) if _MONTH.fullmatch(str(identity)) else None,
        )
        for identity, row in footprint.scenarios.iterrows()
    )


def _numbered(result: Exposure) -> gpd.GeoDataFrame:
    """Rows with the number of their piece (one asset in one territory), and the code of their mix of origins."""
    rows = result.assets.copy()
    rows["piece"] = rows.groupby(_PIECE, sort=False).ngroup()
    return rows


def _asset_layer(
    name: str, rows: gpd.GeoDataFrame, result: Exposure, source: dict[str, Any], money: tuple[Attribute, ...]
) -> FeatureLayer:
    """One feature per piece; what depends on the scenario becomes one column per scenario."""
    first = rows.drop_duplicates("piece").set_index("piece")
    codes, mixes = _mixes(result, rows)
    level = {edge: number for number, edge in enumerate(result.footprint.levels)}
    by_scenario = rows.assign(status=rows["status"].map(_CODES), level=rows["level"].map(level), mix=codes)
    attributes = (*_attributes(result.footprint, first), *money)
    constant = [attribute.name for attribute in money if not attribute.per_scenario]
    columns = [attribute.name for attribute in attributes if attribute.per_scenario]
    wide = by_scenario.pivot_table(index="piece", columns="scenario", values=columns, aggfunc="first", sort=False)
    wide.columns = [f"{column}@{scenario}" for column, scenario in wide.columns]
    wanted = [f"{column}@{scenario}" for column in columns for scenario in result.footprint.scenarios.index]
    wide = wide.reindex(index=first.index, columns=wanted)
    if name == "territories":
        first = thinned(first)
    frame = gpd.GeoDataFrame(
        pd.concat([first[["asset", "name", "territory", "country", "value", *constant]], wide], axis=1),
        geometry=first.geometry,
        crs=4326,
    )
    for column in [c for c in wide.columns if c.startswith(("status@", "level@", "mix@"))]:
        frame[column] = frame[column].astype("Int64")
    return FeatureLayer(
        name=name,
        title=source.get("title") or name,
        frame=frame.reset_index(drop=True),
        attributes=attributes,
        status="status",
        mixes=mixes,
        source=source,
        shown=name != "territories" and len(frame) <= _MOST_SHOWN,
    )


def _attributes(footprint: Footprint, first: gpd.GeoDataFrame) -> tuple[Attribute, ...]:
    unit, units = str(first["unit"].iloc[0]), footprint.units
    value_units = first["value_unit"].dropna().astype(str).unique()
    whole = bool((first["value"].dropna() % 1 == 0).all())
    worth = [
        Attribute(name="value", units=_UNITS_OF_ONE.get(name, name), digits=0 if whole else 1, kind="number")
        for name in value_units[:1]
    ]
    # of a point everything or nothing is affected: its status says so
    amount = [] if unit == "count" else [_varying("affected", unit, 0 if unit == "people" else 2)]
    few = len(footprint.scenarios) <= _MANY_SCENARIOS
    details = [
        _varying("mean", units, _INTENSITY_DIGITS),
        Attribute(name="covered_fraction", per_scenario=True, digits=2, kind="percent"),
    ]
    return (
        Attribute(name="name"),
        Attribute(name="asset"),
        Attribute(name="territory", kind="territory"),
        Attribute(name="country", kind="country"),
        *worth,
        Attribute(name="status", per_scenario=True, kind="code", digits=0),
        Attribute(name="level", per_scenario=True, kind="level", digits=0),
        _varying("maximum" if footprint.worse == "higher" else "minimum", units, _INTENSITY_DIGITS),
        *amount,
        *(details if few else []),
        Attribute(name="mix", per_scenario=True, kind="mix", digits=0),
    )


def _varying(name: str, units: str, digits: int) -> Attribute:
    return Attribute(name=name, units=units, digits=digits, per_scenario=True, kind="number")


def _mixes(result: Exposure, rows: gpd.GeoDataFrame) -> tuple[pd.Series[Any], tuple[tuple[tuple[str, int], ...], ...]]:
    """Return the mix of origins of each row, in whole per cent, as a code; rows that are not hit have none."""
    shares = result.shares
    shares = shares[shares["row"].isin(rows.index)].groupby(["row", "origin"], as_index=False)["share"].sum()
    shares = shares[shares["share"] >= 0.005].sort_values(["row", "share", "origin"], ascending=[True, False, True])
    shares["percent"] = (shares["share"] * 100).round().astype(int)
    triples = shares[["row", "origin", "percent"]].itertuples(index=False, name=None)
    mixes = {
        row: tuple((str(origin), int(percent)) for _, origin, percent in part)
        for row, part in groupby(triples, key=itemgetter(0))
    }
    distinct = {mix: code for code, mix in enumerate(sorted(set(mixes.values())))}
    codes = pd.Series({row: distinct[mix] for row, mix in mixes.items()}, dtype="float64").reindex(rows.index)
    return codes, tuple(distinct)


def _countries(territories: gpd.GeoDataFrame) -> dict[str, str]:
    """Country of each territory; its id may be a number."""
    return dict(zip(territories["id"].astype(str), territories["country"].astype(str), strict=True))


def _country_flows(flows: pd.DataFrame, countries: dict[str, str]) -> pd.DataFrame:
    """Flows with the territories added up to countries."""
    return flows.assign(territory=flows["territory"].map(countries).fillna(flows["territory"]))
