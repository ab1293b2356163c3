"""Tables as people read them: exposure with the labels of its scenarios and the origins in words."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd

from hazardmap.errors import OutputError
from hazardmap.exposure import Exposure

__all__ = [
    "annual_table",
    "asset_table",
    "flow_matrix",
    "flow_table",
    "require_annual",
    "scenario_columns",
    "share_table",
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


def asset_table(exposure: Exposure) -> gpd.GeoDataFrame:
    """Asset rows with hazard, scenario labels, units, and the origins in one text column.

    Returns
    -------
    GeoDataFrame
        One row per asset, scenario and territory; EPSG:4326; indexed by ``row``.
    """
    rows = exposure.assets
    table = scenario_columns(rows.drop(columns="geometry"), exposure)
    table.insert(0, "hazard", exposure.footprint.hazard)
    table["intensity_unit"] = exposure.footprint.units
    table["origins"] = _origins_in_words(exposure).reindex(table.index)
    table["origins_meaning"] = exposure.footprint.meaning
    table["data_status"] = exposure.footprint.status
    return gpd.GeoDataFrame(table, geometry=rows.geometry, crs=rows.crs)


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


ANNUAL: dict[str, tuple[str | None, ...]] = {
    "method": ("trapezoid", "log-linear"),
    "rare_tail": ("constant", "none", "linear"),
    "zero_at": ("years", None),
    "protection": ("years", "column", None),
    "counting": ("annual maximum", "poisson"),
}
"""Options of an expected annual value and what each may be; ``years`` stands for a number above 0."""


def _countries(exposure: Exposure) -> pd.Series:
    return exposure.territories.set_index(exposure.territories["id"].astype(str))["country"]


def zone_table(exposure: Exposure) -> gpd.GeoDataFrame:
    """Zones with scenario labels and units."""
    zones = exposure.zones
    table = scenario_columns(zones.drop(columns="geometry"), exposure)
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
    return chosen.pivot_table(index="origin", columns="country", values=value, aggfunc="sum", fill_value=0.0)


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


def _origins_in_words(exposure: Exposure) -> pd.Series:
    """Return texts such as ``FR 62 %; BE 38 %`` by row: greatest first, shares under half a percent left out."""
    by_origin = exposure.shares.groupby(["row", "origin"], as_index=False)["share"].sum()
    by_origin = by_origin[by_origin["share"] >= 0.005]
    by_origin = by_origin.sort_values(["row", "share", "origin"], ascending=[True, False, True])
    words = by_origin["origin"] + " " + (100 * by_origin["share"]).round().astype(int).astype(str) + " %"
    return words.groupby(by_origin["row"]).agg("; ".join)
