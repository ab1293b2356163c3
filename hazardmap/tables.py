"""Tables as people read them: exposure with the labels of its scenarios and the origins in words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hazardmap.columns import CODES
from hazardmap.errors import OutputError
from hazardmap.exposure import Exposure
from hazardmap.notice import chain, notify

__all__ = [
    "annual_table",
    "asset_table",
    "flow_matrix",
    "flow_table",
    "geometry_type",
    "layer_names",
    "layer_pieces",
    "layer_table",
    "matrix_of",
    "plain_tables",
    "require_annual",
    "scenario_columns",
    "share_table",
    "site_tables",
    "source_table",
    "zone_table",
]

_SCENARIO = {"label": "scenario_label", "class": "scenario_class", "return_period": "return_period_years"}


def scenario_columns(table: pd.DataFrame, exposure: Exposure) -> pd.DataFrame:
    """Put the original label, the class and the return period of the scenario behind its id."""
    known = exposure.footprint.scenarios.rename(columns=_SCENARIO)[list(_SCENARIO.values())]
    joined = table.join(known, on="scenario")
    names = [name for name in table.columns if name != "scenario"]
    return joined[["scenario", *_SCENARIO.values(), *names]]


def asset_table(exposure: Exposure, rows: pd.Index | None = None) -> gpd.GeoDataFrame:
    """Asset rows with a stable id, hazard, scenario labels, units, codes, and the origins in one text column.

    Parameters
    ----------
    exposure : Exposure
    rows : Index, optional
        Labels of the rows wanted; default all.

    Returns
    -------
    GeoDataFrame
        One row per asset, scenario and territory; EPSG:4326; indexed by ``row``. ``id`` is made of hazard, layer,
        asset, scenario and territory: it stays the same when other data are added.
    """
    found = exposure.assets if rows is None else exposure.assets.loc[rows]
    table = scenario_columns(found.drop(columns="geometry"), exposure)
    table = _with_codes(table, exposure)
    hazard = exposure.footprint.hazard
    parts = [table[name].astype(str) for name in ("layer", "asset", "scenario", "territory")]
    table.insert(0, "hazard", hazard)
    table.insert(0, "id", parts[0].str.cat(parts[1:], sep="-").radd(f"{hazard}-"))
    table["intensity_unit"] = exposure.footprint.units
    table["origins"] = _origins_in_words(exposure, found.index).reindex(table.index)
    table["origins_meaning"] = exposure.footprint.meaning
    table["data_status"] = exposure.footprint.status
    return gpd.GeoDataFrame(table, geometry=found.geometry, crs=found.crs)


def annual_table(exposure: Exposure, how: Mapping[str, Any]) -> pd.DataFrame:
    """Flows per year, with hazard, the country of each territory and the notes of the method.

    Parameters
    ----------
    exposure : Exposure
    how : mapping
        Options of :meth:`~hazardmap.exposure.Exposure.annual`.

    Raises
    ------
    OutputError
        When it has no such option, or a value is none of its choices.
    """
    annual = exposure.annual(**require_annual(how))
    notes = annual.attrs["notes"]
    place = int(annual.columns.get_loc("territory"))
    annual.insert(place + 1, "country", annual["territory"].map(_countries(exposure)).fillna("outside"))
    annual.insert(0, "hazard", exposure.footprint.hazard)
    annual["origins_meaning"] = exposure.footprint.meaning
    annual["data_status"] = exposure.footprint.status
    annual["notes"] = "; ".join(notes)
    return annual


def require_annual(how: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse what :meth:`~hazardmap.exposure.Exposure.annual` does not take; it may come from a study file.

    Raises
    ------
    OutputError
        With the option, what it may be, and what it is.
    """
    if not isinstance(how, Mapping):
        raise OutputError(f"annual is {how!r}; expected options such as {{rare_tail: constant}}; or leave it out")
    for key, value in how.items():
        if key not in ANNUAL:
            raise OutputError(f"annual has no option {key!r}; expected some of {', '.join(ANNUAL)}; correct it")
        choices = ANNUAL[key]
        number = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
        if value not in choices and not ("years" in choices and number):
            words = ", ".join("null" if each is None else str(each) for each in choices)
            raise OutputError(f"annual.{key} is {value!r}; expected one of {words}; correct it")
    return dict(how)


PIECE = 100_000
"""Rows that are turned into a table at once: about 100 MB of memory."""

ANNUAL: dict[str, tuple[str | None, ...]] = {
    "method": ("trapezoid", "log-linear"),
    "rare_tail": ("constant", "none", "linear"),
    "zero_at": ("years", None),
    "protection": ("years", "column", None),
    "counting": ("annual maximum", "poisson"),
}
"""Options of an expected annual value and what each may be; ``years`` stands for a number above 0."""


def layer_names(exposures: Sequence[Exposure]) -> dict[str, tuple[Exposure, str]]:
    """Return the layers with geometry that files hold: ``zones``, and one for each layer of assets.

    Returns
    -------
    dict
        Name in the file to exposure and layer. With several hazards each name starts with the hazard.

    Raises
    ------
    OutputError
        When two would have the same name.
    """
    found: dict[str, tuple[Exposure, str]] = {}
    for exposure in exposures:
        for layer in ("zones", *exposure.assets["layer"].unique()):
            name = _prefix(exposure, exposures) + str(layer)
            if name in found:
                raise OutputError(f"a layer is called {name!r}, as is a table of the result; rename it in 'assets'")
            found[name] = exposure, "" if layer == "zones" else str(layer)
    return found


def _prefix(exposure: Exposure, exposures: Sequence[Exposure]) -> str:
    return f"{exposure.footprint.hazard}_" if len(exposures) > 1 else ""


def layer_table(exposure: Exposure, layer: str) -> gpd.GeoDataFrame:
    """Return one layer of :func:`layer_names` whole; the empty name stands for the zones."""
    return pd.concat(layer_pieces(exposure, layer, rows=max(len(exposure.assets), 1)))


def layer_pieces(
    exposure: Exposure, layer: str, *, order: NDArray[np.intp] | None = None, rows: int = PIECE
) -> Iterator[gpd.GeoDataFrame]:
    """Yield one layer of :func:`layer_names` piece by piece, at least one, so that memory stays bounded.

    Parameters
    ----------
    exposure : Exposure
    layer : str
        Layer of assets; the empty name stands for the zones.
    order : array of int, optional
        Positions of its rows in the order wanted.
    rows : int
        Rows of a piece.
    """
    if not layer:
        table = zone_table(exposure)
        table = table if order is None else table.iloc[order]
        yield from (table.iloc[start : start + rows] for start in range(0, max(len(table), 1), rows))
        return
    index = exposure.assets.index[exposure.assets["layer"] == layer]
    index = index if order is None else index[order]
    for start in range(0, max(len(index), 1), rows):
        yield asset_table(exposure, index[start : start + rows]).reset_index()


def geometry_type(shapes: NDArray[Any]) -> tuple[str, bool]:
    """Return the one type that all shapes of a layer can be stored as, and whether that is a multi-part one.

    Examples
    --------
    >>> import shapely
    >>> geometry_type(np.array([shapely.box(0, 0, 1, 1), shapely.MultiPolygon()]))
    ('MultiPolygon', True)
    """
    kinds = {shape.geom_type for shape in shapes if shape is not None}
    simple = {kind.removeprefix("Multi") for kind in kinds}
    if len(simple) > 1 or not simple <= {"Point", "LineString", "Polygon"}:
        return "Unknown", False
    kind = simple.pop() if simple else "Polygon"
    return (kind, False) if kinds == {"Point"} else (f"Multi{kind}", True)


def plain_tables(
    exposures: Sequence[Exposure], annual: Mapping[str, Any] | None = None
) -> dict[str, pd.DataFrame | gpd.GeoDataFrame]:
    """Return what explains the layers of :func:`layer_names`: flows, shares, maps, seams, sites, notes and sources.

    Parameters
    ----------
    exposures : sequence of Exposure
    annual : mapping, optional
        Add the flows per year: options of :meth:`~hazardmap.exposure.Exposure.annual`.
    """
    found: dict[str, pd.DataFrame] = {}
    for exposure in exposures:
        prefix = _prefix(exposure, exposures)
        found[f"{prefix}flows"] = flow_table(exposure)
        found[f"{prefix}shares"] = share_table(exposure)
        if annual is not None:
            found[f"{prefix}annual"] = annual_table(exposure, annual)
        if exposure.footprint.maps is not None:
            found[f"{prefix}maps"] = exposure.footprint.maps
        if exposure.footprint.seams is not None and len(exposure.footprint.seams):
            found[f"{prefix}seams"] = exposure.footprint.seams
        found |= {f"{prefix}{name}": table for name, table in site_tables(exposure).items()}
        found[f"{prefix}notes"] = pd.DataFrame({"note": list(exposure.notes)}, dtype="str")
    found["sources"] = source_table(exposures)
    return found


def site_tables(exposure: Exposure) -> dict[str, pd.DataFrame | gpd.GeoDataFrame]:
    """Return the tables of a hazard that comes from sites; none of another.

    Returns
    -------
    dict
        ``hazard_sites`` (EPSG:4326), ``notices`` (:func:`hazardmap.notify`) and, where another hazard set the sites
        off, ``chain`` (:func:`hazardmap.chain`).
    """
    sites = exposure.footprint.sites
    if sites is None:
        return {}
    found = {"hazard_sites": sites.to_crs(4326).reset_index(), "notices": notify(exposure)}
    return found if exposure.footprint.triggers is None else {**found, "chain": chain(exposure)}


def _with_codes(table: pd.DataFrame, exposure: Exposure) -> pd.DataFrame:
    """Put the name and the codes of the territory behind its id, where its layer has any."""
    land = exposure.territories
    known = [name for name in CODES if name in land.columns]
    if not known or "territory" not in table.columns:
        return table
    codes = land.assign(id=land["id"].astype(str)).set_index("id")[known].rename(columns={"name": "territory_name"})
    place = int(table.columns.get_loc("territory")) + 1
    for name in reversed(codes.columns):
        if name not in table.columns:
            table.insert(place, name, table["territory"].astype(str).map(codes[name]))
    return table


def _countries(exposure: Exposure) -> pd.Series:
    return exposure.territories.set_index(exposure.territories["id"].astype(str))["country"]


def zone_table(exposure: Exposure) -> gpd.GeoDataFrame:
    """Zones with scenario labels, codes and units."""
    zones = exposure.zones
    table = _with_codes(scenario_columns(zones.drop(columns="geometry"), exposure), exposure)
    table["intensity_unit"] = exposure.footprint.units
    table["origins_meaning"] = exposure.footprint.meaning
    table["data_status"] = exposure.footprint.status
    return gpd.GeoDataFrame(table, geometry=zones.geometry, crs=zones.crs)


def flow_table(exposure: Exposure) -> pd.DataFrame:
    """Flows with hazard, scenario labels and the country of each territory."""
    flows = scenario_columns(exposure.flows(), exposure)
    place = flows.columns.get_loc("territory")
    flows.insert(int(place) + 1, "country", flows["territory"].map(_countries(exposure)).fillna("outside"))
    flows.insert(0, "hazard", exposure.footprint.hazard)
    flows["origins_meaning"] = exposure.footprint.meaning
    flows["data_status"] = exposure.footprint.status
    return flows


def flow_matrix(
    exposure: Exposure, *, scenario: str, measure: str, unit: str, value: str = "attributed"
) -> pd.DataFrame:
    """Matrix origin x country of one scenario and measure, all levels added up.

    Returns
    -------
    DataFrame
        Indexed by origin, one column per country.
    """
    flows = flow_table(exposure)
    chosen = flows[(flows["scenario"] == scenario) & (flows["measure"] == measure) & (flows["unit"] == unit)]
    return matrix_of(chosen, value)


def matrix_of(flows: pd.DataFrame, value: str = "attributed") -> pd.DataFrame:
    """Matrix origin x country of flows of one kind; see :func:`flow_matrix`."""
    return flows.pivot_table(index="origin", columns="country", values=value, aggfunc="sum", fill_value=0.0)


def share_table(exposure: Exposure) -> pd.DataFrame:
    """Share of each source and origin per row, with hazard."""
    return exposure.shares.assign(hazard=exposure.footprint.hazard)[["hazard", "row", "source", "origin", "share"]]


def source_table(exposures: Sequence[Exposure]) -> pd.DataFrame:
    """Provenance of every layer of several exposures, each once."""
    found: dict[Any, dict[str, Any]] = {}
    for exposure in exposures:
        for item in exposure.inputs:
            found.setdefault((item.get("name"), item.get("sha256")), item)
    columns = ["name", "licence", "attribution", "source", "date", "status", "sha256"]
    return pd.DataFrame([{key: item.get(key) for key in columns} for item in found.values()], columns=columns)


def _origins_in_words(exposure: Exposure, rows: pd.Index) -> pd.Series:
    """Return texts such as ``FR 62 %; BE 38 %`` by row: greatest first, shares under half a percent left out."""
    shares = exposure.shares
    if len(rows) < len(exposure.assets):
        shares = shares[shares["row"].isin(rows)]
    by_origin = shares.groupby(["row", "origin"], as_index=False)["share"].sum()
    by_origin = by_origin[by_origin["share"] >= 0.005]
    by_origin = by_origin.sort_values(["row", "share", "origin"], ascending=[True, False, True])
    words = by_origin["origin"] + " " + (100 * by_origin["share"]).round().astype(int).astype(str) + " %"
    return words.groupby(by_origin["row"]).agg("; ".join)
