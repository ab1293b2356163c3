"""Layers with columns named after the INSPIRE data specification on Natural Risk Zones.

A GeoPackage has no nested types: a dot of the data model is an underscore here, a unit the name with ``_uom``
(``magnitudeOrIntensity_quantitativeValue_uom``), as in the INSPIRE rules for encoding the theme in a geodatabase (1.0,
2024), without the abbreviations that those make. Names follow the application schema ``nz-core`` 4.0,
``endLifeSpanVersion`` included as it is spelled there. They were compared with those rules and with public GML of the
theme, part by part; nothing was validated, since no schema was at hand. What hazardmap does not assess is left empty,
never guessed. Hazards that are not natural use the same columns, with a category of their own.
"""

from collections.abc import Sequence

import geopandas as gpd
import pandas as pd

from hazardmap import tables
from hazardmap.exposure import Exposure
from hazardmap.provenance import inputs

__all__ = ["inspire_layers"]

NAMESPACE = "hazardmap"
NATURAL = {"flood": "flood", "drought": "drought"}
"""Names of our hazards in the code list NaturalHazardCategory."""


def inspire_layers(exposures: Sequence[Exposure]) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers ``HazardArea, RiskZone, ExposedElement`` of all exposures together.

    HazardArea: every zone. RiskZone: every row of a territory that is hit, with its damage where known. ExposedElement:
    every row of an asset that is hit.
    """
    found: dict[str, list[gpd.GeoDataFrame]] = {"HazardArea": [], "RiskZone": [], "ExposedElement": []}
    for exposure in exposures:
        found["HazardArea"].append(_hazard_areas(exposure, tables.zone_table(exposure)))
        hit = exposure.assets.index[exposure.assets["status"] == "hit"]
        rows = tables.asset_table(exposure, hit)
        found["RiskZone"].append(_risk_zones(exposure, rows[rows["layer"] == "territories"]))
        found["ExposedElement"].append(_exposed(exposure, rows[rows["layer"] != "territories"]))
    return {name: gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=4326) for name, parts in found.items()}


def _common(rows: gpd.GeoDataFrame, ids: pd.Series) -> dict[str, object]:
    return {
        "inspireId_localId": ids,
        "inspireId_namespace": NAMESPACE,
        "beginLifeSpanVersion": pd.Series(None, index=rows.index, dtype="str"),
        "endLifeSpanVersion": pd.Series(None, index=rows.index, dtype="str"),
    }


def _type_of_hazard(exposure: Exposure) -> dict[str, object]:
    hazard = exposure.footprint.hazard
    return {
        "typeOfHazard_hazardCategory": NATURAL.get(hazard, f"hazardmap:{hazard}"),
        "typeOfHazard_specificHazardType": hazard,
    }


def _source(exposure: Exposure) -> str:
    return "; ".join(str(item.get("name")) for item in inputs([exposure]))


def _frame(columns: dict[str, object], rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(pd.DataFrame(columns, index=rows.index), geometry=rows.geometry, crs=rows.crs)


def _likelihood(exposure: Exposure, rows: gpd.GeoDataFrame) -> dict[str, object]:
    known = exposure.footprint.scenarios
    return {
        "likelihoodOfOccurrence_assessmentMethod": rows["scenario_label"],
        "likelihoodOfOccurrence_qualitativeLikelihood": rows["scenario_class"].astype("str"),
        "likelihoodOfOccurrence_quantitativeLikelihood_probabilityOfOccurrence": rows["scenario"].map(
            known["probability"]
        ),
        "likelihoodOfOccurrence_quantitativeLikelihood_returnPeriod": rows["return_period_years"],
    }


def _hazard_areas(exposure: Exposure, zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    units = exposure.footprint.units
    columns = {
        **_common(zones, zones["zone"]),
        "determinationMethod": "modelling",
        **_type_of_hazard(exposure),
        **_likelihood(exposure, zones),
        "magnitudeOrIntensity_qualitativeValue": zones["level"].map(lambda edge: f"from {edge:g} {units}"),
        "magnitudeOrIntensity_quantitativeValue": zones["mean"],
        "magnitudeOrIntensity_quantitativeValue_uom": units,
        "source": _source(exposure),
    }
    return _frame(columns, zones)


def _risk_zones(exposure: Exposure, rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    columns = {
        **_common(rows, rows["id"]),
        **_type_of_hazard(exposure),
        **_likelihood(exposure, rows),
        "levelOfRisk_quantitativeValue": rows["damage"],
        "levelOfRisk_quantitativeValue_uom": rows["damage_unit"].astype("str"),
        "sourceOfRisk": rows["scenario"],
        "source": _source(exposure),
    }
    return _frame(columns, rows)


def _exposed(exposure: Exposure, rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    columns = {
        **_common(rows, rows["id"]),
        "assessmentOfVulnerability_typeOfElement_specificExposedElementType": rows["layer"],
        "elementIdentifier": rows["asset"].astype("str"),
        "name": rows["name"].astype("str"),
        "assessmentOfVulnerability_sourceOfVulnerability": rows["scenario"],
        "assessmentOfVulnerability_levelOfVulnerability_quantitativeValue": rows["damage"],
        "assessmentOfVulnerability_levelOfVulnerability_quantitativeValue_uom": rows["damage_unit"].astype("str"),
        "assessmentOfVulnerability_magnitudeOrIntensityOfHazard_quantitativeValue": rows["maximum"],
        "assessmentOfVulnerability_magnitudeOrIntensityOfHazard_quantitativeValue_uom": exposure.footprint.units,
        "sourceOfSpatialRepresentation": rows["layer"],
    }
    return _frame(columns, rows)
