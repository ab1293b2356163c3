"""Maps hazards across borders: which country a hazard comes from, and which country feels it.

The public names are loaded when they are first used, so that importing the package is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hazardmap.catalog import (
        Layer,
        damage_tables,
        depth_classes,
        hazard_rating,
        layer,
        layers,
        parameters,
    )
    from hazardmap.changes import diff
    from hazardmap.chemistry import (
        Holding,
        generic_distances,
        qualifying_quantities,
        seveso_tier,
        substance,
        substances,
    )
    from hazardmap.climate import monthly_amount, monthly_temperature
    from hazardmap.consequences import Weather
    from hazardmap.errors import HazardmapError
    from hazardmap.exposure import Exposure, overlay
    from hazardmap.footprint import Footprint, scenario_table
    from hazardmap.hazards.chemical import chemical
    from hazardmap.hazards.drought import drought
    from hazardmap.hazards.flood import flood
    from hazardmap.hazards.natech import natech
    from hazardmap.impacts import dry_floors, loss_of_function, people_range, road_speeds
    from hazardmap.indices import (
        affected_area,
        annual_minima,
        combined_indicator,
        deficits,
        events,
        fill_months,
        flow_quantile,
        hargreaves,
        mam7,
        mark_missing,
        monthly,
        monthly_thresholds,
        precipitation_deficit,
        seven_q_ten,
        spei,
        spi,
        thornthwaite,
        waterway,
        waterway_rules,
    )
    from hazardmap.neighbours import mosaic, seams, source_maps
    from hazardmap.notice import chain, notify
    from hazardmap.outputs import write
    from hazardmap.outputs.webmap import explore
    from hazardmap.portal import publish, verify
    from hazardmap.scarcity import class_area, river_dependence, water_shortage
    from hazardmap.study import Study
    from hazardmap.wind import rose_of_components, wind_rose

_HOME = {
    "Exposure": "exposure",
    "Footprint": "footprint",
    "HazardmapError": "errors",
    "Holding": "chemistry",
    "Layer": "catalog",
    "Study": "study",
    "Weather": "consequences",
    "affected_area": "indices",
    "annual_minima": "indices",
    "chain": "notice",
    "chemical": "hazards.chemical",
    "class_area": "scarcity",
    "combined_indicator": "indices",
    "damage_tables": "catalog",
    "deficits": "indices",
    "depth_classes": "catalog",
    "diff": "changes",
    "drought": "hazards.drought",
    "dry_floors": "impacts",
    "events": "indices",
    "explore": "outputs.webmap",
    "fill_months": "indices",
    "flood": "hazards.flood",
    "flow_quantile": "indices",
    "generic_distances": "chemistry",
    "hargreaves": "indices",
    "hazard_rating": "catalog",
    "layer": "catalog",
    "layers": "catalog",
    "loss_of_function": "impacts",
    "mam7": "indices",
    "mark_missing": "indices",
    "monthly": "indices",
    "monthly_amount": "climate",
    "monthly_temperature": "climate",
    "monthly_thresholds": "indices",
    "mosaic": "neighbours",
    "natech": "hazards.natech",
    "notify": "notice",
    "overlay": "exposure",
    "parameters": "catalog",
    "people_range": "impacts",
    "precipitation_deficit": "indices",
    "publish": "portal",
    "qualifying_quantities": "chemistry",
    "river_dependence": "scarcity",
    "road_speeds": "impacts",
    "rose_of_components": "wind",
    "scenario_table": "footprint",
    "seams": "neighbours",
    "seven_q_ten": "indices",
    "seveso_tier": "chemistry",
    "source_maps": "neighbours",
    "spei": "indices",
    "spi": "indices",
    "substance": "chemistry",
    "substances": "chemistry",
    "thornthwaite": "indices",
    "verify": "portal",
    "water_shortage": "scarcity",
    "waterway": "indices",
    "waterway_rules": "indices",
    "wind_rose": "wind",
    "write": "outputs",
}

__all__ = [
    "Exposure",
    "Footprint",
    "HazardmapError",
    "Holding",
    "Layer",
    "Study",
    "Weather",
    "affected_area",
    "annual_minima",
    "chain",
    "chemical",
    "class_area",
    "combined_indicator",
    "damage_tables",
    "deficits",
    "depth_classes",
    "diff",
    "drought",
    "dry_floors",
    "events",
    "explore",
    "fill_months",
    "flood",
    "flow_quantile",
    "generic_distances",
    "hargreaves",
    "hazard_rating",
    "layer",
    "layers",
    "loss_of_function",
    "mam7",
    "mark_missing",
    "monthly",
    "monthly_amount",
    "monthly_temperature",
    "monthly_thresholds",
    "mosaic",
    "natech",
    "notify",
    "overlay",
    "parameters",
    "people_range",
    "precipitation_deficit",
    "publish",
    "qualifying_quantities",
    "river_dependence",
    "road_speeds",
    "rose_of_components",
    "scenario_table",
    "seams",
    "seven_q_ten",
    "seveso_tier",
    "source_maps",
    "spei",
    "spi",
    "substance",
    "substances",
    "thornthwaite",
    "verify",
    "water_shortage",
    "waterway",
    "waterway_rules",
    "wind_rose",
    "write",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module."""
    if name == "__version__":
        from importlib.metadata import version

        return version("hazardmap")
    if name not in _HOME:
        raise AttributeError(f"module 'hazardmap' has no attribute {name!r}")
    return getattr(import_module(f"hazardmap.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
