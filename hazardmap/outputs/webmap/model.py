"""What a page shows, as plain data: hazards, layers of features, flows, sources, notes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import geopandas as gpd
import pandas as pd
import xarray as xr

__all__ = ["LANGUAGES", "Attribute", "BaseMap", "FeatureLayer", "Hazard", "Page", "RasterStack", "Scenario", "Text"]

LANGUAGES = ("nl", "fr", "de", "en")
Text = str | Mapping[str, str]
"""One text, or one per language (``nl``, ``fr``, ``de``, ``en``). Always shown as text, never as HTML."""

Status = Literal["official", "indicative", "synthetic"]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One scenario: its id, its original label, its class (high, medium, low, extreme) and its return period in years.

    ``month`` (``2018-07``) is that of one step of a series in time.
    """

    id: str
    label: str
    likelihood: str | None = None
    return_period: float | None = None
    month: str | None = None


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """A column that popups, tables and downloads show.

    ``name`` is the column of the frame; with ``per_scenario`` there is one per scenario, ``name@id``. ``digits`` is
    what the method supports. Without a title the page's own word for the name is shown. A ``kind`` of ``code`` looks
    its values up in the page's own texts, one of ``scenario`` holds the number of a scenario.
    """

    name: str
    title: Text = ""
    units: str = ""
    digits: int | None = None
    per_scenario: bool = False
    kind: Literal["text", "number", "percent", "code", "level", "country", "territory", "mix", "scenario", "seam"] = (
        "text"
    )


@dataclass(frozen=True, kw_only=True)
class FeatureLayer:
    """Features (EPSG:4326) with attributes. ``status`` names the attribute that gives colour and shape."""

    name: str
    title: Text
    frame: gpd.GeoDataFrame
    attributes: tuple[Attribute, ...] = ()
    status: str | None = None
    mixes: tuple[tuple[tuple[str, int], ...], ...] = ()
    source: Mapping[str, Any] = field(default_factory=dict)
    shown: bool = True


@dataclass(frozen=True, kw_only=True)
class RasterStack:
    """A hazard as cells: ``(scenario, y, x)``, NaN where nothing is known, and the source of each cell."""

    intensity: xr.DataArray
    source: xr.DataArray | int | None = None
    shares: pd.DataFrame | None = None


@dataclass(frozen=True, kw_only=True)
class Hazard:
    """A hazard: its scenarios and classes, how it is drawn, what it reaches, and who sends it to whom.

    ``zones`` has the columns ``scenario`` (its number) and ``level`` (class number); it draws a hazard that comes as
    features, and is a layer of its own beside a raster. Outside of ``modelled`` (polygons, EPSG:4326) nothing is known.
    ``seams`` are lines with a ``scenario`` (its number; -1: any) and a ``kind``, ``sites`` the places that zones come
    from. ``flows`` has the columns scenario, level, measure, unit, origin, territory, attributed.
    """

    name: str
    title: Text
    units: str
    levels: tuple[float, ...]
    scenarios: tuple[Scenario, ...]
    worse: Literal["higher", "lower"] = "higher"
    palette: Literal["water", "heat"] = "water"
    status: str = "official"
    meaning: str = "share"
    raster: RasterStack | None = None
    zones: FeatureLayer | None = None
    modelled: gpd.GeoDataFrame | None = None
    seams: FeatureLayer | None = None
    sites: FeatureLayer | None = None
    assets: tuple[FeatureLayer, ...] = ()
    flows: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BaseMap:
    """Vectors to find one's way by, all in EPSG:4326; any of them may be left out.

    ``land`` and ``lakes`` polygons; ``rivers`` lines (``rank`` as in Natural Earth, 4 for the Rhine, 9 for a small
    one); ``lines`` of provinces; ``borders`` lines, or polygons with a ``country``; ``places`` points (``name``,
    ``name_nl`` ..., and how many people live there: ``population`` or ``value``).
    """

    land: gpd.GeoDataFrame | None = None
    lakes: gpd.GeoDataFrame | None = None
    rivers: gpd.GeoDataFrame | None = None
    lines: gpd.GeoDataFrame | None = None
    borders: gpd.GeoDataFrame | None = None
    places: gpd.GeoDataFrame | None = None
    sources: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Page:
    """Everything that the map shows. ``area`` (west, south, east, north) is what it opens on.

    ``note`` is what every reader must know, ``notes`` what is doubtful about the run, ``record`` how it was made,
    ``contacts`` whom to call (see :func:`hazardmap.outputs.webmap.contacts.contacts_of`).
    """

    title: Text
    hazards: tuple[Hazard, ...] = ()
    context: tuple[FeatureLayer, ...] = ()
    territories: gpd.GeoDataFrame | None = None
    base: BaseMap = field(default_factory=BaseMap)
    note: Text | None = None
    notes: tuple[str, ...] = ()
    sources: tuple[Mapping[str, Any], ...] = ()
    record: Mapping[str, Any] | None = None
    contacts: tuple[Mapping[str, str], ...] = ()
    area: tuple[float, float, float, float] | None = None
    language: str = "en"
    made: date | None = None
