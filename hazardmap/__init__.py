"""Maps hazards across borders: which country a hazard comes from, and which country feels it.

The public names are loaded when they are first used, so that importing the package is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hazardmap.catalog import Layer, damage_tables, depth_classes, layer, layers, parameters
    from hazardmap.errors import HazardmapError
    from hazardmap.exposure import Exposure, overlay
    from hazardmap.footprint import Footprint, scenario_table
    from hazardmap.hazards.flood import flood
    from hazardmap.impacts import dry_floors, loss_of_function, people_range, road_speeds
    from hazardmap.neighbours import mosaic, seams, source_maps
    from hazardmap.outputs import write
    from hazardmap.outputs.webmap import explore
    from hazardmap.study import Study

_HOME = {
    "Exposure": "exposure",
    "Footprint": "footprint",
    "HazardmapError": "errors",
    "Layer": "catalog",
    "Study": "study",
    "damage_tables": "catalog",
    "depth_classes": "catalog",
    "dry_floors": "impacts",
    "explore": "outputs.webmap",
    "flood": "hazards.flood",
    "layer": "catalog",
    "layers": "catalog",
    "loss_of_function": "impacts",
    "mosaic": "neighbours",
    "overlay": "exposure",
    "parameters": "catalog",
    "people_range": "impacts",
    "road_speeds": "impacts",
    "scenario_table": "footprint",
    "seams": "neighbours",
    "source_maps": "neighbours",
    "write": "outputs",
}

__all__ = [
    "Exposure",
    "Footprint",
    "HazardmapError",
    "Layer",
    "Study",
    "damage_tables",
    "depth_classes",
    "dry_floors",
    "explore",
    "flood",
    "layer",
    "layers",
    "loss_of_function",
    "mosaic",
    "overlay",
    "parameters",
    "people_range",
    "road_speeds",
    "scenario_table",
    "seams",
    "source_maps",
    "write",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module."""
    if name not in _HOME:
        raise AttributeError(f"module 'hazardmap' has no attribute {name!r}")
    return getattr(import_module(f"hazardmap.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
