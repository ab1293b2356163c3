"""What our tables are called, what their columns mean, and in which units they are."""

from collections.abc import Iterable

__all__ = ["CODES", "COLUMNS", "COUNTED", "RESERVED", "explain", "statuses", "titles"]

CODES = ("name", "iso", "nuts", "lau", "nis", "cbs", "ags", "insee")
"""Columns of territories that outputs carry along: their name, and the codes that offices know them by.

ISO 3166-2; NUTS and LAU of Eurostat; NIS of Belgium, CBS of the Netherlands, AGS of Germany, INSEE of France. A card
maps the columns of its file to these names.
"""

RESERVED = (
    *("territories", "zones", "flows", "shares", "annual", "maps", "seams", "notes", "sources", "layer_styles"),
    *("hazard_sites", "notices", "chain"),
    *("HazardArea", "RiskZone", "ExposedElement"),
)
"""Names that layers of assets cannot have, since files hold tables of that name."""

COUNTED = "a line or polygon counts once in each territory that it lies in, so twice in a country where it lies in two"
"""What the unit ``count`` means."""

COLUMNS: dict[str, tuple[str, str]] = {
    "id": ("", "id of the row: hazard, layer, asset, scenario and territory"),
    "row": ("", "number of the row in this run; the table of shares refers to it"),
    "zone": ("", "id of the zone: hazard, scenario, number of the patch and territory"),
    "patch": ("", "id of the patch of connected cells that the zone is cut from"),
    "hazard": ("", "what reaches it"),
    "scenario": ("", "short name of the scenario"),
    "scenario_label": ("", "name of the scenario as its source has it"),
    "scenario_class": ("", "how likely the source calls it: high, medium or low"),
    "return_period_years": ("years", "mean time between two such events; empty where unknown"),
    "layer": ("", "layer of assets"),
    "kind": ("", "territory, asset, counts or land use"),
    "asset": ("", "id of the asset as its layer has it"),
    "name": ("", "name as the layer has it"),
    "territory": ("", "id of the territory where it is felt"),
    "territory_name": ("", "name of that territory"),
    "iso": ("", "code of the territory, ISO 3166-2"),
    "nuts": ("", "code of the territory, NUTS of Eurostat"),
    "lau": ("", "code of the territory, LAU of Eurostat"),
    "nis": ("", "code of the municipality, NIS of Statbel (Belgium)"),
    "cbs": ("", "code of the municipality, CBS (Netherlands)"),
    "ags": ("", "code of the municipality, AGS (Germany)"),
    "insee": ("", "code of the municipality, INSEE (France)"),
    "country": ("", "country where it is felt, ISO 3166-1 alpha-2"),
    "status": ("", "hit, not hit (of a flood: dry), partial (none of what is known is hit) or not covered (not known)"),
    "covered_fraction": ("1", "fraction of it that the hazard data cover"),
    "affected_fraction": ("1", "fraction of all of it that is reached; what is not covered counts as not reached"),
    "level": ("intensity", "milder edge of its class; of an asset the worst class that reaches it"),
    "mean": ("intensity", "mean intensity of all that is covered, where none is reached included"),
    "minimum": ("intensity", "least intensity of all that is covered; of clouds, the least that touches it"),
    "maximum": ("intensity", "greatest intensity of all that is covered"),
    "amount": ("see unit", "how much of it there is in the territory"),
    "affected": ("see unit", "how much of it is reached"),
    "unit": ("", f"unit of the figures of the row; count: {COUNTED}"),
    "value": ("see value_unit", "quantity that its layer states"),
    "value_unit": ("", "unit of value"),
    "damage": ("see damage_unit", "damage of what is covered; empty where none can be told"),
    "damage_unit": ("", "unit of damage"),
    "damage_flag": ("", "what is doubtful about the damage"),
    "protection_years": ("years", "return period that it is protected up to"),
    "foreign_share": ("1", "share of known foreign countries in what reaches it"),
    "intensity_unit": ("", "unit of level, mean, minimum and maximum"),
    "area_km2": ("km2", "area that is reached"),
    "origin": ("", "country that the hazard comes from: ISO 3166-1 alpha-2, unknown, sea, outside or none"),
    "origin_share": ("1", "share of that origin"),
    "origins": ("", "every origin with its share"),
    "origins_meaning": ("", "what the shares are shares of"),
    "data_status": ("", "weakest status among the inputs: official, indicative or synthetic"),
    "measure": ("", "what is counted: a layer of assets, or their damage"),
    "attributed": ("see unit", "value times share of the origin; adds up over origins"),
    "distinct": ("see unit", "each place or asset once for every origin that reaches it; need not add up"),
    "summed": ("see unit", "sum over sources: each place or asset once for every source that reaches it"),
    "total": ("see unit", "all origins together"),
    "source": ("", "number of the source, as in the shares"),
    "share": ("1", "share of the origin"),
}
"""Unit and meaning of the columns of every table; ``intensity`` stands for the unit of the hazard."""


def explain(columns: Iterable[str], units: str) -> dict[str, tuple[str, str]]:
    """Return the unit and the meaning of each column that has one.

    Parameters
    ----------
    columns : iterable of str
    units : str
        Units of the intensity of the hazard.

    Examples
    --------
    >>> explain(["area_km2", "maximum", "strange"], "m")
    {'area_km2': ('km2', 'area that is reached'), 'maximum': ('m', 'greatest intensity of all that is covered')}
    """
    known = {name: COLUMNS[name] for name in columns if name in COLUMNS}
    return {name: (units if unit == "intensity" else unit, meaning) for name, (unit, meaning) in known.items()}


def statuses(hazard: str) -> tuple[str, str, str, str]:
    """Return what may become of an asset, as the column ``status`` says it: reached, partly known, missed, unknown.

    Examples
    --------
    >>> statuses("flood"), statuses("chemical")
    (('hit', 'partial', 'dry', 'not covered'), ('hit', 'partial', 'not hit', 'not covered'))
    """
    return "hit", "partial", "dry" if hazard == "flood" else "not hit", "not covered"


def titles(columns: Iterable[str], units: str) -> dict[str, str]:
    """Return the name of each column with its unit, as people read it.

    Parameters
    ----------
    columns : iterable of str
    units : str
        Units of the intensity of the hazard.

    Examples
    --------
    >>> titles(["area_km2", "country", "strange"], "m")
    {'area_km2': 'area_km2 [km2]', 'country': 'country'}
    """
    return {name: f"{name} [{unit}]" if unit else name for name, (unit, _) in explain(columns, units).items()}
