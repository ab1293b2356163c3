"""Maps hazards across borders: which country a hazard comes from, and which country feels it.

The public names are loaded when they are first used, so that importing the package is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hazardmap.catalog import Layer, layer, layers
    from hazardmap.errors import HazardmapError
    from hazardmap.exposure import Exposure, overlay
    from hazardmap.footprint import Footprint, scenario_table
    from hazardmap.hazards.flood import flood
    from hazardmap.outputs import write
    from hazardmap.study import Study

_HOME = {
    "Exposure": "exposure",
    "Footprint": "footprint",
    "HazardmapError": "errors",
    "Layer": "catalog",
    "Study": "study",
    "flood": "hazards.flood",
    "layer": "catalog",
    "layers": "catalog",
    "overlay": "exposure",
    "scenario_table": "footprint",
    "write": "outputs",
}

__all__ = [
    "Exposure",
    "Footprint",
    "HazardmapError",
    "Layer",
    "Study",
    "flood",
    "layer",
    "layers",
    "overlay",
    "scenario_table",
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
